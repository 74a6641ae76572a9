"""RestoreObject: archived objects made readable for a while."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from haar.kit import Call, Refused, ServiceError
from haar.services.s3 import reading, restoring, shelf
from haar.services.s3.authority import on_object
from haar.services.s3.resources import Bucket
from haar.services.s3.service import malformed_xml, s3

if TYPE_CHECKING:
    from haar.shapes import s3 as api

_TIERS = ("Expedited", "Standard", "Bulk")


@s3.operation(resource=on_object, enums=False, partial="restores with a query (Type SELECT) are refused")
def restore_object(call: Call, bucket: Bucket, request: api.RestoreObjectRequest) -> api.RestoreObjectOutput:
    given: Any = request.get("RestoreRequest") or {}
    if given.get("Type") or given.get("SelectParameters") or given.get("OutputLocation"):
        raise Refused(
            "s3", "RestoreObject", "An archived object cannot be queried: AWS takes no new customers for that."
        )
    version = reading.wanted(call, bucket, request)
    tier = (given.get("GlacierJobParameters") or {}).get("Tier") or given.get("Tier") or "Standard"
    if tier not in _TIERS:
        raise malformed_xml()
    retrievals = restoring.retrievals_of(version)
    if not retrievals:
        text = "Restore is not allowed for the object's current storage class"
        members = {"StorageClass": version.storage_class}
        raise ServiceError("InvalidObjectState", text, status=403, members=members)
    days = _days(given.get("Days"), has_copy=not version.tier)
    if tier not in retrievals:
        text = "Retrieval option is not supported by this storage class"
        raise ServiceError("InvalidArgument", text, status=400)
    if version.restored_until > call.now:
        restoring.prolong(call, version, days)
        return {"$status": 200}  # type: ignore[typeddict-unknown-key]
    if version.restoring_until > call.now and version.restoring_until <= call.now + retrievals[tier]:
        raise ServiceError("RestoreAlreadyInProgress", "Object restore is already in progress", status=409)
    version = restoring.begin(call, bucket, version, tier, days)
    shelf.announce(call, bucket, "ObjectRestore:Post", version)
    return {"$status": 202}  # type: ignore[typeddict-unknown-key]


def _days(given: int | None, *, has_copy: bool) -> int:
    """For how long: what is restored for good has no days, a copy must have some."""
    if not has_copy:
        if given is not None:
            text = "Days must not be specified for objects in the S3 Intelligent-Tiering storage class"
            raise ServiceError("InvalidArgument", text, status=400)
        return 0
    if given is None:
        raise malformed_xml()
    if not 1 <= given < 2**31:
        raise ServiceError("InvalidArgument", "Days must be a positive integer", status=400)
    return given
