"""How events become files: every few minutes, by the clock, one file for each account and region that has some.

A trail that logs has one timer. When it rings, the trail looks at the events of every place it covers, from where it
stopped the last time: what it wants goes into a log file, once an hour a digest of the files follows, and the timer is
set again. What cannot be delivered is tried again at the next turn, for 30 days.

When logging stops, the timer rings until the last events are delivered, then the chain of digests ends.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

from haar.kit import Call, Refused, ServiceError, Task, replace
from haar.kit.audit import Event
from haar.services.cloudtrail import door, files, keys, rules, selectors
from haar.services.cloudtrail.administration import organization_of
from haar.services.cloudtrail.resources import Delivery, LogFile, Reach, Trail
from haar.services.cloudtrail.service import (
    DELIVERY_SECONDS,
    DIGEST_SECONDS,
    LAG_SECONDS,
    NAME,
    RETRY_SECONDS,
    cloudtrail,
)

if TYPE_CHECKING:
    from haar.services.cloudtrail.selectors import Wants
    from haar.store.transaction import Transaction

#: Events looked at for one file.
BATCH = 5_000
#: Behind the name of every region.
_LAST = "\U0010ffff"


class Deliver(Task):
    """A turn of a trail. `turn` is what the trail calls it: one that it no longer waits for does nothing."""

    account: str
    region: str
    name: str
    turn: str
    due: float


def delivery_of(tx: Transaction, trail: Trail) -> Delivery:
    """What a trail is doing."""
    return tx.get(Delivery, *trail.key) or Delivery(account=trail.account, region=trail.region, name=trail.name)


def start(call: Call, trail: Trail) -> None:
    """Record calls from now on."""
    row = delivery_of(call.tx, trail)
    if row.is_logging:
        return
    row = replace(row, spans=[*row.spans, (call.started, None)], started_at=call.started)
    if not row.turn:
        row = _next_turn(call, replace(row, turn=call.new_id()), call.started + DELIVERY_SECONDS)
    call.tx.put(row)


def stop(call: Call, trail: Trail) -> None:
    """Record calls no longer."""
    row = delivery_of(call.tx, trail)
    if row.is_logging:
        spans = [*row.spans[:-1], (row.spans[-1][0], call.now)]
        call.tx.put(replace(row, spans=spans, stopped_at=call.now))


def forget(call: Call, trail: Trail) -> None:
    """Drop all that was kept about a trail's deliveries; its timer finds nothing to do."""
    call.tx.delete(Delivery, *trail.key)
    for reach in list(call.tx.range(Reach, *trail.key)):
        call.tx.delete(reach)


def _next_turn(call: Call, row: Delivery, when: float) -> Delivery:
    call.later(when, Deliver(account=row.account, region=row.region, name=row.name, turn=row.turn, due=when))
    return row


@cloudtrail.task(Deliver)
def deliver(call: Call, task: Deliver) -> None:
    """Deliver what happened since the last turn."""
    trail = call.tx.get(Trail, task.account, task.region, task.name)
    row = call.tx.get(Delivery, task.account, task.region, task.name)
    if trail is None or row is None or row.turn != task.turn:
        return
    turn = _Turn(call, trail, row)
    again_at_once = turn.run()
    row = turn.row
    if turn.is_last and turn.is_complete:
        call.tx.put(replace(row, spans=[], turn=""))
        return
    if row != call.tx.get(Delivery, *trail.key):
        call.tx.put(row)
    # turns keep their pace; those that were slept through are not made up for
    later = task.due + DELIVERY_SECONDS
    _next_turn(call, row, call.now if again_at_once else later if later > call.now else call.now + DELIVERY_SECONDS)


