"""Publishing: what a message may be, and how it arrives in queues."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from haar import Cloud
    from haar.services.sns.conftest import Inbox
    from haar.services.sns.resources import Delivered
    from haar.services.sns.test_sns_endpoint import Endpoint

API = "https://docs.aws.amazon.com/sns/latest/api/"
GUIDE = "https://docs.aws.amazon.com/sns/latest/dg/"
Refusal = Callable[..., tuple[str, str]]

pytestmark = pytest.mark.documented(f"{API}API_Publish.html")


@pytest.mark.fact("SNS-001")
@pytest.mark.fact("SNS-003")
def test_every_subscriber_gets_the_message_once_and_at_once(
    sns: Any, topic: str, inbox: Callable[..., Inbox], endpoint: Endpoint
) -> None:
    queues = [inbox("first"), inbox("second")]
    for queue in queues:
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue.arn)
    sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=endpoint.url)
    sns.confirm_subscription(TopicArn=topic, Token=endpoint.told()[0]["Token"])
    sns.publish(TopicArn=topic, Message="extra! extra!")
    assert [[one["Message"] for one in queue.told()] for queue in queues] == [["extra! extra!"]] * 2
    assert [one["Message"] for one in endpoint.told()[1:]] == ["extra! extra!"]


def test_an_envelope_says_what_was_published(sns: Any, topic: str, inbox: Callable[..., Inbox]) -> None:
    queue = inbox()
    arn = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue.arn)["SubscriptionArn"]
    attributes = {"n": {"DataType": "Number", "StringValue": "1"}, "b": {"DataType": "Binary", "BinaryValue": b"x"}}
    sent = sns.publish(TopicArn=topic, Message="héllo", Subject="Hi", MessageAttributes=attributes)
    (told,) = queue.told()
    assert (told["Type"], told["MessageId"], told["TopicArn"]) == ("Notification", sent["MessageId"], topic)
    assert (told["Subject"], told["Message"]) == ("Hi", "héllo")
    assert told["MessageAttributes"] == {
        "n": {"Type": "Number", "Value": "1"},
        "b": {"Type": "Binary", "Value": "eA=="},
    }
    assert arn in told["UnsubscribeURL"]


@pytest.mark.documented(f"{GUIDE}sns-large-payload-raw-message-delivery.html")
def test_raw_delivery_sends_the_message_and_its_attributes(sns: Any, topic: str, inbox: Callable[..., Inbox]) -> None:
    queue = inbox()
    raw = {"RawMessageDelivery": "true"}
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue.arn, Attributes=raw)
    attributes = {"kind": {"DataType": "String", "StringValue": "x"}}
    sns.publish(TopicArn=topic, Message="plain", MessageAttributes=attributes)
    (message,) = queue.messages()
    assert (message["Body"], message["MessageAttributes"]) == ("plain", attributes)


@pytest.mark.documented(f"{GUIDE}subscribe-sqs-queue-to-sns-topic.html")
def test_a_queue_that_does_not_let_sns_in_gets_nothing(cloud: Cloud, sns: Any, topic: str) -> None:
    sqs = cloud.client("sqs")
    url = sqs.create_queue(QueueName="closed")["QueueUrl"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint="arn:aws:sqs:us-east-1:000000000000:closed")
    sns.publish(TopicArn=topic, Message="hi")
    assert "Messages" not in sqs.receive_message(QueueUrl=url)


@pytest.mark.documented(f"{GUIDE}sns-access-policy-use-cases.html")
@pytest.mark.parametrize(("name", "arrives"), [("news", True), ("other", False)])
def test_a_queue_policy_sees_which_topic_sends(
    cloud: Cloud, sns: Any, inbox: Callable[..., Inbox], name: str, arrives: bool
) -> None:
    queue = inbox()
    statement = {
        "Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage",
        "Resource": queue.arn, "Condition": {"ArnEquals": {"aws:SourceArn": "arn:aws:sns:*:*:news"}},
    }  # fmt: skip
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    cloud.client("sqs").set_queue_attributes(QueueUrl=queue.url, Attributes={"Policy": policy})
    topic = sns.create_topic(Name=name)["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue.arn)
    sns.publish(TopicArn=topic, Message="hi")
    assert bool(queue.bodies()) is arrives


def test_a_structured_message_has_a_text_for_each_protocol(
    sns: Any, topic: str, inbox: Callable[..., Inbox], outbox: Callable[[], list[Delivered]]
) -> None:
    queue = inbox()
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue.arn)
    sns.subscribe(TopicArn=topic, Protocol="sms", Endpoint="+12065550100")
    texts = json.dumps({"default": "for all", "sqs": "for queues"})
    sns.publish(TopicArn=topic, Message=texts, MessageStructure="json")
    assert queue.told()[0]["Message"] == "for queues"
    assert outbox()[-1].body == "for all"


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("no json", "Invalid parameter: Message Structure - JSON message body failed to parse"),
        ('{"sqs": "x"}', "Invalid parameter: Message Structure - No default entry in JSON message body"),
    ],
)
def test_a_structured_message_needs_a_default(sns: Any, topic: str, refused: Refusal, message: str, words: str) -> None:
    assert refused(sns.publish, TopicArn=topic, Message=message, MessageStructure="json") == ("InvalidParameter", words)


def test_an_empty_message_is_refused(sns: Any, topic: str, refused: Refusal) -> None:
    assert refused(sns.publish, TopicArn=topic, Message="") == ("InvalidParameter", "Invalid parameter: Empty message")


def test_a_message_has_at_most_256_kilobytes(sns: Any, topic: str, refused: Refusal) -> None:
    assert sns.publish(TopicArn=topic, Message="x" * 262_144)["MessageId"]
    words = "Invalid parameter: Message too long"
    assert refused(sns.publish, TopicArn=topic, Message="x" * 262_145) == ("InvalidParameter", words)


@pytest.mark.documented(f"{GUIDE}sns-message-attributes.html")
def test_attributes_count_for_the_size(sns: Any, topic: str, refused: Refusal) -> None:
    attributes = {"kind": {"DataType": "String", "StringValue": "x"}}
    code, _ = refused(sns.publish, TopicArn=topic, Message="x" * 262_144, MessageAttributes=attributes)
    assert code == "InvalidParameter"


@pytest.mark.documented(f"{GUIDE}sns-message-attributes.html")
@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"DataType": "Colour", "StringValue": "red"}, "supported type prefixes is Binary, Number, and String."),
        ({"DataType": "String"}, "must contain non-empty message attribute value for message attribute type 'String'."),
        ({"DataType": "Number", "StringValue": "many"}, "to number"),
        ({"DataType": "String.Array", "StringValue": "{}"}, "JSON array"),
    ],
)  # fmt: skip
def test_an_attribute_that_is_none_is_refused(
    sns: Any, topic: str, refused: Refusal, value: dict[str, str], words: str
) -> None:
    code, said = refused(sns.publish, TopicArn=topic, Message="hi", MessageAttributes={"a": value})
    assert (code, words in said) == ("ParameterValueInvalid", True)


def test_a_message_goes_somewhere(sns: Any, refused: Refusal) -> None:
    assert refused(sns.publish, Message="hi") == (
        "InvalidParameter",
        "Invalid parameter: TopicArn or TargetArn Reason: no value for required parameter",
    )


@pytest.mark.parametrize("subject", ["x" * 101, "two\nlines", ""])
def test_a_subject_is_one_line_of_a_hundred_characters(sns: Any, topic: str, refused: Refusal, subject: str) -> None:
    code, words = refused(sns.publish, TopicArn=topic, Message="hi", Subject=subject)
    assert (code, words) == ("InvalidParameter", "Invalid parameter: Subject")


# -- batches --------------------------------------------------------------------------------------------------------


@pytest.mark.documented(f"{API}API_PublishBatch.html")
def test_a_batch_says_of_each_entry_what_became_of_it(sns: Any, topic: str, inbox: Callable[..., Inbox]) -> None:
    queue = inbox()
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue.arn)
    entries = [{"Id": "a", "Message": "one"}, {"Id": "b", "Message": ""}, {"Id": "c", "Message": "three"}]
    reply = sns.publish_batch(TopicArn=topic, PublishBatchRequestEntries=entries)
    assert [one["Id"] for one in reply["Successful"]] == ["a", "c"]
    assert [(one["Id"], one["Code"], one["SenderFault"]) for one in reply["Failed"]] == [
        ("b", "InvalidParameter", True)
    ]
    assert sorted(one["Message"] for one in queue.told()) == ["one", "three"]


@pytest.mark.documented(f"{API}API_PublishBatch.html")
@pytest.mark.parametrize(
    ("entries", "code"),
    [
        ([], "EmptyBatchRequest"),
        ([{"Id": str(number), "Message": "x"} for number in range(11)], "TooManyEntriesInBatchRequest"),
        ([{"Id": "a", "Message": "x"}, {"Id": "a", "Message": "y"}], "BatchEntryIdsNotDistinct"),
        ([{"Id": "a b", "Message": "x"}], "InvalidBatchEntryId"),
        ([{"Id": str(number), "Message": "x" * 131_073} for number in range(2)], "BatchRequestTooLong"),
    ],
)
def test_a_batch_that_is_none_is_refused(
    sns: Any, topic: str, refused: Refusal, entries: list[dict[str, str]], code: str
) -> None:
    assert refused(sns.publish_batch, TopicArn=topic, PublishBatchRequestEntries=entries)[0] == code


# -- FIFO topics ------------------------------------------------------------------------------------------------------


@pytest.mark.documented(f"{GUIDE}fifo-topic-message-ordering.html")
def test_a_fifo_queue_gets_the_messages_of_a_group_in_their_order(
    sns: Any, fifo: str, inbox: Callable[..., Inbox]
) -> None:
    queue = inbox("line.fifo")
    sns.subscribe(TopicArn=fifo, Protocol="sqs", Endpoint=queue.arn, Attributes={"RawMessageDelivery": "true"})
    for number in range(10):
        sns.publish(TopicArn=fifo, Message=str(number), MessageGroupId="a")
    assert queue.bodies() == [str(number) for number in range(10)]


@pytest.mark.documented(f"{GUIDE}fifo-message-dedup.html")
def test_the_same_message_within_five_minutes_is_one(
    cloud: Cloud, sns: Any, fifo: str, inbox: Callable[..., Inbox]
) -> None:
    queue = inbox("line.fifo")
    sns.subscribe(TopicArn=fifo, Protocol="sqs", Endpoint=queue.arn)
    first = sns.publish(TopicArn=fifo, Message="same", MessageGroupId="a")
    again = sns.publish(TopicArn=fifo, Message="same", MessageGroupId="b")
    cloud.advance(seconds=301)
    later = sns.publish(TopicArn=fifo, Message="same", MessageGroupId="a")
    assert again["SequenceNumber"] == first["SequenceNumber"] < later["SequenceNumber"]
    assert [one["SequenceNumber"] for one in queue.told()] == [first["SequenceNumber"], later["SequenceNumber"]]


@pytest.mark.documented(f"{GUIDE}fifo-high-throughput.html")
def test_with_the_scope_of_groups_each_group_has_its_own_deduplication(sns: Any, fifo: str) -> None:
    sns.set_topic_attributes(TopicArn=fifo, AttributeName="FifoThroughputScope", AttributeValue="MessageGroup")
    sent = [sns.publish(TopicArn=fifo, Message="same", MessageGroupId=group)["SequenceNumber"] for group in "aba"]
    assert (len(set(sent)), sent[0] == sent[2]) == (2, True)


@pytest.mark.documented(f"{GUIDE}fifo-message-grouping.html")
def test_a_fifo_topic_wants_a_group(sns: Any, fifo: str, refused: Refusal) -> None:
    words = "Invalid parameter: The MessageGroupId parameter is required for FIFO topics"
    assert refused(sns.publish, TopicArn=fifo, Message="hi") == ("InvalidParameter", words)


@pytest.mark.documented(f"{GUIDE}fifo-message-dedup.html")
def test_a_fifo_topic_wants_to_know_a_message_by_something(sns: Any, refused: Refusal) -> None:
    topic = sns.create_topic(Name="bare.fifo", Attributes={"FifoTopic": "true"})["TopicArn"]
    code, words = refused(sns.publish, TopicArn=topic, Message="hi", MessageGroupId="a")
    assert (code, "MessageDeduplicationId provided explicitly" in words) == ("InvalidParameter", True)


def test_a_standard_topic_takes_no_deduplication_id(sns: Any, topic: str, refused: Refusal) -> None:
    code, words = refused(sns.publish, TopicArn=topic, Message="hi", MessageDeduplicationId="a")
    assert (code, "not valid for this topic type" in words) == ("InvalidParameter", True)


@pytest.mark.documented(f"{GUIDE}message-archiving-and-replay-subscriber.html")
def test_a_subscription_is_sent_the_archive_again(
    cloud: Cloud, sns: Any, fifo: str, inbox: Callable[..., Inbox]
) -> None:
    sns.set_topic_attributes(
        TopicArn=fifo, AttributeName="ArchivePolicy", AttributeValue='{"MessageRetentionPeriod": 30}'
    )
    for text in ("old", "older than the queue"):
        sns.publish(TopicArn=fifo, Message=text, MessageGroupId="a")
    cloud.advance(days=1)
    queue = inbox("late.fifo")
    replay = json.dumps({"PointType": "Timestamp", "StartingPoint": "2020-01-01T00:00:00.000Z"})
    arn = sns.subscribe(TopicArn=fifo, Protocol="sqs", Endpoint=queue.arn, Attributes={"ReplayPolicy": replay})[
        "SubscriptionArn"
    ]
    assert [(one["Message"], one["Replayed"]) for one in queue.told()] == [
        ("old", True),
        ("older than the queue", True),
    ]
    assert sns.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]["ReplayStatus"] == "Completed"


@pytest.mark.documented(f"{GUIDE}message-archiving-and-replay-topic-owner.html")
def test_an_archive_forgets_by_the_clock(cloud: Cloud, sns: Any, fifo: str, inbox: Callable[..., Inbox]) -> None:
    sns.set_topic_attributes(
        TopicArn=fifo, AttributeName="ArchivePolicy", AttributeValue='{"MessageRetentionPeriod": 1}'
    )
    sns.publish(TopicArn=fifo, Message="old", MessageGroupId="a")
    cloud.advance(days=2)
    queue = inbox("late.fifo")
    replay = json.dumps({"PointType": "Timestamp", "StartingPoint": "2020-01-01T00:00:00.000Z"})
    sns.subscribe(TopicArn=fifo, Protocol="sqs", Endpoint=queue.arn, Attributes={"ReplayPolicy": replay})
    assert queue.bodies() == []


@pytest.mark.documented(f"{GUIDE}message-archiving-and-replay-topic-owner.html")
def test_a_topic_with_an_archive_is_not_deleted(sns: Any, fifo: str, refused: Refusal) -> None:
    sns.set_topic_attributes(
        TopicArn=fifo, AttributeName="ArchivePolicy", AttributeValue='{"MessageRetentionPeriod": 1}'
    )
    assert refused(sns.delete_topic, TopicArn=fifo)[0] == "InvalidState"


# -- keys and dead letters --------------------------------------------------------------------------------------------


@pytest.mark.documented(f"{GUIDE}sns-dead-letter-queues.html")
def test_what_a_queue_refuses_goes_to_the_dead_letter_queue(sns: Any, topic: str, inbox: Callable[..., Inbox]) -> None:
    dead = inbox("dead")
    redrive = {"RedrivePolicy": json.dumps({"deadLetterTargetArn": dead.arn})}
    gone = "arn:aws:sqs:us-east-1:000000000000:gone"
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=gone, Attributes=redrive)
    sns.publish(TopicArn=topic, Message="lost?")
    (message,) = dead.messages()
    assert json.loads(message["Body"])["Message"] == "lost?"
    assert set(message["MessageAttributes"]) == {"RequestID", "ErrorCode", "ErrorMessage"}


@pytest.mark.documented(f"{GUIDE}sns-key-management.html")
def test_a_publisher_needs_the_key_of_the_topic(cloud: Cloud, sns: Any, topic: str, refused: Refusal) -> None:
    key = cloud.client("kms").create_key()["KeyMetadata"]["KeyId"]
    sns.set_topic_attributes(TopicArn=topic, AttributeName="KmsMasterKeyId", AttributeValue=key)
    assert sns.publish(TopicArn=topic, Message="hi")["MessageId"]
    iam = cloud.client("iam")
    iam.create_user(UserName="ann")
    allowed = {"Effect": "Allow", "Action": "sns:*", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    iam.put_user_policy(UserName="ann", PolicyName="own", PolicyDocument=document)
    pair = iam.create_access_key(UserName="ann")["AccessKey"]
    ann = cloud.client("sns", access_key=pair["AccessKeyId"], secret_key=pair["SecretAccessKey"])
    assert refused(ann.publish, TopicArn=topic, Message="hi")[0] == "KMSAccessDenied"


@pytest.mark.documented(f"{GUIDE}sns-key-management.html")
def test_an_encrypted_queue_wants_sns_to_have_its_key(
    cloud: Cloud, sns: Any, topic: str, inbox: Callable[..., Inbox]
) -> None:
    kms = cloud.client("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    queue = inbox("sealed", KmsMasterKeyId=key)
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue.arn)
    sns.publish(TopicArn=topic, Message="before")
    policy = json.loads(kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"])
    service = {"Service": "sns.amazonaws.com"}
    actions = ["kms:GenerateDataKey*", "kms:Decrypt"]
    policy["Statement"].append({"Effect": "Allow", "Principal": service, "Action": actions, "Resource": "*"})
    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=json.dumps(policy))
    sns.publish(TopicArn=topic, Message="after")
    assert [one["Message"] for one in queue.told()] == ["after"]
