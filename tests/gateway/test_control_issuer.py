"""The documents of the cloud's own token issuers, used as a stranger would use them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import jwt
import pytest

from haar.wire.http import HttpRequest
from tests.gateway.asking import handle

if TYPE_CHECKING:
    from haar import Cloud

API = "https://docs.aws.amazon.com/STS/latest/APIReference/API_GetWebIdentityToken.html"
DISCOVERY = "https://docs.aws.amazon.com/IAM/latest/APIReference/API_EnableOutboundWebIdentityFederation.html"
AUDIENCE = "https://api.example.com"


def enabled(cloud: Cloud) -> str:
    """The issuer of the account, which may now ask for tokens."""
    return str(cloud.client("iam").enable_outbound_web_identity_federation()["IssuerIdentifier"])


def published(cloud: Cloud, issuer: str, document: str = "jwks.json") -> dict[str, Any]:
    """What Haar publishes for an issuer."""
    name = issuer.removeprefix("https://").partition(".")[0]
    path = f"/_haar/issuer/{name}/.well-known/{document}"
    reply = handle(cloud, HttpRequest("GET", path, "", {"host": "127.0.0.1:4566"}, b"", client="127.0.0.1"))
    assert reply.status == 200
    found: dict[str, Any] = json.loads(reply.body)
    return found


@pytest.mark.documented(API)
@pytest.mark.parametrize("algorithm", ["ES384", "RS256"])
def test_a_stranger_verifies_a_token_with_the_published_keys(cloud: Cloud, algorithm: str) -> None:
    issuer = enabled(cloud)
    token = cloud.client("sts").get_web_identity_token(Audience=[AUDIENCE], SigningAlgorithm=algorithm)
    keys = jwt.PyJWKSet.from_dict(published(cloud, issuer))
    key = keys[jwt.get_unverified_header(token["WebIdentityToken"])["kid"]]
    claims = jwt.decode(token["WebIdentityToken"], key, algorithms=[algorithm], audience=AUDIENCE, issuer=issuer)
    assert claims["aud"] == AUDIENCE


@pytest.mark.documented(API)
@pytest.mark.parametrize("algorithm", ["ES384", "RS256"])
def test_a_token_that_was_changed_is_no_good(cloud: Cloud, algorithm: str) -> None:
    issuer = enabled(cloud)
    reply = cloud.client("sts").get_web_identity_token(Audience=[AUDIENCE], SigningAlgorithm=algorithm)
    head, _, signature = reply["WebIdentityToken"].split(".")
    other = cloud.client("sts").get_web_identity_token(Audience=["other"], SigningAlgorithm=algorithm)
    forged = ".".join((head, other["WebIdentityToken"].split(".")[1], signature))
    key = jwt.PyJWKSet.from_dict(published(cloud, issuer))[jwt.get_unverified_header(forged)["kid"]]
    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(forged, key, algorithms=[algorithm], options={"verify_exp": False, "verify_aud": False})


@pytest.mark.documented(DISCOVERY)
def test_the_discovery_document_names_the_issuer_and_where_its_keys_are(cloud: Cloud) -> None:
    issuer = enabled(cloud)
    found = published(cloud, issuer, "openid-configuration")
    name = issuer.removeprefix("https://").partition(".")[0]
    assert found["issuer"] == issuer
    assert found["jwks_uri"] == f"http://127.0.0.1:4566/_haar/issuer/{name}/.well-known/jwks.json"


@pytest.mark.ours
def test_the_published_keys_are_public_ones(cloud: Cloud) -> None:
    keys = published(cloud, enabled(cloud))["keys"]
    assert [set(key) - {"kid", "alg", "use", "kty"} for key in keys] == [{"crv", "x", "y"}, {"n", "e"}]


@pytest.mark.ours
def test_an_issuer_nobody_has_publishes_nothing(cloud: Cloud) -> None:
    path = "/_haar/issuer/somebody/.well-known/jwks.json"
    request = HttpRequest("GET", path, "", {"host": "127.0.0.1:4566"}, b"", client="127.0.0.1")
    assert handle(cloud, request).status == 404


@pytest.mark.ours
@pytest.mark.parametrize("document", ["", ".well-known/keys", "jwks.json"])
def test_an_issuer_publishes_two_documents_and_no_more(cloud: Cloud, document: str) -> None:
    name = enabled(cloud).removeprefix("https://").partition(".")[0]
    path = f"/_haar/issuer/{name}/{document}"
    request = HttpRequest("GET", path, "", {"host": "127.0.0.1:4566"}, b"", client="127.0.0.1")
    assert handle(cloud, request).status == 404
