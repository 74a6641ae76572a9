"""Objects: put, got, looked at; their attributes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from haar.kit import Body, Call, ServiceError
from haar.services.s3 import conditions, encryption, integrity, locking, new_objects, presented, ranges, reading, shelf
from haar.services.s3.authority import on_object
from haar.services.s3.resources import Bucket, Version
from haar.services.s3.service import PARTS_MAX, invalid_argument, s3

if TYPE_CHECKING:
    from haar.shapes import s3 as api

_ATTRIBUTES: Final = frozenset(("ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"))
_PARTS_PAGE: Final = 1000

s3.refuses(
    "It belongs to directory buckets (S3 Express One Zone), and there are only general purpose buckets.",
    "CreateSession",
    "ListDirectoryBuckets",
    "RenameObject",
)
s3.refuses(
    "Objects have no annotations.",
    "PutObjectAnnotation",
    "GetObjectAnnotation",
    "DeleteObjectAnnotation",
    "ListObjectAnnotations",
)
s3.refuses("AWS itself no longer makes torrents of objects.", "GetObjectTorrent")
s3.refuses("There are no Object Lambda access points to write an answer to.", "WriteGetObjectResponse")


@s3.operation(
    action="s3:PutObject", resource=on_object, data_event=True, enums=False, body_length=new_objects.length_allowed
)
def put_object(call: Call, bucket: Bucket, request: api.PutObjectRequest) -> api.PutObjectOutput:
    body: Body = request.get("Body") or Body.EMPTY  # type: ignore[assignment]
    name = request["Key"]
    new_objects.check_key(name)
    new_objects.length_allowed(body.size)
    if "WriteOffsetBytes" in request:
        raise conditions.not_implemented("x-amz-write-offset-bytes")
    algorithm, checksum = integrity.check(body, request)
    if not algorithm:
        algorithm = integrity.PREFERRED
        checksum = integrity.checksum(body, algorithm)
    if "IfMatch" in request or "IfNoneMatch" in request:
        if "IfMatch" in request:
            new_objects.demand(call, "s3:GetObject", request)
        conditions.may_write(request, shelf.latest(call, bucket, name))
    chosen, seal = encryption.chosen(call, bucket, name, request)
    about = f"{bucket.name}/{name}"
    version = Version(
        bucket=bucket.name, name=name, order=0, size=body.size, etag=encryption.etag_of(chosen, body),
        storage_class=new_objects.storage_class_in(request), metadata=new_objects.metadata_in(request),
        headers=new_objects.headers_in(request), tags=new_objects.tags_in(call, request),
        checksums={algorithm: checksum}, content=[body.keep(call, seal, about.encode())], encryption=chosen,
        about=about, **new_objects.owner_in(call, bucket, request), **locking.on_put(call, bucket, request),
    )  # fmt: skip
    version = shelf.add(call, bucket, version, "ObjectCreated:Put")
    reply: dict[str, Any] = {
        "ETag": f'"{version.etag}"', f"Checksum{algorithm}": checksum, "ChecksumType": "FULL_OBJECT",
        **encryption.shown(chosen),
    }  # fmt: skip
    if bucket.versioning:
        reply["VersionId"] = version.version_id
    if presented.also_says:
        reply.update(presented.headers_of(call, bucket, version))
    if bucket.payer != "BucketOwner":
        reply.update(presented.request_charged(bucket, request))
    return reply  # type: ignore[return-value]


def _reads(call: Call, request: Mapping[str, Any]) -> str:
    return "s3:GetObject" if request.get("VersionId") is None else "s3:GetObjectVersion"


@s3.operation(action=_reads, resource=on_object, data_event=True, enums=False)
def get_object(call: Call, bucket: Bucket, request: api.GetObjectRequest) -> api.GetObjectOutput:
    version, reply, start, length = _asked(call, bucket, request)
    reading.wants_active(call, version)
    reply["Body"] = reading.content(call, bucket, version, request, start, length)
    if version.storage_class == "INTELLIGENT_TIERING":
        for one in reading.after_get:
            one(call, bucket, version)
    return reply  # type: ignore[return-value]


@s3.operation(action=_reads, resource=on_object, data_event=True, enums=False)
def head_object(call: Call, bucket: Bucket, request: api.HeadObjectRequest) -> api.HeadObjectOutput:
    version, reply, _, _ = _asked(call, bucket, request)
    _check_key(call, bucket, version, request)
    return reply  # type: ignore[return-value]


def _check_key(call: Call, bucket: Bucket, version: Version, request: Mapping[str, Any]) -> None:
    """What is said about content is said to who could read it; KMS is asked only where a checksum is wanted."""
    encryption.opening(call, bucket, version.name, version.encryption, request)


def _asked(call: Call, bucket: Bucket, request: Mapping[str, Any]) -> tuple[Version, dict[str, Any], int, int]:
    """The version that is read, the answer without its bytes, and where those begin and how many they are."""
    version = reading.wanted(call, bucket, request)
    if not conditions.READING.isdisjoint(request):
        conditions.readable(request, version, _with_version(bucket, version))
    reply = presented.described(call, bucket, version, request)
    start, length = 0, version.size
    checksums: Mapping[str, str] = version.checksums
    header, number = request.get("Range"), request.get("PartNumber")
    if number is not None:
        if header is not None:
            raise _invalid_request("Cannot specify both Range header and partNumber query parameter")
        start, length, checksums = _part(version, number)
        if version.parts:
            reply["PartsCount"] = len(version.parts)
        if length:
            _partial(reply, start, length, version.size)
    elif header is not None:
        found = ranges.span(header, version.size)
        if found is not None:
            start, length = found
            if not length:
                raise _not_satisfiable(header, version.size)
            _partial(reply, start, length, version.size)
            if length < version.size:
                checksums = {}
    reply["ContentLength"] = length
    if checksums and (request.get("ChecksumMode") or "").upper() == "ENABLED":
        for algorithm, checksum in checksums.items():
            reply[f"Checksum{algorithm}"] = checksum
        reply["ChecksumType"] = version.checksum_type
    presented.overridden(call, request, reply)
    return version, reply, start, length


def _with_version(bucket: Bucket, version: Version) -> dict[str, str]:
    return {"x-amz-version-id": version.version_id} if bucket.versioning else {}


def _partial(reply: dict[str, Any], start: int, length: int, size: int) -> None:
    reply["$status"] = 206
    reply["ContentRange"] = ranges.content_range(start, length, size)


def _part(version: Version, number: int) -> tuple[int, int, Mapping[str, str]]:
    """Start, length and checksums of a part, counted from 1; an object that came in one piece has one part."""
    if not 1 <= number <= PARTS_MAX:
        text = f"Part number must be an integer between 1 and {PARTS_MAX}, inclusive"
        raise invalid_argument(text, "partNumber", number)
    count = len(version.parts) or 1
    if number > count:
        members = {"ActualPartCount": count, "PartNumberRequested": number}
        text = "The requested partnumber is not satisfiable"
        raise ServiceError("InvalidPartNumber", text, status=416, members=members)
    if not version.parts:
        return 0, version.size, version.checksums
    part = version.parts[number - 1]
    return sum(one.size for one in version.parts[: number - 1]), part.size, part.checksums


def _not_satisfiable(header: str, size: int) -> ServiceError:
    members = {"RangeRequested": header, "ActualObjectSize": size}
    headers = {"Content-Range": f"bytes */{size}"}
    return ServiceError(
        "InvalidRange", "The requested range is not satisfiable", status=416, members=members, headers=headers
    )


def _invalid_request(text: str) -> ServiceError:
    return ServiceError("InvalidRequest", text, status=400)


def _attribute_action(call: Call, request: Mapping[str, Any]) -> str:
    return "s3:GetObjectAttributes" if request.get("VersionId") is None else "s3:GetObjectVersionAttributes"


@s3.operation(action=_attribute_action, resource=on_object, data_event=True, enums=False)
def get_object_attributes(
    call: Call, bucket: Bucket, request: api.GetObjectAttributesRequest
) -> api.GetObjectAttributesOutput:
    new_objects.demand(call, _reads(call, request), request)
    wanted = {one.strip() for one in request.get("ObjectAttributes") or ()}
    if not wanted - {""}:
        text = "The x-amz-object-attributes header specifying the attributes to be retrieved is either missing or empty"
        raise invalid_argument(text, "x-amz-object-attributes", "")
    if not wanted <= _ATTRIBUTES:
        value = ",".join(request["ObjectAttributes"])
        raise invalid_argument("Invalid attribute name specified.", "x-amz-object-attributes", value)
    version = reading.wanted(call, bucket, request)
    _check_key(call, bucket, version, request)
    reply: dict[str, Any] = {"LastModified": version.at, **presented.version_id_of(bucket, version)}
    reply.update(presented.request_charged(bucket, request))
    if "ETag" in wanted:
        reply["ETag"] = version.etag  # the one answer that leaves the quotation marks out
    if "Checksum" in wanted:
        # of a composite checksum the number of parts is said elsewhere
        bare = {name: value.partition("-")[0] for name, value in version.checksums.items()}
        reply["Checksum"] = presented.checksums_of(bare, version.checksum_type) or None
    if "ObjectParts" in wanted and version.parts:
        reply["ObjectParts"] = _parts_page(version, request)
    if "StorageClass" in wanted:
        reply["StorageClass"] = version.storage_class
    if "ObjectSize" in wanted:
        reply["ObjectSize"] = version.size
    return reply  # type: ignore[return-value]


def _parts_page(version: Version, request: Mapping[str, Any]) -> dict[str, Any]:
    limit = request.get("MaxParts", _PARTS_PAGE)
    after = request.get("PartNumberMarker", 0)
    for name, value in (("x-amz-max-parts", limit), ("x-amz-part-number-marker", after)):
        if not 0 <= value < 2**31:
            raise invalid_argument(f"Argument {name} must be an integer between 0 and 2147483647", name, value)
    limit = min(limit, _PARTS_PAGE)
    rest = [part for part in version.parts if part.number > after]
    page = rest[:limit]
    found: dict[str, Any] = {
        "TotalPartsCount": len(version.parts), "PartNumberMarker": after, "MaxParts": limit,
        "IsTruncated": len(rest) > len(page), "NextPartNumberMarker": page[-1].number if page else 0,
    }  # fmt: skip
    # parts are listed one by one only where they have checksums that a client asked for
    if page and any(part.checksums for part in page):
        found["Parts"] = [
            {
                "PartNumber": part.number,
                "Size": part.size,
                **{f"Checksum{name}": value for name, value in part.checksums.items()},
            }
            for part in page
        ]
    return found
