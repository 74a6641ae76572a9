"""FIFO queues: order, groups, and the same message only once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

API = "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/"
GUIDE = "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/"


def send(sqs: Any, url: str, body: str, group: str = "g", **more: Any) -> dict[str, Any]:
    sent: dict[str, Any] = sqs.send_message(QueueUrl=url, MessageBody=body, MessageGroupId=group, **more)
    return sent


def receive(sqs: Any, url: str, **arguments: Any) -> list[dict[str, Any]]:
    arguments = {"MaxNumberOfMessages": 10} | arguments
    messages: list[dict[str, Any]] = sqs.receive_message(QueueUrl=url, **arguments).get("Messages", [])
    return messages


def bodies(sqs: Any, url: str, **arguments: Any) -> list[str]:
    return [message["Body"] for message in receive(sqs, url, **arguments)]


def delete(sqs: Any, url: str, message: dict[str, Any]) -> None:
    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])


# -- what a message needs --------------------------------------------------------------------------------------------


@pytest.mark.documented(API + "API_SendMessage.html")
def test_a_message_needs_a_group(sqs: Any, fifo: str, refused: Any) -> None:
    code, message = refused(sqs.send_message, QueueUrl=fifo, MessageBody="x")
    assert (code, message) == ("MissingParameter", "The request must contain the parameter MessageGroupId.")


@pytest.mark.documented(API + "API_SendMessage.html")
def test_a_message_needs_a_deduplication_id_of_some_kind(sqs: Any, refused: Any) -> None:
    url = sqs.create_queue(QueueName="q.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
    code, message = refused(sqs.send_message, QueueUrl=url, MessageBody="x", MessageGroupId="g")
    assert (code, "ContentBasedDeduplication" in message) == ("InvalidParameterValue", True)


@pytest.mark.documented(API + "API_SendMessage.html")
@pytest.mark.parametrize(
    "wrong", [{"MessageGroupId": "a b"}, {"MessageGroupId": "g" * 129}, {"MessageDeduplicationId": "ä"}]
)
def test_ids_outside_the_rules_are_refused(sqs: Any, fifo: str, refused: Any, wrong: dict[str, str]) -> None:
    code, message = refused(sqs.send_message, **({"QueueUrl": fifo, "MessageBody": "x", "MessageGroupId": "g"} | wrong))
    assert (code, "1 to 128 in length" in message) == ("InvalidParameterValue", True)


@pytest.mark.documented(API + "API_SendMessage.html")
def test_a_message_has_no_delay_of_its_own(sqs: Any, fifo: str, refused: Any) -> None:
    code, _ = refused(sqs.send_message, QueueUrl=fifo, MessageBody="x", MessageGroupId="g", DelaySeconds=5)
    assert code == "InvalidParameterValue"


@pytest.mark.documented(API + "API_SendMessageBatch.html")
def test_an_entry_without_a_group_fails_alone(sqs: Any, fifo: str) -> None:
    given = [{"Id": "a", "MessageBody": "a", "MessageGroupId": "g"}, {"Id": "b", "MessageBody": "b"}]
    reply = sqs.send_message_batch(QueueUrl=fifo, Entries=given)
    assert [entry["Id"] for entry in reply["Successful"]] == ["a"]
    assert [(entry["Id"], entry["Code"]) for entry in reply["Failed"]] == [("b", "MissingParameter")]


@pytest.mark.documented(API + "API_ReceiveMessage.html")
def test_a_message_tells_its_group_deduplication_id_and_sequence(sqs: Any, fifo: str) -> None:
    sent = send(sqs, fifo, "x", MessageDeduplicationId="d")
    got = receive(sqs, fifo, AttributeNames=["MessageGroupId", "MessageDeduplicationId", "SequenceNumber"])[0][
        "Attributes"
    ]
    assert got == {"MessageGroupId": "g", "MessageDeduplicationId": "d", "SequenceNumber": sent["SequenceNumber"]}


@pytest.mark.documented(API + "API_SendMessage.html")
def test_sequence_numbers_have_20_digits_and_rise(cloud: Any, sqs: Any, fifo: str) -> None:
    cloud.scheduler.bend(rate=0)
    numbers = [send(sqs, fifo, body)["SequenceNumber"] for body in "abc"]
    assert [len(number) for number in numbers] == [20, 20, 20]
    assert sorted(set(numbers)) == numbers


@pytest.mark.ours
def test_a_sequence_number_is_not_given_again_after_its_message_is_gone(cloud: Any, sqs: Any, fifo: str) -> None:
    cloud.scheduler.bend(rate=0)
    first = send(sqs, fifo, "a")["SequenceNumber"]
    delete(sqs, fifo, receive(sqs, fifo)[0])
    assert send(sqs, fifo, "b")["SequenceNumber"] > first


# -- once ------------------------------------------------------------------------------------------------------------


@pytest.mark.fact("FIFO-002")
def test_the_same_deduplication_id_is_the_same_message(sqs: Any, fifo: str) -> None:
    first = send(sqs, fifo, "one", MessageDeduplicationId="d")
    second = send(sqs, fifo, "two", MessageDeduplicationId="d")
    assert (second["MessageId"], second["SequenceNumber"]) == (first["MessageId"], first["SequenceNumber"])
    assert bodies(sqs, fifo) == ["one"]


@pytest.mark.fact("FIFO-002")
def test_a_message_that_was_deleted_is_not_sent_again_within_five_minutes(cloud: Any, sqs: Any, fifo: str) -> None:
    send(sqs, fifo, "x", MessageDeduplicationId="d")
    delete(sqs, fifo, receive(sqs, fifo)[0])
    cloud.advance(minutes=4, seconds=50)
    send(sqs, fifo, "x", MessageDeduplicationId="d")
    assert bodies(sqs, fifo) == []
    cloud.advance(10)
    send(sqs, fifo, "x", MessageDeduplicationId="d")
    assert bodies(sqs, fifo) == ["x"]


@pytest.mark.documented(GUIDE + "FIFO-queues-exactly-once-processing.html")
def test_content_alone_can_tell_that_messages_are_the_same(sqs: Any, fifo: str) -> None:
    send(sqs, fifo, "x")
    send(sqs, fifo, "x", MessageAttributes={"a": {"DataType": "String", "StringValue": "other"}})
    send(sqs, fifo, "y")
    assert bodies(sqs, fifo) == ["x", "y"]


@pytest.mark.documented(GUIDE + "FIFO-queues-exactly-once-processing.html")
def test_deduplication_reaches_across_groups_by_default(sqs: Any, fifo: str) -> None:
    send(sqs, fifo, "x", "g1")
    send(sqs, fifo, "x", "g2")
    assert bodies(sqs, fifo) == ["x"]


@pytest.mark.documented(GUIDE + "high-throughput-fifo.html")
def test_deduplication_can_be_confined_to_a_group(sqs: Any, fifo: str) -> None:
    sqs.set_queue_attributes(QueueUrl=fifo, Attributes={"DeduplicationScope": "messageGroup"})
    send(sqs, fifo, "x", "g1")
    send(sqs, fifo, "x", "g2")
    send(sqs, fifo, "x", "g2")
    assert bodies(sqs, fifo) == ["x", "x"]


# -- in order --------------------------------------------------------------------------------------------------------


@pytest.mark.documented(GUIDE + "FIFO-queues-understanding-logic.html")
def test_a_group_is_received_in_the_order_of_sending(cloud: Any, sqs: Any, fifo: str) -> None:
    cloud.scheduler.bend(rate=0)
    given = [{"Id": body, "MessageBody": body, "MessageGroupId": "g"} for body in "jihgfedcba"]
    sqs.send_message_batch(QueueUrl=fifo, Entries=given)
    assert bodies(sqs, fifo) == list("jihgfedcba")


@pytest.mark.documented(GUIDE + "FIFO-queues-understanding-logic.html")
def test_a_group_with_a_message_in_flight_gives_no_other(sqs: Any, fifo: str) -> None:
    send(sqs, fifo, "1")
    send(sqs, fifo, "2")
    first = receive(sqs, fifo, MaxNumberOfMessages=1)[0]
    assert bodies(sqs, fifo) == []
    delete(sqs, fifo, first)
    assert bodies(sqs, fifo) == ["2"]


@pytest.mark.documented(GUIDE + "FIFO-queues-understanding-logic.html")
def test_a_group_waits_for_all_its_messages_in_flight(sqs: Any, fifo: str) -> None:
    send(sqs, fifo, "1")
    send(sqs, fifo, "2")
    send(sqs, fifo, "3")
    first, second = receive(sqs, fifo, MaxNumberOfMessages=2)
    delete(sqs, fifo, first)
    assert bodies(sqs, fifo) == []
    delete(sqs, fifo, second)
    assert bodies(sqs, fifo) == ["3"]


@pytest.mark.documented(GUIDE + "FIFO-queues-understanding-logic.html")
def test_another_group_goes_on_meanwhile(sqs: Any, fifo: str) -> None:
    send(sqs, fifo, "a1", "a")
    send(sqs, fifo, "b1", "b")
    assert bodies(sqs, fifo, MaxNumberOfMessages=1) + bodies(sqs, fifo) == ["a1", "b1"]


@pytest.mark.documented(GUIDE + "FIFO-queues-understanding-logic.html")
def test_messages_that_come_back_come_back_in_order(cloud: Any, sqs: Any, fifo: str) -> None:
    send(sqs, fifo, "1")
    send(sqs, fifo, "2")
    receive(sqs, fifo)
    send(sqs, fifo, "3")
    cloud.advance(30)
    assert bodies(sqs, fifo) == ["1", "2", "3"]


@pytest.mark.documented(API + "API_ChangeMessageVisibility.html")
def test_a_message_given_back_opens_its_group(sqs: Any, fifo: str) -> None:
    send(sqs, fifo, "1")
    handle = receive(sqs, fifo)[0]["ReceiptHandle"]
    sqs.change_message_visibility(QueueUrl=fifo, ReceiptHandle=handle, VisibilityTimeout=0)
    assert bodies(sqs, fifo) == ["1"]


@pytest.mark.documented(API + "API_ChangeMessageVisibility.html")
def test_a_message_hidden_longer_keeps_its_group_closed(cloud: Any, sqs: Any, fifo: str) -> None:
    send(sqs, fifo, "1")
    send(sqs, fifo, "2")
    handle = receive(sqs, fifo, MaxNumberOfMessages=1)[0]["ReceiptHandle"]
    sqs.change_message_visibility(QueueUrl=fifo, ReceiptHandle=handle, VisibilityTimeout=100)
    cloud.advance(99)
    assert bodies(sqs, fifo) == []
    cloud.advance(1)
    assert bodies(sqs, fifo) == ["1", "2"]


@pytest.mark.documented(GUIDE + "sqs-delay-queues.html")
def test_the_delay_of_a_fifo_queue_holds_for_messages_already_there(cloud: Any, sqs: Any, fifo: str) -> None:
    send(sqs, fifo, "x")
    sqs.set_queue_attributes(QueueUrl=fifo, Attributes={"DelaySeconds": "60"})
    assert bodies(sqs, fifo) == []
    cloud.advance(60)
    assert bodies(sqs, fifo) == ["x"]


@pytest.mark.ours
def test_a_long_poll_ends_when_a_group_opens(cloud: Any, sqs: Any, fifo: str) -> None:
    send(sqs, fifo, "1")
    send(sqs, fifo, "2")
    before = cloud.clock.now()
    first = receive(sqs, fifo, MaxNumberOfMessages=1)[0]
    cloud.at(before + 4, lambda: delete(sqs, fifo, first))
    assert bodies(sqs, fifo, WaitTimeSeconds=20) == ["2"]
    assert 4 <= cloud.clock.now() - before < 5


# -- handles ---------------------------------------------------------------------------------------------------------


@pytest.mark.documented(API + "API_DeleteMessage.html")
def test_a_handle_expires_with_the_visibility_timeout(cloud: Any, sqs: Any, fifo: str, refused: Any) -> None:
    send(sqs, fifo, "1")
    handle = receive(sqs, fifo)[0]["ReceiptHandle"]
    cloud.advance(30)
    code, message = refused(sqs.delete_message, QueueUrl=fifo, ReceiptHandle=handle)
    assert code == "InvalidParameterValue"
    assert message.endswith("for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired.")


@pytest.mark.documented(API + "API_DeleteMessage.html")
def test_an_older_handle_does_not_delete_on_a_fifo_queue(cloud: Any, sqs: Any, fifo: str, refused: Any) -> None:
    send(sqs, fifo, "1")
    old = receive(sqs, fifo)[0]["ReceiptHandle"]
    cloud.advance(30)
    receive(sqs, fifo)
    assert refused(sqs.delete_message, QueueUrl=fifo, ReceiptHandle=old)[0] == "InvalidParameterValue"
    assert (
        refused(sqs.change_message_visibility, QueueUrl=fifo, ReceiptHandle=old, VisibilityTimeout=0)[0]
        == "InvalidParameterValue"
    )
    cloud.advance(30)
    assert bodies(sqs, fifo) == ["1"]


# -- the same receive again ------------------------------------------------------------------------------------------


@pytest.mark.documented(API + "API_ReceiveMessage.html")
def test_a_receive_can_be_tried_again_under_its_attempt_id(cloud: Any, sqs: Any, fifo: str) -> None:
    send(sqs, fifo, "1")
    first = receive(sqs, fifo, ReceiveRequestAttemptId="a")
    cloud.advance(20)
    again = receive(sqs, fifo, ReceiveRequestAttemptId="a")
    assert [m["ReceiptHandle"] for m in again] == [m["ReceiptHandle"] for m in first]
    cloud.advance(20)  # the timeout began anew
    delete(sqs, fifo, first[0])
    assert bodies(sqs, fifo) == []


@pytest.mark.documented(API + "API_ReceiveMessage.html")
def test_another_attempt_id_is_another_receive(sqs: Any, fifo: str) -> None:
    send(sqs, fifo, "1")
    receive(sqs, fifo, ReceiveRequestAttemptId="a")
    assert bodies(sqs, fifo, ReceiveRequestAttemptId="b") == []


@pytest.mark.documented(API + "API_ReceiveMessage.html")
def test_an_attempt_is_over_once_its_messages_have_changed(sqs: Any, fifo: str) -> None:
    send(sqs, fifo, "1")
    send(sqs, fifo, "2")
    first, _ = receive(sqs, fifo, ReceiveRequestAttemptId="a")
    delete(sqs, fifo, first)
    assert bodies(sqs, fifo, ReceiveRequestAttemptId="a") == []


@pytest.mark.documented(API + "API_ReceiveMessage.html")
def test_an_attempt_id_outside_the_rules_is_refused(sqs: Any, fifo: str, refused: Any) -> None:
    assert refused(sqs.receive_message, QueueUrl=fifo, ReceiveRequestAttemptId="a b")[0] == "InvalidParameterValue"


# -- dead letters ----------------------------------------------------------------------------------------------------


@pytest.mark.documented(GUIDE + "sqs-dead-letter-queues.html")
def test_a_dead_letter_makes_way_for_the_next_of_its_group(sqs: Any, fifo: str) -> None:
    dead = sqs.create_queue(QueueName="dead.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
    policy = {"deadLetterTargetArn": "arn:aws:sqs:us-east-1:000000000000:dead.fifo", "maxReceiveCount": 1}
    sqs.set_queue_attributes(QueueUrl=fifo, Attributes={"RedrivePolicy": json.dumps(policy)})
    send(sqs, fifo, "bad")
    receive(sqs, fifo, VisibilityTimeout=0)
    send(sqs, fifo, "good")
    assert bodies(sqs, fifo) == ["good"]
    assert bodies(sqs, dead) == ["bad"]


@pytest.mark.documented(GUIDE + "sqs-dead-letter-queues.html")
def test_the_retention_of_a_fifo_dead_letter_begins_anew(cloud: Any, sqs: Any, fifo: str) -> None:
    dead = sqs.create_queue(QueueName="dead.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
    policy = {"deadLetterTargetArn": "arn:aws:sqs:us-east-1:000000000000:dead.fifo", "maxReceiveCount": 1}
    sqs.set_queue_attributes(QueueUrl=fifo, Attributes={"RedrivePolicy": json.dumps(policy)})
    send(sqs, fifo, "bad")
    cloud.advance(days=1)
    receive(sqs, fifo, VisibilityTimeout=0)
    receive(sqs, fifo)
    cloud.advance(days=3, hours=23)
    assert bodies(sqs, dead, VisibilityTimeout=0) == ["bad"]
    cloud.advance(hours=2)
    assert bodies(sqs, dead) == []


@pytest.mark.ours
def test_a_group_whose_messages_have_run_out_is_forgotten(cloud: Any, sqs: Any) -> None:
    attributes = {"FifoQueue": "true", "ContentBasedDeduplication": "true", "MessageRetentionPeriod": "60"}
    url = sqs.create_queue(QueueName="q.fifo", Attributes=attributes)["QueueUrl"]
    send(sqs, url, "old")
    cloud.advance(61)
    send(sqs, url, "new")
    assert bodies(sqs, url) == ["new"]


# -- limits ----------------------------------------------------------------------------------------------------------


@pytest.mark.fact("FIFO-004")
def test_120000_messages_may_be_in_flight_and_the_next_receive_is_empty(cloud: Any, sqs: Any, fifo: str) -> None:
    from haar.kit.quota import QuotaValue
    from haar.services.sqs.service import IN_FLIGHT_FIFO

    assert IN_FLIGHT_FIFO.default == 120_000
    with cloud.store.transaction() as tx:
        tx.put(QuotaValue(account="000000000000", region="us-east-1", service="sqs", code=IN_FLIGHT_FIFO.code, value=3))
    given = [{"Id": body, "MessageBody": body, "MessageGroupId": body} for body in "abcde"]
    sqs.send_message_batch(QueueUrl=fifo, Entries=given)
    assert len(bodies(sqs, fifo)) == 3
    assert bodies(sqs, fifo) == []


@pytest.fixture
def limited() -> Iterator[Any]:
    """A cloud that enforces AWS's rates, its clock standing still."""
    from haar import Cloud

    with Cloud(seed=1, limits="aws") as cloud:
        cloud.scheduler.bend(rate=0)
        yield cloud


