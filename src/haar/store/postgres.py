"""The shared store: rows in PostgreSQL (or what speaks it and is serializable), for any number of nodes.

Everything runs SERIALIZABLE: what two nodes do at once ends as if one had come after the other, or one of them
gets `Conflict` and runs again. Writes are collected and sent with the commit, in one round trip; reads within a
transaction are remembered, which the isolation allows.

`durability="process"` lets PostgreSQL answer before its log is on disk (its `synchronous_commit = off`): nothing is
lost when a Haar is killed, the last fraction of a second may be when the database server is. `"power"` waits.
"""

from __future__ import annotations

import logging
from types import TracebackType
from typing import Any, NoReturn

import psycopg
from psycopg import errors
from psycopg.pq import TransactionStatus

from haar.errors import Conflict, StoreFull
from haar.store.backend import RawTransaction
from haar.store.long_keys import LongKeys, Rows

__all__ = ["PostgresBackend", "PostgresTransaction"]

# Its warning about a pipeline that a conflict ended is no news: the operation runs again.
logging.getLogger("psycopg").setLevel(logging.ERROR)

_CHANNEL = "haar"
_ALL_CHANGED = '[["*", null]]'

#: Any fixed number: nodes that start together take turns at making the table.
_SETUP_LOCK = 0x48414152

_SETUP = """
CREATE TABLE IF NOT EXISTS haar_rows (key bytea PRIMARY KEY, value bytea NOT NULL)
"""
# A scan of the whole table would lock all of it against every other transaction: always go by the index.
# A node that stopped in the middle of a transaction keeps the others waiting so long and no longer, in ms.
_SETTINGS = """
SET enable_seqscan = off; SET enable_bitmapscan = off; SET client_min_messages = warning;
SET lock_timeout = 5000; SET idle_in_transaction_session_timeout = 30000
"""

_GET = "SELECT value FROM haar_rows WHERE key = %b"
_UP = "SELECT key, value FROM haar_rows WHERE key >= %b AND key < %b ORDER BY key LIMIT %b"
_DOWN = "SELECT key, value FROM haar_rows WHERE key >= %b AND key < %b ORDER BY key DESC LIMIT %b"
_COUNT = "SELECT count(*), coalesce(max(length(key)), 0) FROM haar_rows WHERE key >= %b AND key < %b"
_CLAIM = _UP + " FOR UPDATE SKIP LOCKED"
_PUT = """
INSERT INTO haar_rows SELECT * FROM unnest(%b::bytea[], %b::bytea[])
ON CONFLICT (key) DO UPDATE SET value = excluded.value
"""
_DELETE = "DELETE FROM haar_rows WHERE key = ANY(%b::bytea[])"

_SPACES = (b"r", b"x")

Connection = psycopg.Connection[tuple[Any, ...]]


