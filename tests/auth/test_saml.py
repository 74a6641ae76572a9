"""SAML responses: only what the provider signed is read, for AWS, and in time."""

from __future__ import annotations

import copy
from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from lxml import etree
from signxml import CanonicalizationMethod, DigestAlgorithm, SignatureMethod, XMLSigner

from haar.auth import saml
from haar.errors import ServiceError

DOC = "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_saml_assertions.html"
TROUBLE = "https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_saml.html"
API = "https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithSAML.html"
PROVIDERS = "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_saml.html"

NOW = 1_800_000_000.0
ISSUER = "https://idp.example.com/metadata"
ROLE = "arn:aws:iam::111122223333:role/reader"
PROVIDER = "arn:aws:iam::111122223333:saml-provider/corp"
NS = 'xmlns:p="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:a="urn:oasis:names:tc:SAML:2.0:assertion"'
A = "{urn:oasis:names:tc:SAML:2.0:assertion}"
DS = "{http://www.w3.org/2000/09/xmldsig#}"


def make_certificate(key: rsa.RSAPrivateKey) -> x509.Certificate:
    # long out of date, on purpose
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "idp.example.com")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), 7)
    builder = builder.not_valid_before(datetime(2001, 1, 1, tzinfo=UTC)).not_valid_after(
        datetime(2002, 1, 1, tzinfo=UTC)
    )
    return builder.sign(key, hashes.SHA256())


KEY = rsa.generate_private_key(65537, 2048)
CERTIFICATE = make_certificate(KEY)
EVIL_KEY = rsa.generate_private_key(65537, 2048)
EVIL_CERTIFICATE = make_certificate(EVIL_KEY)
DER = b64encode(CERTIFICATE.public_bytes(Encoding.DER)).decode()
METADATA = saml.Metadata(ISSUER, (DER,))


