"""Handshakes: one account asks, another answers, within fifteen days.

    open ──accept──▶ ACCEPTED       what was asked happens in the same transaction
         ──decline─▶ DECLINED       by the account that was asked
         ──cancel──▶ CANCELED       by the account that asked
         ──time────▶ EXPIRED        15 days for an invitation, 90 to enable all features

Open is OPEN, or REQUESTED for the handshake that enables all features while not every account has agreed. An
answered handshake is to be seen for thirty days more.

Source: Organizations API reference, Handshake and HandshakeState.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from haar.kit import Call, Page, Task, replace
from haar.services.organizations import describe, joining, tree
from haar.services.organizations.holders import addresses, holder, holder_of_email
from haar.services.organizations.operations.tags import given_with
from haar.services.organizations.resources import (
    Handshake,
    Organization,
    Transfer,
    handshakes_by_day,
    handshakes_by_id,
    handshakes_for,
    handshakes_waiting,
    transfers_from,
)
from haar.services.organizations.seats import NO_SEAT, Seat, here, management, members, membership, readers
from haar.services.organizations.service import (
    ACCOUNTS,
    ANSWERED_DAYS,
    DAY,
    INVITATION_DAYS,
    INVITATIONS_A_DAY,
    constraint,
    invalid,
    organizations,
)

if TYPE_CHECKING:
    from haar.shapes import organizations as api

_WRONG_STATE = (
    "You can't perform the operation on the handshake in its current state. For example, you can't cancel a handshake "
    "that was already accepted or accept a handshake that was already declined."
)


class Expire(Task):
    """A handshake's time to be answered is over."""

    handshake: str


@organizations.task(Expire)
def expire(call: Call, task: Expire) -> None:
    """Let a handshake that nobody answered expire."""
    found = next(call.tx.range(handshakes_by_id, task.handshake, limit=1), None)
    if found is not None and found.is_open and found.expires_at <= call.now:
        settle(call, found, "EXPIRED")


def open_handshake(
    call: Call,
    place: Seat,
    action: str,
    *,
    days: int,
    to: str = "",
    to_type: str = "ACCOUNT",
    state: str = "OPEN",
    parent: str = "",
    notes: str = "",
    tags: dict[str, str] | None = None,
) -> Handshake:
    """Ask something; whoever is asked finds it in ListHandshakesForAccount."""
    sender = holder(call.tx, place.organization.account)
    row = call.tx.put(
        Handshake(
            account=place.organization.account, organization=place.organization.id, id=tree.new_id(call, "h-", 10),
            kind=action.lower(), action=action, state=state, to=to, to_type=to_type, requested_at=call.now,
            expires_at=call.now + days * DAY, parent=parent, notes=notes, offer=place.organization.features,
            sender=(sender.email, sender.name), tags=tags or {}, created_at=call.now,
        )
    )  # fmt: skip
    call.later(row.expires_at, Expire(handshake=row.id))
    return row


def settle(call: Call, row: Handshake, state: str) -> Handshake:
    """Close a handshake in a state; what hangs on a handshake that fails, fails with it."""
    if row.action == "ENABLE_ALL_FEATURES" and state != "ACCEPTED":
        head = (row.account, row.organization)
        for asked in list(call.tx.range(handshakes_waiting, "APPROVE_ALL_FEATURES", *head)):
            settle(call, asked, state)
    if row.transfer:
        transfer = call.tx.get(Transfer, row.account, row.organization, row.transfer)
        assert transfer is not None, f"{row.arn} is about a transfer that is gone"
        source = call.account if state == "ACCEPTED" else transfer.source
        call.tx.put(replace(transfer, status=state, source=source))
    return call.tx.put(replace(row, state=state, forgotten_at=call.now + ANSWERED_DAYS * DAY))


def _ensure_open(row: Handshake, wanted: str) -> None:
    if row.state == wanted:
        raise organizations.error(
            "HandshakeAlreadyInStateException", f"The handshake is already in the {wanted} state."
        )
    if not row.is_open:
        raise organizations.error("InvalidHandshakeTransitionException", _WRONG_STATE)


# -- inviting ------------------------------------------------------------------------------------------------------


@organizations.operation(resource=management)
def invite_account_to_organization(
    call: Call, request: api.InviteAccountToOrganizationRequest
) -> api.InviteAccountToOrganizationResponse:
    place = here(call)
    kind, to = request["Target"]["Type"], request["Target"]["Id"]
    number = _invited(call, kind, to)
    _ensure_may_invite(call, place, to, number)
    row = open_handshake(
        call, place, "INVITE", days=INVITATION_DAYS, to=to, to_type=kind, notes=request.get("Notes", ""),
        tags=given_with(call, request),
    )  # fmt: skip
    return {"Handshake": describe.handshake(call, row)}


