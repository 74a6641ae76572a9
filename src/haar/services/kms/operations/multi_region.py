"""Multi-Region keys: one key id and one material in several regions, each with a policy and a state of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from haar.kit import Call, as_list, partition_of, replace
from haar.kit.perform import record
from haar.services.kms import managed, materials, policies, rotating
from haar.services.kms.describe import metadata
from haar.services.kms.operations.keys import room_for
from haar.services.kms.operations.tags import checked_tags
from haar.services.kms.resources import Family, Key, Material
from haar.services.kms.service import in_state, invalid, kms, unsupported

if TYPE_CHECKING:
    from haar.shapes import kms as api

#: Seconds until a replica can be used, and until primary and replica have changed places: AWS says "a few".
_SETTLING_SECONDS: Final = 2.0


def _primary(call: Call, key: Key) -> Family:
    """The family of a primary key. Raises UnsupportedOperationException for any other key."""
    family = call.tx.get(Family, key.account, key.id) if key.multi_region else None
    if family is None or not key.is_primary:
        raise unsupported(f"{key.arn} is not a multi-region primary key.")
    return family


def _call_in(call: Call, region: str, operation: str) -> Call:
    """The share of a call that another region has: authorized there, and on record there."""
    return Call(
        call.ports, call.tx, call.principal, service="kms", operation=operation, region=region, origin=call.origin,
        account=call.account,
    )  # fmt: skip


@kms.operation
def replicate_key(call: Call, key: Key, request: api.ReplicateKeyRequest) -> api.ReplicateKeyResponse:
    family = _primary(call, key)
    in_state(call, key, "Disabled", "PendingDeletion", "PendingReplicaDeletion", "Creating", "Updating")
    region = request["ReplicaRegion"]
    if partition_of(region) != call.partition:
        raise invalid(f"The replica region {region} is in another partition.")
    arn = Key.arn_for(key.account, region, key.id)
    if region in (family.primary, *family.replicas):
        raise kms.error("AlreadyExistsException", f"Replica key {arn} already exists")
    there, operation = _call_in(call, region, "CreateKey"), kms.bound("CreateKey")
    asked: dict[str, Any] = {
        "KeySpec": key.spec, "KeyUsage": key.usage, "Origin": key.origin, "MultiRegion": True,
        **{name: request[name] for name in ("Policy", "Description", "Tags") if name in request},
    }  # fmt: skip
    there.ports.guard.authorize(there, "kms:CreateKey", [("*", None)], operation, asked)
    tags = checked_tags(there, asked, operation, arn)
    room_for(call, region)
    text = request.get("Policy")
    if text is None:
        text = managed.default_policy(call)
    else:
        policies.check(call, text, arn, bypass=bool(request.get("BypassPolicyLockoutSafetyCheck")))
    replica = replace(
        key, region=region, policy=text, description=request.get("Description") or "", tags=tags, is_primary=False,
        created_at=call.now, ready_at=call.now + _SETTLING_SECONDS, enabled=True, has_grants=False,
    )  # fmt: skip
    if key.origin == "AWS_KMS":
        for row in list(call.tx.range(Material, key.account, key.region, key.id)):
            materials.copy(call, row, key, replica)
    else:
        # imported material is the customer's to bring again
        replica = replace(replica, material=0, public=b"", lacks=0)
    call.tx.put(replica)
    call.tx.put(replace(family, replicas=tuple(sorted((*family.replicas, region)))))
    call.resources.append((replica.arn, "AWS::KMS::Key"))
    # the replica's region has a record of its own (docs: API reference of ReplicateKey)
    there.resources.append((replica.arn, "AWS::KMS::Key"))
    record(there, operation, asked, {"KeyMetadata": metadata(there, replica)})
    reply: dict[str, Any] = {"ReplicaKeyMetadata": metadata(call, replica), "ReplicaPolicy": text}
    if tags:
        reply["ReplicaTags"] = [{"TagKey": tag["Key"], "TagValue": tag["Value"]} for tag in as_list(tags)]
    return reply  # type: ignore[return-value]  # put together member by member


@kms.operation
def update_primary_region(call: Call, key: Key, request: api.UpdatePrimaryRegionRequest) -> None:
    family = _primary(call, key)
    region = request["PrimaryRegion"]
    replica = call.tx.get(Key, key.account, region, key.id) if region in family.replicas else None
    if replica is None:
        raise kms.error("NotFoundException", f"Key '{Key.arn_for(key.account, region, key.id)}' does not exist")
    there, operation = _call_in(call, region, call.operation), kms.bound(call.operation)
    there.ports.guard.authorize(there, "kms:UpdatePrimaryRegion", [(replica.arn, replica)], operation, dict(request))
    call.resources.append((replica.arn, "AWS::KMS::Key"))
    for one in (key, replica):
        in_state(call, one, "Disabled", "PendingDeletion", "PendingReplicaDeletion", "Creating", "Updating")
    settled = call.now + _SETTLING_SECONDS
    call.tx.put(replace(key, is_primary=False, settled_at=settled))
    new = call.tx.put(replace(replica, is_primary=True, settled_at=settled))
    rest = (one for one in family.replicas if one != region)
    call.tx.put(replace(family, primary=region, replicas=tuple(sorted((*rest, key.region)))))
    if new.rotation_days:
        rotating.arm(call, new)
    there.resources.extend(call.resources)
    record(there, operation, dict(request), {})
