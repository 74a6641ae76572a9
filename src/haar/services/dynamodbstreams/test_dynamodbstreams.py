"""Streams: every change once, in order, for a day."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from haar import Cloud

STREAMS = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html"
RECORDS = "https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_GetRecords.html"
ITERATOR = "https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_GetShardIterator.html"
ONE = {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}


class Desk:
    """A table and its stream."""

    def __init__(self, cloud: Cloud, view: str = "NEW_AND_OLD_IMAGES", **more: Any) -> None:
        self.cloud = cloud
        self.db = cloud.client("dynamodb")
        self.streams = cloud.client("dynamodbstreams")
        billing = more or {"ProvisionedThroughput": ONE}
        self.db.create_table(
            TableName="things",
            KeySchema=[{"AttributeName": "a", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "a", "AttributeType": "S"}],
            StreamSpecification={"StreamEnabled": True, "StreamViewType": view},
            **billing,
        )
        self.arn = self.db.describe_table(TableName="things")["Table"]["LatestStreamArn"]

    def put(self, name: str, value: str = "") -> None:
        item = {"a": {"S": name}, **({"v": {"S": value}} if value else {})}
        self.db.put_item(TableName="things", Item=item)

    def shards(self) -> list[dict[str, Any]]:
        shards: list[dict[str, Any]] = self.streams.describe_stream(StreamArn=self.arn)["StreamDescription"]["Shards"]
        return shards

    def iterator(self, kind: str = "TRIM_HORIZON", shard: str = "", **more: Any) -> str:
        shard = shard or self.shards()[0]["ShardId"]
        reply = self.streams.get_shard_iterator(StreamArn=self.arn, ShardId=shard, ShardIteratorType=kind, **more)
        return str(reply["ShardIterator"])

    def records(self, iterator: str = "") -> list[dict[str, Any]]:
        records: list[dict[str, Any]] = self.streams.get_records(ShardIterator=iterator or self.iterator())["Records"]
        return records

    def all(self) -> list[dict[str, Any]]:
        """Every record of every shard, parents before children."""
        return [one for shard in self.shards() for one in self.records(self.iterator(shard=shard["ShardId"]))]


def names(records: list[dict[str, Any]]) -> list[str]:
    return [one["dynamodb"]["Keys"]["a"]["S"] for one in records]


@pytest.mark.documented(STREAMS)
@pytest.mark.parametrize(
    ("view", "images"),
    [
        ("KEYS_ONLY", set()),
        ("NEW_IMAGE", {"NewImage"}),
        ("OLD_IMAGE", {"OldImage"}),
        ("NEW_AND_OLD_IMAGES", {"NewImage", "OldImage"}),
    ],
)
def test_a_view_says_what_is_in_a_record(cloud: Cloud, view: str, images: set[str]) -> None:
    desk = Desk(cloud, view)
    desk.put("x", "1")
    desk.put("x", "2")
    desk.db.delete_item(TableName="things", Key={"a": {"S": "x"}})
    first, second, third = desk.records()
    assert [one["eventName"] for one in (first, second, third)] == ["INSERT", "MODIFY", "REMOVE"]
    assert {"NewImage", "OldImage"} & {*first["dynamodb"]} == images - {"OldImage"}
    assert {"NewImage", "OldImage"} & {*second["dynamodb"]} == images
    assert {"NewImage", "OldImage"} & {*third["dynamodb"]} == images - {"NewImage"}
    if "OldImage" in images:
        assert second["dynamodb"]["OldImage"] == {"a": {"S": "x"}, "v": {"S": "1"}}
    assert second["dynamodb"]["Keys"] == {"a": {"S": "x"}}
    assert second["dynamodb"]["StreamViewType"] == view
    assert second["eventSource"] == "aws:dynamodb"


@pytest.mark.documented(STREAMS)
def test_a_write_that_changes_nothing_is_not_recorded(cloud: Cloud) -> None:
    desk = Desk(cloud)
    desk.put("x", "1")
    desk.put("x", "1")
    desk.db.delete_item(TableName="things", Key={"a": {"S": "none"}})
    assert len(desk.records()) == 1


@pytest.mark.documented(STREAMS)
def test_a_transaction_that_is_cancelled_records_nothing(cloud: Cloud) -> None:
    desk = Desk(cloud)
    check = {"TableName": "things", "Key": {"a": {"S": "y"}}, "ConditionExpression": "attribute_exists(a)"}
    with pytest.raises(ClientError):
        desk.db.transact_write_items(
            TransactItems=[{"Put": {"TableName": "things", "Item": {"a": {"S": "x"}}}}, {"ConditionCheck": check}]
        )
    assert desk.records() == []


@pytest.mark.fact("DDBST-002")
def test_a_walk_through_the_shards_gives_each_record_once(cloud: Cloud) -> None:
    desk = Desk(cloud, BillingMode="PAY_PER_REQUEST")
    for number in range(60):
        desk.put(f"item{number}")
        desk.put(f"item{number}", "again")
    assert len(desk.shards()) == 4
    records = desk.all()
    assert len({one["eventID"] for one in records}) == len(records) == 120
    for number in range(60):
        mine = [one["eventName"] for one in records if one["dynamodb"]["Keys"]["a"]["S"] == f"item{number}"]
        assert mine == ["INSERT", "MODIFY"]


@pytest.mark.documented(RECORDS)
def test_records_come_a_page_at_a_time(cloud: Cloud) -> None:
    desk = Desk(cloud)
    for number in range(5):
        desk.put(f"item{number}")
    first = desk.streams.get_records(ShardIterator=desk.iterator(), Limit=2)
    assert names(first["Records"]) == ["item0", "item1"]
    second = desk.streams.get_records(ShardIterator=first["NextShardIterator"], Limit=1000)
    assert names(second["Records"]) == ["item2", "item3", "item4"]
    desk.put("item5")
    third = desk.streams.get_records(ShardIterator=second["NextShardIterator"])
    assert names(third["Records"]) == ["item5"]


@pytest.mark.documented(ITERATOR)
def test_an_iterator_begins_where_it_is_told_to(cloud: Cloud) -> None:
    desk = Desk(cloud)
    latest_of_nothing = desk.iterator("LATEST")
    desk.put("one")
    desk.put("two")
    latest = desk.iterator("LATEST")
    desk.put("three")
    numbers = [one["dynamodb"]["SequenceNumber"] for one in desk.records()]
    assert numbers == sorted(numbers)
    assert all(21 <= len(number) <= 40 for number in numbers)
    assert names(desk.records(latest_of_nothing)) == ["one", "two", "three"]
    assert names(desk.records(latest)) == ["three"]
    assert names(desk.records(desk.iterator("AT_SEQUENCE_NUMBER", SequenceNumber=numbers[1]))) == ["two", "three"]
    assert names(desk.records(desk.iterator("AFTER_SEQUENCE_NUMBER", SequenceNumber=numbers[1]))) == ["three"]
    with pytest.raises(ClientError, match="not in the range of shard"):
        desk.iterator("AT_SEQUENCE_NUMBER", SequenceNumber="1" + "0" * 20)


@pytest.mark.documented(RECORDS)
def test_an_iterator_is_good_for_fifteen_minutes(cloud: Cloud) -> None:
    desk = Desk(cloud)
    iterator = desk.iterator()
    cloud.advance(minutes=14)
    desk.records(iterator)
    cloud.advance(minutes=2)
    with pytest.raises(ClientError) as caught:
        desk.records(iterator)
    assert caught.value.response["Error"]["Code"] == "ExpiredIteratorException"
    with pytest.raises(ClientError, match="Invalid ShardIterator"):
        desk.records(f"{desk.arn}|1|bm90aGluZw==")


@pytest.mark.documented(STREAMS)
def test_records_are_there_for_a_day(cloud: Cloud) -> None:
    desk = Desk(cloud)
    desk.put("early")
    (early,) = desk.records()
    cloud.advance(hours=3)
    desk.put("late")
    cloud.advance(hours=20)
    assert names(desk.records()) == ["early", "late"]
    cloud.advance(hours=2)
    assert names(desk.records()) == ["late"]
    with pytest.raises(ClientError) as caught:
        desk.iterator("AT_SEQUENCE_NUMBER", SequenceNumber=early["dynamodb"]["SequenceNumber"])
    assert caught.value.response["Error"]["Code"] == "TrimmedDataAccessException"


@pytest.mark.documented(STREAMS)
def test_a_shard_ends_after_four_hours_and_its_child_goes_on(cloud: Cloud) -> None:
    desk = Desk(cloud)
    desk.put("one")
    iterator = desk.iterator()
    cloud.advance(hours=4)
    desk.put("two")
    parent, child = desk.shards()
    assert child["ParentShardId"] == parent["ShardId"]
    assert "EndingSequenceNumber" in parent["SequenceNumberRange"]
    assert "EndingSequenceNumber" not in child["SequenceNumberRange"]
    iterator = desk.iterator(shard=parent["ShardId"])
    reply = desk.streams.get_records(ShardIterator=iterator)
    assert names(reply["Records"]) == ["one"]
    assert "NextShardIterator" not in reply
    assert names(desk.all()) == ["one", "two"]
    cloud.advance(hours=25)
    desk.put("three")
    assert names(desk.all()) == ["three"]


@pytest.mark.documented(STREAMS)
def test_shards_split_when_a_table_grows(cloud: Cloud) -> None:
    desk = Desk(cloud)
    for number in range(30):
        desk.put(f"item{number}", "1")
    desk.db.update_table(TableName="things", ProvisionedThroughput={"ReadCapacityUnits": 1, "WriteCapacityUnits": 1500})
    for number in range(30):
        desk.put(f"item{number}", "2")
    parent, *children = desk.shards()
    assert [one["ParentShardId"] for one in children] == [parent["ShardId"]] * 2
    assert sum(bool(desk.records(desk.iterator(shard=one["ShardId"]))) for one in children) == 2
    assert len(desk.all()) == 60


@pytest.mark.documented(STREAMS)
def test_a_disabled_stream_is_read_for_another_day(cloud: Cloud) -> None:
    desk = Desk(cloud)
    desk.put("one")
    desk.db.update_table(TableName="things", StreamSpecification={"StreamEnabled": False})
    desk.put("two")
    assert names(desk.records()) == ["one"]
    described = desk.streams.describe_stream(StreamArn=desk.arn)["StreamDescription"]
    assert described["StreamStatus"] == "DISABLED"
    cloud.advance(hours=1)
    specification = {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}
    desk.db.update_table(TableName="things", StreamSpecification=specification)
    assert len(desk.streams.list_streams(TableName="things")["Streams"]) == 2
    assert desk.db.describe_table(TableName="things")["Table"]["LatestStreamArn"] != desk.arn
    cloud.advance(hours=24)
    assert len(desk.streams.list_streams()["Streams"]) == 1


@pytest.mark.documented(STREAMS)
def test_the_stream_of_a_deleted_table_is_read_for_a_day(cloud: Cloud) -> None:
    desk = Desk(cloud)
    desk.put("one")
    desk.db.delete_table(TableName="things")
    assert names(desk.records()) == ["one"]
    cloud.advance(hours=25)
    with pytest.raises(ClientError) as caught:
        desk.shards()
    assert caught.value.response["Error"]["Code"] == "ResourceNotFoundException"


@pytest.mark.documented("https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_ListStreams.html")
def test_streams_are_listed_a_page_at_a_time(cloud: Cloud) -> None:
    desk = Desk(cloud)
    for name in ("other", "third"):
        desk.db.create_table(
            TableName=name, ProvisionedThroughput=ONE, KeySchema=[{"AttributeName": "a", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "a", "AttributeType": "S"}],
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"},
        )  # fmt: skip
    page = desk.streams.list_streams(Limit=2)
    assert [one["TableName"] for one in page["Streams"]] == ["other", "things"]
    rest = desk.streams.list_streams(ExclusiveStartStreamArn=page["LastEvaluatedStreamArn"])
    assert [one["TableName"] for one in rest["Streams"]] == ["third"]


@pytest.mark.documented(
    "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/access-control-resource-based.html"
)
def test_a_streams_policy_lets_another_account_read_it(cloud: Cloud) -> None:
    import json

    desk = Desk(cloud)
    other = cloud.client("dynamodbstreams", access_key="111111111111", secret_key="test")
    with pytest.raises(ClientError, match="not authorized"):
        other.describe_stream(StreamArn=desk.arn)
    statement = {
        "Effect": "Allow", "Principal": {"AWS": "111111111111"}, "Resource": desk.arn,
        "Action": ["dynamodb:DescribeStream", "dynamodb:GetShardIterator", "dynamodb:GetRecords"],
    }  # fmt: skip
    desk.db.put_resource_policy(
        ResourceArn=desk.arn, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    )
    desk.put("one")
    (shard,) = other.describe_stream(StreamArn=desk.arn)["StreamDescription"]["Shards"]
    iterator = other.get_shard_iterator(StreamArn=desk.arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON")[
        "ShardIterator"
    ]
    assert names(other.get_records(ShardIterator=iterator)["Records"]) == ["one"]


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.sampled_from("abcdef"), st.sampled_from("123")),
        st.tuples(st.just("delete"), st.sampled_from("abcdef"), st.just("")),
        st.tuples(st.just("wait"), st.just(""), st.sampled_from("15")),
        st.tuples(st.just("grow"), st.just(""), st.just("")),
    ),
    max_size=40,
)


@pytest.mark.ours
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps=STEPS)
def test_a_table_can_be_rebuilt_from_its_stream(steps: list[tuple[str, str, str]]) -> None:
    with Cloud(seed=1) as cloud:
        desk = Desk(cloud)
        units = 500
        waited = 0
        for verb, name, value in steps:
            if verb == "put":
                desk.put(name, value)
            elif verb == "delete":
                desk.db.delete_item(TableName="things", Key={"a": {"S": name}})
            elif verb == "wait" and waited < 20:
                cloud.advance(hours=int(value))
                waited += int(value)
            elif verb == "grow" and units < 5000:
                units += 900
                wanted = {"ReadCapacityUnits": 1, "WriteCapacityUnits": units}
                desk.db.update_table(TableName="things", ProvisionedThroughput=wanted)
        rebuilt: dict[str, Any] = {}
        for record in desk.all():
            change = record["dynamodb"]
            name = change["Keys"]["a"]["S"]
            assert rebuilt.get(name) == change.get("OldImage")
            if record["eventName"] == "REMOVE":
                del rebuilt[name]
            else:
                rebuilt[name] = change["NewImage"]
        assert rebuilt == {item["a"]["S"]: item for item in desk.db.scan(TableName="things")["Items"]}
