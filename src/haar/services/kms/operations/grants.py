"""Grants: permissions that are given and taken back one by one, beside the key policy."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from haar.kit import Call, Page, replace
from haar.services.kms import policies
from haar.services.kms.describe import grant_entry
from haar.services.kms.granting import check_tokens, grant_of, retiring, token_for, without_grants
from haar.services.kms.resources import Grant, Key, grants_by_grantee, grants_by_retirer
from haar.services.kms.rules import GRANTABLE
from haar.services.kms.service import GRANTS, asked, in_state, invalid, kms, load, rehearsed

if TYPE_CHECKING:
    from haar.shapes import kms as api

_PRINCIPAL: Final = re.compile(
    r"arn:aws[a-z-]*:(iam|sts)::\d{12}:"
    r"(root|user/[\w+=,.@/-]+|role/[\w+=,.@/-]+|assumed-role/[\w+=,.@-]+/[\w+=,.@-]+|federated-user/[\w+=,.@-]+)|\d{12}"
)
#: Pairs in an encryption context of a constraint, and characters of a pair (API reference, GrantConstraints).
_PAIRS_MAX: Final = 8
_PAIR_CHARACTERS_MAX: Final = 384


@kms.operation(redact=("GrantTokens", "GrantToken"))
def create_grant(call: Call, key: Key, request: api.CreateGrantRequest) -> api.CreateGrantResponse:
    in_state(call, key, "Disabled", "PendingDeletion", "PendingReplicaDeletion", "PendingImport", "Creating")
    check_tokens(call, request)
    operations = tuple(dict.fromkeys(request["Operations"]))
    wrong = [name for name in operations if name not in GRANTABLE[key.is_symmetric, key.usage]]
    if wrong:
        raise invalid(f"Operations {wrong} are not valid for a grant on a key of usage {key.usage} and {key.spec}.")
    grantee, grantee_is_service = _principal(call, request, "Grantee")
    retirer, retirer_is_service = _principal(call, request, "Retiring")
    if grantee is None:
        raise invalid("You must specify either GranteePrincipal or GranteeServicePrincipal.")
    constraints = request.get("Constraints") or {}
    equals, subset = constraints.get("EncryptionContextEquals"), constraints.get("EncryptionContextSubset")
    _check_constraints(key, equals, subset)
    source_arn = constraints.get("SourceArn") or ""
    if grantee_is_service and (not source_arn or retirer is None):
        raise invalid("A GranteeServicePrincipal needs a SourceArn constraint and a retiring principal.")
    _check_delegation(call, key, operations, dict(request))
    name = request.get("Name") or ""
    wanted = Grant(
        account=key.account, region=key.region, key_id=key.id, id="", grantee=grantee, retirer=retirer,
        issuer=call.principal.root_arn if call.principal.account else "", name=name, operations=operations,
        equals=equals, subset=subset, source_arn=source_arn, grantee_is_service=grantee_is_service,
        retirer_is_service=retirer_is_service,
    )  # fmt: skip
    found = _the_same(call, wanted) if name else None
    rehearsed(request)
    if found is None:
        place = (key.account, key.region, key.id)
        GRANTS.check(
            call,
            call.tx.count(Grant, *place) + 1,
            "LimitExceededException",
            "You have reached the limit of {limit} grants for this KMS key.",
        )
        found = call.tx.put(replace(wanted, id=call.ports.ids.hex(64), created_at=call.now))
        if not key.has_grants:
            call.tx.put(replace(key, has_grants=True))
    return {"GrantToken": token_for(call, found), "GrantId": found.id}


def _principal(call: Call, request: Mapping[str, Any], word: str) -> tuple[str | None, bool]:
    """A principal of a request: (ARN or host name, whether it is a service). Raises InvalidArnException."""
    named, service = request.get(f"{word}Principal"), request.get(f"{word}ServicePrincipal")
    if named and service:
        raise invalid(f"You can specify {word}Principal or {word}ServicePrincipal, but not both.")
    if service:
        return service, True
    if named is None:
        return None, False
    if not _PRINCIPAL.fullmatch(named) or not policies.exists(call, named):
        raise kms.error("InvalidArnException", "ARN does not refer to a valid principal")
    return named, False


def _check_constraints(key: Key, equals: Mapping[str, str] | None, subset: Mapping[str, str] | None) -> None:
    for context in (equals, subset):
        if context is None:
            continue
        if not key.is_symmetric:
            raise invalid("Encryption context grant constraints are valid for symmetric encryption KMS keys only.")
        if len(context) > _PAIRS_MAX:
            raise invalid(f"An encryption context constraint has up to {_PAIRS_MAX} pairs.")
        if any(len(name) + len(value) > _PAIR_CHARACTERS_MAX for name, value in context.items()):
            raise invalid(f"A pair of an encryption context constraint has up to {_PAIR_CHARACTERS_MAX} characters.")


def _check_delegation(call: Call, key: Key, operations: tuple[str, ...], request: dict[str, Any]) -> None:
    """Who may make grants only because of a grant, gives no more than that grant has."""
    held = [
        grant
        for name in {call.principal.arn, call.principal.issuer} - {""}
        for grant in call.tx.range(grants_by_grantee, key.account, key.region, key.id, name)
        if "CreateGrant" in grant.operations
    ]
    if not held or any({*operations} <= {*grant.operations} for grant in held):
        return
    # the caller's own permission may come from the key policy as well: then nothing limits what is given
    alone = [(key.arn, without_grants(key))]
    call.ports.guard.authorize(call, "kms:CreateGrant", alone, kms.bound(call.operation), request)


def _the_same(call: Call, wanted: Grant) -> Grant | None:
    """The grant that this very request made before."""
    for grant in call.tx.range(grants_by_grantee, wanted.account, wanted.region, wanted.key_id, wanted.grantee):
        if _essence(grant) == _essence(wanted):
            return grant
    return None


def _essence(grant: Grant) -> tuple[Any, ...]:
    return (
        grant.name, grant.retirer, grant.issuer, frozenset(grant.operations), grant.equals, grant.subset,
        grant.source_arn, grant.grantee_is_service, grant.retirer_is_service,
    )  # fmt: skip


@kms.operation
def list_grants(call: Call, key: Key, request: api.ListGrantsRequest) -> Page[api.GrantListEntry]:
    place = (key.account, key.region, key.id)
    grant_id = request.get("GrantId")
    if grant_id is not None:
        found = call.tx.get(Grant, *place, grant_id)
        if found is None:
            raise kms.error("InvalidGrantIdException", f"Grant ID {grant_id} is not valid for {key.arn}")
        return Page([grant_entry(found)], mark=lambda entry: entry["GrantId"])
    grantee = request.get("GranteePrincipal") or request.get("GranteeServicePrincipal")
    if grantee is not None:
        return Page.of(call.tx, grants_by_grantee, *place, grantee, show=grant_entry)
    return Page.of(call.tx, Grant, *place, show=grant_entry)


@kms.operation
def list_retirable_grants(call: Call, request: api.ListRetirableGrantsRequest) -> Page[api.GrantListEntry]:
    named = request.get("RetiringPrincipal") or request.get("RetiringServicePrincipal")
    if not named:
        raise invalid("You must specify either RetiringPrincipal or RetiringServicePrincipal.")
    return Page.of(call.tx, grants_by_retirer, named, call.region, show=grant_entry)


def _to_retire(call: Call, request: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """The grant's own answer to who may retire it; the key, where no grant is found."""
    key, grant = _named(call, request)
    if key is None:
        return [asked(call, request["KeyId"])] if request.get("KeyId") else []
    return [(key.arn, retiring(key, grant) if grant is not None else key)]


