"""Whatever bytes arrive, the answer is one a client can read: a 4xx with a code, never a 500, never a traceback."""

from __future__ import annotations

import json
import logging
import re
import socket
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote_from_bytes

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from haar import Cloud
from haar.testing.server import Running
from haar.wire.http import HttpReply, HttpRequest
from tests.clients.signing import form, signed

pytestmark = pytest.mark.ours

METHODS = ["GET", "POST", "PUT", "DELETE", "HEAD", "PATCH", "OPTIONS", "TRACE", "BREW"]
SERVICES = ["sqs", "iam", "sts", "organizations", "s3", "ec2", "lambda", "monitoring", "dynamodb", "nowhere", ""]
TARGETS = [
    "AmazonSQS.SendMessage", "AmazonSQS.", "AmazonSQS.Nothing", "AWSOrganizationsV20161128.ListAccounts",
    "DynamoDB_20120810.PutItem", "TrentService.Encrypt", ".", "",
]  # fmt: skip
PATHS = [
    "/", "", "*", "//", "/../..", "/%", "/%00", "/%ff%fe",
    "/service/GraniteServiceVersion20100801/operation/PutMetricData",
    "/2015-03-31/functions", "/2015-03-31/functions/f/invocations", "/bucket/key", "/000000000000/queue", "/v1/apis",
]  # fmt: skip
FORMS = [
    b"Action=ListUsers&Version=2010-05-08", b"Action=SendMessage&Version=2012-11-05", b"Action=&Version=", b"Action",
    b"Action=GetCallerIdentity&Version=2011-06-15", b"Action=DescribeVpcs&Version=2016-11-15", b"&&&=", b"{}", b"[]",
    b"null", b'{"QueueUrl":{}}', b"<a/>", b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", b"\xbf\xff", b"\xa1aA\x9f", b"",
]  # fmt: skip

