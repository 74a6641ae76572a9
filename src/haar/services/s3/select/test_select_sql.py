"""What S3 Select's SQL means, and what of SQL it refuses."""

from __future__ import annotations

import io
from typing import Any

import pytest

from haar.errors import ServiceError
from haar.services.s3.select import select

GUIDE = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/"
SELECT = GUIDE + "s3-select-sql-reference-select.html"
OPERATORS = GUIDE + "s3-select-sql-reference-operators.html"
TYPES = GUIDE + "s3-select-sql-reference-data-types.html"
AGGREGATES = GUIDE + "s3-select-sql-reference-aggregate.html"
CONDITIONAL = GUIDE + "s3-select-sql-reference-conditional.html"
STRINGS = GUIDE + "s3-select-sql-reference-string.html"
DATES = GUIDE + "s3-select-sql-reference-date.html"
KEYWORDS = GUIDE + "s3-select-sql-reference-keyword-list.html"
CODES = "https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html"

#: 2017-10-13T16:02:11.123Z
NOW = 1507910531.123
PEOPLE = b"name,age,city\nAda,36,London\nBo,9,Oslo\nCy,,Oslo\n"


def run(expression: str, data: bytes = PEOPLE, **request: Any) -> str:
    """The records of a query, by default over a CSV with a header."""
    given = {
        "Expression": expression,
        "ExpressionType": "SQL",
        "InputSerialization": {"CSV": {"FileHeaderInfo": "USE"}},
        "OutputSerialization": {"CSV": {}},
    } | request
    events = select(io.BytesIO(data), given, size=len(data), now=NOW)
    return b"".join(event["Records"]["Payload"] for event in events if "Records" in event).decode()


def lines(expression: str, data: bytes) -> str:
    """The records of a query from JSON lines to JSON lines."""
    return run(expression, data, InputSerialization={"JSON": {"Type": "LINES"}}, OutputSerialization={"JSON": {}})


def value(expression: str) -> str:
    """What one expression comes to, as JSON: `{"v":...}`, `{}` for MISSING."""
    return lines(f"SELECT {expression} AS v FROM S3Object", b"{}\n").strip()


def code(expression: str, data: bytes = PEOPLE) -> str:
    """The error code of a query."""
    with pytest.raises(ServiceError) as caught:
        run(expression, data)
    assert caught.value.status == 400
    return caught.value.code


# --- SELECT, FROM, WHERE, LIMIT -----------------------------------------------------------------------------------


@pytest.mark.documented(SELECT)
def test_an_asterisk_returns_every_row_as_it_is() -> None:
    assert run("SELECT * FROM S3Object") == "Ada,36,London\nBo,9,Oslo\nCy,,Oslo\n"


@pytest.mark.documented(SELECT)
def test_a_select_list_names_columns_in_the_order_asked_for() -> None:
    assert run("SELECT s.city, s.name FROM S3Object s LIMIT 1") == "London,Ada\n"


@pytest.mark.documented(SELECT)
def test_columns_have_numbers_from_one() -> None:
    assert run("SELECT _1, s._3 FROM S3Object AS s LIMIT 1") == "Ada,London\n"


@pytest.mark.documented(SELECT)
def test_limit_keeps_the_first_rows_that_pass() -> None:
    assert run("SELECT name FROM S3Object WHERE city = 'Oslo' LIMIT 1") == "Bo\n"


@pytest.mark.ours
def test_limit_zero_returns_nothing() -> None:
    assert run("SELECT name FROM S3Object LIMIT 0") == ""


@pytest.mark.documented(SELECT)
def test_words_are_read_in_any_case_and_over_lines() -> None:
    assert run("select NAME\nfrom s3object S where s.City = 'London'") == "Ada\n"


@pytest.mark.ours
def test_comments_are_skipped() -> None:
    assert run("SELECT name /* who */ FROM S3Object -- all\n LIMIT 1") == "Ada\n"


@pytest.mark.documented(SELECT)
def test_the_alias_with_an_asterisk_stands_beside_other_columns() -> None:
    assert run("SELECT s.*, s.name FROM S3Object s LIMIT 1") == "Ada,36,London,Ada\n"


