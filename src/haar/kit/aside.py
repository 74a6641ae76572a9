"""Real work that takes its time, such as digesting gigabytes: done beside the loop, while the call waits.

    digests = call.aside("digests", lambda: read_and_digest(blobs, blob))

The first run of the operation begins the work and waits; the run after its end is handed what came of it. Behind no
server, and in tasks, it is simply done. The work sees no transaction: it is given values, and answers with values.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from haar.kit.wait import Wait
from haar.record import Record, key

__all__ = ["Aside", "Begin"]

#: Has work done elsewhere: (work, done). `done(result, error)` is called in the loop and says which wait has ended.
Begin = Callable[[Callable[[], Any], Callable[[Any, BaseException | None], tuple[str, Any]]], None]

#: A wait for work ends with the work; its own end (in virtual seconds) only has it looked at again.
_LOOK_SECONDS = 3600.0


class _Work(Record, table="kit.Work"):
    """Never stored: what a waiting call waits on."""

    id: str = key()


class Aside:
    """The work of one request, through all its runs."""

    __slots__ = ("_begin", "_begun", "_id", "_results")

    def __init__(self, request_id: str, begin: Begin) -> None:
        self._id = request_id
        self._begin = begin
        self._begun: set[str] = set()
        self._results: dict[str, tuple[Any, BaseException | None]] = {}

    def __call__(self, name: str, work: Callable[[], Any], now: float) -> Any:
        """What came of the work of this name. Raises Wait until it is done, and then what it raised."""
        found = self._results.get(name)
        if found is not None:
            result, error = found
            if error is not None:
                raise error
            return result
        if name not in self._begun:
            self._begun.add(name)
            self._begin(work, lambda result, error: self._done(name, result, error))
        raise Wait(on=(_Work, self._id), until=now + _LOOK_SECONDS)

    def _done(self, name: str, result: Any, error: BaseException | None) -> tuple[str, Any]:
        self._results[name] = (result, error)
        return _Work.__table__, self._id
