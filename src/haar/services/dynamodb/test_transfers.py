"""Exports to S3 and imports from it."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from haar import Cloud

OUTPUT = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/S3DataExport.Output.html"
EXPORT = "https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_ExportTableToPointInTime.html"
FORMAT = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/S3DataImport.Format.html"
IMPORT = "https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_ImportTable.html"
ARN = "arn:aws:dynamodb:us-east-1:000000000000:table/things"
KEYS: dict[str, Any] = {
    "KeySchema": [{"AttributeName": "a", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "a", "AttributeType": "S"}],
    "BillingMode": "PAY_PER_REQUEST",
}


class Desk:
    """A table with point-in-time recovery, and a bucket."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.db = cloud.client("dynamodb")
        self.s3 = cloud.client("s3")
        self.s3.create_bucket(Bucket="shelf")
        self.db.create_table(TableName="things", **KEYS)

    def record(self) -> None:
        self.db.update_continuous_backups(
            TableName="things", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
        )

    def put(self, name: str, **more: Any) -> None:
        self.db.put_item(TableName="things", Item={"a": {"S": name}, **more})

    def export(self, **more: Any) -> dict[str, Any]:
        reply = self.db.export_table_to_point_in_time(TableArn=ARN, S3Bucket="shelf", **more)["ExportDescription"]
        shown: dict[str, Any] = self.db.describe_export(ExportArn=reply["ExportArn"])["ExportDescription"]
        return shown

    def read(self, key: str) -> bytes:
        raw: bytes = self.s3.get_object(Bucket="shelf", Key=key)["Body"].read()
        return raw

    def exported(self, shown: dict[str, Any]) -> list[dict[str, Any]]:
        """The items in the files that an export's manifests name."""
        summary = json.loads(self.read(shown["ExportManifest"]))
        assert summary["exportArn"] == shown["ExportArn"]
        found = []
        for line in self.read(summary["manifestFilesS3Key"]).splitlines():
            found += gzip.decompress(self.read(json.loads(line)["dataFileS3Key"])).splitlines()
        assert summary["itemCount"] == len(found)
        return [json.loads(line)["Item"] for line in found]

    def load(self, body: bytes, format: str = "DYNAMODB_JSON", **more: Any) -> dict[str, Any]:
        self.s3.put_object(Bucket="shelf", Key="in/one", Body=body)
        reply = self.db.import_table(
            S3BucketSource={"S3Bucket": "shelf", "S3KeyPrefix": "in/"}, InputFormat=format,
            TableCreationParameters={"TableName": "loaded", **KEYS}, **more,
        )["ImportTableDescription"]  # fmt: skip
        shown: dict[str, Any] = self.db.describe_import(ImportArn=reply["ImportArn"])["ImportTableDescription"]
        return shown

    def loaded(self) -> list[dict[str, Any]]:
        return sorted(self.db.scan(TableName="loaded")["Items"], key=lambda item: str(item["a"]["S"]))


@pytest.fixture
def desk(cloud: Cloud) -> Desk:
    return Desk(cloud)


@pytest.mark.documented(OUTPUT)
def test_an_export_lies_in_the_bucket_with_its_manifests(desk: Desk) -> None:
    desk.record()
    desk.put("x", n={"N": "1.50"}, b={"B": b"\0\1"})
    desk.put("y")
    shown = desk.export(S3Prefix="out")
    assert (shown["ExportStatus"], shown["ItemCount"]) == ("COMPLETED", 2)
    assert shown["ExportManifest"].startswith("out/AWSDynamoDB/")
    items = sorted(desk.exported(shown), key=lambda item: item["a"]["S"])
    assert items == [{"a": {"S": "x"}, "n": {"N": "1.5"}, "b": {"B": "AAE="}}, {"a": {"S": "y"}}]


@pytest.mark.documented(EXPORT)
def test_an_export_is_of_the_instant_that_was_asked_for(cloud: Cloud, desk: Desk) -> None:
    from datetime import UTC, datetime

    desk.record()
    desk.put("early")
    cloud.advance(minutes=10)
    at = cloud.clock.now()
    cloud.advance(seconds=1)
    desk.put("late")
    desk.db.delete_item(TableName="things", Key={"a": {"S": "early"}})
    shown = desk.export(ExportTime=datetime.fromtimestamp(at, UTC))
    assert desk.exported(shown) == [{"a": {"S": "early"}}]
    assert desk.exported(desk.export()) == [{"a": {"S": "late"}}]
    assert len(desk.db.list_exports(TableArn=ARN, MaxResults=1)["ExportSummaries"]) == 1
    assert len(desk.db.list_exports()["ExportSummaries"]) == 2


