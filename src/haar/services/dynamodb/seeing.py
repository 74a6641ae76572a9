"""What a read sees: what is there, or in a table with a lag and without ConsistentRead what was there a moment ago."""

from __future__ import annotations

from haar.kit import Call
from haar.services.dynamodb.resources import Item, Shown, Table
from haar.services.dynamodb.sealing import opened
from haar.services.dynamodb.writing import read

__all__ = ["seen"]


def seen(call: Call, table: Table, partition: str, sort: str, consistent: bool) -> Item | None:
    """The item under a key as a read sees it; None when it sees none."""
    item = read(call, table, partition, sort)
    if consistent or not table.tags or not table.lag_seconds:
        return item
    shown = call.tx.get(Shown, table.serial, partition, sort)
    if shown is None or shown.until <= call.now:
        return item
    if not shown.body:
        return None
    return Item(table=table.serial, partition=partition, sort=sort, size=shown.size, body=opened(shown.body))