def fifo_queue(sqs: Any, **attributes: str) -> str:
    given = {"FifoQueue": "true", "ContentBasedDeduplication": "true"} | attributes
    url: str = sqs.create_queue(QueueName="q.fifo", Attributes=given)["QueueUrl"]
    return url


@pytest.mark.fact("FIFO-003")
def test_the_301st_call_of_a_second_is_throttled(limited: Any, refused: Any) -> None:
    sqs = limited.client("sqs")
    url = fifo_queue(sqs)
    assert len([send(sqs, url, str(n)) for n in range(300)]) == 300
    assert refused(send, sqs=sqs, url=url, body="one too many")[0] == "RequestThrottled"
    limited.advance(1)
    assert send(sqs, url, "the next second")["MessageId"]


@pytest.mark.fact("FIFO-003")
@pytest.mark.fact("FIFO-005")
def test_batches_of_ten_carry_3000_messages_a_second_and_no_more(limited: Any, refused: Any) -> None:
    sqs = limited.client("sqs")
    url = fifo_queue(sqs)

    def batch(number: int) -> int:
        given = [{"Id": str(n), "MessageBody": f"{number}-{n}", "MessageGroupId": "g"} for n in range(10)]
        return len(sqs.send_message_batch(QueueUrl=url, Entries=given)["Successful"])

    assert sum(batch(number) for number in range(300)) == 3000
    assert refused(batch, number=300)[0] == "RequestThrottled"


@pytest.mark.documented(GUIDE + "high-throughput-fifo.html")
def test_high_throughput_counts_every_group_by_itself(limited: Any, refused: Any) -> None:
    sqs = limited.client("sqs")
    url = fifo_queue(sqs, DeduplicationScope="messageGroup", FifoThroughputLimit="perMessageGroupId")
    assert len([send(sqs, url, str(n), "a") for n in range(300)]) == 300
    assert refused(send, sqs=sqs, url=url, body="x", group="a")[0] == "RequestThrottled"
    assert send(sqs, url, "x", "b")["MessageId"]
