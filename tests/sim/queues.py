"""The SQS workload: what is sent is received, by one reader at a time, until it is deleted, and then never again."""

from __future__ import annotations

from typing import Any

from tests.sim.world import Answer, World

GROUPS = ("red", "green", "blue")
DEDUPLICATION_SECONDS = 300


class Sent:
    """A message as the model knows it."""

    def __init__(self, message_id: str, group: str, visible_at: float) -> None:
        self.id = message_id
        self.group = group
        #: nobody may receive it before this
        self.visible_at = visible_at
        self.received = False
        self.deleted = False
        #: its receipt handles, the latest last
        self.handles: list[str] = []


class Queues:
    """Random traffic on one queue. The steps and invariants that standard and FIFO queues share."""

    name = "q"
    attributes: dict[str, str] = {}  # noqa: RUF012  # a constant

    def __init__(self) -> None:
        self.sent: dict[str, Sent] = {}
        self.count = 0
        self.url = ""

    # -- the workload ----------------------------------------------------------------------------------------------

    def setup(self, world: World) -> None:
        """Make the queue. Nothing runs out of retention while a simulation lasts."""
        attributes = {"MessageRetentionPeriod": "1209600", **self.attributes}
        self.url = self.ask(world, "CreateQueue", QueueName=self.name, Attributes=attributes).value["QueueUrl"]

    def step(self, world: World) -> None:
        """Send, receive, delete, or change a visibility timeout."""
        steps = (self.send, self.send, self.receive, self.receive, self.delete, self.change_visibility, self.counts)
        world.random.choice(steps)(world)

    def check(self, world: World) -> None:
        """Everything that was not deleted can be received, and nothing else."""
        left = {message.id for message in self.sent.values() if not message.deleted}
        seen: set[str] = set()
        for _ in range(2 * len(left) + 2):
            world.advance(43_200)
            got = self.take(world, limit=10, hide=600)
            seen.update(message["MessageId"] for message in got)
            for message in got:
                self.delete_by(world, self.sent[message["MessageId"]], message["ReceiptHandle"])
        assert seen == left, f"lost: {left - seen}"
        assert self.ask(world, "ReceiveMessage").value == {}

    # -- steps -----------------------------------------------------------------------------------------------------

    def send(self, world: World) -> None:
        """Send one message, or a batch of up to ten."""
        drafts = [self.draft(world) for _ in range(world.random.choice((1, 1, 3, 10)))]
        if len(drafts) == 1:
            reply = self.ask(world, "SendMessage", **drafts[0])
            assert reply.status == 200, reply
            self.note_sent(world, drafts[0], reply.value)
            return
        entries = [{"Id": str(number), **draft} for number, draft in enumerate(drafts)]
        reply = self.ask(world, "SendMessageBatch", Entries=entries)
        assert "Failed" not in reply.value, reply
        for draft, entry in zip(drafts, reply.value["Successful"], strict=True):
            self.note_sent(world, draft, entry)

    def receive(self, world: World) -> None:
        """Receive, short or long."""
        self.take(
            world,
            limit=world.random.choice((1, 2, 10)),
            hide=world.random.choice((0, 5, 30, 600)),
            wait=world.random.choice((0, 0, 0, 20)),
        )

    def delete(self, world: World) -> None:
        """Delete by some handle, the latest or an older one."""
        held = [message for message in self.sent.values() if message.handles]
        if held:
            message = world.random.choice(held)
            self.delete_by(world, message, world.random.choice(message.handles))

    def change_visibility(self, world: World) -> None:
        """Hide a message in flight longer, or give it back."""
        held = [message for message in self.sent.values() if message.handles]
        if not held:
            return
        message = world.random.choice(held)
        seconds = world.random.choice((0, 1, 60, 1000))
        in_flight = not message.deleted and message.visible_at > world.now
        request = {"ReceiptHandle": message.handles[-1], "VisibilityTimeout": seconds}
        reply = self.ask(world, "ChangeMessageVisibility", **request)
        assert (reply.status == 200) == in_flight, reply
        if in_flight:
            message.visible_at = world.now + seconds

    def counts(self, world: World) -> None:
        """The approximate counts are exact."""
        found = self.ask(world, "GetQueueAttributes", AttributeNames=["All"]).value["Attributes"]
        alive = [message for message in self.sent.values() if not message.deleted]
        hidden = [message for message in alive if message.visible_at > world.now]
        in_flight = sum(message.received for message in hidden)
        name = "ApproximateNumberOfMessages"
        shown = [int(found[name]), int(found[f"{name}NotVisible"]), int(found[f"{name}Delayed"])]
        assert shown == [len(alive) - len(hidden), in_flight, len(hidden) - in_flight]

    # -- what the model knows --------------------------------------------------------------------------------------

    def draft(self, world: World) -> dict[str, Any]:
        """A message to send."""
        self.count += 1
        return {"MessageBody": f"m{self.count}", "DelaySeconds": world.random.choice((0, 0, 10))}

    def note_sent(self, world: World, draft: dict[str, Any], reply: dict[str, Any]) -> None:
        """A message was accepted."""
        message_id = reply["MessageId"]
        assert message_id not in self.sent, "an id was given twice"
        self.sent[message_id] = Sent(
            message_id, draft.get("MessageGroupId", ""), world.now + draft.get("DelaySeconds", 0)
        )

    def take(self, world: World, *, limit: int, hide: int, wait: int = 0) -> list[dict[str, Any]]:
        """Receive, and hold what came against the invariants."""
        request = {"MaxNumberOfMessages": limit, "VisibilityTimeout": hide, "WaitTimeSeconds": wait}
        got: list[dict[str, Any]] = self.ask(world, "ReceiveMessage", **request).value.get("Messages", [])
        assert len({message["MessageId"] for message in got}) == len(got) <= limit
        self.expected(world, [self.sent[message["MessageId"]] for message in got], limit)
        for message in got:
            known = self.sent[message["MessageId"]]
            assert not known.deleted, f"{known.id} is back from the dead"
            assert known.visible_at <= world.now, f"{known.id} has two readers at once"
            known.visible_at = world.now + hide
            known.received = True
            known.handles.append(message["ReceiptHandle"])
        return got

    def expected(self, world: World, got: list[Sent], limit: int) -> None:
        """A standard queue gives all that is visible, up to the limit."""
        visible = [message for message in self.sent.values() if not message.deleted and message.visible_at <= world.now]
        assert len(got) == min(limit, len(visible)), f"got {len(got)} of {len(visible)}, asked for {limit}"

    def delete_by(self, world: World, message: Sent, handle: str) -> None:
        """A standard queue deletes by any handle it gave."""
        reply = self.ask(world, "DeleteMessage", ReceiptHandle=handle)
        assert reply.status == 200, reply
        message.deleted = True

    def ask(self, world: World, operation: str, **request: Any) -> Answer:
        """Call SQS."""
        given = {"QueueUrl": self.url, **request} if self.url else request
        return world.json("sqs", f"AmazonSQS.{operation}", given)


