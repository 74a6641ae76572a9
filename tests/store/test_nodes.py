"""Two nodes on one PostgreSQL: each hears of the other, and what both did could have been done in turn."""

from __future__ import annotations

import select
from collections.abc import Iterator
from typing import Any

import pytest

from haar.errors import Conflict
from haar.record import Index, Record, key
from haar.store import Store

pytestmark = pytest.mark.ours


class Seat(Record, table="test.Seat"):
    row: str = key()
    number: int = key()
    taken_by: str = ""
    due_at: float = 0.0


by_due = Index(Seat, "due_at")


@pytest.fixture
def nodes(postgres_url: str) -> Iterator[tuple[Store, Store]]:
    here, there = Store.open(postgres_url), Store.open(postgres_url)
    yield here, there
    here.close()
    there.close()


def hear(store: Store, at_least: int = 1) -> set[tuple[str, Any]]:
    """Wait for the other node's notifications, as the event loop does, and collect what they say."""
    heard: set[tuple[str, Any]] = set()
    store.on_commit.append(heard.update)
    while len(heard) < at_least:
        watched = store.notification_fd()
        assert watched is not None
        ready, _, _ = select.select([watched], [], [], 30)
        assert ready, f"only {len(heard)} changes were heard within 30 seconds"
        store.poll_notifications()
    return heard


def test_a_node_sees_what_another_committed(nodes: tuple[Store, Store]) -> None:
    here, there = nodes
    with here.transaction() as tx:
        tx.put(Seat(row="a", number=1, taken_by="Ann"))
    with there.transaction() as tx:
        assert tx.get(Seat, "a", 1) == Seat(row="a", number=1, taken_by="Ann")


def test_a_node_hears_what_another_changed(nodes: tuple[Store, Store]) -> None:
    here, there = nodes
    with here.transaction() as tx:
        tx.put(Seat(row="a", number=1))
        tx.put(Seat(row="é" * 10, number=1))
    assert hear(there) == {("test.Seat", "a"), ("test.Seat", "é" * 10)}


def test_a_key_too_long_to_notify_stands_for_its_whole_table(nodes: tuple[Store, Store]) -> None:
    here, there = nodes
    with here.transaction() as tx:
        tx.put(Seat(row="a" * 3000, number=1))
    assert hear(there) == {("test.Seat", None)}


def test_thousands_of_changes_are_all_heard(nodes: tuple[Store, Store]) -> None:
    here, there = nodes
    wanted = {("test.Seat", f"row {number} of the great hall") for number in range(2000)}
    with here.transaction() as tx:
        for _, row in wanted:
            tx.put(Seat(row=row, number=1))
    assert hear(there, at_least=len(wanted)) == wanted


def test_a_node_does_not_hear_itself_twice_nor_an_aborted_transaction(nodes: tuple[Store, Store]) -> None:
    here, there = nodes
    aborted = here.begin()
    aborted.put(Seat(row="never", number=1))
    aborted.abort()
    with here.transaction() as tx:
        tx.put(Seat(row="mine", number=1))
    assert hear(there) == {("test.Seat", "mine")}
    with there.transaction() as tx:
        tx.put(Seat(row="theirs", number=1))
    assert hear(here) == {("test.Seat", "theirs")}


def test_a_load_or_clear_is_heard_as_everything(nodes: tuple[Store, Store]) -> None:
    here, there = nodes
    here.clear()
    assert hear(there) == {("*", None)}


def test_two_nodes_that_both_take_the_last_seat_conflict(nodes: tuple[Store, Store]) -> None:
    here, there = nodes
    with here.transaction() as tx:
        tx.put(Seat(row="a", number=1))
    mine, theirs = here.begin(), there.begin()
    assert mine.get(Seat, "a", 1) == theirs.get(Seat, "a", 1)
    mine.put(Seat(row="a", number=1, taken_by="Ann"))
    theirs.put(Seat(row="a", number=1, taken_by="Bob"))
    mine.commit()
    with pytest.raises(Conflict):
        theirs.commit()
    with there.transaction() as again:
        assert again.get(Seat, "a", 1) == Seat(row="a", number=1, taken_by="Ann")


def test_two_nodes_that_write_what_the_other_counted_conflict(nodes: tuple[Store, Store]) -> None:
    here, there = nodes
    with here.transaction() as tx:
        tx.put(Seat(row="b", number=1))
    mine, theirs = here.begin(), there.begin()
    assert mine.count(Seat, "a") == theirs.count(Seat, "a") == 0
    mine.put(Seat(row="a", number=1))
    theirs.put(Seat(row="a", number=2))
    mine.commit()
    with pytest.raises(Conflict):
        theirs.commit()
    with here.transaction() as tx:
        assert tx.count(Seat, "a") == 1


def test_due_rows_that_one_node_claimed_are_passed_over_by_the_other(nodes: tuple[Store, Store]) -> None:
    here, there = nodes
    with here.transaction() as tx:
        for number in range(4):
            tx.put(Seat(row="a", number=number, due_at=float(number)))
    mine, theirs = here.begin(), there.begin()
    assert [seat.number for seat in mine.claim(by_due, stop=9.0, limit=2)] == [0, 1]
    assert [seat.number for seat in theirs.claim(by_due, stop=9.0, limit=9)] == [2, 3]
    mine.abort()
    theirs.abort()


def test_nodes_that_start_together_share_one_table(postgres_url: str) -> None:
    stores = [Store.open(postgres_url) for _ in range(3)]
    with stores[0].transaction() as tx:
        tx.put(Seat(row="a", number=1))
    for store in stores:
        with store.transaction() as tx:
            assert tx.count(Seat) == 1
        store.close()


def test_a_node_reconnects_after_the_server_dropped_it(nodes: tuple[Store, Store]) -> None:
    import psycopg

    here, _ = nodes
    with psycopg.connect(here.backend._url, autocommit=True) as admin:  # type: ignore[attr-defined]
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE pid <> pg_backend_pid() AND datname = current_database()"
        )
    assert hear(here) == {("*", None)}
    with here.transaction() as tx:
        tx.put(Seat(row="a", number=1))
    with here.transaction() as tx:
        assert tx.count(Seat) == 1
