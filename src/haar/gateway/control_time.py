"""The clock over HTTP: show it, move it, freeze it, make it run faster."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from math import isfinite
from typing import TYPE_CHECKING, Any

from haar.gateway.control_words import Asked, Problem

if TYPE_CHECKING:
    from haar.cloud import Cloud

__all__ = ["instant", "iso", "move", "reading", "seconds_in", "show"]

_DAY = 86_400.0
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": _DAY, "w": 7 * _DAY}
_SPAN = re.compile(r"(\d+(?:\.\d+)?)(ms|[smhdw])", re.ASCII)
_SPANS = re.compile(r"\+?(?:\d+(?:\.\d+)?(?:ms|[smhdw]))+", re.ASCII)
_SPAN_HINT = "Write it as +40d, +90m, +1h30m or a number of seconds."
#: The last instant that Python's calendar can write: the end of the year 9999.
_LAST = 253_402_300_799.0


def show(asked: Asked) -> dict[str, Any]:
    """The virtual time and the real one.

    Reply: `now` (virtual, ISO 8601) and `now_epoch` (seconds since 1970), `real` and `real_epoch`, `offset_seconds`
    (how far the virtual clock is ahead), `rate` (virtual seconds per real second), `frozen`, and `next_due` (the
    virtual instant at which the cloud has something to do next, or null).
    """
    return reading(asked.cloud)


def move(asked: Asked) -> dict[str, Any]:
    """Move the virtual clock; what falls due on the way is done, in order, before the answer.

    Exactly one of: `{"advance": 90}` or `{"advance": "+40d"}` (seconds, or spans of ms, s, m, h, d, w),
    `{"set": "2027-01-01T00:00:00Z"}` (or seconds since 1970; never earlier than now), `{"freeze": true}`,
    `{"rate": 60}` (virtual seconds per real second; 0 freezes), `{"resume": true}` (rate 1). The reply is that of
    `GET clock`, with `done`: how many due things were done.
    """
    cloud = asked.cloud
    members = asked.only("advance", "freeze", "rate", "resume", "set")
    if len(members) != 1:
        raise Problem(400, "BadClock", "Say one of advance, set, freeze, rate and resume.")
    ((verb, value),) = members.items()
    done = 0
    if verb in ("advance", "set"):
        now = cloud.clock.now()
        to = now + seconds_in(value) if verb == "advance" else instant(value)
        if to < now:
            message = f"Time cannot go backwards: it is {iso(now)}, asked for {iso(to)}."
            raise Problem(400, "BackwardsClock", message, "`haar reset` or another data directory begins anew.")
        if to > _LAST:
            raise Problem(400, "BadClock", "The calendar ends with the year 9999.")
        done = cloud.scheduler.advance(to)
    else:
        cloud.scheduler.bend(rate=_rate(asked, verb, value))
        done = cloud.scheduler.run_due()
    if cloud.server is not None:
        cloud.server.arm()
    return {**reading(cloud), "done": done}


def reading(cloud: Cloud) -> dict[str, Any]:
    """Both clocks, as `GET clock` says them."""
    clock = cloud.clock
    now, real = clock.now(), clock.real()
    due = cloud.scheduler.next_due()
    return {
        "now": iso(now),
        "now_epoch": now,
        "real": iso(real),
        "real_epoch": real,
        "offset_seconds": round(now - real, 3),
        "rate": clock.rate,
        "frozen": clock.rate == 0,
        "next_due": None if due is None or due > _LAST else iso(due),
    }


def iso(at: float) -> str:
    """An instant as ISO 8601 with milliseconds, in UTC."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def seconds_in(value: Any) -> float:
    """The seconds in a span: a number, or text such as `+1h30m`. Raises Problem."""
    if isinstance(value, str):
        text = value.strip().replace(" ", "").lower()
        if _SPANS.fullmatch(text):
            return sum(float(count) * _UNITS[unit] for count, unit in _SPAN.findall(text))
        try:
            value = float(text)
        except ValueError:
            raise Problem(400, "BadClock", f"{value!r} is not a span of time.", _SPAN_HINT) from None
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        raise Problem(400, "BadClock", "A span of time is a number of seconds or a text.", _SPAN_HINT)
    if value < 0:
        raise Problem(400, "BackwardsClock", "Time cannot go backwards.", _SPAN_HINT)
    return float(value)


def instant(value: Any) -> float:
    """An instant: seconds since 1970, or ISO 8601 (UTC where it names no zone). Raises Problem."""
    hint = "Write it as 2027-01-01T00:00:00Z or as seconds since 1970."
    if isinstance(value, str):
        try:
            parsed = datetime.fromisoformat(value.strip())
        except ValueError:
            raise Problem(400, "BadClock", f"{value!r} is not an instant.", hint) from None
        return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp()
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _LAST:
        raise Problem(400, "BadClock", "An instant is seconds since 1970 or a text.", hint)
    return float(value)


def _rate(asked: Asked, verb: str, value: Any) -> float:
    if verb == "rate":
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1e6:
            raise Problem(400, "BadClock", "The rate of time is a number from 0 to 1000000.")
        return float(value)
    if not asked.flag(verb):
        raise Problem(400, "BadClock", f"{verb} must be true.")
    return 0.0 if verb == "freeze" else 1.0
