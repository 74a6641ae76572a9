"""UpdateTable: throughput, billing, indexes, streams, encryption, class, protection, and replicas.

Source: DynamoDB API Reference, API_UpdateTable.html.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from haar.kit import Call, replace
from haar.services.dynamodb import encryption, replicas, streams
from haar.services.dynamodb.lifecycle import settle, with_index
from haar.services.dynamodb.particulars import Particulars, particulars, settle_seconds
from haar.services.dynamodb.resources import SecondaryIndex, Table
from haar.services.dynamodb.schemas import (
    Units,
    check_definitions,
    check_indexes,
    definitions,
    index_of,
    on_demand,
    provisioned,
)
from haar.services.dynamodb.service import dynamodb, invalid, invalid_value
from haar.services.dynamodb.throughput import check_account, check_lowering, check_units

__all__ = ["change", "in_use"]

_CHANGES = (
    "BillingMode", "ProvisionedThroughput", "GlobalSecondaryIndexUpdates", "StreamSpecification", "SSESpecification",
    "ReplicaUpdates", "TableClass", "DeletionProtectionEnabled", "OnDemandThroughput", "WarmThroughput",
    "MultiRegionConsistency", "GlobalTableWitnessUpdates", "GlobalTableSettingsReplicationMode",
    "DisassociationProtectionEnabled", "VectorIndexUpdates",
)  # fmt: skip
#: What UpdateTable does not do, and what it says instead.
_NOT_BUILT = {
    "VectorIndexUpdates": "Vector indexes are not supported.",
    "GlobalTableWitnessUpdates": "Global tables with strong consistency are not supported, and have no witnesses.",
    "GlobalTableSettingsReplicationMode": "Settings are not replicated between accounts.",
    "DisassociationProtectionEnabled": "Disassociation protection is not supported.",
    "WarmThroughput": "Warm throughput cannot be set: nothing here is cold.",
}
#: How often a table is switched to on-demand mode in a day at most.
SWITCHES_MAX = 4
_DAY = 86_400.0
_DOING = {"CREATING": "created", "UPDATING": "updated", "DELETING": "deleted"}


def in_use(table: Table) -> Exception:
    """What is answered about a table that is not at rest."""
    return dynamodb.error(
        "ResourceInUseException",
        "Attempt to change a resource which is still in use: "
        f"Table is being {_DOING.get(table.status, 'updated')}: {table.name}",
    )


def change(call: Call, table: Table, request: Mapping[str, Any], indexes_max: float) -> Table:
    """Change a table as a request of UpdateTable says."""
    if not any(name in request for name in _CHANGES):
        raise invalid(
            "At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates or "
            "SSESpecification or ReplicaUpdates is required"
        )
    for name, reason in _NOT_BUILT.items():
        if name in request:
            raise invalid(reason)
    if request.get("MultiRegionConsistency") == "STRONG":
        raise invalid("Global tables with strong consistency are not supported.")
    if table.status != "ACTIVE":
        raise in_use(table)
    before = table
    types = {**table.types, **definitions(request.get("AttributeDefinitions", ()))}
    table = _throughput(call, table, request)
    table, slow = _indexes(call, table, request, types, indexes_max)
    check_account(call, before, Units(table.read_units, table.write_units), table.indexes)
    table, encrypted = _settings(call, table, request)
    units = (before.billing, before.read_units, before.write_units)
    slow = slow or encrypted or units != (table.billing, table.read_units, table.write_units)
    if slow:
        table = replace(table, status="UPDATING")
    call.tx.put(table)
    if "StreamSpecification" in request:
        table = _stream(call, replace(table, status="UPDATING"), request["StreamSpecification"])
        slow = True
    streams.rescale(call, table)
    if updates := request.get("ReplicaUpdates"):
        table = replicas.change(call, table, updates)
        slow = True
    replicas.mirror(call, before, table)
    if slow:
        settle(call, table, settle_seconds(table))
    return table


def _settings(call: Call, table: Table, request: Mapping[str, Any]) -> tuple[Table, bool]:
    """The table with its class, protection and encryption changed; whether it takes a moment."""
    slow = False
    if "DeletionProtectionEnabled" in request:
        table = replace(table, deletion_protection=request["DeletionProtectionEnabled"])
    given = request.get("TableClass")
    if given is not None and given != (table.table_class or "STANDARD"):
        call.tx.put(replace(particulars(call, table), class_changed_at=call.now))
        table, slow = replace(table, table_class=given), True
    if "SSESpecification" in request:
        kms_key = encryption.key_of(call, request["SSESpecification"], table.name)
        if kms_key == table.kms_key:
            raise invalid_value("Table is already encrypted by given KMSMasterKeyId")
        table, slow = replace(table, kms_key=kms_key, encryption="KMS" if kms_key else ""), True
    return table, slow


def _stream(call: Call, table: Table, given: Mapping[str, Any]) -> Table:
    if not given["StreamEnabled"]:
        if not table.stream_view:
            raise invalid("Table has no stream to disable")
        if particulars(call, table).replicas:
            raise invalid_value("The stream of a replica of a global table cannot be disabled")
        return streams.cease(call, table)
    view = streams.view_of(given)
    if table.stream_view:
        raise invalid(f"Table already has an enabled stream: TableName: {table.name}")
    return streams.begin(call, table, view)


# ---- throughput


def _throughput(call: Call, table: Table, request: Mapping[str, Any]) -> Table:
    billing = request.get("BillingMode", table.billing)
    given = request.get("ProvisionedThroughput")
    kept = particulars(call, table)
    if billing != table.billing:
        units = provisioned(given, billing)
        if billing == "PAY_PER_REQUEST":
            recent = [at for at in kept.switched if at > call.now - _DAY]
            if len(recent) >= SWITCHES_MAX:
                raise dynamodb.error(
                    "LimitExceededException",
                    "Subscriber limit exceeded: Update to PayPerRequest mode is limited to "
                    f"{SWITCHES_MAX} times in 24 hours.",
                )
            kept = replace(kept, switched=(*recent, call.now), on_demand_at=call.now)
            call.tx.put(kept)
            indexes = tuple(replace(index, read_units=0, write_units=0) for index in table.indexes)
        else:
            indexes = _priced(table, request)
        limits = (table.read_requests_max, table.write_requests_max) if billing == "PAY_PER_REQUEST" else (-1, -1)
        table = replace(
            table, billing=billing, read_units=units.read, write_units=units.write, indexes=indexes,
            read_requests_max=limits[0], write_requests_max=limits[1],
        )  # fmt: skip
        check_units(call, units, *indexes)
    elif given is not None:
        units = provisioned(given, billing)
        if billing == "PROVISIONED":
            table = _moved(call, table, kept, units)
    if (wanted := request.get("OnDemandThroughput")) is not None:
        reads, writes = on_demand(wanted, billing)
        table = replace(table, read_requests_max=reads, write_requests_max=writes)
    return table


def _priced(table: Table, request: Mapping[str, Any]) -> tuple[SecondaryIndex, ...]:
    """The indexes of a table that changes to provisioned mode, with the throughput that the request gives each."""
    units = {}
    for one in request.get("GlobalSecondaryIndexUpdates", ()):
        if "Update" in one and "ProvisionedThroughput" in one["Update"]:
            units[one["Update"]["IndexName"]] = one["Update"]["ProvisionedThroughput"]
    indexes = []
    for index in table.indexes:
        if index.is_local:
            indexes.append(index)
            continue
        if index.name not in units:
            raise invalid_value(f"ProvisionedThroughput must be specified for index: {index.name}")
        read, write = provisioned(units[index.name], "PROVISIONED")
        indexes.append(replace(index, read_units=read, write_units=write, read_requests_max=-1, write_requests_max=-1))
    return tuple(indexes)


def _moved(call: Call, table: Table, kept: Particulars, units: Units) -> Table:
    if units == (table.read_units, table.write_units):
        raise invalid(
            "The provisioned throughput for the table will not change. The requested value equals the current value. "
            f"Current ReadCapacityUnits provisioned for the table: {table.read_units}. Requested ReadCapacityUnits: "
            f"{units.read}. Current WriteCapacityUnits provisioned for the table: {table.write_units}. Requested "
            f"WriteCapacityUnits: {units.write}. Refer to the Amazon DynamoDB Developer Guide for current limits and "
            "how to request higher limits."
        )
    check_units(call, units)
    _noted(call, table, kept, "", Units(table.read_units, table.write_units), units)
    return replace(table, read_units=units.read, write_units=units.write)


def _noted(call: Call, table: Table, kept: Particulars, name: str, before: Units, after: Units) -> None:
    """Keep when throughput went up or down. Raises LimitExceededException when it goes down too often."""
    if after.read < before.read or after.write < before.write:
        lowered = check_lowering(call, kept, name, table.created_at)
        kept = replace(kept, lowered={**kept.lowered, name: lowered})
    if after.read > before.read or after.write > before.write:
        kept = replace(kept, raised={**kept.raised, name: call.now})
    call.tx.put(kept)


# ---- indexes


def _indexes(
    call: Call, table: Table, request: Mapping[str, Any], types: dict[str, str], indexes_max: float
) -> tuple[Table, bool]:
    """The table with its global indexes changed; whether any was."""
    updates = request.get("GlobalSecondaryIndexUpdates")
    if updates is None:
        return table, False
    online = [one for one in updates if "Create" in one or "Delete" in one]
    if len(online) > 1:
        raise dynamodb.error(
            "LimitExceededException",
            "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table",
        )
    switched = "BillingMode" in request
    for one in updates:
        if len(one) != 1:
            raise invalid_value("One of GlobalSecondaryIndexUpdate's Create, Update and Delete must be specified")
        ((verb, wanted),) = one.items()
        index = next((i for i in table.indexes if i.name == wanted["IndexName"] and not i.is_local), None)
        if verb == "Create":
            table = _added(call, table, wanted, types, indexes_max)
        elif index is None:
            raise dynamodb.error("ResourceNotFoundException", "Requested resource not found")
        elif verb == "Delete":
            table = with_index(table, replace(index, status="DELETING"), index.name)
        else:
            table = _altered(call, table, index, wanted, switched)
    return table, True


def _added(call: Call, table: Table, wanted: Mapping[str, Any], types: dict[str, str], indexes_max: float) -> Table:
    if any(index.name == wanted["IndexName"] for index in table.indexes):
        raise invalid_value("Attempting to create an index which already exists")
    for name, kind in table.types.items():
        if types[name] != kind:
            raise invalid_value(
                f"Attribute {name} is already defined as {kind} and cannot be redefined as {types[name]}"
            )
    index = index_of(
        wanted, serial=call.ports.ids.hex(12), types=types, hash_key=table.hash_key, range_key=table.range_key,
        is_local=False, billing=table.billing, status="CREATING",
    )  # fmt: skip
    indexes = (*table.indexes, index)
    check_indexes(indexes)
    if sum(not one.is_local for one in indexes) > indexes_max:
        raise dynamodb.error(
            "LimitExceededException",
            f"Subscriber limit exceeded: GlobalSecondaryIndex count exceeds the per-table limit of {indexes_max:g}",
        )
    check_definitions(types, table.hash_key, table.range_key, indexes)
    check_units(call, Units(), index)
    return replace(table, types=types, indexes=indexes)


def _altered(call: Call, table: Table, index: SecondaryIndex, wanted: Mapping[str, Any], switched: bool) -> Table:
    given = wanted.get("ProvisionedThroughput")
    if given is not None and table.billing == "PROVISIONED" and not switched:
        units = provisioned(given, "PROVISIONED")
        before = Units(index.read_units, index.write_units)
        if units == before:
            raise invalid(
                f"The provisioned throughput for the index {index.name} will not change. The requested value equals "
                f"the current value. Current ReadCapacityUnits provisioned for the index: {before.read}. Requested "
                f"ReadCapacityUnits: {units.read}. Current WriteCapacityUnits provisioned for the index: "
                f"{before.write}. Requested WriteCapacityUnits: {units.write}. Refer to the Amazon DynamoDB Developer "
                "Guide for current limits and how to request higher limits."
            )
        _noted(call, table, particulars(call, table), index.name, before, units)
        index = replace(index, read_units=units.read, write_units=units.write)
        check_units(call, Units(), index)
    elif given is not None and table.billing != "PROVISIONED":
        provisioned(given, table.billing)
    if (limits := wanted.get("OnDemandThroughput")) is not None:
        reads, writes = on_demand(limits, table.billing)
        index = replace(index, read_requests_max=reads, write_requests_max=writes)
    return with_index(table, replace(index, status="UPDATING"), index.name)
