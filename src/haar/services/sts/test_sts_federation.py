"""AssumeRoleWithSAML and AssumeRoleWithWebIdentity: real signatures, real keys."""

from __future__ import annotations

import json
import ssl
import threading
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jwt
import pytest
from botocore.exceptions import ClientError
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from jwt.algorithms import RSAAlgorithm
from lxml import etree
from signxml.algorithms import CanonicalizationMethod, DigestAlgorithm, SignatureMethod
from signxml.signer import XMLSigner

if TYPE_CHECKING:
    from haar import Cloud

SAML_API = "https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithSAML.html"
WEB_API = "https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html"
GUIDE = "https://docs.aws.amazon.com/IAM/latest/UserGuide/"
KEYS = GUIDE + "reference_policies_iam-condition-keys.html"
TAGS = GUIDE + "id_session-tags.html"
TRAIL = "https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html"
ACCOUNT = "000000000000"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/worker"
PRIVATE = rsa.generate_private_key(65537, 2048)
STRANGER = rsa.generate_private_key(65537, 2048)


def certificate_of(key: rsa.RSAPrivateKey, name: str = "localhost") -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = x509.CertificateBuilder(subject, subject, key.public_key(), 7)
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
    now = datetime.now(UTC)
    dated = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    return dated.sign(key, hashes.SHA256())


CERTIFICATE = certificate_of(PRIVATE)


