"""Large bytes, kept under the hash of their content: objects, images, layers, snapshots.

A blob is written before the transaction that refers to it, so a reference always leads somewhere; what no
reference leads to is swept. The same content is kept once, however often it is put.
"""

from __future__ import annotations

import errno
import hashlib
import io
import os
import secrets
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, Protocol

import msgspec

from haar.errors import HaarError, StoreFull
from haar.store.store import Durability

__all__ = ["CHUNK", "Blob", "BlobMissing", "BlobWriter", "Blobs", "DirectoryBlobs", "MemoryBlobs"]

#: How much is read at a time, in bytes.
CHUNK = 256 * 1024

_INCOMING = ".incoming-"


class Blob(msgspec.Struct, frozen=True):
    """What is needed to find a blob again: the SHA-256 of its content in hex, and its size in bytes."""

    sha256: str
    size: int


class BlobMissing(HaarError):
    """No blob has this hash."""


class BlobWriter(Protocol):
    """A blob that is still arriving. Nothing of it is kept unless `finish` returns."""

    def write(self, chunk: bytes | bytearray | memoryview) -> None:
        """Add bytes. Raises StoreFull."""
        ...

    def finish(self) -> Blob:
        """Keep what was written. Raises StoreFull."""
        ...

    def discard(self) -> None:
        """Drop what was written. Harmless after `finish`."""
        ...


