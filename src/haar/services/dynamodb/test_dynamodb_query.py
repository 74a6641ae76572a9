"""Query and Scan: orders, ranges, pages, indexes, and what they refuse."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from haar.services.dynamodb.conftest import index, key, typed

if TYPE_CHECKING:
    from haar import Cloud
    from haar.services.dynamodb.conftest import Refusal

QUERY = "https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Query.html"
SCAN = "https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Scan.html"
GUIDE = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Query.KeyConditionExpressions.html"
PAGES = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Query.Pagination.html"
PARALLEL = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Scan.html"
LSI = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/LSI.html"
GSI = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.html"
MULTI = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.DesignPattern.MultiAttributeKeys.html"
LEGACY = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/LegacyConditionalParameters.html"
INVALID = "One or more parameter values were invalid: "


def put(db: Any, table: str, *items: dict[str, Any]) -> None:
    for item in items:
        db.put_item(TableName=table, Item=item)


def texts(**values: str) -> dict[str, Any]:
    return {name: {"S": value} for name, value in values.items()}


def asked(db: Any, table: str, condition: str, **values: Any) -> dict[str, Any]:
    """The reply to a Query with values under placeholders; members in capitals are the request's own."""
    more = {name: value for name, value in values.items() if name[0].isupper()}
    given = {f":{name}": value for name, value in values.items() if not name[0].isupper()}
    reply: dict[str, Any] = db.query(
        TableName=table, KeyConditionExpression=condition, ExpressionAttributeValues=given, **more
    )
    return reply


def shown(reply: dict[str, Any], name: str) -> list[str]:
    return [next(iter(item[name].values())) for item in reply["Items"]]


# ---- order and ranges


@pytest.mark.documented(QUERY)
def test_numbers_are_in_the_order_of_numbers(db: Any, numbered: str) -> None:
    given = ["100", "-1.5", "0", "2", "1e-5", "-1", "10", "-1e20", "1.5", "12345678901234567890123456789012345678"]
    put(db, numbered, *({"a": {"S": "k"}, "n": {"N": one}} for one in given))
    reply = asked(db, numbered, "a = :a", a={"S": "k"})
    assert shown(reply, "n") == [
        "-100000000000000000000", "-1.5", "-1", "0", "0.00001", "1.5", "2", "10", "100",
        "12345678901234567890123456789012345678",
    ]  # fmt: skip


@pytest.mark.documented(QUERY)
def test_texts_are_in_the_order_of_their_utf_8_bytes(db: Any, ranged: str) -> None:
    given = ["b", "a", "\uffff", "é", "aa", "\U0001f600", "a\x00", "B", "a\x01", " "]
    put(db, ranged, *(texts(a="k", b=one) for one in given))
    reply = asked(db, ranged, "a = :a", a={"S": "k"})
    assert shown(reply, "b") == sorted(given, key=str.encode)


@pytest.mark.documented(QUERY)
def test_binaries_are_in_the_order_of_unsigned_bytes(cloud: Cloud, db: Any) -> None:
    db.create_table(
        TableName="binary",
        KeySchema=[key("a"), key("b", "RANGE")],
        AttributeDefinitions=typed(a="B", b="B"),
        BillingMode="PAY_PER_REQUEST",
    )
    cloud.advance(seconds=60)
    given = [b"\x80", b"\x7f", b"\x00", b"\x00\x00", b"\xff\x01", b"\xff", b"\x01"]
    put(db, "binary", *({"a": {"B": b"k"}, "b": {"B": one}} for one in given))
    reply = asked(db, "binary", "a = :a", a={"B": b"k"})
    assert shown(reply, "b") == sorted(given)  # type: ignore[comparison-overlap]
    some = asked(db, "binary", "a = :a AND begins_with(b, :b)", a={"B": b"k"}, b={"B": b"\xff"})
    assert shown(some, "b") == [b"\xff", b"\xff\x01"]  # type: ignore[comparison-overlap]


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ("n = :two", ["2"]),
        ("n < :two", ["-1", "0", "1"]),
        ("n <= :two", ["-1", "0", "1", "2"]),
        ("n > :two", ["3", "4"]),
        ("n >= :two", ["2", "3", "4"]),
        (":two < n", ["3", "4"]),
        (":two >= n", ["-1", "0", "1", "2"]),
        ("n BETWEEN :zero AND :two", ["0", "1", "2"]),
    ],
)
@pytest.mark.documented(GUIDE)
def test_a_range_of_numbers(db: Any, numbered: str, condition: str, found: list[str]) -> None:
    put(db, numbered, *({"a": {"S": "k"}, "n": {"N": str(one)}} for one in range(-1, 5)))
    put(db, numbered, {"a": {"S": "other"}, "n": {"N": "2"}})
    values = {name: {"N": value} for name, value in (("two", "2"), ("zero", "0")) if f":{name}" in condition}
    assert shown(asked(db, numbered, f"a = :a AND {condition}", a={"S": "k"}, **values), "n") == found


