"""Rows of a hot kind are kept decoded; that must never be seen, except by a stopwatch."""

from __future__ import annotations

from typing import Any

import pytest

from haar.record import Record, key
from haar.store import Store

pytestmark = pytest.mark.ours


class Hot(Record, table="test.Hot", hot=True):
    name: str = key()
    value: int = 0


class Failure(Exception):
    """Ends a transaction without a commit."""


def write(store: Store, value: int) -> None:
    with store.transaction() as tx:
        tx.put(Hot(name="x", value=value))


def read(store: Store, **how: Any) -> int | None:
    with store.transaction(**how) as tx:
        row = tx.get(Hot, "x")
    return None if row is None else row.value


def write_read_and_fail(store: Store) -> None:
    with store.transaction() as tx:
        tx.put(Hot(name="x", value=2))
        assert tx.get(Hot, "x") is not None
        raise Failure


def test_a_hot_row_is_read_as_it_was_last_written(store: Store) -> None:
    write(store, 1)
    assert read(store) == 1
    write(store, 2)
    assert read(store) == 2


def test_a_transaction_reads_the_hot_row_that_it_wrote_itself(store: Store) -> None:
    write(store, 1)
    assert read(store) == 1
    with store.transaction() as tx:
        tx.put(Hot(name="x", value=2))
        row = tx.get(Hot, "x")
    assert row is not None
    assert row.value == 2


def test_a_hot_row_that_was_missing_is_found_once_it_is_written(store: Store) -> None:
    assert read(store) is None
    write(store, 1)
    assert read(store) == 1


def test_a_deleted_hot_row_is_gone(store: Store) -> None:
    write(store, 1)
    assert read(store) == 1
    with store.transaction() as tx:
        tx.delete(Hot, "x")
    assert read(store) is None


def test_what_an_aborted_transaction_wrote_and_read_is_forgotten(store: Store) -> None:
    write(store, 1)
    with pytest.raises(Failure):
        write_read_and_fail(store)
    assert read(store) == 1


def test_a_reader_sees_the_hot_row_too(store: Store) -> None:
    write(store, 1)
    assert read(store) == 1
    write(store, 2)
    assert read(store, write=False) == 2


def test_a_cleared_store_has_no_hot_rows(store: Store) -> None:
    write(store, 1)
    assert read(store) == 1
    store.clear()
    assert read(store) is None
