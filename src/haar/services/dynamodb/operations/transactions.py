"""Transactions: up to 100 items at once, all or none.

Transactions run one after another, so none meets another one halfway: TransactionConflict does not happen by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
import orjson

from haar.kit import Call, ServiceError
from haar.services.dynamodb import throttle
from haar.services.dynamodb.acting import (
    Deed,
    carry_out,
    checked_condition,
    checked_delete,
    checked_put,
    checked_update,
    collection_metrics,
    located,
)
from haar.services.dynamodb.capacity import Consumed, read_units, shown_all
from haar.services.dynamodb.expressions.apply import projected
from haar.services.dynamodb.expressions.request import GET, expressions_of, mixing_checked
from haar.services.dynamodb.keys import key_of
from haar.services.dynamodb.resources import Answered, Table
from haar.services.dynamodb.service import TOKEN_SECONDS, TRANSACTION_BYTES_MAX, dynamodb, invalid
from haar.services.dynamodb.targets import found, look_up, named
from haar.services.dynamodb.values import dumped, loaded, measured
from haar.services.dynamodb.writing import read

if TYPE_CHECKING:
    from haar.shapes import dynamodb as api

_ACTIONS = {
    "ConditionCheck": ("dynamodb:ConditionCheckItem", checked_condition),
    "Put": ("dynamodb:PutItem", checked_put),
    "Delete": ("dynamodb:DeleteItem", checked_delete),
    "Update": ("dynamodb:UpdateItem", checked_update),
}
_TWICE = "Transaction request cannot include multiple operations on one item"
_LARGE = "The aggregate size of the items in the transaction cannot exceed 4 MB"
#: What a reason is called for an error.
_REASONS = {
    "ConditionalCheckFailedException": "ConditionalCheckFailed",
    "ValidationException": "ValidationError",
    "ItemCollectionSizeLimitExceededException": "ItemCollectionSizeLimitExceeded",
    "ProvisionedThroughputExceededException": "ProvisionedThroughputExceeded",
    "ThrottlingException": "ThrottlingError",
    "DuplicateItemException": "DuplicateItem",
    "TransactionConflictException": "TransactionConflict",
}


class Step(NamedTuple):
    """One action of a transaction, on the table that the request calls `name`."""

    name: str
    deed: Deed
    #: the item must be new, and is a DuplicateItem otherwise
    inserts: bool = False


def _actions_of(call: Call, request: Mapping[str, Any]) -> list[tuple[str, str, Mapping[str, Any]]]:
    """(IAM action, table, the action's own request) of every action of a transaction that writes."""
    named_actions = []
    for one in request["TransactItems"]:
        for kind, (action, _) in _ACTIONS.items():
            inner = one.get(kind)
            if inner is not None:
                named_actions.append((action, inner["TableName"], inner))
    return named_actions


def authorize(call: Call, wanted: Iterable[tuple[str, str, Mapping[str, Any]]]) -> None:
    """Ask whether the caller may do all of it: (IAM action, table, request) each. Raises AccessDeniedException."""
    operation = dynamodb.bound(call.operation)
    for action, name, request in wanted:
        place = look_up(call, name)
        call.ports.guard.authorize(call, action, [place], operation, dict(request))


# a transaction has no permission of its own: each of its actions needs that of the single operation
@dynamodb.operation(open=True, data_event=True, redact=("TransactItems",))
def transact_write_items(call: Call, request: api.TransactWriteItemsInput) -> Any:
    wanted = request["TransactItems"]
    for one in wanted:
        if len(one) != 1:
            raise invalid("TransactItems can only contain one of Check, Put, Update or Delete")
    authorize(call, _actions_of(call, request))
    steps = []
    for one in wanted:
        ((kind, inner),) = one.items()
        inner = dict(inner)  # type: ignore[call-overload]
        name = inner["TableName"]
        named(call, name, "transactItems")
        steps.append(Step(name, _ACTIONS[kind][1](inner)))
    token = request.get("ClientRequestToken")
    before = repeated(call, request, token)
    if before is not None:
        return before
    consumed, metrics = run(call, steps, request.get("ReturnItemCollectionMetrics"))
    remember(call, request, token, consumed)
    return {
        "ConsumedCapacity": shown_all(consumed, request.get("ReturnConsumedCapacity")),
        "ItemCollectionMetrics": metrics or None,
    }


def run(call: Call, steps: list[Step], how: str | None = None) -> tuple[list[Consumed], dict[str, list[Any]]]:
    """Do all steps, or none: what they consumed, and metrics of collections. Raises TransactionCanceledException."""
    tables = {step.name: found(call, named(call, step.name, "transactItems")) for step in steps}
    reasons: list[dict[str, Any]] = []
    seen: set[tuple[str, str, str]] = set()
    consumed: dict[str, Consumed] = {}
    metrics: dict[str, dict[str, Any]] = {}
    size = 0
    for name, deed, inserts in steps:
        table = tables[name]
        try:
            place = located(table, deed)
        except ServiceError as error:
            reasons.append(reason_of(error))
            continue
        if (table.serial, *place) in seen:
            raise invalid(_TWICE)
        seen.add((table.serial, *place))
        try:
            written = carry_out(call, table, deed, place).written
            throttle.written(call, table, place[0], written)
        except ServiceError as error:
            reason = reason_of(error)
            if inserts and reason["Code"] == "ConditionalCheckFailed":
                reason["Code"], reason["Message"] = "DuplicateItem", "Duplicate primary key exists in table"
            reasons.append(reason)
            continue
        reasons.append({"Code": "None"})
        size += max(written.old_size if deed.kind == "check" else written.new_size, deed.size)
        if name not in consumed:
            consumed[name] = Consumed(table, name, is_write=True, transactional=True)
        consumed[name].add_write(written)
        found_metrics = collection_metrics(call, table, deed, place[0], how) if how else None
        if found_metrics is not None:
            metrics.setdefault(name, {})[place[0]] = found_metrics
    if size > TRANSACTION_BYTES_MAX:
        raise invalid(_LARGE)
    check_reasons(reasons)
    return list(consumed.values()), {name: list(ones.values()) for name, ones in metrics.items()}


def reason_of(error: ServiceError) -> dict[str, Any]:
    """The CancellationReason that an error of one action is. Raises the error itself when it is about all of them."""
    code = _REASONS.get(error.code)
    if code is None:
        raise error
    reason: dict[str, Any] = {"Code": code, "Message": error.message}
    if "Item" in error.members:
        reason["Item"] = error.members["Item"]
    return reason


def check_reasons(reasons: list[dict[str, Any]]) -> None:
    """Refuse the transaction if there is a reason to. Raises TransactionCanceledException."""
    if all(one["Code"] == "None" for one in reasons):
        return
    codes = ", ".join(one["Code"] for one in reasons)
    raise dynamodb.error(
        "TransactionCanceledException",
        f"Transaction cancelled, please refer cancellation reasons for specific reasons [{codes}]",
        members={"CancellationReasons": reasons},
        status=400,
    )


# ---- the same transaction again


def _digest(request: Mapping[str, Any]) -> bytes:
    asked = {name: value for name, value in request.items() if name != "ClientRequestToken"}
    return blake2b(msgspec.msgpack.encode(asked, order="sorted"), digest_size=16).digest()


def repeated(call: Call, request: Mapping[str, Any], token: str | None) -> dict[str, Any] | None:
    """The answer to a transaction that was done before; None for a new one. Raises for another one under its token."""
    if not token:
        return None
    before = call.tx.get(Answered, call.account, call.region, token)
    if before is None or before.until <= call.now:
        return None
    if before.digest != _digest(request):
        raise dynamodb.error(
            "IdempotentParameterMismatchException",
            "DynamoDB rejected the request because you retried a request with a different payload but with an "
            "idempotent token that was already used.",
        )
    # asking again costs the reading of what was written then
    consumed = []
    for name, units in before.reads:
        table = look_up(call, name)[1]
        if table is not None:
            one = Consumed(table, name, is_write=False, transactional=True)
            one.add(units)
            consumed.append(one)
    return {"ConsumedCapacity": shown_all(consumed, request.get("ReturnConsumedCapacity"))}


def remember(call: Call, request: Mapping[str, Any], token: str | None, consumed: list[Consumed]) -> None:
    """Keep in mind that a transaction was done under its token."""
    if not token:
        return
    call.tx.put(
        Answered(
            account=call.account,
            region=call.region,
            token=token,
            digest=_digest(request),
            reads=[(one.name, one.reads) for one in consumed],
            until=call.now + TOKEN_SECONDS,
        )
    )


# ---- reading


@dynamodb.operation(open=True, data_event=True)
def transact_get_items(call: Call, request: api.TransactGetItemsInput) -> Any:
    gets: list[Mapping[str, Any]] = [one["Get"] for one in request["TransactItems"]]
    authorize(call, [("dynamodb:GetItem", one["TableName"], one) for one in gets])
    plans = []
    for one in gets:
        mixing_checked(one, GET)
        projection = expressions_of(one).projection
        plans.append((one["TableName"], measured(one["Key"])[0], projection))
    tables: dict[str, Table] = {name: found(call, named(call, name, "transactItems")) for name, _, _ in plans}
    reasons: list[dict[str, Any]] = []
    responses: list[dict[str, Any]] = []
    consumed: dict[str, Consumed] = {}
    seen: set[tuple[str, str, str]] = set()
    size = 0
    for name, key, projection in plans:
        table = tables[name]
        try:
            place = key_of(table, key)
        except ServiceError as error:
            reasons.append(reason_of(error))
            continue
        if (table.serial, *place) in seen:
            raise invalid(_TWICE)
        seen.add((table.serial, *place))
        reasons.append({"Code": "None"})
        item = read(call, table, *place)
        one_size = item.size if item is not None else 0
        size += one_size
        units = read_units(one_size, True, transactional=True)
        throttle.read(call, table, place[0], units)
        if name not in consumed:
            consumed[name] = Consumed(table, name, is_write=False, transactional=True)
        consumed[name].add(units)
        if item is None:
            responses.append({})
            continue
        body = item.body if projection is None else dumped(projected(loaded(item.body), projection.paths))
        responses.append({"Item": orjson.Fragment(body)})
    if size > TRANSACTION_BYTES_MAX:
        raise invalid(_LARGE)
    check_reasons(reasons)
    return {
        "Responses": responses,
        "ConsumedCapacity": shown_all(consumed.values(), request.get("ReturnConsumedCapacity")),
    }
