"""Buckets as web sites."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from haar import Cloud
from haar.wire.http import HttpReply, HttpRequest

INDEX = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/IndexDocumentSupport.html"
ERRORS = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/CustomErrorDocSupport.html"
REDIRECTS = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/how-to-page-redirect.html"
ENDPOINTS = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/WebsiteEndpoints.html"
PUT = "https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketWebsite.html"
pytestmark = pytest.mark.documented(INDEX)
HOST = "site.s3-website-us-east-1.localhost:4566"
SITE: dict[str, Any] = {"IndexDocument": {"Suffix": "index.html"}, "ErrorDocument": {"Key": "error.html"}}


@pytest.fixture
def s3(cloud: Cloud) -> Any:
    """A client, and a site that is open to the world."""
    client = cloud.client("s3")
    client.create_bucket(Bucket="site")
    client.delete_public_access_block(Bucket="site")
    statement = {
        "Effect": "Allow", "Principal": "*", "Action": ["s3:GetObject", "s3:ListBucket"],
        "Resource": ["arn:aws:s3:::site", "arn:aws:s3:::site/*"],
    }  # fmt: skip
    client.put_bucket_policy(Bucket="site", Policy=json.dumps({"Version": "2012-10-17", "Statement": statement}))
    client.put_bucket_website(Bucket="site", WebsiteConfiguration=SITE)
    client.put_object(Bucket="site", Key="index.html", Body=b"<h1>home</h1>", ContentType="text/html")
    client.put_object(Bucket="site", Key="docs/index.html", Body=b"docs", ContentType="text/html")
    client.put_object(Bucket="site", Key="error.html", Body=b"sorry", ContentType="text/html")
    return client


def get(cloud: Cloud, path: str = "/", host: str = HOST, method: str = "GET", **headers: str) -> HttpReply:
    return cloud.handle(HttpRequest(method, path, "", {"host": host, **headers}))


def location(reply: HttpReply) -> str:
    return dict(reply.headers)["Location"]


def routed(s3: Any, *rules: dict[str, Any]) -> None:
    s3.put_bucket_website(Bucket="site", WebsiteConfiguration={**SITE, "RoutingRules": list(rules)})


# --- pages -----------------------------------------------------------------------------------------------------------


@pytest.mark.fact("S3WEB-001")
def test_the_root_of_a_site_is_its_index_document(cloud: Cloud, s3: Any) -> None:
    reply = get(cloud)
    assert (reply.status, reply.body, dict(reply.headers)["Content-Type"]) == (200, b"<h1>home</h1>", "text/html")


@pytest.mark.fact("S3WEB-001")
def test_a_page_that_is_missing_is_the_error_document_with_404(cloud: Cloud, s3: Any) -> None:
    reply = get(cloud, "/nothing.html")
    assert (reply.status, reply.body) == (404, b"sorry")


@pytest.mark.fact("S3WEB-002")
def test_a_program_is_not_run_but_sent(cloud: Cloud, s3: Any) -> None:
    s3.put_object(Bucket="site", Key="app.php", Body=b"<?php echo 1; ?>")
    assert get(cloud, "/app.php").body == b"<?php echo 1; ?>"


def test_a_folder_has_an_index_document_of_its_own(cloud: Cloud, s3: Any) -> None:
    assert get(cloud, "/docs/").body == b"docs"


def test_a_folder_without_its_slash_is_redirected_to_it(cloud: Cloud, s3: Any) -> None:
    reply = get(cloud, "/docs")
    assert (reply.status, location(reply)) == (302, f"http://{HOST}/docs/")


@pytest.mark.documented(ENDPOINTS)
@pytest.mark.parametrize(
    "host",
    [
        "site.s3-website.us-east-1.amazonaws.com",
        "site.s3-website-us-east-1.amazonaws.com",
        "site.s3-website.localhost:4566",
        "site.s3-website.eu-central-1.localhost",
    ],
)
def test_a_site_has_a_host_of_its_own(cloud: Cloud, s3: Any, host: str) -> None:
    assert get(cloud, "/", host).body == b"<h1>home</h1>"


@pytest.mark.documented(ENDPOINTS)
def test_a_page_is_not_sent_again_that_has_not_changed(cloud: Cloud, s3: Any) -> None:
    etag = dict(get(cloud).headers)["ETag"]
    assert get(cloud, **{"if-none-match": etag}).status == 304


@pytest.mark.documented(ENDPOINTS)
@pytest.mark.parametrize("method", ["PUT", "POST", "DELETE", "OPTIONS"])
def test_a_site_can_only_be_read(cloud: Cloud, s3: Any, method: str) -> None:
    assert get(cloud, method=method).status == 405


# --- errors ----------------------------------------------------------------------------------------------------------


@pytest.mark.documented(ENDPOINTS)
def test_what_is_not_public_is_not_shown(cloud: Cloud, s3: Any) -> None:
    s3.delete_bucket_policy(Bucket="site")
    reply = get(cloud)
    assert reply.status == 403
    assert b"<li>Code: AccessDenied</li>" in reply.body
    assert b"Custom Error Document" in reply.body


@pytest.mark.documented(ERRORS)
def test_without_an_error_document_an_error_is_a_page_of_html(cloud: Cloud, s3: Any) -> None:
    s3.put_bucket_website(Bucket="site", WebsiteConfiguration={"IndexDocument": {"Suffix": "index.html"}})
    reply = get(cloud, "/a<b")
    assert reply.status == 404
    assert b"<li>Code: NoSuchKey</li>" in reply.body
    assert b"<li>Key: a&lt;b</li>" in reply.body


@pytest.mark.documented(ERRORS)
def test_a_bucket_that_is_no_site_says_so(cloud: Cloud, s3: Any) -> None:
    s3.delete_bucket_website(Bucket="site")
    reply = get(cloud)
    assert (reply.status, b"NoSuchWebsiteConfiguration" in reply.body) == (404, True)
    with pytest.raises(ClientError) as caught:
        s3.get_bucket_website(Bucket="site")
    assert caught.value.response["Error"]["Code"] == "NoSuchWebsiteConfiguration"


@pytest.mark.documented(ERRORS)
def test_a_site_without_a_bucket_is_not_there(cloud: Cloud, s3: Any) -> None:
    reply = get(cloud, "/", HOST.replace("site.", "ghost.", 1))
    assert (reply.status, b"NoSuchBucket" in reply.body) == (404, True)


# --- redirects -------------------------------------------------------------------------------------------------------


@pytest.mark.documented(REDIRECTS)
def test_a_site_can_be_elsewhere_altogether(cloud: Cloud, s3: Any) -> None:
    elsewhere = {"HostName": "example.com", "Protocol": "https"}
    s3.put_bucket_website(Bucket="site", WebsiteConfiguration={"RedirectAllRequestsTo": elsewhere})
    reply = get(cloud, "/a/b")
    assert (reply.status, location(reply)) == (301, "https://example.com/a/b")
    assert s3.get_bucket_website(Bucket="site")["RedirectAllRequestsTo"] == elsewhere


@pytest.mark.documented(REDIRECTS)
def test_an_object_can_lead_elsewhere(cloud: Cloud, s3: Any) -> None:
    s3.put_object(Bucket="site", Key="old", WebsiteRedirectLocation="/new")
    reply = get(cloud, "/old")
    assert (reply.status, location(reply)) == (301, "/new")


@pytest.mark.documented(REDIRECTS)
def test_a_rule_moves_everything_under_a_prefix(cloud: Cloud, s3: Any) -> None:
    routed(s3, {"Condition": {"KeyPrefixEquals": "docs/"}, "Redirect": {"ReplaceKeyPrefixWith": "documents/"}})
    reply = get(cloud, "/docs/a.html")
    assert (reply.status, location(reply)) == (301, f"http://{HOST}/documents/a.html")


@pytest.mark.documented(REDIRECTS)
def test_a_rule_is_for_pages_that_are_missing(cloud: Cloud, s3: Any) -> None:
    missing = {"HttpErrorCodeReturnedEquals": "404"}
    routed(
        s3,
        {
            "Condition": missing,
            "Redirect": {"HostName": "example.com", "ReplaceKeyWith": "404", "HttpRedirectCode": "307"},
        },
    )
    reply = get(cloud, "/nothing")
    assert (reply.status, location(reply)) == (307, "http://example.com/404")
    assert get(cloud).body == b"<h1>home</h1>"


@pytest.mark.documented(REDIRECTS)
def test_the_first_rule_that_fits_decides(cloud: Cloud, s3: Any) -> None:
    routed(
        s3,
        {"Condition": {"KeyPrefixEquals": "a"}, "Redirect": {"ReplaceKeyWith": "first"}},
        {"Redirect": {"ReplaceKeyWith": "second"}},
    )
    assert location(get(cloud, "/abc")).endswith("/first")
    assert location(get(cloud, "/xyz")).endswith("/second")


# --- the configuration -----------------------------------------------------------------------------------------------

WRONG: list[tuple[dict[str, Any], str]] = [
    ({}, "InvalidArgument"),
    ({"IndexDocument": {"Suffix": "a/b"}}, "InvalidArgument"),
    ({**SITE, "RedirectAllRequestsTo": {"HostName": "example.com"}}, "MalformedXML"),
    ({"RedirectAllRequestsTo": {"HostName": "example.com", "Protocol": "ftp"}}, "InvalidRequest"),
    ({**SITE, "RoutingRules": [{"Redirect": {"ReplaceKeyWith": "a", "ReplaceKeyPrefixWith": "b"}}]}, "InvalidRequest"),
    ({**SITE, "RoutingRules": [{"Redirect": {"HttpRedirectCode": "200"}}]}, "InvalidRequest"),
    ({**SITE, "RoutingRules": [{"Redirect": {"ReplaceKeyWith": "a"}}] * 51}, "InvalidRequest"),
]


@pytest.mark.documented(PUT)
@pytest.mark.parametrize(("configuration", "expected"), WRONG)
def test_a_configuration_that_is_none_is_refused(s3: Any, configuration: dict[str, Any], expected: str) -> None:
    with pytest.raises(ClientError) as caught:
        s3.put_bucket_website(Bucket="site", WebsiteConfiguration=configuration)
    assert caught.value.response["Error"]["Code"] == expected


@pytest.mark.documented(PUT)
def test_a_configuration_is_kept_as_it_was_given(s3: Any) -> None:
    routed(s3, {"Condition": {"KeyPrefixEquals": "a"}, "Redirect": {"ReplaceKeyWith": "b"}})
    found = s3.get_bucket_website(Bucket="site")
    assert (found["IndexDocument"], found["ErrorDocument"]) == (SITE["IndexDocument"], SITE["ErrorDocument"])
    assert found["RoutingRules"] == [{"Condition": {"KeyPrefixEquals": "a"}, "Redirect": {"ReplaceKeyWith": "b"}}]
