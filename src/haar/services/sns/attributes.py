"""Attributes of topics and subscriptions: what they are set to, and how they are shown.

Source: SNS API reference, SetTopicAttributes, GetTopicAttributes, SetSubscriptionAttributes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from haar.kit import Call, Refused, ServiceError, replace
from haar.services.sns import delivery_policies, filters
from haar.services.sns.resources import (
    CONFIRMED,
    PENDING,
    Archived,
    Subscription,
    Topic,
    by_filter,
    by_state,
)
from haar.services.sns.service import FILTERS_OF_ACCOUNT, FILTERS_OF_TOPIC, invalid
from haar.wire.text import iso_millis

__all__ = ["default_policy", "set_on_subscription", "set_on_topic", "show_subscription", "show_topic"]

_POLICY_BYTES_MAX: Final = 30_720
_DISPLAY_CHARS_MAX: Final = 100
_ARCHIVE_DAYS_MAX: Final = 365
_FEEDBACK: Final = frozenset(
    f"{what}{how}"
    for what in ("Application", "HTTP", "Lambda", "SQS", "Firehose")
    for how in ("SuccessFeedbackRoleArn", "SuccessFeedbackSampleRate", "FailureFeedbackRoleArn")
)
#: what a topic policy may be about, besides `SNS:*` (docs: AddPermission; sns-access-policy-language-api-permissions)
OWN_ACTIONS: Final = frozenset(
    (
        "gettopicattributes", "settopicattributes", "addpermission", "removepermission", "deletetopic", "subscribe",
        "listsubscriptionsbytopic", "publish", "receive", "getdataprotectionpolicy", "putdataprotectionpolicy",
        "tagresource", "untagresource", "listtagsforresource", "*",
    )
)  # fmt: skip


# -- topics ---------------------------------------------------------------------------------------------------------


def default_policy(arn: str, account: str) -> str:
    """The policy that a topic is made with: its account, by way of AWS's services."""
    actions = (
        "GetTopicAttributes", "SetTopicAttributes", "AddPermission", "RemovePermission", "DeleteTopic", "Subscribe",
        "ListSubscriptionsByTopic", "Publish",
    )  # fmt: skip
    statement = {
        "Sid": "__default_statement_ID",
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": [f"SNS:{action}" for action in actions],
        "Resource": arn,
        "Condition": {"StringEquals": {"AWS:SourceOwner": account}},
    }
    policy = {"Version": "2008-10-17", "Id": "__default_policy_ID", "Statement": [statement]}
    return json.dumps(policy, separators=(",", ":"))


def set_on_topic(call: Call, topic: Topic, name: str, value: str) -> Topic:
    """A topic with one attribute set. Raises InvalidParameter."""
    if name in _FEEDBACK:
        if name.endswith("SampleRate") and value and not (value.isdigit() and int(value) <= 100):
            raise invalid(f"{name}: must be a whole number from 0 to 100")
        kept = {**topic.feedback, name: value}
        return replace(topic, feedback={key: text for key, text in kept.items() if text})
    setter = _TOPIC.get(name)
    if setter is None:
        raise invalid("AttributeName")
    return setter(call, topic, value)


def _policy(call: Call, topic: Topic, value: str) -> Topic:
    if not value:
        return replace(topic, policy=default_policy(topic.arn, topic.account))
    if len(value.encode()) > _POLICY_BYTES_MAX:
        raise invalid("Policy too large")
    try:
        call.ports.policies.validate(value, "resource")
        document = json.loads(value)
    except (ServiceError, ValueError) as error:
        raise invalid(f"Policy Error: {error}") from None
    statements = document["Statement"]
    for statement in statements if isinstance(statements, list) else [statements]:
        if "Principal" not in statement and "NotPrincipal" not in statement:
            raise invalid("Policy Error: PrincipalNotFound")
        _check_scope(topic, statement)
    return replace(topic, policy=value)


def _check_scope(topic: Topic, statement: Mapping[str, Any]) -> None:
    for action in _listed(statement.get("Action", ())):
        service, _, name = action.lower().partition(":")
        own = any(_fits(name, one) for one in OWN_ACTIONS)
        if action != "*" and (service != "sns" or not own):
            raise invalid("Policy statement action out of service scope!")
    for resource in _listed(statement.get("Resource", ())):
        if not _fits(resource, topic.arn):
            raise invalid("Policy statement resource does not match the topic!")


def _fits(pattern: str, text: str) -> bool:
    from fnmatch import fnmatchcase

    return fnmatchcase(text, pattern.replace("[", "[[]"))


def _listed(given: Any) -> list[str]:
    return [given] if isinstance(given, str) else list(given)


def _display_name(call: Call, topic: Topic, value: str) -> Topic:
    if len(value) > _DISPLAY_CHARS_MAX or (value and not value.isprintable()):
        raise invalid("DisplayName")
    return replace(topic, display_name=value)


def _delivery_policy(call: Call, topic: Topic, value: str) -> Topic:
    return replace(topic, delivery_policy=delivery_policies.check(value, of_topic=True))


def _kms_key(call: Call, topic: Topic, value: str) -> Topic:
    return replace(topic, kms_key=value)


