"""Web identity tokens: signed by the provider, for a registered client, and in time."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given
from hypothesis import strategies as st
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from haar.auth import oidc
from haar.errors import ServiceError

DOC = "https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html"
PROVIDERS = "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_oidc.html"
KEYS = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html"

NOW = 1_800_000_000.0
ISSUER = "https://idp.example.com"
RSA_KEY = rsa.generate_private_key(65537, 2048)
OTHER_RSA_KEY = rsa.generate_private_key(65537, 2048)
EC_KEY = ec.generate_private_key(ec.SECP256R1())
CLAIMS = {"iss": ISSUER, "aud": "client-1", "sub": "alice", "iat": NOW - 10, "exp": NOW + 600, "amr": ["mfa"]}
JWKS: dict[str, Any] = {
    "keys": [
        {**RSAAlgorithm.to_jwk(RSA_KEY.public_key(), as_dict=True), "kid": "rsa", "use": "sig", "alg": "RS256"},
        {**ECAlgorithm.to_jwk(EC_KEY.public_key(), as_dict=True), "kid": "ec"},
    ]
}


def token_of(key: Any = RSA_KEY, algorithm: str = "RS256", kid: str | None = "rsa", **claims: Any) -> str:
    wanted = {name: value for name, value in {**CLAIMS, **claims}.items() if value is not None}
    return jwt.encode(wanted, key, algorithm=algorithm, headers={"kid": kid} if kid else None)


def verify(token: str, now: float = NOW, jwks: dict[str, Any] = JWKS) -> oidc.WebIdentity:
    return oidc.verify(token, jwks, issuer=ISSUER, client_ids=["client-1", "client-2"], now=now)


def code_of(token: str, now: float = NOW, jwks: dict[str, Any] = JWKS) -> tuple[str, str]:
    with pytest.raises(ServiceError) as caught:
        verify(token, now, jwks)
    return caught.value.code, caught.value.message


@pytest.mark.documented(DOC)
def test_a_token_signed_with_rsa_says_who_is_calling() -> None:
    identity = verify(token_of())
    assert (identity.subject, identity.audience, identity.issuer, identity.amr) == (
        "alice",
        "client-1",
        ISSUER,
        ("mfa",),
    )


@pytest.mark.documented(PROVIDERS)
def test_a_token_signed_with_an_elliptic_curve_is_accepted() -> None:
    assert verify(token_of(EC_KEY, "ES256", "ec")).subject == "alice"


@pytest.mark.ours
def test_a_token_without_a_key_id_is_tried_with_every_fitting_key() -> None:
    assert verify(token_of(kid=None)).subject == "alice"


@pytest.mark.documented(DOC)
def test_a_token_signed_with_another_key_is_refused() -> None:
    assert code_of(token_of(OTHER_RSA_KEY))[0] == "InvalidIdentityToken"


@pytest.mark.documented(DOC)
def test_a_token_whose_key_the_provider_does_not_publish_is_refused_in_the_words_of_sts() -> None:
    code, message = code_of(token_of(kid="gone"))
    assert code == "InvalidIdentityToken"
    assert message.startswith("Couldn't retrieve verification key from your identity provider")


@pytest.mark.ours
def test_a_token_with_the_algorithm_none_is_refused() -> None:
    assert code_of(jwt.encode(CLAIMS, None, algorithm="none"))[0] == "InvalidIdentityToken"


@pytest.mark.ours
def test_the_public_key_used_as_a_shared_secret_proves_nothing() -> None:
    secret = RSA_KEY.public_key().public_numbers().n.to_bytes(256, "big")
    assert code_of(jwt.encode(CLAIMS, secret, algorithm="HS256", headers={"kid": "rsa"}))[0] == "InvalidIdentityToken"


@pytest.mark.documented(DOC)
def test_an_expired_token_is_refused_with_both_times() -> None:
    assert code_of(token_of(), now=NOW + 600) == (
        "ExpiredTokenException",
        "Token expired: current date/time 1800000600 must be before the expiration date/time 1800000600",
    )


@pytest.mark.ours
def test_a_token_of_the_last_second_is_accepted() -> None:
    assert verify(token_of(), now=NOW + 599).subject == "alice"


@pytest.mark.ours
def test_a_token_from_the_future_is_refused() -> None:
    assert code_of(token_of(nbf=NOW + 301)) == ("InvalidIdentityToken", "Token is not yet valid")


@pytest.mark.documented(DOC)
def test_a_token_for_another_client_is_refused() -> None:
    assert code_of(token_of(aud="client-3")) == ("InvalidIdentityToken", "Incorrect token audience")


@pytest.mark.ours
def test_one_registered_client_among_several_audiences_is_enough() -> None:
    assert verify(token_of(aud=["client-3", "client-2"])).audience == "client-2"


@pytest.mark.documented(KEYS)
def test_the_authorized_party_counts_as_the_audience_where_there_is_one() -> None:
    assert verify(token_of(aud="client-3", azp="client-2")).audience == "client-2"


@pytest.mark.documented(KEYS)
def test_an_unregistered_authorized_party_is_refused_whatever_the_audience() -> None:
    assert code_of(token_of(azp="client-3")) == ("InvalidIdentityToken", "Incorrect token audience")


@pytest.mark.documented(DOC)
def test_a_token_of_another_issuer_is_refused() -> None:
    code, message = code_of(token_of(iss="https://evil.example.com"))
    assert code == "InvalidIdentityToken"
    assert message == "No OpenIDConnect provider found in your account for https://evil.example.com"


@pytest.mark.documented(PROVIDERS)
@pytest.mark.parametrize("claim", ["iss", "aud", "sub", "iat", "exp"])
def test_a_token_without_a_required_claim_is_refused(claim: str) -> None:
    code, message = code_of(token_of(**{claim: None}))
    assert (code, message) == ("InvalidIdentityToken", f"Missing a required claim: {claim}")


@pytest.mark.ours
def test_claims_changed_after_signing_are_refused() -> None:
    head, _, tail = token_of().split(".")
    forged = urlsafe_b64encode(json.dumps({**CLAIMS, "sub": "root"}).encode()).decode().rstrip("=")
    assert code_of(f"{head}.{forged}.{tail}") == ("InvalidIdentityToken", "Token signature invalid")


@pytest.mark.ours
@given(st.text() | st.text("abcAB._-=", max_size=40).map(lambda s: f"eyJhbGciOiJSUzI1NiJ9.{s}.x"))
def test_noise_is_refused(noise: str) -> None:
    assert code_of(noise)[0] == "InvalidIdentityToken"


@pytest.mark.ours
@pytest.mark.parametrize(
    "jwks", [{}, {"keys": None}, {"keys": [None, {"kty": "RSA"}, {"kty": "RSA", "n": "!", "e": "!"}]}]
)
def test_a_broken_key_document_holds_no_keys(jwks: dict[str, Any]) -> None:
    assert code_of(token_of(), jwks=jwks)[1].startswith("Couldn't retrieve verification key")


@pytest.mark.ours
def test_the_issuer_can_be_read_before_anything_is_verified() -> None:
    assert oidc.issuer_of(token_of()) == ISSUER
