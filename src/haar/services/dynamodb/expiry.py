"""Time to live: items whose attribute names an instant that is past go away by themselves.

Within a minute after the instant, on the clock: AWS says within a few days, and a program may not rely on either. An
instant that lies more than five years back is taken for a mistake, and the item stays, as on AWS. Deletions are in the
stream of the table, and say that nobody asked for them.

Source: DynamoDB Developer Guide, TTL.html and time-to-live-ttl-before-you-start.html.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from itertools import islice
from typing import Any

from haar.kit import Call, Record, Task, key, replace
from haar.services.dynamodb.lifecycle import LOT, clear, cleared_with_table
from haar.services.dynamodb.particulars import particulars, watch
from haar.services.dynamodb.resources import Item, Table
from haar.services.dynamodb.sealed_tables import at_hand
from haar.services.dynamodb.service import dynamodb
from haar.services.dynamodb.values import loaded
from haar.services.dynamodb.writing import Change, on_write, read, write

__all__ = ["disable", "enable"]

#: Items are looked for at the full minutes of the clock.
_MINUTE = 60
#: How far back an instant may lie, in seconds.
PAST_MAX_SECONDS = 5 * 366 * 86_400
#: An instant further away than this (the year 9999) is none.
_INSTANT_MAX = 253_402_300_799


@cleared_with_table
class Expiry(Record):
    """When an item goes, in seconds since 1970, whole minutes."""

    table: str = key()
    at: int = key()
    partition: str = key()
    sort: str = key()


@cleared_with_table
class Next(Record):
    """When a table's items will be looked at, the earliest."""

    table: str = key()
    one: str = key()
    at: int


class Expire(Task):
    """Delete the items of a table that are past their time, some at once."""

    account: str
    region: str
    name: str
    serial: str
    at: int


class FindExpiring(Task):
    """Look through the items that were there before their table had a time to live."""

    account: str
    region: str
    name: str
    serial: str
    attribute: str
    partition: str = ""
    sort: str = ""


class ForgetExpiring(Task):
    """Drop what is known about the times of a table's items."""

    serial: str


def minute_of(item: Mapping[str, Any] | None, attribute: str) -> int | None:
    """The full minute at which an item goes; None when it stays."""
    value = item.get(attribute) if item is not None else None
    text = value.get("N") if value is not None else None
    if text is None:
        return None
    instant = int(Decimal(text)) if len(text) < 24 else 0
    if not 0 < instant <= _INSTANT_MAX:
        return None
    return (instant // _MINUTE + 1) * _MINUTE


def _look_at(call: Call, table: Table, at: int) -> None:
    """Have a table's items looked at at an instant, unless they are looked at before it anyway."""
    kept = call.tx.get(Next, table.serial, "")
    if kept is not None and kept.at <= at:
        return
    call.tx.put(Next(table=table.serial, one="", at=at))
    place = {"account": table.account, "region": table.region, "name": table.name, "serial": table.serial}
    call.later(at, Expire(**place, at=at))


def _due(call: Call, at: int) -> int | None:
    """When an item of this minute is looked at: not before the next minute, and never when it is years too late."""
    if at < call.now - PAST_MAX_SECONDS:
        return None
    return max(at, (int(call.now) // _MINUTE + 1) * _MINUTE)


@on_write
def note(call: Call, table: Table, change: Change) -> None:
    """Keep when an item goes."""
    attribute = table.ttl_attribute
    if not attribute:
        return
    before = minute_of(loaded(change.old), attribute) if change.old is not None else None
    after = minute_of(loaded(change.new), attribute) if change.new is not None else None
    if before == after:
        return
    if before is not None:
        call.tx.delete(Expiry, table.serial, before, change.partition, change.sort)
    if after is not None:
        _keep(call, table, after, change.partition, change.sort)


def _keep(call: Call, table: Table, at: int, partition: str, sort: str) -> None:
    due = _due(call, at)
    if due is not None:
        call.tx.put(Expiry(table=table.serial, at=at, partition=partition, sort=sort))
        _look_at(call, table, due)


def _of(call: Call, task: Expire | FindExpiring) -> Table | None:
    table = call.tx.get(Table, task.account, task.region, task.name)
    return table if table is not None and table.serial == task.serial else None


@dynamodb.task(Expire)
def expire(call: Call, task: Expire) -> None:
    """Delete the items that are past their time, and look again when the next one is."""
    table = _of(call, task)
    kept = call.tx.get(Next, task.serial, "")
    if table is None or not table.ttl_attribute or kept is None or kept.at != task.at:
        return
    tx = call.tx
    at_hand(call, table)
    due = list(tx.range(Expiry, table.serial, stop=int(call.now), limit=LOT))
    for row in due:
        tx.delete(row)
        item = read(call, table, row.partition, row.sort)
        if item is not None and minute_of(loaded(item.body), table.ttl_attribute) == row.at:
            write(call, table, row.partition, row.sort, item, None, expired=True)
    tx.delete(Next, table.serial, "")
    following = next(tx.range(Expiry, table.serial, limit=1), None)
    if following is not None:
        _look_at(call, table, following.at if len(due) < LOT else min(following.at, int(call.now)))


def enable(call: Call, table: Table, attribute: str) -> Table:
    """Let a table's items go by an attribute."""
    call.tx.put(replace(particulars(call, table), ttl_status="ENABLING", ttl_changed_at=call.now))
    place = {"account": table.account, "region": table.region, "name": table.name, "serial": table.serial}
    call.emit(FindExpiring(**place, attribute=attribute))
    return watch(call, replace(table, ttl_attribute=attribute))


def disable(call: Call, table: Table) -> Table:
    """Let a table's items stay."""
    call.tx.put(replace(particulars(call, table), ttl_status="DISABLED", ttl_changed_at=call.now))
    call.emit(ForgetExpiring(serial=table.serial))
    return watch(call, replace(table, ttl_attribute=""))


@dynamodb.task(FindExpiring)
def find_expiring(call: Call, task: FindExpiring) -> None:
    """Keep when the next items go; at the end the table's time to live is enabled."""
    table = _of(call, task)
    if table is None or table.ttl_attribute != task.attribute:
        return
    at_hand(call, table)
    after = (table.serial, task.partition, task.sort) if task.partition else None
    lot = list(islice(call.tx.range(Item, table.serial, after=after), LOT))
    for item in lot:
        at = minute_of(loaded(item.body), task.attribute)
        if at is not None:
            _keep(call, table, at, item.partition, item.sort)
    if len(lot) == LOT:
        call.emit(replace(task, partition=lot[-1].partition, sort=lot[-1].sort))
    else:
        call.tx.put(replace(particulars(call, table), ttl_status="ENABLED"))


@dynamodb.task(ForgetExpiring)
def forget_expiring(call: Call, task: ForgetExpiring) -> None:
    """Drop the next rows."""
    call.tx.delete(Next, task.serial, "")
    if not clear(call, Expiry, task.serial):
        call.emit(task)
