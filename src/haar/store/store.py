"""A store: a backend by its URL, transactions on it, and who wants to know what changed.

| URL                                 | where the rows are                                       |
|-------------------------------------|----------------------------------------------------------|
| `memory:`                           | in this process, gone with it                            |
| `lmdb:///var/lib/haar`, or a path   | in a directory, held by one process at a time            |
| `postgresql://user@host/database`   | in PostgreSQL, shared by any number of nodes             |
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import unquote, urlsplit

from haar.errors import Conflict, HaarError
from haar.record import RECORDS, Record, decode
from haar.store import keys
from haar.store.backend import Backend, RawTransaction, StoreTooNew
from haar.store.memory import MemoryBackend
from haar.store.transaction import EVERYTHING, Plan, Transaction

if TYPE_CHECKING:
    from haar.store.files import Files

__all__ = ["FORMAT", "Durability", "Store"]

#: The version of how rows are laid out: keys, index entries, the rows about the store itself.
FORMAT = 1

Durability = Literal["process", "power"]
Listener = Callable[[set[tuple[str, Any]]], None]

# Rows about the store itself begin with a zero byte, which no table's name does.
_FORMAT_KEY = b"\0format"
_INDEXES = b"\0indexes\0"

_LONGEST_NOTICE = 7900
_LONGEST_NOTICED_KEY = 512


class Store:
    """Opens transactions, remembers which indexes are built, tells listeners what was committed.

    `on_commit` functions get the (table, first key field) pairs that a commit changed, after it, here or on
    another node. `(table, None)` stands for some row of the table, `("*", None)` for everything.
    """

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self.plans: dict[type[Record], Plan] = {}
        self.on_commit: list[Listener] = []
        self._check_format()

    @classmethod
    def open(cls, url: str, *, durability: Durability = "process", map_size: int | None = None) -> Store:
        """Open (or make) the store at a URL; the table above lists them.

        `durability="process"` loses nothing acknowledged when Haar is killed; `"power"` also not when the power
        fails. `map_size` bounds an LMDB store, in bytes. Raises StoreInUse, StoreTooNew, ValueError for a URL
        that names no backend, and what the backend says when it cannot be reached.
        """
        return cls(_backend(url, durability, map_size))

    def begin(self, *, write: bool = True) -> Transaction:
        """A new transaction, to be ended by its `commit` or `abort`."""
        return Transaction(self, self.backend.begin(write=write), write)

    #: The same, read as a sentence: `with store.transaction() as tx:`.
    transaction = begin

    def begin_group(self) -> None:
        """Let the transactions from here on share one commit, made by `end_group`: each is kept only then.

        They see each other's rows, and fail one by one. Whoever acknowledges them waits for `end_group`.
        """
        self.backend.begin_group()

    def end_group(self) -> None:
        """Keep the group. When this raises (StoreFull), none of its transactions was kept."""
        try:
            self.backend.end_group()
        except BaseException:
            # listeners were told of changes that never came to be
            self.plans.clear()
            self.committed({EVERYTHING})
            raise

    def expiring(self) -> list[type[Record]]:
        """The kinds whose rows run out by themselves (declared with `expires=`)."""
        return [kind for kind in RECORDS.values() if kind.__expires__]

    def sync(self) -> None:
        """Return when everything committed so far would survive a power cut."""
        self.backend.sync()

    def clear(self) -> None:
        """Forget every row."""
        raw = self.backend.begin()
        try:
            raw.clear()
            raw.put(_FORMAT_KEY, str(FORMAT).encode())
            self.announce(raw, {EVERYTHING})
            raw.commit()
        except BaseException:
            raw.abort()
            raise
        self.plans.clear()
        self.committed({EVERYTHING})

    def dump(self, path: str | Path, files: Files | None = None) -> int:
        """Save all rows, and the files beside them, to one file that any backend can load. Returns how many rows."""
        from haar.store.snapshot import dump

        return dump(self.backend, Path(path), FORMAT, files)

    def load(self, path: str | Path, files: Files | None = None) -> int:
        """Replace all rows and files by those of a saved file, or change nothing. Returns how many rows.

        Raises StoreUnreadable for a damaged file and StoreTooNew for one that a newer Haar saved.
        """
        from haar.store.snapshot import load

        count = load(self.backend, Path(path), FORMAT, lambda raw: self.announce(raw, {EVERYTHING}), files)
        self.plans.clear()
        self.committed({EVERYTHING})
        return count

    def close(self) -> None:
        """Let go of the backend."""
        self.backend.close()

    # ---- other nodes

    def notification_fd(self) -> int | None:
        """A file descriptor to watch: when it is readable, call `poll_notifications`. None without other nodes."""
        return self.backend.notification_fd()

    def poll_notifications(self) -> None:
        """Tell the listeners what other nodes have committed. Never waits."""
        changed: set[tuple[str, Any]] = set()
        for payload in self.backend.notifications():
            changed.update((table, first) for table, first in json.loads(payload))
        if EVERYTHING in changed:
            self.plans.clear()
        if changed:
            self.committed(changed)

    def announce(self, raw: RawTransaction, changed: Iterable[tuple[str, Any]]) -> None:
        """Tell other nodes what this transaction changes, if there are any and it commits."""
        if self.backend.multi_node:
            raw.notify(_notices(changed))

    def committed(self, changed: set[tuple[str, Any]]) -> None:
        """Tell the listeners."""
        for listener in self.on_commit:
            listener(changed)

    # ---- indexes

    def indexes_are_current(self, raw: RawTransaction, plan: Plan) -> bool:
        """Whether the stored index entries of a table are those its kind declares."""
        return (raw.get(_indexes_key(plan)) or b"") == _declared(plan)

    def build_indexes(self, raw: RawTransaction, plan: Plan) -> None:
        """Make the index entries of all rows of a table anew where its kind's declaration has changed."""
        built = set((raw.get(_indexes_key(plan)) or b"").split(b"\n")) - {b""}
        wanted = {indexed.index.name.encode(): indexed for indexed in plan.indexes}
        missing = [indexed for name, indexed in wanted.items() if name not in built]
        for name in {*(built - wanted.keys()), *(wanted.keys() - built)}:
            start = keys.table_prefix(name.decode())
            for entry, _ in raw.scan(start, start + keys.AFTER):
                raw.delete(entry)
        if missing:
            for key, stored in raw.scan(plan.prefix, plan.prefix + keys.AFTER):
                tail = key[len(plan.prefix) :]
                record = decode(plan.kind, stored)
                for indexed in missing:
                    place = indexed.entry(record, tail)
                    if place is not None:
                        raw.put(place, len(tail).to_bytes(3, "big"))
        raw.put(_indexes_key(plan), _declared(plan))

    def build_indexes_apart(self, kind: type[Record]) -> None:
        """Build a kind's indexes in a transaction of its own, then have the reader start again."""
        with self.begin() as tx:
            tx.count(kind)
        raise Conflict(f"the indexes of {kind.__table__} have just been built; read again")

    def _check_format(self) -> None:
        raw = self.backend.begin()
        try:
            stored = raw.get(_FORMAT_KEY)
            if stored is None:
                raw.put(_FORMAT_KEY, str(FORMAT).encode())
            elif int(stored) > FORMAT:
                raise StoreTooNew(
                    f"this store has format {int(stored)}; this Haar knows formats up to {FORMAT}. "
                    "Update Haar, or choose another data directory."
                )
            raw.commit()
        except BaseException:
            raw.abort()
            self.backend.close()
            raise


