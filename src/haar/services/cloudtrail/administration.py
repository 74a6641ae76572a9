"""Whose organization an account is in, and who may make a trail for all of it.

The management account may, and the members that it registered as delegated administrators of CloudTrail. What they make
belongs to the management account.

Source: AWS CloudTrail User Guide, creating-trail-organization.html and cloudtrail-delegated-administrator.html.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from haar.kit import Call, ServiceError, root_of
from haar.kit.ports import OrganizationView
from haar.services.cloudtrail.service import DELEGATED_ADMINISTRATORS, NAME, ErrorCode, cloudtrail

if TYPE_CHECKING:
    from haar.kit.call import ServiceClient

_NOT_IN_USE = "The request could not be processed because your account is not a member of an organization."
_DENIED = frozenset(("AccessDeniedException", "AccessDenied"))


def organization_of(call: Call, account: str) -> OrganizationView | None:
    """The organization of an account; None when it is in none."""
    view: OrganizationView | None = call.ports.port("organizations").view(call.tx, account)
    return view if view is not None and view.id else None


def administers(call: Call, account: str) -> bool:
    """Whether an account may act for the whole of its organization."""
    organization = organization_of(call, account)
    if organization is None:
        return False
    if organization.management_account == account:
        return True
    # CloudTrail itself looks, whatever the caller may see of the organization
    there = _organizations(call, root_of(account, call.partition), account)
    try:
        delegated = _all(there, "list_delegated_services_for_account", "DelegatedServices", AccountId=account)
    except ServiceError:  # no administrator of anything
        return False
    return any(one["ServicePrincipal"] == NAME for one in delegated)


def ensure_possible(call: Call) -> OrganizationView:
    """The organization that the caller may make a trail for.

    Raises OrganizationsNotInUseException, NotOrganizationMasterAccountException, OrganizationNotInAllFeaturesMode-
    Exception, CloudTrailAccessNotEnabledException, InsufficientDependencyServiceAccessPermissionException.
    """
    organization = organization_of(call, call.account)
    if organization is None:
        raise _no("OrganizationsNotInUseException", _NOT_IN_USE)
    if not administers(call, call.account):
        raise _no(
            "NotOrganizationMasterAccountException",
            "The operation can be called only by the management account or a delegated administrator.",
        )
    mine = _organizations(call, call.principal, call.account)
    try:
        described = mine.describe_organization()["Organization"]
        trusted = _all(mine, "list_aws_service_access_for_organization", "EnabledServicePrincipals")
    except ServiceError as error:
        if error.code not in _DENIED:
            raise
        raise _no("InsufficientDependencyServiceAccessPermissionException", error.message) from None
    if described["FeatureSet"] != "ALL":
        raise _no(
            "OrganizationNotInAllFeaturesModeException",
            "All features must be enabled in your organization to create an organization trail.",
        )
    if all(one["ServicePrincipal"] != NAME for one in trusted):
        raise _no(
            "CloudTrailAccessNotEnabledException",
            "Trusted access has not been enabled between CloudTrail and AWS Organizations.",
        )
    _link_role(call, organization.management_account)
    return organization


def register(call: Call, account: str) -> None:
    """Make a member a delegated administrator of CloudTrail. Raises Organizations' errors, too."""
    _managed(call)
    ensure_possible(call)
    mine = _organizations(call, call.principal, call.account)
    there = _all(mine, "list_delegated_administrators", "DelegatedAdministrators", ServicePrincipal=NAME)
    if len(there) >= DELEGATED_ADMINISTRATORS and all(one["Id"] != account for one in there):
        raise _no(
            "DelegatedAdminAccountLimitExceededException",
            f"An organization has up to {DELEGATED_ADMINISTRATORS} delegated administrators of CloudTrail.",
        )
    mine.register_delegated_administrator(AccountId=account, ServicePrincipal=NAME)


def deregister(call: Call, account: str) -> None:
    """Make a delegated administrator of CloudTrail a mere member again. Raises Organizations' errors, too."""
    _managed(call)
    mine = _organizations(call, call.principal, call.account)
    mine.deregister_delegated_administrator(AccountId=account, ServicePrincipal=NAME)


def _managed(call: Call) -> OrganizationView:
    """The organization that the caller's account manages."""
    organization = organization_of(call, call.account)
    if organization is None:
        raise _no("OrganizationsNotInUseException", _NOT_IN_USE)
    if organization.management_account != call.account:
        message = "The operation can be called only by the management account."
        raise _no("NotOrganizationManagementAccountException", message)
    return organization


def _link_role(call: Call, account: str) -> None:
    """The service-linked role of CloudTrail in the management account: made on the caller's own permission, once."""
    principal = call.principal if call.principal.account == account else root_of(account, call.partition)
    iam = call.aws("iam", principal=principal, account=account, region=_home(call), invoked_by=NAME)
    try:
        iam.create_service_linked_role(AWSServiceName=NAME)
    except ServiceError as error:
        if error.code in _DENIED:
            raise _no("InsufficientDependencyServiceAccessPermissionException", error.message) from None
        if error.code != "InvalidInput":  # the role is there already
            raise


def _organizations(call: Call, principal: Any, account: str) -> ServiceClient:
    return call.aws("organizations", principal=principal, account=account, region=_home(call), invoked_by=NAME)


def _home(call: Call) -> str:
    """The region that calls of global services are on record in."""
    return "us-east-1" if call.partition == "aws" else call.region


def _all(client: ServiceClient, operation: str, member: str, **request: Any) -> list[dict[str, Any]]:
    """Every item of a list operation, over all pages."""
    found: list[dict[str, Any]] = []
    while True:
        reply = getattr(client, operation)(**request)
        found += reply[member]
        if not reply.get("NextToken"):
            return found
        request["NextToken"] = reply["NextToken"]


def _no(code: ErrorCode, message: str) -> ServiceError:
    return cloudtrail.error(code, message)