def _signature_version(call: Call, topic: Topic, value: str) -> Topic:
    if value not in ("1", "2"):
        raise invalid("SignatureVersion")
    return replace(topic, signature_version=value)


def _tracing(call: Call, topic: Topic, value: str) -> Topic:
    if value not in ("PassThrough", "Active"):
        raise invalid("TracingConfig")
    if value == "Active":
        raise Refused("sns", "SetTopicAttributes", "Active tracing needs X-Ray; PassThrough works.")
    return replace(topic, tracing=value)


def _deduplication(call: Call, topic: Topic, value: str) -> Topic:
    _only_fifo(topic, "ContentBasedDeduplication")
    return replace(topic, deduplicates_content=_flag("ContentBasedDeduplication", value))


def _throughput(call: Call, topic: Topic, value: str) -> Topic:
    _only_fifo(topic, "FifoThroughputScope")
    if value not in ("Topic", "MessageGroup"):
        raise invalid("FifoThroughputScope")
    return replace(topic, throughput_scope=value)


def _archive_policy(call: Call, topic: Topic, value: str) -> Topic:
    _only_fifo(topic, "ArchivePolicy")
    given = _object("ArchivePolicy", value) if value else {}
    if not given:
        for row in call.tx.range(Archived, topic.serial):
            call.tx.delete(row)
        return replace(topic, archive_days=0, archive_since=0.0)
    days = given.get("MessageRetentionPeriod")
    days = int(days) if isinstance(days, str) and days.isdigit() else days
    if not isinstance(days, int) or isinstance(days, bool) or not 1 <= days <= _ARCHIVE_DAYS_MAX:
        raise invalid("ArchivePolicy: MessageRetentionPeriod must be a whole number of days from 1 to 365")
    return replace(topic, archive_days=days, archive_since=topic.archive_since or call.now)


def _only_fifo(topic: Topic, name: str) -> None:
    if not topic.fifo:
        raise invalid(f"Attributes Reason: {name} is only for FIFO topics")


def _flag(name: str, value: str) -> bool:
    if value.lower() not in ("true", "false"):
        raise invalid(f"{name}: Invalid value [{value}]. Must be true or false.")
    return value.lower() == "true"


def _object(name: str, value: str) -> dict[str, Any]:
    try:
        given = json.loads(value)
    except ValueError:
        given = None
    if not isinstance(given, dict):
        raise invalid(f"{name}: failed to parse JSON.")
    return given


_TOPIC: Final[dict[str, Callable[[Call, Topic, str], Topic]]] = {
    "Policy": _policy,
    "DisplayName": _display_name,
    "DeliveryPolicy": _delivery_policy,
    "KmsMasterKeyId": _kms_key,
    "SignatureVersion": _signature_version,
    "TracingConfig": _tracing,
    "ContentBasedDeduplication": _deduplication,
    "FifoThroughputScope": _throughput,
    "ArchivePolicy": _archive_policy,
}


def show_topic(call: Call, topic: Topic) -> dict[str, str]:
    """Every attribute of a topic."""
    place = (topic.account, topic.region, topic.name)
    shown = {
        "TopicArn": topic.arn,
        "Owner": topic.account,
        "Policy": topic.policy,
        "DisplayName": topic.display_name,
        "SubscriptionsConfirmed": str(call.tx.count(by_state, *place, CONFIRMED)),
        "SubscriptionsPending": str(call.tx.count(by_state, *place, PENDING)),
        "SubscriptionsDeleted": str(topic.unsubscribed),
        "EffectiveDeliveryPolicy": delivery_policies.shown(topic.delivery_policy),
        **topic.feedback,
    }
    more = {
        "DeliveryPolicy": topic.delivery_policy,
        "KmsMasterKeyId": topic.kms_key,
        "SignatureVersion": topic.signature_version,
        "TracingConfig": topic.tracing,
    }
    shown |= {name: value for name, value in more.items() if value}
    if topic.fifo:
        shown["FifoTopic"] = "true"
        shown["ContentBasedDeduplication"] = str(topic.deduplicates_content).lower()
        shown["FifoThroughputScope"] = topic.throughput_scope
        if topic.archive_days:
            shown["ArchivePolicy"] = json.dumps({"MessageRetentionPeriod": str(topic.archive_days)})
            oldest = max(topic.archive_since, call.now - topic.archive_days * 86_400.0)
            shown["BeginningArchiveTime"] = iso_millis(oldest)
    return shown


# -- subscriptions --------------------------------------------------------------------------------------------------


def set_on_subscription(call: Call, topic: Topic, subscription: Subscription, name: str, value: str) -> Subscription:
    """A subscription with one attribute set. Raises InvalidParameter."""
    setter = _SUBSCRIPTION.get(name)
    if setter is None:
        raise invalid("AttributeName")
    return setter(call, topic, subscription, value)


