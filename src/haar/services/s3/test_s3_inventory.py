"""Inventories that are really written, and the configurations that are only kept."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from haar import Cloud
from haar.services.s3 import inventories

GUIDE = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/"
INVENTORY = GUIDE + "storage-inventory.html"
LOCATION = GUIDE + "storage-inventory-location.html"
API = "https://docs.aws.amazon.com/AmazonS3/latest/API/"


class Desk:
    """A bucket and the destination of its inventory."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.s3 = cloud.client("s3")
        self.s3.create_bucket(Bucket="attic")
        self.s3.create_bucket(Bucket="lists")
        self.let_in()

    def let_in(self) -> None:
        """Have the destination's policy let S3 in on behalf of the bucket."""
        statement = {
            "Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "s3:PutObject",
            "Resource": "arn:aws:s3:::lists/*",
            "Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:s3:::attic"},
                          "StringEquals": {"aws:SourceAccount": "000000000000",
                                           "s3:x-amz-acl": "bucket-owner-full-control"}},
        }  # fmt: skip
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        self.s3.put_bucket_policy(Bucket="lists", Policy=policy)

    def want(self, name: str = "all", *, format_: str = "CSV", frequency: str = "Daily", **more: Any) -> None:
        """Have an inventory written."""
        destination = {"Bucket": "arn:aws:s3:::lists", "Format": format_, "Prefix": "here"}
        given = {
            "Id": name, "IsEnabled": True, "IncludedObjectVersions": "Current", "Schedule": {"Frequency": frequency},
            "Destination": {"S3BucketDestination": destination}, **more,
        }  # fmt: skip
        self.s3.put_bucket_inventory_configuration(Bucket="attic", Id=name, InventoryConfiguration=given)

    def names(self) -> list[str]:
        """The keys in the destination."""
        return [one["Key"] for one in self.s3.list_objects_v2(Bucket="lists").get("Contents", [])]

    def read(self, name: str) -> bytes:
        """An object of the destination."""
        body: bytes = self.s3.get_object(Bucket="lists", Key=name)["Body"].read()
        return body

    def manifest(self) -> dict[str, Any]:
        """The newest manifest."""
        found: dict[str, Any] = json.loads(self.read([n for n in self.names() if n.endswith("manifest.json")][-1]))
        return found

    def rows(self) -> list[dict[str, str]]:
        """The rows of the newest report."""
        manifest = self.manifest()
        columns = manifest["fileSchema"].split(", ")
        text = b"".join(gzip.decompress(self.read(one["key"])) for one in manifest["files"]).decode()
        return [dict(zip(columns, row, strict=True)) for row in csv.reader(io.StringIO(text))]


@pytest.fixture
def desk(cloud: Cloud) -> Desk:
    return Desk(cloud)


@pytest.mark.documented(LOCATION)
def test_a_report_is_data_and_a_manifest_with_its_checksum(desk: Desk) -> None:
    desk.s3.put_object(Bucket="attic", Key="a b", Body=b"words")
    desk.want(OptionalFields=["ETag", "Size", "StorageClass"])
    desk.cloud.advance(days=1)
    manifest = desk.manifest()
    assert manifest["sourceBucket"] == "attic"
    assert manifest["destinationBucket"] == "arn:aws:s3:::lists"
    assert manifest["version"] == "2016-11-30"
    assert manifest["fileFormat"] == "CSV"
    assert manifest["fileSchema"] == "Bucket, Key, Size, ETag, StorageClass"
    (data,) = manifest["files"]
    body = desk.read(data["key"])
    assert data["key"].startswith("here/attic/all/data/")
    assert (data["size"], data["MD5checksum"]) == (len(body), hashlib.md5(body).hexdigest())
    text = desk.read(next(n for n in desk.names() if n.endswith("manifest.json")))
    checksum = desk.read(next(n for n in desk.names() if n.endswith("manifest.checksum")))
    assert checksum.decode() == hashlib.md5(text).hexdigest()
    etag = hashlib.md5(b"words").hexdigest()
    assert desk.rows() == [{"Bucket": "attic", "Key": "a+b", "Size": "5", "ETag": etag, "StorageClass": "STANDARD"}]


