"""Tables, their items, and everything that follows them."""

from __future__ import annotations

import json
from typing import Any

from haar import Cloud

__all__ = ["live"]

ARN = "arn:aws:dynamodb:us-east-1:000000000000:table/"
TEXT = {"AttributeName": "a", "AttributeType": "S"}
NUMBER = {"AttributeName": "n", "AttributeType": "N"}
HASH = {"AttributeName": "a", "KeyType": "HASH"}
ONE = {"a": {"S": "one"}}

#: The lives that come first.
AFTER = ("iam", "kms", "s3")


def live(cloud: Cloud) -> None:
    """A table with indexes and a stream, items written and read in every way, copies of it, a replica elsewhere."""
    db = cloud.client("dynamodb")
    db.describe_limits()
    db.describe_endpoints()
    db.create_table(
        TableName="things",
        KeySchema=[HASH],
        AttributeDefinitions=[TEXT],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
        Tags=[{"Key": "team", "Value": "blue"}],
    )
    db.describe_table(TableName="things")
    db.list_tables()
    _settings(db)
    _items(db)
    _copies(cloud, db)
    db.create_table(TableName="spare", KeySchema=[HASH], AttributeDefinitions=[TEXT], BillingMode="PAY_PER_REQUEST")
    db.delete_table(TableName="spare")


