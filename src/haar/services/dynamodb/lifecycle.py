"""What becomes of tables and indexes after the request: they become active, are filled, are counted, are cleared away.

Everything that is in proportion to a table's items is done a lot at a time, each in a transaction of its own, while
requests go on.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from typing import TypeVar

from haar.kit import Call, Record, Task, replace
from haar.services.dynamodb.particulars import Particulars, particulars
from haar.services.dynamodb.resources import (
    Collection,
    Forget,
    IndexRow,
    Item,
    SecondaryIndex,
    Shown,
    Table,
    Tally,
)
from haar.services.dynamodb.sealed_tables import at_hand, closed
from haar.services.dynamodb.service import dynamodb
from haar.services.dynamodb.values import loaded
from haar.services.dynamodb.writing import index_row, tallied

__all__ = ["LOT", "AtRest", "clear", "cleared_with_table", "count", "count_later", "settle", "with_index"]

#: How many items a task takes at once.
LOT = 500
#: How often the counts of DescribeTable are brought up to date, in seconds.
COUNT_SECONDS = 21_600.0


#: The kinds of rows that go with a table, by its serial number.
_CLEARED: list[type[Record]] = [Item, Collection, Shown]
K = TypeVar("K", bound=type[Record])


def cleared_with_table(kind: K) -> K:
    """Have the rows of a kind whose first key field is a table's serial number go when the table goes."""
    _CLEARED.append(kind)
    return kind


class AtRest(Task):
    """Make a table that is CREATING or UPDATING, with its indexes, active, or end one that is DELETING."""

    account: str
    region: str
    name: str
    serial: str


class Backfill(Task):
    """Put the items that were there before an index into it, some at a time."""

    account: str
    region: str
    name: str
    serial: str
    index: str
    #: the last item that is in it
    partition: str = ""
    sort: str = ""


class Count(Task):
    """Bring a table's counts up to date."""

    account: str
    region: str
    name: str
    serial: str


def with_index(table: Table, changed: SecondaryIndex | None, name: str) -> Table:
    """The table with the index of a name changed, added or (None) taken away."""
    rest = tuple(one for one in table.indexes if one.name != name)
    if changed is None:
        return replace(table, indexes=rest)
    if len(rest) == len(table.indexes):
        return replace(table, indexes=(*rest, changed))
    return replace(table, indexes=tuple(changed if one.name == name else one for one in table.indexes))


def _of(call: Call, task: AtRest | Backfill | Count) -> Table | None:
    table = call.tx.get(Table, task.account, task.region, task.name)
    return table if table is not None and table.serial == task.serial else None


def settle(call: Call, table: Table, seconds: float) -> None:
    """Let what a table is being made into come to rest after a while."""
    task = AtRest(account=table.account, region=table.region, name=table.name, serial=table.serial)
    call.later(call.now + seconds, task)


@dynamodb.task(AtRest)
def come_to_rest(call: Call, task: AtRest) -> None:
    """Make a table and its indexes what they are becoming."""
    table = _of(call, task)
    if table is None:
        return
    if table.status == "DELETING":
        end(call, table)
        return
    indexes = []
    for index in table.indexes:
        if index.status == "DELETING":
            call.emit(Forget(serial=index.serial, is_index=True))
            continue
        if index.status == "CREATING" and table.status != "CREATING":
            place = {"account": table.account, "region": table.region, "name": table.name, "serial": table.serial}
            call.emit(Backfill(**place, index=index.name))
            indexes.append(replace(index, backfilling=True))
            continue
        indexes.append(replace(index, status="ACTIVE"))
    busy = any(index.status != "ACTIVE" for index in indexes)
    restoring = particulars(call, table).restoring
    status = table.status
    if status in ("CREATING", "UPDATING") and not restoring:
        status = "UPDATING" if busy else "ACTIVE"
    types = _used(table, indexes)
    call.tx.put(replace(table, indexes=tuple(indexes), status=status, types=types))


