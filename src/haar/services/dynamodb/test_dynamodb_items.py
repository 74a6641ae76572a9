"""Single items: types, numbers, sizes, keys, conditions, what comes back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from haar.services.dynamodb.conftest import Refusal

TYPES = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html"
LIMITS = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html"
PUT = "https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_PutItem.html"
UPDATE = "https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateItem.html"
DELETE = "https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_DeleteItem.html"
GET = "https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_GetItem.html"
VALUE = "https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_AttributeValue.html"
INVALID = "One or more parameter values were invalid: "


def got(db: Any, table: str, **key: Any) -> Any:
    return db.get_item(TableName=table, Key=key, ConsistentRead=True).get("Item")


# ---- types


@pytest.mark.documented(TYPES)
def test_every_type_comes_back_as_it_was_put(db: Any, hashed: str) -> None:
    item = {
        "a": {"S": "key"},
        "text": {"S": ""},
        "number": {"N": "-12.5"},
        "binary": {"B": b"\x00\xff"},
        "texts": {"SS": ["x", "y"]},
        "numbers": {"NS": ["1", "2.5"]},
        "binaries": {"BS": [b"1", b"2"]},
        "map": {"M": {"list": {"L": [{"S": "deep"}, {"NULL": True}]}, "empty": {"M": {}}}},
        "list": {"L": []},
        "null": {"NULL": True},
        "yes": {"BOOL": True},
        "no": {"BOOL": False},
    }
    db.put_item(TableName=hashed, Item=item)
    assert got(db, hashed, a={"S": "key"}) == item


@pytest.mark.fact("DDB-002")
def test_documents_nest_and_their_parts_can_be_updated(db: Any, hashed: str) -> None:
    nested = {"M": {"b": {"L": [{"S": "old"}, {"S": "stays"}]}}}
    db.put_item(TableName=hashed, Item={"a": {"S": "k"}, "doc": nested})
    db.update_item(
        TableName=hashed,
        Key={"a": {"S": "k"}},
        UpdateExpression="SET doc.b[0] = :v",
        ExpressionAttributeValues={":v": {"S": "new"}},
    )
    assert got(db, hashed, a={"S": "k"})["doc"]["M"]["b"] == {"L": [{"S": "new"}, {"S": "stays"}]}


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("1.0", "1"),
        ("+007", "7"),
        ("-0", "0"),
        ("1e3", "1000"),
        ("12.50", "12.5"),
        (".5", "0.5"),
        ("1E-3", "0.001"),
        ("1e125", "1" + "0" * 125),
        ("-1e-130", "-0." + "0" * 129 + "1"),
        ("0e999", "0"),
        ("12345678901234567890123456789012345678", "12345678901234567890123456789012345678"),
    ],
)
@pytest.mark.documented(TYPES)
def test_numbers_lose_what_means_nothing(db: Any, hashed: str, given: str, kept: str) -> None:
    db.put_item(TableName=hashed, Item={"a": {"S": "k"}, "n": {"N": given}})
    assert got(db, hashed, a={"S": "k"})["n"] == {"N": kept}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("", "The parameter cannot be converted to a numeric value"),
        ("b", "The parameter cannot be converted to a numeric value: b"),
        ("1_0", "The parameter cannot be converted to a numeric value: 1_0"),
        ("NaN", "The parameter cannot be converted to a numeric value: NaN"),
        (" 1", "The parameter cannot be converted to a numeric value:  1"),
        ("1e126", "Number overflow. Attempting to store a number with magnitude larger than supported range"),
        ("-1e126", "Number overflow. Attempting to store a number with magnitude larger than supported range"),
        ("1e9999999999999", "Number overflow. Attempting to store a number with magnitude larger than supported range"),
        ("1e-131", "Number underflow. Attempting to store a number with magnitude smaller than supported range"),
        ("1" * 39, "Attempting to store more than 38 significant digits in a Number"),
    ],
)
@pytest.mark.documented(TYPES)
def test_what_is_no_number_in_range_is_refused(
    db: Any, hashed: str, refusal: Refusal, given: str, message: str
) -> None:
    refused = refusal(db.put_item, TableName=hashed, Item={"a": {"S": "k"}, "n": {"N": given}})
    assert refused == ("ValidationException", message)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({}, "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"),
        (
            {"S": "a", "BOOL": True},
            (
                "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported "
                "datatypes"
            ),
        ),
        ({"NULL": False}, INVALID + "Null attribute value types must have the value of true"),
        ({"SS": []}, INVALID + "An string set  may not be empty"),
        ({"NS": []}, INVALID + "An number set  may not be empty"),
        ({"BS": []}, INVALID + "Binary sets should not be empty"),
        ({"SS": ["a", "a"]}, INVALID + "Input collection [a, a] contains duplicates."),
        ({"BS": [b"b", b"b"]}, INVALID + "Input collection [Yg==, Yg==]of type BS contains duplicates."),
        ({"NS": ["1", "1.0"]}, "Input collection contains duplicates"),
        (
            {"L": [{"M": {"x": {}}}]},
            "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes",
        ),
    ],
)
@pytest.mark.documented(VALUE)
def test_values_that_are_none_are_refused(
    loose: Any, hashed: str, refusal: Refusal, value: dict[str, Any], message: str
) -> None:
    refused = refusal(loose.put_item, TableName=hashed, Item={"a": {"S": "k"}, "v": value})
    assert refused == ("ValidationException", message)


@pytest.mark.documented(LIMITS)
def test_documents_nest_32_levels_deep(db: Any, hashed: str, refusal: Refusal) -> None:
    def nested(levels: int) -> dict[str, Any]:
        value: dict[str, Any] = {"S": "x"}
        for _ in range(levels):
            value = {"L": [value]}
        return value

    db.put_item(TableName=hashed, Item={"a": {"S": "k"}, "v": nested(31)})
    refused = refusal(db.put_item, TableName=hashed, Item={"a": {"S": "k"}, "v": nested(32)})
    assert refused == ("ValidationException", "Nesting Levels have exceeded supported limits")


@pytest.mark.documented(LIMITS)
def test_an_item_has_400_kb_with_its_names(db: Any, hashed: str, refusal: Refusal) -> None:
    # 2 for the key's name and value, 1 for the name of v
    db.put_item(TableName=hashed, Item={"a": {"S": "k"}, "v": {"S": "x" * (400 * 1024 - 3)}})
    refused = refusal(db.put_item, TableName=hashed, Item={"a": {"S": "k"}, "v": {"S": "x" * (400 * 1024 - 2)}})
    assert refused == ("ValidationException", "Item size has exceeded the maximum allowed size")


@pytest.mark.documented(LIMITS)
def test_an_update_cannot_make_an_item_larger_than_400_kb(db: Any, hashed: str, refusal: Refusal) -> None:
    db.put_item(TableName=hashed, Item={"a": {"S": "k"}, "v": {"S": "x" * (300 * 1024)}})
    refused = refusal(
        db.update_item,
        TableName=hashed,
        Key={"a": {"S": "k"}},
        UpdateExpression="SET w = :w",
        ExpressionAttributeValues={":w": {"S": "x" * (150 * 1024)}},
    )
    assert refused == ("ValidationException", "Item size to update has exceeded the maximum allowed size")


# ---- keys


@pytest.mark.fact("DDB-001")
def test_an_item_without_its_key_is_refused(db: Any, ranged: str, refusal: Refusal) -> None:
    refused = refusal(db.put_item, TableName=ranged, Item={"a": {"S": "k"}})
    assert refused == ("ValidationException", INVALID + "Missing the key b in the item")


@pytest.mark.documented(PUT)
def test_a_key_of_another_type_is_refused(db: Any, hashed: str, refusal: Refusal) -> None:
    refused = refusal(db.put_item, TableName=hashed, Item={"a": {"N": "1"}})
    assert refused == ("ValidationException", INVALID + "Type mismatch for key a expected: S actual: N")


@pytest.mark.documented(PUT)
def test_an_empty_key_is_refused(db: Any, hashed: str, refusal: Refusal) -> None:
    refused = refusal(db.put_item, TableName=hashed, Item={"a": {"S": ""}})
    assert refused == (
        "ValidationException",
        (
            "One or more parameter values are not valid. The AttributeValue for a key attribute "
            "cannot contain an empty "
            "string value. Key: a"
        ),
    )


@pytest.mark.documented(LIMITS)
def test_a_partition_key_has_2048_bytes(db: Any, hashed: str, refusal: Refusal) -> None:
    db.put_item(TableName=hashed, Item={"a": {"S": "é" * 1024}})
    refused = refusal(db.put_item, TableName=hashed, Item={"a": {"S": "é" * 1024 + "x"}})
    assert refused == (
        "ValidationException",
        INVALID + "Size of hashkey has exceeded the maximum size limit of2048 bytes",
    )


@pytest.mark.documented(LIMITS)
def test_a_sort_key_has_1024_bytes(db: Any, ranged: str, refusal: Refusal) -> None:
    db.put_item(TableName=ranged, Item={"a": {"S": "k"}, "b": {"S": "x" * 1024}})
    refused = refusal(db.put_item, TableName=ranged, Item={"a": {"S": "k"}, "b": {"S": "x" * 1025}})
    assert refused == (
        "ValidationException",
        INVALID + "Aggregated size of all range keys has exceeded the size limit of 1024 bytes",
    )


@pytest.mark.parametrize("wrong", [{}, {"b": {"S": "x"}}, {"a": {"N": "1"}}, {"a": {"S": "x"}, "b": {"S": "y"}}])
@pytest.mark.documented(GET)
def test_a_key_that_is_not_the_tables_is_refused(db: Any, hashed: str, refusal: Refusal, wrong: Any) -> None:
    refused = refusal(db.get_item, TableName=hashed, Key=wrong)
    assert refused == ("ValidationException", "The provided key element does not match the schema")


@pytest.mark.documented(TYPES)
def test_a_number_is_the_same_key_however_it_is_written(db: Any, numbered: str) -> None:
    db.put_item(TableName=numbered, Item={"a": {"S": "k"}, "n": {"N": "1.50"}, "v": {"S": "here"}})
    assert got(db, numbered, a={"S": "k"}, n={"N": "15e-1"})["v"] == {"S": "here"}


@pytest.mark.documented(PUT)
def test_an_index_key_of_another_type_is_refused(db: Any, ranged: str, refusal: Refusal) -> None:
    item = {"a": {"S": "k"}, "b": {"S": "k"}, "c": {"N": "1"}}
    refused = refusal(db.put_item, TableName=ranged, Item=item)
    assert refused == (
        "ValidationException",
        INVALID + "Type mismatch for Index Key c Expected: S Actual: N IndexName: local",
    )


@pytest.mark.documented(PUT)
def test_an_empty_index_key_is_refused(db: Any, ranged: str, refusal: Refusal) -> None:
    item = {"a": {"S": "k"}, "b": {"S": "k"}, "c": {"S": ""}}
    refused = refusal(db.put_item, TableName=ranged, Item=item)
    assert refused == (
        "ValidationException",
        (
            "One or more parameter values are not valid. A value specified for a secondary index key "
            "is not supported. The "
            "AttributeValue for a key attribute cannot contain an empty string value. IndexName: local, IndexKey: c"
        ),
    )


# ---- put, get, delete


@pytest.mark.fact("DDB-012")
def test_a_consistent_read_sees_every_write_before_it(db: Any, hashed: str) -> None:
    seen = []
    for number in range(100):
        db.put_item(TableName=hashed, Item={"a": {"S": "k"}, "n": {"N": str(number)}})
        seen.append(got(db, hashed, a={"S": "k"})["n"]["N"])
    assert seen == [str(number) for number in range(100)]


@pytest.mark.documented(PUT)
def test_a_put_replaces_the_whole_item_and_can_return_the_old_one(db: Any, hashed: str) -> None:
    first = {"a": {"S": "k"}, "v": {"S": "1"}}
    assert "Attributes" not in db.put_item(TableName=hashed, Item=first, ReturnValues="ALL_OLD")
    reply = db.put_item(TableName=hashed, Item={"a": {"S": "k"}, "w": {"S": "2"}}, ReturnValues="ALL_OLD")
    assert reply["Attributes"] == first
    assert got(db, hashed, a={"S": "k"}) == {"a": {"S": "k"}, "w": {"S": "2"}}


@pytest.mark.documented(DELETE)
def test_deleting_returns_the_item_and_deleting_again_succeeds(db: Any, hashed: str) -> None:
    item = {"a": {"S": "k"}, "v": {"S": "1"}}
    db.put_item(TableName=hashed, Item=item)
    reply = db.delete_item(TableName=hashed, Key={"a": {"S": "k"}}, ReturnValues="ALL_OLD")
    assert reply["Attributes"] == item
    again = db.delete_item(TableName=hashed, Key={"a": {"S": "k"}}, ReturnValues="ALL_OLD")
    assert "Attributes" not in again


@pytest.mark.parametrize("wanted", ["UPDATED_OLD", "UPDATED_NEW", "ALL_NEW"])
@pytest.mark.documented(PUT)
def test_a_put_returns_nothing_but_the_old_item(db: Any, hashed: str, refusal: Refusal, wanted: str) -> None:
    refused = refusal(db.put_item, TableName=hashed, Item={"a": {"S": "k"}}, ReturnValues=wanted)
    assert refused == ("ValidationException", "ReturnValues can only be ALL_OLD or NONE")


@pytest.mark.documented(GET)
def test_a_get_of_nothing_has_no_item(db: Any, hashed: str) -> None:
    assert "Item" not in db.get_item(TableName=hashed, Key={"a": {"S": "none"}})


@pytest.mark.documented(GET)
def test_a_projection_takes_parts_of_an_item(db: Any, hashed: str) -> None:
    inner = {"M": {"x": {"L": [{"S": "0"}, {"S": "1"}, {"S": "2"}]}, "y": {"S": "z"}}}
    db.put_item(TableName=hashed, Item={"a": {"S": "k"}, "m": inner, "size": {"N": "1"}})
    reply = db.get_item(
        TableName=hashed,
        Key={"a": {"S": "k"}},
        ProjectionExpression="m.x[2], m.x[0], #s, m.absent, gone",
        ExpressionAttributeNames={"#s": "size"},
    )
    assert reply["Item"] == {"m": {"M": {"x": {"L": [{"S": "0"}, {"S": "2"}]}}}, "size": {"N": "1"}}


@pytest.mark.documented(GET)
def test_an_operation_on_no_table_finds_nothing(db: Any, refusal: Refusal) -> None:
    refused = refusal(db.get_item, TableName="nowhere", Key={"a": {"S": "k"}})
    assert refused == ("ResourceNotFoundException", "Requested resource not found")


@pytest.mark.documented(GET)
def test_what_is_wrong_with_a_request_comes_before_its_table(db: Any, refusal: Refusal) -> None:
    refused = refusal(db.get_item, TableName="nowhere", Key={"a": {"S": "k"}}, ProjectionExpression="")
    assert refused == ("ValidationException", "Invalid ProjectionExpression: The expression can not be empty;")


@pytest.mark.documented(GET)
def test_a_table_can_be_named_by_its_arn(db: Any, hashed: str) -> None:
    arn = db.describe_table(TableName=hashed)["Table"]["TableArn"]
    db.put_item(TableName=arn, Item={"a": {"S": "k"}})
    assert got(db, hashed, a={"S": "k"}) == {"a": {"S": "k"}}


# ---- conditions


@pytest.mark.documented(PUT)
def test_a_condition_that_fails_keeps_the_item_as_it_was(db: Any, hashed: str, refusal: Refusal) -> None:
    db.put_item(TableName=hashed, Item={"a": {"S": "k"}, "v": {"S": "1"}})
    refused = refusal(
        db.put_item, TableName=hashed, Item={"a": {"S": "k"}}, ConditionExpression="attribute_not_exists(a)"
    )
    assert refused == ("ConditionalCheckFailedException", "The conditional request failed")
    assert got(db, hashed, a={"S": "k"}) == {"a": {"S": "k"}, "v": {"S": "1"}}


@pytest.mark.documented(PUT)
def test_a_failed_condition_can_return_the_item(db: Any, hashed: str) -> None:
    db.put_item(TableName=hashed, Item={"a": {"S": "k"}, "v": {"B": b"1"}})
    with pytest.raises(ClientError) as caught:
        db.delete_item(
            TableName=hashed,
            Key={"a": {"S": "k"}},
            ConditionExpression="attribute_exists(nothing)",
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )
    assert caught.value.response["Item"] == {"a": {"S": "k"}, "v": {"B": b"1"}}


# ---- updates


@pytest.mark.documented(UPDATE)
def test_an_update_makes_an_item_that_is_not_there(db: Any, hashed: str) -> None:
    db.update_item(TableName=hashed, Key={"a": {"S": "k"}})
    assert got(db, hashed, a={"S": "k"}) == {"a": {"S": "k"}}


@pytest.mark.parametrize(
    ("wanted", "shown"),
    [
        ("NONE", None),
        ("ALL_OLD", {"a": {"S": "k"}, "n": {"N": "1"}, "gone": {"S": "g"}, "m": {"M": {"x": {"N": "1"}}}}),
        ("UPDATED_OLD", {"n": {"N": "1"}, "gone": {"S": "g"}, "m": {"M": {"x": {"N": "1"}}}}),
        ("ALL_NEW", {"a": {"S": "k"}, "n": {"N": "2"}, "m": {"M": {"x": {"N": "5"}, "y": {"N": "1"}}}}),
        ("UPDATED_NEW", {"n": {"N": "2"}, "m": {"M": {"x": {"N": "5"}, "y": {"N": "1"}}}}),
    ],
)
@pytest.mark.documented(UPDATE)
def test_an_update_returns_what_was_asked_for(db: Any, hashed: str, wanted: str, shown: Any) -> None:
    item = {"a": {"S": "k"}, "n": {"N": "1"}, "gone": {"S": "g"}, "m": {"M": {"x": {"N": "1"}}}}
    db.put_item(TableName=hashed, Item=item)
    reply = db.update_item(
        TableName=hashed,
        Key={"a": {"S": "k"}},
        UpdateExpression="SET n = n + :one, m.x = :five ADD m.y :one REMOVE gone",
        ExpressionAttributeValues={":one": {"N": "1"}, ":five": {"N": "5"}},
        ReturnValues=wanted,
    )
    assert reply.get("Attributes") == shown


@pytest.mark.documented(UPDATE)
def test_a_key_cannot_be_updated(db: Any, hashed: str, refusal: Refusal) -> None:
    refused = refusal(
        db.update_item,
        TableName=hashed,
        Key={"a": {"S": "k"}},
        UpdateExpression="SET a = :v",
        ExpressionAttributeValues={":v": {"S": "x"}},
    )
    assert refused == (
        "ValidationException",
        INVALID + "Cannot update attribute a. This attribute is part of the key",
    )


@pytest.mark.documented(UPDATE)
def test_an_update_cannot_make_an_index_key_of_another_type(db: Any, ranged: str, refusal: Refusal) -> None:
    refused = refusal(
        db.update_item,
        TableName=ranged,
        Key={"a": {"S": "k"}, "b": {"S": "k"}},
        UpdateExpression="SET c = :v",
        ExpressionAttributeValues={":v": {"N": "1"}},
    )
    assert refused == (
        "ValidationException",
        "The update expression attempted to update the secondary index key to unsupported type",
    )


@pytest.mark.documented("https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/LSI.html")
def test_metrics_of_item_collections_come_with_local_indexes(db: Any, ranged: str, hashed: str) -> None:
    item = {"a": {"S": "k"}, "b": {"S": "k"}, "c": {"S": "c"}}
    reply = db.put_item(TableName=ranged, Item=item, ReturnItemCollectionMetrics="SIZE")
    assert reply["ItemCollectionMetrics"] == {
        "ItemCollectionKey": {"a": {"S": "k"}},
        "SizeEstimateRangeGB": [0.0, 1.0],
    }
    plain = db.put_item(TableName=hashed, Item={"a": {"S": "k"}}, ReturnItemCollectionMetrics="SIZE")
    assert "ItemCollectionMetrics" not in plain