@pytest.mark.documented(GUIDE)
def test_texts_that_begin_with_a_text(db: Any, ranged: str) -> None:
    put(db, ranged, *(texts(a="k", b=one) for one in ["a", "ab", "abc", "b", "ab\uffff", "ac"]))
    reply = asked(db, ranged, "a = :a AND begins_with(b, :b)", **texts(a="k", b="ab"))
    assert shown(reply, "b") == ["ab", "abc", "ab\uffff"]


@pytest.mark.documented(QUERY)
def test_a_query_goes_backward(db: Any, numbered: str) -> None:
    put(db, numbered, *({"a": {"S": "k"}, "n": {"N": str(one)}} for one in range(5)))
    first = asked(db, numbered, "a = :a AND n < :n", a={"S": "k"}, n={"N": "4"}, ScanIndexForward=False, Limit=2)
    assert shown(first, "n") == ["3", "2"]
    rest = asked(
        db,
        numbered,
        "a = :a AND n < :n",
        a={"S": "k"},
        n={"N": "4"},
        ScanIndexForward=False,
        ExclusiveStartKey=first["LastEvaluatedKey"],
    )
    assert shown(rest, "n") == ["1", "0"]


# ---- pages


@pytest.mark.documented(PAGES)
def test_a_limit_counts_before_the_filter_and_the_key_leads_on(db: Any, numbered: str) -> None:
    put(db, numbered, *({"a": {"S": "k"}, "n": {"N": str(one)}, "even": {"BOOL": one % 2 == 0}} for one in range(5)))
    reply = asked(db, numbered, "a = :a", a={"S": "k"}, yes={"BOOL": True}, FilterExpression="even = :yes", Limit=3)
    assert (reply["Count"], reply["ScannedCount"], shown(reply, "n")) == (2, 3, ["0", "2"])
    assert reply["LastEvaluatedKey"] == {"a": {"S": "k"}, "n": {"N": "2"}}
    rest = asked(
        db,
        numbered,
        "a = :a",
        a={"S": "k"},
        yes={"BOOL": True},
        FilterExpression="even = :yes",
        ExclusiveStartKey=reply["LastEvaluatedKey"],
    )
    assert (shown(rest, "n"), "LastEvaluatedKey" in rest) == (["4"], False)


@pytest.mark.documented(PAGES)
def test_a_page_that_is_exactly_full_has_a_key_though_nothing_follows(db: Any, numbered: str) -> None:
    put(db, numbered, *({"a": {"S": "k"}, "n": {"N": str(one)}} for one in range(2)))
    reply = asked(db, numbered, "a = :a", a={"S": "k"}, Limit=2)
    assert "LastEvaluatedKey" in reply
    last = asked(db, numbered, "a = :a", a={"S": "k"}, ExclusiveStartKey=reply["LastEvaluatedKey"])
    assert (last["Items"], last["Count"], "LastEvaluatedKey" in last) == ([], 0, False)