words = st.text(st.characters(codec="latin-1", exclude_characters="\r\n\0"), max_size=40)
scopes = st.builds(
    "AWS4-HMAC-SHA256 Credential={}/{}/{}/{}/aws4_request, SignedHeaders={}, Signature={}".format,
    st.sampled_from(["test", "123456789012", "AKIAIOSFODNN7EXAMPLE", "ASIAIOSFODNN7EXAMPLE", "", "é"]),
    st.sampled_from(["20261122", "99999999", "", "x"]),
    st.sampled_from(["us-east-1", "nowhere-1", "", "é"]),
    st.sampled_from(SERVICES),
    st.sampled_from(["host", "host;x-amz-date", ";;", ""]),
    st.sampled_from(["0" * 64, "", "é", "xyz"]),
)
headers = st.fixed_dictionaries(
    {},
    optional={
        "host": st.one_of(
            words, st.sampled_from(["sqs.us-east-1.amazonaws.com", "b.s3.amazonaws.com", "localhost:4566", "[::1", ":"])
        ),
        "authorization": st.one_of(words, scopes),
        "x-amz-date": st.one_of(words, st.sampled_from(["20261122T065330Z", "20269922T995330Z"])),
        "x-amz-target": st.one_of(words, st.sampled_from(TARGETS)),
        "x-amz-security-token": words,
        "x-amz-content-sha256": st.one_of(
            words, st.sampled_from(["STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "STREAMING-", "UNSIGNED-PAYLOAD"])
        ),
        "x-amz-decoded-content-length": words,
        "x-amzn-query-mode": words,
        "smithy-protocol": st.sampled_from(["rpc-v2-cbor", "rpc-v9", ""]),
        "content-type": st.one_of(
            words,
            st.sampled_from(["application/x-www-form-urlencoded", "application/x-amz-json-1.0", "application/cbor"]),
        ),
        "content-md5": words,
    },
)
queries = st.one_of(
    words,
    st.sampled_from(
        [
            "Action=ListUsers&Version=2010-05-08",
            "X-Amz-Algorithm=AWS4-HMAC-SHA256",
            "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=test/20261122/us-east-1/sqs/aws4_request&X-Amz-Signature=0",
            (
                "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=test/20261122/us-east-1/sqs/aws4_request"
                "&X-Amz-Date=20261122T065330Z&X-Amz-Expires=é&X-Amz-SignedHeaders=host&X-Amz-Signature=0"
            ),
            "AWSAccessKeyId=x&Signature=y&Expires=z",
            "%=%&&==&a=%ff",
            "list-type=2&uploads&acl",
        ]
    ),
)
requests = st.builds(
    HttpRequest,
    st.one_of(st.sampled_from(METHODS), words.filter(bool)),
    st.one_of(st.sampled_from(PATHS), words.map("/".__add__)),
    queries,
    headers,
    st.one_of(st.binary(max_size=200), st.sampled_from(FORMS)),
    st.sampled_from(["127.0.0.1", "::1", ""]),
)


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    """One cloud for all of it: what it survives, it survives in a row."""
    with Cloud(seed=1) as one:
        yield one


def readable(reply: HttpReply, method: str = "GET") -> bool:
    """Whether the reply says what went wrong in a way some protocol's client understands."""
    body = bytes(reply.body)
    named = {name.lower() for name, _ in reply.headers}
    return (
        method == "HEAD"
        or "x-amzn-errortype" in named
        or b"__type" in body
        or re.search(rb"<Code>[\w.]+</Code>", body) is not None
    )


@settings(max_examples=600, deadline=None)
@given(http=requests)
def test_any_request_gets_a_modelled_error(cloud: Cloud, http: HttpRequest) -> None:
    reply = cloud.handle(http)
    assert 400 <= reply.status < 500, (reply.status, reply.body)
    assert readable(reply, http.method), (reply.headers, reply.body)
    assert b"Traceback" not in reply.body


# --- signed: the doorkeeper lets it through, the room has to cope -----------------

values: st.SearchStrategy[Any] = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(), st.text(max_size=20),
        st.sampled_from(["All", "http://127.0.0.1:4566/000000000000/queue", "arn:aws:iam::000000000000:user/u"]),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=10), inner, max_size=3)),
    max_leaves=6,
)  # fmt: skip
MEMBERS = [
    "QueueUrl", "QueueName", "MessageBody", "Attributes", "Entries", "ReceiptHandle", "MaxNumberOfMessages", "UserName",
    "RoleName", "PolicyDocument", "AccountId", "NextToken", "MaxResults", "Tags", "tags", "Id", "Name", "PolicyArn",
    "MessageAttributes", "AttributeNames", "VisibilityTimeout", "DelaySeconds", "SourceArn", "Email", "Type", "Content",
]  # fmt: skip
JSON_OPERATIONS = [
    ("sqs", "AmazonSQS", name)
    for name in (
        "SendMessage", "SendMessageBatch", "ReceiveMessage", "CreateQueue", "SetQueueAttributes", "GetQueueUrl",
        "ChangeMessageVisibilityBatch", "DeleteMessage", "TagQueue", "ListQueues", "StartMessageMoveTask",
    )
] + [
    ("organizations", "AWSOrganizationsV20161128", name)
    for name in ("CreateAccount", "ListAccounts", "CreatePolicy", "AttachPolicy", "MoveAccount")
]  # fmt: skip
FORM_OPERATIONS = [
    ("iam", "2010-05-08", name)
    for name in (
        "CreateUser", "PutUserPolicy", "CreatePolicy", "ListUsers", "UpdateAccountPasswordPolicy", "CreateRole",
        "SimulateCustomPolicy", "CreateSAMLProvider", "UploadServerCertificate", "TagUser", "GetCredentialReport",
        "CreateOpenIDConnectProvider", "EnableMFADevice",
    )
] + [
    ("sts", "2011-06-15", name)
    for name in ("AssumeRole", "GetFederationToken", "DecodeAuthorizationMessage", "AssumeRoleWithSAML",
                 "AssumeRoleWithWebIdentity", "GetAccessKeyInfo")
] + [
    ("sqs", "2012-11-05", name)
    for name in ("SendMessageBatch", "CreateQueue", "SetQueueAttributes", "ReceiveMessage")
]  # fmt: skip


def check_signed(reply: HttpReply) -> None:
    """Success, a refusal by the model's rules, or `NotImplemented`: each is an honest answer."""
    assert reply.status == 200 or 400 <= reply.status < 500 or reply.status == 501, (reply.status, reply.body)
    assert reply.status == 200 or readable(reply), reply.body