def _used(table: Table, indexes: list[SecondaryIndex]) -> dict[str, str]:
    """The definitions of the attributes that are still part of a key."""
    names = {*table.key_names, *(name for index in indexes for name in (*index.hash_keys, *index.range_keys))}
    return {name: kind for name, kind in table.types.items() if name in names}


@dynamodb.task(Backfill)
def fill_index(call: Call, task: Backfill) -> None:
    """Put the next items into a new index. An item without the index's key, or with another type there, is left out."""
    table = _of(call, task)
    index = table.index(task.index) if table is not None else None
    if table is None or index is None or index.status != "CREATING":
        return
    tx = call.tx
    at_hand(call, table)
    after = (table.serial, task.partition, task.sort) if task.partition else None
    lot = list(islice(tx.range(Item, table.serial, after=after), LOT))
    counts: dict[str, list[int]] = {}
    for item in lot:
        row = index_row(table, index, item.partition, item.sort, loaded(item.body), item.body, item.size)
        if row is None or tx.get(IndexRow, *row.key) is not None:
            continue
        tx.put(replace(row, body=closed(call, table, row.body)) if table.kms_key else row)
        count = counts.setdefault(item.partition[:1], [0, 0])
        count[0] += 1
        count[1] += row.size
    for share, (items, size) in counts.items():
        tally = tx.get(Tally, index.serial, share) or Tally(of=index.serial, share=share, items=0, size=0)
        tx.put(replace(tally, items=tally.items + items, size=tally.size + size))
    if len(lot) == LOT:
        call.emit(replace(task, partition=lot[-1].partition, sort=lot[-1].sort))
        return
    table = with_index(table, replace(index, status="ACTIVE", backfilling=False), index.name)
    busy = any(one.status != "ACTIVE" for one in table.indexes)
    call.tx.put(replace(table, status=table.status if busy or table.status != "UPDATING" else "ACTIVE"))


def count_later(call: Call, table: Table) -> None:
    """Have the counts of DescribeTable brought up to date from time to time."""
    task = Count(account=table.account, region=table.region, name=table.name, serial=table.serial)
    call.later(call.now + COUNT_SECONDS, task)


def count(call: Call, table: Table) -> None:
    """Bring the counts of DescribeTable up to date."""
    counted = {"": tallied(call, table.serial)}
    counted.update((index.name, tallied(call, index.serial)) for index in table.indexes)
    kept = particulars(call, table)
    if counted != kept.counted:
        call.tx.put(replace(kept, counted=counted))


@dynamodb.task(Count)
def count_again(call: Call, task: Count) -> None:
    """Count now, and again after the next six hours."""
    table = _of(call, task)
    if table is not None:
        count(call, table)
        count_later(call, table)


# ---- the end


#: Asked before the rows of a table go, whether they are kept instead.
_KEEPING: list[Callable[[Call, Table], bool]] = []


def keeps_rows(function: Callable[[Call, Table], bool]) -> Callable[[Call, Table], bool]:
    """Register a function (call, table that is at its end) that answers whether its rows are kept."""
    _KEEPING.append(function)
    return function


def end(call: Call, table: Table) -> None:
    """Take a table away; its rows go some at a time."""
    tx = call.tx
    for index in table.indexes:
        call.emit(Forget(serial=index.serial, is_index=True))
    if not any(keeps(call, table) for keeps in _KEEPING):
        call.emit(Forget(serial=table.serial))
    tx.delete(Particulars, table.serial)
    tx.delete(table)


def clear(call: Call, kind: type[Record], serial: str) -> bool:
    """Delete up to a lot of the rows of a kind that begin with a serial; whether none is left."""
    rows = list(call.tx.range(kind, serial, limit=LOT))
    for row in rows:
        call.tx.delete(row)
    return len(rows) < LOT


@dynamodb.task(Forget)
def forget(call: Call, task: Forget) -> None:
    """Drop the next rows of a table or index that is gone."""
    kinds = (IndexRow,) if task.is_index else _CLEARED
    if all(clear(call, kind, task.serial) for kind in kinds):
        clear(call, Tally, task.serial)
        return
    call.emit(task)
