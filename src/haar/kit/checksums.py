"""Checksums of bytes that come in pieces, by the names S3 gives them, and the checksum of a whole from its parts'.

`calculator("CRC64NVME")` has hashlib's shape: `update`, `digest` (big-endian for the CRCs). `TREE-SHA256` is S3
Glacier's: the SHA-256 of every MiB, one behind the other, from which the hash of any node of the tree follows.
Docs: Amazon S3 User Guide, checking-object-integrity-upload.html; S3 Glacier Developer Guide,
checksum-calculations.html.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from awscrt.checksums import XXHash

__all__ = [
    "ALGORITHMS",
    "COMBINABLE",
    "LENGTHS",
    "TREE",
    "TREE_LEAF_BYTES",
    "Calculator",
    "calculator",
    "combined",
    "whole",
]

#: S3 Glacier's algorithm, and the bytes under one leaf of its tree.
TREE = "TREE-SHA256"
TREE_LEAF_BYTES = 1024 * 1024


class Calculator(Protocol):
    """A checksum in the making."""

    def update(self, data: bytes | bytearray | memoryview, /) -> object:
        """Take in more bytes."""

    def digest(self) -> bytes:
        """The checksum of what was taken in so far."""


class _Crc:
    """A function `(data, previous) -> next` in the shape of a hashlib object."""

    __slots__ = ("_next", "_size", "_value")

    def __init__(self, following: Callable[..., int], size: int) -> None:
        self._next = following
        self._size = size
        self._value = 0

    def update(self, data: bytes | bytearray | memoryview, /) -> None:
        self._value = self._next(data, self._value)

    def digest(self) -> bytes:
        return self._value.to_bytes(self._size, "big")


class _XxHash:
    """One of awscrt's XXHASHes in the shape of a hashlib object; asked for its digest, it takes in nothing more."""

    __slots__ = ("_found", "_hash")

    def __init__(self, hasher: XXHash) -> None:
        self._hash = hasher
        self._found = b""

    def update(self, data: bytes | bytearray | memoryview, /) -> None:
        self._hash.update(data)

    def digest(self) -> bytes:
        self._found = self._found or self._hash.finalize()
        return self._found


class _Leaves:
    """The SHA-256 of every MiB of bytes that come in pieces of any size, in the shape of a hashlib object."""

    __slots__ = ("_digest", "_done", "_room")

    def __init__(self) -> None:
        self._done = bytearray()
        self._digest, self._room = hashlib.sha256(), TREE_LEAF_BYTES

    def update(self, data: bytes | bytearray | memoryview, /) -> None:
        with memoryview(data) as view:
            at = 0
            while at < len(view):
                step = min(self._room, len(view) - at)
                self._digest.update(view[at : at + step])
                at += step
                self._room -= step
                if not self._room:
                    self._done += self._digest.digest()
                    self._digest, self._room = hashlib.sha256(), TREE_LEAF_BYTES

    def digest(self) -> bytes:
        """The hashes of what was taken in so far, 32 bytes each; of nothing, one hash."""
        if self._done and self._room == TREE_LEAF_BYTES:
            return bytes(self._done)
        return bytes(self._done) + self._digest.digest()


def _crc32() -> Calculator:
    return _Crc(zlib.crc32, 4)


def _crc32c() -> Calculator:
    from awscrt.checksums import crc32c

    return _Crc(crc32c, 4)


def _crc64nvme() -> Calculator:
    from awscrt.checksums import crc64nvme

    return _Crc(crc64nvme, 8)


def _xxhash(kind: str) -> Callable[[], Calculator]:
    def made() -> Calculator:
        from awscrt.checksums import XXHash

        return _XxHash(getattr(XXHash, f"new_{kind}")())

    return made


_MAKERS: dict[str, Callable[[], Calculator]] = {
    "CRC32": _crc32,
    "CRC32C": _crc32c,
    "CRC64NVME": _crc64nvme,
    "SHA1": lambda: hashlib.sha1(usedforsecurity=False),
    "SHA256": hashlib.sha256,
    "SHA512": hashlib.sha512,
    "MD5": lambda: hashlib.md5(usedforsecurity=False),
    "XXHASH64": _xxhash("xxhash64"),
    "XXHASH3": _xxhash("xxhash3_64"),
    "XXHASH128": _xxhash("xxhash3_128"),
}

#: The algorithms S3 knows, and how many bytes each gives.
ALGORITHMS = tuple(_MAKERS)
LENGTHS = {
    "CRC32": 4, "CRC32C": 4, "CRC64NVME": 8, "SHA1": 20, "SHA256": 32, "SHA512": 64, "MD5": 16,
    "XXHASH64": 8, "XXHASH3": 8, "XXHASH128": 16,
}  # fmt: skip
_MAKERS[TREE] = _Leaves
#: What small objects are asked for: without a calculator they take half the time.
_WHOLE: dict[str, Callable[[bytes], bytes]] = {
    "CRC32": lambda data: zlib.crc32(data).to_bytes(4, "big"),
    "SHA256": lambda data: hashlib.sha256(data).digest(),
    "MD5": lambda data: hashlib.md5(data, usedforsecurity=False).digest(),
}
#: Those whose value for a whole follows from the values of its parts.
COMBINABLE = frozenset(("CRC32", "CRC32C", "CRC64NVME"))


def calculator(algorithm: str) -> Calculator:
    """A fresh calculator. KeyError for an algorithm that is none."""
    return _MAKERS[algorithm]()


def whole(algorithm: str, data: bytes) -> bytes:
    """The checksum of bytes that are all there. KeyError for an algorithm that is none."""
    made = _WHOLE.get(algorithm)
    if made is not None:
        return made(data)
    calculator = _MAKERS[algorithm]()
    calculator.update(data)
    return calculator.digest()


def combined(algorithm: str, parts: Iterable[tuple[bytes, int]]) -> bytes:
    """The checksum of a whole, from (checksum, size in bytes) of its parts in order. KeyError unless COMBINABLE."""
    from awscrt import checksums

    combine = {
        "CRC32": checksums.combine_crc32,
        "CRC32C": checksums.combine_crc32c,
        "CRC64NVME": checksums.combine_crc64nvme,
    }[algorithm]
    value = 0
    for digest, size in parts:
        value = combine(value, int.from_bytes(digest, "big"), size)
    return value.to_bytes(LENGTHS[algorithm], "big")
