"""The rules of names and message contents: pure functions of what a request carries.

Docs: SNS Developer Guide, sns-message-attributes.html, sns-publish.html, fifo-message-dedup.html.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any, Final

from haar.kit import ServiceError
from haar.services.sns.resources import Attributes, Topic
from haar.services.sns.service import MESSAGE_BYTES_MAX, SUBJECT_CHARS_MAX, invalid, sns

__all__ = ["check_subject", "check_topic_name", "deduplication_of", "read_attributes", "size_of"]

_TOPIC_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,256}")
_FIFO_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,251}\.fifo")
_ATTRIBUTE_NAME: Final = re.compile(r"(?!\.)(?!.*\.\.)[A-Za-z0-9_.-]{1,256}(?<!\.)")
_NUMBER: Final = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_TYPE: Final = re.compile(r"(String|Number|Binary)(?:\..*)?")
_TOKEN: Final = re.compile(r"""[A-Za-z0-9!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~]{1,128}""")
PHONE: Final = re.compile(r"\+[1-9]\d{7,14}")
EMAIL: Final = re.compile(r"[^@\s<>\"]+@[^@\s<>\"]+\.[^@\s<>\"]+")


def check_topic_name(name: str, fifo: bool) -> None:
    """Refuse a name that a topic of this kind cannot have. Raises InvalidParameter."""
    if fifo and not _FIFO_NAME.fullmatch(name):
        raise invalid(
            "Fifo Topic names must end with .fifo and must be made up of only uppercase and lowercase ASCII letters, "
            "numbers, underscores, and hyphens, and must be between 1 and 256 characters long."
        )
    if not fifo and not _TOPIC_NAME.fullmatch(name):
        raise invalid("Topic Name")


def check_subject(subject: str) -> None:
    """Refuse a subject that no mail could have. Raises InvalidParameter."""
    if not subject or len(subject) > SUBJECT_CHARS_MAX or not subject.isprintable():
        raise invalid("Subject")


def size_of(text: str | bytes) -> int:
    """The bytes a value counts for."""
    return len(text) if isinstance(text, bytes) or text.isascii() else len(text.encode())


def check_size(body: str, attributes: Attributes) -> int:
    """The bytes of a message. Raises InvalidParameter for one that is too long."""
    size = size_of(body)
    for name, (kind, value) in attributes.items():
        size += size_of(name) + size_of(kind) + size_of(value)
    if size > MESSAGE_BYTES_MAX:
        raise invalid("Message too long")
    return size


def texts_of(body: str) -> dict[str, str]:
    """The texts of a structured message by protocol. Raises InvalidParameter."""
    try:
        texts = json.loads(body)
    except ValueError:
        texts = None
    if not isinstance(texts, dict):
        raise invalid("Message Structure - JSON message body failed to parse")
    if not isinstance(texts.get("default"), str):
        raise invalid("Message Structure - No default entry in JSON message body")
    return {name: text for name, text in texts.items() if isinstance(text, str)}


def read_attributes(given: Mapping[str, Mapping[str, Any]]) -> Attributes:
    """Message attributes as they are kept. Raises ParameterValueInvalid."""
    kept: Attributes = {}
    for name, value in given.items():
        if not _ATTRIBUTE_NAME.fullmatch(name) or name.lower().startswith(("aws.", "amazon.")):
            raise _bad(
                f"Invalid attribute name '{name}': it can have up to 256 letters, digits, hyphens, underscores and "
                "single periods inside, and cannot start with AWS. or Amazon."
            )
        kept[name] = _read_value(name, value)
    return kept


def _read_value(name: str, given: Mapping[str, Any]) -> tuple[str, str | bytes]:
    kind = given.get("DataType") or ""
    match = _TYPE.fullmatch(kind)
    if not kind:
        raise _bad(f"The message attribute '{name}' must contain non-empty message attribute type.")
    if match is None:
        raise _bad(
            f"The message attribute '{name}' has an invalid message attribute type, "
            "the set of supported type prefixes is Binary, Number, and String."
        )
    value: Any = given.get("BinaryValue" if match[1] == "Binary" else "StringValue")
    other = given.get("StringValue" if match[1] == "Binary" else "BinaryValue")
    if not value or other:
        raise _bad(
            f"The message attribute '{name}' must contain non-empty message attribute value "
            f"for message attribute type '{kind}'."
        )
    if match[1] == "Number" and not _NUMBER.fullmatch(value):
        raise _bad(f"Could not cast message attribute '{name}' value to number.")
    if kind == "String.Array":
        _check_array(name, value)
    return kind, value


def _check_array(name: str, value: str) -> None:
    try:
        items = json.loads(value)
    except ValueError:
        items = None
    if not isinstance(items, list) or any(isinstance(item, list | dict) for item in items):
        raise _bad(f"The message attribute '{name}' of type String.Array must be a JSON array of plain values.")


def deduplication_of(topic: Topic, body: str, given: str) -> str:
    """What a FIFO topic knows a message by when it is published again. Raises InvalidParameter."""
    if given:
        return check_token(given, "MessageDeduplicationId")
    if topic.deduplicates_content:
        return hashlib.sha256(body.encode()).hexdigest()
    raise invalid(
        "The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly"
    )


def check_token(value: str, parameter: str) -> str:
    """A group or deduplication id. Raises InvalidParameter."""
    if not _TOKEN.fullmatch(value):
        raise invalid(
            f"{parameter} Reason: {parameter} can only include alphanumeric and punctuation characters. "
            "1 to 128 in length"
        )
    return value


def _bad(text: str) -> ServiceError:
    return sns.error("ParameterValueInvalid", text)
