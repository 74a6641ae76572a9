"""Where messages stand: putting them on the shelf, taking them off, and what time does to them in between.

Everything here works on records inside the caller's transaction and knows nothing of requests and replies.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping
from math import inf, nextafter
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from haar.kit import Call, Index, on_change, replace
from haar.services.sqs.resources import (
    FRESH,
    TAKEN,
    Attempt,
    DataKey,
    FifoMessage,
    Flight,
    FreshMessage,
    Group,
    Message,
    MoveTask,
    Opened,
    Queue,
    Rate,
    Sent,
    Sweep,
    Tail,
    by_group,
    by_readiness,
    by_visibility,
    fifo_by_visibility,
)
from haar.services.sqs.service import DEDUPLICATION_SECONDS, sqs

if TYPE_CHECKING:
    from haar.store.transaction import Transaction

M = TypeVar("M", bound=Message)

#: FIFO sequence numbers have 20 digits; the moment of sending, in nanoseconds, is added to this.
_SEQUENCE_BASE = 10**19
#: Messages dropped by one step of a sweep.
_SWEEP_BATCH = 1000
#: A group gives out at most so many messages at a time, so those in flight are among its first.
_TAKEN_AT_ONCE = 10


#: The kinds of message that a standard queue holds, and a FIFO queue.
_STANDARD: tuple[type[Message], ...] = (FreshMessage, Message)
_FIFO: tuple[type[Message], ...] = (FifoMessage,)


def kind_of(queue: Queue) -> type[Message]:
    """The kind of a queue's messages once they were received; also the one to wait on for any message."""
    return FifoMessage if queue.fifo else Message


def _kinds_of(queue: Queue) -> tuple[type[Message], ...]:
    """All kinds of message a queue holds."""
    return _FIFO if queue.fifo else _STANDARD


def index_of(queue: Queue) -> Index[Any]:
    """The index of a queue's messages by visibility."""
    return fifo_by_visibility if queue.fifo else by_visibility


# -- receipt handles -----------------------------------------------------------------------------------------------


class Receipt(NamedTuple):
    """What a receipt handle says: which message, and which of its receives."""

    queue: str
    place: str
    receives: int


def handle_of(message: Message) -> str:
    """The receipt handle of a message just received."""
    return b64encode(f"{message.queue}:{message.place}:{message.receives}".encode()).decode()


def opened(handle: str) -> Receipt | None:
    """What a receipt handle says; None when it is not one."""
    try:
        queue, place, receives = b64decode(handle.encode(), validate=True).decode().split(":")
        return Receipt(queue, place, int(receives))
    except ValueError:
        return None


# -- arriving ------------------------------------------------------------------------------------------------------


def place_of(sent_at: float, message_id: str) -> str:
    """Where a message of a standard queue stands: by the moment of sending, then by id."""
    return f"{int(sent_at * 1e6):014x}{message_id[:18]}"


def next_sequence(call: Call, queue: Queue) -> str:
    """The next sequence number of a FIFO queue: later is larger, and no number is given twice."""
    tail = call.tx.get(Tail, queue.serial)
    number = _SEQUENCE_BASE + int(call.now * 1e6) * 1000
    if tail is not None and number <= tail.sequence:
        number = tail.sequence + 1
    call.tx.put(Tail(queue=queue.serial, sequence=number))
    return str(number)


def send(call: Call, queue: Queue, delay_seconds: int, contents: Mapping[str, Any]) -> str:
    """Put a message with these contents on a standard queue's shelf. Its id."""
    now = call.now
    message_id = call.ports.ids.uuid()
    if delay_seconds:
        call.tx.add(
            Message(
                queue=queue.serial, place=place_of(now, message_id), id=message_id, sent_at=now,
                visible_at=now + delay_seconds, **contents,
            )
        )  # fmt: skip
        return message_id
    _put_fresh(
        call.tx,
        FreshMessage(
            queue=queue.serial, place=place_of(now, message_id), id=message_id, sent_at=now, visible_at=now, **contents
        ),
    )
    return message_id


