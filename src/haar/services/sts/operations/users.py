"""Sessions of users: GetSessionToken (the user itself, with MFA) and GetFederationToken (somebody else).

Source: STS API Reference, API_GetSessionToken.html and API_GetFederationToken.html; IAM User Guide,
id_credentials_temp_request.html.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from haar.kit import Call
from haar.services.sts.service import denied, sts
from haar.services.sts.sessions import check_mfa, credentials, limits

if TYPE_CHECKING:
    from haar.shapes import sts as api

#: Twelve hours by default; the root user never gets more than one.
DEFAULT_SECONDS = 43_200
ROOT_SECONDS = 3600


def _long_term_only(call: Call) -> None:
    if call.principal.temporary or call.principal.kind not in ("user", "root"):
        raise denied(f"Cannot call {call.operation} with session credentials")


def _seconds(call: Call, request: Mapping[str, Any]) -> int:
    wanted = int(request.get("DurationSeconds", DEFAULT_SECONDS))
    return min(wanted, ROOT_SECONDS) if call.principal.kind == "root" else wanted


@sts.operation(open=True, read_only=True, keeps_reply=True, redact=("TokenCode", "Credentials.SecretAccessKey"))
def get_session_token(call: Call, request: api.GetSessionTokenRequest) -> api.GetSessionTokenResponse:
    _long_term_only(call)
    principal = call.principal
    return credentials(  # type: ignore[return-value]
        call,
        request,
        _seconds(call, request),
        kind="user",
        account=principal.account,
        arn=principal.arn,
        issuer=principal.arn,
        id=principal.id,
        name=principal.name,
        mfa_at=call.now if check_mfa(call, request) else None,
    )


def _federated_arn(call: Call, request: Mapping[str, Any]) -> str:
    _long_term_only(call)
    return f"arn:{call.partition}:sts::{call.account}:federated-user/{request['Name']}"


@sts.operation(resource=_federated_arn, read_only=True, keeps_reply=True, redact=("Credentials.SecretAccessKey",))
def get_federation_token(call: Call, request: api.GetFederationTokenRequest) -> api.GetFederationTokenResponse:
    principal, arn = call.principal, _federated_arn(call, request)
    given = limits(call, request, call.account)
    if given.tags:
        call.ports.guard.authorize(call, "sts:TagSession", [(arn, None)], sts.bound(call.operation), dict(request))
    identifier = f"{call.account}:{request['Name']}"
    reply = credentials(
        call,
        request,
        _seconds(call, request),
        kind="federated",
        account=call.account,
        arn=arn,
        issuer=principal.arn,
        issuer_id=principal.id,
        id=identifier,
        name=request["Name"],
        session_name=request["Name"],
        policies=given.policies,
        policy_arns=given.policy_arns,
        tags=given.tags,
    )
    reply["FederatedUser"] = {"FederatedUserId": identifier, "Arn": arn}
    if given.percent is not None:
        reply["PackedPolicySize"] = given.percent
    return reply  # type: ignore[return-value]
