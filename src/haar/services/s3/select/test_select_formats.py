"""What S3 Select reads and writes: CSV, JSON, Parquet, compression, ranges, and the events around the records."""

from __future__ import annotations

import bz2
import gzip
import io
import tracemalloc
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from haar.errors import ServiceError
from haar.services.s3.select import select

API = "https://docs.aws.amazon.com/AmazonS3/latest/API/"
CSV_IN, CSV_OUT = API + "API_CSVInput.html", API + "API_CSVOutput.html"
JSON_IN, JSON_OUT = API + "API_JSONInput.html", API + "API_JSONOutput.html"
INPUT, RANGE = API + "API_InputSerialization.html", API + "API_ScanRange.html"
OPERATION = API + "API_SelectObjectContent.html"
APPENDIX = API + "RESTSelectObjectAppendix.html"
CODES = API + "ErrorResponses.html"
LIMITS = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/selecting-content-from-objects.html"
TYPES = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-select-sql-reference-data-types.html"


def events(data: bytes, expression: str = "SELECT * FROM S3Object", **request: Any) -> list[dict[str, Any]]:
    """All events of a query, by default from CSV without a header to JSON."""
    given = {
        "Expression": expression,
        "ExpressionType": "SQL",
        "InputSerialization": {"CSV": {}},
        "OutputSerialization": {"JSON": {}},
    } | request
    return list(select(io.BytesIO(data), given, size=len(data)))


def records(data: bytes, expression: str = "SELECT * FROM S3Object", **request: Any) -> str:
    """The records of a query."""
    found = events(data, expression, **request)
    return b"".join(event["Records"]["Payload"] for event in found if "Records" in event).decode()


def from_csv(data: bytes, expression: str = "SELECT * FROM S3Object", **csv: Any) -> str:
    """The records of a CSV with these settings, as JSON."""
    return records(data, expression, InputSerialization={"CSV": csv})


def to_csv(data: bytes, **csv: Any) -> str:
    """The records of a plain CSV, as CSV with these settings."""
    return records(data, OutputSerialization={"CSV": csv})


def from_json(data: bytes, expression: str = "SELECT * FROM S3Object", kind: str = "DOCUMENT") -> str:
    """The records of JSON, as JSON."""
    return records(data, expression, InputSerialization={"JSON": {"Type": kind}})


def code(data: bytes, expression: str = "SELECT * FROM S3Object", **request: Any) -> str:
    """The error code of a query."""
    with pytest.raises(ServiceError) as caught:
        events(data, expression, **request)
    return caught.value.code


# --- CSV ----------------------------------------------------------------------------------------------------------


@pytest.mark.documented(CSV_IN)
def test_without_a_header_the_first_line_is_a_record() -> None:
    assert from_csv(b"a,b\n1,2\n") == '{"_1":"a","_2":"b"}\n{"_1":"1","_2":"2"}\n'


@pytest.mark.documented(CSV_IN)
def test_a_used_header_names_the_columns() -> None:
    assert from_csv(b"a,b\n1,2\n", FileHeaderInfo="USE") == '{"a":"1","b":"2"}\n'


@pytest.mark.documented(CSV_IN)
def test_an_ignored_header_is_skipped_and_names_nothing() -> None:
    assert from_csv(b"a,b\n1,2\n", FileHeaderInfo="IGNORE") == '{"_1":"1","_2":"2"}\n'


@pytest.mark.documented(CSV_IN)
def test_an_ignored_header_can_not_be_used() -> None:
    given = {"CSV": {"FileHeaderInfo": "IGNORE"}}
    assert code(b"a,b\n1,2\n", "SELECT a FROM S3Object", InputSerialization=given) == "MissingHeaders"


@pytest.mark.documented(CSV_IN)
def test_delimiters_can_be_chosen() -> None:
    assert from_csv(b"1|2;;3|4;;", FieldDelimiter="|", RecordDelimiter=";;") == (
        '{"_1":"1","_2":"2"}\n{"_1":"3","_2":"4"}\n'
    )


