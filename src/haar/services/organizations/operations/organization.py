"""The organization itself, its features, and its roots."""

from __future__ import annotations

from typing import TYPE_CHECKING

from haar.kit import Call, Page, replace
from haar.services.organizations import describe, joining
from haar.services.organizations.holders import addresses
from haar.services.organizations.operations.handshakes import open_handshake, settle
from haar.services.organizations.resources import (
    Account,
    AccountRequest,
    Handshake,
    Organization,
    Policy,
    ResourcePolicy,
    Root,
    Transfer,
    Unit,
    handshakes_waiting,
    requests_by_state,
    transfers_from,
)
from haar.services.organizations.seats import here, management, members, membership, readers
from haar.services.organizations.service import ENABLING_DAYS, constraint, invalid, organizations
from haar.services.organizations.tree import new_id

if TYPE_CHECKING:
    from haar.shapes import organizations as api


@organizations.operation
def create_organization(call: Call, request: api.CreateOrganizationRequest) -> api.CreateOrganizationResponse:
    if membership(call.tx, call.account) is not None:
        raise organizations.error(
            "AlreadyInOrganizationException", "The provided account is already a member of an organization."
        )
    features = request.get("FeatureSet", "ALL")
    if features == "ALL":
        joining.link_role(call, call.account)
    name = new_id(call, "o-", 10)
    root = call.tx.put(
        Root(account=call.account, organization=name, id=new_id(call, "r-", 4), created_at=call.now),
    )
    organization = call.tx.put(
        Organization(account=call.account, id=name, root=root.id, features=features, created_at=call.now)
    )
    joining.join(call, organization, call.account, "INVITED")
    return {"Organization": describe.organization(call, organization)}


@organizations.operation(resource=members)
def describe_organization(call: Call, request: object) -> api.DescribeOrganizationResponse:
    return {"Organization": describe.organization(call, here(call).organization)}


@organizations.operation(resource=management)
def delete_organization(call: Call, request: object) -> None:
    place = here(call)
    tx, head = call.tx, place.head
    busy = call.tx.any(requests_by_state, *head, "IN_PROGRESS")
    if tx.count(Account, *head) > 1 or busy or tx.any(Unit, *head) or tx.any(Policy, *head):
        raise organizations.error(
            "OrganizationNotEmptyException",
            "The organization isn't empty. To delete an organization, you must first remove all accounts except the "
            "management account, delete all OUs, and delete all policies.",
        )
    outbound = [row for name in addresses(tx, call.account) for row in tx.range(transfers_from, name)]
    if any(row.status in ("REQUESTED", "ACCEPTED") for row in [*tx.range(Transfer, *head), *outbound]):
        raise constraint(
            "ACTIVE_RESPONSIBILITY_TRANSFER_PROCESS",
            "You cannot delete organization due to an ongoing responsibility transfer process.",
        )
    for handshake in list(tx.range(Handshake, *head)):
        if handshake.is_open:
            settle(call, handshake, "CANCELED")
    for kind in (AccountRequest, ResourcePolicy, Transfer, Root):
        for row in list(tx.range(kind, *head)):
            tx.delete(row)
    joining.leave(call, place.member)
    tx.delete(place.organization)


@organizations.operation(resource=management)
def enable_all_features(call: Call, request: api.EnableAllFeaturesRequest) -> api.EnableAllFeaturesResponse:
    """Ask every invited account; created ones need not be asked. The management account ends it by accepting."""
    place = here(call)
    if place.organization.features == "ALL":
        raise organizations.error(
            "HandshakeConstraintViolationException",
            "The organization has already enabled all features.",
            members={"Reason": "ORGANIZATION_ALREADY_HAS_ALL_FEATURES"},
        )
    if call.tx.any(handshakes_waiting, "ENABLE_ALL_FEATURES", *place.head):
        raise organizations.error(
            "HandshakeConstraintViolationException",
            "The organization has already started the process to enable all features.",
            members={"Reason": "ORGANIZATION_IS_ALREADY_PENDING_ALL_FEATURES_MIGRATION"},
        )
    asked = [
        member
        for member in call.tx.range(Account, *place.head)
        if member.method == "INVITED" and member.id != place.member.id and member.state == "ACTIVE"
    ]
    state = "REQUESTED" if asked else "OPEN"
    whole = open_handshake(call, place, "ENABLE_ALL_FEATURES", days=ENABLING_DAYS, state=state)
    for member in asked:
        open_handshake(
            call, place, "APPROVE_ALL_FEATURES", days=ENABLING_DAYS, to=member.id, to_type="ACCOUNT", parent=whole.id
        )
    return {"Handshake": describe.handshake(call, whole)}


# -- roots ---------------------------------------------------------------------------------------------------------


@organizations.operation(resource=readers)
def list_roots(call: Call, request: api.ListRootsRequest) -> Page[api.Root]:
    return Page.of(call.tx, Root, *here(call).head, show=describe.root)


# -- trusted access ------------------------------------------------------------------------------------------------


def service_principal(name: str) -> str:
    """The name of a service; refused when no service has such a name."""
    if not name.endswith(".amazonaws.com") or name == ".amazonaws.com":
        raise invalid("UNRECOGNIZED_SERVICE_PRINCIPAL", "You specified an unrecognized service principal.")
    return name


@organizations.operation(resource=management)
def enable_aws_service_access(call: Call, request: api.EnableAWSServiceAccessRequest) -> None:
    organization = here(call).organization
    name = service_principal(request["ServicePrincipal"])
    ensure_all_features(organization)
    trusted = {name: call.now, **organization.trusted}
    call.tx.put(replace(organization, trusted=trusted))


@organizations.operation(resource=management)
def disable_aws_service_access(call: Call, request: api.DisableAWSServiceAccessRequest) -> None:
    organization = here(call).organization
    name = service_principal(request["ServicePrincipal"])
    trusted = {service: since for service, since in organization.trusted.items() if service != name}
    call.tx.put(replace(organization, trusted=trusted))


@organizations.operation(resource=readers)
def list_aws_service_access_for_organization(
    call: Call, request: api.ListAWSServiceAccessForOrganizationRequest
) -> Page[api.EnabledServicePrincipal]:
    trusted = here(call).organization.trusted
    shown: list[api.EnabledServicePrincipal] = [
        {"ServicePrincipal": name, "DateEnabled": trusted[name]} for name in sorted(trusted)
    ]
    return Page(shown, mark=lambda service: service["ServicePrincipal"])


def ensure_all_features(organization: Organization) -> None:
    """Refuse what an organization for billing alone cannot do."""
    if organization.features != "ALL":
        raise constraint(
            "ORGANIZATION_NOT_IN_ALL_FEATURES_MODE",
            "You attempted to perform an operation that requires the organization to be configured to support all "
            "features. An organization that supports only consolidated billing features can't perform this operation.",
        )
