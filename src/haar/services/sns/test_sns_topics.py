"""Topics: names, attributes, tags, policies."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from haar import Cloud

API = "https://docs.aws.amazon.com/sns/latest/api/"
GUIDE = "https://docs.aws.amazon.com/sns/latest/dg/"
Refusal = Callable[..., tuple[str, str]]

pytestmark = pytest.mark.documented(f"{API}API_CreateTopic.html")


def test_a_topic_is_listed_with_its_arn(sns: Any) -> None:
    arn = sns.create_topic(Name="news")["TopicArn"]
    assert arn == "arn:aws:sns:us-east-1:000000000000:news"
    assert sns.list_topics()["Topics"] == [{"TopicArn": arn}]


def test_making_a_topic_again_gives_the_same_arn(sns: Any, topic: str) -> None:
    assert sns.create_topic(Name="news")["TopicArn"] == topic


def test_a_topic_cannot_be_made_again_with_other_attributes(sns: Any, topic: str, refused: Refusal) -> None:
    assert refused(sns.create_topic, Name="news", Attributes={"DisplayName": "News"}) == (
        "InvalidParameter",
        "Invalid parameter: Attributes Reason: Topic already exists with different attributes",
    )


def test_a_topic_cannot_be_made_again_with_other_tags(sns: Any, topic: str, refused: Refusal) -> None:
    code, words = refused(sns.create_topic, Name="news", Tags=[{"Key": "team", "Value": "blue"}])
    assert (code, "different tags" in words) == ("InvalidParameter", True)


@pytest.mark.parametrize("name", ["", "a b", "x" * 257, "news.fifo"])
def test_a_name_has_letters_digits_hyphens_and_underscores(sns: Any, refused: Refusal, name: str) -> None:
    assert refused(sns.create_topic, Name=name) == ("InvalidParameter", "Invalid parameter: Topic Name")


def test_the_name_of_a_fifo_topic_ends_with_fifo(sns: Any, refused: Refusal) -> None:
    code, words = refused(sns.create_topic, Name="line", Attributes={"FifoTopic": "true"})
    assert code == "InvalidParameter"
    assert words.startswith("Invalid parameter: Fifo Topic names must end with .fifo")


@pytest.mark.documented(f"{API}API_ListTopics.html")
def test_topics_are_listed_a_hundred_at_a_time(sns: Any) -> None:
    for number in range(101):
        sns.create_topic(Name=f"t{number:03}")
    first = sns.list_topics()
    assert len(first["Topics"]) == 100
    assert len(sns.list_topics(NextToken=first["NextToken"])["Topics"]) == 1


@pytest.mark.documented(f"{API}API_DeleteTopic.html")
def test_deleting_a_topic_ends_its_subscriptions(sns: Any, topic: str) -> None:
    sns.subscribe(TopicArn=topic, Protocol="sms", Endpoint="+12065550100")
    sns.delete_topic(TopicArn=topic)
    assert sns.list_subscriptions()["Subscriptions"] == []


@pytest.mark.documented(f"{API}API_DeleteTopic.html")
def test_deleting_a_topic_twice_is_no_error(sns: Any, topic: str) -> None:
    sns.delete_topic(TopicArn=topic)
    assert sns.delete_topic(TopicArn=topic)["ResponseMetadata"]["HTTPStatusCode"] == 200


@pytest.mark.documented(f"{API}API_GetTopicAttributes.html")
def test_a_topic_that_is_not_there_is_not_found(sns: Any, refused: Refusal) -> None:
    arn = "arn:aws:sns:us-east-1:000000000000:none"
    assert refused(sns.get_topic_attributes, TopicArn=arn) == ("NotFound", "Topic does not exist")


@pytest.mark.documented(f"{API}API_GetTopicAttributes.html")
def test_what_is_no_arn_is_refused(sns: Any, refused: Refusal) -> None:
    assert refused(sns.get_topic_attributes, TopicArn="news") == (
        "InvalidParameter",
        "Invalid parameter: TopicArn Reason: An ARN must have at least 6 elements, not 1",
    )


@pytest.mark.documented(f"{API}API_SetTopicAttributes.html")
@pytest.mark.parametrize(
    ("name", "value"), [("DisplayName", "News"), ("KmsMasterKeyId", "alias/aws/sns"), ("SignatureVersion", "2")]
)
def test_an_attribute_that_is_set_is_shown(sns: Any, topic: str, name: str, value: str) -> None:
    sns.set_topic_attributes(TopicArn=topic, AttributeName=name, AttributeValue=value)
    assert sns.get_topic_attributes(TopicArn=topic)["Attributes"][name] == value


@pytest.mark.documented(f"{API}API_SetTopicAttributes.html")
@pytest.mark.parametrize(
    ("name", "value"),
    [("Colour", "red"), ("SignatureVersion", "3"), ("ContentBasedDeduplication", "true"), ("ArchivePolicy", "{}")],
)
def test_an_attribute_that_a_topic_does_not_have_is_refused(
    sns: Any, topic: str, refused: Refusal, name: str, value: str
) -> None:
    code, _ = refused(sns.set_topic_attributes, TopicArn=topic, AttributeName=name, AttributeValue=value)
    assert code == "InvalidParameter"


@pytest.mark.documented(f"{GUIDE}sns-fifo-topics.html")
def test_a_fifo_topic_shows_how_it_deduplicates(sns: Any, fifo: str) -> None:
    shown = sns.get_topic_attributes(TopicArn=fifo)["Attributes"]
    assert (shown["FifoTopic"], shown["ContentBasedDeduplication"]) == ("true", "true")


@pytest.mark.documented(f"{API}API_GetTopicAttributes.html")
def test_subscriptions_are_counted(sns: Any, topic: str) -> None:
    sns.subscribe(TopicArn=topic, Protocol="sms", Endpoint="+12065550100")
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="ann@example.com")
    ended = sns.subscribe(TopicArn=topic, Protocol="sms", Endpoint="+12065550101")["SubscriptionArn"]
    sns.unsubscribe(SubscriptionArn=ended)
    shown = sns.get_topic_attributes(TopicArn=topic)["Attributes"]
    counts = [shown[f"Subscriptions{what}"] for what in ("Confirmed", "Pending", "Deleted")]
    assert counts == ["1", "1", "1"]


@pytest.mark.documented(f"{API}API_TagResource.html")
def test_tags_are_added_and_taken_away(sns: Any, topic: str) -> None:
    sns.tag_resource(ResourceArn=topic, Tags=[{"Key": "team", "Value": "blue"}, {"Key": "level", "Value": "1"}])
    sns.untag_resource(ResourceArn=topic, TagKeys=["level"])
    assert sns.list_tags_for_resource(ResourceArn=topic)["Tags"] == [{"Key": "team", "Value": "blue"}]


# -- policies -------------------------------------------------------------------------------------------------------


@pytest.mark.documented(f"{GUIDE}sns-access-policy-use-cases.html")
def test_a_new_topic_has_a_policy_for_the_services_of_its_account(sns: Any, topic: str) -> None:
    policy = json.loads(sns.get_topic_attributes(TopicArn=topic)["Attributes"]["Policy"])
    (statement,) = policy["Statement"]
    assert statement["Condition"] == {"StringEquals": {"AWS:SourceOwner": "000000000000"}}


@pytest.mark.documented(f"{API}API_AddPermission.html")
def test_another_account_may_publish_once_it_is_permitted(cloud: Cloud, sns: Any, topic: str, refused: Refusal) -> None:
    friend = cloud.client("sns", access_key="111111111111", secret_key="test")
    assert "is not authorized to perform: sns:Publish" in refused(friend.publish, TopicArn=topic, Message="hi")[1]
    sns.add_permission(TopicArn=topic, Label="friend", AWSAccountId=["111111111111"], ActionName=["Publish"])
    assert friend.publish(TopicArn=topic, Message="hi")["MessageId"]


@pytest.mark.documented(f"{API}API_RemovePermission.html")
def test_a_permission_can_be_taken_back(cloud: Cloud, sns: Any, topic: str, refused: Refusal) -> None:
    friend = cloud.client("sns", access_key="111111111111", secret_key="test")
    sns.add_permission(TopicArn=topic, Label="friend", AWSAccountId=["111111111111"], ActionName=["Publish"])
    sns.remove_permission(TopicArn=topic, Label="friend")
    assert "not authorized" in refused(friend.publish, TopicArn=topic, Message="hi")[1]


@pytest.mark.documented(f"{API}API_AddPermission.html")
def test_a_label_is_used_once(sns: Any, topic: str, refused: Refusal) -> None:
    given = {"TopicArn": topic, "Label": "friend", "AWSAccountId": ["111111111111"], "ActionName": ["Publish"]}
    sns.add_permission(**given)
    assert refused(sns.add_permission, **given) == ("InvalidParameter", "Invalid parameter: Statement already exists")


@pytest.mark.documented(f"{GUIDE}sns-access-policy-language-key-concepts.html")
def test_a_policy_about_another_service_is_refused(sns: Any, topic: str, refused: Refusal) -> None:
    statement = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": topic}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    assert refused(sns.set_topic_attributes, TopicArn=topic, AttributeName="Policy", AttributeValue=policy) == (
        "InvalidParameter",
        "Invalid parameter: Policy statement action out of service scope!",
    )


@pytest.mark.documented(f"{GUIDE}sns-access-policy-language-key-concepts.html")
def test_a_denial_in_the_policy_holds_for_the_owner_too(sns: Any, topic: str, refused: Refusal) -> None:
    statement = {"Effect": "Deny", "Principal": "*", "Action": "sns:Publish", "Resource": topic}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=policy)
    assert "explicit deny" in refused(sns.publish, TopicArn=topic, Message="hi")[1]


@pytest.mark.ours
def test_a_data_protection_policy_is_refused_and_not_kept(sns: Any, topic: str, refused: Refusal) -> None:
    code, words = refused(sns.put_data_protection_policy, ResourceArn=topic, DataProtectionPolicy="{}")
    assert (code, "sensitive data" in words) == ("NotImplemented", True)