@pytest.mark.documented(CSV_IN)
def test_quotes_hold_a_delimiter_and_doubled_quotes() -> None:
    assert from_csv(b'"a,b","say ""hi"""\n') == '{"_1":"a,b","_2":"say \\"hi\\""}\n'


@pytest.mark.documented(CSV_IN)
def test_quote_and_escape_characters_can_be_chosen() -> None:
    assert from_csv(b"'it\\'s',2\n", QuoteCharacter="'", QuoteEscapeCharacter="\\") == '{"_1":"it\'s","_2":"2"}\n'


@pytest.mark.documented(CSV_IN)
def test_lines_that_begin_with_the_comment_character_are_skipped() -> None:
    assert from_csv(b"# who\n1\n") + from_csv(b"; who\n1\n", Comments=";") == '{"_1":"1"}\n{"_1":"1"}\n'


@pytest.mark.documented(CSV_IN)
def test_a_quoted_record_delimiter_must_be_allowed() -> None:
    assert code(b'"a\nb",2\n3,4\n') == "CSVEscapingRecordDelimiter"


@pytest.mark.documented(CSV_IN)
def test_an_allowed_quoted_record_delimiter_is_part_of_the_field() -> None:
    assert from_csv(b'"a\n\nb",2\n3,4\n', AllowQuotedRecordDelimiter=True) == (
        '{"_1":"a\\n\\nb","_2":"2"}\n{"_1":"3","_2":"4"}\n'
    )


@pytest.mark.documented(CODES)
def test_a_quote_that_never_closes_is_refused() -> None:
    assert code(b'1,"2') == "CSVUnescapedQuote"


@pytest.mark.documented(CODES)
def test_a_quote_that_never_closes_is_refused_over_many_lines() -> None:
    given = {"CSV": {"AllowQuotedRecordDelimiter": True}}
    assert code(b'1,"2\n' + b"x\n" * 5000, InputSerialization=given) == "CSVUnescapedQuote"


@pytest.mark.ours
def test_line_ends_may_be_crlf() -> None:
    assert from_csv(b"a,b\r\n1,2\r\n", FileHeaderInfo="USE") == '{"a":"1","b":"2"}\n'


@pytest.mark.ours
def test_crlf_inside_quotes_stays_as_it_is() -> None:
    assert from_csv(b'"a\r\nb",c\r\n', AllowQuotedRecordDelimiter=True) == '{"_1":"a\\r\\nb","_2":"c"}\n'


@pytest.mark.ours
def test_a_column_past_the_end_of_its_record_is_missing() -> None:
    assert from_csv(b"1,2,3\n4\n", "SELECT s._1, s._3 FROM S3Object s") == '{"_1":"1","_3":"3"}\n{"_1":"4"}\n'


@pytest.mark.ours
def test_the_last_record_needs_no_delimiter() -> None:
    assert from_csv(b"1\n2") == '{"_1":"1"}\n{"_1":"2"}\n'


@pytest.mark.ours
def test_records_across_blocks_stay_whole() -> None:
    rows = b"".join(b"%d,%s\n" % (number, b"\xc3\xa4" * 30) for number in range(20000))
    assert from_csv(rows, "SELECT COUNT(*), MAX(CAST(_1 AS INT)), MAX(CHAR_LENGTH(_2)) FROM S3Object") == (
        '{"_1":20000,"_2":19999,"_3":30}\n'
    )


@pytest.mark.documented(OPERATION)
def test_only_utf8_is_read() -> None:
    assert code("ä".encode("latin-1")) == "InvalidTextEncoding"


@pytest.mark.documented(LIMITS)
def test_a_record_is_at_most_a_mebibyte_long() -> None:
    assert code(b"x" * (1 << 20) + b"y\n") == "OverMaxRecordSize"


