"""Requests whose signature is in their query, to services other than S3: they are links that act."""

from __future__ import annotations

import pytest
from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from haar import Cloud
from haar.wire.http import HttpReply, HttpRequest

SIGNING = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-authentication-methods.html"
QUEUE = "http://sqs.us-east-1.amazonaws.com/000000000000/jobs"


def presigned(cloud: Cloud, url: str, service: str, seconds: int, **headers: str) -> HttpReply:
    """The answer to a GET of a link signed for so many seconds; `headers` come with it unsigned."""
    request = AWSRequest("GET", url)
    SigV4QueryAuth(Credentials("test", "test"), service, "us-east-1", expires=seconds).add_auth(request)
    path, _, query = request.url.removeprefix("http://").partition("?")
    host, _, path = path.partition("/")
    given = {"host": host, **{name.replace("_", "-"): value for name, value in headers.items()}}
    return cloud.handle(HttpRequest("GET", f"/{path}", query, given, b"", "127.0.0.1"))


@pytest.mark.documented(SIGNING)
def test_a_presigned_link_sends_a_message(cloud: Cloud) -> None:
    sqs = cloud.client("sqs")
    url = sqs.create_queue(QueueName="jobs")["QueueUrl"]
    link = f"{QUEUE}?Action=SendMessage&MessageBody=hello&Version=2012-11-05"
    assert presigned(cloud, link, "sqs", 60).status == 200
    assert sqs.receive_message(QueueUrl=url)["Messages"][0]["Body"] == "hello"


@pytest.mark.documented(SIGNING)
def test_a_presigned_link_says_who_signed_it(cloud: Cloud) -> None:
    link = "http://sts.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15"
    assert b"<Arn>arn:aws:iam::000000000000:root</Arn>" in presigned(cloud, link, "sts", 60).body


@pytest.mark.ours
@pytest.mark.parametrize("claim", ["STREAMING-UNSIGNED-PAYLOAD-TRAILER", "STREAMING-NOTHING-KNOWN"])
def test_an_unsigned_header_does_not_change_how_a_presigned_body_is_read(cloud: Cloud, claim: str) -> None:
    link = "http://sts.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15"
    assert presigned(cloud, link, "sts", 60, x_amz_content_sha256=claim).status == 200
