"""Roles for people whom somebody else knows: AssumeRoleWithSAML and AssumeRoleWithWebIdentity.

Nobody signs these calls. What proves the caller is the assertion or the token; the role's trust policy decides on it,
with the condition keys that follow from it (`saml:sub`, `ISSUER:aud`, ...), which the session keeps.

Source: STS API Reference, API_AssumeRoleWithSAML.html and API_AssumeRoleWithWebIdentity.html; IAM User Guide,
reference_policies_iam-condition-keys.html and id_session-tags.html.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from haar.kit import Call, Principal, ServiceError
from haar.services.sts.service import denied, sts
from haar.services.sts.sessions import Limits, ask_also, limits, role_at, role_seconds, role_session

if TYPE_CHECKING:
    from haar.kit.ports import RoleView
    from haar.shapes import sts as api

#: Providers AWS knows without being told, by issuer: they need no provider of one's own.
_WELL_KNOWN = {"https://accounts.google.com": "accounts.google.com"}
#: How the issuers of GetWebIdentityToken's tokens end.
_OWN_ISSUERS = ".tokens.sts.global.api.aws"

#: SAML attributes that become condition keys of their own, by their object identifier.
_SAML_KEYS = {
    "urn:oid:1.3.6.1.4.1.5923.1.1.1.1": "eduPersonAffiliation",
    "urn:oid:1.3.6.1.4.1.5923.1.1.1.2": "eduPersonNickname",
    "urn:oid:1.3.6.1.4.1.5923.1.1.1.3": "eduPersonOrgDN",
    "urn:oid:1.3.6.1.4.1.5923.1.1.1.4": "eduPersonOrgUnitDN",
    "urn:oid:1.3.6.1.4.1.5923.1.1.1.5": "eduPersonPrimaryAffiliation",
    "urn:oid:1.3.6.1.4.1.5923.1.1.1.6": "eduPersonPrincipalName",
    "urn:oid:1.3.6.1.4.1.5923.1.1.1.7": "eduPersonEntitlement",
    "urn:oid:1.3.6.1.4.1.5923.1.1.1.8": "eduPersonPrimaryOrgUnitDN",
    "urn:oid:1.3.6.1.4.1.5923.1.1.1.9": "eduPersonScopedAffiliation",
    "urn:oid:1.3.6.1.4.1.5923.1.1.1.10": "eduPersonTargetedID",
    "urn:oid:1.3.6.1.4.1.5923.1.1.1.11": "eduPersonAssurance",
    "urn:oid:1.3.6.1.4.1.5923.1.2.1.2": "eduOrgHomePageURI",
    "urn:oid:1.3.6.1.4.1.5923.1.2.1.3": "eduOrgIdentityAuthNPolicyURI",
    "urn:oid:1.3.6.1.4.1.5923.1.2.1.4": "eduOrgLegalName",
    "urn:oid:1.3.6.1.4.1.5923.1.2.1.5": "eduOrgSuperiorURI",
    "urn:oid:1.3.6.1.4.1.5923.1.2.1.6": "eduOrgWhitePagesURI",
    "urn:oid:2.5.4.3": "cn",
}

_TAGS = "https://aws.amazon.com/tags"
_SOURCE = "https://aws.amazon.com/source_identity"


class _Anybody:
    """The clients of a well-known provider: the trust policy names them."""

    def __contains__(self, client: object) -> bool:
        return True

    def __iter__(self) -> Any:
        return iter(())

    def __len__(self) -> int:
        return 0


def _enter(
    call: Call,
    role: RoleView,
    caller: Principal,
    *,
    tags: Mapping[str, str],
    transitive: tuple[str, ...],
    source_identity: str,
    session_name: str,
    request: Mapping[str, Any],
) -> Limits:
    """Let a proven caller in, if the role trusts it; from here on the call is the caller's, in the role's account."""
    call.principal = caller
    call.account = role.account
    asked: dict[str, Any] = {
        **request,
        "Tags": dict(tags),
        "TransitiveTagKeys": transitive,
        "RoleSessionName": session_name,
        "SourceIdentity": source_identity or None,
    }
    action = f"sts:{call.operation}"
    try:
        call.ports.guard.authorize(call, action, [(role.arn, role)], sts.bound(call.operation), asked)
        ask_also(call, role, tags, source_identity, asked)
    except ServiceError as error:
        if error.code != "AccessDenied":
            raise
        raise denied(f"Not authorized to perform {action}") from None
    call.resources.append((role.arn, "AWS::IAM::Role"))
    return limits(call, asked, role.account)


# -- SAML ------------------------------------------------------------------------------------------------------


@sts.operation(
    open=True,
    anonymous=True,
    read_only=True,
    keeps_reply=True,
    redact=("SAMLAssertion", "Credentials.SecretAccessKey"),
)
def assume_role_with_saml(call: Call, request: api.AssumeRoleWithSAMLRequest) -> api.AssumeRoleWithSAMLResponse:
    role, provider_arn = role_at(call, request["RoleArn"]), request["PrincipalArn"]
    provider = call.ports.port("identities").saml_provider(call.tx, provider_arn)
    if provider is None:
        raise sts.error("InvalidIdentityToken", "Specified provider doesn't exist", status=400)
    assertion = call.ports.proofs.saml(request["SAMLAssertion"], provider.metadata, call.now)
    if (role.arn, provider_arn) not in assertion.roles or provider_arn.split(":")[4] != role.account:
        raise denied(f"Not authorized to perform sts:{call.operation}")
    friendly = provider_arn.rpartition("/")[2]
    qualifier = _digest(f"{assertion.issuer}{role.account}/{friendly}")
    claims: dict[str, str | tuple[str, ...]] = {
        "saml:aud": assertion.recipient,
        "saml:iss": assertion.issuer,
        "saml:sub": assertion.name_id,
        "saml:sub_type": assertion.subject_type,
        "saml:namequalifier": qualifier,
        "saml:doc": f"{role.account}/{friendly}",
    }
    for name, values in assertion.attributes.items():
        known = _SAML_KEYS.get(name)
        if known is not None:
            claims[f"saml:{known}"] = values
    caller = Principal(
        kind="federated",
        account="",
        arn="",
        id=f"{qualifier}:{assertion.name_id}",
        name=assertion.name_id,
        federated_provider=provider_arn,
        claims=claims,
    )
    name, source_identity = assertion.session_name, assertion.source_identity
    given = _enter(
        call, role, caller, tags=assertion.principal_tags, transitive=assertion.transitive_tags,
        source_identity=source_identity, session_name=name, request=request,
    )  # fmt: skip
    seconds: float = role_seconds(call, request, role)
    if assertion.session_ends_at is not None:
        seconds = min(seconds, assertion.session_ends_at - call.now)
    reply = role_session(
        call, request, role, name, seconds=seconds, given=given, source_identity=source_identity,
        provider=provider_arn, context=claims,
    )  # fmt: skip
    reply |= {
        "Subject": assertion.name_id,
        "SubjectType": assertion.subject_type,
        "Issuer": assertion.issuer,
        "Audience": assertion.recipient,
        "NameQualifier": qualifier,
    }
    if source_identity:
        reply["SourceIdentity"] = source_identity
    return reply  # type: ignore[return-value]


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.sha1(text.encode(), usedforsecurity=False).digest()).decode()


# -- OpenID Connect --------------------------------------------------------------------------------------------


@sts.operation(
    open=True,
    anonymous=True,
    read_only=True,
    keeps_reply=True,
    redact=("WebIdentityToken", "Credentials.SecretAccessKey"),
    partial="OAuth 2.0 access tokens (ProviderId) are refused",
)
def assume_role_with_web_identity(
    call: Call, request: api.AssumeRoleWithWebIdentityRequest
) -> api.AssumeRoleWithWebIdentityResponse:
    proofs = call.ports.proofs
    if request.get("ProviderId"):
        message = "OAuth 2.0 access tokens cannot be verified here; send an OpenID Connect ID token."
        raise sts.error("InvalidIdentityToken", message, status=400)
    role, token = role_at(call, request["RoleArn"]), request["WebIdentityToken"]
    issuer = proofs.oidc_issuer(token)
    if issuer.endswith(_OWN_ISSUERS):
        # what GetWebIdentityToken signs is for the outside alone (id_roles_providers_outbound_getting_started.html)
        message = "Tokens of GetWebIdentityToken cannot be used for AssumeRoleWithWebIdentity."
        raise sts.error("InvalidIdentityToken", message, status=400)
    url = issuer.partition("://")[2]
    provider = call.ports.port("identities").oidc_provider(call.tx, role.account, url.rstrip("/"))
    if provider is None:
        provider = call.ports.port("identities").oidc_provider(call.tx, role.account, url)
    named = provider.arn if provider is not None else _WELL_KNOWN.get(issuer)
    if named is None:
        message = f"No OpenIDConnect provider found in your account for {issuer}"
        raise sts.error("InvalidIdentityToken", message, status=400)
    keys = proofs.jwks(call.tx, issuer, provider.thumbprints if provider is not None else ())
    clients: Any = provider.client_ids if provider is not None else _Anybody()
    identity = proofs.oidc(token, keys, issuer=issuer, client_ids=clients, now=call.now)
    prefix = url.rstrip("/")
    claims: dict[str, str | tuple[str, ...]] = {f"{prefix}:aud": identity.audience, f"{prefix}:sub": identity.subject}
    if identity.amr:
        claims[f"{prefix}:amr"] = identity.amr
    if provider is None:
        claims[f"{prefix}:oaud"] = str(identity.claims["aud"])
    caller = Principal(
        kind="federated",
        account="",
        arn="",
        id=f"{named}:{identity.audience}:{identity.subject}",
        name=identity.subject,
        federated_provider=named,
        claims=claims,
    )
    tags, transitive = _tags_in(identity.claims)
    source_identity = _text(identity.claims.get(_SOURCE))
    name = request["RoleSessionName"]
    given = _enter(
        call, role, caller, tags=tags, transitive=transitive, source_identity=source_identity, session_name=name,
        request=request,
    )  # fmt: skip
    reply = role_session(
        call, request, role, name, seconds=role_seconds(call, request, role), given=given,
        source_identity=source_identity, provider=named, context=claims,
    )  # fmt: skip
    reply |= {
        "SubjectFromWebIdentityToken": identity.subject,
        "Provider": named,
        "Audience": identity.audience,
    }
    if source_identity:
        reply["SourceIdentity"] = source_identity
    return reply  # type: ignore[return-value]


def _tags_in(claims: Mapping[str, Any]) -> tuple[dict[str, str], tuple[str, ...]]:
    """Session tags and transitive keys of a token, in either of the two forms: one nested claim, or one claim each."""
    nested = claims.get(_TAGS)
    if isinstance(nested, dict):
        tags = nested.get("principal_tags")
        found = {name: _text(value) for name, value in tags.items()} if isinstance(tags, dict) else {}
        keys = nested.get("transitive_tag_keys", ())
    else:
        start = f"{_TAGS}/principal_tags/"
        found = {name[len(start) :]: _text(value) for name, value in claims.items() if name.startswith(start)}
        keys = claims.get(f"{_TAGS}/transitive_tag_keys", ())
    return found, tuple(str(key) for key in keys) if isinstance(keys, list | tuple) else (str(keys),)


def _text(claim: Any) -> str:
    """A claim that holds one text, or a list of one."""
    if isinstance(claim, list):
        if len(claim) != 1:
            raise sts.error("InvalidIdentityToken", "A session tag must have exactly one value.", status=400)
        claim = claim[0]
    return "" if claim is None else str(claim)