@pytest.mark.documented(LIMITS)
def test_a_record_of_a_mebibyte_is_read() -> None:
    assert from_csv(b"x" * (1 << 20) + b"\n", "SELECT CHAR_LENGTH(_1) FROM S3Object") == '{"_1":1048576}\n'


@pytest.mark.documented(LIMITS)
def test_a_record_of_the_result_is_at_most_a_mebibyte_long() -> None:
    assert code(b"x" * 600_000, "SELECT _1, _1 FROM S3Object") == "OverMaxRecordSize"


@pytest.mark.ours
def test_a_record_that_never_ends_is_refused_before_it_fills_the_memory() -> None:
    given = {"CSV": {"AllowQuotedRecordDelimiter": True}}
    assert code(b'"' + b"x\n" * (1 << 20), InputSerialization=given) == "OverMaxRecordSize"


@pytest.mark.documented(CSV_OUT)
def test_fields_are_quoted_as_needed() -> None:
    assert to_csv(b'a,"b,c","d""e"\n') == 'a,"b,c","d""e"\n'


@pytest.mark.documented(CSV_OUT)
def test_fields_are_quoted_always_on_demand() -> None:
    assert to_csv(b"a,b\n", QuoteFields="ALWAYS") == '"a","b"\n'


@pytest.mark.documented(CSV_OUT)
def test_the_signs_of_the_output_can_be_chosen() -> None:
    chosen = {"FieldDelimiter": "|", "RecordDelimiter": ";", "QuoteCharacter": "'", "QuoteEscapeCharacter": "\\"}
    assert to_csv(b"a|b,it's\nc,d\n", **chosen) == "'a|b'|'it\\'s';c|d;"


@pytest.mark.documented(LIMITS)
def test_nested_data_is_written_as_json_only() -> None:
    given = {"InputSerialization": {"JSON": {"Type": "LINES"}}, "OutputSerialization": {"CSV": {}}}
    assert code(b'{"a":[1]}', "SELECT s.a FROM S3Object s", **given) == "UnsupportedSqlOperation"


# --- JSON ---------------------------------------------------------------------------------------------------------


@pytest.mark.documented(JSON_IN)
def test_lines_hold_one_value_each() -> None:
    assert from_json(b'{"a":1}\n\n{"a":2}\r\n', kind="LINES") == '{"a":1}\n{"a":2}\n'


@pytest.mark.documented(JSON_IN)
def test_a_document_may_span_lines_and_another_may_follow() -> None:
    assert from_json(b'{"a":\n1}\n{"a":2}{"a":3}') == '{"a":1}\n{"a":2}\n{"a":3}\n'


@pytest.mark.documented(JSON_IN)
def test_a_value_that_spans_lines_is_no_line() -> None:
    assert code(b'{"a":\n1}', InputSerialization={"JSON": {"Type": "LINES"}}) == "JSONParsingError"


@pytest.mark.documented(CODES)
@pytest.mark.parametrize("data", [b'{"a"', b'{"a":1}}', b'{"a":NaN}', b'{"a" 1}' + b" " * 400_000, b"[" * 100_000])
def test_what_is_no_json_is_refused(data: bytes) -> None:
    assert code(data, InputSerialization={"JSON": {"Type": "DOCUMENT"}}) == "JSONParsingError"


@pytest.mark.ours
def test_documents_across_blocks_stay_whole() -> None:
    row = b'{"text":"' + "ä".encode() * 40_000 + b'","number":12345}'
    query = "SELECT COUNT(*), MIN(s.number), MIN(CHAR_LENGTH(s.text)) FROM S3Object s"
    assert from_json(b"\n".join([row] * 20), query) == '{"_1":20,"_2":12345,"_3":40000}\n'


@pytest.mark.documented(LIMITS)
def test_a_document_is_at_most_a_mebibyte_long() -> None:
    data = b'{"a":"' + b"x" * (3 << 20) + b'"}'
    assert code(data, InputSerialization={"JSON": {"Type": "DOCUMENT"}}) == "OverMaxRecordSize"


