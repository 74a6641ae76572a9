"""What SQS remembers.

Delayed, available and in flight are one fact, the moment a message becomes visible, so there is one field and no
state machine. A message that has to be found by that moment is one row and one entry of one index::

    FreshMessage:                             available since it was sent, never received
    by_visibility:  queue | lane  | visible_at
                           fresh    <= now    available after a delay, never received
                           fresh    >  now    delayed
                           taken    <= now    available again
                           taken    >  now    in flight

Most messages are available from the start. The order of their rows is the order they are received in, so a
`FreshMessage` is a row and nothing more; whoever receives it makes it a `Message`.

The counts that GetQueueAttributes shows are counts of these five ranges: nothing is kept up to date on the way.
A message's key begins with the moment it was sent, so the oldest is the first row, and running out of
retention needs no index either: one timer per queue (`Sweep`) stands at the end of its oldest message.

A FIFO queue has its messages in the order of their sequence numbers, one index more to find a group's, and a row
per group that says when the group may be received from again.
"""

from __future__ import annotations

from typing import Any

import msgspec

from haar.kit import Index, Principal, Record, Resource, Task, key

FRESH = "f"
TAKEN = "t"

#: What message attributes are kept as: name -> (data type, value). A value is a str, or bytes for binary types
#: (Any, because the decoder of rows knows no union of the two; MessagePack itself tells them apart).
Attributes = dict[str, tuple[str, Any]]


class Queue(
    Resource,
    arn="arn:{partition}:sqs:{region}:{account}:{name}",
    missing=("AWS.SimpleQueueService.NonExistentQueue", "The specified queue does not exist."),
    cloudformation="AWS::SQS::Queue",
    hot=True,
):
    """A queue. `serial` is new for every queue that is made, so a queue never sees its namesake's messages."""

    name: str = key()
    serial: str
    changed_at: float
    fifo: bool = False
    delay_seconds: int = 0
    body_bytes_max: int = 1_048_576
    retention_seconds: int = 345_600
    wait_seconds: int = 0
    visibility_seconds: int = 30
    policy: str = ""
    dead_letter: str | None = None
    receives_max: int = 0
    redrive_permission: str = ""
    redrive_sources: tuple[str, ...] = ()
    kms_key: str = ""
    kms_reuse_seconds: int = 300
    sse: bool = True
    deduplicates_content: bool = False
    deduplication_scope: str = "queue"
    throughput_limit: str = "perQueue"
    purged_at: float = 0.0
    #: when the `Sweep` in force is due; 0 when none is
    sweep_at: float = 0.0


#: The queues that use a queue as their dead-letter queue.
by_dead_letter = Index(Queue, "dead_letter")


class Secret(msgspec.Struct, frozen=True, array_like=True):
    """What is sealed of a message: the fields of the same names."""

    body: str
    md5: str
    attributes: Attributes | None = None
    attributes_md5: str = ""


class Sealed(msgspec.Struct, frozen=True, array_like=True):
    """A `Secret` under a data key, which is wrapped by KMS in the name of a queue (its ARN)."""

    wrapped: bytes
    queue: str
    #: the nonce and what follows from it
    text: bytes


class Message(Record):
    """A message of a standard queue. `place` sorts by the moment of sending."""

    queue: str = key()
    place: str = key()
    id: str
    body: str
    md5: str
    sent_at: float
    visible_at: float
    #: how often it was received from this queue, and before that from the queues it died in
    receives: int = 0
    receives_before: int = 0
    received_at: float = 0.0
    first_received_at: float = 0.0
    sender: str = ""
    attributes: Attributes | None = None
    attributes_md5: str = ""
    trace: str = ""
    group: str = ""
    deduplication: str = ""
    sequence: str = ""
    dead_letter_source: str = ""
    #: of an encrypted message; `body`, `md5` and the attributes are empty then
    sealed: Sealed | None = None

    @property
    def lane(self) -> str:
        """Whether anybody has received it."""
        return TAKEN if self.receives else FRESH


class FreshMessage(Message):
    """A message of a standard queue that could be received since it was sent, and has not been yet."""


class FifoMessage(Message):
    """A message of a FIFO queue. `place` is its sequence number."""


by_visibility = Index(Message, "queue", "lane", "visible_at")
fifo_by_visibility = Index(FifoMessage, "queue", "lane", "visible_at")
by_group = Index(FifoMessage, "queue", "group")


class Group(Record):
    """A message group that has messages: no message of it is given out before `ready_at`."""

    queue: str = key()
    name: str = key()
    ready_at: float


by_readiness = Index(Group, "queue", "ready_at")


class Tail(Record):
    """The last sequence number of a FIFO queue."""

    queue: str = key()
    sequence: int


class Sent(Record, expires="until"):
    """A deduplication id that was used: the same again within five minutes is the same message."""

    queue: str = key()
    scope: str = key()
    deduplication: str = key()
    id: str
    sequence: str
    until: float


class Attempt(Record, expires="until"):
    """A receive under a ReceiveRequestAttemptId: (place, receives, visible_at) of what it got."""

    queue: str = key()
    id: str = key()
    messages: list[tuple[str, int, float]]
    until: float


class Flight(Record, hot=True):
    """How many messages a queue can surely still give out before those in flight must be counted again.

    Those of the named `lots` are not among them: see `flight.py`.
    """

    queue: str = key()
    left: int
    lots: tuple[str, ...] = ()


class DataKey(Record, expires="until"):
    """The data key, wrapped by KMS, that somebody's messages to a queue are sealed with for a while."""

    queue: str = key()
    requester: str = key()
    #: what the queue called its key then
    kms_key: str
    wrapped: bytes
    until: float


class Opened(Record, expires="until"):
    """Somebody to whom KMS has unwrapped a data key (`name` is its digest), for messages of a queue, for a while."""

    queue: str = key()
    requester: str = key()
    name: str = key()
    until: float


class Rate(Record):
    """Calls of one API action in one second of virtual time."""

    queue: str = key()
    action: str = key()
    second: int
    calls: int


class Deleted(Record, expires="until"):
    """The name of a queue deleted less than a minute ago."""

    account: str = key()
    region: str = key()
    name: str = key()
    until: float


class MoveTask(Record):
    """Messages on their way out of a dead-letter queue."""

    account: str = key()
    region: str = key()
    source: str = key()
    started_at: float = key()
    id: str = key()
    destination: str = ""
    per_second: int = 0
    to_move: int = 0
    moved: int = 0
    status: str = "RUNNING"
    failure: str = ""
    #: who began it, and for whom it opens and seals messages
    principal: Principal | None = None


class Sweep(Task):
    """Drop what a queue has kept for its retention period."""

    account: str
    region: str
    name: str
    serial: str
    at: float


class MoveOn(Task):
    """Move the next messages of a move task."""

    account: str
    region: str
    source: str
    started_at: float
    id: str
