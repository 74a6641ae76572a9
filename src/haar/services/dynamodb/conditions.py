"""The condition keys of DynamoDB's policies: which items somebody may touch, and which of their attributes.

`dynamodb:LeadingKeys` are the partition key values of a request, `dynamodb:Attributes` the attributes it names, of
the table that is decided about; a request that is not sound has neither. Source: DynamoDB Developer Guide,
specifying-conditions.html.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from haar.kit import Call, ServiceError
from haar.services.dynamodb.expressions.request import expressions_of
from haar.services.dynamodb.key_conditions import Conditions, conditions_of
from haar.services.dynamodb.resources import Table
from haar.services.dynamodb.service import dynamodb
from haar.services.dynamodb.targets import look_up
from haar.services.dynamodb.values import stored

__all__ = ["attributes", "leading_keys"]

_LEGACY = ("AttributeUpdates", "Expected", "KeyConditions", "QueryFilter", "ScanFilter")
_TRANSACTIONS = frozenset(("TransactWriteItems", "TransactGetItems", "ExecuteTransaction"))


def _parts(call: Call, request: Mapping[str, Any], table: Table) -> Iterator[Mapping[str, Any]]:
    """What a request asks of one table, each as a request of a single operation would have it."""
    batches = request.get("RequestItems")
    if batches is None:
        yield request
        return
    for name, wanted in batches.items():
        found = look_up(call, name)[1]
        if found is None or found.key != table.key:
            continue
        if isinstance(wanted, list):
            for one in wanted:
                yield one.get("PutRequest") or one.get("DeleteRequest") or {}
        else:
            rest = {member: value for member, value in wanted.items() if member != "Keys"}
            for key in wanted["Keys"]:
                yield {**rest, "Key": key}


def _hash_keys(request: Mapping[str, Any], table: Table) -> tuple[str, ...]:
    index = table.index(request.get("IndexName") or "")
    return index.hash_keys if index is not None else (table.hash_key,)


def _key_conditions(request: Mapping[str, Any]) -> Conditions:
    if request.get("KeyConditionExpression") is not None:
        expressions = expressions_of(request)
        assert expressions.key_condition is not None
        return conditions_of(expressions.key_condition.root, expressions.values)
    return {
        name: (one["ComparisonOperator"], [stored(value) for value in one.get("AttributeValueList") or ()])
        for name, one in (request.get("KeyConditions") or {}).items()
    }


def _text(value: Mapping[str, Any]) -> str:
    return str(next(iter(stored(value).values())))


def partition_keys(call: Call, request: Mapping[str, Any], table: Any, place: int) -> list[str] | None:
    """Values of the partition keys that a request names, of one attribute (by its place); None when it names none."""
    if not isinstance(table, Table):
        return None
    found: list[str] = []
    try:
        for part in _parts(call, request, table):
            names = _hash_keys(part, table)
            if place >= len(names):
                continue
            item = part.get("Key") or part.get("Item")
            if item is not None:
                if names[place] in item:
                    found.append(_text(item[names[place]]))
                continue
            _, values = _key_conditions(part).get(names[place], ("", []))
            found.extend(str(next(iter(value.values()))) for value in values)
    except ServiceError:
        return None
    return found or None


@dynamodb.condition("dynamodb:LeadingKeys")
def leading_keys(call: Call, request: Mapping[str, Any], target: Any) -> Any:
    return partition_keys(call, request, target, 0)


@dynamodb.condition("dynamodb:FirstPartitionKeyValues")
def first_keys(call: Call, request: Mapping[str, Any], target: Any) -> Any:
    return partition_keys(call, request, target, 0)


@dynamodb.condition("dynamodb:SecondPartitionKeyValues")
def second_keys(call: Call, request: Mapping[str, Any], target: Any) -> Any:
    return partition_keys(call, request, target, 1)


@dynamodb.condition("dynamodb:ThirdPartitionKeyValues")
def third_keys(call: Call, request: Mapping[str, Any], target: Any) -> Any:
    return partition_keys(call, request, target, 2)


@dynamodb.condition("dynamodb:FourthPartitionKeyValues")
def fourth_keys(call: Call, request: Mapping[str, Any], target: Any) -> Any:
    return partition_keys(call, request, target, 3)


@dynamodb.condition("dynamodb:Attributes")
def attributes(call: Call, request: Mapping[str, Any], target: Any) -> Any:
    if not isinstance(target, Table):
        return None
    found: dict[str, None] = {}
    try:
        for part in _parts(call, request, target):
            found.update(dict.fromkeys(part.get("Item") or ()))
            found.update(dict.fromkeys(part.get("Key") or ()))
            found.update(dict.fromkeys(part.get("AttributesToGet") or ()))
            for member in _LEGACY:
                found.update(dict.fromkeys(part.get(member) or ()))
            expressions = expressions_of(part)
            for one in (
                expressions.update,
                expressions.condition,
                expressions.key_condition,
                expressions.filter,
                expressions.projection,
            ):
                if one is not None:
                    found.update(dict.fromkeys(sorted(one.attributes)))
    except ServiceError:
        return None
    return [*found] or None


@dynamodb.condition("dynamodb:Select")
def select(call: Call, request: Mapping[str, Any], target: Any) -> Any:
    given = request.get("Select")
    if given is not None:
        return given
    if call.operation not in ("Query", "Scan", "GetItem", "BatchGetItem", "TransactGetItems"):
        return None
    chosen = request.get("AttributesToGet") or request.get("ProjectionExpression")
    return "SPECIFIC_ATTRIBUTES" if chosen else None


@dynamodb.condition("dynamodb:ReturnValues")
def return_values(call: Call, request: Mapping[str, Any], target: Any) -> Any:
    return request.get("ReturnValues")


@dynamodb.condition("dynamodb:ReturnConsumedCapacity")
def return_consumed_capacity(call: Call, request: Mapping[str, Any], target: Any) -> Any:
    return request.get("ReturnConsumedCapacity")


@dynamodb.condition("dynamodb:FullTableScan")
def full_table_scan(call: Call, request: Mapping[str, Any], target: Any) -> Any:
    return request.get("FullTableScan")


@dynamodb.condition("dynamodb:EnclosingOperation")
def enclosing_operation(call: Call, request: Mapping[str, Any], target: Any) -> Any:
    return call.operation if call.operation in _TRANSACTIONS else None