def at(seconds: float) -> str:
    return (datetime.fromtimestamp(NOW, UTC) + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def attribute(name: str, *values: str) -> str:
    inside = "".join(f"<a:AttributeValue>{value}</a:AttributeValue>" for value in values)
    return f'<a:Attribute Name="https://aws.amazon.com/SAML/Attributes/{name}">{inside}</a:Attribute>'


def assertion(
    *,
    id: str = "_a1",  # noqa: A002
    issuer: str = ISSUER,
    name_id: str = "alice",
    audience: str = "https://signin.aws.amazon.com/saml",
    recipient: str = "https://signin.aws.amazon.com/saml",
    issued: float = -5,
    before: float = -5,
    after: float = 200,
    confirmed_until: float = 200,
    role: str = f"{ROLE},{PROVIDER}",
    session: str = "alice@example.com",
    more: str = "",
) -> str:
    return (
        f'<a:Assertion {NS} ID="{id}" Version="2.0" IssueInstant="{at(issued)}"><a:Issuer>{issuer}</a:Issuer>'
        f'<a:Subject><a:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">{name_id}</a:NameID>'
        '<a:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer">'
        f'<a:SubjectConfirmationData Recipient="{recipient}" NotOnOrAfter="{at(confirmed_until)}"/>'
        "</a:SubjectConfirmation></a:Subject>"
        f'<a:Conditions NotBefore="{at(before)}" NotOnOrAfter="{at(after)}">'
        f"<a:AudienceRestriction><a:Audience>{audience}</a:Audience></a:AudienceRestriction></a:Conditions>"
        f'<a:AuthnStatement AuthnInstant="{at(issued)}" SessionNotOnOrAfter="{at(7200)}"/>'
        f"<a:AttributeStatement>{attribute('Role', role)}{attribute('RoleSessionName', session)}{more}"
        "</a:AttributeStatement></a:Assertion>"
    )


def response(*inside: str, id: str = "_r1") -> str:  # noqa: A002
    return (
        f'<p:Response {NS} ID="{id}" Version="2.0" IssueInstant="{at(-5)}"><a:Issuer>{ISSUER}</a:Issuer>'
        '<p:Status><p:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></p:Status>'
        f"{''.join(inside)}</p:Response>"
    )


def sign(xml: str, *, key: Any = KEY, certificate: x509.Certificate = CERTIFICATE, sha1: bool = False) -> str:
    class Signer(XMLSigner):
        def check_deprecated_methods(self) -> None:
            """SHA-1 is what old providers still sign with."""

    signer = Signer(
        signature_algorithm=SignatureMethod.RSA_SHA1 if sha1 else SignatureMethod.RSA_SHA256,
        digest_algorithm=DigestAlgorithm.SHA1 if sha1 else DigestAlgorithm.SHA256,
        c14n_algorithm=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0,
    )
    root = etree.fromstring(xml.encode())
    signed = signer.sign(root, key=key, cert=[certificate], reference_uri=root.get("ID"), id_attribute="ID")
    return etree.tostring(signed).decode()


def encode(xml: str) -> str:
    return b64encode(xml.encode()).decode()


def verify(xml: str, now: float = NOW, metadata: saml.Metadata = METADATA) -> saml.Assertion:
    return saml.verify(encode(xml), metadata, now=now)


def refused(xml: str, now: float = NOW, metadata: saml.Metadata = METADATA) -> tuple[str, str]:
    with pytest.raises(ServiceError) as caught:
        verify(xml, now, metadata)
    return caught.value.code, caught.value.message


INVALID_SIGNATURE = ("InvalidIdentityToken", "Response signature invalid")


@pytest.mark.documented(DOC)
def test_a_signed_assertion_says_who_the_user_is() -> None:
    read = verify(response(sign(assertion())))
    assert (read.issuer, read.name_id, read.subject_type) == (ISSUER, "alice", "persistent")
    assert read.recipient == "https://signin.aws.amazon.com/saml"
    assert read.roles == ((ROLE, PROVIDER),)
    assert read.session_name == "alice@example.com"
    assert (read.expires_at, read.session_ends_at) == (NOW + 200, NOW + 7200)


@pytest.mark.documented(DOC)
def test_a_signed_response_with_an_unsigned_assertion_is_accepted() -> None:
    assert verify(sign(response(assertion()))).name_id == "alice"


@pytest.mark.documented(DOC)
def test_both_signed_is_accepted() -> None:
    assert verify(sign(response(sign(assertion())))).name_id == "alice"


@pytest.mark.ours
def test_a_provider_that_still_signs_with_sha1_is_accepted() -> None:
    assert verify(response(sign(assertion(), sha1=True))).name_id == "alice"


@pytest.mark.ours
def test_any_certificate_of_the_metadata_will_do() -> None:
    evil = b64encode(EVIL_CERTIFICATE.public_bytes(Encoding.DER)).decode()
    assert verify(response(sign(assertion())), metadata=saml.Metadata(ISSUER, (evil, DER))).name_id == "alice"


@pytest.mark.documented(DOC)
def test_tags_duration_and_source_identity_are_read_from_the_attributes() -> None:
    more = (
        attribute("SessionDuration", "1800")
        + attribute("SourceIdentity", "alice")
        + attribute("PrincipalTag:team", "blue")
        + attribute("TransitiveTagKeys", "team", "cost")
    )
    read = verify(response(sign(assertion(more=more))))
    assert (read.session_seconds, read.source_identity) == (1800, "alice")
    assert (read.principal_tags, read.transitive_tags) == ({"team": "blue"}, ("team", "cost"))


@pytest.mark.documented(DOC)
def test_role_and_provider_may_come_in_either_order() -> None:
    assert verify(response(sign(assertion(role=f"{PROVIDER},{ROLE}")))).roles == ((ROLE, PROVIDER),)


@pytest.mark.documented(TROUBLE)
def test_an_assertion_changed_after_signing_is_refused() -> None:
    signed = response(sign(assertion())).replace("role/reader", "role/admins")
    assert refused(signed) == INVALID_SIGNATURE


@pytest.mark.documented(TROUBLE)
def test_an_unsigned_response_is_refused() -> None:
    assert refused(response(assertion())) == INVALID_SIGNATURE


@pytest.mark.documented(TROUBLE)
def test_a_response_signed_with_another_key_is_refused() -> None:
    assert refused(response(sign(assertion(), key=EVIL_KEY, certificate=EVIL_CERTIFICATE))) == INVALID_SIGNATURE


@pytest.mark.ours
def test_another_key_behind_the_providers_certificate_is_refused() -> None:
    assert refused(response(sign(assertion(), key=EVIL_KEY))) == INVALID_SIGNATURE


# Signature wrapping (Somorovsky and others, "On Breaking SAML", 2012): the signed element is kept somewhere,
# and a forged one is put where a careless reader looks.

EVIL = assertion(id="_evil", name_id="root")


def wrapped(rearrange: Callable[[Any, Any, Any], None]) -> str:
    """A response with a genuine assertion, rearranged by (response, genuine, forged)."""
    root = etree.fromstring(response(sign(assertion())).encode())
    genuine = root.find(f"{A}Assertion")
    rearrange(root, genuine, etree.fromstring(EVIL.encode()))
    return etree.tostring(root).decode()


def forged_first_with_the_signature_moved_into_it(root: Any, genuine: Any, forged: Any) -> None:
    signature = genuine.find(f"{DS}Signature")
    forged.insert(1, copy.deepcopy(signature))
    genuine.remove(signature)
    root.insert(2, forged)


def genuine_inside_the_signature_of_the_forged(root: Any, genuine: Any, forged: Any) -> None:
    signature = genuine.find(f"{DS}Signature")
    genuine.remove(signature)
    root.remove(genuine)
    holder = etree.SubElement(signature, f"{DS}Object")
    holder.append(genuine)
    forged.insert(1, signature)
    root.append(forged)


def genuine_as_a_child_of_the_forged(root: Any, genuine: Any, forged: Any) -> None:
    root.remove(genuine)
    forged.append(genuine)
    root.append(forged)


def forged_takes_the_genuine_id(root: Any, genuine: Any, forged: Any) -> None:
    forged.set("ID", genuine.get("ID"))
    forged_first_with_the_signature_moved_into_it(root, genuine, forged)


@pytest.mark.ours
@pytest.mark.parametrize(
    "rearrange",
    [
        forged_first_with_the_signature_moved_into_it,
        genuine_inside_the_signature_of_the_forged,
        genuine_as_a_child_of_the_forged,
        forged_takes_the_genuine_id,
    ],
)
def test_a_wrapped_signature_is_refused(rearrange: Callable[[Any, Any, Any], None]) -> None:
    assert refused(wrapped(rearrange)) == INVALID_SIGNATURE


@pytest.mark.ours
def test_a_forged_assertion_before_the_genuine_one_is_refused() -> None:
    assert refused(wrapped(lambda root, genuine, forged: root.insert(2, forged))) == INVALID_SIGNATURE


@pytest.mark.ours
def test_a_forged_assertion_after_the_genuine_one_is_not_read() -> None:
    assert verify(wrapped(lambda root, genuine, forged: root.append(forged))).name_id == "alice"


@pytest.mark.ours
def test_two_assertions_in_a_signed_response_are_refused() -> None:
    assert refused(sign(response(assertion(), assertion(id="_a2"))))[0] == "InvalidIdentityToken"


@pytest.mark.ours
def test_a_comment_in_a_name_does_not_cut_it() -> None:
    signed = response(sign(assertion(name_id="alice.evil.example.com")))
    split = signed.replace("alice.evil.example.com", "alice<!-- -->.evil.example.com")
    assert verify(split).name_id == "alice.evil.example.com"


@pytest.mark.ours
def test_an_entity_is_never_resolved() -> None:
    document = '<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/hostname">]>' + response(assertion(name_id="&x;"))
    assert refused(document) == ("InvalidIdentityToken", "Invalid SAMLResponse")


@pytest.mark.ours
@pytest.mark.parametrize("noise", ["", "<", "<a/>", "%%%", "<p:Response/>"])
def test_noise_is_refused(noise: str) -> None:
    assert refused(noise)[0] == "InvalidIdentityToken"


@pytest.mark.ours
def test_what_is_not_base64_is_refused() -> None:
    with pytest.raises(ServiceError, match="InvalidIdentityToken"):
        saml.verify("<xml/>", METADATA, now=NOW)


@pytest.mark.documented(TROUBLE)
def test_another_issuer_is_refused() -> None:
    assert refused(response(sign(assertion(issuer="https://evil.example.com")))) == (
        "InvalidIdentityToken",
        "Issuer not present in specified provider",
    )


@pytest.mark.documented(TROUBLE)
def test_another_audience_is_refused() -> None:
    assert refused(response(sign(assertion(audience="https://example.com")))) == (
        "InvalidIdentityToken",
        "Response does not contain the required audience.",
    )


@pytest.mark.documented(DOC)
@pytest.mark.parametrize("recipient", ["https://example.com", "https://signin.aws.amazon.com.evil.com/saml"])
def test_another_recipient_is_refused(recipient: str) -> None:
    assert refused(response(sign(assertion(recipient=recipient))))[0] == "InvalidIdentityToken"


@pytest.mark.documented(DOC)
def test_a_regional_recipient_is_accepted() -> None:
    regional = "https://eu-west-1.signin.aws.amazon.com/saml"
    assert verify(response(sign(assertion(recipient=regional)))).recipient == regional


@pytest.mark.documented(API)
def test_an_assertion_is_refused_more_than_five_minutes_after_its_issue() -> None:
    signed = response(sign(assertion(issued=-301, after=3600, confirmed_until=3600)))
    assert refused(signed) == ("ExpiredTokenException", "Token must be redeemed within 5 minutes of issuance")


@pytest.mark.documented(API)
@pytest.mark.parametrize("late", [{"after": 0}, {"confirmed_until": 0}])
def test_an_assertion_past_its_conditions_is_refused(late: dict[str, float]) -> None:
    assert refused(response(sign(assertion(**late))))[0] == "ExpiredTokenException"


@pytest.mark.ours
def test_an_assertion_before_its_conditions_is_refused() -> None:
    assert refused(response(sign(assertion(before=61)))) == ("InvalidIdentityToken", "Assertion is not yet valid")


@pytest.mark.documented(TROUBLE)
def test_a_missing_session_name_is_refused() -> None:
    assert refused(response(sign(assertion(session="")))) == (
        "InvalidIdentityToken",
        "RoleSessionName is required in AuthnResponse",
    )


@pytest.mark.documented(TROUBLE)
def test_a_session_name_with_a_blank_is_refused() -> None:
    assert refused(response(sign(assertion(session="alice b")))) == (
        "InvalidIdentityToken",
        "RoleSessionName in AuthnResponse must match [a-zA-Z_0-9+=,.@-]{2,64}",
    )


@pytest.mark.documented(TROUBLE)
def test_an_assertion_that_names_no_role_is_refused() -> None:
    assert refused(response(sign(assertion(role=ROLE))))[0] == "InvalidIdentityToken"


@pytest.mark.ours
def test_a_provider_that_reports_failure_is_refused() -> None:
    assert (
        refused(response(sign(assertion())).replace("status:Success", "status:Responder"))[0] == "InvalidIdentityToken"
    )


@pytest.mark.documented(PROVIDERS)
def test_metadata_past_its_valid_until_is_of_no_use() -> None:
    stale = saml.Metadata(ISSUER, (DER,), NOW)
    assert refused(response(sign(assertion())), metadata=stale)[0] == "InvalidIdentityToken"


def metadata_document(*, inside: str | None = None, head: str = "") -> str:
    key = (
        '<m:KeyDescriptor use="signing"><d:KeyInfo xmlns:d="http://www.w3.org/2000/09/xmldsig#"><d:X509Data>'
        f"<d:X509Certificate>\n{DER[:64]}\n{DER[64:]}\n</d:X509Certificate></d:X509Data></d:KeyInfo></m:KeyDescriptor>"
    )
    return (
        f'<m:EntityDescriptor xmlns:m="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{ISSUER}"{head}>'
        f'<m:IDPSSODescriptor protocolSupportEnumeration="x">{key if inside is None else inside}</m:IDPSSODescriptor>'
        "</m:EntityDescriptor>"
    )


@pytest.mark.documented(PROVIDERS)
def test_metadata_names_the_provider_and_its_keys() -> None:
    assert saml.parse_metadata(metadata_document()) == METADATA


@pytest.mark.documented(PROVIDERS)
def test_metadata_may_end() -> None:
    assert saml.parse_metadata(metadata_document(head=f' validUntil="{at(60)}"')).valid_until == NOW + 60


@pytest.mark.documented(TROUBLE)
@pytest.mark.parametrize(
    "document",
    [
        "",
        "not xml",
        "<a/>",
        metadata_document(inside=""),
        metadata_document().replace(DER[:20], "!!!!"),
        metadata_document().replace("entityID", "entity"),
        metadata_document().replace("IDPSSODescriptor", "SPSSODescriptor"),
        metadata_document(head=' validUntil="tomorrow"'),
        "<!DOCTYPE m>" + metadata_document(),
    ],
)
def test_a_document_that_is_not_metadata_is_refused(document: str) -> None:
    with pytest.raises(ServiceError, match="InvalidInput: Could not parse metadata"):
        saml.parse_metadata(document)
