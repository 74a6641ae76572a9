"""Operations on messages."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from haar.kit import Call, ServiceError, Wait, md5, replace
from haar.services.sqs import encryption, flight, rules, shelf
from haar.services.sqs.resources import FifoMessage, Message, Queue
from haar.services.sqs.service import (
    BODY_BYTES_MAX,
    DELAY_SECONDS_MAX,
    VISIBILITY_SECONDS_MAX,
    WAIT_SECONDS_MAX,
    invalid,
    needed,
    sqs,
    within,
)
from haar.services.sqs.throttle import count_call

if TYPE_CHECKING:
    from haar.shapes import sqs as api

#: The audit trail of data events keeps no contents (docs: SQS Developer Guide, sqs-logging-using-cloudtrail.html).
_CONTENTS = ("MessageBody", "MessageAttributes", "MessageSystemAttributes", "Entries")
_WAIT_BOUNDS = f"Must be >= 0 and <= {WAIT_SECONDS_MAX}, if provided."
_VISIBILITY_BOUNDS = f"Must be between 0 and {VISIBILITY_SECONDS_MAX}, if provided."
_FIFO_ONLY = "The request includes a parameter that is not valid for this queue type"


# -- sending -------------------------------------------------------------------------------------------------------


@sqs.operation(data_event=True, redact=_CONTENTS, enums=False)
def send_message(call: Call, queue: Queue, request: api.SendMessageRequest) -> dict[str, Any]:
    count_call(call, queue, "SendMessage", (request,))
    reply = _send(call, queue, request)
    shelf.keep_until_retention(call, queue, call.now)
    return reply


@sqs.operation(action="sqs:SendMessage", data_event=True, redact=_CONTENTS, enums=False)
def send_message_batch(call: Call, queue: Queue, request: api.SendMessageBatchRequest) -> dict[str, Any]:
    entries = request.get("Entries") or []
    rules.check_batch(entries, "SendMessageBatchRequestEntry")
    count_call(call, queue, "SendMessage", entries)
    total = sum(map(_weight, entries))
    if total > BODY_BYTES_MAX:
        raise sqs.error(
            "AWS.SimpleQueueService.BatchRequestTooLong",
            f"Batch requests cannot be longer than {BODY_BYTES_MAX} bytes. You have sent {total} bytes.",
        )
    if queue.kms_key:
        encryption.prepare(call, queue)  # what KMS refuses is refused of the whole batch
    reply = _each(entries, lambda entry: _send(call, queue, entry))
    if "Successful" in reply:
        shelf.keep_until_retention(call, queue, call.now)
    return reply


def _send(call: Call, queue: Queue, request: Mapping[str, Any]) -> dict[str, Any]:
    """Check a message and put it on the shelf; the reply. Raises ServiceError for what the queue refuses."""
    get = request.get
    body: str | None = get("MessageBody")
    if not body:
        raise sqs.error("MissingParameter", "The request must contain the parameter MessageBody.")
    rules.check_text(body)
    encoded = body.encode()
    size = len(encoded)
    attributes = rules.read_attributes(given) if (given := get("MessageAttributes")) else None
    if attributes:
        size += rules.size_of_attributes(attributes)
    if size > queue.body_bytes_max:
        raise sqs.error(
            "InvalidParameterValue",
            f"One or more parameters are invalid. Reason: Message must be shorter than {queue.body_bytes_max} bytes.",
        )
    trace = _trace(given) if (given := get("MessageSystemAttributes")) else ""
    delay: int | None = get("DelaySeconds")
    if delay is not None and not 0 <= delay <= DELAY_SECONDS_MAX:
        raise invalid(delay, "DelaySeconds", f"DelaySeconds must be >= 0 and <= {DELAY_SECONDS_MAX}.")
    group: str = get("MessageGroupId") or ""
    if group:
        rules.check_token(group, "MessageGroupId")
    body_md5 = md5(encoded)
    reply: dict[str, Any] = {"MD5OfMessageBody": body_md5}
    # what has its default is left out: it costs time here and is not stored anyway
    contents: dict[str, Any] = {"body": body, "md5": body_md5, "sender": call.principal.id}
    if attributes:
        contents["attributes"] = attributes
        contents["attributes_md5"] = reply["MD5OfMessageAttributes"] = rules.digest(attributes)
    if trace:
        contents["trace"] = trace
        reply["MD5OfMessageSystemAttributes"] = rules.digest({"AWSTraceHeader": ("String", trace)})
    if group:
        contents["group"] = group
    deduplication: str = get("MessageDeduplicationId") or ""
    if queue.fifo:
        if delay:
            raise invalid(delay, "DelaySeconds", f"{_FIFO_ONLY}.")
        known_by = _deduplication(queue, group, deduplication, encoded)
        if queue.kms_key:
            contents = encryption.sealed(call, queue, contents)
        return reply | _send_fifo(call, queue, group, known_by, contents)
    if deduplication:
        raise invalid(deduplication, "MessageDeduplicationId", f"{_FIFO_ONLY}.")
    if queue.kms_key:
        contents = encryption.sealed(call, queue, contents)
    reply["MessageId"] = shelf.send(call, queue, queue.delay_seconds if delay is None else delay, contents)
    return reply


def _deduplication(queue: Queue, group: str, given: str, body: bytes) -> str:
    """What a FIFO queue knows a message by when it is sent again."""
    if not group:
        raise sqs.error("MissingParameter", "The request must contain the parameter MessageGroupId.")
    if given:
        return rules.check_token(given, "MessageDeduplicationId")
    if queue.deduplicates_content:
        # the body alone, without the attributes (docs: API reference, SendMessage, MessageDeduplicationId)
        return hashlib.sha256(body).hexdigest()
    raise sqs.error(
        "InvalidParameterValue",
        "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly",
    )


def _send_fifo(call: Call, queue: Queue, group: str, deduplication: str, contents: Mapping[str, Any]) -> dict[str, Any]:
    """Put a message on a FIFO queue's shelf, unless it was sent before; what the reply says of it."""
    scope = group if queue.deduplication_scope == "messageGroup" else ""
    sent = shelf.already_sent(call, queue, scope, deduplication)
    if sent is None:
        sequence = shelf.next_sequence(call, queue)
        message = FifoMessage(
            queue=queue.serial, place=sequence, id=call.new_id(), sent_at=call.now,
            visible_at=call.now + queue.delay_seconds, deduplication=deduplication, sequence=sequence, **contents,
        )  # fmt: skip
        shelf.put(call.tx, message)
        sent = shelf.remember_sent(call, queue, scope, deduplication, message)
    return {"MessageId": sent.id, "SequenceNumber": sent.sequence}


