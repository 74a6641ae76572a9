"""The rules of message contents: pure functions of what a request carries.

Docs: SQS Developer Guide, sqs-message-metadata.html (attributes and how their MD5 is made); API reference, SendMessage.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from struct import Struct
from typing import Any

from haar.kit import ServiceError
from haar.services.sqs.resources import Attributes
from haar.services.sqs.service import ATTRIBUTES_MAX, BATCH_ENTRIES_MAX, invalid, sqs

_UNSAYABLE = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ATTRIBUTE_NAME = re.compile(r"(?!\.)(?!.*\.\.)[A-Za-z0-9_.-]{1,256}(?<!\.)")
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_TYPE = re.compile(r"(String|Number|Binary)(?:\..*)?")
_TOKEN = re.compile(r"""[A-Za-z0-9!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~]{1,128}""")
_ENTRY_ID = re.compile(r"[A-Za-z0-9_-]{1,80}")
QUEUE_NAME = re.compile(r"[A-Za-z0-9_-]{1,80}")
FIFO_NAME = re.compile(r"[A-Za-z0-9_-]{1,75}\.fifo")

_length = Struct(">I").pack
_STRING, _BINARY = b"\1", b"\2"


def check_text(text: str) -> None:
    """Refuse characters that XML 1.0 cannot carry. Raises InvalidMessageContents."""
    # printable text needs no search: asking that costs a tenth
    if not text.isprintable() and (found := _UNSAYABLE.search(text)) is not None:
        raise sqs.error(
            "InvalidMessageContents",
            f"Invalid binary character '#x{ord(found[0]):X}' was found in the message body, "
            "the set of allowed characters is "
            "#x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF",
        )


def size_of(text: str | bytes) -> int:
    """The bytes a value counts for."""
    return len(text) if isinstance(text, bytes) or text.isascii() else len(text.encode())


def size_of_attributes(attributes: Attributes) -> int:
    """What attributes add to a message's size: their names, types and values. System attributes are free."""
    return sum(size_of(name) + size_of(kind) + size_of(value) for name, (kind, value) in attributes.items())


def read_attributes(given: Mapping[str, Mapping[str, Any]]) -> Attributes:
    """Message attributes as they are kept. Raises InvalidParameterValue and its like for what SQS refuses."""
    if len(given) > ATTRIBUTES_MAX:
        raise sqs.error(
            "InvalidParameterValue",
            f"Number of message attributes [{len(given)}] exceeds the allowed maximum [{ATTRIBUTES_MAX}].",
        )
    kept: Attributes = {}
    for name, value in given.items():
        if not name or not _ATTRIBUTE_NAME.fullmatch(name):
            raise _bad(
                f"Invalid attribute name '{name}': it can have up to 256 letters, digits, "
                "hyphens, underscores and single periods inside."
            )
        if name.lower().startswith(("aws.", "amazon.")):
            raise _bad(
                f"Message (user) attribute name '{name}' is invalid: names beginning with AWS. or Amazon. are reserved."
            )
        kept[name] = read_value(name, value, "message (user) attribute")
    return kept


def read_value(name: str, value: Mapping[str, Any], what: str) -> tuple[str, str | bytes]:
    """The (data type, value) of one attribute."""
    kind = value.get("DataType")
    if not kind:
        raise _bad(f"The {what} '{name}' must contain a non-empty attribute type.")
    if value.get("StringListValues") or value.get("BinaryListValues"):
        raise sqs.error(
            "AWS.SimpleQueueService.UnsupportedOperation",
            "Message attribute list values in SendMessage operation are not supported.",
        )
    match = _TYPE.fullmatch(kind)
    if match is None:
        raise _bad(
            f"The type of {what} '{name}' is invalid. "
            "You must use only the following supported type prefixes: Binary, Number, String."
        )
    if len(kind) > 256:
        raise _bad(f"The type of {what} '{name}' is invalid: it can have up to 256 characters.")
    if match[1] == "Binary":
        binary: bytes | None = value.get("BinaryValue")
        if not binary or value.get("StringValue") is not None:
            raise _empty(what, name, "binary")
        return kind, binary
    text: str | None = value.get("StringValue")
    if not text or value.get("BinaryValue") is not None:
        raise _empty(what, name, "string")
    check_text(text)
    if match[1] == "Number" and not _NUMBER.fullmatch(text):
        raise _bad(f"Can't cast the value of {what} '{name}' to a number.")
    return kind, text


