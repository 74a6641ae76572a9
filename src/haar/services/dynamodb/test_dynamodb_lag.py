"""Tables that show, to those who do not insist, what was a moment ago."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from haar import Cloud

Lagging = Callable[[str], None]


@pytest.fixture
def lagging(db: Any) -> Lagging:
    """Give a table a lag of one second."""

    def tag(table: str) -> None:
        arn = db.describe_table(TableName=table)["Table"]["TableArn"]
        db.tag_resource(ResourceArn=arn, Tags=[{"Key": "haar:lag-seconds", "Value": "1"}])

    return tag


@pytest.mark.fact("DDB-011")
def test_an_eventual_read_may_see_the_old_value_for_a_second(
    cloud: Cloud, db: Any, hashed: str, lagging: Lagging
) -> None:
    cloud.clock.bend(rate=0.0)
    old, new = {"a": {"S": "k"}, "v": {"S": "old"}}, {"a": {"S": "k"}, "v": {"S": "new"}}
    db.put_item(TableName=hashed, Item=old)
    lagging(hashed)
    db.put_item(TableName=hashed, Item=new)
    read = {"TableName": hashed, "Key": {"a": {"S": "k"}}}
    assert db.get_item(**read)["Item"] == old
    assert db.get_item(**read, ConsistentRead=True)["Item"] == new
    cloud.advance(seconds=1)
    assert db.get_item(**read)["Item"] == new


@pytest.mark.fact("DDB-011")
def test_an_eventual_query_sees_what_was(cloud: Cloud, db: Any, numbered: str, lagging: Lagging) -> None:
    cloud.clock.bend(rate=0.0)

    def seen(**more: Any) -> list[tuple[str, str]]:
        reply = db.query(
            TableName=numbered,
            KeyConditionExpression="a = :a",
            ExpressionAttributeValues={":a": {"S": "k"}},
            **more,
        )
        return [(item["n"]["N"], item["v"]["S"]) for item in reply["Items"]]

    for number in range(3):
        db.put_item(TableName=numbered, Item={"a": {"S": "k"}, "n": {"N": str(number)}, "v": {"S": "old"}})
    lagging(numbered)
    db.delete_item(TableName=numbered, Key={"a": {"S": "k"}, "n": {"N": "0"}})
    db.put_item(TableName=numbered, Item={"a": {"S": "k"}, "n": {"N": "1"}, "v": {"S": "new"}})
    db.put_item(TableName=numbered, Item={"a": {"S": "k"}, "n": {"N": "7"}, "v": {"S": "new"}})
    assert seen() == [("0", "old"), ("1", "old"), ("2", "old")]
    assert seen(ScanIndexForward=False) == [("2", "old"), ("1", "old"), ("0", "old")]
    assert seen(ConsistentRead=True) == [("1", "new"), ("2", "old"), ("7", "new")]
    cloud.advance(seconds=1)
    assert seen() == [("1", "new"), ("2", "old"), ("7", "new")]


@pytest.mark.fact("DDB-011")
def test_a_global_index_follows_after_the_lag(cloud: Cloud, db: Any, ranged: str, lagging: Lagging) -> None:
    cloud.clock.bend(rate=0.0)

    def under(value: str) -> list[str]:
        reply = db.query(
            TableName=ranged,
            IndexName="by_c",
            KeyConditionExpression="c = :c",
            ExpressionAttributeValues={":c": {"S": value}},
        )
        return [item["b"]["S"] for item in reply["Items"]]

    lagging(ranged)
    texts = {name: {"S": value} for name, value in {"a": "k", "b": "1", "c": "x"}.items()}
    db.put_item(TableName=ranged, Item=texts)
    assert under("x") == []
    cloud.advance(seconds=1)
    assert under("x") == ["1"]
    db.put_item(TableName=ranged, Item={**texts, "c": {"S": "y"}})
    db.put_item(TableName=ranged, Item={**texts, "c": {"S": "z"}})
    assert (under("x"), under("y"), under("z")) == (["1"], [], [])
    cloud.advance(seconds=1)
    assert (under("x"), under("y"), under("z")) == ([], [], ["1"])
