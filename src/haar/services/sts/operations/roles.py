"""AssumeRole: one principal becomes another for a while.

Source: STS API Reference, API_AssumeRole.html; IAM User Guide, id_roles_use_revoke-sessions.html,
id_credentials_temp_control-access_monitor.html (source identity).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from haar.kit import Call
from haar.kit.perform import record
from haar.services.sts.service import denied, sts
from haar.services.sts.sessions import ask_also, check_mfa, limits, role_at, role_seconds, role_session

if TYPE_CHECKING:
    from haar.kit.ports import RoleView
    from haar.shapes import sts as api


def _asked(call: Call, request: Mapping[str, Any]) -> list[tuple[str, RoleView]]:
    """What is authorized on. MFA comes first: trust policies ask whether it was there."""
    if call.principal.kind == "root":
        raise denied("Roles may not be assumed by root accounts.")
    if check_mfa(call, request):
        call.principal = msgspec.structs.replace(call.principal, mfa_at=call.now, temporary=True)
    role = role_at(call, request["RoleArn"])
    return [(role.arn, role)]


@sts.operation(
    resource=_asked,
    read_only=True,
    keeps_reply=True,
    redact=("TokenCode", "Credentials.SecretAccessKey"),
    partial="ProvidedContexts (IAM Identity Center) is refused",
)
def assume_role(call: Call, request: api.AssumeRoleRequest) -> api.AssumeRoleResponse:
    if request.get("ProvidedContexts"):
        raise denied("No context provider is trusted: IAM Identity Center is not available.")
    role = role_at(call, request["RoleArn"])
    given = limits(call, request, role.account)
    current, wanted = call.principal.source_identity, request.get("SourceIdentity", "")
    if current and wanted and current != wanted:
        raise denied("The source identity of a session cannot be changed once it is set.")
    source_identity = current or wanted
    ask_also(call, role, given.tags, source_identity, {**request, "SourceIdentity": source_identity or None})
    reply = role_session(
        call,
        request,
        role,
        request["RoleSessionName"],
        seconds=role_seconds(call, request, role),
        given=given,
        source_identity=source_identity,
    )
    if source_identity:
        reply["SourceIdentity"] = source_identity
    call.resources.append((role.arn, "AWS::IAM::Role"))
    if role.account != call.account:
        _tell_owner(call, role, dict(request), reply)
    return reply  # type: ignore[return-value]


def _tell_owner(call: Call, role: RoleView, request: dict[str, Any], reply: dict[str, Any]) -> None:
    """The account that owns the role has the event in its own history too."""
    theirs = Call(
        call.ports,
        call.tx,
        call.principal,
        service=call.service,
        operation=call.operation,
        region=call.region,
        origin=call.origin,
        started=call.started,
        request_id=call.request_id,
        account=role.account,
    )
    theirs.resources = call.resources
    record(theirs, sts.bound(call.operation), request, reply)
