"""Tables: making, describing, changing and deleting them, and their tags."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from haar.kit import Call, replace, tags_in
from haar.kit.tagging import check as check_tags
from haar.services.dynamodb import encryption, policies, replicas, streams
from haar.services.dynamodb.changing import change
from haar.services.dynamodb.describing import described
from haar.services.dynamodb.lifecycle import count_later, settle
from haar.services.dynamodb.particulars import Particulars, particulars, settle_seconds
from haar.services.dynamodb.resources import SecondaryIndex, Table
from haar.services.dynamodb.schemas import (
    GLOBAL_INDEXES_MAX,
    check_definitions,
    check_indexes,
    check_table_name,
    definitions,
    index_of,
    on_demand,
    primary_key,
    provisioned,
)
from haar.services.dynamodb.service import dynamodb, invalid, invalid_value
from haar.services.dynamodb.throughput import check_account, check_units

if TYPE_CHECKING:
    from haar.shapes import dynamodb as api

TABLES = dynamodb.quota("L-F98FE922", "Maximum number of tables", 2500, adjustable=True)
INDEXES = dynamodb.quota("L-F7858A77", "Global Secondary Indexes per table", GLOBAL_INDEXES_MAX, adjustable=True)

dynamodb.tagging(Table, tag="TagResource", untag="UntagResource", list="ListTagsOfResource", limit=50)


@dynamodb.names("TableName", Table)
def table_named(call: Call, name: str) -> tuple[str, ...]:
    """The key of the table that a name or an ARN stands for."""
    if name.startswith("arn:"):
        return Table.key_of(name) or (call.account, call.region, name)
    return (call.account, call.region, name)


@dynamodb.names("ResourceArn", Table)
def table_of_arn(call: Call, arn: str) -> tuple[str, ...]:
    """The key of the table of an ARN; of anything else, one that no table has."""
    return Table.key_of(arn) or (call.account, call.region, arn)


def _needed(request: Mapping[str, Any]) -> None:
    missing = [name for name in ("keySchema", "attributeDefinitions") if name[0].upper() + name[1:] not in request]
    if missing:
        told = "; ".join(
            f"Value null at '{name}' failed to satisfy constraint: Member must not be null" for name in missing
        )
        raise invalid(f"{len(missing)} validation error{'s' if len(missing) > 1 else ''} detected: {told}")


def _indexes(
    call: Call, request: Mapping[str, Any], types: Mapping[str, str], keys: tuple[str, str], billing: str
) -> tuple[SecondaryIndex, ...]:
    found = []
    for member, is_local in (("LocalSecondaryIndexes", True), ("GlobalSecondaryIndexes", False)):
        wanted = request.get(member)
        if wanted is None:
            continue
        if not wanted:
            raise invalid_value(f"List of {member} is empty")
        found += [
            index_of(
                one,
                serial=call.ports.ids.hex(12),
                types=types,
                hash_key=keys[0],
                range_key=keys[1],
                is_local=is_local,
                billing=billing,
                status="ACTIVE" if is_local else "CREATING",
            )
            for one in wanted
        ]
    check_indexes(found)
    count = sum(not index.is_local for index in found)
    if count > INDEXES.value(call):
        raise invalid_value(f"GlobalSecondaryIndex count exceeds the per-table limit of {INDEXES.value(call):g}")
    return tuple(found)


@dynamodb.operation(creates=Table)
def create_table(call: Call, request: api.CreateTableInput) -> Any:
    if "GlobalTableSourceArn" in request or "VectorIndexes" in request:
        raise invalid("GlobalTableSourceArn and VectorIndexes are not supported.")
    return {"TableDescription": described(call, made(call, request, request["TableName"]))}


def made(call: Call, request: Mapping[str, Any], named: str) -> Table:
    """A new table, CREATING, of what a request says. Raises what CreateTable raises."""
    name = table_named(call, named)[-1]
    check_table_name(name)
    _needed(request)
    types = definitions(request["AttributeDefinitions"])
    billing = request.get("BillingMode", "PROVISIONED")
    units = provisioned(request.get("ProvisionedThroughput"), billing)
    reads, writes = on_demand(request.get("OnDemandThroughput"), billing)
    keys = primary_key(request["KeySchema"], types)
    indexes = _indexes(call, request, types, keys, billing)
    check_definitions(types, *keys, indexes)
    view = streams.view_of(request.get("StreamSpecification"))
    tags = tags_in(request) or {}
    check_tags(tags)
    if call.get(Table, name) is not None:
        raise dynamodb.error("ResourceInUseException", f"Table already exists: {name}")
    TABLES.check(
        call,
        call.tx.count(Table, call.account, call.region) + 1,
        "LimitExceededException",
        "Subscriber limit exceeded: There is a limit of {limit} tables per subscriber",
    )
    check_units(call, units, *(index for index in indexes if not index.is_local))
    check_account(call, None, units, indexes)
    kms_key = encryption.key_of(call, request.get("SSESpecification"), name)
    table = Table(
        account=call.account,
        region=call.region,
        name=name,
        id=call.new_id(),
        serial=call.ports.ids.hex(12),
        hash_key=keys[0],
        range_key=keys[1],
        types=types,
        indexes=indexes,
        status="CREATING",
        billing=billing,
        read_units=units.read,
        write_units=units.write,
        read_requests_max=reads,
        write_requests_max=writes,
        deletion_protection=request.get("DeletionProtectionEnabled", False),
        table_class=request.get("TableClass", ""),
        kms_key=kms_key,
        encryption="KMS" if kms_key else "",
        tags=tags,
        created_at=call.now,
    )
    call.tx.put(Particulars(table=table.serial, on_demand_at=call.now if billing == "PAY_PER_REQUEST" else 0.0))
    call.tx.put(table)
    if view:
        table = streams.begin(call, table, view)
    if policy := request.get("ResourcePolicy"):
        table = policies.put(call, table, policy)
    settle(call, table, settle_seconds(table))
    count_later(call, table)
    return table


@dynamodb.operation
def delete_table(call: Call, table: Table, request: api.DeleteTableInput) -> Any:
    if table.status in ("CREATING", "UPDATING"):
        doing = "created" if table.status == "CREATING" else "updated"
        raise dynamodb.error(
            "ResourceInUseException",
            f"Attempt to change a resource which is still in use: Table is being {doing}: {table.name}",
        )
    if table.deletion_protection:
        raise invalid(
            "Resource cannot be deleted as it is currently protected against deletion. "
            "Disable deletion protection first."
        )
    if table.status == "DELETING":
        raise dynamodb.error(
            "ResourceInUseException",
            f"Attempt to change a resource which is still in use: Table is being deleted: {table.name}",
        )
    if kept_snapshots(call, table):
        raise dynamodb.error(
            "ResourceInUseException",
            f"Attempt to change a resource which is still in use: Table is being backed up: {table.name}",
        )
    table = begin_deletion(call, table)
    shown = described(call, table)
    return {
        "TableDescription": {
            name: shown[name]
            for name in (
                "TableName", "TableStatus", "ProvisionedThroughput", "TableSizeBytes", "ItemCount", "TableArn",
                "TableId", "BillingModeSummary", "LatestStreamArn", "LatestStreamLabel", "DeletionProtectionEnabled",
            )
            if name in shown
        }
    }  # fmt: skip


def kept_snapshots(call: Call, table: Table) -> bool:
    """Whether a snapshot of a table is being taken."""
    return bool(particulars(call, table).snapshots)


def begin_deletion(call: Call, table: Table) -> Table:
    """Let a table be DELETING: its stream ends, and its name is free when it is at rest."""
    replicas.leave(call, table)
    table = call.load(Table, table.name)
    if table.stream_view:
        table = streams.cease(call, table)
    table = call.tx.put(replace(table, status="DELETING"))
    settle(call, table, settle_seconds(table))
    return table


@dynamodb.operation
def describe_table(call: Call, table: Table, request: api.DescribeTableInput) -> Any:
    return {"Table": described(call, table)}


@dynamodb.operation
def list_tables(call: Call, request: api.ListTablesInput) -> Any:
    start = request.get("ExclusiveStartTableName")
    limit = request.get("Limit", 100)
    after = (call.account, call.region, start) if start else None
    names = [table.name for table in call.tx.range(Table, call.account, call.region, after=after, limit=limit + 1)]
    reply: dict[str, Any] = {"TableNames": names[:limit]}
    if len(names) > limit:
        reply["LastEvaluatedTableName"] = names[limit - 1]
    return reply


@dynamodb.operation
def update_table(call: Call, table: Table, request: api.UpdateTableInput) -> Any:
    return {"TableDescription": described(call, change(call, table, request, INDEXES.value(call)))}


@dynamodb.operation(resource=lambda call, request: "*")
def describe_limits(call: Call, request: api.DescribeLimitsInput) -> Any:
    from haar.services.dynamodb.throughput import ACCOUNT_READS, ACCOUNT_WRITES, TABLE_READS, TABLE_WRITES

    return {
        "AccountMaxReadCapacityUnits": int(ACCOUNT_READS.value(call)),
        "AccountMaxWriteCapacityUnits": int(ACCOUNT_WRITES.value(call)),
        "TableMaxReadCapacityUnits": int(TABLE_READS.value(call)),
        "TableMaxWriteCapacityUnits": int(TABLE_WRITES.value(call)),
    }


@dynamodb.operation(resource=lambda call, request: "*")
def describe_endpoints(call: Call, request: api.DescribeEndpointsRequest) -> Any:
    host = call.origin.host or f"dynamodb.{call.region}.amazonaws.com"
    return {"Endpoints": [{"Address": host, "CachePeriodInMinutes": 1440}]}
