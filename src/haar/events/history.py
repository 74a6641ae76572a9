"""The event history is kept for 90 days of virtual time, then forgotten."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from haar.kit.audit import HISTORY_DAYS, Event
from haar.kit.timer import Task, Timer

if TYPE_CHECKING:
    from haar.kit.call import Call
    from haar.store.transaction import Transaction

_DAY = 86_400.0
_BATCH = 2_000


class ForgetOldEvents(Task):
    """Drop audit rows older than the history; comes back when the oldest that is left has grown old."""


def forget_old_events(call: Call, task: ForgetOldEvents) -> None:
    """Delete a batch of old rows of every account and region, and come again."""
    before = call.now - HISTORY_DAYS * _DAY
    left = _BATCH
    place = next(call.tx.range(Event, limit=1), None)
    while place is not None and left > 0:
        for event in list(islice(call.tx.range(Event, place.account, place.region, stop=before), left)):
            call.tx.delete(event)
            left -= 1
        place = next(call.tx.range(Event, after=(place.account, place.region, float("inf"), ""), limit=1), None)
    call.later(_next(call) if left > 0 else call.now + 1.0, task)


def _next(call: Call) -> float:
    """When there will be something to forget: a day from now at the soonest."""
    oldest = call.now
    place = next(call.tx.range(Event, limit=1), None)
    while place is not None:
        oldest = min(oldest, place.at)
        place = next(call.tx.range(Event, after=(place.account, place.region, float("inf"), ""), limit=1), None)
    return max(oldest + HISTORY_DAYS * _DAY, call.now + _DAY)


def ensure(tx: Transaction, now: float, timer_id: str) -> None:
    """See to it that the housekeeping is scheduled, once."""
    if not any(timer.table == ForgetOldEvents.__table__ for timer in tx.range(Timer)):
        tx.put(Timer(at=now + _DAY, id=timer_id, table=ForgetOldEvents.__table__, payload=b"\x80"))


TASKS = {ForgetOldEvents.__table__: (ForgetOldEvents, forget_old_events)}
