"""What the tests of this room share: a client, topics, queues that let them in, and an HTTP endpoint that listens."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from haar.services.sns.resources import Delivered
from haar.services.sns.test_sns_endpoint import Endpoint

if TYPE_CHECKING:
    from haar import Cloud

QUEUES = "arn:aws:sqs:us-east-1:000000000000:"


@pytest.fixture
def sns(cloud: Cloud) -> Any:
    """A client of the root user."""
    return cloud.client("sns")


@pytest.fixture
def topic(sns: Any) -> str:
    """The ARN of a standard topic."""
    made: str = sns.create_topic(Name="news")["TopicArn"]
    return made


@pytest.fixture
def fifo(sns: Any) -> str:
    """The ARN of a FIFO topic that deduplicates by content."""
    attributes = {"FifoTopic": "true", "ContentBasedDeduplication": "true"}
    made: str = sns.create_topic(Name="line.fifo", Attributes=attributes)["TopicArn"]
    return made


class Inbox:
    """A queue that lets SNS in."""

    def __init__(self, cloud: Cloud, name: str, **attributes: str) -> None:
        self.sqs = cloud.client("sqs")
        self.arn = QUEUES + name
        statement = {
            "Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage",
            "Resource": self.arn,
        }  # fmt: skip
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        if name.endswith(".fifo"):
            attributes["FifoQueue"] = "true"
        self.url = self.sqs.create_queue(QueueName=name, Attributes={"Policy": policy, **attributes})["QueueUrl"]

    def messages(self) -> list[dict[str, Any]]:
        """Up to ten messages, as SQS gives them; they are deleted."""
        got = self.sqs.receive_message(
            QueueUrl=self.url, MaxNumberOfMessages=10, MessageAttributeNames=["All"], AttributeNames=["All"]
        ).get("Messages", [])
        for one in got:
            self.sqs.delete_message(QueueUrl=self.url, ReceiptHandle=one["ReceiptHandle"])
        return list(got)

    def bodies(self) -> list[str]:
        """What the messages' bodies are."""
        return [one["Body"] for one in self.messages()]

    def told(self) -> list[dict[str, Any]]:
        """What the envelopes say."""
        return [json.loads(body) for body in self.bodies()]


@pytest.fixture
def inbox(cloud: Cloud) -> Callable[..., Inbox]:
    """Make a queue that lets SNS in."""
    return lambda name="inbox", **attributes: Inbox(cloud, name, **attributes)


@pytest.fixture
def outbox(cloud: Cloud) -> Callable[[], list[Delivered]]:
    """What has left for mailboxes, telephones and devices."""

    def read() -> list[Delivered]:
        with cloud.store.transaction(write=False) as tx:
            return list(tx.range(Delivered))

    return read


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    """An HTTP endpoint that listens."""
    made = Endpoint()
    yield made
    made.stop()
