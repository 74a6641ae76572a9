"""The rest-xml protocol against botocore's own serializer and parser, and bodies that must not be read."""

from __future__ import annotations

import random

import botocore.parsers
import pytest

from haar.catalog.models import model
from haar.errors import ServiceError
from haar.wire import rest_xml
from haar.wire.http import HttpRequest
from haar.wire.xml_shapes import Fragment
from tests.wire.both_ways import answers_disagreeing, clients_model, refused, requests_disagreeing

SPECIFICATION = "https://smithy.io/2.0/aws/protocols/aws-restxml-protocol.html"
# The two deprecated operations give one element two members; the location's root is the value itself; an event
# stream is the matter of test_eventstream.
APART = {"PutBucketNotification", "GetBucketNotification", "GetBucketLocation", "SelectObjectContent"}
OPERATIONS = [
    (service, name)
    for service in ("s3", "route53", "cloudfront")
    for name in clients_model(service).operation_names
    if name not in APART
]


def read(operation: str, body: bytes, url: str = "", **headers: str) -> dict[str, object]:
    http = HttpRequest("PUT", "/", url, {name.replace("_", "-"): text for name, text in headers.items()}, body)
    return rest_xml.make(model("s3"), operation).parse(http, {"Bucket": "b"})


def refusal(body: bytes) -> str:
    with pytest.raises(ServiceError) as caught:
        read("PutBucketTagging", body)
    return caught.value.code


@pytest.mark.documented(SPECIFICATION)
@pytest.mark.parametrize(("service", "operation"), OPERATIONS)
def test_a_request_written_by_botocore_is_read(service: str, operation: str) -> None:
    assert requests_disagreeing(service, operation, "rest-xml", rest_xml.make) == []


@pytest.mark.documented(SPECIFICATION)
@pytest.mark.parametrize(("service", "operation"), OPERATIONS)
def test_an_answer_is_understood_by_botocore(service: str, operation: str) -> None:
    assert answers_disagreeing(service, operation, "rest-xml", rest_xml.make) == []


@pytest.mark.documented("https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLocation.html")
def test_the_location_of_a_bucket_is_the_text_of_the_root() -> None:
    reply = rest_xml.make(model("s3"), "GetBucketLocation").render({"LocationConstraint": "eu-west-1"}, "r")
    assert reply.body.endswith(
        b'<LocationConstraint xmlns="http://s3.amazonaws.com/doc/2006-03-01/">eu-west-1</LocationConstraint>'
    )


@pytest.mark.documented("https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListBuckets.html")
def test_the_root_of_a_list_of_buckets_has_its_own_name() -> None:
    reply = rest_xml.make(model("s3"), "ListBuckets").render({"Buckets": [{"Name": "b", "CreationDate": 0.0}]}, "r")
    assert b"<ListAllMyBucketsResult xmlns=" in reply.body
    assert b"<CreationDate>1970-01-01T00:00:00.000Z</CreationDate>" in reply.body


@pytest.mark.ours
def test_a_fragment_written_before_is_sent_as_it_is() -> None:
    reply = rest_xml.make(model("s3"), "ListObjectsV2").render({"Contents": [Fragment("<Key>a&amp;b</Key>")]}, "r")
    assert b"<Contents><Key>a&amp;b</Key></Contents>" in reply.body


@pytest.mark.documented("https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#RESTErrorResponses")
def test_an_error_of_s3_stands_alone_and_names_its_key() -> None:
    error = ServiceError("NoSuchKey", "The specified key does not exist.", members={"Key": "a<b"})
    reply = rest_xml.make(model("s3"), "GetObject").render_error(error, "r-1")
    parsed = botocore.parsers.create_parser("rest-xml").parse(
        {"headers": {}, "status_code": reply.status, "body": reply.body}, None
    )
    assert (reply.status, parsed["Error"]) == (
        404,
        {"Code": "NoSuchKey", "Message": "The specified key does not exist.", "Key": "a<b"},
    )


