"""A first session: `haar up`, `eval "$(haar env)"`, and the AWS CLI itself."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.ours

# version 1 of the AWS CLI has an endpoint of its own for SQS, and takes another only by --endpoint-url
SESSION = """
set -e
eval "$(haar env --endpoint {url})"
sqs() {{ aws --endpoint-url "$AWS_ENDPOINT_URL" sqs "$@"; }}
aws sts get-caller-identity
aws iam create-user --user-name ann
sqs create-queue --queue-name work
queue=$(sqs get-queue-url --queue-name work --query QueueUrl --output text)
sqs send-message --queue-url "$queue" --message-body hello
sqs receive-message --queue-url "$queue"
haar clock --json +5d
sqs receive-message --queue-url "$queue"
haar logs --json --service sqs
"""


def values(text: str) -> list[Any]:
    """The JSON values that stand one after another in a text."""
    found, decoder = [], json.JSONDecoder()
    while text := text.lstrip():
        value, end = decoder.raw_decode(text)
        found.append(value)
        text = text[end:]
    return found


def test_a_session_with_the_aws_cli(up: Callable[..., Any], home: dict[str, str]) -> None:
    server = up("--ephemeral")
    ran = subprocess.run(
        ["bash", "-c", SESSION.format(url=server.url)],
        env=home,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    identity, user, _, sent, received, _, calls = values(ran.stdout)
    assert identity["Arn"] == "arn:aws:iam::000000000000:root"
    assert user["User"]["Arn"] == "arn:aws:iam::000000000000:user/ann"
    assert [message["MessageId"] for message in received["Messages"]] == [sent["MessageId"]]
    # five days later the message is past its retention of four: the second receive-message printed nothing
    assert [call["operation"] for call in calls].count("ReceiveMessage") == 2
