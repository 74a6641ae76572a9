"""Delivery policies: how long after a failure an HTTP endpoint is tried again.

Four phases, one after the other: at once, at the least delay, at growing delays, at the most delay. What is not said
has SNS's own value. Source: SNS Developer Guide, sns-message-delivery-retries.html.
"""

from __future__ import annotations

import json
import math
from typing import Any, Final

from haar.kit import ServiceError
from haar.services.sns.service import invalid

__all__ = ["check", "content_type", "effective", "retry_delays"]

_DEFAULT: Final[dict[str, Any]] = {
    "minDelayTarget": 20, "maxDelayTarget": 20, "numRetries": 3, "numMaxDelayRetries": 0, "numNoDelayRetries": 0,
    "numMinDelayRetries": 0, "backoffFunction": "linear",
}  # fmt: skip
_FUNCTIONS: Final = ("linear", "arithmetic", "geometric", "exponential")
_CONTENT_TYPE: Final = "text/plain; charset=UTF-8"
CONTENT_TYPES: Final = frozenset(
    (
        "text/plain", "application/json", "text/html", "application/xml", "text/xml", "text/css", "text/csv",
        "application/x-www-form-urlencoded", "application/atom+xml", "application/octet-stream",
    )
)  # fmt: skip
#: The longest that all delays may take together, and the longest one (docs: sns-message-delivery-retries.html).
_TOTAL_SECONDS_MAX: Final = 3600
_RETRIES_MAX: Final = 100


def effective(topic: str, subscription: str = "") -> dict[str, Any]:
    """The policy in force: what a topic's says (JSON, or empty), and over that what a subscription's says."""
    http = (json.loads(topic) if topic else {}).get("http") or {}
    overrides_off = bool(http.get("disableSubscriptionOverrides", False))
    own = json.loads(subscription) if subscription and not overrides_off else {}
    healthy = {**_DEFAULT, **(http.get("defaultHealthyRetryPolicy") or {}), **(own.get("healthyRetryPolicy") or {})}
    asked = {
        "headerContentType": _CONTENT_TYPE,
        **(http.get("defaultRequestPolicy") or {}),
        **(own.get("requestPolicy") or {}),
    }
    return {"healthyRetryPolicy": healthy, "disableSubscriptionOverrides": overrides_off, "requestPolicy": asked}


def shown(topic: str) -> str:
    """The effective policy of a topic, as GetTopicAttributes shows it."""
    found = effective(topic)
    http = {
        "defaultHealthyRetryPolicy": found["healthyRetryPolicy"],
        "disableSubscriptionOverrides": found["disableSubscriptionOverrides"],
        "defaultRequestPolicy": found["requestPolicy"],
    }
    return json.dumps({"http": http}, separators=(",", ":"))


def content_type(policy: dict[str, Any]) -> str:
    """The content type that an effective policy asks for."""
    return str(policy["requestPolicy"]["headerContentType"])


def retry_delays(policy: dict[str, Any]) -> list[float]:
    """Seconds between a failure and the next attempt, one for each retry of an effective policy."""
    healthy = policy["healthyRetryPolicy"]
    low, high = float(healthy["minDelayTarget"]), float(healthy["maxDelayTarget"])
    at_once, least, most = (
        int(healthy[name]) for name in ("numNoDelayRetries", "numMinDelayRetries", "numMaxDelayRetries")
    )
    between = int(healthy["numRetries"]) - at_once - least - most
    growing = [_grown(healthy["backoffFunction"], low, high, step, between) for step in range(between)]
    return [0.0] * at_once + [low] * least + growing + [high] * most


def _grown(function: str, low: float, high: float, step: int, steps: int) -> float:
    """The delay of one step of the backoff phase: from the least to the most, along a curve."""
    part = step / (steps - 1) if steps > 1 else 0.0
    if function == "linear":
        return low + (high - low) * part
    if function == "arithmetic":
        return low + (high - low) * part * (part + 1) / 2
    if function == "geometric" and low > 0:
        return float(low * (high / low) ** part)
    return low + (high - low) * (math.exp2(part * max(steps - 1, 1)) - 1) / (math.exp2(max(steps - 1, 1)) - 1)


def check(text: str, *, of_topic: bool) -> str:
    """A sound delivery policy; empty for one that takes a policy away. Raises InvalidParameter."""
    if not text:
        return ""
    try:
        given = json.loads(text)
    except ValueError:
        raise _bad("failed to parse JSON.") from None
    if not isinstance(given, dict):
        raise _bad("failed to parse JSON.")
    if of_topic:
        given = given.get("http")
        if not isinstance(given, dict):
            raise _bad("http must be an object")
    retry = given.get("defaultHealthyRetryPolicy" if of_topic else "healthyRetryPolicy") or {}
    asked = given.get("defaultRequestPolicy" if of_topic else "requestPolicy") or {}
    kind = str(asked.get("headerContentType", _CONTENT_TYPE)).partition(";")[0].strip().lower()
    if kind not in CONTENT_TYPES:
        raise _bad(f"headerContentType {kind} is not supported")
    _check_retry({**_DEFAULT, **retry}, retry)
    return text


def _check_retry(healthy: dict[str, Any], given: dict[str, Any]) -> None:
    unknown = set(given) - set(_DEFAULT) - {"maxReceivesPerSecond"}
    if unknown:
        raise _bad(f"unexpected JSON member: {min(unknown)}")
    counts = [name for name in _DEFAULT if name.startswith("num")]
    for name in (*counts, "minDelayTarget", "maxDelayTarget"):
        if not isinstance(healthy[name], int) or isinstance(healthy[name], bool) or healthy[name] < 0:
            raise _bad(f"{name} must be a whole number, 0 or more")
    if healthy["backoffFunction"] not in _FUNCTIONS:
        raise _bad(f"backoffFunction must be one of {', '.join(_FUNCTIONS)}")
    if healthy["numRetries"] > _RETRIES_MAX:
        raise _bad("numRetries must be less than or equal to 100")
    if not 1 <= healthy["minDelayTarget"] <= healthy["maxDelayTarget"] <= _TOTAL_SECONDS_MAX:
        raise _bad("minDelayTarget must be 1 or more and not above maxDelayTarget, which must be 3600 or less")
    if sum(healthy[name] for name in counts if name != "numRetries") > healthy["numRetries"]:
        raise _bad("numRetries must be greater than or equal to the sum of the retries of the other phases")
    if sum(retry_delays({"healthyRetryPolicy": healthy})) > _TOTAL_SECONDS_MAX:
        raise _bad("The total retry time of the policy must be 3600 seconds or less")


def _bad(text: str) -> ServiceError:
    return invalid(f"DeliveryPolicy: {text}")
