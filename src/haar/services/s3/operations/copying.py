"""Objects copied, within a bucket and between buckets, accounts and regions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from haar.kit import Call
from haar.services.s3 import (
    authority,
    conditions,
    copying,
    encryption,
    integrity,
    locking,
    new_objects,
    presented,
    shelf,
    sources,
)
from haar.services.s3.authority import on_object
from haar.services.s3.resources import Bucket, Version
from haar.services.s3.service import s3

if TYPE_CHECKING:
    from haar.shapes import s3 as api


@s3.operation(action="s3:PutObject", resource=on_object, data_event=True, enums=False)
def copy_object(call: Call, bucket: Bucket, request: api.CopyObjectRequest) -> api.CopyObjectOutput:
    name = request["Key"]
    new_objects.check_key(name)
    replaces_metadata = copying.directive(request, "MetadataDirective", "metadata")
    replaces_tags = copying.directive(request, "TaggingDirective", "tagging")
    source = sources.named(call, request)
    from_ = source.version
    copying.refuse_large(from_)
    copying.refuse_idle(bucket, source.bucket, from_, request)
    if "IfMatch" in request or "IfNoneMatch" in request:
        if "IfMatch" in request:
            new_objects.demand(call, "s3:GetObject", request)
        conditions.may_write(request, shelf.latest(call, bucket, name))
    tags = new_objects.tags_in(call, request) if replaces_tags else _tags_of(call, source, request)
    headers = new_objects.headers_in(request)
    if not replaces_metadata:
        kept = copying.headers_kept(from_)
        headers = {**kept, **{one: value for one, value in headers.items() if one == "WebsiteRedirectLocation"}}
    opened = encryption.opening(call, source.bucket, from_.name, from_.encryption, sources.sse_of(request))
    chosen, seal = encryption.chosen(call, bucket, name, request)
    content = copying.Content(call, from_, opened)
    algorithm = copying.algorithm_of(request, from_)
    content.compute((algorithm, "MD5") if chosen.kind == "AES256" else (algorithm,))
    checksum = integrity.encoded(content.digest(algorithm))
    about = f"{bucket.name}/{name}"
    version = Version(
        bucket=bucket.name, name=name, order=0, size=from_.size, etag=encryption.etag_of(chosen, content),
        storage_class=new_objects.storage_class_in(request),
        metadata=new_objects.metadata_in(request) if replaces_metadata else from_.metadata,
        headers=headers, tags=tags, checksums={algorithm: checksum}, content=content.resealed(seal, about.encode()),
        encryption=chosen, about=about, **new_objects.owner_in(call, bucket, request),
        **locking.on_put(call, bucket, request),
    )  # fmt: skip
    version = shelf.add(call, bucket, version, "ObjectCreated:Copy")
    result = {
        "ETag": f'"{version.etag}"', "LastModified": version.at, f"Checksum{algorithm}": checksum,
        "ChecksumType": "FULL_OBJECT",
    }  # fmt: skip
    reply: Any = {
        "CopyObjectResult": result, **encryption.shown(chosen), **presented.version_id_of(bucket, version),
        **presented.headers_of(call, bucket, version), **presented.request_charged(bucket, request),
    }  # fmt: skip
    if source.bucket.versioning:
        reply["CopySourceVersionId"] = from_.version_id
    return reply  # type: ignore[no-any-return]


def _tags_of(call: Call, source: sources.Source, request: Any) -> dict[str, str]:
    """The source's tags, for a caller who may read them there and set them here."""
    version = source.version
    if not version.tags:
        return {}
    is_named = "?" in request["CopySource"]
    action = "s3:GetObjectVersionTagging" if is_named else "s3:GetObjectTagging"
    asked = version.version_id if is_named else None
    where = authority.on_version(call, source.bucket, version.name, asked)
    call.ports.guard.authorize(call, action, where, s3.bound(call.operation), dict(request))
    new_objects.demand(call, "s3:PutObjectTagging", request)
    return version.tags
