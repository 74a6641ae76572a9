"""Rotation: switched on and off, done at a word, and listed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from haar.kit import Call, Page, replace
from haar.services.kms import importing, rotating
from haar.services.kms.resources import Key, Material
from haar.services.kms.rules import DAY
from haar.services.kms.service import ON_DEMAND, in_state, kms, siblings, unsupported

if TYPE_CHECKING:
    from haar.shapes import kms as api

_PERIOD_DAYS: Final = 365
_UNUSABLE: Final = ("Disabled", "PendingDeletion", "PendingReplicaDeletion", "Creating", "Updating")


def _rotatable(key: Key, *, by_itself: bool = True) -> None:
    """Refuse a key that never rotates (or not `by_itself`). Raises UnsupportedOperationException."""
    if not key.is_symmetric:
        raise unsupported(f"{key.arn} key spec is {key.spec} which is not valid for this operation.")
    if by_itself and key.origin != "AWS_KMS":
        raise unsupported(f"{key.arn} origin is {key.origin} which is not valid for this operation.")
    if key.multi_region and not key.is_primary:
        raise unsupported(f"{key.arn} is a multi-Region replica key; use its primary key for this operation.")


@kms.operation
def disable_key_rotation(call: Call, key: Key, request: api.DisableKeyRotationRequest) -> None:
    _rotatable(key)
    in_state(call, key, *_UNUSABLE)
    for one in siblings(call, key):
        call.tx.put(replace(one, rotation_days=0, rotates_at=0.0))


@kms.operation
def enable_key_rotation(call: Call, key: Key, request: api.EnableKeyRotationRequest) -> None:
    _rotatable(key)
    in_state(call, key, *_UNUSABLE)
    days = request.get("RotationPeriodInDays") or key.rotation_days or _PERIOD_DAYS
    if key.rotation_days == days:
        return
    at = call.now + days * DAY
    for one in siblings(call, key):
        call.tx.put(replace(one, rotation_days=days, rotates_at=at))
    rotating.arm(call, replace(key, rotates_at=at))


@kms.operation
def get_key_rotation_status(
    call: Call, key: Key, request: api.GetKeyRotationStatusRequest
) -> api.GetKeyRotationStatusResponse:
    # a key that waits to be deleted does not rotate; the setting comes back when the deletion is cancelled
    is_on = bool(key.rotation_days) and not key.deletion_days
    shown: dict[str, Any] = {"KeyId": key.id, "KeyRotationEnabled": is_on}
    if is_on:
        shown["RotationPeriodInDays"] = key.rotation_days
        shown["NextRotationDate"] = key.rotates_at
    return shown  # type: ignore[return-value]  # put together member by member


@kms.operation
def list_key_rotations(call: Call, key: Key, request: api.ListKeyRotationsRequest) -> Page[api.RotationsListEntry]:
    if not key.is_symmetric:
        raise unsupported(f"{key.arn} key spec is {key.spec} which is not valid for this operation.")
    is_all = request.get("IncludeKeyMaterial") == "ALL_KEY_MATERIAL"
    return Page.of(
        call.tx,
        Material,
        key.account,
        key.region,
        key.id,
        show=lambda row: importing.entry(call, key, row),
        where=None if is_all else lambda row: bool(row.rotation),
    )


@kms.operation
def rotate_key_on_demand(call: Call, key: Key, request: api.RotateKeyOnDemandRequest) -> api.RotateKeyOnDemandResponse:
    _rotatable(key, by_itself=False)
    in_state(call, key, *_UNUSABLE, "PendingImport")
    ON_DEMAND.check(
        call,
        key.rotations_on_demand + 1,
        "LimitExceededException",
        "You have reached the limit of {limit} on-demand rotations for this KMS key.",
    )
    key = importing.rotate(call, key) if key.origin == "EXTERNAL" else rotating.rotate(call, key, "ON_DEMAND")
    for one in siblings(call, key):
        call.tx.put(replace(one, rotations_on_demand=key.rotations_on_demand + 1))
    return {"KeyId": key.id}
