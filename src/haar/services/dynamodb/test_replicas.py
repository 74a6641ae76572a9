"""Global tables: every region takes writes, and the last writer wins."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from haar import Cloud

GLOBAL = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/V2globaltables_HowItWorks.html"
REGIONS = ("us-east-1", "eu-west-1", "ap-south-1")


def clients(cloud: Cloud, lag: str = "") -> list[Any]:
    """Clients of a table in three regions."""
    here, *others = (cloud.client("dynamodb", region=region) for region in REGIONS)
    here.create_table(
        TableName="world",
        KeySchema=[{"AttributeName": "a", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "a", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    put(here, "before", "1")
    for region in REGIONS[1:]:
        here.update_table(TableName="world", ReplicaUpdates=[{"Create": {"RegionName": region}}])
    if lag:
        for db in (here, *others):
            arn = db.describe_table(TableName="world")["Table"]["TableArn"]
            db.tag_resource(ResourceArn=arn, Tags=[{"Key": "haar:lag-seconds", "Value": lag}])
    return [here, *others]


def put(db: Any, name: str, value: str) -> None:
    db.put_item(TableName="world", Item={"a": {"S": name}, "v": {"S": value}})


def value(db: Any, name: str) -> str | None:
    item = db.get_item(TableName="world", Key={"a": {"S": name}}, ConsistentRead=True).get("Item")
    return item["v"]["S"] if item else None


@pytest.mark.fact("DDBGT-001")
def test_every_replica_takes_writes_that_reach_all_regions(cloud: Cloud) -> None:
    here, there, far = clients(cloud)
    assert [value(db, "before") for db in (here, there, far)] == ["1", "1", "1"]
    put(here, "x", "from here")
    put(far, "y", "from far")
    assert [value(db, "x") for db in (here, there, far)] == ["from here"] * 3
    assert [value(db, "y") for db in (here, there, far)] == ["from far"] * 3
    there.delete_item(TableName="world", Key={"a": {"S": "x"}})
    assert [value(db, "x") for db in (here, there, far)] == [None] * 3


@pytest.mark.fact("DDBGT-002")
def test_without_a_lag_a_write_is_seen_at_once(cloud: Cloud) -> None:
    here, there, _ = clients(cloud)
    before = cloud.clock.now()
    put(here, "x", "1")
    assert value(there, "x") == "1"
    assert cloud.clock.now() - before < 1


@pytest.mark.fact("DDBGT-003")
def test_a_replica_has_a_stream_of_its_own_with_both_images(cloud: Cloud) -> None:
    for db in clients(cloud):
        shown = db.describe_table(TableName="world")["Table"]
        assert shown["StreamSpecification"] == {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
        assert db.meta.region_name in shown["LatestStreamArn"]
        assert len(shown["Replicas"]) == 2
        with pytest.raises(ClientError, match="cannot be disabled"):
            db.update_table(TableName="world", StreamSpecification={"StreamEnabled": False})


@pytest.mark.documented(GLOBAL)
def test_the_last_writer_wins(cloud: Cloud) -> None:
    here, there, far = clients(cloud, lag="5")
    put(here, "x", "first")
    cloud.advance(seconds=1)
    put(far, "x", "second")
    assert (value(here, "x"), value(there, "x"), value(far, "x")) == ("first", None, "second")
    cloud.advance(seconds=10)
    assert [value(db, "x") for db in (here, there, far)] == ["second"] * 3


@pytest.mark.documented(GLOBAL)
def test_a_deletion_is_a_write_too(cloud: Cloud) -> None:
    here, there, far = clients(cloud, lag="5")
    put(here, "x", "1")
    cloud.advance(seconds=6)
    put(there, "x", "2")
    cloud.advance(seconds=1)
    far.delete_item(TableName="world", Key={"a": {"S": "x"}})
    cloud.advance(seconds=10)
    assert [value(db, "x") for db in (here, there, far)] == [None] * 3


@pytest.mark.documented("https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/V2globaltables.tutorial.html")
def test_a_replica_can_be_taken_away(cloud: Cloud) -> None:
    here, there, far = clients(cloud)
    here.update_table(TableName="world", ReplicaUpdates=[{"Delete": {"RegionName": "ap-south-1"}}])
    assert far.list_tables()["TableNames"] == []
    (other,) = here.describe_table(TableName="world")["Table"]["Replicas"]
    assert other["RegionName"] == "eu-west-1"
    there.delete_table(TableName="world")
    assert "Replicas" not in here.describe_table(TableName="world")["Table"]
    put(here, "x", "alone")
    assert value(here, "x") == "alone"


@pytest.mark.documented("https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/globaltables-settings.html")
def test_indexes_and_time_to_live_are_the_same_everywhere(cloud: Cloud) -> None:
    here, there, _ = clients(cloud)
    index = {
        "IndexName": "by-v",
        "KeySchema": [{"AttributeName": "v", "KeyType": "HASH"}],
        "Projection": {"ProjectionType": "ALL"},
    }
    there.update_table(
        TableName="world",
        AttributeDefinitions=[
            {"AttributeName": "a", "AttributeType": "S"},
            {"AttributeName": "v", "AttributeType": "S"},
        ],
        GlobalSecondaryIndexUpdates=[{"Create": index}],
    )
    found = here.query(
        TableName="world",
        IndexName="by-v",
        KeyConditionExpression="v = :v",
        ExpressionAttributeValues={":v": {"S": "1"}},
    )
    assert found["Count"] == 1
    here.update_time_to_live(TableName="world", TimeToLiveSpecification={"Enabled": True, "AttributeName": "until"})
    shown = there.describe_time_to_live(TableName="world")["TimeToLiveDescription"]
    assert shown == {"TimeToLiveStatus": "ENABLED", "AttributeName": "until"}


@pytest.mark.documented(GLOBAL)
def test_a_table_that_exists_does_not_become_a_replica(cloud: Cloud) -> None:
    here, there, _ = clients(cloud)
    with pytest.raises(ClientError, match="already existed as tables"):
        here.update_table(TableName="world", ReplicaUpdates=[{"Create": {"RegionName": "eu-west-1"}}])
    with pytest.raises(ClientError, match="not part of the global table"):
        there.update_table(TableName="world", ReplicaUpdates=[{"Delete": {"RegionName": "eu-north-1"}}])


WRITES = st.lists(
    st.tuples(st.integers(0, 2), st.sampled_from("ab"), st.sampled_from(["", "1", "2"]), st.sampled_from([0.5, 3])),
    max_size=15,
)


@pytest.mark.documented(GLOBAL)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(writes=WRITES)
def test_all_regions_come_to_agree_on_what_was_written_last(writes: list[tuple[int, str, str, float]]) -> None:
    with Cloud(seed=1) as cloud:
        replicas = clients(cloud, lag="5")
        last: dict[str, str | None] = {"a": None, "b": None}
        for place, name, text, pause in writes:
            if text:
                put(replicas[place], name, text)
                last[name] = text
            elif value(replicas[place], name) is not None:
                replicas[place].delete_item(TableName="world", Key={"a": {"S": name}})
                last[name] = None
            cloud.advance(seconds=pause)
        cloud.advance(seconds=20)
        for db in replicas:
            assert {name: value(db, name) for name in last} == last
