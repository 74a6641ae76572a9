"""PartiQL statements: one, a batch of them, or a transaction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import orjson

from haar.kit import Call, ServiceError
from haar.services.dynamodb import throttle
from haar.services.dynamodb.acting import carry_out, located
from haar.services.dynamodb.capacity import Consumed, read_units, shown_all
from haar.services.dynamodb.keys import key_of
from haar.services.dynamodb.operations.transactions import (
    Step,
    check_reasons,
    reason_of,
    remember,
    repeated,
    run,
)
from haar.services.dynamodb.partiql.running import (
    Bound,
    authorize,
    bound,
    deed_of,
    key_of_statement,
    one_item,
    select,
)
from haar.services.dynamodb.seeing import seen
from haar.services.dynamodb.service import dynamodb, invalid
from haar.services.dynamodb.targets import found, named

if TYPE_CHECKING:
    from haar.shapes import dynamodb as api

fragment = orjson.Fragment
_DUPLICATE = "Duplicate primary key exists in table"
#: What an error of one statement of a batch is called.
_CODES = {
    "ConditionalCheckFailedException": "ConditionalCheckFailed",
    "ValidationException": "ValidationError",
    "ResourceNotFoundException": "ResourceNotFound",
    "DuplicateItemException": "DuplicateItem",
    "AccessDeniedException": "AccessDenied",
    "ItemCollectionSizeLimitExceededException": "ItemCollectionSizeLimitExceeded",
    "ProvisionedThroughputExceededException": "ProvisionedThroughputExceeded",
    "ThrottlingException": "ThrottlingError",
}


# a statement has the permission of what it does: PartiQLSelect, PartiQLInsert, PartiQLUpdate or PartiQLDelete
@dynamodb.operation(open=True, data_event=True, redact=("Statement", "Parameters"))
def execute_statement(call: Call, request: api.ExecuteStatementInput) -> Any:
    one = bound(request["Statement"], request.get("Parameters"))
    if one.statement.kind == "EXISTS":
        raise invalid("EXISTS statements are supported in transactions only")
    authorize(call, one)
    if one.statement.kind == "SELECT":
        return select(call, one, request)
    consumed, attributes = _write(call, one, request)
    items = b"[" + attributes + b"]" if attributes is not None else b"[]"
    return {"Items": fragment(items), "ConsumedCapacity": consumed.shown(request.get("ReturnConsumedCapacity"))}


def _write(call: Call, one: Bound, request: Mapping[str, Any]) -> tuple[Consumed, bytes | None]:
    """Do what a statement that writes says: what it consumed, and the attributes that it returns."""
    table = found(call, named(call, one.statement.table))
    deed = deed_of(table, one, request.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD")
    place = located(table, deed)
    try:
        attributes, written = carry_out(call, table, deed, place)
    except ServiceError as error:
        if one.item is not None and error.code == "ConditionalCheckFailedException":
            raise dynamodb.error("DuplicateItemException", _DUPLICATE, status=400) from None
        raise
    throttle.written(call, table, place[0], written)
    consumed = Consumed(table, one.statement.table, is_write=True)
    consumed.add_write(written)
    return consumed, attributes


def _read_one(call: Call, one: Bound, consistent: bool, transactional: bool) -> tuple[Consumed, bytes | None]:
    """The item of a SELECT that names its whole key."""
    table = found(call, named(call, one.statement.table))
    if one.statement.through:
        raise invalid("Select statements within batches and transactions cannot read an index")
    key = key_of_statement(table, one)
    place = key_of(table, key)
    row = seen(call, table, *place, consistent or transactional)
    units = read_units(row.size if row is not None else 0, consistent, transactional)
    throttle.read(call, table, place[0], units)
    consumed = Consumed(table, one.statement.table, is_write=False, transactional=transactional)
    consumed.add(units)
    return consumed, one_item(one, row.body if row is not None else None)


def _add(total: dict[str, Consumed], one: Consumed) -> None:
    """Add what one statement consumed to that of its table."""
    before = total.get(one.name)
    if before is None:
        total[one.name] = one
        return
    before.add(one.of_table)
    for index, units in (*one.locals.items(), *one.globals.items()):
        before.add(units, index)


@dynamodb.operation(open=True, data_event=True, redact=("Statements",))
def batch_execute_statement(call: Call, request: api.BatchExecuteStatementInput) -> Any:
    statements: Any = request["Statements"]
    kinds = set()
    responses: list[dict[str, Any]] = []
    consumed: dict[str, Consumed] = {}
    for asked in statements:
        name = ""
        try:
            one = bound(asked["Statement"], asked.get("Parameters"))
            name = one.statement.table
            kinds.add(one.statement.kind == "SELECT")
            if len(kinds) > 1:
                raise invalid("Batches cannot contain both read and write statements")
            if one.statement.kind == "EXISTS":
                raise invalid("EXISTS statements are supported in transactions only")
            authorize(call, one)
            if one.statement.kind == "SELECT":
                units, body = _read_one(call, one, asked.get("ConsistentRead") or False, False)
            else:
                units, body = _write(call, one, asked)
            _add(consumed, units)
            reply: dict[str, Any] = {"TableName": name}
            if body is not None:
                reply["Item"] = fragment(body)
            responses.append(reply)
        except ServiceError as error:
            if len(kinds) > 1:
                raise
            responses.append(_failed(error, name))
    return {
        "Responses": responses,
        "ConsumedCapacity": shown_all(consumed.values(), request.get("ReturnConsumedCapacity")),
    }


def _failed(error: ServiceError, table: str) -> dict[str, Any]:
    told: dict[str, Any] = {"Code": _CODES.get(error.code, "InternalServerError"), "Message": error.message}
    if "Item" in error.members:
        told["Item"] = error.members["Item"]
    reply: dict[str, Any] = {"Error": told}
    if table:
        reply["TableName"] = table
    return reply


@dynamodb.operation(open=True, data_event=True, redact=("TransactStatements",))
def execute_transaction(call: Call, request: api.ExecuteTransactionInput) -> Any:
    statements: Any = request["TransactStatements"]
    ones = [bound(asked["Statement"], asked.get("Parameters")) for asked in statements]
    for one in ones:
        authorize(call, one)
    reads = [one.statement.kind == "SELECT" for one in ones]
    if any(reads) and not all(reads):
        raise invalid("Transactions cannot contain both read and write statements")
    wanted = request.get("ReturnConsumedCapacity")
    if all(reads):
        return _read_transaction(call, ones, wanted)
    token = request.get("ClientRequestToken")
    before = repeated(call, request, token)
    if before is not None:
        return before
    steps = []
    for one, asked in zip(ones, statements, strict=True):
        table = found(call, named(call, one.statement.table))
        on_failure = asked.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD"
        steps.append(Step(one.statement.table, deed_of(table, one, on_failure), one.item is not None))
    consumed, _ = run(call, steps)
    remember(call, request, token, consumed)
    return {"ConsumedCapacity": shown_all(consumed, wanted)}


def _read_transaction(call: Call, ones: list[Bound], wanted: str | None) -> dict[str, Any]:
    consumed: dict[str, Consumed] = {}
    responses: list[dict[str, Any]] = []
    reasons: list[dict[str, Any]] = []
    for one in ones:
        try:
            units, body = _read_one(call, one, True, True)
        except ServiceError as error:
            reasons.append(reason_of(error))
            continue
        reasons.append({"Code": "None"})
        _add(consumed, units)
        responses.append({"Item": fragment(body)} if body is not None else {})
    check_reasons(reasons)
    return {"Responses": responses, "ConsumedCapacity": shown_all(consumed.values(), wanted)}
