"""Waiting is a value: an operation that has nothing to say yet throws a `Wait` upward."""

from __future__ import annotations

from typing import Any

from haar.record import Record


class Wait(Exception):
    """Roll back, and run the whole operation again when something changes or the clock reaches `until`.

    `on` is a record kind (any row of it), or a pair (kind, first key field) for the rows under one key,
    such as `(Message, queue.arn)`. The caller is parked on a future, not on a thread.
    """

    def __init__(self, on: type[Record] | tuple[type[Record], Any], until: float) -> None:
        super().__init__(f"waiting for {on} until {until}")
        self.topic: tuple[str, Any] = (on[0].__table__, on[1]) if isinstance(on, tuple) else (on.__table__, None)
        self.until = until
