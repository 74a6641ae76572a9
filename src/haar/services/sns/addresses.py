"""ARNs: which topic, subscription, application or device a request means."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, Final

from haar.kit import Call
from haar.services.sns.resources import PlatformApplication, PlatformEndpoint, Subscription, Topic
from haar.services.sns.service import invalid, sns

__all__ = ["everything", "topic_at", "topic_place"]

_TOPIC: Final = re.compile(r"arn:aws[a-z-]*:sns:([a-z0-9-]+):(\d{12}):([A-Za-z0-9_-]{1,256}(?:\.fifo)?)")
_SUBSCRIPTION: Final = re.compile(r"arn:aws[a-z-]*:sns:([a-z0-9-]+):(\d{12}):([A-Za-z0-9_.-]+):([A-Za-z0-9-]+)")


@lru_cache(maxsize=4096)
def topic_place(arn: str) -> tuple[str, str, str] | None:
    """The key of the topic of an ARN; None when it is not one."""
    match = _TOPIC.fullmatch(arn)
    return (match[2], match[1], match[3]) if match else None


def everything(call: Call, request: object) -> str:
    """What actions are asked on that know no kind of resource (docs: Service Authorization Reference, Amazon SNS)."""
    return "*"


@sns.names("TopicArn", Topic)
def topic_at(call: Call, arn: str | None) -> tuple[str, str, str]:
    """The key of the topic that a request names. Raises InvalidParameter."""
    place = topic_place(arn or "")
    if place is None or place[1] != call.region:
        raise _bad("TopicArn", arn)
    return place


@sns.names("ResourceArn", Topic)
def tagged_at(call: Call, arn: str | None) -> tuple[str, str, str]:
    """The key of the topic whose tags a request is about; what is no ARN names none."""
    return topic_place(arn or "") or (call.account, call.region, arn or "")


@sns.names("Name", Topic)
def topic_called(call: Call, name: str) -> tuple[str, str, str]:
    """The key of the caller's topic of this name."""
    return call.account, call.region, name


@sns.names("SubscriptionArn", Subscription)
def subscription_at(call: Call, arn: str | None) -> tuple[str, ...]:
    """The key of the subscription that a request names. Raises InvalidParameter."""
    match = _SUBSCRIPTION.fullmatch(arn or "")
    if match is None or match[1] != call.region:
        raise _bad("SubscriptionArn", arn)
    return match[2], match[1], match[3], match[4]


@sns.names("PlatformApplicationArn", PlatformApplication)
def application_at(call: Call, arn: str | None) -> tuple[str, ...]:
    """The key of the platform application that a request names. Raises InvalidParameter."""
    place = PlatformApplication.key_of(arn or "")
    if place is None or place[:2] != (call.account, call.region):
        raise _bad("PlatformApplicationArn", arn)
    return place


@sns.names("EndpointArn", PlatformEndpoint)
def endpoint_at(call: Call, arn: str | None) -> tuple[str, ...]:
    """The key of the device that a request names. Raises InvalidParameter."""
    place = PlatformEndpoint.key_of(arn or "")
    if place is None or place[:2] != (call.account, call.region):
        raise _bad("EndpointArn", arn)
    return place


def _bad(member: str, arn: Any) -> Exception:
    parts = str(arn or "").count(":") + 1
    if parts < 6:
        return invalid(f"{member} Reason: An ARN must have at least 6 elements, not {parts}")
    return invalid(member)
