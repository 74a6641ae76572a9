"""What has been asked of a cloud, and why it said no: read from the audit rows, which every call leaves."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import orjson

from haar.gateway.control_time import iso
from haar.gateway.control_words import Asked, Problem
from haar.kit.audit import Event, find
from haar.kit.wait import Wait

if TYPE_CHECKING:
    from haar.store.transaction import Transaction

__all__ = ["explain", "logs"]

_LINES = 100
_LINES_MAX = 1000
_WAIT_SECONDS_MAX = 20.0
#: A call is recorded when it ends, under the instant at which it began: so long may it have been waiting.
_LATE_SECONDS = 25.0
_LAST = float("inf")


def explain(asked: Asked) -> dict[str, Any]:
    """Who asked for what under a request id, how it ended, and which policy statement decided a denial.

    Reply: `call` (as in `logs`), `denied`, `text` (for people), and `decision` (as sts:DecodeAuthorizationMessage
    returns it; null when no policy denied the call). 404 when no call of the last 90 days has this request id.
    """
    wanted = unquote(asked.rest).strip()
    request_id = wanted.lower()
    with asked.cloud.store.transaction(write=False) as tx:
        event = find(tx, request_id) if len(request_id) == 36 else None
    if event is None:
        hint = "Every answer carries its id in x-amzn-requestid; `haar logs` lists the calls whose signer was known."
        raise Problem(404, "NoSuchRequest", f"No call is on record under the request id {wanted}.", hint)
    decision = orjson.loads(event.decision) if event.decision else None
    text = decision["text"] if decision else _told(event)
    if decision and not event.error:
        text += "\nThe call went through all the same: policies are recorded, but not enforced (--iam audit)."
    return {
        "call": line(event),
        "denied": decision is not None,
        "text": text,
        "decision": decision["authorization"] if decision else None,
    }


def logs(asked: Asked) -> dict[str, Any]:
    """The latest calls, oldest first, from the audit trail (so: calls whose signer was known).

    Parameters: `limit` (100, at most 1000), `account`, `service`, `errors=1` (only calls that failed), `after` (the
    `next` of an earlier reply), `wait` (up to 20 virtual seconds that the answer may be held back for a new call; it
    may come earlier, with nothing new).

    Reply: `calls`, each with `id`, `at`, `account`, `region`, `service`, `operation`, `principal`, `source_ip`,
    `resources`, `error`, `message`, `denied`; and `next`. With `after`, calls that were told already can come
    again (a call is recorded when it ends, under the instant at which it began): tell them apart by `id`.
    """
    limit = int(asked.number("limit", _LINES, _LINES_MAX))
    after = asked.number("after", 0.0, 1e12)
    wait = asked.number("wait", 0.0, _WAIT_SECONDS_MAX)
    newer = after if after and wait else 0.0
    with asked.cloud.store.transaction(write=False) as tx:
        found = _latest(asked, tx, max(0.0, after - _LATE_SECONDS), limit)
    until = asked.started + wait
    if wait and not any(event.at > newer for event in found) and asked.cloud.clock.now() < until:
        raise Wait(on=Event, until=until)
    latest = max([after, *(event.at for event in found)])
    return {"calls": [line(event) for event in found], "next": repr(latest)}


def line(event: Event) -> dict[str, Any]:
    """One call."""
    return {
        "id": event.id,
        "at": iso(event.at),
        "account": event.account,
        "region": event.region,
        "service": event.service,
        "operation": event.operation,
        "principal": event.principal_arn or event.principal_kind,
        "source_ip": event.source_ip or event.invoked_by,
        "resources": [arn for arn, _ in event.resources],
        "error": event.error,
        "message": event.message,
        "denied": bool(event.decision),
    }


def _told(event: Event) -> str:
    who = event.principal_arn or event.principal_kind
    what = f"{who} called {event.service}:{event.operation} in {event.region} at {iso(event.at)}."
    if event.error:
        return f"{what}\nIt failed with {event.error}: {event.message}\nNo policy denied it."
    return f"{what}\nIt was allowed, and succeeded."


def _latest(asked: Asked, tx: Transaction, start: float, limit: int) -> list[Event]:
    """The newest calls since an instant, oldest first: of each account and region at most `limit`, then of all."""
    account = asked.query.get("account", "")
    service = asked.query.get("service", "")
    errors = asked.query.get("errors", "") not in ("", "0", "false")
    found: list[Event] = []
    place = next(tx.range(Event, *([account] if account else []), limit=1), None)
    while place is not None and (not account or place.account == account):
        rows = tx.range(Event, place.account, place.region, start=start, reverse=True)
        wanted = (row for row in rows if (not service or row.service == service) and (not errors or row.error))
        found.extend(islice(wanted, limit))
        place = next(tx.range(Event, after=(place.account, place.region, _LAST, ""), limit=1), None)
    found.sort(key=lambda event: (event.at, event.id))
    return found[-limit:] if limit else []