class PostgresTransaction(LongKeys):
    """One SERIALIZABLE transaction on a connection of its own; it begins with its first statement."""

    __slots__ = ("_backend", "_claiming", "_connection", "_known", "_notices", "_unsent", "_write")

    hold = 2000

    def __init__(self, backend: PostgresBackend, write: bool) -> None:
        self._backend = backend
        self._write = write
        self._connection: Connection | None = None
        self._known: dict[bytes, bytes | None] = {}
        self._unsent: dict[bytes, bytes | None] = {}
        self._notices: list[str] = []
        self._claiming = False

    def get(self, key: bytes) -> bytes | None:
        """The value under a key, or None."""
        return self._get(0, key) if len(key) <= self.hold else self._get_long(key)

    def put(self, key: bytes, value: bytes) -> None:
        """Write a value, over what was there."""
        assert self._write, "this transaction only reads"
        if len(key) <= self.hold:
            self._put(0, key, value)
        else:
            self._put_long(key, value)

    def delete(self, key: bytes) -> bool:
        """Remove a key; False when there was none."""
        assert self._write, "this transaction only reads"
        return self._delete(0, key) if len(key) <= self.hold else self._delete_long(key)

    def claim(self, start: bytes, stop: bytes, *, limit: int) -> list[tuple[bytes, bytes]]:
        """The first rows of a range that no other node's open transaction has claimed."""
        assert self._write, "this transaction only reads"
        self._claiming = True
        try:
            return list(self.scan(start, stop, limit=limit))
        finally:
            self._claiming = False

    def count(self, start: bytes, stop: bytes) -> int:
        """How many keys there are with start <= key < stop."""
        if len(start) > self.hold or len(stop) > self.hold:
            return super().count(start, stop)
        with _spoken:
            connection = self._begun()
            self._send(connection)
            row = connection.execute(_COUNT, (_SPACES[0] + start, _SPACES[0] + stop)).fetchone()
        assert row is not None
        number, longest = row
        if longest > len(_SPACES[0]) + self.hold:  # a signpost stands for any number of keys
            return super().count(start, stop)
        return int(number)

    def clear(self) -> None:
        """Remove every row."""
        assert self._write, "this transaction only reads"
        self._unsent.clear()
        self._known.clear()
        with _spoken:
            self._begun().execute("DELETE FROM haar_rows")

    def notify(self, payloads: list[str]) -> None:
        """Tell other nodes, if this transaction commits."""
        self._notices += payloads

    def commit(self) -> None:
        """Send what was written and make it seen."""
        if self._connection is None and not self._unsent and not self._notices:
            return
        with _spoken:
            connection = self._begun()
            # nothing is prepared in a pipeline: psycopg would believe it of statements that a broken one never ran
            with connection.pipeline():
                self._send(connection, prepare=False)
                for notice in self._notices:
                    connection.execute("SELECT pg_notify(%s, %s)", (_CHANNEL, notice), prepare=False)
                connection.execute("COMMIT", prepare=False)
        self._end()

    def abort(self) -> None:
        """Forget all writes."""
        connection = self._connection
        if connection is None:
            return
        try:
            if not connection.closed and connection.info.transaction_status != TransactionStatus.IDLE:
                connection.execute("ROLLBACK")
        except psycopg.OperationalError:  # the server forgets the transaction of a lost connection by itself
            connection.close()
        self._end()

    # ---- the short-keyed map below long keys

    def _get(self, space: int, key: bytes) -> bytes | None:
        key = _SPACES[space] + key
        if key in self._unsent:
            return self._unsent[key]
        if key in self._known:
            return self._known[key]
        with _spoken:
            row = self._begun().execute(_GET, (key,), binary=True).fetchone()
        value = self._known[key] = None if row is None else row[0]
        return value

    def _put(self, space: int, key: bytes, value: bytes) -> None:
        self._unsent[_SPACES[space] + key] = value

    def _delete(self, space: int, key: bytes) -> bool:
        if self._get(space, key) is None:
            return False
        self._unsent[_SPACES[space] + key] = None
        return True

    def _page(self, space: int, low: bytes, high: bytes, reverse: bool, size: int) -> Rows:
        prefix = _SPACES[space]
        statement = _CLAIM if self._claiming else _DOWN if reverse else _UP
        with _spoken:
            connection = self._begun()
            self._send(connection)
            rows = connection.execute(statement, (prefix + low, prefix + high, size), binary=True).fetchall()
        self._known.update(rows)
        return [(key[1:], value) for key, value in rows]

    def _begun(self) -> Connection:
        if self._connection is None:
            self._connection = self._backend.borrow(self._write)
        return self._connection

    def _send(self, connection: Connection, prepare: bool | None = None) -> None:
        if not self._unsent:
            return
        # all nodes write in the order of the keys, so that they wait for one another in line, not in a circle
        gone = sorted(key for key, value in self._unsent.items() if value is None)
        puts = sorted((key, value) for key, value in self._unsent.items() if value is not None)
        if gone:
            connection.execute(_DELETE, (gone,), prepare=prepare)
        if puts:
            connection.execute(_PUT, ([key for key, _ in puts], [value for _, value in puts]), prepare=prepare)
        self._known.update(self._unsent)
        self._unsent.clear()

    def _end(self) -> None:
        if self._connection is not None:
            self._backend.give_back(self._connection)
            self._connection = None
        self._unsent.clear()
        self._known.clear()
        self._notices.clear()


