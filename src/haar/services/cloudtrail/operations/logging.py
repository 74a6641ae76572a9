"""Recording: StartLogging, StopLogging, GetTrailStatus, ListPublicKeys.

Source: AWS CloudTrail API Reference.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from haar.kit import Call, Page
from haar.services.cloudtrail import delivery, find
from haar.services.cloudtrail.resources import SigningKey
from haar.services.cloudtrail.service import cloudtrail

if TYPE_CHECKING:
    from haar.shapes import cloudtrail as api


@cloudtrail.operation(resource=find.named("Name"))
def start_logging(call: Call, request: api.StartLoggingRequest) -> api.StartLoggingResponse:
    delivery.start(call, find.changeable(call, request["Name"]))
    return {}


@cloudtrail.operation(resource=find.named("Name"))
def stop_logging(call: Call, request: api.StopLoggingRequest) -> api.StopLoggingResponse:
    delivery.stop(call, find.changeable(call, request["Name"]))
    return {}


@cloudtrail.operation(resource=find.named("Name"))
def get_trail_status(call: Call, request: api.GetTrailStatusRequest) -> api.GetTrailStatusResponse:
    row = delivery.delivery_of(call.tx, find.readable(call, request["Name"]))
    # the members that AWS no longer uses are filled in all the same, as AWS does
    shown: dict[str, Any] = {
        "IsLogging": row.is_logging,
        "LatestDeliveryError": row.error or None,
        "LatestDeliveryTime": row.delivered_at,
        "StartLoggingTime": row.started_at,
        "StopLoggingTime": row.stopped_at,
        "LatestDigestDeliveryTime": row.digested_at,
        "LatestDigestDeliveryError": row.digest_error or None,
        "LatestDeliveryAttemptTime": _text(row.delivered_at),
        "LatestNotificationAttemptTime": "",
        "LatestNotificationAttemptSucceeded": "",
        "LatestDeliveryAttemptSucceeded": _text(row.delivered_at),
        "TimeLoggingStarted": _text(row.started_at),
        "TimeLoggingStopped": _text(row.stopped_at),
    }
    return shown  # type: ignore[return-value]


def _text(at: float | None) -> str:
    return "" if at is None else datetime.fromtimestamp(int(at), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@cloudtrail.operation
def list_public_keys(call: Call, request: api.ListPublicKeysRequest) -> Page[api.PublicKey]:
    start, end = request.get("StartTime", call.now), request.get("EndTime", call.now)
    if start > end:
        raise cloudtrail.error("InvalidTimeRangeException", "Start time cannot be greater than end time.")
    return Page.of(call.tx, SigningKey, call.region, stop=end, show=_key, where=lambda pair: pair.until >= start)


def _key(pair: SigningKey) -> api.PublicKey:
    return {
        "Value": pair.public,
        "ValidityStartTime": pair.since,
        "ValidityEndTime": pair.until,
        "Fingerprint": pair.fingerprint,
    }
