"""Stores are opened by URL, and refused with a reason."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from haar.record import Record, key
from haar.store import Store, StoreInUse, StoreTooNew
from haar.store.lmdb import LmdbBackend
from haar.store.memory import MemoryBackend
from haar.store.store import FORMAT

pytestmark = pytest.mark.ours


class Note(Record, table="test.Note"):
    name: str = key()


def test_a_plain_path_and_an_lmdb_url_are_the_same_store(tmp_path: Path) -> None:
    first = Store.open(str(tmp_path / "with space"))
    with first.transaction() as tx:
        tx.put(Note(name="x"))
    first.close()
    second = Store.open(f"lmdb://{tmp_path}/with%20space")
    with second.transaction() as tx:
        assert tx.count(Note) == 1
    second.close()


def test_memory_is_a_new_store_each_time() -> None:
    first, second = Store.open("memory:"), Store.open("memory:")
    with first.transaction() as tx:
        tx.put(Note(name="x"))
    with second.transaction() as tx:
        assert tx.count(Note) == 0


def test_a_url_of_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="mysql"):
        Store.open("mysql://localhost/haar")


def test_a_directory_that_another_haar_holds_is_refused_with_its_name_and_what_to_do(tmp_path: Path) -> None:
    holder = Store.open(str(tmp_path / "data"))
    with pytest.raises(StoreInUse) as refused:
        Store.open(str(tmp_path / "data"))
    assert str(tmp_path / "data") in str(refused.value)
    assert f"process {os.getpid()}" in str(refused.value)
    assert "haar down" in str(refused.value)
    holder.close()


def test_a_directory_that_was_let_go_can_be_opened_again(tmp_path: Path) -> None:
    Store.open(str(tmp_path / "data")).close()
    Store.open(str(tmp_path / "data")).close()


def test_a_store_of_a_newer_format_is_refused_and_let_go(tmp_path: Path) -> None:
    backend = LmdbBackend(tmp_path)
    raw = backend.begin()
    raw.put(b"\0format", str(FORMAT + 1).encode())
    raw.commit()
    with pytest.raises(StoreTooNew, match=f"format {FORMAT + 1}.*Update Haar"):
        Store(backend)
    with pytest.raises(StoreTooNew):
        Store.open(str(tmp_path))


def test_a_second_writer_in_one_process_is_refused_rather_than_waited_for(tmp_path: Path) -> None:
    backend = LmdbBackend(tmp_path)
    first = backend.begin()
    with pytest.raises(AssertionError, match="open already"):
        backend.begin()
    first.abort()
    backend.begin().abort()
    backend.close()


def test_a_second_writer_in_memory_is_refused_too() -> None:
    backend = MemoryBackend()
    first = backend.begin()
    with pytest.raises(AssertionError, match="open already"):
        backend.begin()
    first.commit()
    backend.begin().abort()


def test_a_reader_keeps_its_moment_while_lmdb_is_written(tmp_path: Path) -> None:
    store = Store.open(str(tmp_path))
    reader = store.begin(write=False)
    with store.transaction() as tx:
        tx.put(Note(name="x"))
    assert reader.count(Note) == 0
    reader.abort()
    with store.transaction(write=False) as tx:
        assert tx.count(Note) == 1
    store.close()
