"""A whole store in one file, readable by every backend.

    magic, 8 bytes: HAARROWS
    what follows, compressed with zlib:
        format of the rows, 4 bytes big-endian
        rows: length of the key, length of the value, 4 bytes each; the key; the value
        files, as rows whose keys begin with two zero bytes: a root key, or a piece of a blob, encrypted as it lies
        end: 8 zero bytes (no row has an empty key), the number of rows, 8 bytes
        the SHA-256 of everything above that is compressed, 32 bytes

The file is written beside its place and renamed when it is whole. Loading reads it twice: once to check it to
its end, once to replace all rows in one transaction.
"""

from __future__ import annotations

import hashlib
import os
import struct
import zlib
from collections.abc import Callable, Iterator
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from haar.store.backend import Backend, RawTransaction, StoreTooNew, StoreUnreadable
from haar.store.blobs import BlobMissing

if TYPE_CHECKING:
    from haar.store.files import Files

__all__ = ["dump", "load"]

_MAGIC = b"HAARROWS"
_LENGTHS = struct.Struct(">II")
_READ = 64 * 1024
_EVERYTHING = (b"\0", b"\xff" * 8)
_ROOT_KEY = b"\0\0root key"
_BLOB = b"\0\0blob\0"


def dump(backend: Backend, path: Path, version: int, files: Files | None = None) -> int:
    """Save all rows as of one moment, and the files beside them. Returns how many rows."""
    beside = path.with_name(path.name + ".part")
    raw = backend.begin(write=False)
    try:
        # access keys are inside: for the owner's eyes alone, and never through a link that somebody left there
        beside.unlink(missing_ok=True)
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as file:
            count = _write(raw, file, version, files)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
        return count
    finally:
        raw.abort()
        beside.unlink(missing_ok=True)


def load(
    backend: Backend,
    path: Path,
    newest: int,
    announce: Callable[[RawTransaction], None],
    files: Files | None = None,
) -> int:
    """Replace all rows and files by the saved ones, or change nothing. Returns how many rows there are."""
    with path.open("rb") as file:
        for _ in _read(file, newest):
            pass
        before = set(files.blobs.names()) if files is not None else set()
        if files is not None:
            # keys and blobs first: they are in nobody's way, and the rows that need them come last
            file.seek(0)
            before -= _restore(_read(file, newest), files)
        raw = backend.begin()
        try:
            raw.clear()
            count = 0
            file.seek(0)
            for key, value in _read(file, newest):
                if not key.startswith(b"\0\0"):
                    raw.put(key, value)
                    count += 1
            announce(raw)
            raw.commit()
        except BaseException:
            raw.abort()
            raise
        if files is not None:
            for name in before:
                files.blobs.remove(name)
        return count


def _restore(rows: Iterator[tuple[bytes, bytes]], files: Files) -> set[str]:
    """Put back keys and blobs; the names of the blobs."""
    keys = []
    names = set()
    special = ((key, value) for key, value in rows if key.startswith(b"\0\0"))
    for key, group in groupby(special, lambda row: row[0]):
        if key == _ROOT_KEY:
            keys += [value for _, value in group]
        elif key.startswith(_BLOB):
            name = key[len(_BLOB) :].decode("ascii")
            files.blobs.restore(name, (value for _, value in group))
            names.add(name)
    if keys:
        files.add(keys)
    return names


def _write(raw: RawTransaction, file: BinaryIO, version: int, files: Files | None) -> int:
    squeeze = zlib.compressobj(1)
    seen = hashlib.sha256()

    def put(piece: bytes) -> None:
        seen.update(piece)
        file.write(squeeze.compress(piece))

    file.write(_MAGIC)
    put(version.to_bytes(4, "big"))
    count = 0
    for key, value in raw.scan(*_EVERYTHING):
        put(_LENGTHS.pack(len(key), len(value)) + key + value)
        count += 1
    total = count
    for key, value in _beside(files) if files is not None else ():
        put(_LENGTHS.pack(len(key), len(value)) + key + value)
        total += 1
    put(_LENGTHS.pack(0, 0) + total.to_bytes(8, "big"))
    put(seen.digest())
    file.write(squeeze.flush())
    return count


def _beside(files: Files) -> Iterator[tuple[bytes, bytes]]:
    names = files.blobs.names()
    if names or files.folder is None or (files.folder / "root.key").exists():
        for root_key in files.root_keys():
            yield _ROOT_KEY, root_key
    for name in names:
        key = _BLOB + name.encode("ascii")
        try:
            for piece in files.blobs.stored(name):
                yield key, piece
        except BlobMissing:
            continue  # swept meanwhile: the rows as of that moment do not refer to it


def _read(file: BinaryIO, newest: int) -> Iterator[tuple[bytes, bytes]]:
    if file.read(len(_MAGIC)) != _MAGIC:
        raise StoreUnreadable("this is not a saved Haar store")
    source = _Inflated(file)
    version = int.from_bytes(source.take(4), "big")
    if version > newest:
        raise StoreTooNew(f"saved with format {version}; this Haar knows formats up to {newest}. Update Haar.")
    count = 0
    while True:
        key_size, value_size = _LENGTHS.unpack(source.take(8))
        if key_size == 0:
            break
        key = source.take(key_size)
        yield key, source.take(value_size)
        count += 1
    expected = int.from_bytes(source.take(8), "big")
    digest = source.seen.digest()
    if expected != count or source.take(32) != digest:
        raise StoreUnreadable("the saved store is damaged: its checksum does not match")


class _Inflated:
    """Takes so many bytes at a time from a compressed file, hashing what it gives."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._inflate = zlib.decompressobj()
        self._ahead = bytearray()
        self.seen = hashlib.sha256()

    def take(self, size: int) -> bytes:
        while len(self._ahead) < size:
            piece = self._file.read(_READ)
            if not piece:
                raise StoreUnreadable("the saved store is cut short")
            try:
                self._ahead += self._inflate.decompress(piece)
            except zlib.error as error:
                raise StoreUnreadable(f"the saved store is damaged: {error}") from None
        taken = bytes(self._ahead[:size])
        del self._ahead[:size]
        self.seen.update(taken)
        return taken
