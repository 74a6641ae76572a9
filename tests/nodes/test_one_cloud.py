"""Two nodes on one PostgreSQL are one cloud: whatever one was told, the other knows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import partial
from itertools import cycle
from threading import Event, Lock
from typing import Any

import pytest
from botocore.exceptions import ClientError

from haar import Cloud
from haar.kit import Call
from haar.kit.timer import Task, Timer, pack
from haar.record import Record, key, replace
from tests.clients.people import allow, user
from tests.clients.process import Haar, at_once, eventually
from tests.clients.signing import aws_json

pytestmark = pytest.mark.ours

Nodes = tuple[Haar, Haar]


def receiving(queue: str, seconds: int = 20) -> Any:
    """A long poll, signed and ready to be sent."""
    return aws_json("sqs", "AmazonSQS.ReceiveMessage", {"QueueUrl": queue, "WaitTimeSeconds": seconds})


def test_what_is_sent_through_one_node_is_received_through_the_other(nodes: Nodes) -> None:
    here, there = nodes
    queue = here.client("sqs").create_queue(QueueName="q")["QueueUrl"]
    here.client("sqs").send_message(QueueUrl=queue, MessageBody="hello")
    found = there.client("sqs").receive_message(QueueUrl=queue)["Messages"]
    assert [message["Body"] for message in found] == ["hello"]


def test_a_long_poll_on_one_node_is_woken_by_a_send_on_the_other(nodes: Nodes) -> None:
    here, there = nodes
    queue = here.client("sqs").create_queue(QueueName="q")["QueueUrl"]
    # on a frozen clock no wait ends by itself: only the message can end this one
    here.control("POST", "clock", {"freeze": True})
    eventually(lambda: there.control("GET", "clock")["frozen"])
    waiting = there.begin(receiving(queue))
    here.client("sqs").send_message(QueueUrl=queue, MessageBody="hello")
    assert [message["Body"] for message in there.ended(waiting)["Messages"]] == ["hello"]


def test_a_long_poll_on_one_node_ends_when_the_other_moves_the_clock(nodes: Nodes) -> None:
    here, there = nodes
    queue = here.client("sqs").create_queue(QueueName="q")["QueueUrl"]
    here.control("POST", "clock", {"freeze": True})
    eventually(lambda: there.control("GET", "clock")["frozen"])
    waiting = there.begin(receiving(queue))
    here.control("POST", "clock", {"advance": 21})
    assert not there.ended(waiting).get("Messages")


def test_a_permission_taken_away_on_one_node_is_gone_on_the_other_at_once(nodes: Nodes) -> None:
    here, there = nodes
    keys = user(here.client("iam"), "alice", allow("sqs:*"))
    sqs = there.client("sqs", **keys._asdict())
    sqs.create_queue(QueueName="q")
    here.client("iam").delete_user_policy(UserName="alice", PolicyName="own")
    with pytest.raises(ClientError, match="AccessDenied"):
        sqs.create_queue(QueueName="q")


def test_a_key_deactivated_on_one_node_opens_nothing_on_the_other(nodes: Nodes) -> None:
    here, there = nodes
    keys = user(here.client("iam"), "alice", allow("sqs:*"))
    sqs = there.client("sqs", **keys._asdict())
    sqs.create_queue(QueueName="q")
    here.client("iam").update_access_key(UserName="alice", AccessKeyId=keys.access_key, Status="Inactive")
    with pytest.raises(ClientError, match="InvalidClientTokenId"):
        sqs.create_queue(QueueName="q")


def test_a_session_from_one_node_is_good_on_the_other(nodes: Nodes) -> None:
    here, there = nodes
    keys = user(here.client("iam"), "alice")
    session = here.client("sts", **keys._asdict()).get_session_token()["Credentials"]
    sts = there.client("sts", access_key=session["AccessKeyId"], secret_key=session["SecretAccessKey"],
                       token=session["SessionToken"])  # fmt: skip
    assert sts.get_caller_identity()["Arn"] == "arn:aws:iam::000000000000:user/alice"


def test_a_clock_moved_on_one_node_has_moved_on_the_other(nodes: Nodes) -> None:
    here, there = nodes
    moved = here.control("POST", "clock", {"advance": "+40d"})["now_epoch"]
    eventually(lambda: there.control("GET", "clock")["now_epoch"] >= moved)


def test_a_node_that_starts_later_has_the_same_time(nodes: Nodes, store: str) -> None:
    here, _ = nodes
    moved = here.control("POST", "clock", {"advance": "+40d"})["now_epoch"]
    with Haar("--store", store) as third:
        assert third.control("GET", "clock")["now_epoch"] >= moved


def test_what_one_node_did_stands_in_the_others_audit_trail(nodes: Nodes) -> None:
    here, there = nodes
    reply = here.client("iam").create_user(UserName="alice")
    told = there.control("GET", f"explain/{reply['ResponseMetadata']['RequestId']}")
    assert told["call"]["operation"] == "CreateUser"


def test_the_cloud_goes_on_when_a_node_is_killed(nodes: Nodes) -> None:
    here, there = nodes
    queue = here.client("sqs").create_queue(QueueName="q")["QueueUrl"]
    here.client("sqs").send_message(QueueUrl=queue, MessageBody="hello")
    here.kill()
    assert there.client("sqs").receive_message(QueueUrl=queue)["Messages"][0]["Body"] == "hello"


# --- at the same time ---------------------------------------------------------------

COUNT = 60


def send_some(haar: Haar, queue: str, who: str) -> list[str]:
    """Send messages one by one; the bodies that were acknowledged."""
    sqs = haar.client("sqs", attempts=5)
    return [
        sqs.send_message(QueueUrl=queue, MessageBody=f"{who}-{number}") and f"{who}-{number}" for number in range(COUNT)
    ]


def take_all(haar: Haar, queue: str, done: Callable[[], bool], took: Callable[[str], None]) -> None:
    """Receive and delete until everything is there."""
    sqs = haar.client("sqs", attempts=5)
    while not done():
        for message in sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", ()):
            took(message["Body"])
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])


def test_sends_and_receives_through_both_nodes_lose_nothing_and_repeat_nothing(nodes: Nodes) -> None:
    here, there = nodes
    queue = here.client("sqs").create_queue(QueueName="q")["QueueUrl"]
    # no visibility timeout ends on a frozen clock: what comes twice came twice within it
    here.control("POST", "clock", {"freeze": True})
    eventually(lambda: there.control("GET", "clock")["frozen"])
    received: list[str] = []
    failed = Event()

    def enough() -> bool:
        return failed.is_set() or len(received) >= 4 * COUNT

    senders = [
        partial(send_some, node, queue, f"{name}{n}") for name, node in zip("ab", nodes, strict=True) for n in (1, 2)
    ]
    takers = [partial(take_all, node, queue, enough, received.append) for node in (here, there, here, there)]
    results = at_once([*senders, *takers], failed)
    sent = [body for bodies in results[:4] for body in bodies or ()]
    assert sorted(received) == sorted(sent)
    assert "Messages" not in there.client("sqs").receive_message(QueueUrl=queue)


def send_in_order(nodes: Nodes, queue: str, group: str) -> None:
    """Send a group's messages one after the other, through the nodes in turn."""
    clients = cycle([node.client("sqs", attempts=5) for node in nodes])
    for number in range(COUNT // 2):
        next(clients).send_message(
            QueueUrl=queue,
            MessageBody=f"{group}:{number}",
            MessageGroupId=group,
            MessageDeduplicationId=f"{group}{number}",
        )


def test_the_order_of_a_fifo_queue_holds_across_nodes(nodes: Nodes) -> None:
    here, there = nodes
    queue = here.client("sqs").create_queue(QueueName="q.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
    here.control("POST", "clock", {"freeze": True})
    eventually(lambda: there.control("GET", "clock")["frozen"])
    groups = ("red", "green", "blue")
    received: dict[str, list[int]] = defaultdict(list)
    lock = Lock()
    failed = Event()

    def note(body: str) -> None:
        with lock:
            group, number = body.split(":")
            received[group].append(int(number))

    def enough() -> bool:
        return failed.is_set() or sum(map(len, received.values())) >= len(groups) * (COUNT // 2)

    takers = [partial(take_all, node, queue, enough, note) for node in (here, there)]
    at_once([*(partial(send_in_order, nodes, queue, group) for group in groups), *takers], failed)
    assert received == {group: list(range(COUNT // 2)) for group in groups}


# --- due work -----------------------------------------------------------------------


class Ring(Task, table="test.Ring"):
    """A task of this test."""

    bell: int


class Rung(Record, table="test.Rung"):
    """How often it was done."""

    bell: int = key()
    times: int = 0


def ring(call: Call, task: Ring) -> None:
    """Count."""
    rung = call.tx.get(Rung, task.bell) or Rung(bell=task.bell)
    call.tx.put(replace(rung, times=rung.times + 1))


@pytest.fixture
def clouds(store: str) -> Iterator[tuple[Cloud, Cloud]]:
    """Two nodes in this process, which know the task."""
    with Cloud(store=store) as here, Cloud(store=store) as there:
        for cloud in (here, there):
            cloud.scheduler.tasks[Ring.__table__] = (Ring, ring)
        yield here, there


def test_due_work_is_done_once_whichever_node_comes_first(clouds: tuple[Cloud, Cloud]) -> None:
    here, there = clouds
    with here.store.transaction() as tx:
        for bell in range(50):
            tx.put(Timer(at=1.0, id=f"{bell}", table=Ring.__table__, payload=pack(Ring(bell=bell))))
    at_once([here.scheduler.run_due, there.scheduler.run_due])
    with there.store.transaction(write=False) as tx:
        assert [(rung.bell, rung.times) for rung in tx.range(Rung)] == [(bell, 1) for bell in range(50)]
