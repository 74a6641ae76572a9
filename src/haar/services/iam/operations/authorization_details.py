"""Everything about who may do what in an account, in one answer.

Source: IAM API Reference, API_GetAccountAuthorizationDetails.html.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from haar.kit import Call, Page, as_list
from haar.services.iam import describe, managed
from haar.services.iam.describe import encoded
from haar.services.iam.identities import groups_of, text_of
from haar.services.iam.resources import (
    Attachment,
    Group,
    InlinePolicy,
    InstanceProfile,
    Policy,
    PolicyVersion,
    Role,
    User,
    profiles_by_role,
    tally,
)
from haar.services.iam.service import iam

if TYPE_CHECKING:
    from haar.shapes import iam as api


class _Item(NamedTuple):
    """One entity, to be described only when it is on the page. `rank` orders the kinds."""

    rank: int
    name: str
    show: Callable[[], dict[str, Any]]


#: The lists of the reply, by rank.
_LISTS = ("UserDetailList", "GroupDetailList", "RoleDetailList", "Policies", "Policies")


@iam.operation
def get_account_authorization_details(
    call: Call, request: api.GetAccountAuthorizationDetailsRequest
) -> api.GetAccountAuthorizationDetailsResponse:
    wanted = request.get("Filter") or ["User", "Role", "Group", "LocalManagedPolicy", "AWSManagedPolicy"]
    paging = iam.bound("GetAccountAuthorizationDetails").paging
    assert paging is not None
    # the kit cuts one list; the kinds are told apart afterwards
    cut = paging.cut(Page(_items(call, wanted), mark=lambda item: [item.rank, item.name]), request)
    items: list[_Item] = cut.pop(paging.result)
    reply: dict[str, Any] = {name: [] for name in dict.fromkeys(_LISTS)}
    for item in items:
        reply[_LISTS[item.rank]].append(item.show())
    return {**reply, **cut}  # type: ignore[typeddict-item]


def _items(call: Call, wanted: list[str]) -> Iterator[_Item]:
    tx, account = call.tx, call.account
    if "User" in wanted:
        for user in tx.range(User, account):
            yield _Item(0, user.name, lambda user=user: _user(call, user))  # type: ignore[misc]
    if "Group" in wanted:
        for group in tx.range(Group, account):
            yield _Item(1, group.name, lambda group=group: _group(call, group))  # type: ignore[misc]
    if "Role" in wanted:
        for role in tx.range(Role, account):
            yield _Item(2, role.name, lambda role=role: _role(call, role))  # type: ignore[misc]
    if "LocalManagedPolicy" in wanted:
        for policy in tx.range(Policy, account):
            yield _Item(3, policy.place, lambda policy=policy: _policy(call, policy))  # type: ignore[misc]
    if "AWSManagedPolicy" in wanted:
        # AWS's own policies are listed where the account uses them
        for policy in managed.everything():
            if tally(tx, account, f"attached/{policy.arn}") or describe.boundary_uses(call, policy):
                yield _Item(4, policy.place, lambda policy=policy: _policy(call, policy))  # type: ignore[misc]


def _held(call: Call, holder: str, member: str) -> dict[str, Any]:
    """The inline policies (under a name of the kind's own) and the attached ones."""
    tx, account = call.tx, call.account
    return {
        member: [
            {"PolicyName": row.name, "PolicyDocument": encoded(row.text)}
            for row in tx.range(InlinePolicy, account, holder)
        ],
        "AttachedManagedPolicies": [
            {"PolicyName": row.policy.rsplit("/", 1)[1], "PolicyArn": row.policy}
            for row in tx.range(Attachment, account, holder)
        ],
    }


def _user(call: Call, user: User) -> dict[str, Any]:
    return {
        "Path": user.path,
        "UserName": user.name,
        "UserId": user.id,
        "Arn": user.arn,
        "CreateDate": user.created_at,
        **_held(call, user.id, "UserPolicyList"),
        "GroupList": sorted(group.name for group in groups_of(call.tx, user)),
        "PermissionsBoundary": describe.boundary(user.boundary),
        "Tags": as_list(user.tags),
    }


def _group(call: Call, group: Group) -> dict[str, Any]:
    return {**describe.group(group), **_held(call, group.id, "GroupPolicyList")}


def _role(call: Call, role: Role) -> dict[str, Any]:
    profiles: Iterator[InstanceProfile] = call.tx.range(profiles_by_role, role.id)
    shown: dict[str, Any] = {**describe.role(role, call=call)}
    for name in ("Description", "MaxSessionDuration"):
        del shown[name]  # RoleDetail does not have them
    return {
        **shown,
        "InstanceProfileList": [describe.instance_profile(call, profile) for profile in profiles],
        **_held(call, role.id, "RolePolicyList"),
        "Tags": as_list(role.tags),
    }


def _policy(call: Call, policy: Policy) -> dict[str, Any]:
    shown: dict[str, Any] = {**describe.policy(call, policy)}
    del shown["Tags"]  # ManagedPolicyDetail does not have them
    if policy.by_aws:
        text = text_of(call.tx, policy, policy.default_version)
        versions = [describe.version(policy, policy.default_version, policy.updated_at, text)]
    else:
        stored = call.tx.range(PolicyVersion, policy.account, policy.id, reverse=True)
        versions = [describe.stored_version(policy, version) for version in stored]
    return {**shown, "PolicyVersionList": versions}
