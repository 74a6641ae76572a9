"""From a topic to its subscribers: with or right after the publisher's transaction, each protocol in its own way.

| protocol | how |
|---|---|
| sqs, lambda | through the service's own door, as `sns.amazonaws.com` on behalf of the topic: its policy decides |
| http, https | a signed request, tried again as the delivery policy says |
| email, email-json, sms, application | a row of the local outbox (`Delivered`), for a person to read |

A queue that is gone, or does not let SNS in, is not tried again: those are errors of the client's making. What could
not be delivered goes to the subscription's dead-letter queue, or is lost.

Source: SNS Developer Guide, sns-message-delivery-retries.html, sns-dead-letter-queues.html.
"""

from __future__ import annotations

import json
from typing import Any, Final

from haar.kit import Call, Origin, Principal, Refused, ServiceError, replace
from haar.kit.call import ServiceClient
from haar.services.sns import delivery_policies, posting
from haar.services.sns.envelope import confirmation, notification, text_for, unsubscribe_url, written
from haar.services.sns.resources import (
    CONFIRMED,
    Archived,
    Deliver,
    Delivered,
    Drain,
    Letter,
    PlatformEndpoint,
    Post,
    Posted,
    Replay,
    Subscription,
    Topic,
    Waiting,
    archived_at,
)
from haar.services.sns.service import sns

__all__ = ["NAME", "announce", "enqueue", "into_outbox"]

NAME: Final = "sns.amazonaws.com"
PRINCIPAL: Final = Principal(kind="service", account="", arn="", id=NAME, name=NAME)
#: How long the local outbox keeps what left.
OUTBOX_SECONDS: Final = 30 * 86_400.0
#: Messages of one FIFO topic, and of one replay, that are handed over in one transaction.
BATCH: Final = 100
#: Subscribers up to which queues are handed a message in the publisher's own transaction.
AT_ONCE_MAX: Final = 10
_MAIL: Final = ("email", "email-json")
_TEXT_OF: Final = {"SubscriptionConfirmation": "AWS Notification - Subscription Confirmation"}


# -- tasks ----------------------------------------------------------------------------------------------------------


@sns.task(Deliver)
def deliver(call: Call, task: Deliver) -> None:
    """Hand a message to its subscribers."""
    place = Topic.key_of(task.topic)
    topic = call.tx.get(Topic, *place) if place else None
    if topic is not None:
        _hand_out(call, topic, task.letter, task.to)


@sns.task(Drain)
def drain(call: Call, task: Drain) -> None:
    """Hand over what waits in a FIFO topic, the oldest first."""
    topic = call.tx.get(Topic, task.account, task.region, task.topic)
    rows = list(call.tx.range(Waiting, task.serial, limit=BATCH + 1))
    for row in rows[:BATCH]:
        call.tx.delete(row)
        if topic is not None and topic.serial == task.serial:
            _hand_out(call, topic, row.letter, row.to)
    if len(rows) > BATCH:
        call.emit(task)


def enqueue(call: Call, topic: Topic, letter: Letter, audience: list[Subscription]) -> None:
    """Send a message on its way; of a FIFO topic behind all that were published before.

    A few queues are handed a standard topic's message at once, in the publisher's own transaction: what commits it
    commits them. That is a third of the cost of a row in the outbox and a transaction more.
    """
    if not topic.fifo and len(audience) <= AT_ONCE_MAX:
        rest = []
        for subscription in audience:
            if subscription.protocol == "sqs":
                _hand(call, topic, subscription, letter)
            else:
                rest.append(subscription)
        audience = rest
    if not audience:
        return
    to = [subscription.id for subscription in audience]
    if not topic.fifo:
        call.emit(Deliver(topic=topic.arn, letter=letter, to=to))
        return
    call.tx.put(Waiting(topic=topic.serial, sequence=letter.sequence, letter=letter, to=to))
    call.emit(Drain(account=topic.account, region=topic.region, topic=topic.name, serial=topic.serial))


def _hand_out(call: Call, topic: Topic, letter: Letter, to: list[str]) -> None:
    for name in to:
        subscription = call.tx.get(Subscription, topic.account, topic.region, topic.name, name)
        if subscription is not None and subscription.state == CONFIRMED:
            _hand(call, topic, subscription, letter)


