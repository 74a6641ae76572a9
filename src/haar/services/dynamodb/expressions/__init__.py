"""Expressions: conditions, updates and projections, from their text to what they do."""

from __future__ import annotations
