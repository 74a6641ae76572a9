"""What holds for any data and any expression: CSV survives the way there and back, ranges part an object, and no
expression does anything but give records or a refusal."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from haar.errors import ServiceError
from haar.services.s3.select import select
from haar.services.s3.select.errors import MESSAGES

CSV, JSON = {"CSV": {"AllowQuotedRecordDelimiter": True, "Comments": "\x01"}}, {"JSON": {}}
WORDS = st.sampled_from(
    [
        "SELECT",
        "FROM",
        "S3Object",
        "WHERE",
        "LIMIT",
        "AND",
        "OR",
        "NOT",
        "IN",
        "BETWEEN",
        "LIKE",
        "ESCAPE",
        "IS",
        "NULL",
        "MISSING",
        "CASE",
        "WHEN",
        "THEN",
        "ELSE",
        "END",
        "CAST",
        "AS",
        "INT",
        "FLOAT",
        "DECIMAL",
        "TIMESTAMP",
        "COUNT",
        "SUM",
        "AVG",
        "MIN",
        "MAX",
        "LOWER",
        "SUBSTRING",
        "TRIM",
        "COALESCE",
        "NULLIF",
        "DATE_ADD",
        "EXTRACT",
        "TO_STRING",
        "UTCNOW",
        "FOR",
        "year",
        "s",
        "s.a",
        "s.*",
        "_1",
        "_2",
        '"a"',
        "*",
        "(",
        ")",
        "[",
        "]",
        "[*]",
        "[0]",
        ",",
        ".",
        "+",
        "-",
        "/",
        "%",
        "||",
        "=",
        "<>",
        "<",
        ">=",
        "1",
        "2.5",
        "'x'",
        "'%x_'",
        "`2010T`",
        "`1d3`",
    ]
)


def records(data: bytes, expression: str, source: Any, target: Any, **request: Any) -> str:
    """The records of a query."""
    parts = {"InputSerialization": source, "OutputSerialization": target, "ExpressionType": "SQL"}
    events = select(io.BytesIO(data), {"Expression": expression} | parts | request, size=len(data))
    return b"".join(event["Records"]["Payload"] for event in events if "Records" in event).decode()


FIELDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x01"), max_size=8)
ROWS = st.lists(st.lists(FIELDS, min_size=2, max_size=4).filter(lambda row: row[0] != ""), max_size=8)


@pytest.mark.ours
@settings(deadline=None, max_examples=150)
@given(rows=ROWS)
def test_csv_that_was_written_is_read_as_it_was(rows: list[list[str]]) -> None:
    lines = "".join(json.dumps({f"c{n}": field for n, field in enumerate(row)}) + "\n" for row in rows)
    as_csv = records(lines.encode(), "SELECT * FROM S3Object", {"JSON": {"Type": "LINES"}}, {"CSV": {}})
    back = records(as_csv.encode(), "SELECT * FROM S3Object", CSV, JSON)
    assert [list(json.loads(line).values()) for line in back.split("\n") if line] == rows


@pytest.mark.ours
@settings(deadline=None, max_examples=150)
@given(
    lines=st.lists(st.text("ab,\u00e9", min_size=1, max_size=6), min_size=1, max_size=30),
    delimiter=st.sampled_from(["\n", ";;", "\u00e4"]),
    width=st.integers(1, 25),
)
def test_ranges_side_by_side_give_every_record_once(lines: list[str], delimiter: str, width: int) -> None:
    data = (delimiter.join(lines) + delimiter).encode()
    source = {"CSV": {"RecordDelimiter": delimiter}}
    found = [
        records(data, "SELECT * FROM S3Object", source, {"CSV": {}}, ScanRange={"Start": at, "End": at + width - 1})
        for at in range(0, len(data), width)
    ]
    assert "".join(found) == "".join(line + "\n" for line in lines)


@pytest.mark.ours
@settings(deadline=None, max_examples=400)
@given(words=st.lists(WORDS, max_size=14), as_json=st.booleans())
def test_any_expression_gives_records_or_a_known_refusal(words: list[str], as_json: bool) -> None:
    expression = "SELECT " + " ".join(words) + " FROM S3Object s"
    data = b'{"a":[1,"x",null],"_1":2}\n{"a":1.5}\n' if as_json else b"a,b\n1,x\n,\n"
    source = {"JSON": {"Type": "DOCUMENT"}} if as_json else {"CSV": {"FileHeaderInfo": "USE"}}
    try:
        records(data, expression, source, JSON)
    except ServiceError as error:
        assert error.code in MESSAGES


@pytest.mark.ours
@settings(deadline=None, max_examples=300)
@given(data=st.binary(max_size=60), source=st.sampled_from(["CSV", "LINES", "DOCUMENT", "Parquet", "GZIP", "BZIP2"]))
def test_any_object_gives_records_or_a_known_refusal(data: bytes, source: str) -> None:
    forms: dict[str, Any] = {
        "CSV": CSV,
        "LINES": {"JSON": {"Type": "LINES"}},
        "DOCUMENT": {"JSON": {"Type": "DOCUMENT"}},
        "Parquet": {"Parquet": {}},
        "GZIP": {"CSV": {}, "CompressionType": "GZIP"},
        "BZIP2": {"CSV": {}, "CompressionType": "BZIP2"},
    }
    try:
        records(data, "SELECT * FROM S3Object", forms[source], JSON)
    except ServiceError as error:
        assert error.code in MESSAGES
