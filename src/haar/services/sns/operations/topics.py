"""Operations on topics and their tags."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from haar.kit import Call, Page, Refused, as_dict, replace
from haar.kit.tagging import check as check_tags
from haar.services.sns import rules
from haar.services.sns.addresses import everything, topic_at
from haar.services.sns.attributes import default_policy, set_on_topic, show_topic
from haar.services.sns.resources import Archived, Published, Subscription, Tail, Topic, Waiting
from haar.services.sns.service import FIFO_TOPICS, TAGS_MAX, TOPICS, invalid, sns

if TYPE_CHECKING:
    from haar.shapes import sns as api

_BAD_TAG = "InvalidParameter"
_TOO_MANY = "TagLimitExceeded"
#: Why data protection is not built.
_UNPROTECTED = (
    "A data protection policy is a promise that messages are searched for sensitive data; Haar cannot search as AWS "
    "does, and does not keep what it would not hold."
)

sns.tagging(
    Topic, tag="TagResource", untag="UntagResource", list="ListTagsForResource", limit=TAGS_MAX, too_many=_TOO_MANY,
    invalid=_BAD_TAG,
)  # fmt: skip
sns.refuses(_UNPROTECTED, "GetDataProtectionPolicy", "PutDataProtectionPolicy")


@sns.operation(creates=Topic)
def create_topic(call: Call, request: api.CreateTopicInput) -> api.CreateTopicResponse:
    name = request["Name"]
    given = dict(request.get("Attributes") or {})
    wanted = given.pop("FifoTopic", "false").lower()
    if wanted not in ("true", "false"):
        raise invalid("FifoTopic")
    fifo = wanted == "true"
    rules.check_topic_name(name, fifo)
    if request.get("DataProtectionPolicy"):
        raise Refused("sns", "CreateTopic", _UNPROTECTED)
    tags = as_dict(request.get("Tags") or [])
    check_tags(tags, limit=TAGS_MAX, too_many=_TOO_MANY, invalid=_BAD_TAG)
    existing = call.get(Topic, name)
    if existing is not None:
        _check_same(call, existing, given, tags, request)
        return {"TopicArn": existing.arn}
    over = "Topic limit exceeded for account."
    TOPICS.check(call, call.tx.count(Topic, call.account, call.region) + 1, "TopicLimitExceeded", over)
    if fifo:
        have = sum(one.fifo for one in call.tx.range(Topic, call.account, call.region))
        FIFO_TOPICS.check(call, have + 1, "TopicLimitExceeded", over)
    topic = Topic(
        account=call.account, region=call.region, name=name, serial=call.ports.ids.hex(16), fifo=fifo, tags=tags,
        created_at=call.now,
    )  # fmt: skip
    topic = replace(topic, policy=default_policy(topic.arn, topic.account))
    for attribute, value in given.items():
        topic = set_on_topic(call, topic, attribute, value)
    call.tx.put(topic)
    return {"TopicArn": topic.arn}


def _check_same(
    call: Call, existing: Topic, given: dict[str, str], tags: dict[str, str], request: api.CreateTopicInput
) -> None:
    """A topic can be made again when nothing about it would be different."""
    changed = existing
    for attribute, value in given.items():
        changed = set_on_topic(call, changed, attribute, value)
    if changed != existing:
        raise invalid("Attributes Reason: Topic already exists with different attributes")
    if request.get("Tags") and tags != existing.tags:
        raise invalid("Tags Reason: Topic already exists with different tags")


def _doomed(call: Call, request: Mapping[str, Any]) -> list[tuple[str, Topic | None]]:
    arn = request["TopicArn"]
    return [(arn, call.tx.get(Topic, *topic_at(call, arn)))]


@sns.operation(resource=_doomed)
def delete_topic(call: Call, request: api.DeleteTopicInput) -> None:
    topic = call.tx.get(Topic, *topic_at(call, request["TopicArn"]))
    if topic is None:
        return  # deleting what is not there is no error on AWS (docs: API reference, DeleteTopic)
    if topic.archive_days:
        raise sns.error("InvalidState", "Invalid state: The topic has an archive policy: deactivate it first.")
    for subscription in list(call.tx.range(Subscription, topic.account, topic.region, topic.name)):
        call.tx.delete(subscription)
    for kind in (Waiting, Published, Archived):
        for row in list(call.tx.range(kind, topic.serial)):
            call.tx.delete(row)
    call.tx.delete(Tail, topic.serial)
    call.tx.delete(topic)


@sns.operation
def get_topic_attributes(
    call: Call, topic: Topic, request: api.GetTopicAttributesInput
) -> api.GetTopicAttributesResponse:
    return {"Attributes": show_topic(call, topic)}


@sns.operation
def set_topic_attributes(call: Call, topic: Topic, request: api.SetTopicAttributesInput) -> None:
    if request["AttributeName"] == "FifoTopic":
        raise invalid("AttributeName")
    call.tx.put(set_on_topic(call, topic, request["AttributeName"], request.get("AttributeValue") or ""))


@sns.operation(resource=everything)
def list_topics(call: Call, request: api.ListTopicsInput) -> Page[dict[str, Any]]:
    return Page.of(call.tx, Topic, call.account, call.region, show=lambda topic: {"TopicArn": topic.arn})
