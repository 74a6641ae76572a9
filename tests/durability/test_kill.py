"""What was acknowledged is there after a kill in the middle of it, and nothing is there by half."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from threading import Semaphore
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from tests.clients.process import Haar, at_once

pytestmark = pytest.mark.ours

#: How many answers are awaited before the kill, all clients together.
ENOUGH = 400
FIFO = {"FifoQueue": "true", "ContentBasedDeduplication": "true"}


class Storm:
    """Clients that write without end, and remember what was acknowledged."""

    def __init__(self, haar: Haar, queue: str, fifo: str) -> None:
        self.haar = haar
        self.queue = queue
        self.fifo = fifo
        self.messages: dict[str, str] = {}
        self.ordered: dict[str, list[str]] = {}
        self.users: dict[str, str] = {}
        self.requests: dict[str, str] = {}
        self.acknowledged = Semaphore(0)

    def rage(self) -> None:
        """Write from several connections until the server is killed."""
        writers: list[Callable[[], Any]] = [
            partial(self._until_killed, job, who) for job in (self._send, self._send_fifo, self._create) for who in "ab"
        ]
        at_once([*writers, self._kill])

    def _kill(self) -> None:
        for _ in range(ENOUGH):
            assert self.acknowledged.acquire(timeout=60), "the server stopped answering before it was killed"
        self.haar.kill()

    def _until_killed(self, job: Any, who: str) -> None:
        number = 0
        clients = self.haar.client("sqs"), self.haar.client("iam")
        while True:
            try:
                reply, operation = job(*clients, f"{who}{number}", who)
            except (BotoCoreError, ClientError):
                return  # the server is gone
            self.requests[reply["ResponseMetadata"]["RequestId"]] = operation
            self.acknowledged.release()
            number += 1

    def _send(self, sqs: Any, iam: Any, name: str, who: str) -> tuple[Any, str]:
        reply = sqs.send_message(QueueUrl=self.queue, MessageBody=name)
        self.messages[reply["MessageId"]] = name
        return reply, "SendMessage"

    def _send_fifo(self, sqs: Any, iam: Any, name: str, who: str) -> tuple[Any, str]:
        reply = sqs.send_message(QueueUrl=self.fifo, MessageBody=name, MessageGroupId=who)
        self.ordered.setdefault(who, []).append(name)
        return reply, "SendMessage"

    def _create(self, sqs: Any, iam: Any, name: str, who: str) -> tuple[Any, str]:
        reply = iam.create_user(UserName=name)
        self.users[name] = reply["User"]["UserId"]
        return reply, "CreateUser"


@pytest.fixture(params=["process", "power"])
def aftermath(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Haar, Storm]]:
    """A server restarted on the data of one that was killed in a storm; and what the storm's clients know."""
    with Haar("--data", str(tmp_path), "--durability", request.param) as haar:
        sqs = haar.client("sqs")
        queue = sqs.create_queue(QueueName="q")["QueueUrl"]
        fifo = sqs.create_queue(QueueName="q.fifo", Attributes=FIFO)["QueueUrl"]
        storm = Storm(haar, queue, fifo)
        storm.rage()
        haar.start()
        storm.queue, storm.fifo = (f"{haar.url}/000000000000/{name}" for name in ("q", "q.fifo"))
        yield haar, storm


def drained(haar: Haar, queue: str) -> list[dict[str, Any]]:
    """Everything a queue has to give, in the order it comes; each message is deleted."""
    sqs = haar.client("sqs")
    found: list[dict[str, Any]] = []
    asked = {"QueueUrl": queue, "MaxNumberOfMessages": 10, "AttributeNames": ["All"]}
    while batch := sqs.receive_message(**asked).get("Messages"):
        found += batch
        entries = [{"Id": message["MessageId"], "ReceiptHandle": message["ReceiptHandle"]} for message in batch]
        assert not sqs.delete_message_batch(QueueUrl=queue, Entries=entries).get("Failed")
    return found


def counted(haar: Haar, queue: str) -> int:
    """How many messages a queue says it has."""
    names = ["ApproximateNumberOfMessages"]
    return int(haar.client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=names)["Attributes"][names[0]])


def test_a_kill_loses_nothing_that_was_acknowledged(aftermath: tuple[Haar, Storm]) -> None:
    haar, storm = aftermath
    # messages: at most one per writer was under way unacknowledged; what is counted is what can be had
    before = counted(haar, storm.queue)
    messages = {message["MessageId"]: message["Body"] for message in drained(haar, storm.queue)}
    assert storm.messages.items() <= messages.items()
    assert len(messages) == before <= len(storm.messages) + 2
    assert counted(haar, storm.queue) == 0
    # order: what each writer sent, in turn, with at most one more behind it
    ordered: dict[str, list[str]] = {}
    for message in drained(haar, storm.fifo):
        ordered.setdefault(message["Attributes"]["MessageGroupId"], []).append(message["Body"])
    assert {who: bodies[: len(storm.ordered[who])] for who, bodies in ordered.items()} == storm.ordered
    # users: each found by its name and in the list, by the same id
    iam = haar.client("iam")
    listed = {
        user["UserName"]: user["UserId"]
        for page in iam.get_paginator("list_users").paginate()
        for user in page["Users"]
    }
    assert storm.users.items() <= listed.items()
    assert len(listed) <= len(storm.users) + 2
    assert iam.get_account_summary()["SummaryMap"]["Users"] == len(listed)
    assert {name: iam.get_user(UserName=name)["User"]["UserId"] for name in listed} == listed
    # and the audit trail has every call that was answered
    assert {
        request: haar.control("GET", f"explain/{request}")["call"]["operation"] for request in storm.requests
    } == storm.requests


def test_a_server_that_was_killed_takes_up_its_data_again_and_again(tmp_path: Path) -> None:
    with Haar("--data", str(tmp_path)) as haar:
        for name in ("ann", "bob", "eve"):
            haar.client("iam").create_user(UserName=name)
            haar.kill()
            haar.start()
        assert [user["UserName"] for user in haar.client("iam").list_users()["Users"]] == ["ann", "bob", "eve"]


def test_a_server_that_was_told_to_end_keeps_everything_too(tmp_path: Path) -> None:
    with Haar("--data", str(tmp_path)) as haar:
        haar.client("iam").create_user(UserName="ann")
        assert haar.stop() == 0
        haar.start()
        assert haar.client("iam").get_user(UserName="ann")["User"]["UserName"] == "ann"


def test_a_wait_that_a_kill_interrupts_takes_no_message_with_it(tmp_path: Path) -> None:
    with Haar("--data", str(tmp_path)) as haar:
        queue = haar.client("sqs").create_queue(QueueName="q")["QueueUrl"]
        haar.client("sqs").send_message(QueueUrl=queue, MessageBody="later", DelaySeconds=60)
        haar.kill()
        haar.start()
        haar.control("POST", "clock", {"advance": 60})
        assert [message["Body"] for message in drained(haar, f"{haar.url}/000000000000/q")] == ["later"]