def put(tx: Transaction, message: Message) -> None:
    """Put a message that is new on its queue's shelf, as the kind of message it is there."""
    if isinstance(message, FifoMessage):
        tx.add(message)
        if tx.get(Group, message.queue, message.group) is None:
            tx.put(Group(queue=message.queue, name=message.group, ready_at=message.visible_at))
    elif message.visible_at > message.sent_at:
        tx.add(_recast(message, Message))
    else:
        _put_fresh(tx, _recast(message, FreshMessage))


def _put_fresh(tx: Transaction, message: FreshMessage) -> None:
    tx.add(message)
    # whoever waits for messages of the queue waits on the other kind
    tx.changed.add((Message.__table__, message.queue))


def _recast(message: Message, kind: type[M]) -> M:
    """The message as another kind of message."""
    if message.__class__ is kind:
        return message
    return kind(**{name: getattr(message, name) for name in message.__struct_fields__})


def keep_until_retention(call: Call, queue: Queue, sent_at: float) -> Queue:
    """See to it that a message sent at an instant is dropped when its retention ends. The queue as it is afterwards."""
    end = sent_at + queue.retention_seconds
    if queue.sweep_at and queue.sweep_at <= end:
        return queue
    return _sweep_at(call, queue, end)


def _sweep_at(call: Call, queue: Queue, when: float) -> Queue:
    queue = call.tx.put(replace(queue, sweep_at=when))
    if when:
        call.later(
            when, Sweep(account=queue.account, region=queue.region, name=queue.name, serial=queue.serial, at=when)
        )
    return queue


def reschedule(call: Call, queue: Queue) -> Queue:
    """Set the sweep to the end of the oldest message: after a sweep, or when the retention period has changed."""
    oldest = [message.sent_at for kind in _kinds_of(queue) for message in call.tx.range(kind, queue.serial, limit=1)]
    if not oldest:
        return _sweep_at(call, queue, 0.0) if queue.sweep_at else queue
    return _sweep_at(call, queue, max(min(oldest) + queue.retention_seconds, call.now))


@sqs.task(Sweep)
def sweep(call: Call, task: Sweep) -> None:
    """Drop the messages whose retention has ended."""
    queue = call.tx.get(Queue, task.account, task.region, task.name)
    if queue is None or queue.serial != task.serial or queue.sweep_at != task.at:
        return  # the queue is gone, or another sweep has taken this one's place
    # a microsecond more than enough: a place has no finer digits
    cutoff = int((call.now - queue.retention_seconds) * 1e6) + 1
    stop = str(_SEQUENCE_BASE + cutoff * 1000) if queue.fifo else f"{cutoff:014x}"
    for kind in _kinds_of(queue):
        for message in list(call.tx.range(kind, queue.serial, stop=stop, limit=_SWEEP_BATCH)):
            if message.sent_at + queue.retention_seconds <= call.now:
                remove(call, message)
    reschedule(call, queue)


# -- being found -----------------------------------------------------------------------------------------------------


def ready(call: Call, queue: Queue, limit: int) -> list[Message]:
    """Up to so many messages that can be received now, in the order they are to be received in."""
    return _ready_fifo(call, queue, limit) if queue.fifo else _ready_standard(call, queue, limit)


def _ready_standard(call: Call, queue: Queue, limit: int) -> list[Message]:
    tx, serial, now = call.tx, queue.serial, call.now
    found: list[Message] = list(tx.range(FreshMessage, serial, limit=limit))
    if not tx.any(by_visibility, serial):
        return found
    fresh = len(found)
    for lane in (TAKEN, FRESH):
        found += tx.range(by_visibility, serial, lane, stop=now, limit=limit)
    if len(found) == fresh:
        return found
    return sorted(found, key=lambda message: message.visible_at)[:limit]


