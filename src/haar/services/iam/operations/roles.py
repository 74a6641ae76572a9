"""Roles: identities that are assumed. STS reads them through the port and through GetRole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from haar.kit import Call, Page, replace
from haar.services.iam import describe, holding, trust
from haar.services.iam.resources import Role, RoleUse, profiles_by_role, roles_folded, tally
from haar.services.iam.service import ROLES, iam

if TYPE_CHECKING:
    from haar.shapes import iam as api

iam.tagging(Role, list="ListRoleTags")


def changeable(role: Role) -> Role:
    """The role; refused when a service made it for itself."""
    if role.path.startswith("/aws-service-role/"):
        raise iam.error(
            "UnmodifiableEntity",
            f"Cannot perform the operation on the protected role '{role.name}' - this role is only modifiable by AWS",
            status=400,
        )
    return role


@iam.operation(
    resource=lambda call, request: Role.arn_for(call.account, request["RoleName"], path=request.get("Path", "/"))
)
def create_role(call: Call, request: api.CreateRoleRequest) -> api.CreateRoleResponse:
    name, path = request["RoleName"], request.get("Path", "/")
    if path.startswith("/aws-service-role/"):
        raise iam.error("InvalidInput", "Path cannot begin with /aws-service-role/: only services make such roles.")
    holding.ensure_free(call, roles_folded, name, f"Role with name {name} already exists.")
    count = tally(call.tx, call.account, "Role")
    ROLES.check(call, count + 1, "LimitExceeded", "Cannot exceed quota for RolesPerAccount: {limit}")
    named = trust.check(call, request["AssumeRolePolicyDocument"])
    boundary = request.get("PermissionsBoundary")
    if boundary is not None:
        holding.attachable(call, boundary, scope=True)
    role = call.tx.put(
        Role(
            account=call.account,
            name=name,
            path=path,
            id=call.ports.ids.unique("AROA"),
            trust=request["AssumeRolePolicyDocument"],
            description=request.get("Description"),
            max_session_seconds=request.get("MaxSessionDuration", 3600),
            boundary=boundary,
            tags=holding.tags_of(request),
            created_at=call.now,
        )
    )
    trust.refer(call, role, named)
    return {"Role": describe.role(role)}


@iam.operation
def get_role(call: Call, role: Role, request: api.GetRoleRequest) -> api.GetRoleResponse:
    return {"Role": describe.role(role, call=call)}


@iam.operation(resource=lambda call, request: f"{call.principal.root_arn[:-4]}role{request.get('PathPrefix', '/')}")
def list_roles(call: Call, request: api.ListRolesRequest) -> Page[api.Role]:
    prefix = request.get("PathPrefix", "/")
    return Page.of(
        call.tx,
        Role,
        call.account,
        show=lambda role: describe.role(role, listed=True),
        where=lambda role: role.path.startswith(prefix),
    )


@iam.operation
def update_role(call: Call, role: Role, request: api.UpdateRoleRequest) -> None:
    if "MaxSessionDuration" in request:
        changeable(role)
    call.tx.put(
        replace(
            role,
            description=request.get("Description", role.description),
            max_session_seconds=request.get("MaxSessionDuration", role.max_session_seconds),
        )
    )


@iam.operation
def update_role_description(
    call: Call, role: Role, request: api.UpdateRoleDescriptionRequest
) -> api.UpdateRoleDescriptionResponse:
    return {"Role": describe.role(call.tx.put(replace(role, description=request["Description"])))}


@iam.operation
def update_assume_role_policy(call: Call, role: Role, request: api.UpdateAssumeRolePolicyRequest) -> None:
    changeable(role)
    named = trust.check(call, request["PolicyDocument"])
    trust.refer(call, role, named)
    call.tx.put(replace(role, trust=request["PolicyDocument"]))


@iam.operation
def delete_role(call: Call, role: Role, request: api.DeleteRoleRequest) -> None:
    changeable(role)
    if call.tx.any(profiles_by_role, role.id):
        raise holding.conflict("Cannot delete entity, must remove roles from instance profile first.")
    holding.ensure_holds_nothing(call, role)
    trust.forget(call, role)
    call.tx.delete(role)
    call.tx.delete(RoleUse, role.account, role.id)
    trust.renamed(call, role.id, role.arn, role.id)


# -- policies --------------------------------------------------------------------------------------------------


@iam.operation
def put_role_policy(call: Call, role: Role, request: api.PutRolePolicyRequest) -> None:
    holding.put_inline(call, changeable(role), request)


@iam.operation
def get_role_policy(call: Call, role: Role, request: api.GetRolePolicyRequest) -> api.GetRolePolicyResponse:
    return {"RoleName": role.name, **holding.show_inline(call, role, request)}  # type: ignore[typeddict-item]


@iam.operation
def list_role_policies(call: Call, role: Role, request: api.ListRolePoliciesRequest) -> Page[str]:
    return holding.list_inline(call, role)


@iam.operation
def delete_role_policy(call: Call, role: Role, request: api.DeleteRolePolicyRequest) -> None:
    call.tx.delete(holding.get_inline(call, changeable(role), request["PolicyName"]))


@iam.operation
def attach_role_policy(call: Call, role: Role, request: api.AttachRolePolicyRequest) -> None:
    holding.attach(call, changeable(role), request["PolicyArn"])


@iam.operation
def detach_role_policy(call: Call, role: Role, request: api.DetachRolePolicyRequest) -> None:
    holding.detach(call, changeable(role), request["PolicyArn"])


@iam.operation
def list_attached_role_policies(
    call: Call, role: Role, request: api.ListAttachedRolePoliciesRequest
) -> Page[api.AttachedPolicy]:
    return holding.list_attached(call, role, request)


@iam.operation
def put_role_permissions_boundary(call: Call, role: Role, request: api.PutRolePermissionsBoundaryRequest) -> None:
    holding.attachable(call, request["PermissionsBoundary"], scope=True)
    call.tx.put(replace(changeable(role), boundary=request["PermissionsBoundary"]))


@iam.operation
def delete_role_permissions_boundary(call: Call, role: Role, request: api.DeleteRolePermissionsBoundaryRequest) -> None:
    if role.boundary is None:
        raise iam.error("NoSuchEntity", f"The role with name {role.name} has no permissions boundary.", status=404)
    call.tx.put(replace(changeable(role), boundary=None))


# -- tags ------------------------------------------------------------------------------------------------------


@iam.operation
def tag_role(call: Call, role: Role, request: api.TagRoleRequest) -> None:
    call.tx.put(replace(changeable(role), tags=holding.new_tags(role, request)))


@iam.operation
def untag_role(call: Call, role: Role, request: api.UntagRoleRequest) -> None:
    call.tx.put(replace(changeable(role), tags=holding.without_tags(role, request)))
