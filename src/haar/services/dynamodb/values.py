"""Attribute values: what is allowed, how numbers are written, how many bytes it counts.

A request carries a value as `{"S": "text"}`, with binary as bytes. What is kept and what expressions work on is the
*stored form*, which is also what the answer says: numbers in DynamoDB's own writing (no exponent, no zeros that mean
nothing), binary as base64 text. Two equal numbers are therefore equal texts.

Sizes: DynamoDB Developer Guide, CapacityUnitCalculations.html; numbers: HowItWorks.NamingRulesDataTypes.html.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Mapping
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal, InvalidOperation, Overflow
from functools import lru_cache
from typing import Any

import orjson

from haar.kit import ServiceError
from haar.services.dynamodb.service import NESTING_MAX, invalid, invalid_value

__all__ = [
    "EMPTY", "TYPES", "Value", "canonical", "dumped", "loaded", "measured", "number_of", "plain", "size_of", "stored",
]  # fmt: skip

#: A value in stored form: one type, one content.
Value = dict[str, Any]

TYPES = frozenset(("S", "N", "B", "SS", "NS", "BS", "M", "L", "NULL", "BOOL"))
EMPTY = "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"
_MANY = "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes"
_DEEP = "Nesting Levels have exceeded supported limits"
_NUMERIC = "The parameter cannot be converted to a numeric value"
_OVERFLOW = "Number overflow. Attempting to store a number with magnitude larger than supported range"
_UNDERFLOW = "Number underflow. Attempting to store a number with magnitude smaller than supported range"
_PRECISE = "Attempting to store more than 38 significant digits in a Number"

_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE]([+-]?[0-9]+))?")
#: Exact for every number that can be kept, with room for the sum of two.
_EXACT = Context(prec=400, Emax=MAX_EMAX, Emin=MIN_EMIN)


# ---- numbers


@lru_cache(maxsize=8192)
def canonical(text: str) -> tuple[str, int]:
    """A number as it is kept, and the bytes it counts. Raises ValidationException for what is no number in range."""
    if not text:
        raise invalid(_NUMERIC)
    found = _NUMBER.fullmatch(text) if text.isascii() else None
    if found is None:
        raise invalid(f"{_NUMERIC}: {text}")
    exponent = found[1]
    if exponent and len(exponent.lstrip("+-0")) > 9:
        # so far out that only a zero survives it
        if not re.fullmatch(r"[+-]?[0.]*[eE].*", text):
            raise invalid(_UNDERFLOW if exponent[0] == "-" else _OVERFLOW)
        return "0", 1
    return plain(Decimal(text))


def plain(value: Decimal) -> tuple[str, int]:
    """A decimal in DynamoDB's writing, and the bytes it counts; raises for what is out of range or too precise."""
    sign, digits, exponent = value.as_tuple()
    assert isinstance(exponent, int)
    text = "".join(map(str, digits)).lstrip("0")
    significant = text.rstrip("0")
    if not significant:
        return "0", 1
    exponent += len(text) - len(significant)
    magnitude = exponent + len(significant) - 1
    if magnitude > 125:
        raise invalid(_OVERFLOW)
    if magnitude < -130:
        raise invalid(_UNDERFLOW)
    count = len(significant)
    if count > 38:
        raise invalid(_PRECISE)
    if exponent >= 0:
        written = significant + "0" * exponent
    elif magnitude >= 0:
        written = f"{significant[: magnitude + 1]}.{significant[magnitude + 1 :]}"
    else:
        written = f"0.{'0' * (-magnitude - 1)}{significant}"
    # two digits a byte, beginning at the decimal point's pairs, and a byte for sign and exponent
    size = 1 + (count + 1) // 2 + (0 if count % 2 or magnitude % 2 else 1) + (1 if sign else 0)
    return (f"-{written}" if sign else written), size


@lru_cache(maxsize=8192)
def number_of(text: str) -> Decimal:
    """The decimal behind a stored number."""
    return Decimal(text)


def add(left: str, right: str) -> str:
    """The sum of two stored numbers. Raises for what cannot be kept."""
    return _result(_EXACT.add, left, right)


