"""What SNS remembers.

::

    Topic                                its attributes and policy
    Subscription  topic | id             who gets what the topic is told, and which of it
    Waiting       topic serial | seq     a FIFO topic's messages on their way out, in order
    Archived      topic serial | seq     what a FIFO topic keeps to be replayed
    Delivered     account | ...          what left for a mailbox, a telephone or a device: the local outbox

A `Letter` is a message as it was published. What a subscriber is sent is made from it when it is delivered.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import field

from haar.kit import Index, Record, Resource, Task, key

__all__ = ["Attributes", "Letter", "Subscription", "Topic"]

#: What message attributes are kept as: name -> (data type, value). A value is a str, or bytes for binary types
#: (Any, because the decoder of rows knows no union of the two; MessagePack itself tells them apart).
Attributes = dict[str, tuple[str, Any]]

CONFIRMED = "c"
PENDING = "p"


class Topic(
    Resource,
    arn="arn:{partition}:sns:{region}:{account}:{name}",
    missing=("NotFound", "Topic does not exist"),
    cloudformation="AWS::SNS::Topic",
    hot=True,
):
    """A topic. `serial` is new for every topic that is made, so a topic never sees its namesake's messages."""

    name: str = key()
    serial: str
    fifo: bool = False
    policy: str = ""
    display_name: str = ""
    delivery_policy: str = ""
    kms_key: str = ""
    deduplicates_content: bool = False
    throughput_scope: str = "Topic"
    #: "" until it is set; messages are then signed with version 1
    signature_version: str = ""
    tracing: str = ""
    archive_days: int = 0
    archive_since: float = 0.0
    #: the attributes of delivery status logging, as they were given
    feedback: dict[str, str] = field(default_factory=dict)
    #: how many subscriptions were ended
    unsubscribed: int = 0


class Subscription(
    Resource,
    arn="arn:{partition}:sns:{region}:{account}:{topic}:{id}",
    missing=("NotFound", "Subscription does not exist"),
    cloudformation="AWS::SNS::Subscription",
    expires="pending_until",
):
    """Somebody's wish to be told what a topic is told. Account and region are the topic's."""

    topic: str = key()
    id: str = key()
    protocol: str
    endpoint: str
    #: the account that subscribed, and the ARN of who did
    owner: str
    subscriber: str = ""
    state: str = CONFIRMED
    #: set while it waits for confirmation
    pending_until: float | None = None
    token: str = ""
    #: whether it was confirmed by a signed request, and whether only its owner can end it
    authenticated: bool = False
    owner_ends: bool = False
    filter_policy: str = ""
    filter_scope: str = "MessageAttributes"
    raw: bool = False
    delivery_policy: str = ""
    dead_letter: str = ""
    role: str = ""
    replay_policy: str = ""
    replay_status: str = ""
    #: which replay is the one in force
    replay: str = ""
    #: the address under which the subscriber reached this cloud, for the links in what is sent
    door: str = ""

    @property
    def topic_arn(self) -> str:
        """The ARN of its topic."""
        return self.arn.rpartition(":")[0]

    @property
    def asked(self) -> str | None:
        """The token of one that had to be confirmed."""
        return self.token or None

    @property
    def filtered(self) -> str | None:
        """Something, where there is a filter policy."""
        return "y" if self.filter_policy else None


by_endpoint = Index(Subscription, "account", "region", "topic", "protocol", "endpoint")
by_state = Index(Subscription, "account", "region", "topic", "state")
by_owner = Index(Subscription, "owner", "region", "topic", "id")
by_pending = Index(Subscription, "owner", "region", "state")
by_asked = Index(Subscription, "asked", "account", "region", "topic")
by_filter = Index(Subscription, "filtered", "account", "region", "topic")


class Letter(msgspec.Struct, frozen=True, array_like=True, omit_defaults=True):
    """A message as it was published. `structured` bodies are a JSON object with a text for each protocol."""

    id: str
    body: str
    at: float
    subject: str = ""
    structured: bool = False
    attributes: Attributes = {}
    group: str = ""
    deduplication: str = ""
    sequence: str = ""