def _named(call: Call, request: Mapping[str, Any]) -> tuple[Key | None, Grant | None]:
    """Key and grant that a request to retire names, by token or by key and id."""
    token = request.get("GrantToken")
    if token:
        account, region, key_id, grant_id = grant_of(call, token)
        return call.tx.get(Key, account, region, key_id), call.tx.get(Grant, account, region, key_id, grant_id)
    if not request.get("KeyId"):
        return None, None
    _, key = asked(call, request["KeyId"])
    if key is None:
        return None, None
    return key, call.tx.get(Grant, key.account, key.region, key.id, request.get("GrantId") or "")


@kms.operation(resource=_to_retire, redact=("GrantToken",))
def retire_grant(call: Call, request: api.RetireGrantRequest) -> None:
    if not request.get("GrantToken") and not (request.get("KeyId") and request.get("GrantId")):
        raise invalid("You must specify a grant token, or both a key ID and a grant ID.")
    key, grant = _named(call, request)
    if key is None:
        load(call, request.get("KeyId") or "")
    if grant is None:
        raise kms.error("NotFoundException", f"Grant ID {request.get('GrantId') or ''} not found")
    rehearsed(request)
    call.tx.delete(grant)


@kms.operation
def revoke_grant(call: Call, key: Key, request: api.RevokeGrantRequest) -> None:
    grant = call.tx.get(Grant, key.account, key.region, key.id, request["GrantId"])
    if grant is None:
        raise kms.error("NotFoundException", f"Grant ID {request['GrantId']} not found")
    rehearsed(request)
    call.tx.delete(grant)
