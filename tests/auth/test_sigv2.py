"""Signature Version 2: what boto3 makes of a presigned S3 URL unless it is told otherwise."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.auth import HmacV1Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from haar import Cloud
from haar.wire.http import HttpRequest

pytestmark = pytest.mark.documented("https://docs.aws.amazon.com/AmazonS3/latest/userguide/RESTAuthentication.html")


@pytest.fixture
def s3(cloud: Cloud) -> Any:
    made = cloud.client("s3")
    made.create_bucket(Bucket="signed")
    made.put_object(Bucket="signed", Key="a folder/é", Body=b"content")
    return made


def presigner(**options: Any) -> Any:
    return boto3.client(
        "s3", endpoint_url="http://s3.localhost:4566", region_name="us-east-1", aws_access_key_id="test",
        aws_secret_access_key="test", **options,
    )  # fmt: skip


def fetch(cloud: Cloud, url: str, method: str = "GET", body: bytes = b"", **headers: str) -> Any:
    place = urlsplit(url)
    return cloud.handle(HttpRequest(method, place.path, place.query, {"host": place.netloc, **headers}, body))


def test_a_url_that_boto3_presigns_by_default_opens_the_object(cloud: Cloud, s3: Any) -> None:
    url = presigner().generate_presigned_url("get_object", {"Bucket": "signed", "Key": "a folder/é"})
    assert "AWSAccessKeyId=" in url
    assert fetch(cloud, url).body == b"content"


def test_it_opens_nothing_else(cloud: Cloud, s3: Any) -> None:
    url = presigner().generate_presigned_url("get_object", {"Bucket": "signed", "Key": "a folder/é"})
    reply = fetch(cloud, url.replace("a%20folder", "another"))
    assert (reply.status, b"SignatureDoesNotMatch" in reply.body) == (403, True)
    assert fetch(cloud, url, "DELETE").status == 403


def test_parameters_that_change_the_answer_are_signed(cloud: Cloud, s3: Any) -> None:
    wanted = {"Bucket": "signed", "Key": "a folder/é", "ResponseContentType": "text/x y"}
    url = presigner().generate_presigned_url("get_object", wanted)
    assert fetch(cloud, url).status == 200
    assert fetch(cloud, url.replace("text", "html")).status == 403


def test_an_upload_may_be_presigned_too(cloud: Cloud, s3: Any) -> None:
    wanted = {"Bucket": "signed", "Key": "new", "ContentType": "text/plain"}
    url = presigner().generate_presigned_url("put_object", wanted)
    headers = {"content-type": "text/plain"}
    assert fetch(cloud, url, "PUT", b"uploaded", **headers).status == 200
    assert s3.get_object(Bucket="signed", Key="new")["Body"].read() == b"uploaded"


def test_it_ends_when_it_says(cloud: Cloud, s3: Any) -> None:
    url = presigner().generate_presigned_url("get_object", {"Bucket": "signed", "Key": "a folder/é"}, ExpiresIn=-1)
    reply = fetch(cloud, url)
    assert (reply.status, b"Request has expired" in reply.body) == (403, True)


def test_a_wrong_secret_is_refused(cloud: Cloud, s3: Any) -> None:
    user = cloud.client("iam")
    user.create_user(UserName="reader")
    made = user.create_access_key(UserName="reader")["AccessKey"]
    other = boto3.client(
        "s3", endpoint_url="http://s3.localhost:4566", region_name="us-east-1",
        aws_access_key_id=made["AccessKeyId"], aws_secret_access_key="wrong",
    )  # fmt: skip
    url = other.generate_presigned_url("get_object", {"Bucket": "signed", "Key": "a folder/é"})
    assert b"SignatureDoesNotMatch" in fetch(cloud, url).body


def test_the_rights_are_the_signers(cloud: Cloud, s3: Any) -> None:
    iam = cloud.client("iam")
    iam.create_user(UserName="reader")
    made = iam.create_access_key(UserName="reader")["AccessKey"]
    other = boto3.client(
        "s3", endpoint_url="http://s3.localhost:4566", region_name="us-east-1",
        aws_access_key_id=made["AccessKeyId"], aws_secret_access_key=made["SecretAccessKey"],
    )  # fmt: skip
    url = other.generate_presigned_url("get_object", {"Bucket": "signed", "Key": "a folder/é"})
    assert b"AccessDenied" in fetch(cloud, url).body


def test_the_header_form_is_taken_as_well(cloud: Cloud, s3: Any) -> None:
    request = AWSRequest("GET", "http://s3.localhost:4566/signed/a%20folder/%C3%A9?versionId=null")
    HmacV1Auth(Credentials("test", "test")).add_auth(request)
    headers = {name.lower(): value for name, value in request.headers.items()}
    assert fetch(cloud, request.url, **headers).body == b"content"


def test_other_services_refuse_it(cloud: Cloud) -> None:
    reply = fetch(cloud, "http://sqs.localhost:4566/?Action=ListQueues&AWSAccessKeyId=test&Signature=c2ln&Expires=1")
    assert reply.status == 400
    assert b"Please use AWS4-HMAC-SHA256" in reply.body


def test_headers_in_the_query_count_as_if_they_had_been_sent(cloud: Cloud, s3: Any) -> None:
    params = {"Bucket": "signed", "Key": "told", "Metadata": {"colour": "red"}, "StorageClass": "STANDARD_IA"}
    assert fetch(cloud, presigner().generate_presigned_url("put_object", params), "PUT", b"x").status == 200
    told = s3.head_object(Bucket="signed", Key="told")
    assert (told["Metadata"], told["StorageClass"]) == ({"colour": "red"}, "STANDARD_IA")


def test_a_header_does_not_take_the_place_of_one_in_the_query(cloud: Cloud, s3: Any) -> None:
    params = {"Bucket": "signed", "Key": "told", "Metadata": {"colour": "red"}}
    url = presigner().generate_presigned_url("put_object", params)
    assert fetch(cloud, url, "PUT", b"x", **{"x-amz-meta-colour": "blue"}).status == 403


def test_an_address_of_a_bucket_is_none_of_its_settings(cloud: Cloud, s3: Any) -> None:
    url = presigner().generate_presigned_url("list_objects", {"Bucket": "signed"})
    assert fetch(cloud, url).status == 200
    assert fetch(cloud, f"{url}&abac").status == 403