@pytest.mark.documented(INVENTORY)
def test_all_versions_are_listed_where_that_is_wanted(desk: Desk) -> None:
    desk.s3.put_bucket_versioning(Bucket="attic", VersioningConfiguration={"Status": "Enabled"})
    made = desk.s3.put_object(Bucket="attic", Key="a", Body=b"words")["VersionId"]
    marker = desk.s3.delete_object(Bucket="attic", Key="a")["VersionId"]
    desk.want(IncludedObjectVersions="All", OptionalFields=["Size"])
    desk.cloud.advance(days=1)
    head = {"Bucket": "attic", "Key": "a"}
    assert desk.rows() == [
        {**head, "VersionId": marker, "IsLatest": "true", "IsDeleteMarker": "true", "Size": ""},
        {**head, "VersionId": made, "IsLatest": "false", "IsDeleteMarker": "false", "Size": "5"},
    ]


@pytest.mark.documented(INVENTORY)
def test_every_optional_field_that_is_built_can_be_had(desk: Desk) -> None:
    desk.s3.put_object(Bucket="attic", Key="a", Body=b"x" * 200_000, StorageClass="INTELLIGENT_TIERING")
    desk.want(OptionalFields=list(inventories.FIELDS))
    desk.cloud.advance(days=35)
    (row,) = desk.rows()
    assert list(row)[2:] == list(inventories.FIELDS)
    assert row["IntelligentTieringAccessTier"] == "INFREQUENT"
    assert row["EncryptionStatus"] == "SSE-S3"
    assert (row["IsMultipartUploaded"], row["BucketKeyStatus"]) == ("false", "DISABLED")


@pytest.mark.documented(INVENTORY)
def test_a_filter_chooses_by_prefix(desk: Desk) -> None:
    for name in ("in/a", "out/a"):
        desk.s3.put_object(Bucket="attic", Key=name, Body=b"x")
    desk.want(Filter={"Prefix": "in/"})
    desk.cloud.advance(days=1)
    assert [row["Key"] for row in desk.rows()] == ["in/a"]


@pytest.mark.documented(INVENTORY)
@pytest.mark.parametrize(("frequency", "reports"), [("Daily", 14), ("Weekly", 2)])
def test_reports_come_as_often_as_wanted(desk: Desk, frequency: str, reports: int) -> None:
    desk.want(frequency=frequency)
    desk.cloud.advance(days=14)
    assert len([name for name in desk.names() if name.endswith("manifest.json")]) == reports


@pytest.mark.ours
def test_a_large_bucket_is_written_in_several_files(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inventories, "BATCH", 3)
    for number in range(7):
        desk.s3.put_object(Bucket="attic", Key=str(number), Body=b"x")
    desk.want()
    desk.cloud.advance(days=1)
    assert len(desk.manifest()["files"]) == 3
    assert [row["Key"] for row in desk.rows()] == [str(number) for number in range(7)]


@pytest.mark.documented(LOCATION)
def test_parquet_is_written_where_pyarrow_is_there(desk: Desk) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    desk.s3.put_object(Bucket="attic", Key="a b", Body=b"words")
    desk.want(format_="Parquet", OptionalFields=["Size"])
    desk.cloud.advance(days=1)
    (data,) = desk.manifest()["files"]
    rows = parquet.read_table(io.BytesIO(desk.read(data["key"]))).to_pylist()
    assert rows == [{"bucket": "attic", "key": "a b", "size": 5}]


@pytest.mark.documented(GUIDE + "configure-inventory.html")
def test_a_destination_that_lets_nobody_in_gets_nothing_until_it_does(desk: Desk) -> None:
    desk.s3.delete_bucket_policy(Bucket="lists")
    desk.want()
    desk.cloud.advance(days=1)
    assert desk.names() == []
    desk.let_in()
    desk.cloud.advance(days=1)
    assert desk.names() != []


