"""What a table's items were at an instant: backups, restores, exports.

A snapshot begins in one transaction. From then on, whoever writes an item first puts what it was into the snapshot, and
meanwhile everything else is copied, some items at a time; so a snapshot is of one instant, and nobody waits for it.

Point-in-time recovery keeps, for every write, what the item was before. A table as it was is a snapshot of now with
the writes since then taken back, the latest first.

Source: DynamoDB Developer Guide, backuprestore_HowItWorks.html and PointInTimeRecovery_Howitworks.html.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from typing import Any

import msgspec

from haar.kit import Call, Record, Resource, Task, key, replace
from haar.services.dynamodb.lifecycle import LOT, clear, cleared_with_table, count, count_later, keeps_rows
from haar.services.dynamodb.particulars import Particulars, particulars, watch
from haar.services.dynamodb.resources import Forget, Item, SecondaryIndex, Table
from haar.services.dynamodb.sealed_tables import at_hand_for, closed
from haar.services.dynamodb.service import dynamodb
from haar.services.dynamodb.values import loaded, size_of
from haar.services.dynamodb.writing import Change, on_write, read, tallied, write

__all__ = [
    "LATEST_SECONDS", "Backup", "Blueprint", "Saved", "Snapshot", "begin", "blueprint_of", "drop", "earliest", "fill",
    "forget_journal", "keep", "latest", "on_taken",
]  # fmt: skip

#: The last instant a table can be restored to is so long ago.
LATEST_SECONDS = 300.0
#: How long the backup of a deleted table is there, that point-in-time recovery makes.
DELETED_SECONDS = 35 * 86_400.0


class Blueprint(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a table was besides its items."""

    table: str
    account: str
    region: str
    #: the serial number of the table, whose keys seal the items of its copies
    serial: str = ""
    id: str
    hash_key: str
    range_key: str = ""
    types: dict[str, str]
    indexes: tuple[SecondaryIndex, ...] = ()
    billing: str
    read_units: int = 0
    write_units: int = 0
    table_class: str = ""
    kms_key: str = ""
    stream_view: str = ""
    ttl_attribute: str = ""
    created_at: float
    items: int = 0
    size: int = 0


class Backup(
    Resource,
    arn="arn:{partition}:dynamodb:{region}:{account}:table/{table}/backup/{id}",
    missing=("BackupNotFoundException", "Backup not found: table/{0}/backup/{1}"),
):
    """A backup of a table. `serial` is that of its snapshot, or of the rows of a table that is gone."""

    table: str = key()
    id: str = key()
    name: str
    serial: str
    blueprint: Blueprint
    #: CREATING or AVAILABLE
    status: str = "CREATING"
    #: USER or SYSTEM
    kind: str = "USER"
    expires_at: float = 0.0
    #: its items are the rows of the table itself, which is gone
    is_remains: bool = False


class Snapshot(Record):
    """A snapshot that is being taken, and what it is for: (a purpose, a key) that `on_taken` is told of."""

    serial: str = key()
    account: str
    region: str
    table: str
    #: the serial number of the table
    source: str
    purpose: str
    place: tuple[str, ...]
    #: the journal's last number then, and the one to go back to; 0: not at all
    taken: int = 0
    back_to: int = 0


class Saved(Record):
    """An item in a snapshot. An empty body: there was no such item."""

    snapshot: str = key()
    partition: str = key()
    sort: str = key()
    size: int
    body: bytes


@cleared_with_table
class Journal(Record, expires="until"):
    """What an item was before a write. `number` is the microsecond of the write, or one more than the last."""

    table: str = key()
    number: int = key()
    partition: str
    sort: str
    old: bytes
    until: float


@cleared_with_table
class JournalTip(Record, hot=True):
    """The last number of a table's journal."""

    table: str = key()
    one: str = key()
    last: int


class Take(Task):
    """Copy the next items into a snapshot."""

    serial: str
    partition: str = ""
    sort: str = ""


class TakeBack(Task):
    """Take back the next writes in a snapshot, from a number of the journal down."""

    serial: str
    number: int


class Fill(Task):
    """Put the next items of a snapshot into a table that is being restored."""

    serial: str
    is_remains: bool
    #: the table whose keys seal the items
    keys: tuple[str, str, str, str]
    account: str
    region: str
    table: str
    target: str
    partition: str = ""
    sort: str = ""
    #: the snapshot was made for this, and is not needed any more
    drops: bool = False


class Drop(Task):
    """Drop the items of a snapshot."""

    serial: str