def subtract(left: str, right: str) -> str:
    """The difference of two stored numbers. Raises for what cannot be kept."""
    return _result(_EXACT.subtract, left, right)


def _result(compute: Callable[[Decimal, Decimal], Decimal], left: str, right: str) -> str:
    try:
        value = compute(number_of(left), number_of(right))
    except (InvalidOperation, Overflow):
        raise invalid(_OVERFLOW) from None
    return plain(value)[0]


# ---- whole values


def measured(item: Mapping[str, Any], depth: int = 0) -> tuple[dict[str, Any], int]:
    """The attributes of a request in stored form, and the bytes they count.

    What was given is never changed; what needs no change is given back itself. Raises ValidationException.
    """
    size = 0
    changed: dict[str, Any] | None = None
    for name, value in item.items():
        size += len(name) if name.isascii() else len(name.encode("utf-8", "surrogatepass"))
        if len(value) == 1:
            ((kind, content),) = value.items()
            # the two kinds that most values are of
            if kind == "S":
                size += len(content) if content.isascii() else len(content.encode("utf-8", "surrogatepass"))
                continue
            if kind == "N":
                text, count = canonical(content)
                size += count
                if text is not content and text != content:
                    if changed is None:
                        changed = {**item}
                    changed[name] = {"N": text}
                continue
        same, count = _measured_value(value, depth)
        size += count
        if same is not value:
            if changed is None:
                changed = {**item}
            changed[name] = same
    return (item if changed is None else changed), size  # type: ignore[return-value]


def _measured_value(value: Mapping[str, Any], depth: int) -> tuple[Any, int]:
    # AWS looks at every type that is set before it minds that there are two
    if not value:
        raise invalid(EMPTY)
    result: Any = value
    size = 0
    for kind, content in value.items():
        if kind == "S":
            size = len(content.encode("utf-8", "surrogatepass"))
        elif kind == "N":
            text, size = canonical(content)
            if text != content:
                result = {"N": text}
        elif kind == "B":
            size = len(content)
            result = {"B": b64encode(content).decode()}
        elif kind == "BOOL":
            size = 1
        elif kind == "NULL":
            if content is not True:
                raise invalid_value("Null attribute value types must have the value of true")
            size = 1
        elif kind == "M":
            if depth >= NESTING_MAX - 1:
                raise invalid(_DEEP)
            inner, size = measured(content, depth + 1)
            size += 3 + len(content)
            if inner is not content:
                result = {"M": inner}
        elif kind == "L":
            if depth >= NESTING_MAX - 1:
                raise invalid(_DEEP)
            result, size = _measured_list(value, content, depth)
        else:
            result, size = _measured_set(value, kind, content)
    if len(value) > 1:
        raise invalid(_MANY)
    return result, size


def _measured_list(value: Mapping[str, Any], content: list[Any], depth: int) -> tuple[Any, int]:
    found = []
    size = 3 + len(content)
    same = True
    for one in content:
        inner, count = _measured_value(one, depth + 1)
        size += count
        same = same and inner is one
        found.append(inner)
    return (value if same else {"L": found}), size


def _measured_set(value: Mapping[str, Any], kind: str, content: list[Any]) -> tuple[Any, int]:
    if not content:
        names = {"SS": "An string set  may not be empty", "NS": "An number set  may not be empty"}
        raise invalid_value(names.get(kind, "Binary sets should not be empty"))
    if kind == "NS":
        numbers = [canonical(one) for one in content]
        texts = [text for text, _ in numbers]
        if len(set(texts)) != len(texts):
            raise invalid("Input collection contains duplicates")
        return (value if texts == content else {"NS": texts}), sum(count for _, count in numbers)
    if len(set(content)) != len(content):
        if kind == "SS":
            raise invalid_value(f"Input collection [{', '.join(content)}] contains duplicates.")
        shown = ", ".join(b64encode(one).decode() for one in content)
        raise invalid_value(f"Input collection [{shown}]of type BS contains duplicates.")
    if kind == "SS":
        return value, sum(len(one.encode("utf-8", "surrogatepass")) for one in content)
    return {"BS": [b64encode(one).decode() for one in content]}, sum(map(len, content))