@pytest.mark.ours
def test_a_root_list_is_one_value_and_its_elements_are_a_path_away() -> None:
    assert from_json(b'[{"a":1},{"a":2}]', "SELECT s.a FROM S3Object[*][*] s") == '{"a":1}\n{"a":2}\n'


@pytest.mark.ours
def test_numbers_keep_their_digits() -> None:
    assert from_json(b'{"a":1.10,"b":12345678901234567890.5,"c":-0.0001}') == (
        '{"a":1.10,"b":12345678901234567890.5,"c":-0.0001}\n'
    )


@pytest.mark.ours
def test_text_keeps_its_characters() -> None:
    assert from_json('{"ä":"\\"\\u00e9\\n☃"}'.encode()) == '{"ä":"\\"é\\n☃"}\n'


@pytest.mark.documented(JSON_OUT)
def test_the_record_delimiter_of_json_can_be_chosen() -> None:
    assert records(b"1\n2\n", OutputSerialization={"JSON": {"RecordDelimiter": ","}}) == '{"_1":"1"},{"_1":"2"},'


# --- Parquet ------------------------------------------------------------------------------------------------------


def parquet(columns: dict[str, list[Any]], **options: Any) -> bytes:
    """A Parquet file of these columns."""
    from importlib import import_module

    pa, pq = import_module("pyarrow"), import_module("pyarrow.parquet")

    sink = io.BytesIO()
    pq.write_table(pa.table(columns), sink, **options)
    return sink.getvalue()


def from_parquet(data: bytes, expression: str = "SELECT * FROM S3Object", **request: Any) -> str:
    """The records of Parquet, as JSON."""
    return records(data, expression, InputSerialization={"Parquet": {}}, **request)


@pytest.mark.documented(TYPES)
def test_parquet_types_become_types_of_the_query() -> None:
    row: dict[str, list[Any]] = {
        "i": [1],
        "s": ["x"],
        "d": [Decimal("1.50")],
        "b": [True],
        "t": [datetime(2020, 1, 2, 3, 4, 5, 6000, tzinfo=UTC)],
        "day": [date(2020, 1, 2)],
        "l": [[1, 2]],
        "n": [None],
    }
    assert from_parquet(parquet(row)) == (
        '{"i":1,"s":"x","d":1.50,"b":true,"t":"2020-01-02T03:04:05.006000Z","day":"2020-01-02","l":[1,2],"n":null}\n'
    )


@pytest.mark.documented(OPERATION)
@pytest.mark.parametrize("codec", ["none", "snappy", "gzip"])
def test_parquet_is_filtered_and_projected(codec: str) -> None:
    data = parquet({"Id": list(range(3000)), "name": [f"n{number}" for number in range(3000)]}, compression=codec)
    assert (
        from_parquet(data, "SELECT s.name FROM S3Object s WHERE s.id > 2997") == '{"name":"n2998"}\n{"name":"n2999"}\n'
    )


@pytest.mark.documented(LIMITS)
def test_other_parquet_codecs_are_refused() -> None:
    data = parquet({"a": [1]}, compression="zstd")
    assert code(data, InputSerialization={"Parquet": {}}) == "ParquetUnsupportedCompressionCodec"


@pytest.mark.documented(TYPES)
def test_int96_timestamps_are_refused() -> None:
    data = parquet({"t": [datetime(2020, 1, 1, tzinfo=UTC)]}, use_deprecated_int96_timestamps=True)
    assert code(data, InputSerialization={"Parquet": {}}) == "UnsupportedTypeForQuerying"


@pytest.mark.documented(CODES)
def test_what_is_no_parquet_is_refused() -> None:
    assert code(b"PAR1 and nothing else", InputSerialization={"Parquet": {}}) == "ParquetParsingError"


