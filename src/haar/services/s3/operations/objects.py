"""Objects: put, got, looked at, deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from haar.kit import Body, Call, chained
from haar.services.s3 import encryption, shelf
from haar.services.s3.authority import on_object
from haar.services.s3.resources import Bucket, Version
from haar.services.s3.service import no_such_key, s3

if TYPE_CHECKING:
    from haar.shapes import s3 as api

HEADERS = (
    "CacheControl", "ContentDisposition", "ContentEncoding", "ContentLanguage", "ContentType", "Expires",
    "WebsiteRedirectLocation",
)  # fmt: skip


@s3.operation(resource=on_object, data_event=True)
def put_object(call: Call, bucket: Bucket, request: api.PutObjectRequest) -> api.PutObjectOutput:
    body: Body = request.get("Body") or Body.EMPTY  # type: ignore[assignment]
    name = request["Key"]
    chosen, seal = encryption.chosen(call, bucket, name, request)
    about = f"{bucket.name}/{name}"
    version = shelf.add(
        call,
        bucket,
        Version(
            bucket=bucket.name, name=name, order=0, owner=bucket.account, size=body.size, etag=body.digest("MD5").hex(),
            metadata=request.get("Metadata") or {}, headers={h: request[h] for h in HEADERS if h in request},
            content=[body.keep(call, seal, about.encode())], encryption=chosen, about=about,
        ),
        "ObjectCreated:Put",
    )  # fmt: skip
    return {"ETag": f'"{version.etag}"', **_version_id(bucket, version), **encryption.shown(chosen)}


@s3.operation(action="s3:GetObject", resource=on_object, data_event=True)
def get_object(call: Call, bucket: Bucket, request: api.GetObjectRequest) -> api.GetObjectOutput:
    version = _readable(call, bucket, request)
    body = content(call, bucket, version, request, 0, version.size)
    return {"Body": body, **_described(bucket, version)}


@s3.operation(action="s3:GetObject", resource=on_object, data_event=True)
def head_object(call: Call, bucket: Bucket, request: api.HeadObjectRequest) -> api.HeadObjectOutput:
    return _described(bucket, _readable(call, bucket, request))


@s3.operation(action="s3:DeleteObject", resource=on_object, data_event=True)
def delete_object(call: Call, bucket: Bucket, request: api.DeleteObjectRequest) -> api.DeleteObjectOutput:
    name = request["Key"]
    wanted = request.get("VersionId")
    if wanted:
        found = shelf.at(call, bucket, name, wanted)
        if found is not None:
            shelf.remove(call, bucket, found)
        return {"VersionId": wanted, "DeleteMarker": True if found is not None and found.marker else None}
    marker = shelf.mark_deleted(call, bucket, name)
    if bucket.versioning and marker is not None:
        return {"DeleteMarker": True, "VersionId": marker.version_id}
    return {}


def content(call: Call, bucket: Bucket, version: Version, request: Any, start: int, length: int) -> Any:
    """A range of a version's bytes, as a reply's payload."""
    seal = encryption.opening(call, bucket, version.name, version.encryption, request)
    about = version.about.encode()
    if len(version.content) == 1:
        return version.content[0].stream(call, seal, about, start, length)
    return chained(call, [(part, seal, about) for part in version.content], start, length)


def _readable(call: Call, bucket: Bucket, request: Any) -> Version:
    version = shelf.wanted(call, bucket, request["Key"], request.get("VersionId"))
    if version.marker:
        raise no_such_key(version.name)
    return version


def _version_id(bucket: Bucket, version: Version) -> dict[str, str]:
    return {"VersionId": version.version_id} if bucket.versioning else {}


def _described(bucket: Bucket, version: Version) -> Any:
    return {
        "AcceptRanges": "bytes", "LastModified": version.at, "ContentLength": version.size, "ETag": f'"{version.etag}"',
        "Metadata": version.metadata, "ContentType": "binary/octet-stream", **version.headers,
        **_version_id(bucket, version), **encryption.shown(version.encryption),
    }  # fmt: skip
