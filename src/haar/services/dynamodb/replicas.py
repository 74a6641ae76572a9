"""Global tables: a table in several regions, all of which take writes.

Every write carries the instant and the region it was made in. After the commit it leaves for the other regions,
through the outbox; there the later of two writes to an item stays, and of two in one instant that of the region whose
name sorts last. What travels is which item changed, so late and repeated deliveries do no harm: the newest arrives.

Source: DynamoDB Developer Guide, V2globaltables_HowItWorks.html.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any

from haar.kit import Call, Record, Task, key, replace
from haar.services.dynamodb import expiry, streams
from haar.services.dynamodb.lifecycle import LOT, cleared_with_table, settle
from haar.services.dynamodb.particulars import Particulars, particulars, settle_seconds, watch
from haar.services.dynamodb.resources import Item, SecondaryIndex, Table
from haar.services.dynamodb.schemas import Units
from haar.services.dynamodb.sealed_tables import at_hand
from haar.services.dynamodb.service import dynamodb, invalid, invalid_value
from haar.services.dynamodb.values import loaded
from haar.services.dynamodb.writing import Change, on_write, read, write

__all__ = ["change", "leave", "mirror"]

_IMAGES = "NEW_AND_OLD_IMAGES"
#: How long a deletion is remembered, to be told from a write that was made before it.
_DELETION_SECONDS = 86_400.0


@cleared_with_table
class Version(Record, expires="until"):
    """When and where an item of a global table was last written."""

    table: str = key()
    partition: str = key()
    sort: str = key()
    at: float
    region: str
    #: it comes from another region, and the item is about to be written
    arriving: bool = False
    #: of an item that was deleted
    until: float | None = None


class Replicate(Task):
    """Bring an item of one region to another."""

    account: str
    name: str
    source: str
    target: str
    partition: str
    sort: str


class Furnish(Task):
    """Bring all items of one region to a new replica, some at a time."""

    account: str
    name: str
    source: str
    target: str
    partition: str = ""
    sort: str = ""


def _others(call: Call, table: Table, kept: Particulars) -> list[Table]:
    found = (
        call.tx.get(Table, table.account, region, table.name) for region in kept.replicas if region != table.region
    )
    return [one for one in found if one is not None]


# ---- who belongs to it


def change(call: Call, table: Table, updates: Sequence[Mapping[str, Any]]) -> Table:
    """Add replicas to a table, or take some away, as the ReplicaUpdates of UpdateTable say."""
    for one in updates:
        if len(one) != 1:
            raise invalid_value("One of ReplicationGroupUpdate's Create, Update and Delete must be specified")
        ((verb, wanted),) = one.items()
        region = wanted["RegionName"]
        kept = particulars(call, table)
        if verb == "Create":
            table = _join(call, table, kept, wanted)
        elif region not in kept.replicas or region == table.region:
            raise invalid(
                "Update global table operation failed because one or more replicas were not part of the global table: "
                f"{region}"
            )
        elif verb == "Delete":
            table = _dismiss(call, table, kept, region)
        else:
            _override(call, table, wanted)
    return call.tx.put(replace(table, status="UPDATING"))


def _join(call: Call, table: Table, kept: Particulars, wanted: Mapping[str, Any]) -> Table:
    region = wanted["RegionName"]
    if region == table.region or call.tx.get(Table, table.account, region, table.name) is not None:
        raise invalid(
            f"Failed to create a the new replica of table with name: '{table.name}' because one or more replicas "
            "already existed as tables."
        )
    new_arn = Table.arn_for(table.account, region, table.name)
    call.ports.guard.authorize(call, "dynamodb:CreateTableReplica", [(table.arn, table), (new_arn, None)], None, {})
    if not table.stream_view:
        table = streams.begin(call, table, _IMAGES)
    elif table.stream_view != _IMAGES:
        raise invalid_value(f"A global table needs a stream with the view {_IMAGES}; the table has {table.stream_view}")
    regions = (*(kept.replicas or (table.region,)), region)
    override = wanted.get("ProvisionedThroughputOverride") or {}
    units = Units(override.get("ReadCapacityUnits", table.read_units), table.write_units)
    replica = Table(
        account=table.account,
        region=region,
        name=table.name,
        id=call.new_id(),
        serial=call.ports.ids.hex(12),
        hash_key=table.hash_key,
        range_key=table.range_key,
        types=table.types,
        indexes=tuple(_fresh(call, index) for index in table.indexes if index.status != "DELETING"),
        status="CREATING",
        billing=table.billing,
        read_units=units.read,
        write_units=units.write,
        read_requests_max=table.read_requests_max,
        write_requests_max=table.write_requests_max,
        table_class=wanted.get("TableClassOverride", table.table_class),
        ttl_attribute=table.ttl_attribute,
        created_at=call.now,
    )
    call.tx.put(
        Particulars(
            table=replica.serial, replicas=regions, ttl_status=kept.ttl_status, ttl_changed_at=kept.ttl_changed_at
        )
    )
    streams.begin(call, call.tx.put(replica), _IMAGES)
    for other in (table, *_others(call, table, kept)):
        call.tx.put(replace(particulars(call, other), replicas=regions))
        watch(call, other)
    call.emit(Furnish(account=table.account, name=table.name, source=table.region, target=region))
    found = call.tx.get(Table, *table.key)
    assert found is not None
    return found


def _fresh(call: Call, index: SecondaryIndex) -> SecondaryIndex:
    return replace(
        index, serial=call.ports.ids.hex(12), status="ACTIVE" if index.is_local else "CREATING", backfilling=False
    )


def _dismiss(call: Call, table: Table, kept: Particulars, region: str) -> Table:
    replica = call.tx.get(Table, table.account, region, table.name)
    if replica is not None:
        call.ports.guard.authorize(
            call, "dynamodb:DeleteTableReplica", [(table.arn, table), (replica.arn, replica)], None, {}
        )
        if replica.deletion_protection:
            raise invalid(
                "Resource cannot be deleted as it is currently protected against deletion. "
                "Disable deletion protection first."
            )
        leave(call, replica)
        replica = call.tx.get(Table, *replica.key)
        assert replica is not None
        if replica.stream_view:
            replica = streams.cease(call, replica)
        settle(call, call.tx.put(replace(replica, status="DELETING")), settle_seconds(replica))
    found = call.tx.get(Table, *table.key)
    assert found is not None
    return found


def leave(call: Call, table: Table) -> None:
    """Take a table out of its global table; of the last one left it is one no more."""
    kept = particulars(call, table)
    if not kept.replicas:
        return
    rest = tuple(region for region in kept.replicas if region != table.region)
    for other in _others(call, table, kept):
        call.tx.put(replace(particulars(call, other), replicas=rest if len(rest) > 1 else ()))
        watch(call, other)
    call.tx.put(replace(kept, replicas=()))
    watch(call, table)


def _override(call: Call, table: Table, wanted: Mapping[str, Any]) -> None:
    replica = call.tx.get(Table, table.account, wanted["RegionName"], table.name)
    if replica is None:
        return
    override = wanted.get("ProvisionedThroughputOverride") or {}
    call.tx.put(
        replace(
            replica,
            table_class=wanted.get("TableClassOverride", replica.table_class),
            read_units=override.get("ReadCapacityUnits", replica.read_units),
        )
    )


def mirror(call: Call, before: Table, table: Table) -> None:
    """Have the other replicas of a table take over what must be the same everywhere: indexes, billing, expiry."""
    kept = particulars(call, table)
    for other in _others(call, table, kept):
        indexes = []
        for index in table.indexes:
            there = other.index(index.name)
            if there is None:
                there = replace(_fresh(call, index), status="CREATING")
            status = "DELETING" if index.status == "DELETING" else there.status
            indexes.append(replace(there, read_units=index.read_units, write_units=index.write_units, status=status))
        changed = replace(
            other, indexes=tuple(indexes), types=table.types, billing=table.billing, write_units=table.write_units,
            read_units=table.read_units if before.billing != table.billing else other.read_units,
            status="UPDATING",
        )  # fmt: skip
        if replace(changed, status=other.status) != other:
            other = call.tx.put(changed)
            settle(call, other, settle_seconds(changed))
        if other.ttl_attribute != table.ttl_attribute:
            if other.ttl_attribute:
                other = expiry.disable(call, other)
            if table.ttl_attribute:
                expiry.enable(call, other, table.ttl_attribute)


# ---- what is written


@on_write
def send(call: Call, table: Table, change: Change) -> None:
    """Let a write leave for the other regions; one that came from there stays."""
    regions = particulars(call, table).replicas
    if not regions:
        return
    until = None if change.new is not None else call.now + _DELETION_SECONDS
    version = call.tx.get(Version, table.serial, change.partition, change.sort)
    if version is not None and version.arriving:
        call.tx.put(replace(version, arriving=False, until=until))
        return
    call.tx.put(
        Version(
            table=table.serial, partition=change.partition, sort=change.sort, at=call.now, region=table.region,
            until=until,
        )
    )  # fmt: skip
    for region in regions:
        if region != table.region:
            task = Replicate(
                account=table.account, name=table.name, source=table.region, target=region,
                partition=change.partition, sort=change.sort,
            )  # fmt: skip
            call.later(call.now + table.lag_seconds, task)


def _both(call: Call, task: Replicate | Furnish) -> tuple[Table, Table] | None:
    source = call.tx.get(Table, task.account, task.source, task.name)
    target = call.tx.get(Table, task.account, task.target, task.name)
    if source is None or target is None or task.target not in particulars(call, source).replicas:
        return None
    at_hand(call, source)
    at_hand(call, target)
    return source, target


def _deliver(call: Call, source: Table, target: Table, partition: str, sort: str) -> None:
    item = read(call, source, partition, sort)
    version = call.tx.get(Version, source.serial, partition, sort)
    there = call.tx.get(Version, target.serial, partition, sort)
    at, region = (version.at, version.region) if version is not None else (0.0, source.region)
    if there is not None and (there.at, there.region) >= (at, region):
        return
    old = read(call, target, partition, sort)
    if item is None and old is None:
        if version is not None:
            # an older write that comes later must not bring the item back
            until = call.now + _DELETION_SECONDS
            call.tx.put(replace(version, table=target.serial, arriving=False, until=until))
        return
    call.tx.put(Version(table=target.serial, partition=partition, sort=sort, at=at, region=region, arriving=True))
    if item is None:
        write(call, target, partition, sort, old, None)
    else:
        write(call, target, partition, sort, old, loaded(item.body), item.size)


@dynamodb.task(Replicate)
def replicate(call: Call, task: Replicate) -> None:
    """Make an item in one region what it is in another, unless it was written later there."""
    both = _both(call, task)
    if both is not None:
        _deliver(call, *both, task.partition, task.sort)


@dynamodb.task(Furnish)
def furnish(call: Call, task: Furnish) -> None:
    """Bring the next items to a new replica."""
    both = _both(call, task)
    if both is None:
        return
    source, target = both
    after = (source.serial, task.partition, task.sort) if task.partition else None
    lot = list(islice(call.tx.range(Item, source.serial, after=after), LOT))
    for item in lot:
        _deliver(call, source, target, item.partition, item.sort)
    if len(lot) == LOT:
        call.emit(replace(task, partition=lot[-1].partition, sort=lot[-1].sort))
    else:
        settle(call, target, settle_seconds(source))
