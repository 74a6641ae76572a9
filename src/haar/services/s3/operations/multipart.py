"""Objects uploaded in parts: begun, their parts put or copied, completed or aborted, and what is under way listed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, quote_plus

from haar.kit import Body, Call
from haar.kit.body import INLINE_MAX
from haar.kit.checksums import ALGORITHMS, COMBINABLE, calculator
from haar.services.s3 import (
    conditions,
    copying,
    encryption,
    integrity,
    listings,
    locking,
    new_objects,
    presented,
    shelf,
    sources,
    uploads,
)
from haar.services.s3.authority import on_bucket, on_object
from haar.services.s3.resources import Bucket, Part, PartOf, Upload, Version, owner_of
from haar.services.s3.service import (
    OBJECT_BYTES_MAX,
    PAGE_KEYS_MAX,
    PART_BYTES_MIN,
    PARTS_MAX,
    invalid_argument,
    malformed_xml,
    s3,
)

if TYPE_CHECKING:
    from haar.kit.sealing import Seal
    from haar.shapes import s3 as api
    from haar.store.blobs import Blobs

_MOST: Final = 2**31 - 1
_RANGE: Final = re.compile(r"bytes=(\d{1,18})-(\d{1,18})")


# --- begin -----------------------------------------------------------------------------------------------------------


@s3.operation(action="s3:PutObject", resource=on_object, data_event=True, enums=False)
def create_multipart_upload(
    call: Call, bucket: Bucket, request: api.CreateMultipartUploadRequest
) -> api.CreateMultipartUploadOutput:
    name = request["Key"]
    new_objects.check_key(name)
    algorithm, checksum_type = _checksum_wanted(request)
    chosen, _ = encryption.chosen(call, bucket, name, request)
    upload = Upload(
        bucket=bucket.name, name=name, id=uploads.new_id(call), at=call.now, initiator=call.principal.arn,
        storage_class=new_objects.storage_class_in(request), metadata=new_objects.metadata_in(request),
        headers=new_objects.headers_in(request), tags=new_objects.tags_in(call, request), checksum_algorithm=algorithm,
        checksum_type=checksum_type, encryption=chosen, **locking.wanted(call, bucket, request),
        **new_objects.owner_in(call, bucket, request),
    )  # fmt: skip
    call.tx.add(upload)
    reply: dict[str, Any] = {
        "Bucket": bucket.name, "Key": name, "UploadId": upload.id, "ChecksumAlgorithm": algorithm or None,
        "ChecksumType": checksum_type or None, **_abort_headers(bucket, upload), **encryption.shown(chosen),
        **presented.request_charged(bucket, request),
    }  # fmt: skip
    return reply  # type: ignore[return-value]


def _checksum_wanted(request: Mapping[str, Any]) -> tuple[str, str]:
    """Algorithm and type of the checksum an upload is to have, both "" when the client leaves it to S3."""
    algorithm = (request.get("ChecksumAlgorithm") or "").upper()
    checksum_type = request.get("ChecksumType") or ""
    if checksum_type not in ("", "COMPOSITE", "FULL_OBJECT"):
        raise _invalid_request("Value for x-amz-checksum-type header is invalid.")
    if not algorithm:
        if checksum_type:
            text = "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header."
            raise _invalid_request(text)
        return "", ""
    if algorithm not in ALGORITHMS:
        valid = "[CRC32, CRC32C, CRC64NVME, SHA1, SHA256]"
        text = f"Checksum algorithm provided is unsupported. Please try again with any of the valid types: {valid}"
        raise _invalid_request(text)
    # docs: checking-object-integrity-upload.html, the table of full object and composite checksums
    wrong = "COMPOSITE" if algorithm == "CRC64NVME" else "" if algorithm in COMBINABLE else "FULL_OBJECT"
    if checksum_type and checksum_type == wrong:
        text = f"The {wrong} checksum type cannot be used with the {algorithm.lower()} checksum algorithm."
        raise _invalid_request(text)
    return algorithm, checksum_type or ("FULL_OBJECT" if algorithm == "CRC64NVME" else "COMPOSITE")


def _abort_headers(bucket: Bucket, upload: Upload) -> dict[str, Any]:
    found = uploads.abort_rule(bucket, upload.name, upload.at)
    return {"AbortDate": found[0], "AbortRuleId": found[1]} if found is not None else {}


# --- parts -----------------------------------------------------------------------------------------------------------


@s3.operation(action="s3:PutObject", resource=on_object, data_event=True, body_length=new_objects.length_allowed)
def upload_part(call: Call, bucket: Bucket, request: api.UploadPartRequest) -> api.UploadPartOutput:
    number = _part_number(request)
    upload = uploads.wanted(call, bucket, request["Key"], request["UploadId"])
    body: Body = request.get("Body") or Body.EMPTY  # type: ignore[assignment]
    new_objects.length_allowed(body.size)
    sent, value = integrity.check(body, request)
    if (upload.lock_mode or upload.legal_hold) and not sent and request.get("ContentMD5") is None:
        text = (
            "Content-MD5 OR x-amz-checksum- HTTP header is required for Put Part requests with Object Lock parameters"
        )
        raise _invalid_request(text)
    wanted = upload.checksum_algorithm
    # a part of a full-object checksum may come without one: S3 can compute it
    if wanted and sent != wanted and (sent or upload.checksum_type == "COMPOSITE"):
        raise _mismatch(wanted, sent)
    algorithm = wanted or integrity.PREFERRED
    checksums = {algorithm: integrity.checksum(body, algorithm)}
    if sent:
        checksums[sent] = value
    seal = encryption.opening(call, bucket, upload.name, upload.encryption, request)
    about = _about(upload)
    part = call.tx.put(
        Part(
            bucket=bucket.name, upload=upload.id, number=number, at=float(int(call.now)), size=body.size,
            etag=encryption.etag_of(upload.encryption, body), checksums=checksums,
            content=body.keep(call, seal, about.encode()), about=about,
        )
    )  # fmt: skip
    shown = sent or algorithm
    reply: dict[str, Any] = {
        "ETag": f'"{part.etag}"', f"Checksum{shown}": checksums[shown], **encryption.shown(upload.encryption),
        **presented.request_charged(bucket, request),
    }  # fmt: skip
    return reply  # type: ignore[return-value]


@s3.operation(action="s3:PutObject", resource=on_object, data_event=True)
def upload_part_copy(call: Call, bucket: Bucket, request: api.UploadPartCopyRequest) -> api.UploadPartCopyOutput:
    number = _part_number(request)
    upload = uploads.wanted(call, bucket, request["Key"], request["UploadId"])
    source = sources.named(call, request)
    version = source.version
    start, length = _range(request.get("CopySourceRange"), version.size)
    new_objects.length_allowed(length)
    algorithm = upload.checksum_algorithm or integrity.PREFERRED
    opened = encryption.opening(call, source.bucket, version.name, version.encryption, sources.sse_of(request))
    seal = encryption.opening(call, bucket, upload.name, upload.encryption, request)
    about = _about(upload)
    hashed: copying.Content | Body
    if length == version.size and len(version.content) == 1:
        # all of an object that lies in one piece: a copy that copies no bytes
        hashed = copying.Content(call, version, opened)
        hashed.compute(("MD5", algorithm))
        [content] = hashed.resealed(seal, about.encode())
    else:
        blobs = call.ports.blobs
        hashed = call.aside(
            "copy", lambda: _taken(blobs, _pieces(call, version, opened, start, length), length, algorithm)
        )
        content = hashed.keep(call, seal, about.encode())
    checksum = integrity.encoded(hashed.digest(algorithm))
    part = call.tx.put(
        Part(
            bucket=bucket.name, upload=upload.id, number=number, at=float(int(call.now)), size=length,
            etag=encryption.etag_of(upload.encryption, hashed), checksums={algorithm: checksum}, content=content,
            about=about,
        )
    )  # fmt: skip
    result: dict[str, Any] = {"ETag": f'"{part.etag}"', "LastModified": part.at}
    if upload.checksum_algorithm:
        result[f"Checksum{algorithm}"] = checksum
    reply: dict[str, Any] = {
        "CopyPartResult": result, **encryption.shown(upload.encryption), **presented.request_charged(bucket, request),
    }  # fmt: skip
    if source.bucket.versioning:
        reply["CopySourceVersionId"] = version.version_id
    return reply  # type: ignore[return-value]


def _part_number(request: Mapping[str, Any]) -> int:
    number: int = request["PartNumber"]
    if not 1 <= number <= PARTS_MAX:
        text = f"Part number must be an integer between 1 and {PARTS_MAX}, inclusive"
        raise invalid_argument(text, "partNumber", number)
    return number


def _range(header: str | None, size: int) -> tuple[int, int]:
    """Where the range of a part copy begins and how long it is; of an object without one, all of it."""
    if header is None:
        return 0, size
    match = _RANGE.fullmatch(header)
    if match is None or int(match[1]) > int(match[2]):
        text = (
            "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the "
            "zero-based offsets of the first and last bytes to copy"
        )
        raise invalid_argument(text, "x-amz-copy-source-range", header)
    first, last = int(match[1]), int(match[2])
    if last >= size:
        text = f"Range specified is not valid for source object of size: {size}"
        raise invalid_argument(text, "x-amz-copy-source-range", header)
    return first, last - first + 1


def _pieces(call: Call, version: Version, seal: Seal, start: int, length: int) -> Iterator[bytes]:
    """Bytes of a version, whatever the pieces it is kept in."""
    at, stop = 0, start + length
    for kept in version.content:
        first, last = max(start - at, 0), min(stop - at, kept.size)
        if first < last:
            yield from kept.pieces(call, seal, version.about.encode(), first, last - first)
        at += kept.size


def _taken(blobs: Blobs, pieces: Iterator[bytes], length: int, algorithm: str) -> Body:
    """Bytes as a body, in memory only when they are few."""
    if length <= INLINE_MAX:
        return Body(b"".join(pieces))
    md5, checksum = calculator("MD5"), calculator(algorithm)

    def digested() -> Iterator[bytes]:
        for piece in pieces:
            md5.update(piece)
            checksum.update(piece)
            yield piece

    blob = blobs.put(digested())
    return Body.spooled(blobs, blob, {"MD5": md5.digest(), algorithm: checksum.digest()})


def _about(upload: Upload) -> str:
    """What the content of every part is sealed about: all parts become one version, and it has one such text."""
    return f"{upload.bucket}/{upload.name}"


# --- end -------------------------------------------------------------------------------------------------------------


@s3.operation(action="s3:PutObject", resource=on_object, data_event=True)
def complete_multipart_upload(
    call: Call, bucket: Bucket, request: api.CompleteMultipartUploadRequest
) -> api.CompleteMultipartUploadOutput:
    name = request["Key"]
    upload = uploads.wanted(call, bucket, name, request["UploadId"])
    listed: list[Any] = (request.get("MultipartUpload") or {}).get("Parts") or []
    if request.get("MultipartUpload") is None:
        raise _invalid_request("You must specify at least one part")
    if not listed:
        raise malformed_xml()
    algorithm = upload.checksum_algorithm or integrity.PREFERRED
    checksum_type = upload.checksum_type or "FULL_OBJECT"
    _same_type(request, checksum_type)
    parts = _chosen_parts(call, upload, listed)
    checksum = uploads.total_checksum(algorithm, checksum_type, parts)
    _as_said(request, algorithm, checksum)
    size = sum(part.size for part in parts)
    _right_size(request, size)
    _conditions_hold(call, bucket, upload, request)
    version = shelf.add(
        call,
        bucket,
        Version(
            bucket=bucket.name, name=name, order=0, owner=upload.owner, size=size, etag=uploads.etag_of(parts),
            storage_class=upload.storage_class, metadata=upload.metadata, headers=upload.headers, tags=upload.tags,
            acl=upload.acl, checksums={algorithm: checksum}, checksum_type=checksum_type,
            parts=[PartOf(part.number, part.size, _of_part(upload, part)) for part in parts],
            content=[part.content for part in parts if part.content is not None], encryption=upload.encryption,
            about=_about(upload), **_locks(call, bucket, upload),
        ),
        "ObjectCreated:CompleteMultipartUpload",
    )  # fmt: skip
    uploads.drop(call, upload)
    reply: dict[str, Any] = {
        "Location": _location(call, bucket, name), "Bucket": bucket.name, "Key": name, "ETag": f'"{version.etag}"',
        f"Checksum{algorithm}": checksum, "ChecksumType": checksum_type, **encryption.shown(upload.encryption),
    }  # fmt: skip
    reply |= presented.version_id_of(bucket, version)
    reply |= presented.headers_of(call, bucket, version)
    reply |= presented.request_charged(bucket, request)
    return reply  # type: ignore[return-value]


def _locks(call: Call, bucket: Bucket, upload: Upload) -> Mapping[str, Any]:
    """The lock of what an upload becomes; the bucket's default retention counts from now."""
    fields = {
        "lock_mode": upload.lock_mode, "retain_until": upload.retain_until, "legal_hold": upload.legal_hold,
        "legal_hold_given": upload.legal_hold_given,
    }  # fmt: skip
    return fields if upload.lock_mode else {**fields, **locking.by_default(call, bucket)}


