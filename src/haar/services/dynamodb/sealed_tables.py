"""Sealed tables in the background: what follows items keeps them sealed, and work without a request opens them.

Copies of items (streams, journals, snapshots) stay under the data keys of the table they come from, also when the
table is gone; those keys are rows of their own.
"""

from __future__ import annotations

from haar.kit import Call
from haar.services.dynamodb.resources import Table
from haar.services.dynamodb.sealing import sealed, unlock

__all__ = ["at_hand", "at_hand_for", "closed"]


def at_hand(call: Call, table: Table) -> None:
    """Have the keys of a table at hand, if it ever had any. Raises what DynamoDB says when KMS refuses."""
    if table.kms_key or table.was_sealed:
        unlock(call, table)


def at_hand_for(call: Call, serial: str, account: str, region: str, name: str) -> None:
    """The same for a table that may be gone, by its serial number."""
    unlock(call, Table(account=account, region=region, name=name, id="", serial=serial, hash_key="", types={}))


def closed(call: Call, table: Table, body: bytes) -> bytes:
    """A body as a copy of it is kept: sealed where the table is."""
    return sealed(call, table, body) if table.kms_key and body and body[:1] != b"\0" else body
