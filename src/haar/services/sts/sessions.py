"""What a session is given: policies, tags, a lifetime; and the credentials that carry it.

Source: STS API Reference, API_AssumeRole.html; IAM User Guide, reference_iam-quotas.html (session policies, tags) and
id_session-tags.html.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from haar.kit import Call, as_dict
from haar.services.sts.service import denied, invalid, sts

if TYPE_CHECKING:
    from haar.kit.ports import RoleView

#: An inline session policy, in characters, and how many managed ones there may be.
POLICY_LENGTH = 2048
POLICY_ARNS = 10
#: Bytes that policies and tags may have together once they are packed. Ours: AWS publishes only the percentage.
PACKED_BYTES = 1400
#: The longest token AWS issues, in bytes (API_AssumeRole.html, MinimumSessionTokenSize).
TOKEN_BYTES = 4096
CHAINED_SECONDS = 3600
DEFAULT_SECONDS = 3600


class Limits(msgspec.Struct, frozen=True):
    """The session policies and tags of a request, checked. `percent` is None when there are neither."""

    policies: tuple[str, ...] = ()
    policy_arns: tuple[str, ...] = ()
    tags: dict[str, str] = {}
    transitive: tuple[str, ...] = ()
    percent: int | None = None


def limits(call: Call, request: Mapping[str, Any], account: str) -> Limits:
    """The policies and tags a request gives its session; `account` is the one the session will be in.

    Raises MalformedPolicyDocument, PackedPolicyTooLarge, ValidationError and InvalidParameterValue.
    """
    text = request.get("Policy")
    arns = tuple(entry.get("arn", "") for entry in request.get("PolicyArns", ()))
    if text is not None:
        if len(text) > POLICY_LENGTH:
            raise invalid(
                f"1 validation error detected: Value at 'policy' failed to satisfy constraint: "
                f"Member must have length less than or equal to {POLICY_LENGTH}"
            )
        call.ports.policies.validate(text, "session")
    if len(arns) > POLICY_ARNS:
        raise invalid(
            f"1 validation error detected: Value at 'policyArns' failed to satisfy constraint: "
            f"Member must have length less than or equal to {POLICY_ARNS}"
        )
    for arn in arns:
        _check_managed(call, arn, account)
    tags = as_dict(request.get("Tags", ()))
    transitive = tuple(request.get("TransitiveTagKeys", ()))
    _check_tags(call, request.get("Tags", ()), tags, transitive)
    percent = None
    if text is not None or arns or tags:
        percent = _packed_percent(text, arns, tags)
        if percent > 100:
            raise sts.error(
                "PackedPolicyTooLarge",
                f"Packed policy consumes {percent}% of allotted space, please use smaller policy.",
                status=400,
            )
    return Limits(() if text is None else (text,), arns, tags, transitive, percent)


def _check_managed(call: Call, arn: str, account: str) -> None:
    parts = arn.split(":", 5)
    known = len(parts) == 6 and parts[4] in ("aws", account)
    if not known or call.ports.port("identities").managed(call.tx, arn) is None:
        raise invalid(f"Policy {arn} does not exist or is not attachable.")


def check_tag_names(given: Any, tags: Mapping[str, str]) -> None:
    """Refuse keys that come twice or are AWS's own: InvalidParameterValue. `given` are the pairs behind `tags`."""
    folded = {name.lower() for name in tags}
    if isinstance(given, list | tuple) and len(folded) != len(given):
        message = "Duplicate tag keys found. Please note that Tag keys are case insensitive."
        raise sts.error("InvalidParameterValue", message, status=400)
    for name in tags:
        if name.lower().startswith("aws:"):
            message = f"Tag keys must not begin with the reserved prefix aws: {name}"
            raise sts.error("InvalidParameterValue", message, status=400)


def _check_tags(call: Call, given: Any, tags: Mapping[str, str], transitive: tuple[str, ...]) -> None:
    check_tag_names(given, tags)
    folded = {name.lower() for name in tags}
    missing = [name for name in transitive if name.lower() not in folded]
    if missing:
        message = "The specified transitive tag key must be included in the requested tags."
        raise sts.error("InvalidParameterValue", message, status=400)
    inherited = {name.lower() for name in inherited_tags(call)}
    clash = sorted(name for name in tags if name.lower() in inherited)
    if clash:
        message = (
            "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key "
            f"from the calling session. [{', '.join(clash)}]"
        )
        raise sts.error("InvalidParameterValue", message, status=400)


def inherited_tags(call: Call) -> dict[str, str]:
    """The transitive tags of the caller's own session, which every session down the chain has."""
    principal = call.principal
    if principal.kind != "role":
        return {}
    keys = {name.lower() for name in principal.transitive_tags}
    return {name: value for name, value in principal.session_tags.items() if name.lower() in keys}


