"""Bodies of any size: how an operation gets one, keeps it, and gives it back, without ever holding it in memory.

A payload member that the model calls streaming arrives as a `Body`, whole: small ones as bytes, large ones already
lying encrypted in the blob store, with their digests computed on the way in. So an operation stays an ordinary
function in one transaction, and may be run again::

    @s3.operation
    def put_object(call, bucket, request):
        body = request.get("Body") or Body.EMPTY
        etag = body.digest("MD5").hex()
        call.tx.put(Version(..., content=body.keep(call, seal, about)))


    @s3.operation
    def get_object(call, version, request):
        return {"Body": version.content.stream(call, seal, about, start, length), "ContentLength": length}

What is kept is encrypted: small content by the seal itself, a blob by a key of its own that the seal seals. A `Kept`
sealed anew (`resealed`) is a copy that copies no bytes. `keeps(Version, "content")` counts who refers to a blob; what
nobody refers to any more is removed after the commit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from operator import attrgetter
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec

from haar.kit import checksums
from haar.record import Record, key, on_change
from haar.store.blobs import Blob
from haar.wire.http import Stream

if TYPE_CHECKING:
    from haar.kit.call import Call
    from haar.kit.ports import Ports
    from haar.kit.sealing import Seal
    from haar.store.blobs import Blobs
    from haar.store.store import Store
    from haar.store.transaction import Transaction

__all__ = ["INLINE_MAX", "BlobUse", "Body", "Kept", "Orphan", "Stream", "chained", "keeps"]

#: Content up to this many bytes lies in its row, larger content in a blob.
INLINE_MAX = 64 * 1024


class Body:
    """What a client sent as the payload of an operation that streams."""

    EMPTY: ClassVar[Body]

    __slots__ = ("_blob", "_blobs", "_data", "_digests", "size")

    def __init__(self, data: bytes = b"") -> None:
        self._data: bytes | None = data
        self._blob: Blob | None = None
        self._blobs: Blobs | None = None
        self._digests: dict[str, bytes] = {}
        #: in bytes
        self.size = len(data)

    @classmethod
    def of(cls, value: Any) -> Body:
        """A body of what a caller gave: bytes, a text, or a body already."""
        if isinstance(value, Body):
            return value
        return cls(value.encode() if isinstance(value, str) else bytes(value or b""))

    @classmethod
    def spooled(cls, blobs: Blobs, blob: Blob, digests: dict[str, bytes]) -> Body:
        """A body that lies in the blob store; digests by algorithm, as far as they were computed on the way in."""
        body = cls()
        body._data, body._blob, body._blobs, body._digests = None, blob, blobs, digests
        body.size = blob.size
        return body

    def drop_unless_kept(self, store: Store) -> None:
        """Remove what was spooled of it, unless a row refers to that: the call it came with is over."""
        blob, blobs = self._blob, self._blobs
        if blob is None or blobs is None:
            return
        with store.transaction(write=False) as tx:
            is_kept = tx.any(BlobUse, blob.id)
        if not is_kept:
            self.drop()

    def drop(self) -> None:
        """Remove what was spooled of it, which no row refers to."""
        if self._blob is not None and self._blobs is not None:
            self._blobs.remove(self._blob.id)

    def __len__(self) -> int:
        return self.size

    def __bool__(self) -> bool:
        return True

    def __repr__(self) -> str:
        return f"<Body of {self.size} bytes>"

    def pieces(self) -> Iterator[bytes]:
        """The bytes, a piece at a time; may be asked again."""
        if self._data is not None:
            return iter((self._data,)) if self._data else iter(())
        assert self._blob is not None and self._blobs is not None
        return self._blobs.read(self._blob)

    def read(self) -> bytes:
        """All bytes at once: for what is known to be small."""
        return self._data if self._data is not None else b"".join(self.pieces())

    def digest(self, algorithm: str) -> bytes:
        """A checksum by its name in `haar.kit.checksums`; computed once."""
        found = self._digests.get(algorithm)
        if found is None:
            if self._data is not None:
                found = checksums.whole(algorithm, self._data)
            else:
                calculator = checksums.calculator(algorithm)
                for piece in self.pieces():
                    calculator.update(piece)
                found = calculator.digest()
            self._digests[algorithm] = found
        return found

    def keep(self, call: Call, seal: Seal, about: bytes = b"") -> Kept:
        """The content, put where it stays, encrypted; to be stored in a record whose kind `keeps` it.

        Raises StoreFull.
        """
        if self.size <= INLINE_MAX:
            return Kept(size=self.size, sealed=seal.seal(self.read(), about))
        if self._blob is None:
            self._blobs = call.ports.blobs
            self._blob = self._blobs.put(self.pieces())  # an operation that is run again finds it here
        return Kept(size=self.size, sealed=seal.seal(self._blob.key, about), blob=self._blob.id)


Body.EMPTY = Body()


class Kept(msgspec.Struct, frozen=True, omit_defaults=True):
    """Content that is kept: its size, and sealed the content itself or the key of the blob it lies in."""

    size: int
    sealed: bytes
    blob: str = ""

    def pieces(
        self, call: Call, seal: Seal, about: bytes = b"", start: int = 0, length: int | None = None
    ) -> Iterator[bytes]:
        """The bytes from `start` on, `length` of them at most. Raises SealBroken, BlobMissing."""
        opened = seal.open(self.sealed, about)
        if self.blob:
            return call.ports.blobs.read(Blob(self.blob, self.size, opened), start, length)
        if start or length is not None:
            opened = opened[start : None if length is None else start + length]
        return iter((opened,))

    def stream(
        self, call: Call, seal: Seal, about: bytes = b"", start: int = 0, length: int | None = None
    ) -> Stream | bytes:
        """The same as a reply's payload: bytes when it is small, else a stream."""
        left = max(min(self.size - start, self.size if length is None else length), 0)
        if not self.blob:
            opened = seal.open(self.sealed, about)
            return opened if left == self.size else opened[start : start + left]
        # opened now: what is removed while it is being sent is still sent to its end
        found = self.pieces(call, seal, about, start, left)
        return Stream(lambda: found, left)

    def resealed(self, seal: Seal, about: bytes, anew: Seal, about_anew: bytes) -> Kept:
        """The same content, sealed by another seal or about something else: a copy, without copying bytes."""
        return Kept(size=self.size, sealed=anew.seal(seal.open(self.sealed, about), about_anew), blob=self.blob)