def _of_part(upload: Upload, part: Part) -> dict[str, str]:
    """The checksum that a part goes on to show: none where the client asked for none."""
    algorithm = upload.checksum_algorithm
    return {algorithm: part.checksums[algorithm]} if algorithm else {}


def _chosen_parts(call: Call, upload: Upload, listed: list[Any]) -> list[Part]:
    """The parts a client lists, each there, as it says, and large enough.

    Raises InvalidPartOrder, InvalidPart, InvalidRequest, EntityTooSmall, InternalError (see below).
    """
    numbers = [one.get("PartNumber") or 0 for one in listed]
    if any(before >= after for before, after in pairwise(numbers)):
        text = "The list of parts was not in ascending order. The parts list must be specified in order by part number."
        raise s3.error("InvalidPartOrder", text, status=400, members={"UploadId": upload.id})
    algorithm = upload.checksum_algorithm
    found: list[Part] = []
    for number, one in zip(numbers, listed, strict=True):
        part = call.tx.get(Part, upload.bucket, upload.id, number)
        etag = (one.get("ETag") or "").strip('"')
        said = integrity.said(one)
        if part is None or part.etag != etag or any(part.checksums.get(a) != value for a, value in said.items()):
            raise _invalid_part(upload, number, etag)
        if upload.checksum_type == "COMPOSITE" and algorithm not in said:
            text = (
                f"The upload was created using a {algorithm.lower()} checksum. The complete request must include the "
                f"checksum for each part. It was missing for part {number} in the request."
            )
            raise _invalid_request(text)
        found.append(part)
    if algorithm and numbers != list(range(1, len(numbers) + 1)):
        # docs: checking-object-integrity-upload.html: gaps in the numbers of parts with checksums answer a 500
        raise s3.error("InternalError", "We encountered an internal error. Please try again.", status=500)
    for part in found[:-1]:
        if part.size < PART_BYTES_MIN:
            members = {
                "ProposedSize": part.size, "MinSizeAllowed": PART_BYTES_MIN, "PartNumber": part.number,
                "ETag": part.etag,
            }  # fmt: skip
            text = "Your proposed upload is smaller than the minimum allowed size"
            raise s3.error("EntityTooSmall", text, status=400, members=members)
    return found


