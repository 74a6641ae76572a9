"""Instants of S3 Select: what they know of themselves (a year, a day, a second), their arithmetic, and their text.

    `2010T`                          a year                     `2017-01-02T03:04Z`            a minute
    `2010-02T`                       a month                    `2017-01-02T03:04:05.006+01:00`
    `2010-02-03` or `2010-02-03T`    a day                      offset -00:00: nobody knows which

https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-select-sql-reference-date.html
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from haar.services.s3.select.errors import refusal

YEAR, MONTH, DAY, MINUTE, SECOND = range(5)
#: date part: the precision a timestamp has after that part was changed
PRECISIONS = {"year": YEAR, "month": MONTH, "day": DAY, "hour": MINUTE, "minute": MINUTE, "second": SECOND}
#: what EXTRACT reads
PARTS = (*PRECISIONS, "timezone_hour", "timezone_minute")

_TEXT = re.compile(
    r"(\d{4})(?:T|-(\d\d)(?:T|-(\d\d)(?:T?|T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?(Z|[+-]\d\d:\d\d))))", re.ASCII
)


class Timestamp(NamedTuple):
    """A moment as somebody wrote it: local time to the second, digits of the second's fraction, offset in minutes."""

    local: datetime
    fraction: str = ""
    offset: int | None = 0
    precision: int = SECOND

    @property
    def moment(self) -> tuple[datetime, str]:
        """What timestamps are ordered by: the instant in UTC, with any precision."""
        return self.local - timedelta(minutes=self.offset or 0), self.fraction.rstrip("0")

    def __str__(self) -> str:
        """The text form: as precise as the value."""
        if self.precision == YEAR:
            return f"{self.local.year:04}T"
        if self.precision == MONTH:
            return f"{self.local.year:04}-{self.local.month:02}T"
        if self.precision == DAY:
            return self.local.date().isoformat()
        text = self.local.isoformat(timespec="minutes" if self.precision == MINUTE else "seconds")
        if self.fraction:
            text = f"{text}.{self.fraction}"
        return text + (_offset(self.offset, ":", zulu=True) if self.offset is not None else "-00:00")


def _local(*fields: int) -> datetime:
    """A local time; which offset it has, if any, is kept beside it."""
    return datetime(*fields)  # type: ignore[arg-type]  # noqa: DTZ001


def parse(text: str) -> Timestamp | None:
    """The timestamp a text says; None when it is none."""
    found = _TEXT.fullmatch(text)
    if found is None:
        return None
    year, month, day, hour, minute, second, fraction, zone = found.groups()
    try:
        local = _local(int(year), int(month or 1), int(day or 1), int(hour or 0), int(minute or 0), int(second or 0))
    except ValueError:
        return None
    if hour is None:
        return Timestamp(local, "", None, DAY if day else MONTH if month else YEAR)
    if zone == "Z":
        offset: int | None = 0
    elif zone == "-00:00":
        offset = None
    else:
        hours, minutes = int(zone[1:3]), int(zone[4:])
        if hours > 23 or minutes > 59:
            return None
        offset = (hours * 60 + minutes) * (-1 if zone[0] == "-" else 1)
    return Timestamp(local, fraction or "", offset, SECOND if second else MINUTE)


def at(moment: float) -> Timestamp:
    """An instant in seconds since 1970, to the millisecond, in UTC."""
    whole, millis = divmod(int(moment * 1000), 1000)
    return Timestamp(datetime.fromtimestamp(whole, UTC).replace(tzinfo=None), f"{millis:03}")


def from_datetime(value: datetime, digits: int) -> Timestamp:
    """A naive (taken as UTC) or aware datetime with so many digits of its fraction (0 to 6)."""
    offset = value.utcoffset()
    fraction = f"{value.microsecond:06}"[:digits]
    return Timestamp(
        value.replace(tzinfo=None, microsecond=0), fraction, int(offset.total_seconds()) // 60 if offset else 0
    )


def add(part: str, quantity: int, value: Timestamp) -> Timestamp:
    """The timestamp with a part moved on; it becomes as precise as that part. Raises IntegerOverflow past year 9999."""
    try:
        if part in ("year", "month"):
            months = value.local.year * 12 + value.local.month - 1 + quantity * (12 if part == "year" else 1)
            year, month = divmod(months, 12)
            if not 1 <= year <= 9999:
                raise OverflowError
            day = min(value.local.day, monthrange(year, month + 1)[1])
            local = value.local.replace(year=year, month=month + 1, day=day)
        else:
            local = value.local + timedelta(**{part + "s": quantity})
    except OverflowError:
        raise refusal("IntegerOverflow") from None
    return value._replace(local=local, precision=max(value.precision, PRECISIONS[part]))


