"""The operations, by what they are about; importing them registers them."""

from __future__ import annotations

from haar.services.cloudtrail.operations import administrators, history, logging, selectors, tags, trails

__all__ = ["administrators", "history", "logging", "selectors", "tags", "trails"]
