"""SelectObjectContent through the front door; the language and the formats are tested beside the engine."""

from __future__ import annotations

import gzip
import io
import json
from datetime import UTC, datetime
from importlib import import_module
from typing import Any

import pytest
from botocore.exceptions import ClientError, EventStreamError

from haar import Cloud

API = "https://docs.aws.amazon.com/AmazonS3/latest/API/"
OPERATION = API + "API_SelectObjectContent.html"
CODES = API + "ErrorResponses.html"
CSV = {"CSV": {"FileHeaderInfo": "USE"}}


@pytest.fixture
def s3(cloud: Cloud) -> Any:
    """A client, and a bucket with a small CSV."""
    client = cloud.client("s3")
    client.create_bucket(Bucket="data")
    client.put_object(Bucket="data", Key="table.csv", Body=b"a,b\nx,3\ny,7\nz,9\n")
    return client


def selected(client: Any, expression: str, key: str = "table.csv", **given: Any) -> list[dict[str, Any]]:
    """The events of a query."""
    reply = client.select_object_content(
        Bucket="data",
        Key=key,
        Expression=expression,
        ExpressionType="SQL",
        **({"InputSerialization": CSV, "OutputSerialization": {"CSV": {}}} | given),
    )
    return list(reply["Payload"])


def records(events: list[dict[str, Any]]) -> bytes:
    """The records in them."""
    return b"".join(event["Records"]["Payload"] for event in events if "Records" in event)


def code(client: Any, expression: str, **given: Any) -> str:
    """The error code of a query."""
    with pytest.raises(ClientError) as caught:
        selected(client, expression, **given)
    return str(caught.value.response["Error"]["Code"])


@pytest.mark.fact("S3SEL-001")
def test_select_returns_only_the_subset_that_was_asked_for(s3: Any) -> None:
    events = selected(s3, "SELECT s.a FROM S3Object s WHERE s.b > 5")
    stats = next(event["Stats"]["Details"] for event in events if "Stats" in event)
    assert records(events) == b"y\nz\n"
    assert stats["BytesReturned"] == 4 < stats["BytesScanned"] == 16


@pytest.mark.fact("S3SEL-002")
def test_select_works_on_one_object_only(s3: Any) -> None:
    assert code(s3, "SELECT * FROM S3Object s JOIN S3Object t") == "ParseMalformedJoin"
    assert code(s3, "SELECT * FROM S3Object s, S3Object t") == "ParseUnsupportedSyntax"


@pytest.mark.documented(OPERATION)
def test_the_stream_ends_with_an_end_event(s3: Any) -> None:
    assert [name for event in selected(s3, "SELECT * FROM S3Object") for name in event] == ["Records", "Stats", "End"]


@pytest.mark.documented(CODES)
def test_a_wrong_expression_is_an_error_of_the_request(s3: Any) -> None:
    with pytest.raises(ClientError, match="Unexpected token found LITERAL:5 at line 1, column 24") as caught:
        selected(s3, "SELECT * FROM S3Object 5")
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


@pytest.mark.documented(OPERATION)
def test_a_failure_on_the_way_is_an_error_in_the_stream(s3: Any) -> None:
    s3.put_object(Bucket="data", Key="long.csv", Body=b"b\n" + b"1\n" * 200_000 + b"x\n")
    with pytest.raises(EventStreamError, match="CastFailed"):
        selected(s3, "SELECT CAST(b AS INT) FROM S3Object", "long.csv")


@pytest.mark.documented(OPERATION)
def test_a_large_compressed_object_is_read(s3: Any) -> None:
    lines = b"".join(b'{"number":%d}\n' % number for number in range(100_000))
    s3.put_object(Bucket="data", Key="lines.json.gz", Body=gzip.compress(lines, 0))
    given = {
        "InputSerialization": {"JSON": {"Type": "LINES"}, "CompressionType": "GZIP"},
        "OutputSerialization": {"JSON": {}},
    }
    events = selected(s3, "SELECT SUM(s.number) AS total FROM S3Object s", "lines.json.gz", **given)
    assert records(events) == b'{"total":4999950000}\n'


@pytest.mark.documented(OPERATION)
def test_a_large_parquet_object_is_read_where_it_is_needed(s3: Any) -> None:
    arrow, parquet = import_module("pyarrow"), import_module("pyarrow.parquet")
    sink = io.BytesIO()
    table = arrow.table({"id": list(range(50_000)), "text": [f"text number {number}" for number in range(50_000)]})
    parquet.write_table(table, sink, row_group_size=10_000)
    s3.put_object(Bucket="data", Key="table.parquet", Body=sink.getvalue())
    given: dict[str, Any] = {"InputSerialization": {"Parquet": {}}, "OutputSerialization": {"JSON": {}}}
    events = selected(s3, "SELECT s.text FROM S3Object s WHERE s.id = 31234", "table.parquet", **given)
    assert records(events) == b'{"text":"text number 31234"}\n'


