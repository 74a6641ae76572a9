"""What answers say of an object: its headers, as GET and HEAD give them.

Whoever keeps more about objects adds to it by `also_says` (expiration, restore).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from haar.kit import Call, ServiceError
from haar.services.s3 import encryption, new_objects
from haar.services.s3.resources import Bucket, Version
from haar.wire.text import rfc822

__all__ = ["also_says", "checksums_of", "described", "headers_of", "overridden", "request_charged", "version_id_of"]

#: called as (call, bucket, version) -> further members of the answers to PUT, GET, HEAD and COPY: Expiration, Restore
also_says: list[Callable[[Call, Bucket, Version], Mapping[str, Any]]] = []

_OVERRIDES: Final = {
    "ResponseCacheControl": "CacheControl",
    "ResponseContentDisposition": "ContentDisposition",
    "ResponseContentEncoding": "ContentEncoding",
    "ResponseContentLanguage": "ContentLanguage",
    "ResponseContentType": "ContentType",
    "ResponseExpires": "Expires",
}


def headers_of(call: Call, bucket: Bucket, version: Version) -> dict[str, Any]:
    """What `also_says` has to say."""
    found: dict[str, Any] = {}
    for one in also_says:
        said = one(call, bucket, version)
        if said:
            found.update(said)
    return found


def described(call: Call, bucket: Bucket, version: Version, request: Mapping[str, Any]) -> dict[str, Any]:
    """What GET and HEAD say of an object, the length and the range left out."""
    reply: dict[str, Any] = {
        "AcceptRanges": "bytes", "LastModified": version.at, "ETag": f'"{version.etag}"',
        "ContentType": "binary/octet-stream", **version.headers, **encryption.shown(version.encryption),
    }  # fmt: skip
    if version.metadata:
        reply["Metadata"] = new_objects.metadata_shown(version.metadata)
    if bucket.versioning:
        reply["VersionId"] = version.version_id
    if version.storage_class != "STANDARD":
        reply["StorageClass"] = version.storage_class
    if version.tags and new_objects.may(call, "s3:GetObjectTagging", request):
        reply["TagCount"] = len(version.tags)
    if version.lock_mode and new_objects.may(call, "s3:GetObjectRetention", request):
        reply["ObjectLockMode"] = version.lock_mode
        reply["ObjectLockRetainUntilDate"] = version.retain_until
    if version.legal_hold_given and new_objects.may(call, "s3:GetObjectLegalHold", request):
        reply["ObjectLockLegalHoldStatus"] = "ON" if version.legal_hold else "OFF"
    if version.replication:
        reply["ReplicationStatus"] = version.replication
    if bucket.payer != "BucketOwner":
        reply.update(request_charged(bucket, request))
    if also_says:
        reply.update(headers_of(call, bucket, version))
    return reply


def overridden(call: Call, request: Mapping[str, Any], reply: dict[str, Any]) -> None:
    """Put the headers that a request asks for in place of the object's own. Raises InvalidRequest."""
    if _OVERRIDES.keys().isdisjoint(request):
        return
    for member, name in _OVERRIDES.items():
        value = request.get(member)
        if value is None:
            continue
        if call.principal.kind == "anonymous":
            text = "Request specific response headers cannot be used for anonymous GET requests."
            raise ServiceError("InvalidRequest", text, status=400)
        reply[name] = rfc822(value) if isinstance(value, float | int) else value


def checksums_of(checksums: Mapping[str, str], kind: str) -> dict[str, str]:
    """Checksums in the model's members; empty when there are none."""
    if not checksums:
        return {}
    return {**{f"Checksum{name}": value for name, value in checksums.items()}, "ChecksumType": kind}


def version_id_of(bucket: Bucket, version: Version) -> dict[str, str]:
    """The VersionId of an answer; a bucket that never kept versions has none."""
    return {"VersionId": version.version_id} if bucket.versioning else {}


def request_charged(bucket: Bucket, request: Mapping[str, Any]) -> dict[str, str]:
    """Who was charged, where it is the requester and not the bucket's owner."""
    is_charged = bucket.payer != "BucketOwner" and request.get("RequestPayer") == "requester"
    return {"RequestCharged": "requester"} if is_charged else {}
