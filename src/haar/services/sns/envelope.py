"""What a subscriber is sent: the message in an envelope of JSON, or the message alone.

Messages to queues are signed when the topic has a `SignatureVersion` that somebody has set, and always for HTTP and
e-mail in JSON. Source: SNS Developer Guide, sns-message-and-json-formats.html,
sns-large-payload-raw-message-delivery.html.
"""

from __future__ import annotations

import base64
from typing import Any, Final
from urllib.parse import urlencode

import msgspec

from haar.kit import Call
from haar.services.sns import rules
from haar.services.sns.resources import Letter, Subscription, Topic
from haar.services.sns.signing import sign
from haar.wire.text import iso_millis

__all__ = ["confirmation", "notification", "text_for", "unsubscribe_url", "written"]

API_VERSION: Final = "2010-03-31"
_encode = msgspec.json.encode


def text_for(letter: Letter, protocol: str) -> str:
    """The text of a message for a protocol."""
    if not letter.structured:
        return letter.body
    texts = rules.texts_of(letter.body)
    return texts.get(protocol, texts["default"])


def door_of(subscription: Subscription) -> str:
    """The address under which a subscriber reaches this cloud."""
    return subscription.door or f"https://sns.{subscription.region}.amazonaws.com"


def unsubscribe_url(subscription: Subscription) -> str:
    """The link that ends a subscription."""
    return f"{door_of(subscription)}/?Action=Unsubscribe&SubscriptionArn={subscription.arn}&Version={API_VERSION}"


def confirm_url(subscription: Subscription) -> str:
    """The link that confirms a subscription."""
    asked = {
        "Action": "ConfirmSubscription", "TopicArn": subscription.topic_arn, "Token": subscription.token,
        "Version": API_VERSION,
    }  # fmt: skip
    return f"{door_of(subscription)}/?{urlencode(asked, safe=':')}"


def notification(
    call: Call, topic: Topic, subscription: Subscription, letter: Letter, *, replayed: bool = False, signed: bool = True
) -> dict[str, Any]:
    """The members of a notification, in SNS's order."""
    told: dict[str, Any] = {"Type": "Notification", "MessageId": letter.id}
    if letter.sequence:
        told["SequenceNumber"] = letter.sequence
    told["TopicArn"] = topic.arn
    if letter.subject:
        told["Subject"] = letter.subject
    told["Message"] = text_for(letter, subscription.protocol)
    told["Timestamp"] = iso_millis(letter.at)
    if signed:
        told |= sign(call, told, topic.signature_version or "1", door_of(subscription))
    told["UnsubscribeURL"] = unsubscribe_url(subscription)
    if letter.attributes:
        told["MessageAttributes"] = {
            name: {"Type": kind, "Value": value if isinstance(value, str) else base64.b64encode(value).decode()}
            for name, (kind, value) in letter.attributes.items()
        }
    if replayed:
        told["Replayed"] = True
    return told


def confirmation(
    call: Call, topic: Topic, subscription: Subscription, letter: Letter, *, ended: bool = False
) -> dict[str, Any]:
    """The members of a request to confirm a subscription, or (`ended`) of the news that it has ended."""
    if ended:
        message = (
            f"You have chosen to deactivate subscription {subscription.arn}.\n"
            "To cancel this operation and restore the subscription, visit the SubscribeURL included in this message."
        )
    else:
        message = (
            f"You have chosen to subscribe to the topic {topic.arn}.\n"
            "To confirm the subscription, visit the SubscribeURL included in this message."
        )
    told = {
        "Type": "UnsubscribeConfirmation" if ended else "SubscriptionConfirmation",
        "MessageId": letter.id,
        "Token": subscription.token,
        "TopicArn": topic.arn,
        "Message": message,
        "SubscribeURL": confirm_url(subscription),
        "Timestamp": iso_millis(letter.at),
    }
    return told | sign(call, told, topic.signature_version or "1", door_of(subscription))


def written(told: dict[str, Any]) -> str:
    """Members as the text that is sent: a line each."""
    lines = ",\n".join([f'  "{name}" : {_encode(value).decode()}' for name, value in told.items()])
    return f"{{\n{lines}\n}}"