def difference(part: str, start: Timestamp, end: Timestamp) -> int:
    """How many whole parts lie between two timestamps; negative when the second comes first."""
    (one, one_fraction), (two, two_fraction) = start.moment, end.moment
    if part in ("year", "month"):
        sign = 1 if (one, one_fraction) <= (two, two_fraction) else -1
        early, late = ((one, one_fraction), (two, two_fraction))[::sign]
        months = (late[0].year - early[0].year) * 12 + late[0].month - early[0].month
        rest_early = (early[0].day, early[0].time(), early[1])
        if months and (late[0].day, late[0].time(), late[1]) < rest_early:
            months -= 1
        return sign * (months // 12 if part == "year" else months)
    seconds = int((two - one).total_seconds()) + _fraction(two_fraction) - _fraction(one_fraction)
    return int(seconds / {"day": 86400, "hour": 3600, "minute": 60, "second": 1}[part])


def _fraction(digits: str) -> Decimal:
    return Decimal(f"0.{digits}") if digits else Decimal(0)


def extract(part: str, value: Timestamp) -> int | Decimal:
    """One part of a timestamp; seconds carry their fraction."""
    if part == "second":
        return value.local.second + _fraction(value.fraction) if value.fraction else value.local.second
    if part.startswith("timezone"):
        offset = value.offset or 0
        size = abs(offset) // 60 if part == "timezone_hour" else abs(offset) % 60
        return -size if offset < 0 else size
    return int(getattr(value.local, part))


# --- patterns -----------------------------------------------------------------------------------------------------

_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
#: symbol: the lengths it may have, and the field it stands for
_SYMBOLS: dict[str, tuple[tuple[int, ...], str]] = {
    "y": ((1, 2, 4), "year"),
    "M": ((1, 2, 3, 4, 5), "month"),
    "d": ((1, 2), "day"),
    "a": ((1,), "ampm"),
    "h": ((1, 2), "hour"),
    "H": ((1, 2), "hour"),
    "m": ((1, 2), "minute"),
    "s": ((1, 2), "second"),
    "S": (tuple(range(1, 10)), "fraction"),
    "n": ((1,), "fraction"),
    "X": ((1, 2, 3, 4, 5), "offset"),
    "x": ((1, 2, 3, 4, 5), "offset"),
}
_PIECE = re.compile(r"'((?:[^']|'')*)'|([A-Za-z])\2*|([^A-Za-z']+)|(')")


@lru_cache(maxsize=256)
def _pieces(pattern: str) -> tuple[tuple[str, int, str], ...]:
    """A pattern as (symbol or "", length, literal text). Raises the Evaluator... errors of patterns."""
    pieces: list[tuple[str, int, str]] = []
    for found in _PIECE.finditer(pattern):
        if found[4]:
            raise refusal("EvaluatorUnterminatedTimestampFormatPatternToken")
        symbol, text = found[2], found[0]
        if symbol is None:
            pieces.append(("", 0, found[3] or found[1].replace("''", "'") or "'"))
        elif symbol not in _SYMBOLS:
            raise refusal("EvaluatorInvalidTimestampFormatPatternSymbol")
        elif len(text) not in _SYMBOLS[symbol][0]:
            raise refusal("EvaluatorInvalidTimestampFormatPatternToken")
        else:
            pieces.append((symbol, len(text), ""))
    return tuple(pieces)


def _offset(minutes: int, colon: str, *, zulu: bool, hours_only: bool = False) -> str:
    if zulu and not minutes:
        return "Z"
    hours, rest = divmod(abs(minutes), 60)
    text = f"{'-' if minutes < 0 else '+'}{hours:02}"
    return text if hours_only and not rest else f"{text}{colon}{rest:02}"


def _written(value: Timestamp, symbol: str, length: int) -> str:
    local = value.local
    if symbol == "y":
        return f"{local.year % 100:02}" if length == 2 else f"{local.year:0{length}}"
    if symbol == "M" and length > 2:
        name = _MONTHS[local.month - 1]
        return name if length == 4 else name[:3] if length == 3 else name[0]
    if symbol == "a":
        return "AM" if local.hour < 12 else "PM"
    if symbol in "Sn":
        digits = f"{value.fraction:0<9}"[:9]
        return str(int(digits)) if symbol == "n" else digits[:length]
    if symbol in "Xx":
        colon = ":" if length in (3, 5) else ""
        return _offset(value.offset or 0, colon, zulu=symbol == "X", hours_only=length == 1)
    number = {
        "M": local.month,
        "d": local.day,
        "h": local.hour % 12 or 12,
        "H": local.hour,
        "m": local.minute,
        "s": local.second,
    }[symbol]
    return f"{number:0{length}}"


def write(value: Timestamp, pattern: str) -> str:
    """A timestamp as a pattern says it (TO_STRING)."""
    return "".join([_written(value, symbol, length) if symbol else text for symbol, length, text in _pieces(pattern)])


@lru_cache(maxsize=256)
def _reader(pattern: str) -> tuple[re.Pattern[str], tuple[tuple[str, int, str], ...]]:
    expression: list[str] = []
    symbols: list[tuple[str, int, str]] = []
    fields: set[str] = set()
    for symbol, length, text in _pieces(pattern):
        if not symbol:
            expression.append(re.escape(text))
            continue
        field = _SYMBOLS[symbol][1]
        if field in fields:
            raise refusal("EvaluatorTimestampFormatPatternDuplicateFields")
        fields.add(field)
        symbols.append((symbol, length, field))
        if symbol == "M" and length == 5:
            raise refusal("EvaluatorInvalidTimestampFormatPatternSymbolForParsing")
        if symbol == "y":
            expression.append(r"(\d{2})" if length == 2 else r"(\d{4})" if length == 4 else r"(\d{1,4})")
        elif symbol == "M" and length > 2:
            expression.append("(" + "|".join(name if length == 4 else name[:3] for name in _MONTHS) + ")")
        elif symbol == "a":
            expression.append("([AaPp][Mm])")
        elif symbol == "S":
            expression.append(rf"(\d{{{length}}})")
        elif symbol == "n":
            expression.append(r"(\d{1,9})")
        elif symbol in "Xx":
            hours = r"[+-]\d\d" + (r"(?::?\d\d)?" if length == 1 else r":\d\d" if length in (3, 5) else r"\d\d")
            expression.append(f"({hours}|Z)" if symbol == "X" else f"({hours})")
        else:
            expression.append(r"(\d{2})" if length == 2 else r"(\d{1,2})")
    has_hour = {symbol for symbol, _, _ in symbols if symbol in "hH"}
    if ("h" in has_hour) != ("ampm" in fields) and fields & {"hour", "ampm"}:
        raise refusal("EvaluatorTimestampFormatPatternHourClockAmPmMismatch")
    order = ("year", "month", "day", "hour", "minute", "second", "fraction")
    present = [field in fields for field in order]
    if not present[0] or sorted(present, reverse=True) != present or (present[3] and not present[4]):
        raise refusal("EvaluatorInvalidTimestampFormatPattern")
    if "offset" in fields and "hour" not in fields:
        raise refusal("EvaluatorInvalidTimestampFormatPattern")
    return re.compile("".join(expression), re.IGNORECASE | re.ASCII), tuple(symbols)


def read(text: str, pattern: str) -> Timestamp:
    """The timestamp a text says in the words of a pattern (TO_TIMESTAMP). Raises ValueParseFailure."""
    expression, symbols = _reader(pattern)
    found = expression.fullmatch(text)
    if found is None:
        raise refusal("ValueParseFailure")
    held: dict[str, int] = {}
    fraction, offset, afternoon = "", None, None
    for (symbol, length, field), part in zip(symbols, found.groups(), strict=True):
        if field == "fraction":
            fraction = part if symbol == "S" else f"{int(part):09}"
        elif field == "offset":
            digits = part[1:].replace(":", "")
            minutes = 0 if part in "zZ" else int(digits[:2]) * 60 + int(digits[2:] or 0)
            offset = -minutes if part[0] == "-" else minutes
        elif field == "ampm":
            afternoon = part[0] in "pP"
        elif symbol == "M" and length > 2:
            held[field] = [name[:3].lower() for name in _MONTHS].index(part[:3].lower()) + 1
        elif symbol == "y" and length == 2:
            year = int(part)  # the seventy years around 2000 that a two-digit year means
            held[field] = year + (1900 if year >= 70 else 2000)
        else:
            held[field] = int(part)
    hour = held.get("hour", 0)
    if afternoon is not None:
        if not 1 <= hour <= 12:
            raise refusal("ValueParseFailure")
        hour = hour % 12 + (12 if afternoon else 0)
    try:
        local = _local(
            held["year"], held.get("month", 1), held.get("day", 1), hour, held.get("minute", 0), held.get("second", 0)
        )
    except ValueError:
        raise refusal("ValueParseFailure") from None
    precision = next(PRECISIONS[part] for part in ("second", "minute", "day", "month", "year") if part in held)
    return Timestamp(local, fraction, offset, precision)
