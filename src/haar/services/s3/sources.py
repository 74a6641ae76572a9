"""The source of a copy: which object `x-amz-copy-source` names, whether the caller may read it, and on what conditions.

Source: Amazon S3 API Reference, API_CopyObject.html and API_UploadPartCopy.html.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import unquote

import msgspec

from haar.kit import Call, ServiceError
from haar.services.s3 import access_points, authority, reading, shelf
from haar.services.s3.resources import Bucket, Version
from haar.services.s3.service import access_denied, invalid_argument, no_such_key, s3

__all__ = ["Source", "conditions_hold", "named", "sse_of"]

_POINT: Final = re.compile(r"(arn:aws[a-z-]*:s3:[a-z0-9-]+:\d{12}:accesspoint/[a-z0-9-]+)/object/(.+)", re.DOTALL)
_ARCHIVED: Final = frozenset(("GLACIER", "DEEP_ARCHIVE"))
_ARCHIVE_TIERS: Final = frozenset(("ARCHIVE_ACCESS", "DEEP_ARCHIVE_ACCESS"))


class Source(msgspec.Struct, frozen=True):
    """An object to copy from."""

    bucket: Bucket
    version: Version


def named(call: Call, request: Mapping[str, Any]) -> Source:
    """What the CopySource of a request names, for a caller who may read it and with its conditions met.

    Raises InvalidArgument, NoSuchBucket, NoSuchKey, NoSuchVersion, AccessDenied, InvalidRequest (a delete marker),
    InvalidObjectState (archived), PreconditionFailed.
    """
    place, name, version_id = _split(request["CopySource"])
    bucket = _bucket(call, place)
    expected = request.get("ExpectedSourceBucketOwner")
    if expected is not None and expected != bucket.account:
        raise access_denied()
    through = "" if place == bucket.name else place
    action = "s3:GetObjectVersion" if version_id else "s3:GetObject"
    pairs = authority.on_version(call, bucket, name, version_id, through)
    call.ports.guard.authorize(call, action, pairs, s3.bound(call.operation), dict(request))
    if not version_id and ((newest := shelf.latest(call, bucket, name)) is None or newest.marker):
        reading.hide(call, bucket, request)
    version = shelf.wanted(call, bucket, name, version_id)
    if version.marker:
        if version_id:
            text = "The source of a copy request may not specifically refer to a delete marker by version id."
            raise ServiceError("InvalidRequest", text, status=400)
        raise no_such_key(name)
    conditions_hold(request, version)
    if (version.storage_class in _ARCHIVED or version.tier in _ARCHIVE_TIERS) and version.restored_until <= call.now:
        text = "Operation is not valid for the source object's storage class"
        raise ServiceError("InvalidObjectState", text, status=403, members={"StorageClass": version.storage_class})
    return Source(bucket, version)


def _split(header: str) -> tuple[str, str, str | None]:
    """Bucket (or access point), key and version id."""
    path, _, query = header.partition("?")
    version_id: str | None = None
    if query:
        word, _, value = query.partition("=")
        if word != "versionId" or not value:
            raise _not_a_source(header)
        version_id = unquote(value)
    path = unquote(path)
    match = _POINT.fullmatch(path)
    if match is not None:
        return match[1], match[2], version_id
    bucket, _, name = path.removeprefix("/").partition("/")
    if not bucket or not name:
        raise _not_a_source(header)
    return bucket, name, version_id


def _not_a_source(header: str) -> ServiceError:
    text = "Copy Source must mention the source bucket and key: sourcebucket/sourcekey"
    return invalid_argument(text, "x-amz-copy-source", header)


def _bucket(call: Call, place: str) -> Bucket:
    """The bucket, of whatever region: a copy is asked of the destination's."""
    found = call.tx.get(Bucket, place)
    if found is None:
        point = access_points.meant(call, place)
        found = call.tx.get(Bucket, point.bucket) if point is not None else None
    if found is None:
        raise s3.error(*Bucket.missing(place), status=404, members={"BucketName": place})
    return found


def conditions_hold(request: Mapping[str, Any], version: Version) -> None:
    """Raise PreconditionFailed unless what a copy demands of its source holds.

    A matching ETag outweighs a date: If-Match over If-Unmodified-Since, If-None-Match over If-Modified-Since.
    """
    match, none_match = request.get("CopySourceIfMatch"), request.get("CopySourceIfNoneMatch")
    since, unmodified = request.get("CopySourceIfModifiedSince"), request.get("CopySourceIfUnmodifiedSince")
    if match is not None:
        if not _names(match, version):
            raise _failed("x-amz-copy-source-If-Match")
    elif unmodified is not None and version.at > unmodified:
        raise _failed("x-amz-copy-source-If-Unmodified-Since")
    if none_match is not None:
        if _names(none_match, version):
            raise _failed("x-amz-copy-source-If-None-Match")
    elif since is not None and version.at <= since:
        raise _failed("x-amz-copy-source-If-Modified-Since")


def _names(header: str, version: Version) -> bool:
    wanted = {one.strip().strip('"') for one in header.split(",")}
    return "*" in wanted or version.etag in wanted


def _failed(condition: str) -> ServiceError:
    text = "At least one of the pre-conditions you specified did not hold"
    return ServiceError("PreconditionFailed", text, status=412, members={"Condition": condition})


def sse_of(request: Mapping[str, Any]) -> dict[str, Any]:
    """The customer's key for the source, under the names that it has where one object is read."""
    return {
        name: request[f"CopySource{name}"]
        for name in ("SSECustomerAlgorithm", "SSECustomerKey", "SSECustomerKeyMD5")
        if f"CopySource{name}" in request
    }
