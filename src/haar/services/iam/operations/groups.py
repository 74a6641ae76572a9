"""Groups: users that hold policies together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from haar.kit import Call, Page, replace
from haar.services.iam import describe, holding
from haar.services.iam.identities import user_by_id
from haar.services.iam.resources import Group, Membership, User, groups_folded, members_by_user, tally
from haar.services.iam.service import GROUPS, GROUPS_PER_USER, iam

if TYPE_CHECKING:
    from haar.shapes import iam as api


@iam.operation(
    resource=lambda call, request: Group.arn_for(call.account, request["GroupName"], path=request.get("Path", "/"))
)
def create_group(call: Call, request: api.CreateGroupRequest) -> api.CreateGroupResponse:
    name = request["GroupName"]
    holding.ensure_free(call, groups_folded, name, f"Group with name {name} already exists.")
    count = tally(call.tx, call.account, "Group")
    GROUPS.check(call, count + 1, "LimitExceeded", "Cannot exceed quota for GroupsPerAccount: {limit}")
    group = call.tx.put(
        Group(
            account=call.account,
            name=name,
            path=request.get("Path", "/"),
            id=call.ports.ids.unique("AGPA"),
            created_at=call.now,
        )
    )
    return {"Group": describe.group(group)}


@iam.operation
def get_group(call: Call, group: Group, request: api.GetGroupRequest) -> Page[api.User]:
    def show(member: Membership) -> api.User:
        user = user_by_id(call.tx, member.user)
        assert user is not None, f"{group.arn} has a member that is gone"
        return describe.user(user, listed=True)

    return Page.of(call.tx, Membership, call.account, group.id, show=show, extra={"Group": describe.group(group)})


@iam.operation(resource=lambda call, request: f"{call.principal.root_arn[:-4]}group{request.get('PathPrefix', '/')}")
def list_groups(call: Call, request: api.ListGroupsRequest) -> Page[api.Group]:
    prefix = request.get("PathPrefix", "/")
    return Page.of(call.tx, Group, call.account, show=describe.group, where=lambda group: group.path.startswith(prefix))


@iam.operation
def update_group(call: Call, group: Group, request: api.UpdateGroupRequest) -> None:
    name = request.get("NewGroupName", group.name)
    if name != group.name:
        holding.ensure_free(call, groups_folded, name, f"Group with name {name} already exists.", but=group.id)
    call.tx.delete(group)
    call.tx.put(replace(group, name=name, path=request.get("NewPath", group.path)))


@iam.operation
def delete_group(call: Call, group: Group, request: api.DeleteGroupRequest) -> None:
    if call.tx.any(Membership, call.account, group.id):
        raise holding.conflict("Cannot delete entity, must remove users from group first.")
    holding.ensure_holds_nothing(call, group)
    call.tx.delete(group)


# -- members ---------------------------------------------------------------------------------------------------


@iam.operation
def add_user_to_group(call: Call, group: Group, request: api.AddUserToGroupRequest) -> None:
    user = call.load(User, request["UserName"])
    if call.tx.get(Membership, call.account, group.id, user.id) is not None:
        return
    count = call.tx.count(members_by_user, call.account, user.id)
    GROUPS_PER_USER.check(call, count + 1, "LimitExceeded", "Cannot exceed quota for GroupsPerUser: {limit}")
    call.tx.put(Membership(account=call.account, group=group.id, user=user.id))


@iam.operation
def remove_user_from_group(call: Call, group: Group, request: api.RemoveUserFromGroupRequest) -> None:
    user = call.load(User, request["UserName"])
    if not call.tx.delete(Membership, call.account, group.id, user.id):
        raise iam.error("NoSuchEntity", f"User {user.name} not in group {group.name}", status=404)


# -- policies --------------------------------------------------------------------------------------------------


@iam.operation
def put_group_policy(call: Call, group: Group, request: api.PutGroupPolicyRequest) -> None:
    holding.put_inline(call, group, request)


@iam.operation
def get_group_policy(call: Call, group: Group, request: api.GetGroupPolicyRequest) -> api.GetGroupPolicyResponse:
    return {"GroupName": group.name, **holding.show_inline(call, group, request)}  # type: ignore[typeddict-item]


@iam.operation
def list_group_policies(call: Call, group: Group, request: api.ListGroupPoliciesRequest) -> Page[str]:
    return holding.list_inline(call, group)


@iam.operation
def delete_group_policy(call: Call, group: Group, request: api.DeleteGroupPolicyRequest) -> None:
    call.tx.delete(holding.get_inline(call, group, request["PolicyName"]))


@iam.operation
def attach_group_policy(call: Call, group: Group, request: api.AttachGroupPolicyRequest) -> None:
    holding.attach(call, group, request["PolicyArn"])


@iam.operation
def detach_group_policy(call: Call, group: Group, request: api.DetachGroupPolicyRequest) -> None:
    holding.detach(call, group, request["PolicyArn"])


@iam.operation
def list_attached_group_policies(
    call: Call, group: Group, request: api.ListAttachedGroupPoliciesRequest
) -> Page[api.AttachedPolicy]:
    return holding.list_attached(call, group, request)