def refused(call: Any, **request: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        call(**request)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def session(reply: dict[str, Any]) -> dict[str, str]:
    given = reply["Credentials"]
    return {
        "access_key": given["AccessKeyId"], "secret_key": given["SecretAccessKey"], "token": given["SessionToken"],
    }  # fmt: skip


def role(cloud: Cloud, provider: str, *actions: str, **more: Any) -> str:
    """The ARN of a new role that trusts a provider and may list queues."""
    statement = {"Effect": "Allow", "Principal": {"Federated": provider}, "Action": list(actions), **more}
    iam = cloud.client("iam")
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    arn = iam.create_role(RoleName="worker", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    allowed = {"Effect": "Allow", "Action": "sqs:ListQueues", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    iam.put_role_policy(RoleName="worker", PolicyName="allowed", PolicyDocument=document)
    return str(arn)


# -- SAML --------------------------------------------------------------------------------------------------------

ISSUER = "https://idp.example.com/metadata"
SAML_PROVIDER = f"arn:aws:iam::{ACCOUNT}:saml-provider/corp"
NS = 'xmlns:p="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:a="urn:oasis:names:tc:SAML:2.0:assertion"'
SIGN_IN = "https://signin.aws.amazon.com/saml"


def saml_provider(cloud: Cloud) -> None:
    der = b64encode(CERTIFICATE.public_bytes(Encoding.DER)).decode()
    metadata = (
        f'<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{ISSUER}"><IDPSSODescriptor '
        'protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"><KeyDescriptor use="signing">'
        '<KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data><X509Certificate>'
        f"{der}</X509Certificate></X509Data></KeyInfo></KeyDescriptor><SingleSignOnService "
        'Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="https://idp.example.com/sso"/>'
        f"</IDPSSODescriptor></EntityDescriptor>{' ' * 1000}"
    )
    cloud.client("iam").create_saml_provider(Name="corp", SAMLMetadataDocument=metadata)


def attribute(name: str, *values: str) -> str:
    inside = "".join(f"<a:AttributeValue>{value}</a:AttributeValue>" for value in values)
    long_name = name if name.startswith("urn:") else f"https://aws.amazon.com/SAML/Attributes/{name}"
    return f'<a:Attribute Name="{long_name}">{inside}</a:Attribute>'


def assertion(at: float, *more: str, key: rsa.RSAPrivateKey = PRIVATE, user: str = "alice", ends: float = 7200) -> str:
    """A SAML response as it would be posted, signed at an instant of the provider's clock."""

    def instant(seconds: float) -> str:
        return datetime.fromtimestamp(at + seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    attributes = attribute("Role", f"{ROLE},{SAML_PROVIDER}") + attribute("RoleSessionName", user) + "".join(more)
    xml = (
        f'<a:Assertion {NS} ID="_a1" Version="2.0" IssueInstant="{instant(0)}"><a:Issuer>{ISSUER}</a:Issuer>'
        f'<a:Subject><a:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">{user}</a:NameID>'
        '<a:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer">'
        f'<a:SubjectConfirmationData Recipient="{SIGN_IN}" NotOnOrAfter="{instant(240)}"/>'
        f'</a:SubjectConfirmation></a:Subject><a:Conditions NotBefore="{instant(-5)}" NotOnOrAfter="{instant(240)}">'
        f"<a:AudienceRestriction><a:Audience>{SIGN_IN}</a:Audience></a:AudienceRestriction></a:Conditions>"
        f'<a:AuthnStatement AuthnInstant="{instant(0)}" SessionNotOnOrAfter="{instant(ends)}"/>'
        f"<a:AttributeStatement>{attributes}</a:AttributeStatement></a:Assertion>"
    )
    signer = XMLSigner(
        signature_algorithm=SignatureMethod.RSA_SHA256,
        digest_algorithm=DigestAlgorithm.SHA256,
        c14n_algorithm=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0,
    )
    signed = signer.sign(
        etree.fromstring(xml.encode()), key=key, cert=[certificate_of(key)], reference_uri="_a1", id_attribute="ID"
    )
    response = (
        f'<p:Response {NS} ID="_r1" Version="2.0" IssueInstant="{instant(0)}"><a:Issuer>{ISSUER}</a:Issuer>'
        '<p:Status><p:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></p:Status>'
        f"{etree.tostring(signed).decode()}</p:Response>"
    )
    return b64encode(response.encode()).decode()


def with_saml(cloud: Cloud, response: str, **more: Any) -> Any:
    request = {"RoleArn": ROLE, "PrincipalArn": SAML_PROVIDER, "SAMLAssertion": response, **more}
    return cloud.client("sts", access_key=None).assume_role_with_saml(**request)


@pytest.mark.fact("FED-001")
def test_a_signed_assertion_gives_credentials_and_a_tampered_one_does_not(cloud: Cloud) -> None:
    saml_provider(cloud)
    role(cloud, SAML_PROVIDER, "sts:AssumeRoleWithSAML")
    made = with_saml(cloud, assertion(cloud.clock.real()))
    cloud.client("sqs", **session(made)).list_queues()
    said = cloud.client("sts", **session(made)).get_caller_identity()
    assert said["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/worker/alice"
    forged = assertion(cloud.clock.real(), key=STRANGER)
    assert refused(lambda: with_saml(cloud, forged))[0] == "InvalidIdentityToken"


@pytest.mark.documented(SAML_API)
def test_the_reply_says_what_the_assertion_said(cloud: Cloud) -> None:
    saml_provider(cloud)
    role(cloud, SAML_PROVIDER, "sts:AssumeRoleWithSAML")
    made = with_saml(cloud, assertion(cloud.clock.real()))
    assert (made["Subject"], made["SubjectType"]) == ("alice", "persistent")
    assert (made["Issuer"], made["Audience"]) == (ISSUER, SIGN_IN)
    assert len(made["NameQualifier"]) == 28


@pytest.mark.documented(KEYS)
def test_a_trust_policy_can_ask_what_the_assertion_says(cloud: Cloud) -> None:
    saml_provider(cloud)
    asked = {"StringEquals": {"saml:aud": SIGN_IN, "saml:sub": "alice", "saml:edupersonaffiliation": "staff"}}
    role(cloud, SAML_PROVIDER, "sts:AssumeRoleWithSAML", Condition=asked)
    staff = attribute("urn:oid:1.3.6.1.4.1.5923.1.1.1.1", "staff")
    assert with_saml(cloud, assertion(cloud.clock.real(), staff))["Credentials"]
    stranger = assertion(cloud.clock.real(), staff, user="bob")
    code = refused(lambda: with_saml(cloud, stranger))
    assert code == ("AccessDenied", "Not authorized to perform sts:AssumeRoleWithSAML")


@pytest.mark.documented(SAML_API)
def test_an_assertion_for_another_role_is_refused(cloud: Cloud) -> None:
    saml_provider(cloud)
    role(cloud, SAML_PROVIDER, "sts:AssumeRoleWithSAML")
    other = f"arn:aws:iam::{ACCOUNT}:role/boss"
    response = assertion(cloud.clock.real())
    assert refused(lambda: with_saml(cloud, response, RoleArn=other))[0] == "AccessDenied"


@pytest.mark.documented(SAML_API)
def test_an_assertion_from_an_unknown_provider_is_refused(cloud: Cloud) -> None:
    assert refused(lambda: with_saml(cloud, assertion(cloud.clock.real())))[0] == "InvalidIdentityToken"


@pytest.mark.documented(SAML_API)
def test_an_assertion_is_good_for_five_minutes_of_virtual_time(cloud: Cloud) -> None:
    saml_provider(cloud)
    role(cloud, SAML_PROVIDER, "sts:AssumeRoleWithSAML")
    response = assertion(cloud.clock.real())
    cloud.advance(minutes=6)
    assert refused(lambda: with_saml(cloud, response))[0] == "ExpiredTokenException"


@pytest.mark.ours
def test_a_provider_that_knows_nothing_of_virtual_time_still_works_after_a_jump(cloud: Cloud) -> None:
    saml_provider(cloud)
    role(cloud, SAML_PROVIDER, "sts:AssumeRoleWithSAML")
    cloud.advance(days=40)
    made = with_saml(cloud, assertion(cloud.clock.real()))
    cloud.client("sqs", **session(made)).list_queues()


@pytest.mark.ours
def test_a_provider_that_counts_whole_seconds_works_right_after_a_jump(cloud: Cloud) -> None:
    saml_provider(cloud)
    role(cloud, SAML_PROVIDER, "sts:AssumeRoleWithSAML")
    cloud.advance(days=40)
    assert with_saml(cloud, assertion(float(int(cloud.clock.real()))))["Credentials"]


@pytest.mark.documented(SAML_API)
def test_a_saml_session_ends_when_the_provider_says_so(cloud: Cloud) -> None:
    saml_provider(cloud)
    role(cloud, SAML_PROVIDER, "sts:AssumeRoleWithSAML")
    cloud.advance(days=1)
    made = with_saml(cloud, assertion(cloud.clock.real(), ends=1200))
    assert 1190 < made["Credentials"]["Expiration"].timestamp() - cloud.clock.now() <= 1200


@pytest.mark.documented(TAGS)
def test_tags_and_source_identity_come_with_the_assertion(cloud: Cloud) -> None:
    saml_provider(cloud)
    actions = ("sts:AssumeRoleWithSAML", "sts:TagSession", "sts:SetSourceIdentity")
    role(cloud, SAML_PROVIDER, *actions, Condition={"StringEquals": {"aws:RequestTag/team": "blue"}})
    tag, source = attribute("PrincipalTag:team", "blue"), attribute("SourceIdentity", "Alice")
    assert with_saml(cloud, assertion(cloud.clock.real(), tag, source))["SourceIdentity"] == "Alice"
    assert refused(lambda: with_saml(cloud, assertion(cloud.clock.real())))[0] == "AccessDenied"


@pytest.mark.documented(TRAIL)
def test_the_history_knows_a_saml_user_and_keeps_no_assertion(cloud: Cloud) -> None:
    saml_provider(cloud)
    role(cloud, SAML_PROVIDER, "sts:AssumeRoleWithSAML")
    response = assertion(cloud.clock.real())
    made = with_saml(cloud, response)
    identity, written = recorded(cloud, "AssumeRoleWithSAML")
    assert identity == {
        "type": "SAMLUser", "principalId": f"{made['NameQualifier']}:alice", "userName": "alice",
        "identityProvider": made["NameQualifier"],
    }  # fmt: skip
    assert response not in written


def recorded(cloud: Cloud, name: str) -> tuple[dict[str, Any], str]:
    """Who called an operation, and the whole record."""
    attribute = [{"AttributeKey": "EventName", "AttributeValue": name}]
    event = cloud.client("cloudtrail").lookup_events(LookupAttributes=attribute)["Events"][0]["CloudTrailEvent"]
    return json.loads(event)["userIdentity"], event


# -- OpenID Connect ----------------------------------------------------------------------------------------------

IDP = "https://idp.example.com"
WEB_PROVIDER = f"arn:aws:iam::{ACCOUNT}:oidc-provider/idp.example.com"
JWKS = {"keys": [{**RSAAlgorithm.to_jwk(PRIVATE.public_key(), as_dict=True), "kid": "one", "use": "sig"}]}


def web_provider(cloud: Cloud, url: str = IDP, thumbprint: str = "0" * 40) -> str:
    """The ARN of a new OpenID Connect provider for the client app."""
    iam = cloud.client("iam")
    request = {"Url": url, "ClientIDList": ["app"], "ThumbprintList": [thumbprint]}
    return str(iam.create_open_id_connect_provider(**request)["OpenIDConnectProviderArn"])


def token(at: float, issuer: str = IDP, key: rsa.RSAPrivateKey = PRIVATE, **claims: Any) -> str:
    said = {"iss": issuer, "aud": "app", "sub": "alice", "iat": at, "exp": at + 600, **claims}
    return jwt.encode(said, key, algorithm="RS256", headers={"kid": "one"})


def with_token(cloud: Cloud, text: str, **more: Any) -> Any:
    request = {"RoleArn": ROLE, "RoleSessionName": "web", "WebIdentityToken": text, **more}
    return cloud.client("sts", access_key=None).assume_role_with_web_identity(**request)


@pytest.mark.fact("FED-002")
def test_a_token_is_swapped_for_credentials_unless_it_has_expired(cloud: Cloud) -> None:
    cloud.ports.proofs.publish(IDP, JWKS)
    role(cloud, web_provider(cloud), "sts:AssumeRoleWithWebIdentity")
    text = token(cloud.clock.real())
    assert with_token(cloud, text)["Credentials"]["AccessKeyId"].startswith("ASIA")
    cloud.advance(minutes=11)
    assert refused(lambda: with_token(cloud, text))[0] == "ExpiredTokenException"


@pytest.mark.fact("FED-003")
def test_federated_credentials_are_the_role_and_nothing_more(cloud: Cloud) -> None:
    cloud.ports.proofs.publish(IDP, JWKS)
    role(cloud, web_provider(cloud), "sts:AssumeRoleWithWebIdentity")
    made = session(with_token(cloud, token(cloud.clock.real())))
    said = cloud.client("sts", **made).get_caller_identity()
    assert said["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/worker/web"
    sqs = cloud.client("sqs", **made)
    sqs.list_queues()
    assert refused(sqs.create_queue, QueueName="q")[0] == "AccessDenied"


@pytest.mark.documented(WEB_API)
def test_the_reply_says_what_the_token_said(cloud: Cloud) -> None:
    cloud.ports.proofs.publish(IDP, JWKS)
    role(cloud, web_provider(cloud), "sts:AssumeRoleWithWebIdentity")
    made = with_token(cloud, token(cloud.clock.real()))
    assert (made["SubjectFromWebIdentityToken"], made["Audience"]) == ("alice", "app")
    assert made["Provider"] == WEB_PROVIDER


@pytest.mark.documented(TRAIL)
def test_the_history_knows_a_web_user_and_keeps_no_token(cloud: Cloud) -> None:
    cloud.ports.proofs.publish(IDP, JWKS)
    role(cloud, web_provider(cloud), "sts:AssumeRoleWithWebIdentity")
    text = token(cloud.clock.real())
    with_token(cloud, text)
    identity, written = recorded(cloud, "AssumeRoleWithWebIdentity")
    assert identity == {
        "type": "WebIdentityUser", "principalId": f"{WEB_PROVIDER}:app:alice", "userName": "alice",
        "identityProvider": WEB_PROVIDER,
    }  # fmt: skip
    assert text not in written


@pytest.mark.documented(KEYS)
def test_a_trust_policy_can_ask_for_audience_and_subject(cloud: Cloud) -> None:
    cloud.ports.proofs.publish(IDP, JWKS)
    asked = {"StringEquals": {"idp.example.com:aud": "app"}, "StringLike": {"idp.example.com:sub": "ali*"}}
    role(cloud, web_provider(cloud), "sts:AssumeRoleWithWebIdentity", Condition=asked)
    assert with_token(cloud, token(cloud.clock.real()))["Credentials"]
    code = refused(lambda: with_token(cloud, token(cloud.clock.real(), sub="bob")))
    assert code == ("AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity")


@pytest.mark.documented(WEB_API)
def test_a_token_signed_by_somebody_else_is_refused(cloud: Cloud) -> None:
    cloud.ports.proofs.publish(IDP, JWKS)
    role(cloud, web_provider(cloud), "sts:AssumeRoleWithWebIdentity")
    text = token(cloud.clock.real(), key=STRANGER)
    assert refused(lambda: with_token(cloud, text))[0] == "InvalidIdentityToken"


@pytest.mark.documented(WEB_API)
def test_a_token_of_an_unknown_issuer_is_refused(cloud: Cloud) -> None:
    web_provider(cloud, "https://other.example.com")
    code, message = refused(lambda: with_token(cloud, token(cloud.clock.real())))
    assert code == "InvalidIdentityToken"
    assert message == f"No OpenIDConnect provider found in your account for {IDP}"


@pytest.mark.documented(WEB_API)
def test_a_token_for_another_client_is_refused(cloud: Cloud) -> None:
    cloud.ports.proofs.publish(IDP, JWKS)
    role(cloud, web_provider(cloud), "sts:AssumeRoleWithWebIdentity")
    text = token(cloud.clock.real(), aud="other")
    assert refused(lambda: with_token(cloud, text)) == ("InvalidIdentityToken", "Incorrect token audience")


@pytest.mark.documented(TAGS)
def test_tags_and_source_identity_come_with_the_token(cloud: Cloud) -> None:
    cloud.ports.proofs.publish(IDP, JWKS)
    actions = ("sts:AssumeRoleWithWebIdentity", "sts:TagSession", "sts:SetSourceIdentity")
    role(cloud, web_provider(cloud), *actions, Condition={"StringEquals": {"aws:RequestTag/team": "blue"}})
    claims: dict[str, Any] = {
        "https://aws.amazon.com/tags": {"principal_tags": {"team": ["blue"]}, "transitive_tag_keys": ["team"]},
        "https://aws.amazon.com/source_identity": "Alice",
    }
    assert with_token(cloud, token(cloud.clock.real(), **claims))["SourceIdentity"] == "Alice"
    assert refused(lambda: with_token(cloud, token(cloud.clock.real())))[0] == "AccessDenied"


@pytest.mark.documented(TAGS)
def test_tags_in_a_token_need_the_roles_permission_to_tag(cloud: Cloud) -> None:
    cloud.ports.proofs.publish(IDP, JWKS)
    role(cloud, web_provider(cloud), "sts:AssumeRoleWithWebIdentity")
    claims: dict[str, Any] = {"https://aws.amazon.com/tags": {"principal_tags": {"team": ["blue"]}}}
    assert refused(lambda: with_token(cloud, token(cloud.clock.real(), **claims)))[0] == "AccessDenied"


@pytest.mark.documented(GUIDE + "id_roles_providers_create_for-idp_oidc.html")
def test_google_needs_no_provider_of_ones_own(cloud: Cloud) -> None:
    google = "https://accounts.google.com"
    cloud.ports.proofs.publish(google, JWKS)
    asked = {"StringEquals": {"accounts.google.com:aud": "app"}}
    role(cloud, "accounts.google.com", "sts:AssumeRoleWithWebIdentity", Condition=asked)
    assert with_token(cloud, token(cloud.clock.real(), google))["Provider"] == "accounts.google.com"
    other = token(cloud.clock.real(), google, aud="other")
    assert refused(lambda: with_token(cloud, other))[0] == "AccessDenied"


@pytest.mark.ours
def test_an_access_token_of_the_old_kind_is_refused(cloud: Cloud) -> None:
    role(cloud, "www.amazon.com", "sts:AssumeRoleWithWebIdentity")
    assert refused(lambda: with_token(cloud, "Atza|x", ProviderId="www.amazon.com"))[0] == "InvalidIdentityToken"


# -- keys from a real issuer -------------------------------------------------------------------------------------


@contextmanager
def issuer(identity: rsa.RSAPrivateKey | None = None, folder: Path | None = None) -> Iterator[tuple[str, list[str]]]:
    """A real OpenID Connect issuer on this machine: its URL, and the paths that were asked for."""
    asked: list[str] = []

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            configuration = {"issuer": url, "jwks_uri": f"{url}/keys"}
            body = json.dumps(JWKS if self.path == "/keys" else configuration).encode()
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    server = HTTPServer(("localhost", 0), Answers)
    scheme = "http"
    if identity is not None:
        assert folder is not None
        scheme, file = "https", folder / "server.pem"
        private = identity.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        file.write_bytes(private + CERTIFICATE.public_bytes(Encoding.PEM))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    url = f"{scheme}://localhost:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield url, asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


@pytest.mark.documented(GUIDE + "id_roles_providers_create_oidc.html")
def test_the_keys_come_from_the_issuer_and_are_asked_for_once(cloud: Cloud, tmp_path: Path) -> None:
    with issuer(PRIVATE, tmp_path) as (url, asked):
        thumbprint = CERTIFICATE.fingerprint(hashes.SHA1()).hex()
        role(cloud, web_provider(cloud, url, thumbprint), "sts:AssumeRoleWithWebIdentity")
        assert with_token(cloud, token(cloud.clock.real(), url))["Credentials"]
        assert with_token(cloud, token(cloud.clock.real(), url))["Credentials"]
    assert asked == ["/.well-known/openid-configuration", "/keys"]


@pytest.mark.documented(GUIDE + "id_roles_providers_create_oidc_verify-thumbprint.html")
def test_an_issuer_with_an_unknown_certificate_is_not_trusted(cloud: Cloud, tmp_path: Path) -> None:
    with issuer(PRIVATE, tmp_path) as (url, asked):
        role(cloud, web_provider(cloud, url), "sts:AssumeRoleWithWebIdentity")
        assert refused(lambda: with_token(cloud, token(cloud.clock.real(), url)))[0] == "IDPCommunicationError"
    assert asked == []


@pytest.mark.documented(WEB_API)
def test_an_issuer_that_does_not_answer_is_a_communication_error(cloud: Cloud) -> None:
    with issuer() as (url, _):
        pass
    role(cloud, web_provider(cloud, url.replace("http:", "https:")), "sts:AssumeRoleWithWebIdentity")
    text = token(cloud.clock.real(), url.replace("http:", "https:"))
    assert refused(lambda: with_token(cloud, text))[0] == "IDPCommunicationError"


@pytest.mark.ours
def test_a_server_asks_the_issuer_aside_and_the_call_waits(haar_server: Any, tmp_path: Path) -> None:
    from botocore import UNSIGNED
    from botocore.config import Config

    iam = haar_server.client("iam")
    with issuer(PRIVATE, tmp_path) as (url, asked):
        thumbprint = CERTIFICATE.fingerprint(hashes.SHA1()).hex()
        made = iam.create_open_id_connect_provider(Url=url, ClientIDList=["app"], ThumbprintList=[thumbprint])
        statement = {
            "Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity",
            "Principal": {"Federated": made["OpenIDConnectProviderArn"]},
        }  # fmt: skip
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam.create_role(RoleName="worker", AssumeRolePolicyDocument=document)
        sts = haar_server.client("sts", config=Config(signature_version=UNSIGNED))
        text = token(haar_server.cloud.clock.real(), url)
        reply = sts.assume_role_with_web_identity(RoleArn=ROLE, RoleSessionName="web", WebIdentityToken=text)
    assert reply["AssumedRoleUser"]["Arn"].endswith("/worker/web")
    assert asked == ["/.well-known/openid-configuration", "/keys"]
