"""Instance profiles: how an EC2 instance is given a role."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from haar.kit import Call, Page, replace
from haar.services.iam import describe, holding
from haar.services.iam.operations.roles import changeable
from haar.services.iam.resources import InstanceProfile, Role, profiles_by_role, profiles_folded, tally
from haar.services.iam.service import INSTANCE_PROFILES, iam

if TYPE_CHECKING:
    from haar.shapes import iam as api

iam.tagging(InstanceProfile, list="ListInstanceProfileTags")


def _arn(call: Call, request: Any) -> str:
    return InstanceProfile.arn_for(call.account, request["InstanceProfileName"], path=request.get("Path", "/"))


@iam.operation(resource=_arn)
def create_instance_profile(call: Call, request: api.CreateInstanceProfileRequest) -> api.CreateInstanceProfileResponse:
    name = request["InstanceProfileName"]
    holding.ensure_free(call, profiles_folded, name, f"Instance Profile {name} already exists.")
    count = tally(call.tx, call.account, "InstanceProfile")
    message = "Cannot exceed quota for InstanceProfilesPerAccount: {limit}"
    INSTANCE_PROFILES.check(call, count + 1, "LimitExceeded", message)
    profile = call.tx.put(
        InstanceProfile(
            account=call.account,
            name=name,
            path=request.get("Path", "/"),
            id=call.ports.ids.unique("AIPA"),
            tags=holding.tags_of(request),
            created_at=call.now,
        )
    )
    return {"InstanceProfile": describe.instance_profile(call, profile)}


@iam.operation
def get_instance_profile(
    call: Call, profile: InstanceProfile, request: api.GetInstanceProfileRequest
) -> api.GetInstanceProfileResponse:
    return {"InstanceProfile": describe.instance_profile(call, profile)}


@iam.operation(
    resource=lambda call, request: f"{call.principal.root_arn[:-4]}instance-profile{request.get('PathPrefix', '/')}"
)
def list_instance_profiles(call: Call, request: api.ListInstanceProfilesRequest) -> Page[api.InstanceProfile]:
    prefix = request.get("PathPrefix", "/")
    return Page.of(
        call.tx,
        InstanceProfile,
        call.account,
        show=lambda profile: describe.instance_profile(call, profile, listed=True),
        where=lambda profile: profile.path.startswith(prefix),
    )


@iam.operation
def list_instance_profiles_for_role(
    call: Call, role: Role, request: api.ListInstanceProfilesForRoleRequest
) -> Page[api.InstanceProfile]:
    return Page.of(
        call.tx,
        profiles_by_role,
        role.id,
        show=lambda profile: describe.instance_profile(call, profile, listed=True),
    )


@iam.operation
def delete_instance_profile(call: Call, profile: InstanceProfile, request: api.DeleteInstanceProfileRequest) -> None:
    if profile.role is not None:
        raise holding.conflict("Cannot delete entity, must remove roles from instance profile first.")
    call.tx.delete(profile)


@iam.operation
def add_role_to_instance_profile(
    call: Call, profile: InstanceProfile, request: api.AddRoleToInstanceProfileRequest
) -> None:
    # the instance will act as the role: whoever arranges that needs iam:PassRole on it
    name = request["RoleName"]
    passed = call.get(Role, name)
    operation = call.ports.room("iam").bound("AddRoleToInstanceProfile")
    target = (passed.arn if passed else Role.arn_for(call.account, name), passed)
    call.ports.guard.authorize(call, "iam:PassRole", [target], operation, dict(request))
    role = changeable(call.load(Role, name))
    if profile.role is not None:
        raise iam.error("LimitExceeded", "Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1", status=409)
    call.tx.put(replace(profile, role=role.id))


@iam.operation
def remove_role_from_instance_profile(
    call: Call, profile: InstanceProfile, request: api.RemoveRoleFromInstanceProfileRequest
) -> None:
    role = call.load(Role, request["RoleName"])
    if profile.role != role.id:
        raise iam.error(
            "NoSuchEntity", f"Role {role.name} in instance profile {profile.name} cannot be found.", status=404
        )
    call.tx.put(replace(profile, role=None))


@iam.operation
def tag_instance_profile(call: Call, profile: InstanceProfile, request: api.TagInstanceProfileRequest) -> None:
    call.tx.put(replace(profile, tags=holding.new_tags(profile, request)))


@iam.operation
def untag_instance_profile(call: Call, profile: InstanceProfile, request: api.UntagInstanceProfileRequest) -> None:
    call.tx.put(replace(profile, tags=holding.without_tags(profile, request)))
