"""What follows the items of a table with a KMS key stays sealed, and works."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from haar import Cloud

SEALING = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.howitworks.html"
SECRET = "nobody may find these words either"


def made(cloud: Cloud) -> Any:
    """A client, and a table under a key of its own with everything that follows items."""
    db, kms = cloud.client("dynamodb"), cloud.client("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    db.create_table(
        TableName="sealed",
        KeySchema=[{"AttributeName": "a", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "a", "AttributeType": "S"}],
        ProvisionedThroughput={"ReadCapacityUnits": 1, "WriteCapacityUnits": 1},
        SSESpecification={"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key},
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )
    db.update_continuous_backups(
        TableName="sealed", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )
    db.update_time_to_live(TableName="sealed", TimeToLiveSpecification={"Enabled": True, "AttributeName": "until"})
    put(db, "first")
    put(db, "second")
    return db


def put(db: Any, text: str, **more: Any) -> None:
    db.put_item(TableName="sealed", Item={"a": {"S": "k"}, "t": {"S": f"{SECRET} {text}"}, **more})


def text(db: Any, table: str) -> str:
    return str(db.get_item(TableName=table, Key={"a": {"S": "k"}})["Item"]["t"]["S"])


@pytest.mark.fact("DDB-013")
def test_copies_of_sealed_items_have_no_plaintext_in_the_data_file(tmp_path: Path) -> None:
    with Cloud(store=str(tmp_path), seed=1) as cloud:
        db = made(cloud)
        db.create_backup(TableName="sealed", BackupName="copy")
        put(db, "third")
    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert (SECRET.encode() in kept, b"sealed" in kept) == (False, True)


@pytest.mark.documented(SEALING)
def test_streams_backups_and_recovery_open_what_is_sealed(cloud: Cloud) -> None:
    db = made(cloud)
    arn = db.create_backup(TableName="sealed", BackupName="copy")["BackupDetails"]["BackupArn"]
    then = cloud.clock.now()
    cloud.advance(minutes=10)
    put(db, "third", until={"N": str(int(cloud.clock.now()) + 3600)})
    db.restore_table_from_backup(TargetTableName="again", BackupArn=arn)
    assert text(db, "again") == f"{SECRET} second"
    cloud.advance(minutes=10)
    db.restore_table_to_point_in_time(SourceTableName="sealed", TargetTableName="then", RestoreDateTime=then + 1)
    assert text(db, "then") == f"{SECRET} second"
    streams = cloud.client("dynamodbstreams")
    stream = db.describe_table(TableName="sealed")["Table"]["LatestStreamArn"]
    (shard,) = streams.describe_stream(StreamArn=stream)["StreamDescription"]["Shards"]
    iterator = streams.get_shard_iterator(StreamArn=stream, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON")[
        "ShardIterator"
    ]
    records = streams.get_records(ShardIterator=iterator)["Records"]
    assert [one["dynamodb"]["NewImage"]["t"]["S"][len(SECRET) + 1 :] for one in records] == ["first", "second", "third"]
    cloud.advance(hours=2)
    assert db.scan(TableName="sealed")["Count"] == 0


@pytest.mark.documented(SEALING)
def test_an_index_is_filled_from_sealed_items_and_an_export_is_open(cloud: Cloud) -> None:
    db, s3 = made(cloud), cloud.client("s3")
    s3.create_bucket(Bucket="shelf")
    table = db.describe_table(TableName="sealed")["Table"]["TableArn"]
    arn = db.export_table_to_point_in_time(TableArn=table, S3Bucket="shelf")["ExportDescription"]["ExportArn"]
    assert db.describe_export(ExportArn=arn)["ExportDescription"]["ItemCount"] == 1
    index = {
        "IndexName": "by-t",
        "KeySchema": [{"AttributeName": "t", "KeyType": "HASH"}],
        "Projection": {"ProjectionType": "KEYS_ONLY"},
        "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1},
    }
    names = [{"AttributeName": "a", "AttributeType": "S"}, {"AttributeName": "t", "AttributeType": "S"}]
    db.update_table(TableName="sealed", AttributeDefinitions=names, GlobalSecondaryIndexUpdates=[{"Create": index}])
    found = db.query(
        TableName="sealed",
        IndexName="by-t",
        KeyConditionExpression="t = :t",
        ExpressionAttributeValues={":t": {"S": f"{SECRET} second"}},
    )
    assert found["Items"] == [{"a": {"S": "k"}, "t": {"S": f"{SECRET} second"}}]
