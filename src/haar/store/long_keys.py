"""Keys of any length over an ordered map whose keys are short.

LMDB takes keys of 511 bytes, a PostgreSQL index entries of some 2,700; an S3 key alone has up to 1,024 and a
DynamoDB key more. So a backend mixes in `LongKeys`, says how long a key it can `hold`, and keeps two spaces:

    space 0     key, up to `hold` bytes                        -> value
                head of `hold` bytes + 00                      -> (nothing): long keys with this head exist
    space 1     digest of the head + the rest of the long key  -> value
                (a rest that is still too long is cut again, in space 1)

A key of `hold` + 1 bytes can only be such a signpost, and it stands exactly where its long keys belong in the
order. Finding a key is one lookup, whatever its length; scans go down at signposts. Short keys cost nothing.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from hashlib import blake2b

from haar.store.backend import PAGE

__all__ = ["LongKeys", "Rows"]

Rows = list[tuple[bytes, bytes]]

_DIGEST_BYTES = 16


class LongKeys:
    """Get, put, delete and scan by keys of any length. Subclasses bring the short-keyed map."""

    __slots__ = ()

    #: The longest key kept as it is, in bytes; the map takes one more.
    hold: int

    @abstractmethod
    def _get(self, space: int, key: bytes) -> bytes | None: ...

    @abstractmethod
    def _put(self, space: int, key: bytes, value: bytes) -> None: ...

    @abstractmethod
    def _delete(self, space: int, key: bytes) -> bool: ...

    @abstractmethod
    def _page(self, space: int, low: bytes, high: bytes, reverse: bool, size: int) -> Rows:
        """The first (or last) `size` rows with low <= key < high."""

    def _get_long(self, key: bytes) -> bytes | None:
        return self._get(1, self._heads(key)[1])

    def _put_long(self, key: bytes, value: bytes) -> None:
        heads, rest = self._heads(key)
        for space, head in heads:
            self._put(space, head + b"\0", b"")
        self._put(1, rest, value)

    def _delete_long(self, key: bytes) -> bool:
        heads, rest = self._heads(key)
        if not self._delete(1, rest):
            return False
        for space, head in reversed(heads):  # take down the signposts that lead nowhere now
            below = _digest(space, head)
            if self._page(1, below, _behind(below), False, 1):
                break
            self._delete(space, head + b"\0")
        return True

    def scan(
        self, start: bytes, stop: bytes, *, reverse: bool = False, limit: int | None = None
    ) -> Iterator[tuple[bytes, bytes]]:
        """The rows with start <= key < stop, a copied page at a time."""
        left = PAGE if limit is None else limit
        while left > 0 and start < stop:
            size = min(left, PAGE)
            page = self._from_top(start, stop, reverse, size)
            yield from page
            if len(page) < size:
                return
            if limit is not None:
                left -= size
            if reverse:
                stop = page[-1][0]
            else:
                start = page[-1][0] + b"\0"

    def _from_top(self, start: bytes, stop: bytes, reverse: bool, size: int) -> Rows:
        """Up to `size` rows; where there are no signposts, a page is what the map itself answers."""
        hold = self.hold
        if len(start) <= hold and len(stop) <= hold:
            page = self._page(0, start, stop, reverse, size)
            for key, _ in page:
                if len(key) > hold:
                    break
            else:
                return page
        return self._rows(0, b"", b"", start, stop, reverse, size)

    def _rows(
        self, space: int, base: bytes, stands_for: bytes, low: bytes, high: bytes, reverse: bool, size: int
    ) -> Rows:
        """Up to `size` rows between two keys of one level, whose keys begin with `base` in place of `stands_for`."""
        hold = self.hold
        signpost = hold + 1
        # a bound longer than the map's keys lies below a signpost, which must be among what is read
        first = low if len(low) <= hold else low[:hold] + b"\0"
        last = high if len(high) <= hold else high[:hold] + b"\1"
        found: Rows = []
        while first < last:
            wanted = size - len(found)
            page = self._page(space, first, last, reverse, wanted)
            for key, value in page:
                if len(found) == size:  # what an earlier signpost stood for has filled it
                    break
                if len(key) != signpost:
                    found.append((stands_for + key[len(base) :], value) if base else (key, value))
                    continue
                head = key[:hold]
                below = _digest(space, head)
                found += self._rows(
                    1,
                    below,
                    stands_for + head[len(base) :],
                    below + low[hold:] if low.startswith(head) else below,
                    below + high[hold:] if high.startswith(head) else _behind(below),
                    reverse,
                    size - len(found),
                )
            if len(found) == size or len(page) < wanted:
                break
            if reverse:
                last = page[-1][0]
            else:
                first = page[-1][0] + b"\0"
        return found

    def count(self, start: bytes, stop: bytes) -> int:
        """How many keys there are with start <= key < stop."""
        return sum(1 for _ in self.scan(start, stop))

    def any(self, start: bytes, stop: bytes) -> bool:
        """Whether there is a key with start <= key < stop."""
        return next(self.scan(start, stop, limit=1), None) is not None

    def _heads(self, key: bytes) -> tuple[list[tuple[int, bytes]], bytes]:
        """The heads that a long key is cut into, with their spaces, and the key its value is under in space 1."""
        heads = []
        space = 0
        while len(key) > self.hold:
            head = key[: self.hold]
            heads.append((space, head))
            key = _digest(space, head) + key[self.hold :]
            space = 1
        return heads, key


def _digest(space: int, head: bytes) -> bytes:
    return blake2b(head, digest_size=_DIGEST_BYTES, person=b"haar key %d" % space).digest()


def _behind(digest: bytes) -> bytes:
    """The first key behind all that begin with a digest (one of FF alone would take 2^128 tries to meet)."""
    return (int.from_bytes(digest, "big") + 1).to_bytes(len(digest), "big")
