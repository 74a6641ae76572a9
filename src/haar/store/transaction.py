"""Records, read and written as one: everything that an operation changed is kept, or none of it.

Rows are kept under their table's name and their key fields; each declared index keeps one further entry per
row, in the order of its own fields. Writing a row brings its entries up to date and runs its `on_change`
functions, all in the same transaction.

    with store.transaction() as tx:
        queue = tx.get(Queue, account, region, name)
        ready = list(tx.range(by_visibility, queue.arn, stop=now, limit=10))
        tx.put(replace(ready[0], visible_at=now + 30))
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from operator import attrgetter
from types import TracebackType
from typing import TYPE_CHECKING, Any, NoReturn, Self, TypeVar

import msgspec

from haar.record import Index, Record, decode
from haar.store import keys
from haar.store.backend import RawTransaction

if TYPE_CHECKING:
    from haar.store.store import Store

__all__ = ["EVERYTHING", "Transaction"]

R = TypeVar("R", bound=Record)

#: In a set of changes: anything may have changed (the store was loaded or cleared).
EVERYTHING: tuple[str, Any] = ("*", None)

_pack = msgspec.msgpack.Encoder().encode

#: How many rows of a `hot` kind are kept decoded.
_KEPT_MAX = 4096

#: The widest an encoded primary key may be, as the number of bytes its length takes in an index entry.
_TAIL_BYTES = 3


class _Indexed:
    """How one index of a kind is kept: what its entries begin with and how a record's is made."""

    __slots__ = ("encode", "heads", "index", "prefix")

    def __init__(self, index: Index[Any]) -> None:
        self.index = index
        self.prefix = keys.table_prefix(index.name)
        self.heads = _getter(index.fields)
        self.encode = keys.encoder(_shape(index.kind, index.fields), index.name)

    def entry(self, record: Record, tail: bytes) -> bytes | None:
        heads = self.heads(record)
        if heads[0] is None:
            return None
        return self.encode(heads) + tail


class Plan:
    """What writing a kind takes, worked out once."""

    __slots__ = (
        "changed", "declared", "indexes", "kept", "key_of", "kind", "prefix", "row", "starts", "table", "tail_at",
        "version",
    )  # fmt: skip

    def __init__(self, kind: type[Record]) -> None:
        assert kind.__keys__, f"{kind.__table__} declares no key()"
        self.kind = kind
        self.table = kind.__table__
        self.prefix = keys.table_prefix(kind.__table__)
        self.key_of = _getter(kind.__keys__)
        #: the whole key of a row
        self.row = keys.encoder(_shape(kind, kind.__keys__), kind.__table__)
        self.tail_at = len(self.prefix)
        self.version = bytes((kind.__version__,))
        self.indexes = [_Indexed(index) for index in kind.__indexes__]
        #: what the entries of each index begin with
        self.starts = {indexed.index: indexed.prefix for indexed in self.indexes}
        self.declared = len(kind.__indexes__)
        self.changed = kind.__changed__  # the list itself: functions registered later are seen
        #: rows of a `hot` kind as last read, where nobody else can change them; None for other kinds
        self.kept: dict[tuple[Any, ...], Any] | None = None