def _invalid_part(upload: Upload, number: int, etag: str) -> Exception:
    text = (
        "One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified "
        "entity tag may not match the part's entity tag."
    )
    members = {"UploadId": upload.id, "PartNumber": number, "ETag": etag}
    return s3.error("InvalidPart", text, status=400, members=members)


def _same_type(request: Mapping[str, Any], checksum_type: str) -> None:
    given = request.get("ChecksumType")
    if given is not None and given != checksum_type:
        text = (
            f"The upload was created using the {checksum_type} checksum mode. The complete request must use the same "
            "checksum mode."
        )
        raise _invalid_request(text)


def _as_said(request: Mapping[str, Any], algorithm: str, checksum: str) -> None:
    """Compare the checksum of the whole with what the request says; a composite one may come without its dash."""
    given = integrity.said(request)
    if len(given) > 1:
        raise _invalid_request("Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.")
    for name, value in given.items():
        if name != algorithm:
            raise _mismatch(algorithm, name)
        if value not in (checksum, checksum.partition("-")[0]):
            text = f"The {algorithm.lower()} you specified did not match the calculated checksum."
            raise s3.error("BadDigest", text, status=400)


def _right_size(request: Mapping[str, Any], size: int) -> None:
    said = request.get("MpuObjectSize")
    if said is not None and said != size:
        text = f"The provided 'x-amz-mp-object-size' header value {said} does not match what was computed: {size}"
        raise _invalid_request(text)
    if size > OBJECT_BYTES_MAX:
        raise _too_large(size, OBJECT_BYTES_MAX)


