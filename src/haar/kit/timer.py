"""Due work is rows, not threads.

A `Task` is what to do, a `Timer` the row that says when. `call.later(when, task)` writes the row in the
operation's own transaction; the scheduler runs each due row as a transaction of its own, on any node.
The outbox is the same thing with `when` = now: what leaves an operation is a row first.
"""

from __future__ import annotations

import msgspec

from haar.record import Record, key


class Task(Record):
    """Something to do later. Subclass it with the fields the handler needs; register with `@service.task(Kind)`."""


class Timer(Record):
    """A due row."""

    at: float = key()
    id: str = key()
    table: str
    payload: bytes
    account: str = ""
    region: str = ""
    attempts: int = 0


class Reconcile(Task):
    """Look at one row of a reconciled kind."""

    of: str
    row: list[str | int | float]


pack = msgspec.msgpack.Encoder().encode
