"""What is older than expressions: Expected, AttributeUpdates, AttributesToGet, ScanFilter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from haar.services.dynamodb.conftest import Refusal

EXPECTED = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/LegacyConditionalParameters.Expected.html"
UPDATES = (
    "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/LegacyConditionalParameters.AttributeUpdates.html"
)
FILTER = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/LegacyConditionalParameters.ScanFilter.html"
GET = (
    "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/LegacyConditionalParameters.AttributesToGet.html"
)
INVALID = "One or more parameter values were invalid: "


def item(**values: Any) -> dict[str, Any]:
    return {"a": {"S": "k"}, **values}


def got(db: Any, table: str) -> Any:
    return db.get_item(TableName=table, Key=item())["Item"]


@pytest.mark.documented(EXPECTED)
def test_expected_values_guard_a_write(db: Any, hashed: str, refusal: Refusal) -> None:
    db.put_item(TableName=hashed, Item=item(v={"N": "1"}), Expected={"a": {"Exists": False}})
    code, _ = refusal(db.put_item, TableName=hashed, Item=item(), Expected={"a": {"Exists": False}})
    assert code == "ConditionalCheckFailedException"
    db.put_item(TableName=hashed, Item=item(v={"N": "2"}), Expected={"v": {"Value": {"N": "1.0"}}})
    either = {
        "v": {"ComparisonOperator": "GT", "AttributeValueList": [{"N": "5"}]},
        "w": {"ComparisonOperator": "NULL"},
    }
    assert refusal(db.delete_item, TableName=hashed, Key=item(), Expected=either)[0] == (
        "ConditionalCheckFailedException"
    )
    db.delete_item(TableName=hashed, Key=item(), Expected=either, ConditionalOperator="OR")


@pytest.mark.parametrize(
    ("expected", "message"),
    [
        ({"v": {}}, INVALID + "Value must be provided when Exists is null for Attribute: v"),
        ({"v": {"Exists": True}}, INVALID + "Value must be provided when Exists is true for Attribute: v"),
        (
            {"v": {"Exists": False, "Value": {"S": "x"}}},
            INVALID + "Value cannot be used when Exists is false for Attribute: v",
        ),
        (
            {"v": {"Exists": True, "ComparisonOperator": "NULL"}},
            INVALID + "Exists and ComparisonOperator cannot be used together for Attribute: v",
        ),
        (
            {"v": {"AttributeValueList": [{"S": "x"}]}},
            INVALID + "AttributeValueList can only be used with a ComparisonOperator for Attribute: v",
        ),
        (
            {"v": {"ComparisonOperator": "BETWEEN", "AttributeValueList": [{"S": "x"}]}},
            INVALID + "Invalid number of argument(s) for the BETWEEN ComparisonOperator",
        ),
    ],
)
@pytest.mark.documented(EXPECTED)
def test_expectations_that_are_none(
    db: Any, hashed: str, refusal: Refusal, expected: dict[str, Any], message: str
) -> None:
    refused = refusal(db.put_item, TableName=hashed, Item=item(), Expected=expected)
    assert refused == ("ValidationException", message)


@pytest.mark.documented(UPDATES)
def test_attribute_updates_put_add_and_delete(db: Any, hashed: str) -> None:
    db.put_item(TableName=hashed, Item=item(n={"N": "1"}, s={"SS": ["x", "y"]}, gone={"S": "g"}))
    reply = db.update_item(
        TableName=hashed,
        Key=item(),
        AttributeUpdates={
            "n": {"Action": "ADD", "Value": {"N": "2"}},
            "s": {"Action": "DELETE", "Value": {"SS": ["y"]}},
            "gone": {"Action": "DELETE"},
            "new": {"Value": {"S": "put"}},
        },
        Expected={"n": {"Value": {"N": "1"}}},
        ReturnValues="UPDATED_NEW",
    )
    assert reply["Attributes"] == {"n": {"N": "3"}, "s": {"SS": ["x"]}, "new": {"S": "put"}}
    assert got(db, hashed) == item(n={"N": "3"}, s={"SS": ["x"]}, new={"S": "put"})


@pytest.mark.parametrize(
    ("update", "message"),
    [
        ({"Action": "PUT"}, INVALID + "Only DELETE action is allowed when no attribute value is specified"),
        ({"Action": "ADD", "Value": {"S": "x"}}, INVALID + "ADD action is not supported for the type S"),
        (
            {"Action": "DELETE", "Value": {"S": "x"}},
            INVALID + "DELETE action with value is not supported for the type S",
        ),
    ],
)
@pytest.mark.documented(UPDATES)
def test_attribute_updates_that_are_none(
    db: Any, hashed: str, refusal: Refusal, update: dict[str, Any], message: str
) -> None:
    refused = refusal(db.update_item, TableName=hashed, Key=item(), AttributeUpdates={"v": update})
    assert refused == ("ValidationException", message)


@pytest.mark.documented(FILTER)
def test_a_scan_filter_of_two_conditions(db: Any, hashed: str) -> None:
    for number in range(6):
        db.put_item(
            TableName=hashed, Item={"a": {"S": str(number)}, "n": {"N": str(number)}, "s": {"SS": [str(number)]}}
        )
    conditions = {
        "n": {"ComparisonOperator": "IN", "AttributeValueList": [{"N": "1"}, {"N": "2"}]},
        "s": {"ComparisonOperator": "CONTAINS", "AttributeValueList": [{"S": "2"}]},
    }
    both = db.scan(TableName=hashed, ScanFilter=conditions)
    either = db.scan(TableName=hashed, ScanFilter=conditions, ConditionalOperator="OR")
    assert [one["a"]["S"] for one in both["Items"]] == ["2"]
    assert sorted(one["a"]["S"] for one in either["Items"]) == ["1", "2"]


@pytest.mark.documented(GET)
def test_attributes_to_get(db: Any, hashed: str, refusal: Refusal) -> None:
    db.put_item(TableName=hashed, Item=item(**{"v.w": {"S": "1"}, "x": {"S": "2"}}))
    reply = db.get_item(TableName=hashed, Key=item(), AttributesToGet=["v.w", "none"])
    assert reply["Item"] == {"v.w": {"S": "1"}}
    refused = refusal(db.get_item, TableName=hashed, Key=item(), AttributesToGet=["x", "x"])
    assert refused == ("ValidationException", INVALID + "Duplicate value in attribute name: x")
