"""Replay: a subscription is sent again what its FIFO topic has archived.

Source: SNS Developer Guide, message-archiving-and-replay-subscriber.html.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from haar.kit import Call, ServiceError, replace
from haar.services.sns.resources import Replay, Subscription, Topic
from haar.services.sns.service import invalid

__all__ = ["begun"]


def begun(call: Call, topic: Topic, subscription: Subscription, policy: Mapping[str, Any], text: str) -> Subscription:
    """A subscription whose replay has begun, or with an empty policy has ended. Raises InvalidParameter."""
    if not policy:
        return replace(subscription, replay_policy="", replay_status="", replay="")
    if not topic.archive_days:
        raise _bad("The topic has no archive policy")
    unknown = set(policy) - {"PointType", "StartingPoint", "EndingPoint"}
    if unknown:
        raise _bad(f"unexpected JSON member: {min(unknown)}")
    if policy.get("PointType") != "Timestamp":
        raise _bad("PointType must be Timestamp")
    start = _instant(policy.get("StartingPoint"), "StartingPoint")
    stop = _instant(policy["EndingPoint"], "EndingPoint") if policy.get("EndingPoint") else call.now
    if start > call.now or stop < start:
        raise _bad("StartingPoint must be in the past and not behind EndingPoint")
    number = call.new_id()
    call.emit(Replay(subscription=subscription.arn, replay=number, start=start, stop=min(stop, call.now)))
    return replace(subscription, replay_policy=text, replay_status="Pending", replay=number)


def _instant(text: Any, name: str) -> float:
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        raise _bad(f"{name} must be an instant such as 2024-01-31T09:30:00.000Z") from None
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


def _bad(text: str) -> ServiceError:
    return invalid(f"ReplayPolicy: {text}")
