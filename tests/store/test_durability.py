"""What was acknowledged stays, whatever happens to the process or the disk."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from haar.errors import StoreFull
from haar.record import Index, Record, key
from haar.store import Store
from haar.store.store import Durability
from tests.store.storm import Entry, Side, by_parity

pytestmark = pytest.mark.ours

ROOT = Path(__file__).parents[2]


class Piece(Record, table="test.Piece"):
    number: int = key()
    side: str
    text: str


by_side = Index(Piece, "side")


def storm_until(url: str, commits: int) -> int:
    """Let a writer commit so often, kill it in its tracks, and return the last number it acknowledged."""
    writer = subprocess.Popen(
        [sys.executable, "-m", "tests.store.storm", url],
        stdout=subprocess.PIPE,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"},
    )
    assert writer.stdout is not None
    with writer.stdout as acknowledged:
        lines = [acknowledged.readline() for _ in range(commits)]
        os.kill(writer.pid, signal.SIGKILL)
        lines += acknowledged.readlines()
    assert writer.wait() == -signal.SIGKILL
    # the very last line may have been cut by the kill
    return int([line for line in lines if line.endswith(b"\n")][-1])


@pytest.mark.parametrize("commits", [1, 40, 700])
def test_a_killed_writer_loses_nothing_acknowledged_and_leaves_nothing_half_done(url: str, commits: int) -> None:
    storm_until(url, commits)
    acknowledged = storm_until(url, commits)
    store = Store.open(url)
    with store.transaction() as tx:
        left, right = tx.get(Side, "left"), tx.get(Side, "right")
        assert left is not None and right is not None
        assert acknowledged <= left.number == right.number
        assert [entry.number for entry in tx.range(Entry)] == list(range(1, left.number + 1))
        assert tx.count(by_parity) == left.number
    store.close()


@pytest.mark.parametrize("durability", ["process", "power"])
def test_both_durabilities_keep_what_was_committed(url: str, durability: Durability) -> None:
    store = Store.open(url, durability=durability)
    with store.transaction() as tx:
        tx.put(Side(name="left", number=1))
    store.sync()
    store.close()
    again = Store.open(url)
    with again.transaction() as tx:
        assert tx.get(Side, "left") == Side(name="left", number=1)
    again.close()


def fill_up(store: Store, size: int) -> int:
    """Put rows, one per transaction, until the store is full. Returns how many were committed."""
    for number in range(100_000):
        with store.transaction() as tx:
            tx.put(Piece(number=number, side="a", text="x" * size))
            tx.put(Piece(number=-number - 1, side="b", text="x" * size))
    return 100_000


def check_full_store(store: Store, directory: Path) -> None:
    with pytest.raises(StoreFull):
        fill_up(store, 3000)
    with store.transaction(write=False) as tx:
        count = tx.count(Piece)
        assert count > 10 and count % 2 == 0
        assert tx.count(by_side, "a") == tx.count(by_side, "b") == count // 2
    assert directory.is_dir()


def test_a_full_map_is_an_error_to_the_caller_and_a_whole_store_afterwards(tmp_path: Path) -> None:
    store = Store.open(str(tmp_path / "data"), map_size=1 << 20)
    check_full_store(store, tmp_path)
    store.close()


def test_a_store_that_was_full_goes_on_after_rows_were_deleted(tmp_path: Path) -> None:
    store = Store.open(str(tmp_path / "data"), map_size=1 << 20)
    check_full_store(store, tmp_path)
    with store.transaction() as tx:
        assert tx.delete(Piece, 5)
    with store.transaction() as tx:
        tx.put(Piece(number=5, side="a", text="back"))
    with store.transaction() as tx:
        assert tx.get(Piece, 5) == Piece(number=5, side="a", text="back")
    store.close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 4 MiB, which takes root to mount."""
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", tmp_path], check=False, capture_output=True
    )
    if mounted.returncode != 0:
        pytest.skip(f"a small file system cannot be mounted here: {mounted.stderr.decode().strip()}")
    yield tmp_path
    subprocess.run(["umount", "--lazy", tmp_path], check=True)


def test_a_full_disk_is_an_error_to_the_caller_and_a_whole_store_afterwards(small_disk: Path) -> None:
    store = Store.open(str(small_disk / "data"))
    check_full_store(store, small_disk)
    store.close()
    again = Store.open(str(small_disk / "data"))
    with again.transaction() as tx:
        assert tx.count(Piece) > 10
    again.close()


def test_a_store_on_a_full_disk_goes_on_when_there_is_room_again(small_disk: Path) -> None:
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(1 << 20))
    store = Store.open(str(small_disk / "data"))
    check_full_store(store, small_disk)
    ballast.unlink()
    with store.transaction() as tx:
        tx.put(Piece(number=1_000_000, side="a", text="x" * 3000))
    with store.transaction() as tx:
        assert tx.get(Piece, 1_000_000) is not None
    store.close()
