"""Streams: what happened to the items of a table, in the order it happened, for a day.

A stream has shards, each for a range of the hash that partitions begin with, so everything about one item is in one
shard or its children. A shard is followed by its child after four hours, or by two when the table's throughput needs
more of them. The row of an entry is written in the transaction that writes the item. A sequence number is the
microsecond of the write, or one more than the last where several fall into one.

Source: DynamoDB Developer Guide, Streams.html and streamsmain.html.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import orjson

from haar.kit import Call, Record, Task, key, replace
from haar.services.dynamodb.particulars import Stream, watch
from haar.services.dynamodb.resources import Table
from haar.services.dynamodb.sealed_tables import at_hand_for, closed
from haar.services.dynamodb.sealing import opened
from haar.services.dynamodb.service import dynamodb, invalid, invalid_value
from haar.services.dynamodb.values import loaded, size_of
from haar.services.dynamodb.writing import Change, on_write

__all__ = ["Entry", "Shard", "Streams", "begin", "cease", "rescale", "sequence_text", "view_of"]

#: How long an entry can be read, and a stream that was disabled.
RETENTION_SECONDS = 86_400.0
#: After so long a shard takes no more entries, and its child does.
SHARD_SECONDS = 14_400.0
_SPACE = 1 << 32
#: What a sequence number of so few digits is lifted by, to have as many as AWS's.
_LIFT = 10**20
# What one partition of a table takes, and how many a table in on-demand mode has from the start (Developer Guide,
# bp-partition-key-design.html and on-demand-capacity-mode.html).
_READS = 3000
_WRITES = 1000
_ON_DEMAND_PARTITIONS = 4


class Shard(Record, expires="until"):
    """A part of a stream."""

    stream: str = key()
    id: str = key()
    parent: str = ""
    #: the hashes it takes, both ends included
    low: int
    high: int
    first: int
    #: the last sequence number; 0: it is open
    last: int = 0
    opened_at: float
    until: float | None = None


class Open(Record, hot=True):
    """The open shards of a stream, (highest hash, id, opened at) in the order of hashes: every write asks for them."""

    stream: str = key()
    shards: list[tuple[int, str, float]]


class Tip(Record, hot=True):
    """The last sequence number of a shard."""

    shard: str = key()
    last: int


class Entry(Record, expires="until"):
    """One change of an item. `body` is the `dynamodb` part of its stream record, as JSON."""

    shard: str = key()
    number: int = key()
    id: str
    #: INSERT, MODIFY or REMOVE
    event: str
    body: bytes
    expired: bool = False
    until: float


class Dissolve(Task):
    """Forget a stream that was disabled a day ago."""

    account: str
    region: str
    table: str
    label: str


def view_of(given: Mapping[str, Any] | None) -> str:
    """The view of a StreamSpecification, "" for no stream. Raises ValidationException."""
    if given is None:
        return ""
    view: str = given.get("StreamViewType", "")
    if not given["StreamEnabled"]:
        if view:
            raise invalid_value("Table is being created with a StreamViewType, but streams are not enabled")
        return ""
    if not view:
        raise invalid_value("Table is being created with streams enabled, but no StreamViewType is specified")
    return view


def sequence_text(number: int) -> str:
    """A sequence number as it is shown."""
    return str(_LIFT + number)


def sequence_number(text: str) -> int:
    """A sequence number as it is kept. Raises ValidationException."""
    if not text.isdigit() or not _LIFT <= int(text) < 2 * _LIFT:
        raise invalid("The parameter SequenceNumber is invalid.")
    return int(text) - _LIFT


def partitions(table: Table) -> int:
    """How many partitions a table's throughput wants."""
    if table.billing == "PAY_PER_REQUEST":
        return _ON_DEMAND_PARTITIONS
    return max(1, -(-(table.read_units * _WRITES + table.write_units * _READS) // (_READS * _WRITES)))


def begin(call: Call, table: Table, view: str) -> Table:
    """Give a table a stream from now on."""
    moment = datetime.fromtimestamp(call.now, UTC)
    label = f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}"
    stream = Stream(
        account=table.account,
        region=table.region,
        table=table.name,
        label=label,
        serial=call.ports.ids.hex(12),
        source=table.serial,
        view=view,
        hash_key=table.hash_key,
        range_key=table.range_key,
        created_at=call.now,
    )
    call.tx.put(stream)
    count = partitions(table)
    bounds = [_SPACE * n // count for n in range(count + 1)]
    shards = [_opened(call, stream.serial, low, high - 1, _clock(call), "") for low, high in pairwise(bounds)]
    call.tx.put(Open(stream=stream.serial, shards=[(shard.high, shard.id, shard.opened_at) for shard in shards]))
    return watch(call, replace(table, stream_view=view, stream_label=label))


def cease(call: Call, table: Table) -> Table:
    """Close a table's stream; it can be read for another day."""
    stream = call.tx.get(Stream, table.account, table.region, table.name, table.stream_label)
    assert stream is not None, f"the stream of {table.arn} is not there"
    call.tx.put(replace(stream, status="DISABLED", ended_at=call.now))
    found = call.tx.get(Open, stream.serial)
    for _, shard_id, _ in found.shards if found is not None else ():
        _close(call, stream.serial, shard_id)
    call.tx.delete(Open, stream.serial)
    call.later(
        call.now + RETENTION_SECONDS,
        Dissolve(account=table.account, region=table.region, table=table.name, label=table.stream_label),
    )
    return watch(call, replace(table, stream_view=""))


@dynamodb.task(Dissolve)
def dissolve(call: Call, task: Dissolve) -> None:
    """Forget a stream, and have its table name it no more."""
    stream = call.tx.get(Stream, task.account, task.region, task.table, task.label)
    if stream is not None:
        call.tx.delete(stream)
    table = call.tx.get(Table, task.account, task.region, task.table)
    if table is not None and table.stream_label == task.label and not table.stream_view:
        call.tx.put(replace(table, stream_label=""))


# ---- shards


def _clock(call: Call) -> int:
    return int(call.now * 1_000_000)


def _opened(call: Call, stream: str, low: int, high: int, first: int, parent: str) -> Shard:
    name = f"shardId-{int(call.now * 1000):020d}-{call.ports.ids.hex(8)}"
    shard = Shard(stream=stream, id=name, parent=parent, low=low, high=high, first=first, opened_at=call.now)
    call.tx.put(Tip(shard=f"{stream}/{name}", last=first - 1))
    return call.tx.put(shard)


def _close(call: Call, stream: str, shard_id: str) -> Shard:
    shard = call.tx.get(Shard, stream, shard_id)
    tip = call.tx.get(Tip, f"{stream}/{shard_id}")
    assert shard is not None and tip is not None, f"an open shard of {stream} is not there"
    call.tx.delete(tip)
    last = max(tip.last, shard.first)
    return call.tx.put(replace(shard, last=last, until=call.now + RETENTION_SECONDS))


def rescale(call: Call, table: Table) -> None:
    """Halve the open shards of a table's stream until there are as many as the table has partitions."""
    if not table.stream_view:
        return
    stream = call.tx.get(Stream, table.account, table.region, table.name, table.stream_label)
    found = call.tx.get(Open, stream.serial) if stream is not None else None
    if found is None:
        return
    shards = found.shards
    while len(shards) < partitions(table):
        halves = []
        for _, shard_id, _ in shards:
            old = _close(call, found.stream, shard_id)
            middle = (old.low + old.high) // 2
            first = max(old.last + 1, _clock(call))
            for low, high in ((old.low, middle), (middle + 1, old.high)):
                new = _opened(call, found.stream, low, high, first, old.id)
                halves.append((new.high, new.id, new.opened_at))
        shards = halves
    if shards is not found.shards:
        call.tx.put(replace(found, shards=shards))


def _shard_of(call: Call, stream: str, found: Open, partition: str) -> str:
    place = int(partition[:8], 16)
    for position, (high, shard_id, opened_at) in enumerate(found.shards):
        if place <= high:
            if call.now - opened_at < SHARD_SECONDS:
                return shard_id
            old = _close(call, stream, shard_id)
            new = _opened(call, stream, old.low, old.high, max(old.last + 1, _clock(call)), old.id)
            shards = [*found.shards]
            shards[position] = (high, new.id, new.opened_at)
            call.tx.put(replace(found, shards=shards))
            return new.id
    raise AssertionError(f"no shard of {stream} takes {place}")


# ---- what is written


@on_write
def enter(call: Call, table: Table, change: Change) -> None:
    """Write a change into the table's stream. A write that leaves the item as it was is no change."""
    view = table.stream_view
    if not view or change.old == change.new:
        return
    old = loaded(change.old) if change.old is not None else None
    new = loaded(change.new) if change.new is not None else None
    if old == new:
        return
    tx = call.tx
    stream = tx.get(Stream, table.account, table.region, table.name, table.stream_label)
    found = tx.get(Open, stream.serial) if stream is not None else None
    if stream is None or found is None:
        return
    shard = f"{stream.serial}/{_shard_of(call, stream.serial, found, change.partition)}"
    tip = tx.get(Tip, shard)
    assert tip is not None, f"{shard} has no tip"
    number = max(tip.last + 1, _clock(call))
    tx.put(Tip(shard=shard, last=number))
    some = new if new is not None else old
    assert some is not None
    keys = {name: some[name] for name in table.key_names}
    size = size_of(keys)
    body: dict[str, Any] = {"ApproximateCreationDateTime": int(call.now), "Keys": keys}
    if new is not None and view in ("NEW_IMAGE", "NEW_AND_OLD_IMAGES"):
        body["NewImage"] = orjson.Fragment(change.new)  # type: ignore[arg-type]
        size += size_of(new)
    if old is not None and view in ("OLD_IMAGE", "NEW_AND_OLD_IMAGES"):
        body["OldImage"] = orjson.Fragment(change.old)  # type: ignore[arg-type]
        size += size_of(old)
    body |= {"SequenceNumber": sequence_text(number), "SizeBytes": size, "StreamViewType": view}
    tx.put(
        Entry(
            shard=shard,
            number=number,
            id=call.ports.ids.hex(32),
            event="INSERT" if old is None else "REMOVE" if new is None else "MODIFY",
            body=closed(call, table, orjson.dumps(body)),
            expired=change.expired,
            until=call.now + RETENTION_SECONDS,
        )
    )


# ---- what is read


class Streams:
    """What the room of DynamoDB Streams asks of this one: the port `item_streams`."""

    def find(self, call: Call, arn: str) -> Stream | None:
        """The stream of an ARN."""
        place = Stream.key_of(arn)
        return call.tx.get(Stream, *place) if place is not None else None

    def all(self, call: Call, table: str = "", after: str = "") -> Iterator[Stream]:
        """The streams of the caller's account and region, or of one table, behind an ARN."""
        prefix = (call.account, call.region, table) if table else (call.account, call.region)
        return call.tx.range(Stream, *prefix, after=Stream.key_of(after) if after else None)

    def shards(self, call: Call, stream: Stream) -> list[Shard]:
        """The shards that still have something to read, or will have, the oldest first."""
        now = call.now
        return [one for one in call.tx.range(Shard, stream.serial) if one.until is None or one.until > now]

    def shard(self, call: Call, stream: Stream, name: str) -> Shard | None:
        """One shard of a stream."""
        found = call.tx.get(Shard, stream.serial, name)
        return found if found is not None and (found.until is None or found.until > call.now) else None

    def tip(self, call: Call, shard: Shard) -> int:
        """The last sequence number of a shard so far, as it is kept."""
        found = call.tx.get(Tip, f"{shard.stream}/{shard.id}")
        return found.last if found is not None else shard.last

    def horizon(self, call: Call) -> int:
        """The sequence number before which everything is gone."""
        return int((call.now - RETENTION_SECONDS) * 1_000_000)

    def entries(self, call: Call, stream: Stream, shard: Shard, start: int) -> Iterator[Entry]:
        """The entries of a shard from a sequence number on; of a sealed table for whom KMS lets decrypt."""
        name = f"{shard.stream}/{shard.id}"
        unlocked = False
        for entry in call.tx.range(Entry, name, start=max(start, self.horizon(call))):
            if entry.body[:1] != b"\0":
                yield entry
                continue
            if not unlocked:
                at_hand_for(call, stream.source, stream.account, stream.region, stream.table)
                unlocked = True
            yield replace(entry, body=opened(entry.body))

    number = staticmethod(sequence_number)
    text = staticmethod(sequence_text)


dynamodb.provide("item_streams", Streams())
