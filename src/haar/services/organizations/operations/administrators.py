"""Who acts in the management account's place: delegated administrators of services, and the resource policy."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from haar.kit import Call, Page, ServiceError, replace
from haar.services.organizations import describe, tree
from haar.services.organizations.operations.organization import ensure_all_features, service_principal
from haar.services.organizations.operations.tags import given_with
from haar.services.organizations.resources import Account, Delegation, ResourcePolicy
from haar.services.organizations.seats import Seat, here, management, readers, resource_policy, seat
from haar.services.organizations.service import constraint, invalid, organizations

if TYPE_CHECKING:
    from haar.shapes import organizations as api

# -- delegated administrators --------------------------------------------------------------------------------------


@organizations.operation(resource=management)
def register_delegated_administrator(
    call: Call, account: Account, request: api.RegisterDelegatedAdministratorRequest
) -> None:
    place, service = here(call), service_principal(request["ServicePrincipal"])
    ensure_all_features(place.organization)
    if account.id == place.organization.account:
        raise constraint(
            "CANNOT_REGISTER_MASTER_AS_DELEGATED_ADMINISTRATOR",
            "You cannot register the management account as a delegated administrator for your organization.",
        )
    if account.state != "ACTIVE":
        raise constraint(
            "CANNOT_REGISTER_SUSPENDED_ACCOUNT_AS_DELEGATED_ADMINISTRATOR",
            "You cannot register a suspended account as a delegated administrator.",
        )
    if service not in place.organization.trusted:
        raise constraint(
            "SERVICE_ACCESS_NOT_ENABLED",
            "You attempted to register a delegated administrator before you enabled service access. Call the "
            "EnableAWSServiceAccess API first.",
        )
    if call.tx.get(Delegation, *place.head, account.id, service) is not None:
        raise organizations.error(
            "AccountAlreadyRegisteredException",
            "The provided account is already a delegated administrator for your organization.",
        )
    owner, organization = place.head
    call.tx.put(
        Delegation(account=owner, organization=organization, member=account.id, service=service, since=call.now)
    )


@organizations.operation(resource=management)
def deregister_delegated_administrator(
    call: Call, account: Account, request: api.DeregisterDelegatedAdministratorRequest
) -> None:
    place = here(call)
    if not call.tx.delete(Delegation, *place.head, account.id, request["ServicePrincipal"]):
        raise organizations.error("AccountNotRegisteredException", _NOT_REGISTERED)


_NOT_REGISTERED = "The provided account is not a registered delegated administrator for your organization."


@organizations.operation(resource=readers)
def list_delegated_administrators(
    call: Call, request: api.ListDelegatedAdministratorsRequest
) -> Page[api.DelegatedAdministrator]:
    place, service = here(call), request.get("ServicePrincipal")
    since: dict[str, float] = {}
    for row in call.tx.range(Delegation, *place.head):
        if service in (None, row.service):
            since[row.member] = min(row.since, since.get(row.member, row.since))
    return Page((_administrator(call, place, member, since[member]) for member in since), mark=lambda one: one["Id"])


def _administrator(call: Call, place: Seat, member: str, since: float) -> api.DelegatedAdministrator:
    account = call.tx.get(Account, *place.head, member)
    assert account is not None, f"{member} administers a service and is not a member"
    shown: Any = {name: value for name, value in describe.account(call, account).items() if name != "Paths"}
    return {**shown, "DelegationEnabledDate": since}  # type: ignore[typeddict-item]


@organizations.operation(resource=readers)
def list_delegated_services_for_account(
    call: Call, account: Account, request: api.ListDelegatedServicesForAccountRequest
) -> Page[api.DelegatedService]:
    rows = list(call.tx.range(Delegation, *here(call).head, account.id))
    if not rows:
        raise organizations.error("AccountNotRegisteredException", _NOT_REGISTERED)
    shown: list[api.DelegatedService] = [
        {"ServicePrincipal": row.service, "DelegationEnabledDate": row.since} for row in rows
    ]
    return Page(shown, mark=lambda one: one["ServicePrincipal"])


# -- the resource policy -------------------------------------------------------------------------------------------

#: What can be delegated besides reading. Docs: Organizations User Guide, orgs_delegate_policies.html.
_DELEGABLE = frozenset(
    f"organizations:{name}".lower()
    for name in (
        "CreatePolicy", "UpdatePolicy", "DeletePolicy", "AttachPolicy", "DetachPolicy", "EnablePolicyType",
        "DisablePolicyType", "TagResource", "UntagResource",
    )
)  # fmt: skip


def _its_management(call: Call, request: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """For the management account alone, on the resource policy there is or will be."""
    asked, place = management(call, request), seat(call)
    if place is None:
        return asked
    written = resource_policy(call.tx, place)
    arn = written.arn if written is not None else ResourcePolicy.arn_for(*place.head, "rp-*")
    return [(arn, seen) for _, seen in asked]


@organizations.operation(resource=_its_management)
def put_resource_policy(call: Call, request: api.PutResourcePolicyRequest) -> api.PutResourcePolicyResponse:
    place = here(call)
    ensure_all_features(place.organization)
    _ensure_sound(call, place, request["Content"])
    row = resource_policy(call.tx, place)
    tags = given_with(call, request)
    if row is not None:
        if tags:
            raise invalid(
                "INVALID_LIST_MEMBER", "Tags can be given only to a new resource policy; use TagResource for this one."
            )
        row = replace(row, content=request["Content"])
    else:
        owner, organization = place.head
        row = ResourcePolicy(
            account=owner, organization=organization, id=tree.new_id(call, "rp-", 8), content=request["Content"],
            tags=tags, created_at=call.now,
        )  # fmt: skip
    return {"ResourcePolicy": _shown(call.tx.put(row))}


@organizations.operation(resource=readers)
def describe_resource_policy(call: Call, request: object) -> api.DescribeResourcePolicyResponse:
    return {"ResourcePolicy": _shown(_written(call))}


@organizations.operation(resource=management)
def delete_resource_policy(call: Call, request: object) -> None:
    call.tx.delete(_written(call))


def _written(call: Call) -> ResourcePolicy:
    place = here(call)
    row = resource_policy(call.tx, place)
    if row is None:
        raise organizations.error(*ResourcePolicy.missing(*place.head, ""))  # type: ignore[arg-type]
    return row


def _shown(row: ResourcePolicy) -> api.ResourcePolicy:
    return {"ResourcePolicySummary": {"Id": row.id, "Arn": row.arn}, "Content": row.content}


def _ensure_sound(call: Call, place: Seat, content: str) -> None:
    try:
        call.ports.policies.validate(content, "resource")
        principals = call.ports.policies.principals(content)
    except ServiceError as error:
        raise invalid(
            "INVALID_RESOURCE_POLICY_JSON", f"The provided resource policy is not valid: {error.message}"
        ) from None
    for kind, name in principals:
        number = name.split(":")[4] if name.startswith("arn:") else name
        member = call.tx.get(Account, *place.head, number) if number.isdecimal() else None
        if kind != "AWS" or name == "*" or member is None or member.id == place.organization.account:
            raise invalid("INVALID_PRINCIPAL", "You specified an invalid principal element in the policy.")
    statements = json.loads(content)["Statement"]
    for statement in statements if isinstance(statements, list) else [statements]:
        given = statement.get("Action", [])
        for action in [given] if isinstance(given, str) else given:
            reads = action.lower().startswith(("organizations:describe", "organizations:list"))
            if not reads and action.lower() not in _DELEGABLE:
                raise invalid(
                    "UNSUPPORTED_ACTION_IN_RESOURCE_POLICY",
                    f"The action {action} can't be delegated by a resource policy.",
                )
