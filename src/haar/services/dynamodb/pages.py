"""One page of a Query or Scan: the rows it goes through, what it shows of them, and where the next one begins.

A page ends at its Limit of items looked at, or with the item that takes it past 1 MB; both count before a filter.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import orjson

from haar.kit import Call, replace
from haar.services.dynamodb import throttle
from haar.services.dynamodb.capacity import Consumed, read_units
from haar.services.dynamodb.expressions.apply import projected
from haar.services.dynamodb.expressions.evaluate import Judge
from haar.services.dynamodb.key_conditions import KeyRange
from haar.services.dynamodb.keys import HASH_DIGITS, hashed, joined, sort_text
from haar.services.dynamodb.resources import IndexRow, Item, SecondaryIndex, Shown, Table
from haar.services.dynamodb.sealing import opened
from haar.services.dynamodb.service import PAGE_BYTES_MAX, invalid, invalid_value
from haar.services.dynamodb.values import Value, dumped, kind_of, loaded
from haar.services.dynamodb.writing import read

__all__ = ["Reading", "Start", "page", "rows_of_query", "rows_of_scan", "start_of"]

Row = Item | IndexRow
_INVALID_START = "The provided starting key is invalid"
_MISMATCH = "The provided key element does not match the schema"


class Reading(NamedTuple):
    """What a Query or Scan reads and shows."""

    table: Table
    through: SecondaryIndex | None
    consistent: bool
    limit: int | None
    #: COUNT, or anything else for items
    select: str
    judge: Judge | None
    values: Mapping[str, Value]
    projection: list[tuple[str | int, ...]] | None
    #: the index lacks attributes that are wanted, so the items themselves are read
    fetches: bool = False
    #: there is one row at most, and nothing to go on with
    single: bool = False


class Start(NamedTuple):
    """Where a page begins: behind this row."""

    partition: str
    sort: str
    item_partition: str = ""
    item_sort: str = ""


# ---- where to begin


def start_names(table: Table, index: SecondaryIndex | None) -> tuple[str, ...]:
    """The attributes of an ExclusiveStartKey."""
    if index is None:
        return table.key_names
    return tuple(dict.fromkeys((*index.hash_keys, *index.range_keys, *table.key_names)))


def check_start_hash(table: Table, index: SecondaryIndex | None, start: Mapping[str, Value]) -> None:
    """The first look at an ExclusiveStartKey: how many attributes, which partition key. Raises ValidationException."""
    if len(start) != len(start_names(table, index)):
        raise invalid(_INVALID_START)
    for name in index.hash_keys if index is not None else (table.hash_key,):
        if name not in start:
            raise invalid(_INVALID_START)
        if kind_of(start[name]) != table.types[name]:
            raise invalid(_MISMATCH)


def start_of(table: Table, index: SecondaryIndex | None, start: Mapping[str, Value]) -> Start:
    """The row that an ExclusiveStartKey names. Raises ValidationException."""
    for name in index.range_keys if index is not None else (table.range_key,) if table.range_key else ():
        if name not in start:
            raise invalid(_INVALID_START)
        if kind_of(start[name]) != table.types[name]:
            raise invalid(_MISMATCH)
    for name in table.key_names:
        if name not in start or kind_of(start[name]) != table.types[name]:
            raise invalid(f"{_INVALID_START}: {_MISMATCH}")
    partition = hashed(sort_text(start[table.hash_key]))
    sort = sort_text(start[table.range_key]) if table.range_key else ""
    if index is None:
        return Start(partition, sort)
    return Start(
        hashed(joined([sort_text(start[name]) for name in index.hash_keys])),
        joined([sort_text(start[name]) for name in index.range_keys]) if index.range_keys else "",
        partition,
        sort,
    )


def check_in_range(start: Start, wanted: KeyRange, index: SecondaryIndex | None, has_range_condition: bool) -> None:
    """Refuse a start outside of what a Query goes through. Raises ValidationException."""
    # an index can have many rows under one key
    if wanted.exact and (index is None or not wanted.holds(start.sort) or start.partition != wanted.partition):
        raise invalid("The query can return at most one row and cannot be restarted")
    if has_range_condition:
        if not wanted.holds(start.sort):
            raise invalid("The provided starting key does not match the range key predicate")
        if start.partition != wanted.partition:
            raise invalid("The query can return at most one row and cannot be restarted")
    elif start.partition != wanted.partition:
        raise invalid("The provided starting key is outside query boundaries based on provided conditions")


# ---- rows


def rows_of_query(call: Call, reading: Reading, wanted: KeyRange, start: Start | None, forward: bool) -> Iterator[Row]:
    """The rows of a Query, in its order."""
    bounds: dict[str, Any] = {"reverse": not forward}
    if wanted.start is not None:
        bounds["start"] = wanted.start
    if wanted.stop is not None:
        bounds["stop"] = wanted.stop
    if wanted.starts is not None:
        bounds["starts"] = wanted.starts
    rows = _rows(call, reading, (wanted.partition,), start, bounds)
    above, below = wanted.above, wanted.below
    if above is not None or below is not None:
        # bounds are inclusive: what is equal to an exclusive one is left out here
        return (row for row in rows if row.sort != above and row.sort != below)
    return rows


def rows_of_scan(call: Call, reading: Reading, start: Start | None, segment: int, segments: int) -> Iterator[Row]:
    """The rows of a Scan or of one segment of it."""
    bounds: dict[str, Any] = {}
    if segments > 1:
        low, high = segment_bounds(segment, segments)
        bounds["start"] = low
        if high:
            bounds["stop"] = high
    return _rows(call, reading, (), start, bounds)


def segment_bounds(segment: int, segments: int) -> tuple[str, str]:
    """What partitions of a segment begin with at least, and what they come before; empty for no bound."""
    space = 16**HASH_DIGITS
    low, high = -(-space * segment // segments), -(-space * (segment + 1) // segments)
    return f"{low:0{HASH_DIGITS}x}", f"{high:0{HASH_DIGITS}x}" if high < space else ""


def _rows(
    call: Call, reading: Reading, prefix: tuple[str, ...], start: Start | None, bounds: dict[str, Any]
) -> Iterator[Row]:
    table, index = reading.table, reading.through
    # one more at either end, where a bound itself is left out
    limit = None if reading.limit is None else reading.limit + 2
    if index is not None:
        if start is not None:
            bounds["after"] = (index.serial, *start)
        return _open(table, call.tx.range(IndexRow, index.serial, *prefix, limit=limit, **bounds))
    if start is not None:
        bounds["after"] = (table.serial, start.partition, start.sort)
    if table.tags and table.lag_seconds and not reading.consistent:
        return _open(table, _shown_rows(call, table, prefix, bounds))
    return _open(table, call.tx.range(Item, table.serial, *prefix, limit=limit, **bounds))


def _open(table: Table, rows: Iterator[Item] | Iterator[IndexRow]) -> Iterator[Row]:
    """Rows with their bodies as the answer has them."""
    if not table.was_sealed:
        return rows
    return (replace(row, body=opened(row.body)) for row in rows)


def _shown_rows(call: Call, table: Table, prefix: tuple[str, ...], bounds: dict[str, Any]) -> Iterator[Item]:
    """Items as they were a moment ago: those that are there, and those that are shown instead, in one order."""
    there = ((row.partition, row.sort, 1, row) for row in call.tx.range(Item, table.serial, *prefix, **bounds))
    shown = (
        (row.partition, row.sort, 0, row)
        for row in call.tx.range(Shown, table.serial, *prefix, **bounds)
        if row.until > call.now
    )
    reverse = bool(bounds.get("reverse"))
    last = None
    merged: Iterator[tuple[str, str, int, Item | Shown]] = heapq.merge(
        there, shown, key=lambda one: (one[0], one[1], -one[2] if reverse else one[2]), reverse=reverse
    )
    for partition, sort, _, row in merged:
        if (partition, sort) == last:
            continue
        last = (partition, sort)
        if isinstance(row, Item):
            yield row
        elif row.body:
            yield Item(table=table.serial, partition=partition, sort=sort, size=row.size, body=row.body)


# ---- the page


def page(call: Call, reading: Reading, rows: Iterator[Row], request: Mapping[str, Any]) -> dict[str, Any]:
    """The reply of one page."""
    table, index = reading.table, reading.through
    judge, limit, fetches = reading.judge, reading.limit, reading.fetches
    bodies: list[bytes] = []
    size = scanned = 0
    fetched = 0.0
    last: Row | None = None
    plain = judge is None and reading.projection is None and not fetches
    for row in rows:
        scanned += 1
        size += row.size
        if plain:
            bodies.append(row.body)
        else:
            body: bytes | None = row.body
            if fetches:
                assert isinstance(row, IndexRow)
                item = read(call, table, row.item_partition, row.item_sort)
                body = None if item is None else item.body
                fetched += read_units(item.size if item is not None else 0, reading.consistent)
            shown = None if body is None else _shown(reading, body)
            if shown is not None:
                bodies.append(shown)
        if scanned == limit or size > PAGE_BYTES_MAX:
            last = row
            break
    consumed = Consumed(table, request["TableName"], is_write=False)
    units = read_units(size, reading.consistent)
    consumed.add(units, index.name if index is not None else "")
    consumed.add(fetched)
    throttle.read(call, table, last.partition if last is not None else "", units, index.name if index else "")
    reply: dict[str, Any] = {"Count": len(bodies), "ScannedCount": scanned}
    if reading.select != "COUNT":
        reply["Items"] = orjson.Fragment(b"[" + b",".join(bodies) + b"]")
    if last is not None and not reading.single:
        attributes = loaded(last.body)
        names = start_names(table, index)
        reply["LastEvaluatedKey"] = orjson.Fragment(dumped({name: attributes[name] for name in names}))
    wanted = request.get("ReturnConsumedCapacity")
    if wanted is not None and wanted != "NONE":
        reply["ConsumedCapacity"] = consumed.shown(wanted)
    return reply


def _shown(reading: Reading, body: bytes) -> bytes | None:
    """What a page shows of an item; None when a filter leaves it out."""
    attributes = loaded(body)
    if reading.judge is not None and not reading.judge(attributes, reading.values):
        return None
    if reading.projection is None:
        return body
    return dumped(projected(attributes, reading.projection))


# ---- what may be asked of a table or index


def check_nested(table: Table, nested: frozenset[str]) -> None:
    """Refuse paths into key attributes. Raises ValidationException."""
    refusal = "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed"
    for name in table.key_names:
        if name in nested:
            raise invalid(f"{refusal}: Key: {name}")
    for index in table.indexes:
        for name in (*index.hash_keys, *index.range_keys):
            if name in nested:
                raise invalid(f"{refusal}: IndexKey: {name}")


def projects_all(table: Table, index: SecondaryIndex, names: frozenset[str] | None) -> bool:
    """Whether an index has these attributes of every item; None stands for all there are."""
    if index.projection == "ALL":
        return True
    if names is None:
        return False
    return names <= {*table.key_names, *index.hash_keys, *index.range_keys, *index.included}


def check_projection(table: Table, index: SecondaryIndex, names: frozenset[str]) -> None:
    """Refuse attributes that a global index does not have. Raises ValidationException."""
    there = {*table.key_names, *index.hash_keys, *index.range_keys, *index.included}
    lacking = sorted(names - there)
    if index.projection != "ALL" and lacking:
        raise invalid_value(f"Global secondary index {index.name} does not project [{', '.join(lacking)}]")
