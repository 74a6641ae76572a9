"""What people bring along from outside: keys, certificates, documents, one-time codes, assertions and tokens.

The key is made once in a process: two lives of one process are given the very same things.
"""

from __future__ import annotations

import base64
import hmac
import json
from datetime import UTC, datetime
from functools import cache
from typing import Any

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.x509.oid import NameOID
from jwt.algorithms import RSAAlgorithm
from lxml import etree
from signxml.algorithms import CanonicalizationMethod, DigestAlgorithm, SignatureMethod
from signxml.signer import XMLSigner

__all__ = [
    "ISSUER", "SIGN_IN", "assertion", "certificate", "document", "jwks", "key", "metadata", "one_time_code", "private",
    "ssh_key", "token", "trusting",
]  # fmt: skip

ISSUER = "https://idp.example.com/metadata"
SIGN_IN = "https://signin.aws.amazon.com/saml"
_XML = 'xmlns:p="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:a="urn:oasis:names:tc:SAML:2.0:assertion"'


@cache
def key() -> rsa.RSAPrivateKey:
    """The one key."""
    return rsa.generate_private_key(65537, 2048)


def private() -> str:
    """The key in PEM."""
    return key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def ssh_key() -> str:
    """The public half as `ssh-rsa AAAA...`."""
    return key().public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()


@cache
def _certificate() -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "example.com")])
    builder = x509.CertificateBuilder(name, name, key().public_key(), 7)
    dated = builder.not_valid_before(datetime(2020, 1, 1, tzinfo=UTC)).not_valid_after(datetime(2090, 1, 1, tzinfo=UTC))
    return dated.sign(key(), hashes.SHA256())


def certificate() -> str:
    """A certificate of the key, in PEM."""
    return _certificate().public_bytes(Encoding.PEM).decode()


def document(action: str = "sqs:ListQueues", **statement: Any) -> str:
    """A policy of one statement."""
    said = {"Effect": "Allow", "Action": action, "Resource": "*", **statement}
    return json.dumps({"Version": "2012-10-17", "Statement": [said]})


def trusting(action: str = "sts:AssumeRole", **principal: str) -> str:
    """A trust policy: `trusting(AWS="000000000000")`."""
    said = {"Effect": "Allow", "Action": action, "Principal": principal}
    return json.dumps({"Version": "2012-10-17", "Statement": [said]})


def one_time_code(seed: bytes, at: float) -> str:
    """What an authenticator app shows (RFC 6238)."""
    digest = hmac.digest(base64.b32decode(seed), int(at // 30).to_bytes(8, "big"), "sha1")
    place = digest[-1] & 15
    return f"{(int.from_bytes(digest[place : place + 4], 'big') & 0x7FFFFFFF) % 1_000_000:06d}"


def jwks() -> dict[str, Any]:
    """The key set of the web identity provider."""
    said = json.loads(RSAAlgorithm.to_jwk(key().public_key()))
    return {"keys": [{**said, "kid": "one", "alg": "RS256", "use": "sig"}]}


def token(issuer: str, at: float) -> str:
    """A web identity token."""
    said = {"iss": issuer, "aud": "app", "sub": "alice", "iat": at, "exp": at + 600}
    return jwt.encode(said, key(), algorithm="RS256", headers={"kid": "one"})


def metadata() -> str:
    """The SAML identity provider's metadata; such a document has a thousand characters at least."""
    der = base64.b64encode(_certificate().public_bytes(Encoding.DER)).decode()
    return (
        f'<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{ISSUER}"><IDPSSODescriptor '
        'protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"><KeyDescriptor use="signing">'
        '<KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data><X509Certificate>'
        f"{der}</X509Certificate></X509Data></KeyInfo></KeyDescriptor><SingleSignOnService "
        'Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="https://idp.example.com/sso"/>'
        f"</IDPSSODescriptor></EntityDescriptor>{' ' * 1000}"
    )


def assertion(role: str, provider: str, at: float) -> str:
    """A SAML response as a browser would post it, signed."""

    def instant(seconds: float) -> str:
        return datetime.fromtimestamp(at + seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    def attribute(name: str, value: str) -> str:
        inside = f"<a:AttributeValue>{value}</a:AttributeValue>"
        return f'<a:Attribute Name="https://aws.amazon.com/SAML/Attributes/{name}">{inside}</a:Attribute>'

    xml = (
        f'<a:Assertion {_XML} ID="_a1" Version="2.0" IssueInstant="{instant(0)}"><a:Issuer>{ISSUER}</a:Issuer>'
        '<a:Subject><a:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">alice</a:NameID>'
        '<a:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer">'
        f'<a:SubjectConfirmationData Recipient="{SIGN_IN}" NotOnOrAfter="{instant(240)}"/>'
        f'</a:SubjectConfirmation></a:Subject><a:Conditions NotBefore="{instant(-5)}" NotOnOrAfter="{instant(240)}">'
        f"<a:AudienceRestriction><a:Audience>{SIGN_IN}</a:Audience></a:AudienceRestriction></a:Conditions>"
        f'<a:AuthnStatement AuthnInstant="{instant(0)}" SessionNotOnOrAfter="{instant(7200)}"/>'
        f"<a:AttributeStatement>{attribute('Role', f'{role},{provider}')}{attribute('RoleSessionName', 'alice')}"
        "</a:AttributeStatement></a:Assertion>"
    )
    signer = XMLSigner(
        signature_algorithm=SignatureMethod.RSA_SHA256,
        digest_algorithm=DigestAlgorithm.SHA256,
        c14n_algorithm=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0,
    )
    signed = signer.sign(
        etree.fromstring(xml.encode()), key=key(), cert=[_certificate()], reference_uri="_a1", id_attribute="ID"
    )
    response = (
        f'<p:Response {_XML} ID="_r1" Version="2.0" IssueInstant="{instant(0)}"><a:Issuer>{ISSUER}</a:Issuer>'
        '<p:Status><p:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></p:Status>'
        f"{etree.tostring(signed).decode()}</p:Response>"
    )
    return base64.b64encode(response.encode()).decode()
