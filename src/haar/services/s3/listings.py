"""Listings: what a page holds, where it begins, and how it is written.

A page is cut out of the store's own order, UTF-8 bytes, so that it costs what it shows, however many keys the bucket
has. What stands between the prefix and the first delimiter is rolled up into one common prefix, which counts as one
entry; behind it the search goes on with the next key that is not in it.

| a page goes on behind | that is |
|---|---|
| `ContinuationToken` | the entry the token was given out for, a whole common prefix where it was one |
| `Marker`, `KeyMarker` | that key, and all of the common prefix that it is in |
| `StartAfter` | that key alone: its common prefix is shown while further keys are in it |

Source: Amazon S3 API Reference, API_ListObjectsV2.html, API_ListObjects.html, API_ListObjectVersions.html; User Guide,
using-prefixes.html.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Final, Generic, TypeVar
from urllib.parse import quote_plus

import msgspec

from haar.kit import Call
from haar.services.s3.resources import Current, Version, canonical_id
from haar.services.s3.service import PAGE_KEYS_MAX, invalid_argument
from haar.wire.text import iso_millis
from haar.wire.xml_shapes import escape

__all__ = ["Asked", "Entries", "asked", "behind", "owner_xml", "restore_xml", "token_for", "token_read", "written"]

R = TypeVar("R", Current, Version)

_MOST: Final = 2**31 - 1
#: So many further keys of a common prefix are passed over one by one, before the rest of it is leapt over.
_STEPS: Final = 8
#: Rows that are asked for at first, and after every leap.
_CHUNK: Final = 16
#: Text that is the same in XML, in a URL, and as it is.
_PLAIN: Final = re.compile(r"[A-Za-z0-9_.\-~/*\n]*")
_TOKEN_KEY: Final = b"haar s3 continuation"
_CHECK_BYTES: Final = 6
#: Classes of which an object can be away, and a copy of it be back for a while.
_RESTORABLE: Final = frozenset(("GLACIER", "DEEP_ARCHIVE", "INTELLIGENT_TIERING"))


class Asked(msgspec.Struct, frozen=True, gc=False):
    """What every listing is asked."""

    prefix: str
    delimiter: str
    #: 0 to 1,000
    limit: int
    #: whether names come URL-encoded
    encodes: bool
    #: whether an entry says what is restored of it
    restores: bool


def asked(request: Mapping[str, Any]) -> Asked:
    """What a request asks. Raises InvalidArgument."""
    encoding = request.get("EncodingType")
    if encoding is not None and encoding != "url":
        raise invalid_argument("Invalid Encoding Method specified in Request", "encoding-type", encoding)
    optional = request.get("OptionalObjectAttributes") or ()
    for one in optional:
        if one != "RestoreStatus":
            raise invalid_argument("Invalid attribute name specified", "x-amz-optional-object-attributes", one)
    return Asked(
        prefix=request.get("Prefix") or "", delimiter=request.get("Delimiter") or "",
        limit=_limit(request.get("MaxKeys")), encodes=encoding is not None, restores=bool(optional),
    )  # fmt: skip


def _limit(given: Any) -> int:
    if given is None or given == "":
        return PAGE_KEYS_MAX
    try:
        found = int(given)
    except ValueError:
        found = _MOST + 1
    if not 0 <= found <= _MOST:
        text = f"Argument maxKeys must be an integer between 0 and {_MOST}"
        if found > _MOST:
            text = "Provided max-keys not an integer or within integer range"
        raise invalid_argument(text, "maxKeys" if found < 0 else "max-keys", given)
    return min(found, PAGE_KEYS_MAX)


# --- one page --------------------------------------------------------------------------------------------------------


class Entries(Generic[R]):
    """The entries of one page, in order: rows, and common prefixes as texts. `more` is known when they have been read.

    `after` is the key of a row that the page goes on behind; shorter, all rows that begin with it. `start` is the first
    name that may come.
    """

    def __init__(
        self,
        call: Call,
        kind: type[R],
        bucket: str,
        asked: Asked,
        *,
        start: str | None = None,
        after: tuple[Any, ...] | None = None,
    ) -> None:
        self.more = False
        self._kind: type[R] = kind
        self._query = (call, bucket, asked, start, after)

    def __iter__(self) -> Iterator[R | str]:
        return self._grouped() if self._query[2].delimiter else self._plain()

    def _plain(self) -> Iterator[R | str]:
        call, bucket, asked, start, after = self._query
        if not asked.limit:
            return
        left = asked.limit
        for row in call.tx.range(
            self._kind, bucket, starts=asked.prefix or None, start=start, after=after, limit=asked.limit + 1
        ):
            if not left:
                self.more = True
                return
            left -= 1
            yield row

    def _grouped(self) -> Iterator[R | str]:
        call, bucket, asked, start, after = self._query
        left, prefix, delimiter = asked.limit, asked.prefix, asked.delimiter
        beginning, skip = len(prefix), len(delimiter)
        group, steps, size = "", 0, _CHUNK
        if not left:
            return
        while True:
            read = 0
            row = None
            for row in call.tx.range(self._kind, bucket, starts=prefix or None, start=start, after=after, limit=size):
                read += 1
                name = row.name
                if group and name.startswith(group):
                    steps += 1
                    if steps == _STEPS:
                        break
                    continue
                if not left:
                    self.more = True
                    return
                left -= 1
                end = name.find(delimiter, beginning)
                if end < 0:
                    group = ""
                    yield row
                else:
                    group, steps = name[: end + skip], 0
                    yield group
            if group and steps == _STEPS:
                start, after, size = behind(group), None, _CHUNK
                if start is None:
                    return
                group = ""
            elif row is None or read < size:
                return
            else:
                start, after, size = None, row.key, min(size * 4, PAGE_KEYS_MAX)


def group_of(asked: Asked, name: str) -> str:
    """The common prefix that a key is rolled up into, or ""."""
    if not asked.delimiter or not name.startswith(asked.prefix):
        return ""
    end = name.find(asked.delimiter, len(asked.prefix))
    return "" if end < 0 else name[: end + len(asked.delimiter)]


def behind_key(asked: Asked, bucket: str, name: str) -> dict[str, Any]:
    """Where a page begins behind a key or a common prefix: arguments of `Entries`.

    A key inside a common prefix stands for all of it, as the page before has shown it.
    """
    group = group_of(asked, name)
    if not group:
        return {"after": (bucket, name)}
    start = behind(group)
    # where nothing can sort behind a group, begin behind the bucket's last key
    return {"start": start} if start is not None else {"after": (bucket,)}


def behind(group: str) -> str | None:
    """The first text that sorts behind all that begin with another; None when there is none."""
    bare = group.rstrip(chr(0x10FFFF))
    if not bare:
        return None
    following = ord(bare[-1]) + 1
    # surrogates are no characters
    return bare[:-1] + chr(0xE000 if following == 0xD800 else following)


# --- how it is written -----------------------------------------------------------------------------------------------


def written(asked: Asked, name: str) -> str:
    """A name as an answer has it."""
    return quote_plus(name, safe="/*") if asked.encodes else name


def xml_of(asked: Asked, names: list[str]) -> list[str]:
    """Names as XML."""
    # most keys are plain, and one look at all of them says so
    joined = "\n".join(names)
    if _PLAIN.fullmatch(joined) and joined.count("\n") == max(len(names) - 1, 0):
        return names
    if asked.encodes:
        return [quote_plus(name, safe="/*") for name in names]
    return [escape(name) for name in names]


@lru_cache(maxsize=1024)
def owner_xml(account: str) -> str:
    """The <Owner> of an entry."""
    return f"<Owner><ID>{canonical_id(account)}</ID></Owner>"


def restore_xml(call: Call, version: Version | None) -> str:
    """The <RestoreStatus> of an entry; "" for what is in no archive, or not on its way from there."""
    if version is None or version.storage_class not in _RESTORABLE:
        return ""
    if version.restored_until > call.now:
        expiry = iso_millis(version.restored_until)
        return (
            "<RestoreStatus><IsRestoreInProgress>false</IsRestoreInProgress>"
            f"<RestoreExpiryDate>{expiry}</RestoreExpiryDate></RestoreStatus>"
        )
    if version.restoring_until > call.now:
        return "<RestoreStatus><IsRestoreInProgress>true</IsRestoreInProgress></RestoreStatus>"
    return ""


def current_restore_xml(call: Call, row: Current) -> str:
    """The same of a row of the listing."""
    if row.storage_class not in _RESTORABLE:
        return ""
    return restore_xml(call, call.tx.get(Version, row.bucket, row.name, row.order))


# --- tokens ----------------------------------------------------------------------------------------------------------


def token_for(name: str) -> str:
    """An opaque token that stands for the last entry of a page."""
    raw = name.encode()
    return "1" + base64.b64encode(_check(raw) + raw).decode()


def token_read(token: str) -> str:
    """The entry behind a token. Raises InvalidArgument."""
    try:
        raw = base64.b64decode(token[1:], validate=True)
        if token[:1] == "1" and raw[:_CHECK_BYTES] == _check(raw[_CHECK_BYTES:]):
            return raw[_CHECK_BYTES:].decode()
    except (binascii.Error, ValueError):
        pass
    raise invalid_argument("The continuation token provided is incorrect", "continuation-token", token)


def _check(raw: bytes) -> bytes:
    return hashlib.blake2b(raw, digest_size=_CHECK_BYTES, key=_TOKEN_KEY).digest()
