"""Archives: UploadArchive and DeleteArchive.

Source: S3 Glacier Developer Guide, archive-operations.html.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from haar.kit import Call, replace
from haar.services.glacier import content, inventory
from haar.services.glacier.resources import Archive, Job, Vault, by_contents
from haar.services.glacier.service import ARCHIVE_BYTES_MAX, absent, described, glacier, invalid, opaque, path_of

if TYPE_CHECKING:
    from haar.shapes import glacier as api

ARCHIVE_ID_LENGTH = 138


@glacier.condition("glacier:ArchiveAgeInDays")
def age_in_days(call: Call, request: Mapping[str, Any], target: Any) -> int | None:
    """Whole days since the archive that is to be deleted or retrieved was made."""
    archive_id = request.get("archiveId") or (request.get("jobParameters") or {}).get("ArchiveId")
    archive = call.tx.get(Archive, archive_id) if archive_id else None
    if archive is None or target is None or archive.vault != target.serial:
        return None
    return int((call.now - archive.created_at) // 86_400)


def made(
    call: Call, vault: Vault, *, contents: str, size: int, tree_hash: str, description: str
) -> api.ArchiveCreationOutput:
    """Put a new archive into a vault."""
    archive = Archive(
        id=opaque(call, ARCHIVE_ID_LENGTH),
        vault=vault.serial,
        contents=contents,
        size=size,
        tree_hash=tree_hash,
        description=description,
        created_at=call.now,
    )
    call.tx.put(archive)
    inventory.changed(call, vault)
    return shown(vault, archive.id, tree_hash)


def shown(vault: Vault, archive_id: str, tree_hash: str) -> api.ArchiveCreationOutput:
    """What a client learns of its new archive."""
    return {"location": path_of(vault, "archives", archive_id), "checksum": tree_hash, "archiveId": archive_id}


def find(call: Call, vault: Vault, archive_id: str) -> Archive:
    """An archive of a vault, deleted ones included.

    Raises ResourceNotFoundException, and InvalidParameterValueException for an archive of another vault.
    """
    archive = call.tx.get(Archive, archive_id)
    if archive is None:
        raise absent(f"The archive ID was not found: {archive_id}")
    if archive.vault != vault.serial:
        raise invalid(f"Invalid vault name: {vault.arn}")
    return archive


@glacier.operation
def delete_archive(call: Call, vault: Vault, request: api.DeleteArchiveInput) -> None:
    archive = find(call, vault, request["archiveId"])
    if archive.deleted_at is not None:
        return
    call.tx.put(replace(archive, deleted_at=call.now))
    inventory.changed(call, vault)
    prepared = False
    for job in list(call.tx.range(by_contents, archive.contents)):
        if job.completes_at > call.now:
            _fail(call, job)
        else:
            prepared = True  # what is ready for download stays until the job is gone
    if not prepared:
        content.drop(call, archive.contents)


def _fail(call: Call, job: Job) -> None:
    call.tx.put(replace(job, failure=f"The archive was deleted: {job.archive}", contents=None))


@glacier.operation(body_length=content.check_length)
def upload_archive(call: Call, vault: Vault, request: api.UploadArchiveInput) -> api.ArchiveCreationOutput:
    size = content.body_of(request).size
    if not 1 <= size <= ARCHIVE_BYTES_MAX:
        raise invalid(f"Invalid Content-Length: {size}")
    description = described(request.get("archiveDescription"), "archive description")
    piece = content.received(call, request, opaque(call, 24), 0)
    return made(
        call,
        vault,
        contents=piece.contents,
        size=size,
        tree_hash=piece.tree_hash.hex(),
        description=description,
    )
