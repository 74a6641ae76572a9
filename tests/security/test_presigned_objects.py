"""Addresses that somebody signed for S3: they say what they were signed to say, and nothing that is added to them."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from botocore.auth import S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from haar import Cloud
from haar.wire.http import HttpReply, HttpRequest

pytestmark = pytest.mark.documented("https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html")

PLACE = "http://s3.localhost:4566/attic/key"


@pytest.fixture
def s3(cloud: Cloud) -> Any:
    made = cloud.client("s3")
    made.create_bucket(Bucket="attic")
    made.put_object(Bucket="attic", Key="key", Body=b"content")
    return made


def signed(method: str, address: str = PLACE, **parameters: str) -> str:
    """An address with these parameters, as the SDKs for JavaScript and Go presign it."""
    request = AWSRequest(method, f"{address}?{urlencode(parameters)}" if parameters else address)
    S3SigV4QueryAuth(Credentials("test", "test"), "s3", "us-east-1", expires=60).add_auth(request)
    return str(request.url)


def fetch(cloud: Cloud, method: str, url: str, body: bytes = b"", **headers: str) -> HttpReply:
    place = urlsplit(url)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return cloud.handle(HttpRequest(method, place.path, place.query, {"host": place.netloc, **named}, body))


def test_headers_in_the_query_count_as_if_they_had_been_sent(cloud: Cloud, s3: Any) -> None:
    url = signed("PUT", **{"x-amz-meta-colour": "red", "x-amz-tagging": "a=b"})
    assert fetch(cloud, "PUT", url, b"x").status == 200
    assert s3.head_object(Bucket="attic", Key="key")["Metadata"] == {"colour": "red"}
    assert s3.get_object_tagging(Bucket="attic", Key="key")["TagSet"] == [{"Key": "a", "Value": "b"}]


def test_a_copy_may_be_presigned_with_its_source_in_the_query(cloud: Cloud, s3: Any) -> None:
    url = signed("PUT", "http://s3.localhost:4566/attic/copy", **{"X-Amz-Copy-Source": "attic/key"})
    assert fetch(cloud, "PUT", url).status == 200
    assert s3.get_object(Bucket="attic", Key="copy")["Body"].read() == b"content"


@pytest.mark.ours
def test_a_checksum_that_was_signed_before_there_was_a_body_is_not_looked_at(cloud: Cloud, s3: Any) -> None:
    url = signed("PUT", **{"x-amz-checksum-crc32": "AAAAAA==", "x-amz-sdk-checksum-algorithm": "CRC32"})
    assert fetch(cloud, "PUT", url, b"x").status == 200


def test_parameters_that_are_added_later_are_not_signed(cloud: Cloud, s3: Any) -> None:
    url = signed("PUT")
    assert fetch(cloud, "PUT", f"{url}&x-amz-acl=public-read", b"x").status == 403
    assert fetch(cloud, "PUT", f"{url}&x-amz-copy-source=attic/key").status == 403
    assert fetch(cloud, "GET", f"{signed('GET')}&versionId=null").status == 403


def test_headers_that_are_added_later_are_not_signed(cloud: Cloud, s3: Any) -> None:
    reply = fetch(cloud, "PUT", signed("PUT"), b"x", x_amz_meta_colour="blue")
    assert (reply.status, b"<HeadersNotSigned>x-amz-meta-colour" in reply.body) == (403, True)


def test_parameters_of_a_request_that_nobody_signed_are_no_headers(cloud: Cloud, s3: Any) -> None:
    assert fetch(cloud, "PUT", f"{PLACE}?x-amz-acl=private&X-Amz-Signature=00", b"x").status == 400
    assert fetch(cloud, "PUT", f"{PLACE}?x-amz-acl=private", b"x").status == 403