@pytest.mark.documented(OPERATION)
def test_parquet_is_not_compressed_as_a_whole() -> None:
    given = {"Parquet": {}, "CompressionType": "GZIP"}
    assert code(gzip.compress(parquet({"a": [1]})), InputSerialization=given) == "InvalidCompressionFormat"


@pytest.mark.ours
def test_parquet_is_counted_without_reading_a_column() -> None:
    data = parquet({"a": list(range(5000))})
    found = events(data, "SELECT COUNT(*) FROM S3Object", InputSerialization={"Parquet": {}})
    assert found[0] == {"Records": {"Payload": b'{"_1":5000}\n'}}
    assert found[1]["Stats"]["Details"]["BytesProcessed"] == 0


@pytest.mark.documented(LIMITS)
def test_a_scan_range_takes_the_row_groups_that_start_in_it() -> None:
    data = parquet({"a": list(range(4))}, row_group_size=2)
    assert from_parquet(data, ScanRange={"Start": 0, "End": 10}) == '{"a":0}\n{"a":1}\n'


# --- compression --------------------------------------------------------------------------------------------------


@pytest.mark.documented(INPUT)
def test_gzip_is_read_in_all_its_members() -> None:
    data = gzip.compress(b"1\n") + gzip.compress(b"2\n")
    given = {"CSV": {}, "CompressionType": "GZIP"}
    assert records(data, InputSerialization=given) == '{"_1":"1"}\n{"_1":"2"}\n'


@pytest.mark.documented(INPUT)
def test_bzip2_is_read() -> None:
    given = {"JSON": {"Type": "LINES"}, "CompressionType": "BZIP2"}
    assert records(bz2.compress(b'{"a":1}\n'), InputSerialization=given) == '{"a":1}\n'


@pytest.mark.documented(CODES)
@pytest.mark.parametrize("kind", ["GZIP", "BZIP2"])
def test_what_is_not_compressed_so_is_refused(kind: str) -> None:
    given = {"CSV": {}, "CompressionType": kind}
    assert code(b"plain,text\n" * 100, InputSerialization=given) == "InvalidCompressionFormat"


@pytest.mark.documented(CODES)
@pytest.mark.parametrize(("kind", "compress"), [("GZIP", gzip.compress), ("BZIP2", bz2.compress)])
def test_a_cut_off_object_is_refused(kind: str, compress: Any) -> None:
    data = compress(b"1,2\n" * 10_000)[:-10]
    assert code(data, InputSerialization={"CSV": {}, "CompressionType": kind}) == "TruncatedInput"


@pytest.mark.documented(API + "API_Stats.html")
def test_stats_tell_stored_bytes_from_processed_ones() -> None:
    data = gzip.compress(b"1,2\n" * 1000)
    given = {"CSV": {}, "CompressionType": "GZIP"}
    stats = events(data, "SELECT COUNT(*) FROM S3Object", InputSerialization=given)[-2]["Stats"]["Details"]
    assert stats == {"BytesScanned": len(data), "BytesProcessed": 4000, "BytesReturned": len('{"_1":1000}\n')}


# --- scan ranges --------------------------------------------------------------------------------------------------

LETTERS = b"A,B\nC,D\nD,E\nE,F\nG,H\nI,J\n"


def scanned(data: bytes = LETTERS, **scan: int) -> str:
    """The first fields of the records of a range."""
    return records(
        data, "SELECT _1 FROM S3Object", ScanRange=scan, OutputSerialization={"CSV": {"RecordDelimiter": " "}}
    )


@pytest.mark.documented(LIMITS)
def test_a_range_takes_the_records_that_start_in_it() -> None:
    assert scanned(Start=1, End=4) == "C "


@pytest.mark.documented(RANGE)
def test_a_range_without_end_goes_to_the_end() -> None:
    assert scanned(Start=12) == "E G I "


@pytest.mark.documented(RANGE)
def test_an_end_alone_means_the_last_bytes() -> None:
    assert scanned(End=5) == "I "


