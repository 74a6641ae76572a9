"""Objects deleted: one, or up to a thousand at once.

A DELETE without a version leaves a delete marker where the bucket keeps versions. Deleting what is not there is no
error, a condition apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from haar.kit import Call, ServiceError
from haar.services.s3 import conditions, locking, new_objects, presented, reading, shelf
from haar.services.s3.authority import on_bucket, on_object, on_version
from haar.services.s3.resources import Bucket
from haar.services.s3.service import malformed_xml, s3

if TYPE_CHECKING:
    from haar.shapes import s3 as api

_AT_ONCE_MAX: Final = 1000
#: Conditions that only directory buckets know.
_OF_DIRECTORIES: Final = {
    "IfMatchLastModifiedTime": "x-amz-if-match-last-modified-time",
    "IfMatchSize": "x-amz-if-match-size",
}


def _deletes(call: Call, request: Mapping[str, Any]) -> str:
    return "s3:DeleteObject" if request.get("VersionId") is None else "s3:DeleteObjectVersion"


@s3.operation(action=_deletes, resource=on_object, data_event=True, enums=False)
def delete_object(call: Call, bucket: Bucket, request: api.DeleteObjectRequest) -> api.DeleteObjectOutput:
    for member, header in _OF_DIRECTORIES.items():
        if member in request:
            raise conditions.not_implemented(header)
    match = request.get("IfMatch")
    if match is not None and match != "*":
        new_objects.demand(call, "s3:GetObject", request)
    version_id = request.get("VersionId")
    if version_id is not None:
        reading.is_version_id(version_id)
    proven = bucket.mfa_delete and locking.mfa_proven(call, request, is_needed=version_id is not None)
    found = _delete(call, bucket, request["Key"], version_id, match, request, proven)
    reply: Any = {**found, **presented.request_charged(bucket, request)}
    return reply  # type: ignore[no-any-return]


@s3.operation(action="s3:DeleteObject", open=True, resource=on_bucket, data_event=True, enums=False)
def delete_objects(call: Call, bucket: Bucket, request: api.DeleteObjectsRequest) -> api.DeleteObjectsOutput:
    """Each key is authorized, and can fail, on its own."""
    wanted = request["Delete"].get("Objects") or ()
    if not 1 <= len(wanted) <= _AT_ONCE_MAX or not all(one.get("Key") for one in wanted):
        raise malformed_xml()
    _demand_integrity(call, request)
    # without a code where one is needed, or with a wrong one, nothing at all is deleted (docs: API_DeleteObjects.html)
    needs_mfa = any(one.get("VersionId") for one in wanted)
    proven = bucket.mfa_delete and locking.mfa_proven(call, request, is_needed=needs_mfa)
    is_quiet = bool(request["Delete"].get("Quiet"))
    deleted: list[dict[str, Any]] = []
    errors: list[dict[str, Any]] = []
    for one in wanted:
        name, version_id = one["Key"], one.get("VersionId") or None
        told: dict[str, Any] = {"Key": name, **({"VersionId": version_id} if version_id else {})}
        try:
            found = _delete_one(call, bucket, one, name, version_id, request, proven)
        except ServiceError as error:
            errors.append({**told, "Code": error.code, "Message": error.message})
            continue
        if not is_quiet:
            if found.get("DeleteMarker"):
                told["DeleteMarker"] = True
                told["DeleteMarkerVersionId"] = found["VersionId"]
            deleted.append(told)
    reply: Any = {"Deleted": deleted, "Errors": errors, **presented.request_charged(bucket, request)}
    return reply  # type: ignore[no-any-return]


def _demand_integrity(call: Call, request: Mapping[str, Any]) -> None:
    """Refuse a list of what is to go that nothing guards on its way. A service of this cloud sends it over no wire."""
    if call.origin.host and not request.get("ContentMD5") and not request.get("Checksums"):
        text = "Missing required header for this request: Content-MD5"
        raise ServiceError("InvalidRequest", text, status=400)


def _delete_one(
    call: Call,
    bucket: Bucket,
    one: Mapping[str, Any],
    name: str,
    version_id: str | None,
    request: Mapping[str, Any],
    proven: bool,
) -> dict[str, Any]:
    asked = {"Bucket": request["Bucket"], "Key": name}
    if version_id:
        asked["VersionId"] = version_id
    match = one.get("ETag")
    if match is not None:
        asked["IfMatch"] = match
    where = on_version(call, bucket, name, version_id, request["Bucket"])
    operation = s3.bound(call.operation)
    call.ports.guard.authorize(call, _deletes(call, asked), where, operation, asked)
    if match is not None and match != "*":
        call.ports.guard.authorize(call, "s3:GetObject", where, operation, asked)
    if "LastModifiedTime" in one or "Size" in one:
        raise conditions.not_implemented("")
    return _delete(call, bucket, name, version_id, match, request, proven)


def _delete(
    call: Call,
    bucket: Bucket,
    name: str,
    version_id: str | None,
    match: str | None,
    request: Mapping[str, Any],
    proven: bool,
) -> dict[str, Any]:
    """Delete a key or a version of it; what is to be said of it: DeleteMarker, VersionId."""
    new_objects.check_key(name)
    if match is not None:
        if version_id:
            raise conditions.not_implemented("If-Match")
        conditions.may_delete(match, name, shelf.latest(call, bucket, name))
    if version_id:
        found = shelf.at(call, bucket, name, version_id)
        if found is not None:
            bypass = bool(request.get("BypassGovernanceRetention"))
            locking.may_remove(call, bucket, found, bypass=bypass, mfa=proven, through=request["Bucket"])
            shelf.remove(call, bucket, found)
        return {"VersionId": version_id, **({"DeleteMarker": True} if found is not None and found.marker else {})}
    marker = shelf.mark_deleted(call, bucket, name)
    if bucket.versioning and marker is not None:
        return {"DeleteMarker": True, "VersionId": marker.version_id}
    return {}
