"""Secrets themselves: made, changed, described, tagged, deleted and restored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from haar.kit import Call, ServiceError, as_dict, as_list, replace, tagging
from haar.services.secretsmanager import encryption, replication, versions
from haar.services.secretsmanager.resources import CURRENT, PENDING, PREVIOUS, Erase, Secret, Tally, Version
from haar.services.secretsmanager.service import (
    DAY_SECONDS,
    RECOVERY_DAYS,
    SECRETS,
    alive,
    check_name,
    invalid_parameter,
    invalid_request,
    note,
    primary,
    refuse,
    secret_at,
    secretsmanager,
)

if TYPE_CHECKING:
    from haar.shapes import secretsmanager as api

secretsmanager.taggable.append(Secret)

_SUFFIX_LENGTH = 6
_NOT_BUILT = "Secrets that other services or partners manage are not built."


@secretsmanager.operation(creates=Secret, redact=("SecretString", "SecretBinary"))
def create_secret(call: Call, request: api.CreateSecretRequest) -> api.CreateSecretResponse:
    refuse(call, request, Type=_NOT_BUILT, CrossAccountPrimaryARN="Replicas in other accounts are not kept.")
    name = request["Name"]
    check_name(name)
    value = versions.value_in(request)
    token = versions.token_in(request) if value is not None else ""
    there = call.get(Secret, name)
    if there is not None:
        return _created_before(call, there, token, value)
    tags = _tags(request)
    held = call.tx.get(Tally, call.account, call.region)
    count = 1 + (held.secrets if held is not None else 0)
    SECRETS.check(call, count, "LimitExceededException", "You can't have more than {limit} secrets in a Region.")
    secret = Secret(
        account=call.account, region=call.region, name=name, suffix=call.ports.ids.token(_SUFFIX_LENGTH),
        description=request.get("Description") or "", kms_key=request.get("KmsKeyId") or "",
        tags=tags, created_at=call.now, changed_at=call.now,
    )  # fmt: skip
    encryption.check_key(call, secret)
    if value is not None:
        secret = versions.added(call, secret, token, value)
    regions = request.get("AddReplicaRegions")
    if regions:
        force = bool(request.get("ForceOverwriteReplicaSecret"))
        secret = replication.replicated(call, secret, regions, force=force)
    call.tx.put(secret)
    call.resources.clear()  # it was asked about before the end of its ARN was known
    note(call, secret)
    return _made(call, secret, token)


def _created_before(call: Call, secret: Secret, token: str, value: versions.Value | None) -> api.CreateSecretResponse:
    """The answer that a request which is made again was given. Raises what is wrong with any other."""
    if secret.deletes_at:
        raise invalid_request(
            "You can't create this secret because a secret with this name is already scheduled for deletion."
        )
    version = call.tx.get(Version, *secret.key, token) if value is not None else None
    if version is not None and value is not None and not secret.is_replica:
        plain, is_binary = value
        if version.is_binary == is_binary and encryption.opened(call, secret, version) == plain:
            return _made(call, secret, token)
    raise secretsmanager.error(
        "ResourceExistsException", f"The operation failed because the secret {secret.name} already exists."
    )


def _made(call: Call, secret: Secret, token: str) -> api.CreateSecretResponse:
    reply: api.CreateSecretResponse = {"ARN": secret.arn, "Name": secret.name}
    if token:
        reply["VersionId"] = token
    if secret.replicas:
        reply["ReplicationStatus"] = replication.status(call, secret)  # type: ignore[typeddict-item]
    return reply


@secretsmanager.operation
def describe_secret(call: Call, secret: Secret, request: api.DescribeSecretRequest) -> api.DescribeSecretResponse:
    shown: Any = described(secret)
    if (stages := shown.pop("SecretVersionsToStages", None)) is not None:
        shown["VersionIdsToStages"] = stages
    if secret.replicas:
        shown["ReplicationStatus"] = replication.status(call, secret)
    return shown  # type: ignore[no-any-return]


def described(secret: Secret) -> dict[str, Any]:
    """A secret as ListSecrets shows it."""
    stages: dict[str, list[str]] = {}
    for label, version in secret.stages.items():
        stages.setdefault(version, []).append(label)
    shown: dict[str, Any] = {
        "ARN": secret.arn,
        "Name": secret.name,
        "LastChangedDate": secret.changed_at,
        "CreatedDate": secret.created_at,
        "SecretVersionsToStages": stages or None,
        "Tags": as_list(secret.tags) or None,
        "Description": secret.description or None,
        "KmsKeyId": secret.kms_key or None,
        "PrimaryRegion": secret.primary_region or None,
        "LastAccessedDate": secret.accessed_on or None,
        "DeletedDate": secret.deletes_at or None,
    }
    return {name: value for name, value in shown.items() if value is not None}


@secretsmanager.operation(redact=("SecretString", "SecretBinary"))
def update_secret(call: Call, secret: Secret, request: api.UpdateSecretRequest) -> api.UpdateSecretResponse:
    refuse(call, request, Type=_NOT_BUILT)
    value = versions.value_in(request)
    if secret.is_replica and (value is not None or request.get("Description") is not None):
        primary(secret)
    alive(secret)
    token = versions.token_in(request) if value is not None else ""
    changed = replace(secret, changed_at=call.now)
    if (description := request.get("Description")) is not None:
        changed = replace(changed, description=description)
    named = request.get("KmsKeyId")
    if named is not None and named != secret.kms_key:
        changed = replace(changed, kms_key=named)
        encryption.check_key(call, changed)
        _seal_anew(call, changed)
    if value is not None:
        changed = versions.added(call, changed, token, value)
    replication.keep(call, changed)
    reply: api.UpdateSecretResponse = {"ARN": secret.arn, "Name": secret.name}
    if token:
        reply["VersionId"] = token
    return reply


def _seal_anew(call: Call, secret: Secret) -> None:
    """Seal the versions in use under the secret's new key as well; one that the caller cannot open stays as it is."""
    for name in {secret.stages[label] for label in (CURRENT, PREVIOUS, PENDING) if label in secret.stages}:
        version = call.tx.get(Version, *secret.key, name)
        assert version is not None, "a label belongs to a version"
        try:
            plain = encryption.opened(call, secret, version)
        except ServiceError:
            continue
        seal = encryption.sealed(call, secret, name, plain)
        others = [one for one in version.seals if one.kms_key != seal.kms_key]
        call.tx.put(replace(version, seals=[seal, *others]))


