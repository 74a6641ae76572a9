"""Forms that a browser posts."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from botocore.config import Config

from haar import Cloud
from haar.wire.http import HttpReply, HttpRequest

POLICY = "https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html"
POST = "https://docs.aws.amazon.com/AmazonS3/latest/API/RESTObjectPOST.html"
pytestmark = pytest.mark.documented(POST)
V4 = Config(signature_version="s3v4")


@pytest.fixture
def s3(cloud: Cloud) -> Any:
    client = cloud.client("s3", config=V4)
    client.create_bucket(Bucket="forms")
    return client


def form(fields: dict[str, str], data: bytes, file_name: str = "cat.png") -> bytes:
    parts = [
        f'--xx\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    head = f'--xx\r\nContent-Disposition: form-data; name="file"; filename="{file_name}"\r\n\r\n'.encode()
    return b"".join(parts) + head + data + b"\r\n--xx--\r\n"


def post(cloud: Cloud, body: bytes, headers: dict[str, str] | None = None, bucket: str = "forms") -> HttpReply:
    sent = {"host": "s3.localhost:4566", "content-type": "multipart/form-data; boundary=xx", **(headers or {})}
    return cloud.handle(HttpRequest("POST", f"/{bucket}", "", sent, body))


def text(reply: HttpReply) -> str:
    return bytes(reply.body).decode()


def test_a_presigned_post_uploads_a_file(cloud: Cloud, s3: Any) -> None:
    made = s3.generate_presigned_post("forms", "up/cat.png")
    assert post(cloud, form(made["fields"], b"meow")).status == 204
    assert s3.get_object(Bucket="forms", Key="up/cat.png")["Body"].read() == b"meow"


def test_a_form_of_signature_version_2_uploads_too(cloud: Cloud, s3: Any) -> None:
    made = cloud.client("s3").generate_presigned_post("forms", "k")
    assert "AWSAccessKeyId" in made["fields"]
    assert post(cloud, form(made["fields"], b"meow")).status == 204


def test_filename_in_the_key_stands_for_the_name_of_the_file(cloud: Cloud, s3: Any) -> None:
    made = s3.generate_presigned_post("forms", "up/${filename}")
    assert post(cloud, form(made["fields"], b"x", "C:\\pictures\\dog.png")).status == 204
    assert s3.head_object(Bucket="forms", Key="up/dog.png")["ContentLength"] == 1


def test_status_201_answers_with_where_the_object_is(cloud: Cloud, s3: Any) -> None:
    fields = {"success_action_status": "201"}
    made = s3.generate_presigned_post("forms", "k", Fields=fields, Conditions=[fields])
    reply = post(cloud, form(made["fields"], b"x"))
    assert reply.status == 201
    assert "<Bucket>forms</Bucket><Key>k</Key>" in text(reply)


def test_a_redirect_takes_the_browser_on_with_the_etag(cloud: Cloud, s3: Any) -> None:
    fields = {"success_action_redirect": "https://example.com/done"}
    made = s3.generate_presigned_post("forms", "k", Fields=fields, Conditions=[fields])
    reply = post(cloud, form(made["fields"], b"x"))
    assert reply.status == 303
    assert dict(reply.headers)["Location"].startswith("https://example.com/done?bucket=forms&key=k&etag=%22")


def test_metadata_and_headers_of_the_form_are_those_of_the_object(cloud: Cloud, s3: Any) -> None:
    fields = {"Content-Type": "image/png", "x-amz-meta-mood": "hungry"}
    conditions = [["starts-with", "$Content-Type", "image/"], {"x-amz-meta-mood": "hungry"}]
    made = s3.generate_presigned_post("forms", "k", Fields=fields, Conditions=conditions)
    assert post(cloud, form(made["fields"], b"x")).status == 204
    found = s3.head_object(Bucket="forms", Key="k")
    assert (found["ContentType"], found["Metadata"]) == ("image/png", {"mood": "hungry"})


@pytest.mark.documented(POLICY)
def test_a_field_that_is_not_what_the_policy_says_is_refused(cloud: Cloud, s3: Any) -> None:
    made = s3.generate_presigned_post("forms", "k")
    reply = post(cloud, form({**made["fields"], "key": "other"}, b"x"))
    assert reply.status == 403
    assert 'Policy Condition failed: ["eq", "$key", "k"]' in text(reply).replace("&quot;", '"')


@pytest.mark.documented(POLICY)
def test_a_field_that_the_policy_does_not_mention_is_refused(cloud: Cloud, s3: Any) -> None:
    made = s3.generate_presigned_post("forms", "k")
    reply = post(cloud, form({"Cache-Control": "no-store", **made["fields"]}, b"x"))
    assert "<Message>Invalid according to Policy: Extra input fields: cache-control</Message>" in text(reply)


@pytest.mark.documented(POLICY)
def test_a_file_larger_than_the_range_of_the_policy_is_refused(cloud: Cloud, s3: Any) -> None:
    made = s3.generate_presigned_post("forms", "k", Conditions=[["content-length-range", 1, 3]])
    reply = post(cloud, form(made["fields"], b"four"))
    assert reply.status == 400
    assert "<Code>EntityTooLarge</Code>" in text(reply)
    assert "<MaxSizeAllowed>3</MaxSizeAllowed>" in text(reply)


@pytest.mark.documented(POLICY)
def test_a_file_smaller_than_the_range_of_the_policy_is_refused(cloud: Cloud, s3: Any) -> None:
    made = s3.generate_presigned_post("forms", "k", Conditions=[["content-length-range", 2, 3]])
    assert "<Code>EntityTooSmall</Code>" in text(post(cloud, form(made["fields"], b"x")))


@pytest.mark.documented(POLICY)
def test_a_policy_ends_by_the_clock_of_the_cloud(cloud: Cloud, s3: Any) -> None:
    made = s3.generate_presigned_post("forms", "k", ExpiresIn=60)
    cloud.advance(seconds=61)
    assert "Invalid according to Policy: Policy expired." in text(post(cloud, form(made["fields"], b"x")))


def test_a_policy_that_was_changed_is_not_signed_any_more(cloud: Cloud, s3: Any) -> None:
    made = s3.generate_presigned_post("forms", "k")
    document = {"expiration": "2999-01-01T00:00:00Z", "conditions": []}
    policy = base64.b64encode(json.dumps(document).encode()).decode()
    reply = post(cloud, form({**made["fields"], "policy": policy}, b"x"))
    assert reply.status == 403
    assert "<Code>SignatureDoesNotMatch</Code>" in text(reply)


def test_a_form_without_a_signature_is_anonymous(cloud: Cloud, s3: Any) -> None:
    reply = post(cloud, form({"key": "k"}, b"x"))
    assert (reply.status, "<Code>AccessDenied</Code>" in text(reply)) == (403, True)


def test_a_form_without_a_key_is_refused(cloud: Cloud, s3: Any) -> None:
    assert "Bucket POST must contain a field named 'key'." in text(post(cloud, form({}, b"x")))


def test_a_form_without_a_file_is_refused(cloud: Cloud, s3: Any) -> None:
    body = b'--xx\r\nContent-Disposition: form-data; name="key"\r\n\r\nk\r\n--xx--\r\n'
    assert "POST requires exactly one file upload per request." in text(post(cloud, body))


def test_a_form_that_breaks_off_is_refused(cloud: Cloud, s3: Any) -> None:
    assert "<Code>MalformedPOSTRequest</Code>" in text(post(cloud, form({"key": "k"}, b"x")[:-12]))


def test_a_post_that_is_no_form_is_refused(cloud: Cloud, s3: Any) -> None:
    assert post(cloud, b"x", {"content-type": "text/plain"}).status == 412


@pytest.mark.ours
def test_a_large_file_is_taken_out_of_its_form_in_pieces(cloud: Cloud, s3: Any) -> None:
    data = b"\r\n--x" * 700_000
    made = s3.generate_presigned_post("forms", "k")
    assert post(cloud, form(made["fields"], data)).status == 204
    assert s3.get_object(Bucket="forms", Key="k")["Body"].read() == data


@pytest.mark.ours
def test_a_page_may_not_post_with_the_keys_that_everybody_knows(cloud: Cloud, s3: Any) -> None:
    made = s3.generate_presigned_post("forms", "k")
    assert post(cloud, form(made["fields"], b"x"), {"origin": "https://evil.example"}).status == 403


@pytest.mark.ours
@pytest.mark.parametrize("name", ["x-amz-meta-a\nset-cookie: b", "x-amz-meta-a\rb", "x-amz-meta-a: b"])
def test_no_field_of_a_form_becomes_a_header_of_its_own(cloud: Cloud, s3: Any, name: str) -> None:
    made = s3.generate_presigned_post("forms", "k", Conditions=[["starts-with", f"${name}", ""]])
    reply = post(cloud, form({**made["fields"], name: "c"}, b"x"))
    assert (reply.status, "<Code>InvalidArgument</Code>" in text(reply)) == (400, True)


def test_a_form_for_no_bucket_is_refused(cloud: Cloud, s3: Any) -> None:
    made = s3.generate_presigned_post("forms", "k")
    assert "<Code>NoSuchBucket</Code>" in text(post(cloud, form(made["fields"], b"x"), bucket="nobodys"))