@pytest.mark.documented(QUERY)
def test_a_query_by_the_whole_key_has_one_page(db: Any, numbered: str, refusal: Refusal) -> None:
    put(db, numbered, {"a": {"S": "k"}, "n": {"N": "1"}})
    values = {"a": {"S": "k"}, "n": {"N": "1"}}
    reply = asked(db, numbered, "a = :a AND n = :n", **values, Limit=1)
    assert (reply["Count"], "LastEvaluatedKey" in reply) == (1, False)
    refused = refusal(
        db.query,
        TableName=numbered,
        KeyConditionExpression="a = :a AND n = :n",
        ExpressionAttributeValues={":a": {"S": "k"}, ":n": {"N": "1"}},
        ExclusiveStartKey=values,
    )
    assert refused == ("ValidationException", "The query can return at most one row and cannot be restarted")


@pytest.mark.documented(PAGES)
def test_a_page_ends_with_the_item_that_fills_1_mb(db: Any, numbered: str) -> None:
    put(db, numbered, *({"a": {"S": "k"}, "n": {"N": str(one)}, "v": {"S": "x" * 300_000}} for one in range(6)))
    first = asked(db, numbered, "a = :a", a={"S": "k"}, ReturnConsumedCapacity="TOTAL", Select="COUNT")
    assert (first["Count"], first["LastEvaluatedKey"]["n"]) == (4, {"N": "3"})
    assert first["ConsumedCapacity"]["CapacityUnits"] == 146.5
    every = db.get_paginator("query").paginate(
        TableName=numbered, KeyConditionExpression="a = :a", ExpressionAttributeValues={":a": {"S": "k"}}
    )
    assert [len(page["Items"]) for page in every] == [4, 2]


@pytest.mark.documented(SCAN)
def test_a_scan_goes_through_everything_a_page_at_a_time(db: Any, numbered: str) -> None:
    put(db, numbered, *({"a": {"S": f"k{one}"}, "n": {"N": str(n)}} for one in range(7) for n in range(3)))
    pages = list(db.get_paginator("scan").paginate(TableName=numbered, PaginationConfig={"PageSize": 4}))
    found = [(item["a"]["S"], item["n"]["N"]) for page in pages for item in page["Items"]]
    assert sorted(found) == [(f"k{one}", str(n)) for one in range(7) for n in range(3)]
    assert [len(page["Items"]) for page in pages] == [4, 4, 4, 4, 4, 1]


@pytest.mark.documented(PARALLEL)
def test_segments_of_a_scan_have_everything_once(db: Any, hashed: str) -> None:
    put(db, hashed, *(texts(a=f"k{one}") for one in range(50)))
    counts = []
    found: list[str] = []
    for segment in range(4):
        reply = db.scan(TableName=hashed, Segment=segment, TotalSegments=4)
        counts.append(reply["Count"])
        found += shown(reply, "a")
    assert sorted(found) == sorted(f"k{one}" for one in range(50))
    assert all(count > 0 for count in counts)


@pytest.mark.documented(PARALLEL)
def test_a_start_in_another_segment_is_refused(db: Any, hashed: str, refusal: Refusal) -> None:
    put(db, hashed, *(texts(a=f"k{one}") for one in range(20)))
    there = db.scan(TableName=hashed, Segment=1, TotalSegments=2)["Items"][0]
    refused = refusal(db.scan, TableName=hashed, Segment=0, TotalSegments=2, ExclusiveStartKey=there)
    assert refused == (
        "ValidationException",
        (
            "The provided starting key is invalid: Invalid ExclusiveStartKey. Please use "
            "ExclusiveStartKey with correct "
            "Segment. TotalSegments: 2 Segment: 0"
        ),
    )


# ---- what is shown


@pytest.mark.documented(QUERY)
def test_counting_shows_no_items(db: Any, numbered: str) -> None:
    put(db, numbered, {"a": {"S": "k"}, "n": {"N": "1"}})
    reply = asked(db, numbered, "a = :a", a={"S": "k"}, Select="COUNT")
    assert (reply["Count"], "Items" in reply) == (1, False)


