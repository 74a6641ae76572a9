"""What a request says about the object it makes: key, metadata, headers, tags, class; and what more it needs leave for.

Source: Amazon S3 User Guide, object-keys.html, UsingMetadata.html, storage-class-intro.html.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Any, Final

from haar.kit import Call, ServiceError
from haar.services.s3 import acls, authority, object_tags
from haar.services.s3.resources import Bucket
from haar.services.s3.service import KEY_BYTES_MAX, PUT_BYTES_MAX, USER_METADATA_BYTES_MAX, s3

__all__ = [
    "HEADERS", "STORAGE_CLASSES", "check_key", "demand", "headers_in", "length_allowed", "may", "metadata_in",
    "metadata_shown", "owner_in", "storage_class_in", "tags_in",
]  # fmt: skip

#: Headers that are kept with an object as they were sent.
HEADERS: Final = (
    "CacheControl", "ContentDisposition", "ContentEncoding", "ContentLanguage", "ContentType", "Expires",
    "WebsiteRedirectLocation",
)  # fmt: skip
_HEADERS: Final = frozenset(HEADERS)
#: The classes that an object of a general purpose bucket can have.
STORAGE_CLASSES: Final = frozenset(
    (
        "STANDARD", "REDUCED_REDUNDANCY", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER", "DEEP_ARCHIVE",
        "GLACIER_IR",
    )
)  # fmt: skip
#: So many characters can never be more bytes than a key may have.
_SURELY_SHORT: Final = KEY_BYTES_MAX // 4
_REDIRECTS: Final = ("/", "http://", "https://")
#: What a header can be called (RFC 9110, token): nothing in it ends it.
_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_ENCODED_WORD: Final = re.compile(r"=\?[A-Za-z0-9_-]+\?[BbQq]\?[^?]*\?=")


def check_key(name: str) -> None:
    """Raise KeyTooLongError for a key of more than 1,024 bytes of UTF-8."""
    if len(name) > _SURELY_SHORT:
        size = len(name.encode())
        if size > KEY_BYTES_MAX:
            members = {"Size": size, "MaxSizeAllowed": KEY_BYTES_MAX}
            raise ServiceError("KeyTooLongError", "Your key is too long", status=400, members=members)


def length_allowed(length: int | None) -> None:
    """Refuse a body before it is read: one whose length nobody knows, and one that is too long for one request."""
    if length is None:
        raise ServiceError("MissingContentLength", "You must provide the Content-Length HTTP header.", status=411)
    if length > PUT_BYTES_MAX:
        members = {"ProposedSize": length, "MaxSizeAllowed": PUT_BYTES_MAX}
        text = "Your proposed upload exceeds the maximum allowed size"
        raise ServiceError("EntityTooLarge", text, status=400, members=members)


def headers_in(request: Mapping[str, Any]) -> dict[str, Any]:
    """The headers to keep. Raises InvalidRedirectLocation."""
    if _HEADERS.isdisjoint(request):
        return {}
    found = {name: request[name] for name in HEADERS if name in request}
    encoding = found.get("ContentEncoding")
    if encoding is not None and "aws-chunked" in encoding:
        # how the request came, not what the object is
        rest = [one.strip() for one in encoding.split(",") if one.strip() not in ("", "aws-chunked")]
        found["ContentEncoding"] = ",".join(rest)
        if not rest:
            del found["ContentEncoding"]
    location = found.get("WebsiteRedirectLocation")
    if location is not None and not location.startswith(_REDIRECTS):
        text = "The website redirect location must have a prefix of 'http://' or 'https://' or '/'."
        raise ServiceError("InvalidRedirectLocation", text, status=400)
    return found


def metadata_in(request: Mapping[str, Any]) -> dict[str, str]:
    """User metadata to keep, by name without `x-amz-meta-`. Raises MetadataTooLarge, InvalidArgument.

    Values may come as encoded words (RFC 2047); any other byte beyond ASCII is a character of ISO 8859-1.
    """
    found: dict[str, str] = request.get("Metadata") or {}
    if not found:
        return found
    for name in found:
        if _NAME.fullmatch(name) is None:  # a form, or the query of a presigned address, can have any name
            text = "A name of user metadata must be a valid name of an HTTP header."
            raise ServiceError("InvalidArgument", text, status=400, members={"ArgumentName": f"x-amz-meta-{name}"})
    size = sum(len(name.encode()) + len(value.encode()) for name, value in found.items())
    if size > USER_METADATA_BYTES_MAX:
        members = {"Size": size, "MaxSizeAllowed": USER_METADATA_BYTES_MAX}
        text = "Your metadata headers exceed the maximum allowed metadata size"
        raise ServiceError("MetadataTooLarge", text, status=400, members=members)
    return {name: _decoded(value) if "=?" in value else value for name, value in found.items()}


def metadata_shown(metadata: dict[str, str]) -> dict[str, str]:
    """User metadata as answers have it: what is not ASCII as encoded words (RFC 2047)."""
    if all(value.isascii() for value in metadata.values()):
        return metadata
    return {name: value if value.isascii() else _encoded(value) for name, value in metadata.items()}


def _decoded(value: str) -> str:
    if _ENCODED_WORD.search(value) is None:
        return value
    from email.errors import HeaderParseError  # hardly anybody sends encoded words
    from email.header import decode_header

    try:
        parts = decode_header(value)
        return "".join(part if isinstance(part, str) else part.decode(charset or "latin-1") for part, charset in parts)
    except (HeaderParseError, binascii.Error, LookupError, UnicodeDecodeError):
        return value


def _encoded(value: str) -> str:
    return f"=?UTF-8?B?{base64.b64encode(value.encode()).decode()}?="


def storage_class_in(request: Mapping[str, Any]) -> str:
    """The class of a new object. Raises InvalidStorageClass."""
    found: str = request.get("StorageClass") or "STANDARD"
    if found not in STORAGE_CLASSES:
        members = {"StorageClassRequested": found}
        text = "The storage class you specified is not valid"
        raise ServiceError("InvalidStorageClass", text, status=400, members=members)
    return found


def tags_in(call: Call, request: Mapping[str, Any]) -> dict[str, str]:
    """The tags of a new object, for a caller who may tag. Raises InvalidArgument, InvalidTag, AccessDenied."""
    header = request.get("Tagging")
    if not header:
        return {}
    tags = object_tags.in_header(header)
    demand(call, "s3:PutObjectTagging", request)
    return tags


def owner_in(call: Call, bucket: Bucket, request: Mapping[str, Any]) -> dict[str, Any]:
    """Whose a new object is, and its ACL, for a caller who may set it: the fields `owner` and `acl`."""
    found = acls.on_put(call, bucket, request)
    if bucket.ownership != acls.ENFORCED and acls.says_something(request):
        demand(call, "s3:PutObjectAcl", request)
    return found


def demand(call: Call, action: str, request: Mapping[str, Any]) -> None:
    """Raise AccessDenied unless the caller may do this, too, with the object of a request."""
    where = authority.on_object(call, request)
    call.ports.guard.authorize(call, action, where, s3.bound(call.operation), dict(request))


def may(call: Call, action: str, request: Mapping[str, Any]) -> bool:
    """Whether the caller may do this, too, with the object of a request: for what an answer leaves out otherwise."""
    try:
        demand(call, action, request)
    except ServiceError as error:
        if error.code != "AccessDenied":
            raise
        call.decision = ""
        return False
    return True
