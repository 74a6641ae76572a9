"""What S3 Select does with values: comparison, arithmetic, CAST, LIKE. NULL and MISSING never reach these functions.

Numbers are int (64 bits), float and Decimal (38 digits), and meet in the wider one. Text is not a number until CAST
says so, with one exception: a column of a CSV file, which can be nothing but text, is read as a number where it is
compared with one.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-select-sql-reference-data-types.html
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from decimal import ROUND_DOWN, Context, Decimal, DecimalException
from functools import lru_cache

from haar.services.s3.select import timestamps
from haar.services.s3.select.errors import refusal
from haar.services.s3.select.syntax import MISSING, Value, is_int64
from haar.services.s3.select.timestamps import Timestamp

#: https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-select-sql-reference-data-types.html: 38 digits
NUMBERS = Context(prec=38)
_INTEGER = re.compile(r"[+-]?\d+", re.ASCII)
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_NUMERIC = (int, float, Decimal)


def is_number(value: Value) -> bool:
    """Whether a value is of a numeric type; TRUE and FALSE are not."""
    return isinstance(value, _NUMERIC) and not isinstance(value, bool)


def to_decimal(value: float | Decimal) -> Decimal:
    """A number in base ten; a float as it is written, not as it is stored."""
    return Decimal(repr(value)) if isinstance(value, float) else Decimal(value)


def number_in(text: str) -> int | Decimal | None:
    """The number a text is, None when it is none."""
    text = text.strip()
    if len(text) < 19 and _INTEGER.fullmatch(text):
        return int(text)
    return Decimal(text) if _NUMBER.fullmatch(text) else None


# --- comparison ---------------------------------------------------------------------------------------------------


def equal(left: Value, right: Value) -> bool:
    """Whether two values are the same; values of different types are not."""
    if type(left) is type(right) and not isinstance(left, Timestamp | list | dict):
        return bool(left == right)
    if is_number(left) and is_number(right):
        if isinstance(left, float) is isinstance(right, float):
            return bool(left == right)
        if not _finite(left) or not _finite(right):
            return False
        return to_decimal(left) == to_decimal(right)
    if isinstance(left, Timestamp) and isinstance(right, Timestamp):
        return left.moment == right.moment
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(_same, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(_same(left[name], right[name]) for name in left)
    return False


def _same(left: Value, right: Value) -> bool:
    if left is None or right is None or left is MISSING or right is MISSING:
        return left is right
    return equal(left, right)


def _finite(value: float | Decimal) -> bool:
    return not isinstance(value, float) or math.isfinite(value)


def order(left: Value, right: Value) -> int | None:
    """-1, 0 or 1 as the left value comes before, with or after the right; None for values that have no order."""
    if type(left) is type(right) and type(left) in (int, str, float, Decimal, bool):
        return int(left > right) - int(left < right)
    if is_number(left) and is_number(right):
        if isinstance(left, float) is isinstance(right, float):  # int and Decimal compare exactly as they are
            return int(left > right) - int(left < right)
        if not _finite(left) or not _finite(right):
            return (float(left) > float(right)) - (float(left) < float(right))
        one, two = to_decimal(left), to_decimal(right)
        return (one > two) - (one < two)
    if isinstance(left, Timestamp) and isinstance(right, Timestamp):
        return (left.moment > right.moment) - (left.moment < right.moment)
    return None


# --- arithmetic ---------------------------------------------------------------------------------------------------


def calculate(operator: str, left: Value, right: Value) -> Value:
    """`left operator right` for + - * / %. Raises InvalidDataType, IntegerOverflow, IllegalSqlFunctionArgument."""
    are_whole = type(left) is int and type(right) is int  # not a bool, which is an int to Python
    if not are_whole and (not is_number(left) or not is_number(right)):
        raise refusal("InvalidDataType")
    if operator in "/%" and not right:
        raise refusal("IllegalSqlFunctionArgument", "Division by zero in the SQL expression.")
    if are_whole:
        return _whole(operator, left, right)
    try:
        if isinstance(left, float) or isinstance(right, float):
            return _floating(operator, float(left), float(right))
        return _DECIMAL[operator](to_decimal(left), to_decimal(right))
    except (DecimalException, OverflowError):
        raise refusal("IntegerOverflow") from None


def _whole(operator: str, left: int, right: int) -> int:
    if operator == "+":
        result = left + right
    elif operator == "-":
        result = left - right
    elif operator == "*":
        result = left * right
    else:  # both round towards zero, as the machine does
        result = abs(left) // abs(right) if operator == "/" else abs(left) % abs(right)
        if (left < 0) != (right < 0) if operator == "/" else left < 0:
            result = -result
    if not is_int64(result):
        raise refusal("IntegerOverflow")
    return result


def _floating(operator: str, left: float, right: float) -> float:
    match operator:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case "/":
            return left / right
    return math.fmod(left, right)


_DECIMAL: dict[str, Callable[[Decimal, Decimal], Decimal]] = {
    "+": NUMBERS.add,
    "-": NUMBERS.subtract,
    "*": NUMBERS.multiply,
    "/": NUMBERS.divide,
    "%": NUMBERS.remainder,
}


# --- text and CAST ------------------------------------------------------------------------------------------------


def text_of(value: Value) -> str:
    """A scalar as text, as CAST to string and the CSV output write it."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return format(value, "f") if -40 < value.adjusted() < 40 else str(value)
    return str(value)