class _Turn:
    """One turn of one trail."""

    def __init__(self, call: Call, trail: Trail, row: Delivery) -> None:
        self.call = call
        self.trail = trail
        self.row = row
        self.wants: Wants = selectors.wants(trail.basic, trail.advanced)
        #: events up to here are on record for sure
        self.horizon = call.now - LAG_SECONDS
        end = row.spans[-1][1] if row.spans else call.now
        #: logging has stopped, and everything before that is on record
        self.is_last = end is not None and end <= self.horizon
        #: whether everything up to the horizon has been delivered
        self.is_complete = True
        self._global: dict[str, bool] = {}

    def run(self) -> bool:
        """Every place a step; whether there is more to do at once."""
        more = False
        for account, region in self._places():
            more |= self._step(account, region)
        if more:
            self.is_complete = False
        if self.is_complete:
            open_ones = [span for span in self.row.spans if span[1] is None or span[1] > self.horizon]
            self.row = replace(self.row, spans=open_ones)
        return more

    # -- where -------------------------------------------------------------------------------------------------

    def _places(self) -> list[tuple[str, str]]:
        """The accounts and regions with events, or with a chain of digests; the trail's own place in any case."""
        trail = self.trail
        accounts = {trail.account, *self._accounts()}
        found = {(trail.account, trail.region)}
        for reach in self.call.tx.range(Reach, *trail.key):
            if reach.of_account in accounts and (trail.multi_region or reach.of_region == trail.region):
                found.add((reach.of_account, reach.of_region))
        for account in accounts:
            regions = self._regions(account) if trail.multi_region else (trail.region,)
            found.update((account, region) for region in regions)
        return sorted(found)

    def _accounts(self) -> Iterator[str]:
        """The accounts of the trail's organization that have events."""
        trail, tx = self.trail, self.call.tx
        if trail.organization is None:
            return
        place = next(tx.range(Event, limit=1), None)
        while place is not None:
            organization = organization_of(self.call, place.account)
            if organization is not None and organization.id == trail.organization:
                yield place.account
            # hop to the next account
            place = next(tx.range(Event, after=(place.account, _LAST, 0.0, ""), limit=1), None)

    def _regions(self, account: str) -> Iterator[str]:
        """The regions in which an account has events."""
        tx = self.call.tx
        place = next(tx.range(Event, account, limit=1), None)
        while place is not None:
            yield place.region
            after = (account, place.region, float("inf"), "")
            place = next(tx.range(Event, account, after=after, limit=1), None)

    # -- one place ---------------------------------------------------------------------------------------------

    def _step(self, account: str, region: str) -> bool:
        """Deliver one file of a place, and its digest when that is due; whether there are more events."""
        call, trail, row = self.call, self.trail, self.row
        before = call.tx.get(Reach, *trail.key, account, region)
        reach = before or Reach(
            account=trail.account, region=trail.region, name=trail.name, of_account=account, of_region=region,
            at=row.spans[0][0] if row.spans else call.now,
        )  # fmt: skip
        if reach.at < call.now - RETRY_SECONDS:
            reach = replace(reach, at=call.now - RETRY_SECONDS, event="")
        after = (account, region, reach.at, reach.event)
        rows = call.tx.range(Event, account, region, start=reach.at, stop=self.horizon, after=after)
        events = list(islice(rows, BATCH))
        logged = self._log(reach, events)
        if logged is None:
            self.is_complete = False
        else:
            reach = logged
        more = logged is not None and len(events) == BATCH
        if not more and not (logged is None and self.is_last):
            reach = self._digest(reach)
        if reach != before:
            call.tx.put(reach)
        return more

    def _log(self, reach: Reach, events: list[Event]) -> Reach | None:
        """The place with its events delivered; None when that failed."""
        call, trail = self.call, self.trail
        wanted = [event for event in events if self._is_logged(event)]
        if events:
            reach = replace(reach, at=events[-1].at, event=events[-1].id)
        if not wanted:
            return reach
        text = files.log_text([rules.record(event) for event in wanted])
        key = files.log_key(trail, reach.of_account, reach.of_region, call.now, call.ports.ids.token(16))
        try:
            door.write(call, trail, key, files.packed(text))
        except ServiceError as error:
            self.row = replace(self.row, error=error.code)
            return None
        self.row = replace(self.row, error="", delivered_at=call.now)
        if trail.validated_from is None:
            return reach
        moments = [event.at for event in wanted]
        file = LogFile(
            bucket=trail.bucket, key=key, hash=files.hash_of(text), newest_at=max(moments), oldest_at=min(moments)
        )
        return replace(reach, files=[*reach.files, file])

    def _is_logged(self, event: Event) -> bool:
        trail = self.trail
        if not any(start <= event.at and (end is None or event.at <= end) for start, end in self.row.spans):
            return False
        if not trail.global_events and self._is_global(event.service):
            return False
        if not trail.recursive and event.principal_kind == "service" and event.user == NAME:
            return False
        return self.wants(event)

    def _is_global(self, service: str) -> bool:
        known = self._global.get(service)
        if known is None:
            try:
                known = self.call.ports.room(service).is_global
            except Refused:
                known = False
            self._global[service] = known
        return known

    # -- digests -----------------------------------------------------------------------------------------------

    def _digest(self, reach: Reach) -> Reach:
        """The place with the digest delivered that is due, and with no chain when none is wanted."""
        call, trail = self.call, self.trail
        if trail.validated_from is None:
            return replace(reach, files=[], digest_from=None, last_digest=[])
        if reach.digest_from is None:
            began = max(trail.validated_from, self.row.started_at or 0.0, call.now - DIGEST_SECONDS)
            reach = replace(reach, digest_from=float(int(began)))
        assert reach.digest_from is not None
        end = float(int(call.now))
        if end - reach.digest_from < DIGEST_SECONDS - 1 and not self.is_last:
            return reach
        digested = self._digested(reach, end)
        if digested is None:
            self.is_complete = False
            return reach
        return replace(digested, digest_from=None, last_digest=[]) if self.is_last else digested

    def _digested(self, reach: Reach, end: float) -> Reach | None:
        """The place with a digest that ends at an instant; None when that could not be delivered."""
        call, trail = self.call, self.trail
        pair = keys.current(call, reach.of_region)
        key = files.digest_key(trail, reach.of_account, reach.of_region, end)
        assert reach.digest_from is not None
        text = files.digest_text(
            trail, reach.of_account, key, start=reach.digest_from, end=end, fingerprint=pair.fingerprint,
            previous=reach.last_digest, files=reach.files,
        )  # fmt: skip
        signature = keys.sign(call, pair, files.to_sign(trail.bucket, key, end, text, reach.last_digest))
        metadata = {"signature": signature, "signature-algorithm": files.ALGORITHM}
        try:
            door.write(call, trail, key, files.packed(text), metadata)
        except ServiceError as error:
            self.row = replace(self.row, digest_error=error.code)
            return None
        self.row = replace(self.row, digest_error="", digested_at=call.now)
        last = [trail.bucket, key, files.hash_of(text), signature]
        return replace(reach, files=[], digest_from=end, last_digest=last)