def _trace(given: Mapping[str, Mapping[str, Any]]) -> str:
    """The X-Ray header among system attributes: the only one that can be sent."""
    trace = ""
    for name, value in given.items():
        if name != "AWSTraceHeader":
            raise sqs.error("InvalidParameterValue", f"Message system attribute name '{name}' is invalid.")
        kind, text = rules.read_value(name, value, "message system attribute")
        if kind != "String" or not isinstance(text, str):
            raise sqs.error(
                "InvalidParameterValue", "The message system attribute 'AWSTraceHeader' must be of the type String."
            )
        trace = text
    return trace


def _weight(entry: Mapping[str, Any]) -> int:
    """The bytes an entry adds to its batch, whether or not it is sound."""
    size = rules.size_of(entry.get("MessageBody") or "")
    given = entry.get("MessageAttributes")
    if not given:
        return size
    for name, value in given.items():
        size += rules.size_of(name) + rules.size_of(value.get("DataType") or "")
        size += rules.size_of(value.get("StringValue") or "") + rules.size_of(value.get("BinaryValue") or b"")
    return size


# -- receiving -------------------------------------------------------------------------------------------------------


@sqs.operation(data_event=True, enums=False, read_only=False)
def receive_message(call: Call, queue: Queue, request: api.ReceiveMessageRequest) -> dict[str, Any]:
    limit = within(request, "MaxNumberOfMessages", 1, 10, "Must be between 1 and 10, if provided.")
    wait = within(request, "WaitTimeSeconds", 0, WAIT_SECONDS_MAX, _WAIT_BOUNDS)
    hide = within(request, "VisibilityTimeout", 0, VISIBILITY_SECONDS_MAX, _VISIBILITY_BOUNDS)
    wanted = _system_attributes(request)
    limit = 1 if limit is None else limit
    wait = queue.wait_seconds if wait is None else wait
    hidden_until = call.now + (queue.visibility_seconds if hide is None else hide)
    count_call(call, queue, "ReceiveMessage")
    attempt_id = request.get("ReceiveRequestAttemptId") if queue.fifo else None
    if attempt_id:
        rules.check_token(attempt_id, "ReceiveRequestAttemptId")
        again = shelf.attempted(call, queue, attempt_id)
        if again is not None:
            return _answer(call, queue, _hide_again(call, queue, attempt_id, again, hidden_until), wanted, request)

    found, buried = _find(call, queue, limit)
    full = False
    if found:
        allowed = flight.room(call, queue, len(found))
        full = allowed < len(found)
        if full and not allowed and not wait and not queue.fifo:
            # a FIFO queue, and a long poll, are full without a word (docs: quotas-queues.html)
            raise sqs.error(
                "OverLimit", "Too many messages are in flight in this queue: delete some before receiving more."
            )
        found = found[:allowed]
    deadline = call.started + wait
    # a wait would roll back what has just gone to the dead-letter queue: answer, and let the client ask again
    if not found and not buried and call.now < deadline:
        soonest = shelf.next_ready(call, queue)
        raise Wait(
            on=(shelf.kind_of(queue), queue.serial), until=deadline if soonest is None else min(deadline, soonest)
        )
    taken = [shelf.take(call, message, hidden_until) for message in found]
    if queue.fifo:
        shelf.settle_all(call, taken)
        if attempt_id and taken:
            shelf.remember_attempt(call, queue, attempt_id, taken)
    return _answer(call, queue, taken, wanted, request)


