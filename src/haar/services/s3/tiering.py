"""Intelligent-Tiering: objects of that class move by how long nobody has read them.

| not read for | the object is in | and is read |
|---|---|---|
| less than 30 days | FREQUENT | at once |
| 30 days | INFREQUENT | at once; it comes back to FREQUENT |
| 90 days | ARCHIVE_INSTANT | likewise |
| as many days as a configuration of the bucket says (90 and more) | ARCHIVE_ACCESS | after RestoreObject |
| likewise (180 and more) | DEEP_ARCHIVE_ACCESS | after RestoreObject |

Only the last two are stored; the first three follow from the time of the last GET. Objects below 128 KB stay in
FREQUENT.

Source: Amazon S3 User Guide, intelligent-tiering-overview.html and intelligent-tiering-managing.html.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from haar.kit import Call, replace
from haar.services.s3 import presented, reading, shelf
from haar.services.s3.lifecycle_rules import Chosen
from haar.services.s3.resources import Bucket, Configuration, Version
from haar.services.s3.storage_classes import ARCHIVE_TIERS, DAY, SMALL_BYTES, next_midnight

__all__ = ["KIND", "Tiering", "access_tier", "settle", "tierings_of", "touched"]

#: of a `Configuration`
KIND: Final = "intelligent-tiering"
_INFREQUENT_DAYS: Final = 30
_INSTANT_DAYS: Final = 90


class Tiering:
    """One archive tier that a configuration opts in to."""

    __slots__ = ("chosen", "days", "tier")

    def __init__(self, chosen: Chosen, days: int, tier: str) -> None:
        self.chosen = chosen
        self.days = days
        self.tier = tier


def tierings_of(call: Call, bucket: Bucket) -> list[Tiering]:
    """The archive tiers that a bucket's enabled configurations opt in to, the deepest first."""
    found = [
        Tiering(Chosen(row.body), one["Days"], one["AccessTier"])
        for row in call.tx.range(Configuration, bucket.name, KIND)
        if row.body["Status"] == "Enabled"
        for one in row.body["Tierings"]
    ]
    return sorted(found, key=lambda one: one.tier, reverse=True)


def _read_at(version: Version) -> float:
    return version.accessed_at or version.at


def access_tier(version: Version, now: float) -> str:
    """The tier that an object of INTELLIGENT_TIERING is in, as an inventory names it."""
    if version.tier:
        return version.tier
    days = (now - _read_at(version)) / DAY
    if version.size < SMALL_BYTES or days < _INFREQUENT_DAYS:
        return "FREQUENT"
    return "INFREQUENT" if days < _INSTANT_DAYS else "ARCHIVE_INSTANT"


def touched(call: Call, bucket: Bucket, version: Version) -> None:
    """An object was read: it is in frequent access again. Written down once a day, as nothing moves before 30."""
    if version.size >= SMALL_BYTES and call.now - _read_at(version) >= DAY:
        call.tx.put(replace(version, accessed_at=call.now))


reading.after_get.append(touched)


def settle(call: Call, bucket: Bucket, tierings: list[Tiering], version: Version) -> float | None:
    """Move an object to the archive tier that it has come to; the instant of the next one, or None."""
    if version.size < SMALL_BYTES:
        return None
    again: float | None = None
    for one in tierings:
        if not one.chosen.fits(version.name, version.size) or not one.chosen.has(version.tags):
            continue
        if version.tier == one.tier:
            break
        at = next_midnight(_read_at(version) + one.days * DAY)
        if at <= call.now:
            shelf.announce(call, bucket, "IntelligentTiering", shelf.update(call, replace(version, tier=one.tier)))
            break
        again = at if again is None else min(again, at)
    return again


def _says(call: Call, bucket: Bucket, version: Version) -> Mapping[str, Any]:
    return {"ArchiveStatus": version.tier} if version.tier in ARCHIVE_TIERS else _NOTHING


_NOTHING: Final[dict[str, Any]] = {}
presented.also_says.append(_says)
