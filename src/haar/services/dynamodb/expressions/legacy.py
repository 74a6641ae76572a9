"""The parameters from before expressions: Expected, AttributeUpdates, QueryFilter, ScanFilter, KeyConditions.

Each is turned into the tree that an expression would have, and does what that does.
Source: DynamoDB Developer Guide, LegacyConditionalParameters.html.
"""

from __future__ import annotations

import operator
from collections.abc import Mapping
from typing import Any, NamedTuple

from haar.services.dynamodb.expressions.evaluate import Judge, compares, judging
from haar.services.dynamodb.expressions.syntax import (
    Action,
    And,
    Between,
    Comparison,
    Condition,
    Function,
    In,
    Not,
    Or,
    Path,
    Placeholder,
)
from haar.services.dynamodb.service import invalid, invalid_value
from haar.services.dynamodb.values import Value, kind_of, stored

__all__ = ["Filter", "check_duplicates", "expected", "filtered", "key_conditions", "updates"]

_ARGUMENTS: Mapping[str, tuple[int, int]] = {
    "EQ": (1, 1),
    "NE": (1, 1),
    "LE": (1, 1),
    "LT": (1, 1),
    "GE": (1, 1),
    "GT": (1, 1),
    "CONTAINS": (1, 1),
    "NOT_CONTAINS": (1, 1),
    "BEGINS_WITH": (1, 1),
    "NULL": (0, 0),
    "NOT_NULL": (0, 0),
    "IN": (1, 1 << 30),
    "BETWEEN": (2, 2),
}
_SCALARS = frozenset(("S", "N", "B"))
#: the types that an operator takes, where it does not take all
_TYPES: Mapping[str, frozenset[str]] = {
    "LE": _SCALARS,
    "LT": _SCALARS,
    "GE": _SCALARS,
    "GT": _SCALARS,
    "BETWEEN": _SCALARS,
    "IN": _SCALARS | {"BOOL", "NULL"},
    "CONTAINS": _SCALARS | {"BOOL", "NULL"},
    "NOT_CONTAINS": _SCALARS | {"BOOL", "NULL"},
    "BEGINS_WITH": frozenset(("S", "B")),
}
_COMPARISONS = {"EQ": "=", "NE": "<>", "LE": "<=", "LT": "<", "GE": ">=", "GT": ">"}


class Filter(NamedTuple):
    """A condition with the values it needs. `attributes` are those it reads."""

    judge: Judge
    values: Mapping[str, Value]
    attributes: frozenset[str]


def check_duplicates(names: list[str]) -> None:
    """Refuse AttributesToGet with a name twice. Raises ValidationException."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise invalid_value(f"Duplicate value in attribute name: {name}")
        seen.add(name)


def checked(conditions: Mapping[str, Any]) -> dict[str, tuple[str, list[Value]]]:
    """Each attribute's operator and values in stored form. Raises ValidationException for what does not fit."""
    found = {}
    for name, condition in conditions.items():
        found[name] = (
            condition["ComparisonOperator"],
            [stored(one) for one in condition.get("AttributeValueList") or ()],
        )
    for comparison, values in found.values():
        check_arguments(comparison, values)
    return found


def check_arguments(comparison: str, values: list[Value]) -> None:
    """Refuse values that an operator does not take. Raises ValidationException."""
    low, high = _ARGUMENTS[comparison]
    if not low <= len(values) <= high:
        raise invalid_value(f"Invalid number of argument(s) for the {comparison} ComparisonOperator")
    kinds = [kind_of(one) for one in values]
    if len(set(kinds)) > 1:
        raise invalid_value("AttributeValues inside AttributeValueList must be of same type")
    allowed = _TYPES.get(comparison)
    if allowed is not None and kinds and kinds[0] not in allowed:
        raise invalid_value(f"ComparisonOperator {comparison} is not valid for {kinds[0]} AttributeValue type")
    if comparison == "BETWEEN" and compares(operator.gt, values[0], values[1]):
        raise invalid(
            "The BETWEEN condition was provided a range where the lower bound is greater than the upper bound"
        )


