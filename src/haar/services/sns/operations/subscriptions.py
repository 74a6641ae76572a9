"""Operations on subscriptions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from haar.kit import Call, Page, Refused, replace
from haar.services.sns import rules
from haar.services.sns.addresses import everything, subscription_at
from haar.services.sns.attributes import SUBSCRIPTION_ATTRIBUTES, set_on_subscription, show_subscription
from haar.services.sns.delivery import announce
from haar.services.sns.resources import (
    CONFIRMED,
    PlatformEndpoint,
    Subscription,
    Topic,
    by_asked,
    by_endpoint,
    by_owner,
    by_pending,
)
from haar.services.sns.resources import (
    PENDING as WAITING,
)
from haar.services.sns.service import FIFO_SUBSCRIPTIONS, PENDING, PENDING_SECONDS, invalid, sns

if TYPE_CHECKING:
    from haar.shapes import sns as api

_QUEUE: Final = re.compile(r"arn:aws[a-z-]*:sqs:[a-z0-9-]+:\d{12}:[A-Za-z0-9_.-]{1,80}")
_FUNCTION: Final = re.compile(r"arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{12}:function:[A-Za-z0-9_-]+(?::[A-Za-z0-9_$-]+)?")
_PENDING_ARN: Final = "pending confirmation"


@sns.operation
def subscribe(call: Call, topic: Topic, request: api.SubscribeInput) -> api.SubscribeResponse:
    protocol, endpoint = request["Protocol"], request.get("Endpoint") or ""
    given = dict(request.get("Attributes") or {})
    endpoint = _checked_endpoint(call, topic, protocol, endpoint)
    shown_at_once = bool(request.get("ReturnSubscriptionArn"))
    place = (topic.account, topic.region, topic.name)
    existing = next(iter(call.tx.range(by_endpoint, *place, protocol, endpoint, limit=1)), None)
    if existing is not None:
        changed = _with_attributes(call, topic, existing, given)
        if changed != existing:
            raise invalid("Attributes Reason: Subscription already exists with different attributes")
        if existing.state == WAITING:
            announce(call, topic, existing)  # asked again (docs: API reference, Subscribe)
            return {"SubscriptionArn": existing.arn if shown_at_once else _PENDING_ARN}
        return {"SubscriptionArn": existing.arn}
    if topic.fifo:
        have = call.tx.count(Subscription, *place)
        FIFO_SUBSCRIPTIONS.check(call, have + 1, "SubscriptionLimitExceeded", "Subscription limit exceeded for topic.")
    confirmed = _is_known(call, protocol, endpoint)
    owner = call.principal.account or call.account
    subscription = Subscription(
        account=topic.account, region=topic.region, topic=topic.name, id=call.new_id(), protocol=protocol,
        endpoint=endpoint, owner=owner, subscriber=call.principal.arn, created_at=call.now,
        authenticated=confirmed, door=_door_of(call),
    )  # fmt: skip
    subscription = _with_attributes(call, topic, subscription, given)
    if confirmed:
        call.tx.put(subscription)
        return {"SubscriptionArn": subscription.arn}
    have = call.tx.count(by_pending, owner, topic.region, WAITING)
    PENDING.check(call, have + 1, "SubscriptionLimitExceeded", "Pending subscription limit exceeded for account.")
    subscription = _waiting(call, subscription)
    announce(call, topic, subscription)
    return {"SubscriptionArn": subscription.arn if shown_at_once else _PENDING_ARN}


def _waiting(call: Call, subscription: Subscription) -> Subscription:
    """A subscription that waits to be confirmed with a new token."""
    until = call.now + PENDING_SECONDS
    return call.tx.put(replace(subscription, state=WAITING, pending_until=until, token=call.ports.ids.hex(128)))


def _with_attributes(call: Call, topic: Topic, subscription: Subscription, given: Mapping[str, str]) -> Subscription:
    unknown = next((name for name in given if name not in SUBSCRIPTION_ATTRIBUTES), None)
    if unknown is not None:
        raise invalid("AttributeName")
    for name in SUBSCRIPTION_ATTRIBUTES:
        if name in given:
            subscription = set_on_subscription(call, topic, subscription, name, given[name])
    return subscription


def _door_of(call: Call) -> str:
    origin = call.origin
    return f"http{'s' if origin.secure else ''}://{origin.host}" if origin.host else ""


def _is_known(call: Call, protocol: str, endpoint: str) -> bool:
    """Whether nobody has to be asked: telephones, devices, and what belongs to whoever subscribes it."""
    if protocol in ("sms", "application"):
        return True
    if protocol in ("sqs", "lambda", "firehose"):
        return endpoint.split(":")[4] == call.principal.account
    return False


def _checked_endpoint(call: Call, topic: Topic, protocol: str, endpoint: str) -> str:
    """The endpoint as it is kept. Raises InvalidParameter for what is none, and Refused for what is not built."""
    check = _ENDPOINTS.get(protocol)
    if check is None:
        raise invalid(f"Amazon SNS does not support this protocol string: {protocol}")
    if topic.fifo and protocol not in ("sqs", "lambda", "firehose"):
        raise invalid(f"Invalid protocol type: {protocol}")
    found = check(call, endpoint, protocol)
    if protocol == "sqs" and endpoint.endswith(".fifo") and not topic.fifo:
        raise invalid(
            "Invalid parameter: Endpoint Reason: FIFO SQS Queues can not be subscribed to standard SNS topics"
        )
    return found


def _http(call: Call, endpoint: str, protocol: str) -> str:
    try:
        parts = urlsplit(endpoint)
        good = parts.scheme == protocol and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        good = False
    if not good:
        raise invalid("Endpoint must match the specified protocol")
    return endpoint


def _email(call: Call, endpoint: str, protocol: str) -> str:
    if not rules.EMAIL.fullmatch(endpoint):
        raise invalid("Email address")
    return endpoint


def _sms(call: Call, endpoint: str, protocol: str) -> str:
    number = re.sub(r"[ .()/-]", "", endpoint)
    if not rules.PHONE.fullmatch(number if number.startswith("+") else f"+{number}"):
        raise invalid(f"Invalid SMS endpoint: {endpoint}")
    return number if number.startswith("+") else f"+{number}"


def _sqs(call: Call, endpoint: str, protocol: str) -> str:
    if not _QUEUE.fullmatch(endpoint):
        raise invalid("SQS endpoint ARN")
    return endpoint


def _lambda(call: Call, endpoint: str, protocol: str) -> str:
    if not _FUNCTION.fullmatch(endpoint):
        raise invalid("Lambda endpoint ARN")
    if not {"lambda", "lambda_"} & set(call.ports.rooms()):
        raise Refused("sns", "Subscribe", "The protocol lambda needs Lambda, which this Haar does not have.")
    return endpoint


def _firehose(call: Call, endpoint: str, protocol: str) -> str:
    raise Refused("sns", "Subscribe", "The protocol firehose is not delivered yet.")


def _application(call: Call, endpoint: str, protocol: str) -> str:
    place = PlatformEndpoint.key_of(endpoint)
    if place is None or call.tx.get(PlatformEndpoint, *place) is None:
        raise invalid(f"Endpoint Reason: Endpoint does not exist for endpoint {endpoint}")
    return endpoint


_ENDPOINTS: Final = {
    "http": _http,
    "https": _http,
    "email": _email,
    "email-json": _email,
    "sms": _sms,
    "sqs": _sqs,
    "application": _application,
    "lambda": _lambda,
    "firehose": _firehose,
}


@sns.operation(anonymous=True)
def confirm_subscription(
    call: Call, topic: Topic, request: api.ConfirmSubscriptionInput
) -> api.ConfirmSubscriptionResponse:
    place = (topic.account, topic.region, topic.name)
    found = next(iter(call.tx.range(by_asked, request["Token"], *place, limit=1)), None)
    if found is None:
        raise invalid("Token")
    is_signed = call.principal.kind != "anonymous"
    owner_ends = (request.get("AuthenticateOnUnsubscribe") or "").lower() == "true"
    if owner_ends and not is_signed:
        raise sns.error("AuthorizationError", "AuthenticateOnUnsubscribe needs a signed request.")
    if found.state == WAITING:
        call.tx.put(replace(found, state=CONFIRMED, pending_until=None, authenticated=is_signed, owner_ends=owner_ends))
    return {"SubscriptionArn": found.arn}


@sns.operation(anonymous=True, resource=everything)
def unsubscribe(call: Call, request: api.UnsubscribeInput) -> None:
    subscription = call.tx.get(Subscription, *subscription_at(call, request["SubscriptionArn"]))
    if subscription is None:
        return  # ending what has ended is no error on AWS
    if subscription.state == WAITING:
        raise invalid("SubscriptionArn Reason: The subscription is pending confirmation")
    topic = call.tx.get(Topic, subscription.account, subscription.region, subscription.topic)
    assert topic is not None, "a topic takes its subscriptions with it"
    caller = call.principal
    if caller.kind == "anonymous" and subscription.owner_ends:
        raise sns.error("AuthorizationError", "Only the owner of the subscription can end it.", status=403)
    topic = call.tx.put(replace(topic, unsubscribed=topic.unsubscribed + 1))
    if caller.account in (subscription.owner, topic.account):
        call.tx.delete(subscription)
        return
    # somebody with the link: the endpoint is told, and can take it back (docs: API reference, Unsubscribe)
    announce(call, topic, _waiting(call, subscription), ended=True)


def _check_own(call: Call, subscription: Subscription) -> None:
    """Refuse whoever is neither the subscription's account nor the topic's."""
    if call.principal.account not in (subscription.owner, subscription.account):
        raise sns.error("AuthorizationError", "Not authorized to access this subscription", status=403)


def _topic_of(call: Call, subscription: Subscription) -> Topic:
    topic = call.tx.get(Topic, subscription.account, subscription.region, subscription.topic)
    assert topic is not None, "a topic takes its subscriptions with it"
    return topic


@sns.operation(resource=everything)
def get_subscription_attributes(
    call: Call, subscription: Subscription, request: api.GetSubscriptionAttributesInput
) -> api.GetSubscriptionAttributesResponse:
    _check_own(call, subscription)
    return {"Attributes": show_subscription(_topic_of(call, subscription), subscription)}


@sns.operation(resource=everything)
def set_subscription_attributes(
    call: Call, subscription: Subscription, request: api.SetSubscriptionAttributesInput
) -> None:
    _check_own(call, subscription)
    value = request.get("AttributeValue") or ""
    topic = _topic_of(call, subscription)
    call.tx.put(set_on_subscription(call, topic, subscription, request["AttributeName"], value))


def _shown(subscription: Subscription) -> dict[str, str]:
    return {
        "SubscriptionArn": subscription.arn if subscription.state == CONFIRMED else "PendingConfirmation",
        "Owner": subscription.owner,
        "Protocol": subscription.protocol,
        "Endpoint": subscription.endpoint,
        "TopicArn": subscription.topic_arn,
    }


@sns.operation(resource=everything)
def list_subscriptions(call: Call, request: api.ListSubscriptionsInput) -> Page[dict[str, str]]:
    return Page.of(call.tx, by_owner, call.account, call.region, show=_shown)


@sns.operation
def list_subscriptions_by_topic(
    call: Call, topic: Topic, request: api.ListSubscriptionsByTopicInput
) -> Page[dict[str, str]]:
    return Page.of(call.tx, Subscription, topic.account, topic.region, topic.name, show=_shown)


@sns.condition("sns:Protocol")
def _protocol(call: Call, request: Mapping[str, Any], target: Any) -> str | None:
    found: str | None = request.get("Protocol")
    return found


@sns.condition("sns:Endpoint")
def _endpoint(call: Call, request: Mapping[str, Any], target: Any) -> str | None:
    found: str | None = request.get("Endpoint") or getattr(target, "endpoint", None)
    return found
