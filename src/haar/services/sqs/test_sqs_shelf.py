"""A message is found wherever it stands: as it was sent, delayed, taken, back again."""

from __future__ import annotations

import json
from typing import Any

import pytest

from haar.services.sqs import resources

pytestmark = pytest.mark.ours


def bodies(sqs: Any, queue: str, **options: Any) -> list[str]:
    """What a receive of up to ten messages gets."""
    found = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, **options)
    return [message["Body"] for message in found.get("Messages", ())]


def scatter(cloud: Any, sqs: Any, queue: str) -> None:
    """One message in each place: taken for five seconds, delayed for three, and fresh a second later."""
    sqs.send_message(QueueUrl=queue, MessageBody="taken")
    assert bodies(sqs, queue, VisibilityTimeout=5) == ["taken"]
    sqs.send_message(QueueUrl=queue, MessageBody="delayed", DelaySeconds=3)
    cloud.advance(seconds=1)
    sqs.send_message(QueueUrl=queue, MessageBody="fresh")


def left(cloud: Any, queue: str) -> int:
    """The rows about a queue's messages."""
    kinds = (resources.FreshMessage, resources.Message, resources.Flight)
    with cloud.store.transaction(write=False) as tx:
        return sum(tx.count(kind) for kind in kinds)


def test_messages_are_received_in_the_order_in_which_they_became_visible(cloud: Any, sqs: Any, queue: str) -> None:
    scatter(cloud, sqs, queue)
    cloud.advance(seconds=10)
    assert bodies(sqs, queue) == ["fresh", "delayed", "taken"]


def test_a_receive_of_few_takes_those_first_that_became_visible_first(cloud: Any, sqs: Any, queue: str) -> None:
    scatter(cloud, sqs, queue)
    cloud.advance(seconds=10)
    sqs.send_message(QueueUrl=queue, MessageBody="late")
    firsts = [sqs.receive_message(QueueUrl=queue)["Messages"][0]["Body"] for _ in range(4)]
    assert firsts == ["fresh", "delayed", "taken", "late"]


def test_every_message_is_counted_once(cloud: Any, sqs: Any, queue: str) -> None:
    scatter(cloud, sqs, queue)
    names = ("", "NotVisible", "Delayed")
    found = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"]
    assert [found[f"ApproximateNumberOfMessages{name}"] for name in names] == ["1", "1", "1"]


def test_retention_ends_wherever_a_message_stands(cloud: Any, sqs: Any, queue: str) -> None:
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"MessageRetentionPeriod": "60"})
    scatter(cloud, sqs, queue)
    cloud.advance(seconds=59)
    assert bodies(sqs, queue) == ["fresh"]  # a second younger than the others
    cloud.advance(seconds=1)
    assert left(cloud, queue) == 1  # that some may still be given out


def test_a_deleted_queue_leaves_no_message_wherever_it_stood(cloud: Any, sqs: Any, queue: str) -> None:
    scatter(cloud, sqs, queue)
    sqs.delete_queue(QueueUrl=queue)
    assert left(cloud, queue) == 0


def test_a_long_poll_ends_with_a_message_that_is_delayed_meanwhile(cloud: Any, sqs: Any, queue: str) -> None:
    cloud.at(cloud.clock.now() + 2, lambda: sqs.send_message(QueueUrl=queue, MessageBody="x", DelaySeconds=3))
    began = cloud.clock.now()
    assert bodies(sqs, queue, WaitTimeSeconds=20) == ["x"]
    assert began + 5 <= cloud.clock.now() < began + 15


def test_a_long_poll_ends_with_a_message_that_can_be_received_at_once(cloud: Any, sqs: Any, queue: str) -> None:
    cloud.at(cloud.clock.now() + 2, lambda: sqs.send_message(QueueUrl=queue, MessageBody="x"))
    began = cloud.clock.now()
    assert bodies(sqs, queue, WaitTimeSeconds=20) == ["x"]
    assert began + 2 <= cloud.clock.now() < began + 15


def test_a_message_that_died_is_delayed_as_any_other_of_its_new_queue(cloud: Any, sqs: Any, queue: str) -> None:
    dead = sqs.create_queue(QueueName="dead", Attributes={"DelaySeconds": "30"})["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    redrive = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": "1"})
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"RedrivePolicy": redrive})
    sqs.send_message(QueueUrl=queue, MessageBody="x")
    assert [bodies(sqs, queue, VisibilityTimeout=0), bodies(sqs, queue), bodies(sqs, dead)] == [["x"], [], []]
    cloud.advance(seconds=30)
    assert bodies(sqs, dead) == ["x"]