@pytest.mark.documented(QUERY)
def test_a_projection_of_a_query(db: Any, numbered: str) -> None:
    put(db, numbered, {"a": {"S": "k"}, "n": {"N": "1"}, "m": {"M": {"x": {"S": "1"}, "y": {"S": "2"}}}})
    reply = asked(db, numbered, "a = :a", a={"S": "k"}, ProjectionExpression="m.y")
    assert reply["Items"] == [{"m": {"M": {"y": {"S": "2"}}}}]


@pytest.mark.documented(SCAN)
def test_a_scan_filters(db: Any, hashed: str) -> None:
    put(db, hashed, *({"a": {"S": f"k{one}"}, "n": {"N": str(one)}} for one in range(10)))
    reply = db.scan(
        TableName=hashed,
        FilterExpression="n >= :n AND begins_with(a, :k)",
        ExpressionAttributeValues={":n": {"N": "7"}, ":k": {"S": "k"}},
    )
    assert (reply["ScannedCount"], sorted(shown(reply, "n"))) == (10, ["7", "8", "9"])


# ---- indexes


@pytest.mark.documented(LSI)
def test_a_local_index_orders_a_partition_by_another_key(db: Any, ranged: str) -> None:
    put(db, ranged, texts(a="k", b="1", c="z"), texts(a="k", b="2", c="y"), texts(a="k", b="3"))
    reply = asked(db, ranged, "a = :a", a={"S": "k"}, IndexName="local", ConsistentRead=True)
    assert shown(reply, "b") == ["2", "1"]


@pytest.mark.documented(LSI)
def test_a_local_index_fetches_what_it_does_not_have(db: Any, ranged: str) -> None:
    put(db, ranged, texts(a="k", b="1", d="z", more="x" * 5000), texts(a="k", b="2", d="y"))
    slim = asked(db, ranged, "a = :a", a={"S": "k"}, IndexName="slim")
    assert slim["Items"] == [texts(a="k", b="2", d="y"), texts(a="k", b="1", d="z")]
    full = asked(
        db, ranged, "a = :a", a={"S": "k"}, IndexName="slim", Select="ALL_ATTRIBUTES", ReturnConsumedCapacity="INDEXES"
    )
    assert full["Items"][1]["more"] == {"S": "x" * 5000}
    assert full["ConsumedCapacity"] == {
        "TableName": ranged,
        "CapacityUnits": 2.0,
        "Table": {"CapacityUnits": 1.5},
        "LocalSecondaryIndexes": {"slim": {"CapacityUnits": 0.5}},
    }


@pytest.mark.documented(GSI)
def test_a_global_index_follows_every_write(db: Any, ranged: str) -> None:
    def under(value: str) -> list[str]:
        return sorted(shown(asked(db, ranged, "c = :c", c={"S": value}, IndexName="by_c"), "b"))

    put(db, ranged, texts(a="k", b="1", c="x"), texts(a="m", b="2", c="x"), texts(a="k", b="3"))
    assert under("x") == ["1", "2"]
    put(db, ranged, texts(a="k", b="1", c="y"))
    db.update_item(
        TableName=ranged,
        Key=texts(a="k", b="3"),
        UpdateExpression="SET c = :c",
        ExpressionAttributeValues={":c": {"S": "y"}},
    )
    assert (under("x"), under("y")) == (["2"], ["1", "3"])
    db.update_item(TableName=ranged, Key=texts(a="k", b="3"), UpdateExpression="REMOVE c")
    db.delete_item(TableName=ranged, Key=texts(a="m", b="2"))
    assert (under("x"), under("y")) == ([], ["1"])


@pytest.mark.documented(GSI)
def test_a_global_index_shows_what_is_projected(db: Any, ranged: str) -> None:
    put(db, ranged, texts(a="k", b="1", c="x", d="y", e="included", f="not"))
    reply = asked(db, ranged, "c = :c AND d > :d", **texts(c="x", d="a"), IndexName="by_cd")
    assert reply["Items"] == [texts(a="k", b="1", c="x", d="y", e="included")]


