"""Settings of a whole account or organization: token versions, an issuer of its own, centralized root access.

Sources: IAM API Reference, API_SetSecurityTokenServicePreferences.html,
API_EnableOutboundWebIdentityFederation.html, API_EnableOrganizationsRootSessions.html; IAM User Guide,
id_root-enable-root-access.html.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from haar.kit import Call, replace, root_of
from haar.services.iam.organization import view_of
from haar.services.iam.resources import AccountSettings, OrganizationsFeatures
from haar.services.iam.service import iam

if TYPE_CHECKING:
    from haar.shapes import iam as api


def _settings(call: Call) -> AccountSettings:
    return call.tx.get(AccountSettings, call.account) or AccountSettings(account=call.account)


@iam.operation
def set_security_token_service_preferences(call: Call, request: api.SetSecurityTokenServicePreferencesRequest) -> None:
    call.tx.put(replace(_settings(call), token_version=request["GlobalEndpointTokenVersion"]))


# -- tokens for the outside ------------------------------------------------------------------------------------


@iam.operation
def enable_outbound_web_identity_federation(
    call: Call, request: object
) -> api.EnableOutboundWebIdentityFederationResponse:
    settings = _settings(call)
    if settings.outbound_federation:
        raise iam.error("FeatureEnabled", "Outbound web identity federation is already enabled for this account.")
    # the issuer is the account's for good: whoever trusts it goes on doing so when the feature comes back
    settings = replace(settings, outbound_federation=True, issuer_id=settings.issuer_id or call.new_id())
    call.tx.put(settings)
    call.ports.proofs.open_issuer(call.tx, settings.issuer)
    return {"IssuerIdentifier": settings.issuer}


@iam.operation
def disable_outbound_web_identity_federation(call: Call, request: object) -> None:
    call.tx.put(replace(_enabled(call), outbound_federation=False))


@iam.operation
def get_outbound_web_identity_federation_info(
    call: Call, request: object
) -> api.GetOutboundWebIdentityFederationInfoResponse:
    return {"IssuerIdentifier": _enabled(call).issuer, "JwtVendingEnabled": True}


def _enabled(call: Call) -> AccountSettings:
    settings = _settings(call)
    if not settings.outbound_federation:
        raise iam.error("FeatureDisabled", "Outbound web identity federation is not enabled for this account.")
    return settings


# -- centralized root access -----------------------------------------------------------------------------------

CREDENTIALS, SESSIONS = "RootCredentialsManagement", "RootSessions"


@iam.operation
def enable_organizations_root_credentials_management(
    call: Call, request: object
) -> api.EnableOrganizationsRootCredentialsManagementResponse:
    return _switch(call, CREDENTIALS, on=True)  # type: ignore[return-value]


@iam.operation
def disable_organizations_root_credentials_management(
    call: Call, request: object
) -> api.DisableOrganizationsRootCredentialsManagementResponse:
    return _switch(call, CREDENTIALS, on=False)  # type: ignore[return-value]


@iam.operation
def enable_organizations_root_sessions(call: Call, request: object) -> api.EnableOrganizationsRootSessionsResponse:
    return _switch(call, SESSIONS, on=True)  # type: ignore[return-value]


@iam.operation
def disable_organizations_root_sessions(call: Call, request: object) -> api.DisableOrganizationsRootSessionsResponse:
    return _switch(call, SESSIONS, on=False)  # type: ignore[return-value]


@iam.operation
def list_organizations_features(call: Call, request: object) -> api.ListOrganizationsFeaturesResponse:
    organization, management = _organization(call)
    return {"OrganizationId": organization, "EnabledFeatures": list(_features(call, management).features)}


def _features(call: Call, management: str) -> OrganizationsFeatures:
    return call.tx.get(OrganizationsFeatures, management) or OrganizationsFeatures(account=management)


def _switch(call: Call, feature: str, *, on: bool) -> dict[str, Any]:
    organization, management = _organization(call)
    if on and call.account != management:
        raise iam.error(
            "CallerIsNotManagementAccountException",
            "Only the management account of an organization can enable centralized root access.",
        )
    row = _features(call, management)
    wanted = {*row.features, feature} if on else {*row.features} - {feature}
    call.tx.put(replace(row, features=tuple(sorted(wanted))))
    return {"OrganizationId": organization, "EnabledFeatures": sorted(wanted)}


def _organization(call: Call) -> tuple[str, str]:
    """The organization's id and management account, if the caller may decide about root access in it."""
    view = view_of(call, call.account)
    if view is None:
        raise iam.error("OrganizationNotFoundException", "The account is not a member of an organization.")
    inside = call.aws(
        "organizations", principal=root_of(view.management_account), account=view.management_account,
        invoked_by="iam.amazonaws.com",
    )  # fmt: skip
    if inside.describe_organization()["Organization"]["FeatureSet"] != "ALL":
        raise iam.error(
            "OrganizationNotInAllFeaturesModeException", "The organization does not have all features enabled."
        )
    trusted = inside.list_aws_service_access_for_organization()["EnabledServicePrincipals"]
    if "iam.amazonaws.com" not in [service["ServicePrincipal"] for service in trusted]:
        raise iam.error(
            "ServiceAccessNotEnabledException", "Trusted access for IAM is not enabled in the organization."
        )
    if call.account != view.management_account:
        delegated = inside.list_delegated_administrators(ServicePrincipal="iam.amazonaws.com")
        if call.account not in [one["Id"] for one in delegated["DelegatedAdministrators"]]:
            raise iam.error(
                "AccountNotManagementOrDelegatedAdministratorException",
                "The account is neither the management account nor a delegated administrator for IAM.",
            )
    return view.id, view.management_account