def stored(value: Mapping[str, Any], prefix: str = "") -> Value:
    """A request's value in stored form. Raises ValidationException, its message behind `prefix`."""
    if len(value) == 1:
        ((kind, content),) = value.items()
        if kind == "S":
            return value  # type: ignore[return-value]
        if kind == "N" and not prefix:
            text, _ = canonical(content)
            return value if text == content else {"N": text}  # type: ignore[return-value]
    try:
        same, _ = _measured_value(value, 0)
    except ServiceError as error:
        if not prefix:
            raise
        raise invalid(prefix + error.message) from None
    return same  # type: ignore[no-any-return]


def dumped(item: Mapping[str, Value]) -> bytes:
    """Attributes in stored form as the bytes that are kept and answered."""
    return orjson.dumps(item)


def loaded(body: bytes) -> dict[str, Value]:
    """The attributes of kept bytes, in stored form; those of a table with a KMS key are opened."""
    if body[:1] == b"\0":
        from haar.services.dynamodb.sealing import opened  # few tables have keys of their own

        body = opened(body)
    return orjson.loads(body)  # type: ignore[no-any-return]


# ---- sizes of what is stored


def size_of(item: Mapping[str, Value]) -> int:
    """The bytes that attributes in stored form count."""
    return sum(len(name.encode("utf-8", "surrogatepass")) + size_of_value(value) for name, value in item.items())


def size_of_value(value: Value) -> int:
    """The bytes that a value in stored form counts."""
    ((kind, content),) = value.items()
    if kind == "S":
        return len(content.encode("utf-8", "surrogatepass"))
    if kind == "N":
        return canonical(content)[1]
    if kind == "B":
        return _binary_size(content)
    if kind == "M":
        return 3 + len(content) + size_of(content)
    if kind == "L":
        return 3 + len(content) + sum(map(size_of_value, content))
    if kind == "SS":
        return sum(len(one.encode("utf-8", "surrogatepass")) for one in content)
    if kind == "NS":
        return sum(canonical(one)[1] for one in content)
    if kind == "BS":
        return sum(map(_binary_size, content))
    return 1


def _binary_size(text: str) -> int:
    return len(text) // 4 * 3 - text[-2:].count("=")


def depth_of(value: Value) -> int:
    """How many lists and maps are one in another."""
    ((kind, content),) = value.items()
    if kind == "M":
        return 1 + max(map(depth_of, content.values()), default=0)
    if kind == "L":
        return 1 + max(map(depth_of, content), default=0)
    return 0


def check_depth(values: Iterable[Value]) -> None:
    """Refuse values nested deeper than DynamoDB allows. Raises ValidationException."""
    if any(depth_of(value) >= NESTING_MAX for value in values):
        raise invalid(_DEEP)


# ---- comparing


def equal(left: Value | None, right: Value | None) -> bool:
    """Whether two values are of one type and the same; sets have no order."""
    if left is None or right is None:
        return False
    if left == right:
        return True
    ((kind, content),) = left.items()
    ((other, given),) = right.items()
    if kind != other:
        return False
    if kind in ("SS", "NS", "BS"):
        return len(content) == len(given) and set(content) == set(given)
    if kind == "M":
        return content.keys() == given.keys() and all(equal(one, given[name]) for name, one in content.items())
    if kind == "L":
        return len(content) == len(given) and all(map(equal, content, given))
    return False


def ordered(value: Value) -> Any:
    """What a text, number or binary is compared by; None for a type without an order."""
    ((kind, content),) = value.items()
    if kind == "N":
        return number_of(content)
    if kind == "S":
        # Python compares code points, which is the order of their UTF-8 bytes
        return content
    if kind == "B":
        return b64decode(content)
    return None


def binary(text: str) -> bytes:
    """The bytes behind binary in stored form."""
    return b64decode(text)


def kind_of(value: Mapping[str, Any]) -> str:
    """The type of a value in stored form, such as `S`."""
    return next(iter(value))