@pytest.mark.documented(SELECT)
def test_an_alias_names_the_column_of_the_result() -> None:
    assert lines("SELECT s.a AS b, s.a c FROM S3Object s", b'{"a":1}') == '{"b":1,"c":1}\n'


@pytest.mark.documented(SELECT)
def test_a_nested_field_is_named_by_its_last_step() -> None:
    row = b'{"name":"Susan Smith","projects":[{"project_name":"project1"},{"project_name":"project2"}]}'
    assert lines("Select s.projects[0].project_name from S3Object s", row) == '{"project_name":"project1"}\n'


@pytest.mark.ours
def test_an_expression_without_alias_is_named_by_its_place() -> None:
    assert lines("SELECT s.a, s.a + 1, s.l[0] FROM S3Object s", b'{"a":1,"l":[7]}') == '{"a":1,"_2":2,"_3":7}\n'


@pytest.mark.documented(SELECT)
def test_wildcards_in_from_give_a_row_for_each_match_and_at_least_one() -> None:
    rules = b'{"Rules":[{"id":"1"},{"expr":"y > x"},{"id":"2","expr":"z = DEBUG"}]}\n{"created":"June 27"}\n'
    assert lines("SELECT id FROM S3Object[*].Rules[*].id", rules) == '{"id":"1"}\n{}\n{"id":"2"}\n{}\n'


@pytest.mark.documented(SELECT)
def test_rows_that_are_missing_can_be_left_out() -> None:
    rules = b'{"Rules":[{"id":"1"},{"expr":"y > x"},{"id":"2","expr":"z = DEBUG"}]}\n{"created":"June 27"}\n'
    query = "SELECT id FROM S3Object[*].Rules[*].id WHERE id IS NOT MISSING"
    assert lines(query, rules) == '{"id":"1"}\n{"id":"2"}\n'


@pytest.mark.documented(SELECT)
def test_a_path_that_ends_in_a_wildcard_calls_the_row_by_number() -> None:
    books = b'{"books":[{"price":5},{"price":7.50}]}'
    assert lines("SELECT _1.price FROM S3Object[*].books[*]", books) == '{"price":5}\n{"price":7.50}\n'


@pytest.mark.documented(SELECT)
def test_an_object_wildcard_goes_through_all_values() -> None:
    assert lines("SELECT x.n FROM S3Object[*].*.m x", b'{"a":{"m":{"n":1}},"b":{"m":{"n":2}}}') == '{"n":1}\n{"n":2}\n'


@pytest.mark.documented(SELECT)
def test_a_path_without_the_leading_wildcard_is_refused() -> None:
    assert code("SELECT * FROM S3Object.path") == "InvalidKeyPath"


@pytest.mark.documented(SELECT)
def test_a_path_in_from_is_for_json_alone() -> None:
    assert code("SELECT * FROM S3Object[*].path") == "InvalidKeyPath"


@pytest.mark.documented(SELECT)
def test_a_bare_name_means_a_header_in_any_case() -> None:
    assert run("SELECT s.name FROM S3Object s", b"NAME\nx\n") == "x\n"


@pytest.mark.documented(SELECT)
def test_a_quoted_name_means_a_header_exactly() -> None:
    assert code('SELECT s."name" FROM S3Object s', b"NAME\nx\n") == "MissingHeaders"


@pytest.mark.documented(SELECT)
def test_a_bare_name_with_two_matches_is_refused() -> None:
    assert code("SELECT s.name FROM S3Object s", b"NAME,name\nx,y\n") == "AmbiguousFieldName"


@pytest.mark.documented(SELECT)
def test_quotes_tell_two_headers_apart() -> None:
    assert run('SELECT s."NAME" FROM S3Object s', b"NAME,name\nx,y\n") == "x\n"


@pytest.mark.documented(SELECT)
def test_json_attributes_are_ambiguous_alike() -> None:
    with pytest.raises(ServiceError, match="AmbiguousFieldName"):
        lines("SELECT s.name FROM S3Object s", b'{"NAME":1,"name":2}')