@pytest.mark.documented("https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html")
def test_an_error_of_a_head_request_has_no_body() -> None:
    reply = rest_xml.make(model("s3"), "HeadObject").render_error(ServiceError("NoSuchKey", "gone"), "r")
    assert (reply.status, reply.body) == (404, b"")


@pytest.mark.documented("https://docs.aws.amazon.com/Route53/latest/APIReference/requests-rest-responses.html")
def test_an_error_of_route53_is_an_error_response() -> None:
    reply = rest_xml.make(model("route53"), "GetHostedZone").render_error(ServiceError("NoSuchHostedZone", "gone"), "r")
    parsed = botocore.parsers.create_parser("rest-xml").parse(
        {"headers": {}, "status_code": reply.status, "body": reply.body}, None
    )
    assert (reply.status, parsed["Error"]["Code"], parsed["ResponseMetadata"]["RequestId"]) == (
        404,
        "NoSuchHostedZone",
        "r",
    )


@pytest.mark.documented("https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html")
def test_headers_with_a_prefix_become_a_map() -> None:
    assert read("PutObject", b"", x_amz_meta_color="red", x_amz_meta_size="1")["Metadata"] == {
        "color": "red",
        "size": "1",
    }


@pytest.mark.documented("https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#ErrorCodeList")
@pytest.mark.parametrize(
    "body",
    [
        b"no xml",
        b"<Tagging><TagSet></Tagging>",
        b"<Other/>",
        b"<Tagging/><Tagging/>",
        b"<Tagging>\xff</Tagging>",
        "<Tagging/>".encode("utf-16"),
        b"<Tagging>" + b"<a>" * 500 + b"</a>" * 500 + b"</Tagging>",
    ],
)
def test_a_body_that_is_not_the_expected_xml_is_malformed(body: bytes) -> None:
    assert refusal(body) == "MalformedXML"


@pytest.mark.ours
def test_a_document_type_is_refused_before_its_entities_are_read() -> None:
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><Tagging><TagSet>&b;</TagSet></Tagging>'
    assert refusal(bomb) == "MalformedXML"


@pytest.mark.ours
def test_the_words_of_a_document_type_inside_a_text_are_only_words() -> None:
    body = b"<Tagging><TagSet><Tag><Key>a</Key><Value><![CDATA[<!DOCTYPE x>]]></Value></Tag></TagSet></Tagging>"
    tags = {"TagSet": [{"Key": "a", "Value": "<!DOCTYPE x>"}]}
    assert read("PutBucketTagging", body)["Tagging"] == tags


@pytest.mark.ours
@pytest.mark.parametrize("seed", range(10))
def test_garbage_is_refused_and_nothing_else_happens(seed: int) -> None:
    rng = random.Random(seed)
    pieces = [
        b"<",
        b">",
        b"/",
        b"Tagging",
        b"<Tagging>",
        b"</Tagging>",
        b"<TagSet>",
        b"<Tag>",
        b"\x00",
        b"\xff",
        b"&lt;",
        b"&x;",
    ]
    codecs = [
        rest_xml.make(model("s3"), name) for name in ("PutBucketTagging", "PutObject", "DeleteObjects", "PutBucketAcl")
    ]
    for _ in range(300):
        body = b"<Tagging>" + b"".join(rng.choices(pieces, k=rng.randint(0, 20)))
        headers = {"content-length": rng.choice(["1", "x", ""]), "expires": rng.choice(["x", "0", "Sun, 99 Foo 0 a"])}
        http = HttpRequest("PUT", "/b", "&%=&versionId=%ff", headers, body)
        for codec in codecs:
            code = refused(lambda: codec.parse(http, {"Bucket": "b", "Key": "k"}))  # noqa: B023
            assert code in ("", "MalformedXML", "InvalidArgument", "MalformedQueryString")
