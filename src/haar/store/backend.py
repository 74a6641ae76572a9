"""What a place to keep bytes must be able to do, and how it says that it cannot.

A backend keeps an ordered map from bytes to bytes (neither empty keys nor keys past 64 KiB) and changes it
in transactions. Records, indexes and keys with meaning are made of it one floor up, in `haar.store.transaction`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from haar.errors import HaarError

__all__ = ["PAGE", "Backend", "RawTransaction", "StoreInUse", "StoreTooNew", "StoreUnreadable"]

#: Rows a scan reads ahead at most, where the caller gives no limit.
PAGE = 256


class StoreInUse(HaarError):
    """Another Haar holds this data directory."""


class StoreTooNew(HaarError):
    """The store was written by a newer Haar in a format that this one does not know."""


class StoreUnreadable(HaarError):
    """A saved store is damaged, cut short or not one."""


class RawTransaction(Protocol):
    """Bytes by key, seen as they were when the transaction began, plus its own writes.

    Any method may raise `Conflict` (run everything again) or `StoreFull`; after either, only `abort` makes sense.
    """

    def get(self, key: bytes) -> bytes | None:
        """The value under a key, or None."""
        ...

    def put(self, key: bytes, value: bytes) -> None:
        """Write a value, over what was there."""
        ...

    def delete(self, key: bytes) -> bool:
        """Remove a key; False when there was none."""
        ...

    def scan(
        self, start: bytes, stop: bytes, *, reverse: bool = False, limit: int | None = None
    ) -> Iterator[tuple[bytes, bytes]]:
        """The rows with start <= key < stop, in the order of their keys, at most `limit`.

        The transaction may write while a scan is open. Rows are read a page of at most `PAGE` at a time: a
        write behind the last page read is seen, a write inside it is not.
        """
        ...

    def claim(self, start: bytes, stop: bytes, *, limit: int) -> list[tuple[bytes, bytes]]:
        """As a forward `scan`, but without the rows that another node's open transaction has claimed."""
        ...

    def count(self, start: bytes, stop: bytes) -> int:
        """How many keys there are with start <= key < stop."""
        ...

    def any(self, start: bytes, stop: bytes) -> bool:
        """Whether there is a key with start <= key < stop."""
        ...

    def clear(self) -> None:
        """Remove every row."""
        ...

    def notify(self, payloads: list[str]) -> None:
        """Tell other nodes, if this transaction commits. Each payload is below 8,000 bytes."""
        ...

    def commit(self) -> None:
        """Make all writes seen at once. When this raises, nothing was written."""
        ...

    def abort(self) -> None:
        """Forget all writes. Harmless on a transaction that has ended."""
        ...


class Backend(Protocol):
    """A place to keep bytes."""

    #: Whether other processes may write to the same store at the same time.
    multi_node: bool

    def begin(self, *, write: bool = True) -> RawTransaction:
        """A new transaction. One writing transaction may be open at a time, except where `multi_node` is true."""
        ...

    def begin_group(self) -> None:
        """From here on, commits may be kept together, by `end_group`. Where that saves nothing, nothing happens."""
        ...

    def end_group(self) -> None:
        """Keep what was committed since `begin_group`. When this raises, none of it was kept. Harmless without one."""
        ...

    def sync(self) -> None:
        """Return when everything committed so far would survive a power cut."""
        ...

    def clear(self) -> None:
        """Remove every row, in a transaction of its own."""
        ...

    def notification_fd(self) -> int | None:
        """A file descriptor that becomes readable when another node has notified; None where there are no others."""
        ...

    def notifications(self) -> list[str]:
        """The payloads other nodes sent since the last call. Never waits."""
        ...

    def close(self) -> None:
        """Let go of files and connections."""
        ...