@pytest.mark.documented(SELECT)
def test_a_reserved_word_in_quotes_is_a_column() -> None:
    assert run('SELECT s."CAST" FROM S3Object s', b"CAST\nx\n") == "x\n"


@pytest.mark.documented(SELECT)
def test_a_reserved_word_without_quotes_is_no_column() -> None:
    assert code("SELECT s.CAST FROM S3Object s", b"CAST\nx\n") == "ParseInvalidPathComponent"


# --- operators ----------------------------------------------------------------------------------------------------


@pytest.mark.documented(OPERATORS)
@pytest.mark.parametrize(
    ("expression", "result"),
    [
        ("1 + 2 * 3", "7"),
        ("(1 + 2) * 3", "9"),
        ("-7 / 2", "-3"),
        ("-7 % 3", "-1"),
        ("7.5 - 0.5", "7.0"),
        ("2 < 10", "true"),
        ("'2' < '10'", "false"),
        ("1 = 1.0", "true"),
        ("1 <> 2", "true"),
        ("1 != 1", "false"),
        ("5 BETWEEN 1 AND 5", "true"),
        ("5 NOT BETWEEN 6 AND 9", "true"),
        ("'b' IN ('a', 'b')", "true"),
        ("'c' NOT IN ('a', 'b')", "true"),
        ("NOT 1 = 2 AND TRUE", "true"),
        ("FALSE AND TRUE OR TRUE", "true"),
        ("'a' || 'b'", '"ab"'),
        ("- - 3", "3"),
        ("CAST(0.5 AS FLOAT) + 1", "1.5"),
    ],
)
def test_operators_bind_and_count_as_documented(expression: str, result: str) -> None:
    assert value(expression) == f'{{"v":{result}}}'


@pytest.mark.documented(OPERATORS)
@pytest.mark.parametrize(
    ("expression", "result"),
    [
        ("NULL = NULL", "null"),
        ("NULL AND FALSE", "false"),
        ("NULL OR TRUE", "true"),
        ("NULL AND TRUE", "null"),
        ("NOT NULL", "null"),
        ("1 + NULL", "null"),
        ("1 IN (NULL, 2)", "null"),
        ("1 IN (NULL, 1)", "true"),
        ("NULL IS NULL", "true"),
        ("MISSING IS NULL", "true"),
        ("NULL IS MISSING", "false"),
        ("NULL IS NOT NULL", "false"),
        ("nothing IS MISSING", "true"),
    ],
)
def test_null_is_not_known_and_missing_is_not_there(expression: str, result: str) -> None:
    assert value(expression) == f'{{"v":{result}}}'


@pytest.mark.documented(OPERATORS)
@pytest.mark.parametrize(
    ("test", "result"),
    [
        ("'abc' LIKE 'a%'", "true"),
        ("'abc' LIKE 'a_'", "false"),
        ("'abc' LIKE '_b_'", "true"),
        ("'a%c' LIKE 'a!%c' ESCAPE '!'", "true"),
        ("'abc' LIKE 'a!%c' ESCAPE '!'", "false"),
        ("'a.c' NOT LIKE 'abc'", "true"),
        ("'a\nb' LIKE 'a%b'", "true"),
        ("'aXbXc' LIKE '%X%c'", "true"),
        ("'ab' LIKE 'ab%b'", "false"),
    ],
)
def test_like_knows_two_wildcards_and_an_escape(test: str, result: str) -> None:
    assert value(test) == f'{{"v":{result}}}'


@pytest.mark.ours
def test_like_takes_time_in_proportion_to_the_text() -> None:
    pattern, text = "%a" * 40 + "b", "a" * 5000
    assert value(f"'{text}' LIKE '{pattern}'") == '{"v":false}'


@pytest.mark.documented(CODES)
def test_like_of_a_number_is_refused() -> None:
    assert code("SELECT 1 LIKE 'a' FROM S3Object") == "LikeInvalidInputs"


@pytest.mark.ours
def test_an_endless_chain_of_or_is_one_step() -> None:
    chain = " OR ".join(f"name = '{number}'" for number in range(3000))
    assert run(f"SELECT name FROM S3Object WHERE {chain} OR name = 'Bo'") == "Bo\n"


