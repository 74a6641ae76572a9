"""However messages in flight are accounted for, there are never more than a queue may have, and as many."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from haar.kit import Call, Origin, root_of
from haar.kit.quota import QuotaValue
from haar.services.sqs import flight
from haar.services.sqs.resources import Flight, Queue
from haar.services.sqs.service import IN_FLIGHT_STANDARD

pytestmark = pytest.mark.ours

ACCOUNT, REGION = "000000000000", "us-east-1"
LIMIT = 12


@pytest.fixture
def full(cloud: Any, sqs: Any, queue: str) -> str:
    """A queue with more messages than it may have in flight."""
    with cloud.store.transaction() as tx:
        tx.put(QuotaValue(account=ACCOUNT, region=REGION, service="sqs", code=IN_FLIGHT_STANDARD.code, value=LIMIT))
    for _ in range(2):
        sqs.send_message_batch(
            QueueUrl=queue, Entries=[{"Id": str(number), "MessageBody": "x"} for number in range(10)]
        )
    return queue


def given(sqs: Any, queue: str, at_most: int) -> int:
    """How many messages a receive gives out."""
    return len(sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=at_most, WaitTimeSeconds=1).get("Messages", ()))


def test_the_last_message_that_may_be_in_flight_is_given_out(sqs: Any, full: str) -> None:
    assert [given(sqs, full, 1) for _ in range(LIMIT + 1)] == [1] * LIMIT + [0]


def test_only_the_first_receives_write_how_many_are_left(cloud: Any, sqs: Any, full: str) -> None:
    def row() -> Flight:
        with cloud.store.transaction() as tx:
            found: Flight = next(tx.range(Flight))
            return found

    given(sqs, full, 1)
    before = row()
    given(sqs, full, 5)
    assert row() == before


def test_a_restarted_server_gives_out_no_more_than_is_left(
    sqs: Any, full: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = given(sqs, full, 4)
    monkeypatch.setattr(flight, "_lots", {})
    assert first + given(sqs, full, 5) + given(sqs, full, 10) == LIMIT


def test_two_servers_together_give_out_no_more_than_is_left(
    sqs: Any, full: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    here: dict[Any, int] = {}
    there: dict[Any, int] = {}
    total = 0
    for lots in (here, there, here, there, here, there):
        monkeypatch.setattr(flight, "_lots", lots)
        total += given(sqs, full, 3)
    assert total == LIMIT


def test_what_a_failed_receive_took_can_still_be_given_out(cloud: Any, sqs: Any, full: str) -> None:
    for _ in range(3):
        tx = cloud.store.begin()
        call = Call(
            cloud.ports, tx, root_of(ACCOUNT), service="sqs", operation="ReceiveMessage", region=REGION, origin=Origin()
        )
        (queue,) = tx.range(Queue)
        assert flight.room(call, queue, 5) == 5
        tx.abort()
    assert [given(sqs, full, 10), given(sqs, full, 10)] == [10, 2]


def test_a_saved_cloud_and_its_copy_each_keep_to_the_limit(cloud: Any, sqs: Any, full: str, tmp_path: Path) -> None:
    from haar import Cloud

    given(sqs, full, 1)
    cloud.save(tmp_path / "saved")
    with Cloud(seed=1) as copy:
        copy.load(tmp_path / "saved")
        there = copy.client("sqs")
        name = full.rpartition("/")[2]
        url = there.get_queue_url(QueueName=name)["QueueUrl"]
        got = [(given(sqs, full, 4), given(there, url, 4)) for _ in range(4)]
    assert [1 + sum(side) for side in zip(*got, strict=True)] == [LIMIT, LIMIT]