def chained(call: Call, parts: Iterable[tuple[Kept, Seal, bytes]], start: int, length: int) -> Stream:
    """One stream over content in several parts, given with the seal of each and what it is about."""
    wanted: list[tuple[Kept, bytes, int, int]] = []
    at = 0
    for kept, seal, about in parts:
        first, last = max(start - at, 0), min(start + length - at, kept.size)
        if first < last:
            wanted.append((kept, seal.open(kept.sealed, about), first, last - first))
        at += kept.size
    blobs = call.ports.blobs
    names = [kept.blob for kept, _, _, _ in wanted if kept.blob]
    blobs.hold(names)

    def pieces() -> Iterator[bytes]:
        for kept, opened, first, size in wanted:
            if kept.blob:
                yield from blobs.read(Blob(kept.blob, kept.size, opened), first, size)
            else:
                yield opened[first : first + size]

    return Stream(pieces, length, done=lambda: blobs.let_go(names))


class BlobUse(Record, table="kit.BlobUse"):
    """A row that refers to a blob."""

    blob: str = key()
    holder: str = key()


class Orphan(Record, table="kit.Orphan"):
    """A blob that nobody refers to any more, to be removed once that is certain."""

    blob: str = key()


def keeps(kind: type[Record], field: str) -> None:
    """Declare that a field of a kind holds `Kept` content, or a list of it, or None: its blobs live as long as it."""

    get = attrgetter(field)

    @on_change(kind)
    def count(tx: Transaction, old: Any, new: Any) -> None:
        before = _blobs_of(get(old)) if old is not None else ()
        after = _blobs_of(get(new)) if new is not None else ()
        if before == after:
            return
        row = new if new is not None else old
        holder = f"{kind.__table__}/{field}/{msgspec.json.encode(row.key).decode()}"
        for blob in after:
            if blob not in before:
                tx.put(BlobUse(blob=blob, holder=holder))
        for blob in before:
            if blob not in after:
                tx.delete(BlobUse, blob, holder)
                if not tx.any(BlobUse, blob):
                    tx.put(Orphan(blob=blob))


def _blobs_of(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    if isinstance(value, Kept):
        return (value.blob,) if value.blob else ()
    if len(value) == 1:
        blob = value[0].blob
        return (blob,) if blob else ()
    return tuple(dict.fromkeys(one.blob for one in value if one.blob))


ORPHANS_BATCH = 1000


def sweep(ports: Ports) -> Callable[[], int]:
    """Forget the orphans in a transaction of its own; the answer removes their bytes, once that commit is kept."""
    with ports.store.transaction() as tx:
        rows = list(tx.range(Orphan, limit=ORPHANS_BATCH))
        gone = []
        for row in rows:
            if ports.blobs.is_held(row.blob):
                continue
            tx.delete(row)
            if not tx.any(BlobUse, row.blob):
                gone.append(row.blob)

    def remove() -> int:
        for name in gone:
            ports.blobs.remove(name)
        return len(gone)

    return remove


def sweep_abandoned(ports: Ports, older_than: float) -> int:
    """Remove blobs that no row refers to and that were written before a real instant: what a crash left behind."""
    with ports.store.transaction(write=False) as tx:
        return ports.blobs.sweep(lambda name: tx.any(BlobUse, name), older_than)
