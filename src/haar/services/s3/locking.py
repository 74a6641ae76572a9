"""Object Lock and MFA Delete: what keeps a version from being removed, and whom it lets through.

| held by | a request gets through with |
|---|---|
| retention in GOVERNANCE | `x-amz-bypass-governance-retention: true` and leave for s3:BypassGovernanceRetention |
| retention in COMPLIANCE | nothing, whoever asks, before its date |
| a legal hold | nothing, until it is lifted |
| MFA Delete | `x-amz-mfa`: serial number and code of the caller's own device |

Delete markers are not locked, and nothing keeps one from being put on top of what is. Dates are those of the cloud's
own clock. AWS takes `x-amz-mfa` over HTTPS alone; here it may come as any request does.

Source: Amazon S3 User Guide, object-lock.html, object-lock-managing.html, MultiFactorAuthenticationDelete.html.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from haar.kit import Call, Refused, ServiceError
from haar.services.s3 import authority, integrity, new_objects
from haar.services.s3.resources import Bucket, Version
from haar.services.s3.service import access_denied, invalid_argument, s3

__all__ = [
    "MODES", "by_default", "demand_bypass", "demand_locks", "is_locked", "is_retained", "may_remove", "mfa_proven",
    "on_put", "protected", "wanted",
]  # fmt: skip

MODES: Final = ("GOVERNANCE", "COMPLIANCE")
_DAY: Final = 86400
_YEAR_DAYS: Final = 365
_MEMBERS: Final = frozenset(
    (
        "ObjectLockMode", "ObjectLockRetainUntilDate", "ObjectLockLegalHoldStatus", "ObjectLockEventHold",
        "ObjectLockEventHoldDurationDays", "ObjectLockEventHoldDurationYears",
    )
)  # fmt: skip
_NONE: Final[Mapping[str, Any]] = {}


# --- what a new version is given -------------------------------------------------------------------------------------


def on_put(call: Call, bucket: Bucket, request: Mapping[str, Any]) -> Mapping[str, Any]:
    """The fields of a new version's lock: as its request says, else as the bucket does by default.

    Raises InvalidRequest, InvalidArgument, AccessDenied.
    """
    asked = wanted(call, bucket, request)
    if not bucket.object_lock:
        return asked
    fields = asked if "lock_mode" in asked else {**by_default(call, bucket), **asked}
    if fields and call.operation == "PutObject":
        _demand_integrity(call, request)
    return fields


def wanted(call: Call, bucket: Bucket, request: Mapping[str, Any]) -> Mapping[str, Any]:
    """The same of what the request says alone, for an upload in parts: the default counts from its end."""
    if _MEMBERS.isdisjoint(request):
        return _NONE
    mode, until = request.get("ObjectLockMode"), request.get("ObjectLockRetainUntilDate")
    hold = request.get("ObjectLockLegalHoldStatus")
    demand_locks(bucket)
    if any(member.startswith("ObjectLockEventHold") for member in request):
        raise Refused("s3", call.operation, "Event holds of Object Lock are not built.")
    if (mode is None) != (until is None):
        name = "x-amz-object-lock-mode" if mode is not None else "x-amz-object-lock-retain-until-date"
        text = "x-amz-object-lock-retain-until-date and x-amz-object-lock-mode must both be supplied"
        raise invalid_argument(text, name, mode or until)
    found: dict[str, Any] = {}
    if mode is not None and until is not None:
        if mode not in MODES:
            raise invalid_argument("Unknown wormMode directive.", "x-amz-object-lock-mode", mode)
        if until <= call.now:
            text = "The retain until date must be in the future!"
            raise invalid_argument(text, "x-amz-object-lock-retain-until-date", until)
        new_objects.demand(call, "s3:PutObjectRetention", request)
        found = {"lock_mode": mode, "retain_until": until}
    if hold is not None:
        if hold not in ("ON", "OFF"):
            raise invalid_argument("Legal Hold must be either of 'ON' or 'OFF'", "x-amz-object-lock-legal-hold", hold)
        new_objects.demand(call, "s3:PutObjectLegalHold", request)
        found["legal_hold"] = hold == "ON"
        found["legal_hold_given"] = True
    return found


def by_default(call: Call, bucket: Bucket) -> Mapping[str, Any]:
    """The lock that the bucket's default retention gives a version made now."""
    rule = bucket.configs.get("object_lock")
    if rule is None:
        return _NONE
    days = rule.get("Days") or rule["Years"] * _YEAR_DAYS
    return {"lock_mode": rule["Mode"], "retain_until": call.now + days * _DAY}


def _demand_integrity(call: Call, request: Mapping[str, Any]) -> None:
    """Refuse what is to be locked and that nothing guarded on its way here."""
    if call.origin.host and request.get("ContentMD5") is None and not integrity.said(request):
        text = (
            "Content-MD5 OR x-amz-checksum- HTTP header is required for Put Object requests with Object Lock parameters"
        )
        raise ServiceError("InvalidRequest", text, status=400)


def demand_locks(bucket: Bucket) -> None:
    """Raise InvalidRequest for a bucket without Object Lock."""
    if not bucket.object_lock:
        raise ServiceError("InvalidRequest", "Bucket is missing Object Lock Configuration", status=400)


# --- what is held ----------------------------------------------------------------------------------------------------


def is_retained(version: Version, now: float) -> bool:
    """Whether its retention has not ended."""
    return bool(version.lock_mode) and version.retain_until > now


def is_locked(version: Version, now: float) -> bool:
    """Whether a version is held by its retention or by a legal hold: nothing of S3's own removes it."""
    return version.legal_hold or is_retained(version, now)


def may_remove(call: Call, bucket: Bucket, version: Version, *, bypass: bool, mfa: bool, through: str = "") -> None:
    """Raise AccessDenied unless a version may be removed for good.

    `bypass` is whether the request wants to bypass governance, `mfa` what `mfa_proven` said of it, `through` the name
    that it has for the bucket.
    """
    if bucket.mfa_delete and not mfa:
        raise _needs_mfa()
    if not is_locked(version, call.now):
        return
    if version.legal_hold or version.lock_mode == "COMPLIANCE" or not bypass:
        raise protected()
    demand_bypass(call, bucket, version, through)


def demand_bypass(call: Call, bucket: Bucket, version: Version, through: str = "") -> None:
    """Raise AccessDenied unless the caller may bypass governance on a version."""
    where = authority.on_version(call, bucket, version.name, version.version_id, through)
    operation = s3.bound(call.operation)
    call.ports.guard.authorize(call, "s3:BypassGovernanceRetention", where, operation, {})


def protected() -> ServiceError:
    """AccessDenied, for what a lock holds."""
    return access_denied("Access Denied because object protected by object lock.")


# --- MFA Delete ------------------------------------------------------------------------------------------------------


def mfa_proven(call: Call, request: Mapping[str, Any], *, is_needed: bool) -> bool:
    """Whether a request carries a good code of the caller's own device, which uses it up. Raises AccessDenied.

    A code counts once, so this is asked once in a request; where `is_needed`, a request without one is refused.
    """
    value = request.get("MFA")
    if not value:
        if is_needed:
            raise _needs_mfa()
        return False
    serial, _, code = value.strip().rpartition(" ")
    if not call.ports.port("identities").mfa(call, serial.strip(), code):
        raise access_denied()
    return True


def _needs_mfa() -> ServiceError:
    return access_denied("Mfa Authentication must be used for this request")
