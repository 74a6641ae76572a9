"""SAML and OpenID Connect providers: what is accepted, what is kept."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from haar import Cloud

API = "https://docs.aws.amazon.com/IAM/latest/APIReference/"
SAML = "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_saml.html"
ARN = "arn:aws:iam::000000000000:saml-provider/corp"
ISSUER = "arn:aws:iam::000000000000:oidc-provider/issuer.example.com/one"


@cache
def key() -> rsa.RSAPrivateKey:
    """One RSA key for the whole module: making them is slow."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def pem() -> str:
    """The key in PEM."""
    return (
        key()
        .private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        .decode()
    )


@cache
def certificate() -> str:
    """A self-signed certificate, as base64 of its DER form."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "idp.example.com")])
    now = datetime(2026, 1, 1, tzinfo=UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key().public_key())
        .serial_number(7)
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=3650))
        .sign(key(), hashes.SHA256())
    )
    return base64.b64encode(made.public_bytes(serialization.Encoding.DER)).decode()


def metadata(until: str = "") -> str:
    """An identity provider's metadata document."""
    valid = f' validUntil="{until}"' if until else ""
    return (
        '<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="https://idp.example.com/meta"'
        f'{valid}><IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">'
        '<KeyDescriptor use="signing"><KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data>'
        f"<X509Certificate>{certificate()}</X509Certificate></X509Data></KeyInfo></KeyDescriptor>"
        '<SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" '
        'Location="https://idp.example.com/sso"/></IDPSSODescriptor></EntityDescriptor>'
    )


# -- SAML ------------------------------------------------------------------------------------------------------


