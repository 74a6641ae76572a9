"""The stream of a table."""

from __future__ import annotations

from haar import Cloud

__all__ = ["live"]

#: The lives that come first.
AFTER = ("dynamodb",)


def live(cloud: Cloud) -> None:
    """A stream, from its beginning."""
    streams = cloud.client("dynamodbstreams")
    db = cloud.client("dynamodb")
    db.create_table(
        TableName="followed",
        KeySchema=[{"AttributeName": "a", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "a", "AttributeType": "S"}],
        ProvisionedThroughput={"ReadCapacityUnits": 1, "WriteCapacityUnits": 1},
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )
    db.put_item(TableName="followed", Item={"a": {"S": "one"}})
    db.put_item(TableName="followed", Item={"a": {"S": "one"}, "b": {"BOOL": True}})
    (stream,) = streams.list_streams(TableName="followed")["Streams"]
    arn = stream["StreamArn"]
    (shard,) = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
    iterator = streams.get_shard_iterator(StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON")[
        "ShardIterator"
    ]
    streams.get_records(ShardIterator=iterator)
