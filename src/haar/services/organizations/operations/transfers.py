"""Transfers of responsibility: one organization's management account takes over the billing of another organization.

    REQUESTED ──the handshake's answer──▶ ACCEPTED │ DECLINED │ CANCELED │ EXPIRED
    ACCEPTED ──TerminateResponsibilityTransfer──▶ WITHDRAWN

Who invites manages (the transfer is inbound to it), who accepts lets itself be managed (outbound). A transfer begins
with a month and ends with a month, in UTC.

Source: Organizations API reference, ResponsibilityTransfer and the operations on it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from haar.kit import Call, Page, ServiceError, replace
from haar.services.organizations import describe, tree
from haar.services.organizations.holders import addresses, holder, holder_of_email
from haar.services.organizations.operations.handshakes import open_handshake
from haar.services.organizations.operations.tags import given_with
from haar.services.organizations.resources import Transfer, handshakes_waiting, transfers_by_id, transfers_from
from haar.services.organizations.seats import Seat, here, management, members, membership, seat
from haar.services.organizations.service import DAY, INVITATION_DAYS, invalid, organizations

if TYPE_CHECKING:
    from haar.shapes import organizations as api

_ACTION = "TRANSFER_RESPONSIBILITY"
#: the last instant of a month is told in milliseconds
_MILLISECOND = 0.001


@organizations.operation(resource=management)
def invite_organization_to_transfer_responsibility(
    call: Call, request: api.InviteOrganizationToTransferResponsibilityRequest
) -> api.InviteOrganizationToTransferResponsibilityResponse:
    place = here(call)
    to, number = _asked(call, place, request["Target"])
    start = request["StartTimestamp"]
    moment = datetime.fromtimestamp(start, UTC)
    if start % DAY:
        raise invalid(
            "START_DATE_NOT_BEGINNING_OF_DAY",
            "You provided an invalid start date. The start date must be the beginning of the day (00:00:00.000).",
        )
    if moment.day != 1:
        raise invalid(
            "START_DATE_NOT_BEGINNING_OF_MONTH",
            "You provided an invalid start date. The start date must be the first day of the month.",
        )
    if start <= call.now:
        raise invalid("START_DATE_TOO_EARLY", "You provided an invalid start date. The start date is too early.")
    names = {to.lower(), *(addresses(call.tx, number) if number else ())}
    if any(row.recipient in names for row in call.tx.range(handshakes_waiting, _ACTION, *place.head)):
        raise organizations.error(
            "DuplicateHandshakeException", "A handshake with the same action and target already exists."
        )
    tags = given_with(call, request)
    handshake = open_handshake(
        call, place, _ACTION, days=INVITATION_DAYS, to=to, to_type=request["Target"]["Type"],
        notes=request.get("Notes", ""),
    )  # fmt: skip
    owner, organization = place.head
    transfer = call.tx.put(
        Transfer(
            account=owner, organization=organization, id=tree.new_id(call, "rt-", 8), name=request["SourceName"],
            source=number or to, start_at=start, handshake=handshake.id, tags=tags, created_at=call.now,
        )
    )  # fmt: skip
    handshake = call.tx.put(replace(handshake, transfer=transfer.id))
    return {"Handshake": describe.handshake(call, handshake)}


def _asked(call: Call, place: Seat, target: api.HandshakeParty) -> tuple[str, str]:
    """Whom a transfer is asked of, as given and as an account number (empty when nobody has the email yet)."""
    to, number = target["Id"], ""
    if target["Type"] == "ACCOUNT" and len(to) == 12 and to.isdecimal():
        number = to
    elif target["Type"] == "EMAIL" and "@" in to:
        found = holder_of_email(call.tx, to)
        number = found.account if found is not None else ""
    else:
        raise invalid("INVALID_PARTY_TYPE_TARGET", "You specified the wrong type of entity as a party.")
    if number == place.organization.account:
        raise organizations.error(
            "HandshakeConstraintViolationException",
            "An account can't accept a transfer invitation if it is both the sender and recipient of the invitation.",
            members={"Reason": "SOURCE_AND_TARGET_CANNOT_MATCH"},
        )
    return to, number


def _its_members(call: Call, request: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """For every account, on the transfer that is named."""
    return _on_it(call, request, members(call, request))


def _its_management(call: Call, request: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """For the management account alone, on the transfer that is named."""
    return _on_it(call, request, management(call, request))


def _on_it(call: Call, request: Mapping[str, Any], asked: list[tuple[str, Any]]) -> list[tuple[str, Any]]:
    place = seat(call)
    if place is None:
        return asked  # policies first; then it is told that there is no organization
    row = next(call.tx.range(transfers_by_id, request["Id"], limit=1), None)
    is_ours = row is not None and (row.account == call.account or row.recipient in addresses(call.tx, call.account))
    arn = _arn(call, row) if row is not None and is_ours else Transfer.arn_for(*place.head, request["Id"])
    return [(arn, seen) for _, seen in asked]


@organizations.operation(resource=_its_members)
def describe_responsibility_transfer(
    call: Call, request: api.DescribeResponsibilityTransferRequest
) -> api.DescribeResponsibilityTransferResponse:
    return {"ResponsibilityTransfer": _shown(call, _ours(call, request["Id"]))}


@organizations.operation(resource=management)
def list_inbound_responsibility_transfers(
    call: Call, request: api.ListInboundResponsibilityTransfersRequest
) -> api.ListInboundResponsibilityTransfersResponse:
    rows = list(call.tx.range(Transfer, *here(call).head))
    if "Id" in request:
        rows = [_ours(call, request["Id"])]
    return _page(call, rows, request)  # type: ignore[return-value]


@organizations.operation(resource=management)
def list_outbound_responsibility_transfers(
    call: Call, request: api.ListOutboundResponsibilityTransfersRequest
) -> api.ListOutboundResponsibilityTransfersResponse:
    here(call)
    rows = [row for name in addresses(call.tx, call.account) for row in call.tx.range(transfers_from, name)]
    return _page(call, sorted(rows, key=lambda row: row.id), request)  # type: ignore[return-value]


@organizations.operation(resource=_its_management)
def update_responsibility_transfer(
    call: Call, request: api.UpdateResponsibilityTransferRequest
) -> api.UpdateResponsibilityTransferResponse:
    row = _ours(call, request["Id"])
    if row.account != call.account:
        raise _missing()
    return {"ResponsibilityTransfer": _shown(call, call.tx.put(replace(row, name=request["Name"])))}


@organizations.operation(resource=_its_management)
def terminate_responsibility_transfer(
    call: Call, request: api.TerminateResponsibilityTransferRequest
) -> api.TerminateResponsibilityTransferResponse:
    row = _ours(call, request["Id"])
    if row.status == "WITHDRAWN":
        raise organizations.error(
            "ResponsibilityTransferAlreadyInStatusException", "The transfer is already in the status WITHDRAWN."
        )
    if row.status != "ACCEPTED":
        raise organizations.error(
            "InvalidResponsibilityTransferTransitionException",
            f"The transfer can't be terminated while its status is {row.status}.",
        )
    end = request.get("EndTimestamp", _end_of_month(call.now))
    if abs(end - _end_of_month(end)) >= 1:
        raise invalid(
            "END_DATE_NOT_END_OF_MONTH",
            "You provided an invalid end date. The end date must be the end of the last day of the month "
            "(23.59.59.999).",
        )
    if end < max(call.now, row.start_at):
        raise invalid("END_DATE_TOO_EARLY", "You provided an invalid end date. The end date is too early.")
    return {"ResponsibilityTransfer": _shown(call, call.tx.put(replace(row, status="WITHDRAWN", end_at=end)))}


# -- inside --------------------------------------------------------------------------------------------------------


def _end_of_month(at: float) -> float:
    """The last millisecond of the month of an instant."""
    moment = datetime.fromtimestamp(at, UTC)
    year, month = (moment.year + 1, 1) if moment.month == 12 else (moment.year, moment.month + 1)
    return datetime(year, month, 1, tzinfo=UTC).timestamp() - _MILLISECOND


def _missing() -> ServiceError:
    return organizations.error(
        "ResponsibilityTransferNotFoundException", "We can't find a transfer that you specified."
    )


def _ours(call: Call, name: str) -> Transfer:
    """A transfer in which the caller's account has a part."""
    here(call)
    row = next(call.tx.range(transfers_by_id, name, limit=1), None)
    if row is None or (row.account != call.account and row.recipient not in addresses(call.tx, call.account)):
        raise _missing()
    return row


