"""Server access logs: what is in them, and where they go."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError

from haar import Cloud
from haar.errors import ServiceError
from haar.services.s3 import access_logs
from haar.services.s3.resources import canonical_id
from haar.wire.http import HttpRequest

GUIDE = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/"
LOGS = GUIDE + "ServerLogs.html"
FORMAT = GUIDE + "LogFormat.html"
ENABLE = GUIDE + "enable-server-access-logging.html"
PUT = "https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketLogging.html"
FIELD = re.compile(r'\[[^]]*\]|"[^"]*"|\S+')


class Desk:
    """A bucket that logs, and the target of the log."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.s3 = cloud.client("s3")
        self.s3.create_bucket(Bucket="attic")
        self.s3.create_bucket(Bucket="logs")
        self.let_in()

    def let_in(self) -> None:
        """Have the target's policy let the log of the bucket in."""
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": "logging.s3.amazonaws.com"},
            "Action": "s3:PutObject",
            "Resource": "arn:aws:s3:::logs/in/*",
            "Condition": {
                "ArnLike": {"aws:SourceArn": "arn:aws:s3:::attic"},
                "StringEquals": {"aws:SourceAccount": "000000000000"},
            },
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        self.s3.put_bucket_policy(Bucket="logs", Policy=policy)

    def log(self, **more: Any) -> None:
        """Have the bucket log."""
        given = {"TargetBucket": "logs", "TargetPrefix": "in/", **more}
        self.s3.put_bucket_logging(Bucket="attic", BucketLoggingStatus={"LoggingEnabled": given})

    def delivered(self) -> list[str]:
        """The keys in the target."""
        return [one["Key"] for one in self.s3.list_objects_v2(Bucket="logs").get("Contents", [])]

    def lines(self) -> list[list[str]]:
        """The fields of every line that was delivered."""
        text = "".join(self.s3.get_object(Bucket="logs", Key=name)["Body"].read().decode() for name in self.delivered())
        return [FIELD.findall(line) for line in text.splitlines()]


@pytest.fixture
def desk(cloud: Cloud) -> Desk:
    return Desk(cloud)


def refused(call: Any, **given: Any) -> str:
    """The code of the error that is answered."""
    with pytest.raises(ClientError) as caught:
        call(**given)
    return str(caught.value.response["Error"]["Code"])


@pytest.mark.fact("S3LOG-001")
def test_every_request_has_a_line_with_status_and_requester(desk: Desk) -> None:
    desk.log()
    desk.s3.put_object(Bucket="attic", Key="a b", Body=b"words")
    desk.s3.get_object(Bucket="attic", Key="a b")
    stranger = desk.cloud.client("s3", access_key="111111111111")
    assert refused(stranger.get_object, Bucket="attic", Key="a b") == "AccessDenied"
    assert desk.delivered() == []
    desk.cloud.advance(hours=1)
    lines = desk.lines()
    mine, theirs = canonical_id("000000000000"), canonical_id("111111111111")
    assert [(line[4], line[6], line[7], line[9], line[10]) for line in lines] == [
        (mine, "REST.PUT.OBJECT", "a%20b", "200", "-"),
        (mine, "REST.GET.OBJECT", "a%20b", "200", "-"),
        (theirs, "REST.GET.OBJECT", "a%20b", "403", "AccessDenied"),
    ]


@pytest.mark.documented(FORMAT)
def test_a_line_has_the_fields_of_the_documentation(desk: Desk) -> None:
    desk.log()
    desk.s3.put_object(Bucket="attic", Key="a", Body=b"words")
    reply = desk.s3.get_object(Bucket="attic", Key="a", Range="bytes=0-2")
    desk.cloud.advance(hours=2)
    line = desk.lines()[1]
    assert len(line) == 27
    assert line[0] == canonical_id("000000000000")
    assert line[1] == "attic"
    assert re.fullmatch(r"\[\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d \+0000\]", line[2])
    assert line[3] == "127.0.0.1"
    assert line[5] == reply["ResponseMetadata"]["HTTPHeaders"]["x-amz-request-id"]
    assert line[8] == '"GET /attic/a HTTP/1.1"'
    assert line[9:13] == ["206", "-", "3", "5"]
    assert line[16].startswith('"Boto3/')
    assert line[18] == reply["ResponseMetadata"]["HTTPHeaders"]["x-amz-id-2"]
    assert line[19:23] == ["SigV4", "-", "AuthHeader", "haar.localhost:4566"]
    assert line[26] == "us-east-1"


