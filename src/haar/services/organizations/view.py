"""The port `organizations`: what an account's organization means for a decision."""

from __future__ import annotations

from typing import TYPE_CHECKING

from haar.kit import Source
from haar.kit.ports import OrganizationView
from haar.services.organizations import managed, tree
from haar.services.organizations.resources import Attachment, Holder, Organization, Policy, Root
from haar.services.organizations.seats import membership
from haar.services.organizations.service import RCP, SCP

if TYPE_CHECKING:
    from haar.kit.identity import PolicyKind
    from haar.store.transaction import Transaction

_KINDS: dict[str, PolicyKind] = {SCP: "scp", RCP: "rcp"}


class StoredOrganizations:
    """Implements `haar.kit.ports.Organizations` on what this room remembers."""

    def view(self, tx: Transaction, account: str) -> OrganizationView | None:
        """Where an account stands; None when it is in no organization and was never closed."""
        member = membership(tx, account)
        if member is None:
            who = tx.get(Holder, account)
            if who is None or who.closed_at is None:
                return None
            return OrganizationView(id="", management_account="", path="", suspended=True)
        organization = tx.get(Organization, member.account)
        assert organization is not None, f"{member.arn} is a member of nothing"
        line = tree.lineage(tx, member)
        top = line[0]
        assert isinstance(top, Root), f"{member.arn} hangs on nothing"
        bound = member.id != organization.account
        return OrganizationView(
            id=organization.id,
            management_account=organization.account,
            path=tree.path(tx, line[-2]),
            scps=_levels(tx, line, SCP) if bound and SCP in top.policy_types else (),
            rcps=_levels(tx, line, RCP) if bound and RCP in top.policy_types else (),
            suspended=member.state in ("CLOSED", "SUSPENDED"),
        )


def _levels(tx: Transaction, line: list[tree.Node], kind: str) -> tuple[tuple[Source, ...], ...]:
    """The policies of a type at every level of a line, from the root down."""
    return tuple(tuple(_source(policy, kind) for policy in attached(tx, node, kind)) for node in line)


def attached(tx: Transaction, node: tree.Node, kind: str) -> list[Policy]:
    """The policies of a type that are attached to a node itself, in the order of attaching."""
    head = (node.account, node.organization)
    rows = sorted(tx.range(Attachment, *head, node.id, kind), key=lambda row: row.serial)
    found = [managed.POLICIES.get(row.policy) or tx.get(Policy, *head, row.policy) for row in rows]
    return [policy for policy in found if policy is not None]


def _source(policy: Policy, kind: str) -> Source:
    return Source(policy.arn, policy.content, _KINDS[kind])


__all__ = ["StoredOrganizations", "attached"]
