"""LookupEvents: the management events of the last 90 days.

Source: AWS CloudTrail API Reference, API_LookupEvents.html.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any

from haar.kit import Call, Page
from haar.kit.audit import HISTORY_DAYS, Event
from haar.services.cloudtrail import rules
from haar.services.cloudtrail.service import cloudtrail

if TYPE_CHECKING:
    from haar.shapes import cloudtrail as api

#: Rows looked at for one page. A page that finds too little among them ends with a token.
ROWS_PER_PAGE = 20_000
_DAY = 86_400.0


@cloudtrail.operation(enums=False, partial="Insights events: there are none")
def lookup_events(call: Call, request: api.LookupEventsRequest) -> Page[api.Event]:
    category = request.get("EventCategory")
    if category is not None and category != "insight":
        message = f"The event category {category} is not valid: the one value is insight."
        raise cloudtrail.error("InvalidEventCategoryException", message)
    start, end = request.get("StartTime"), request.get("EndTime")
    if start is not None and end is not None and start > end:
        message = "Start time cannot be greater than end time."
        raise cloudtrail.error("InvalidTimeRangeException", message)
    wanted = _attribute(request.get("LookupAttributes", ()))
    if category == "insight":
        return Page(())
    # events are shown to the second: an event in the last second of the range is in the range
    first = max(call.now - HISTORY_DAYS * _DAY, -1.0 if start is None else float(int(start)))
    last = float(int(end)) + 0.999999 if end is not None else call.now
    name, value = wanted
    if name == "EventId":
        return Page(_one(call, value, first, last))
    return _History(call, first, last, _MATCHES[name](value))


def _attribute(attributes: Any) -> tuple[str, str]:
    """The one attribute of a look-up, or ("", "")."""
    listed: list[Mapping[str, str]] = list(attributes)
    if not listed:
        return "", ""
    if len(listed) > 1:
        raise _odd("You can specify only one lookup attribute.")
    name, value = listed[0]["AttributeKey"], listed[0]["AttributeValue"]
    if name not in _MATCHES:
        raise _odd(f"The lookup attribute {name} is not valid.")
    if name == "ReadOnly" and value not in ("true", "false"):
        raise _odd("The value of the ReadOnly attribute must be true or false.")
    return name, value


def _odd(message: str) -> Exception:
    return cloudtrail.error("InvalidLookupAttributesException", message)


#: Attribute -> value -> test of a row.
_MATCHES: dict[str, Callable[[str], Callable[[Event], bool]]] = {
    "": lambda value: lambda event: True,
    "EventId": lambda value: lambda event: rules.event_id(event.id) == value,
    "EventName": lambda value: lambda event: event.operation == value,
    "ReadOnly": lambda value: lambda event: event.read_only == (value == "true"),
    "Username": lambda value: lambda event: rules.user_name(event) == value,
    "ResourceType": lambda value: lambda event: any(kind == value for _, kind in event.resources),
    "ResourceName": lambda value: lambda event: any(value in (arn, rules.name_of(arn)) for arn, _ in event.resources),
    "EventSource": lambda value: lambda event: rules.source(event) == value,
    "AccessKeyId": lambda value: lambda event: event.access_key == value,
}


def _one(call: Call, event_id: str, first: float, last: float) -> list[api.Event]:
    """The event of an id: found by the request id that is inside it."""
    try:
        request_id = rules.event_id(event_id)
    except ValueError:
        return []
    moment = rules.begun_at(request_id)
    rows = call.tx.range(Event, call.account, call.region, start=moment - 0.001, stop=moment + 0.001)
    found = (event for event in rows if event.id == request_id and first <= event.at <= last)
    return [_shown(event) for event in found if not event.data]


class _History(Page[Any]):
    """The newest events first, a bounded number of rows at a time."""

    def __init__(self, call: Call, first: float, last: float, matches: Callable[[Event], bool]) -> None:
        super().__init__(())
        self._call = call
        self._bounds = (first, last)
        self._matches = matches

    def cut(self, after: Any, limit: int | None) -> tuple[list[Any], Any]:
        call, (first, last) = self._call, self._bounds
        place = (call.account, call.region, *after) if after is not None else None
        rows = call.tx.range(Event, call.account, call.region, start=first, stop=last, after=place, reverse=True)
        found: list[Any] = []
        seen: Event | None = None
        for event in islice(rows, ROWS_PER_PAGE):
            if len(found) == limit:
                assert seen is not None
                return found, [seen.at, seen.id]
            seen = event
            if not event.data and self._matches(event):
                found.append(_shown(event))
        if seen is None or next(rows, None) is None:
            return found, None
        return found, [seen.at, seen.id]


def _shown(event: Event) -> api.Event:
    shown: dict[str, Any] = {
        "EventId": rules.event_id(event.id),
        "EventName": event.operation,
        "ReadOnly": "true" if event.read_only else "false",
        "AccessKeyId": event.access_key or None,
        "EventTime": float(int(event.at)),
        "EventSource": rules.source(event),
        "Username": rules.user_name(event),
        "Resources": [{"ResourceType": kind or None, "ResourceName": name} for kind, name in rules.resources(event)],
        "CloudTrailEvent": rules.record(event),
    }
    return shown  # type: ignore[return-value]
