"""The one place where an item is written: its row, its rows in the indexes, the tallies, and whoever wants to know.

Everything happens in the transaction of the operation. Whoever follows what is written to tables (streams, replicas,
backups to a point in time) registers with `on_write`, and is asked for tables with `watched` alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from haar.kit import Call, replace
from haar.services.dynamodb.keys import index_place
from haar.services.dynamodb.resources import Catch, Collection, IndexRow, Item, SecondaryIndex, Shown, Table, Tally
from haar.services.dynamodb.sealing import opened_row, sealed, unlock
from haar.services.dynamodb.service import COLLECTION_BYTES_MAX, dynamodb
from haar.services.dynamodb.values import Value, dumped, loaded, size_of

__all__ = ["Change", "Written", "index_row", "on_write", "read", "write"]


class Change(NamedTuple):
    """An item that was written. Bodies are the bytes of all its attributes; None: there is no such item."""

    partition: str
    sort: str
    old: bytes | None
    new: bytes | None
    #: the time to live ran out, and nobody asked for it
    expired: bool = False


class Written(NamedTuple):
    """What a write took: sizes for the table, and units for every index it touched."""

    old_size: int
    new_size: int
    #: the sizes of what was written to each index, by name: one for a row put or changed or taken away
    indexes: Mapping[str, tuple[int, ...]]


Follower = Callable[[Call, Table, Change], None]
_followers: list[Follower] = []
_NO_INDEXES: Mapping[str, tuple[int, ...]] = {}


def on_write(function: Follower) -> Follower:
    """Register a function (call, table, change) that is told of every item written to a table with `watched`."""
    _followers.append(function)
    return function


def read(call: Call, table: Table, partition: str, sort: str) -> Item | None:
    """The item under a key; None when there is none."""
    row = call.tx.get(Item, table.serial, partition, sort)
    return row if row is None or row.body[:1] != b"\0" else opened_row(row)


def write(
    call: Call,
    table: Table,
    partition: str,
    sort: str,
    old: Item | None,
    new: Mapping[str, Any] | None,
    size: int = 0,
    *,
    old_attributes: Mapping[str, Value] | None = None,
    expired: bool = False,
) -> Written:
    """Put an item's attributes (in stored form, counting `size` bytes), or delete it with None.

    `old` is the row that is there, as `read` found it; `old_attributes` are its attributes, if somebody has them.
    """
    tx = call.tx
    serial = table.serial
    body = None
    if new is None:
        if old is None:
            return Written(0, 0, _NO_INDEXES)
        tx.delete(Item, serial, partition, sort)
    else:
        body = dumped(new)
        kept = sealed(call, table, body) if table.kms_key else body
        row = Item(table=serial, partition=partition, sort=sort, size=size, body=kept)
        if old is None:
            tx.add(row)
        else:
            tx.put(row)
    old_size = old.size if old is not None else 0
    _tally(call, serial, partition, (new is not None) - (old is not None), size - old_size)
    touched = _NO_INDEXES
    if table.indexes:
        if old is not None and old_attributes is None:
            old_attributes = loaded(old.body)
        touched = _index(call, table, partition, sort, old, old_attributes, new, body, size)
    if table.watched:
        change = Change(partition, sort, old.body if old is not None else None, body, expired)
        for follower in _followers:
            follower(call, table, change)
    if table.tags and (lag := table.lag_seconds):
        _keep_shown(call, table, partition, sort, old, lag)
    return Written(old_size, size, touched)


def _tally(call: Call, serial: str, partition: str, items: int, size: int) -> None:
    if not items and not size:
        return
    tx = call.tx
    share = partition[:1]
    tally = tx.get(Tally, serial, share)
    if tally is not None:
        items += tally.items
        size += tally.size
    tx.put(Tally(of=serial, share=share, items=items, size=size))


def tallied(call: Call, serial: str) -> tuple[int, int]:
    """How many items a table or index (by its serial) has, and the bytes they count."""
    shares = list(call.tx.range(Tally, serial))
    return sum(one.items for one in shares), sum(one.size for one in shares)


# ---- indexes


def projection(table: Table, index: SecondaryIndex, item: Mapping[str, Any]) -> Mapping[str, Any]:
    """The attributes of an item that an index keeps."""
    if index.projection == "ALL":
        return item
    names = dict.fromkeys((*table.key_names, *index.hash_keys, *index.range_keys, *index.included))
    return {name: item[name] for name in names if name in item}


def index_row(
    table: Table,
    index: SecondaryIndex,
    partition: str,
    sort: str,
    item: Mapping[str, Any],
    body: bytes | None = None,
    size: int = 0,
) -> IndexRow | None:
    """An item's row in an index, from its attributes in stored form; None when it is not in the index.

    `body` and `size` are those of the whole item, where they are known.
    """
    place = index_place(table, index, item)
    if place is None:
        return None
    if body is None or index.projection != "ALL":
        kept = projection(table, index, item)
        body, size = dumped(kept), size_of(kept)
    return IndexRow(
        index=index.serial,
        partition=place[0],
        sort=place[1],
        item_partition=partition,
        item_sort=sort,
        size=size,
        body=body,
    )


def _index(
    call: Call,
    table: Table,
    partition: str,
    sort: str,
    old: Item | None,
    old_attributes: Mapping[str, Any] | None,
    new: Mapping[str, Any] | None,
    body: bytes | None,
    size: int,
) -> dict[str, tuple[int, ...]]:
    tx = call.tx
    touched: dict[str, tuple[int, ...]] = {}
    collection = size - (old.size if old is not None else 0)
    lag = table.lag_seconds if table.tags else 0.0
    for index in table.indexes:
        before = None
        if old is not None and old_attributes is not None:
            before = index_row(table, index, partition, sort, old_attributes, old.body, old.size)
        after = None if new is None else index_row(table, index, partition, sort, new, body, size)
        if before == after:
            continue
        moved = before is not None and (after is None or before.key != after.key)
        if index.is_local:
            collection += (after.size if after is not None else 0) - (before.size if before is not None else 0)
        if before is not None and after is not None and not moved:
            touched[index.name] = (max(before.size, after.size),)
        else:
            touched[index.name] = tuple(one.size for one in (before, after) if one is not None)
        if lag and not index.is_local:
            _catch_up_later(call, table, index, partition, sort, before, lag)
            continue
        if moved:
            assert before is not None
            tx.delete(before)
        if after is not None:
            tx.put(replace(after, body=sealed(call, table, after.body)) if table.kms_key else after)
        items = (after is not None) - (before is not None)
        grown = (after.size if after is not None else 0) - (before.size if before is not None else 0)
        _tally(call, index.serial, partition, items, grown)
    if collection and any(index.is_local for index in table.indexes):
        _collect(call, table, partition, collection)
    return touched


def _collect(call: Call, table: Table, partition: str, grown: int) -> None:
    collection = call.tx.get(Collection, table.serial, partition)
    size = grown + (collection.size if collection is not None else 0)
    if grown > 0 and size > COLLECTION_BYTES_MAX:
        raise dynamodb.error(
            "ItemCollectionSizeLimitExceededException",
            "Collection size exceeded.",
        )
    call.tx.put(Collection(table=table.serial, partition=partition, size=size))


# ---- tables that show what was a moment ago


def _keep_shown(call: Call, table: Table, partition: str, sort: str, old: Item | None, lag: float) -> None:
    shown = call.tx.get(Shown, table.serial, partition, sort)
    if shown is not None and shown.until > call.now:
        return
    call.tx.put(
        Shown(
            table=table.serial,
            partition=partition,
            sort=sort,
            body=b"" if old is None else sealed(call, table, old.body) if table.kms_key else old.body,
            size=old.size if old is not None else 0,
            until=call.now + lag,
        )
    )


def _catch_up_later(
    call: Call,
    table: Table,
    index: SecondaryIndex,
    partition: str,
    sort: str,
    before: IndexRow | None,
    lag: float,
) -> None:
    call.later(
        call.now + lag,
        Catch(
            account=table.account,
            region=table.region,
            name=table.name,
            serial=table.serial,
            index=index.name,
            partition=partition,
            sort=sort,
            old_partition=before.partition if before is not None else "",
            old_sort=before.sort if before is not None else "",
        ),
    )


@dynamodb.task(Catch)
def catch_up(call: Call, task: Catch) -> None:
    """Make an item's row in an index what the item is now."""
    table = call.tx.get(Table, task.account, task.region, task.name)
    index = table.index(task.index) if table is not None and table.serial == task.serial else None
    if table is None or index is None:
        return
    tx = call.tx
    if table.was_sealed:
        unlock(call, table)
    item = read(call, table, task.partition, task.sort)
    after = None
    if item is not None:
        after = index_row(table, index, task.partition, task.sort, loaded(item.body), item.body, item.size)
    if task.old_partition:
        old = (index.serial, task.old_partition, task.old_sort, task.partition, task.sort)
        if after is None or after.key != old:
            gone = tx.get(IndexRow, *old)
            if gone is not None:
                tx.delete(gone)
                _tally(call, index.serial, task.partition, -1, -gone.size)
    if after is not None:
        there = tx.get(IndexRow, *after.key)
        tx.put(replace(after, body=sealed(call, table, after.body)) if table.kms_key else after)
        grown = after.size - (there.size if there is not None else 0)
        _tally(call, index.serial, task.partition, 0 if there is not None else 1, grown)