@pytest.mark.documented(API + "API_PutBucketInventoryConfiguration.html")
def test_inventories_are_read_listed_and_deleted(desk: Desk) -> None:
    desk.want("b")
    desk.want("a", frequency="Weekly")
    listed = desk.s3.list_bucket_inventory_configurations(Bucket="attic")
    assert [one["Id"] for one in listed["InventoryConfigurationList"]] == ["a", "b"]
    found = desk.s3.get_bucket_inventory_configuration(Bucket="attic", Id="a")["InventoryConfiguration"]
    assert found["Schedule"] == {"Frequency": "Weekly"}
    for name in ("a", "b"):
        desk.s3.delete_bucket_inventory_configuration(Bucket="attic", Id=name)
    with pytest.raises(ClientError, match="NoSuchConfiguration"):
        desk.s3.get_bucket_inventory_configuration(Bucket="attic", Id="a")
    desk.cloud.advance(days=8)
    assert desk.names() == []


@pytest.mark.documented(API + "API_ListBucketInventoryConfigurations.html")
def test_configurations_are_listed_by_the_hundred(desk: Desk) -> None:
    for number in range(101):
        desk.want(f"i{number:03}", IsEnabled=False)
    first = desk.s3.list_bucket_inventory_configurations(Bucket="attic")
    assert (len(first["InventoryConfigurationList"]), first["IsTruncated"]) == (100, True)
    rest = desk.s3.list_bucket_inventory_configurations(
        Bucket="attic", ContinuationToken=first["NextContinuationToken"]
    )
    assert ([one["Id"] for one in rest["InventoryConfigurationList"]], rest["IsTruncated"]) == (["i100"], False)


@pytest.mark.ours
def test_orc_is_refused(desk: Desk) -> None:
    with pytest.raises(ClientError, match="NotImplemented"):
        desk.want(format_="ORC")


@pytest.mark.documented(API + "API_PutBucketMetricsConfiguration.html")
def test_metrics_configurations_are_kept(desk: Desk) -> None:
    given = {"Id": "m", "Filter": {"Prefix": "in/"}}
    desk.s3.put_bucket_metrics_configuration(Bucket="attic", Id="m", MetricsConfiguration=given)
    assert desk.s3.get_bucket_metrics_configuration(Bucket="attic", Id="m")["MetricsConfiguration"] == given
    listed = desk.s3.list_bucket_metrics_configurations(Bucket="attic")["MetricsConfigurationList"]
    assert listed == [given]
    desk.s3.delete_bucket_metrics_configuration(Bucket="attic", Id="m")
    with pytest.raises(ClientError, match="NoSuchConfiguration"):
        desk.s3.get_bucket_metrics_configuration(Bucket="attic", Id="m")


@pytest.mark.documented(API + "API_PutBucketAnalyticsConfiguration.html")
def test_analytics_configurations_are_kept(desk: Desk) -> None:
    export = {
        "OutputSchemaVersion": "V_1",
        "Destination": {"S3BucketDestination": {"Format": "CSV", "Bucket": "arn:aws:s3:::lists"}},
    }
    given = {"Id": "a", "StorageClassAnalysis": {"DataExport": export}}
    desk.s3.put_bucket_analytics_configuration(Bucket="attic", Id="a", AnalyticsConfiguration=given)
    assert desk.s3.get_bucket_analytics_configuration(Bucket="attic", Id="a")["AnalyticsConfiguration"] == given
    listed = desk.s3.list_bucket_analytics_configurations(Bucket="attic")["AnalyticsConfigurationList"]
    assert listed == [given]
    desk.s3.delete_bucket_analytics_configuration(Bucket="attic", Id="a")
    with pytest.raises(ClientError, match="NoSuchConfiguration"):
        desk.s3.get_bucket_analytics_configuration(Bucket="attic", Id="a")