class Transaction:
    """One consistent look at the store, and all that is written on it, kept or dropped as one.

    As a context manager it commits at the end of the block and aborts when the block raises.
    `changed` holds (table, first key field) of every row written: the store tells its listeners after the commit.
    Any method can raise `Conflict` (run everything again) or `StoreFull`.
    """

    __slots__ = ("_keeps", "_plans", "_prepared", "_raw", "_store", "_writes", "changed", "writable")

    def __init__(self, store: Store, raw: RawTransaction, write: bool) -> None:
        self._store = store
        self._raw = raw
        self._plans = store.plans
        self._prepared: list[type[Record]] | None = None
        self._writes = 0
        self.writable = write
        # what a reader sees may be older than what is kept, and what this one has written may never come to be
        self._keeps = write
        self.changed: set[tuple[str, Any]] = set()

    # ---- one row

    def get(self, kind: type[R], *key: Any) -> R | None:
        """The record of a kind under its full key, or None."""
        plan = self._plans.get(kind) or self._prepare(kind)
        kept = plan.kept
        if kept is not None and self._keeps:
            found: R | None = kept.get(key, _UNREAD)
            if found is not _UNREAD:
                return found
        assert len(key) == len(kind.__keys__), f"{plan.table} has the key {kind.__keys__}, not {key}"
        stored = self._raw.get(plan.row(key))
        record = None if stored is None else decode(kind, stored)
        if kept is not None and self._keeps:
            if len(kept) >= _KEPT_MAX:
                kept.clear()
            kept[key] = record
        return record

    def put(self, record: R) -> R:
        """Write a record, over the one with the same key if there is one. Returns it."""
        kind = record.__class__
        plan = self._plans.get(kind) or self._prepare(kind)
        if len(kind.__indexes__) != plan.declared:
            plan = self._prepare(kind)
        raw = self._raw
        key_values = plan.key_of(record)
        if plan.kept is not None:
            self._unkeep(plan, key_values)
        key = plan.row(key_values)
        if plan.indexes or plan.changed:
            tail = key[plan.tail_at :]
            stored = raw.get(key)
            old = None if stored is None else decode(kind, stored)
            raw.put(key, plan.version + _pack(record))
            for indexed in plan.indexes:
                heads = indexed.heads(record)
                if old is not None:
                    before = indexed.heads(old)
                    if before == heads:
                        continue  # the key is the same, and so then is the entry
                    if before[0] is not None:
                        raw.delete(indexed.encode(before) + tail)
                entry = None if heads[0] is None else indexed.encode(heads) + tail
                if entry is not None:
                    raw.put(entry, len(tail).to_bytes(_TAIL_BYTES, "big"))
            self._writes += 1
            self.changed.add((plan.table, key_values[0]))
            for function in plan.changed:
                function(self, old, record)
        else:
            raw.put(key, plan.version + _pack(record))
            self._writes += 1
            self.changed.add((plan.table, key_values[0]))
        return record

    def add(self, record: R) -> R:
        """`put` for a record whose key is surely new, such as one with an id made this moment: nothing is looked up.

        Over an existing row it would leave that row's index entries behind.
        """
        kind = record.__class__
        plan = self._plans.get(kind) or self._prepare(kind)
        if plan.changed or plan.kept is not None or len(kind.__indexes__) != plan.declared:
            return self.put(record)
        raw = self._raw
        key_values = plan.key_of(record)
        key = plan.row(key_values)
        raw.put(key, plan.version + _pack(record))
        if plan.indexes:
            tail = key[plan.tail_at :]
            size = len(tail).to_bytes(_TAIL_BYTES, "big")
            for indexed in plan.indexes:
                entry = indexed.entry(record, tail)
                if entry is not None:
                    raw.put(entry, size)
        self._writes += 1
        self.changed.add((plan.table, key_values[0]))
        return record

    def delete(self, what: Record | type[Record], *key: Any) -> bool:
        """Remove a record, or the row of a kind under a full key. False when there was none."""
        if isinstance(what, Record):
            kind = what.__class__
            assert not key, "delete takes a record, or a kind and its key"
        else:
            kind = what
        plan = self._plans.get(kind) or self._prepare(kind)
        if len(kind.__indexes__) != plan.declared:
            plan = self._prepare(kind)
        key_values = plan.key_of(what) if isinstance(what, Record) else key
        assert len(key_values) == len(kind.__keys__), f"{plan.table} has the key {kind.__keys__}, not {key_values}"
        if plan.kept is not None:
            self._unkeep(plan, key_values)
        raw = self._raw
        row = plan.row(key_values)
        if not plan.indexes and not plan.changed:
            if not raw.delete(row):
                return False
            self._writes += 1
            self.changed.add((plan.table, key_values[0]))
            return True
        stored = raw.get(row)
        if stored is None:
            return False
        old = decode(kind, stored)
        raw.delete(row)
        tail = row[plan.tail_at :]
        for indexed in plan.indexes:
            entry = indexed.entry(old, tail)
            if entry is not None:
                raw.delete(entry)
        self._writes += 1
        self.changed.add((plan.table, key_values[0]))
        for function in plan.changed:
            function(self, old, None)
        return True

    # ---- many rows

    def range(
        self,
        what: type[R] | Index[R],
        *prefix: Any,
        start: Any = None,
        stop: Any = None,
        starts: str | bytes | None = None,
        after: tuple[Any, ...] | None = None,
        limit: int | None = None,
        reverse: bool = False,
    ) -> Iterator[R]:
        """The rows whose first key (or index) fields equal `prefix`, in order.

        `start` and `stop` bound the field after the prefix; both are inclusive.
        `starts` wants that field to begin with a text.
        `after` continues behind (with `reverse`, before) a row: its full key, or for an index `index.entry(row)`.
        Shorter tuples continue behind all rows that begin with them.

        The transaction may write while it iterates. Every row is yielded as it is at that moment; a row that was
        deleted or moved out of its place meanwhile is left out; one that moved ahead may come again, so take a
        `list` first when moving rows within the range.
        """
        kind, first, low, high = self._bounds(what, prefix, start, stop, starts, after, reverse)
        if low >= high or limit == 0:
            return
        raw = self._raw
        writes = self._writes
        if first is None:  # the table itself
            for key, stored in raw.scan(low, high, reverse=reverse, limit=limit if limit and limit > 0 else None):
                if writes != self._writes:
                    current = raw.get(key)
                    if current is None:
                        continue
                    yield decode(kind, current)
                else:
                    yield decode(kind, stored)
            return
        for entry, size in raw.scan(low, high, reverse=reverse, limit=limit):
            if writes != self._writes and raw.get(entry) is None:
                continue
            row = raw.get(first + entry[-int.from_bytes(size, "big") :])
            assert row is not None, f"an index of {kind.__table__} names a row that is not there"
            yield decode(kind, row)

    def claim(
        self,
        what: type[R] | Index[R],
        *prefix: Any,
        start: Any = None,
        stop: Any = None,
        limit: int = 1,
    ) -> list[R]:
        """The first rows of a range, for this node alone: rows another node is working on are passed over.

        The caller deletes or changes every row it gets, in this transaction.
        """
        kind, first, low, high = self._bounds(what, prefix, start, stop, None, None, False)
        raw = self._raw
        rows = raw.claim(low, high, limit=limit)
        if first is None:
            return [decode(kind, stored) for _, stored in rows]
        found = [raw.get(first + entry[-int.from_bytes(size, "big") :]) for entry, size in rows]
        return [decode(kind, row) for row in found if row is not None]

    def count(self, what: type[Record] | Index[Any], *prefix: Any, start: Any = None, stop: Any = None) -> int:
        """How many rows (or index entries) begin with these values. Costs time in proportion, except in memory.

        `start` and `stop` bound the field after the prefix, as in `range`.
        """
        _, _, low, high = self._bounds(what, prefix, start, stop, None, None, False)
        return self._raw.count(low, high)

    def any(self, what: type[Record] | Index[Any], *prefix: Any, start: Any = None, stop: Any = None) -> bool:
        """Whether a row (or index entry) begins with these values: `count` that stops at the first and decodes none.

        `start` and `stop` bound the field after the prefix, as in `range`.
        """
        _, _, low, high = self._bounds(what, prefix, start, stop, None, None, False)
        return low < high and self._raw.any(low, high)

    # ---- expiry

    def next_expiry(self, kind: type[Record]) -> float | None:
        """When the first row of a kind with `expires=` runs out; None when none will."""
        row = next(self.range(_expiry(kind), limit=1), None)
        return None if row is None else float(getattr(row, kind.__expires__))

    def expire(self, kind: type[Record], now: float, limit: int) -> int:
        """Delete up to `limit` rows that have run out by `now`, the earliest first. Returns how many."""
        due = self.claim(_expiry(kind), stop=now, limit=limit)
        for row in due:
            self.delete(row)
        return len(due)

    # ---- the end

    def commit(self) -> None:
        """Keep everything written, then tell the store's listeners. When this raises, nothing was kept."""
        raw, store, changed = self._raw, self._store, self.changed
        self._raw = _ENDED
        try:
            if changed and store.backend.multi_node:
                store.announce(raw, changed)
            raw.commit()
        except BaseException:
            raw.abort()
            self._unprepare()
            raise
        if changed:
            for listener in store.on_commit:
                listener(changed)

    def abort(self) -> None:
        """Forget everything written. Harmless on a transaction that has ended."""
        raw = self._raw
        if raw is _ENDED:
            return
        self._raw = _ENDED
        raw.abort()
        self._unprepare()
        self.changed = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            if self._raw is not _ENDED:
                self.commit()
        else:
            self.abort()

    # ---- inside

    def _bounds(
        self,
        what: type[R] | Index[R],
        prefix: tuple[Any, ...],
        start: Any,
        stop: Any,
        starts: str | bytes | None,
        after: tuple[Any, ...] | None,
        reverse: bool,
    ) -> tuple[type[R], bytes | None, bytes, bytes]:
        """The kind, what its rows begin with (None when `what` is the table itself) and the bounds to scan."""
        if isinstance(what, Index):
            kind: type[R] = what.kind
            plan = self._plans.get(kind) or self._prepare(kind)
            if len(kind.__indexes__) != plan.declared:
                plan = self._prepare(kind)
            table = plan.starts[what]
            rows: bytes | None = plan.prefix
        else:
            kind = what
            table = (self._plans.get(kind) or self._prepare(kind)).prefix
            rows = None
        base = table + keys.encoder("s" * len(prefix))(prefix) if prefix else table
        low, high = base, base + keys.AFTER
        if starts is not None:
            low = base + keys.starting_with(starts)
            high = low + keys.AFTER
        if start is not None:
            low = max(low, base + keys.encode((start,)))
        if stop is not None:
            high = min(high, base + keys.encode((stop,)) + keys.AFTER)
        if after is not None:
            place = table + keys.encode(after)
            if reverse:
                high = min(high, place)
            else:
                low = max(low, place + keys.AFTER)
        return kind, rows, low, high

    def _prepare(self, kind: type[Record]) -> Plan:
        """Work out a kind's plan and bring its indexes up to date with its declaration."""
        plan = Plan(kind)
        if kind.__declared__.get("hot") and not self._store.backend.multi_node:
            plan.kept = {}
        if self._store.indexes_are_current(self._raw, plan):
            self._plans[kind] = plan
        elif self.writable:
            self._store.build_indexes(self._raw, plan)
            self._plans[kind] = plan
            if self._prepared is None:
                self._prepared = []
            self._prepared.append(kind)
        elif self._raw.count(plan.prefix, plan.prefix + keys.AFTER):
            self._store.build_indexes_apart(kind)
        return plan

    def _unkeep(self, plan: Plan, key: tuple[Any, ...]) -> None:
        """A row of a hot kind is written: forget it, and keep nothing that this transaction reads from here on."""
        assert plan.kept is not None
        plan.kept.pop(key, None)
        self._keeps = False

    def _unprepare(self) -> None:
        """The indexes this transaction built are gone with it."""
        for kind in self._prepared or ():
            self._plans.pop(kind, None)


class _Ended:
    """Stands in for the backend's transaction once it has ended."""

    def __getattr__(self, name: str) -> NoReturn:
        raise RuntimeError("the transaction has ended")


_ENDED: Any = _Ended()
_UNREAD: Any = object()


#: How `keys.encoder` calls what a field is declared to be; all else is taken for a text.
_LETTERS: dict[Any, str] = {"float": "f", "float | None": "f", float: "f", "int": "i", int: "i"}


def _shape(kind: type[Record], fields: tuple[str, ...]) -> str:
    """What the fields of a key hold, a letter each; see `keys.encoder`."""
    declared: dict[str, Any] = {}
    for base in reversed(kind.__mro__):
        declared |= inspect.get_annotations(base)
    return "".join(_LETTERS.get(declared.get(field, ""), "s") for field in fields)


def _getter(fields: tuple[str, ...]) -> Callable[[Any], tuple[Any, ...]]:
    get = attrgetter(*fields)
    if len(fields) > 1:
        return get
    return lambda record: (get(record),)


def _expiry(kind: type[R]) -> Index[R]:
    for index in kind.__indexes__:
        if index.fields == (kind.__expires__,):
            return index
    raise TypeError(f"{kind.__table__} was not declared with expires=")
