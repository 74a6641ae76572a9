"""Users: who they are, what they hold, which groups they are in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from haar.kit import Call, Page, replace
from haar.services.iam import describe, holding, trust
from haar.services.iam.identities import group_by_id
from haar.services.iam.resources import (
    AccountSettings,
    Held,
    LoginProfile,
    Membership,
    ServiceAccess,
    ServiceSpecificCredential,
    SigningCertificate,
    SshPublicKey,
    User,
    access_keys_by_user,
    devices_by_user,
    members_by_user,
    renamed,
    tally,
    users_folded,
)
from haar.services.iam.service import USERS, iam

if TYPE_CHECKING:
    from haar.shapes import iam as api

iam.tagging(User, list="ListUserTags")


@iam.operation(
    resource=lambda call, request: User.arn_for(call.account, request["UserName"], path=request.get("Path", "/"))
)
def create_user(call: Call, request: api.CreateUserRequest) -> api.CreateUserResponse:
    name = request["UserName"]
    holding.ensure_free(call, users_folded, name, f"User with name {name} already exists.")
    USERS.check(
        call,
        tally(call.tx, call.account, "User") + 1,
        "LimitExceeded",
        "Cannot exceed quota for UsersPerAccount: {limit}",
    )
    boundary = request.get("PermissionsBoundary")
    if boundary is not None:
        holding.attachable(call, boundary, scope=True)
    user = call.tx.put(
        User(
            account=call.account,
            name=name,
            path=request.get("Path", "/"),
            id=call.ports.ids.unique("AIDA"),
            boundary=boundary,
            tags=holding.tags_of(request),
            created_at=call.now,
            tracked=True,
        )
    )
    return {"User": describe.user(user)}


@iam.operation(resource=holding.acting_on)
def get_user(call: Call, request: api.GetUserRequest) -> api.GetUserResponse:
    user = holding.acting_user(call, request)
    if user is None:
        return {"User": _root(call)}
    return {"User": describe.user(user)}


def _root(call: Call) -> api.User:
    settings = call.tx.get(AccountSettings, call.account) or AccountSettings(account=call.account)
    if not settings.seen_at:
        # nobody created this account: it began to exist when it was first spoken of
        settings = call.tx.put(replace(settings, seen_at=call.now))
    shown: dict[str, Any] = {
        "Path": "/",
        "UserName": "root",
        "UserId": call.account,
        "Arn": call.principal.root_arn,
        "CreateDate": settings.seen_at,
    }
    return shown  # type: ignore[return-value]


@iam.operation(resource=lambda call, request: f"{call.principal.root_arn[:-4]}user{request.get('PathPrefix', '/')}")
def list_users(call: Call, request: api.ListUsersRequest) -> Page[api.User]:
    prefix = request.get("PathPrefix", "/")
    return Page.of(
        call.tx,
        User,
        call.account,
        show=lambda user: describe.user(user, listed=True),
        where=lambda user: user.path.startswith(prefix),
    )


@iam.operation
def update_user(call: Call, user: User, request: api.UpdateUserRequest) -> None:
    name = request.get("NewUserName", user.name)
    if name != user.name:
        holding.ensure_free(call, users_folded, name, f"User with name {name} already exists.", but=user.id)
    changed = replace(user, name=name, path=request.get("NewPath", user.path))
    if changed == user:
        return
    call.tx.delete(user)
    call.tx.put(changed)
    renamed(call.tx, user.account)
    trust.renamed(call, user.id, user.arn, changed.arn)


@iam.operation
def delete_user(call: Call, user: User, request: api.DeleteUserRequest) -> None:
    if not user.tracked or call.tx.get(Held, user.id) is not None:
        _let_go(call, user)
    call.tx.delete(user)


def _let_go(call: Call, user: User) -> None:
    """Refuse to delete who still holds something; otherwise clear away what is left. Raises DeleteConflict."""
    tx, place = call.tx, (call.account, user.id)
    in_the_way: tuple[tuple[bool, str], ...] = (
        (tx.any(access_keys_by_user, *place), "must delete access keys first."),
        (tx.get(LoginProfile, *place) is not None, "must delete login profile first."),
        (tx.any(members_by_user, *place), "must remove users from group first."),
        (tx.any(devices_by_user, user.id), "must delete MFA device first."),
        (tx.any(SigningCertificate, *place), "must delete signing certificates first."),
        (tx.any(SshPublicKey, *place), "must delete SSH public keys first."),
        (tx.any(ServiceSpecificCredential, *place), "must delete service specific credentials first."),
    )
    for is_there, what in in_the_way:
        if is_there:
            raise holding.conflict(f"Cannot delete entity, {what}")
    holding.ensure_holds_nothing(call, user)
    for row in list(tx.range(ServiceAccess, *place)):
        tx.delete(row)
    trust.renamed(call, user.id, user.arn, user.id)
    tx.delete(Held, user.id)


# -- policies --------------------------------------------------------------------------------------------------


@iam.operation
def put_user_policy(call: Call, user: User, request: api.PutUserPolicyRequest) -> None:
    holding.put_inline(call, user, request)


@iam.operation
def get_user_policy(call: Call, user: User, request: api.GetUserPolicyRequest) -> api.GetUserPolicyResponse:
    return {"UserName": user.name, **holding.show_inline(call, user, request)}  # type: ignore[typeddict-item]


@iam.operation
def list_user_policies(call: Call, user: User, request: api.ListUserPoliciesRequest) -> Page[str]:
    return holding.list_inline(call, user)


@iam.operation
def delete_user_policy(call: Call, user: User, request: api.DeleteUserPolicyRequest) -> None:
    call.tx.delete(holding.get_inline(call, user, request["PolicyName"]))


@iam.operation
def attach_user_policy(call: Call, user: User, request: api.AttachUserPolicyRequest) -> None:
    holding.attach(call, user, request["PolicyArn"])


@iam.operation
def detach_user_policy(call: Call, user: User, request: api.DetachUserPolicyRequest) -> None:
    holding.detach(call, user, request["PolicyArn"])


@iam.operation
def list_attached_user_policies(
    call: Call, user: User, request: api.ListAttachedUserPoliciesRequest
) -> Page[api.AttachedPolicy]:
    return holding.list_attached(call, user, request)


@iam.operation
def put_user_permissions_boundary(call: Call, user: User, request: api.PutUserPermissionsBoundaryRequest) -> None:
    holding.attachable(call, request["PermissionsBoundary"], scope=True)
    call.tx.put(replace(user, boundary=request["PermissionsBoundary"]))


@iam.operation
def delete_user_permissions_boundary(call: Call, user: User, request: api.DeleteUserPermissionsBoundaryRequest) -> None:
    if user.boundary is None:
        raise iam.error("NoSuchEntity", f"The user with name {user.name} has no permissions boundary.", status=404)
    call.tx.put(replace(user, boundary=None))


# -- groups, tags ----------------------------------------------------------------------------------------------


@iam.operation
def list_groups_for_user(call: Call, user: User, request: api.ListGroupsForUserRequest) -> Page[api.Group]:
    def show(member: Membership) -> api.Group:
        group = group_by_id(call.tx, member.group)
        assert group is not None, f"{user.arn} is in a group that is gone"
        return describe.group(group)

    return Page.of(call.tx, members_by_user, call.account, user.id, show=show)


@iam.operation
def tag_user(call: Call, user: User, request: api.TagUserRequest) -> None:
    call.tx.put(replace(user, tags=holding.new_tags(user, request)))


@iam.operation
def untag_user(call: Call, user: User, request: api.UntagUserRequest) -> None:
    call.tx.put(replace(user, tags=holding.without_tags(user, request)))
