"""Messages on standard queues: sending, receiving, hiding, deleting, and what time does to them."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

API = "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/"
GUIDE = "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/"
MIB = 1_048_576


def receive(sqs: Any, url: str, **arguments: Any) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = sqs.receive_message(QueueUrl=url, **arguments).get("Messages", [])
    return messages


def bodies(sqs: Any, url: str, **arguments: Any) -> list[str]:
    return [message["Body"] for message in receive(sqs, url, **arguments)]


def counts(sqs: Any, url: str) -> tuple[int, int, int]:
    """Visible, in flight, delayed."""
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    name = "ApproximateNumberOfMessages"
    return int(found[name]), int(found[f"{name}NotVisible"]), int(found[f"{name}Delayed"])


def entries(*given: str, **more: Any) -> list[dict[str, Any]]:
    return [{"Id": f"e{number}", "MessageBody": body, **more} for number, body in enumerate(given)]


# -- sending ---------------------------------------------------------------------------------------------------------


@pytest.mark.documented(API + "API_SendMessage.html")
def test_a_message_is_answered_with_its_id_and_digest(sqs: Any, queue: str) -> None:
    sent = sqs.send_message(QueueUrl=queue, MessageBody="héllo")
    assert sent["MD5OfMessageBody"] == hashlib.md5("héllo".encode()).hexdigest()
    assert [m["MessageId"] for m in receive(sqs, queue)] == [sent["MessageId"]]


@pytest.mark.fact("SQS-007")
def test_a_message_of_a_mebibyte_is_taken_and_not_a_byte_more(sqs: Any, queue: str, refused: Any) -> None:
    sqs.send_message(QueueUrl=queue, MessageBody="x" * 262_145)
    sqs.send_message(QueueUrl=queue, MessageBody="x" * MIB)
    code, message = refused(sqs.send_message, QueueUrl=queue, MessageBody="x" * (MIB + 1))
    assert code == "InvalidParameterValue"
    assert message == f"One or more parameters are invalid. Reason: Message must be shorter than {MIB} bytes."


@pytest.mark.documented(GUIDE + "sqs-message-metadata.html")
def test_attributes_count_as_part_of_the_message(sqs: Any, refused: Any) -> None:
    url = sqs.create_queue(QueueName="q", Attributes={"MaximumMessageSize": "1024"})["QueueUrl"]
    one = {"name": {"DataType": "String", "StringValue": "é" * 7}}  # 4 + 6 + 14 bytes
    sqs.send_message(QueueUrl=url, MessageBody="x" * 1000, MessageAttributes=one)
    code, _ = refused(sqs.send_message, QueueUrl=url, MessageBody="x" * 1001, MessageAttributes=one)
    assert code == "InvalidParameterValue"


@pytest.mark.documented(GUIDE + "sqs-message-metadata.html")
def test_a_trace_header_does_not_count_as_part_of_the_message(sqs: Any) -> None:
    url = sqs.create_queue(QueueName="q", Attributes={"MaximumMessageSize": "1024"})["QueueUrl"]
    trace = {"AWSTraceHeader": {"DataType": "String", "StringValue": "Root=1-5759e988"}}
    assert "MD5OfMessageSystemAttributes" in sqs.send_message(
        QueueUrl=url, MessageBody="x" * 1024, MessageSystemAttributes=trace
    )


@pytest.mark.documented(API + "API_SendMessage.html")
@pytest.mark.parametrize(
    ("body", "said"), [("a\x00b", "#x0"), ("\x1f", "#x1F"), ("\ufffe", "#xFFFE"), ("\uffff", "#xFFFF")]
)
def test_characters_that_xml_cannot_carry_are_refused(sqs: Any, queue: str, refused: Any, body: str, said: str) -> None:
    code, message = refused(sqs.send_message, QueueUrl=queue, MessageBody=body)
    assert (code, f"'{said}'" in message) == ("InvalidMessageContents", True)


@pytest.mark.documented(API + "API_SendMessage.html")
def test_all_other_characters_come_back_as_they_were(sqs: Any, queue: str) -> None:
    body = "\t\n\r \u007f\u0085\u00a0\ud7ff\ue000\ufffd\U0001f600\U0010ffff"
    sqs.send_message(QueueUrl=queue, MessageBody=body)
    assert bodies(sqs, queue) == [body]


@pytest.mark.documented(API + "API_SendMessage.html")
def test_an_empty_message_is_refused(sqs: Any, queue: str, refused: Any) -> None:
    assert refused(sqs.send_message, QueueUrl=queue, MessageBody="") == (
        "MissingParameter", "The request must contain the parameter MessageBody.",
    )  # fmt: skip


@pytest.mark.documented(API + "API_SendMessage.html")
@pytest.mark.parametrize("seconds", [-1, 901])
def test_a_delay_outside_15_minutes_is_refused(sqs: Any, queue: str, refused: Any, seconds: int) -> None:
    code, message = refused(sqs.send_message, QueueUrl=queue, MessageBody="x", DelaySeconds=seconds)
    assert code == "InvalidParameterValue"
    assert (
        message
        == f"Value {seconds} for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= 900."
    )


@pytest.mark.documented(GUIDE + "sqs-message-timers.html")
def test_a_delayed_message_comes_at_its_time(cloud: Any, sqs: Any, queue: str) -> None:
    sqs.send_message(QueueUrl=queue, MessageBody="later", DelaySeconds=900)
    cloud.advance(899)
    assert (counts(sqs, queue), bodies(sqs, queue)) == ((0, 0, 1), [])
    cloud.advance(1)
    assert (counts(sqs, queue), bodies(sqs, queue)) == ((1, 0, 0), ["later"])


@pytest.mark.documented(GUIDE + "sqs-delay-queues.html")
def test_a_message_of_a_delay_queue_can_have_no_delay_of_its_own(sqs: Any) -> None:
    url = sqs.create_queue(QueueName="q", Attributes={"DelaySeconds": "60"})["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="waits")
    sqs.send_message(QueueUrl=url, MessageBody="now", DelaySeconds=0)
    assert bodies(sqs, url, MaxNumberOfMessages=10) == ["now"]


@pytest.mark.documented(GUIDE + "sqs-delay-queues.html")
def test_a_new_delay_of_a_standard_queue_leaves_its_messages_alone(sqs: Any, queue: str) -> None:
    sqs.send_message(QueueUrl=queue, MessageBody="x")
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"DelaySeconds": "60"})
    assert bodies(sqs, queue) == ["x"]


@pytest.mark.documented(GUIDE + "sqs-fair-queues.html")
def test_a_standard_queue_keeps_a_group_id(sqs: Any, queue: str) -> None:
    sqs.send_message(QueueUrl=queue, MessageBody="x", MessageGroupId="tenant-1")
    assert receive(sqs, queue, MessageSystemAttributeNames=["MessageGroupId"])[0]["Attributes"] == {
        "MessageGroupId": "tenant-1"
    }


@pytest.mark.documented(API + "API_SendMessage.html")
def test_a_standard_queue_takes_no_deduplication_id(sqs: Any, queue: str, refused: Any) -> None:
    assert (
        refused(sqs.send_message, QueueUrl=queue, MessageBody="x", MessageDeduplicationId="d")[0]
        == "InvalidParameterValue"
    )


@pytest.mark.fact("SQS-018")
def test_a_message_has_no_priority(sqs: Any, queue: str) -> None:
    members = sqs.meta.service_model.operation_model("SendMessage").input_shape.members
    assert [name for name in members if "priority" in name.lower()] == []
    sqs.send_message(QueueUrl=queue, MessageBody="low")
    urgent = sqs.create_queue(QueueName="urgent")["QueueUrl"]
    sqs.send_message(QueueUrl=urgent, MessageBody="high")
    assert bodies(sqs, urgent) + bodies(sqs, queue) == ["high", "low"]


# -- attributes ------------------------------------------------------------------------------------------------------

MANY = {
    "kind": {"DataType": "String", "StringValue": "grün"},
    "size": {"DataType": "Number.int", "StringValue": "-12.5e3"},
    "raw": {"DataType": "Binary.png", "BinaryValue": b"\x00\xff"},
}


@pytest.mark.documented(GUIDE + "sqs-message-metadata.html")
def test_attributes_come_back_with_type_and_value(sqs: Any, queue: str) -> None:
    sqs.send_message(QueueUrl=queue, MessageBody="x", MessageAttributes=MANY)
    assert receive(sqs, queue, MessageAttributeNames=["All"])[0]["MessageAttributes"] == MANY


@pytest.mark.documented(GUIDE + "sqs-message-metadata.html")
def test_the_digest_of_attributes_is_made_of_lengths_names_types_and_values(sqs: Any, queue: str) -> None:
    def part(raw: bytes) -> bytes:
        return len(raw).to_bytes(4, "big") + raw

    expected = part(b"kind") + part(b"String") + b"\x01" + part("grün".encode())
    expected += part(b"raw") + part(b"Binary.png") + b"\x02" + part(b"\x00\xff")
    expected += part(b"size") + part(b"Number.int") + b"\x01" + part(b"-12.5e3")
    sent = sqs.send_message(QueueUrl=queue, MessageBody="x", MessageAttributes=MANY)
    assert sent["MD5OfMessageAttributes"] == hashlib.md5(expected).hexdigest()
    got = receive(sqs, queue, MessageAttributeNames=["All"])[0]
    assert got["MD5OfMessageAttributes"] == sent["MD5OfMessageAttributes"]


@pytest.mark.documented(API + "API_ReceiveMessage.html")
@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (["a.b"], {"a.b"}),
        (["a.*"], {"a.b", "a.c"}),
        (["a.*", "z"], {"a.b", "a.c", "z"}),
        ([".*"], {"a.b", "a.c", "z"}),
        (["none"], set()),
        ([], set()),
    ],
)
def test_attributes_are_asked_for_by_name_or_prefix(sqs: Any, queue: str, wanted: list[str], found: set[str]) -> None:
    given = {name: {"DataType": "String", "StringValue": name} for name in ("a.b", "a.c", "z")}
    sqs.send_message(QueueUrl=queue, MessageBody="x", MessageAttributes=given)
    assert set(receive(sqs, queue, MessageAttributeNames=wanted)[0].get("MessageAttributes", {})) == found


@pytest.mark.documented(GUIDE + "sqs-message-metadata.html")
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("x" * 257, {"DataType": "String", "StringValue": "v"}),
        ("a b", {"DataType": "String", "StringValue": "v"}),
        (".a", {"DataType": "String", "StringValue": "v"}),
        ("a.", {"DataType": "String", "StringValue": "v"}),
        ("a..b", {"DataType": "String", "StringValue": "v"}),
        ("AWS.a", {"DataType": "String", "StringValue": "v"}),
        ("Amazon.a", {"DataType": "String", "StringValue": "v"}),
        ("a", {"DataType": "", "StringValue": "v"}),
        ("a", {"DataType": "Text", "StringValue": "v"}),
        ("a", {"DataType": "String", "StringValue": ""}),
        ("a", {"DataType": "String", "BinaryValue": b"v"}),
        ("a", {"DataType": "Binary", "StringValue": "v"}),
        ("a", {"DataType": "Number", "StringValue": "one"}),
    ],
)
def test_attributes_outside_the_rules_are_refused(
    sqs: Any, queue: str, refused: Any, name: str, value: dict[str, Any]
) -> None:
    code, _ = refused(sqs.send_message, QueueUrl=queue, MessageBody="x", MessageAttributes={name: value})
    assert code == "InvalidParameterValue"


@pytest.mark.documented(GUIDE + "quotas-messages.html")
def test_a_message_has_ten_attributes_at_most(sqs: Any, queue: str, refused: Any) -> None:
    eleven = {f"a{n}": {"DataType": "String", "StringValue": "v"} for n in range(11)}
    code, message = refused(sqs.send_message, QueueUrl=queue, MessageBody="x", MessageAttributes=eleven)
    assert (code, message) == (
        "InvalidParameterValue",
        "Number of message attributes [11] exceeds the allowed maximum [10].",
    )
    del eleven["a10"]
    assert sqs.send_message(QueueUrl=queue, MessageBody="x", MessageAttributes=eleven)["MessageId"]


@pytest.mark.documented(API + "API_MessageAttributeValue.html")
def test_lists_of_values_are_not_supported(sqs: Any, queue: str, refused: Any) -> None:
    listed = {"a": {"DataType": "String", "StringListValues": ["v"]}}
    code, _ = refused(sqs.send_message, QueueUrl=queue, MessageBody="x", MessageAttributes=listed)
    assert code == "AWS.SimpleQueueService.UnsupportedOperation"


@pytest.mark.documented(API + "API_SendMessage.html")
def test_a_trace_header_is_the_only_system_attribute_that_can_be_sent(sqs: Any, queue: str, refused: Any) -> None:
    trace = {"AWSTraceHeader": {"DataType": "String", "StringValue": "Root=1"}}
    sqs.send_message(QueueUrl=queue, MessageBody="x", MessageSystemAttributes=trace)
    assert receive(sqs, queue, AttributeNames=["AWSTraceHeader"])[0]["Attributes"] == {"AWSTraceHeader": "Root=1"}
    other = {"SenderId": {"DataType": "String", "StringValue": "me"}}
    assert (
        refused(sqs.send_message, QueueUrl=queue, MessageBody="x", MessageSystemAttributes=other)[0]
        == "InvalidParameterValue"
    )


# -- receiving -------------------------------------------------------------------------------------------------------


@pytest.mark.documented(API + "API_ReceiveMessage.html")
def test_system_attributes_tell_sender_times_and_count(cloud: Any, sqs: Any, queue: str) -> None:
    sqs.send_message(QueueUrl=queue, MessageBody="x")
    cloud.advance(10)
    first = receive(sqs, queue, AttributeNames=["All"])[0]["Attributes"]
    cloud.advance(31)
    second = receive(sqs, queue, MessageSystemAttributeNames=["All"])[0]["Attributes"]
    assert (first["SenderId"], first["ApproximateReceiveCount"], second["ApproximateReceiveCount"]) == (
        "000000000000",
        "1",
        "2",
    )
    assert first["SentTimestamp"] == second["SentTimestamp"]
    assert first["ApproximateFirstReceiveTimestamp"] == second["ApproximateFirstReceiveTimestamp"]
    assert int(first["ApproximateFirstReceiveTimestamp"]) - int(first["SentTimestamp"]) >= 10_000


@pytest.mark.documented(API + "API_ReceiveMessage.html")
def test_an_unknown_system_attribute_is_refused(sqs: Any, queue: str, refused: Any) -> None:
    code, message = refused(sqs.receive_message, QueueUrl=queue, AttributeNames=["Colour"])
    assert (code, message) == ("InvalidAttributeName", "Unknown Attribute Colour.")


@pytest.mark.documented(API + "API_ReceiveMessage.html")
@pytest.mark.parametrize(
    "wrong",
    [
        {"MaxNumberOfMessages": 0},
        {"MaxNumberOfMessages": 11},
        {"WaitTimeSeconds": -1},
        {"WaitTimeSeconds": 21},
        {"VisibilityTimeout": -1},
    ],
)
def test_numbers_outside_their_range_are_refused(sqs: Any, queue: str, refused: Any, wrong: dict[str, int]) -> None:
    code, message = refused(sqs.receive_message, QueueUrl=queue, **wrong)
    ((name, value),) = wrong.items()
    assert (code, message.startswith(f"Value {value} for parameter {name} is invalid.")) == (
        "InvalidParameterValue",
        True,
    )


@pytest.mark.fact("SQS-015")
def test_a_visibility_timeout_is_12_hours_at_most(sqs: Any, queue: str, refused: Any) -> None:
    sqs.send_message(QueueUrl=queue, MessageBody="x")
    assert refused(sqs.receive_message, QueueUrl=queue, VisibilityTimeout=43_201)[0] == "InvalidParameterValue"
    assert bodies(sqs, queue, VisibilityTimeout=43_200) == ["x"]


@pytest.mark.fact("SQS-011")
def test_every_message_comes_in_whatever_order(sqs: Any, queue: str) -> None:
    sqs.send_message_batch(QueueUrl=queue, Entries=entries(*"abcdefghij"))
    assert sorted(bodies(sqs, queue, MaxNumberOfMessages=10)) == list("abcdefghij")


@pytest.mark.fact("SQS-009")
def test_a_message_stays_until_somebody_asks_for_it(cloud: Any, sqs: Any, queue: str) -> None:
    sqs.send_message(QueueUrl=queue, MessageBody="x")
    cloud.advance(days=3)
    assert counts(sqs, queue) == (1, 0, 0)
    assert bodies(sqs, queue) == ["x"]


@pytest.mark.fact("SQS-013")
def test_a_message_comes_back_when_its_visibility_timeout_ends(cloud: Any, sqs: Any, queue: str) -> None:
    sqs.send_message(QueueUrl=queue, MessageBody="x")
    assert bodies(sqs, queue) == ["x"]
    cloud.advance(29)
    assert bodies(sqs, queue) == []
    cloud.advance(1)
    assert receive(sqs, queue, AttributeNames=["ApproximateReceiveCount"])[0]["Attributes"] == {
        "ApproximateReceiveCount": "2"
    }


@pytest.mark.fact("SQS-014")
def test_a_slow_worker_shares_its_message_with_another(cloud: Any, sqs: Any, queue: str) -> None:
    sent = sqs.send_message(QueueUrl=queue, MessageBody="x")["MessageId"]
    slow = receive(sqs, queue)[0]
    cloud.advance(40)
    other = receive(sqs, queue)[0]
    assert (slow["MessageId"], other["MessageId"]) == (sent, sent)
    assert slow["ReceiptHandle"] != other["ReceiptHandle"]


@pytest.mark.fact("SQS-006")
def test_in_flight_is_received_and_not_yet_deleted(cloud: Any, sqs: Any, queue: str) -> None:
    sqs.send_message_batch(QueueUrl=queue, Entries=entries("1", "2"))
    first = receive(sqs, queue)[0]
    assert counts(sqs, queue) == (1, 1, 0)
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=first["ReceiptHandle"])
    assert counts(sqs, queue) == (1, 0, 0)
    receive(sqs, queue)
    assert counts(sqs, queue) == (0, 1, 0)
    cloud.advance(30)
    assert counts(sqs, queue) == (1, 0, 0)


@pytest.mark.documented(GUIDE + "sqs-visibility-timeout.html")
def test_a_visibility_timeout_of_zero_hides_nothing(sqs: Any, queue: str) -> None:
    sqs.send_message(QueueUrl=queue, MessageBody="x")
    assert bodies(sqs, queue, VisibilityTimeout=0) + bodies(sqs, queue) == ["x", "x"]


@pytest.fixture
def few_in_flight(cloud: Any) -> None:
    """Lower the limit of messages in flight to 12, as a quota of the account."""
    from haar.kit.quota import QuotaValue
    from haar.services.sqs.service import IN_FLIGHT_FIFO, IN_FLIGHT_STANDARD

    with cloud.store.transaction() as tx:
        for quota in (IN_FLIGHT_STANDARD, IN_FLIGHT_FIFO):
            assert quota.default == 120_000
            tx.put(QuotaValue(account="000000000000", region="us-east-1", service="sqs", code=quota.code, value=12))


@pytest.mark.fact("SQS-005")
@pytest.mark.usefixtures("few_in_flight")
def test_too_many_in_flight_is_over_the_limit(sqs: Any, queue: str, refused: Any) -> None:
    sqs.send_message_batch(QueueUrl=queue, Entries=entries(*"abcdefghij"))
    sqs.send_message_batch(QueueUrl=queue, Entries=entries(*"klmnopqrst"))
    first = receive(sqs, queue, MaxNumberOfMessages=10)
    assert len(receive(sqs, queue, MaxNumberOfMessages=10)) == 2
    assert refused(sqs.receive_message, QueueUrl=queue)[0] == "OverLimit"
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=first[0]["ReceiptHandle"])
    assert len(receive(sqs, queue, MaxNumberOfMessages=10)) == 1


@pytest.mark.documented(GUIDE + "quotas-queues.html")
@pytest.mark.usefixtures("few_in_flight")
def test_a_long_poll_of_a_full_queue_is_not_an_error(cloud: Any, sqs: Any, queue: str) -> None:
    sqs.send_message_batch(QueueUrl=queue, Entries=entries(*"abcdefghij"))
    sqs.send_message_batch(QueueUrl=queue, Entries=entries(*"klmnopqrst"))
    first = receive(sqs, queue, MaxNumberOfMessages=10, VisibilityTimeout=60)
    receive(sqs, queue, MaxNumberOfMessages=10, VisibilityTimeout=60)
    assert bodies(sqs, queue, WaitTimeSeconds=20) == []
    cloud.at(cloud.clock.now() + 5, lambda: sqs.delete_message(QueueUrl=queue, ReceiptHandle=first[0]["ReceiptHandle"]))
    assert len(bodies(sqs, queue, WaitTimeSeconds=20)) == 1


@pytest.mark.ours
@pytest.mark.usefixtures("few_in_flight")
def test_a_long_poll_of_a_full_queue_ends_though_time_stands_still_and_messages_are_visible(
    cloud: Any, sqs: Any, queue: str
) -> None:
    cloud.scheduler.bend(rate=0)
    sqs.send_message_batch(QueueUrl=queue, Entries=entries(*"abcdefghij"))
    sqs.send_message_batch(QueueUrl=queue, Entries=entries(*"klmnopqrst"))
    receive(sqs, queue, MaxNumberOfMessages=10, VisibilityTimeout=60)
    receive(sqs, queue, MaxNumberOfMessages=10, VisibilityTimeout=60)
    assert bodies(sqs, queue, WaitTimeSeconds=1) == []


# -- polling ---------------------------------------------------------------------------------------------------------


@pytest.mark.fact("SQS-016")
def test_a_short_poll_answers_at_once(cloud: Any, sqs: Any, queue: str) -> None:
    cloud.scheduler.bend(rate=0)
    before = cloud.clock.now()
    assert bodies(sqs, queue, WaitTimeSeconds=0) == []
    assert cloud.clock.now() == before


@pytest.mark.fact("SQS-017")
def test_a_long_poll_ends_when_a_message_comes(cloud: Any, sqs: Any, queue: str) -> None:
    before = cloud.clock.now()
    cloud.at(before + 3, lambda: sqs.send_message(QueueUrl=queue, MessageBody="x"))
    assert bodies(sqs, queue, WaitTimeSeconds=20) == ["x"]
    assert 3 <= cloud.clock.now() - before < 4


@pytest.mark.fact("SQS-017")
def test_a_long_poll_ends_empty_after_its_time(cloud: Any, sqs: Any, queue: str) -> None:
    before = cloud.clock.now()
    assert bodies(sqs, queue, WaitTimeSeconds=20) == []
    assert 20 <= cloud.clock.now() - before < 21


@pytest.mark.documented(GUIDE + "sqs-short-and-long-polling.html")
def test_a_queue_can_make_every_poll_a_long_one(cloud: Any, sqs: Any) -> None:
    url = sqs.create_queue(QueueName="q", Attributes={"ReceiveMessageWaitTimeSeconds": "10"})["QueueUrl"]
    before = cloud.clock.now()
    assert bodies(sqs, url) == []
    assert 10 <= cloud.clock.now() - before < 11


@pytest.mark.ours
def test_a_long_poll_ends_when_a_delayed_message_becomes_visible(cloud: Any, sqs: Any, queue: str) -> None:
    before = cloud.clock.now()
    sqs.send_message(QueueUrl=queue, MessageBody="x", DelaySeconds=7)
    assert bodies(sqs, queue, WaitTimeSeconds=20) == ["x"]
    assert 7 <= cloud.clock.now() - before < 8


@pytest.mark.ours
def test_a_long_poll_ends_when_a_message_comes_back(cloud: Any, sqs: Any, queue: str) -> None:
    sqs.send_message(QueueUrl=queue, MessageBody="x")
    before = cloud.clock.now()
    receive(sqs, queue, VisibilityTimeout=5)
    assert bodies(sqs, queue, WaitTimeSeconds=20) == ["x"]
    assert 5 <= cloud.clock.now() - before < 6


# -- deleting --------------------------------------------------------------------------------------------------------


@pytest.mark.documented(API + "API_DeleteMessage.html")
def test_a_deleted_message_does_not_come_back(cloud: Any, sqs: Any, queue: str) -> None:
    sqs.send_message(QueueUrl=queue, MessageBody="x")
    handle = receive(sqs, queue)[0]["ReceiptHandle"]
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=handle)
    cloud.advance(31)
    assert bodies(sqs, queue) == []


@pytest.mark.documented(API + "API_DeleteMessage.html")
def test_deleting_twice_is_not_an_error(sqs: Any, queue: str) -> None:
    sqs.send_message(QueueUrl=queue, MessageBody="x")
    handle = receive(sqs, queue)[0]["ReceiptHandle"]
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=handle)
    assert sqs.delete_message(QueueUrl=queue, ReceiptHandle=handle)["ResponseMetadata"]["HTTPStatusCode"] == 200


@pytest.mark.documented(API + "API_DeleteMessage.html")
def test_an_older_handle_still_deletes_on_a_standard_queue(cloud: Any, sqs: Any, queue: str) -> None:
    sqs.send_message(QueueUrl=queue, MessageBody="x")
    old = receive(sqs, queue)[0]["ReceiptHandle"]
    cloud.advance(31)
    receive(sqs, queue)
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=old)
    assert counts(sqs, queue) == (0, 0, 0)


@pytest.mark.documented(API + "API_DeleteMessage.html")
def test_an_invented_handle_is_refused(sqs: Any, queue: str, refused: Any) -> None:
    code, message = refused(sqs.delete_message, QueueUrl=queue, ReceiptHandle="abc")
    assert (code, message) == (
        "ReceiptHandleIsInvalid",
        'The input receipt handle "abc" is not a valid receipt handle.',
    )


@pytest.mark.documented(API + "API_DeleteMessage.html")
def test_a_handle_is_good_for_its_own_queue_alone(sqs: Any, queue: str, refused: Any) -> None:
    other = sqs.create_queue(QueueName="other")["QueueUrl"]
    sqs.send_message(QueueUrl=queue, MessageBody="x")
    handle = receive(sqs, queue)[0]["ReceiptHandle"]
    assert refused(sqs.delete_message, QueueUrl=other, ReceiptHandle=handle)[0] == "ReceiptHandleIsInvalid"


# -- changing visibility ---------------------------------------------------------------------------------------------


@pytest.mark.documented(API + "API_ChangeMessageVisibility.html")
def test_a_message_can_be_hidden_longer(cloud: Any, sqs: Any, queue: str) -> None:
    sqs.send_message(QueueUrl=queue, MessageBody="x")
    handle = receive(sqs, queue)[0]["ReceiptHandle"]
    cloud.advance(20)
    sqs.change_message_visibility(QueueUrl=queue, ReceiptHandle=handle, VisibilityTimeout=60)
    cloud.advance(59)
    assert bodies(sqs, queue) == []
    cloud.advance(1)
    assert bodies(sqs, queue) == ["x"]


@pytest.mark.documented(API + "API_ChangeMessageVisibility.html")
def test_a_message_can_be_given_back_at_once(sqs: Any, queue: str) -> None:
    sqs.send_message(QueueUrl=queue, MessageBody="x")
    handle = receive(sqs, queue)[0]["ReceiptHandle"]
    sqs.change_message_visibility(QueueUrl=queue, ReceiptHandle=handle, VisibilityTimeout=0)
    assert bodies(sqs, queue) == ["x"]


@pytest.mark.documented(API + "API_ChangeMessageVisibility.html")
def test_a_message_that_is_back_is_not_in_flight(cloud: Any, sqs: Any, queue: str, refused: Any) -> None:
    sqs.send_message(QueueUrl=queue, MessageBody="x")
    handle = receive(sqs, queue)[0]["ReceiptHandle"]
    cloud.advance(30)
    code, _ = refused(sqs.change_message_visibility, QueueUrl=queue, ReceiptHandle=handle, VisibilityTimeout=1)
    assert code == "AWS.SimpleQueueService.MessageNotInflight"


@pytest.mark.documented(API + "API_ChangeMessageVisibility.html")
def test_a_deleted_message_cannot_be_hidden(sqs: Any, queue: str, refused: Any) -> None:
    sqs.send_message(QueueUrl=queue, MessageBody="x")
    handle = receive(sqs, queue)[0]["ReceiptHandle"]
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=handle)
    code, message = refused(sqs.change_message_visibility, QueueUrl=queue, ReceiptHandle=handle, VisibilityTimeout=1)
    assert code == "InvalidParameterValue"
    assert message.endswith("Reason: Message does not exist or is not available for visibility timeout change.")


@pytest.mark.documented(API + "API_ChangeMessageVisibility.html")
def test_a_message_is_hidden_for_12_hours_in_all(cloud: Any, sqs: Any, queue: str, refused: Any) -> None:
    sqs.send_message(QueueUrl=queue, MessageBody="x")
    handle = receive(sqs, queue)[0]["ReceiptHandle"]
    cloud.advance(10)
    code, message = refused(
        sqs.change_message_visibility, QueueUrl=queue, ReceiptHandle=handle, VisibilityTimeout=43_200
    )
    assert code == "InvalidParameterValue"
    assert message.endswith("Total VisibilityTimeout for the message is beyond the limit [43200 seconds]")
    sqs.change_message_visibility(QueueUrl=queue, ReceiptHandle=handle, VisibilityTimeout=43_180)


@pytest.mark.documented(API + "API_ChangeMessageVisibility.html")
@pytest.mark.parametrize("seconds", [-1, 43_201])
def test_a_timeout_outside_12_hours_cannot_be_set(sqs: Any, queue: str, refused: Any, seconds: int) -> None:
    sqs.send_message(QueueUrl=queue, MessageBody="x")
    handle = receive(sqs, queue)[0]["ReceiptHandle"]
    code, _ = refused(sqs.change_message_visibility, QueueUrl=queue, ReceiptHandle=handle, VisibilityTimeout=seconds)
    assert code == "InvalidParameterValue"


# -- batches ---------------------------------------------------------------------------------------------------------


@pytest.mark.documented(API + "API_SendMessageBatch.html")
def test_a_batch_answers_for_every_entry(sqs: Any, queue: str) -> None:
    reply = sqs.send_message_batch(QueueUrl=queue, Entries=entries("a", "b"))
    assert [entry["Id"] for entry in reply["Successful"]] == ["e0", "e1"]
    assert "Failed" not in reply


@pytest.mark.documented(API + "API_SendMessageBatch.html")
def test_an_entry_that_is_refused_does_not_stop_the_others(sqs: Any, queue: str) -> None:
    mixed = [
        *entries("good"),
        {"Id": "late", "MessageBody": "x", "DelaySeconds": 901},
        {"Id": "odd", "MessageBody": "\x01"},
    ]
    reply = sqs.send_message_batch(QueueUrl=queue, Entries=mixed)
    assert [entry["Id"] for entry in reply["Successful"]] == ["e0"]
    assert [(e["Id"], e["Code"], e["SenderFault"]) for e in reply["Failed"]] == [
        ("late", "InvalidParameterValue", True), ("odd", "InvalidMessageContents", True),
    ]  # fmt: skip
    assert bodies(sqs, queue, MaxNumberOfMessages=10) == ["good"]


@pytest.mark.documented(API + "API_SendMessageBatch.html")
@pytest.mark.parametrize(
    ("given", "code"),
    [
        ([], "AWS.SimpleQueueService.EmptyBatchRequest"),
        (entries(*"abcdefghijk"), "AWS.SimpleQueueService.TooManyEntriesInBatchRequest"),
        (entries("a") * 2, "AWS.SimpleQueueService.BatchEntryIdsNotDistinct"),
        ([{"Id": "a b", "MessageBody": "x"}], "AWS.SimpleQueueService.InvalidBatchEntryId"),
        ([{"Id": "i" * 81, "MessageBody": "x"}], "AWS.SimpleQueueService.InvalidBatchEntryId"),
        ([{"Id": "", "MessageBody": "x"}], "MissingParameter"),
    ],
)
def test_a_batch_outside_the_rules_is_refused(sqs: Any, queue: str, refused: Any, given: list[Any], code: str) -> None:
    assert refused(sqs.send_message_batch, QueueUrl=queue, Entries=given)[0] == code


@pytest.mark.documented(API + "API_SendMessageBatch.html")
def test_a_batch_is_a_mebibyte_at_most(sqs: Any, queue: str, refused: Any) -> None:
    half = "x" * (MIB // 2)
    code, message = refused(sqs.send_message_batch, QueueUrl=queue, Entries=entries(half, half + "x"))
    assert code == "AWS.SimpleQueueService.BatchRequestTooLong"
    assert message == f"Batch requests cannot be longer than {MIB} bytes. You have sent {MIB + 1} bytes."
    assert len(sqs.send_message_batch(QueueUrl=queue, Entries=entries(half, half))["Successful"]) == 2


@pytest.mark.documented(API + "API_DeleteMessageBatch.html")
def test_a_batch_deletes_what_it_can(sqs: Any, queue: str) -> None:
    sqs.send_message(QueueUrl=queue, MessageBody="x")
    handle = receive(sqs, queue)[0]["ReceiptHandle"]
    both = [{"Id": "good", "ReceiptHandle": handle}, {"Id": "bad", "ReceiptHandle": "abc"}]
    reply = sqs.delete_message_batch(QueueUrl=queue, Entries=both)
    assert [entry["Id"] for entry in reply["Successful"]] == ["good"]
    assert [(entry["Id"], entry["Code"]) for entry in reply["Failed"]] == [("bad", "ReceiptHandleIsInvalid")]
    assert counts(sqs, queue) == (0, 0, 0)


@pytest.mark.documented(API + "API_ChangeMessageVisibilityBatch.html")
def test_a_batch_changes_the_visibility_of_what_it_can(sqs: Any, queue: str) -> None:
    sqs.send_message(QueueUrl=queue, MessageBody="x")
    handle = receive(sqs, queue)[0]["ReceiptHandle"]
    both = [
        {"Id": "good", "ReceiptHandle": handle, "VisibilityTimeout": 0},
        {"Id": "bad", "ReceiptHandle": handle, "VisibilityTimeout": 43_201},
    ]
    reply = sqs.change_message_visibility_batch(QueueUrl=queue, Entries=both)
    assert [entry["Id"] for entry in reply["Successful"]] == ["good"]
    assert [(entry["Id"], entry["Code"]) for entry in reply["Failed"]] == [("bad", "InvalidParameterValue")]
    assert bodies(sqs, queue) == ["x"]


@pytest.mark.documented(API + "API_DeleteMessageBatch.html")
def test_an_empty_batch_deletes_nothing_and_says_so(sqs: Any, queue: str, refused: Any) -> None:
    code, message = refused(sqs.delete_message_batch, QueueUrl=queue, Entries=[])
    assert code == "AWS.SimpleQueueService.EmptyBatchRequest"
    assert message == "There should be at least one DeleteMessageBatchRequestEntry in the request."


# -- retention -------------------------------------------------------------------------------------------------------


@pytest.mark.fact("SQS-002")
def test_a_message_is_gone_after_4_days(cloud: Any, sqs: Any, queue: str) -> None:
    found = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["MessageRetentionPeriod"])["Attributes"]
    assert found == {"MessageRetentionPeriod": "345600"}
    sqs.send_message(QueueUrl=queue, MessageBody="x")
    cloud.advance(days=4, seconds=-1)
    assert counts(sqs, queue) == (1, 0, 0)
    cloud.advance(2)
    assert (counts(sqs, queue), bodies(sqs, queue)) == ((0, 0, 0), [])


@pytest.mark.ours
def test_every_message_goes_at_its_own_time(cloud: Any, sqs: Any) -> None:
    url = sqs.create_queue(QueueName="q", Attributes={"MessageRetentionPeriod": "60"})["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="first")
    cloud.advance(20)
    sqs.send_message(QueueUrl=url, MessageBody="second")
    cloud.advance(41)
    assert bodies(sqs, url, VisibilityTimeout=0, MaxNumberOfMessages=10) == ["second"]
    cloud.advance(20)
    assert counts(sqs, url) == (0, 0, 0)


@pytest.mark.documented(API + "API_SetQueueAttributes.html")
def test_a_shorter_retention_holds_for_messages_already_there(cloud: Any, sqs: Any, queue: str) -> None:
    sqs.send_message(QueueUrl=queue, MessageBody="x")
    cloud.advance(100)
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"MessageRetentionPeriod": "60"})
    assert counts(sqs, queue) == (0, 0, 0)


@pytest.mark.documented(API + "API_SetQueueAttributes.html")
def test_a_longer_retention_holds_for_messages_already_there(cloud: Any, sqs: Any, queue: str) -> None:
    sqs.send_message(QueueUrl=queue, MessageBody="x")
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"MessageRetentionPeriod": "1209600"})
    cloud.advance(days=13)
    assert bodies(sqs, queue, VisibilityTimeout=0) == ["x"]
    cloud.advance(days=1)
    assert counts(sqs, queue) == (0, 0, 0)


# -- dead letters ----------------------------------------------------------------------------------------------------


def with_dead_letters(sqs: Any, source: str, receives: int, **attributes: str) -> str:
    """Give a queue a dead-letter queue; its URL."""
    dead: str = sqs.create_queue(QueueName="dead", Attributes=attributes)["QueueUrl"]
    target = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    policy = json.dumps({"deadLetterTargetArn": target, "maxReceiveCount": receives})
    sqs.set_queue_attributes(QueueUrl=source, Attributes={"RedrivePolicy": policy})
    return dead


@pytest.mark.documented(GUIDE + "sqs-dead-letter-queues.html")
def test_a_message_received_too_often_goes_to_the_dead_letter_queue(cloud: Any, sqs: Any, queue: str) -> None:
    dead = with_dead_letters(sqs, queue, 2)
    sent = sqs.send_message(QueueUrl=queue, MessageBody="x")["MessageId"]
    seen = bodies(sqs, queue, VisibilityTimeout=0) + bodies(sqs, queue, VisibilityTimeout=0) + bodies(sqs, queue)
    assert seen == ["x", "x"]
    got = receive(sqs, dead, AttributeNames=["All"])[0]
    assert got["MessageId"] == sent
    assert got["Attributes"]["DeadLetterQueueSourceArn"] == "arn:aws:sqs:us-east-1:000000000000:jobs"


@pytest.mark.documented(GUIDE + "sqs-dead-letter-queues.html")
def test_the_retention_of_a_dead_letter_counts_from_its_first_sending(cloud: Any, sqs: Any, queue: str) -> None:
    dead = with_dead_letters(sqs, queue, 1)
    sqs.send_message(QueueUrl=queue, MessageBody="x")
    cloud.advance(days=1)
    bodies(sqs, queue, VisibilityTimeout=0)
    bodies(sqs, queue)
    cloud.advance(days=3, seconds=-10)
    assert counts(sqs, dead) == (1, 0, 0)
    cloud.advance(20)
    assert counts(sqs, dead) == (0, 0, 0)


@pytest.mark.ours
def test_a_message_behind_a_dead_one_is_received_all_the_same(sqs: Any, queue: str) -> None:
    dead = with_dead_letters(sqs, queue, 1)
    sqs.send_message(QueueUrl=queue, MessageBody="bad")
    bodies(sqs, queue, VisibilityTimeout=0)
    sqs.send_message(QueueUrl=queue, MessageBody="good")
    assert bodies(sqs, queue) == ["good"]
    assert bodies(sqs, dead) == ["bad"]


@pytest.mark.ours
def test_a_long_poll_that_only_finds_a_dead_letter_moves_it(sqs: Any, queue: str) -> None:
    dead = with_dead_letters(sqs, queue, 1)
    sqs.send_message(QueueUrl=queue, MessageBody="bad")
    bodies(sqs, queue, VisibilityTimeout=0)
    assert bodies(sqs, queue, WaitTimeSeconds=20) == []
    assert counts(sqs, dead) == (1, 0, 0)


@pytest.mark.ours
def test_without_its_dead_letter_queue_a_queue_keeps_its_messages(sqs: Any, queue: str) -> None:
    dead = with_dead_letters(sqs, queue, 1)
    sqs.send_message(QueueUrl=queue, MessageBody="x")
    bodies(sqs, queue, VisibilityTimeout=0)
    sqs.delete_queue(QueueUrl=dead)
    assert bodies(sqs, queue) == ["x"]


@pytest.mark.fact("SQS-012")
def test_a_standard_queue_takes_3000_sends_a_second() -> None:
    from haar import Cloud

    with Cloud(seed=1, limits="aws") as cloud:
        sqs = cloud.client("sqs")
        url = sqs.create_queue(QueueName="q")["QueueUrl"]
        cloud.scheduler.bend(rate=0)
        batch = entries(*"abcdefghij")
        assert all(len(sqs.send_message_batch(QueueUrl=url, Entries=batch)["Successful"]) == 10 for _ in range(310))
        assert counts(sqs, url)[0] == 3100
