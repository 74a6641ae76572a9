"""The service itself, its limits, and the errors it words the same way everywhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from haar.kit import Call, Page, Service, ServiceError

sqs: Service[str] = Service(
    "sqs",
    validation_error="InvalidParameterValue",
    also_raises=("InvalidParameterValue", "MissingParameter", "AccessDenied"),
    bad_token="InvalidParameterValue",
)

# Limits of one message and one request (docs: SQS Developer Guide, quotas-messages.html and quotas-queues.html).
BATCH_ENTRIES_MAX = 10
BODY_BYTES_MAX = 1_048_576
DELAY_SECONDS_MAX = 900
VISIBILITY_SECONDS_MAX = 43_200
WAIT_SECONDS_MAX = 20
ATTRIBUTES_MAX = 10
#: A FIFO queue remembers a deduplication id, and a receive attempt, for so long.
DEDUPLICATION_SECONDS = 300.0
#: After a queue was deleted its name is kept free for so long.
NAME_REST_SECONDS = 60.0
#: A queue is purged at most once in so many seconds.
PURGE_SECONDS = 60.0
#: API calls a second that a FIFO queue serves per API action (in high throughput: per message group).
FIFO_CALLS_PER_SECOND = 300

# SQS publishes these two limits in its guide, and no code for them in Service Quotas; the codes are Haar's own.
IN_FLIGHT_STANDARD = sqs.quota("in-flight-standard", "In-flight messages per standard queue", 120_000, adjustable=True)
IN_FLIGHT_FIFO = sqs.quota("in-flight-fifo", "In-flight messages per FIFO queue", 120_000, adjustable=True)


def invalid(value: Any, parameter: str, reason: str) -> ServiceError:
    """InvalidParameterValue in SQS's own sentence."""
    return sqs.error("InvalidParameterValue", f"Value {value} for parameter {parameter} is invalid. Reason: {reason}")


def needed(request: Mapping[str, Any], parameter: str, shown: str = "") -> Any:
    """A member that must be there and not empty. Raises MissingParameter."""
    value = request.get(parameter)
    if value is None or value == "":
        raise sqs.error("MissingParameter", f"The request must contain the parameter {shown or parameter}.")
    return value


def within(request: Mapping[str, Any], parameter: str, low: int, high: int, reason: str) -> int | None:
    """An optional number and its bounds. Raises InvalidParameterValue."""
    value: int | None = request.get(parameter)
    if value is not None and not low <= value <= high:
        raise invalid(value, parameter, reason)
    return value


def paged(call: Call, page: Page[Any], request: Mapping[str, Any]) -> dict[str, Any]:
    """One page; an empty result is left out of the reply, as SQS does."""
    within(request, "MaxResults", 1, 1000, "MaxResults must be between 1 and 1000.")
    paging = sqs.bound(call.operation).paging
    assert paging is not None, f"{call.operation} has no paginator"
    reply = paging.cut(page, request)
    if not reply[paging.result]:
        del reply[paging.result]
    return reply
