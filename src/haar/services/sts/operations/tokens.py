"""GetWebIdentityToken: a signed token that says to somebody outside who the caller is.

Source: STS API Reference, API_GetWebIdentityToken.html; IAM User Guide, id_roles_providers_outbound_token_claims.html
and id_roles_providers_outbound_policies.html.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from haar.kit import Call, as_dict, epoch
from haar.services.sts.service import invalid, sts
from haar.services.sts.sessions import check_tag_names

if TYPE_CHECKING:
    from haar.shapes import sts as api

ALGORITHMS = ("ES384", "RS256")
DEFAULT_SECONDS = 300
#: The claim that holds all that is AWS's own.
NAMESPACE = "https://sts.amazonaws.com/"


@sts.operation(read_only=True, redact=("WebIdentityToken",))
def get_web_identity_token(call: Call, request: api.GetWebIdentityTokenRequest) -> api.GetWebIdentityTokenResponse:
    tags = as_dict(request.get("Tags", ()))
    if tags:
        check_tag_names(request.get("Tags", ()), tags)
        operation = sts.bound(call.operation)
        call.ports.guard.authorize(call, "sts:TagGetWebIdentityToken", [("*", None)], operation, dict(request))
    algorithm = request["SigningAlgorithm"]
    if algorithm not in ALGORITHMS:
        raise invalid(
            f"1 validation error detected: Value '{algorithm}' at 'signingAlgorithm' failed to satisfy constraint: "
            f"Member must satisfy enum value set: [{', '.join(ALGORITHMS)}]"
        )
    issuer: str = call.ports.port("identities").issuer(call.tx, call.account)
    if not issuer:
        raise sts.error(
            "OutboundWebIdentityFederationDisabledException",
            "Outbound web identity federation is not enabled for this account.",
        )
    issued_at = int(call.now)
    expires_at = issued_at + request.get("DurationSeconds", DEFAULT_SECONDS)
    ends_at = call.principal.expires_at if call.principal.temporary else None
    if ends_at is not None and expires_at > ends_at:
        raise sts.error(
            "SessionDurationEscalationException",
            "The requested token duration would extend the session beyond its original expiration time.",
        )
    audience = list(request["Audience"])
    claims = {
        "iss": issuer,
        "sub": _subject(call),
        "aud": audience[0] if len(audience) == 1 else audience,
        "iat": issued_at,
        "exp": expires_at,
        "jti": call.new_id(),
        NAMESPACE: _about(call, tags),
    }
    token = call.ports.proofs.issue(call.tx, issuer, algorithm, claims)
    return {"WebIdentityToken": token, "Expiration": float(expires_at)}


def _subject(call: Call) -> str:
    """Who the caller is without its session: a role rather than one of its sessions."""
    principal = call.principal
    return principal.issuer if principal.kind == "role" and principal.issuer else principal.arn


def _about(call: Call, tags: Mapping[str, str]) -> dict[str, Any]:
    """The claims of AWS's own; those that say nothing are left out."""
    principal = call.principal
    view = call.ports.port("organizations").view(call.tx, call.account) if epoch(call.tx, "organizations") else None
    grants = call.ports.port("identities").grants(call.tx, principal)
    behind = grants.tags if grants is not None and grants.tags is not None else principal.tags
    ends_at = principal.expires_at if principal.temporary else None
    claims = {
        "aws_account": call.account,
        "source_region": call.region,
        "principal_id": _subject(call),
        "org_id": view.id if view is not None else "",
        "ou_path": [view.path] if view is not None and view.path else [],
        "original_session_exp": f"{datetime.fromtimestamp(ends_at, UTC):%Y-%m-%dT%H:%M:%SZ}" if ends_at else "",
        "source_identity": principal.source_identity,
        "federated_provider": principal.federated_provider,
        "principal_tags": {**behind, **principal.session_tags},
        "request_tags": dict(tags),
    }
    return {name: value for name, value in claims.items() if value}
