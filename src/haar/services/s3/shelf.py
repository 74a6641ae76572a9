"""Putting versions on the shelf and taking them off: the one place that keeps `Version` and `Current` in step.

Whatever makes or removes an object (a PUT, a copy, a completed upload, a delete, lifecycle, replication) goes through
`add`, `mark_deleted` and `remove`; rooms' other parts hear of it by `after_change`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from haar.kit import Call, replace
from haar.services.s3.resources import (
    Bucket,
    Current,
    Version,
    new_version_id,
    null_versions,
    order_in,
    replica_versions,
)
from haar.services.s3.service import no_such_key, no_such_version
from haar.wire.text import iso_millis
from haar.wire.xml_shapes import escape

#: called as (call, bucket, event, version), event such as "ObjectCreated:Put" or "ObjectRemoved:DeleteMarkerCreated"
Listener = Callable[[Call, Bucket, str, Version], None]
after_change: list[Listener] = []
#: called as (call, bucket, version, event) before a version is put where versions are kept; the answer is what is put
arriving: list[Callable[[Call, Bucket, Version, str], Version]] = []


def latest(call: Call, bucket: Bucket, name: str) -> Version | None:
    """The newest version of a key, a delete marker included; None when there is none."""
    if not bucket.versioning:
        return call.tx.get(Version, bucket.name, name, 0)
    return next(call.tx.range(Version, bucket.name, name, limit=1), None)


def at(call: Call, bucket: Bucket, name: str, version_id: str) -> Version | None:
    """A version by its id, "null" included; None when there is none."""
    if version_id == "null":
        first = call.tx.get(Version, bucket.name, name, 0)
        if first is not None and first.version_id == "null":
            return first
        return next(call.tx.range(null_versions, bucket.name, name, limit=1), None) if bucket.versioning else None
    order = order_in(version_id)
    found = call.tx.get(Version, bucket.name, name, order) if order is not None else None
    if found is not None and found.version_id == version_id:
        return found
    # a replica has the id, and so the order, that it was given elsewhere
    return next(call.tx.range(replica_versions, bucket.name, name, version_id, limit=1), None)


def wanted(call: Call, bucket: Bucket, name: str, version_id: str | None) -> Version:
    """The version a request means, a delete marker included. Raises NoSuchKey, NoSuchVersion."""
    if version_id:
        found = at(call, bucket, name, version_id)
        if found is None:
            raise no_such_version(name, version_id)
        return found
    found = latest(call, bucket, name)
    if found is None:
        raise no_such_key(name)
    return found


def add(call: Call, bucket: Bucket, version: Version, event: str) -> Version:
    """Make a version the newest of its key; its order, id and time are decided here. Returns it as it is kept.

    In a bucket without versions it takes the place of the one there is; in a suspended one, of the null version.
    """
    tx = call.tx
    at_second = float(int(call.now))
    if not bucket.versioning:
        version = replace(version, at=at_second, version_id="null", order=0)
    else:
        previous = latest(call, bucket, version.name)
        if bucket.versioning == "Suspended":
            null = at(call, bucket, version.name, "null")
            if null is not None:
                tx.delete(null)
                if previous is not None and previous.order == null.order:
                    previous = next(tx.range(Version, bucket.name, version.name, limit=1), None)
        order = previous.order - 1 if previous is not None else 0
        version_id = "null" if bucket.versioning == "Suspended" else new_version_id(order, call.ports.ids.bytes(19))
        version = replace(version, at=at_second, version_id=version_id, order=order)
        for mark in arriving:
            version = mark(call, bucket, version, event)
        if previous is not None and previous.noncurrent_at is None:
            tx.put(replace(previous, noncurrent_at=call.now))
    tx.put(version)
    _show(call, version)
    for listener in after_change:
        listener(call, bucket, event, version)
    return version


def take_in(call: Call, bucket: Bucket, version: Version, event: str) -> Version:
    """Make a replica the newest of its key; it keeps the id and the time that it has from its source.

    Returns it as it is kept; the one that is there already, if it came before.
    """
    known = at(call, bucket, version.name, version.version_id)
    if known is not None:
        return known
    previous = latest(call, bucket, version.name)
    version = replace(version, order=previous.order - 1 if previous is not None else 0)
    if previous is not None and previous.noncurrent_at is None:
        call.tx.put(replace(previous, noncurrent_at=call.now))
    call.tx.put(version)
    _show(call, version)
    for listener in after_change:
        listener(call, bucket, event, version)
    return version


def mark_deleted(call: Call, bucket: Bucket, name: str, event: str = "") -> Version | None:
    """A DELETE without a version: a delete marker where the bucket keeps versions, else the object is gone.

    The marker; in a bucket without versions what was removed, or None.
    """
    if bucket.versioning:
        marker = Version(bucket=bucket.name, name=name, order=0, marker=True, owner=bucket.account)
        return add(call, bucket, marker, event or "ObjectRemoved:DeleteMarkerCreated")
    found = latest(call, bucket, name)
    if found is not None:
        remove(call, bucket, found, event)
    return found


def remove(call: Call, bucket: Bucket, version: Version, event: str = "") -> None:
    """Remove a version for good; the one before it becomes the newest. Locks are the caller's to look at."""
    tx = call.tx
    was_latest = next(tx.range(Version, bucket.name, version.name, limit=1), version).order == version.order
    tx.delete(version)
    if was_latest:
        following = next(tx.range(Version, bucket.name, version.name, limit=1), None) if bucket.versioning else None
        if following is None:
            tx.delete(Current, bucket.name, version.name)
        else:
            following = replace(following, noncurrent_at=None)
            tx.put(following)
            _show(call, following)
    for listener in after_change:
        listener(call, bucket, event or "ObjectRemoved:Delete", version)


def announce(call: Call, bucket: Bucket, event: str, version: Version) -> None:
    """Tell the listeners of what happened to a version that stays where it is: a transition, a restore."""
    for listener in after_change:
        listener(call, bucket, event, version)


def update(call: Call, version: Version) -> Version:
    """Keep a changed version (its tags, class, lock, ACL...) in its place."""
    call.tx.put(version)
    shown = call.tx.get(Current, version.bucket, version.name)
    if shown is not None and shown.order == version.order:
        _show(call, version)
    return version


def _show(call: Call, version: Version) -> None:
    if version.marker:
        call.tx.delete(Current, version.bucket, version.name)
        return
    call.tx.put(
        Current(
            bucket=version.bucket, name=version.name, order=version.order, at=version.at, size=version.size,
            owner=version.owner, storage_class=version.storage_class, tail=tail(version),
        )
    )  # fmt: skip


def tail(version: Version) -> str:
    """What a listing says of a version, or of a delete marker, behind its key and its owner aside."""
    if version.marker:
        return f"<LastModified>{iso_millis(version.at)}</LastModified>"
    algorithms = "".join([f"<ChecksumAlgorithm>{name}</ChecksumAlgorithm>" for name in version.checksums])
    kind = f"<ChecksumType>{version.checksum_type}</ChecksumType>" if algorithms else ""
    return (
        f"<LastModified>{iso_millis(version.at)}</LastModified><ETag>&quot;{escape(version.etag)}&quot;</ETag>{algorithms}{kind}"
        f"<Size>{version.size}</Size><StorageClass>{version.storage_class}</StorageClass>"
    )


def as_seen(version: Version) -> dict[str, Any]:
    """What every answer about a version says of it: ETag, LastModified, VersionId."""
    return {"ETag": f'"{version.etag}"', "LastModified": version.at}