def last(cloud: Cloud) -> None:
    """What is remembered for a day, or some minutes: after everything that takes longer."""
    db = cloud.client("dynamodb")
    db.create_table(
        TableName="slow",
        KeySchema=[HASH, {"AttributeName": "n", "KeyType": "RANGE"}],
        AttributeDefinitions=[TEXT, NUMBER, {"AttributeName": "m", "AttributeType": "N"}],
        BillingMode="PAY_PER_REQUEST",
        LocalSecondaryIndexes=[
            {
                "IndexName": "by-m",
                "KeySchema": [HASH, {"AttributeName": "m", "KeyType": "RANGE"}],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
        Tags=[{"Key": "haar:lag-seconds", "Value": "3600"}],
    )
    for value in ("1", "2"):
        db.put_item(TableName="slow", Item={**ONE, "n": {"N": "1"}, "m": {"N": value}})
    key = cloud.client("kms").create_key()["KeyMetadata"]["KeyId"]
    db.create_table(
        TableName="sealed",
        KeySchema=[HASH],
        AttributeDefinitions=[TEXT],
        BillingMode="PAY_PER_REQUEST",
        SSESpecification={"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key},
    )
    db.put_item(TableName="sealed", Item=ONE)
    put = {"Put": {"TableName": "things", "Item": {"a": {"S": "once"}}}}
    db.transact_write_items(TransactItems=[put], ClientRequestToken="once")


def _settings(db: Any) -> None:
    index = {"IndexName": "by-n", "KeySchema": [{"AttributeName": "n", "KeyType": "HASH"}],
             "Projection": {"ProjectionType": "KEYS_ONLY"}}  # fmt: skip
    db.update_table(
        TableName="things", AttributeDefinitions=[TEXT, NUMBER], GlobalSecondaryIndexUpdates=[{"Create": index}]
    )
    db.update_time_to_live(TableName="things", TimeToLiveSpecification={"Enabled": True, "AttributeName": "until"})
    db.describe_time_to_live(TableName="things")
    db.tag_resource(ResourceArn=ARN + "things", Tags=[{"Key": "level", "Value": "1"}])
    db.list_tags_of_resource(ResourceArn=ARN + "things")
    db.untag_resource(ResourceArn=ARN + "things", TagKeys=["level"])
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": "111111111111"},
        "Action": "dynamodb:GetItem",
        "Resource": ARN + "things",
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    db.put_resource_policy(ResourceArn=ARN + "things", Policy=policy)
    db.get_resource_policy(ResourceArn=ARN + "things")
    db.delete_resource_policy(ResourceArn=ARN + "things")


def _items(db: Any) -> None:
    db.put_item(TableName="things", Item={**ONE, "n": {"N": "1"}, "until": {"N": "9999999999"}})
    db.get_item(TableName="things", Key=ONE)
    db.update_item(
        TableName="things", Key=ONE, UpdateExpression="ADD n :one", ExpressionAttributeValues={":one": {"N": "1"}}
    )
    puts = [{"PutRequest": {"Item": {"a": {"S": f"item{n}"}, "n": {"N": str(n)}}}} for n in range(4)]
    db.batch_write_item(RequestItems={"things": puts})
    db.batch_get_item(RequestItems={"things": {"Keys": [ONE, {"a": {"S": "item1"}}]}})
    db.query(TableName="things", KeyConditionExpression="a = :a", ExpressionAttributeValues={":a": {"S": "one"}})
    db.scan(TableName="things")
    db.delete_item(TableName="things", Key={"a": {"S": "item0"}})
    put = {"Put": {"TableName": "things", "Item": {"a": {"S": "both"}}}}
    gone = {"Delete": {"TableName": "things", "Key": {"a": {"S": "item1"}}}}
    db.transact_write_items(TransactItems=[put, gone], ClientRequestToken="both")  # boto3 would make a token by chance
    db.execute_statement(Statement="SELECT * FROM things WHERE a = 'one'")
    db.batch_execute_statement(Statements=[{"Statement": "INSERT INTO things VALUE {'a': 'stated'}"}])
    stated = [{"Statement": "UPDATE things SET n = 7 WHERE a = 'stated'"}]
    db.execute_transaction(TransactStatements=stated, ClientRequestToken="stated")
    db.transact_get_items(TransactItems=[{"Get": {"TableName": "things", "Key": ONE}}])


def _copies(cloud: Cloud, db: Any) -> None:
    """What is kept of the table, elsewhere and at other times."""
    made = db.create_backup(TableName="things", BackupName="copy")["BackupDetails"]["BackupArn"]
    spare = db.create_backup(TableName="things", BackupName="spare")["BackupDetails"]["BackupArn"]
    db.describe_backup(BackupArn=made)
    db.list_backups(TableName="things")
    db.delete_backup(BackupArn=spare)
    db.restore_table_from_backup(TargetTableName="from-backup", BackupArn=made)
    recovery = {"PointInTimeRecoveryEnabled": True}
    db.update_continuous_backups(TableName="things", PointInTimeRecoverySpecification=recovery)
    db.describe_continuous_backups(TableName="things")
    db.put_item(TableName="things", Item={"a": {"S": "later"}})
    db.restore_table_to_point_in_time(
        SourceTableName="things", TargetTableName="from-then", UseLatestRestorableTime=True
    )
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="shelf-of-tables")
    export = db.export_table_to_point_in_time(
        TableArn=ARN + "things", S3Bucket="shelf-of-tables", ClientToken="export-1"
    )["ExportDescription"]
    db.describe_export(ExportArn=export["ExportArn"])
    db.list_exports(TableArn=ARN + "things")
    s3.put_object(Bucket="shelf-of-tables", Key="in/one", Body=b'{"Item":{"a":{"S":"from afar"}}}')
    loading = db.import_table(
        S3BucketSource={"S3Bucket": "shelf-of-tables", "S3KeyPrefix": "in/"},
        InputFormat="DYNAMODB_JSON",
        ClientToken="import-1",
        TableCreationParameters={
            "TableName": "loaded",
            "KeySchema": [HASH],
            "AttributeDefinitions": [TEXT],
            "BillingMode": "PAY_PER_REQUEST",
        },
    )["ImportTableDescription"]
    db.describe_import(ImportArn=loading["ImportArn"])
    db.list_imports()
    db.update_table(TableName="things", ReplicaUpdates=[{"Create": {"RegionName": "eu-west-1"}}])
    cloud.client("dynamodb", region="eu-west-1").put_item(TableName="things", Item={"a": {"S": "far"}})
