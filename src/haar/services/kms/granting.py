"""Grant tokens, and who may retire a grant.

A grant holds at once here, so a token that a request carries is only checked to be one of this cloud's. What it
names, the grant, is in the token itself, with a seal.

Source: KMS Developer Guide, grants.html#grant_token and grant-delete.html.
"""

from __future__ import annotations

import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from typing import Any, ClassVar

import msgspec

from haar.kit import Call
from haar.services.kms.resources import Grant, Key
from haar.services.kms.service import kms

__all__ = ["View", "check_tokens", "grant_of", "retiring", "token_for", "without_grants"]

_SEAL_BYTES = 16


class View(msgspec.Struct, frozen=True, kw_only=True):
    """A key for one decision: with a policy for it alone, or without the key's grants."""

    account: str
    arn: str
    policy: str
    key: Key
    tags: Mapping[str, str] = {}
    policy_kind: ClassVar[str] = "key"


def token_for(call: Call, grant: Grant) -> str:
    """A new token of a grant; all its tokens are as good as each other."""
    place = [grant.account, grant.region, grant.key_id, grant.id, call.ports.ids.hex(16)]
    body = msgspec.msgpack.encode(place)
    return urlsafe_b64encode(_seal(call, body) + body).decode().rstrip("=")


def grant_of(call: Call, token: str) -> tuple[str, str, str, str]:
    """Account, region, key id and grant id in a token. Raises InvalidGrantTokenException."""
    try:
        raw = urlsafe_b64decode(token + "=" * (-len(token) % 4))
        seal, body = raw[:_SEAL_BYTES], raw[_SEAL_BYTES:]
        if hmac.compare_digest(seal, _seal(call, body)):
            account, region, key_id, grant_id, _ = msgspec.msgpack.decode(body)
            return account, region, key_id, grant_id
    except (ValueError, TypeError, msgspec.DecodeError):
        pass
    raise kms.error("InvalidGrantTokenException", "The grant token is not valid.")


def check_tokens(call: Call, request: Mapping[str, Any]) -> None:
    """Refuse a request with a grant token that this cloud did not give out."""
    for token in request.get("GrantTokens") or ():
        grant_of(call, token)


def retiring(key: Key, grant: Grant) -> View:
    """Who may retire a grant: its retirer, its grantee if it says so, the account that made it; minus all denials."""
    names: dict[str, list[str]] = {"AWS": [grant.issuer], "Service": []}
    if grant.retirer is not None:
        names["Service" if grant.retirer_is_service else "AWS"].append(grant.retirer)
    if "RetireGrant" in grant.operations:
        names["Service" if grant.grantee_is_service else "AWS"].append(grant.grantee)
    allowed = {
        "Effect": "Allow",
        "Principal": {kind: listed for kind, listed in names.items() if listed},
        "Action": "kms:RetireGrant",
        "Resource": "*",
    }
    written = json.loads(key.policy).get("Statement", [])
    statements = written if isinstance(written, list) else [written]
    denied = [one for one in statements if one.get("Effect") == "Deny"]
    text = json.dumps({"Version": "2012-10-17", "Statement": [allowed, *denied]})
    return View(account=key.account, arn=key.arn, policy=text, key=key, tags=key.tags)


def without_grants(key: Key) -> View:
    """A key as if nobody had a grant on it."""
    return View(account=key.account, arn=key.arn, policy=key.policy, key=key, tags=key.tags)


def _seal(call: Call, body: bytes) -> bytes:
    return hmac.digest(call.ports.cloud_key, b"kms grant:" + body, "sha256")[:_SEAL_BYTES]
