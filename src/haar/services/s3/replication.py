"""Replication: new versions carried to other buckets, by the outbox and as the role that the bucket names.

A version that a rule means is PENDING from the moment it is made. After the commit S3 takes the role and, with that
role's own permissions, reads at the source (`s3:GetObjectVersionForReplication`) and writes at the destination
(`s3:ReplicateObject`, `s3:ReplicateTags`, `s3:ReplicateDelete`). The version is COMPLETED when it is everywhere, FAILED
when one destination said no. What arrives is a REPLICA with the same version id and time, and goes nowhere from there.

Tags, ACLs and retention that change later follow. Versions that are deleted for good do not, nor markers that
lifecycle sets.

Source: Amazon S3 User Guide, replication.html, replication-what-is-isnot-replicated.html,
setting-repl-config-perm-overview.html.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from haar.kit import Call, Origin, Principal, Refused, ServiceError, Task, replace
from haar.services.s3 import authority, encryption, notices, shelf
from haar.services.s3.acls import ENFORCED
from haar.services.s3.lifecycle_rules import Chosen
from haar.services.s3.resources import Bucket, Version
from haar.services.s3.service import access_denied, s3
from haar.wire.text import iso_millis

__all__ = ["destination_of", "meant"]

_WORD: Final = "replication"
_SESSION: Final = "s3-replication"
#: Versions of a key carried over in one transaction, the oldest first.
_AT_ONCE: Final = 100
_KMS: Final = ("aws:kms", "aws:kms:dsse")
_CUSTOMER: Final = "SSE-C"
#: Changes of an object that was carried over already.
_LOCKS: Final = ("lock_mode", "retain_until", "legal_hold", "legal_hold_given")
_FOLLOWING: Final = ("ObjectTagging:", "ObjectAcl:", "ObjectRetention:", "ObjectLegalHold:")


class Replicate(Task):
    """Carry over a version, and what is older and still pending."""

    bucket: str
    name: str
    order: int


class Follow(Task):
    """Carry over what changed about a version: tags, ACL, locks."""

    bucket: str
    name: str
    order: int


# --- which -----------------------------------------------------------------------------------------------------------


def meant(bucket: Bucket, version: Version) -> list[Mapping[str, Any]]:
    """The rules by which a version is carried over: for each destination the one of the highest priority."""
    given = bucket.configs.get(_WORD)
    if given is None:
        return []
    found: dict[str, Mapping[str, Any]] = {}
    for rule in sorted(given["Rules"], key=lambda one: -(one.get("Priority") or 0)):
        if rule["Status"] == "Enabled" and _fits(rule, version):
            found.setdefault(rule["Destination"]["Bucket"], rule)
    return list(found.values())


def _fits(rule: Mapping[str, Any], version: Version) -> bool:
    chosen = Chosen(rule)
    if not version.name.startswith(chosen.prefix):
        return False
    if version.marker:
        # a rule of the first schema carries markers over, one with a filter where it says so
        return "Filter" not in rule or (rule.get("DeleteMarkerReplication") or {}).get("Status") == "Enabled"
    if version.encryption.kind in _KMS:
        criteria = rule.get("SourceSelectionCriteria") or {}
        if (criteria.get("SseKmsEncryptedObjects") or {}).get("Status") != "Enabled":
            return False
    return chosen.has(version.tags)


def _arriving(call: Call, bucket: Bucket, version: Version, event: str) -> Version:
    """Mark a new version that is to be carried over."""
    if _WORD not in bucket.configs or bucket.versioning != "Enabled" or event.startswith("Lifecycle"):
        return version
    return replace(version, replication="PENDING") if meant(bucket, version) else version


def _changed(call: Call, bucket: Bucket, event: str, version: Version) -> None:
    if version.replication == "PENDING" and event.startswith(("ObjectCreated:", "ObjectRemoved:DeleteMarker")):
        call.emit(Replicate(bucket=bucket.name, name=version.name, order=version.order))
    elif version.replication == "COMPLETED" and event.startswith(_FOLLOWING):
        call.emit(Follow(bucket=bucket.name, name=version.name, order=version.order))


shelf.arriving.append(_arriving)
shelf.after_change.append(_changed)


# --- doing -----------------------------------------------------------------------------------------------------------


@s3.task(Replicate)
def carry(call: Call, task: Replicate) -> None:
    bucket = call.tx.get(Bucket, task.bucket)
    if bucket is None:
        return
    call.region = bucket.region
    pending = []
    for version in call.tx.range(Version, bucket.name, task.name, start=task.order, limit=_AT_ONCE):
        if version.replication != "PENDING":
            break
        pending.append(version)
    # the oldest first, so that the newest is the newest there as well
    for version in reversed(pending):
        _carry(call, bucket, version)


def _carry(call: Call, bucket: Bucket, version: Version) -> None:
    rules = meant(bucket, version)
    status = "COMPLETED" if rules else ""
    for rule in rules:
        try:
            _to(call, bucket, version, rule)
        except (ServiceError, Refused) as error:
            status = "FAILED"
            _tell_failure(call, bucket, version, rule, error)
    shelf.update(call, replace(version, replication=status))


def _tell_failure(
    call: Call, bucket: Bucket, version: Version, rule: Mapping[str, Any], error: ServiceError | Refused
) -> None:
    data = {
        "replicationRuleId": rule["ID"],
        "destinationBucket": rule["Destination"]["Bucket"],
        "s3Operation": "OBJECT_DELETE_MARKER" if version.marker else "OBJECT_PUT",
        "requestTime": iso_millis(version.at),
        "failureReason": getattr(error, "code", "") or "NotImplemented",
    }
    notices.tell(call, bucket, "Replication:OperationFailedReplication", version, {"replicationEventData": data})


def destination_of(call: Call, rule: Mapping[str, Any]) -> Bucket | None:
    """The bucket that a rule carries to; None where there is none."""
    return call.tx.get(Bucket, rule["Destination"]["Bucket"].rpartition(":")[2])


def _to(call: Call, bucket: Bucket, version: Version, rule: Mapping[str, Any]) -> None:
    """Carry a version to one destination. Everything is asked before anything is written."""
    target = _open_destination(call, rule)
    role = _taken(call, bucket)
    reading, writing = _as_role(call, role, bucket, "GetObject"), _as_role(call, role, target, "PutObject")
    _ask(reading, bucket, version, "s3:GetObjectVersionForReplication")
    if version.marker:
        _ask(writing, target, version, "s3:ReplicateDelete")
        marker = replace(version, bucket=target.name, owner=target.account, replication="REPLICA", noncurrent_at=None)
        shelf.take_in(call, target, marker, "ObjectRemoved:DeleteMarkerCreated")
        return
    _ask(writing, target, version, "s3:ReplicateObject")
    if rule["Destination"].get("AccessControlTranslation"):
        _ask(writing, target, version, "s3:ObjectOwnerOverrideToBucketOwner")
    replica = replace(
        version, bucket=target.name, replication="REPLICA", noncurrent_at=None, tier="", accessed_at=0.0,
        restored_until=0.0, restoring_until=0.0, tags=_tags(reading, writing, bucket, target, version),
        storage_class=rule["Destination"].get("StorageClass") or version.storage_class,
        **_owner(target, version, rule), **_locks(target, version),
        **_content(reading, writing, bucket, target, version, rule),
    )  # fmt: skip
    shelf.take_in(call, target, replica, "ObjectCreated:Put")


def _open_destination(call: Call, rule: Mapping[str, Any]) -> Bucket:
    target = destination_of(call, rule)
    if target is None:
        raise s3.error("NoSuchBucket", "The specified bucket does not exist", status=404)
    if target.versioning != "Enabled":
        raise s3.error("InvalidRequest", "Destination bucket must have versioning enabled.", status=400)
    wanted = rule["Destination"].get("Account")
    if wanted and wanted != target.account:
        raise access_denied()
    return target


def _owner(target: Bucket, version: Version, rule: Mapping[str, Any]) -> dict[str, Any]:
    """Whose the replica is: the source object's owner's, unless the destination's rules or the rule give it away."""
    if target.ownership == ENFORCED or rule["Destination"].get("AccessControlTranslation"):
        return {"owner": target.account, "acl": None}
    return {"owner": version.owner, "acl": version.acl}


