"""Large bytes beside the rows: objects, archives, images, layers, snapshots.

A blob is written before the transaction that refers to it, so a reference always leads somewhere; what no
reference leads to is swept. Every blob is encrypted under a key of its own, which stands in the `Blob` that its
writer returns and nowhere else: who loses that can no longer read it.

What lies in a file: pieces of `PIECE` plain bytes, each sealed with AES-256-GCM (16 bytes longer). The nonce is the
piece's number, which is safe because the key is used for one blob only. A range is read by opening the pieces that it
touches.
"""

from __future__ import annotations

import errno
import os
import secrets
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO, Any, Protocol

import msgspec

from haar.errors import HaarError, StoreFull

__all__ = ["PIECE", "Blob", "BlobMissing", "BlobWriter", "Blobs", "DirectoryBlobs", "MemoryBlobs"]

#: Plain bytes that are encrypted, written and read at a time.
PIECE = 256 * 1024

_TAG = 16
_INCOMING = ".incoming-"
_ID_LENGTH = 32


class Blob(msgspec.Struct, frozen=True):
    """What is needed to read a blob again: its name, its size in plain bytes, and the key it is encrypted under.

    The key is a secret: it is kept sealed.
    """

    id: str
    size: int
    key: bytes


class BlobMissing(HaarError):
    """There is no such blob."""


class _Sink(Protocol):
    """Where the encrypted pieces of one blob go."""

    def write(self, sealed: bytes) -> object: ...

    def keep(self) -> None: ...

    def drop(self) -> None: ...


class BlobWriter:
    """A blob that is still arriving. Nothing of it is kept unless `finish` returns."""

    def __init__(self, blob_id: str, sink: _Sink) -> None:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        self._id = blob_id
        self._key = secrets.token_bytes(32)
        self._encrypt = AESGCM(self._key).encrypt
        self._sink: _Sink | None = sink
        self._waiting = bytearray()
        self._pieces = 0
        self.size = 0

    def write(self, chunk: bytes | bytearray | memoryview) -> None:
        """Add bytes. Raises StoreFull, and then nothing is left."""
        self.size += len(chunk)
        waiting = self._waiting
        waiting += chunk
        if len(waiting) >= PIECE:
            with memoryview(waiting) as view:
                whole = len(waiting) - len(waiting) % PIECE
                for start in range(0, whole, PIECE):
                    self._seal(view[start : start + PIECE])
            del waiting[:whole]

    def finish(self) -> Blob:
        """Keep what was written. Raises StoreFull, and then nothing is left."""
        if self._waiting:
            self._seal(self._waiting)
        assert self._sink is not None, "the blob is finished"
        with _room_on_disk(self.discard):
            self._sink.keep()
        self._sink = None
        return Blob(self._id, self.size, self._key)

    def discard(self) -> None:
        """Drop what was written. Harmless after `finish`."""
        sink, self._sink = self._sink, None
        self._waiting = bytearray()
        if sink is not None:
            sink.drop()

    def _seal(self, piece: bytearray | memoryview) -> None:
        assert self._sink is not None, "the blob is finished"
        sealed = self._encrypt(_nonce(self._pieces), piece, None)
        with _room_on_disk(self.discard):
            self._sink.write(sealed)
        self._pieces += 1