def leaf(name: str, comparison: str, values: list[Value], known: dict[str, Value]) -> Condition:
    """The condition that an operator and its values mean; values go into `known` under placeholders."""
    path = Path((name,))

    def held(value: Value) -> Placeholder:
        placeholder = f":{len(known)}"
        known[placeholder] = value
        return Placeholder(placeholder)

    if comparison in _COMPARISONS:
        return Comparison(_COMPARISONS[comparison], path, held(values[0]))
    if comparison == "BETWEEN":
        return Between(path, held(values[0]), held(values[1]))
    if comparison == "IN":
        return In(path, tuple(map(held, values)))
    if comparison == "NULL":
        return Function("attribute_not_exists", (path,))
    if comparison == "NOT_NULL":
        return Function("attribute_exists", (path,))
    if comparison == "BEGINS_WITH":
        return Function("begins_with", (path, held(values[0])))
    found = Function("contains", (path, held(values[0])))
    return Not(found) if comparison == "NOT_CONTAINS" else found


def filtered(conditions: Mapping[str, tuple[str, list[Value]]], conditional_operator: str | None) -> Filter | None:
    """The filter that checked conditions mean; None when there is none."""
    if not conditions:
        return None
    known: dict[str, Value] = {}
    leaves = tuple(leaf(name, comparison, values, known) for name, (comparison, values) in conditions.items())
    root = Or(leaves) if conditional_operator == "OR" else And(leaves)
    return Filter(judging(root), known, frozenset(conditions))


def expected(request: Mapping[str, Any]) -> Filter | None:
    """What a request's Expected demands; None when it has none. Raises ValidationException."""
    given = request.get("Expected")
    if given is None:
        if request.get("ConditionalOperator") is not None and "AttributeUpdates" not in request:
            raise invalid("ConditionalOperator cannot be used without Filter or Expected")
        return None
    if not given and request.get("ConditionalOperator") is not None:
        raise invalid("ConditionalOperator can only be used when Filter or Expected has two or more elements")
    conditions = {name: _expectation(name, one) for name, one in given.items()}
    if request.get("ConditionalOperator") is not None and len(conditions) < 2:
        raise invalid("ConditionalOperator can only be used when Filter or Expected has two or more elements")
    return filtered(conditions, request.get("ConditionalOperator"))


def _expectation(name: str, condition: Mapping[str, Any]) -> tuple[str, list[Value]]:
    comparison = condition.get("ComparisonOperator")
    exists = condition.get("Exists")
    value = condition.get("Value")
    listed = condition.get("AttributeValueList")
    if comparison is not None:
        if exists is not None:
            raise invalid_value(f"Exists and ComparisonOperator cannot be used together for Attribute: {name}")
        if value is not None and listed is not None:
            raise invalid_value(f"Value and AttributeValueList cannot be used together for Attribute: {name}")
        values = [stored(one) for one in (listed if listed is not None else [] if value is None else [value])]
        check_arguments(comparison, values)
        return comparison, values
    if listed is not None:
        raise invalid_value(f"AttributeValueList can only be used with a ComparisonOperator for Attribute: {name}")
    if exists is None or exists:
        if value is None:
            shown = "null" if exists is None else "true"
            raise invalid_value(f"Value must be provided when Exists is {shown} for Attribute: {name}")
        return "EQ", [stored(value)]
    if value is not None:
        raise invalid_value(f"Value cannot be used when Exists is false for Attribute: {name}")
    return "NULL", []


def updates(request: Mapping[str, Any]) -> tuple[tuple[Action, ...], dict[str, Value]]:
    """The actions that AttributeUpdates mean, and their values. Raises ValidationException."""
    actions: list[Action] = []
    known: dict[str, Value] = {}
    for name, update in (request.get("AttributeUpdates") or {}).items():
        kind = update.get("Action") or "PUT"
        given = update.get("Value")
        path = Path((name,))
        if given is None:
            if kind != "DELETE":
                raise invalid_value("Only DELETE action is allowed when no attribute value is specified")
            actions.append(Action("REMOVE", path))
            continue
        value = stored(given)
        held = kind_of(value)
        placeholder = f":{len(known)}"
        known[placeholder] = value
        if kind == "PUT":
            actions.append(Action("SET", path, Placeholder(placeholder)))
        elif kind == "ADD":
            if held not in ("N", "SS", "NS", "BS", "L"):
                raise invalid_value(f"ADD action is not supported for the type {held}")
            actions.append(Action("ADD", path, Placeholder(placeholder)))
        else:
            if held not in ("SS", "NS", "BS"):
                raise invalid_value(f"DELETE action with value is not supported for the type {held}")
            actions.append(Action("DELETE", path, Placeholder(placeholder)))
    return tuple(actions), known


def key_conditions(request: Mapping[str, Any]) -> dict[str, tuple[str, list[Value]]]:
    """The KeyConditions of a Query. Raises ValidationException."""
    found = checked(request["KeyConditions"])
    if not 1 <= len(found) <= 2:
        raise invalid("Conditions can be of length 1 or 2 only")
    return found