@pytest.mark.documented(FORMAT)
def test_missing_keys_presigned_and_unsigned_requests_are_told_apart(desk: Desk) -> None:
    desk.log()
    assert refused(desk.s3.head_object, Bucket="attic", Key="none") == "404"
    nobody = desk.cloud.client("s3", access_key=None)
    assert refused(nobody.get_object, Bucket="attic", Key="none") == "AccessDenied"
    desk.cloud.advance(hours=1)
    head, unsigned = desk.lines()
    assert (head[6], head[9], head[10]) == ("REST.HEAD.OBJECT", "404", "NoSuchKey")
    assert (unsigned[4], unsigned[19], unsigned[21]) == ("-", "-", "-")


@pytest.mark.documented(LOGS)
def test_objects_of_the_log_are_named_by_prefix_and_date(desk: Desk) -> None:
    desk.log()
    desk.s3.list_objects_v2(Bucket="attic")
    desk.cloud.advance(hours=1)
    (name,) = desk.delivered()
    assert re.fullmatch(r"in/\d{4}-\d\d-\d\d-\d\d-\d\d-\d\d-[0-9A-F]{16}", name)


@pytest.mark.documented(LOGS)
@pytest.mark.parametrize("source", ["EventTime", "DeliveryTime"])
def test_objects_of_the_log_can_lie_in_folders_by_date(desk: Desk, source: str) -> None:
    desk.log(TargetObjectKeyFormat={"PartitionedPrefix": {"PartitionDateSource": source}})
    desk.s3.list_objects_v2(Bucket="attic")
    desk.cloud.advance(hours=1)
    (name,) = desk.delivered()
    pattern = r"in/000000000000/us-east-1/attic/(\d{4})/(\d\d)/(\d\d)/\1-\2-\3-(\d\d-\d\d-\d\d)-[0-9A-F]{16}"
    match = re.fullmatch(pattern, name)
    assert match
    assert (match[4] == "00-00-00") is (source == "EventTime")


@pytest.mark.documented(LOGS)
def test_without_requests_nothing_is_delivered(desk: Desk) -> None:
    desk.log()
    desk.cloud.advance(days=1)
    assert desk.delivered() == []


@pytest.mark.documented(PUT)
def test_the_configuration_is_read_back_and_switched_off(desk: Desk) -> None:
    assert "LoggingEnabled" not in desk.s3.get_bucket_logging(Bucket="attic")
    desk.log()
    found = desk.s3.get_bucket_logging(Bucket="attic")["LoggingEnabled"]
    assert found == {"TargetBucket": "logs", "TargetPrefix": "in/"}
    desk.s3.put_bucket_logging(Bucket="attic", BucketLoggingStatus={})
    assert "LoggingEnabled" not in desk.s3.get_bucket_logging(Bucket="attic")
    desk.s3.list_objects_v2(Bucket="attic")
    desk.cloud.advance(hours=2)
    assert desk.delivered() == []


@pytest.mark.documented(ENABLE)
def test_the_target_must_be_there_and_let_the_log_in(desk: Desk) -> None:
    given = {"Bucket": "attic", "BucketLoggingStatus": {"LoggingEnabled": {"TargetBucket": "none", "TargetPrefix": ""}}}
    assert refused(desk.s3.put_bucket_logging, **given) == "InvalidTargetBucketForLogging"
    desk.s3.delete_bucket_policy(Bucket="logs")
    given["BucketLoggingStatus"] = {"LoggingEnabled": {"TargetBucket": "logs", "TargetPrefix": "in/"}}
    assert refused(desk.s3.put_bucket_logging, **given) == "InvalidTargetBucketForLogging"