class Blobs:
    """A place for large bytes; where the encrypted pieces go is each kind's own."""

    def __init__(self) -> None:
        self._held: Counter[str] = Counter()

    def hold(self, names: Iterable[str]) -> None:
        """Say that blobs will be read soon, by this process: they are not to be removed meanwhile."""
        self._held.update(names)

    def let_go(self, names: Iterable[str]) -> None:
        """Say that they have been."""
        self._held.subtract(names)
        self._held += Counter()  # drops what is no longer held

    def is_held(self, name: str) -> bool:
        """Whether somebody in this process is about to read it."""
        return name in self._held

    def writer(self) -> BlobWriter:
        """A new blob, to be written piece by piece."""
        return BlobWriter(secrets.token_hex(_ID_LENGTH // 2), self._sink())

    def put(self, chunks: Iterable[bytes]) -> Blob:
        """Keep bytes that come in pieces, in memory for one piece. Raises StoreFull and leaves nothing behind."""
        writer = self.writer()
        try:
            for chunk in chunks:
                writer.write(chunk)
            return writer.finish()
        except BaseException:
            writer.discard()
            raise

    def read(self, blob: Blob, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        """A blob's bytes from `start` on, `length` of them at most, in pieces. Raises BlobMissing at once.

        What has been begun is read to its end even when the blob is removed meanwhile.
        """
        stop = blob.size if length is None else min(blob.size, start + length)
        return _opened(self._open(blob.id), blob.key, start, stop)

    def stored(self, name: str) -> Iterator[bytes]:
        """A blob as it lies there, encrypted, in pieces: for saving a whole cloud. Raises BlobMissing."""
        with self._open(name) as file:
            while piece := file.read(PIECE + _TAG):
                yield piece

    def restore(self, name: str, pieces: Iterable[bytes]) -> None:
        """Put back what `stored` gave, under its name."""
        sink = self._sink(_checked(name))
        try:
            with _room_on_disk(sink.drop):
                for piece in pieces:
                    sink.write(piece)
                sink.keep()
        except BaseException:
            sink.drop()
            raise

    def names(self) -> list[str]:
        """The names of all blobs."""
        raise NotImplementedError

    def remove(self, name: str) -> None:
        """Remove a blob; harmless when it is not there."""
        raise NotImplementedError

    def sweep(self, is_referenced: Callable[[str], bool], older_than: float) -> int:
        """Remove the blobs that are not referenced and were put before a real instant. Returns how many.

        The age protects what has been written for a transaction that has not committed yet.
        """
        raise NotImplementedError

    def clear(self) -> None:
        """Remove every blob."""
        self.sweep(lambda _: False, float("inf"))

    def _sink(self, name: str = "") -> Any:
        raise NotImplementedError

    def _open(self, name: str) -> IO[bytes]:
        raise NotImplementedError


class DirectoryBlobs(Blobs):
    """Blobs as files in a directory, `ab/abcdef...`; any number of nodes may share it.

    With `durability="power"` a blob and its name are synced to the disk before `finish` returns.
    """

    def __init__(self, directory: str | Path, *, durability: str = "process") -> None:
        super().__init__()
        self.directory = Path(directory)
        self._sync = durability == "power"

    def writer(self) -> BlobWriter:
        """A new blob, to be written piece by piece. Raises StoreFull."""
        name = secrets.token_hex(_ID_LENGTH // 2)
        with _room_on_disk(_nothing):
            return BlobWriter(name, self._sink(name))

    def names(self) -> list[str]:
        """The names of all blobs."""
        return [path.name for path in self.directory.glob("??/*")]

    def remove(self, name: str) -> None:
        """Remove a blob; harmless when it is not there."""
        _place(self.directory, name).unlink(missing_ok=True)

    def sweep(self, is_referenced: Callable[[str], bool], older_than: float) -> int:
        """Remove unreferenced blobs and abandoned pieces put before a real instant (seconds since 1970)."""
        removed = 0
        for path in self.directory.rglob("*"):
            try:
                if not path.is_file() or path.stat().st_mtime >= older_than or is_referenced(path.name):
                    continue
                path.unlink()
                removed += not path.name.startswith(_INCOMING)
            except FileNotFoundError:  # another node sweeps too
                continue
        return removed

    def _sink(self, name: str = "") -> _File:
        return _File(self.directory, name or secrets.token_hex(_ID_LENGTH // 2), self._sync)

    def _open(self, name: str) -> IO[bytes]:
        try:
            return _place(self.directory, name).open("rb", buffering=0)
        except FileNotFoundError:
            raise BlobMissing(f"there is no blob {name}") from None


class _File:
    """Writes beside the final place, then renames: a blob is there whole or not at all."""

    def __init__(self, directory: Path, name: str, sync: bool) -> None:
        self._directory = directory
        self._place = _place(directory, name)
        self._sync = sync
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._path = directory / f"{_INCOMING}{os.getpid()}-{name}"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        self._fd: int | None = os.open(self._path, flags, 0o600)

    def write(self, sealed: bytes) -> None:
        assert self._fd is not None
        view = memoryview(sealed)
        while view:
            view = view[os.write(self._fd, view) :]

    def keep(self) -> None:
        assert self._fd is not None
        if self._sync:
            os.fsync(self._fd)
        os.close(self._fd)
        self._fd = None
        self._place.parent.mkdir(mode=0o700, exist_ok=True)
        self._path.replace(self._place)
        if self._sync:
            # each of them may be new in the one above it
            for directory in (self._place.parent, self._directory, self._directory.parent):
                _sync_directory(directory)

    def drop(self) -> None:
        fd, self._fd = self._fd, None
        if fd is not None:
            os.close(fd)
        self._path.unlink(missing_ok=True)


class MemoryBlobs(Blobs):
    """Blobs in a dict. `now` gives the real instant, for `sweep`."""

    def __init__(self, now: Callable[[], float] | None = None) -> None:
        super().__init__()
        self._blobs: dict[str, tuple[bytes, float]] = {}
        self._now = now or (lambda: 0.0)

    def writer(self) -> BlobWriter:
        """A new blob, to be written piece by piece."""
        name = secrets.token_hex(_ID_LENGTH // 2)
        return BlobWriter(name, self._sink(name))

    def names(self) -> list[str]:
        """The names of all blobs."""
        return list(self._blobs)

    def remove(self, name: str) -> None:
        """Remove a blob; harmless when it is not there."""
        self._blobs.pop(name, None)

    def sweep(self, is_referenced: Callable[[str], bool], older_than: float) -> int:
        """Remove unreferenced blobs put before a real instant."""
        gone = [name for name, (_, at) in self._blobs.items() if at < older_than and not is_referenced(name)]
        for name in gone:
            del self._blobs[name]
        return len(gone)

    def _sink(self, name: str = "") -> _Memory:
        return _Memory(self, name)

    def _open(self, name: str) -> IO[bytes]:
        import io

        try:
            return io.BytesIO(self._blobs[name][0])
        except KeyError:
            raise BlobMissing(f"there is no blob {name}") from None

    def keep(self, name: str, sealed: bytes) -> None:
        """Take in a whole blob."""
        self._blobs[name] = sealed, self._now()


class _Memory:
    """Collects the pieces of one blob."""

    def __init__(self, blobs: MemoryBlobs, name: str) -> None:
        self._blobs = blobs
        self._name = name
        self._pieces: list[bytes] = []

    def write(self, sealed: bytes) -> None:
        self._pieces.append(sealed)

    def keep(self) -> None:
        self._blobs.keep(self._name, b"".join(self._pieces))

    def drop(self) -> None:
        self._pieces = []


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


def _nothing() -> None: ...


def _nonce(number: int) -> bytes:
    return number.to_bytes(12, "big")


def _opened(file: IO[bytes], key: bytes, start: int, stop: int) -> Iterator[bytes]:
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    decrypt = AESGCM(key).decrypt
    number = start // PIECE
    sealed = bytearray(PIECE + _TAG)  # one for all pieces: memory that is in the cache already
    with file, memoryview(sealed) as view:
        file.seek(number * (PIECE + _TAG))
        at = number * PIECE
        while at < stop:
            size = file.readinto(sealed)  # type: ignore[attr-defined]  # every file that can be opened here has it
            try:
                piece = decrypt(_nonce(number), view[:size], None)
            except (InvalidTag, ValueError):
                raise HaarError("a blob is damaged: its bytes are not those that were written") from None
            if at < start or at + len(piece) > stop:
                piece = piece[max(start - at, 0) : stop - at]
            yield piece
            number += 1
            at = number * PIECE


def _checked(name: str) -> str:
    # a name comes from a stored record; anything else must not lead out of the directory
    if len(name) != _ID_LENGTH or not all(digit in "0123456789abcdef" for digit in name):
        raise BlobMissing(f"{name!r} is not the name of a blob")
    return name


def _place(directory: Path, name: str) -> Path:
    return directory / _checked(name)[:2] / name


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
