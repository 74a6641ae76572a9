"""Subscriptions: protocols, confirmation, HTTP delivery, mail."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from haar.services.sns.signing import certificate
from haar.wire.http import HttpRequest

if TYPE_CHECKING:
    from haar import Cloud
    from haar.services.sns.conftest import Inbox
    from haar.services.sns.resources import Delivered
    from haar.services.sns.test_sns_endpoint import Endpoint

API = "https://docs.aws.amazon.com/sns/latest/api/"
GUIDE = "https://docs.aws.amazon.com/sns/latest/dg/"
Refusal = Callable[..., tuple[str, str]]
Outbox = Callable[[], "list[Delivered]"]

pytestmark = pytest.mark.documented(f"{API}API_Subscribe.html")


def visit(cloud: Cloud, url: str) -> int:
    """Follow a link, without a signature; the status."""
    parts = urlsplit(url)
    return cloud.handle(HttpRequest("GET", parts.path, parts.query, {"host": parts.netloc})).status


def confirmed(sns: Any, topic: str, endpoint: Endpoint, **attributes: str) -> str:
    """A confirmed subscription of an HTTP endpoint; what was sent for that is forgotten."""
    arn = sns.subscribe(
        TopicArn=topic, Protocol="http", Endpoint=endpoint.url, Attributes=attributes, ReturnSubscriptionArn=True
    )["SubscriptionArn"]
    sns.confirm_subscription(TopicArn=topic, Token=endpoint.told()[0]["Token"])
    endpoint.requests.clear()
    return str(arn)


@pytest.mark.fact("SNS-002")
@pytest.mark.parametrize(
    ("protocol", "endpoint"),
    [
        ("sms", "+12065550100"),
        ("email", "ann@example.com"),
        ("email-json", "ann@example.com"),
        ("sqs", "arn:aws:sqs:us-east-1:000000000000:q"),
        ("http", "http://127.0.0.1:9/hook"),
        ("https", "https://127.0.0.1:9/hook"),
    ],
)
def test_telephones_mailboxes_queues_and_endpoints_can_subscribe(
    sns: Any, topic: str, protocol: str, endpoint: str
) -> None:
    sns.subscribe(TopicArn=topic, Protocol=protocol, Endpoint=endpoint)
    (listed,) = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    assert (listed["Protocol"], listed["Endpoint"]) == (protocol, endpoint)


@pytest.mark.fact("SNS-002")
def test_an_unknown_protocol_is_refused(sns: Any, topic: str, refused: Refusal) -> None:
    assert refused(sns.subscribe, TopicArn=topic, Protocol="fax", Endpoint="+12065550100") == (
        "InvalidParameter",
        "Invalid parameter: Amazon SNS does not support this protocol string: fax",
    )


@pytest.mark.parametrize(
    ("protocol", "endpoint", "words"),
    [
        ("sqs", "jobs", "SQS endpoint ARN"),
        ("http", "https://example.com", "Endpoint must match the specified protocol"),
        ("email", "ann", "Email address"),
        ("sms", "none", "Invalid SMS endpoint: none"),
        ("application", "arn:aws:sns:us-east-1:000000000000:endpoint/GCM/app/1", "Endpoint does not exist"),
    ],
)
def test_an_endpoint_fits_its_protocol(
    sns: Any, topic: str, refused: Refusal, protocol: str, endpoint: str, words: str
) -> None:
    code, said = refused(sns.subscribe, TopicArn=topic, Protocol=protocol, Endpoint=endpoint)
    assert (code, words in said) == ("InvalidParameter", True)


@pytest.mark.ours
def test_firehose_is_refused_with_a_reason(sns: Any, topic: str, refused: Refusal) -> None:
    arn = "arn:aws:firehose:us-east-1:000000000000:deliverystream/s"
    assert refused(sns.subscribe, TopicArn=topic, Protocol="firehose", Endpoint=arn)[0] == "NotImplemented"


@pytest.mark.documented(f"{GUIDE}fifo-topic-message-delivery.html")
def test_a_fifo_queue_cannot_subscribe_a_standard_topic(sns: Any, topic: str, refused: Refusal) -> None:
    arn = "arn:aws:sqs:us-east-1:000000000000:line.fifo"
    assert "can not be subscribed" in refused(sns.subscribe, TopicArn=topic, Protocol="sqs", Endpoint=arn)[1]


@pytest.mark.documented(f"{GUIDE}fifo-topic-message-delivery.html")
def test_a_mailbox_cannot_subscribe_a_fifo_topic(sns: Any, fifo: str, refused: Refusal) -> None:
    code, _ = refused(sns.subscribe, TopicArn=fifo, Protocol="email", Endpoint="ann@example.com")
    assert code == "InvalidParameter"


def test_subscribing_again_gives_the_same_subscription(sns: Any, topic: str) -> None:
    given = {"TopicArn": topic, "Protocol": "sms", "Endpoint": "+12065550100"}
    assert sns.subscribe(**given)["SubscriptionArn"] == sns.subscribe(**given)["SubscriptionArn"]


def test_subscribing_again_with_other_attributes_is_refused(sns: Any, topic: str, refused: Refusal) -> None:
    given = {"TopicArn": topic, "Protocol": "sqs", "Endpoint": "arn:aws:sqs:us-east-1:000000000000:q"}
    sns.subscribe(**given)
    _, words = refused(sns.subscribe, **given, Attributes={"RawMessageDelivery": "true"})
    assert words == "Invalid parameter: Attributes Reason: Subscription already exists with different attributes"


@pytest.mark.documented(f"{API}API_ListSubscriptionsByTopic.html")
def test_subscriptions_are_listed_a_hundred_at_a_time(sns: Any, topic: str) -> None:
    for number in range(101):
        sns.subscribe(TopicArn=topic, Protocol="sms", Endpoint=f"+12065550{number:03}")
    first = sns.list_subscriptions_by_topic(TopicArn=topic)
    rest = sns.list_subscriptions_by_topic(TopicArn=topic, NextToken=first["NextToken"])
    assert [len(page["Subscriptions"]) for page in (first, rest)] == [100, 1]


# -- confirmation ---------------------------------------------------------------------------------------------------


def test_an_endpoint_is_asked_and_confirms_with_its_link(
    cloud: Cloud, sns: Any, topic: str, endpoint: Endpoint
) -> None:
    said = sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=endpoint.url)["SubscriptionArn"]
    assert said == "pending confirmation"
    ((headers, _),) = endpoint.requests
    assert headers["x-amz-sns-message-type"] == "SubscriptionConfirmation"
    assert visit(cloud, endpoint.told()[0]["SubscribeURL"]) == 200
    (listed,) = sns.list_subscriptions()["Subscriptions"]
    assert listed["SubscriptionArn"].startswith(topic)


@pytest.mark.documented(f"{API}API_Subscribe.html")
def test_who_has_not_confirmed_gets_nothing(sns: Any, topic: str, endpoint: Endpoint) -> None:
    sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=endpoint.url)
    sns.publish(TopicArn=topic, Message="hi")
    assert [one["Type"] for one in endpoint.told()] == ["SubscriptionConfirmation"]


@pytest.mark.documented(f"{API}API_ConfirmSubscription.html")
def test_a_wrong_token_confirms_nothing(sns: Any, topic: str, refused: Refusal) -> None:
    assert refused(sns.confirm_subscription, TopicArn=topic, Token="x") == (
        "InvalidParameter",
        "Invalid parameter: Token",
    )


@pytest.mark.documented("https://repost.aws/knowledge-center/sns-email-subscription-disabled")
def test_a_subscription_that_nobody_confirms_is_forgotten_after_two_days(cloud: Cloud, sns: Any, topic: str) -> None:
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="ann@example.com")
    cloud.advance(hours=47)
    assert [one["SubscriptionArn"] for one in sns.list_subscriptions()["Subscriptions"]] == ["PendingConfirmation"]
    cloud.advance(hours=2)
    assert sns.list_subscriptions()["Subscriptions"] == []


def test_a_queue_of_another_account_is_asked_first(
    cloud: Cloud, sns: Any, topic: str, inbox: Callable[..., Inbox]
) -> None:
    queue = inbox()
    friend = cloud.client("sns", access_key="111111111111", secret_key="test")
    sns.add_permission(TopicArn=topic, Label="friend", AWSAccountId=["111111111111"], ActionName=["Subscribe"])
    said = friend.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue.arn)["SubscriptionArn"]
    (asked,) = queue.told()
    assert (said, asked["Type"]) == ("pending confirmation", "SubscriptionConfirmation")
    sns.confirm_subscription(TopicArn=topic, Token=asked["Token"])
    sns.publish(TopicArn=topic, Message="hi")
    assert [one["Message"] for one in queue.told()] == ["hi"]


@pytest.mark.documented(f"{API}API_Unsubscribe.html")
def test_whoever_has_the_link_can_end_a_subscription_and_take_that_back(
    cloud: Cloud, sns: Any, topic: str, endpoint: Endpoint
) -> None:
    confirmed(sns, topic, endpoint)
    sns.publish(TopicArn=topic, Message="hi")
    assert visit(cloud, endpoint.told()[0]["UnsubscribeURL"]) == 200
    sns.publish(TopicArn=topic, Message="unheard")
    assert [one["Type"] for one in endpoint.told()] == ["Notification", "UnsubscribeConfirmation"]
    visit(cloud, endpoint.told()[1]["SubscribeURL"])
    sns.publish(TopicArn=topic, Message="heard")
    assert endpoint.told()[-1]["Message"] == "heard"


@pytest.mark.documented(f"{API}API_ConfirmSubscription.html")
def test_with_authenticate_on_unsubscribe_the_link_is_not_enough(
    cloud: Cloud, sns: Any, topic: str, endpoint: Endpoint
) -> None:
    sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=endpoint.url)
    token = endpoint.told()[0]["Token"]
    sns.confirm_subscription(TopicArn=topic, Token=token, AuthenticateOnUnsubscribe="true")
    sns.publish(TopicArn=topic, Message="hi")
    assert visit(cloud, endpoint.told()[1]["UnsubscribeURL"]) == 403


@pytest.mark.documented(f"{API}API_Unsubscribe.html")
def test_ending_a_subscription_twice_is_no_error(sns: Any, topic: str) -> None:
    arn = sns.subscribe(TopicArn=topic, Protocol="sms", Endpoint="+12065550100")["SubscriptionArn"]
    sns.unsubscribe(SubscriptionArn=arn)
    assert sns.unsubscribe(SubscriptionArn=arn)["ResponseMetadata"]["HTTPStatusCode"] == 200


# -- HTTP -----------------------------------------------------------------------------------------------------------


@pytest.mark.documented(f"{GUIDE}sns-verify-signature-of-message.html")
@pytest.mark.parametrize(("version", "digest"), [("1", hashes.SHA1()), ("2", hashes.SHA256())])
def test_a_message_is_signed_by_the_certificate_it_names(
    cloud: Cloud, sns: Any, topic: str, endpoint: Endpoint, version: str, digest: hashes.HashAlgorithm
) -> None:
    sns.set_topic_attributes(TopicArn=topic, AttributeName="SignatureVersion", AttributeValue=version)
    confirmed(sns, topic, endpoint)
    sns.publish(TopicArn=topic, Message="hi", Subject="Hello")
    (told,) = endpoint.told()
    text = "".join(
        f"{name}\n{told[name]}\n" for name in ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
    )
    place = told["SigningCertURL"].rpartition("-")[2].removesuffix(".pem")
    with cloud.store.transaction(write=False) as tx:
        pem = certificate(tx, place) or ""
    public = x509.load_pem_x509_certificate(pem.encode()).public_key()
    assert isinstance(public, rsa.RSAPublicKey)
    signature = base64.b64decode(told["Signature"])
    assert told["SignatureVersion"] == version
    public.verify(signature, text.encode(), padding.PKCS1v15(), digest)  # raises when it is not


@pytest.mark.documented(f"{GUIDE}sns-message-and-json-formats.html")
def test_headers_say_what_a_request_is(sns: Any, topic: str, endpoint: Endpoint) -> None:
    arn = confirmed(sns, topic, endpoint)
    sent = sns.publish(TopicArn=topic, Message="hi")
    ((headers, _),) = endpoint.requests
    assert headers["x-amz-sns-message-type"] == "Notification"
    assert headers["x-amz-sns-message-id"] == sent["MessageId"]
    assert headers["x-amz-sns-topic-arn"] == topic
    assert headers["x-amz-sns-subscription-arn"] == arn
    assert headers["content-type"] == "text/plain; charset=UTF-8"


@pytest.mark.documented(f"{GUIDE}sns-large-payload-raw-message-delivery.html")
def test_raw_delivery_over_http_is_the_message_alone(sns: Any, topic: str, endpoint: Endpoint) -> None:
    confirmed(sns, topic, endpoint, RawMessageDelivery="true")
    sns.publish(TopicArn=topic, Message="plain")
    ((headers, body),) = endpoint.requests
    assert (headers["x-amz-sns-rawdelivery"], body) == ("true", b"plain")


@pytest.mark.documented(f"{GUIDE}sns-message-delivery-retries.html")
def test_a_failed_delivery_is_tried_again_three_times_by_the_clock(
    cloud: Cloud, sns: Any, topic: str, endpoint: Endpoint
) -> None:
    confirmed(sns, topic, endpoint)
    endpoint.statuses = [500, 503, 429, 200]
    sns.publish(TopicArn=topic, Message="hi")
    assert len(endpoint.requests) == 1
    cloud.advance(seconds=19)
    assert len(endpoint.requests) == 1
    cloud.advance(seconds=42)
    assert [one["Message"] for one in endpoint.told()] == ["hi"] * 4


@pytest.mark.documented(f"{GUIDE}sns-message-delivery-retries.html")
def test_what_the_endpoint_calls_wrong_is_not_tried_again(
    cloud: Cloud, sns: Any, topic: str, endpoint: Endpoint
) -> None:
    confirmed(sns, topic, endpoint)
    endpoint.statuses = [404]
    sns.publish(TopicArn=topic, Message="hi")
    cloud.advance(hours=1)
    assert len(endpoint.requests) == 1


@pytest.mark.documented(f"{GUIDE}sns-message-delivery-retries.html")
def test_a_delivery_policy_says_how_often_and_when(cloud: Cloud, sns: Any, topic: str, endpoint: Endpoint) -> None:
    retry = {
        "minDelayTarget": 5,
        "maxDelayTarget": 10,
        "numRetries": 4,
        "numNoDelayRetries": 1,
        "numMinDelayRetries": 1,
    }
    confirmed(sns, topic, endpoint, DeliveryPolicy=json.dumps({"healthyRetryPolicy": retry}))
    endpoint.statuses = [500] * 5
    sns.publish(TopicArn=topic, Message="hi")
    seen = [len(endpoint.requests)]
    cloud.advance(seconds=5.5)  # 0 s: the first attempt and the retry at once; then after 5, 5 and 10 seconds
    seen.append(len(endpoint.requests))
    cloud.advance(seconds=60)
    assert [*seen, len(endpoint.requests)] == [2, 3, 5]


@pytest.mark.documented(f"{GUIDE}sns-message-delivery-retries.html")
@pytest.mark.parametrize(
    "retry",
    [
        {"minDelayTarget": 30, "maxDelayTarget": 20},
        {"numRetries": 101},
        {"numRetries": 2, "numNoDelayRetries": 3},
        {"backoffFunction": "wild"},
        {"numRetries": 100, "minDelayTarget": 100, "maxDelayTarget": 100},
    ],
)
def test_a_delivery_policy_that_is_none_is_refused(
    sns: Any, topic: str, refused: Refusal, retry: dict[str, Any]
) -> None:
    policy = json.dumps({"http": {"defaultHealthyRetryPolicy": retry}})
    given = {"TopicArn": topic, "AttributeName": "DeliveryPolicy", "AttributeValue": policy}
    assert refused(sns.set_topic_attributes, **given)[0] == "InvalidParameter"


@pytest.mark.fact("SNS-006")
def test_what_an_endpoint_never_took_is_lost(cloud: Cloud, sns: Any, topic: str, endpoint: Endpoint) -> None:
    confirmed(sns, topic, endpoint)
    endpoint.statuses = [500] * 4
    sns.publish(TopicArn=topic, Message="lost")
    cloud.advance(days=30)
    sns.publish(TopicArn=topic, Message="heard")
    assert [one["Message"] for one in endpoint.told()] == ["lost"] * 4 + ["heard"]


@pytest.mark.documented(f"{GUIDE}sns-dead-letter-queues.html")
def test_what_an_endpoint_never_took_goes_to_the_dead_letter_queue(
    cloud: Cloud, sns: Any, topic: str, endpoint: Endpoint, inbox: Callable[..., Inbox]
) -> None:
    dead = inbox("dead")
    confirmed(sns, topic, endpoint, RedrivePolicy=json.dumps({"deadLetterTargetArn": dead.arn}))
    endpoint.statuses = [500] * 4
    sns.publish(TopicArn=topic, Message="kept")
    cloud.advance(minutes=2)
    assert [one["Message"] for one in dead.told()] == ["kept"]


# -- mail, text messages ----------------------------------------------------------------------------------------------


@pytest.mark.fact("SNS-005")
def test_an_alarm_reaches_a_mailbox_after_its_owner_has_confirmed(
    cloud: Cloud, sns: Any, topic: str, outbox: Outbox
) -> None:
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="ann@example.com")
    sns.publish(TopicArn=topic, Message="too early")
    (asked,) = outbox()
    link = next(word for word in asked.body.split() if word.startswith("http"))
    assert visit(cloud, link) == 200
    sns.publish(TopicArn=topic, Subject="ALARM: too hot", Message="98 degrees")
    mail = outbox()[-1]
    assert (mail.endpoint, mail.subject, mail.kind) == ("ann@example.com", "ALARM: too hot", "Notification")
    assert mail.body.startswith("98 degrees\n")


@pytest.mark.documented(f"{API}API_Publish.html")
def test_a_text_message_goes_to_a_telephone(sns: Any, outbox: Outbox) -> None:
    sns.publish(PhoneNumber="+12065550100", Message="hi")
    (sent,) = outbox()
    assert (sent.protocol, sent.endpoint, sent.body) == ("sms", "+12065550100", "hi")


@pytest.mark.documented(f"{API}API_Publish.html")
def test_a_telephone_number_is_one(sns: Any, refused: Refusal) -> None:
    assert refused(sns.publish, PhoneNumber="12", Message="hi") == (
        "InvalidParameter",
        "Invalid parameter: PhoneNumber Reason: 12 is not valid to publish to",
    )


# -- attributes -----------------------------------------------------------------------------------------------------


@pytest.mark.documented(f"{API}API_GetSubscriptionAttributes.html")
def test_a_subscription_shows_what_it_is(sns: Any, topic: str) -> None:
    arn = sns.subscribe(TopicArn=topic, Protocol="sms", Endpoint="+12065550100")["SubscriptionArn"]
    shown = sns.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]
    assert {name: shown[name] for name in ("PendingConfirmation", "RawMessageDelivery", "Owner", "TopicArn")} == {
        "PendingConfirmation": "false", "RawMessageDelivery": "false", "Owner": "000000000000", "TopicArn": topic,
    }  # fmt: skip


@pytest.mark.documented(f"{API}API_SetSubscriptionAttributes.html")
@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("Colour", "red", "AttributeName"),
        ("RawMessageDelivery", "perhaps", "Must be true or false."),
        ("RawMessageDelivery", "true", "Delivery protocol [sms] does not support raw message delivery."),
        ("FilterPolicyScope", "Sky", "Please use either MessageBody or MessageAttributes"),
        ("RedrivePolicy", "{}", "deadLetterTargetArn is an invalid arn"),
        ("RedrivePolicy", "no", "failed to parse JSON."),
        ("DeliveryPolicy", "{}", "does not support a delivery policy"),
        ("ReplayPolicy", '{"PointType": "Timestamp"}', "no archive policy"),
    ],
)
def test_an_attribute_that_a_subscription_cannot_have_is_refused(
    sns: Any, topic: str, refused: Refusal, name: str, value: str, words: str
) -> None:
    arn = sns.subscribe(TopicArn=topic, Protocol="sms", Endpoint="+12065550100")["SubscriptionArn"]
    code, said = refused(sns.set_subscription_attributes, SubscriptionArn=arn, AttributeName=name, AttributeValue=value)
    assert (code, words in said) == ("InvalidParameter", True)


# -- behind a server --------------------------------------------------------------------------------------------------


@pytest.mark.ours
def test_a_server_sends_beside_its_loop(haar_server: Any, endpoint: Endpoint) -> None:
    sns = haar_server.client("sns")
    topic = sns.create_topic(Name="news")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=endpoint.url)
    sns.confirm_subscription(TopicArn=topic, Token=endpoint.wait_for(1)[0]["Token"])
    endpoint.statuses = [500]
    sns.publish(TopicArn=topic, Message="hi")
    endpoint.wait_for(2)
    # the answer of the endpoint may come after the clock was moved: it is moved until the retry is there
    scheduler, clock = haar_server.cloud.scheduler, haar_server.cloud.clock
    endpoint.wait_for(3, meanwhile=lambda: haar_server.call(lambda: scheduler.advance(clock.now() + 21)))
    assert [one["Type"] for one in endpoint.told()] == ["SubscriptionConfirmation", "Notification", "Notification"]
