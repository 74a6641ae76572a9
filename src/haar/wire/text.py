"""Single values as text: how forms, XML, headers and query strings write a number, an instant or a blob.

A protocol asks for `readers(fail)`, the functions that turn text into a value, and says in `fail` how its service
complains about text that does not fit. Writing needs no complaint, so the writers are plain functions.
Formats: https://smithy.io/2.0/spec/protocol-traits.html#timestampformat-trait
"""

from __future__ import annotations

import math
import re
from base64 import b64encode
from binascii import Error as Base64Error
from binascii import a2b_base64
from collections.abc import Callable
from functools import lru_cache
from typing import Any, NoReturn

from haar.wire import instants

__all__ = [
    "READER_OF",
    "blob",
    "boolean",
    "epoch",
    "instant",
    "iso",
    "iso_millis",
    "iso_seconds",
    "number",
    "read_rfc822",
    "readers",
    "rfc822",
    "time_reader",
    "time_writer",
]

#: (text, what was wanted) -> raises the protocol's own error.
Fail = Callable[[str, str], NoReturn]

_INT = re.compile(r"[+-]?[0-9]{1,20}\Z").match
_FLOAT = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\Z").match
_SPECIAL = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
_BITS = {"byte": 7, "short": 15, "integer": 31, "long": 63}

#: Model type -> the reader that parses it. Strings need none; timestamps depend on their format.
READER_OF = {
    "boolean": "to_bool",
    "byte": "to_byte",
    "short": "to_short",
    "integer": "to_int",
    "long": "to_long",
    "bigInteger": "to_long",
    "float": "to_float",
    "double": "to_float",
    "bigDecimal": "to_float",
    "blob": "to_blob",
}
_TIME_READERS = {"iso8601": "to_time", "rfc822": "to_time822", "unixtimestamp": "to_time"}
_TIME_WRITERS = {"rfc822": "rfc822", "unixtimestamp": "epoch"}


def time_reader(timestamp_format: str | None, otherwise: str = "iso8601") -> str:
    """The name of the reader for a `timestampFormat`."""
    return _TIME_READERS.get((timestamp_format or otherwise).lower(), "to_time")


def time_writer(timestamp_format: str | None, otherwise: str = "iso8601") -> str:
    """The name of the writer for a `timestampFormat`: iso, rfc822 or epoch."""
    return _TIME_WRITERS.get((timestamp_format or otherwise).lower(), "iso")


def readers(fail: Fail) -> dict[str, Callable[[str], Any]]:
    """The functions that turn text into values, complaining through `fail`."""

    def whole(kind: str) -> Callable[[str], int]:
        limit = 1 << _BITS[kind]
        wanted = kind.capitalize()

        def read(text: str) -> int:
            if _INT(text) is None:
                fail(text, wanted)
            value = int(text)
            if not -limit <= value < limit:
                fail(text, wanted)
            return value

        return read

    def to_float(text: str) -> float:
        if _FLOAT(text) is not None:
            return float(text)
        if text not in _SPECIAL:
            fail(text, "Double")
        return _SPECIAL[text]

    def to_bool(text: str) -> bool:
        if text == "true":
            return True
        if text == "false":
            return False
        folded = text.lower()
        if folded not in ("true", "false"):
            fail(text, "Boolean")
        return folded == "true"

    def to_blob(text: str) -> bytes:
        try:
            # tools wrap base64 in lines, so white space is let through; anything else foreign is not
            return a2b_base64("".join(text.split()), strict_mode=True) if text else b""
        except (Base64Error, ValueError):
            fail(text, "Blob")

    def to_time(text: str) -> float:
        try:
            return instant(text)
        except (ValueError, OverflowError):
            fail(text, "Timestamp")

    def to_time822(text: str) -> float:
        try:
            return read_rfc822(text)
        except (ValueError, OverflowError, TypeError, IndexError):
            fail(text, "Timestamp")

    return {
        "to_bool": to_bool,
        "to_byte": whole("byte"),
        "to_short": whole("short"),
        "to_int": whole("integer"),
        "to_long": whole("long"),
        "to_float": to_float,
        "to_blob": to_blob,
        "to_time": to_time,
        "to_time822": to_time822,
    }


def instant(text: str) -> float:
    """The seconds since 1970 of an ISO 8601 moment (or of a plain number of seconds). Raises ValueError."""
    if _FLOAT(text) is not None and (len(text) > 8 or "." in text):
        return float(text)
    return instants.parse_iso8601(text)


def read_rfc822(text: str) -> float:
    """The seconds since 1970 of an HTTP date; other forms that AWS also takes are read too. Raises ValueError."""
    if text[:1].isdigit() and ("T" in text or text.isdigit()):
        return instant(text)
    return instants.parse_http_date(text)


@lru_cache(maxsize=8192)
def iso(seconds: float) -> str:
    """ISO 8601 in UTC; milliseconds are written when there are any."""
    return instants.iso8601(seconds)


@lru_cache(maxsize=8192)
def iso_seconds(seconds: float) -> str:
    """ISO 8601 in UTC without a fraction, rounded down."""
    return instants.iso8601(math.floor(seconds))


@lru_cache(maxsize=8192)
def iso_millis(seconds: float) -> str:
    """ISO 8601 in UTC, always with three digits of a second."""
    whole, millis = divmod(round(seconds * 1000), 1000)
    return f"{instants.iso8601(whole)[:-1]}.{millis:03d}Z"


@lru_cache(maxsize=4096)
def rfc822(seconds: float) -> str:
    """An HTTP date, such as `Sun, 22 Nov 2026 06:04:25 GMT`, rounded down."""
    return instants.http_date(seconds)


def epoch(seconds: float) -> str:
    """Seconds since 1970; a whole number is written without a point."""
    return str(instants.number(seconds))


def number(value: float) -> str:
    """A float as the protocols write it: NaN and the infinities have names."""
    if math.isfinite(value):
        return repr(value)
    return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"


def boolean(value: object) -> str:
    """`true` or `false`."""
    return "true" if value else "false"


def blob(value: bytes | str) -> str:
    """Base64 of bytes (or of text's UTF-8)."""
    return b64encode(value if not isinstance(value, str) else value.encode()).decode("ascii")