def _arn(call: Call, row: Transfer) -> str:
    """The ARN one of a transfer's sides knows it by."""
    side, owner = ("inbound", row.account) if row.account == call.account else ("outbound", call.account)
    own = membership(call.tx, owner)
    organization = own.organization if own is not None else row.organization
    return f"arn:aws:organizations::{owner}:transfer/{organization}/billing/{side}/{row.id}"


def _shown(call: Call, row: Transfer) -> api.ResponsibilityTransfer:
    """A transfer as one of its sides sees it: inbound to the one, outbound from the other."""
    source = row.source if row.source.isdecimal() else ""
    shown: api.ResponsibilityTransfer = {
        "Id": row.id,
        "Arn": _arn(call, row),
        "Name": row.name,
        "Type": "BILLING",
        "Status": row.status,
        "Source": {
            **({"ManagementAccountId": source} if source else {}),
            "ManagementAccountEmail": holder(call.tx, source).email if source else row.source,
        },
        "Target": {
            "ManagementAccountId": row.account,
            "ManagementAccountEmail": holder(call.tx, row.account).email,
        },
        "StartTimestamp": row.start_at,
    }
    if row.end_at is not None:
        shown["EndTimestamp"] = row.end_at
    if row.status == "REQUESTED":
        shown["ActiveHandshakeId"] = row.handshake
    return shown


def _page(call: Call, rows: list[Transfer], request: Any) -> dict[str, Any]:
    """One page; these operations have no paginator in the model, so the token is the last id itself."""
    after = request.get("NextToken") or None
    if after is not None and not after.startswith("rt-"):
        raise invalid("INVALID_NEXT_TOKEN", "The pagination token is not valid.")
    items, mark = Page(rows, mark=lambda row: row.id).cut(after, request.get("MaxResults", organizations.page_size))
    reply: dict[str, Any] = {"ResponsibilityTransfers": [_shown(call, row) for row in items]}
    return {**reply, "NextToken": mark} if mark is not None else reply