def _ready_fifo(call: Call, queue: Queue, limit: int) -> list[Message]:
    found: list[Message] = []
    for group in call.tx.range(by_readiness, queue.serial, stop=call.now, limit=limit):
        for message in call.tx.range(by_group, queue.serial, group.name, limit=limit - len(found)):
            if message.visible_at > call.now:
                break  # delayed: what is behind it waits too
            found.append(message)
        if len(found) == limit:
            break
    return found


def next_ready(call: Call, queue: Queue) -> float | None:
    """When the next message that is delayed or in flight becomes available; None when there is none. Never now."""
    later = nextafter(call.now, inf)
    if queue.fifo:
        group = next(call.tx.range(by_readiness, queue.serial, start=later, limit=1), None)
        return group.ready_at if group else None
    moments = [
        message.visible_at
        for lane in (TAKEN, FRESH)
        for message in call.tx.range(by_visibility, queue.serial, lane, start=later, limit=1)
    ]
    return min(moments, default=None)


# -- being received --------------------------------------------------------------------------------------------------


def take(call: Call, message: Message, hidden_until: float) -> Message:
    """Receive a message: it is out of sight until an instant."""
    if isinstance(message, FreshMessage):
        call.tx.delete(message)
        return call.tx.add(
            Message(
                queue=message.queue, place=message.place, id=message.id, body=message.body, md5=message.md5,
                sent_at=message.sent_at, visible_at=hidden_until, receives=1, receives_before=message.receives_before,
                received_at=call.now, first_received_at=message.first_received_at or call.now, sender=message.sender,
                attributes=message.attributes, attributes_md5=message.attributes_md5, trace=message.trace,
                group=message.group, dead_letter_source=message.dead_letter_source, sealed=message.sealed,
            )
        )  # fmt: skip
    return call.tx.put(
        replace(
            message,
            visible_at=hidden_until,
            receives=message.receives + 1,
            received_at=call.now,
            first_received_at=message.first_received_at or call.now,
        )
    )


def settle(tx: Transaction, queue: str, group: str, now: float) -> None:
    """Work out anew when a group may be received from: its messages were received, returned or deleted."""
    first = list(tx.range(by_group, queue, group, limit=_TAKEN_AT_ONCE))
    if not first:
        tx.delete(Group, queue, group)
        return
    out = [message.visible_at for message in first if message.receives and message.visible_at > now]
    tx.put(Group(queue=queue, name=group, ready_at=max(out) if out else first[0].visible_at))


def settle_all(call: Call, messages: Iterable[Message]) -> None:
    """Settle the groups of messages; nothing to do on a standard queue."""
    groups = {(message.queue, message.group) for message in messages if isinstance(message, FifoMessage)}
    for queue, group in sorted(groups):
        settle(call.tx, queue, group, call.now)


def hide(call: Call, message: Message, visible_at: float) -> None:
    """Change when a message in flight comes back."""
    call.tx.put(replace(message, visible_at=visible_at))
    settle_all(call, [message])


def remove(call: Call, message: Message) -> None:
    """Take a message away for good."""
    call.tx.delete(message)
    settle_all(call, [message])


# -- dying -----------------------------------------------------------------------------------------------------------


def bury(call: Call, queue: Queue, grave: Queue, message: Message) -> Queue:
    """Move a message that was received too often to the dead-letter queue. That queue as it is afterwards.

    On a standard queue the moment of sending stays, and retention counts from it; on a FIFO queue it is now
    (docs: SQS Developer Guide, sqs-dead-letter-queues.html).
    """
    sent_at = call.now if grave.fifo else message.sent_at
    sequence = next_sequence(call, grave) if grave.fifo else ""
    dead = replace(
        message,
        queue=grave.serial,
        place=sequence or place_of(sent_at, message.id),
        sequence=sequence,
        sent_at=sent_at,
        visible_at=call.now + grave.delay_seconds,
        receives=0,
        receives_before=message.receives_before + message.receives,
        dead_letter_source=queue.arn,
    )
    remove(call, message)
    put(call.tx, dead)
    return keep_until_retention(call, grave, sent_at)


# -- counting --------------------------------------------------------------------------------------------------------


