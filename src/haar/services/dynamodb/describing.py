"""A table as DescribeTable tells of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from haar.kit import Call
from haar.services.dynamodb.particulars import Particulars, arn_of_index, particulars
from haar.services.dynamodb.resources import SecondaryIndex, Table
from haar.services.dynamodb.schemas import schema_of

__all__ = ["described", "described_encryption", "described_index", "described_projection"]

_DAY = 86_400.0
# What a table that nobody warmed can take at once in on-demand mode (Developer Guide, on-demand-capacity-mode.html).
_WARM = {"PAY_PER_REQUEST": (12_000, 4_000), "PROVISIONED": (0, 0)}


def lowered_today(times: list[float], now: float) -> list[float]:
    """Those of some instants that lie in the UTC day of `now`."""
    today = now // _DAY
    return [one for one in times if one // _DAY == today]


def described(call: Call, table: Table) -> dict[str, Any]:
    """The TableDescription of a table."""
    kept = particulars(call, table)
    items, size = kept.counted.get("", (0, 0))
    local = [_local(table, index, kept) for index in table.indexes if index.is_local]
    others = [described_index(table, index, kept, call.now) for index in table.indexes if not index.is_local]
    shown: dict[str, Any] = {
        "AttributeDefinitions": [{"AttributeName": n, "AttributeType": kind} for n, kind in table.types.items()],
        "TableName": table.name,
        "KeySchema": schema_of((table.hash_key,), (table.range_key,)),
        "TableStatus": table.status,
        "CreationDateTime": table.created_at,
        "ProvisionedThroughput": _throughput(table.read_units, table.write_units, kept, "", call.now),
        "TableSizeBytes": size,
        "ItemCount": items,
        "TableArn": table.arn,
        "TableId": table.id,
        "LocalSecondaryIndexes": local or None,
        "GlobalSecondaryIndexes": others or None,
        "DeletionProtectionEnabled": table.deletion_protection,
        "SSEDescription": described_encryption(table),
        "WarmThroughput": _warm(table, table.read_units, table.write_units, table.status),
    }
    if table.status == "CREATING":
        del shown["WarmThroughput"]
    if table.billing == "PAY_PER_REQUEST" or kept.on_demand_at:
        shown["BillingModeSummary"] = {
            "BillingMode": table.billing,
            "LastUpdateToPayPerRequestDateTime": kept.on_demand_at or None,
        }
    if table.read_requests_max != -1 or table.write_requests_max != -1:
        shown["OnDemandThroughput"] = _limits(table.read_requests_max, table.write_requests_max)
    if table.table_class:
        shown["TableClassSummary"] = {
            "TableClass": table.table_class,
            "LastUpdateDateTime": kept.class_changed_at or None,
        }
    if table.stream_view:
        shown["StreamSpecification"] = {"StreamEnabled": True, "StreamViewType": table.stream_view}
    if table.stream_label:
        shown["LatestStreamLabel"] = table.stream_label
        shown["LatestStreamArn"] = f"{table.arn}/stream/{table.stream_label}"
    if kept.restored_to:
        shown["RestoreSummary"] = {
            "SourceBackupArn": kept.restored_backup or None,
            "SourceTableArn": kept.restored_table or None,
            "RestoreDateTime": kept.restored_to,
            "RestoreInProgress": kept.restoring,
        }
    if kept.replicas:
        shown["GlobalTableVersion"] = "2019.11.21"
        shown["MultiRegionConsistency"] = "EVENTUAL"
        shown["Replicas"] = [_replica(call, table, region) for region in kept.replicas if region != table.region]
    return shown


def _replica(call: Call, table: Table, region: str) -> dict[str, Any]:
    other = call.tx.get(Table, table.account, region, table.name)
    status = other.status if other is not None else "CREATING"
    shown: dict[str, Any] = {"RegionName": region, "ReplicaStatus": status}
    if other is not None and other.table_class:
        shown["ReplicaTableClassSummary"] = {"TableClass": other.table_class}
    return shown


def _throughput(read: int, write: int, kept: Particulars, name: str, now: float) -> dict[str, Any]:
    lowered = kept.lowered.get(name, [])
    return {
        "LastIncreaseDateTime": kept.raised.get(name),
        "LastDecreaseDateTime": lowered[-1] if lowered else None,
        "NumberOfDecreasesToday": len(lowered_today(lowered, now)),
        "ReadCapacityUnits": read,
        "WriteCapacityUnits": write,
    }


def _limits(read: int, write: int) -> dict[str, int]:
    return {"MaxReadRequestUnits": read, "MaxWriteRequestUnits": write}


def _warm(table: Table, read: int, write: int, status: str) -> dict[str, Any]:
    least = _WARM[table.billing]
    return {
        "ReadUnitsPerSecond": max(read, least[0]),
        "WriteUnitsPerSecond": max(write, least[1]),
        "Status": "UPDATING" if status == "UPDATING" else "ACTIVE",
    }


def described_projection(index: SecondaryIndex) -> dict[str, Any]:
    """The Projection of an index."""
    shown: dict[str, Any] = {"ProjectionType": index.projection}
    if index.included:
        shown["NonKeyAttributes"] = list(index.included)
    return shown


def _local(table: Table, index: SecondaryIndex, kept: Particulars) -> dict[str, Any]:
    items, size = kept.counted.get(index.name, (0, 0))
    return {
        "IndexName": index.name,
        "KeySchema": schema_of(index.hash_keys, index.range_keys),
        "Projection": described_projection(index),
        "IndexSizeBytes": size,
        "ItemCount": items,
        "IndexArn": arn_of_index(table, index.name),
    }


def described_index(table: Table, index: SecondaryIndex, kept: Particulars, now: float) -> dict[str, Any]:
    """The GlobalSecondaryIndexDescription of an index."""
    shown = _local(table, index, kept)
    shown["IndexStatus"] = index.status
    shown["ProvisionedThroughput"] = _throughput(index.read_units, index.write_units, kept, index.name, now)
    if index.status == "CREATING" and table.status != "CREATING":
        shown["Backfilling"] = index.backfilling
    if index.read_requests_max != -1 or index.write_requests_max != -1:
        shown["OnDemandThroughput"] = _limits(index.read_requests_max, index.write_requests_max)
    if index.status == "ACTIVE":
        shown["WarmThroughput"] = _warm(table, index.read_units, index.write_units, index.status)
    return shown


def described_encryption(table: Table) -> Mapping[str, Any] | None:
    """The SSEDescription of a table; None under AWS's own key."""
    if not table.encryption:
        return None
    status = "ENABLED" if table.status != "CREATING" else "ENABLING"
    return {"Status": status, "SSEType": "KMS", "KMSMasterKeyArn": table.kms_key}
