"""Provisioned throughput with burst credit, and the limits of one partition, where the cloud enforces AWS's rates.

::

    table or index   so many units a second, and what it did not use in the last 300 seconds on top
    partition        1,000 write units and 3,000 read units a second; a table begins with as many partitions as its
                     throughput needs (on demand: four), each a share of the hash of the partition key; one that is hot
                     is split in two after a while, and again, until one partition key value is alone

A request is let in while anything is left, and may leave a debt: an item can be larger than what a second brings.
With any other `limits` than "aws" nothing is counted and nothing refused.
Source: DynamoDB Developer Guide, burst-adaptive-capacity.html and throttling-diagnosing.html.
"""

from __future__ import annotations

from collections.abc import Iterator

from haar.kit import Call, ServiceError, replace
from haar.services.dynamodb.capacity import write_units
from haar.services.dynamodb.keys import HASH_DIGITS
from haar.services.dynamodb.resources import Bucket, SecondaryIndex, Span, Split, Table
from haar.services.dynamodb.service import dynamodb
from haar.services.dynamodb.writing import Written

__all__ = ["allows_read", "allows_write", "exceeded", "read", "written"]

BURST_SECONDS = 300.0
SPAN_READ_UNITS = 3000.0
SPAN_WRITE_UNITS = 1000.0
#: The partitions that a new table in on-demand mode has.
ON_DEMAND_SPANS = 4
#: A partition that has been hot for so long is split.
SPLIT_SECONDS = 60.0
_HOT = 0.25

_ON_DEMAND = (
    "Throughput exceeds the current capacity of your table or index. DynamoDB is automatically scaling your table or "
    "index so please try again shortly. If exceptions persist, check if you have a hot key: "
    "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html"
)


def read(call: Call, table: Table, partition: str, units: float, index: str = "") -> None:
    """Count units of reading. Raises ProvisionedThroughputExceededException or ThrottlingException."""
    if call.ports.config.limits == "aws":
        _take(call, table, table.index(index) if index else None, "read", partition, units)


def written(call: Call, table: Table, partition: str, done: Written, *, forced: bool = False) -> None:
    """Count an item that was written, and its rows in indexes. Raises as `read`, unless it is `forced`."""
    if call.ports.config.limits != "aws":
        return
    units = write_units(max(done.old_size, done.new_size))
    for name, sizes in done.indexes.items():
        index = table.index(name)
        of_index = sum(map(write_units, sizes))
        if index is None or index.is_local:
            units += of_index
        else:
            _take(call, table, index, "write", "", of_index, forced)
    _take(call, table, None, "write", partition, units, forced)


def allows_read(call: Call, table: Table, partition: str) -> bool:
    """Whether there is anything left to read with."""
    return call.ports.config.limits != "aws" or _allows(call, table, "read", partition)


def allows_write(call: Call, table: Table, partition: str) -> bool:
    """Whether there is anything left to write with, in the table and its indexes."""
    return call.ports.config.limits != "aws" or _allows(call, table, "write", partition)


def exceeded(table: Table, kind: str = "write", index: SecondaryIndex | None = None, what: str = "") -> ServiceError:
    """The refusal of a request that throughput does not allow for."""
    on_demand = table.billing == "PAY_PER_REQUEST"
    if not what:
        what = "MaxOnDemandThroughputExceeded" if on_demand else "ProvisionedThroughputExceeded"
    resource = table.arn if index is None else f"{table.arn}/index/{index.name}"
    reason = f"{'Table' if index is None else 'Index'}{kind.capitalize()}{what}"
    reasons = [{"reason": reason, "resource": resource}]
    if on_demand:
        message = _ON_DEMAND
        if what == "MaxOnDemandThroughputExceeded":
            message = "Throughput exceeds the maximum OnDemandThroughput configured on table or index"
        return dynamodb.error("ThrottlingException", message, members={"throttlingReasons": reasons}, status=400)
    if index is None:
        message = (
            "The level of configured provisioned throughput for the table was exceeded. Consider increasing your "
            "provisioning level with the UpdateTable API."
        )
    else:
        message = (
            "The level of configured provisioned throughput for one or more global secondary indexes of the table was "
            "exceeded. Consider increasing your provisioning level for the under-provisioned global secondary indexes "
            "with the UpdateTable API"
        )
    return dynamodb.error(
        "ProvisionedThroughputExceededException", message, members={"ThrottlingReasons": reasons}, status=400
    )


# ---- tables and indexes


def _rate(table: Table, index: SecondaryIndex | None, kind: str) -> float:
    """Units a second of a table or index; below zero where there is no limit."""
    of = table if index is None else index
    if table.billing == "PAY_PER_REQUEST":
        return float(of.read_requests_max if kind == "read" else of.write_requests_max)
    return float(of.read_units if kind == "read" else of.write_units)