def _hand(call: Call, topic: Topic, subscription: Subscription, letter: Letter, *, replayed: bool = False) -> None:
    protocol = subscription.protocol
    try:
        if protocol == "sqs":
            _to_queue(call, topic, subscription, subscription.endpoint, letter, replayed=replayed)
        elif protocol in ("http", "https"):
            call.emit(Post(subscription=subscription.arn, kind="Notification", letter=letter, id=call.new_id()))
        elif protocol == "lambda":
            _to_function(call, topic, subscription, letter)
        else:
            _to_outbox(call, topic, subscription, letter)
    except Refused as error:
        bury(call, topic, subscription, letter, "501", error.message)
    except ServiceError as error:
        bury(call, topic, subscription, letter, str(error.status or 400), error.message)


@sns.task(Replay)
def replay(call: Call, task: Replay) -> None:
    """Hand archived messages to a subscription again, some at a time."""
    place = Subscription.key_of(task.subscription)
    subscription = call.tx.get(Subscription, *place) if place else None
    if subscription is None or subscription.replay != task.replay or not subscription.replay_policy:
        return
    topic = call.tx.get(Topic, subscription.account, subscription.region, subscription.topic)
    if topic is None:
        return
    from haar.services.sns.filters import wants

    after = tuple(task.after) if task.after else None
    rows: list[Archived] = list(
        call.tx.range(archived_at, topic.serial, start=task.start, stop=task.stop, after=after, limit=BATCH)
    )
    for row in rows:
        policy = subscription.filter_policy
        if not policy or wants(policy, subscription.filter_scope, row.letter):
            _hand(call, topic, subscription, row.letter, replayed=True)
    if len(rows) == BATCH:
        mark = list(archived_at.entry(rows[-1]) or ())
        call.emit(replace(task, after=mark))
        call.tx.put(replace(subscription, replay_status="In progress"))
    else:
        call.tx.put(replace(subscription, replay_status="Completed"))


# -- queues and functions -------------------------------------------------------------------------------------------


def _door(call: Call, topic: Topic, service: str, arn: str) -> ServiceClient:
    """Another service, asked by SNS on behalf of a topic: policies of resources decide."""
    _, _, _, region, account, _ = arn.split(":", 5)
    context = {"aws:SourceArn": topic.arn, "aws:SourceAccount": topic.account}
    origin = Origin(secure=True, invoked_by=NAME, context=context)
    return ServiceClient(call, service, PRINCIPAL, account, region, origin)


def _to_queue(
    call: Call,
    topic: Topic,
    subscription: Subscription,
    queue: str,
    letter: Letter,
    *,
    replayed: bool = False,
    more: dict[str, Any] | None = None,
) -> None:
    """Send a message to a queue (its ARN). Raises what SQS says."""
    _, _, _, region, account, name = queue.split(":", 5)
    sent: dict[str, Any] = {"QueueUrl": f"https://sqs.{region}.amazonaws.com/{account}/{name}"}
    if subscription.raw:
        sent["MessageBody"] = text_for(letter, "sqs")
        if letter.attributes:
            sent["MessageAttributes"] = {
                name: {"DataType": kind, "StringValue" if isinstance(value, str) else "BinaryValue": value}
                for name, (kind, value) in letter.attributes.items()
            }
    else:
        signed = bool(topic.signature_version)
        sent["MessageBody"] = written(notification(call, topic, subscription, letter, replayed=replayed, signed=signed))
    if more:
        sent["MessageAttributes"] = {**sent.get("MessageAttributes", {}), **more}
    if letter.group:
        sent["MessageGroupId"] = letter.group
    if name.endswith(".fifo"):
        sent.setdefault("MessageGroupId", letter.id)
        # a message that is replayed is a new one for the queue
        sent["MessageDeduplicationId"] = call.new_id() if replayed else letter.deduplication or letter.id
    _door(call, topic, "sqs", queue).send_message(**sent)