class Waiting(Record):
    """A message of a FIFO topic, and the subscriptions (ids) it goes to."""

    topic: str = key()
    sequence: str = key()
    letter: Letter
    to: list[str]


class Archived(Record, expires="until"):
    """A message that a FIFO topic keeps."""

    topic: str = key()
    sequence: str = key()
    at: float
    letter: Letter
    until: float


archived_at = Index(Archived, "topic", "at")


class Tail(Record):
    """The last sequence number of a FIFO topic."""

    topic: str = key()
    sequence: int


class Published(Record, expires="until"):
    """A deduplication id that was used: the same again within five minutes is the same message."""

    topic: str = key()
    scope: str = key()
    deduplication: str = key()
    id: str
    sequence: str
    until: float


class Permitted(Record, expires="until"):
    """A publisher whom KMS has allowed to use a topic's key, for a while."""

    topic: str = key()
    requester: str = key()
    kms_key: str
    until: float


class Delivered(Record, expires="until"):
    """What left for somebody outside: an e-mail, a text message, a push notification. Newest is last.

    `kind` is `Notification`, `SubscriptionConfirmation`, `UnsubscribeConfirmation` or `OneTimePassword`.
    """

    account: str = key()
    region: str = key()
    at: float = key()
    id: str = key()
    protocol: str
    endpoint: str
    kind: str
    subject: str = ""
    body: str
    topic: str = ""
    subscription: str = ""
    until: float


delivered_to = Index(Delivered, "account", "region", "endpoint", "at")


class PlatformApplication(
    Resource,
    arn="arn:{partition}:sns:{region}:{account}:app/{platform}/{name}",
    missing=("NotFound", "PlatformApplication does not exist"),
    cloudformation="AWS::SNS::PlatformApplication",
):
    """An app of a push service, such as GCM or APNS."""

    platform: str = key()
    name: str = key()
    attributes: dict[str, str] = field(default_factory=dict)


class PlatformEndpoint(
    Resource,
    arn="arn:{partition}:sns:{region}:{account}:endpoint/{platform}/{name}/{id}",
    missing=("NotFound", "Endpoint does not exist"),
    cloudformation="AWS::SNS::PlatformEndpoint",
):
    """An app on one device."""

    platform: str = key()
    name: str = key()
    id: str = key()
    token: str
    attributes: dict[str, str] = field(default_factory=dict)


by_token = Index(PlatformEndpoint, "account", "region", "platform", "name", "token")


class Texting(Record):
    """The preferences of an account and region for text messages."""

    account: str = key()
    region: str = key()
    attributes: dict[str, str] = field(default_factory=dict)


class SandboxNumber(Record):
    """A telephone number to try text messages with, verified or not."""

    account: str = key()
    region: str = key()
    number: str = key()
    code: str
    sent_at: float
    verified: bool = False


class SigningKey(Record):
    """What this cloud signs its messages with; both in PEM."""

    name: str = key()
    private: str
    certificate: str


class Deliver(Task):
    """Hand a message of a topic (its ARN) to subscriptions (ids)."""

    topic: str
    letter: Letter
    to: list[str]


class Drain(Task):
    """Hand over what waits in a FIFO topic, in order."""

    account: str
    region: str
    topic: str
    serial: str


class Replay(Task):
    """Hand archived messages behind a place to one subscription again."""

    subscription: str
    replay: str
    start: float
    stop: float
    after: list[Any] | None = None


class Post(Task):
    """Send something to an HTTP endpoint: `attempt` counts what was tried before."""

    subscription: str
    kind: str
    letter: Letter
    id: str
    attempt: int = 0


class Posted(Task):
    """What came of a `Post`: a status, or 0 and what went wrong. `watch` is the timer that would send it again."""

    post: Post
    status: int
    why: str
    watch_at: float
    watch: str