@pytest.mark.ours
def test_an_expression_nested_too_deep_is_refused() -> None:
    assert code("SELECT " + "(" * 5000 + "1" + ")" * 5000 + " FROM S3Object") == "UnsupportedSqlStructure"


@pytest.mark.ours
def test_a_sum_of_thousands_of_terms_is_refused() -> None:
    assert code("SELECT " + "+".join(["1"] * 5000) + " FROM S3Object") == "UnsupportedSqlStructure"


# --- types --------------------------------------------------------------------------------------------------------


@pytest.mark.documented(TYPES)
def test_csv_values_are_text_until_cast() -> None:
    assert run("SELECT name FROM S3Object WHERE age < '4'") == "Ada\nCy\n"


@pytest.mark.documented(TYPES)
def test_cast_makes_a_number_of_text() -> None:
    assert run("SELECT name FROM S3Object WHERE age <> '' AND CAST(age AS INT) < 10") == "Bo\n"


@pytest.mark.documented("https://docs.aws.amazon.com/AmazonS3/latest/userguide/selecting-content-from-objects.html")
def test_a_csv_column_is_read_as_a_number_beside_a_number() -> None:
    assert run("SELECT name FROM S3Object WHERE 10 > age") == "Bo\n"


@pytest.mark.documented(TYPES)
def test_arithmetic_with_text_is_refused() -> None:
    assert code("SELECT age + 1 FROM S3Object") == "InvalidDataType"


@pytest.mark.documented(TYPES)
@pytest.mark.parametrize(
    ("cast", "result"),
    [
        ("CAST('12' AS INT)", "12"),
        ("CAST('12.9' AS INTEGER)", "12"),
        ("CAST('-0.5' AS FLOAT)", "-0.5"),
        ("CAST('123.4560' AS DECIMAL(10, 2))", "123.4560"),
        ("CAST(5 AS STRING)", '"5"'),
        ("CAST(TRUE AS INT)", "1"),
        ("CAST('true' AS BOOL)", "true"),
        ("CAST('2007-04-05T14:30Z' AS TIMESTAMP)", '"2007-04-05T14:30Z"'),
        ("CAST('2007-04-05' AS TIMESTAMP)", '"2007-04-05"'),
        ("CAST(NULL AS INT)", "null"),
    ],
)
def test_cast_knows_the_documented_types(cast: str, result: str) -> None:
    assert value(cast) == f'{{"v":{result}}}'


@pytest.mark.documented(CODES)
@pytest.mark.parametrize(
    "cast",
    [
        "CAST('abc' AS INT)",
        "CAST('1e400000000' AS INT)",
        "CAST('9223372036854775808' AS INT)",
        "CAST('2007-04-05T14:30' AS TIMESTAMP)",
        "CAST('2007-13-05' AS TIMESTAMP)",
        "CAST('maybe' AS BOOL)",
    ],
)
def test_a_cast_that_can_not_be_is_refused(cast: str) -> None:
    assert code(f"SELECT {cast} FROM S3Object") == "CastFailed"


@pytest.mark.documented(TYPES)
def test_integers_have_eight_bytes() -> None:
    assert code("SELECT 9223372036854775807 + 1 FROM S3Object") == "IntegerOverflow"


@pytest.mark.documented(TYPES)
def test_timestamps_are_compared_as_moments() -> None:
    assert value("`2020-01-01T12:00Z` = `2020-01-01T13:00:00.000+01:00`") == '{"v":true}'


# --- aggregates ---------------------------------------------------------------------------------------------------


@pytest.mark.documented(AGGREGATES)
def test_aggregates_make_one_row_of_all() -> None:
    query = (
        "SELECT COUNT(*), COUNT(s.n), SUM(s.n), AVG(s.n), MIN(s.n), MAX(s.n) FROM S3Object s "
        "WHERE s.n IS NULL OR s.n > 0"
    )
    rows = b'{"n":1}\n{"n":2}\n{"n":null}\n{}\n{"n":-5}\n{"n":2}\n'
    expected = '{"_1":5,"_2":3,"_3":5,"_4":1.6666666666666666666666666666666666667,"_5":1,"_6":2}\n'
    assert lines(query, rows) == expected