def _to_function(call: Call, topic: Topic, subscription: Subscription, letter: Letter) -> None:
    """Invoke a function with a message, without waiting for what it says."""
    told = notification(call, topic, subscription, letter)
    del told["UnsubscribeURL"]
    # a function's event spells these two otherwise (docs: Lambda Developer Guide, with-sns.html)
    told["SigningCertUrl"] = told.pop("SigningCertURL")
    told["UnsubscribeUrl"] = unsubscribe_url(subscription)
    told.setdefault("Subject", None)
    told.setdefault("MessageAttributes", {})
    record = {
        "EventSource": "aws:sns", "EventVersion": "1.0", "EventSubscriptionArn": subscription.arn, "Sns": told,
    }  # fmt: skip
    door = _door(call, topic, "lambda", subscription.endpoint)
    payload = json.dumps({"Records": [record]}).encode()
    door.invoke(FunctionName=subscription.endpoint, InvocationType="Event", Payload=payload)


def bury(call: Call, topic: Topic, subscription: Subscription, letter: Letter, code: str, why: str) -> None:
    """Keep what could not be delivered in the subscription's dead-letter queue, where there is one."""
    if not subscription.dead_letter:
        return
    more = {
        "RequestID": {"DataType": "String", "StringValue": call.request_id},
        "ErrorCode": {"DataType": "String", "StringValue": code},
        "ErrorMessage": {"DataType": "String", "StringValue": why[:1024] or "Unknown error"},
    }
    try:
        _to_queue(call, topic, subscription, subscription.dead_letter, letter, more=more)
    except ServiceError:
        return  # the dead-letter queue is gone or closed to SNS: the message is lost, as on AWS


# -- HTTP -----------------------------------------------------------------------------------------------------------


@sns.task(Post)
def post(call: Call, task: Post) -> None:
    """Send something to an HTTP endpoint."""
    if posting.is_under_way(task):
        call.later(call.now + posting.WATCH_SECONDS, task)
        return
    place = Subscription.key_of(task.subscription)
    subscription = call.tx.get(Subscription, *place) if place else None
    topic = call.tx.get(Topic, *place[:3]) if place else None
    if subscription is None or topic is None or (task.kind == "Notification" and subscription.state != CONFIRMED):
        return
    posting.send(
        call, task, _outgoing(call, topic, subscription, task), lambda done: _settle(call, topic, subscription, done)
    )


@sns.task(Posted)
def posted(call: Call, task: Posted) -> None:
    """Note what came of a request."""
    call.cancel(task.watch_at, task.watch)
    place = Subscription.key_of(task.post.subscription)
    subscription = call.tx.get(Subscription, *place) if place else None
    topic = call.tx.get(Topic, *place[:3]) if place else None
    if subscription is not None and topic is not None:
        _settle(call, topic, subscription, task)


def _settle(call: Call, topic: Topic, subscription: Subscription, done: Posted) -> None:
    status, task = done.status, done.post
    if 200 <= status < 300:
        return
    delays = delivery_policies.retry_delays(
        delivery_policies.effective(topic.delivery_policy, subscription.delivery_policy)
    )
    # what the client did wrong is not tried again, but 429 is (docs: sns-message-delivery-retries.html)
    may_pass = status == 0 or status < 200 or status >= 500 or status == 429
    if may_pass and task.attempt < len(delays):
        call.later(call.now + delays[task.attempt], posting.again(task))
    elif task.kind == "Notification":
        bury(call, topic, subscription, task.letter, str(status or 503), done.why or f"The endpoint answered {status}.")


def _outgoing(call: Call, topic: Topic, subscription: Subscription, task: Post) -> posting.Outgoing:
    policy = delivery_policies.effective(topic.delivery_policy, subscription.delivery_policy)
    headers = {
        "User-Agent": "Amazon Simple Notification Service Agent",
        "x-amz-sns-message-type": task.kind,
        "x-amz-sns-message-id": task.letter.id,
        "x-amz-sns-topic-arn": topic.arn,
        "Content-Type": delivery_policies.content_type(policy),
    }
    if task.kind != "SubscriptionConfirmation":
        headers["x-amz-sns-subscription-arn"] = subscription.arn
    if task.kind == "Notification" and subscription.raw:
        headers["x-amz-sns-rawdelivery"] = "true"
        body = text_for(task.letter, subscription.protocol)
    elif task.kind == "Notification":
        body = written(notification(call, topic, subscription, task.letter))
    else:
        ended = task.kind == "UnsubscribeConfirmation"
        body = written(confirmation(call, topic, subscription, task.letter, ended=ended))
    return posting.Outgoing(subscription.endpoint, headers, body.encode())


