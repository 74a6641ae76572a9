"""Rows out: as CSV or as JSON, one record after the other.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_OutputSerialization.html
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from haar.services.s3.select.errors import refusal
from haar.services.s3.select.source import RECORD_MAX
from haar.services.s3.select.syntax import MISSING, Value
from haar.services.s3.select.timestamps import Timestamp
from haar.services.s3.select.values import text_of

_NAMES_MAX = 1024
#: names and values of a row: the record with its delimiter
Writer = Callable[[Sequence[str], Sequence[Value]], str]


def writer(given: Mapping[str, Any]) -> Writer:
    """What writes the records of a request's OutputSerialization.

    Raises ObjectSerializationConflict, MissingRequiredParameter, InvalidQuoteFields, InvalidRequestParameter.
    """
    chosen = [form for form in ("CSV", "JSON") if given.get(form) is not None]
    if len(chosen) > 1:
        raise refusal("ObjectSerializationConflict")
    if not chosen:
        raise refusal("MissingRequiredParameter")
    return _csv(given["CSV"]) if chosen == ["CSV"] else _json(given["JSON"])


def _checked(record: str) -> str:
    if len(record) > RECORD_MAX:
        raise refusal("OverMaxRecordSize")
    return record


def _csv(given: Mapping[str, Any]) -> Writer:
    end, delimiter = given.get("RecordDelimiter", "\n"), given.get("FieldDelimiter", ",")
    quote = given.get("QuoteCharacter", '"')
    escape = given.get("QuoteEscapeCharacter", quote if len(quote) == 1 else '"')
    if not end or not delimiter or len(quote) != 1 or len(escape) != 1:
        raise refusal("InvalidRequestParameter")
    how = str(given.get("QuoteFields", "ASNEEDED")).upper()
    if how not in ("ALWAYS", "ASNEEDED"):
        raise refusal("InvalidQuoteFields")
    always = how == "ALWAYS"
    special = (delimiter, quote, end, "\n", "\r")

    def field(value: Value) -> str:
        if value is None or value is MISSING:
            text = ""
        elif isinstance(value, list | dict):
            # https://docs.aws.amazon.com/AmazonS3/latest/userguide/selecting-content-from-objects.html
            raise refusal(
                "UnsupportedSqlOperation", "Amazon S3 Select can only emit nested data using the JSON output format."
            )
        else:
            text = value if isinstance(value, str) else text_of(value)
        if always or any(mark in text for mark in special):
            if escape != quote:
                text = text.replace(escape, escape * 2)
            return f"{quote}{text.replace(quote, escape + quote)}{quote}"
        return text

    def write(names: Sequence[str], values: Sequence[Value]) -> str:
        return f"{_checked(delimiter.join(map(field, values)))}{end}"

    return write


def _json(given: Mapping[str, Any]) -> Writer:
    end = given.get("RecordDelimiter", "\n")
    if not end:
        raise refusal("InvalidRequestParameter")
    quoted = json.encoder.encode_basestring
    heads: dict[str, str] = {}  # how a member begins, for the names seen lately

    def write(names: Sequence[str], values: Sequence[Value]) -> str:
        members: list[str] = []
        for name, value in zip(names, values, strict=True):
            if value is MISSING:
                continue
            head = heads.get(name)
            if head is None:
                if len(heads) >= _NAMES_MAX:
                    heads.clear()
                head = heads[name] = f"{quoted(name)}:"
            members.append(head + (quoted(value) if type(value) is str else _json_text(value, quoted)))
        return f"{_checked('{' + ','.join(members) + '}')}{end}"

    return write


def _json_text(value: Value, quoted: Callable[[str], str]) -> str:
    if isinstance(value, str):
        return quoted(value)
    if value is None or value is MISSING or (isinstance(value, float) and not math.isfinite(value)):
        return "null"  # JSON has no other word for what is not a number
    if isinstance(value, dict):
        return (
            "{"
            + ",".join(
                f"{quoted(name)}:{_json_text(held, quoted)}" for name, held in value.items() if held is not MISSING
            )
            + "}"
        )
    if isinstance(value, Timestamp):
        return quoted(str(value))
    if isinstance(value, list):
        return "[" + ",".join(_json_text(held, quoted) for held in value) + "]"
    if isinstance(value, Decimal) and not value.is_finite():
        return "null"
    return text_of(value)
