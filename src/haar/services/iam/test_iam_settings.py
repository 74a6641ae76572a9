"""Settings of an account, and of the organization it is in."""

from __future__ import annotations

import pytest

from haar import Cloud

API = "https://docs.aws.amazon.com/IAM/latest/APIReference/"


@pytest.mark.documented(API + "API_SetSecurityTokenServicePreferences.html")
def test_the_token_version_shows_in_the_account_summary(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    iam.set_security_token_service_preferences(GlobalEndpointTokenVersion="v2Token")
    assert iam.get_account_summary()["SummaryMap"]["GlobalEndpointTokenVersion"] == 2


@pytest.mark.documented(API + "API_EnableOutboundWebIdentityFederation.html")
def test_an_account_keeps_its_issuer_for_good(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    issuer = iam.enable_outbound_web_identity_federation()["IssuerIdentifier"]
    assert issuer.startswith("https://")
    assert iam.get_outbound_web_identity_federation_info()["JwtVendingEnabled"]
    iam.disable_outbound_web_identity_federation()
    assert iam.enable_outbound_web_identity_federation()["IssuerIdentifier"] == issuer


@pytest.mark.documented(API + "API_EnableOutboundWebIdentityFederation.html")
def test_outbound_federation_is_enabled_once(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    iam.enable_outbound_web_identity_federation()
    with pytest.raises(iam.exceptions.FeatureEnabledException):
        iam.enable_outbound_web_identity_federation()


@pytest.mark.documented(API + "API_GetOutboundWebIdentityFederationInfo.html")
def test_outbound_federation_is_off_at_first(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    with pytest.raises(iam.exceptions.FeatureDisabledException):
        iam.get_outbound_web_identity_federation_info()
