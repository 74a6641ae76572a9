"""Creating accounts: asked for now, there a little later.

A request is IN_PROGRESS until its reconciler has made the account: a number of its own, the role by which the
management account gets in, the service-linked role, and the place under the root. What only shows then (somebody
has the email, there is no room left) is a FAILED request with its reason.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from haar.kit import Call, Page, replace
from haar.services.organizations import describe, joining
from haar.services.organizations.holders import holder_of_email
from haar.services.organizations.operations.tags import given_with
from haar.services.organizations.resources import AccountRequest, Holder, Organization, requests_by_state
from haar.services.organizations.seats import here, management, membership, readers
from haar.services.organizations.service import (
    ACCOUNTS,
    CREATING_AT_ONCE,
    CREATION_SECONDS,
    constraint,
    invalid,
    organizations,
)

if TYPE_CHECKING:
    from haar.shapes import organizations as api

_ROLE = "OrganizationAccountAccessRole"


@organizations.operation(resource=management, redact=("Email", "AccountName", "CreateAccountStatus.AccountName"))
def create_account(call: Call, request: api.CreateAccountRequest) -> api.CreateAccountResponse:
    place = here(call)
    role = request.get("RoleName", _ROLE)
    if role.startswith("AWSServiceRoleFor"):
        raise invalid(
            "INVALID_ROLE_NAME",
            "You provided a role name that isn't valid. A role name can't begin with the reserved prefix "
            "AWSServiceRoleFor.",
        )
    joining.ensure_room(call, place.organization)
    if call.tx.count(requests_by_state, *place.head, "IN_PROGRESS") + 1 > CREATING_AT_ONCE:
        raise constraint(
            "ACCOUNT_CREATION_RATE_LIMIT_EXCEEDED",
            "You attempted to exceed the number of accounts that can be in progress at a time.",
        )
    row = call.tx.put(
        AccountRequest(
            account=place.organization.account, organization=place.organization.id, id="car-" + call.ports.ids.hex(32),
            name=request["AccountName"], email=request["Email"], role=role,
            tags=given_with(call, request), requested_at=call.now,
        )
    )  # fmt: skip
    call.reconcile(row, call.now + CREATION_SECONDS)
    return {"CreateAccountStatus": describe.request(row)}


@organizations.reconciles(AccountRequest)
def finish(call: Call, row: AccountRequest) -> float | None:
    """Make the account of a request, or say why not."""
    organization = call.tx.get(Organization, row.account)
    if row.state != "IN_PROGRESS" or organization is None or organization.id != row.organization:
        return None
    failure = None
    if holder_of_email(call.tx, row.email) is not None:
        failure = "EMAIL_ALREADY_EXISTS"
    elif joining.counted(call, organization) + 1 > ACCOUNTS.value(call):
        failure = "ACCOUNT_LIMIT_EXCEEDED"
    if failure is not None:
        call.tx.put(replace(row, state="FAILED", failure=failure, completed_at=call.now))
        return None
    number = _free_number(call)
    call.tx.put(Holder(account=number, name=row.name, email=row.email))
    # before it joins: what the organization's policies forbid does not keep AWS from setting the account up
    joining.make_access_role(call, organization, number, row.role)
    if organization.features == "ALL":
        joining.link_role(call, number)
    joining.join(call, organization, number, "CREATED", row.tags)
    call.tx.put(replace(row, state="SUCCEEDED", made=number, completed_at=call.now))
    return None


def _free_number(call: Call) -> str:
    while True:
        number = call.ports.ids.account()
        if call.tx.get(Holder, number) is None and membership(call.tx, number) is None:
            return number


@organizations.operation(resource=readers)
def describe_create_account_status(
    call: Call, request: api.DescribeCreateAccountStatusRequest
) -> api.DescribeCreateAccountStatusResponse:
    row = call.tx.get(AccountRequest, *here(call).head, request["CreateAccountRequestId"])
    if row is None:
        raise organizations.error(
            "CreateAccountStatusNotFoundException", "You specified a create account request ID that doesn't exist."
        )
    return {"CreateAccountStatus": describe.request(row)}


@organizations.operation(resource=readers)
def list_create_account_status(
    call: Call, request: api.ListCreateAccountStatusRequest
) -> Page[api.CreateAccountStatus]:
    states = set(request.get("States", ()))
    return Page.of(
        call.tx,
        AccountRequest,
        *here(call).head,
        show=describe.request,
        where=lambda row: not states or row.state in states,
    )
