"""The IAM service: what its operations, quotas and condition keys hang on.

Quotas: IAM User Guide, reference_iam-quotas.html, under the codes of Service Quotas.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from haar.kit import Call, Record, Service
from haar.services.iam import managed
from haar.services.iam.resources import (
    Group,
    InstanceProfile,
    MfaDevice,
    OidcProvider,
    Policy,
    Role,
    SamlProvider,
    ServerCertificate,
    User,
)

if TYPE_CHECKING:
    from haar.shapes import iam as api

#: IAM words its oldest patterns itself; the rest it says as AWS's shared validation does.
_PATTERN_WORDS = {
    r"[\w+=,.@-]+": "The specified value for {member} is invalid. It must contain only alphanumeric characters "
    "and/or the following: +=,.@_-",
    r"[\w]+": "The specified value for {member} is invalid. It must contain only alphanumeric characters.",
    r"(\u002F)|(\u002F[\u0021-\u007E]+\u002F)": "The specified value for {member} is invalid. It must begin and end "
    "with / and contain only alphanumeric characters and/or / characters.",
    r"((/[A-Za-z0-9\.,\+@=_-]+)*)/": "The specified value for {member} is invalid. It must begin and end "
    "with / and contain only alphanumeric characters and/or / characters.",
    r"\u002F[\u0021-\u007F]*": "The specified value for {member} is invalid. It must begin with the / character "
    "and contain only alphanumeric characters and/or / characters.",
}

iam: Service[api.ErrorCode | Literal["ValidationError", "AccessDenied"]] = Service(
    "iam",
    page_size=100,
    page_max=1000,
    bad_token="ValidationError",
    also_raises=("ValidationError", "AccessDenied"),
    pattern_words=_PATTERN_WORDS,
    is_global=True,
)
iam.named(
    UserName=User,
    GroupName=Group,
    RoleName=Role,
    InstanceProfileName=InstanceProfile,
    ServerCertificateName=ServerCertificate,
)

# -- what ARNs name --------------------------------------------------------------------------------------------


@iam.names("PolicyArn", Policy)
def policy_at(call: Call, arn: str) -> tuple[str, ...] | Record:
    """The policy of an ARN: AWS's own ones are values, the account's are rows."""
    ours = managed.find(arn)
    if ours is not None:
        return ours
    return Policy.key_of(arn) or _not_an_arn(arn)


@iam.names("SerialNumber", MfaDevice)
def device_at(call: Call, serial: str) -> tuple[str, ...]:
    """The virtual MFA device of a serial number, which is its ARN."""
    return MfaDevice.key_of(serial) or (call.account, f"/{serial}")


@iam.names("SAMLProviderArn", SamlProvider)
def saml_provider_at(call: Call, arn: str) -> tuple[str, ...]:
    """The SAML provider of an ARN."""
    return SamlProvider.key_of(arn) or _not_an_arn(arn)


@iam.names("OpenIDConnectProviderArn", OidcProvider)
def oidc_provider_at(call: Call, arn: str) -> tuple[str, ...]:
    """The OpenID Connect provider of an ARN."""
    return OidcProvider.key_of(arn) or _not_an_arn(arn)


def _not_an_arn(arn: str) -> tuple[str, ...]:
    raise iam.error("ValidationError", f"ARN {arn} is not valid.", status=400)


# -- quotas ----------------------------------------------------------------------------------------------------

USERS = iam.quota("L-F55AF5E4", "Users per account", 5000, adjustable=True, is_global=True)
GROUPS = iam.quota("L-F4A5425F", "Groups per account", 300, adjustable=True, is_global=True)
ROLES = iam.quota("L-FE177D64", "Roles per account", 1000, adjustable=True, is_global=True)
INSTANCE_PROFILES = iam.quota("L-6E65F664", "Instance profiles per account", 1000, adjustable=True, is_global=True)
POLICIES = iam.quota("L-E95E4862", "Customer managed policies per account", 1500, adjustable=True, is_global=True)
POLICIES_PER_USER = iam.quota("L-4019AD8B", "Managed policies per user", 10, adjustable=True, is_global=True)
POLICIES_PER_GROUP = iam.quota("L-384571C4", "Managed policies per group", 10, adjustable=True, is_global=True)
POLICIES_PER_ROLE = iam.quota("L-0DA4ABF3", "Managed policies per role", 10, adjustable=True, is_global=True)
VERSIONS_PER_POLICY = iam.quota("L-19F2CF71", "Versions per managed policy", 5, is_global=True)
GROUPS_PER_USER = iam.quota("L-7A1621EC", "IAM groups per user", 10, is_global=True)
KEYS_PER_USER = iam.quota("L-8758042E", "Access keys per user", 2, is_global=True)
TRUST_LENGTH = iam.quota("L-C07B4B0D", "Role trust policy length", 2048, adjustable=True, is_global=True)
POLICY_LENGTH = iam.quota("L-C4DF001E", "Managed policy length", 6144, is_global=True)

#: Characters of all inline policies together, without white space. Not in Service Quotas.
INLINE_LENGTH = {"user": 2048, "group": 5120, "role": 10_240}

# -- condition keys --------------------------------------------------------------------------------------------
# Docs: Service Authorization Reference, list_awsidentityandaccessmanagement.html.


@iam.condition("iam:PermissionsBoundary")
def _boundary(call: Call, request: Mapping[str, Any], target: Any) -> Any:
    # the boundary that is being set, or the one on the user or role that is being changed
    return request.get("PermissionsBoundary") or getattr(target, "boundary", None)


@iam.condition("iam:PolicyARN")
def _policy_arn(call: Call, request: Mapping[str, Any], target: Any) -> Any:
    return request.get("PolicyArn")


@iam.condition("iam:AWSServiceName")
def _service_name(call: Call, request: Mapping[str, Any], target: Any) -> Any:
    return request.get("AWSServiceName") or getattr(target, "linked_to", None) or None


@iam.condition("iam:PassedToService")
def _passed_to(call: Call, request: Mapping[str, Any], target: Any) -> Any:
    return "ec2.amazonaws.com" if call.operation == "AddRoleToInstanceProfile" else None


@iam.condition("iam:OrganizationsPolicyId")
def _organizations_policy(call: Call, request: Mapping[str, Any], target: Any) -> Any:
    return request.get("OrganizationsPolicyId")


@iam.condition("iam:ServiceSpecificCredentialServiceName")
def _credential_service(call: Call, request: Mapping[str, Any], target: Any) -> Any:
    return request.get("ServiceName")