def _locks(target: Bucket, version: Version) -> dict[str, Any]:
    if target.object_lock:
        return {}
    return {"lock_mode": "", "retain_until": 0.0, "legal_hold": False, "legal_hold_given": False}


def _content(
    reading: Call, writing: Call, bucket: Bucket, target: Bucket, version: Version, rule: Mapping[str, Any]
) -> dict[str, Any]:
    """The content, sealed for its new place; what a customer's key has sealed goes as it is."""
    if version.encryption.kind == _CUSTOMER:
        return {}
    request: dict[str, Any] = {}
    if version.encryption.kind in _KMS:
        named = (rule["Destination"].get("EncryptionConfiguration") or {}).get("ReplicaKmsKeyID")
        request = {"ServerSideEncryption": version.encryption.kind, "SSEKMSKeyId": named}
    opened = encryption.opening(reading, bucket, version.name, version.encryption, {})
    chosen, seal = encryption.chosen(writing, target, version.name, request)
    about = f"{target.name}/{version.name}"
    content = [one.resealed(opened, version.about.encode(), seal, about.encode()) for one in version.content]
    return {"content": content, "encryption": chosen, "about": about}


def _tags(reading: Call, writing: Call, bucket: Bucket, target: Bucket, version: Version) -> dict[str, str]:
    """The tags, where the role may read and write them; else the object goes without."""
    if not version.tags:
        return {}
    try:
        _ask(reading, bucket, version, "s3:GetObjectVersionTagging")
        _ask(writing, target, version, "s3:ReplicateTags")
    except ServiceError:
        return {}
    return version.tags


