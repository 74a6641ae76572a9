"""A jump of the clock is a fast walk: it stops wherever something is due, in order, and leaves nothing out."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from haar import Cloud
from tests.clients.process import Haar
from tests.clients.signing import aws_json

pytestmark = pytest.mark.ours


@pytest.fixture
def frozen(cloud: Cloud) -> Cloud:
    """A cloud whose clock moves only when it is told to."""
    cloud.scheduler.bend(rate=0)
    return cloud


@pytest.fixture(scope="module")
def haar() -> Iterator[Haar]:
    """A server whose clock moves only when it is told to."""
    with Haar("--ephemeral") as running:
        running.control("POST", "clock", {"freeze": True})
        yield running


def test_a_jump_stops_at_every_due_moment_in_order(frozen: Cloud) -> None:
    start = frozen.clock.now()
    stops: list[float] = []
    frozen.at(start + 30, lambda: stops.append(frozen.clock.now()))
    frozen.at(start + 10, lambda: stops.append(frozen.clock.now()))
    frozen.at(start + 20, lambda: stops.append(frozen.clock.now()))
    frozen.advance(minutes=1)
    assert stops == [start + 10, start + 20, start + 30]
    assert frozen.clock.now() == start + 60


def test_what_a_due_moment_makes_due_is_met_on_the_same_walk(frozen: Cloud) -> None:
    start = frozen.clock.now()
    stops: list[float] = []
    frozen.at(start + 10, lambda: frozen.at(start + 15, lambda: stops.append(frozen.clock.now())))
    frozen.advance(minutes=1)
    assert stops == [start + 15]


def test_a_moment_after_the_jump_is_not_met(frozen: Cloud) -> None:
    stops: list[str] = []
    frozen.at(frozen.clock.now() + 60.5, lambda: stops.append("late"))
    frozen.advance(minutes=1)
    assert stops == []


def test_each_delayed_message_meets_the_call_that_waits_for_it(haar: Haar) -> None:
    sqs = haar.client("sqs")
    queues = {delay: sqs.create_queue(QueueName=f"delay-{delay}")["QueueUrl"] for delay in (5, 10, 15)}
    sent = {delay: sqs.send_message(QueueUrl=url, MessageBody="x", DelaySeconds=delay) for delay, url in queues.items()}
    assert len(sent) == 3
    start = haar.control("GET", "clock")["now_epoch"]
    asked = {"WaitTimeSeconds": 20, "AttributeNames": ["ApproximateFirstReceiveTimestamp"]}
    waiting = {
        delay: haar.begin(aws_json("sqs", "AmazonSQS.ReceiveMessage", {"QueueUrl": url, **asked}))
        for delay, url in queues.items()
    }
    haar.control("POST", "clock", {"advance": "+1h"})
    received = {delay: haar.ended(call)["Messages"][0]["Attributes"] for delay, call in waiting.items()}
    moments = {
        delay: int(found["ApproximateFirstReceiveTimestamp"]) / 1000 - start for delay, found in received.items()
    }
    assert moments == pytest.approx({5: 5, 10: 10, 15: 15}, abs=0.002)


def test_a_wait_that_ends_before_the_message_comes_ends_empty(haar: Haar) -> None:
    sqs = haar.client("sqs")
    queue = sqs.create_queue(QueueName="too-late")["QueueUrl"]
    sqs.send_message(QueueUrl=queue, MessageBody="x", DelaySeconds=10)
    waiting = haar.begin(aws_json("sqs", "AmazonSQS.ReceiveMessage", {"QueueUrl": queue, "WaitTimeSeconds": 5}))
    haar.control("POST", "clock", {"advance": "+1m"})
    assert not haar.ended(waiting).get("Messages")
    assert sqs.receive_message(QueueUrl=queue)["Messages"][0]["Body"] == "x"


@pytest.mark.parametrize(("seconds", "left"), [(59, ["x"]), (60, [])])
def test_a_message_is_there_until_its_retention_ends(frozen: Cloud, seconds: int, left: list[str]) -> None:
    sqs = frozen.client("sqs")
    queue = sqs.create_queue(QueueName="q", Attributes={"MessageRetentionPeriod": "60"})["QueueUrl"]
    sqs.send_message(QueueUrl=queue, MessageBody="x")
    frozen.advance(seconds=seconds)
    assert [message["Body"] for message in sqs.receive_message(QueueUrl=queue).get("Messages", ())] == left


def test_forty_days_at_once_are_forty_days_one_by_one(cloud: Cloud) -> None:
    cloud.scheduler.bend(rate=0)
    start = cloud.clock.now()
    seen: list[float] = []
    for day in reversed(range(1, 41)):
        cloud.at(start + day * 86_400, lambda: seen.append((cloud.clock.now() - start) / 86_400))
    cloud.advance(days=40)
    assert seen == list(range(1, 41))


def test_python_http_and_the_command_line_move_the_same_clock(haar: Haar) -> None:
    start = haar.control("GET", "clock")["now_epoch"]
    assert haar.command("clock", "+40d").returncode == 0
    assert haar.control("GET", "clock")["now_epoch"] == pytest.approx(start + 40 * 86_400)
    assert haar.control("POST", "clock", {"set": start + 41 * 86_400})["now_epoch"] == pytest.approx(
        start + 41 * 86_400
    )
