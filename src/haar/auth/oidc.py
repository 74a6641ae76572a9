"""OpenID Connect tokens: who a web identity provider says is calling.

`verify` is the check behind AssumeRoleWithWebIdentity. It is given the provider's keys (a JWKS document); fetching
them is somebody else's work. Instants are seconds since 1970; the caller says what time it is.

Source: STS API, API_AssumeRoleWithWebIdentity.html; IAM User Guide, id_roles_providers_create_oidc.html and
reference_policies_iam-condition-keys.html (the meaning of `azp`); RFC 7519, RFC 7517.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, Final

import msgspec

from haar.errors import ServiceError

__all__ = ["ALGORITHMS", "WebIdentity", "issuer_of", "verify"]

#: Signatures with a private key only: a shared secret or "none" proves nothing to us.
ALGORITHMS: Final = ("RS256", "RS384", "RS512", "ES256", "ES384", "ES512")
_KEY_TYPE: Final = {"RS": "RSA", "ES": "EC"}
#: How far a provider's clock may be ahead of ours. Ours: AWS does not publish its own.
AHEAD_SECONDS: Final = 300
_TOKEN_CHARS_MAX: Final = 20_000

_NOT_A_JWT = "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)"
_NO_KEY = (
    "Couldn't retrieve verification key from your identity provider, "
    "please reference AssumeRoleWithWebIdentity documentation for requirements"
)


class WebIdentity(msgspec.Struct, frozen=True, kw_only=True):
    """A verified token. `audience` is the client it was made for: `azp` where the token has one, else `aud`.

    `claims` is everything the token says, for the provider's condition keys.
    """

    issuer: str
    subject: str
    audience: str
    amr: tuple[str, ...]
    issued_at: float
    expires_at: float
    claims: dict[str, Any]


def issuer_of(token: str) -> str:
    """Who a token says issued it, not yet verified: enough to find the provider and its keys.

    Raises ServiceError `InvalidIdentityToken` for what is not a JWT.
    """
    issuer = _claims(_split(token)[1]).get("iss")
    if not isinstance(issuer, str) or not issuer:
        raise _invalid("Missing a required claim: iss")
    return issuer


def verify(
    token: str,
    jwks: dict[str, Any],
    *,
    issuer: str,
    client_ids: Collection[str],
    now: float,
    since: Callable[[float], float] | None = None,
) -> WebIdentity:
    """The identity in a token, if `issuer` signed it with one of its keys for one of `client_ids` and it is good now.

    `since` takes the instant of issue and says what time it is by the issuer's clock, where that is not `now`.
    `jwks` is the provider's key document (`{"keys": [...]}`). Raises ServiceError `InvalidIdentityToken`, or
    `ExpiredTokenException` for one that came too late.
    """
    import jwt

    header, _ = _split(token)
    algorithm = header.get("alg")
    if algorithm not in ALGORITHMS:
        raise _invalid(f"Token signature algorithm {algorithm} is not supported")
    # dates and audience are checked below, against the caller's clock and by AWS's rules
    options = {f"verify_{name}": False for name in ("exp", "nbf", "iat", "aud", "iss", "sub", "jti")}
    claims: dict[str, Any] | None = None
    for key in _keys(jwks, header.get("kid"), algorithm):
        try:
            claims = jwt.decode(token, key, algorithms=[algorithm], options=options)  # type: ignore[arg-type]
        except jwt.InvalidSignatureError:
            continue
        except jwt.PyJWTError:
            raise _invalid(_NOT_A_JWT) from None
        break
    if claims is None:
        raise _invalid("Token signature invalid")
    if since is not None and "iat" in claims:
        now = since(_seconds(claims, "iat"))
    return _check(claims, issuer, client_ids, now)


def _check(claims: dict[str, Any], issuer: str, client_ids: Collection[str], now: float) -> WebIdentity:
    for name in ("iss", "aud", "sub", "iat", "exp"):
        if claims.get(name) in (None, "", []):
            raise _invalid(f"Missing a required claim: {name}")
    if claims["iss"] != issuer:
        raise _invalid(f"No OpenIDConnect provider found in your account for {claims['iss']}")
    issued_at, expires_at = _seconds(claims, "iat"), _seconds(claims, "exp")
    if now >= expires_at:
        raise ServiceError(
            "ExpiredTokenException",
            f"Token expired: current date/time {int(now)} must be before the expiration date/time {int(expires_at)}",
            status=400,
        )
    starts_at = max(issued_at, _seconds(claims, "nbf") if "nbf" in claims else issued_at)
    if now + AHEAD_SECONDS < starts_at:
        raise _invalid("Token is not yet valid")
    subject = claims["sub"]
    if not isinstance(subject, str) or len(subject) > 255:
        raise _invalid("Invalid claim: sub")
    audience = _audience(claims, client_ids)
    amr = claims.get("amr", [])
    return WebIdentity(
        issuer=issuer,
        subject=subject,
        audience=audience,
        amr=tuple(str(method) for method in amr) if isinstance(amr, list) else (str(amr),),
        issued_at=issued_at,
        expires_at=expires_at,
        claims=claims,
    )


def _audience(claims: dict[str, Any], client_ids: Collection[str]) -> str:
    # a token made for one client and handed to another names the first in azp, and that is the one to be registered
    if claims.get("azp"):
        candidates = [claims["azp"]]
    else:
        candidates = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
    for candidate in candidates:
        if isinstance(candidate, str) and candidate in client_ids:
            return candidate
    raise _invalid("Incorrect token audience")


def _keys(jwks: dict[str, Any], kid: Any, algorithm: str) -> list[Any]:
    """The provider's keys that could have made this signature."""
    import jwt

    listed = jwks.get("keys")
    found: list[Any] = []
    for entry in listed if isinstance(listed, list) else ():
        if not isinstance(entry, dict) or entry.get("kty") != _KEY_TYPE[algorithm[:2]]:
            continue
        if entry.get("use", "sig") != "sig" or entry.get("alg", algorithm) != algorithm:
            continue
        if kid is not None and "kid" in entry and entry["kid"] != kid:
            continue
        try:
            key = jwt.PyJWK(entry, algorithm=algorithm)
        except jwt.PyJWTError:
            continue
        found.append(key.key)
    if not found:
        raise _invalid(_NO_KEY)
    return found


def _split(token: str) -> tuple[dict[str, Any], str]:
    parts = token.split(".")
    if len(parts) != 3 or len(token) > _TOKEN_CHARS_MAX:
        raise _invalid(_NOT_A_JWT)
    return _claims(parts[0]), parts[1]


def _claims(part: str) -> dict[str, Any]:
    from base64 import urlsafe_b64decode

    try:
        return msgspec.json.decode(urlsafe_b64decode(part + "=" * (-len(part) % 4)), type=dict[str, Any])
    except (ValueError, msgspec.MsgspecError):
        raise _invalid(_NOT_A_JWT) from None


def _seconds(claims: dict[str, Any], name: str) -> float:
    value = claims[name]
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e12:
        raise _invalid(f"Invalid claim: {name}")
    return float(value)


def _invalid(message: str) -> ServiceError:
    return ServiceError("InvalidIdentityToken", message, status=400)
