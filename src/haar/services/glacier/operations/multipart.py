"""Archives that come in parts.

A part is kept as a `Piece` of the upload, and stays that when the upload has become an archive: nothing is copied.
As parts have one power-of-two size, the tree hash of the whole is the tree hash over those of the parts.

Source: S3 Glacier Developer Guide, multipart-archive-operations.html.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from haar.kit import Call, Page, replace
from haar.services.glacier import content, rules
from haar.services.glacier.operations import archives
from haar.services.glacier.resources import Piece, Upload, Vault, open_uploads
from haar.services.glacier.service import (
    DAY,
    HOUR,
    PART_BYTES_MAX,
    PART_BYTES_MIN,
    PARTS_MAX,
    absent,
    check_limit,
    described,
    glacier,
    invalid,
    lacking,
    opaque,
    path_of,
)

if TYPE_CHECKING:
    from haar.shapes import glacier as api

UPLOAD_ID_LENGTH = 92
#: An upload that nobody touches for so long is removed; one that is over is remembered for so long.
IDLE_SECONDS = DAY
AFTERWARDS_SECONDS = HOUR


def _find(call: Call, vault: Vault, upload_id: str) -> Upload:
    """An upload, over or not. Raises ResourceNotFoundException."""
    upload = call.tx.get(Upload, vault.serial, upload_id)
    if upload is None or upload.until <= call.now:
        raise absent(f"The upload ID was not found: {upload_id}")
    return upload


def _open(call: Call, vault: Vault, upload_id: str) -> Upload:
    """An upload that still takes parts. Raises ResourceNotFoundException."""
    upload = _find(call, vault, upload_id)
    if upload.open_in is None:
        raise absent(f"The upload ID was not found: {upload_id}")
    return upload


@glacier.operation
def abort_multipart_upload(call: Call, vault: Vault, request: api.AbortMultipartUploadInput) -> None:
    upload = _find(call, vault, request["uploadId"])
    if upload.archive:
        raise absent(f"The upload ID was not found: {upload.id}")
    if not upload.aborted:
        content.drop(call, upload.id)
        call.tx.put(replace(upload, aborted=True, until=call.now + AFTERWARDS_SECONDS))


@glacier.operation
def complete_multipart_upload(
    call: Call, vault: Vault, request: api.CompleteMultipartUploadInput
) -> api.ArchiveCreationOutput:
    upload = _find(call, vault, request["uploadId"])
    if upload.archive:
        return archives.shown(vault, upload.archive, upload.tree_hash)
    upload = _open(call, vault, upload.id)
    text = request.get("archiveSize")
    if not text:
        raise lacking("x-amz-archive-size")
    size, root = _assembled(call, upload)
    if rules.whole_number(text) != size:
        raise invalid(f"Invalid archive size: {text}. The parts that were uploaded have {size} bytes.")
    content.check_hash(request, root)
    reply = archives.made(
        call, vault, contents=upload.id, size=size, tree_hash=root.hex(), description=upload.description
    )
    call.tx.put(replace(upload, archive=reply["archiveId"], tree_hash=root.hex(), until=call.now + AFTERWARDS_SECONDS))
    return reply


def _assembled(call: Call, upload: Upload) -> tuple[int, bytes]:
    """Size and tree hash of all parts. Raises InvalidParameterValueException where one is missing."""
    size, hashes = 0, []
    for piece in call.tx.range(Piece, upload.id):
        if piece.start != size:
            raise invalid(f"The uploaded parts have a gap: bytes {size}-{piece.start - 1} are missing.")
        size += piece.size
        hashes.append(piece.tree_hash)
    if not hashes:
        raise invalid(f"No parts were uploaded: {upload.id}")
    return size, rules.tree_hash(b"".join(hashes))


@glacier.operation
def initiate_multipart_upload(
    call: Call, vault: Vault, request: api.InitiateMultipartUploadInput
) -> api.InitiateMultipartUploadOutput:
    text = request.get("partSize")
    size = rules.whole_number(text) if text else None
    if size is None or not (rules.is_power_of_two(size) and PART_BYTES_MIN <= size <= PART_BYTES_MAX):
        raise invalid(
            f"Invalid part size: {text or 'null'}. Part size must not be null, must be a power of two and be between "
            f"{PART_BYTES_MIN} and {PART_BYTES_MAX} bytes."
        )
    upload = Upload(
        vault=vault.serial,
        id=opaque(call, UPLOAD_ID_LENGTH),
        part_size=size,
        description=described(request.get("archiveDescription"), "archive description"),
        created_at=call.now,
        until=call.now + IDLE_SECONDS,
    )
    call.tx.put(upload)
    return {"location": path_of(vault, "multipart-uploads", upload.id), "uploadId": upload.id}


@glacier.operation
def list_multipart_uploads(
    call: Call, vault: Vault, request: api.ListMultipartUploadsInput
) -> Page[api.UploadListElement]:
    check_limit(request)

    def show(upload: Upload) -> api.UploadListElement:
        return {
            "MultipartUploadId": upload.id,
            "VaultARN": vault.arn,
            "ArchiveDescription": upload.description,
            "PartSizeInBytes": upload.part_size,
            "CreationDate": rules.iso(upload.created_at),
        }

    return Page.of(call.tx, open_uploads, vault.serial, show=show, where=lambda upload: upload.until > call.now)


@glacier.operation
def list_parts(call: Call, vault: Vault, request: api.ListPartsInput) -> Page[api.PartListElement]:
    check_limit(request)
    upload = _open(call, vault, request["uploadId"])

    def show(piece: Piece) -> api.PartListElement:
        return {
            "RangeInBytes": f"{piece.start}-{piece.start + piece.size - 1}",
            "SHA256TreeHash": piece.tree_hash.hex(),
        }

    about = {
        "MultipartUploadId": upload.id,
        "VaultARN": vault.arn,
        "ArchiveDescription": upload.description,
        "PartSizeInBytes": upload.part_size,
        "CreationDate": rules.iso(upload.created_at),
    }
    return Page.of(call.tx, Piece, upload.id, show=show, extra=about)


@glacier.operation(body_length=content.check_length)
def upload_multipart_part(
    call: Call, vault: Vault, request: api.UploadMultipartPartInput
) -> api.UploadMultipartPartOutput:
    upload = _open(call, vault, request["uploadId"])
    text = request.get("range")
    if not text:
        raise lacking("Content-Range")
    span = rules.content_range(text)
    if span is None:
        raise invalid(f"Invalid Content-Range: {text}")
    start, stop = span
    size = content.body_of(request).size
    if stop - start != size:
        raise invalid(f"Content-Range: {text} is incompatible with Content-Length: {size}")
    if start % upload.part_size or size > upload.part_size:
        raise invalid(f"Content-Range: {text} is not aligned with the part size: {upload.part_size}")
    number = start // upload.part_size + 1
    if number > PARTS_MAX:
        raise invalid(
            f"This is part number {number} for the current multipart upload. It exceeds the limit of {PARTS_MAX} parts."
        )
    piece = content.received(call, request, upload.id, start)
    call.tx.put(replace(upload, until=call.now + IDLE_SECONDS))
    return {"checksum": piece.tree_hash.hex()}
