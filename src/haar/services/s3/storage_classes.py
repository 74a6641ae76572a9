"""The storage classes: what each promises, what it asks for, and which way objects move through them.

| class | designed availability | least days | least size billed | read at once |
|---|---|---|---|---|
| STANDARD, REDUCED_REDUNDANCY | 99.99 % | | | yes |
| STANDARD_IA | 99.9 % | 30 | 128 KB | yes |
| INTELLIGENT_TIERING | 99.9 % | | | yes, but for its optional archive tiers |
| ONEZONE_IA | 99.5 % | 30 | 128 KB | yes |
| GLACIER_IR | 99.9 % | 90 | 128 KB | yes |
| GLACIER | 99.99 % | 90 | | after RestoreObject |
| DEEP_ARCHIVE | 99.99 % | 180 | | after RestoreObject |

Source: Amazon S3 User Guide, storage-class-intro.html, lifecycle-transition-general-considerations.html and
restoring-objects-retrieval-options.html; facts S3CLS-001 to S3CLS-015.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

HOUR: Final = 3600.0
DAY: Final = 86_400.0
#: Objects below this size are not moved by lifecycle unless a rule says so, and by Intelligent-Tiering never.
SMALL_BYTES: Final = 128 * 1024


class StorageClass(msgspec.Struct, frozen=True):
    """One class. `retrievals` are the seconds that a restore takes by its tier; empty: objects are read at once."""

    name: str
    #: percent of the time that AWS designs it for
    availability: float
    #: objects that go earlier are billed for so long
    days_min: int = 0
    #: objects that are smaller are billed as if they had so many bytes
    billed_bytes_min: int = 0
    #: whether each retrieval of bytes is billed
    retrieval_fee: bool = False
    zones: int = 3
    retrievals: Mapping[str, float] = {}
    #: the classes that lifecycle can move its objects to
    onwards: tuple[str, ...] = ()


_FROM_FREQUENT: Final = ("STANDARD_IA", "INTELLIGENT_TIERING", "ONEZONE_IA", "GLACIER_IR", "GLACIER", "DEEP_ARCHIVE")

#: The longest that AWS says each retrieval takes, in seconds; expedited ones take one to five minutes.
_FROM_GLACIER: Final = {"Expedited": 300.0, "Standard": 5 * HOUR, "Bulk": 12 * HOUR}
_FROM_DEEP_ARCHIVE: Final = {"Standard": 12 * HOUR, "Bulk": 48 * HOUR}

#: From the one for the most frequent to the one for the rarest access: lifecycle moves down only.
CLASSES: Final[dict[str, StorageClass]] = {
    one.name: one
    for one in (
        StorageClass("STANDARD", 99.99, onwards=_FROM_FREQUENT),
        StorageClass("REDUCED_REDUNDANCY", 99.99, onwards=_FROM_FREQUENT),
        StorageClass("STANDARD_IA", 99.9, 30, SMALL_BYTES, retrieval_fee=True, onwards=_FROM_FREQUENT[1:]),
        StorageClass("INTELLIGENT_TIERING", 99.9, onwards=_FROM_FREQUENT[2:]),
        StorageClass(
            "ONEZONE_IA", 99.5, 30, SMALL_BYTES, retrieval_fee=True, zones=1, onwards=("GLACIER", "DEEP_ARCHIVE")
        ),
        StorageClass("GLACIER_IR", 99.9, 90, SMALL_BYTES, retrieval_fee=True, onwards=("GLACIER", "DEEP_ARCHIVE")),
        StorageClass("GLACIER", 99.99, 90, retrieval_fee=True, retrievals=_FROM_GLACIER, onwards=("DEEP_ARCHIVE",)),
        StorageClass("DEEP_ARCHIVE", 99.99, 180, retrieval_fee=True, retrievals=_FROM_DEEP_ARCHIVE),
    )
}

#: The optional archive tiers of Intelligent-Tiering, and how long it takes to come back from them.
ARCHIVE_TIERS: Final[dict[str, Mapping[str, float]]] = {
    "ARCHIVE_ACCESS": _FROM_GLACIER,
    "DEEP_ARCHIVE_ACCESS": _FROM_DEEP_ARCHIVE,
}

#: Classes that an archived object may be restored from.
ARCHIVED: Final = frozenset(name for name, one in CLASSES.items() if one.retrievals)

#: Where lifecycle could move an object, the rarest access first: the cheapest of several rules wins.
DOWNWARDS: Final = tuple(CLASSES)


def may_move(from_: str, to: str) -> bool:
    """Whether lifecycle can move an object from one class to another."""
    known = CLASSES.get(from_)
    return known is not None and to in known.onwards


def next_midnight(at: float) -> float:
    """The midnight UTC at or after an instant: what S3 counts in days ends then."""
    return -(-at // DAY) * DAY
