"""What S3 Glacier decides by itself: tree hashes, ranges, part sizes, months, dates. Pure functions.

The tree hash of bytes: SHA-256 of every MiB, then SHA-256 of each two neighbours, level by level, until one is left;
a node without a neighbour moves up as it is::

    6.5 MiB:   [----------- root -----------]
               [---- 0-3 ----]  [-- 4-6.5 --]
               [0-1]    [2-3]   [4-5]     [6]
               0   1    2   3   4   5      6

Source: S3 Glacier Developer Guide, checksum-calculations.html and checksum-calculations-range.html.
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import UTC, datetime
from hashlib import sha256

from haar.kit.checksums import TREE_LEAF_BYTES

MIB = TREE_LEAF_BYTES
HASH_BYTES = 32

_RANGE = re.compile(r"(\d{1,20})-(\d{1,20})")
_CONTENT_RANGE = re.compile(r"bytes (\d{1,20})-(\d{1,20})/(?:\*|\d{1,20})")
_BYTES = re.compile(r"bytes=(\d{1,20})-(\d{0,20})")
_ISO = re.compile(r"(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,6})\d*)?Z")


# -- tree hashes ---------------------------------------------------------------------------------------------------


def tree_hash(leaves: bytes) -> bytes:
    """The root over hashes that stand one behind the other: of leaves, or of parts of one power-of-two size."""
    assert leaves and len(leaves) % HASH_BYTES == 0, f"{len(leaves)} bytes are no row of hashes"
    pair = 2 * HASH_BYTES
    while len(leaves) > HASH_BYTES:
        above = bytearray()
        for at in range(0, len(leaves), pair):
            two = leaves[at : at + pair]
            above += sha256(two).digest() if len(two) == pair else two
        leaves = bytes(above)
    return leaves


def is_tree_aligned(start: int, stop: int, size: int) -> bool:
    """Whether the bytes from `start` up to (not with) `stop` are one node of the tree over `size` bytes."""
    if not is_mib_aligned(start, stop, size):
        return False
    first, last, total = start // MIB, -(-stop // MIB), -(-size // MIB)
    width = 1
    while first % width == 0:
        if last == min(first + width, total):
            return True
        if first + width >= total:
            return False
        width *= 2
    return False


def is_mib_aligned(start: int, stop: int, size: int) -> bool:
    """Whether the bytes from `start` up to `stop` begin on a MiB, and end on one or with the archive."""
    return start % MIB == 0 and (stop % MIB == 0 or stop == size)


# -- ranges: (start, stop), the stop not included ------------------------------------------------------------------


def retrieval_range(text: str) -> tuple[int, int] | None:
    """The `0-1048575` of RetrievalByteRange; None when it is no range."""
    return _span(_RANGE.fullmatch(text))


def content_range(text: str) -> tuple[int, int] | None:
    """The `bytes 0-1048575/*` of Content-Range; None when it is no range."""
    return _span(_CONTENT_RANGE.fullmatch(text))


def output_range(text: str, size: int) -> tuple[int, int] | None:
    """The `bytes=0-1048575` of Range, within an output of so many bytes; None when nothing of it is there."""
    found = _BYTES.fullmatch(text)
    if found is None:
        return None
    start, stop = int(found[1]), min(int(found[2]) + 1 if found[2] else size, size)
    return (start, stop) if start < stop else None


def _span(found: re.Match[str] | None) -> tuple[int, int] | None:
    if found is None:
        return None
    start, stop = int(found[1]), int(found[2]) + 1
    return (start, stop) if start < stop else None


# -- words ---------------------------------------------------------------------------------------------------------


def is_power_of_two(number: int) -> bool:
    """1, 2, 4, 8 and so on."""
    return number > 0 and number & (number - 1) == 0


def is_printable(text: str, most: int) -> bool:
    """Whether a description may be kept: ASCII 32 to 126, up to so many characters."""
    return len(text) <= most and all(" " <= letter <= "~" for letter in text)


def whole_number(text: str) -> int | None:
    """A number written in digits; None for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 19 else None


def csv_field(text: str) -> str:
    """A field of an inventory in CSV: in double quotes, and a double quote behind a backslash.

    Source: S3 Glacier Developer Guide, api-job-output-get.html. A backslash is not escaped itself.
    """
    escaped = text.replace('"', '\\"')
    return f'"{escaped}"'


# -- time ----------------------------------------------------------------------------------------------------------


def iso(at: float) -> str:
    """An instant to the millisecond: `2012-03-20T17:03:43.221Z`."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def iso_seconds(at: float) -> str:
    """An instant to the second: `2012-03-20T17:03:43Z`."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def instant(text: str) -> float | None:
    """The instant of an ISO 8601 date in UTC; None when it is not one."""
    found = _ISO.fullmatch(text)
    if found is None:
        return None
    numbers = [int(part) for part in found.groups()[:6]]
    try:
        whole = datetime(numbers[0], numbers[1], numbers[2], numbers[3], numbers[4], numbers[5], tzinfo=UTC)
    except ValueError:
        return None
    return whole.timestamp() + (float(f"0.{found[7]}") if found[7] else 0.0)


def month_later(at: float) -> float:
    """A month after an instant, to the second; the last day of the next month where it has no such day."""
    start = datetime.fromtimestamp(int(at), UTC)
    year, month = (start.year + 1, 1) if start.month == 12 else (start.year, start.month + 1)
    return start.replace(year=year, month=month, day=min(start.day, monthrange(year, month)[1])).timestamp()


def day_start(at: float) -> float:
    """Midnight (UTC) before an instant."""
    return at - at % 86_400


def days_in_month(at: float) -> int:
    """How many days the month of an instant has."""
    day = datetime.fromtimestamp(at, UTC)
    return monthrange(day.year, day.month)[1]
