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

CSV: dict[str, Any] = {"CSV": {"AllowQuotedRecordDelimiter": True, "Comments": "\x01"}}
JSON: dict[str, Any] = {"JSON": {}}


def one_of(forms: str) -> st.SearchStrategy[str]:
    """One of the forms between the bars."""
    return st.sampled_from([form.strip() for form in forms.replace("\n", " ").split(" | ")])


ATOMS = """
    s.a | _1 | s._2 | "a" | s.a[0] | s | 1 | 2.5 | -7 | 'x' | '%x_' | `2010T` | `1d3` | NULL | MISSING | TRUE
    | UTCNOW() | '2010-01-01T' | 9223372036854775807 | CAST(1.5 AS FLOAT) | ( | FROM | * | COUNT(*)
"""
FORMS = """
    {} + {} | {} * {} | {} / {} | {} % {} | {} || {} | {} = {} | {} < {} | {} >= {} | {} AND {} | {} OR {} | NOT {}
    | -{} | ({}) | {} IS NULL | {} IS NOT MISSING | {} IN ({}, {}) | {} IN {} | {} LIKE {} | [{}, {}]
    | {} BETWEEN {} AND {} | {} LIKE {} ESCAPE {} | CASE WHEN {} THEN {} ELSE {} END | CASE {} WHEN {} THEN {} END
    | CAST({} AS INT) | CAST({} AS DECIMAL) | CAST({} AS STRING) | CAST({} AS TIMESTAMP) | CAST({} AS BOOL)
    | SUM({}) | AVG({}) | MAX({}) | COUNT({}) | LOWER({}) | CHAR_LENGTH({}) | COALESCE({}, {}) | NULLIF({}, {})
    | SUBSTRING({} FROM {} FOR {}) | SUBSTRING({}, {}) | TRIM(BOTH {} FROM {}) | DATE_ADD(month, {}, {})
    | DATE_DIFF(day, {}, {}) | TO_TIMESTAMP({}) | EXTRACT(second FROM {}) | TO_STRING({}, {}) | FOO({}) | {} {}
"""
EXPRESSIONS = st.recursive(
    one_of(ATOMS),
    lambda inner: st.tuples(one_of(FORMS), inner, inner, inner).map(lambda parts: parts[0].format(*parts[1:])),
    max_leaves=8,
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


def outcome(data: bytes, expression: str, source: Any) -> str:
    """The code a query is refused with, "" for none."""
    try:
        records(data, expression, source, JSON)
    except ServiceError as error:
        return error.code
    return ""


@pytest.mark.ours
@settings(deadline=None, max_examples=400)
@given(item=EXPRESSIONS, where=EXPRESSIONS)
def test_any_expression_over_csv_gives_records_or_a_known_refusal(item: str, where: str) -> None:
    expression = f"SELECT {item} FROM S3Object s WHERE {where}"
    assert outcome(b"a,b\n1,x\n,\n", expression, {"CSV": {"FileHeaderInfo": "USE"}}) in {"", *MESSAGES}


@pytest.mark.ours
@settings(deadline=None, max_examples=400)
@given(item=EXPRESSIONS, where=EXPRESSIONS)
def test_any_expression_over_json_gives_records_or_a_known_refusal(item: str, where: str) -> None:
    expression = f"SELECT {item} FROM S3Object[*] s WHERE {where} IS NULL OR TRUE"
    data = b'{"a":[1,"x",null],"_1":2,"_2":{"a":true}}\n{"a":1.5}\n[]\n'
    assert outcome(data, expression, {"JSON": {"Type": "DOCUMENT"}}) in {"", *MESSAGES}


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
    assert outcome(data, "SELECT * FROM S3Object", forms[source]) in {"", *MESSAGES}
