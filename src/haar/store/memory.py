"""The store in memory: for tests and for clouds that need not outlive their process.

Rows are in a sorted dict. A transaction writes straight into it and keeps the old values, which an abort puts
back. There are no snapshots: transactions run one after another, as everything in one process does anyway.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from sortedcontainers import SortedDict

from haar.store.backend import PAGE, RawTransaction

__all__ = ["MemoryBackend", "MemoryTransaction"]


class MemoryTransaction:
    """Writes in place, remembering how to take it back."""

    __slots__ = ("_backend", "_rows", "_undo", "_write")

    def __init__(self, backend: MemoryBackend, rows: SortedDict[bytes, bytes], write: bool) -> None:
        self._backend = backend
        self._rows = rows
        self._write = write
        self._undo: list[tuple[bytes, bytes | None]] = []

    def get(self, key: bytes) -> bytes | None:
        """The value under a key, or None."""
        return self._rows.get(key)

    def put(self, key: bytes, value: bytes) -> None:
        """Write a value, over what was there."""
        assert self._write, "this transaction only reads"
        self._undo.append((key, self._rows.get(key)))
        self._rows[key] = value

    def delete(self, key: bytes) -> bool:
        """Remove a key; False when there was none."""
        assert self._write, "this transaction only reads"
        old = self._rows.pop(key, None)
        if old is None:
            return False
        self._undo.append((key, old))
        return True

    def scan(
        self, start: bytes, stop: bytes, *, reverse: bool = False, limit: int | None = None
    ) -> Iterator[tuple[bytes, bytes]]:
        """The rows with start <= key < stop, a copied page at a time."""
        rows = self._rows
        left = PAGE if limit is None else limit
        while left > 0 and start < stop:
            size = min(left, PAGE)
            page = list(islice(rows.irange(start, stop, (True, False), reverse), size))
            values = [rows[key] for key in page]
            yield from zip(page, values, strict=True)
            if len(page) < size:
                return
            if limit is not None:
                left -= size
            if reverse:
                stop = page[-1]
            else:
                start = page[-1] + b"\0"

    def claim(self, start: bytes, stop: bytes, *, limit: int) -> list[tuple[bytes, bytes]]:
        """The first rows of a range; nobody else is there to claim them."""
        return list(self.scan(start, stop, limit=limit))

    def count(self, start: bytes, stop: bytes) -> int:
        """How many keys there are with start <= key < stop."""
        if start >= stop:
            return 0
        return self._rows.bisect_left(stop) - self._rows.bisect_left(start)

    def any(self, start: bytes, stop: bytes) -> bool:
        """Whether there is a key with start <= key < stop."""
        return self.count(start, stop) > 0

    def clear(self) -> None:
        """Remove every row."""
        self._undo.extend(self._rows.items())
        self._rows.clear()

    def notify(self, payloads: list[str]) -> None:
        """Nobody else listens."""

    def commit(self) -> None:
        """Keep what was written."""
        self._undo.clear()
        self._end()

    def abort(self) -> None:
        """Put back what was there before."""
        rows = self._rows
        for key, old in reversed(self._undo):
            if old is None:
                del rows[key]
            else:
                rows[key] = old
        self._undo.clear()
        self._end()

    def _end(self) -> None:
        if self._backend.writer is self:
            self._backend.writer = None


class MemoryBackend:
    """Rows in a sorted dict."""

    multi_node = False

    def __init__(self) -> None:
        self.rows: SortedDict[bytes, bytes] = SortedDict()
        self.writer: MemoryTransaction | None = None

    def begin(self, *, write: bool = True) -> RawTransaction:
        """A new transaction."""
        transaction = MemoryTransaction(self, self.rows, write)
        if write:
            assert self.writer is None, "a writing transaction is open already; use that one"
            self.writer = transaction
        return transaction

    def begin_group(self) -> None:
        """There is nothing to save by it."""

    def end_group(self) -> None:
        """Nothing is left to keep."""

    def sync(self) -> None:
        """Memory outlives nothing; there is nothing to wait for."""

    def clear(self) -> None:
        """Remove every row."""
        self.rows.clear()

    def notification_fd(self) -> int | None:
        """There are no other nodes."""
        return None

    def notifications(self) -> list[str]:
        """There are no other nodes."""
        return []

    def close(self) -> None:
        """Forget everything."""
        self.rows.clear()
