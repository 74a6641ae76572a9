"""Time to live, by the clock."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from haar import Cloud

TTL = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/TTL.html"
STREAMS = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/time-to-live-ttl-streams.html"
UPDATE = "https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateTimeToLive.html"


@pytest.fixture
def db(cloud: Cloud) -> Any:
    client = cloud.client("dynamodb")
    client.create_table(
        TableName="sessions",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "OLD_IMAGE"},
    )
    return client


def enable(db: Any, attribute: str = "until", enabled: bool = True) -> None:
    db.update_time_to_live(
        TableName="sessions", TimeToLiveSpecification={"Enabled": enabled, "AttributeName": attribute}
    )


def put(db: Any, name: str, until: float | str) -> None:
    value = {"N": str(int(until))} if isinstance(until, float) else {"S": until}
    db.put_item(TableName="sessions", Item={"id": {"S": name}, "until": value})


def names(db: Any) -> set[str]:
    return {item["id"]["S"] for item in db.scan(TableName="sessions")["Items"]}


@pytest.mark.documented(TTL)
def test_an_item_goes_when_its_time_is_over(cloud: Cloud, db: Any) -> None:
    enable(db)
    put(db, "soon", cloud.clock.now() + 600)
    put(db, "later", cloud.clock.now() + 86_400)
    cloud.advance(seconds=590)
    assert names(db) == {"soon", "later"}
    cloud.advance(seconds=80)
    assert names(db) == {"later"}
    cloud.advance(days=1)
    assert names(db) == set()


@pytest.mark.documented(TTL)
def test_items_from_before_the_time_to_live_go_too(cloud: Cloud, db: Any) -> None:
    for number in range(700):
        put(db, str(number), cloud.clock.now() + 60)
    put(db, "stays", cloud.clock.now() + 86_400)
    enable(db)
    cloud.advance(minutes=3)
    assert names(db) == {"stays"}


@pytest.mark.documented(TTL)
def test_what_is_no_instant_never_goes(cloud: Cloud, db: Any) -> None:
    enable(db)
    put(db, "text", "123")
    put(db, "years-ago", cloud.clock.now() - 6 * 366 * 86_400)
    db.put_item(TableName="sessions", Item={"id": {"S": "none"}})
    put(db, "a-minute-ago", cloud.clock.now() - 60)
    cloud.advance(days=2)
    assert names(db) == {"text", "years-ago", "none"}


@pytest.mark.documented(TTL)
def test_a_later_instant_lets_an_item_live_on(cloud: Cloud, db: Any) -> None:
    enable(db)
    put(db, "one", cloud.clock.now() + 60)
    put(db, "one", cloud.clock.now() + 6000)
    cloud.advance(minutes=30)
    assert names(db) == {"one"}
    db.delete_item(TableName="sessions", Key={"id": {"S": "one"}})
    put(db, "one", "now it is text")
    cloud.advance(days=1)
    assert names(db) == {"one"}


@pytest.mark.documented(STREAMS)
def test_the_stream_tells_that_nobody_asked_for_it(cloud: Cloud, db: Any) -> None:
    enable(db)
    put(db, "one", cloud.clock.now() + 60)
    cloud.advance(minutes=3)
    streams = cloud.client("dynamodbstreams")
    arn = db.describe_table(TableName="sessions")["Table"]["LatestStreamArn"]
    records = []
    for shard in streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]:
        iterator = streams.get_shard_iterator(
            StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        records += streams.get_records(ShardIterator=iterator)["Records"]
    assert [one["eventName"] for one in records] == ["INSERT", "REMOVE"]
    assert records[1]["userIdentity"] == {"PrincipalId": "dynamodb.amazonaws.com", "Type": "Service"}
    assert "userIdentity" not in records[0]


@pytest.mark.documented(UPDATE)
def test_a_time_to_live_changes_once_an_hour(cloud: Cloud, db: Any) -> None:
    assert db.describe_time_to_live(TableName="sessions")["TimeToLiveDescription"] == {"TimeToLiveStatus": "DISABLED"}
    enable(db)
    shown = db.describe_time_to_live(TableName="sessions")["TimeToLiveDescription"]
    assert shown == {"TimeToLiveStatus": "ENABLED", "AttributeName": "until"}
    with pytest.raises(ClientError, match="modified multiple times within a fixed interval"):
        enable(db, enabled=False)
    cloud.advance(hours=1)
    with pytest.raises(ClientError, match="TimeToLive is already enabled"):
        enable(db)
    with pytest.raises(ClientError, match="active on a different AttributeName"):
        enable(db, "other", enabled=False)
    put(db, "one", cloud.clock.now() + 60)
    enable(db, enabled=False)
    cloud.advance(hours=1)
    assert names(db) == {"one"}
    with pytest.raises(ClientError, match="TimeToLive is already disabled"):
        enable(db, enabled=False)
