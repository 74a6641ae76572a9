"""Message move tasks: back from the dead-letter queue."""

from __future__ import annotations

import json
from typing import Any

import pytest

API = "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/"
ARN = "arn:aws:sqs:us-east-1:000000000000:"


@pytest.fixture
def dead(sqs: Any, queue: str) -> str:
    """The URL of a dead-letter queue with five messages from `jobs`."""
    url: str = sqs.create_queue(QueueName="dead")["QueueUrl"]
    policy = {"deadLetterTargetArn": ARN + "dead", "maxReceiveCount": 1}
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"RedrivePolicy": json.dumps(policy)})
    sqs.send_message_batch(QueueUrl=queue, Entries=[{"Id": body, "MessageBody": body} for body in "abcde"])
    sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, VisibilityTimeout=0)
    sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)
    return url


def count(sqs: Any, url: str) -> int:
    name = "ApproximateNumberOfMessages"
    return int(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[name])["Attributes"][name])


def tasks(sqs: Any, **more: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = sqs.list_message_move_tasks(SourceArn=ARN + "dead", **more).get("Results", [])
    return found


@pytest.mark.documented(API + "API_StartMessageMoveTask.html")
def test_messages_go_back_to_where_they_came_from(cloud: Any, sqs: Any, queue: str, dead: str) -> None:
    sqs.start_message_move_task(SourceArn=ARN + "dead")
    cloud.advance(2)
    assert (count(sqs, dead), count(sqs, queue)) == (0, 5)


@pytest.mark.documented(API + "API_StartMessageMoveTask.html")
def test_a_message_moved_back_is_a_new_message(cloud: Any, sqs: Any, queue: str, dead: str) -> None:
    old = sqs.receive_message(QueueUrl=dead, MaxNumberOfMessages=10, VisibilityTimeout=0, AttributeNames=["All"])[
        "Messages"
    ]
    cloud.advance(hours=1)
    sqs.start_message_move_task(SourceArn=ARN + "dead")
    new = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, AttributeNames=["All"])["Messages"]
    assert not {m["MessageId"] for m in old} & {m["MessageId"] for m in new}
    assert {m["Attributes"]["ApproximateReceiveCount"] for m in new} == {"1"}
    assert min(m["Attributes"]["SentTimestamp"] for m in new) > max(m["Attributes"]["SentTimestamp"] for m in old)


@pytest.mark.documented(API + "API_StartMessageMoveTask.html")
def test_messages_can_go_somewhere_else(cloud: Any, sqs: Any, queue: str, dead: str) -> None:
    other = sqs.create_queue(QueueName="other")["QueueUrl"]
    sqs.start_message_move_task(SourceArn=ARN + "dead", DestinationArn=ARN + "other")
    cloud.advance(2)
    assert (count(sqs, dead), count(sqs, queue), count(sqs, other)) == (0, 0, 5)


@pytest.mark.documented(API + "API_StartMessageMoveTask.html")
def test_messages_move_at_the_rate_asked_for(cloud: Any, sqs: Any, queue: str, dead: str) -> None:
    cloud.scheduler.bend(rate=0)
    sqs.start_message_move_task(SourceArn=ARN + "dead", MaxNumberOfMessagesPerSecond=2)
    assert (count(sqs, queue), tasks(sqs)[0]["Status"]) == (2, "RUNNING")
    cloud.advance(1)
    assert (count(sqs, queue), tasks(sqs)[0]["ApproximateNumberOfMessagesMoved"]) == (4, 4)
    cloud.advance(1)
    done = tasks(sqs)[0]
    assert (done["Status"], done["ApproximateNumberOfMessagesMoved"], done["ApproximateNumberOfMessagesToMove"]) == (
        "COMPLETED",
        5,
        5,
    )
    assert "TaskHandle" not in done


@pytest.mark.documented(API + "API_CancelMessageMoveTask.html")
def test_a_task_can_be_cancelled_on_its_way(cloud: Any, sqs: Any, queue: str, dead: str, refused: Any) -> None:
    cloud.scheduler.bend(rate=0)
    handle = sqs.start_message_move_task(SourceArn=ARN + "dead", MaxNumberOfMessagesPerSecond=2)["TaskHandle"]
    assert sqs.cancel_message_move_task(TaskHandle=handle)["ApproximateNumberOfMessagesMoved"] == 2
    cloud.advance(10)
    assert (count(sqs, dead), count(sqs, queue), tasks(sqs)[0]["Status"]) == (3, 2, "CANCELLED")
    assert refused(sqs.cancel_message_move_task, TaskHandle=handle)[0] == "AWS.SimpleQueueService.UnsupportedOperation"


@pytest.mark.documented(API + "API_CancelMessageMoveTask.html")
def test_an_unknown_task_cannot_be_cancelled(cloud: Any, sqs: Any, dead: str, refused: Any) -> None:
    handle = sqs.start_message_move_task(SourceArn=ARN + "dead")["TaskHandle"]
    sqs.delete_queue(QueueUrl=dead)
    assert refused(sqs.cancel_message_move_task, TaskHandle=handle) == (
        "ResourceNotFoundException",
        "Task does not exist.",
    )
    assert refused(sqs.cancel_message_move_task, TaskHandle="x")[0] == "InvalidParameterValue"


