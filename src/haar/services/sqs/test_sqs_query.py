"""The query protocol: what programs wrote before SQS spoke JSON, signed by hand and sent as it is."""

from __future__ import annotations

import hashlib
from typing import Any
from urllib.parse import urlencode
from xml.etree import ElementTree

import pytest

GUIDE = "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/"
MAKING = GUIDE + "sqs-making-api-requests-xml.html"
ENDPOINT = "http://sqs.us-east-1.amazonaws.com"


def ask(cloud: Any, path: str = "/", method: str = "POST", **parameters: Any) -> tuple[int, ElementTree.Element]:
    """Send a form, signed as the root user; the status and the XML of the answer."""
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    from haar.testing.client import as_http

    form = urlencode({"Version": "2012-11-05", **parameters})
    url = ENDPOINT + path + (f"?{form}" if method == "GET" else "")
    headers = {"Content-Type": "application/x-www-form-urlencoded"} if method == "POST" else {}
    request = AWSRequest(method=method, url=url, data=form if method == "POST" else "", headers=headers)
    SigV4Auth(Credentials("test", "test"), "sqs", "us-east-1").add_auth(request)
    reply = cloud.handle(as_http(request.prepare(), "127.0.0.1"))
    return reply.status, ElementTree.fromstring(reply.body)


def text(tree: ElementTree.Element, name: str) -> str:
    """The text of the first element of a name, in whatever namespace."""
    found = tree.find(f".//{{*}}{name}")
    assert found is not None, ElementTree.tostring(tree)
    return found.text or ""


@pytest.fixture
def url(cloud: Any) -> str:
    """The URL of a queue made by a form."""
    _, tree = ask(
        cloud,
        Action="CreateQueue",
        QueueName="q",
        **{"Attribute.1.Name": "VisibilityTimeout", "Attribute.1.Value": "40"},
    )
    return text(tree, "QueueUrl")


@pytest.mark.documented(MAKING)
def test_a_queue_is_made_with_numbered_attributes(cloud: Any, url: str) -> None:
    assert url == f"{ENDPOINT}/000000000000/q"
    _, tree = ask(cloud, "/000000000000/q", Action="GetQueueAttributes", **{"AttributeName.1": "VisibilityTimeout"})
    assert (tree.tag.rpartition("}")[2], text(tree, "Name"), text(tree, "Value")) == (
        "GetQueueAttributesResponse", "VisibilityTimeout", "40",
    )  # fmt: skip


@pytest.mark.documented(MAKING)
def test_the_path_of_the_request_names_the_queue(cloud: Any, url: str) -> None:
    status, tree = ask(cloud, "/000000000000/q", Action="SendMessage", MessageBody="a & b < c")
    assert (status, text(tree, "MD5OfMessageBody")) == (200, hashlib.md5(b"a & b < c").hexdigest())
    _, tree = ask(cloud, "/000000000000/q", Action="ReceiveMessage")
    assert text(tree, "Body") == "a & b < c"


@pytest.mark.documented(MAKING)
def test_a_message_goes_through_its_life_by_forms(cloud: Any, url: str) -> None:
    attributes = {
        "MessageAttribute.1.Name": "kind",
        "MessageAttribute.1.Value.DataType": "String",
        "MessageAttribute.1.Value.StringValue": "test",
    }
    _, sent = ask(cloud, QueueUrl=url, Action="SendMessage", MessageBody="x", **attributes)
    _, got = ask(
        cloud, QueueUrl=url, Action="ReceiveMessage", **{"MessageAttributeName.1": "All", "AttributeName.1": "SenderId"}
    )
    assert text(got, "MessageId") == text(sent, "MessageId")
    assert text(got, "MD5OfMessageAttributes") == text(sent, "MD5OfMessageAttributes")
    assert text(got, "StringValue") == "test"
    status, tree = ask(cloud, QueueUrl=url, Action="DeleteMessage", ReceiptHandle=text(got, "ReceiptHandle"))
    assert (status, tree.tag.rpartition("}")[2]) == (200, "DeleteMessageResponse")


@pytest.mark.documented(MAKING)
def test_a_batch_is_numbered_entries(cloud: Any, url: str) -> None:
    entries = {
        "SendMessageBatchRequestEntry.1.Id": "a",
        "SendMessageBatchRequestEntry.1.MessageBody": "x",
        "SendMessageBatchRequestEntry.2.Id": "b",
        "SendMessageBatchRequestEntry.2.MessageBody": "y",
        "SendMessageBatchRequestEntry.2.DelaySeconds": "901",
    }
    _, tree = ask(cloud, QueueUrl=url, Action="SendMessageBatch", **entries)
    done = tree.find(".//{*}SendMessageBatchResultEntry")
    failed = tree.find(".//{*}BatchResultErrorEntry")
    assert done is not None
    assert failed is not None
    assert (text(done, "Id"), text(failed, "Id"), text(failed, "Code")) == ("a", "b", "InvalidParameterValue")


@pytest.mark.documented(MAKING)
def test_a_request_can_be_a_get(cloud: Any, url: str) -> None:
    status, tree = ask(cloud, method="GET", Action="ListQueues", QueueNamePrefix="q")
    assert (status, text(tree, "QueueUrl")) == (200, url)


@pytest.mark.documented(GUIDE + "sqs-json-faqs.html")
@pytest.mark.parametrize(
    ("parameters", "status", "code"),
    [
        ({"Action": "GetQueueUrl", "QueueName": "none"}, 400, "AWS.SimpleQueueService.NonExistentQueue"),
        ({"Action": "CreateQueue", "QueueName": "a b"}, 400, "InvalidParameterValue"),
        ({"Action": "CreateQueue"}, 400, "MissingParameter"),
        ({"Action": "ReceiveMessage", "QueueUrl": "q"}, 404, "InvalidAddress"),
        ({"Action": "DeleteMessage", "QueueUrl": "{url}", "ReceiptHandle": "x"}, 404, "ReceiptHandleIsInvalid"),
        ({"Action": "SendMessage", "QueueUrl": "{url}"}, 400, "MissingParameter"),
        ({"Action": "DeleteQueue", "QueueUrl": "http://h/111111111111/q"}, 403, "AccessDenied"),
        ({"Action": "SendMessage", "QueueUrl": "http://h/111111111111/q", "MessageBody": "x"}, 403, "AccessDenied"),
        (
            {"Action": "CreateQueue", "QueueName": "q", "Attribute.1.Name": "X", "Attribute.1.Value": "1"},
            400,
            "InvalidAttributeName",
        ),
    ],
)
def test_an_error_has_the_old_code(cloud: Any, url: str, parameters: dict[str, str], status: int, code: str) -> None:
    given = {name: value.format(url=url) for name, value in parameters.items()}
    found, tree = ask(cloud, **given)
    assert (found, text(tree, "Code"), text(tree, "Type")) == (status, code, "Sender")


@pytest.mark.documented(GUIDE + "sqs-json-faqs.html")
def test_purging_twice_is_forbidden_in_the_old_protocol(cloud: Any, url: str) -> None:
    ask(cloud, QueueUrl=url, Action="PurgeQueue")
    status, tree = ask(cloud, QueueUrl=url, Action="PurgeQueue")
    assert (status, text(tree, "Code")) == (403, "AWS.SimpleQueueService.PurgeQueueInProgress")