def _find(call: Call, queue: Queue, limit: int) -> tuple[list[Message], bool]:
    """What can be received, and whether anything went to the dead-letter queue instead."""
    buried = False
    while True:
        found = shelf.ready(call, queue, limit)
        if queue.dead_letter is None:
            return found, buried
        doomed = [message for message in found if message.receives >= queue.receives_max]
        grave = call.tx.get(Queue, *(Queue.key_of(queue.dead_letter) or ())) if doomed else None
        if grave is None:
            return found, buried  # nothing is doomed, or the dead-letter queue was deleted: the messages stay
        for message in doomed:
            grave = shelf.bury(call, queue, grave, message)
        buried = True


def _hide_again(
    call: Call, queue: Queue, attempt_id: str, messages: list[Message], hidden_until: float
) -> list[Message]:
    """The same receive again: the same messages and handles, the visibility timeout from the start."""
    again = [call.tx.put(replace(message, visible_at=hidden_until)) for message in messages]
    shelf.settle_all(call, again)
    shelf.remember_attempt(call, queue, attempt_id, again)
    return again


def _answer(
    call: Call, queue: Queue, messages: Sequence[Message], wanted: frozenset[str], request: Mapping[str, Any]
) -> dict[str, Any]:
    if not messages:
        return {}
    names = request.get("MessageAttributeNames") or ()
    shown = []
    for message in messages:
        if message.sealed is not None:
            message = encryption.opened(call, queue, message)
        shown.append(_describe(message, wanted, names))
    return {"Messages": shown}


def _describe(message: Message, wanted: frozenset[str], names: Sequence[str]) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "MessageId": message.id, "ReceiptHandle": shelf.handle_of(message), "MD5OfBody": message.md5,
        "Body": message.body,
    }  # fmt: skip
    if wanted:
        found = {name: value for name in wanted if (value := _SYSTEM[name](message))}
        if found:
            shown["Attributes"] = found
    if names and message.attributes:
        attributes = rules.select(message.attributes, names)
        if attributes:
            shown["MessageAttributes"] = rules.show_attributes(attributes)
            whole = len(attributes) == len(message.attributes)
            shown["MD5OfMessageAttributes"] = message.attributes_md5 if whole else rules.digest(attributes)
    return shown


_SYSTEM: dict[str, Callable[[Message], str]] = {
    "SenderId": lambda message: message.sender,
    "SentTimestamp": lambda message: str(int(message.sent_at * 1000)),
    "ApproximateReceiveCount": lambda message: str(message.receives_before + message.receives),
    "ApproximateFirstReceiveTimestamp": lambda message: str(int(message.first_received_at * 1000)),
    "SequenceNumber": lambda message: message.sequence,
    "MessageDeduplicationId": lambda message: message.deduplication,
    "MessageGroupId": lambda message: message.group,
    "AWSTraceHeader": lambda message: message.trace,
    "DeadLetterQueueSourceArn": lambda message: message.dead_letter_source,
}
_EVERY = frozenset(_SYSTEM)
_NONE: frozenset[str] = frozenset()


def _system_attributes(request: Mapping[str, Any]) -> frozenset[str]:
    """The system attributes a receive asks for, under the member's new name or its old one."""
    newer, older = request.get("MessageSystemAttributeNames"), request.get("AttributeNames")
    if not newer and not older:
        return _NONE
    names = [*(newer or ()), *(older or ())]
    for name in names:
        if name != "All" and name not in _SYSTEM:
            raise sqs.error("InvalidAttributeName", f"Unknown Attribute {name}.")
    return _EVERY if "All" in names else frozenset(names)


# -- deleting ---------------------------------------------------------------------------------------------------------


@sqs.operation(data_event=True)
def delete_message(call: Call, queue: Queue, request: api.DeleteMessageRequest) -> None:
    count_call(call, queue, "DeleteMessage")
    _delete(call, queue, needed(request, "ReceiptHandle"))


