"""The embedded store: LMDB, an ordered map in one memory-mapped file.

A commit hands its pages to the operating system, so a killed Haar loses nothing that was committed, and an
interrupted commit leaves the one before it. With `durability="power"` a commit (or the end of a group of them)
returns only when the disk has it.
Without, a crash of the whole machine (not of Haar) may cost the last transactions or, at worst, the file.

The file is as large as the most that was ever in it; `map_size` is address space, not disk or memory.
"""

from __future__ import annotations

import errno
import fcntl
import os
import sys
from pathlib import Path
from typing import Any, NoReturn

import lmdb

from haar.errors import HaarError, StoreFull
from haar.store.backend import RawTransaction, StoreInUse
from haar.store.long_keys import LongKeys, Rows

__all__ = ["LmdbBackend", "LmdbTransaction"]

# What the file may grow to. A 32-bit process has no room for more.
_MAP_SIZE = 64 << 30 if sys.maxsize > 1 << 32 else 1 << 30

# A disk with less room than this is why a write was cut short; with more, the disk itself is at fault.
_NEARLY_FULL = 64 << 10

_LOCK = "haar.lock"

#: A key of at most this many bytes is kept as it is; LMDB's own limit is 511.
HOLD = 480


class LmdbTransaction(LongKeys):
    """A transaction of LMDB's. Rows with short keys are in the first database, parts of long keys in the second."""

    __slots__ = ("_backend", "_long", "_rows_db", "_txn", "_write")

    hold = HOLD

    def __init__(self, backend: LmdbBackend, txn: lmdb.Transaction, write: bool) -> None:
        self._backend = backend
        self._txn: Any = txn  # its stubs say bytes or memoryview; without buffers=True it is bytes
        self._write = write

    def get(self, key: bytes) -> bytes | None:
        """The value under a key, or None."""
        if len(key) <= HOLD:
            value: bytes | None = self._txn.get(key)
            return value
        return self._get_long(key)

    def put(self, key: bytes, value: bytes) -> None:
        """Write a value, over what was there."""
        try:
            if len(key) <= HOLD:
                self._txn.put(key, value)
            else:
                self._put_long(key, value)
        except lmdb.Error as error:
            _say(error)

    def delete(self, key: bytes) -> bool:
        """Remove a key; False when there was none."""
        try:
            if len(key) <= HOLD:
                return bool(self._txn.delete(key))
            return self._delete_long(key)
        except lmdb.Error as error:
            _say(error)

    def claim(self, start: bytes, stop: bytes, *, limit: int) -> list[tuple[bytes, bytes]]:
        """The first rows of a range; nobody else is there to claim them."""
        return list(self.scan(start, stop, limit=limit))

    def count(self, start: bytes, stop: bytes) -> int:
        """How many keys there are with start <= key < stop; the values are not read."""
        if len(start) > HOLD or len(stop) > HOLD:
            return super().count(start, stop)
        cursor = self._txn.cursor()
        if not cursor.set_range(start):
            return 0
        number = 0
        for key in cursor.iternext(keys=True, values=False):
            if key >= stop:
                break
            if len(key) > HOLD:  # a signpost stands for any number of keys
                return super().count(start, stop)
            number += 1
        return number

    def any(self, start: bytes, stop: bytes) -> bool:
        """Whether there is a key with start <= key < stop; nothing is copied but that key."""
        if len(start) > HOLD or len(stop) > HOLD:
            return super().any(start, stop)
        cursor = self._txn.cursor()
        if not cursor.set_range(start):
            return False
        key: bytes = cursor.key()
        if len(key) > HOLD:  # a signpost: what it stands for may lie outside
            return super().any(start, stop)
        return key < stop

    def clear(self) -> None:
        """Remove every row."""
        try:
            for database in self._backend.spaces:
                self._txn.drop(database, delete=False)
        except lmdb.Error as error:
            _say(error)

    def notify(self, payloads: list[str]) -> None:
        """Nobody else listens."""

    def commit(self) -> None:
        """Make all writes seen at once."""
        if self._write:
            self._backend.writer = None
        try:
            self._txn.commit()
        except lmdb.Error as error:
            self._txn.abort()
            self._backend.refuse_commit(error)

    def abort(self) -> None:
        """Forget all writes."""
        if self._backend.writer is self:
            self._backend.writer = None
        self._txn.abort()

    # ---- the short-keyed map below long keys

    def _get(self, space: int, key: bytes) -> bytes | None:
        value: bytes | None = self._txn.get(key, db=self._backend.spaces[space])
        return value

    def _put(self, space: int, key: bytes, value: bytes) -> None:
        self._txn.put(key, value, db=self._backend.spaces[space])

    def _delete(self, space: int, key: bytes) -> bool:
        return bool(self._txn.delete(key, db=self._backend.spaces[space]))

    def _page(self, space: int, low: bytes, high: bytes, reverse: bool, size: int) -> Rows:
        rows: Rows = []
        cursor = self._txn.cursor(self._backend.spaces[space])
        if reverse:
            if not (cursor.prev() if cursor.set_range(high) else cursor.last()):
                return rows
            for row in cursor.iterprev():
                if row[0] < low:
                    break
                rows.append(row)
                if len(rows) == size:
                    break
            return rows
        if not cursor.set_range(low):
            return rows
        for row in cursor.iternext():
            if row[0] >= high:
                break
            rows.append(row)
            if len(rows) == size:
                break
        return rows


