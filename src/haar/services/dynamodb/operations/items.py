"""Single items, and batches of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import orjson

from haar.kit import Call
from haar.services.dynamodb import throttle
from haar.services.dynamodb.acting import (
    carry_out,
    checked_delete,
    checked_put,
    checked_update,
    collection_metrics,
    located,
)
from haar.services.dynamodb.capacity import Consumed, read_units, shown_all
from haar.services.dynamodb.expressions.apply import projected
from haar.services.dynamodb.expressions.legacy import check_duplicates
from haar.services.dynamodb.expressions.request import GET, expressions_of, mixing_checked
from haar.services.dynamodb.keys import key_of
from haar.services.dynamodb.resources import Table
from haar.services.dynamodb.seeing import seen
from haar.services.dynamodb.service import BATCH_GET_BYTES_MAX, dynamodb, invalid
from haar.services.dynamodb.targets import found, look_up, named, of_table
from haar.services.dynamodb.values import dumped, loaded, measured

if TYPE_CHECKING:
    from haar.shapes import dynamodb as api

_BATCH_MAX = 25
_KEYS_MAX = 100

fragment = orjson.Fragment


# ---- one item


@dynamodb.operation(resource=of_table, data_event=True, redact=("Item", "ExpressionAttributeValues", "Expected"))
def put_item(call: Call, request: api.PutItemInput) -> Any:
    table = named(call, request["TableName"])
    return _done(call, table, request, checked_put(request))


@dynamodb.operation(resource=of_table, data_event=True, redact=("ExpressionAttributeValues", "Expected"))
def delete_item(call: Call, request: api.DeleteItemInput) -> Any:
    table = named(call, request["TableName"])
    return _done(call, table, request, checked_delete(request))


@dynamodb.operation(
    resource=of_table, data_event=True, redact=("ExpressionAttributeValues", "Expected", "AttributeUpdates")
)
def update_item(call: Call, request: api.UpdateItemInput) -> Any:
    table = named(call, request["TableName"])
    return _done(call, table, request, checked_update(request))


def _done(call: Call, maybe: Table | None, request: Mapping[str, Any], deed: Any) -> dict[str, Any]:
    table = found(call, maybe)
    place = located(table, deed)
    attributes, written = carry_out(call, table, deed, place)
    throttle.written(call, table, place[0], written)
    reply: dict[str, Any] = {}
    if attributes is not None:
        reply["Attributes"] = fragment(attributes)
    wanted = request.get("ReturnConsumedCapacity")
    if wanted is not None and wanted != "NONE":
        consumed = Consumed(table, request["TableName"], is_write=True)
        consumed.add_write(written)
        reply["ConsumedCapacity"] = consumed.shown(wanted)
    metrics = request.get("ReturnItemCollectionMetrics")
    if metrics is not None:
        reply["ItemCollectionMetrics"] = collection_metrics(call, table, deed, place[0], metrics)
    return reply


@dynamodb.operation(resource=of_table, data_event=True)
def get_item(call: Call, request: api.GetItemInput) -> Any:
    maybe = named(call, request["TableName"])
    key = measured(request["Key"])[0]
    projection = None
    if len(request) > 2:
        projection = _projection(request)
    table = found(call, maybe)
    partition, sort = key_of(table, key)
    consistent = request.get("ConsistentRead") or False
    row = seen(call, table, partition, sort, consistent)
    size = row.size if row is not None else 0
    units = read_units(size, consistent)
    throttle.read(call, table, partition, units)
    reply: dict[str, Any] = {}
    if row is not None:
        body = row.body
        reply["Item"] = fragment(body if projection is None else dumped(projected(loaded(body), projection)))
    wanted = request.get("ReturnConsumedCapacity")
    if wanted is not None and wanted != "NONE":
        consumed = Consumed(table, request["TableName"], is_write=False)
        consumed.add(units)
        reply["ConsumedCapacity"] = consumed.shown(wanted)
    return reply


def _projection(request: Mapping[str, Any]) -> list[tuple[str | int, ...]] | None:
    """The paths that a request wants of an item; None for all of it. Raises ValidationException."""
    spoken = mixing_checked(request, GET)
    names = request.get("AttributesToGet")
    if names is not None:
        check_duplicates(names)
        return [(name,) for name in names]
    if not spoken:
        return None
    projection = expressions_of(request).projection
    assert projection is not None
    return list(projection.paths)


# ---- batches


def _of_batch(call: Call, request: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return [look_up(call, name) for name in request["RequestItems"]]


@dynamodb.operation(resource=_of_batch, data_event=True)
def batch_get_item(call: Call, request: api.BatchGetItemInput) -> Any:
    wanted = request["RequestItems"]
    tables = {name: named(call, name, "requestItems") for name in wanted}
    if sum(len(one["Keys"]) for one in wanted.values()) > _KEYS_MAX:
        raise invalid("Too many items requested for the BatchGetItem call")
    plans = {}
    for name, one in wanted.items():
        keys = [measured(key)[0] for key in one["Keys"]]
        plans[name] = (keys, _projection(one))
    responses: dict[str, Any] = {}
    unprocessed: dict[str, Any] = {}
    consumed = []
    size = 0
    located_keys = {}
    for name, (keys, _) in plans.items():
        table = found(call, tables[name])
        places = [key_of(table, key) for key in keys]
        if len(set(places)) != len(places):
            raise invalid("Provided list of item keys contains duplicates")
        located_keys[name] = places
    for name, (keys, projection) in plans.items():
        table = found(call, tables[name])
        consistent = wanted[name].get("ConsistentRead") or False
        units = Consumed(table, name, is_write=False)
        bodies: list[bytes] = []
        left = []
        for key, (partition, sort) in zip(keys, located_keys[name], strict=True):
            if size > BATCH_GET_BYTES_MAX or not throttle.allows_read(call, table, partition):
                left.append(key)
                continue
            row = seen(call, table, partition, sort, consistent)
            one_size = row.size if row is not None else 0
            if size + one_size > BATCH_GET_BYTES_MAX:
                left.append(key)
                size = BATCH_GET_BYTES_MAX + 1
                continue
            size += one_size
            taken = read_units(one_size, consistent)
            throttle.read(call, table, partition, taken)
            units.add(taken)
            if row is not None:
                body = row.body
                bodies.append(body if projection is None else dumped(projected(loaded(body), projection)))
        responses[name] = fragment(b"[" + b",".join(bodies) + b"]")
        if left:
            rest = {member: value for member, value in wanted[name].items() if member != "Keys"}
            unprocessed[name] = {**rest, "Keys": fragment(b"[" + b",".join(map(dumped, left)) + b"]")}
        consumed.append(units)
    if consumed and len(unprocessed) == len(plans) and all(one.total == 0 for one in consumed):
        raise throttle.exceeded(found(call, tables[next(iter(plans))]))
    return {
        "Responses": responses,
        "UnprocessedKeys": unprocessed,
        "ConsumedCapacity": shown_all(consumed, request.get("ReturnConsumedCapacity")),
    }


@dynamodb.operation(resource=_of_batch, data_event=True, redact=("RequestItems",))
def batch_write_item(call: Call, request: api.BatchWriteItemInput) -> Any:
    wanted = request["RequestItems"]
    tables = {name: named(call, name, "requestItems") for name in wanted}
    if sum(map(len, wanted.values())) > _BATCH_MAX:
        raise invalid("Too many items requested for the BatchWriteItem call")
    deeds = {name: [_batched(one) for one in writes] for name, writes in wanted.items()}
    plans: dict[str, list[Any]] = {}
    for name, ones in deeds.items():
        table = found(call, tables[name])
        places = [located(table, deed) for deed in ones]
        if len(set(places)) != len(places):
            raise invalid("Provided list of item keys contains duplicates")
        plans[name] = list(zip(ones, places, strict=True))
    unprocessed: dict[str, Any] = {}
    consumed = []
    metrics: dict[str, list[Any]] = {}
    how = request.get("ReturnItemCollectionMetrics")
    for name, plan in plans.items():
        table = found(call, tables[name])
        units = Consumed(table, name, is_write=True)
        collections: dict[str, Any] = {}
        for deed, place in plan:
            if not throttle.allows_write(call, table, place[0]):
                unprocessed.setdefault(name, []).append(_unwritten(deed))
                continue
            written = carry_out(call, table, deed, place).written
            throttle.written(call, table, place[0], written, forced=True)
            units.add_write(written)
            found_metrics = collection_metrics(call, table, deed, place[0], how) if how else None
            if found_metrics is not None:
                collections[place[0]] = found_metrics
        if collections:
            metrics[name] = list(collections.values())
        consumed.append(units)
    if all(one.total == 0 for one in consumed):
        raise throttle.exceeded(found(call, tables[next(iter(plans))]))
    return {
        "UnprocessedItems": unprocessed,
        "ItemCollectionMetrics": metrics or None,
        "ConsumedCapacity": shown_all(consumed, request.get("ReturnConsumedCapacity")),
    }


def _batched(write: Mapping[str, Any]) -> Any:
    put, delete = write.get("PutRequest"), write.get("DeleteRequest")
    if put is None and delete is None:
        raise invalid("Supplied WriteRequest is empty, must contain exactly one of the supported request types")
    if put is not None and delete is not None:
        raise invalid("Supplied WriteRequest has more than one request type set, must contain exactly one")
    if put is not None:
        return checked_put({"TableName": "", "Item": put["Item"]})
    assert delete is not None
    return checked_delete({"Key": delete["Key"]})


def _unwritten(deed: Any) -> Any:
    body = fragment(dumped(deed.item))
    return {"PutRequest": {"Item": body}} if deed.kind == "put" else {"DeleteRequest": {"Key": body}}