@pytest.mark.documented(AGGREGATES)
def test_aggregates_stand_inside_expressions_and_have_aliases() -> None:
    assert lines("SELECT SUM(s.n) * 2 + COUNT(*) AS t FROM S3Object s", b'{"n":1}\n{"n":2.5}\n') == '{"t":9.0}\n'


@pytest.mark.documented(AGGREGATES)
def test_a_sum_of_nothing_is_null_and_a_count_is_zero() -> None:
    assert lines("SELECT COUNT(*), SUM(s.n), MIN(s.n) FROM S3Object s", b"") == '{"_1":0,"_2":null,"_3":null}\n'


@pytest.mark.documented(AGGREGATES)
def test_aggregates_of_text_are_refused() -> None:
    assert code("SELECT SUM(age) FROM S3Object") == "IncorrectSqlFunctionArgumentType"


@pytest.mark.documented(AGGREGATES)
def test_aggregates_of_cast_text_count() -> None:
    assert run("SELECT MAX(CAST(age AS INT)) FROM S3Object WHERE age <> ''") == "36\n"


@pytest.mark.documented(CODES)
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("SELECT name, COUNT(*) FROM S3Object", "UnsupportedSqlStructure"),
        ("SELECT name FROM S3Object WHERE COUNT(*) > 1", "UnsupportedSqlStructure"),
        ("SELECT SUM(COUNT(*)) FROM S3Object", "UnsupportedSqlStructure"),
        ("SELECT SUM(*) FROM S3Object", "ParseUnsupportedCallWithStar"),
        ("SELECT SUM(age, age) FROM S3Object", "ParseNonUnaryAgregateFunctionCall"),
        ("SELECT COUNT(DISTINCT age) FROM S3Object", "ParseUnsupportedSyntax"),
    ],
)
def test_aggregates_in_the_wrong_place_are_refused(query: str, expected: str) -> None:
    assert code(query) == expected


# --- functions ----------------------------------------------------------------------------------------------------


@pytest.mark.documented(CONDITIONAL)
@pytest.mark.parametrize(
    ("expression", "result"),
    [
        ("COALESCE(1)", "1"),
        ("COALESCE(null, null)", "null"),
        ("COALESCE(missing, missing)", "null"),
        ("COALESCE(null, 'string')", '"string"'),
        ("COALESCE(missing, 1)", "1"),
        ("NULLIF(1, 1)", "null"),
        ("NULLIF(1, 2)", "1"),
        ("NULLIF(1.0, 1)", "null"),
        ("NULLIF(1, '1')", "1"),
        ("NULLIF([1], [1])", "null"),
        ("NULLIF(1, NULL)", "1"),
        ("NULLIF(NULL, 1)", "null"),
        ("NULLIF(missing, null)", "null"),
        ("CASE 2 WHEN 1 THEN 'a' WHEN 2 THEN 'b' ELSE 'c' END", '"b"'),
        ("CASE WHEN 1 > 2 THEN 'a' ELSE 'c' END", '"c"'),
        ("CASE WHEN 1 > 2 THEN 'a' END", "null"),
    ],
)
def test_conditional_functions_give_the_documented_results(expression: str, result: str) -> None:
    assert value(expression) == f'{{"v":{result}}}'


@pytest.mark.documented(STRINGS)
@pytest.mark.parametrize(
    ("expression", "result"),
    [
        ("CHAR_LENGTH('')", "0"),
        ("CHARACTER_LENGTH('abcdefg')", "7"),
        ("LOWER('AbCdEfG!@#$')", '"abcdefg!@#$"'),
        ("UPPER('AbCdEfG!@#$')", '"ABCDEFG!@#$"'),
        ("SUBSTRING('123456789', 0)", '"123456789"'),
        ("SUBSTRING('123456789', 2)", '"23456789"'),
        ("SUBSTRING('123456789', -4)", '"123456789"'),
        ("SUBSTRING('123456789', 0, 999)", '"123456789"'),
        ("SUBSTRING('123456789', 1, 5)", '"12345"'),
        ("SUBSTRING('123456789' FROM 3 FOR 2)", '"34"'),
        ("SUBSTRING('123456789' FROM -2 FOR 4)", '"1"'),
        ("SUBSTRING('123456789' FROM -4 FOR 2)", '""'),
        ("TRIM('       foobar         ')", '"foobar"'),
        ("TRIM(LEADING FROM '       foobar         ')", '"foobar         "'),
        ("TRIM(TRAILING FROM '       foobar         ')", '"       foobar"'),
        ("TRIM(BOTH FROM '       foobar         ')", '"foobar"'),
        ("TRIM(BOTH '12' FROM '1112211foobar22211122')", '"foobar"'),
    ],
)
def test_string_functions_give_the_documented_results(expression: str, result: str) -> None:
    assert value(expression) == f'{{"v":{result}}}'