@sqs.operation(action="sqs:DeleteMessage", data_event=True)
def delete_message_batch(call: Call, queue: Queue, request: api.DeleteMessageBatchRequest) -> dict[str, Any]:
    entries = request.get("Entries") or []
    rules.check_batch(entries, "DeleteMessageBatchRequestEntry")
    count_call(call, queue, "DeleteMessage")

    def delete(entry: Mapping[str, Any]) -> dict[str, Any]:
        _delete(call, queue, needed(entry, "ReceiptHandle"))
        return {}

    return _each(entries, delete)


def _delete(call: Call, queue: Queue, handle: str) -> None:
    receipt = _receipt(queue, handle)
    if not queue.fifo:
        # an older handle of a message that was received again deletes it all the same
        call.tx.delete(Message, queue.serial, receipt.place)
        return
    message = call.tx.get(FifoMessage, queue.serial, receipt.place)
    if message is None:
        return
    if message.receives != receipt.receives or message.visible_at <= call.now:
        raise _expired(handle)
    shelf.remove(call, message)


def _receipt(queue: Queue, handle: str) -> shelf.Receipt:
    receipt = shelf.opened(handle)
    if receipt is None or receipt.queue != queue.serial:
        raise sqs.error("ReceiptHandleIsInvalid", f'The input receipt handle "{handle}" is not a valid receipt handle.')
    return receipt


def _expired(handle: str) -> ServiceError:
    return invalid(handle, "ReceiptHandle", "The receipt handle has expired.")


# -- hiding longer, or no longer ------------------------------------------------------------------------------------


@sqs.operation(data_event=True)
def change_message_visibility(call: Call, queue: Queue, request: api.ChangeMessageVisibilityRequest) -> None:
    count_call(call, queue, "ChangeMessageVisibility")
    _change_visibility(call, queue, request)


@sqs.operation(action="sqs:ChangeMessageVisibility", data_event=True)
def change_message_visibility_batch(
    call: Call, queue: Queue, request: api.ChangeMessageVisibilityBatchRequest
) -> dict[str, Any]:
    entries = request.get("Entries") or []
    rules.check_batch(entries, "ChangeMessageVisibilityBatchRequestEntry")
    count_call(call, queue, "ChangeMessageVisibility")

    def change(entry: Mapping[str, Any]) -> dict[str, Any]:
        # in a batch the timeout may be left out, and is then the queue's own
        _change_visibility(call, queue, {"VisibilityTimeout": queue.visibility_seconds, **entry})
        return {}

    return _each(entries, change)


def _change_visibility(call: Call, queue: Queue, request: Mapping[str, Any]) -> None:
    handle: str = needed(request, "ReceiptHandle")
    needed(request, "VisibilityTimeout")
    seconds = within(
        request, "VisibilityTimeout", 0, VISIBILITY_SECONDS_MAX, f"Must be between 0 and {VISIBILITY_SECONDS_MAX}."
    )
    assert seconds is not None
    receipt = _receipt(queue, handle)
    message = call.tx.get(shelf.kind_of(queue), queue.serial, receipt.place)
    if message is None:
        raise invalid(
            handle, "ReceiptHandle", "Message does not exist or is not available for visibility timeout change."
        )
    if queue.fifo and (message.receives != receipt.receives or message.visible_at <= call.now):
        raise _expired(handle)
    if not message.receives or message.visible_at <= call.now:
        raise sqs.error(
            "AWS.SimpleQueueService.MessageNotInflight",
            f"Value {handle} for parameter ReceiptHandle is invalid. Reason: Message is not in flight.",
        )
    visible_at = call.now + seconds
    if visible_at > message.received_at + VISIBILITY_SECONDS_MAX:
        raise invalid(
            seconds,
            "VisibilityTimeout",
            f"Total VisibilityTimeout for the message is beyond the limit [{VISIBILITY_SECONDS_MAX} seconds]",
        )
    shelf.hide(call, message, visible_at)


# -- batches ---------------------------------------------------------------------------------------------------------


def _each(entries: Sequence[Mapping[str, Any]], act: Callable[[Mapping[str, Any]], dict[str, Any]]) -> dict[str, Any]:
    """Do every entry of a batch: one that is refused does not stop the others."""
    done: list[dict[str, Any]] = []
    failed: list[dict[str, Any]] = []
    for entry in entries:
        try:
            reply = act(entry)
            reply["Id"] = entry["Id"]
            done.append(reply)
        except ServiceError as error:
            failed.append({"Id": entry["Id"], "SenderFault": True, "Code": error.code, "Message": error.message})
    # a list that would be empty is left out
    return ({"Successful": done} if done else {}) | ({"Failed": failed} if failed else {})
