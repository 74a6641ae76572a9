"""Topics, who subscribes to them, and what they are told."""

from __future__ import annotations

import json
from typing import Any

from haar import Cloud
from haar.services.sns.resources import Delivered, SandboxNumber

__all__ = ["live"]

QUEUES = "arn:aws:sqs:us-east-1:000000000000:"
#: The lives that come first.
AFTER = ("iam", "sqs", "kms")


def live(cloud: Cloud) -> None:
    """A topic, a FIFO topic with an archive, an application on a device, and every operation on them."""
    sns = cloud.client("sns")
    news = sns.create_topic(Name="news", Tags=[{"Key": "team", "Value": "blue"}])["TopicArn"]
    line = sns.create_topic(
        Name="line.fifo",
        Attributes={
            "FifoTopic": "true", "ContentBasedDeduplication": "true",
            "ArchivePolicy": '{"MessageRetentionPeriod": 30}',
        },
    )["TopicArn"]  # fmt: skip
    sns.list_topics()
    sns.set_topic_attributes(TopicArn=news, AttributeName="DisplayName", AttributeValue="News")
    sns.get_topic_attributes(TopicArn=news)
    sns.tag_resource(ResourceArn=news, Tags=[{"Key": "level", "Value": "1"}])
    sns.list_tags_for_resource(ResourceArn=news)
    sns.untag_resource(ResourceArn=news, TagKeys=["level"])
    sns.add_permission(TopicArn=news, Label="friend", AWSAccountId=["111111111111"], ActionName=["Publish"])
    sns.remove_permission(TopicArn=news, Label="friend")
    _subscribe(cloud, sns, news, line)
    _devices(sns)
    _texts(cloud, sns)
    spare = sns.create_topic(Name="spare")["TopicArn"]
    sns.delete_topic(TopicArn=spare)


def _queue(cloud: Cloud, name: str, **attributes: str) -> str:
    """A queue that lets SNS in; its ARN."""
    allowed = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage"}
    policy = {"Version": "2012-10-17", "Statement": [{**allowed, "Resource": QUEUES + name}]}
    cloud.client("sqs").create_queue(QueueName=name, Attributes={"Policy": json.dumps(policy), **attributes})
    return QUEUES + name


def _subscribe(cloud: Cloud, sns: Any, news: str, line: str) -> None:
    queue, straight = _queue(cloud, "told"), _queue(cloud, "told.fifo", FifoQueue="true")
    wanted = {"FilterPolicy": '{"kind": ["first"]}'}
    told = sns.subscribe(TopicArn=news, Protocol="sqs", Endpoint=queue, Attributes=wanted)["SubscriptionArn"]
    sns.subscribe(TopicArn=line, Protocol="sqs", Endpoint=straight)
    sns.subscribe(TopicArn=news, Protocol="email", Endpoint="ann@example.com")
    token = next(word for word in _sent(cloud, "ann@example.com").split("&") if word.startswith("Token="))
    sns.confirm_subscription(TopicArn=news, Token=token.removeprefix("Token="))
    sns.subscribe(TopicArn=news, Protocol="email", Endpoint="bob@example.com")  # who never confirms
    text = sns.subscribe(TopicArn=news, Protocol="sms", Endpoint="+12065550100")["SubscriptionArn"]
    sns.list_subscriptions()
    sns.list_subscriptions_by_topic(TopicArn=news)
    sns.set_subscription_attributes(
        SubscriptionArn=told, AttributeName="RedrivePolicy",
        AttributeValue=json.dumps({"deadLetterTargetArn": QUEUES + "dead"}),
    )  # fmt: skip
    sns.get_subscription_attributes(SubscriptionArn=told)
    attributes = {"kind": {"DataType": "String", "StringValue": "first"}}
    sns.publish(TopicArn=news, Message="one", MessageAttributes=attributes)
    sns.publish_batch(TopicArn=news, PublishBatchRequestEntries=[{"Id": "a", "Message": "two"}])
    sns.publish(TopicArn=line, Message="first", MessageGroupId="a")
    replay = json.dumps({"PointType": "Timestamp", "StartingPoint": "2020-01-01T00:00:00.000Z"})
    late = _queue(cloud, "late.fifo", FifoQueue="true")
    sns.subscribe(TopicArn=line, Protocol="sqs", Endpoint=late, Attributes={"ReplayPolicy": replay})
    sns.unsubscribe(SubscriptionArn=text)


def _devices(sns: Any) -> None:
    secret = {"PlatformCredential": "secret"}
    app = sns.create_platform_application(Name="game", Platform="GCM", Attributes=secret)["PlatformApplicationArn"]
    sns.get_platform_application_attributes(PlatformApplicationArn=app)
    sns.set_platform_application_attributes(PlatformApplicationArn=app, Attributes=secret)
    sns.list_platform_applications()
    device = sns.create_platform_endpoint(PlatformApplicationArn=app, Token="t1")["EndpointArn"]
    sns.get_endpoint_attributes(EndpointArn=device)
    sns.set_endpoint_attributes(EndpointArn=device, Attributes={"CustomUserData": "ann"})
    sns.list_endpoints_by_platform_application(PlatformApplicationArn=app)
    sns.publish(TargetArn=device, Message="hi")
    sns.delete_endpoint(EndpointArn=sns.create_platform_endpoint(PlatformApplicationArn=app, Token="t2")["EndpointArn"])
    spare = sns.create_platform_application(Name="spare", Platform="ADM", Attributes=secret)["PlatformApplicationArn"]
    sns.delete_platform_application(PlatformApplicationArn=spare)


def _texts(cloud: Cloud, sns: Any) -> None:
    sns.set_sms_attributes(attributes={"DefaultSMSType": "Transactional"})
    sns.get_sms_attributes()
    sns.get_sms_sandbox_account_status()
    sns.create_sms_sandbox_phone_number(PhoneNumber="+12065550111")
    sns.create_sms_sandbox_phone_number(PhoneNumber="+12065550112")
    with cloud.store.transaction(write=False) as tx:
        (code,) = (one.code for one in tx.range(SandboxNumber) if one.number == "+12065550111")
    sns.verify_sms_sandbox_phone_number(PhoneNumber="+12065550111", OneTimePassword=code)
    sns.list_sms_sandbox_phone_numbers()
    sns.delete_sms_sandbox_phone_number(PhoneNumber="+12065550112")
    sns.publish(PhoneNumber="+12065550111", Message="hi")


def _sent(cloud: Cloud, endpoint: str) -> str:
    """The last that was sent to somebody."""
    with cloud.store.transaction(write=False) as tx:
        return [one.body for one in tx.range(Delivered) if one.endpoint == endpoint][-1]


def last(cloud: Cloud) -> None:
    """What a topic remembers for some minutes only: after everything that takes longer."""
    sns = cloud.client("sns")
    key = cloud.client("kms").create_key()["KeyMetadata"]["KeyId"]
    sealed = sns.create_topic(Name="sealed", Attributes={"KmsMasterKeyId": key})["TopicArn"]
    sns.publish(TopicArn=sealed, Message="nobody else's business")
    line = sns.create_topic(Name="brief.fifo", Attributes={"FifoTopic": "true"})["TopicArn"]
    sns.publish(TopicArn=line, Message="x", MessageGroupId="a", MessageDeduplicationId="1")
