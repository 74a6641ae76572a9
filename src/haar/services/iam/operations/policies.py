"""Managed policies and their versions. AWS's own ones are found and attached like any other, and never changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from haar.kit import Call, Page, replace
from haar.services.iam import describe, holding, managed
from haar.services.iam.identities import group_by_id, role_by_id, text_of, user_by_id
from haar.services.iam.resources import (
    Group,
    Policy,
    PolicyVersion,
    Role,
    User,
    attachments_by_policy,
    policies_folded,
    roles_by_boundary,
    tally,
    users_by_boundary,
)
from haar.services.iam.service import POLICIES, POLICY_LENGTH, VERSIONS_PER_POLICY, iam

if TYPE_CHECKING:
    from haar.shapes import iam as api

iam.tagging(Policy, list="ListPolicyTags")


_HOLDERS: dict[str, Callable[[Any, str], Group | User | Role | None]] = {
    "AGPA": group_by_id,
    "AIDA": user_by_id,
    "AROA": role_by_id,
}


def own(policy: Policy) -> Policy:
    """The policy; refused when it is AWS's."""
    if policy.by_aws:
        raise iam.error("AccessDenied", "Policy is outside your own account.", status=403)
    return policy


def checked(call: Call, text: str) -> str:
    """A document that may be stored as a managed policy."""
    call.ports.policies.validate(text, "identity")
    POLICY_LENGTH.check(call, holding.length(text), "LimitExceeded", "Cannot exceed quota for PolicySize: {limit}")
    return text


@iam.operation(
    resource=lambda call, request: Policy.arn_for(call.account, request.get("Path", "/") + request["PolicyName"])
)
def create_policy(call: Call, request: api.CreatePolicyRequest) -> api.CreatePolicyResponse:
    name = request["PolicyName"]
    taken = f"A policy called {name} already exists. Duplicate names are not allowed."
    holding.ensure_free(call, policies_folded, name, taken)
    text = checked(call, request["PolicyDocument"])
    count = tally(call.tx, call.account, "Policy")
    POLICIES.check(call, count + 1, "LimitExceeded", "Cannot exceed quota for PoliciesPerAccount: {limit}")
    policy = call.tx.put(
        Policy(
            account=call.account,
            place=request.get("Path", "/") + name,
            id=call.ports.ids.unique("ANPA"),
            description=request.get("Description"),
            tags=holding.tags_of(request),
            created_at=call.now,
            updated_at=call.now,
        )
    )
    call.tx.put(PolicyVersion(account=call.account, policy=policy.id, number=1, text=text, created_at=call.now))
    shown = describe.policy(call, policy, listed=True)
    if policy.tags:
        shown["Tags"] = describe.policy(call, policy)["Tags"]
    return {"Policy": shown}


@iam.operation
def get_policy(call: Call, policy: Policy, request: api.GetPolicyRequest) -> api.GetPolicyResponse:
    return {"Policy": describe.policy(call, policy)}


@iam.operation
def list_policies(call: Call, request: api.ListPoliciesRequest) -> Page[api.Policy]:
    scope = request.get("Scope", "All")
    prefix = request.get("PathPrefix", "/")
    usage = request.get("PolicyUsageFilter", "")
    attached = request.get("OnlyAttached", False)

    def wanted(policy: Policy) -> bool:
        if not policy.path.startswith(prefix):
            return False
        if attached and usage != "PermissionsBoundary" and not describe.attachments(call, policy):
            return False
        if usage == "PermissionsPolicy":
            return describe.attachments(call, policy) > 0
        return usage != "PermissionsBoundary" or describe.boundary_uses(call, policy) > 0

    def found() -> Iterator[Policy]:
        if scope in ("All", "Local"):
            yield from call.tx.range(Policy, call.account)
        if scope in ("All", "AWS"):
            yield from managed.everything()

    def place(shown: api.Policy) -> list[Any]:
        # the account's own policies come first, then AWS's
        return [shown["Arn"].startswith("arn:aws:iam::aws:"), shown["Path"] + shown["PolicyName"]]

    return Page((describe.policy(call, policy, listed=True) for policy in found() if wanted(policy)), mark=place)


@iam.operation
def delete_policy(call: Call, policy: Policy, request: api.DeletePolicyRequest) -> None:
    own(policy)
    if describe.attachments(call, policy) or describe.boundary_uses(call, policy):
        raise holding.conflict("Cannot delete a policy attached to entities.")
    versions = list(call.tx.range(PolicyVersion, call.account, policy.id))
    if len(versions) > 1:
        raise holding.conflict(
            "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. "
            "The default version is deleted with the policy."
        )
    for version in versions:
        call.tx.delete(version)
    call.tx.delete(policy)


# -- versions --------------------------------------------------------------------------------------------------


