"""The bytes of archives: taken in, hashed, kept in pieces, read again, dropped."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from haar.kit import Body, Call, Stream, chained, on_change, replace
from haar.kit.checksums import TREE
from haar.services.glacier import rules
from haar.services.glacier.resources import Archive, Discard, Job, Piece, Tally, Upload, by_contents
from haar.services.glacier.service import ARCHIVE_BYTES_MAX, glacier, invalid, lacking

if TYPE_CHECKING:
    from haar.store.transaction import Transaction

#: Pieces removed in one transaction.
DISCARD_BATCH = 500


def received(call: Call, request: Any, contents: str, start: int) -> Piece:
    """The body of a request as a piece that is kept.

    Raises MissingParameterValueException without its tree hash and InvalidParameterValueException for a wrong one.
    """
    body = body_of(request)
    leaves = body.digest(TREE)
    root = rules.tree_hash(leaves)
    check_hash(request, root)
    about = f"glacier/{contents}/{start}".encode()
    kept = body.keep(call, call.ports.sealer, about)
    piece = Piece(contents=contents, start=start, size=body.size, leaves=leaves, tree_hash=root, kept=kept)
    return call.tx.put(piece)


def check_length(length: int | None) -> None:
    """Refuse a body that is announced as larger than any archive or part."""
    if length is not None and length > ARCHIVE_BYTES_MAX:
        raise invalid(f"Invalid Content-Length: {length}")


def body_of(request: Any) -> Body:
    """The body of a request; an empty one where there is none."""
    return Body.of(request.get("body") or Body.EMPTY)


def check_hash(request: Any, root: bytes) -> None:
    """Refuse a tree hash that is not that of the bytes."""
    given = request.get("checksum")
    if not given:
        raise lacking("x-amz-sha256-tree-hash")
    if given.lower() != root.hex():
        raise invalid(f"Checksum mismatch: expected {given}, computed {root.hex()}")


def covering(tx: Transaction, contents: str, start: int, stop: int) -> list[Piece]:
    """The pieces that hold the bytes from `start` up to `stop`."""
    first = next(tx.range(Piece, contents, stop=start, reverse=True, limit=1))
    return list(tx.range(Piece, contents, start=first.start, stop=stop - 1))


def range_hash(pieces: list[Piece], start: int, stop: int) -> str:
    """The tree hash of bytes that begin on a MiB, from the hashes of their pieces."""
    return rules.tree_hash(b"".join(_leaves(pieces, start, stop))).hex()


def _leaves(pieces: list[Piece], start: int, stop: int) -> Iterator[bytes]:
    for piece in pieces:
        first = max(start - piece.start, 0) // rules.MIB
        last = -(-(min(stop - piece.start, piece.size)) // rules.MIB)
        yield piece.leaves[first * rules.HASH_BYTES : last * rules.HASH_BYTES]


def stream(call: Call, pieces: list[Piece], start: int, stop: int) -> Stream | bytes:
    """The bytes from `start` up to `stop`, as a reply's payload."""
    sealer = call.ports.sealer
    if len(pieces) == 1:
        (piece,) = pieces
        return piece.kept.stream(call, sealer, piece.about, start - piece.start, stop - start)
    parts = [(piece.kept, sealer, piece.about) for piece in pieces]
    return chained(call, parts, start - pieces[0].start, stop - start)


# -- dropping ------------------------------------------------------------------------------------------------------


def drop(call: Call, contents: str) -> None:
    """Remove the pieces of something, at once or, where they are many, soon."""
    if _discard(call.tx, contents):
        call.emit(Discard(contents=contents))


def _discard(tx: Transaction, contents: str) -> bool:
    """Remove some pieces; whether there are more."""
    pieces = list(tx.range(Piece, contents, limit=DISCARD_BATCH + 1))
    for piece in pieces[:DISCARD_BATCH]:
        tx.delete(piece)
    return len(pieces) > DISCARD_BATCH


@glacier.task(Discard)
def go_on_discarding(call: Call, task: Discard) -> None:
    drop(call, task.contents)


@on_change(Upload)
def _upload_ends(tx: Transaction, old: Upload | None, new: Upload | None) -> None:
    """An upload that nobody touched for a day takes its parts with it."""
    if new is None and old is not None and not old.archive:
        while _discard(tx, old.id):
            pass


@on_change(Job)
def _job_ends(tx: Transaction, old: Job | None, new: Job | None) -> None:
    """The output of a job lasts as long as the job, though the archive may be deleted meanwhile."""
    if new is not None or old is None or not old.contents or tx.any(by_contents, old.contents):
        return
    archive = tx.get(Archive, old.archive)
    if archive is None or archive.deleted_at is not None:
        while _discard(tx, old.contents):
            pass


@on_change(Archive)
def _count(tx: Transaction, old: Archive | None, new: Archive | None) -> None:
    """The tally of a vault follows its archives."""
    before = old is not None and old.deleted_at is None
    after = new is not None and new.deleted_at is None
    if before == after:
        return
    row = new if new is not None else old
    assert row is not None
    tally = tx.get(Tally, row.vault) or Tally(vault=row.vault)
    step = 1 if after else -1
    tx.put(replace(tally, archives=tally.archives + step, size_bytes=tally.size_bytes + step * row.size))