class LmdbBackend:
    """One directory: LMDB's two files, and a lock that keeps a second Haar out."""

    multi_node = False

    def __init__(self, directory: Path, *, durability: str = "process", map_size: int | None = None) -> None:
        self.directory = directory
        self.writer: LmdbTransaction | None = None
        self._group: lmdb.Transaction | None = None
        # access keys and the key that seals sessions are inside: for the owner's eyes alone
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock: int | None = _hold(directory)
        try:
            sync = durability == "power"
            self._environment = lmdb.open(
                str(directory),
                map_size=map_size or _MAP_SIZE,
                subdir=True,
                mode=0o600,
                sync=sync,
                metasync=sync,
                writemap=False,
                max_dbs=2,
                max_readers=64,
            )
            self.spaces = (self._environment.open_db(b"rows"), self._environment.open_db(b"long keys"))
        except lmdb.Error as error:
            self._release()
            if isinstance(error, lmdb.MapFullError) or _is_full(error):
                raise StoreFull(f"no space is left in {directory}") from error
            raise HaarError(f"the store in {directory} cannot be opened: {error}") from error
        except BaseException:
            self._release()
            raise

    def begin(self, *, write: bool = True) -> RawTransaction:
        """A new transaction."""
        group = self._group
        if not write and (group is None or self.writer is not None):
            return LmdbTransaction(self, self._environment.begin(self.spaces[0]), False)
        # LMDB would wait for the other writer, which is this very thread, for ever
        assert self.writer is None, "a writing transaction is open already; use that one"
        # inside a group a reader is a child too: it has to see what the group's earlier members wrote
        transaction = LmdbTransaction(self, self._environment.begin(self.spaces[0], group, True), True)
        self.writer = transaction
        return transaction

    def begin_group(self) -> None:
        """Let the transactions from here on be kept (and synced) together, by `end_group`."""
        if self._group is None:
            self._group = self._environment.begin(self.spaces[0], None, True)

    def end_group(self) -> None:
        """Keep what the group's transactions committed. When this raises, none of it was kept."""
        group, self._group = self._group, None
        if group is None:
            return
        try:
            group.commit()
        except lmdb.Error as error:
            group.abort()
            self.refuse_commit(error)

    def sync(self) -> None:
        """Return when everything committed so far would survive a power cut."""
        self._environment.sync(True)

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
        """There are no other nodes."""
        return None

    def notifications(self) -> list[str]:
        """There are no other nodes."""
        return []

    def close(self) -> None:
        """Let go of the directory."""
        if self._lock is not None:
            self._environment.close()
            self._release()

    def refuse_commit(self, error: lmdb.Error) -> NoReturn:
        """Say why a commit failed."""
        disk = os.statvfs(self.directory)
        # LMDB reports a write that the full disk cut short as an input/output error
        if os.strerror(errno.EIO) in str(error) and disk.f_bavail * disk.f_frsize < _NEARLY_FULL:
            raise StoreFull(f"no space is left in {self.directory}") from error
        _say(error)

    def _release(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def _hold(directory: Path) -> int:
    """Lock a data directory for this process; the operating system lets go when the process ends, however it does."""
    descriptor = os.open(directory / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.pread(descriptor, 32, 0).decode(errors="replace").strip()
        os.close(descriptor)
        raise StoreInUse(
            f"the data directory {directory} is in use by another Haar{f' (process {holder})' if holder else ''}. "
            "Stop that one with `haar down`, or choose another directory with `--data`."
        ) from None
    try:
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, b"%d\n" % os.getpid(), 0)
    except OSError:  # the number is a courtesy to whoever finds the door locked; a full disk may keep it out
        pass
    return descriptor


def _is_full(error: lmdb.Error) -> bool:
    return os.strerror(errno.ENOSPC) in str(error) or os.strerror(errno.EDQUOT) in str(error)


def _say(error: lmdb.Error) -> NoReturn:
    if isinstance(error, (lmdb.MapFullError, lmdb.TxnFullError)) or _is_full(error):
        raise StoreFull("no space is left for the store") from error
    raise error