def blueprint_of(call: Call, table: Table) -> Blueprint:
    """What a table is, to make another one like it."""
    items, size = tallied(call, table.serial)
    return Blueprint(
        table=table.name, account=table.account, region=table.region, id=table.id,
        serial=table.serial, hash_key=table.hash_key,
        range_key=table.range_key, types=table.types, indexes=table.indexes, billing=table.billing,
        read_units=table.read_units, write_units=table.write_units, table_class=table.table_class,
        kms_key=table.kms_key, stream_view=table.stream_view, ttl_attribute=table.ttl_attribute,
        created_at=table.created_at, items=items, size=size,
    )  # fmt: skip


# ---- taking one

_taken: dict[str, Callable[[Call, Snapshot], None]] = {}


def on_taken(purpose: str) -> Callable[[Callable[[Call, Snapshot], None]], Callable[[Call, Snapshot], None]]:
    """Register what is done with a snapshot of a purpose when it is complete."""

    def register(function: Callable[[Call, Snapshot], None]) -> Callable[[Call, Snapshot], None]:
        _taken[purpose] = function
        return function

    return register


def begin(call: Call, table: Table, purpose: str, place: tuple[str, ...], at: float | None = None) -> str:
    """Begin a snapshot of a table's items now, or of an instant in the past; the answer is its serial number."""
    serial = call.ports.ids.hex(12)
    tip = call.tx.get(JournalTip, table.serial, "")
    call.tx.put(
        Snapshot(
            serial=serial, account=table.account, region=table.region, table=table.name, source=table.serial,
            purpose=purpose, place=place, taken=tip.last if tip is not None else 0,
            back_to=_number(at) if at is not None else 0,
        )
    )  # fmt: skip
    kept = particulars(call, table)
    call.tx.put(replace(kept, snapshots=(*kept.snapshots, serial)))
    watch(call, table)
    call.emit(Take(serial=serial))
    return serial


def _number(at: float) -> int:
    return int(at * 1_000_000)


@on_write
def save(call: Call, table: Table, change: Change) -> None:
    """Put what an item was into the snapshots that are being taken, and into the journal."""
    kept = particulars(call, table)
    old = change.old or b""
    for serial in kept.snapshots:
        if call.tx.get(Saved, serial, change.partition, change.sort) is None:
            size = size_of(loaded(old)) if old else 0
            body = closed(call, table, old)
            call.tx.put(Saved(snapshot=serial, partition=change.partition, sort=change.sort, size=size, body=body))
    if kept.pitr_since and change.old != change.new:
        tip = call.tx.get(JournalTip, table.serial, "")
        number = max(tip.last + 1 if tip is not None else 0, _number(call.now))
        call.tx.put(JournalTip(table=table.serial, one="", last=number))
        call.tx.put(
            Journal(
                table=table.serial, number=number, partition=change.partition, sort=change.sort,
                old=closed(call, table, old), until=call.now + kept.pitr_days * 86_400.0,
            )
        )  # fmt: skip


@dynamodb.task(Take)
def take(call: Call, task: Take) -> None:
    """Copy the next items that nobody has written since."""
    snapshot = call.tx.get(Snapshot, task.serial)
    if snapshot is None:
        return
    tx = call.tx
    after = (snapshot.source, task.partition, task.sort) if task.partition else None
    lot = list(islice(tx.range(Item, snapshot.source, after=after), LOT))
    for item in lot:
        if tx.get(Saved, task.serial, item.partition, item.sort) is None:
            tx.put(
                Saved(snapshot=task.serial, partition=item.partition, sort=item.sort, size=item.size, body=item.body)
            )
    if len(lot) == LOT:
        call.emit(replace(task, partition=lot[-1].partition, sort=lot[-1].sort))
        return
    table = tx.get(Table, snapshot.account, snapshot.region, snapshot.table)
    if table is not None and table.serial == snapshot.source:
        kept = particulars(call, table)
        tx.put(replace(kept, snapshots=tuple(one for one in kept.snapshots if one != task.serial)))
        watch(call, table)
    if snapshot.back_to:
        call.emit(TakeBack(serial=task.serial, number=snapshot.taken))
    else:
        _complete(call, snapshot)


@dynamodb.task(TakeBack)
def take_back(call: Call, task: TakeBack) -> None:
    """Undo the latest writes that are left to undo."""
    snapshot = call.tx.get(Snapshot, task.serial)
    if snapshot is None:
        return
    rows = call.tx.range(
        Journal, snapshot.source, start=snapshot.back_to + 1, stop=task.number, reverse=True, limit=LOT
    )
    lot = list(rows)
    at_hand_for(call, snapshot.source, snapshot.account, snapshot.region, snapshot.table)
    for row in lot:
        size = size_of(loaded(row.old)) if row.old else 0
        call.tx.put(Saved(snapshot=task.serial, partition=row.partition, sort=row.sort, size=size, body=row.old))
    if len(lot) == LOT:
        call.emit(replace(task, number=lot[-1].number - 1))
    else:
        _complete(call, snapshot)


