"""Temporary credentials that need no table: the session token carries the session.

A token is what STS knew when it issued the credentials, sealed with the cloud's own key::

    token  = base64url( version 1 | MessagePack of the Session | HMAC-SHA256 over both )
    secret = the first 40 characters of base64( HMAC-SHA256(cloud key, "secret:" + access key) )

So any node that holds the key can check a request made with temporary credentials, and a session
outlives a restart. Sealed is not hidden: a holder may read the token, but not change a bit of it.
Expiry is the caller's to judge (`Session.expires_at`, on the cloud's clock), because AWS answers
`ExpiredToken` for it and `InvalidClientTokenId` for a token that is not ours.
"""

from __future__ import annotations

import hmac
from base64 import b64encode, urlsafe_b64decode, urlsafe_b64encode
from typing import Final

import msgspec

from haar.errors import ServiceError

__all__ = ["KINDS", "Session", "mint", "open", "secret_of"]

#: What a session can be: of an assumed role, of GetSessionToken, of GetFederationToken.
KINDS: Final = ("role", "user", "federated")

VERSION: Final = b"\x01"
_SEAL_BYTES: Final = 32
#: Longer than any token we mint (packed policies and tags are limited by STS); guards the decoder.
_TOKEN_CHARS_MAX: Final = 65_536
_OPENED_MAX: Final = 1024


class Session(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, array_like=False):
    """What STS knew when it issued the credentials.

    `kind` is one of KINDS. `arn` and `id` are the principal's (`AROA...:name` for a role), `issuer` the ARN of the
    role or user behind it, `name` the issuer's name. Instants are seconds since 1970 on the cloud's clock;
    `mfa_at` is None without MFA. `policies` are the texts of session policies. `context` holds further condition
    keys with their values, such as `saml:sub` or `token.actions.githubusercontent.com:aud`; a tuple is multivalued.
    """

    access_key: str
    account: str
    kind: str
    arn: str
    issuer: str = ""
    #: the unique id of the user who asked for a federated session: a namesake who comes later is somebody else
    issuer_id: str = ""
    id: str = ""
    name: str = ""
    session_name: str = ""
    issued_at: float
    expires_at: float
    mfa_at: float | None = None
    policies: tuple[str, ...] = ()
    policy_arns: tuple[str, ...] = ()
    tags: dict[str, str] = {}
    transitive_tags: tuple[str, ...] = ()
    source_identity: str = ""
    provider: str = ""
    context: dict[str, str | tuple[str, ...]] = {}
    #: says nothing; makes the token as long as a caller wants it (MinimumSessionTokenSize)
    padding: str = ""


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Session).decode
_opened: dict[tuple[bytes, str], tuple[Session, str]] = {}


def mint(cloud_key: bytes, session: Session) -> tuple[str, str]:
    """The secret access key and the session token of a new session.

    The access key id (`ASIA...`) is the session's own; it must be unique, because the secret follows from it.
    """
    sealed = VERSION + _encode(session)
    token = urlsafe_b64encode(sealed + _seal(cloud_key, sealed)).decode().rstrip("=")
    return secret_of(cloud_key, session.access_key), token


def open(cloud_key: bytes, token: str, access_key: str) -> tuple[Session, str]:  # noqa: A001 (the word for it)
    """The session behind a token and its secret access key.

    Raises ServiceError `InvalidClientTokenId` for a token that is not ours, was changed, or belongs to another
    access key. Expired sessions open: see `Session.expires_at`.
    """
    remembered = _opened.get((cloud_key, token))
    if remembered is None:
        session = _unseal(cloud_key, token)
        remembered = session, secret_of(cloud_key, session.access_key)
        if len(_opened) >= _OPENED_MAX:
            _opened.clear()
        _opened[cloud_key, token] = remembered
    if remembered[0].access_key != access_key:
        raise _invalid()
    return remembered


def secret_of(cloud_key: bytes, access_key: str) -> str:
    """The 40-character secret access key of a temporary access key id."""
    return b64encode(hmac.digest(cloud_key, b"secret:" + access_key.encode(), "sha256")).decode()[:40]


def _seal(cloud_key: bytes, sealed: bytes) -> bytes:
    # a word of its own for each use of the key: a seal can never be mistaken for a secret
    return hmac.digest(cloud_key, b"session:" + sealed, "sha256")


def _unseal(cloud_key: bytes, token: str) -> Session:
    if len(token) > _TOKEN_CHARS_MAX or not token.isascii():
        raise _invalid()
    try:
        raw = urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except ValueError:
        raise _invalid() from None
    # base64 has several spellings of the same bytes; only the one we wrote is ours
    if urlsafe_b64encode(raw).decode().rstrip("=") != token:
        raise _invalid()
    sealed, seal = raw[:-_SEAL_BYTES], raw[-_SEAL_BYTES:]
    if sealed[:1] != VERSION or not hmac.compare_digest(_seal(cloud_key, sealed), seal):
        raise _invalid()
    try:
        return _decode(sealed[1:])
    except msgspec.MsgspecError:
        raise _invalid() from None


def _invalid() -> ServiceError:
    return ServiceError("InvalidClientTokenId", "The security token included in the request is invalid.", status=403)
