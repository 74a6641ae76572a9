"""What left for people, and the certificate that messages are signed with."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from haar import Cloud
from haar.gateway.control import Exchange
from haar.wire.http import HttpReply, HttpRequest

pytestmark = pytest.mark.ours


def get(cloud: Cloud, path: str, **headers: str) -> HttpReply:
    return Exchange(cloud, HttpRequest("GET", f"/_haar/{path}", "", {"host": "127.0.0.1:4566", **headers})).run()


def messages(cloud: Cloud) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = orjson.loads(get(cloud, "outbox").body)["messages"]
    return found


def test_an_email_waits_in_the_outbox_for_a_person(cloud: Cloud) -> None:
    assert messages(cloud) == []
    sns = cloud.client("sns")
    topic = sns.create_topic(Name="news")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="kim@example.com")
    (asked,) = messages(cloud)
    assert (asked["kind"], asked["endpoint"], asked["topic"]) == ("SubscriptionConfirmation", "kim@example.com", topic)


def test_a_text_message_is_read_there_the_newest_first(cloud: Cloud) -> None:
    sns = cloud.client("sns")
    for text in ("first", "second"):
        sns.publish(PhoneNumber="+15550100", Message=text)
        cloud.advance(seconds=1)
    assert [(one["protocol"], one["body"]) for one in messages(cloud)] == [("sms", "second"), ("sms", "first")]


def test_a_certificate_that_was_never_made_is_not_found(cloud: Cloud) -> None:
    assert get(cloud, "sns/SimpleNotificationService-00000000000000000000000000000000.pem").status == 404


def test_anybody_who_reaches_the_cloud_may_read_the_certificate(cloud: Cloud) -> None:
    sns, sqs = cloud.client("sns"), cloud.client("sqs")
    topic = sns.create_topic(Name="news")["TopicArn"]
    sns.set_topic_attributes(TopicArn=topic, AttributeName="SignatureVersion", AttributeValue="2")
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    queue = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    statement = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": queue}
    policy = orjson.dumps({"Version": "2012-10-17", "Statement": [statement]}).decode()
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)
    sns.publish(TopicArn=topic, Message="signed")
    [message] = sqs.receive_message(QueueUrl=url)["Messages"]
    place = orjson.loads(message["Body"])["SigningCertURL"].partition("/_haar/")[2]
    reply = get(cloud, place, origin="https://elsewhere.example")
    assert reply.status == 200
    assert reply.body.startswith(b"-----BEGIN CERTIFICATE-----")