@pytest.mark.documented(EXPORT)
def test_an_export_needs_recovery_and_a_bucket(desk: Desk) -> None:
    with pytest.raises(ClientError) as caught:
        desk.export()
    assert caught.value.response["Error"]["Code"] == "PointInTimeRecoveryUnavailableException"
    desk.record()
    with pytest.raises(ClientError, match="NoSuchBucket"):
        desk.db.export_table_to_point_in_time(TableArn=ARN, S3Bucket="no-such-bucket-here")


@pytest.mark.documented(FORMAT)
def test_what_was_exported_can_be_imported(desk: Desk) -> None:
    desk.record()
    for number in range(1200):
        desk.put(f"item{number:04}", n={"N": str(number)}, m={"M": {"b": {"B": b"\0"}, "l": {"L": [{"BOOL": True}]}}})
    (line,) = (line for line in [json.loads(desk.read(desk.export()["ExportManifest"]))["manifestFilesS3Key"]] if line)
    name = json.loads(desk.read(line).splitlines()[0])["dataFileS3Key"]
    shown = desk.load(desk.read(name), InputCompressionType="GZIP")
    assert (shown["ImportStatus"], shown["ImportedItemCount"], shown["ErrorCount"]) == ("COMPLETED", 1200, 0)
    one = desk.db.get_item(TableName="loaded", Key={"a": {"S": "item0007"}})["Item"]
    assert one["m"] == {"M": {"b": {"B": b"\0"}, "l": {"L": [{"BOOL": True}]}}}
    assert desk.db.describe_table(TableName="loaded")["Table"]["ItemCount"] == 1200


@pytest.mark.documented(FORMAT)
def test_csv_becomes_texts(desk: Desk) -> None:
    shown = desk.load(b'a,title\nx,"one, two"\ny,\n', "CSV")
    assert shown["ImportedItemCount"] == 2
    assert desk.loaded() == [{"a": {"S": "x"}, "title": {"S": "one, two"}}, {"a": {"S": "y"}, "title": {"S": ""}}]


@pytest.mark.documented(IMPORT)
def test_all_objects_under_a_prefix_are_imported(desk: Desk) -> None:
    for number in range(5):
        desk.s3.put_object(Bucket="shelf", Key=f"in/{number}", Body=b'{"Item":{"a":{"S":"x%d"}}}' % number)
    desk.s3.put_object(Bucket="shelf", Key="other/5", Body=b'{"Item":{"a":{"S":"x5"}}}')
    desk.load(b'{"Item":{"a":{"S":"y"}}}')
    assert [item["a"]["S"] for item in desk.loaded()] == ["x0", "x1", "x2", "x3", "x4", "y"]


@pytest.mark.documented(FORMAT)
def test_csv_can_have_its_header_in_the_request(desk: Desk) -> None:
    desk.load(b"x;1\n", "CSV", InputFormatOptions={"Csv": {"Delimiter": ";", "HeaderList": ["a", "n"]}})
    assert desk.loaded() == [{"a": {"S": "x"}, "n": {"S": "1"}}]


@pytest.mark.documented(IMPORT)
def test_what_is_no_item_is_counted_and_left_out(desk: Desk) -> None:
    lines = [
        '{"Item":{"a":{"S":"x"}}}', "not json", '{"Item":{"b":{"S":"no key"}}}', '{"Item":{"a":{"N":"1"}}}',
        '{"Item":{"a":{"S":"y"},"n":{"N":"no number"}}}',
    ]  # fmt: skip
    shown = desk.load("\n".join(lines).encode())
    assert (shown["ProcessedItemCount"], shown["ImportedItemCount"], shown["ErrorCount"]) == (5, 1, 4)
    assert desk.loaded() == [{"a": {"S": "x"}}]
    assert desk.db.list_imports()["ImportSummaryList"][0]["ImportStatus"] == "COMPLETED"


@pytest.mark.documented(IMPORT)
def test_an_import_reads_with_the_permissions_of_who_asked(cloud: Cloud, desk: Desk) -> None:
    iam = cloud.client("iam")
    iam.create_user(UserName="ann")
    statement = {"Effect": "Allow", "Action": ["dynamodb:*", "s3:ListBucket"], "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName="ann", PolicyName="some", PolicyDocument=policy)
    made = iam.create_access_key(UserName="ann")["AccessKey"]
    desk.db = cloud.client("dynamodb", access_key=made["AccessKeyId"], secret_key=made["SecretAccessKey"])
    shown = desk.load(b'{"Item":{"a":{"S":"x"}}}')
    assert shown["ImportStatus"] == "FAILED"
    assert desk.loaded() == []