class FifoQueues(Queues):
    """The same on a FIFO queue: order within a group, one receive at a time from it, and every message once."""

    name = "q.fifo"
    attributes = {"FifoQueue": "true"}  # noqa: RUF012

    def __init__(self) -> None:
        super().__init__()
        #: deduplication id -> (message id, until when)
        self.remembered: dict[str, tuple[str, float]] = {}

    def draft(self, world: World) -> dict[str, Any]:
        """A message of some group, now and then one that was sent before."""
        if self.remembered and world.random.random() < 0.3:
            deduplication = world.random.choice(sorted(self.remembered))
        else:
            self.count += 1
            deduplication = f"d{self.count}"
        group = world.random.choice(GROUPS)
        return {"MessageBody": "x", "MessageGroupId": group, "MessageDeduplicationId": deduplication}

    def note_sent(self, world: World, draft: dict[str, Any], reply: dict[str, Any]) -> None:
        """A message was accepted, or recognized."""
        deduplication = draft["MessageDeduplicationId"]
        message_id, until = self.remembered.get(deduplication, ("", 0.0))
        if world.now < until:
            assert reply["MessageId"] == message_id, "the same message was taken twice"
            return
        super().note_sent(world, draft, reply)
        self.remembered[deduplication] = (reply["MessageId"], world.now + DEDUPLICATION_SECONDS)

    def expected(self, world: World, got: list[Sent], limit: int) -> None:
        """Every group gives its first messages, in order, and nothing while one of them is in flight."""
        alive = [message for message in self.sent.values() if not message.deleted]
        open_groups = 0
        for group in GROUPS:
            waiting = [message for message in alive if message.group == group]
            taken = [message for message in got if message.group == group]
            if any(message.visible_at > world.now for message in waiting):
                assert not taken, f"{group} has a message in flight and gave another"
            else:
                open_groups += len(waiting)
                assert taken == waiting[: len(taken)], f"{group} is out of order"
        assert len(got) == min(limit, open_groups), f"got {len(got)} of {open_groups}, asked for {limit}"

    def delete_by(self, world: World, message: Sent, handle: str) -> None:
        """A FIFO queue deletes by the latest handle alone, while it holds the message."""
        reply = self.ask(world, "DeleteMessage", ReceiptHandle=handle)
        is_holder = handle == message.handles[-1] and message.visible_at > world.now
        if message.deleted:
            assert reply.status == 200
        else:
            assert (reply.status == 200) == is_holder, reply
            message.deleted = is_holder
