"""A saved store can be loaded into any backend, whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from haar.record import Index, Record, key
from haar.store import Store, StoreTooNew, StoreUnreadable
from haar.store.memory import MemoryBackend
from haar.store.snapshot import dump

pytestmark = pytest.mark.ours


class Leaf(Record, table="test.Leaf"):
    name: str = key()
    weight: float = 0.0


by_weight = Index(Leaf, "weight")


def grown(store: Store) -> None:
    with store.transaction() as tx:
        for number in range(400):
            tx.put(Leaf(name=f"{number:03}" + "x" * (number * 10), weight=-float(number)))


def names(store: Store) -> list[str]:
    with store.transaction(write=False) as tx:
        return [leaf.name[:3] for leaf in tx.range(by_weight)]


def test_a_store_saved_from_any_backend_loads_into_memory(store: Store, tmp_path: Path) -> None:
    grown(store)
    saved = store.dump(tmp_path / "saved")
    other = Store.open("memory:")
    assert other.load(tmp_path / "saved") == saved
    assert names(other) == names(store) == [f"{number:03}" for number in reversed(range(400))]


def test_a_store_saved_from_memory_loads_into_any_backend_and_replaces_all(store: Store, tmp_path: Path) -> None:
    memory = Store.open("memory:")
    grown(memory)
    memory.dump(tmp_path / "saved")
    with store.transaction() as tx:
        tx.put(Leaf(name="here before"))
    store.load(tmp_path / "saved")
    assert names(store) == names(memory)


def test_listeners_hear_that_everything_changed(store: Store, tmp_path: Path) -> None:
    store.dump(tmp_path / "saved")
    heard: list[object] = []
    store.on_commit.append(heard.append)
    store.load(tmp_path / "saved")
    assert heard == [{("*", None)}]


@pytest.mark.parametrize("damage", ["cut", "flipped", "another file", "empty"])
def test_a_damaged_file_is_refused_and_changes_nothing(store: Store, tmp_path: Path, damage: str) -> None:
    grown(store)
    before = names(store)
    path = tmp_path / "saved"
    store.dump(path)
    content = path.read_bytes()
    middle = len(content) // 2
    path.write_bytes(
        {
            "cut": content[:-20],
            "flipped": content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :],
            "another file": b"PK\3\4" + content,
            "empty": b"",
        }[damage]
    )
    with pytest.raises(StoreUnreadable):
        store.load(path)
    assert names(store) == before


def test_a_file_saved_by_a_newer_haar_is_refused(store: Store, tmp_path: Path) -> None:
    dump(MemoryBackend(), tmp_path / "saved", 99)
    with pytest.raises(StoreTooNew, match="99"):
        store.load(tmp_path / "saved")


def test_saving_leaves_no_half_written_file_beside_it(store: Store, tmp_path: Path) -> None:
    place = tmp_path / "saves"
    place.mkdir()
    store.dump(place / "saved")
    store.dump(place / "saved")
    assert [path.name for path in place.iterdir()] == ["saved"]
