"""Keys: made, looked at, switched off and on, deleted after a while."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from haar.kit import Call, Page, replace
from haar.kit.audit import Event
from haar.services.kms import deleting, managed, materials, policies
from haar.services.kms.describe import metadata
from haar.services.kms.granting import check_tokens
from haar.services.kms.operations.tags import checked_tags
from haar.services.kms.resources import Alias, Family, Key, Rotate
from haar.services.kms.rules import DAY, SPECS, SYMMETRIC, UNBUILT_SPECS, algorithm_member
from haar.services.kms.service import KEYS, in_state, invalid, kms, unsupported

if TYPE_CHECKING:
    from haar.shapes import kms as api

_WINDOW_DAYS = (7, 30)
_CRYPTOGRAPHIC: Final = frozenset(
    (
        "Decrypt", "DeriveSharedSecret", "Encrypt", "GenerateDataKey", "GenerateDataKeyPair",
        "GenerateDataKeyPairWithoutPlaintext", "GenerateDataKeyWithoutPlaintext", "GenerateMac", "ReEncrypt", "Sign",
        "Verify", "VerifyMac",
    )
)  # fmt: skip
#: Days that the record of calls goes back.
_TRACKED_DAYS: Final = 90


@kms.operation
def cancel_key_deletion(call: Call, key: Key, request: api.CancelKeyDeletionRequest) -> api.CancelKeyDeletionResponse:
    if not key.deletion_days:
        raise kms.error("KMSInvalidStateException", f"{key.arn} is not pending deletion.")
    call.tx.put(replace(key, deletion_days=0, deletion_at=0.0, enabled=False))
    return {"KeyId": key.arn}


@kms.operation
def create_key(call: Call, request: api.CreateKeyRequest) -> api.CreateKeyResponse:
    spec, usage = _wanted(request)
    origin = request.get("Origin") or "AWS_KMS"
    if origin in ("AWS_CLOUDHSM", "EXTERNAL_KEY_STORE") or request.get("CustomKeyStoreId") or request.get("XksKeyId"):
        raise kms.error("CustomKeyStoreNotFoundException", "There are no custom key stores here.")
    is_multi = bool(request.get("MultiRegion"))
    key_id = f"mrk-{call.ports.ids.hex(32)}" if is_multi else call.new_id()
    arn = Key.arn_for(call.account, call.region, key_id)
    tags = checked_tags(call, request, kms.bound(call.operation), arn)
    room_for(call, call.region)
    text = request.get("Policy")
    if text is None:
        text = managed.default_policy(call)
    else:
        policies.check(call, text, arn, bypass=bool(request.get("BypassPolicyLockoutSafetyCheck")))
    key = Key(
        account=call.account, region=call.region, id=key_id, policy=text, spec=spec, usage=usage, origin=origin,
        description=request.get("Description") or "", multi_region=is_multi, is_primary=is_multi, tags=tags,
        created_at=call.now,
    )  # fmt: skip
    if origin == "AWS_KMS":
        secret = materials.new_secret(call, spec)
        materials.put(call, key, 1, secret)
        key = replace(key, material=1, public=materials.public_half(spec, secret))
    if is_multi:
        call.tx.put(Family(account=call.account, id=key_id, primary=call.region))
    call.tx.put(key)
    call.resources.append((key.arn, "AWS::KMS::Key"))
    return {"KeyMetadata": metadata(call, key)}


def _wanted(request: api.CreateKeyRequest) -> tuple[str, str]:
    """Spec and usage of a key that is to be made. Raises ValidationException, UnsupportedOperationException."""
    if request.get("KeySpec") and request.get("CustomerMasterKeySpec"):
        raise invalid(
            "You cannot specify KeySpec and CustomerMasterKeySpec in the same request. CustomerMasterKeySpec is "
            "deprecated."
        )
    spec = request.get("KeySpec") or request.get("CustomerMasterKeySpec") or SYMMETRIC
    if spec in UNBUILT_SPECS:
        raise unsupported(f"{UNBUILT_SPECS[spec]} KeySpec {spec} is not supported.")
    usage = request.get("KeyUsage")
    if usage is None:
        if spec != SYMMETRIC:
            raise invalid("You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys.")
        usage = "ENCRYPT_DECRYPT"
    if usage not in SPECS[spec].usages:
        raise invalid(f"KeyUsage {usage} is not compatible with KeySpec {spec}")
    return spec, usage


def room_for(call: Call, region: str) -> None:
    """Refuse a key more than the account may have in a region; AWS's own keys do not count."""
    own = call.tx.count(Alias, call.account, region, start="aws/", stop="aws/\U0010ffff")
    KEYS.check(
        call,
        call.tx.count(Key, call.account, region) - own + 1,
        "LimitExceededException",
        "You have reached the limit of {limit} KMS keys in this account and Region.",
    )


