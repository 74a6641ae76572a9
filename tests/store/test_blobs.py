"""Large bytes by the hash of their content, in a directory and in memory."""

from __future__ import annotations

import hashlib
import os
import subprocess
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from haar.errors import StoreFull
from haar.store import Blob, BlobMissing, Blobs, DirectoryBlobs, MemoryBlobs

pytestmark = pytest.mark.ours

NOTHING = "0" * 64


@pytest.fixture(params=["directory", "power", "memory"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> Blobs:
    if request.param == "memory":
        return MemoryBlobs()
    return DirectoryBlobs(tmp_path / "blobs", durability="power" if request.param == "power" else "process")


def files(directory: Path) -> list[str]:
    return [path.name for path in directory.rglob("*") if path.is_file()]


def test_a_blob_is_known_by_the_hash_of_its_content(blobs: Blobs) -> None:
    assert blobs.put([b"ab", b"", b"c"]) == Blob(hashlib.sha256(b"abc").hexdigest(), 3)


def test_a_blob_is_read_whole_or_in_part(blobs: Blobs) -> None:
    name = blobs.put([b"0123456789"]).sha256
    assert b"".join(blobs.read(name)) == b"0123456789"
    assert b"".join(blobs.read(name, 3, 4)) == b"3456"
    assert b"".join(blobs.read(name, 8, 99)) == b"89"
    assert b"".join(blobs.read(name, 10)) == b""
    assert blobs.size(name) == 10
    with blobs.open(name) as file:
        file.seek(5)
        assert file.read() == b"56789"


def test_an_empty_blob_is_a_blob(blobs: Blobs) -> None:
    assert b"".join(blobs.read(blobs.put([]).sha256)) == b""


def test_equal_content_is_kept_once(blobs: Blobs) -> None:
    assert blobs.put([b"abc"]) == blobs.put([b"a", b"bc"])
    assert blobs.sweep([], float("inf")) == 1


def test_a_blob_that_is_not_there_is_missing_at_once(blobs: Blobs) -> None:
    with pytest.raises(BlobMissing):
        blobs.read(NOTHING)
    with pytest.raises(BlobMissing):
        blobs.open(NOTHING)
    with pytest.raises(BlobMissing):
        blobs.size(NOTHING)


def test_a_name_that_is_no_hash_leads_nowhere(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x")
    with pytest.raises(BlobMissing):
        DirectoryBlobs(tmp_path / "blobs").open("../secret")


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
    assert blobs.sweep([kept.sha256], float("inf")) == 1
    assert blobs.size(kept.sha256) == 4
    with pytest.raises(BlobMissing):
        blobs.size(gone.sha256)


def test_sweeping_spares_what_is_young(blobs: Blobs) -> None:
    young = blobs.put([b"young"])
    assert blobs.sweep([], 0.0) == 0
    assert blobs.size(young.sha256) == 5


def test_putting_content_again_makes_it_young(tmp_path: Path) -> None:
    blobs = DirectoryBlobs(tmp_path)
    name = blobs.put([b"x"]).sha256
    os.utime(tmp_path / name[:2] / name, (1, 1))
    blobs.put([b"x"])
    assert blobs.sweep([], 1000.0) == 0


def test_sweeping_removes_pieces_that_a_killed_writer_left(tmp_path: Path) -> None:
    blobs = DirectoryBlobs(tmp_path)
    abandoned = blobs.writer()
    abandoned.write(b"x")
    assert len(files(tmp_path)) == 1
    assert blobs.sweep([], float("inf")) == 0
    assert files(tmp_path) == []
    abandoned.discard()


def test_a_large_blob_passes_through_little_memory(tmp_path: Path) -> None:
    blobs = DirectoryBlobs(tmp_path)
    piece = bytes(1 << 18)
    tracemalloc.start()
    blob = blobs.put(piece for _ in range(128))
    read = sum(len(part) for part in blobs.read(blob.sha256))
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
        assert files(tmp_path) == [small.sha256]
        assert blobs.put([bytes(1 << 18)]).size == 1 << 18
    finally:
        subprocess.run(["umount", "--lazy", tmp_path], check=True)