def _filter_policy(call: Call, topic: Topic, subscription: Subscription, value: str) -> Subscription:
    if not value or value.strip() == "{}":
        return replace(subscription, filter_policy="")
    filters.check(value, subscription.filter_scope)
    if not subscription.filter_policy:
        place = (topic.account, topic.region)
        too_many = "Filter policy limit exceeded"
        FILTERS_OF_TOPIC.check(
            call, call.tx.count(by_filter, "y", *place, topic.name) + 1, "FilterPolicyLimitExceeded", too_many
        )
        FILTERS_OF_ACCOUNT.check(call, call.tx.count(by_filter, "y", *place) + 1, "FilterPolicyLimitExceeded", too_many)
    return replace(subscription, filter_policy=value)


def _filter_scope(call: Call, topic: Topic, subscription: Subscription, value: str) -> Subscription:
    if value not in filters.SCOPES:
        raise invalid(f"FilterPolicyScope: Invalid value [{value}]. Please use either MessageBody or MessageAttributes")
    if subscription.filter_policy:
        filters.check(subscription.filter_policy, value)
    return replace(subscription, filter_scope=value)


def _raw(call: Call, topic: Topic, subscription: Subscription, value: str) -> Subscription:
    wanted = _flag("RawMessageDelivery", value)
    if wanted and subscription.protocol not in ("sqs", "http", "https", "firehose"):
        raise invalid(
            f"Invalid parameter: Delivery protocol [{subscription.protocol}] does not support raw message delivery."
        )
    return replace(subscription, raw=wanted)


def _own_delivery_policy(call: Call, topic: Topic, subscription: Subscription, value: str) -> Subscription:
    if value and subscription.protocol not in ("http", "https"):
        raise invalid(f"DeliveryPolicy: protocol {subscription.protocol} does not support a delivery policy")
    return replace(subscription, delivery_policy=delivery_policies.check(value, of_topic=False))


def _redrive_policy(call: Call, topic: Topic, subscription: Subscription, value: str) -> Subscription:
    if not value:
        return replace(subscription, dead_letter="")
    target = _object("RedrivePolicy", value).get("deadLetterTargetArn")
    if not isinstance(target, str) or target.count(":") != 5 or target.split(":")[2] != "sqs":
        raise invalid("RedrivePolicy: deadLetterTargetArn is an invalid arn")
    _, _, _, region, account, _ = target.split(":")
    if region != topic.region:
        raise invalid("RedrivePolicy: The dead-letter queue must be in the region of the subscription")
    if account != subscription.owner:
        raise invalid("RedrivePolicy: The dead-letter queue must be in the account of the subscription")
    if topic.fifo and not target.endswith(".fifo") and subscription.endpoint.endswith(".fifo"):
        raise invalid("RedrivePolicy: must use a FIFO queue as DLQ for a FIFO topic")
    return replace(subscription, dead_letter=target)


def _role(call: Call, topic: Topic, subscription: Subscription, value: str) -> Subscription:
    return replace(subscription, role=value)


def _replay_policy(call: Call, topic: Topic, subscription: Subscription, value: str) -> Subscription:
    from haar.services.sns import replaying

    return replaying.begun(call, topic, subscription, _object("ReplayPolicy", value) if value else {}, value)


_SUBSCRIPTION: Final[dict[str, Callable[[Call, Topic, Subscription, str], Subscription]]] = {
    # the scope comes first: the policy is checked for it
    "FilterPolicyScope": _filter_scope,
    "FilterPolicy": _filter_policy,
    "RawMessageDelivery": _raw,
    "DeliveryPolicy": _own_delivery_policy,
    "RedrivePolicy": _redrive_policy,
    "SubscriptionRoleArn": _role,
    "ReplayPolicy": _replay_policy,
}
SUBSCRIPTION_ATTRIBUTES: Final = tuple(_SUBSCRIPTION)


def show_subscription(topic: Topic, subscription: Subscription) -> dict[str, str]:
    """Every attribute of a subscription."""
    pending = subscription.state == PENDING
    shown = {
        "SubscriptionArn": subscription.arn,
        "TopicArn": topic.arn,
        "Owner": subscription.owner,
        "Protocol": subscription.protocol,
        "Endpoint": subscription.endpoint,
        "PendingConfirmation": str(pending).lower(),
        "ConfirmationWasAuthenticated": str(subscription.authenticated).lower(),
        "RawMessageDelivery": str(subscription.raw).lower(),
        "SubscriptionPrincipal": subscription.subscriber,
    }
    more = {
        "FilterPolicy": subscription.filter_policy,
        "FilterPolicyScope": subscription.filter_scope if subscription.filter_policy else "",
        "DeliveryPolicy": subscription.delivery_policy,
        "SubscriptionRoleArn": subscription.role,
        "ReplayPolicy": subscription.replay_policy,
        "ReplayStatus": subscription.replay_status,
    }
    shown |= {name: value for name, value in more.items() if value}
    if subscription.dead_letter:
        shown["RedrivePolicy"] = json.dumps({"deadLetterTargetArn": subscription.dead_letter})
    if subscription.protocol in ("http", "https"):
        found = delivery_policies.effective(topic.delivery_policy, subscription.delivery_policy)
        del found["disableSubscriptionOverrides"]
        shown["EffectiveDeliveryPolicy"] = json.dumps(found, separators=(",", ":"))
    return shown
