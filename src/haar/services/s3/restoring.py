"""Restoring archived objects: a copy that can be read for some days, there after the delay of the tier that was chosen.

| | GLACIER, ARCHIVE_ACCESS | DEEP_ARCHIVE, DEEP_ARCHIVE_ACCESS |
|---|---|---|
| Expedited | 5 minutes | not offered |
| Standard | 5 hours | 12 hours |
| Bulk | 12 hours | 48 hours |

Of the times that AWS gives as ranges these are the ends. An object of Intelligent-Tiering does not get a copy: it comes
back to frequent access.

Source: Amazon S3 User Guide, restoring-objects-retrieval-options.html; API Reference, API_RestoreObject.html.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from haar.kit import Call, Task, replace
from haar.services.s3 import presented, shelf
from haar.services.s3.resources import Bucket, Version
from haar.services.s3.service import s3
from haar.services.s3.storage_classes import ARCHIVE_TIERS, ARCHIVED, CLASSES, DAY, next_midnight
from haar.wire.text import rfc822

__all__ = ["begin", "retrievals_of", "status_of"]


class Arrive(Task):
    """A restored copy is there."""

    bucket: str
    name: str
    order: int
    version_id: str
    days: int


class Leave(Task):
    """A restored copy goes away."""

    bucket: str
    name: str
    order: int
    version_id: str


def retrievals_of(version: Version) -> Mapping[str, float]:
    """The seconds that restoring a version takes by tier; empty for what is not archived."""
    if version.tier:
        return ARCHIVE_TIERS.get(version.tier, {})
    found = CLASSES.get(version.storage_class)
    return found.retrievals if found is not None else {}


def begin(call: Call, bucket: Bucket, version: Version, tier: str, days: int) -> Version:
    """Start a restore, or hurry one that is under way. `tier` is one of `retrievals_of`."""
    arrives = call.now + retrievals_of(version)[tier]
    version = shelf.update(call, replace(version, restoring_until=arrives, restored_until=0.0))
    call.later(
        arrives,
        Arrive(
            bucket=bucket.name, name=version.name, order=version.order, version_id=version.version_id, days=days
        ),
    )  # fmt: skip
    return version


def prolong(call: Call, version: Version, days: int) -> Version:
    """Have a copy that is there stay for so many days from now."""
    until = next_midnight(call.now + days * DAY)
    version = shelf.update(call, replace(version, restored_until=until))
    call.later(until, _leave(version))
    return version


def _leave(version: Version) -> Leave:
    return Leave(bucket=version.bucket, name=version.name, order=version.order, version_id=version.version_id)


def _meant(call: Call, task: Arrive | Leave) -> tuple[Bucket, Version] | None:
    bucket = call.tx.get(Bucket, task.bucket)
    version = call.tx.get(Version, task.bucket, task.name, task.order)
    if bucket is None or version is None or version.version_id != task.version_id:
        return None
    call.region = bucket.region
    return bucket, version


@s3.task(Arrive)
def arrive(call: Call, task: Arrive) -> None:
    found = _meant(call, task)
    if found is None:
        return
    bucket, version = found
    # a restore that was hurried, or begun again for another object of this name, has another timer
    if not version.restoring_until or version.restoring_until > call.now:
        return
    if version.tier:
        version = shelf.update(call, replace(version, restoring_until=0.0, tier="", accessed_at=call.now))
    else:
        version = prolong(call, replace(version, restoring_until=0.0), task.days)
    shelf.announce(call, bucket, "ObjectRestore:Completed", version)


@s3.task(Leave)
def leave(call: Call, task: Leave) -> None:
    found = _meant(call, task)
    if found is None:
        return
    bucket, version = found
    if version.restored_until and version.restored_until <= call.now:
        version = shelf.update(call, replace(version, restored_until=0.0))
        shelf.announce(call, bucket, "ObjectRestore:Delete", version)


def status_of(version: Version, now: float) -> str:
    """What x-amz-restore says of a version; "" where there is nothing to say."""
    if version.restoring_until > now:
        return 'ongoing-request="true"'
    if version.restored_until > now:
        return f'ongoing-request="false", expiry-date="{rfc822(version.restored_until)}"'
    return ""


def _says(call: Call, bucket: Bucket, version: Version) -> Mapping[str, Any]:
    if version.storage_class not in ARCHIVED and not version.restoring_until:
        return _NOTHING
    status = status_of(version, call.now)
    return {"Restore": status} if status else _NOTHING


_NOTHING: Final[dict[str, Any]] = {}
presented.also_says.append(_says)
