"""Tags of objects: how they are written, and what S3 refuses.

Source: Amazon S3 User Guide, object-tagging.html.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final
from urllib.parse import unquote_plus

from haar.kit import ServiceError
from haar.services.s3.service import OBJECT_TAGS_MAX, invalid_argument

__all__ = ["checked", "in_header"]

KEY_CHARS_MAX: Final = 128
VALUE_CHARS_MAX: Final = 256
_ALLOWED: Final = re.compile(r"[\w\s+\-=.:/@]*")


def in_header(header: str) -> dict[str, str]:
    """The tags of an `x-amz-tagging` header. Raises InvalidArgument, InvalidTag, BadRequest."""
    pairs: list[tuple[str, str]] = []
    for piece in header.split("&") if header else ():
        name, _, value = piece.partition("=")
        try:
            pairs.append((unquote_plus(name, errors="strict"), unquote_plus(value, errors="strict")))
        except UnicodeDecodeError:
            raise _unreadable(header) from None
    if len(dict(pairs)) < len(pairs) or not all(name for name, _ in pairs):
        raise _unreadable(header)
    return checked(pairs)


def checked(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Tags as they are kept. Raises InvalidTag, BadRequest."""
    tags: dict[str, str] = {}
    for name, value in pairs:
        if name in tags:
            raise _invalid("Cannot provide multiple Tags with the same key", {"TagKey": name})
        if name.lower().startswith("aws:"):
            raise _invalid("Your TagKey cannot be prefixed with aws:", {"TagKey": name})
        if not 1 <= len(name) <= KEY_CHARS_MAX or _ALLOWED.fullmatch(name) is None:
            raise _invalid("The TagKey you have provided is invalid", {"TagKey": name})
        if len(value) > VALUE_CHARS_MAX or _ALLOWED.fullmatch(value) is None:
            raise _invalid("The TagValue you have provided is invalid", {"TagKey": name, "TagValue": value})
        tags[name] = value
    if len(tags) > OBJECT_TAGS_MAX:
        raise ServiceError("BadRequest", f"Object tags cannot be greater than {OBJECT_TAGS_MAX}", status=400)
    return tags


def _unreadable(header: str) -> ServiceError:
    text = (
        "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name "
        "duplicates."
    )
    return invalid_argument(text, "x-amz-tagging", header)


def _invalid(text: str, members: Mapping[str, str]) -> ServiceError:
    return ServiceError("InvalidTag", text, status=400, members=members)