def _invited(call: Call, kind: str, to: str) -> str | None:
    """The number of the account that is invited; None for an email that is nobody's yet."""
    if kind == "ACCOUNT":
        if len(to) != 12 or not to.isdecimal():
            raise invalid("INVALID_PATTERN", "You provided a value that does not match the required pattern.")
        return to
    if kind == "EMAIL":
        if "@" not in to:
            raise invalid("INVALID_EMAIL_ADDRESS_TARGET", "You specified an invalid email address.")
        found = holder_of_email(call.tx, to)
        return found.account if found is not None else None
    raise invalid("INVALID_PARTY_TYPE_TARGET", "You specified the wrong type of entity as a party.")


def _ensure_may_invite(call: Call, place: Seat, to: str, number: str | None) -> None:
    tx, head = call.tx, place.head

    def violates(reason: str, message: str) -> Exception:
        return organizations.error("HandshakeConstraintViolationException", message, members={"Reason": reason})

    if tx.any(handshakes_waiting, "ENABLE_ALL_FEATURES", *head):
        raise violates(
            "INVITE_DISABLED_DURING_ENABLE_ALL_FEATURES",
            "You can't issue new invitations to join an organization while it's in the process of enabling all "
            "features.",
        )
    member = membership(tx, number) if number is not None else None
    if member is not None and (member.account, member.organization) == head:
        raise violates("ALREADY_IN_AN_ORGANIZATION", "The invited account is already a member of an organization.")
    names = {to.lower()} | (set(addresses(tx, number)) if number is not None else set())
    if any(row.recipient in names for row in tx.range(handshakes_waiting, "INVITE", *head)):
        raise organizations.error(
            "DuplicateHandshakeException", "A handshake with the same action and target already exists."
        )
    if joining.counted(call, place.organization) + 1 > ACCOUNTS.value(call):
        raise violates("ACCOUNT_NUMBER_LIMIT_EXCEEDED", joining.TOO_MANY)
    today = list(tx.range(handshakes_by_day, *head, start=call.now - DAY))
    if sum(row.action == "INVITE" for row in today) + 1 > max(INVITATIONS_A_DAY, ACCOUNTS.value(call)):
        raise violates(
            "HANDSHAKE_RATE_LIMIT_EXCEEDED",
            "You attempted to exceed the number of handshakes that you can send in one day.",
        )


# -- answering -----------------------------------------------------------------------------------------------------


@organizations.operation(resource=members)
def accept_handshake(
    call: Call, handshake: Handshake, request: api.AcceptHandshakeRequest
) -> api.AcceptHandshakeResponse:
    _ensure_open(handshake, "ACCEPTED")
    _ensure_answers(call, handshake)
    if handshake.action == "INVITE":
        _accept_invitation(call, handshake)
    elif handshake.action == "ENABLE_ALL_FEATURES":
        if handshake.state == "REQUESTED":
            raise organizations.error("InvalidHandshakeTransitionException", _WRONG_STATE)
        organization = here(call).organization
        joining.link_role(call, call.account)
        call.tx.put(replace(organization, features="ALL"))
    else:
        _ensure_may_transfer(call, handshake)
    done = settle(call, handshake, "ACCEPTED")
    if handshake.parent:
        _approved(call, handshake)
    return {"Handshake": describe.handshake(call, done)}


def _accept_invitation(call: Call, handshake: Handshake) -> None:
    organization = call.tx.get(Organization, handshake.account)
    assert organization is not None, f"{handshake.arn} outlived its organization"
    member = membership(call.tx, call.account)
    if member is not None:
        if member.organization == organization.id:
            raise organizations.error(
                "HandshakeConstraintViolationException",
                "The account is already a member of an organization.",
                members={"Reason": "ALREADY_IN_AN_ORGANIZATION"},
            )
        former = call.tx.get(Organization, member.account)
        assert former is not None, f"{member.arn} is a member of nothing"
        joining.ensure_may_leave(call, former, member)
    if organization.features == "ALL":
        joining.link_role(call, call.account)
    if member is not None:
        joining.leave(call, member)
    joining.join(call, organization, call.account, "INVITED", dict(handshake.tags))


