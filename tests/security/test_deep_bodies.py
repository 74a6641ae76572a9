"""Bodies made to exhaust the reader are refused, with a code and without a failure."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any

import pytest

from haar import Cloud
from tests.clients.signing import aws_json, form, signed

pytestmark = pytest.mark.ours
DEEP = "[" * 100_000


@pytest.mark.parametrize(
    "request_",
    [
        {"QueueName": "q", "Attributes": {"RedrivePolicy": DEEP}},
        {"QueueName": "q", "Attributes": {"RedriveAllowPolicy": DEEP}},
        {"QueueName": "q", "Attributes": {"Policy": DEEP}},
        {"QueueName": "q", "Attributes": {"VisibilityTimeout": "9" * 5000}},
    ],
    ids=lambda request: next(iter(request["Attributes"])),
)
def test_a_deep_attribute_is_refused(cloud: Cloud, request_: dict[str, Any]) -> None:
    assert cloud.handle(aws_json("sqs", "AmazonSQS.CreateQueue", request_)).status == 400


def test_a_deep_task_handle_is_refused(cloud: Cloud) -> None:
    handle = b64encode(DEEP.encode()).decode()
    assert cloud.handle(aws_json("sqs", "AmazonSQS.CancelMessageMoveTask", {"TaskHandle": handle})).status == 400


@pytest.mark.parametrize("body", [b'{"a":' * 100_000, b"[" * 1_000_000, b'{"QueueName":' + b"9" * 1_000_000 + b"}"])
def test_a_deep_body_is_refused(cloud: Cloud, body: bytes) -> None:
    kind = {"X-Amz-Target": "AmazonSQS.CreateQueue", "Content-Type": "application/x-amz-json-1.0"}
    assert cloud.handle(signed("sqs", body, kind)).status == 400


@pytest.mark.parametrize(
    "text",
    [
        "PolicyName=p&PolicyDocument=" + "%5B" * 130_000,
        "PolicyName=p&PolicyDocument=x&Tags.member." + "1." * 500_000 + "=1",
        "PolicyName=p&PolicyDocument=x&Tags.member." + "9" * 5000 + ".Key=a&Tags.member.2.Key=b",
    ],
    ids=["document", "name", "number"],
)
def test_a_deep_form_is_refused(cloud: Cloud, text: str) -> None:
    assert cloud.handle(form("iam", f"Action=CreatePolicy&Version=2010-05-08&{text}")).status == 400


def test_a_pattern_of_many_wildcards_is_decided_all_the_same(cloud: Cloud) -> None:
    # its time is bounded by text times pattern; one that backtracked would not come back from this
    statement = {"Effect": "Allow", "Action": "sqs:" + "*a?" * 300 + "b", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": statement})
    reply = cloud.client("iam").simulate_custom_policy(PolicyInputList=[document], ActionNames=["sqs:" + "a" * 120])
    assert reply["EvaluationResults"][0]["EvalDecision"] == "implicitDeny"