def _complete(call: Call, snapshot: Snapshot) -> None:
    call.tx.delete(snapshot)
    _taken[snapshot.purpose](call, snapshot)


def drop(call: Call, serial: str) -> None:
    """Have the items of a snapshot go."""
    call.emit(Drop(serial=serial))


@dynamodb.task(Drop)
def drop_next(call: Call, task: Drop) -> None:
    """Drop the next items."""
    if not clear(call, Saved, task.serial):
        call.emit(task)


# ---- restoring from one


def fill(
    call: Call,
    serial: str,
    keys: tuple[str, str, str, str],
    target: Table,
    *,
    is_remains: bool = False,
    drops: bool = False,
) -> None:
    """Put the items of a snapshot into a table, and make it active at the end.

    `keys` names the table whose keys seal the items: its serial number, account, region and name.
    """
    place = {"account": target.account, "region": target.region, "table": target.name, "target": target.serial}
    call.emit(Fill(serial=serial, keys=keys, is_remains=is_remains, drops=drops, **place))


@dynamodb.task(Fill)
def fill_next(call: Call, task: Fill) -> None:
    """Put the next items in."""
    table = call.tx.get(Table, task.account, task.region, task.table)
    if table is None or table.serial != task.target:
        return
    kind: type[Item | Saved] = Item if task.is_remains else Saved
    after = (task.serial, task.partition, task.sort) if task.partition else None
    lot: list[Any] = list(islice(call.tx.range(kind, task.serial, after=after), LOT))
    at_hand_for(call, *task.keys)
    for row in lot:
        if row.body:
            old = read(call, table, row.partition, row.sort)
            write(call, table, row.partition, row.sort, old, loaded(row.body), row.size)
    if len(lot) == LOT:
        call.emit(replace(task, partition=lot[-1].partition, sort=lot[-1].sort))
        return
    if task.drops:
        drop(call, task.serial)
    call.tx.put(replace(particulars(call, table), restoring=False))
    indexes = tuple(replace(index, status="ACTIVE") for index in table.indexes)
    table = call.tx.put(replace(table, status="ACTIVE", indexes=indexes))
    count(call, table)
    count_later(call, table)


# ---- point-in-time recovery


def earliest(kept: Particulars, now: float) -> float:
    """The first instant a table can be restored to."""
    return max(kept.pitr_since, now - kept.pitr_days * 86_400.0)


def latest(kept: Particulars, now: float) -> float:
    """The last one."""
    return max(now - LATEST_SECONDS, kept.pitr_since)


class ForgetJournal(Task):
    """Drop the journal of a table."""

    table: str


def forget_journal(call: Call, table: Table) -> None:
    """Have what point-in-time recovery keeps of a table go."""
    call.emit(ForgetJournal(table=table.serial))


@dynamodb.task(ForgetJournal)
def forget_next(call: Call, task: ForgetJournal) -> None:
    """Drop the next rows, unless recovery was switched on anew."""
    if call.tx.any(Particulars, task.table):
        kept = call.tx.get(Particulars, task.table)
        if kept is not None and kept.pitr_since:
            return
    if not clear(call, Journal, task.table):
        call.emit(task)


@keeps_rows
def keep(call: Call, table: Table) -> bool:
    """Keep a backup of a table with point-in-time recovery that is deleted: its rows themselves."""
    if not particulars(call, table).pitr_since:
        return False
    backup = Backup(
        account=table.account, region=table.region, table=table.name, id=backup_id(call),
        name=f"{table.name}$DeletedTableBackup", serial=table.serial, blueprint=blueprint_of(call, table),
        status="AVAILABLE", kind="SYSTEM", expires_at=call.now + DELETED_SECONDS, is_remains=True, created_at=call.now,
    )  # fmt: skip
    call.later(backup.expires_at, End(account=backup.account, region=backup.region, table=backup.table, id=backup.id))
    call.tx.put(backup)
    return True


def backup_id(call: Call) -> str:
    """A new backup's id: its millisecond, and something by chance."""
    return f"{int(call.now * 1000):014d}-{call.ports.ids.hex(8)}"


class End(Task):
    """End a backup that was kept for some time."""

    account: str
    region: str
    table: str
    id: str


@dynamodb.task(End)
def end_backup(call: Call, task: End) -> None:
    """Delete a backup whose time is over."""
    backup = call.tx.get(Backup, task.account, task.region, task.table, task.id)
    if backup is not None:
        remove(call, backup)


def remove(call: Call, backup: Backup) -> None:
    """Delete a backup with its items."""
    call.tx.delete(backup)
    if backup.is_remains:
        call.emit(Forget(serial=backup.serial))
    else:
        drop(call, backup.serial)