@pytest.mark.documented(DATES)
@pytest.mark.parametrize(
    ("expression", "result"),
    [
        ("DATE_ADD(year, 5, `2010-01-01T`)", '"2015-01-01"'),
        ("DATE_ADD(month, 1, `2010T`)", '"2010-02T"'),
        ("DATE_ADD(month, 13, `2010T`)", '"2011-02T"'),
        ("DATE_ADD(day, -1, `2017-01-10T`)", '"2017-01-09"'),
        ("DATE_ADD(hour, 1, `2017T`)", '"2017-01-01T01:00-00:00"'),
        ("DATE_ADD(hour, 1, `2017-01-02T03:04Z`)", '"2017-01-02T04:04Z"'),
        ("DATE_ADD(minute, 1, `2017-01-02T03:04:05.006Z`)", '"2017-01-02T03:05:05.006Z"'),
        ("DATE_ADD(month, 1, `2020-01-31T`)", '"2020-02-29"'),
        ("DATE_DIFF(year, `2010-01-01T`, `2011-01-01T`)", "1"),
        ("DATE_DIFF(month, `2010T`, `2010-05T`)", "4"),
        ("DATE_DIFF(month, `2010T`, `2011T`)", "12"),
        ("DATE_DIFF(month, `2011T`, `2010T`)", "-12"),
        ("DATE_DIFF(day, `2010-01-01T23:00Z`, `2010-01-02T01:00Z`)", "0"),
        ("EXTRACT(YEAR FROM `2010-01-01T`)", "2010"),
        ("EXTRACT(MONTH FROM `2010T`)", "1"),
        ("EXTRACT(HOUR FROM `2017-01-02T03:04:05+07:08`)", "3"),
        ("EXTRACT(TIMEZONE_HOUR FROM `2017-01-02T03:04:05+07:08`)", "7"),
        ("EXTRACT(TIMEZONE_MINUTE FROM `2017-01-02T03:04:05+07:08`)", "8"),
        ("TO_STRING(`1969-07-20T20:18Z`, 'MMMM d, y')", '"July 20, 1969"'),
        ("TO_STRING(`1969-07-20T20:18Z`, 'MMM d, yyyy')", '"Jul 20, 1969"'),
        ("TO_STRING(`1969-07-20T20:18Z`, 'M-d-yy')", '"7-20-69"'),
        ("TO_STRING(`1969-07-20T20:18Z`, 'MM-d-y')", '"07-20-1969"'),
        ("TO_STRING(`1969-07-20T20:18Z`, 'MMMM d, y h:m a')", '"July 20, 1969 8:18 PM"'),
        ("TO_STRING(`1969-07-20T20:18Z`, 'y-MM-dd''T''H:m:ssX')", '"1969-07-20T20:18:00Z"'),
        ("TO_STRING(`1969-07-20T20:18+08:00`, 'y-MM-dd''T''H:m:ssXXXX')", '"1969-07-20T20:18:00+0800"'),
        ("TO_STRING(`1969-07-20T20:18+08:00`, 'y-MM-dd''T''H:m:ssXXXXX')", '"1969-07-20T20:18:00+08:00"'),
        ("TO_TIMESTAMP('2007T')", '"2007T"'),
        ("TO_TIMESTAMP('2007-02-23T12:14:33.079-08:00')", '"2007-02-23T12:14:33.079-08:00"'),
        ("TO_TIMESTAMP('7/20/1969', 'M/d/y')", '"1969-07-20"'),
        ("TO_TIMESTAMP('July 20, 1969 8:18 PM', 'MMMM d, y h:m a')", '"1969-07-20T20:18-00:00"'),
        ("UTCNOW()", '"2017-10-13T16:02:11.123Z"'),
    ],
)
def test_date_functions_give_the_documented_results(expression: str, result: str) -> None:
    assert value(expression) == f'{{"v":{result}}}'


