"""Due work, in order, on the virtual clock.

A due moment is a timer row, a record that expires, a wait that ends, or a local alarm (a test's own
`cloud.at(...)`). Moving the clock stops at each of them in turn: forty days of lifecycle rules happen one
by one, never skipped and never out of order.
"""

from __future__ import annotations

import heapq
import itertools
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from haar.clock import Stretch
from haar.errors import Conflict
from haar.kit.call import Call, Origin, root_of
from haar.kit.ports import Ports
from haar.kit.resource import partition_of
from haar.kit.timer import Reconcile, Timer
from haar.record import Record, key, replace
from haar.scheduler.hub import Hub

if TYPE_CHECKING:
    from haar.kit.timer import Task
    from haar.store.transaction import Transaction

log = logging.getLogger("haar.scheduler")

T = TypeVar("T")

#: Rows expired in one transaction.
EXPIRY_BATCH = 500
#: Seconds before a failed task is tried again: doubled each time, up to an hour.
BACKOFF_SECONDS = 1.0
BACKOFF_SECONDS_MAX = 3600.0


class Hands(Record):
    """Where the hands of the virtual clock stand, for the next start and for other nodes."""

    name: str = key()
    stretches: list[Any]


Handler = Callable[[Call, Any], None]


class Scheduler:
    """Runs what is due. It never sleeps: whoever owns the loop asks it when to come again."""

    def __init__(self, ports: Ports, hub: Hub, tasks: dict[str, tuple[type[Task], Handler]]) -> None:
        self.ports = ports
        self.hub = hub
        self.tasks = tasks
        self._alarms: list[tuple[float, int, Callable[[], None]]] = []
        self._count = itertools.count()

    # -- the clock ---------------------------------------------------------------------------------------------

    def restore(self) -> None:
        """Take the hands from the store: at start, and when another node moved them. Without any, time is real."""
        hands = _settled(self._hands)
        self.ports.clock.adopt([Stretch(*row) for row in hands.stretches] if hands else [Stretch(0.0, 0.0)])

    def _hands(self) -> Hands | None:
        with self.ports.store.transaction(write=False) as tx:
            return tx.get(Hands, "clock")

    def bend(self, *, to: float | None = None, rate: float | None = None, further: bool = False) -> Stretch:
        """Move the hands and keep where they stand. Due work is not done: see `advance`."""
        stretch = self.ports.clock.bend(to=to, rate=rate, further=further)
        _settled(self._keep_hands)
        return stretch

    def _keep_hands(self) -> None:
        with self.ports.store.transaction() as tx:
            tx.put(Hands(name="clock", stretches=[[s.real, s.virtual, s.rate] for s in self.ports.clock.stretches]))

    def advance(self, to: float) -> int:
        """Move to a later virtual instant, doing everything that falls due on the way, in order. How much was done."""
        clock = self.ports.clock
        done = self.run_due()
        further = False
        while (due := self.next_due()) is not None and due <= to:
            if due > clock.now():
                clock.bend(to=due, further=further)
                further = True
            done += self.run_due()
        self.bend(to=max(to, clock.now()), further=further)
        return done

    def at(self, when: float, function: Callable[[], None]) -> None:
        """Call a function when the clock reaches an instant. It is not kept: for tests and for this process alone."""
        heapq.heappush(self._alarms, (when, next(self._count), function))

    # -- what is due -------------------------------------------------------------------------------------------

    def next_due(self) -> float | None:
        """The earliest virtual instant at which there is something to do; None when there is nothing."""
        timer, expiries = _settled(self._stored)
        moments = [at for at in (timer, *expiries.values(), self.hub.next_deadline()) if at is not None]
        if self._alarms:
            moments.append(self._alarms[0][0])
        return min(moments, default=None)

    def run_due(self, limit: int = 10_000) -> int:
        """Do what is due now, in order; how much was done."""
        done = 0
        while done < limit:
            now = self.ports.clock.now()
            timer, expiries = _settled(self._stored)
            if timer is not None and timer <= now:
                step = self._run_timer(now)
            else:
                ended = [kind for kind, at in expiries.items() if at <= now]
                step = self._expire(ended, now) or self.hub.wake_due(now) or self._ring(now)
            if not step:
                break
            done += step
        return done

    def _stored(self) -> tuple[float | None, dict[type[Record], float]]:
        """When the first timer is due, and when the first row of each kind runs out, in one look at the store."""
        store = self.ports.store
        kinds = store.expiring()
        # a transaction that may write keeps what it worked out about a kind that it meets for the first time
        with store.transaction(write=any(kind not in store.plans for kind in kinds)) as tx:
            timer = next(tx.range(Timer, limit=1), None)
            ends = {kind: at for kind in kinds if (at := tx.next_expiry(kind)) is not None}
        return timer.at if timer is not None else None, ends

    def _ring(self, now: float) -> int:
        if not self._alarms or self._alarms[0][0] > now:
            return 0
        heapq.heappop(self._alarms)[2]()
        return 1

    def _expire(self, kinds: list[type[Record]], now: float) -> int:
        total = 0
        for kind in kinds:
            try:
                with self.ports.store.transaction() as tx:
                    total += tx.expire(kind, now, EXPIRY_BATCH)
            except Conflict:
                continue  # another node was first; what is left shows up as still due
        return total

    def _run_timer(self, now: float) -> int:
        tx = self.ports.store.begin()
        timer: Timer | None = None
        try:
            timer = next(iter(tx.claim(Timer, stop=now, limit=1)), None)
            if timer is None:
                tx.abort()
                return 0
            tx.delete(timer)
            self._perform(tx, timer)
            tx.commit()
        except Conflict:
            tx.abort()
        except Exception:
            tx.abort()
            if timer is None:
                raise
            log.exception("task %s failed; it is tried again", timer.table)
            failed = timer
            _settled(lambda: self._postpone(failed, now))
        return 1

    def _perform(self, tx: Transaction, timer: Timer) -> None:
        import msgspec

        kind, handler = self._handler(timer.table)
        task = msgspec.msgpack.decode(timer.payload, type=kind)
        account = timer.account
        service = timer.table.split(".")[0]
        principal = root_of(account, partition_of(timer.region))
        call = Call(
            self.ports, tx, principal, service=service, operation=kind.__name__, region=timer.region,
            origin=Origin(invoked_by=f"{service}.amazonaws.com"), account=account,
        )  # fmt: skip
        handler(call, task)

    def _handler(self, table: str) -> tuple[type[Task], Handler]:
        if table == Reconcile.__table__:
            return Reconcile, self._reconcile
        if table in self.tasks:
            return self.tasks[table]
        room = self.ports.room(table.partition(".")[0].replace("_", "-"))
        return room.tasks[table]

    def _reconcile(self, call: Call, task: Reconcile) -> None:
        room = self.ports.room(task.of.split(".")[0])
        kind, look = room.reconcilers[task.of]
        row = call.tx.get(kind, *task.row)
        if row is None:
            return
        again = look(call, row)
        if again is not None:
            call.reconcile(row, again)

    def _postpone(self, timer: Timer, now: float) -> None:
        wait = min(BACKOFF_SECONDS * 2**timer.attempts, BACKOFF_SECONDS_MAX)
        with self.ports.store.transaction() as tx:
            tx.delete(timer)
            tx.put(replace(timer, at=now + wait, attempts=timer.attempts + 1))


def _settled(attempt: Callable[[], T]) -> T:
    """Run again what another node's write came between; somebody's write always goes through."""
    while True:
        try:
            return attempt()
        except Conflict:
            continue
