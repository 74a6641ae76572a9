"""The operations, a module for each kind of thing they act on."""

from __future__ import annotations

from haar.services.dynamodb.operations import tables

__all__ = ["tables"]
