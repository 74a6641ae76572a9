"""Conditions on requests: read only if, write only if, delete only if.

| reading | when both are there |
|---|---|
| If-Match, If-Unmodified-Since | a matching ETag outweighs the date: 200 |
| If-None-Match, If-Modified-Since | a matching ETag outweighs the date: 304 |

| writing | no object | the same ETag | another |
|---|---|---|---|
| `If-None-Match: *` | written | 412 | 412 |
| `If-Match: etag` | 404 | written | 412 |

A deletion takes `If-Match: *` besides. A write is one transaction, so what answers 409 on AWS, two conditional writes
at the same moment, cannot happen.

Source: Amazon S3 User Guide, conditional-requests.html, conditional-writes.html, conditional-deletes.html.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from haar.kit import ServiceError
from haar.services.s3.resources import Version
from haar.services.s3.service import no_such_key
from haar.wire.text import rfc822

__all__ = ["READING", "may_delete", "may_write", "not_implemented", "readable"]

#: The members of a request that `readable` looks at.
READING: Final = frozenset(("IfMatch", "IfNoneMatch", "IfModifiedSince", "IfUnmodifiedSince"))
_HELD: Final = "At least one of the pre-conditions you specified did not hold"
_NOT_BUILT: Final = "A header you provided implies functionality that is not implemented"


def readable(request: Mapping[str, Any], version: Version, headers: Mapping[str, str]) -> None:
    """Raise unless a version may be read under the conditions of a request: PreconditionFailed, or a 304.

    `headers` are those of a 304 besides ETag and Last-Modified.
    """
    match, unmodified = request.get("IfMatch"), request.get("IfUnmodifiedSince")
    if match is not None:
        if not _names(match, version):
            raise _failed("If-Match")
    elif unmodified is not None and version.at > unmodified:
        raise _failed("If-Unmodified-Since")
    none_match, since = request.get("IfNoneMatch"), request.get("IfModifiedSince")
    if none_match is not None:
        is_the_same = _names(none_match, version)
    else:
        is_the_same = since is not None and version.at <= since
    if is_the_same:
        shown = {"ETag": f'"{version.etag}"', "Last-Modified": rfc822(version.at), **headers}
        raise ServiceError("NotModified", "Not Modified", status=304, headers=shown)


def may_write(request: Mapping[str, Any], current: Version | None) -> None:
    """Raise unless a new object may take the place of what is there: PreconditionFailed, NoSuchKey, NotImplemented."""
    match, none_match = request.get("IfMatch"), request.get("IfNoneMatch")
    if match is not None and none_match is not None:
        header = "If-Match,If-None-Match"
        raise not_implemented(header, "Multiple conditional request headers present in the request")
    is_there = current is not None and not current.marker
    if none_match is not None:
        if none_match != "*":
            raise not_implemented(
                "If-None-Match", "We don't accept the provided value of If-None-Match header for this API"
            )
        if is_there:
            raise _failed("If-None-Match")
    elif match is not None:
        if match == "*":
            raise not_implemented("If-Match", "We don't accept the provided value of If-Match header for this API")
        if current is None or not is_there:
            raise no_such_key(request["Key"])
        if not _names(match, current):
            raise _failed("If-Match")


def may_delete(match: str, name: str, current: Version | None) -> None:
    """Raise unless the newest version is the one that a deletion expects: NoSuchKey, PreconditionFailed."""
    if current is None:
        raise no_such_key(name)
    if current.marker or not _names(match, current):
        raise _failed("If-Match")


def not_implemented(header: str, why: str = "") -> ServiceError:
    """NotImplemented, for a header that S3 knows and does not take here."""
    members = {"Header": header, **({"additionalMessage": why} if why else {})}
    return ServiceError("NotImplemented", _NOT_BUILT, status=501, members=members)


def _names(header: str, version: Version) -> bool:
    """Whether a list of ETags, with their quotation marks or without, has the version's."""
    if header == version.etag or header[1:-1] == version.etag:
        return True
    wanted = {one.strip().removeprefix("W/").strip('"') for one in header.split(",")}
    return "*" in wanted or version.etag in wanted


def _failed(condition: str) -> ServiceError:
    return ServiceError("PreconditionFailed", _HELD, status=412, members={"Condition": condition})
