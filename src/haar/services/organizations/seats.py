"""Who may call what: the management account everything, others what the organization lets them.

| the caller's account | may |
|---|---|
| management account | all, within its identity policies |
| delegated administrator of some service | read, within its identity policies |
| named in the organization's resource policy | what that policy and its own identity policies say, as across accounts |
| any member | what is about itself: DescribeOrganization, LeaveOrganization, its handshakes, its effective policies |
| outside any organization | CreateOrganization, and answer invitations |

The functions here are what operations give as `resource=`: they find the ARNs a request is about, and refuse an
account that has no seat at all before its policies are looked at: both answers are AccessDeniedException.

Source: Organizations API Reference, "You can only call this operation from ..." of each operation; Organizations
User Guide, orgs_delegate_policies.html.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from haar.kit import Call
from haar.services.organizations import managed
from haar.services.organizations.resources import (
    NOT_IN_USE,
    Account,
    Delegation,
    Handshake,
    Organization,
    Policy,
    ResourcePolicy,
    Root,
    Transfer,
    Unit,
    accounts_by_number,
    handshakes_by_id,
)
from haar.services.organizations.service import organizations

if TYPE_CHECKING:
    from haar.store.transaction import Transaction

Thing = Account | Root | Unit | Policy | ResourcePolicy | Handshake | Transfer

NO_SEAT = "You don't have permissions to access this resource."
#: The members of requests that name something, in the order in which AWS lists their resources.
_NAMING = (
    "PolicyId", "AccountId", "OrganizationalUnitId", "RootId", "ParentId", "ChildId", "TargetId", "SourceParentId",
    "DestinationParentId", "ResourceId", "HandshakeId",
)  # fmt: skip


class Seat(NamedTuple):
    """An account's place: the organization, and its membership."""

    organization: Organization
    member: Account

    @property
    def manages(self) -> bool:
        """Whether this is the management account."""
        return self.organization.account == self.member.id

    @property
    def head(self) -> tuple[str, str]:
        """What every key of the organization begins with."""
        return self.organization.account, self.organization.id


class Seen(NamedTuple):
    """What a decision sees of a thing: for those who have a seat, it is their own account's."""

    account: str
    policy: str | None = None
    tags: Mapping[str, str] = {}
    type: str | None = None


def membership(tx: Transaction, number: str) -> Account | None:
    """An account's membership in whatever organization it is in."""
    return next(tx.range(accounts_by_number, number, limit=1), None)


def seat(call: Call) -> Seat | None:
    """The caller's account's seat; None when it is in no organization."""
    member = membership(call.tx, call.account)
    if member is None:
        return None
    organization = call.tx.get(Organization, member.account)
    assert organization is not None, f"{member.arn} is a member of nothing"
    return Seat(organization, member)


def here(call: Call) -> Seat:
    """The caller's account's seat; refused when it is in no organization."""
    found = seat(call)
    if found is None:
        raise organizations.error("AWSOrganizationsNotInUseException", NOT_IN_USE[1])
    return found


def head(call: Call) -> tuple[str, str]:
    """What keys in the caller's organization begin with; two empty texts when it has none."""
    found = seat(call)
    return found.head if found is not None else ("", "")


# -- what a request is about --------------------------------------------------------------------------------------


def find(tx: Transaction, head: tuple[str, str], thing: str) -> Thing | None:
    """Anything of an organization by its id."""
    if thing.startswith("r-"):
        return tx.get(Root, *head, thing)
    if thing.startswith("ou-"):
        return tx.get(Unit, *head, thing)
    if thing.startswith("p-"):
        return managed.POLICIES.get(thing) or tx.get(Policy, *head, thing)
    if thing.startswith("rp-"):
        return tx.get(ResourcePolicy, *head, thing)
    if thing.startswith("rt-"):
        return tx.get(Transfer, *head, thing)
    if thing.startswith("h-"):
        return next(tx.range(handshakes_by_id, thing, limit=1), None)
    return tx.get(Account, *head, thing)


