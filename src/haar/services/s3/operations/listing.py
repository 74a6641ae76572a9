"""Listings: the keys of a bucket, and all versions of them, page by page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from haar.kit import Call
from haar.services.s3 import listings, presented, reading, shelf
from haar.services.s3.authority import on_bucket
from haar.services.s3.listings import Asked
from haar.services.s3.resources import Bucket, Current, Version, order_in
from haar.services.s3.service import invalid_argument, s3
from haar.wire.xml_shapes import Fragment

if TYPE_CHECKING:
    from haar.shapes import s3 as api


@s3.operation(action="s3:ListBucket", resource=on_bucket, enums=False)
def list_objects_v2(call: Call, bucket: Bucket, request: api.ListObjectsV2Request) -> api.ListObjectsV2Output:
    asked = listings.asked(request)
    token, start_after = request.get("ContinuationToken"), request.get("StartAfter") or ""
    where: dict[str, Any] = {}
    if token is not None:
        where = listings.behind_key(asked, bucket.name, listings.token_read(token))
    elif start_after:
        where = {"after": (bucket.name, start_after)}
    found = _current(call, bucket, asked, where, with_owner=bool(request.get("FetchOwner")))
    reply: dict[str, Any] = {
        **_said(bucket, asked, request, found), "KeyCount": found.count, "ContinuationToken": token,
        "StartAfter": listings.written(asked, start_after) or None,
    }  # fmt: skip
    if found.more:
        reply["NextContinuationToken"] = listings.token_for(found.last)
    return reply  # type: ignore[return-value]


@s3.operation(action="s3:ListBucket", resource=on_bucket, enums=False)
def list_objects(call: Call, bucket: Bucket, request: api.ListObjectsRequest) -> api.ListObjectsOutput:
    asked = listings.asked(request)
    marker = request.get("Marker") or ""
    where = listings.behind_key(asked, bucket.name, marker) if marker else {}
    found = _current(call, bucket, asked, where, with_owner=True)
    reply: dict[str, Any] = {**_said(bucket, asked, request, found), "Marker": listings.written(asked, marker)}
    if found.more and asked.delimiter:
        # without a delimiter the last key says as much, and S3 leaves it to the client
        reply["NextMarker"] = listings.written(asked, found.last)
    return reply  # type: ignore[return-value]


@s3.operation(action="s3:ListBucketVersions", resource=on_bucket, enums=False)
def list_object_versions(
    call: Call, bucket: Bucket, request: api.ListObjectVersionsRequest
) -> api.ListObjectVersionsOutput:
    asked = listings.asked(request)
    key_marker, id_marker = request.get("KeyMarker") or "", request.get("VersionIdMarker")
    where = _behind_version(call, bucket, asked, key_marker, id_marker)
    entries: listings.Entries[Version] = listings.Entries(call, Version, bucket.name, asked, **where)
    versions: list[str] = []
    markers: list[str] = []
    groups: list[str] = []
    last: Version | str = ""
    name = name_xml = None
    for entry in entries:
        last = entry
        if isinstance(entry, str):
            groups.append(entry)
            continue
        is_latest = False
        if entry.name != name:
            # only of the first row it is not known whether a newer one stands before it
            is_latest = name is not None or not id_marker or _is_latest(call, entry)
            name = entry.name
            [name_xml] = listings.xml_of(asked, [name])
        text = (
            f"<Key>{name_xml}</Key><VersionId>{entry.version_id}</VersionId>"
            f"<IsLatest>{'true' if is_latest else 'false'}</IsLatest>{shelf.tail(entry)}"
            + listings.owner_xml(entry.owner)
        )
        if entry.marker:
            markers.append(text)
        else:
            versions.append(text + listings.restore_xml(call, entry) if asked.restores else text)
    reply: dict[str, Any] = {
        "Name": bucket.name, "Prefix": listings.written(asked, asked.prefix),
        "KeyMarker": listings.written(asked, key_marker), "VersionIdMarker": id_marker or "", "MaxKeys": asked.limit,
        "Delimiter": listings.written(asked, asked.delimiter) or None, "IsTruncated": entries.more,
        "EncodingType": request.get("EncodingType"), "Versions": _joined(versions, "Version"),
        "DeleteMarkers": _joined(markers, "DeleteMarker"), "CommonPrefixes": _prefixes(asked, groups),
        **presented.request_charged(bucket, request),
    }  # fmt: skip
    if entries.more:
        reply["NextKeyMarker"] = listings.written(asked, last if isinstance(last, str) else last.name)
        reply["NextVersionIdMarker"] = None if isinstance(last, str) else last.version_id
    return reply  # type: ignore[return-value]


def _behind_version(call: Call, bucket: Bucket, asked: Asked, key_marker: str, id_marker: str | None) -> dict[str, Any]:
    """Where a page of versions begins: behind all versions of a key, or behind one of them."""
    if id_marker is not None:
        if not key_marker:
            text = "A version-id marker cannot be specified without a key marker."
            raise invalid_argument(text, "version-id-marker", id_marker)
        if not id_marker:
            raise invalid_argument("A version-id marker cannot be empty.", "version-id-marker", id_marker)
        reading.is_version_id(id_marker)
    if not key_marker:
        return {}
    if id_marker is None or listings.group_of(asked, key_marker):
        return listings.behind_key(asked, bucket.name, key_marker)
    # an id says where its version stood, even when that is gone; not null, and not that of a replica
    found = shelf.at(call, bucket, key_marker, id_marker)
    order = found.order if found is not None else order_in(id_marker) or 0
    return {"after": (bucket.name, key_marker, order)}


def _is_latest(call: Call, version: Version) -> bool:
    first = next(call.tx.range(Version, version.bucket, version.name, limit=1))
    return first.order == version.order


# --- what listings of the newest versions share ----------------------------------------------------------------------


class _Found:
    """A page: its contents as XML, its common prefixes, its last entry."""

    __slots__ = ("contents", "count", "groups", "last", "more")

    def __init__(self, contents: list[Any], groups: list[str], last: str, more: bool, count: int) -> None:
        self.contents = contents
        self.groups = groups
        self.last = last
        self.more = more
        self.count = count


def _current(call: Call, bucket: Bucket, asked: Asked, where: Mapping[str, Any], with_owner: bool) -> _Found:
    entries: listings.Entries[Current] = listings.Entries(call, Current, bucket.name, asked, **where)
    rows: list[Current] = []
    groups: list[str] = []
    last: Current | str = ""
    for entry in entries:
        last = entry
        if isinstance(entry, str):
            groups.append(entry)
        else:
            rows.append(entry)
    names = listings.xml_of(asked, [row.name for row in rows])
    if with_owner or asked.restores:
        texts = [
            f"<Key>{name}</Key>{row.tail}"
            + (listings.owner_xml(row.owner) if with_owner else "")
            + (listings.current_restore_xml(call, row) if asked.restores else "")
            for name, row in zip(names, rows, strict=True)
        ]
    else:
        texts = [f"<Key>{name}</Key>{row.tail}" for name, row in zip(names, rows, strict=True)]
    end = last if isinstance(last, str) else last.name
    return _Found(_joined(texts, "Contents"), groups, end, entries.more, len(rows) + len(groups))


def _said(bucket: Bucket, asked: Asked, request: Mapping[str, Any], found: _Found) -> dict[str, Any]:
    return {
        "Name": bucket.name, "Prefix": listings.written(asked, asked.prefix), "MaxKeys": asked.limit,
        "Delimiter": listings.written(asked, asked.delimiter) or None, "IsTruncated": found.more,
        "EncodingType": request.get("EncodingType"), "Contents": found.contents,
        "CommonPrefixes": _prefixes(asked, found.groups), **presented.request_charged(bucket, request),
    }  # fmt: skip


def _joined(texts: list[str], element: str) -> list[Any]:
    """The insides of several elements as the inside of one that ends and begins again between them.

    A thousand of them are one value for whoever writes the answer.
    """
    return [Fragment(f"</{element}><{element}>".join(texts))] if texts else []


def _prefixes(asked: Asked, groups: list[str]) -> list[Any]:
    return _joined([f"<Prefix>{one}</Prefix>" for one in listings.xml_of(asked, groups)], "CommonPrefixes")
