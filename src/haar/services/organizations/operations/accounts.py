"""Member accounts: seeing, moving, removing and closing them.

ACTIVE ──CloseAccount──▶ PENDING_CLOSURE ──a minute──▶ CLOSED ──90 days──▶ out of the organization
                                                       (Status says SUSPENDED; the account answers nothing)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from haar.kit import Call, Page, Task, replace
from haar.services.organizations import describe, joining, tree
from haar.services.organizations.holders import holder
from haar.services.organizations.operations.organization import ensure_all_features
from haar.services.organizations.resources import (
    Account,
    Holder,
    Unit,
    accounts_by_parent,
    accounts_closing,
    units_by_parent,
)
from haar.services.organizations.seats import Seat, here, management, readers
from haar.services.organizations.service import (
    CLOSED_DAYS,
    CLOSED_IN_30_DAYS,
    CLOSED_MAX,
    CLOSED_SHARE,
    CLOSING_AT_ONCE,
    CLOSING_SECONDS,
    DAY,
    constraint,
    organizations,
)

if TYPE_CHECKING:
    from haar.shapes import organizations as api


@organizations.operation(resource=readers)
def describe_account(call: Call, account: Account, request: api.DescribeAccountRequest) -> api.DescribeAccountResponse:
    return {"Account": describe.account(call, account)}


@organizations.operation(resource=readers)
def list_accounts(call: Call, request: api.ListAccountsRequest) -> Page[api.Account]:
    return Page.of(call.tx, Account, *here(call).head, show=lambda row: describe.account(call, row))


@organizations.operation(resource=readers)
def list_accounts_for_parent(call: Call, request: api.ListAccountsForParentRequest) -> Page[api.Account]:
    place = here(call)
    parent = tree.parent_of(call, place, request["ParentId"])
    return Page.of(call.tx, accounts_by_parent, *place.head, parent.id, show=lambda row: describe.account(call, row))


@organizations.operation(resource=readers)
def list_children(call: Call, request: api.ListChildrenRequest) -> Page[api.Child]:
    place = here(call)
    parent, kind = tree.parent_of(call, place, request["ParentId"]), request["ChildType"]

    def show(row: Account | Unit) -> api.Child:
        return {"Id": row.id, "Type": kind}

    if kind == "ACCOUNT":
        return Page.of(call.tx, accounts_by_parent, *place.head, parent.id, show=show)
    return Page.of(call.tx, units_by_parent, *place.head, parent.id, show=show)


@organizations.operation(resource=readers)
def list_parents(call: Call, request: api.ListParentsRequest) -> Page[api.Parent]:
    place, name = here(call), request["ChildId"]
    tx = call.tx
    child = tx.get(Account, *place.head, name) if name.isdecimal() else tx.get(Unit, *place.head, name)
    if child is None:
        raise organizations.error("ChildNotFoundException", "You specified a child that doesn't exist.")
    kind = "ROOT" if child.parent.startswith("r-") else "ORGANIZATIONAL_UNIT"
    shown: api.Parent = {"Id": child.parent, "Type": kind}
    return Page([shown], mark=lambda parent: parent["Id"])


@organizations.operation(resource=management)
def move_account(call: Call, account: Account, request: api.MoveAccountRequest) -> None:
    place = here(call)
    source, destination = request["SourceParentId"], request["DestinationParentId"]
    if tree.parent(call.tx, place.head, source) is None or account.parent != source:
        raise organizations.error(
            "SourceParentNotFoundException", "We can't find a source root or OU with the ParentId that you specified."
        )
    if tree.parent(call.tx, place.head, destination) is None:
        raise organizations.error(
            "DestinationParentNotFoundException",
            "We can't find the destination container (a root or OU) with the ParentId that you specified.",
        )
    if destination == source:
        raise organizations.error(
            "DuplicateAccountException", "That account is already present in the specified destination."
        )
    call.tx.put(replace(account, parent=destination))


@organizations.operation(resource=management)
def remove_account_from_organization(
    call: Call, account: Account, request: api.RemoveAccountFromOrganizationRequest
) -> None:
    joining.ensure_may_leave(call, here(call).organization, account)
    if account.state != "ACTIVE":
        raise constraint("ACCOUNT_CANNOT_LEAVE_ORGANIZATION", "A closed account can't leave its organization.")
    joining.leave(call, account)


# -- closing -------------------------------------------------------------------------------------------------------


class Close(Task):
    """An account's closing takes effect: `final` once nothing can bring it back any more."""

    owner: str
    organization: str
    number: str
    final: bool = False


@organizations.operation(resource=management)
def close_account(call: Call, account: Account, request: api.CloseAccountRequest) -> None:
    place = here(call)
    ensure_all_features(place.organization)
    if account.id == place.organization.account:
        raise constraint(
            "CANNOT_CLOSE_MANAGEMENT_ACCOUNT", "You can't close the management account of an organization."
        )
    if account.state == "PENDING_CLOSURE":
        raise organizations.error(
            "ConflictException", "The request failed because the account is already being closed."
        )
    if account.state != "ACTIVE":
        raise organizations.error(
            "AccountAlreadyClosedException", "You attempted to close an account that is already closed."
        )
    _ensure_may_close(call, place)
    call.tx.put(replace(account, state="PENDING_CLOSURE", closed_at=call.now))
    task = Close(owner=account.account, organization=account.organization, number=account.id)
    call.later(call.now + CLOSING_SECONDS, task)


def _ensure_may_close(call: Call, place: Seat) -> None:
    tx, (owner, organization) = call.tx, place.head
    recent = [
        row
        for row in tx.range(accounts_closing, start=call.now - 30 * DAY)
        if (row.account, row.organization) == (owner, organization)
    ]
    if sum(row.state == "PENDING_CLOSURE" for row in recent) + 1 > CLOSING_AT_ONCE:
        raise constraint(
            "CLOSE_ACCOUNT_REQUESTS_LIMIT_EXCEEDED",
            "You attempted to exceed the number of accounts that you can close at a time.",
        )
    share = int((tx.count(Account, owner, organization) - 1) * CLOSED_SHARE)
    if len(recent) + 1 > min(max(CLOSED_IN_30_DAYS, share), CLOSED_MAX):
        raise constraint("CLOSE_ACCOUNT_QUOTA_EXCEEDED", "You have exceeded close account quota for the past 30 days.")


@organizations.task(Close)
def closed(call: Call, task: Close) -> None:
    """The account is closed; or, 90 days later, gone for good."""
    account = call.tx.get(Account, task.owner, task.organization, task.number)
    if account is None:
        return
    if task.final:
        joining.leave(call, account)
        return
    assert account.closed_at is not None, f"{account.arn} is closed without anybody having asked"
    call.tx.put(replace(account, state="CLOSED"))
    who: Holder = holder(call.tx, account.id)
    call.tx.put(replace(who, closed_at=call.now))
    call.later(account.closed_at + CLOSED_DAYS * DAY, replace(task, final=True))