class PostgresBackend:
    """Connections to one database: as many as transactions are open at once, and one that listens."""

    multi_node = True

    def __init__(self, url: str, *, durability: str = "process") -> None:
        self._url = url
        self._waits = durability == "power"
        self._idle: list[Connection] = []
        self._processes: dict[Connection, int] = {}
        self._listener: Connection | None = None
        connection = self._connect()
        with connection.transaction():
            connection.execute("SELECT pg_advisory_xact_lock(%s)", (_SETUP_LOCK,))
            connection.execute(_SETUP)
        self._idle.append(connection)
        self._listen()

    def begin(self, *, write: bool = True) -> RawTransaction:
        """A new transaction."""
        return PostgresTransaction(self, write)

    def begin_group(self) -> None:
        """Every commit is kept at once: other nodes are waiting for it."""

    def end_group(self) -> None:
        """Nothing is left to keep."""

    def sync(self) -> None:
        """Return when everything committed so far would survive a power cut."""
        if self._waits:
            return
        connection = self.borrow(True)
        # a commit that waits for the log waits for all that is in the log before it
        connection.execute("SET LOCAL synchronous_commit = on")
        connection.execute("SELECT pg_current_xact_id()")
        connection.execute("COMMIT")
        self.give_back(connection)

    def clear(self) -> None:
        """Remove every row."""
        raw = self.begin()
        try:
            raw.clear()
            raw.commit()
        except BaseException:
            raw.abort()
            raise

    def notification_fd(self) -> int | None:
        """The descriptor of the listening connection. A lost connection is replaced: ask again after each poll."""
        return None if self._listener is None else self._listener.fileno()

    def notifications(self) -> list[str]:
        """What other nodes sent since the last call; after a lost connection, that anything may have changed."""
        listener = self._listener
        assert listener is not None, "the store is closed"
        payloads = []
        try:
            listener.pgconn.consume_input()
        except psycopg.OperationalError:
            listener.close()
            self._listen()
            return [_ALL_CHANGED]
        while (notice := listener.pgconn.notifies()) is not None:
            if notice.be_pid not in self._processes.values():
                payloads.append(notice.extra.decode())
        return payloads

    def close(self) -> None:
        """Let go of the connections."""
        for connection in self._idle:
            connection.close()
        self._idle.clear()
        if self._listener is not None:
            self._listener.close()
            self._listener = None

    def borrow(self, write: bool) -> Connection:
        """A connection with a transaction just begun."""
        begin = "BEGIN ISOLATION LEVEL SERIALIZABLE" if write else "BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY"
        while self._idle:
            connection = self._idle.pop()
            try:
                connection.execute(begin)
            except psycopg.OperationalError:  # the server was restarted since; nothing was begun, so nothing is lost
                self._forget(connection)
                continue
            return connection
        connection = self._connect()
        connection.execute(begin)
        return connection

    def give_back(self, connection: Connection) -> None:
        """A connection whose transaction has ended."""
        if not connection.closed and connection.info.transaction_status == TransactionStatus.IDLE:
            self._idle.append(connection)
        else:
            self._forget(connection)

    def _forget(self, connection: Connection) -> None:
        self._processes.pop(connection, None)
        connection.close()

    def _connect(self) -> Connection:
        connection = psycopg.connect(self._url, autocommit=True)
        connection.execute(_SETTINGS)
        connection.execute(f"SET synchronous_commit = {'on' if self._waits else 'off'}")
        self._processes[connection] = connection.info.backend_pid
        return connection

    def _listen(self) -> None:
        self._listener = psycopg.connect(self._url, autocommit=True)
        self._listener.execute(f"LISTEN {_CHANNEL}")


_CONFLICTS = (
    errors.SerializationFailure,
    errors.DeadlockDetected,
    errors.LockNotAvailable,
    errors.IdleInTransactionSessionTimeout,
)


class _Spoken:
    """Says what PostgreSQL reports in the words of the store."""

    def __enter__(self) -> None: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, psycopg.Error):
            _say(error)


_spoken = _Spoken()


def _say(error: psycopg.Error) -> NoReturn:
    if isinstance(error, _CONFLICTS):
        raise Conflict("another transaction changed what this one read") from error
    if isinstance(error, errors.DiskFull):
        raise StoreFull("no space is left for the database") from error
    raise error
