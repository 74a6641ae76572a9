"""What the tests of this room share: a client, topics, queues that let them in, and an HTTP endpoint that listens."""

from __future__ import annotations

import json
import threading  # noqa: TID251 (a test may)
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from haar.services.sns.resources import Delivered

if TYPE_CHECKING:
    from haar import Cloud

#: How often a test looks whether a request has come, before it gives up.
_PATIENCE = 200
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
def refused(cloud: Cloud) -> Callable[..., tuple[str, str]]:
    """Call something that is to be refused: the error's code and message."""
    client_error = cloud.client("sns").exceptions.ClientError

    def call(function: Callable[..., Any], **arguments: Any) -> tuple[str, str]:
        with pytest.raises(client_error) as caught:
            function(**arguments)
        error = caught.value.response["Error"]
        return error["Code"], error.get("Message", "")

    return call


@pytest.fixture
def outbox(cloud: Cloud) -> Callable[[], list[Delivered]]:
    """What has left for mailboxes, telephones and devices."""

    def read() -> list[Delivered]:
        with cloud.store.transaction(write=False) as tx:
            return list(tx.range(Delivered))

    return read


class Endpoint:
    """An HTTP server that keeps what it is sent, and answers with the statuses it is given."""

    def __init__(self) -> None:
        self.statuses: list[int] = []
        self.requests: list[tuple[dict[str, str], bytes]] = []
        self.arrived = threading.Condition()
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                with endpoint.arrived:
                    endpoint.requests.append(({name.lower(): value for name, value in self.headers.items()}, body))
                    endpoint.arrived.notify_all()
                self.send_response(endpoint.statuses.pop(0) if endpoint.statuses else 200)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *args: Any) -> None:
                return

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    def told(self) -> list[dict[str, Any]]:
        """The JSON of all bodies."""
        return [json.loads(body) for _, body in self.requests]

    def wait_for(self, count: int, meanwhile: Callable[[], object] = lambda: None) -> list[dict[str, Any]]:
        """The JSON of all bodies, once there are so many; for senders that do not wait."""
        for _ in range(_PATIENCE):
            with self.arrived:
                if self.arrived.wait_for(lambda: len(self.requests) >= count, timeout=0.05):
                    return self.told()
            meanwhile()
        raise AssertionError(f"{len(self.requests)} requests have come, and not {count}")

    def stop(self) -> None:
        """End it."""
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    """An HTTP endpoint that listens."""
    made = Endpoint()
    yield made
    made.stop()