def cast(value: Value, kind: str) -> Value:
    """A value of another type. Raises CastFailed."""
    try:
        result = _CASTS[kind](value)
    except (ValueError, DecimalException, OverflowError):
        result = None
    if result is None:
        raise refusal("CastFailed")
    return result


def _to_int(value: Value) -> int | None:
    if isinstance(value, str):
        if len(value) < 19 and value.isascii() and value.isdecimal():
            return int(value)
        text = value.strip()
        if not _NUMBER.fullmatch(text):
            return None
        value = int(text) if len(text) < 19 and _INTEGER.fullmatch(text) else Decimal(text)
    if isinstance(value, Decimal):
        if value.adjusted() > 19:  # too large for the type, and perhaps for the machine
            return None
        number = int(value.to_integral_value(ROUND_DOWN))
    elif isinstance(value, int | float):
        number = int(value)
    else:
        return None
    return number if is_int64(number) else None


def _to_float(value: Value) -> float | None:
    if isinstance(value, str):
        return float(value) if _NUMBER.fullmatch(value.strip()) else None
    return float(value) if isinstance(value, int | float | Decimal) else None


def _to_decimal(value: Value) -> Decimal | None:
    if isinstance(value, str):
        return NUMBERS.create_decimal(value.strip()) if _NUMBER.fullmatch(value.strip()) else None
    if isinstance(value, bool):
        return Decimal(int(value))
    return NUMBERS.plus(to_decimal(value)) if is_number(value) and _finite(value) else None


def _to_bool(value: Value) -> bool | None:
    if isinstance(value, str):
        return {"true": True, "false": False}.get(value.strip().lower())
    return bool(value) if isinstance(value, int | float | Decimal) else None


def _to_string(value: Value) -> str | None:
    return None if isinstance(value, list | dict) else text_of(value)


def _to_timestamp(value: Value) -> Timestamp | None:
    if isinstance(value, str):
        return timestamps.parse(value.strip())
    return value if isinstance(value, Timestamp) else None


_CASTS: dict[str, Callable[[Value], Value]] = {
    "bool": _to_bool,
    "int": _to_int,
    "float": _to_float,
    "decimal": _to_decimal,
    "string": _to_string,
    "timestamp": _to_timestamp,
}


# --- LIKE ---------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=256)
def like(pattern: str, escape: str | None) -> Callable[[str], bool]:
    """A test whether a text is like a pattern: `%` any characters, `_` one, `escape` takes the sense from the next.

    Raises LikeInvalidInputs.
    """
    if escape is not None and len(escape) != 1:
        raise refusal("LikeInvalidInputs")
    pieces: list[list[str]] = [[]]  # between the %
    at = 0
    while at < len(pattern):
        character = pattern[at]
        if character == escape:
            at += 1
            if at == len(pattern) or pattern[at] not in ("%", "_", escape):
                raise refusal("LikeInvalidInputs")
            pieces[-1].append(re.escape(pattern[at]))
        elif character == "%":
            pieces.append([])
        else:
            pieces[-1].append("." if character == "_" else re.escape(character))
        at += 1
    compiled = [re.compile("".join(piece), re.DOTALL) for piece in pieces]
    first, last, width = compiled[0], compiled[-1], len(pieces[-1])
    middle = compiled[1:-1]

    def test(text: str) -> bool:
        # piece by piece, each where it comes first: linear in the text, whatever the pattern is
        if len(compiled) == 1:
            return first.fullmatch(text) is not None
        head = first.match(text)
        if head is None:
            return False
        end = head.end()
        for piece in middle:
            found = piece.search(text, end)
            if found is None:
                return False
            end = found.end()
        return len(text) - width >= end and last.fullmatch(text, len(text) - width) is not None

    return test
