"""Forgetting an account: what is in its vaults, which is kept under names of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from haar.services.glacier.resources import Job, Piece, Tally, Upload, Vault, by_creation
from haar.services.glacier.service import glacier

if TYPE_CHECKING:
    from haar.store.transaction import Transaction


@glacier.forgets
def forget(tx: Transaction, account: str) -> None:
    """Remove the archives, uploads and jobs of an account's vaults."""
    for vault in list(tx.range(Vault, account)):
        archives, uploads = list(tx.range(by_creation, vault.serial)), list(tx.range(Upload, vault.serial))
        for contents in (*(archive.contents for archive in archives), *(upload.id for upload in uploads)):
            for piece in list(tx.range(Piece, contents)):
                tx.delete(piece)
        for row in (*archives, *uploads, *list(tx.range(Job, vault.serial)), *list(tx.range(Tally, vault.serial))):
            tx.delete(row)
