"""Large bytes beside the rows, encrypted, in a directory and in memory."""

from __future__ import annotations

import os
import subprocess
import tracemalloc
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest

from haar.errors import HaarError, StoreFull
from haar.store import Blob, BlobMissing, Blobs, DirectoryBlobs, MemoryBlobs
from haar.store.blobs import PIECE

pytestmark = pytest.mark.ours

NOTHING = Blob("0" * 32, 1, bytes(32))


@pytest.fixture(params=["directory", "power", "memory"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> Blobs:
    if request.param == "memory":
        return MemoryBlobs()
    return DirectoryBlobs(tmp_path / "blobs", durability="power" if request.param == "power" else "process")


@dataclass
class Keeping:
    """Says which names are referred to."""

    names: tuple[str, ...]

    def __call__(self, name: str) -> bool:
        return name in self.names


NOBODY = Keeping(())


def files(directory: Path) -> list[str]:
    return [path.name for path in directory.rglob("*") if path.is_file()]


def test_a_blob_is_read_whole_or_in_part(blobs: Blobs) -> None:
    blob = blobs.put([b"01234", b"", b"56789"])
    assert blob.size == 10
    assert b"".join(blobs.read(blob)) == b"0123456789"
    assert b"".join(blobs.read(blob, 3, 4)) == b"3456"
    assert b"".join(blobs.read(blob, 8, 99)) == b"89"
    assert b"".join(blobs.read(blob, 10)) == b""


def test_a_part_may_begin_and_end_in_any_piece(blobs: Blobs) -> None:
    content = os.urandom(3 * PIECE + 1000)
    blob = blobs.put([content])
    for start, length in ((0, PIECE), (PIECE - 1, 2), (PIECE, PIECE), (5, 3 * PIECE), (3 * PIECE, 1000)):
        assert b"".join(blobs.read(blob, start, length)) == content[start : start + length]


def test_an_empty_blob_is_a_blob(blobs: Blobs) -> None:
    assert b"".join(blobs.read(blobs.put([]))) == b""


def test_equal_contents_look_different_where_they_lie(blobs: Blobs) -> None:
    one, two = blobs.put([b"the same"]), blobs.put([b"the same"])
    assert one.id != two.id
    assert b"".join(blobs.stored(one.id)) != b"".join(blobs.stored(two.id))
    assert b"the same" not in b"".join(blobs.stored(one.id))


def test_another_key_does_not_open_a_blob(blobs: Blobs) -> None:
    blob = blobs.put([b"abc"])
    with pytest.raises(HaarError, match="damaged"):
        b"".join(blobs.read(msgspec.structs.replace(blob, key=bytes(32))))


def test_a_changed_byte_is_noticed(tmp_path: Path) -> None:
    blobs = DirectoryBlobs(tmp_path)
    blob = blobs.put([b"abc" * 1000])
    path = tmp_path / blob.id[:2] / blob.id
    stored = bytearray(path.read_bytes())
    stored[100] ^= 1
    path.write_bytes(stored)
    with pytest.raises(HaarError, match="damaged"):
        b"".join(blobs.read(blob))


def test_a_blob_that_is_not_there_is_missing_at_once(blobs: Blobs) -> None:
    with pytest.raises(BlobMissing):
        blobs.read(NOTHING)


def test_a_name_that_is_none_leads_nowhere(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x")
    with pytest.raises(BlobMissing):
        DirectoryBlobs(tmp_path / "blobs").read(Blob("../secret", 1, bytes(32)))


def test_a_blob_that_is_being_read_is_read_to_its_end_though_it_is_removed(blobs: Blobs) -> None:
    blob = blobs.put([bytes(2 * PIECE)])
    reading = blobs.read(blob)
    next(reading)
    blobs.remove(blob.id)
    blobs.remove(blob.id)
    assert len(next(reading)) == PIECE
    with pytest.raises(BlobMissing):
        blobs.read(blob)


def test_what_is_held_is_known_until_it_is_let_go(blobs: Blobs) -> None:
    blobs.hold(["a", "b"])
    blobs.hold(["a"])
    blobs.let_go(["a", "b"])
    assert blobs.is_held("a")
    assert not blobs.is_held("b")


def test_a_blob_can_be_carried_elsewhere_as_it_lies_there(blobs: Blobs) -> None:
    blob = blobs.put([b"abc" * 200_000])
    elsewhere = MemoryBlobs()
    elsewhere.restore(blob.id, blobs.stored(blob.id))
    assert b"".join(elsewhere.read(blob)) == b"abc" * 200_000


def test_a_blob_whose_source_fails_is_not_kept(tmp_path: Path) -> None:
    def broken() -> Iterator[bytes]:
        yield b"abc"
        raise ConnectionError

    with pytest.raises(ConnectionError):
        DirectoryBlobs(tmp_path).put(broken())
    assert files(tmp_path) == []


def test_a_discarded_writer_keeps_nothing(tmp_path: Path) -> None:
    writer = DirectoryBlobs(tmp_path).writer()
    writer.write(b"abc")
    writer.discard()
    writer.discard()
    assert files(tmp_path) == []


def test_sweeping_removes_what_nobody_refers_to(blobs: Blobs) -> None:
    kept, gone = blobs.put([b"kept"]), blobs.put([b"gone"])
    assert blobs.sweep(Keeping((kept.id,)), float("inf")) == 1
    assert blobs.names() == [kept.id]
    with pytest.raises(BlobMissing):
        blobs.read(gone)


def test_sweeping_spares_what_is_young(blobs: Blobs) -> None:
    young = blobs.put([b"young"])
    assert blobs.sweep(NOBODY, 0.0) == 0
    assert blobs.names() == [young.id]


def test_sweeping_removes_pieces_that_a_killed_writer_left(tmp_path: Path) -> None:
    blobs = DirectoryBlobs(tmp_path)
    abandoned = blobs.writer()
    abandoned.write(b"x")
    assert len(files(tmp_path)) == 1
    assert blobs.sweep(NOBODY, float("inf")) == 0
    assert files(tmp_path) == []
    abandoned.discard()


def test_a_large_blob_passes_through_little_memory(tmp_path: Path) -> None:
    blobs = DirectoryBlobs(tmp_path)
    piece = bytes(1 << 18)
    tracemalloc.start()
    blob = blobs.put(piece for _ in range(128))
    read = sum(len(part) for part in blobs.read(blob))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert read == blob.size == 32 << 20
    assert most < 4 << 20


def test_a_full_disk_is_said_and_leaves_nothing_behind(tmp_path: Path) -> None:
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", tmp_path], check=False, capture_output=True
    )
    if mounted.returncode != 0:
        pytest.skip(f"a small file system cannot be mounted here: {mounted.stderr.decode().strip()}")
    try:
        blobs = DirectoryBlobs(tmp_path)
        small = blobs.put([b"small"])
        with pytest.raises(StoreFull):
            blobs.put(bytes(1 << 16) for _ in range(64))
        assert files(tmp_path) == [small.id]
        assert blobs.put([bytes(1 << 18)]).size == 1 << 18
    finally:
        subprocess.run(["umount", "--lazy", tmp_path], check=True)


def test_against_a_power_cut_every_name_on_the_way_is_synced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[str] = []
    real = os.fsync
    monkeypatch.setattr(os, "fsync", lambda fd: (synced.append(os.readlink(f"/proc/self/fd/{fd}")), real(fd)))
    blob = DirectoryBlobs(tmp_path / "blobs", durability="power").put([b"x"])
    file, *folders = synced
    assert blob.id in file
    assert folders == [str(tmp_path / "blobs" / blob.id[:2]), str(tmp_path / "blobs"), str(tmp_path)]