class Blobs(Protocol):
    """A place for large bytes."""

    def writer(self) -> BlobWriter:
        """A new blob, to be written piece by piece."""
        ...

    def put(self, chunks: Iterable[bytes]) -> Blob:
        """Keep bytes that come in pieces, in memory for one piece. Raises StoreFull and leaves nothing behind."""
        ...

    def open(self, sha256: str) -> BinaryIO:
        """A blob as a file to read and seek in. Raises BlobMissing."""
        ...

    def read(self, sha256: str, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        """A blob's bytes from `start` on, `length` of them at most, in pieces. Raises BlobMissing at once."""
        ...

    def size(self, sha256: str) -> int:
        """A blob's size in bytes. Raises BlobMissing."""
        ...

    def sweep(self, referenced: Iterable[str], older_than: float) -> int:
        """Remove the blobs that are not referenced and were put before a real instant. Returns how many.

        The age protects what has been written for a transaction that has not committed yet.
        """
        ...

    def clear(self) -> None:
        """Remove every blob."""
        ...


class DirectoryBlobs:
    """Blobs as files in a directory, `ab/abcdef...`; any number of nodes may share it."""

    def __init__(self, directory: str | Path, *, durability: Durability = "process") -> None:
        self.directory = Path(directory)
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._sync = durability == "power"

    def writer(self) -> DirectoryBlobWriter:
        """A new blob, to be written piece by piece."""
        return DirectoryBlobWriter(self.directory, self._sync)

    def put(self, chunks: Iterable[bytes]) -> Blob:
        """Keep bytes that come in pieces."""
        return _put(self.writer(), chunks)

    def open(self, sha256: str) -> BinaryIO:
        """A blob as a file."""
        try:
            return _place(self.directory, sha256).open("rb")
        except FileNotFoundError:
            raise BlobMissing(f"there is no blob {sha256}") from None

    def read(self, sha256: str, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        """A blob's bytes in pieces."""
        return _pieces(self.open(sha256), start, length)

    def size(self, sha256: str) -> int:
        """A blob's size in bytes."""
        try:
            return _place(self.directory, sha256).stat().st_size
        except FileNotFoundError:
            raise BlobMissing(f"there is no blob {sha256}") from None

    def sweep(self, referenced: Iterable[str], older_than: float) -> int:
        """Remove unreferenced blobs and abandoned pieces put before a real instant (seconds since 1970)."""
        keep = frozenset(referenced)
        removed = 0
        for path in self.directory.rglob("*"):
            if path.name in keep or not path.is_file():
                continue
            try:
                if path.stat().st_mtime < older_than:
                    path.unlink()
                    removed += not path.name.startswith(_INCOMING)
            except FileNotFoundError:  # another node sweeps too
                continue
        return removed

    def clear(self) -> None:
        """Remove every blob."""
        self.sweep((), float("inf"))


class DirectoryBlobWriter:
    """Writes beside the final place, then renames: a blob is there whole or not at all."""

    def __init__(self, directory: Path, sync: bool) -> None:
        self._directory = directory
        self._sync = sync
        self._hash = hashlib.sha256()
        self._size = 0
        self._path = directory / f"{_INCOMING}{os.getpid()}-{secrets.token_hex(8)}"
        with _room_on_disk(self.discard):
            self._file: io.BufferedWriter | None = self._path.open("xb")

    def write(self, chunk: bytes | bytearray | memoryview) -> None:
        """Add bytes."""
        assert self._file is not None, "the blob is finished"
        with _room_on_disk(self.discard):
            self._file.write(chunk)
        self._hash.update(chunk)
        self._size += len(chunk)

    def finish(self) -> Blob:
        """Keep what was written."""
        assert self._file is not None, "the blob is finished"
        blob = Blob(self._hash.hexdigest(), self._size)
        place = _place(self._directory, blob.sha256)
        with _room_on_disk(self.discard):
            self._file.flush()
            if self._sync:
                os.fsync(self._file.fileno())
            self._file.close()
            place.parent.mkdir(exist_ok=True)
            # replacing an equal blob also makes it young again, so that a sweep spares what was just put
            self._path.replace(place)
            if self._sync:
                _sync_directory(place.parent)
                _sync_directory(self._directory)
        self._file = None
        return blob

    def discard(self) -> None:
        """Drop what was written."""
        file = getattr(self, "_file", None)
        if file is None:
            return
        self._file = None
        try:
            file.close()
        except OSError:  # flushing the last piece can find the disk full once more
            pass
        finally:
            self._path.unlink(missing_ok=True)


class MemoryBlobs:
    """Blobs in a dict. `now` gives the real instant, for `sweep`."""

    def __init__(self, now: Callable[[], float] | None = None) -> None:
        self._blobs: dict[str, tuple[bytes, float]] = {}
        self._now = now or (lambda: 0.0)

    def writer(self) -> MemoryBlobWriter:
        """A new blob, to be written piece by piece."""
        return MemoryBlobWriter(self._keep)

    def put(self, chunks: Iterable[bytes]) -> Blob:
        """Keep bytes that come in pieces."""
        return _put(self.writer(), chunks)

    def open(self, sha256: str) -> BinaryIO:
        """A blob as a file."""
        return io.BytesIO(self._content(sha256))

    def read(self, sha256: str, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        """A blob's bytes in pieces."""
        return _pieces(self.open(sha256), start, length)

    def size(self, sha256: str) -> int:
        """A blob's size in bytes."""
        return len(self._content(sha256))

    def sweep(self, referenced: Iterable[str], older_than: float) -> int:
        """Remove unreferenced blobs put before a real instant."""
        keep = frozenset(referenced)
        gone = [name for name, (_, put_at) in self._blobs.items() if name not in keep and put_at < older_than]
        for name in gone:
            del self._blobs[name]
        return len(gone)

    def clear(self) -> None:
        """Remove every blob."""
        self._blobs.clear()

    def _content(self, sha256: str) -> bytes:
        try:
            return self._blobs[sha256][0]
        except KeyError:
            raise BlobMissing(f"there is no blob {sha256}") from None

    def _keep(self, content: bytes) -> Blob:
        blob = Blob(hashlib.sha256(content).hexdigest(), len(content))
        self._blobs[blob.sha256] = content, self._now()
        return blob


class MemoryBlobWriter:
    """Collects the pieces of one blob."""

    def __init__(self, keep: Callable[[bytes], Blob]) -> None:
        self._keep = keep
        self._content = bytearray()

    def write(self, chunk: bytes | bytearray | memoryview) -> None:
        """Add bytes."""
        self._content += chunk

    def finish(self) -> Blob:
        """Keep what was written."""
        blob = self._keep(bytes(self._content))
        self.discard()
        return blob

    def discard(self) -> None:
        """Drop what was written."""
        self._content = bytearray()


class _room_on_disk:  # noqa: N801  # read as a phrase: with _room_on_disk(...)
    """Says StoreFull where the disk is full or the quota used up; cleans up after any failure."""

    __slots__ = ("_clean",)

    def __init__(self, clean: Callable[[], None]) -> None:
        self._clean = clean

    def __enter__(self) -> None: ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if error is None:
            return
        self._clean()
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StoreFull("no space is left for large bytes") from error


def _put(writer: BlobWriter, chunks: Iterable[bytes]) -> Blob:
    try:
        for chunk in chunks:
            writer.write(chunk)
        return writer.finish()
    except BaseException:
        writer.discard()
        raise


def _pieces(file: BinaryIO, start: int, length: int | None) -> Iterator[bytes]:
    with file:
        file.seek(start)
        left = length
        while left is None or left > 0:
            piece = file.read(CHUNK if left is None else min(CHUNK, left))
            if not piece:
                return
            if left is not None:
                left -= len(piece)
            yield piece


def _place(directory: Path, sha256: str) -> Path:
    # a hash comes from a stored record; anything else must not lead out of the directory
    if len(sha256) != 64 or not all(digit in "0123456789abcdef" for digit in sha256):
        raise BlobMissing(f"{sha256!r} is not a SHA-256 in hex")
    return directory / sha256[:2] / sha256


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
