"""The documents by which others verify the web identity tokens of this cloud.

On AWS they are under the issuer's own URL. Haar does not own that name, so they are here.
"""

from __future__ import annotations

from typing import Any

from haar.auth import issuing
from haar.gateway.control_words import Asked, Problem

__all__ = ["issuer"]

_PLACE = ".well-known/"


def issuer(asked: Asked) -> dict[str, Any]:
    """What verifies the tokens of sts:GetWebIdentityToken: the discovery document and the public keys of an issuer.

    `{issuer}` is the first label of the issuer's URL (or the URL's host) followed by
    `/.well-known/openid-configuration` or `/.well-known/jwks.json`. The first names the second as its `jwks_uri`. 404
    for an issuer that no account has been given.
    """
    name, _, document = asked.rest.partition("/")
    url = f"https://{name.partition('.')[0]}.tokens.sts.global.api.aws"
    with asked.cloud.store.transaction(write=False) as tx:
        keys = issuing.document(tx, url)
    if keys is None:
        hint = "iam:EnableOutboundWebIdentityFederation gives an account its issuer."
        raise Problem(404, "NoSuchIssuer", "No account has this issuer.", hint)
    if document == f"{_PLACE}jwks.json":
        return keys
    if document == f"{_PLACE}openid-configuration":
        host = asked.http.headers.get("host", "")
        return issuing.configuration(url, f"{asked.http.scheme}://{host}/_haar/issuer/{name}/{_PLACE}jwks.json")
    hint = f"There are {_PLACE}openid-configuration and {_PLACE}jwks.json."
    raise Problem(404, "NotFound", "An issuer has no such document.", hint)
