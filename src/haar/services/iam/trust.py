"""Trust policies: the users and roles they name exist, and stay who they were.

AWS stores a trust policy with the unique ids of its users and roles and shows their ARNs. Here the text keeps the
ARNs, and a row per named principal tells which roles to touch up when one is renamed or deleted: a deleted one
appears as its id, and whoever gets its name later is not trusted.
"""

from __future__ import annotations

import json

from haar.kit import Call, replace
from haar.services.iam.holding import length
from haar.services.iam.identities import role_by_id
from haar.services.iam.resources import Role, TrustReference, User
from haar.services.iam.service import TRUST_LENGTH, iam


def check(call: Call, text: str) -> list[str]:
    """Refuse a document that cannot be a trust policy; the ids of the users and roles it names."""
    policies = call.ports.policies
    policies.validate(text, "trust")
    TRUST_LENGTH.check(call, length(text), "LimitExceeded", "Cannot exceed quota for ACLSizePerRole: {limit}")
    found = []
    for kind, name in policies.principals(text):
        if kind != "AWS":
            continue
        if name.startswith(("AIDA", "AROA")):
            raise iam.error("MalformedPolicyDocument", f'Invalid principal in policy: "AWS":"{name}"', status=400)
        if not _names_entity(name):
            continue
        entity = _entity(call, name)
        if entity is None:
            raise iam.error("MalformedPolicyDocument", f'Invalid principal in policy: "AWS":"{name}"', status=400)
        found.append(entity.id)
    return found


def refer(call: Call, role: Role, named: list[str]) -> None:
    """Keep whom a role's trust policy names; `named` from `check`."""
    forget(call, role)
    for principal in named:
        call.tx.put(TrustReference(principal=principal, account=role.account, role=role.id))


def forget(call: Call, role: Role) -> None:
    """A role's trust policy is replaced or gone."""
    for kind, name in call.ports.policies.principals(role.trust):
        entity = _entity(call, name) if kind == "AWS" and _names_entity(name) else None
        if entity is not None:
            call.tx.delete(TrustReference, entity.id, role.account, role.id)


def _names_entity(name: str) -> bool:
    return ":user/" in name or ":role/" in name


def _entity(call: Call, arn: str) -> User | Role | None:
    """The user or role that has exactly this ARN, in any account."""
    place = User.key_of(arn)
    user = call.tx.get(User, *place) if place else None
    if user is not None and user.arn == arn:
        return user
    place = Role.key_of(arn)
    role = call.tx.get(Role, *place) if place else None
    return role if role is not None and role.arn == arn else None


def renamed(call: Call, principal: str, old: str, new: str) -> None:
    """The user or role with an id has another ARN, or (`new` is the id) is gone."""
    for reference in list(call.tx.range(TrustReference, principal)):
        role = role_by_id(call.tx, reference.role)
        if role is not None:
            call.tx.put(replace(role, trust=role.trust.replace(json.dumps(old), json.dumps(new))))
        if new == principal:
            call.tx.delete(reference)
