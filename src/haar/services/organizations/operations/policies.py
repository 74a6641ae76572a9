"""Policies and policy types. What a document may say depends on its type; whether it binds, on where it is attached."""

from __future__ import annotations

from typing import TYPE_CHECKING

from haar.kit import Call, Page, replace
from haar.services.organizations import describe, inheritance, joining, managed, tree
from haar.services.organizations.operations.tags import given_with
from haar.services.organizations.resources import (
    Account,
    Attachment,
    Policy,
    Root,
    Unit,
    attachments_by_policy,
    policies_by_name,
    policies_by_type,
)
from haar.services.organizations.seats import Seat, here, policy_managers, readers
from haar.services.organizations.service import (
    POLICIES_OF_TYPE,
    POLICY_TYPES,
    RCP,
    SCP,
    SCPS,
    constraint,
    invalid,
    organizations,
)

if TYPE_CHECKING:
    from haar.kit.identity import PolicyKind
    from haar.shapes import organizations as api

_AUTHORIZATION: dict[str, PolicyKind] = {SCP: "scp", RCP: "rcp"}
_MALFORMED = "The provided policy document does not meet the requirements of the specified policy type."


@organizations.operation(resource=policy_managers)
def create_policy(call: Call, request: api.CreatePolicyRequest) -> api.CreatePolicyResponse:
    place, kind = here(call), request["Type"]
    _ensure_available(place)
    _ensure_free(call, place, kind, request["Name"])
    limit = SCPS.value(call) if kind == SCP else POLICIES_OF_TYPE
    if call.tx.count(policies_by_type, *place.head, kind) + 1 > limit:
        raise constraint(
            "POLICY_NUMBER_LIMIT_EXCEEDED", "You have reached the limit of the number of policies in this organization."
        )
    _ensure_sound(call, kind, request["Content"])
    policy = call.tx.put(
        Policy(
            account=place.organization.account, organization=place.organization.id, id=tree.new_id(call, "p-", 8),
            place=f"{place.organization.id}/{kind.lower()}", type=kind, name=request["Name"],
            description=request["Description"], content=request["Content"],
            tags=given_with(call, request), created_at=call.now, changed_at=call.now,
        )
    )  # fmt: skip
    return {"Policy": describe.policy(policy)}


@organizations.operation(resource=readers)
def describe_policy(call: Call, policy: Policy, request: api.DescribePolicyRequest) -> api.DescribePolicyResponse:
    return {"Policy": describe.policy(policy)}


@organizations.operation(resource=policy_managers)
def update_policy(call: Call, policy: Policy, request: api.UpdatePolicyRequest) -> api.UpdatePolicyResponse:
    _ensure_ours(policy)
    name, content = request.get("Name", policy.name), request.get("Content", policy.content)
    if name != policy.name:
        _ensure_free(call, here(call), policy.type, name)
    if content != policy.content:
        _ensure_sound(call, policy.type, content)
    description = request.get("Description", policy.description)
    changed = call.tx.put(replace(policy, name=name, content=content, description=description, changed_at=call.now))
    return {"Policy": describe.policy(changed)}


@organizations.operation(resource=policy_managers)
def delete_policy(call: Call, policy: Policy, request: api.DeletePolicyRequest) -> None:
    _ensure_ours(policy)
    if call.tx.any(attachments_by_policy, *here(call).head, policy.id):
        raise organizations.error(
            "PolicyInUseException",
            "The policy is attached to one or more entities. You must detach it from all roots, OUs, and accounts "
            "before performing this operation.",
        )
    call.tx.delete(policy)


@organizations.operation(resource=readers)
def list_policies(call: Call, request: api.ListPoliciesRequest) -> Page[api.PolicySummary]:
    place, kind = here(call), request["Filter"]
    rows = [*call.tx.range(policies_by_type, *place.head, kind)]
    if kind in managed.FIRST and place.organization.features == "ALL":
        rows.append(managed.FIRST[kind])
    rows.sort(key=lambda row: row.id)
    return Page((describe.policy_summary(row) for row in rows), mark=lambda shown: shown["Id"])


# -- types ---------------------------------------------------------------------------------------------------------


@organizations.operation(resource=policy_managers)
def enable_policy_type(call: Call, root: Root, request: api.EnablePolicyTypeRequest) -> api.EnablePolicyTypeResponse:
    place, kind = here(call), request["PolicyType"]
    _ensure_available(place)
    if kind in root.policy_types:
        raise organizations.error("PolicyTypeAlreadyEnabledException", "The specified policy type is already enabled.")
    changed = call.tx.put(replace(root, policy_types=[*root.policy_types, kind]))
    if kind in managed.FIRST:
        joining.attach_first(call, changed, kind)
        units, accounts = call.tx.range(Unit, *place.head), call.tx.range(Account, *place.head)
        nodes: list[tree.Node] = [*units, *accounts]
        for node in nodes:
            joining.attach_first(call, node, kind)
    return {"Root": describe.root(changed)}


@organizations.operation(resource=policy_managers)
def disable_policy_type(call: Call, root: Root, request: api.DisablePolicyTypeRequest) -> api.DisablePolicyTypeResponse:
    """Every attachment of the type is gone, and does not come back when the type is enabled again."""
    place, kind = here(call), request["PolicyType"]
    if kind not in root.policy_types:
        raise organizations.error("PolicyTypeNotEnabledException", NOT_ENABLED)
    for row in list(call.tx.range(Attachment, *place.head)):
        if row.type == kind:
            call.tx.delete(row)
    changed = call.tx.put(replace(root, policy_types=[one for one in root.policy_types if one != kind]))
    return {"Root": describe.root(changed)}


NOT_ENABLED = "This operation can be performed only for enabled policy types."

# -- rules ---------------------------------------------------------------------------------------------------------


def _ensure_available(place: Seat) -> None:
    if place.organization.features != "ALL":
        raise organizations.error(
            "PolicyTypeNotAvailableForOrganizationException",
            "You can't use the specified policy type with the feature set currently enabled for this organization.",
        )


def _ensure_ours(policy: Policy) -> None:
    if policy.by_aws:
        raise invalid("IMMUTABLE_POLICY", "You specified a policy that is managed by AWS and can't be modified.")


def _ensure_free(call: Call, place: Seat, kind: str, name: str) -> None:
    ours = managed.FIRST.get(kind)
    taken = ours is not None and ours.name == name
    if taken or next(call.tx.range(policies_by_name, *place.head, kind, name, limit=1), None) is not None:
        raise organizations.error("DuplicatePolicyException", "A policy with the same name already exists.")


def _ensure_sound(call: Call, kind: str, content: str) -> None:
    rules = POLICY_TYPES[kind]
    if len(content) > rules.characters:
        raise constraint("POLICY_CONTENT_LIMIT_EXCEEDED", "You have exceeded the maximum policy size.")
    if kind in _AUTHORIZATION:
        call.ports.policies.validate(content, _AUTHORIZATION[kind])
    elif not inheritance.is_sound(content, rules.element):
        raise organizations.error("MalformedPolicyDocumentException", _MALFORMED)