def version_of(call: Call, policy: Policy, name: str) -> PolicyVersion:
    """A version by its name, such as `v3`."""
    number = int(name[1:].partition(".")[0])
    if policy.by_aws and number == policy.default_version:
        return PolicyVersion(
            account="aws",
            policy=policy.id,
            number=number,
            text=text_of(call.tx, policy, number),
            created_at=policy.updated_at,
        )
    version = call.tx.get(PolicyVersion, policy.account, policy.id, number)
    if version is None:
        raise iam.error(
            "NoSuchEntity", f"Policy {policy.arn} version {name} does not exist or is not attachable.", status=404
        )
    return version


@iam.operation
def create_policy_version(
    call: Call, policy: Policy, request: api.CreatePolicyVersionRequest
) -> api.CreatePolicyVersionResponse:
    own(policy)
    text = checked(call, request["PolicyDocument"])
    VERSIONS_PER_POLICY.check(
        call,
        call.tx.count(PolicyVersion, call.account, policy.id) + 1,
        "LimitExceeded",
        "A managed policy can have up to {limit} versions. "
        "Before you create a new version, you must delete an existing version.",
    )
    number = policy.last_version + 1
    version = call.tx.put(
        PolicyVersion(account=call.account, policy=policy.id, number=number, text=text, created_at=call.now)
    )
    default = number if request.get("SetAsDefault", False) else policy.default_version
    policy = call.tx.put(replace(policy, last_version=number, default_version=default, updated_at=call.now))
    return {"PolicyVersion": describe.stored_version(policy, version, listed=True)}


@iam.operation
def get_policy_version(
    call: Call, policy: Policy, request: api.GetPolicyVersionRequest
) -> api.GetPolicyVersionResponse:
    return {"PolicyVersion": describe.stored_version(policy, version_of(call, policy, request["VersionId"]))}


@iam.operation
def list_policy_versions(call: Call, policy: Policy, request: api.ListPolicyVersionsRequest) -> Page[api.PolicyVersion]:
    if policy.by_aws:
        return Page(
            [describe.version(policy, policy.default_version, policy.updated_at, None)],
            mark=lambda version: version["VersionId"],
        )
    return Page.of(
        call.tx,
        PolicyVersion,
        call.account,
        policy.id,
        show=lambda version: describe.stored_version(policy, version, listed=True),
        reverse=True,
    )


@iam.operation
def set_default_policy_version(call: Call, policy: Policy, request: api.SetDefaultPolicyVersionRequest) -> None:
    version = version_of(call, own(policy), request["VersionId"])
    call.tx.put(replace(policy, default_version=version.number, updated_at=call.now))


@iam.operation
def delete_policy_version(call: Call, policy: Policy, request: api.DeletePolicyVersionRequest) -> None:
    version = version_of(call, own(policy), request["VersionId"])
    if version.number == policy.default_version:
        raise holding.conflict("Cannot delete the default version of a policy.")
    call.tx.delete(version)
    call.tx.put(replace(policy, updated_at=call.now))


# -- who uses it, tags -----------------------------------------------------------------------------------------


@iam.operation
def list_entities_for_policy(
    call: Call, policy: Policy, request: api.ListEntitiesForPolicyRequest
) -> api.ListEntitiesForPolicyResponse:
    tx = call.tx
    prefix = request.get("PathPrefix", "/")
    only = request.get("EntityFilter", "")
    usage = request.get("PolicyUsageFilter", "")
    found: dict[str, Group | User | Role] = {}
    if usage != "PermissionsBoundary":
        for attachment in tx.range(attachments_by_policy, policy.arn, call.account):
            holder = _HOLDERS[attachment.holder[:4]](tx, attachment.holder)
            assert holder is not None, f"{policy.arn} is attached to {attachment.holder}, which is gone"
            found[holder.id] = holder
    if usage != "PermissionsPolicy":
        found |= {user.id: user for user in tx.range(users_by_boundary, policy.arn, call.account)}
        found |= {role.id: role for role in tx.range(roles_by_boundary, policy.arn, call.account)}
    # groups, users and roles share the pages, in the order of their ids
    rows = sorted(
        (row for row in found.values() if row.path.startswith(prefix) and only in ("", type(row).__name__)),
        key=lambda row: row.id,
    )
    paging = iam.bound("ListEntitiesForPolicy").paging
    assert paging is not None
    reply = paging.cut(Page(rows, mark=lambda row: row.id), request)
    cut: list[Group | User | Role] = reply[paging.result]
    for kind in (Group, User, Role):
        name = kind.__name__
        reply[f"Policy{name}s"] = [{f"{name}Name": row.name, f"{name}Id": row.id} for row in cut if type(row) is kind]
    return reply  # type: ignore[return-value]


@iam.operation
def tag_policy(call: Call, policy: Policy, request: api.TagPolicyRequest) -> None:
    call.tx.put(replace(own(policy), tags=holding.new_tags(policy, request)))


@iam.operation
def untag_policy(call: Call, policy: Policy, request: api.UntagPolicyRequest) -> None:
    call.tx.put(replace(own(policy), tags=holding.without_tags(policy, request)))
