"""Publish and PublishBatch."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from haar.kit import Call, ServiceError, replace
from haar.services.sns import encryption, filters, rules
from haar.services.sns.addresses import topic_at, topic_place
from haar.services.sns.delivery import enqueue, into_outbox, push
from haar.services.sns.resources import (
    CONFIRMED,
    Archived,
    Attributes,
    Letter,
    PlatformEndpoint,
    Published,
    Subscription,
    Tail,
    Topic,
)
from haar.services.sns.service import (
    BATCH_ENTRIES_MAX,
    DEDUPLICATION_SECONDS,
    MESSAGE_BYTES_MAX,
    SMS_CHARS_MAX,
    invalid,
    sns,
)

if TYPE_CHECKING:
    from haar.shapes import sns as api

#: The audit trail of data events keeps no contents (docs: SNS Developer Guide, logging-using-cloudtrail.html).
_CONTENTS: Final = ("Message", "Subject", "MessageAttributes", "PublishBatchRequestEntries", "PhoneNumber")
_ENTRY_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,80}")
#: Sequence numbers of SNS have twenty digits.
_FIRST_SEQUENCE: Final = 10_000_000_000_000_000_000
_NO_TOPIC: Final = "Topic does not exist"
_DAY: Final = 86_400.0


def _addressed(call: Call, request: Mapping[str, Any]) -> list[Any]:
    """What a message is published to, for the decision: a topic, a device, or nothing in particular (a telephone)."""
    arn = request.get("TopicArn") or request.get("TargetArn")
    if not arn:
        return ["*"]
    place = topic_place(arn)
    if place is not None:
        return [(arn, call.tx.get(Topic, *place))]
    device = PlatformEndpoint.key_of(arn)
    return [(arn, call.tx.get(PlatformEndpoint, *device))] if device else [arn]


@sns.operation(resource=_addressed, data_event=True, redact=_CONTENTS, enums=False)
def publish(call: Call, request: api.PublishInput) -> dict[str, Any]:
    arn = request.get("TopicArn") or request.get("TargetArn")
    letter = _letter(call, request)
    if request.get("PhoneNumber"):
        if arn:
            raise invalid("PhoneNumber Reason: it cannot be combined with TopicArn or TargetArn")
        return _text(call, str(request["PhoneNumber"]), letter)
    if not arn:
        raise invalid("TopicArn or TargetArn Reason: no value for required parameter")
    if ":endpoint/" in arn and PlatformEndpoint.key_of(arn):
        push(call, arn, letter)
        return {"MessageId": letter.id}
    topic = call.tx.get(Topic, *topic_at(call, arn))
    if topic is None:
        raise sns.error("NotFound", _NO_TOPIC)
    encryption.check(call, topic)
    return _publish(call, topic, letter)


@sns.operation(action="sns:Publish", data_event=True, redact=_CONTENTS, enums=False)
def publish_batch(call: Call, topic: Topic, request: api.PublishBatchInput) -> dict[str, Any]:
    entries = request["PublishBatchRequestEntries"]
    _check_batch(entries)
    encryption.check(call, topic)
    reply: dict[str, Any] = {"Successful": [], "Failed": []}
    for entry in entries:
        try:
            said = _publish(call, topic, _letter(call, entry))
        except ServiceError as error:
            refused = {"Id": entry["Id"], "Code": error.code, "Message": error.message, "SenderFault": True}
            reply["Failed"].append(refused)
        else:
            reply["Successful"].append({"Id": entry["Id"], **said})
    return reply


def _check_batch(entries: Any) -> None:
    if not entries:
        raise sns.error("EmptyBatchRequest", "The batch request doesn't contain any entries.")
    if len(entries) > BATCH_ENTRIES_MAX:
        raise sns.error("TooManyEntriesInBatchRequest", "The batch request contains more entries than permissible.")
    seen: set[str] = set()
    total = 0
    for entry in entries:
        name = entry.get("Id") or ""
        if not _ENTRY_ID.fullmatch(name):
            raise sns.error(
                "InvalidBatchEntryId", "The Id of a batch entry in a batch request doesn't abide by the specification."
            )
        if name in seen:
            raise sns.error("BatchEntryIdsNotDistinct", "Two or more batch entries in the request have the same Id.")
        seen.add(name)
        total += _weight(entry)
    if total > MESSAGE_BYTES_MAX:
        raise sns.error("BatchRequestTooLong", "The length of all the messages put together is more than the limit.")


def _weight(entry: Mapping[str, Any]) -> int:
    """The bytes an entry adds to its batch, whether or not it is sound."""
    size = rules.size_of(entry.get("Message") or "")
    for name, value in (entry.get("MessageAttributes") or {}).items():
        size += rules.size_of(name) + rules.size_of(value.get("DataType") or "")
        size += rules.size_of(value.get("StringValue") or "") + rules.size_of(value.get("BinaryValue") or b"")
    return size


def _letter(call: Call, request: Mapping[str, Any]) -> Letter:
    """The message of a request. Raises InvalidParameter and ParameterValueInvalid for what SNS refuses."""
    get = request.get
    body: str = get("Message") or ""
    if not body:
        raise invalid("Empty message")
    attributes: Attributes = rules.read_attributes(given) if (given := get("MessageAttributes")) else {}
    if attributes or len(body) > MESSAGE_BYTES_MAX // 4:
        rules.check_size(body, attributes)
    subject = get("Subject")
    if subject is not None:
        rules.check_subject(subject)
    structure = get("MessageStructure")
    if structure:
        if structure != "json":
            raise invalid("MessageStructure")
        rules.texts_of(body)
    return Letter(
        id=call.new_id(), body=body, at=call.now, subject=subject or "", structured=bool(structure),
        attributes=attributes, group=get("MessageGroupId") or "", deduplication=get("MessageDeduplicationId") or "",
    )  # fmt: skip


def _publish(call: Call, topic: Topic, letter: Letter) -> dict[str, Any]:
    """Send a message to a topic's subscribers; the reply."""
    if letter.group:
        rules.check_token(letter.group, "MessageGroupId")
    if topic.fifo:
        return _publish_fifo(call, topic, letter)
    if letter.deduplication:
        raise invalid(
            "MessageDeduplicationId Reason: The request includes MessageDeduplicationId parameter that is not valid "
            "for this topic type"
        )
    enqueue(call, topic, letter, _audience(call, topic, letter))
    return {"MessageId": letter.id}


