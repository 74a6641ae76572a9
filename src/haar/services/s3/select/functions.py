"""The scalar functions of S3 Select, each from its arguments' values to one value.

A NULL or MISSING argument makes the result NULL; COALESCE and NULLIF decide for themselves and are compiled apart.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-select-sql-reference-sql-functions.html
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from haar.services.s3.select import timestamps
from haar.services.s3.select.errors import refusal
from haar.services.s3.select.syntax import Value
from haar.services.s3.select.timestamps import Timestamp


def _text(value: Value) -> str:
    if not isinstance(value, str):
        raise refusal("IncorrectSqlFunctionArgumentType")
    return value


def _count(value: Value) -> int:
    if isinstance(value, Decimal) and value == value.to_integral_value():
        return int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        raise refusal("IncorrectSqlFunctionArgumentType")
    return value


def _moment(value: Value) -> Timestamp:
    if not isinstance(value, Timestamp):
        raise refusal("IncorrectSqlFunctionArgumentType")
    return value


def _char_length(value: Value) -> int:
    return len(_text(value))


def _substring(value: Value, start: Value, length: Value = None) -> str:
    text, first = _text(value), _count(start)
    if length is None:
        return text[max(first, 1) - 1 :]
    if (count := _count(length)) < 0:
        raise refusal("IllegalSqlFunctionArgument")
    return text[max(first, 1) - 1 : max(first + count - 1, 0)]  # the length counts from `start`, even before 1


def _trim(side: Value, characters: Value, value: Value) -> str:
    text, among = _text(value), _text(characters)
    if side != "trailing":
        text = text.lstrip(among)
    return text if side == "leading" else text.rstrip(among)


def _to_timestamp(text: Value, pattern: Value = None) -> Timestamp:
    if pattern is not None:
        return timestamps.read(_text(text), _text(pattern))
    moment = timestamps.parse(_text(text))
    if moment is None:
        raise refusal("ValueParseFailure")
    return moment


FUNCTIONS: dict[str, Callable[..., Value]] = {
    "char_length": _char_length,
    "character_length": _char_length,
    "date_add": lambda part, quantity, value: timestamps.add(part, _count(quantity), _moment(value)),
    "date_diff": lambda part, start, end: timestamps.difference(part, _moment(start), _moment(end)),
    "extract": lambda part, value: timestamps.extract(part, _moment(value)),
    "lower": lambda value: _text(value).lower(),
    "substring": _substring,
    "to_string": lambda value, pattern: timestamps.write(_moment(value), _text(pattern)),
    "to_timestamp": _to_timestamp,
    "trim": _trim,
    "upper": lambda value: _text(value).upper(),
}