@settings(max_examples=300, deadline=None)
@given(
    operation=st.sampled_from(JSON_OPERATIONS),
    body=st.one_of(
        st.dictionaries(st.one_of(st.sampled_from(MEMBERS), st.text(max_size=8)), values, max_size=5)
        .map(lambda value: json.dumps(value).encode()),
        values.map(lambda value: json.dumps(value).encode()),
        st.binary(max_size=60),
    ),
)  # fmt: skip
def test_a_signed_request_with_any_json_is_answered(cloud: Cloud, operation: tuple[str, str, str], body: bytes) -> None:
    service, prefix, name = operation
    extra = {"X-Amz-Target": f"{prefix}.{name}", "Content-Type": "application/x-amz-json-1.1"}
    check_signed(cloud.handle(signed(service, body, extra)))


@settings(max_examples=300, deadline=None)
@given(
    operation=st.sampled_from(FORM_OPERATIONS),
    pairs=st.lists(
        st.tuples(
            st.one_of(
                st.sampled_from(MEMBERS), st.builds("{}.{}.{}".format, st.sampled_from(MEMBERS),
                          st.sampled_from(["member", "entry", "1", "0", "-1", "x", "99999999999"]), st.integers(0, 3)),
                st.text(max_size=8)),
            st.binary(max_size=20),
        ),
        max_size=6,
    ),
)  # fmt: skip
def test_a_signed_request_with_any_form_is_answered(
    cloud: Cloud, operation: tuple[str, str, str], pairs: list[tuple[str, bytes]]
) -> None:
    service, version, name = operation
    fields = [(field.encode("utf-8", "replace"), value) for field, value in pairs]
    body = b"&".join(
        quote_from_bytes(field).encode() + b"=" + quote_from_bytes(value).encode() for field, value in fields
    )
    body = f"Action={name}&Version={version}&".encode() + body
    check_signed(cloud.handle(form(service, body.decode())))


# --- through the socket -----------------------------------------------------------

LINES = [
    b"GET / HTTP/1.1\r\n\r\n", b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc", b"GET / HTTP/9.9\r\n\r\n",
    b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc", b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
    b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"GET http://[::1 HTTP/1.1\r\n\r\n", b"GET http://x HTTP/1.1\r\n\r\n", b"GET /_haar/%ff HTTP/1.1\r\n\r\n",
    b"CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n", b"GET / HTTP/1.1\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n",
    b"POST /_haar/clock HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}", b"\x16\x03\x01\x02\x00\x01\x00", b"\0" * 20,
    b"\r\n\r\n", b"OPTIONS * HTTP/1.1\r\nOrigin: http://evil\r\n\r\n",
]  # fmt: skip


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    """A cloud behind a port."""
    with Running(Cloud(seed=1, port=0)) as running:
        yield running


def answer_to(server: Running, data: bytes) -> bytes:
    """Everything the server says to these bytes, until it hangs up."""
    host, port = server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        heard = bytearray()
        try:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
            while piece := connection.recv(65_536):
                heard += piece
        except (ConnectionResetError, BrokenPipeError):
            pass  # it hung up before it had read everything, which is an answer too
    return bytes(heard)


@settings(max_examples=200, deadline=None)
@given(data=st.one_of(st.binary(max_size=300), st.lists(st.sampled_from(LINES), max_size=4).map(b"".join),
                      st.builds(bytes.__add__, st.sampled_from(LINES), st.binary(max_size=50))))  # fmt: skip
def test_any_bytes_on_the_socket_get_a_4xx_or_a_hang_up(server: Running, data: bytes) -> None:
    said = answer_to(server, data)
    statuses = [int(status) for status in re.findall(rb"(?m)^HTTP/1\.1 (\d{3}) ", said)]
    assert all(status == 100 or 400 <= status < 500 for status in statuses), said
    assert said == b"" or statuses
    assert b"Traceback" not in said


def test_endless_headers_are_refused(server: Running) -> None:
    said = answer_to(server, b"GET / HTTP/1.1\r\nX-A: " + b"a" * 70_000 + b"\r\n\r\n")
    assert said.startswith(b"HTTP/1.1 413 ")


def test_the_server_is_well_after_all_that(server: Running, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        for data in LINES:
            answer_to(server, data)
    assert caplog.records == []
    assert server.client("sts").get_caller_identity()["Account"] == "000000000000"