def visible(call: Call, queue: Queue) -> int:
    """How many messages can be received, groups that are held up included."""
    index, serial = index_of(queue), queue.serial
    fresh = 0 if queue.fifo else call.tx.count(FreshMessage, serial)
    return fresh + sum(call.tx.count(index, serial, lane, stop=call.now) for lane in (FRESH, TAKEN))


def in_flight(call: Call, queue: Queue) -> int:
    """How many messages are received and neither deleted nor back."""
    index, serial = index_of(queue), queue.serial
    return call.tx.count(index, serial, TAKEN) - call.tx.count(index, serial, TAKEN, stop=call.now)


def delayed(call: Call, queue: Queue) -> int:
    """How many messages have not become visible for the first time."""
    index, serial = index_of(queue), queue.serial
    return call.tx.count(index, serial, FRESH) - call.tx.count(index, serial, FRESH, stop=call.now)


# -- FIFO: the same again --------------------------------------------------------------------------------------------


def already_sent(call: Call, queue: Queue, scope: str, deduplication: str) -> Sent | None:
    """The message sent under a deduplication id in the last five minutes."""
    sent = call.tx.get(Sent, queue.serial, scope, deduplication)
    return sent if sent is not None and sent.until > call.now else None


def remember_sent(call: Call, queue: Queue, scope: str, deduplication: str, message: Message) -> Sent:
    """Remember a deduplication id for five minutes."""
    return call.tx.put(
        Sent(
            queue=queue.serial, scope=scope, deduplication=deduplication, id=message.id, sequence=message.sequence,
            until=call.now + DEDUPLICATION_SECONDS,
        )
    )  # fmt: skip


def attempted(call: Call, queue: Queue, attempt_id: str) -> list[Message] | None:
    """What a receive under this attempt id got, if all of it is still as it was; None otherwise."""
    attempt = call.tx.get(Attempt, queue.serial, attempt_id)
    if attempt is None or attempt.until <= call.now:
        return None
    messages = []
    for place, receives, visible_at in attempt.messages:
        message = call.tx.get(FifoMessage, queue.serial, place)
        if (
            message is None
            or (message.receives, message.visible_at) != (receives, visible_at)
            or visible_at <= call.now
        ):
            return None
        messages.append(message)
    return messages  # type: ignore[return-value]


def remember_attempt(call: Call, queue: Queue, attempt_id: str, messages: list[Message]) -> None:
    """Remember for five minutes what a receive under an attempt id got."""
    got = [(message.place, message.receives, message.visible_at) for message in messages]
    call.tx.put(Attempt(queue=queue.serial, id=attempt_id, messages=got, until=call.now + DEDUPLICATION_SECONDS))


def delay_again(call: Call, queue: Queue, old_delay_seconds: int) -> None:
    """A FIFO queue's new delay holds for the messages already in it (docs: sqs-delay-queues.html)."""
    shift = queue.delay_seconds - old_delay_seconds
    touched = [
        call.tx.put(replace(message, visible_at=message.visible_at + shift))
        for message in list(call.tx.range(fifo_by_visibility, queue.serial, FRESH))
    ]
    settle_all(call, touched)


# -- the end ---------------------------------------------------------------------------------------------------------

_CONTENTS: tuple[type[Message | Group], ...] = (FreshMessage, Message, FifoMessage, Group)
_BOOKS = (Tail, Sent, Attempt, Flight, Rate, DataKey, Opened)


def empty(tx: Transaction, queue: Queue) -> None:
    """Delete all messages of a queue, in flight or not."""
    for kind in _CONTENTS:
        for row in list(tx.range(kind, queue.serial)):
            tx.delete(row)


@on_change(Queue)
def forget(tx: Transaction, old: Queue | None, new: Queue | None) -> None:
    """With a queue goes everything that is in it or about it."""
    if old is None or new is not None:
        return
    empty(tx, old)
    for kind in _BOOKS:
        for row in list(tx.range(kind, old.serial)):
            tx.delete(row)
    for task in list(tx.range(MoveTask, old.account, old.region, old.arn)):
        tx.delete(task)
