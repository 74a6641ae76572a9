"""Batches and transactions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from haar import Cloud
    from haar.services.dynamodb.conftest import Refusal

BATCH_GET = "https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html"
BATCH_WRITE = "https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html"
WRITE = "https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html"
READ = "https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactGetItems.html"
CANCELLED = "https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactionCanceledException.html"
TRANSACTIONS = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html"


def item(name: str, **values: Any) -> dict[str, Any]:
    return {"a": {"S": name}, **values}


def got(db: Any, table: str, name: str) -> Any:
    return db.get_item(TableName=table, Key=item(name)).get("Item")


# ---- batches


@pytest.mark.documented(BATCH_WRITE)
def test_a_batch_puts_and_deletes(db: Any, hashed: str) -> None:
    db.put_item(TableName=hashed, Item=item("old"))
    reply = db.batch_write_item(
        RequestItems={
            hashed: [{"PutRequest": {"Item": item("new", v={"N": "1.0"})}}, {"DeleteRequest": {"Key": item("old")}}]
        },
        ReturnConsumedCapacity="TOTAL",
    )
    assert reply["UnprocessedItems"] == {}
    assert reply["ConsumedCapacity"] == [{"TableName": hashed, "CapacityUnits": 2.0}]
    assert (got(db, hashed, "new"), got(db, hashed, "old")) == (item("new", v={"N": "1"}), None)


@pytest.mark.documented(BATCH_WRITE)
def test_a_batch_has_25_writes_on_different_items(db: Any, hashed: str, refusal: Refusal) -> None:
    many = [{"PutRequest": {"Item": item(str(number))}} for number in range(26)]
    code, message = refusal(db.batch_write_item, RequestItems={hashed: many})
    assert (code, "Member must have length less than or equal to 25" in message) == ("ValidationException", True)
    twice = [{"PutRequest": {"Item": item("x")}}, {"DeleteRequest": {"Key": item("x")}}]
    assert refusal(db.batch_write_item, RequestItems={hashed: twice}) == (
        "ValidationException",
        "Provided list of item keys contains duplicates",
    )


@pytest.mark.documented(BATCH_GET)
def test_a_batch_gets_what_is_there(db: Any, hashed: str) -> None:
    db.put_item(TableName=hashed, Item=item("x", v={"S": "1"}, w={"S": "2"}))
    reply = db.batch_get_item(
        RequestItems={
            hashed: {
                "Keys": [item("x"), item("none")],
                "ProjectionExpression": "#w",
                "ExpressionAttributeNames": {"#w": "w"},
                "ConsistentRead": True,
            }
        },
        ReturnConsumedCapacity="TOTAL",
    )
    assert reply["Responses"] == {hashed: [{"w": {"S": "2"}}]}
    assert reply["UnprocessedKeys"] == {}
    assert reply["ConsumedCapacity"] == [{"TableName": hashed, "CapacityUnits": 2.0}]


@pytest.mark.documented(BATCH_GET)
def test_a_batch_of_more_than_16_mb_leaves_keys_for_the_next(db: Any, hashed: str) -> None:
    for number in range(45):
        db.put_item(TableName=hashed, Item=item(str(number), v={"S": "x" * 399_000}))
    left: Any = {hashed: {"Keys": [item(str(number)) for number in range(45)], "ConsistentRead": True}}
    counts = []
    for _ in range(2):
        reply = db.batch_get_item(RequestItems=left)
        counts.append(len(reply["Responses"][hashed]))
        left = reply["UnprocessedKeys"]
    assert (counts, left) == ([42, 3], {})


@pytest.mark.documented(BATCH_GET)
def test_a_batch_has_100_keys(db: Any, hashed: str, refusal: Refusal) -> None:
    keys = [item(str(number)) for number in range(101)]
    code, message = refusal(db.batch_get_item, RequestItems={hashed: {"Keys": keys}})
    assert (code, "Member must have length less than or equal to 100" in message) == ("ValidationException", True)
    twice = {hashed: {"Keys": [item("x"), item("x")]}}
    assert refusal(db.batch_get_item, RequestItems=twice) == (
        "ValidationException",
        "Provided list of item keys contains duplicates",
    )


# ---- transactions


def put(table: str, name: str, **values: Any) -> dict[str, Any]:
    return {"Put": {"TableName": table, "Item": item(name, **values)}}


@pytest.mark.documented(WRITE)
def test_a_transaction_does_everything(db: Any, hashed: str) -> None:
    db.put_item(TableName=hashed, Item=item("counted", n={"N": "1"}))
    db.put_item(TableName=hashed, Item=item("gone"))
    db.put_item(TableName=hashed, Item=item("checked"))
    key = {"TableName": hashed}
    db.transact_write_items(
        TransactItems=[
            put(hashed, "new"),
            {
                "Update": {
                    **key,
                    "Key": item("counted"),
                    "UpdateExpression": "ADD n :n",
                    "ExpressionAttributeValues": {":n": {"N": "1"}},
                }
            },
            {"Delete": {**key, "Key": item("gone")}},
            {"ConditionCheck": {**key, "Key": item("checked"), "ConditionExpression": "attribute_exists(a)"}},
        ]
    )
    found = {one["a"]["S"]: one for one in db.scan(TableName=hashed)["Items"]}
    assert found == {
        "new": item("new"),
        "counted": item("counted", n={"N": "2"}),
        "checked": item("checked"),
    }


@pytest.mark.documented(CANCELLED)
def test_a_transaction_does_nothing_when_one_condition_fails(db: Any, hashed: str) -> None:
    db.put_item(TableName=hashed, Item=item("there", v={"S": "x"}))
    refused = put(hashed, "there")
    refused["Put"] |= {
        "ConditionExpression": "attribute_not_exists(a)",
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }
    broken = {
        "Update": {
            "TableName": hashed,
            "Key": item("third"),
            "UpdateExpression": "SET x = y",
        }
    }
    with pytest.raises(ClientError) as caught:
        db.transact_write_items(TransactItems=[put(hashed, "new"), refused, broken])
    error = caught.value.response
    assert error["Error"] == {
        "Code": "TransactionCanceledException",
        "Message": "Transaction cancelled, please refer cancellation reasons for specific reasons "
        "[None, ConditionalCheckFailed, ValidationError]",
    }
    assert error["CancellationReasons"] == [
        {"Code": "None"},
        {
            "Code": "ConditionalCheckFailed",
            "Message": "The conditional request failed",
            "Item": item("there", v={"S": "x"}),
        },
        {
            "Code": "ValidationError",
            "Message": "The provided expression refers to an attribute that does not exist in the item",
        },
    ]
    assert db.scan(TableName=hashed)["Items"] == [item("there", v={"S": "x"})]


@pytest.mark.fact("DDBTX-002")
def test_a_transaction_has_100_actions(db: Any, hashed: str, refusal: Refusal) -> None:
    for count in (25, 26, 100):
        db.transact_write_items(TransactItems=[put(hashed, str(number)) for number in range(count)])
    assert db.scan(TableName=hashed, Select="COUNT")["Count"] == 100
    code, message = refusal(db.transact_write_items, TransactItems=[put(hashed, str(number)) for number in range(101)])
    assert (code, "Member must have length less than or equal to 100" in message) == ("ValidationException", True)


@pytest.mark.fact("DDBTX-003")
def test_a_transaction_has_4_mb(db: Any, hashed: str, refusal: Refusal) -> None:
    large = {"S": "x" * 399_000}
    db.transact_write_items(TransactItems=[put(hashed, str(number), v=large) for number in range(10)])
    code, message = refusal(
        db.transact_write_items, TransactItems=[put(hashed, f"more{number}", v=large) for number in range(11)]
    )
    assert (code, "4 MB" in message) == ("ValidationException", True)
    assert got(db, hashed, "more0") is None


@pytest.mark.fact("DDBTX-004")
def test_a_transaction_costs_twice(db: Any, hashed: str) -> None:
    # 1 KB: 3 for the key, 1 for the name of v
    reply = db.transact_write_items(
        TransactItems=[put(hashed, "k", v={"S": "x" * 1021})], ReturnConsumedCapacity="TOTAL"
    )
    assert reply["ConsumedCapacity"] == [{"TableName": hashed, "CapacityUnits": 2.0, "WriteCapacityUnits": 2.0}]
    read = db.transact_get_items(
        TransactItems=[{"Get": {"TableName": hashed, "Key": item("k")}}], ReturnConsumedCapacity="TOTAL"
    )
    assert read["ConsumedCapacity"] == [{"TableName": hashed, "CapacityUnits": 2.0, "ReadCapacityUnits": 2.0}]


@pytest.mark.documented(WRITE)
def test_an_item_is_in_a_transaction_once(db: Any, hashed: str, refusal: Refusal) -> None:
    check = {"ConditionCheck": {"TableName": hashed, "Key": item("x"), "ConditionExpression": "attribute_exists(a)"}}
    assert refusal(db.transact_write_items, TransactItems=[put(hashed, "x"), check]) == (
        "ValidationException",
        "Transaction request cannot include multiple operations on one item",
    )


@pytest.mark.documented(WRITE)
def test_an_action_is_one_thing(loose: Any, hashed: str, refusal: Refusal) -> None:
    both = {**put(hashed, "x"), "Delete": {"TableName": hashed, "Key": item("y")}}
    assert refusal(loose.transact_write_items, TransactItems=[both]) == (
        "ValidationException",
        "TransactItems can only contain one of Check, Put, Update or Delete",
    )


@pytest.mark.documented(TRANSACTIONS)
def test_a_token_makes_a_transaction_happen_once_within_ten_minutes(
    cloud: Cloud, db: Any, hashed: str, refusal: Refusal
) -> None:
    add: dict[str, Any] = {
        "Update": {
            "TableName": hashed,
            "Key": item("k"),
            "UpdateExpression": "ADD n :n",
            "ExpressionAttributeValues": {":n": {"N": "1"}},
        }
    }
    first = db.transact_write_items(TransactItems=[add], ClientRequestToken="once", ReturnConsumedCapacity="TOTAL")
    again = db.transact_write_items(TransactItems=[add], ClientRequestToken="once", ReturnConsumedCapacity="TOTAL")
    assert got(db, hashed, "k")["n"] == {"N": "1"}
    assert first["ConsumedCapacity"] == [{"TableName": hashed, "CapacityUnits": 2.0, "WriteCapacityUnits": 2.0}]
    assert again["ConsumedCapacity"] == [{"TableName": hashed, "CapacityUnits": 2.0, "ReadCapacityUnits": 2.0}]
    code, _ = refusal(db.transact_write_items, TransactItems=[put(hashed, "x")], ClientRequestToken="once")
    assert code == "IdempotentParameterMismatchException"
    cloud.advance(minutes=11)
    db.transact_write_items(TransactItems=[add], ClientRequestToken="once", ReturnConsumedCapacity="TOTAL")
    assert got(db, hashed, "k")["n"] == {"N": "2"}


@pytest.mark.documented(READ)
def test_a_transaction_reads_in_the_order_that_was_asked(db: Any, hashed: str) -> None:
    db.put_item(TableName=hashed, Item=item("x", v={"S": "1"}))
    db.put_item(TableName=hashed, Item=item("y", v={"S": "2"}))
    reply = db.transact_get_items(
        TransactItems=[
            {"Get": {"TableName": hashed, "Key": item("y"), "ProjectionExpression": "v"}},
            {"Get": {"TableName": hashed, "Key": item("none")}},
            {"Get": {"TableName": hashed, "Key": item("x")}},
        ]
    )
    assert reply["Responses"] == [{"Item": {"v": {"S": "2"}}}, {}, {"Item": item("x", v={"S": "1"})}]


@pytest.mark.documented("https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html")
def test_a_transaction_needs_the_permission_of_each_action(cloud: Cloud, db: Any, hashed: str) -> None:
    iam = cloud.client("iam")
    iam.create_user(UserName="writer")
    iam.put_user_policy(
        UserName="writer",
        PolicyName="put",
        PolicyDocument='{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "dynamodb:PutItem", '
        '"Resource": "*", "Condition": {"StringEquals": {"dynamodb:EnclosingOperation": "TransactWriteItems"}}}]}',
    )
    made = iam.create_access_key(UserName="writer")["AccessKey"]
    mine = cloud.client("dynamodb", access_key=made["AccessKeyId"], secret_key=made["SecretAccessKey"])
    mine.transact_write_items(TransactItems=[put(hashed, "x")])
    with pytest.raises(ClientError, match="AccessDenied"):
        mine.put_item(TableName=hashed, Item=item("x"))
    with pytest.raises(ClientError, match="AccessDenied"):
        mine.transact_write_items(TransactItems=[put(hashed, "x"), {"Delete": {"TableName": hashed, "Key": item("y")}}])
