"""Finding the version that a request reads, and its bytes.

| the request | the newest version | the answer |
|---|---|---|
| no version | none, or a delete marker | 404 NoSuchKey to who may list the bucket, else 403 AccessDenied |
| a version | that version is a delete marker | 405 MethodNotAllowed |
| a version | there is no such | 404 NoSuchVersion |
| a version | what it says can be no version's id | 400 InvalidArgument |

Source: Amazon S3 API Reference, API_GetObject.html; User Guide, DeleteMarker.html.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from haar.kit import Call, ServiceError, chained
from haar.services.s3 import authority, encryption, new_objects, shelf
from haar.services.s3.resources import Bucket, Version, order_in
from haar.services.s3.service import invalid_argument, no_such_key, no_such_version, s3
from haar.wire.text import rfc822

__all__ = ["after_get", "content", "hide", "is_version_id", "wanted", "wants_active"]

#: called as (call, bucket, version) after a GET of an object in INTELLIGENT_TIERING
after_get: list[Callable[[Call, Bucket, Version], None]] = []

_ARCHIVED: Final = frozenset(("GLACIER", "DEEP_ARCHIVE"))
_ARCHIVE_TIERS: Final = frozenset(("ARCHIVE_ACCESS", "DEEP_ARCHIVE_ACCESS"))


def wanted(call: Call, bucket: Bucket, request: Mapping[str, Any]) -> Version:
    """The version that a request reads. Raises NoSuchKey, NoSuchVersion, MethodNotAllowed, AccessDenied."""
    name = request["Key"]
    version_id = request.get("VersionId")
    if version_id is None:
        found = shelf.latest(call, bucket, name)
        if found is None or found.marker:
            new_objects.check_key(name)
            hide(call, bucket, request)
            if found is not None:
                headers = {"x-amz-delete-marker": "true", "x-amz-version-id": found.version_id}
                error = no_such_key(name)
                raise ServiceError(error.code, error.message, status=404, members=error.members, headers=headers)
            raise no_such_key(name)
        return found
    is_version_id(version_id)
    found = shelf.at(call, bucket, name, version_id)
    if found is None:
        raise no_such_version(name, version_id)
    if found.marker:
        headers = {
            "Allow": "DELETE", "Last-Modified": rfc822(found.at), "x-amz-delete-marker": "true",
            "x-amz-version-id": found.version_id,
        }  # fmt: skip
        method = "HEAD" if call.operation == "HeadObject" else "GET"
        members = {"Method": method, "ResourceType": "DeleteMarker"}
        text = "The specified method is not allowed against this resource."
        raise ServiceError("MethodNotAllowed", text, status=405, members=members, headers=headers)
    return found


def is_version_id(version_id: str) -> None:
    """Raise InvalidArgument for what can be no version's id."""
    if not version_id:
        raise invalid_argument("Version id cannot be the empty string", "versionId", version_id)
    if version_id != "null" and order_in(version_id) is None:
        raise invalid_argument("Invalid version id specified", "versionId", version_id)


def hide(call: Call, bucket: Bucket, request: Mapping[str, Any]) -> None:
    """Raise AccessDenied for a caller who may not know which keys there are: one who may not list the bucket."""
    # the bucket as it stands, of whatever region: it may be the source of a copy
    where = [(bucket.arn, target) for _, target in authority.on_version(call, bucket, "")]
    call.ports.guard.authorize(call, "s3:ListBucket", where, s3.bound(call.operation), dict(request))


def wants_active(call: Call, version: Version) -> None:
    """Raise InvalidObjectState for an object that is in an archive, and of which no restored copy is there."""
    is_archived = version.storage_class in _ARCHIVED or version.tier in _ARCHIVE_TIERS
    if is_archived and version.restored_until <= call.now:
        members = {"StorageClass": version.storage_class}
        if version.tier:
            members["AccessTier"] = version.tier
        text = "The operation is not valid for the object's storage class"
        raise ServiceError("InvalidObjectState", text, status=403, members=members)


def content(
    call: Call, bucket: Bucket, version: Version, request: Mapping[str, Any], start: int = 0, length: int | None = None
) -> Any:
    """A range of a version's bytes, as a reply's payload."""
    seal = encryption.opening(call, bucket, version.name, version.encryption, request)
    about = version.about.encode()
    if len(version.content) == 1:
        return version.content[0].stream(call, seal, about, start, length)
    wanted_length = version.size - start if length is None else length
    return chained(call, [(part, seal, about) for part in version.content], start, wanted_length)
