"""Delegated administrators: RegisterOrganizationDelegatedAdmin, DeregisterOrganizationDelegatedAdmin.

Organizations keeps who they are; these operations say it there, on the caller's own permissions.

Source: AWS CloudTrail API Reference; User Guide, cloudtrail-delegated-administrator.html.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from haar.kit import Call, ServiceError
from haar.services.cloudtrail import administration
from haar.services.cloudtrail.service import ErrorCode, cloudtrail

if TYPE_CHECKING:
    from haar.shapes import cloudtrail as api


@cloudtrail.operation
def register_organization_delegated_admin(
    call: Call, request: api.RegisterOrganizationDelegatedAdminRequest
) -> api.RegisterOrganizationDelegatedAdminResponse:
    try:
        administration.register(call, request["MemberAccountId"])
    except ServiceError as error:
        raise _said(error) from None
    return {}


@cloudtrail.operation
def deregister_organization_delegated_admin(
    call: Call, request: api.DeregisterOrganizationDelegatedAdminRequest
) -> api.DeregisterOrganizationDelegatedAdminResponse:
    try:
        administration.deregister(call, request["DelegatedAdminAccountId"])
    except ServiceError as error:
        raise _said(error) from None
    return {}


#: What Organizations says -> how CloudTrail says it.
_SAID: dict[str, ErrorCode] = {
    "AccountAlreadyRegisteredException": "AccountRegisteredException",
    "AccountNotFoundException": "AccountNotFoundException",
    "AccountNotRegisteredException": "AccountNotRegisteredException",
    "AccessDeniedException": "InsufficientDependencyServiceAccessPermissionException",
    "CANNOT_REGISTER_MASTER_AS_DELEGATED_ADMINISTRATOR": "CannotDelegateManagementAccountException",
    "SERVICE_ACCESS_NOT_ENABLED": "CloudTrailAccessNotEnabledException",
    "CANNOT_REGISTER_SUSPENDED_ACCOUNT_AS_DELEGATED_ADMINISTRATOR": "AccountNotFoundException",
}


def _said(error: ServiceError) -> ServiceError:
    code = _SAID.get(str(error.members.get("Reason") or error.code))
    return cloudtrail.error(code, error.message) if code is not None else error