def _left(call: Call, table: Table, index: SecondaryIndex | None, kind: str, rate: float) -> float:
    """The units that a table or index has now."""
    bucket = call.tx.get(Bucket, table.serial if index is None else index.serial, kind)
    if bucket is None:
        return rate + min(max(call.now - table.created_at, 0.0), BURST_SECONDS) * rate
    return min(bucket.tokens + (call.now - bucket.at) * rate, (BURST_SECONDS + 1) * rate)


def _take(
    call: Call,
    table: Table,
    index: SecondaryIndex | None,
    kind: str,
    partition: str,
    units: float,
    forced: bool = False,
) -> None:
    rate = _rate(table, index, kind)
    if rate >= 0:
        left = _left(call, table, index, kind, rate)
        if left <= 0 and not forced:
            raise exceeded(table, kind, index)
        serial = table.serial if index is None else index.serial
        call.tx.put(Bucket(of=serial, kind=kind, tokens=left - units, at=call.now))
    if partition:
        _take_of_span(call, table, index, kind, partition, units, forced)


def _allows(call: Call, table: Table, kind: str, partition: str) -> bool:
    rate = _rate(table, None, kind)
    if rate >= 0 and _left(call, table, None, kind, rate) <= 0:
        return False
    if kind == "write":
        for index in table.indexes:
            of_index = -1.0 if index.is_local else _rate(table, index, kind)
            if of_index >= 0 and _left(call, table, index, kind, of_index) <= 0:
                return False
    span = _span(call, table, table.serial, partition)
    return _span_left(call, span, kind) > 0


# ---- partitions


def _spans(call: Call, table: Table, serial: str) -> Iterator[Span]:
    """The partitions that a table begins with."""
    count = ON_DEMAND_SPANS
    if table.billing != "PAY_PER_REQUEST":
        count = max(1, -int(-(table.write_units / SPAN_WRITE_UNITS + table.read_units / SPAN_READ_UNITS) // 1))
    space = 16**HASH_DIGITS
    for number in range(count):
        low, high = space * number // count, space * (number + 1) // count
        yield Span(
            of=serial,
            low=f"{low:0{HASH_DIGITS}x}",
            high=f"{high:0{HASH_DIGITS}x}" if high < space else "",
            read_left=SPAN_READ_UNITS,
            read_at=call.now,
            write_left=SPAN_WRITE_UNITS,
            write_at=call.now,
        )


def _span(call: Call, table: Table, serial: str, partition: str) -> Span:
    """The partition that an item is in."""
    place = partition[:HASH_DIGITS]
    found = next(call.tx.range(Span, serial, stop=place, reverse=True, limit=1), None)
    if found is None:
        made = [call.tx.put(span) for span in _spans(call, table, serial)]
        found = next(span for span in reversed(made) if span.low <= place)
    return found


def _span_left(call: Call, span: Span, kind: str) -> float:
    if kind == "read":
        return min(span.read_left + (call.now - span.read_at) * SPAN_READ_UNITS, SPAN_READ_UNITS)
    return min(span.write_left + (call.now - span.write_at) * SPAN_WRITE_UNITS, SPAN_WRITE_UNITS)


def _take_of_span(
    call: Call, table: Table, index: SecondaryIndex | None, kind: str, partition: str, units: float, forced: bool
) -> None:
    span = _span(call, table, table.serial if index is None else index.serial, partition)
    left = _span_left(call, span, kind)
    if left <= 0 and not forced:
        raise exceeded(table, kind, index, "KeyRangeThroughputExceeded")
    left -= units
    most = SPAN_READ_UNITS if kind == "read" else SPAN_WRITE_UNITS
    if not span.splitting and left < most * _HOT and span.low != span.high:
        # written by a request that is let in: one that is refused leaves nothing behind
        span = replace(span, splitting=True)
        call.later(call.now + SPLIT_SECONDS, Split(of=span.of, low=span.low))
    if kind == "read":
        call.tx.put(replace(span, read_left=left, read_at=call.now))
    else:
        call.tx.put(replace(span, write_left=left, write_at=call.now))


@dynamodb.task(Split)
def split(call: Call, task: Split) -> None:
    """Make two partitions of one; each has the whole throughput of a partition."""
    span = call.tx.get(Span, task.of, task.low)
    if span is None:
        return
    low = int(span.low, 16)
    high = int(span.high, 16) if span.high else 16**HASH_DIGITS
    if high - low < 2:
        return
    middle = f"{(low + high) // 2:0{HASH_DIGITS}x}"
    fresh = replace(
        span,
        splitting=False,
        read_left=SPAN_READ_UNITS,
        read_at=call.now,
        write_left=SPAN_WRITE_UNITS,
        write_at=call.now,
    )
    call.tx.put(replace(fresh, high=middle))
    call.tx.put(replace(fresh, low=middle))
