"""The inventory of a vault: taken about once a day when something changed, and what an inventory job lists of it.

An inventory is not kept as a list: it is every archive that was there at its instant, and an archive that is deleted
later stays as a row until the next inventory.

Source: S3 Glacier Developer Guide, vault-inventory.html and api-initiate-job-post.html.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator
from typing import Any

from haar.kit import Call, replace
from haar.services.glacier import rules
from haar.services.glacier.resources import Archive, Bury, TakeInventory, Tally, Vault, by_creation, graves
from haar.services.glacier.service import DAY, glacier

#: What S3 Glacier counts for each archive beside its bytes: its index and metadata.
OVERHEAD_BYTES = 32 * 1024
BURY_BATCH = 1000

_COLUMNS = ("ArchiveId", "ArchiveDescription", "CreationDate", "Size", "SHA256TreeHash")


def changed(call: Call, vault: Vault) -> None:
    """Note that archives of a vault came or went: there will be an inventory within a day."""
    if vault.inventory_due_at:
        return
    due = call.now + DAY
    call.tx.put(replace(vault, inventory_due_at=due))
    task = TakeInventory(account=vault.account, region=vault.region, name=vault.name, serial=vault.serial)
    call.later(due, task)


@glacier.task(TakeInventory)
def take(call: Call, task: TakeInventory) -> None:
    tx = call.tx
    vault = tx.get(Vault, task.account, task.region, task.name)
    if vault is None or vault.serial != task.serial:
        return
    tally = tx.get(Tally, vault.serial) or Tally(vault=vault.serial)
    size = tally.size_bytes + tally.archives * OVERHEAD_BYTES
    tx.put(replace(vault, inventory_at=call.now, inventory_due_at=0.0, archives=tally.archives, size_bytes=size))
    bury(call, Bury(vault=vault.serial, before=call.now))


@glacier.task(Bury)
def bury(call: Call, task: Bury) -> None:
    gone = list(call.tx.range(graves, task.vault, stop=task.before, limit=BURY_BATCH + 1))
    for archive in gone[:BURY_BATCH]:
        call.tx.delete(archive)
    if len(gone) > BURY_BATCH:
        call.emit(task)


# -- what a job lists ----------------------------------------------------------------------------------------------


def listed(
    call: Call, vault: Vault, start: float | None, end: float | None, after: tuple[float, str] | None
) -> Iterator[Archive]:
    """The archives of the last inventory that were made from `start` on and before `end`, behind a place."""
    place = (vault.serial, *after) if after is not None else None
    rows = call.tx.range(by_creation, vault.serial, start=start, stop=vault.inventory_at, after=place)
    for archive in rows:
        if end is not None and archive.created_at >= end:
            return
        yield archive


def marker_of(archive: Archive) -> str:
    """The marker behind an archive."""
    text = json.dumps([archive.created_at, archive.id])
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def place_of(marker: str) -> tuple[float, str] | None:
    """The place a marker stands for; None when it is no marker."""
    try:
        text = base64.urlsafe_b64decode(marker.encode() + b"=" * (-len(marker) % 4))
        created_at, archive = json.loads(text)
    except (binascii.Error, ValueError, TypeError):
        return None
    return (float(created_at), archive) if isinstance(created_at, float) and isinstance(archive, str) else None


def written(vault: Vault, archives: list[Archive], form: str) -> bytes:
    """An inventory as a client reads it: JSON, or CSV with every text in double quotes."""
    if form == "CSV":
        rows = [",".join(_COLUMNS)]
        for one in archives:
            texts = (one.id, one.description, rules.iso(one.created_at), str(one.size), one.tree_hash)
            rows.append(",".join(part if place == 3 else rules.csv_field(part) for place, part in enumerate(texts)))
        return "\r\n".join(rows).encode() + b"\r\n"
    listing: dict[str, Any] = {
        "VaultARN": vault.arn,
        "InventoryDate": rules.iso_seconds(vault.inventory_at),
        "ArchiveList": [
            {
                "ArchiveId": one.id,
                "ArchiveDescription": one.description,
                "CreationDate": rules.iso(one.created_at),
                "Size": one.size,
                "SHA256TreeHash": one.tree_hash,
            }
            for one in archives
        ],
    }
    return json.dumps(listing, separators=(",", ":")).encode()