def _audience(call: Call, topic: Topic, letter: Letter) -> list[Subscription]:
    """The subscriptions that want a message."""
    return [
        one
        for one in call.tx.range(Subscription, topic.account, topic.region, topic.name)
        if one.state == CONFIRMED
        and (not one.filter_policy or filters.wants(one.filter_policy, one.filter_scope, letter))
    ]


def _publish_fifo(call: Call, topic: Topic, letter: Letter) -> dict[str, Any]:
    """Number a message and send it, unless it was published before; the reply."""
    if not letter.group:
        raise invalid("The MessageGroupId parameter is required for FIFO topics")
    known_by = rules.deduplication_of(topic, letter.body, letter.deduplication)
    scope = letter.group if topic.throughput_scope == "MessageGroup" else ""
    before = call.tx.get(Published, topic.serial, scope, known_by)
    if before is not None and before.until > call.now:
        return {"MessageId": before.id, "SequenceNumber": before.sequence}
    tail = call.tx.get(Tail, topic.serial)
    number = tail.sequence + 1 if tail is not None else 0
    call.tx.put(Tail(topic=topic.serial, sequence=number))
    sequence = str(_FIRST_SEQUENCE + number)
    letter = replace(letter, deduplication=known_by, sequence=sequence)
    call.tx.put(
        Published(
            topic=topic.serial, scope=scope, deduplication=known_by, id=letter.id, sequence=sequence,
            until=call.now + DEDUPLICATION_SECONDS,
        )
    )  # fmt: skip
    if topic.archive_days:
        until = call.now + topic.archive_days * _DAY
        call.tx.put(Archived(topic=topic.serial, sequence=sequence, at=call.now, letter=letter, until=until))
    enqueue(call, topic, letter, _audience(call, topic, letter))
    return {"MessageId": letter.id, "SequenceNumber": sequence}


def _text(call: Call, number: str, letter: Letter) -> dict[str, Any]:
    """Send a text message to a telephone."""
    if not rules.PHONE.fullmatch(number):
        raise invalid(f"PhoneNumber Reason: {number} is not valid to publish to")
    if len(letter.body) > SMS_CHARS_MAX:
        raise invalid("Message too long")
    text = rules.texts_of(letter.body).get("sms", "") if letter.structured else letter.body
    into_outbox(call, "sms", number, "Notification", text or rules.texts_of(letter.body)["default"])
    return {"MessageId": letter.id}