def _ensure_may_transfer(call: Call, handshake: Handshake) -> None:
    """Only the management account of an organization gives a responsibility away, and only once."""
    if handshake.action != "TRANSFER_RESPONSIBILITY":
        return
    if not here(call).manages:
        raise organizations.error("AccessDeniedException", NO_SEAT)
    given = [row for name in addresses(call.tx, call.account) for row in call.tx.range(transfers_from, name)]
    if any(row.status == "ACCEPTED" for row in given):
        raise organizations.error(
            "HandshakeConstraintViolationException",
            "You cannot perform this operation with the current transfer.",
            members={"Reason": "RESPONSIBILITY_TRANSFER_ALREADY_EXISTS"},
        )


def _approved(call: Call, handshake: Handshake) -> None:
    """Once every account has agreed, the management account may enable all features."""
    head = (handshake.account, handshake.organization)
    whole = call.tx.get(Handshake, *head, handshake.parent)
    if whole is None or not whole.is_open:
        return
    siblings = [row for row in call.tx.range(Handshake, *head) if row.parent == whole.id]
    if all(row.state == "ACCEPTED" for row in siblings):
        call.tx.put(replace(whole, state="OPEN"))


@organizations.operation(resource=members)
def decline_handshake(
    call: Call, handshake: Handshake, request: api.DeclineHandshakeRequest
) -> api.DeclineHandshakeResponse:
    _ensure_open(handshake, "DECLINED")
    _ensure_answers(call, handshake)
    return {"Handshake": describe.handshake(call, settle(call, handshake, "DECLINED"))}


@organizations.operation(resource=members)
def cancel_handshake(
    call: Call, handshake: Handshake, request: api.CancelHandshakeRequest
) -> api.CancelHandshakeResponse:
    _ensure_open(handshake, "CANCELED")
    if call.account != handshake.account:
        raise organizations.error("AccessDeniedException", NO_SEAT)
    return {"Handshake": describe.handshake(call, settle(call, handshake, "CANCELED"))}


def _ensure_answers(call: Call, handshake: Handshake) -> None:
    """Only the account that was asked answers; what enables all features, the management account finishes itself."""
    answers = (
        call.account == handshake.account
        if handshake.action == "ENABLE_ALL_FEATURES"
        else handshake.recipient in addresses(call.tx, call.account)
    )
    if not answers:
        raise organizations.error("AccessDeniedException", NO_SEAT)


# -- looking -------------------------------------------------------------------------------------------------------


@organizations.operation(resource=members)
def describe_handshake(
    call: Call, handshake: Handshake, request: api.DescribeHandshakeRequest
) -> api.DescribeHandshakeResponse:
    return {"Handshake": describe.handshake(call, handshake)}


@organizations.operation(resource=members)
def list_handshakes_for_account(call: Call, request: api.ListHandshakesForAccountRequest) -> Page[api.Handshake]:
    """What the caller's account was asked, whether by its number or by its email."""
    rows = {row.id: row for name in addresses(call.tx, call.account) for row in call.tx.range(handshakes_for, name)}
    chosen = [row for _, row in sorted(rows.items()) if _wanted(row, request.get("Filter", {}))]
    return Page((describe.handshake(call, row) for row in chosen), mark=lambda shown: shown["Id"])


@organizations.operation(resource=readers)
def list_handshakes_for_organization(
    call: Call, request: api.ListHandshakesForOrganizationRequest
) -> Page[api.Handshake]:
    wanted = request.get("Filter", {})
    return Page.of(
        call.tx,
        Handshake,
        *here(call).head,
        show=lambda row: describe.handshake(call, row),
        where=lambda row: _wanted(row, wanted),
    )


def _wanted(row: Handshake, wanted: api.HandshakeFilter) -> bool:
    if len(wanted) > 1:
        raise invalid("MAX_LIMIT_EXCEEDED_FILTER", "You can specify only one filter parameter for the operation.")
    if "ActionType" in wanted:
        return row.action == wanted["ActionType"]
    return "ParentHandshakeId" not in wanted or row.parent == wanted["ParentHandshakeId"]


# -- leaving -------------------------------------------------------------------------------------------------------


@organizations.operation(resource=members)
def leave_organization(call: Call, request: object) -> None:
    place = here(call)
    _ensure_complete(place)
    joining.ensure_may_leave(call, place.organization, place.member)
    joining.leave(call, place.member)


def _ensure_complete(place: Seat) -> None:
    if place.member.state != "ACTIVE":
        raise constraint("ACCOUNT_CANNOT_LEAVE_ORGANIZATION", "A closed account can't leave its organization.")