# --- deletion ---------------------------------------------------------------------------------------------------------


def _doomed(call: Call, request: Mapping[str, Any]) -> list[tuple[str, Secret | None]]:
    """The secret of a request, that need not be there, as the guard is asked about it."""
    found = _found(call, request["SecretId"])
    if isinstance(found, Secret):
        note(call, found)
        return [(found.arn, found)]
    return [(Secret.arn_for(*found), None)]


def _found(call: Call, given: str) -> Secret | tuple[str, ...]:
    place = secret_at(call, given)
    assert place is not None, "the model requires it"
    return place if isinstance(place, Secret) else call.tx.get(Secret, *place) or place


@secretsmanager.operation(resource=_doomed)
def delete_secret(call: Call, request: api.DeleteSecretRequest) -> api.DeleteSecretResponse:
    days, force = request.get("RecoveryWindowInDays"), bool(request.get("ForceDeleteWithoutRecovery"))
    if force and days is not None:
        raise invalid_parameter("You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.")
    least, most = RECOVERY_DAYS
    if days is not None and not least <= days <= most:
        raise invalid_parameter("RecoveryWindowInDays value must be between 7 and 30 days (inclusive).")
    found = _found(call, request["SecretId"])
    if not isinstance(found, Secret):
        if not force:
            raise secretsmanager.error(*Secret.missing(*found))
        # AWS answers for what is not there as well, so that a clean-up can be run again
        named = request["SecretId"]
        arn = named if named.startswith("arn:") else Secret.arn_for(*found).removesuffix("-??????")
        return {"ARN": arn, "Name": found[-1], "DeletionDate": call.now}
    if found.is_replica:
        primary(found)
    if found.replicas:
        regions = ", ".join(sorted(found.replicas))
        raise invalid_request(f"You can't delete secret {found.name} that still has replica regions [{regions}]")
    if force:
        versions.erase(call, found)
        return {"ARN": found.arn, "Name": found.name, "DeletionDate": call.now}
    if found.deletes_at:
        raise invalid_request(
            "You can't perform this operation on the secret because it was already scheduled for deletion."
        )
    at = call.now + (days or most) * DAY_SECONDS
    call.tx.put(replace(found, deletes_at=at))
    task = Erase(account=found.account, region=found.region, name=found.name, suffix=found.suffix, at=at)
    call.later(at, task)
    return {"ARN": found.arn, "Name": found.name, "DeletionDate": at}


@secretsmanager.task(Erase)
def erase(call: Call, task: Erase) -> None:
    """The end of a recovery window, unless the secret was restored meanwhile."""
    secret = call.tx.get(Secret, task.account, task.region, task.name)
    if secret is not None and (secret.suffix, secret.deletes_at) == (task.suffix, task.at):
        versions.erase(call, secret)


@secretsmanager.operation
def restore_secret(call: Call, secret: Secret, request: api.RestoreSecretRequest) -> api.RestoreSecretResponse:
    call.tx.put(replace(secret, deletes_at=0.0))
    return {"ARN": secret.arn, "Name": secret.name}


# --- tags -------------------------------------------------------------------------------------------------------------


@secretsmanager.operation
def tag_resource(call: Call, secret: Secret, request: api.TagResourceRequest) -> None:
    primary(secret)
    tags = {**secret.tags, **_tags(request)}
    _check(tags)
    replication.keep(call, replace(secret, tags=tags, changed_at=call.now))


@secretsmanager.operation
def untag_resource(call: Call, secret: Secret, request: api.UntagResourceRequest) -> None:
    primary(secret)
    gone = set(request["TagKeys"])
    tags = {name: value for name, value in secret.tags.items() if name not in gone}
    replication.keep(call, replace(secret, tags=tags, changed_at=call.now))


def _tags(request: Mapping[str, Any]) -> dict[str, str]:
    tags = as_dict(request.get("Tags") or [])
    _check(tags)
    return tags


def _check(tags: Mapping[str, str]) -> None:
    tagging.check(tags, too_many="InvalidParameterException", invalid="InvalidParameterException")
