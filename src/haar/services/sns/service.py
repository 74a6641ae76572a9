"""The service itself, its limits, and the errors it words the same way everywhere."""

from __future__ import annotations

from typing import Final

from haar.kit import Service, ServiceError

__all__ = ["invalid", "sns"]

sns: Service[str] = Service(
    "sns",
    page_size=100,
    bad_token="InvalidParameter",
    also_raises=("InvalidParameter", "ParameterValueInvalid", "ValidationError", "ReplayLimitExceeded"),
)

# Limits of one message and one request (docs: General Reference, sns.html; SNS API reference, Publish, PublishBatch).
MESSAGE_BYTES_MAX: Final = 262_144
BATCH_ENTRIES_MAX: Final = 10
SUBJECT_CHARS_MAX: Final = 100
SMS_CHARS_MAX: Final = 1600
#: A FIFO topic remembers a deduplication id for so long.
DEDUPLICATION_SECONDS: Final = 300.0
#: A subscription that nobody confirms is forgotten after so long, and its token with it
#: (docs: API reference, Subscribe; re:Post, sns-email-subscription-disabled).
PENDING_SECONDS: Final = 172_800.0
TAGS_MAX: Final = 50

# SNS publishes these limits in its General Reference page; the codes are Haar's own.
TOPICS = sns.quota("topics", "Topics per account", 100_000, adjustable=True)
FIFO_TOPICS = sns.quota("fifo-topics", "FIFO topics per account", 1_000, adjustable=True)
FIFO_SUBSCRIPTIONS = sns.quota("fifo-subscriptions", "Subscriptions per FIFO topic", 100, adjustable=True)
PENDING = sns.quota("pending-subscriptions", "Pending subscriptions per account", 5_000, adjustable=True)
FILTERS_OF_TOPIC = sns.quota("filter-policies-topic", "Filter policies per topic", 200, adjustable=True)
FILTERS_OF_ACCOUNT = sns.quota("filter-policies-account", "Filter policies per account", 10_000, adjustable=True)


def invalid(text: str) -> ServiceError:
    """InvalidParameter in SNS's own sentence."""
    return sns.error("InvalidParameter", f"Invalid parameter: {text}")
