"""Conditions: every operator of the policy language, compiled to closures.

A condition asks `Keys` for the values of a key; keys are computed only when asked for. Missing keys:

| | missing key | no value of the key matches |
|---|---|---|
| `StringEquals` and other positive operators | false | false |
| `StringNotEquals` and other negated ones | true | true |
| `...IfExists` | true | as without |
| `ForAllValues:...` | true | false |
| `ForAnyValue:...` | false | false |
| `Null` | whether the policy says "true" | - |

Source: IAM User Guide, reference_policies_elements_condition_operators.html and
reference_policies_condition-single-vs-multi-valued-context-keys.html.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache

from haar.auth.patterns import Template, arn_glob, glob, template

__all__ = ["Keys", "Test", "Value", "compile_conditions", "instant", "is_operator"]

#: What a condition key may hold. A list is a multivalued key, anything else is single-valued.
Value = str | bool | int | float | bytes | Sequence[str] | None


class Keys:
    """The condition keys of one request, by lower-case name; subclasses say how a key is found."""

    __slots__ = ("missing",)

    def __init__(self) -> None:
        #: Names of the keys that were asked for and not there, when somebody wants to know (simulation).
        self.missing: set[str] | None = None

    def find(self, key: str) -> Value:
        """The value of a key, None when the request has no such key."""
        raise NotImplementedError

    def values(self, key: str) -> tuple[str, ...] | None:
        """Every value of a key as text; None when the key is missing or empty."""
        found = self.find(key)
        if found is None:
            if self.missing is not None:
                self.missing.add(key)
            return None
        if isinstance(found, str):
            return (found,)
        if isinstance(found, (bool, int, float, bytes)):
            return (_text(found),)
        return tuple(map(_text, found)) or None

    def single(self, key: str) -> str | None:
        """The value of a single-valued key, for a policy variable; multivalued keys cannot be variables."""
        found = self.find(key)
        if isinstance(found, str):
            return found
        if isinstance(found, (bool, int, float, bytes)):
            return _text(found)
        if found is None and self.missing is not None:
            self.missing.add(key)
        return None


Test = Callable[[Keys], bool]
One = Callable[[str], bool]


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return repr(value) if isinstance(value, (int, float)) else str(value)


# -- one expected value against one actual value: each maker returns the test, or None when nothing can match ------


def _string_equals(expected: str) -> One:
    return expected.__eq__


def _string_equals_ignore_case(expected: str) -> One:
    folded = expected.casefold()
    return lambda actual: actual.casefold() == folded


def _arn_like(marked: str) -> One:
    matches = arn_glob(marked)
    return lambda actual: actual.startswith("arn:") and matches(actual)


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return None if math.isnan(value) else value


def instant(text: str) -> float | None:
    """Seconds since 1970 of an ISO 8601 date or an epoch number; None when the text is neither."""
    number = _number(text)
    if number is not None:
        # a bare year is a date, not 2026 seconds after 1970
        if not (len(text) == 4 and text.isdecimal()):
            return number
        text = f"{text}-01-01"
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        try:
            when = datetime.fromisoformat(f"{text}-01")
        except ValueError:
            return None
    try:
        return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()
    except (OverflowError, ValueError):
        return None


def _compared(
    convert: Callable[[str], float | None], relation: Callable[[float, float], bool]
) -> Callable[[str], One | None]:
    def make(expected: str) -> One | None:
        bound = convert(expected)
        if bound is None:
            return None

        def test(actual: str) -> bool:
            value = convert(actual)
            return value is not None and relation(value, bound)

        return test

    return make


def _bool_equals(expected: str) -> One | None:
    folded = expected.lower()
    if folded not in ("true", "false"):
        return None
    return lambda actual: actual.lower() == folded


def _decoded(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


def _binary_equals(expected: str) -> One | None:
    wanted = _decoded(expected)
    if wanted is None:
        return None
    return lambda actual: _decoded(actual) == wanted


@lru_cache(maxsize=4096)
def _address(text: str) -> tuple[int, int] | None:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return address.version, int(address)


def _ip_address(expected: str) -> One | None:
    try:
        network = ipaddress.ip_network(expected, strict=False)
    except ValueError:
        return None
    version, base, mask = network.version, int(network.network_address), int(network.netmask)

    def test(actual: str) -> bool:
        found = _address(actual)
        return found is not None and found[0] == version and found[1] & mask == base

    return test


def _equal(a: float, b: float) -> bool:
    return a == b


def _less(a: float, b: float) -> bool:
    return a < b


def _less_or_equal(a: float, b: float) -> bool:
    return a <= b


def _greater(a: float, b: float) -> bool:
    return a > b


def _greater_or_equal(a: float, b: float) -> bool:
    return a >= b


Maker = Callable[[str], "One | None"]
#: positive operator -> (maker of the test, takes variables, takes wildcards)
_POSITIVE: dict[str, tuple[Maker, bool, bool]] = {
    "StringEquals": (_string_equals, True, False),
    "StringEqualsIgnoreCase": (_string_equals_ignore_case, True, False),
    "StringLike": (glob, True, True),
    "NumericEquals": (_compared(_number, _equal), False, False),
    "NumericLessThan": (_compared(_number, _less), False, False),
    "NumericLessThanEquals": (_compared(_number, _less_or_equal), False, False),
    "NumericGreaterThan": (_compared(_number, _greater), False, False),
    "NumericGreaterThanEquals": (_compared(_number, _greater_or_equal), False, False),
    "DateEquals": (_compared(instant, _equal), False, False),
    "DateLessThan": (_compared(instant, _less), False, False),
    "DateLessThanEquals": (_compared(instant, _less_or_equal), False, False),
    "DateGreaterThan": (_compared(instant, _greater), False, False),
    "DateGreaterThanEquals": (_compared(instant, _greater_or_equal), False, False),
    "Bool": (_bool_equals, False, False),
    "BinaryEquals": (_binary_equals, False, False),
    "IpAddress": (_ip_address, False, False),
    "ArnEquals": (_arn_like, True, True),
    "ArnLike": (_arn_like, True, True),
}
_NEGATED = {
    "StringNotEquals": "StringEquals",
    "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike",
    "NumericNotEquals": "NumericEquals",
    "DateNotEquals": "DateEquals",
    "NotIpAddress": "IpAddress",
    "ArnNotEquals": "ArnEquals",
    "ArnNotLike": "ArnLike",
}
#: Operator names are not case-sensitive in stored policies, so they are found by their lower-case form.
_BY_NAME = {name.lower(): name for name in (*_POSITIVE, *_NEGATED, "Null")}


def _split(operator: str) -> tuple[str, str, bool] | None:
    """(set qualifier or "", canonical operator name, IfExists)."""
    qualifier, colon, name = operator.partition(":")
    if not colon:
        qualifier, name = "", operator
    folded = name.lower()
    if_exists = folded.endswith("ifexists")
    canonical = _BY_NAME.get(folded[: -len("ifexists")] if if_exists else folded)
    qualifier = qualifier.lower()
    if canonical is None or (colon and qualifier not in ("forallvalues", "foranyvalue")):
        return None
    if canonical == "Null" and (if_exists or qualifier):
        return None
    return qualifier, canonical, if_exists


def is_operator(operator: str) -> bool:
    """Whether the policy language has this condition operator, qualifier and IfExists included."""
    return _split(operator) is not None


def compile_conditions(
    block: Mapping[str, Mapping[str, tuple[str, ...]]], *, variables: bool
) -> tuple[Test | None, tuple[str, ...]]:
    """One test for a whole Condition element (None when it is empty), and the names of the keys it reads."""
    tests: list[Test] = []
    names: list[str] = []
    for operator, keys in block.items():
        for key, expected in keys.items():
            tests.append(_compile_one(operator, key.lower(), expected, variables, names))
            names.append(key)
    if not tests:
        return None, ()
    if len(tests) == 1:
        return tests[0], tuple(names)
    if len(tests) == 2:
        first, second = tests
        return lambda keys: first(keys) and second(keys), tuple(names)
    return lambda keys: all(test(keys) for test in tests), tuple(names)


def _compile_one(operator: str, key: str, expected: tuple[str, ...], variables: bool, names: list[str]) -> Test:
    split = _split(operator)
    assert split is not None, f"unknown condition operator {operator}"  # the document was read, so it is known
    qualifier, name, if_exists = split
    if name == "Null":
        wants = {value.lower() for value in expected}
        when_missing, when_there = "true" in wants, "false" in wants
        return lambda keys: when_missing if keys.values(key) is None else when_there
    negated = name in _NEGATED
    maker, takes_variables, wildcards = _POSITIVE[_NEGATED.get(name, name)]
    made: list[One] = []
    literals: set[str] = set()
    open_ended: list[Template] = []
    for text in expected:
        form = template(text, variables=variables and takes_variables, wildcards=wildcards)
        if isinstance(form, Template):
            open_ended.append(form)
            names.extend(form.names)
        elif maker is _string_equals:
            literals.add(form)
        else:
            one = maker(form)
            if one is not None:
                made.append(one)
    if literals:
        made.insert(0, frozenset(literals).__contains__)
    fixed = _any_of(made)
    if open_ended:
        return _decided(qualifier, negated, if_exists, key, _filled(fixed, tuple(open_ended), maker))
    return _decided(qualifier, negated, if_exists, key, lambda _: fixed)


def _any_of(tests: list[One]) -> One:
    if len(tests) == 1:
        return tests[0]
    frozen = tuple(tests)
    return lambda actual: any(test(actual) for test in frozen)


def _filled(fixed: One, templates: Iterable[Template], maker: Maker) -> Callable[[Keys], One]:
    """Expected values that depend on the request: a variable that cannot be resolved matches nothing."""

    def prepare(keys: Keys) -> One:
        tests = [fixed]
        for form in templates:
            text = form.fill(keys.single)
            one = None if text is None else maker(text)
            if one is not None:
                tests.append(one)
        return _any_of(tests)

    return prepare


def _decided(qualifier: str, negated: bool, if_exists: bool, key: str, prepare: Callable[[Keys], One]) -> Test:
    """Combine: which values of the key must match, and what a missing key means."""
    if qualifier == "forallvalues":

        def for_all(keys: Keys) -> bool:
            actual = keys.values(key)
            if actual is None:
                return True
            matches = prepare(keys)
            return all(matches(value) != negated for value in actual)

        return for_all
    if qualifier == "foranyvalue":

        def for_any(keys: Keys) -> bool:
            actual = keys.values(key)
            if actual is None:
                return if_exists
            matches = prepare(keys)
            return any(matches(value) != negated for value in actual)

        return for_any
    when_missing = negated or if_exists

    def single(keys: Keys) -> bool:
        actual = keys.values(key)
        if actual is None:
            return when_missing
        matches = prepare(keys)
        if len(actual) == 1:
            return matches(actual[0]) != negated
        return any(matches(value) for value in actual) != negated

    return single