@pytest.mark.ours
def test_ranges_side_by_side_give_every_record_once() -> None:
    data = b"".join(b"%d\n" % number for number in range(30_000))
    halves = [
        scanned(data, Start=start, End=min(start + 9_999, len(data) - 1)) for start in range(0, len(data), 10_000)
    ]
    assert "".join(halves).split() == [str(number) for number in range(30_000)]


@pytest.mark.ours
def test_a_header_is_known_in_a_later_range() -> None:
    given = {"CSV": {"FileHeaderInfo": "USE"}}
    scan = {"Start": 5, "End": 8}
    assert records(LETTERS, "SELECT a FROM S3Object", InputSerialization=given, ScanRange=scan) == '{"a":"D"}\n'


@pytest.mark.ours
def test_json_lines_have_ranges() -> None:
    given = {"JSON": {"Type": "LINES"}}
    scan = {"Start": 2, "End": 8}
    assert records(b'{"a":1}\n{"a":2}\n{"a":3}\n', InputSerialization=given, ScanRange=scan) == '{"a":2}\n'


@pytest.mark.ours
def test_a_range_reads_little_more_than_itself() -> None:
    data = b"12345678\n" * 200_000
    found = events(data, "SELECT COUNT(*) FROM S3Object", ScanRange={"Start": 900, "End": 90_000})
    assert found[0] == {"Records": {"Payload": b'{"_1":9901}\n'}}
    assert found[1]["Stats"]["Details"]["BytesScanned"] < 100_000


@pytest.mark.documented(LIMITS)
@pytest.mark.parametrize(
    "given",
    [
        {"JSON": {"Type": "DOCUMENT"}},
        {"CSV": {}, "CompressionType": "GZIP"},
        {"CSV": {"AllowQuotedRecordDelimiter": True}},
    ],
)
def test_ranges_are_for_plain_lines(given: dict[str, Any]) -> None:
    assert code(LETTERS, InputSerialization=given, ScanRange={"Start": 0, "End": 5}) == "UnsupportedScanRangeInput"


@pytest.mark.documented(CODES)
@pytest.mark.parametrize("scan", [{}, {"Start": 5, "End": 4}, {"Start": 100}, {"Start": -1, "End": 4}])
def test_an_impossible_range_is_refused(scan: dict[str, int]) -> None:
    assert code(LETTERS, ScanRange=scan) == "InvalidScanRange"


# --- the request and the events -----------------------------------------------------------------------------------


@pytest.mark.documented(CODES)
@pytest.mark.parametrize(
    ("request_part", "expected"),
    [
        ({"InputSerialization": {"CSV": {}, "JSON": {"Type": "LINES"}}}, "ObjectSerializationConflict"),
        ({"OutputSerialization": {"CSV": {}, "JSON": {}}}, "ObjectSerializationConflict"),
        ({"InputSerialization": {}}, "InvalidDataSource"),
        ({"OutputSerialization": {}}, "MissingRequiredParameter"),
        ({"Expression": ""}, "MissingRequiredParameter"),
        ({"InputSerialization": {"CSV": {"FileHeaderInfo": "SOME"}}}, "InvalidFileHeaderInfo"),
        ({"InputSerialization": {"CSV": {"QuoteCharacter": "ab"}}}, "InvalidRequestParameter"),
        ({"InputSerialization": {"JSON": {"Type": "TREE"}}}, "InvalidJsonType"),
        ({"InputSerialization": {"CSV": {}, "CompressionType": "ZIP"}}, "InvalidCompressionFormat"),
        ({"OutputSerialization": {"CSV": {"QuoteFields": "NEVER"}}}, "InvalidQuoteFields"),
    ],
)
def test_a_request_that_contradicts_itself_is_refused(request_part: dict[str, Any], expected: str) -> None:
    assert code(b"1\n", **({"expression": "SELECT * FROM S3Object"} | request_part)) == expected