@kms.operation
def describe_key(call: Call, key: Key, request: api.DescribeKeyRequest) -> api.DescribeKeyResponse:
    check_tokens(call, request)
    return {"KeyMetadata": metadata(call, key)}


@kms.operation
def disable_key(call: Call, key: Key, request: api.DisableKeyRequest) -> None:
    in_state(call, key, "PendingDeletion", "PendingReplicaDeletion", "PendingImport", "Creating", "Updating")
    call.tx.put(replace(key, enabled=False))


@kms.operation
def enable_key(call: Call, key: Key, request: api.EnableKeyRequest) -> None:
    in_state(call, key, "PendingDeletion", "PendingReplicaDeletion", "PendingImport", "Creating", "Updating")
    call.tx.put(replace(key, enabled=True))
    if key.rotation_days and key.rotates_at <= call.now:
        # what fell due while the key was disabled is done at once
        call.emit(Rotate(account=key.account, region=key.region, id=key.id, at=key.rotates_at))


@kms.operation(partial="CloudTrailEventId; uses by other accounts, and uses more than 90 days ago")
def get_key_last_usage(call: Call, key: Key, request: api.GetKeyLastUsageRequest) -> api.GetKeyLastUsageResponse:
    shown: dict[str, Any] = {
        "KeyId": key.id,
        "KeyCreationDate": key.created_at,
        "TrackingStartDate": max(key.created_at, call.now - _TRACKED_DAYS * DAY),
    }
    arn = key.arn
    for event in call.tx.range(Event, key.account, key.region, reverse=True):
        if event.at < shown["TrackingStartDate"] - 1:
            break
        if (
            event.service == "kms"
            and event.operation in _CRYPTOGRAPHIC
            and not event.error
            and any(name == arn for name, _ in event.resources)
        ):
            shown["KeyLastUsage"] = {
                "Operation": event.operation,
                "Timestamp": event.at,
                "KmsRequestId": event.id,
            }
            break
    return shown  # type: ignore[return-value]  # put together member by member


@kms.operation
def get_public_key(call: Call, key: Key, request: api.GetPublicKeyRequest) -> api.GetPublicKeyResponse:
    if SPECS[key.spec].family in ("aes", "hmac"):
        raise unsupported(f"{key.arn} key spec is {key.spec} which is not valid for GetPublicKey.")
    in_state(call, key, "Disabled", "PendingDeletion", "PendingReplicaDeletion", "PendingImport", "Creating")
    check_tokens(call, request)
    shown: dict[str, Any] = {
        "KeyId": key.arn,
        "PublicKey": key.public,
        "CustomerMasterKeySpec": key.spec,
        "KeySpec": key.spec,
        "KeyUsage": key.usage,
        algorithm_member(key.usage): list(SPECS[key.spec].usages[key.usage]),
    }
    return shown  # type: ignore[return-value]  # put together member by member


@kms.operation
def list_keys(call: Call, request: api.ListKeysRequest) -> Page[dict[str, str]]:
    if request.get("ResourceOwners") and "SELF" not in request["ResourceOwners"]:
        return Page([])  # no account shares a key by way of Resource Access Manager
    return Page.of(call.tx, Key, call.account, call.region, show=lambda key: {"KeyId": key.id, "KeyArn": key.arn})


@kms.operation
def schedule_key_deletion(
    call: Call, key: Key, request: api.ScheduleKeyDeletionRequest
) -> api.ScheduleKeyDeletionResponse:
    in_state(call, key, "PendingDeletion", "PendingReplicaDeletion", "Creating", "Updating")
    days = request.get("PendingWindowInDays", 30)
    if not _WINDOW_DAYS[0] <= days <= _WINDOW_DAYS[1]:
        raise invalid(f"PendingWindowInDays must be between {_WINDOW_DAYS[0]} and {_WINDOW_DAYS[1]} days.")
    key = deleting.schedule(call, key, days)
    shown: dict[str, Any] = {"KeyId": key.arn, "KeyState": key.state(call.now), "PendingWindowInDays": days}
    if key.deletion_at:
        shown["DeletionDate"] = key.deletion_at
    return shown  # type: ignore[return-value]  # put together member by member


@kms.operation
def update_key_description(call: Call, key: Key, request: api.UpdateKeyDescriptionRequest) -> None:
    in_state(call, key, "PendingDeletion", "PendingReplicaDeletion")
    call.tx.put(replace(key, description=request["Description"]))
