"""Cross-origin rules, and what browsers are told."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from haar import Cloud
from haar.wire.http import HttpReply, HttpRequest

CORS = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/cors.html"
OPTIONS = "https://docs.aws.amazon.com/AmazonS3/latest/API/RESTOPTIONSobject.html"
PUT = "https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketCors.html"
PAGE = "https://app.example.com"
RULE: dict[str, Any] = {
    "AllowedOrigins": ["https://*.example.com"], "AllowedMethods": ["GET", "PUT"], "AllowedHeaders": ["x-amz-*"],
    "ExposeHeaders": ["ETag"], "MaxAgeSeconds": 300, "ID": "pages",
}  # fmt: skip


@pytest.fixture
def s3(cloud: Cloud) -> Any:
    client = cloud.client("s3")
    client.create_bucket(Bucket="house")
    client.put_bucket_cors(Bucket="house", CORSConfiguration={"CORSRules": [RULE]})
    return client


def code(caught: pytest.ExceptionInfo[ClientError]) -> str:
    return str(caught.value.response["Error"]["Code"])


def preflight(cloud: Cloud, path: str = "/house/k", **headers: str) -> HttpReply:
    sent = {"host": "s3.localhost:4566", **{name.replace("_", "-"): value for name, value in headers.items()}}
    return cloud.handle(HttpRequest("OPTIONS", path, "", sent))


def told(reply: HttpReply) -> dict[str, str]:
    return {name.lower(): value for name, value in reply.headers if name.lower().startswith("access-control-")}


@pytest.mark.documented(PUT)
def test_rules_are_kept_as_they_were_given(s3: Any) -> None:
    assert s3.get_bucket_cors(Bucket="house")["CORSRules"] == [RULE]
    s3.delete_bucket_cors(Bucket="house")
    with pytest.raises(ClientError) as caught:
        s3.get_bucket_cors(Bucket="house")
    assert code(caught) == "NoSuchCORSConfiguration"


WRONG = [
    ({"AllowedMethods": ["PATCH"]}, "InvalidRequest"),
    ({"AllowedOrigins": ["https://*.*"]}, "InvalidRequest"),
    ({"AllowedHeaders": ["*-*"]}, "InvalidRequest"),
    ({"ExposeHeaders": ["x-*"]}, "InvalidRequest"),
]


@pytest.mark.documented(PUT)
@pytest.mark.parametrize(("given", "expected"), WRONG)
def test_a_rule_that_is_none_is_refused(s3: Any, given: dict[str, Any], expected: str) -> None:
    with pytest.raises(ClientError) as caught:
        s3.put_bucket_cors(Bucket="house", CORSConfiguration={"CORSRules": [{**RULE, **given}]})
    assert code(caught) == expected


@pytest.mark.documented(PUT)
def test_more_than_a_hundred_rules_are_refused(s3: Any) -> None:
    with pytest.raises(ClientError) as caught:
        s3.put_bucket_cors(Bucket="house", CORSConfiguration={"CORSRules": [RULE] * 101})
    assert code(caught) == "InvalidRequest"


@pytest.mark.documented(OPTIONS)
def test_a_browser_learns_what_a_page_may_do(cloud: Cloud, s3: Any) -> None:
    asked = {"access_control_request_method": "PUT", "access_control_request_headers": "x-amz-date"}
    reply = preflight(cloud, origin=PAGE, **asked)
    assert reply.status == 200
    assert told(reply) == {
        "access-control-allow-origin": PAGE,
        "access-control-allow-methods": "GET, PUT",
        "access-control-allow-headers": "x-amz-date",
        "access-control-expose-headers": "ETag",
        "access-control-max-age": "300",
        "access-control-allow-credentials": "true",
    }


@pytest.mark.documented(CORS)
def test_a_rule_for_everybody_does_not_send_cookies_along(cloud: Cloud, s3: Any) -> None:
    s3.put_bucket_cors(Bucket="house", CORSConfiguration={"CORSRules": [{**RULE, "AllowedOrigins": ["*"]}]})
    found = told(preflight(cloud, origin=PAGE, access_control_request_method="GET"))
    assert found["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in found


REFUSED = [
    {"origin": "https://elsewhere.example", "access_control_request_method": "GET"},
    {"origin": PAGE, "access_control_request_method": "DELETE"},
    {"origin": PAGE, "access_control_request_method": "GET", "access_control_request_headers": "authorization"},
]


@pytest.mark.documented(OPTIONS)
@pytest.mark.parametrize("headers", REFUSED)
def test_what_no_rule_allows_is_forbidden(cloud: Cloud, s3: Any, headers: dict[str, str]) -> None:
    reply = preflight(cloud, **headers)
    assert (reply.status, b"<Code>AccessForbidden</Code>" in reply.body, told(reply)) == (403, True, {})


@pytest.mark.documented(OPTIONS)
def test_a_bucket_without_rules_forbids_everything(cloud: Cloud, s3: Any) -> None:
    s3.delete_bucket_cors(Bucket="house")
    reply = preflight(cloud, origin=PAGE, access_control_request_method="GET")
    assert (reply.status, b"CORS is not enabled for this bucket." in reply.body) == (403, True)


@pytest.mark.documented(OPTIONS)
def test_a_preflight_must_say_where_the_page_comes_from(cloud: Cloud, s3: Any) -> None:
    assert preflight(cloud, access_control_request_method="GET").status == 400


@pytest.mark.documented(OPTIONS)
def test_a_bucket_is_asked_about_in_its_host_too(cloud: Cloud, s3: Any) -> None:
    sent = {"host": "house.s3.localhost:4566", "origin": PAGE, "access-control-request-method": "GET"}
    assert cloud.handle(HttpRequest("OPTIONS", "/", "", sent)).status == 200


@pytest.mark.documented(CORS)
def test_an_answer_to_a_page_says_that_the_page_may_read_it(cloud: Cloud, s3: Any) -> None:
    s3.put_object(Bucket="house", Key="k", Body=b"x")
    s3.delete_public_access_block(Bucket="house")
    statement = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::house/*"}
    s3.put_bucket_policy(Bucket="house", Policy=json.dumps({"Version": "2012-10-17", "Statement": statement}))
    reply = cloud.handle(HttpRequest("GET", "/house/k", "", {"host": "s3.localhost:4566", "origin": PAGE}))
    assert (reply.status, told(reply)["access-control-allow-origin"]) == (200, PAGE)


@pytest.mark.documented(CORS)
def test_an_error_says_that_the_page_may_read_it_too(cloud: Cloud, s3: Any) -> None:
    reply = cloud.handle(HttpRequest("GET", "/house/k", "", {"host": "s3.localhost:4566", "origin": PAGE}))
    assert (reply.status, told(reply)["access-control-allow-origin"]) == (403, PAGE)


@pytest.mark.documented(CORS)
def test_a_page_from_elsewhere_is_told_nothing(cloud: Cloud, s3: Any) -> None:
    sent = {"host": "s3.localhost:4566", "origin": "https://elsewhere.example"}
    assert told(cloud.handle(HttpRequest("GET", "/house/k", "", sent))) == {}