@s3.task(Follow)
def follow(call: Call, task: Follow) -> None:
    bucket = call.tx.get(Bucket, task.bucket)
    version = call.tx.get(Version, task.bucket, task.name, task.order)
    if bucket is None or version is None or version.replication != "COMPLETED":
        return
    call.region = bucket.region
    for rule in meant(bucket, version):
        try:
            target, replica = _replica(call, version, rule)
            role = _taken(call, bucket)
            reading, writing = _as_role(call, role, bucket, "GetObject"), _as_role(call, role, target, "PutObject")
            _ask(reading, bucket, version, "s3:GetObjectVersionForReplication")
            _ask(writing, target, version, "s3:ReplicateObject")
            tags = _tags(reading, writing, bucket, target, version)
            locks = {name: getattr(version, name) for name in _LOCKS}
            fields = {**_owner(target, version, rule), **locks, **_locks(target, version)}
            shelf.update(call, replace(replica, tags=tags, **fields))
        except (ServiceError, Refused) as error:
            _tell_failure(call, bucket, version, rule, error)
            shelf.update(call, replace(version, replication="FAILED"))


def _replica(call: Call, version: Version, rule: Mapping[str, Any]) -> tuple[Bucket, Version]:
    target = _open_destination(call, rule)
    replica = shelf.at(call, target, version.name, version.version_id)
    if replica is None:
        raise s3.error("NoSuchVersion", "The specified version does not exist.", status=404)
    return target, replica


# --- as whom ---------------------------------------------------------------------------------------------------------


def _taken(call: Call, bucket: Bucket) -> Principal:
    """The session in which S3 acts as the role of a configuration. Raises AccessDenied: it does not trust S3."""
    arn = bucket.configs[_WORD]["Role"]
    role = call.ports.port("identities").role(call.tx, arn)
    if role is None:
        raise access_denied()
    asking = Call(
        call.ports, call.tx, notices.PRINCIPAL, service="sts", operation="AssumeRole", region=bucket.region,
        origin=_origin(bucket), account=role.account,
    )  # fmt: skip
    call.ports.guard.authorize(asking, "sts:AssumeRole", [(role.arn, role)], None, {})
    return Principal(
        kind="role", account=role.account, name=role.name, issuer=role.arn, id=f"{role.id}:{_SESSION}",
        arn=f"arn:{call.partition}:sts::{role.account}:assumed-role/{role.name}/{_SESSION}", session_name=_SESSION,
        tags=role.tags, temporary=True, issued_at=call.now,
    )  # fmt: skip


def _origin(bucket: Bucket) -> Origin:
    context = {"aws:SourceArn": bucket.arn, "aws:SourceAccount": bucket.account}
    return Origin(secure=True, invoked_by=notices.NAME, context=context)


def _as_role(call: Call, role: Principal, bucket: Bucket, operation: str) -> Call:
    """A call in a bucket's own region, in the name of the role."""
    return Call(
        call.ports, call.tx, role, service="s3", operation=operation, region=bucket.region,
        origin=Origin(secure=True, invoked_by=notices.NAME),
    )  # fmt: skip


def _ask(call: Call, bucket: Bucket, version: Version, action: str) -> None:
    where = authority.on_version(call, bucket, version.name)
    request = {"Bucket": bucket.name, "Key": version.name}
    call.ports.guard.authorize(call, action, where, s3.bound(call.operation), request)