def _conditions_hold(call: Call, bucket: Bucket, upload: Upload, request: Mapping[str, Any]) -> None:
    """If-None-Match: * and If-Match with an ETag (docs: conditional-writes.html).

    A 409 where what they ask about changed while the upload was under way: the client is to begin again.
    """
    if "IfMatch" not in request and "IfNoneMatch" not in request:
        return
    if "IfMatch" in request:
        new_objects.demand(call, "s3:GetObject", request)
    existing = shelf.latest(call, bucket, upload.name)
    conditions.may_write(request, existing)
    if "IfNoneMatch" in request and upload.removed_meanwhile:
        raise _conflicting("If-None-Match", upload.name)
    if "IfMatch" in request and existing is not None and existing.at > upload.at:
        raise _conflicting("If-Match", upload.name)


def _location(call: Call, bucket: Bucket, name: str) -> str:
    """The URL of an object, under the host that the client uses."""
    scheme = "https" if call.origin.secure else "http"
    host = call.origin.host or f"s3.{bucket.region}.amazonaws.com"
    path = quote(name, safe="/~")
    return (
        f"{scheme}://{host}/{path}" if host.startswith(f"{bucket.name}.") else f"{scheme}://{host}/{bucket.name}/{path}"
    )


@s3.operation(resource=on_object, data_event=True)
def abort_multipart_upload(
    call: Call, bucket: Bucket, request: api.AbortMultipartUploadRequest
) -> api.AbortMultipartUploadOutput:
    if request.get("IfMatchInitiatedTime") is not None:
        raise conditions.not_implemented("x-amz-if-match-initiated-time")  # directory buckets alone know it
    uploads.drop(call, uploads.wanted(call, bucket, request["Key"], request["UploadId"]))
    return presented.request_charged(bucket, request)  # type: ignore[return-value]