def _packed_percent(text: str | None, arns: tuple[str, ...], tags: Mapping[str, str]) -> int:
    parts = [json.dumps(json.loads(text), separators=(",", ":"))] if text is not None else []
    packed = zlib.compress("\n".join([*parts, *arns, *(f"{name}={tags[name]}" for name in tags)]).encode(), 9)
    return -(-100 * len(packed) // PACKED_BYTES)


def role_seconds(call: Call, request: Mapping[str, Any], role: RoleView) -> int:
    """How long a session of a role lasts. Raises ValidationError for longer than the role, or a chain, allows."""
    wanted = request.get("DurationSeconds")
    if wanted is None:
        return min(DEFAULT_SECONDS, role.max_session_seconds)
    if call.principal.kind == "role" and wanted > CHAINED_SECONDS:
        raise invalid(
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining"
        )
    if wanted > role.max_session_seconds:
        raise invalid("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
    return int(wanted)


def credentials(call: Call, request: Mapping[str, Any], seconds: float, **session: Any) -> dict[str, Any]:
    """The reply members of a new session: Credentials and the size of its token.

    `session` are the fields of `haar.auth.tokens.Session` but the dates.
    """
    expires_at = float(int(call.now + seconds))
    access_key, secret, token = call.ports.proofs.mint(
        issued_at=float(int(call.now)),
        expires_at=expires_at,
        token_length_min=request.get("MinimumSessionTokenSize", 0),
        **session,
    )
    return {
        "Credentials": {
            "AccessKeyId": access_key,
            "SecretAccessKey": secret,
            "SessionToken": token,
            "Expiration": expires_at,
        },
        "SessionTokenSize": len(token),
        "SessionTokenUtilization": min(100, -(-100 * len(token) // TOKEN_BYTES)),
    }


def role_session(
    call: Call,
    request: Mapping[str, Any],
    role: RoleView,
    name: str,
    *,
    seconds: float,
    given: Limits,
    **more: Any,
) -> dict[str, Any]:
    """The reply members that every way to assume a role has in common."""
    inherited = inherited_tags(call)
    arn = f"arn:{call.partition}:sts::{role.account}:assumed-role/{role.name}/{name}"
    identifier = f"{role.id}:{name}"
    reply = credentials(
        call,
        request,
        seconds,
        kind="role",
        account=role.account,
        arn=arn,
        issuer=role.arn,
        id=identifier,
        name=role.name,
        session_name=name,
        policies=given.policies,
        policy_arns=given.policy_arns,
        tags={**inherited, **given.tags},
        transitive_tags=(*inherited, *given.transitive),
        **more,
    )
    reply["AssumedRoleUser"] = {"AssumedRoleId": identifier, "Arn": arn}
    if given.percent is not None:
        reply["PackedPolicySize"] = given.percent
    return reply


# -- who may -----------------------------------------------------------------------------------------------------

#: A trust policy for roles that do not exist: nobody gets in, in the same words.
_NOBODY = (
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"nobody.amazonaws.com"},'
    '"Action":"sts:AssumeRole"}]}'
)


def role_at(call: Call, arn: str) -> RoleView:
    """The role of an ARN; one that trusts nobody where there is none, because AWS does not tell the two apart."""
    from haar.kit.ports import RoleView

    parts = arn.split(":", 5)
    if len(parts) != 6 or parts[0] != "arn" or parts[2] != "iam" or not parts[5].startswith("role/"):
        raise invalid(f"{arn} is invalid")
    found: RoleView | None = call.ports.port("identities").role(call.tx, arn)
    return found or RoleView(account=parts[4], arn=arn, policy=_NOBODY)


def ask_also(call: Call, role: RoleView, tags: Mapping[str, str], source_identity: str, request: Any) -> None:
    """Authorize what a session is given besides the role: tags, and a source identity, own or inherited."""
    operation = sts.bound(call.operation)
    for action, wanted in (("sts:TagSession", bool(tags)), ("sts:SetSourceIdentity", bool(source_identity))):
        if wanted:
            call.ports.guard.authorize(call, action, [(role.arn, role)], operation, request)


def check_mfa(call: Call, request: Mapping[str, Any]) -> bool:
    """Check a device and its one-time code, where a request has them; True when it has.

    Raises AccessDenied in AWS's words.
    """
    serial, code = request.get("SerialNumber"), request.get("TokenCode")
    if serial is None and code is None:
        return False
    if serial is None or code is None:
        raise denied("MultiFactorAuthentication failed, must provide both MFA serial number and one time pass code.")
    good = call.ports.port("identities").mfa(call, serial, code)
    if good is None:
        raise denied(
            "MultiFactorAuthentication failed, unable to validate MFA code.  "
            "Please verify your MFA serial number is valid and associated with this user."
        )
    if not good:
        raise denied("MultiFactorAuthentication failed with invalid MFA one time pass code. ")
    return True