@pytest.mark.documented(CODES)
@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ("TO_STRING(`2010T`, 'Q')", "EvaluatorInvalidTimestampFormatPatternSymbol"),
        ("TO_STRING(`2010T`, 'yyyyy')", "EvaluatorInvalidTimestampFormatPatternToken"),
        ("TO_STRING(`2010T`, 'y''x')", "EvaluatorUnterminatedTimestampFormatPatternToken"),
        ("TO_TIMESTAMP('1', 'd')", "EvaluatorInvalidTimestampFormatPattern"),
        ("TO_TIMESTAMP('1', 'y yyyy')", "EvaluatorTimestampFormatPatternDuplicateFields"),
        ("TO_TIMESTAMP('1', 'y-M-d h:m')", "EvaluatorTimestampFormatPatternHourClockAmPmMismatch"),
        ("TO_TIMESTAMP('J', 'y MMMMM')", "EvaluatorInvalidTimestampFormatPatternSymbolForParsing"),
        ("TO_TIMESTAMP('gestern')", "ValueParseFailure"),
        ("TO_TIMESTAMP('2/30/2020', 'M/d/y')", "ValueParseFailure"),
        ("DATE_ADD(year, 9000, `2017T`)", "IntegerOverflow"),
        ("EXTRACT(YEAR FROM 'x')", "IncorrectSqlFunctionArgumentType"),
        ("LOWER(5)", "IncorrectSqlFunctionArgumentType"),
        ("SUBSTRING('a', 1, -1)", "IllegalSqlFunctionArgument"),
        ("1 / 0", "IllegalSqlFunctionArgument"),
    ],
)
def test_functions_refuse_what_they_can_not_take(call: str, expected: str) -> None:
    assert code(f"SELECT {call} FROM S3Object") == expected


# --- refusals of the grammar --------------------------------------------------------------------------------------


