"""The operations of Organizations, a file for each thing they are about; importing them registers them."""

from __future__ import annotations

from haar.services.organizations.operations import (
    accounts,
    administrators,
    attachments,
    creation,
    effective,
    handshakes,
    organization,
    policies,
    tags,
    units,
)

__all__ = [
    "accounts",
    "administrators",
    "attachments",
    "creation",
    "effective",
    "handshakes",
    "organization",
    "policies",
    "tags",
    "units",
]
