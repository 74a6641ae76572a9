"""The organization an account is in, as the Organizations room shows it through its port."""

from __future__ import annotations

from typing import TYPE_CHECKING

from haar.kit import Call, epoch

if TYPE_CHECKING:
    from haar.kit.ports import OrganizationView


def view_of(call: Call, account: str) -> OrganizationView | None:
    """The account's organization; None for a standalone account."""
    if not epoch(call.tx, "organizations"):
        return None  # no organization was ever made: the other room need not even be loaded
    view: OrganizationView | None = call.ports.port("organizations").view(call.tx, account)
    # a closed account that was never a member has a view without an organization
    return view if view is not None and view.id else None
