"""Conditions and operands as functions of (item, values), both in stored form; an operand that is not there is None.

A comparison with something that is not there, or of another type, is false; only `<>` is true then.
"""

from __future__ import annotations

import operator
from base64 import b64decode
from collections.abc import Callable, Mapping
from typing import Any

from haar.services.dynamodb.expressions.syntax import (
    And,
    Between,
    Comparison,
    Condition,
    Function,
    In,
    Not,
    Operand,
    Or,
    Path,
    Placeholder,
)
from haar.services.dynamodb.values import Value, equal, kind_of, ordered

__all__ = ["Item", "Judge", "Reading", "Values", "begins_with", "compares", "contains", "judging", "reading", "size"]

Item = Mapping[str, Value]
Values = Mapping[str, Value]
Judge = Callable[[Item, Values], bool]
Reading = Callable[[Item, Values], "Value | None"]

_ORDERS: Mapping[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


# ---- operands


def at_path(item: Item, parts: tuple[str | int, ...]) -> Value | None:
    """What is at a document path of an item; None where there is nothing."""
    value = item.get(parts[0])  # type: ignore[arg-type]
    for part in parts[1:]:
        if value is None:
            return None
        if part.__class__ is int:
            elements = value.get("L")
            if elements is None or part >= len(elements):
                return None
            value = elements[part]
        else:
            members = value.get("M")
            if members is None:
                return None
            value = members.get(part)
    return value


def reading(operand: Operand) -> Reading:
    """A function that reads an operand, whose names have been resolved."""
    if isinstance(operand, Placeholder):
        name = operand.name
        return lambda item, values: values[name]
    if isinstance(operand, Path):
        parts = operand.parts
        if len(parts) == 1:
            first = parts[0]
            return lambda item, values: item.get(first)  # type: ignore[arg-type]
        return lambda item, values: at_path(item, parts)
    assert isinstance(operand, Function) and operand.name == "size", operand
    inner = reading(operand.args[0])

    def size_of_operand(item: Item, values: Values) -> Value | None:
        value = inner(item, values)
        count = None if value is None else size(value)
        return None if count is None else {"N": str(count)}

    return size_of_operand


def size(value: Value) -> int | None:
    """What `size()` says of a value; None for a type that has none."""
    ((kind, content),) = value.items()
    if kind == "B":
        return len(b64decode(content))
    return None if kind in ("N", "BOOL", "NULL") else len(content)


# ---- what functions and operators say


def compares(order: Callable[[Any, Any], bool], left: Value | None, right: Value | None) -> bool:
    """Whether two values of one type that has an order are in it."""
    if left is None or right is None or kind_of(left) != kind_of(right):
        return False
    first = ordered(left)
    return first is not None and order(first, ordered(right))


def begins_with(value: Value | None, start: Value | None) -> bool:
    """Whether a text or binary begins with another."""
    if value is None or start is None:
        return False
    if "S" in value and "S" in start:
        return bool(value["S"].startswith(start["S"]))
    if "B" in value and "B" in start:
        return b64decode(value["B"]).startswith(b64decode(start["B"]))
    return False


def contains(value: Value | None, part: Value | None) -> bool:
    """Whether a text contains a text, a set an element, a list a value."""
    if value is None or part is None:
        return False
    ((kind, content),) = value.items()
    ((other, given),) = part.items()
    if kind == "S":
        return other == "S" and given in content
    if kind == "B":
        return other == "B" and b64decode(given) in b64decode(content)
    if kind in ("SS", "NS", "BS"):
        return kind[0] == other and given in content
    if kind == "L":
        return any(equal(one, part) for one in content)
    return False


# ---- conditions


def judging(condition: Condition) -> Judge:
    """A function that decides a condition, whose names have been resolved and whose functions have been checked."""
    if isinstance(condition, And):
        all_of = [judging(one) for one in condition.conditions]
        return lambda item, values: all(one(item, values) for one in all_of)
    if isinstance(condition, Or):
        any_of = [judging(one) for one in condition.conditions]
        return lambda item, values: any(one(item, values) for one in any_of)
    if isinstance(condition, Not):
        inner = judging(condition.condition)
        return lambda item, values: not inner(item, values)
    if isinstance(condition, Comparison):
        return _comparison(condition)
    if isinstance(condition, Between):
        value, low, high = reading(condition.value), reading(condition.low), reading(condition.high)

        def is_between(item: Item, values: Values) -> bool:
            found = value(item, values)
            return compares(operator.ge, found, low(item, values)) and compares(operator.le, found, high(item, values))

        return is_between
    if isinstance(condition, In):
        subject = reading(condition.value)
        choices = [reading(one) for one in condition.choices]

        def is_in(item: Item, values: Values) -> bool:
            found = subject(item, values)
            return found is not None and any(equal(found, choice(item, values)) for choice in choices)

        return is_in
    return _function(condition)


def _comparison(condition: Comparison) -> Judge:
    left, right = reading(condition.left), reading(condition.right)
    if condition.operator == "=":
        return lambda item, values: equal(left(item, values), right(item, values))
    if condition.operator == "<>":
        return lambda item, values: not equal(left(item, values), right(item, values))
    order = _ORDERS[condition.operator]
    return lambda item, values: compares(order, left(item, values), right(item, values))


def _function(condition: Function) -> Judge:
    name = condition.name
    first = reading(condition.args[0])
    if name == "attribute_exists":
        return lambda item, values: first(item, values) is not None
    if name == "attribute_not_exists":
        return lambda item, values: first(item, values) is None
    second = reading(condition.args[1])
    if name == "attribute_type":

        def is_of_type(item: Item, values: Values) -> bool:
            value, wanted = first(item, values), second(item, values)
            return value is not None and wanted is not None and kind_of(value) == wanted.get("S")

        return is_of_type
    decide = begins_with if name == "begins_with" else contains
    return lambda item, values: decide(first(item, values), second(item, values))
