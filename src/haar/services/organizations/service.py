"""The Organizations service: what its operations hang on, its limits, and the members that name its resources.

Limits: Organizations User Guide, orgs_reference_limits.html. Only some of them are in Service Quotas, and are
declared under their codes; the others cannot be raised and are plain numbers here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from haar.kit import Call, Quota, Service, ServiceError

if TYPE_CHECKING:
    from haar.shapes import organizations as api

organizations: Service[api.ErrorCode] = Service(
    "organizations",
    validation_error="InvalidInputException",
    bad_token="InvalidInputException",
    page_size=20,
    is_global=True,
)
#: ListTagsForResource knows no page size, and a resource has no more tags than this.
organizations.page_sizes["list_tags_for_resource"] = 50

# -- quotas ----------------------------------------------------------------------------------------------------

ACCOUNTS = organizations.quota("L-E619E033", "Default maximum number of accounts", 10, adjustable=True, is_global=True)
UNITS = organizations.quota("L-0F0F51F4", "Organizational units in an organization", 2000, is_global=True)
SCPS = organizations.quota("L-29A0C5DF", "Service control policies in an organization", 10_000, is_global=True)

#: Policies of each other type in an organization.
POLICIES_OF_TYPE = 1000
#: Levels of units under a root.
UNIT_DEPTH = 5
#: Accounts that may be in creation, and in closing, at the same time.
CREATING_AT_ONCE = 5
CLOSING_AT_ONCE = 3
#: Accounts that may be closed within 30 days: the greater of a number and a share of the members, up to a maximum.
#: Docs: API reference of CloseAccount.
CLOSED_IN_30_DAYS, CLOSED_SHARE, CLOSED_MAX = 250, 0.20, 1000
#: Invitations a day: this, or the quota of accounts if that is greater.
INVITATIONS_A_DAY = 20
#: Days that a created account must have existed before it may leave (API reference of LeaveOrganization).
WAIT_DAYS = 4
TAGS = 50

DAY = 86_400.0
#: How long an account is in creation and in closing, in seconds: AWS speaks of minutes, and says nothing exact.
CREATION_SECONDS = 3.0
CLOSING_SECONDS = 60.0
#: Days from closing until nothing brings the account back.
CLOSED_DAYS = 90
#: Days that a handshake waits for its answer, and that an answered one stays to be seen.
INVITATION_DAYS, ENABLING_DAYS, ANSWERED_DAYS = 15, 90, 30

# -- policy types ------------------------------------------------------------------------------------------------


class PolicyType:
    """One type of policy: characters a document may have, policies a target may have, its outermost element."""

    __slots__ = ("characters", "element", "per_target")

    def __init__(self, characters: int, per_target: int, element: str = "") -> None:
        self.characters = characters
        self.per_target = per_target
        self.element = element


SCP, RCP = "SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY"
#: Of service control policies twice as many and twice as long are allowed since 15 May 2026 (AWS What's New).
POLICY_TYPES = {
    SCP: PolicyType(10_240, 10),
    RCP: PolicyType(5_120, 5),
    "TAG_POLICY": PolicyType(10_000, 10, "tags"),
    "BACKUP_POLICY": PolicyType(10_000, 10, "plans"),
    "AISERVICES_OPT_OUT_POLICY": PolicyType(2_500, 5, "services"),
    "CHATBOT_POLICY": PolicyType(10_000, 5, "chatbots"),
    "DECLARATIVE_POLICY_EC2": PolicyType(10_000, 10, "ec2_attributes"),
    "SECURITYHUB_POLICY": PolicyType(10_000, 10),
    "SECURITYHUB_CSPM_POLICY": PolicyType(10_000, 10),
    "INSPECTOR_POLICY": PolicyType(10_000, 10),
    "UPGRADE_ROLLOUT_POLICY": PolicyType(10_000, 10),
    "BEDROCK_POLICY": PolicyType(10_000, 10),
    "S3_POLICY": PolicyType(10_000, 10),
    "NETWORK_SECURITY_DIRECTOR_POLICY": PolicyType(10_000, 10),
    "GUARDDUTY_POLICY": PolicyType(10_000, 10),
}

# -- errors ------------------------------------------------------------------------------------------------------


def constraint(reason: str, message: str) -> ServiceError:
    """A ConstraintViolationException with its reason."""
    return organizations.error("ConstraintViolationException", message, members={"Reason": reason})


def invalid(reason: str, message: str) -> ServiceError:
    """An InvalidInputException with its reason."""
    return organizations.error("InvalidInputException", message, members={"Reason": reason})


def within(call: Call, quota: Quota, wanted: float, reason: str, message: str) -> None:
    """Refuse what would go over a quota, with the reason AWS gives."""
    if wanted > quota.value(call):
        raise constraint(reason, message)


# -- condition keys ----------------------------------------------------------------------------------------------
# Docs: Service Authorization Reference, list_awsorganizations.html.


@organizations.condition("organizations:PolicyType")
def _policy_type(call: Call, request: Mapping[str, Any], target: Any) -> Any:
    # the type of the policy acted on, or the one that is named
    given = request.get("PolicyType") or request.get("Type") or request.get("Filter")
    return getattr(target, "type", None) or (given if isinstance(given, str) else None)


@organizations.condition("organizations:ServicePrincipal")
def _service_principal(call: Call, request: Mapping[str, Any], target: Any) -> Any:
    return request.get("ServicePrincipal")