@pytest.mark.documented(APPENDIX)
def test_the_stream_ends_with_stats_and_an_end() -> None:
    assert events(b"1,2\n") == [
        {"Records": {"Payload": b'{"_1":"1","_2":"2"}\n'}},
        {"Stats": {"Details": {"BytesScanned": 4, "BytesProcessed": 4, "BytesReturned": 20}}},
        {"End": {}},
    ]


@pytest.mark.documented(APPENDIX)
def test_nothing_found_is_a_stream_without_records() -> None:
    assert [name for event in events(b"") for name in event] == ["Stats", "End"]


@pytest.mark.documented(API + "API_RequestProgress.html")
def test_progress_is_reported_on_demand() -> None:
    line = b"1" * 99 + b"\n"
    found = events(line * 50_000, RequestProgress={"Enabled": True})
    reports = [event["Progress"]["Details"] for event in found if "Progress" in event]
    assert len(reports) > 3
    assert reports == sorted(reports, key=lambda report: report["BytesScanned"])
    assert reports[-1] == found[-2]["Stats"]["Details"]


@pytest.mark.documented(APPENDIX)
def test_many_records_come_in_many_events() -> None:
    payloads = [event["Records"]["Payload"] for event in events(b"x" * 99 + b"\n" * 1) if "Records" in event]
    many = [event["Records"]["Payload"] for event in events((b"x" * 99 + b"\n") * 5000) if "Records" in event]
    assert len(payloads) == 1
    assert len(many) > 5 and all(payload.endswith(b"}\n") for payload in many)


@pytest.mark.documented(APPENDIX)
def test_a_long_search_without_a_find_says_that_it_continues() -> None:
    found = events((b"x" * 99 + b"\n") * 10_000, "SELECT * FROM S3Object WHERE _1 = 'y'")
    assert [name for event in found for name in event] == ["Cont", "Stats", "End"]


@pytest.mark.ours
def test_what_goes_wrong_later_is_raised_from_the_stream() -> None:
    data = b"1\n" * 100_000 + b"x\n"
    given = {
        "Expression": "SELECT CAST(_1 AS INT) FROM S3Object",
        "ExpressionType": "SQL",
        "InputSerialization": {"CSV": {}},
        "OutputSerialization": {"CSV": {}},
    }
    stream = select(io.BytesIO(data), given, size=len(data))
    assert "Records" in next(stream)
    with pytest.raises(ServiceError, match="CastFailed"):
        list(stream)


@pytest.mark.ours
def test_a_limit_stops_reading() -> None:
    found = events(b"12345678\n" * 500_000, "SELECT * FROM S3Object LIMIT 3")
    assert found[-2]["Stats"]["Details"]["BytesScanned"] < 1_000_000


class Endless(io.RawIOBase):
    """A file of so many bytes, all lines alike (of 700 bytes), that exists nowhere."""

    LINE = b"abc,12," + b"x" * 692 + b"\n"

    def __init__(self, size: int) -> None:
        self._size = size
        self._at = 0

    def read(self, count: int = -1) -> bytes:
        phase = self._at % 700
        count = min(count, self._size - self._at)
        self._at += count
        return (self.LINE * (count // 700 + 2))[phase : phase + count]

    def seekable(self) -> bool:
        return False


@pytest.mark.ours
def test_memory_does_not_grow_with_the_object() -> None:
    size = 700 * 40_000
    given = {
        "Expression": "SELECT _1 FROM S3Object WHERE _2 = '12'",
        "ExpressionType": "SQL",
        "InputSerialization": {"CSV": {}},
        "OutputSerialization": {"CSV": {}},
    }
    tracemalloc.start()
    returned = 0
    try:
        for event in select(Endless(size), given, size=size):  # type: ignore[arg-type]  # it reads as a file does
            returned += len(event.get("Records", {}).get("Payload", b""))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert returned == 160_000
    assert peak < 4_000_000
