"""The operations, a module for each kind of thing they act on."""

from __future__ import annotations

from haar.services.dynamodb.operations import expiry, items, policies, reading, tables, transactions

__all__ = ["expiry", "items", "policies", "reading", "tables", "transactions"]
