"""Object Lock: a bucket's default retention; the retention and the legal hold of a version."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from haar.kit import Call, Refused, ServiceError, replace
from haar.services.s3 import locking, presented, reading, shelf
from haar.services.s3.authority import on_bucket, on_object
from haar.services.s3.resources import Bucket, Version
from haar.services.s3.service import invalid_argument, malformed_xml, s3
from haar.wire.text import iso_millis

if TYPE_CHECKING:
    from haar.shapes import s3 as api

_DAY: Final = 86400
#: The longest default retention (docs: object-lock.html, "maximum is 36,500 days or 100 years").
_MOST: Final = {"Days": 36_500, "Years": 100}


# --- of the bucket ---------------------------------------------------------------------------------------------------


@s3.operation(action="s3:PutBucketObjectLockConfiguration", resource=on_bucket, enums=False)
def put_object_lock_configuration(
    call: Call, bucket: Bucket, request: api.PutObjectLockConfigurationRequest
) -> api.PutObjectLockConfigurationOutput:
    given: Any = request.get("ObjectLockConfiguration") or {}
    if given.get("ObjectLockEnabled") != "Enabled":
        raise malformed_xml()
    configs = {name: value for name, value in bucket.configs.items() if name != "object_lock"}
    if "Rule" in given:
        configs["object_lock"] = _default(call, (given["Rule"] or {}).get("DefaultRetention") or {})
    if bucket.versioning != "Enabled":
        text = "Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration"
        raise ServiceError("InvalidBucketState", text, status=409, members={"BucketName": bucket.name})
    call.tx.put(replace(bucket, object_lock=True, configs=configs))
    return presented.request_charged(bucket, request)  # type: ignore[return-value]


def _default(call: Call, given: Mapping[str, Any]) -> dict[str, Any]:
    """A default retention as it is kept. Raises MalformedXML, InvalidArgument."""
    if "DefaultEventHold" in given:
        raise Refused("s3", call.operation, "Event holds of Object Lock are not built.")
    periods = [name for name in _MOST if given.get(name) is not None]
    if given.get("Mode") not in locking.MODES or len(periods) != 1:
        raise malformed_xml()
    [name] = periods
    length = given[name]
    if length <= 0:
        raise invalid_argument("Default retention period must be a positive integer value.", name, length)
    if length > _MOST[name]:
        text = f"Default retention period must not be longer than {_MOST[name]} {name.lower()}."
        raise invalid_argument(text, name, length)
    return {"Mode": given["Mode"], name: length}


@s3.operation(action="s3:GetBucketObjectLockConfiguration", resource=on_bucket)
def get_object_lock_configuration(call: Call, bucket: Bucket, request: Any) -> api.GetObjectLockConfigurationOutput:
    if not bucket.object_lock:
        text = "Object Lock configuration does not exist for this bucket"
        members = {"BucketName": bucket.name}
        raise ServiceError("ObjectLockConfigurationNotFoundError", text, status=404, members=members)
    default = bucket.configs.get("object_lock")
    found: Any = {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": default} if default else None}
    return {"ObjectLockConfiguration": found}


# --- of a version ----------------------------------------------------------------------------------------------------


@s3.operation(resource=on_object, data_event=True, enums=False)
def put_object_retention(
    call: Call, bucket: Bucket, request: api.PutObjectRetentionRequest
) -> api.PutObjectRetentionOutput:
    locking.demand_locks(bucket)
    version = reading.wanted(call, bucket, request)
    given: Any = request.get("Retention") or {}
    if "EventHold" in given or "EventHoldDuration" in given:
        raise Refused("s3", call.operation, "Event holds of Object Lock are not built.")
    mode, until = given.get("Mode") or "", given.get("RetainUntilDate") or 0.0
    if bool(mode) != bool(until) or mode not in ("", *locking.MODES):
        raise malformed_xml()
    if mode and until <= call.now:
        raise invalid_argument("The retain until date must be in the future!", "RetainUntilDate", iso_millis(until))
    if locking.is_retained(version, call.now) and not _strengthens(version, mode, until):
        if version.lock_mode == "COMPLIANCE" or not request.get("BypassGovernanceRetention"):
            raise locking.protected()
        locking.demand_bypass(call, bucket, version, request["Bucket"])
    changed = shelf.update(call, replace(version, lock_mode=mode, retain_until=until))
    shelf.announce(call, bucket, "ObjectRetention:Put", changed)
    return presented.request_charged(bucket, request)  # type: ignore[return-value]


def _strengthens(version: Version, mode: str, until: float) -> bool:
    """Whether a retention is the present one, or a longer one in the same mode: no bypass is needed for that."""
    return mode == version.lock_mode and until >= version.retain_until


@s3.operation(resource=on_object, data_event=True)
def get_object_retention(
    call: Call, bucket: Bucket, request: api.GetObjectRetentionRequest
) -> api.GetObjectRetentionOutput:
    locking.demand_locks(bucket)
    version = reading.wanted(call, bucket, request)
    if not version.lock_mode:
        raise _no_lock()
    found: Any = {"Mode": version.lock_mode, "RetainUntilDate": version.retain_until}
    return {"Retention": found}


@s3.operation(resource=on_object, data_event=True, enums=False)
def put_object_legal_hold(
    call: Call, bucket: Bucket, request: api.PutObjectLegalHoldRequest
) -> api.PutObjectLegalHoldOutput:
    locking.demand_locks(bucket)
    version = reading.wanted(call, bucket, request)
    status = (request.get("LegalHold") or {}).get("Status")
    if status not in ("ON", "OFF"):
        raise malformed_xml()
    changed = shelf.update(call, replace(version, legal_hold=status == "ON", legal_hold_given=True))
    shelf.announce(call, bucket, "ObjectLegalHold:Put", changed)  # AWS has no event of it; replication follows it
    return presented.request_charged(bucket, request)  # type: ignore[return-value]


@s3.operation(resource=on_object, data_event=True)
def get_object_legal_hold(
    call: Call, bucket: Bucket, request: api.GetObjectLegalHoldRequest
) -> api.GetObjectLegalHoldOutput:
    locking.demand_locks(bucket)
    version = reading.wanted(call, bucket, request)
    if not version.legal_hold_given:
        raise _no_lock()
    return {"LegalHold": {"Status": "ON" if version.legal_hold else "OFF"}}


def _no_lock() -> ServiceError:
    text = "The specified object does not have a ObjectLock configuration"
    return ServiceError("NoSuchObjectLockConfiguration", text, status=404)


# --- what policies ask about it --------------------------------------------------------------------------------------


def _asked(request: Mapping[str, Any]) -> tuple[str | None, float | None]:
    """The retention that a request asks for, in a header or in a document."""
    given = request.get("Retention") or {}
    mode, until = request.get("ObjectLockMode"), request.get("ObjectLockRetainUntilDate")
    return mode or given.get("Mode"), until or given.get("RetainUntilDate")


@s3.condition("s3:object-lock-mode")
def _mode(call: Call, request: Mapping[str, Any], target: Any) -> str | None:
    return _asked(request)[0]


@s3.condition("s3:object-lock-retain-until-date")
def _until(call: Call, request: Mapping[str, Any], target: Any) -> str | None:
    until = _asked(request)[1]
    return None if until is None else iso_millis(until)


@s3.condition("s3:object-lock-remaining-retention-days")
def _remaining(call: Call, request: Mapping[str, Any], target: Any) -> int | None:
    # a day that has begun counts
    until = _asked(request)[1]
    return None if until is None else int(-((call.now - until) // _DAY))


@s3.condition("s3:object-lock-legal-hold")
def _hold(call: Call, request: Mapping[str, Any], target: Any) -> str | None:
    status = request.get("ObjectLockLegalHoldStatus") or (request.get("LegalHold") or {}).get("Status")
    return None if status is None else str(status)