@pytest.mark.documented(SAML)
def test_a_saml_provider_keeps_its_metadata(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    made = iam.create_saml_provider(Name="corp", SAMLMetadataDocument=metadata("2030-01-01T00:00:00Z"))
    assert made["SAMLProviderArn"] == ARN
    shown = iam.get_saml_provider(SAMLProviderArn=ARN)
    assert shown["SAMLMetadataDocument"] == metadata("2030-01-01T00:00:00Z")
    assert shown["ValidUntil"] == datetime(2030, 1, 1, tzinfo=UTC)
    assert [one["Arn"] for one in iam.list_saml_providers()["SAMLProviderList"]] == [ARN]


@pytest.mark.documented(API + "API_CreateSAMLProvider.html")
def test_metadata_that_is_not_metadata_is_refused(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    with pytest.raises(iam.exceptions.InvalidInputException, match="Could not parse metadata"):
        iam.create_saml_provider(Name="corp", SAMLMetadataDocument="<EntityDescriptor/>" + " " * 1000)


@pytest.mark.documented(API + "API_CreateSAMLProvider.html")
def test_two_saml_providers_of_one_name_are_refused(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    iam.create_saml_provider(Name="corp", SAMLMetadataDocument=metadata())
    with pytest.raises(iam.exceptions.EntityAlreadyExistsException):
        iam.create_saml_provider(Name="corp", SAMLMetadataDocument=metadata())


@pytest.mark.documented(API + "API_UpdateSAMLProvider.html")
def test_new_metadata_takes_the_place_of_the_old(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    iam.create_saml_provider(Name="corp", SAMLMetadataDocument=metadata())
    iam.update_saml_provider(SAMLProviderArn=ARN, SAMLMetadataDocument=metadata("2031-01-01T00:00:00Z"))
    assert iam.get_saml_provider(SAMLProviderArn=ARN)["ValidUntil"].year == 2031


@pytest.mark.documented(API + "API_UpdateSAMLProvider.html")
def test_private_keys_come_and_go_by_their_ids(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    iam.create_saml_provider(Name="corp", SAMLMetadataDocument=metadata(), AddPrivateKey=pem())
    iam.update_saml_provider(SAMLProviderArn=ARN, AddPrivateKey=pem(), AssertionEncryptionMode="Required")
    with pytest.raises(iam.exceptions.LimitExceededException):
        iam.update_saml_provider(SAMLProviderArn=ARN, AddPrivateKey=pem())
    first, second = iam.get_saml_provider(SAMLProviderArn=ARN)["PrivateKeyList"]
    iam.update_saml_provider(SAMLProviderArn=ARN, RemovePrivateKey=first["KeyId"])
    assert iam.get_saml_provider(SAMLProviderArn=ARN)["PrivateKeyList"] == [second]


@pytest.mark.documented(SAML)
def test_a_private_key_that_is_none_is_refused(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    with pytest.raises(iam.exceptions.InvalidInputException):
        iam.create_saml_provider(Name="corp", SAMLMetadataDocument=metadata(), AddPrivateKey="secret")


@pytest.mark.documented(API + "API_DeleteSAMLProvider.html")
def test_a_deleted_saml_provider_is_gone(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    iam.create_saml_provider(Name="corp", SAMLMetadataDocument=metadata())
    iam.delete_saml_provider(SAMLProviderArn=ARN)
    with pytest.raises(iam.exceptions.NoSuchEntityException):
        iam.delete_saml_provider(SAMLProviderArn=ARN)


@pytest.mark.documented(API + "API_TagSAMLProvider.html")
def test_saml_providers_are_tagged(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    tags = [{"Key": "team", "Value": "red"}]
    iam.create_saml_provider(Name="corp", SAMLMetadataDocument=metadata(), Tags=tags)
    iam.tag_saml_provider(SAMLProviderArn=ARN, Tags=[{"Key": "old", "Value": "1"}])
    iam.untag_saml_provider(SAMLProviderArn=ARN, TagKeys=["old"])
    assert iam.list_saml_provider_tags(SAMLProviderArn=ARN)["Tags"] == tags


# -- OpenID Connect --------------------------------------------------------------------------------------------


def _issuer(cloud: Cloud, **options: Any) -> Any:
    iam = cloud.client("iam")
    iam.create_open_id_connect_provider(
        Url="https://issuer.example.com/one", ClientIDList=["app"], ThumbprintList=["A" * 40], **options
    )
    return iam


@pytest.mark.documented(API + "API_CreateOpenIDConnectProvider.html")
def test_an_issuer_is_kept_without_its_scheme(cloud: Cloud) -> None:
    iam = _issuer(cloud)
    assert iam.list_open_id_connect_providers()["OpenIDConnectProviderList"] == [{"Arn": ISSUER}]
    shown = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=ISSUER)
    assert (shown["Url"], shown["ClientIDList"], shown["ThumbprintList"]) == (
        "issuer.example.com/one",
        ["app"],
        ["a" * 40],
    )


@pytest.mark.documented(API + "API_CreateOpenIDConnectProvider.html")
@pytest.mark.parametrize(
    "url", ["http://issuer.example.com", "issuer.example.com", "https://a.example.com/?q=1", "https://"]
)
def test_an_issuer_is_an_https_url_without_a_query(cloud: Cloud, url: str) -> None:
    iam = cloud.client("iam")
    with pytest.raises(iam.exceptions.ClientError, match="Invalid Open ID Connect Provider URL"):
        iam.create_open_id_connect_provider(Url=url, ThumbprintList=["a" * 40])


@pytest.mark.ours
def test_an_issuer_on_this_machine_may_speak_http(cloud: Cloud) -> None:
    made = cloud.client("iam").create_open_id_connect_provider(Url="http://127.0.0.1:8123/one")
    assert made["OpenIDConnectProviderArn"] == "arn:aws:iam::000000000000:oidc-provider/127.0.0.1:8123/one"


@pytest.mark.documented(API + "API_CreateOpenIDConnectProvider.html")
def test_an_issuer_is_registered_once(cloud: Cloud) -> None:
    iam = _issuer(cloud)
    with pytest.raises(iam.exceptions.EntityAlreadyExistsException, match="already exists"):
        _issuer(cloud)


@pytest.mark.documented(API + "API_AddClientIDToOpenIDConnectProvider.html")
def test_adding_and_removing_client_ids_can_be_repeated(cloud: Cloud) -> None:
    iam = _issuer(cloud)
    for _ in range(2):
        iam.add_client_id_to_open_id_connect_provider(OpenIDConnectProviderArn=ISSUER, ClientID="second")
    for _ in range(2):
        iam.remove_client_id_from_open_id_connect_provider(OpenIDConnectProviderArn=ISSUER, ClientID="app")
    assert iam.get_open_id_connect_provider(OpenIDConnectProviderArn=ISSUER)["ClientIDList"] == ["second"]


@pytest.mark.documented(API + "API_CreateOpenIDConnectProvider.html")
def test_an_issuer_has_a_hundred_client_ids_at_most(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    names = [f"app{number}" for number in range(101)]
    with pytest.raises(iam.exceptions.LimitExceededException):
        iam.create_open_id_connect_provider(Url="https://issuer.example.com", ClientIDList=names)


@pytest.mark.documented("https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html")
def test_an_account_has_a_hundred_issuers_at_most(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    for number in range(100):
        iam.create_open_id_connect_provider(Url=f"https://issuer{number}.example.com")
    with pytest.raises(iam.exceptions.LimitExceededException):
        iam.create_open_id_connect_provider(Url="https://one.more.example.com")


@pytest.mark.documented(API + "API_UpdateOpenIDConnectProviderThumbprint.html")
def test_a_new_list_of_thumbprints_takes_the_place_of_the_old(cloud: Cloud) -> None:
    iam = _issuer(cloud)
    iam.update_open_id_connect_provider_thumbprint(OpenIDConnectProviderArn=ISSUER, ThumbprintList=["b" * 40])
    assert iam.get_open_id_connect_provider(OpenIDConnectProviderArn=ISSUER)["ThumbprintList"] == ["b" * 40]
    with pytest.raises(iam.exceptions.InvalidInputException):
        iam.update_open_id_connect_provider_thumbprint(OpenIDConnectProviderArn=ISSUER, ThumbprintList=["z" * 40])


@pytest.mark.documented(API + "API_DeleteOpenIDConnectProvider.html")
def test_deleting_an_issuer_can_be_repeated(cloud: Cloud) -> None:
    iam = _issuer(cloud)
    for _ in range(2):
        iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=ISSUER)
    with pytest.raises(iam.exceptions.NoSuchEntityException):
        iam.get_open_id_connect_provider(OpenIDConnectProviderArn=ISSUER)


@pytest.mark.documented(API + "API_TagOpenIDConnectProvider.html")
def test_issuers_are_tagged(cloud: Cloud) -> None:
    iam = _issuer(cloud, Tags=[{"Key": "team", "Value": "red"}])
    iam.tag_open_id_connect_provider(OpenIDConnectProviderArn=ISSUER, Tags=[{"Key": "old", "Value": "1"}])
    iam.untag_open_id_connect_provider(OpenIDConnectProviderArn=ISSUER, TagKeys=["old"])
    tags = iam.list_open_id_connect_provider_tags(OpenIDConnectProviderArn=ISSUER)["Tags"]
    assert tags == [{"Key": "team", "Value": "red"}]


@pytest.mark.documented("https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_oidc.html")
def test_a_slash_at_the_end_of_an_issuer_is_part_of_its_name(cloud: Cloud) -> None:
    made = cloud.client("iam").create_open_id_connect_provider(Url="https://tenant.example.com/")
    assert made["OpenIDConnectProviderArn"] == "arn:aws:iam::000000000000:oidc-provider/tenant.example.com/"