def digest(attributes: Mapping[str, tuple[str, str | bytes]]) -> str:
    """The MD5 of attributes: by name, each part behind its length in four bytes, the kind of value in one."""
    parts = []
    for name in sorted(attributes):
        kind, value = attributes[name]
        encoded = value.encode() if isinstance(value, str) else value
        raw_name, raw_kind = name.encode(), kind.encode()
        parts += [
            _length(len(raw_name)), raw_name, _length(len(raw_kind)), raw_kind,
            _STRING if isinstance(value, str) else _BINARY, _length(len(encoded)), encoded,
        ]  # fmt: skip
    return hashlib.md5(b"".join(parts), usedforsecurity=False).hexdigest()


def show_attributes(attributes: Attributes) -> dict[str, Any]:
    """Attributes as a reply carries them."""
    return {
        name: {"DataType": kind, "StringValue" if isinstance(value, str) else "BinaryValue": value}
        for name, (kind, value) in attributes.items()
    }


def select(attributes: Attributes, wanted: Sequence[str]) -> Attributes:
    """The attributes that a receive asked for: by name, by prefix (`foo.*`), or all (`All`, `.*`)."""
    if "All" in wanted or ".*" in wanted:
        return attributes
    names = {name for name in wanted if not name.endswith(".*")}
    prefixes = tuple(name[:-1] for name in wanted if name.endswith(".*"))
    return {
        name: value for name, value in attributes.items() if name in names or (prefixes and name.startswith(prefixes))
    }


def check_token(value: str, parameter: str) -> str:
    """A group, deduplication or attempt id. Raises InvalidParameterValue."""
    if not _TOKEN.fullmatch(value):
        raise invalid(
            value,
            parameter,
            f"{parameter} can only include alphanumeric and punctuation characters. 1 to 128 in length.",
        )
    return value


def check_batch(entries: Sequence[Mapping[str, Any]] | None, shape: str) -> None:
    """Refuse a batch that is empty, too long, or whose ids are not ids or not distinct."""
    if not entries:
        raise sqs.error(
            "AWS.SimpleQueueService.EmptyBatchRequest", f"There should be at least one {shape} in the request."
        )
    if len(entries) > BATCH_ENTRIES_MAX:
        raise sqs.error(
            "AWS.SimpleQueueService.TooManyEntriesInBatchRequest",
            f"Maximum number of entries per request are {BATCH_ENTRIES_MAX}. You have sent {len(entries)}.",
        )
    seen: set[str] = set()
    for number, entry in enumerate(entries, 1):
        name = entry.get("Id")
        if not name:
            raise sqs.error("MissingParameter", f"The request must contain the parameter {shape}.{number}.Id.")
        if not _ENTRY_ID.fullmatch(name):
            raise sqs.error(
                "AWS.SimpleQueueService.InvalidBatchEntryId",
                "A batch entry id can only contain alphanumeric characters, hyphens and underscores. "
                "It can be at most 80 letters long.",
            )
        if name in seen:
            raise sqs.error("AWS.SimpleQueueService.BatchEntryIdsNotDistinct", f"Id {name} repeated.")
        seen.add(name)


def _bad(message: str) -> ServiceError:
    return sqs.error("InvalidParameterValue", message)


def _empty(what: str, name: str, kind: str) -> ServiceError:
    return _bad(f"The {what} '{name}' must contain a non-empty {kind} value, and no other, for its attribute type.")