# --- what is under way -----------------------------------------------------------------------------------------------


@s3.operation(action="s3:ListMultipartUploadParts", resource=on_object, data_event=True)
def list_parts(call: Call, bucket: Bucket, request: api.ListPartsRequest) -> api.ListPartsOutput:
    upload = uploads.wanted(call, bucket, request["Key"], request["UploadId"])
    limit = _page_size(request.get("MaxParts"), "max-parts")
    marker = _number(request.get("PartNumberMarker"), "part-number-marker")
    rows = list(call.tx.range(Part, bucket.name, upload.id, start=marker + 1, limit=limit + 1)) if limit else []
    more = len(rows) > limit
    del rows[limit:]
    reply: dict[str, Any] = {
        "Bucket": bucket.name, "Key": upload.name, "UploadId": upload.id, "PartNumberMarker": marker,
        "NextPartNumberMarker": rows[-1].number if rows else 0, "MaxParts": limit,
        "IsTruncated": more, "Parts": [_shown_part(upload, part) for part in rows],
        "ChecksumAlgorithm": upload.checksum_algorithm or None, "ChecksumType": upload.checksum_type or None,
        **_whose(upload), **_abort_headers(bucket, upload), **presented.request_charged(bucket, request),
    }  # fmt: skip
    return reply  # type: ignore[return-value]


def _shown_part(upload: Upload, part: Part) -> dict[str, Any]:
    algorithm = upload.checksum_algorithm or integrity.PREFERRED
    return {
        "PartNumber": part.number, "LastModified": part.at, "ETag": f'"{part.etag}"', "Size": part.size,
        f"Checksum{algorithm}": part.checksums[algorithm],
    }  # fmt: skip


def _whose(upload: Upload) -> dict[str, Any]:
    """Who began an upload, whose the object will be, and its class."""
    arn = upload.initiator
    if not arn.startswith("arn:") or arn.endswith(":root"):
        initiator = owner_of(arn.split(":")[4] if arn else "")
    else:
        initiator = {"ID": arn, "DisplayName": arn.rpartition("/")[2]}
    return {"Initiator": initiator, "Owner": owner_of(upload.owner), "StorageClass": upload.storage_class}


