"""The service itself, its limits, and the errors that all its operations word alike."""

from __future__ import annotations

from haar.kit import Service, ServiceError

dynamodb: Service[str] = Service(
    "dynamodb",
    also_raises=(
        "ValidationException",
        "AccessDeniedException",
        "SerializationException",
        "ThrottlingException",
        "IdempotentParameterMismatch",
    ),
    bad_token="ValidationException",
)

# Limits of items and requests (docs: DynamoDB Developer Guide, Constraints.html).
ITEM_BYTES_MAX = 400 * 1024
PARTITION_KEY_BYTES_MAX = 2048
SORT_KEY_BYTES_MAX = 1024
NESTING_MAX = 32
#: What one Query or Scan reads at most before it answers, in bytes of items.
PAGE_BYTES_MAX = 1024 * 1024
BATCH_GET_BYTES_MAX = 16 * 1024 * 1024
TRANSACTION_BYTES_MAX = 4 * 1024 * 1024
TRANSACTION_ACTIONS_MAX = 100
#: How long TransactWriteItems knows a ClientRequestToken again.
TOKEN_SECONDS = 600.0
EXPRESSION_BYTES_MAX = 4096
EXPRESSION_OPERATORS_MAX = 300
#: What all items of one partition key value take at most in a table with local secondary indexes.
COLLECTION_BYTES_MAX = 10 * 1024**3

INVALID = "One or more parameter values were invalid: "


def invalid(message: str) -> ServiceError:
    """ValidationException, the answer to nearly everything that a request can have wrong."""
    return dynamodb.error("ValidationException", message, status=400)


def invalid_value(message: str) -> ServiceError:
    """ValidationException that begins with the words DynamoDB says about values."""
    return dynamodb.error("ValidationException", INVALID + message, status=400)


def missing_table() -> ServiceError:
    """What every operation on items answers when there is no such table (or index)."""
    return dynamodb.error("ResourceNotFoundException", "Requested resource not found")
