"""The expressions of one request, checked in DynamoDB's order and ready to be used."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from haar.kit import ServiceError
from haar.services.dynamodb.expressions.analysis import (
    AnalysedCondition,
    AnalysedProjection,
    AnalysedUpdate,
    analysed_condition,
    analysed_projection,
    analysed_update,
)
from haar.services.dynamodb.expressions.syntax import ExpressionError
from haar.services.dynamodb.service import invalid
from haar.services.dynamodb.values import Value, stored

__all__ = ["NOTHING", "Expressions", "Speech", "expressions_of", "mixing_checked"]

_NAME = re.compile(r"#[A-Za-z0-9_]+")
_VALUE = re.compile(r":[A-Za-z0-9_]+")
_NONE: Mapping[str, Any] = {}


class Speech(NamedTuple):
    """Which expression members an operation has, in the order DynamoDB lists them, and which older members."""

    expressions: tuple[str, ...]
    legacy: tuple[str, ...]
    #: the expressions that take values
    valued: tuple[str, ...]


PUT = Speech(("ConditionExpression",), ("Expected", "ConditionalOperator"), ("ConditionExpression",))
GET = Speech(("ProjectionExpression",), ("AttributesToGet",), ())
UPDATE = Speech(
    ("UpdateExpression", "ConditionExpression"),
    ("AttributeUpdates", "Expected", "ConditionalOperator"),
    ("UpdateExpression", "ConditionExpression"),
)
SCAN = Speech(
    ("ProjectionExpression", "FilterExpression"),
    ("AttributesToGet", "ScanFilter", "ConditionalOperator"),
    ("FilterExpression",),
)
QUERY = Speech(
    ("ProjectionExpression", "FilterExpression", "KeyConditionExpression"),
    ("AttributesToGet", "QueryFilter", "ConditionalOperator", "KeyConditions"),
    ("FilterExpression", "KeyConditionExpression"),
)


class Expressions(NamedTuple):
    """What a request's expressions say. `values` are its placeholders in stored form."""

    update: AnalysedUpdate | None = None
    condition: AnalysedCondition | None = None
    key_condition: AnalysedCondition | None = None
    filter: AnalysedCondition | None = None
    projection: AnalysedProjection | None = None
    values: Mapping[str, Value] = _NONE


NOTHING = Expressions()


def mixing_checked(request: Mapping[str, Any], speech: Speech) -> bool:
    """Whether a request has expressions. Raises ValidationException when it has older members besides."""
    used = [name for name in speech.expressions if request.get(name) is not None]
    if used:
        older = [name for name in speech.legacy if request.get(name) is not None]
        if "KeyConditions" in older and "KeyConditionExpression" not in used:
            older.remove("KeyConditions")
        if older:
            raise invalid(
                "Can not use both expression and non-expression parameters in the same request: "
                f"Non-expression parameters: {{{', '.join(older)}}} Expression parameters: {{{', '.join(used)}}}"
            )
    elif request.get("ExpressionAttributeNames") is not None:
        raise invalid("ExpressionAttributeNames can only be specified when using expressions")
    if (
        request.get("ExpressionAttributeValues") is not None
        and speech.valued
        and all(request.get(name) is None for name in speech.valued)
    ):
        verb = "is" if len(speech.valued) == 1 else "are"
        raise invalid(
            "ExpressionAttributeValues can only be specified when using expressions: "
            f"{' and '.join(speech.valued)} {verb} null"
        )
    return bool(used)


def expressions_of(request: Mapping[str, Any]) -> Expressions:
    """The expressions of a request. Raises ValidationException for the first that is not sound."""
    get = request.get
    names = get("ExpressionAttributeNames")
    if names is None:
        names = _NONE
    else:
        _check_names(names)
    given = get("ExpressionAttributeValues")
    values = _NONE if given is None else _checked_values(given)
    update = condition = key_condition = where = projection = None
    used_names: frozenset[str] = frozenset()
    used_values: frozenset[str] = frozenset()
    spoken = "UpdateExpression"
    try:
        text = get("UpdateExpression")
        if text is not None:
            update = analysed_update(text, names, values)
            used_names, used_values = update.names, update.values
        spoken = "ConditionExpression"
        text = get("ConditionExpression")
        if text is not None:
            condition = analysed_condition(text, names, values)
            used_names, used_values = used_names | condition.names, used_values | condition.values
        spoken = "KeyConditionExpression"
        text = get("KeyConditionExpression")
        if text is not None:
            key_condition = analysed_condition(text, names, values)
            used_names, used_values = used_names | key_condition.names, used_values | key_condition.values
        spoken = "FilterExpression"
        text = get("FilterExpression")
        if text is not None:
            where = analysed_condition(text, names, values)
            used_names, used_values = used_names | where.names, used_values | where.values
        spoken = "ProjectionExpression"
        text = get("ProjectionExpression")
        if text is not None:
            projection = analysed_projection(text, names)
            used_names = used_names | projection.names
    except ExpressionError as error:
        raise invalid(f"Invalid {spoken}: {error}") from None
    if len(used_names) != len(names):
        unused = ", ".join(name for name in names if name not in used_names)
        raise invalid(f"Value provided in ExpressionAttributeNames unused in expressions: keys: {{{unused}}}")
    if len(used_values) != len(values):
        unused = ", ".join(name for name in values if name not in used_values)
        raise invalid(f"Value provided in ExpressionAttributeValues unused in expressions: keys: {{{unused}}}")
    return Expressions(update, condition, key_condition, where, projection, values)


def _check_names(names: Mapping[str, str]) -> None:
    if not names:
        raise invalid("ExpressionAttributeNames must not be empty")
    for name, attribute in names.items():
        if not _NAME.fullmatch(name):
            raise invalid(f'ExpressionAttributeNames contains invalid key: Syntax error; key: "{name}"')
        if not attribute:
            raise invalid("ExpressionAttributeNames contains invalid value: Empty attribute name for key " + name)


def _checked_values(given: Mapping[str, Any]) -> dict[str, Value]:
    if not given:
        raise invalid("ExpressionAttributeValues must not be empty")
    for name in given:
        if not _VALUE.fullmatch(name):
            raise invalid(f'ExpressionAttributeValues contains invalid key: Syntax error; key: "{name}"')
    return {name: _checked_value(name, value) for name, value in given.items()}


def _checked_value(name: str, value: Mapping[str, Any]) -> Value:
    if len(value) == 1 and "S" in value:
        return value  # type: ignore[return-value]
    try:
        return stored(value)
    except ServiceError as error:
        message = f"ExpressionAttributeValues contains invalid value: {error.message} for key {name}"
        raise invalid(message) from None
