"""Who may: fine-grained conditions, indexes, policies of tables."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from haar import Cloud
    from haar.services.dynamodb.conftest import Refusal

CONDITIONS = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html"

Granted = Callable[[dict[str, Any]], Any]


@pytest.fixture
def granted(cloud: Cloud) -> Granted:
    """A client of a user who has one statement, on top of `Effect: Allow`."""
    iam = cloud.client("iam")

    def grant(statement: dict[str, Any]) -> Any:
        iam.create_user(UserName="limited")
        document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Resource": "*", **statement}]}
        iam.put_user_policy(UserName="limited", PolicyName="p", PolicyDocument=json.dumps(document))
        made = iam.create_access_key(UserName="limited")["AccessKey"]
        return cloud.client("dynamodb", access_key=made["AccessKeyId"], secret_key=made["SecretAccessKey"])

    return grant


@pytest.mark.documented(CONDITIONS)
def test_leading_keys_keep_everybody_to_their_own_items(
    db: Any, ranged: str, granted: Granted, refusal: Refusal
) -> None:
    mine = granted(
        {
            "Action": ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query", "dynamodb:BatchGetItem"],
            "Condition": {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["me"]}},
        }
    )
    own, other = {"a": {"S": "me"}, "b": {"S": "1"}}, {"a": {"S": "you"}, "b": {"S": "1"}}
    mine.put_item(TableName=ranged, Item=own)
    assert mine.get_item(TableName=ranged, Key=own)["Item"] == own
    asked = {"TableName": ranged, "KeyConditionExpression": "a = :a"}
    assert mine.query(**asked, ExpressionAttributeValues={":a": {"S": "me"}})["Count"] == 1
    mine.batch_get_item(RequestItems={ranged: {"Keys": [own]}})
    refused = [
        refusal(mine.put_item, TableName=ranged, Item=other)[0],
        refusal(mine.get_item, TableName=ranged, Key=other)[0],
        refusal(mine.query, **asked, ExpressionAttributeValues={":a": {"S": "you"}})[0],
        refusal(mine.batch_get_item, RequestItems={ranged: {"Keys": [own, other]}})[0],
    ]
    assert refused == ["AccessDeniedException"] * 4


@pytest.mark.documented(CONDITIONS)
def test_attributes_can_be_limited(db: Any, hashed: str, granted: Granted, refusal: Refusal) -> None:
    mine = granted(
        {
            "Action": ["dynamodb:GetItem", "dynamodb:UpdateItem"],
            "Condition": {
                "ForAllValues:StringEquals": {"dynamodb:Attributes": ["a", "open"]},
                "StringEqualsIfExists": {"dynamodb:Select": "SPECIFIC_ATTRIBUTES", "dynamodb:ReturnValues": "NONE"},
            },
        }
    )
    key = {"a": {"S": "k"}}
    given = {":v": {"S": "x"}}
    mine.update_item(
        TableName=hashed,
        Key=key,
        UpdateExpression="SET #o = :v",
        ExpressionAttributeNames={"#o": "open"},
        ExpressionAttributeValues=given,
    )
    mine.get_item(TableName=hashed, Key=key, ProjectionExpression="#o", ExpressionAttributeNames={"#o": "open"})
    secret = {"TableName": hashed, "Key": key}
    assert refusal(mine.get_item, **secret, ProjectionExpression="secret")[0] == "AccessDeniedException"
    assert (
        refusal(mine.update_item, **secret, UpdateExpression="SET secret = :v", ExpressionAttributeValues=given)[0]
        == "AccessDeniedException"
    )


@pytest.mark.documented(CONDITIONS)
def test_a_query_of_an_index_needs_the_index(db: Any, ranged: str, granted: Granted) -> None:
    mine = granted({"Action": "dynamodb:Query", "Resource": f"arn:aws:dynamodb:*:*:table/{ranged}/index/by_c"})
    given = {":v": {"S": "x"}}
    mine.query(TableName=ranged, IndexName="by_c", KeyConditionExpression="c = :v", ExpressionAttributeValues=given)
    with pytest.raises(ClientError, match="AccessDenied"):
        mine.query(TableName=ranged, KeyConditionExpression="a = :v", ExpressionAttributeValues=given)