def _indexes_key(plan: Plan) -> bytes:
    return _INDEXES + plan.table.encode()


def _declared(plan: Plan) -> bytes:
    return b"\n".join(sorted(indexed.index.name.encode() for indexed in plan.indexes))


def _backend(url: str, durability: Durability, map_size: int | None) -> Backend:
    if url in ("memory:", "memory://"):
        return MemoryBackend()
    if url.startswith(("postgresql://", "postgres://")):
        try:
            from haar.store.postgres import PostgresBackend
        except ImportError as error:
            raise HaarError("a store in PostgreSQL needs the psycopg package: pip install 'haar[postgres]'") from error
        return PostgresBackend(url, durability=durability)
    if url.startswith("lmdb:"):
        parts = urlsplit(url)
        path = unquote(parts.netloc + parts.path)
    elif "://" in url:
        raise ValueError(f"no store is known by {url!r}; use memory:, lmdb:///directory or postgresql://...")
    else:
        path = url
    from haar.store.lmdb import LmdbBackend

    return LmdbBackend(Path(path), durability=durability, map_size=map_size)


def _notices(changed: Iterable[tuple[str, Any]]) -> list[str]:
    """The changes as JSON lists short enough to notify; a long or odd key stands for its whole table."""
    pieces: set[str] = set()
    for table, first in changed:
        plain = first is None or isinstance(first, (str, int, float))
        piece = json.dumps([table, first]) if plain else ""
        if not piece or len(piece) > _LONGEST_NOTICED_KEY:
            piece = json.dumps([table, None])
        pieces.add(piece)
    notices: list[str] = []
    line = ""
    for piece in sorted(pieces):
        if line and len(line) + len(piece) > _LONGEST_NOTICE:
            notices.append(f"[{line}]")
            line = ""
        line = f"{line},{piece}" if line else piece
    if line:
        notices.append(f"[{line}]")
    return notices