@pytest.mark.documented(API + "API_StartMessageMoveTask.html")
def test_a_queue_has_one_task_at_a_time(cloud: Any, sqs: Any, dead: str, refused: Any) -> None:
    sqs.start_message_move_task(SourceArn=ARN + "dead", MaxNumberOfMessagesPerSecond=1)
    assert (
        refused(sqs.start_message_move_task, SourceArn=ARN + "dead")[0] == "AWS.SimpleQueueService.UnsupportedOperation"
    )
    cloud.advance(6)
    assert sqs.start_message_move_task(SourceArn=ARN + "dead")["TaskHandle"]


@pytest.mark.documented(API + "API_StartMessageMoveTask.html")
def test_only_a_dead_letter_queue_can_be_moved_from(sqs: Any, queue: str, refused: Any) -> None:
    code, message = refused(sqs.start_message_move_task, SourceArn=ARN + "jobs")
    assert (code, message) == ("InvalidParameterValue", "Source queue must be configured as a Dead Letter Queue.")


@pytest.mark.documented(API + "API_StartMessageMoveTask.html")
@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"SourceArn": ARN + "none"}, "ResourceNotFoundException"),
        ({"SourceArn": "jobs"}, "InvalidParameterValue"),
        ({"DestinationArn": ARN + "none"}, "ResourceNotFoundException"),
        ({"DestinationArn": ARN + "dead"}, "InvalidParameterValue"),
        ({"MaxNumberOfMessagesPerSecond": 0}, "InvalidParameterValue"),
        ({"MaxNumberOfMessagesPerSecond": 501}, "InvalidParameterValue"),
    ],
)
def test_a_task_outside_the_rules_is_refused(
    sqs: Any, dead: str, refused: Any, wrong: dict[str, Any], code: str
) -> None:
    assert refused(sqs.start_message_move_task, **({"SourceArn": ARN + "dead"} | wrong))[0] == code


@pytest.mark.documented(API + "API_ListMessageMoveTasks.html")
def test_the_latest_tasks_are_listed_first(cloud: Any, sqs: Any, dead: str) -> None:
    sqs.start_message_move_task(SourceArn=ARN + "dead", MaxNumberOfMessagesPerSecond=10)
    cloud.advance(5)
    sqs.start_message_move_task(SourceArn=ARN + "dead", MaxNumberOfMessagesPerSecond=20)
    assert [task["MaxNumberOfMessagesPerSecond"] for task in tasks(sqs)] == [20]
    assert [task["MaxNumberOfMessagesPerSecond"] for task in tasks(sqs, MaxResults=10)] == [20, 10]


@pytest.mark.documented(API + "API_ListMessageMoveTasks.html")
def test_at_most_ten_tasks_are_listed(sqs: Any, dead: str, refused: Any) -> None:
    code, _ = refused(sqs.list_message_move_tasks, SourceArn=ARN + "dead", MaxResults=11)
    assert code == "InvalidParameterValue"


@pytest.mark.documented(API + "API_ListMessageMoveTasks.html")
def test_a_message_that_came_from_nowhere_fails_the_task(cloud: Any, sqs: Any, dead: str) -> None:
    sqs.purge_queue(QueueUrl=dead)
    sqs.send_message(QueueUrl=dead, MessageBody="sent here directly")
    sqs.start_message_move_task(SourceArn=ARN + "dead")
    cloud.advance(1)
    failed = tasks(sqs)[0]
    assert (failed["Status"], failed["FailureReason"]) == ("FAILED", "CouldNotDetermineMessageSource")


@pytest.mark.ours
def test_messages_in_flight_stay_in_the_dead_letter_queue(cloud: Any, sqs: Any, queue: str, dead: str) -> None:
    sqs.receive_message(QueueUrl=dead, MaxNumberOfMessages=2, VisibilityTimeout=600)
    sqs.start_message_move_task(SourceArn=ARN + "dead")
    cloud.advance(2)
    assert (count(sqs, queue), tasks(sqs)[0]["Status"]) == (3, "COMPLETED")


@pytest.mark.documented(API + "API_StartMessageMoveTask.html")
def test_fifo_messages_go_back_in_order(cloud: Any, sqs: Any, fifo: str) -> None:
    dead = sqs.create_queue(QueueName="dead.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
    policy = {"deadLetterTargetArn": ARN + "dead.fifo", "maxReceiveCount": 1}
    sqs.set_queue_attributes(QueueUrl=fifo, Attributes={"RedrivePolicy": json.dumps(policy)})
    given = [{"Id": body, "MessageBody": body, "MessageGroupId": "g"} for body in "abc"]
    sqs.send_message_batch(QueueUrl=fifo, Entries=given)
    sqs.receive_message(QueueUrl=fifo, MaxNumberOfMessages=10, VisibilityTimeout=0)
    sqs.receive_message(QueueUrl=fifo, MaxNumberOfMessages=10)
    assert count(sqs, dead) == 3
    sqs.start_message_move_task(SourceArn=ARN + "dead.fifo")
    cloud.advance(2)
    got = sqs.receive_message(QueueUrl=fifo, MaxNumberOfMessages=10)["Messages"]
    assert [message["Body"] for message in got] == ["a", "b", "c"]