@pytest.mark.documented(GSI)
def test_pages_of_a_global_index_with_equal_keys(db: Any, ranged: str) -> None:
    put(db, ranged, *(texts(a=f"k{one}", b="1", c="x") for one in range(7)))
    found: list[str] = []
    request: dict[str, Any] = {}
    for _ in range(4):
        reply = asked(db, ranged, "c = :c", c={"S": "x"}, IndexName="by_c", Limit=2, **request)
        found += shown(reply, "a")
        request = {"ExclusiveStartKey": reply["LastEvaluatedKey"]} if "LastEvaluatedKey" in reply else {}
    assert sorted(found) == [f"k{one}" for one in range(7)]


@pytest.mark.documented(GSI)
def test_strong_reads_of_a_global_index_are_refused(db: Any, ranged: str, refusal: Refusal) -> None:
    refused = refusal(
        db.query,
        TableName=ranged,
        IndexName="by_c",
        ConsistentRead=True,
        KeyConditionExpression="c = :c",
        ExpressionAttributeValues={":c": {"S": "x"}},
    )
    assert refused == ("ValidationException", "Consistent reads are not supported on global secondary indexes")


@pytest.mark.documented(GSI)
def test_a_scan_of_an_index_has_its_items_alone(db: Any, ranged: str) -> None:
    put(db, ranged, texts(a="k", b="1", c="x"), texts(a="k", b="2"))
    reply = db.scan(TableName=ranged, IndexName="by_c")
    assert shown(reply, "b") == ["1"]


@pytest.mark.documented(MULTI)
def test_a_global_index_can_have_several_attributes_in_its_key(cloud: Cloud, db: Any) -> None:
    schema = [key("t"), key("r"), key("round", "RANGE"), key("bracket", "RANGE")]
    db.create_table(
        TableName="matches",
        KeySchema=[key("id")],
        AttributeDefinitions=typed(id="S", t="S", r="S", round="N", bracket="S"),
        BillingMode="PAY_PER_REQUEST",
        GlobalSecondaryIndexes=[index("both", *schema)],
    )
    cloud.advance(seconds=60)
    for number, (one, two, third, fourth) in enumerate(
        [
            ("w", "x", "1", "up"),
            ("w", "x", "2", "up"),
            ("w", "x", "2", "low"),
            ("wx", "", "1", "up"),
            ("w", "y", "1", "up"),
        ]
    ):
        item = {**texts(id=str(number), t=one, bracket=fourth), "round": {"N": third}}
        put(db, "matches", {**item, "r": {"S": two}} if two else item)
    values = texts(t="w", r="x")
    every = asked(db, "matches", "t = :t AND r = :r", IndexName="both", **values)
    assert shown(every, "id") == ["0", "2", "1"]
    some = asked(
        db,
        "matches",
        "t = :t AND r = :r AND #n = :n AND begins_with(bracket, :b)",
        IndexName="both",
        ExpressionAttributeNames={"#n": "round"},
        n={"N": "2"},
        b={"S": "l"},
        **values,
    )
    assert shown(some, "id") == ["2"]
    later = asked(
        db,
        "matches",
        "t = :t AND r = :r AND #n > :n",
        IndexName="both",
        ExpressionAttributeNames={"#n": "round"},
        n={"N": "1"},
        **values,
    )
    assert shown(later, "id") == ["2", "1"]