@pytest.mark.documented(ENABLE)
def test_source_and_target_are_in_one_region_and_account(desk: Desk) -> None:
    far = desk.cloud.client("s3", region="eu-west-1")
    far.create_bucket(Bucket="far", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    other = desk.cloud.client("s3", access_key="111111111111")
    other.create_bucket(Bucket="theirs")
    codes = [
        refused(
            desk.s3.put_bucket_logging,
            Bucket="attic",
            BucketLoggingStatus={"LoggingEnabled": {"TargetBucket": name, "TargetPrefix": ""}},
        )
        for name in ("far", "theirs")
    ]
    assert codes == ["CrossLocationLoggingProhibited", "InvalidTargetBucketForLogging"]


@pytest.mark.documented(ENABLE)
def test_an_acl_of_the_target_lets_the_log_in_as_well(desk: Desk) -> None:
    desk.s3.create_bucket(Bucket="old", ObjectOwnership="ObjectWriter", ACL="log-delivery-write")
    desk.log(TargetBucket="old")
    desk.s3.list_objects_v2(Bucket="attic")
    desk.cloud.advance(hours=1)
    (one,) = desk.s3.list_objects_v2(Bucket="old")["Contents"]
    assert b"REST.GET.BUCKET" in desk.s3.get_object(Bucket="old", Key=one["Key"])["Body"].read()


@pytest.mark.ours
def test_what_cannot_be_delivered_is_delivered_later(desk: Desk) -> None:
    desk.log()
    desk.s3.list_objects_v2(Bucket="attic")
    desk.s3.delete_bucket_policy(Bucket="logs")
    desk.cloud.advance(hours=3)
    assert desk.delivered() == []
    desk.let_in()
    desk.cloud.advance(hours=1)
    assert len(desk.lines()) == 1


@pytest.mark.ours
def test_lines_that_nobody_lets_in_are_given_up_after_a_day(desk: Desk) -> None:
    desk.log()
    desk.s3.list_objects_v2(Bucket="attic")
    desk.s3.delete_bucket_policy(Bucket="logs")
    desk.cloud.advance(days=2)
    desk.let_in()
    desk.cloud.advance(days=1)
    assert desk.delivered() == []


@pytest.mark.ours
def test_many_lines_are_delivered_in_several_objects(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access_logs, "BATCH", 3)
    desk.log()
    for number in range(8):
        desk.s3.put_object(Bucket="attic", Key=str(number), Body=b"")
    desk.cloud.advance(hours=1)
    assert sorted(line[7] for line in desk.lines()) == [str(number) for number in range(8)]
    assert len(desk.delivered()) == 3


@pytest.mark.documented(GUIDE + "lifecycle-and-other-bucket-config.html")
def test_what_lifecycle_does_has_lines(desk: Desk) -> None:
    desk.log()
    rule = {"ID": "r", "Status": "Enabled", "Filter": {}, "Expiration": {"Days": 1}}
    desk.s3.put_bucket_lifecycle_configuration(Bucket="attic", LifecycleConfiguration={"Rules": [rule]})
    desk.s3.put_object(Bucket="attic", Key="a", Body=b"x")
    desk.cloud.advance(days=4)
    found = [line for line in desk.lines() if line[6] == "S3.EXPIRE.OBJECT"]
    assert [(line[4], line[7]) for line in found] == [("AmazonS3", "a")]


@pytest.mark.documented(FORMAT)
@pytest.mark.parametrize(
    ("method", "operation", "name"),
    [
        ("GET", "GetBucketVersioning", "REST.GET.VERSIONING"), ("PUT", "CopyObject", "REST.COPY.OBJECT"),
        ("GET", "GetBucketLogging", "REST.GET.LOGGING_STATUS"), ("POST", "CreateMultipartUpload", "REST.POST.UPLOADS"),
        ("POST", "DeleteObjects", "REST.POST.MULTI_OBJECT_DELETE"), ("GET", "GetBucketPolicy", "REST.GET.BUCKETPOLICY"),
        ("GET", "GetObjectTagging", "REST.GET.OBJECT_TAGGING"), ("GET", "GetBucketLocation", "REST.GET.LOCATION"),
    ],
)  # fmt: skip
def test_operations_have_the_logs_own_names(method: str, operation: str, name: str) -> None:
    assert access_logs.operation_of(method, operation) == name


@pytest.mark.ours
def test_a_large_body_that_is_refused_before_it_is_read_has_a_line(desk: Desk) -> None:
    desk.log()
    stranger = desk.cloud.client("s3", access_key="111111111111")
    url = urlsplit(stranger.generate_presigned_url("put_object", Params={"Bucket": "attic", "Key": "big"}))
    attempt = desk.cloud.gateway.attempt(
        HttpRequest("PUT", url.path, url.query, {"host": url.netloc, "content-length": str(2**30)}, None)
    )
    with pytest.raises(ServiceError) as caught:
        attempt.receive()
    assert attempt.answer_to(caught.value).status == 403
    desk.cloud.advance(hours=1)
    (line,) = desk.lines()
    assert (line[6], line[7], line[9], line[10]) == ("REST.PUT.OBJECT", "big", "403", "AccessDenied")