# -- the local outbox -------------------------------------------------------------------------------------------------


def into_outbox(call: Call, protocol: str, endpoint: str, kind: str, body: str, **more: str) -> None:
    """Keep what leaves for somebody outside."""
    call.tx.put(
        Delivered(
            account=call.account, region=call.region, at=call.now, id=call.new_id(), protocol=protocol,
            endpoint=endpoint, kind=kind, body=body, until=call.now + OUTBOX_SECONDS, **more,
        )
    )  # fmt: skip


def _to_outbox(call: Call, topic: Topic, subscription: Subscription, letter: Letter) -> None:
    protocol = subscription.protocol
    more = {"topic": topic.arn, "subscription": subscription.arn}
    if protocol == "application":
        push(call, subscription.endpoint, letter, **more)
        return
    text = text_for(letter, protocol)
    if protocol == "sms":
        name = topic.display_name or ""
        body = f"{name}> {text}" if name else text
    elif protocol == "email-json":
        body = written(notification(call, topic, subscription, letter))
    else:
        body = f"{text}\n\n--\nTo end this subscription, visit:\n{unsubscribe_url(subscription)}\n"
    into_outbox(
        call, protocol, subscription.endpoint, "Notification", body,
        subject=(letter.subject or "AWS Notification Message") if protocol in _MAIL else "", **more,
    )  # fmt: skip


def push(call: Call, endpoint: str, letter: Letter, **more: str) -> None:
    """Send a message to a device. Raises NotFound and EndpointDisabled."""
    place = PlatformEndpoint.key_of(endpoint)
    device = call.tx.get(PlatformEndpoint, *place) if place else None
    if device is None:
        raise sns.error("NotFound", "Endpoint does not exist")
    if device.attributes.get("Enabled") == "false":
        raise sns.error("EndpointDisabled", "Endpoint is disabled")
    into_outbox(call, "application", endpoint, "Notification", text_for(letter, device.platform), **more)


# -- confirmations ----------------------------------------------------------------------------------------------------


def announce(call: Call, topic: Topic, subscription: Subscription, *, ended: bool = False) -> None:
    """Ask an endpoint to confirm a subscription, or tell it that the subscription has ended."""
    letter = Letter(id=call.new_id(), body="", at=call.now)
    kind = "UnsubscribeConfirmation" if ended else "SubscriptionConfirmation"
    protocol = subscription.protocol
    if protocol in ("http", "https"):
        call.emit(Post(subscription=subscription.arn, kind=kind, letter=letter, id=letter.id))
        return
    told = confirmation(call, topic, subscription, letter, ended=ended)
    if protocol == "sqs":
        _ask_queue(call, topic, subscription, told)
        return
    body = written(told)
    if protocol == "email":
        body = f"{told['Message']}\n\n{told['SubscribeURL']}\n"
    into_outbox(
        call, protocol, subscription.endpoint, kind, body, subject=_TEXT_OF.get(kind, "AWS Notification"),
        topic=topic.arn, subscription=subscription.arn,
    )  # fmt: skip


def _ask_queue(call: Call, topic: Topic, subscription: Subscription, told: dict[str, Any]) -> None:
    _, _, _, region, account, name = subscription.endpoint.split(":", 5)
    sent = {"QueueUrl": f"https://sqs.{region}.amazonaws.com/{account}/{name}", "MessageBody": written(told)}
    if name.endswith(".fifo"):
        sent |= {"MessageGroupId": told["MessageId"], "MessageDeduplicationId": told["MessageId"]}
    try:
        _door(call, topic, "sqs", subscription.endpoint).send_message(**sent)
    except ServiceError:
        return  # whoever owns the queue has not let SNS in: the subscription stays unconfirmed
