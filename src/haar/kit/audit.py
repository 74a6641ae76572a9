"""The audit row: one for every call ever made, written in the call's own transaction.

The CloudTrail room reads them; nothing but this module writes them. Rows are ordered by account, region and
time, and kept for 90 days of virtual time, as CloudTrail's event history does
(docs: CloudTrail User Guide, view-cloudtrail-events.html).
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from msgspec import field

from haar.record import Record, key

if TYPE_CHECKING:
    from haar.store.transaction import Transaction

#: Virtual days that the event history goes back.
HISTORY_DAYS = 90


class Event(Record):
    """One call: who, what, on which resource, with which outcome."""

    account: str = key()
    region: str = key()
    at: float = key()
    id: str = key()
    service: str
    operation: str
    principal_kind: str = ""
    principal_arn: str = ""
    principal_id: str = ""
    principal_account: str = ""
    user: str = ""
    issuer: str = ""
    access_key: str = ""
    session_issued_at: float | None = None
    mfa: bool = False
    source_ip: str = ""
    agent: str = ""
    invoked_by: str = ""
    read_only: bool = False
    data: bool = False
    request: dict[str, Any] | None = None
    response: dict[str, Any] | None = None
    resources: list[tuple[str, str]] = field(default_factory=list)
    error: str = ""
    message: str = ""
    #: why a denied call was denied, as `sts:DecodeAuthorizationMessage` returns it
    decision: str = ""


def request_id(random_bits: int, at: float) -> str:
    """A request id (a version-7 UUID): its first 48 bits are the milliseconds at which the call began.

    So an event is found by its id alone, without an index that every call would have to pay for.
    `random_bits` are 74 random bits.
    """
    milliseconds = int(at * 1000)
    return "%08x-%04x-7%03x-%04x-%012x" % (  # noqa: UP031  # quicker than an f-string, on every call
        milliseconds >> 16 & 0xFFFFFFFF,
        milliseconds & 0xFFFF,
        random_bits & 0xFFF,
        0x8000 | random_bits >> 60,
        random_bits >> 12 & 0xFFFFFFFFFFFF,
    )


def find(tx: Transaction, request_id: str) -> Event | None:
    """The event of a request id, whichever account and region it belongs to."""
    try:
        milliseconds = int(request_id[:8] + request_id[9:13], 16)
    except ValueError:
        return None
    place = next(tx.range(Event, limit=1), None)
    while place is not None:
        start, stop = milliseconds / 1000, (milliseconds + 1) / 1000
        for event in tx.range(Event, place.account, place.region, start=start, stop=stop):
            if event.id == request_id:
                return event
        # hop to the next account and region
        place = next(tx.range(Event, after=(place.account, place.region, float("inf"), ""), limit=1), None)
    return None


@cache
def is_read_only(operation: str) -> bool:
    """Whether an operation only reads, by the rule CloudTrail's own names follow."""
    return operation.startswith(_READING)


_READING = (
    "Get", "List", "Describe", "Lookup", "Head", "Search", "Simulate", "Query", "Scan", "Decode", "Check", "Preview",
)  # fmt: skip
