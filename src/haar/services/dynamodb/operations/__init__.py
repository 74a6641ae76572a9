"""The operations, a module for each kind of thing they act on."""

from __future__ import annotations

from haar.services.dynamodb.operations import items, reading, tables, transactions

__all__ = ["items", "reading", "tables", "transactions"]
