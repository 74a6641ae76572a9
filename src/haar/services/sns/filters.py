"""Filter policies: which of a topic's messages a subscription wants.

A policy is a JSON object. Every name in it must be matched, by any of the values listed for it::

    {"store": ["north", {"prefix": "so"}], "price": [{"numeric": [">", 0, "<=", 100]}]}
    {"$or": [{"store": ["north"]}, {"price": [{"exists": false}]}]}
    {"order": {"customer": {"tier": ["gold"]}}}              in the scope MessageBody alone

`compiled` makes a function of the text once, so that a message costs what its names cost.

Source: SNS Developer Guide, sns-subscription-filter-policies.html, subscription-filter-policy-constraints.html,
string-value-matching.html, numeric-value-matching.html, and-or-logic.html.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import lru_cache
from ipaddress import ip_address, ip_network
from typing import Any, Final

from haar.kit import ServiceError
from haar.services.sns.resources import Attributes, Letter
from haar.services.sns.service import invalid, sns

__all__ = ["check", "wants"]

BODY: Final = "MessageBody"
SCOPES: Final = ("MessageAttributes", BODY)
#: docs: subscription-filter-policy-constraints.html
_KEYS_MAX: Final = 5
_COMBINATIONS_MAX: Final = 150
_BYTES_MAX: Final = 262_144
_NUMBER_MAX: Final = 1e9

#: whether a value (of an attribute, or in a body) is wanted
Test = Callable[[Any], bool]
#: whether the object has what a part of a policy asks for
Part = Callable[[Mapping[str, Any]], bool]

_COMPARE: Final[dict[str, Callable[[float, float], bool]]] = {
    "=": lambda value, limit: value == limit,
    "<": lambda value, limit: value < limit,
    "<=": lambda value, limit: value <= limit,
    ">": lambda value, limit: value > limit,
    ">=": lambda value, limit: value >= limit,
}


def wants(policy: str, scope: str, letter: Letter) -> bool:
    """Whether a subscription with this filter policy is told this message."""
    part = compiled(policy)
    if scope != BODY:
        return part(_values(letter.attributes))
    try:
        body = json.loads(letter.body)
    except ValueError:
        return False
    return isinstance(body, dict) and part(body)


def _values(attributes: Attributes) -> dict[str, Any]:
    """Attributes as values that tests understand: numbers are numbers, `String.Array` is a list."""
    found: dict[str, Any] = {}
    for name, (kind, value) in attributes.items():
        if kind == "String.Array":
            try:
                found[name] = json.loads(value)
            except ValueError:
                found[name] = value
        elif kind.partition(".")[0] == "Number":
            found[name] = float(value)
        elif isinstance(value, str):
            found[name] = value
    return found


# -- what is asked for ----------------------------------------------------------------------------------------------


@lru_cache(maxsize=4096)
def compiled(policy: str) -> Part:
    """The function of a sound policy."""
    return _part(json.loads(policy))


def _part(node: Mapping[str, Any]) -> Part:
    steps: list[Part] = []
    for name, wanted in node.items():
        if name == "$or" and _is_or(wanted):
            steps.append(_any([_part(one) for one in wanted]))
        elif isinstance(wanted, dict):
            steps.append(_inside(name, _part(wanted)))
        else:
            steps.append(_leaf(name, wanted))
    if len(steps) == 1:
        return steps[0]
    return lambda given: all(step(given) for step in steps)


def _is_or(wanted: Any) -> bool:
    """`$or` is the operator when it has a list of at least two objects, which ask for names and not for operators."""
    return (
        isinstance(wanted, list)
        and len(wanted) > 1
        and all(isinstance(one, dict) and one and not set(one) & set(_OPERATORS) for one in wanted)
    )


def _any(parts: list[Part]) -> Part:
    return lambda given: any(part(given) for part in parts)


def _inside(name: str, part: Part) -> Part:
    def ask(given: Mapping[str, Any]) -> bool:
        value = given.get(name)
        if isinstance(value, list):
            return any(isinstance(one, dict) and part(one) for one in value)
        return isinstance(value, dict) and part(value)

    return ask


def _leaf(name: str, wanted: list[Any]) -> Part:
    tests = [_test(one) for one in wanted if not _is_exists(one)]
    there = {one["exists"] for one in wanted if _is_exists(one)}

    def ask(given: Mapping[str, Any]) -> bool:
        if name not in given or isinstance(given[name], dict):
            return False in there
        if True in there:
            return True
        value = given[name]
        values = value if isinstance(value, list) else (value,)
        return any(test(one) for one in values for test in tests)

    return ask


def _is_exists(one: Any) -> bool:
    return isinstance(one, dict) and "exists" in one


def _same(wanted: Any) -> Test:
    if isinstance(wanted, bool) or wanted is None:
        return lambda value: value is wanted
    if isinstance(wanted, str):
        return lambda value: isinstance(value, str) and value == wanted
    return lambda value: _is_number(value) and value == wanted


def _test(one: Any) -> Test:
    if not isinstance(one, dict):
        return _same(one)
    ((operator, operand),) = one.items()
    return _OPERATORS[operator](operand)


def _prefix(text: str) -> Test:
    return lambda value: isinstance(value, str) and value.startswith(text)


def _suffix(text: str) -> Test:
    return lambda value: isinstance(value, str) and value.endswith(text)


def _folded(text: str) -> Test:
    folded = text.casefold()
    return lambda value: isinstance(value, str) and value.casefold() == folded


def _anything_but(operand: Any) -> Test:
    if isinstance(operand, dict):
        ((operator, inner),) = operand.items()
        texts = inner if isinstance(inner, list) else [inner]
        hits = [_OPERATORS[operator](text) for text in texts]
    else:
        hits = [_same(one) for one in (operand if isinstance(operand, list) else [operand])]
    return lambda value: not any(hit(value) for hit in hits)


def _numeric(operand: list[Any]) -> Test:
    pairs = [(_COMPARE[operand[at]], float(operand[at + 1])) for at in range(0, len(operand), 2)]
    return lambda value: _is_number(value) and all(compare(value, limit) for compare, limit in pairs)


def _cidr(operand: str) -> Test:
    network = ip_network(operand, strict=False)

    def ask(value: Any) -> bool:
        try:
            return isinstance(value, str) and ip_address(value) in network
        except ValueError:
            return False

    return ask


_OPERATORS: Final[dict[str, Callable[[Any], Test]]] = {
    "prefix": _prefix,
    "suffix": _suffix,
    "equals-ignore-case": _folded,
    "anything-but": _anything_but,
    "numeric": _numeric,
    "cidr": _cidr,
    "exists": lambda operand: lambda value: bool(operand),
}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


# -- what is allowed to be asked for --------------------------------------------------------------------------------


def check(policy: str, scope: str) -> None:
    """Refuse a policy that SNS would not keep. Raises InvalidParameter or FilterPolicyLimitExceeded."""
    if len(policy.encode()) > _BYTES_MAX:
        raise _bad("Filter policy is too large")
    try:
        node = json.loads(policy)
    except ValueError:
        raise _bad("failed to parse JSON.") from None
    if not isinstance(node, dict):
        raise _bad("Filter policy must be a JSON object")
    names: list[str] = []
    combinations = _check_node(node, scope, 1, names)
    if len(names) > _KEYS_MAX:
        raise _bad(f"Filter policy can not have more than {_KEYS_MAX} keys")
    if combinations > _COMBINATIONS_MAX:
        raise _bad("Filter policy is too complex")


def _check_node(node: Mapping[str, Any], scope: str, depth: int, names: list[str]) -> int:
    """How many combinations a part of a policy asks for; collects the names of its leaves."""
    total = 1
    for name, wanted in node.items():
        if name == "$or" and _is_or(wanted):
            total *= sum(_check_node(one, scope, depth, names) for one in wanted)
        elif isinstance(wanted, dict):
            if scope != BODY:
                if set(wanted) & set(_OPERATORS):
                    raise _bad(f'"{name}" must be an object or an array')
                raise invalid("Filter policy scope MessageAttributes does not support nested filter policy")
            if not wanted:
                raise _bad("Empty objects are not allowed")
            total *= _check_node(wanted, scope, depth + 1, names)
        elif isinstance(wanted, list):
            if not wanted:
                raise _bad("Empty arrays are not allowed")
            for one in wanted:
                _check_value(one)
            names.append(name)
            total *= len(wanted) * (depth if scope == BODY else 1)
        else:
            raise _bad(f'"{name}" must be an object or an array')
    return total


def _check_value(one: Any) -> None:
    if isinstance(one, list):
        raise _bad("Match value must be String, number, true, false, or null")
    if not isinstance(one, dict):
        _check_number(one)
        return
    if len(one) != 1:
        raise _bad("Only one key allowed in match expression")
    ((operator, operand),) = one.items()
    if operator not in _OPERATORS:
        raise _bad(f"Unrecognized match type {operator}")
    _CHECKS[operator](operator, operand)


def _check_number(value: Any) -> None:
    if _is_number(value) and not -_NUMBER_MAX <= value <= _NUMBER_MAX:
        raise _bad(f"Value of numeric filter must be between -1.0E9 and 1.0E9: {value}")


def _check_text(operator: str, operand: Any) -> None:
    if not isinstance(operand, str):
        raise _bad(f"{operator} match pattern must be a string")
    if not operand and operator in ("prefix", "suffix"):
        raise _bad(f"Empty {operator} pattern is not allowed")


def _check_anything_but(operator: str, operand: Any) -> None:
    if isinstance(operand, dict):
        if len(operand) != 1 or not set(operand) <= {"prefix", "suffix", "equals-ignore-case", "cidr"}:
            raise _bad(f"Unsupported anything-but pattern: {', '.join(operand)}")
        ((inner, texts),) = operand.items()
        for text in texts if isinstance(texts, list) else [texts]:
            _CHECKS[inner](inner, text)
        return
    values = operand if isinstance(operand, list) else [operand]
    if not values:
        raise _bad("Empty arrays are not allowed")
    for value in values:
        if isinstance(value, dict | list | bool) or value is None:
            raise _bad("Inside anything but list, value must be a number or string")
        _check_number(value)


def _check_numeric(operator: str, operand: Any) -> None:
    if not isinstance(operand, list):
        raise _bad("Value of numeric must be an array.")
    if not operand:
        raise _bad("Invalid member in numeric match: ]")
    if len(operand) not in (2, 4):
        raise _bad("Too many elements in numeric expression" if len(operand) > 4 else "Value of numeric is missing")
    for at in range(0, len(operand), 2):
        if operand[at] not in _COMPARE:
            raise _bad(f"Unrecognized numeric range operator: {operand[at]}")
        if not _is_number(operand[at + 1]):
            raise _bad(f"Value of {operand[at]} must be numeric")
        _check_number(operand[at + 1])
    if len(operand) == 4:
        if operand[0] not in (">", ">=") or operand[2] not in ("<", "<="):
            raise _bad(f"Bad numeric range operator: {operand[2]}")
        if operand[1] >= operand[3]:
            raise _bad("Bottom must be less than top")


def _check_exists(operator: str, operand: Any) -> None:
    if not isinstance(operand, bool):
        raise _bad("exists match pattern must be either true or false.")


def _check_cidr(operator: str, operand: Any) -> None:
    try:
        ip_network(operand if isinstance(operand, str) and "/" in operand else "", strict=False)
    except ValueError:
        raise _bad(f"Malformed CIDR, one '/' required: {operand}") from None


_CHECKS: Final[dict[str, Callable[[str, Any], None]]] = {
    "prefix": _check_text,
    "suffix": _check_text,
    "equals-ignore-case": _check_text,
    "anything-but": _check_anything_but,
    "numeric": _check_numeric,
    "exists": _check_exists,
    "cidr": _check_cidr,
}


def _bad(text: str) -> ServiceError:
    return sns.error("InvalidParameter", f"Invalid parameter: FilterPolicy: {text}")
