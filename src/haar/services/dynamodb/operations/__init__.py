"""The operations, a module for each kind of thing they act on."""

from __future__ import annotations

from haar.services.dynamodb import conditions, refusals
from haar.services.dynamodb.operations import (
    backups,
    expiry,
    items,
    policies,
    reading,
    statements,
    tables,
    transactions,
    transfers,
)

__all__ = [
    "backups",
    "conditions",
    "expiry",
    "items",
    "policies",
    "reading",
    "refusals",
    "statements",
    "tables",
    "transactions",
    "transfers",
]