# ---- what is refused


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ("a = :a OR b = :a", "Invalid operator used in KeyConditionExpression: OR"),
        ("a IN (:a)", "Invalid operator used in KeyConditionExpression: IN"),
        ("NOT a = :a", "Invalid operator used in KeyConditionExpression: NOT"),
        ("a <> :a", "Invalid operator used in KeyConditionExpression: <>"),
        ("attribute_exists(a) AND b = :a", "Invalid operator used in KeyConditionExpression: attribute_exists"),
        ("contains(a, :a)", "Invalid operator used in KeyConditionExpression: contains"),
        (
            "begins_with(:a, a)",
            (
                "Invalid condition in KeyConditionExpression: begins_with operator must have the key "
                "attribute as its first "
                "operand"
            ),
        ),
        ("size(b) > :a", "KeyConditionExpressions cannot contain nested operations"),
        (
            "a = :a AND b = c",
            "Invalid condition in KeyConditionExpression: Multiple attribute names used in one condition",
        ),
        ("a.b = :a", "KeyConditionExpressions cannot have conditions on nested attributes"),
        (":a = :a AND a = :a", "Invalid condition in KeyConditionExpression: No key attribute specified"),
        ("a = :a AND a = :a", "KeyConditionExpressions must only contain one condition per key"),
        ("a = :a AND b = :a AND c = :a", "Conditions can be of length 1 or 2 only"),
        ("b = :a", "Query condition missed key schema element: a"),
        ("a = :a AND c = :a", "Query condition missed key schema element: b"),
        ("a > :a", "Query key condition not supported"),
        ("a = :n", INVALID + "Condition parameter type does not match schema type"),
    ],
)
@pytest.mark.documented(GUIDE)
def test_key_conditions_that_are_none(db: Any, ranged: str, refusal: Refusal, condition: str, message: str) -> None:
    value = {":n": {"N": "1"}} if ":n" in condition else {":a": {"S": "x"}}
    refused = refusal(db.query, TableName=ranged, KeyConditionExpression=condition, ExpressionAttributeValues=value)
    assert refused == ("ValidationException", message)


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ({"IndexName": "none"}, "The table does not have the specified index: none"),
        (
            {"FilterExpression": "b = :a"},
            "Filter Expression can only contain non-primary key attributes: Primary key attribute: b",
        ),
        (
            {"FilterExpression": "attribute_exists(d.x)"},
            "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: IndexKey: d",
        ),
        (
            {"Select": "SPECIFIC_ATTRIBUTES"},
            "Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES",
        ),
        (
            {"Select": "COUNT", "ProjectionExpression": "x"},
            "Cannot specify the ProjectionExpression when choosing to get COUNT",
        ),
        (
            {"Select": "ALL_PROJECTED_ATTRIBUTES"},
            "ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName",
        ),
        ({"ExclusiveStartKey": {"a": {"S": "x"}}}, "The provided starting key is invalid"),
        ({"ExclusiveStartKey": texts(a="x", c="y")}, "The provided starting key is invalid"),
        (
            {"ExclusiveStartKey": {"a": {"S": "x"}, "b": {"N": "1"}}},
            "The provided key element does not match the schema",
        ),
        (
            {"ExclusiveStartKey": {"a": {"S": "x"}, "b": {}}},
            (
                "The provided starting key is invalid: Supplied AttributeValue is empty, must contain "
                "exactly one of the "
                "supported datatypes"
            ),
        ),
        (
            {"ExclusiveStartKey": texts(a="other", b="y")},
            "The provided starting key is outside query boundaries based on provided conditions",
        ),
    ],
)
@pytest.mark.documented(QUERY)
def test_queries_that_are_refused(
    loose: Any, ranged: str, refusal: Refusal, request_: dict[str, Any], message: str
) -> None:
    refused = refusal(
        loose.query,
        TableName=ranged,
        KeyConditionExpression="a = :a",
        ExpressionAttributeValues={":a": {"S": "x"}},
        **request_,
    )
    assert refused == ("ValidationException", message)


@pytest.mark.documented(QUERY)
def test_a_start_must_fit_the_range(db: Any, ranged: str, refusal: Refusal) -> None:
    refused = refusal(
        db.query,
        TableName=ranged,
        KeyConditionExpression="a = :a AND b > :b",
        ExpressionAttributeValues={":a": {"S": "x"}, ":b": {"S": "m"}},
        ExclusiveStartKey=texts(a="x", b="a"),
    )
    assert refused == ("ValidationException", "The provided starting key does not match the range key predicate")