@pytest.mark.documented(CODES)
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("SELECT a FROM S3Object a JOIN S3Object b", "ParseMalformedJoin"),
        ("SELECT a FROM S3Object a, S3Object b", "ParseUnsupportedSyntax"),
        ("SELECT a FROM (SELECT * FROM S3Object)", "ParseUnsupportedSyntax"),
        ("SELECT a FROM S3Object WHERE a IN (SELECT b FROM S3Object)", "ParseUnsupportedSyntax"),
        ("SELECT (SELECT b FROM S3Object) FROM S3Object", "ParseUnsupportedSyntax"),
        ("SELECT name FROM S3Object GROUP BY name", "ParseUnsupportedLiteralsGroupBy"),
        ("SELECT name FROM S3Object ORDER BY name", "ParseUnsupportedSyntax"),
        ("SELECT name FROM S3Object UNION SELECT name FROM S3Object", "ParseUnsupportedSyntax"),
        ("SELECT DISTINCT name FROM S3Object", "ParseUnsupportedSelect"),
        ("DELETE FROM S3Object", "UnsupportedSqlOperation"),
        ("FROM S3Object", "ParseExpectedKeyword"),
        ("SELECT FROM S3Object", "ParseEmptySelect"),
        ("SELECT name", "ParseSelectMissingFrom"),
        ("SELECT * FROM elsewhere", "EvaluatorBindingDoesNotExist"),
        ("SELECT *, name FROM S3Object", "ParseAsteriskIsNotAloneInSelectList"),
        ("SELECT name, * FROM S3Object", "ParseAsteriskIsNotAloneInSelectList"),
        ("SELECT s.a.* FROM S3Object s", "ParseInvalidContextForWildcardInSelectList"),
        ("SELECT s.a[0].* FROM S3Object s", "ParseCannotMixSqbAndWildcardInSelectList"),
        ("SELECT name AS from FROM S3Object", "ParseExpectedIdentForAlias"),
        ("SELECT name FROM S3Object LIMIT 'x'", "ParseExpectedNumber"),
        ("SELECT name FROM S3Object LIMIT -1", "ParseExpectedNumber"),
        ("SELECT name FROM S3Object WHERE", "ParseUnexpectedTerm"),
        ("SELECT name FROM S3Object WHERE = 1", "ParseUnexpectedOperator"),
        ("SELECT where FROM S3Object", "ParseUnExpectedKeyword"),
        ("SELECT name FROM S3Object s 5", "ParseUnexpectedToken"),
        ("SELECT soundex(name) FROM S3Object", "UnsupportedFunction"),
        ("SELECT EXISTS (1) FROM S3Object", "UnsupportedFunction"),
        ("SELECT LOWER(name, name) FROM S3Object", "EvaluatorInvalidArguments"),
        ("SELECT LOWER name FROM S3Object", "ParseExpectedLeftParenBuiltinFunctionCall"),
        ("SELECT LOWER(name FROM S3Object", "ParseExpectedRightParenBuiltinFunctionCall"),
        ("SELECT COALESCE(name name) FROM S3Object", "ParseExpectedArgumentDelimiter"),
        ("SELECT CAST name AS INT FROM S3Object", "ParseExpectedLeftParenAfterCast"),
        ("SELECT CAST(name) FROM S3Object", "ParseCastArity"),
        ("SELECT CAST(name AS colour) FROM S3Object", "ParseExpectedTypeName"),
        ("SELECT CAST(name AS DATE) FROM S3Object", "InvalidDataType"),
        ("SELECT CAST(name AS DECIMAL(x)) FROM S3Object", "ParseInvalidTypeParam"),
        ("SELECT CASE name ELSE 1 END FROM S3Object", "ParseExpectedWhenClause"),
        ("SELECT DATE_ADD(century, 1, `2010T`) FROM S3Object", "ParseExpectedDatePart"),
        ("SELECT (name FROM S3Object", "ParseExpectedTokenType"),
        ("SELECT name # FROM S3Object", "LexerInvalidChar"),
        ("SELECT name ! FROM S3Object", "LexerInvalidOperator"),
        ("SELECT 'name FROM S3Object", "LexerInvalidLiteral"),
        ("SELECT `soon` FROM S3Object", "LexerInvalidIONLiteral"),
        ("SELECT _0 FROM S3Object", "InvalidColumnIndex"),
        ("SELECT t.name FROM S3Object s", "InvalidTableAlias"),
        ("SELECT nickname FROM S3Object", "MissingHeaders"),
        ("SELECT name FROM S3Object WHERE name", "InvalidDataType"),
    ],
)
def test_what_is_not_in_the_language_is_refused_by_its_code(query: str, expected: str) -> None:
    assert code(query) == expected


@pytest.mark.documented(CODES)
def test_an_expression_is_at_most_256_kib_long() -> None:
    assert code("SELECT '" + "x" * (256 * 1024) + "' FROM S3Object") == "ExpressionTooLong"


@pytest.mark.ours
def test_a_refusal_says_the_word_and_its_place() -> None:
    with pytest.raises(ServiceError, match="Unexpected token found LITERAL:5 at line 2, column 3"):
        run("SELECT name FROM S3Object s\n  5")


@pytest.mark.documented(CODES)
def test_only_sql_is_an_expression_type() -> None:
    with pytest.raises(ServiceError, match="InvalidExpressionType"):
        run("SELECT * FROM S3Object", ExpressionType="GRAPHQL")


@pytest.mark.ours
def test_another_table_name_can_be_allowed() -> None:
    given = {
        "Expression": "SELECT * FROM archive",
        "ExpressionType": "SQL",
        "InputSerialization": {"CSV": {}},
        "OutputSerialization": {"CSV": {}},
    }
    events = list(select(io.BytesIO(b"1,2\n"), given, size=4, tables=frozenset({"archive"})))
    assert events[0] == {"Records": {"Payload": b"1,2\n"}}
