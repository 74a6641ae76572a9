"""Put, update, delete and check one item: what single requests, batches, transactions and PartiQL all do.

`checked_put`, `checked_update` and `checked_delete` look at a request as far as that goes without its table, in
DynamoDB's order; what they return is done to a table with `carry_out`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import orjson

from haar.kit import Call, ServiceError
from haar.services.dynamodb.expressions import legacy
from haar.services.dynamodb.expressions.apply import projected, updated
from haar.services.dynamodb.expressions.evaluate import Judge
from haar.services.dynamodb.expressions.request import PUT, UPDATE, expressions_of, mixing_checked
from haar.services.dynamodb.expressions.syntax import Action
from haar.services.dynamodb.keys import check_index_keys, item_place, key_of
from haar.services.dynamodb.resources import Collection, Item, Table
from haar.services.dynamodb.service import ITEM_BYTES_MAX, dynamodb, invalid, invalid_value
from haar.services.dynamodb.values import Value, check_depth, dumped, kind_of, loaded, measured, size_of
from haar.services.dynamodb.writing import Written, read, write

__all__ = [
    "Deed", "Done", "carry_out", "checked_condition", "checked_delete", "checked_put", "checked_update", "located",
]  # fmt: skip

_NO_VALUES: Mapping[str, Value] = {}
_GB = 1024.0**3


class Deed(NamedTuple):
    """One thing to do to one item."""

    #: put, update, delete or check
    kind: str
    #: the whole item to put, in stored form, or the key in stored form
    item: Mapping[str, Value]
    size: int = 0
    judge: Judge | None = None
    values: Mapping[str, Value] = _NO_VALUES
    actions: tuple[Action, ...] = ()
    returns: str = "NONE"
    returns_on_failure: bool = False
    #: the attributes that the condition reads
    attributes: frozenset[str] = frozenset()


class Done(NamedTuple):
    """What came of it. Attributes are JSON bytes; None for none."""

    attributes: bytes | None
    written: Written


# ---- requests, without their tables


def checked_put(request: Mapping[str, Any]) -> Deed:
    """What a PutItem (or Put) asks for. Raises ValidationException."""
    if len(request) == 2:  # TableName and Item: nothing else can be wrong
        item, size = measured(request["Item"])
        _check_size(size)
        return Deed("put", item, size)
    spoken = mixing_checked(request, PUT)
    item, size = measured(request["Item"])
    returns = _returns(request)
    _check_size(size)
    return _with_condition(Deed("put", item, size, returns=returns), request, spoken)


def checked_delete(request: Mapping[str, Any]) -> Deed:
    """What a DeleteItem (or Delete) asks for. Raises ValidationException."""
    spoken = mixing_checked(request, PUT)
    key, _ = measured(request["Key"])
    return _with_condition(Deed("delete", key, returns=_returns(request)), request, spoken)


def checked_condition(request: Mapping[str, Any]) -> Deed:
    """What a ConditionCheck asks for. Raises ValidationException."""
    mixing_checked(request, PUT)
    key, _ = measured(request["Key"])
    return _with_condition(Deed("check", key), request, True)


def checked_update(request: Mapping[str, Any]) -> Deed:
    """What an UpdateItem (or Update) asks for. Raises ValidationException."""
    spoken = mixing_checked(request, UPDATE)
    key, _ = measured(request["Key"])
    returns = request.get("ReturnValues") or "NONE"
    on_failure = request.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD"
    if not spoken:
        actions, known = legacy.updates(request)
        demand = legacy.expected(request)
        if demand is None:
            return Deed("update", key, 0, None, known, actions, returns, on_failure)
        return Deed("update", key, 0, _bound(demand), known, actions, returns, on_failure, demand.attributes)
    expressions = expressions_of(request)
    condition, update = expressions.condition, expressions.update
    return Deed(
        "update",
        key,
        0,
        condition.judge if condition is not None else None,
        expressions.values,
        update.actions if update is not None else (),
        returns,
        on_failure,
        condition.attributes if condition is not None else frozenset(),
    )


def _bound(demand: legacy.Filter) -> Judge:
    """A demand with its own values, whatever values the update has."""
    judge, values = demand.judge, demand.values
    return lambda item, _: judge(item, values)


def _with_condition(deed: Deed, request: Mapping[str, Any], spoken: bool) -> Deed:
    on_failure = request.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD"
    if not spoken:
        demand = legacy.expected(request)
        if demand is None:
            return deed._replace(returns_on_failure=on_failure) if on_failure else deed
        return deed._replace(
            judge=demand.judge, values=demand.values, returns_on_failure=on_failure, attributes=demand.attributes
        )
    expressions = expressions_of(request)
    condition = expressions.condition
    assert condition is not None
    return deed._replace(
        judge=condition.judge,
        values=expressions.values,
        returns_on_failure=on_failure,
        attributes=condition.attributes,
    )


def _returns(request: Mapping[str, Any]) -> str:
    returns = request.get("ReturnValues")
    if returns is None:
        return "NONE"
    if returns not in ("ALL_OLD", "NONE"):
        raise invalid("ReturnValues can only be ALL_OLD or NONE")
    return str(returns)


def _check_size(size: int) -> None:
    if size > ITEM_BYTES_MAX:
        raise invalid("Item size has exceeded the maximum allowed size")


# ---- what is done to a table


def located(table: Table, deed: Deed) -> tuple[str, str]:
    """Partition and sort of the item that a deed is about. Raises ValidationException."""
    if deed.kind != "put":
        return key_of(table, deed.item)
    place = item_place(table, deed.item)
    if table.indexes:
        check_index_keys(table, deed.item)
    return place


def carry_out(call: Call, table: Table, deed: Deed, place: tuple[str, str]) -> Done:
    """Do it. Raises ConditionalCheckFailedException, ValidationException."""
    partition, sort = place
    old = read(call, table, partition, sort)
    attributes: dict[str, Value] | None = None
    if deed.judge is not None:
        attributes = loaded(old.body) if old is not None else {}
        if not deed.judge(attributes, deed.values):
            raise failed(old if deed.returns_on_failure else None)
    if deed.kind == "update":
        return _update(call, table, deed, place, old, attributes)
    if deed.kind == "check":
        size = old.size if old is not None else 0
        return Done(None, Written(size, size, {}))
    known = attributes if old is not None else None
    if deed.kind == "put":
        written = write(call, table, partition, sort, old, deed.item, deed.size, old_attributes=known)
    else:
        written = write(call, table, partition, sort, old, None, old_attributes=known)
    return Done(old.body if old is not None and deed.returns == "ALL_OLD" else None, written)


def failed(item: Item | None) -> ServiceError:
    """ConditionalCheckFailedException, with the item where it was asked for and there is one."""
    members = {"Item": orjson.Fragment(item.body)} if item is not None else None
    return dynamodb.error(
        "ConditionalCheckFailedException", "The conditional request failed", members=members, status=400
    )


def _update(
    call: Call,
    table: Table,
    deed: Deed,
    place: tuple[str, str],
    old: Item | None,
    attributes: dict[str, Value] | None,
) -> Done:
    for action in deed.actions:
        if action.path.parts[0] in table.key_names:
            raise invalid_value(f"Cannot update attribute {action.path.parts[0]}. This attribute is part of the key")
    if old is not None:
        item = attributes if attributes is not None else loaded(old.body)
    else:
        item = dict(deed.item)
    before = loaded(old.body) if old is not None and (table.indexes or deed.returns == "UPDATED_OLD") else None
    touched = {str(action.path.parts[0]) for action in deed.actions}
    if old is not None:
        # what is not touched counts what it did
        kept = old.size - size_of({name: item[name] for name in touched if name in item})
        new = updated(item, deed.actions, deed.values)
        size = kept + size_of({name: new[name] for name in touched if name in new})
    else:
        new = updated(item, deed.actions, deed.values)
        size = size_of(new)
    if size > ITEM_BYTES_MAX:
        raise invalid("Item size to update has exceeded the maximum allowed size")
    if deed.actions:
        check_depth(new[name] for name in touched if name in new)
    if table.indexes:
        _check_updated_keys(table, touched, new)
    written = write(call, table, *place, old, new, size, old_attributes=before)
    returns = deed.returns
    shown: bytes | None = None
    if returns == "ALL_NEW":
        shown = dumped(new)
    elif returns == "ALL_OLD":
        shown = old.body if old is not None else None
    elif returns in ("UPDATED_NEW", "UPDATED_OLD"):
        side = new if returns == "UPDATED_NEW" else before or {}
        part = projected(side, [action.path.parts for action in deed.actions])
        shown = dumped(part) if part else None
    return Done(shown, written)


def _check_updated_keys(table: Table, touched: set[str], new: Mapping[str, Value]) -> None:
    """Refuse an update that makes of an index key what cannot be one. Raises ValidationException."""
    for index in table.indexes:
        for name in (*index.hash_keys, *index.range_keys):
            if name in touched and name in new and kind_of(new[name]) != table.types[name]:
                raise invalid("The update expression attempted to update the secondary index key to unsupported type")
    check_index_keys(table, {name: value for name, value in new.items() if name in touched})


def collection_metrics(call: Call, table: Table, deed: Deed, partition: str, wanted: str | None) -> Any:
    """The ItemCollectionMetrics of a reply; None for none."""
    if wanted != "SIZE" or not any(index.is_local for index in table.indexes):
        return None
    collection = call.tx.get(Collection, table.serial, partition)
    low = float((collection.size if collection is not None else 0) // _GB)
    return {
        "ItemCollectionKey": orjson.Fragment(dumped({table.hash_key: deed.item[table.hash_key]})),
        "SizeEstimateRangeGB": [low, low + 1.0],
    }
