"""Tables: making, describing and deleting them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from haar.kit import Call
from haar.services.dynamodb.resources import Forget, SecondaryIndex, Table
from haar.services.dynamodb.service import dynamodb

if TYPE_CHECKING:
    from haar.shapes import dynamodb as api


@dynamodb.names("TableName", Table)
def table_named(call: Call, name: str) -> tuple[str, ...]:
    """The key of the table that a name or an ARN stands for."""
    if name.startswith("arn:"):
        return Table.key_of(name) or (call.account, call.region, name)
    return (call.account, call.region, name)


def _schema(elements: list[Any]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return (
        tuple(one["AttributeName"] for one in elements if one["KeyType"] == "HASH"),
        tuple(one["AttributeName"] for one in elements if one["KeyType"] == "RANGE"),
    )


def _index(call: Call, wanted: Any, is_local: bool) -> SecondaryIndex:
    hash_keys, range_keys = _schema(wanted["KeySchema"])
    projection = wanted["Projection"]
    return SecondaryIndex(
        name=wanted["IndexName"],
        serial=call.ports.ids.hex(12),
        hash_keys=hash_keys,
        range_keys=range_keys,
        projection=projection.get("ProjectionType", "ALL"),
        included=tuple(projection.get("NonKeyAttributes", ())),
        is_local=is_local,
    )


@dynamodb.operation(creates=Table)
def create_table(call: Call, request: api.CreateTableInput) -> Any:
    name = request["TableName"]
    if call.get(Table, name) is not None:
        raise dynamodb.error("ResourceInUseException", f"Table already exists: {name}")
    hash_keys, range_keys = _schema(request["KeySchema"])
    throughput: Any = request.get("ProvisionedThroughput") or {}
    indexes = [_index(call, one, True) for one in request.get("LocalSecondaryIndexes", ())]
    indexes += [_index(call, one, False) for one in request.get("GlobalSecondaryIndexes", ())]
    table = call.tx.put(
        Table(
            account=call.account,
            region=call.region,
            name=name,
            id=call.new_id(),
            serial=call.ports.ids.hex(12),
            hash_key=hash_keys[0],
            range_key=range_keys[0] if range_keys else "",
            types={one["AttributeName"]: one["AttributeType"] for one in request["AttributeDefinitions"]},
            indexes=tuple(indexes),
            billing=request.get("BillingMode", "PROVISIONED"),
            read_units=throughput.get("ReadCapacityUnits", 0),
            write_units=throughput.get("WriteCapacityUnits", 0),
            created_at=call.now,
        )
    )
    return {"TableDescription": _described(table)}


@dynamodb.operation
def delete_table(call: Call, table: Table, request: api.DeleteTableInput) -> Any:
    call.tx.delete(table)
    call.emit(Forget(serial=table.serial))
    for index in table.indexes:
        call.emit(Forget(serial=index.serial, is_index=True))
    return {"TableDescription": _described(table)}


@dynamodb.operation
def describe_table(call: Call, table: Table, request: api.DescribeTableInput) -> Any:
    return {"Table": _described(table)}


def _described(table: Table) -> dict[str, Any]:
    return {"TableName": table.name, "TableArn": table.arn, "TableStatus": table.status, "TableId": table.id}