def _arn(head: tuple[str, str], thing: str) -> str:
    """The ARN something would have if it were there."""
    kinds = {"r-": "root", "ou": "ou", "p-": "policy", "rp": "resourcepolicy", "rt": "transfer", "h-": "handshake"}
    return f"arn:aws:organizations::{head[0]}:{kinds.get(thing[:2], 'account')}/{head[1]}/{thing}"


def _concerned(
    call: Call, request: Mapping[str, Any], head: tuple[str, str], policy: str | None
) -> list[tuple[str, Seen]]:
    """The ARNs of a request, as the caller's own (`policy` None) or as the management account's."""
    owner = call.account if policy is None else head[0]
    named = [request[member] for member in _NAMING if member in request]
    things = [(thing, find(call.tx, head, thing)) for thing in named]
    kind = next((thing.type for _, thing in things if isinstance(thing, Policy)), None)
    found = [
        (thing.arn if thing is not None else _arn(head, name), Seen(owner, policy, thing.tags if thing else {}, kind))
        for name, thing in things
    ]
    return found or [("*", Seen(owner, policy))]


# -- who may -------------------------------------------------------------------------------------------------------


def _seated(call: Call, request: Mapping[str, Any], *, delegates: bool, delegable: bool) -> list[tuple[str, Any]]:
    place = seat(call)
    if place is None:
        return [("*", Seen(call.account))]  # policies first; then it is told that there is no organization
    if place.manages or (delegates and administers(call, place)):
        return _concerned(call, request, place.head, None)
    written = resource_policy(call.tx, place) if delegable else None
    if written is None:
        raise organizations.error("AccessDeniedException", NO_SEAT)
    return _concerned(call, request, place.head, written.content)


def management(call: Call, request: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """For the management account alone."""
    return _seated(call, request, delegates=False, delegable=False)


def policy_managers(call: Call, request: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """For the management account, and for those its resource policy names."""
    return _seated(call, request, delegates=False, delegable=True)


def readers(call: Call, request: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """For the management account, delegated administrators, and those the resource policy names."""
    return _seated(call, request, delegates=True, delegable=True)


def members(call: Call, request: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """For every account: what it asks is about itself, or is shown to all."""
    return _concerned(call, request, head(call), None)


def administers(call: Call, place: Seat) -> bool:
    """Whether the caller's account is a delegated administrator of some service."""
    return next(call.tx.range(Delegation, *place.head, place.member.id, limit=1), None) is not None


def resource_policy(tx: Transaction, place: Seat) -> ResourcePolicy | None:
    """The organization's resource policy."""
    return next(tx.range(ResourcePolicy, *place.head, limit=1), None)


# -- members of requests that name resources -----------------------------------------------------------------------


@organizations.names("AccountId", Account)
def account_at(call: Call, number: str) -> tuple[str, ...]:
    """The key of an account of the caller's organization."""
    return (*head(call), number)


@organizations.names("OrganizationalUnitId", Unit)
def unit_at(call: Call, unit: str) -> tuple[str, ...]:
    """The key of a unit of the caller's organization."""
    return (*head(call), unit)


@organizations.names("RootId", Root)
def root_at(call: Call, root: str) -> tuple[str, ...]:
    """The key of a root of the caller's organization."""
    return (*head(call), root)


@organizations.names("PolicyId", Policy)
def policy_at(call: Call, policy: str) -> tuple[str, ...] | Policy:
    """The key of a policy of the caller's organization; AWS's own are values."""
    place = head(call)
    ours = managed.POLICIES.get(policy) if place[1] else None
    return ours if ours is not None else (*place, policy)


@organizations.names("HandshakeId", Handshake)
def handshake_at(call: Call, handshake: str) -> tuple[str, ...] | Handshake:
    """The handshake of an id, if the caller's account has a part in it."""
    from haar.services.organizations.holders import addresses

    found = next(call.tx.range(handshakes_by_id, handshake, limit=1), None)
    if found is None or (found.account != call.account and found.recipient not in addresses(call.tx, call.account)):
        return ("", "none", handshake)
    return found