@s3.operation(action="s3:ListBucketMultipartUploads", resource=on_bucket)
def list_multipart_uploads(
    call: Call, bucket: Bucket, request: api.ListMultipartUploadsRequest
) -> api.ListMultipartUploadsOutput:
    prefix, delimiter = request.get("Prefix") or "", request.get("Delimiter") or ""
    limit = _page_size(request.get("MaxUploads"), "max-uploads")
    key_marker, id_marker = request.get("KeyMarker") or "", request.get("UploadIdMarker") or ""
    encodes = request.get("EncodingType")
    if encodes is not None and encodes != "url":
        raise invalid_argument("Invalid Encoding Method specified in Request", "encoding-type", encodes)
    found: list[Upload | str] = []
    more = False
    if limit:
        found, more = _under_way(call, bucket, prefix, delimiter, key_marker, id_marker, limit)
    written = (lambda text: quote_plus(text, safe="/*")) if encodes else str
    shown: list[Any] = [
        {"UploadId": one.id, "Key": written(one.name), "Initiated": one.at, **_whose(one), **_checksum_of(one)}
        for one in found
        if isinstance(one, Upload)
    ]
    reply: dict[str, Any] = {
        "Bucket": bucket.name, "KeyMarker": written(key_marker), "UploadIdMarker": id_marker if key_marker else "",
        "Prefix": written(prefix), "Delimiter": written(delimiter) or None, "MaxUploads": limit, "IsTruncated": more,
        "EncodingType": encodes, "Uploads": shown,
        "CommonPrefixes": [{"Prefix": written(one)} for one in found if isinstance(one, str)],
        **presented.request_charged(bucket, request),
    }  # fmt: skip
    if more:
        last = found[-1]
        reply["NextKeyMarker"] = written(last if isinstance(last, str) else last.name)
        reply["NextUploadIdMarker"] = "" if isinstance(last, str) else last.id
    return reply  # type: ignore[return-value]


def _under_way(
    call: Call, bucket: Bucket, prefix: str, delimiter: str, key_marker: str, id_marker: str, limit: int
) -> tuple[list[Upload | str], bool]:
    """Uploads and common prefixes behind the markers, in order, and whether there are more."""
    found: list[Upload | str] = []
    # behind all uploads of the marker's key, or behind one of them
    after: tuple[str, ...] | None = None
    if key_marker:
        after = (bucket.name, key_marker, id_marker) if id_marker else (bucket.name, key_marker)
    start: str | None = None
    if delimiter and key_marker.endswith(delimiter) and key_marker.startswith(prefix) and not id_marker:
        start = listings.behind(key_marker)  # the marker is a common prefix, which stands for all of its keys
    while True:
        for row in call.tx.range(Upload, bucket.name, starts=prefix, start=start, after=after):
            if len(found) == limit:
                return found, True
            rest, divided, _ = row.name[len(prefix) :].partition(delimiter) if delimiter else (row.name, "", "")
            if divided:
                group = prefix + rest + delimiter
                found.append(group)
                start = listings.behind(group)
                if start is None:
                    return found, False
                break
            found.append(row)
        else:
            return found, False


def _checksum_of(upload: Upload) -> dict[str, Any]:
    if not upload.checksum_algorithm:
        return {}
    return {"ChecksumAlgorithm": upload.checksum_algorithm, "ChecksumType": upload.checksum_type}


def _page_size(given: int | None, name: str) -> int:
    return PAGE_KEYS_MAX if given is None else min(_number(given, name), PAGE_KEYS_MAX)


def _number(given: Any, name: str) -> int:
    try:
        found = int(given or 0)
    except ValueError:
        found = -1
    if not 0 <= found <= _MOST:
        raise invalid_argument(f"Argument {name} must be an integer between 0 and {_MOST}", name, given)
    return found


# --- the words of errors ---------------------------------------------------------------------------------------------


def _invalid_request(text: str) -> Exception:
    return s3.error("InvalidRequest", text, status=400)


def _mismatch(expected: str, found: str) -> Exception:
    return _invalid_request(
        f"Checksum Type mismatch occurred, expected checksum Type: {expected.lower()}, actual checksum Type: "
        f"{found.lower() or 'null'}"
    )


def _too_large(size: int, most: int) -> Exception:
    text = "Your proposed upload exceeds the maximum allowed size"
    return s3.error("EntityTooLarge", text, status=400, members={"ProposedSize": size, "MaxSizeAllowed": most})


def _conflicting(condition: str, name: str) -> Exception:
    text = "The conditional request cannot succeed due to a conflicting operation against this resource."
    return s3.error("ConditionalRequestConflict", text, status=409, members={"Condition": condition, "Key": name})