@pytest.mark.documented(GSI)
def test_a_global_index_cannot_show_what_it_does_not_have(db: Any, ranged: str, refusal: Refusal) -> None:
    asked_for = {
        "TableName": ranged,
        "IndexName": "by_cd",
        "KeyConditionExpression": "c = :c",
        "ExpressionAttributeValues": {":c": {"S": "x"}},
    }
    assert refusal(db.query, **asked_for, Select="ALL_ATTRIBUTES") == (
        "ValidationException",
        INVALID + "Select type ALL_ATTRIBUTES is not supported for global secondary index by_cd because its projection "
        "type is not ALL",
    )
    assert refusal(db.query, **asked_for, ProjectionExpression="e, f, g") == (
        "ValidationException",
        INVALID + "Global secondary index by_cd does not project [f, g]",
    )


@pytest.mark.documented(QUERY)
def test_a_query_needs_conditions(db: Any, ranged: str, refusal: Refusal) -> None:
    assert refusal(db.query, TableName=ranged) == (
        "ValidationException",
        "Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.",
    )


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        (
            {"Segment": 1},
            (
                "The TotalSegments parameter is required but was not present in the request when Segment parameter is "
                "present"
            ),
        ),
        (
            {"TotalSegments": 1},
            (
                "The Segment parameter is required but was not present in the request when parameter TotalSegments is "
                "present"
            ),
        ),
        (
            {"Segment": 2, "TotalSegments": 2},
            (
                "The Segment parameter is zero-based and must be less than parameter TotalSegments: "
                "Segment: 2 is not less "
                "than TotalSegments: 2"
            ),
        ),
        (
            {"ExclusiveStartKey": {"a": {"N": "1"}}},
            "The provided starting key is invalid: The provided key element does not match the schema",
        ),
    ],
)
@pytest.mark.documented(SCAN)
def test_scans_that_are_refused(db: Any, hashed: str, refusal: Refusal, request_: dict[str, Any], message: str) -> None:
    assert refusal(db.scan, TableName=hashed, **request_) == ("ValidationException", message)


# ---- from before expressions


@pytest.mark.documented(LEGACY)
def test_key_conditions_and_query_filters_of_old(db: Any, numbered: str) -> None:
    put(db, numbered, *({"a": {"S": "k"}, "n": {"N": str(one)}, "v": {"S": f"v{one % 2}"}} for one in range(6)))
    reply = db.query(
        TableName=numbered,
        KeyConditions={
            "a": {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": "k"}]},
            "n": {"ComparisonOperator": "BETWEEN", "AttributeValueList": [{"N": "1"}, {"N": "4"}]},
        },
        QueryFilter={"v": {"ComparisonOperator": "NE", "AttributeValueList": [{"S": "v0"}]}},
        AttributesToGet=["n"],
    )
    assert reply["Items"] == [{"n": {"N": "1"}}, {"n": {"N": "3"}}]


@pytest.mark.parametrize(
    ("conditions", "message"),
    [
        ({}, "Conditions can be of length 1 or 2 only"),
        ({"a": {"ComparisonOperator": "EQ"}}, INVALID + "Invalid number of argument(s) for the EQ ComparisonOperator"),
        (
            {"a": {"ComparisonOperator": "IN", "AttributeValueList": [{"S": "x"}, {"N": "1"}]}},
            INVALID + "AttributeValues inside AttributeValueList must be of same type",
        ),
        (
            {"a": {"ComparisonOperator": "LT", "AttributeValueList": [{"BOOL": True}]}},
            INVALID + "ComparisonOperator LT is not valid for BOOL AttributeValue type",
        ),
        (
            {"a": {"ComparisonOperator": "BETWEEN", "AttributeValueList": [{"S": "b"}, {"S": "a"}]}},
            "The BETWEEN condition was provided a range where the lower bound is greater than the upper bound",
        ),
        (
            {"a": {"ComparisonOperator": "CONTAINS", "AttributeValueList": [{"S": "b"}]}},
            "Attempted conditional constraint is not an indexable operation",
        ),
    ],
)
@pytest.mark.documented(LEGACY)
def test_key_conditions_of_old_that_are_refused(
    db: Any, numbered: str, refusal: Refusal, conditions: dict[str, Any], message: str
) -> None:
    refused = refusal(db.query, TableName=numbered, KeyConditions=conditions)
    assert refused == ("ValidationException", message)