@pytest.mark.documented(OPERATION)
def test_a_range_of_a_large_object_is_read(s3: Any) -> None:
    lines = b"".join(b"%07d\n" % number for number in range(50_000))
    s3.put_object(Bucket="data", Key="long.csv", Body=lines)
    given = {"InputSerialization": {"CSV": {}}, "ScanRange": {"Start": 300_000, "End": 300_015}}
    assert records(selected(s3, "SELECT * FROM S3Object", "long.csv", **given)) == b"0037500\n0037501\n"


@pytest.mark.documented(OPERATION)
def test_an_object_that_is_not_there_is_an_error(s3: Any) -> None:
    with pytest.raises(ClientError, match="NoSuchKey"):
        selected(s3, "SELECT * FROM S3Object", "nothing.csv")


@pytest.mark.documented(OPERATION)
def test_select_needs_a_signature_even_where_anybody_may_read(s3: Any, cloud: Cloud) -> None:
    s3.delete_public_access_block(Bucket="data")
    allow = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*"}
    s3.put_bucket_policy(Bucket="data", Policy=json.dumps({"Version": "2012-10-17", "Statement": [allow]}))
    stranger = cloud.client("s3", access_key=None)
    assert stranger.get_object(Bucket="data", Key="table.csv")["ContentLength"] == 16
    assert code(stranger, "SELECT * FROM S3Object") == "AccessDenied"


@pytest.mark.documented(OPERATION)
def test_select_needs_the_permission_to_read(s3: Any, cloud: Cloud) -> None:
    iam = cloud.client("iam")
    iam.create_user(UserName="reader")
    key = iam.create_access_key(UserName="reader")["AccessKey"]
    reader = cloud.client("s3", access_key=key["AccessKeyId"], secret_key=key["SecretAccessKey"])
    assert code(reader, "SELECT * FROM S3Object") == "AccessDenied"
    allow = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/table.csv"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    iam.put_user_policy(UserName="reader", PolicyName="read", PolicyDocument=document)
    assert records(selected(reader, "SELECT a FROM S3Object LIMIT 1")) == b"x\n"


@pytest.mark.documented(OPERATION)
@pytest.mark.parametrize(
    ("storage_class", "expected"),
    [
        ("GLACIER", "InvalidObjectState"),
        ("DEEP_ARCHIVE", "InvalidObjectState"),
        ("REDUCED_REDUNDANCY", "UnsupportedStorageClass"),
    ],
)
def test_some_storage_classes_can_not_be_queried(s3: Any, storage_class: str, expected: str) -> None:
    s3.put_object(Bucket="data", Key="cold.csv", Body=b"a\n1\n", StorageClass=storage_class)
    assert code(s3, "SELECT * FROM S3Object", key="cold.csv") == expected


@pytest.mark.documented(CODES)
def test_a_wrong_expression_type_has_its_own_code(s3: Any) -> None:
    with pytest.raises(ClientError, match="InvalidExpressionType"):
        s3.select_object_content(
            Bucket="data",
            Key="table.csv",
            Expression="{}",
            ExpressionType="GRAPHQL",
            InputSerialization=CSV,
            OutputSerialization={"CSV": {}},
        )


@pytest.mark.documented(OPERATION)
def test_an_object_uploaded_in_parts_is_read_across_them(s3: Any) -> None:
    upload = s3.create_multipart_upload(Bucket="data", Key="parts.csv")["UploadId"]
    name = {"Bucket": "data", "Key": "parts.csv", "UploadId": upload}
    first = s3.upload_part(**name, PartNumber=1, Body=b"1\n" * (5 << 19))
    last = s3.upload_part(**name, PartNumber=2, Body=b"2\n3\n")
    parts = [{"PartNumber": 1, "ETag": first["ETag"]}, {"PartNumber": 2, "ETag": last["ETag"]}]
    s3.complete_multipart_upload(**name, MultipartUpload={"Parts": parts})
    given = {"InputSerialization": {"CSV": {}}, "ScanRange": {"Start": (5 << 20) - 2, "End": (5 << 20) + 1}}
    assert records(selected(s3, "SELECT * FROM S3Object", "parts.csv", **given)) == b"1\n2\n"


@pytest.mark.ours
def test_what_is_being_read_is_read_to_its_end(s3: Any) -> None:
    s3.put_object(Bucket="data", Key="long.csv", Body=b"b\n" + b"1234567\n" * 500_000)
    reply = s3.select_object_content(
        Bucket="data",
        Key="long.csv",
        Expression="SELECT * FROM S3Object",
        ExpressionType="SQL",
        InputSerialization=CSV,
        OutputSerialization={"CSV": {}},
    )
    s3.delete_object(Bucket="data", Key="long.csv")
    assert len(records(list(reply["Payload"]))) == 4_000_000


@pytest.mark.documented("https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-select-sql-reference-date.html")
def test_utcnow_is_the_time_of_the_cloud(s3: Any, cloud: Cloud) -> None:
    cloud.advance(days=1000)
    today = records(selected(s3, "SELECT TO_STRING(UTCNOW(), 'yyyy-MM-dd') FROM S3Object LIMIT 1"))
    assert today.decode().strip() == datetime.fromtimestamp(cloud.clock.now(), UTC).date().isoformat()
