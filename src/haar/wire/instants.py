"""Instants as the protocols write them. Inside Haar an instant is `float` seconds since 1970.

Three formats (docs: https://smithy.io/2.0/spec/protocol-traits.html#timestampformat-trait): epoch seconds, ISO 8601
(`date-time`, UTC, milliseconds where there are any) and RFC 7231 (`http-date`). Parsers raise ValueError.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

__all__ = ["http_date", "iso8601", "number", "parse_http_date", "parse_iso8601"]

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def number(instant: float) -> float | int:
    """Epoch seconds with at most milliseconds; whole seconds are written without a fraction."""
    whole = int(instant)
    return whole if whole == instant else round(instant, 3)


def iso8601(instant: float) -> str:
    """`2026-11-22T06:04:25Z`, or `2026-11-22T06:04:25.123Z` when there are milliseconds."""
    milliseconds = round(instant * 1000)
    seconds, rest = divmod(milliseconds, 1000)
    y, mo, d, h, mi, s = time.gmtime(seconds)[:6]
    if rest:
        return f"{y:04d}-{mo:02d}-{d:02d}T{h:02d}:{mi:02d}:{s:02d}.{rest:03d}Z"
    return f"{y:04d}-{mo:02d}-{d:02d}T{h:02d}:{mi:02d}:{s:02d}Z"


def http_date(instant: float) -> str:
    """`Sun, 22 Nov 2026 06:04:25 GMT`; fractions are dropped."""
    y, mo, d, h, mi, s, weekday = time.gmtime(int(instant // 1))[:7]
    return f"{_DAYS[weekday]}, {d:02d} {_MONTHS[mo - 1]} {y:04d} {h:02d}:{mi:02d}:{s:02d} GMT"


def parse_iso8601(text: str) -> float:
    """The instant of an ISO 8601 date-time; without an offset it is UTC."""
    if len(text) < 10 or len(text) > 40:
        raise ValueError(text)
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - _EPOCH) / timedelta(seconds=1)


def parse_http_date(text: str) -> float:
    """The instant of an HTTP (RFC 7231) date."""
    from email.utils import parsedate_to_datetime  # a slow import, seldom needed

    try:
        moment = parsedate_to_datetime(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return (moment - _EPOCH) / timedelta(seconds=1)
    except (TypeError, IndexError, OverflowError) as trouble:
        raise ValueError(text) from trouble
