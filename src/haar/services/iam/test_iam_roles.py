"""Roles, their trust policies, and instance profiles."""

from __future__ import annotations

import json
from typing import Any

import pytest

from haar import Cloud

API = "https://docs.aws.amazon.com/IAM/latest/APIReference/"
PRINCIPALS = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html"
READ_QUEUES = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sqs:Get*","Resource":"*"}]}'


def trust(**principal: Any) -> str:
    """A trust policy for one principal."""
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


EC2 = trust(Service="ec2.amazonaws.com")


@pytest.mark.documented(API + "API_CreateRole.html")
def test_a_role_is_made_with_an_hour_of_session(cloud: Cloud) -> None:
    role = cloud.client("iam").create_role(RoleName="r", Path="/x/", AssumeRolePolicyDocument=EC2)["Role"]
    assert (role["Arn"], role["RoleId"][:4]) == ("arn:aws:iam::000000000000:role/x/r", "AROA")
    assert role["AssumeRolePolicyDocument"]["Statement"][0]["Principal"] == {"Service": "ec2.amazonaws.com"}
    assert role["MaxSessionDuration"] == 3600


@pytest.mark.documented(API + "API_GetRole.html")
def test_a_missing_role_is_named_in_the_error(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    with pytest.raises(iam.exceptions.NoSuchEntityException, match=r"The role with name r cannot be found."):
        iam.get_role(RoleName="r")


@pytest.mark.documented(API + "API_ListRoles.html")
def test_roles_are_listed_by_path(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=EC2)
    iam.create_role(RoleName="s", Path="/x/", AssumeRolePolicyDocument=EC2)
    assert [role["RoleName"] for role in iam.list_roles(PathPrefix="/x/")["Roles"]] == ["s"]


@pytest.mark.documented(API + "API_UpdateRole.html")
def test_description_and_session_length_of_a_role_change(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=EC2)
    iam.update_role(RoleName="r", Description="d", MaxSessionDuration=7200)
    role = iam.get_role(RoleName="r")["Role"]
    assert (role["Description"], role["MaxSessionDuration"]) == ("d", 7200)


@pytest.mark.documented(API + "API_UpdateRoleDescription.html")
def test_the_description_of_a_role_changes_alone(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=EC2)
    assert iam.update_role_description(RoleName="r", Description="new")["Role"]["Description"] == "new"


@pytest.mark.documented(API + "API_UpdateAssumeRolePolicy.html")
def test_the_trust_policy_of_a_role_is_replaced(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=EC2)
    iam.update_assume_role_policy(RoleName="r", PolicyDocument=trust(Service="lambda.amazonaws.com"))
    document = iam.get_role(RoleName="r")["Role"]["AssumeRolePolicyDocument"]
    assert document["Statement"][0]["Principal"] == {"Service": "lambda.amazonaws.com"}


@pytest.mark.documented(PRINCIPALS)
def test_a_trust_policy_cannot_name_a_user_that_does_not_exist(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    arn = "arn:aws:iam::000000000000:user/none"
    with pytest.raises(
        iam.exceptions.MalformedPolicyDocumentException, match=f'Invalid principal in policy: "AWS":"{arn}"'
    ):
        iam.create_role(RoleName="r", AssumeRolePolicyDocument=trust(AWS=arn))


@pytest.mark.documented(PRINCIPALS)
def test_a_trust_policy_cannot_name_a_group(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    arn = iam.create_group(GroupName="devs")["Group"]["Arn"]
    with pytest.raises(iam.exceptions.MalformedPolicyDocumentException, match="Invalid principal in policy"):
        iam.create_role(RoleName="r", AssumeRolePolicyDocument=trust(AWS=arn))


@pytest.mark.documented(PRINCIPALS)
def test_a_deleted_user_appears_as_its_id_in_trust_policies(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    user = iam.create_user(UserName="bob")["User"]
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=trust(AWS=user["Arn"]))
    iam.delete_user(UserName="bob")
    iam.create_user(UserName="bob")
    document = iam.get_role(RoleName="r")["Role"]["AssumeRolePolicyDocument"]
    assert document["Statement"][0]["Principal"] == {"AWS": user["UserId"]}


@pytest.mark.documented(PRINCIPALS)
def test_a_renamed_user_is_renamed_in_trust_policies(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    user = iam.create_user(UserName="bob")["User"]
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=trust(AWS=user["Arn"]))
    iam.update_user(UserName="bob", NewUserName="rob")
    document = iam.get_role(RoleName="r")["Role"]["AssumeRolePolicyDocument"]
    assert document["Statement"][0]["Principal"] == {"AWS": "arn:aws:iam::000000000000:user/rob"}


@pytest.mark.documented("https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html")
def test_a_trust_policy_has_at_most_2048_characters(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    services = [f"service-number-{n}.amazonaws.com" for n in range(100)]
    with pytest.raises(iam.exceptions.LimitExceededException, match="Cannot exceed quota for ACLSizePerRole: 2048"):
        iam.create_role(RoleName="r", AssumeRolePolicyDocument=trust(Service=services))


@pytest.mark.documented(API + "API_DeleteRole.html")
def test_a_role_in_an_instance_profile_stays(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=EC2)
    iam.create_instance_profile(InstanceProfileName="p")
    iam.add_role_to_instance_profile(InstanceProfileName="p", RoleName="r")
    with pytest.raises(iam.exceptions.DeleteConflictException, match="must remove roles from instance profile first"):
        iam.delete_role(RoleName="r")


@pytest.mark.documented(API + "API_DeleteRole.html")
def test_a_role_without_dependents_goes(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=EC2)
    iam.delete_role(RoleName="r")
    assert iam.list_roles()["Roles"] == []


@pytest.mark.documented(API + "API_PutRolePolicy.html")
def test_a_role_keeps_inline_policies(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=EC2)
    iam.put_role_policy(RoleName="r", PolicyName="p", PolicyDocument=READ_QUEUES)
    policy = iam.get_role_policy(RoleName="r", PolicyName="p")
    names = iam.list_role_policies(RoleName="r")["PolicyNames"]
    iam.delete_role_policy(RoleName="r", PolicyName="p")
    assert (policy["RoleName"], names, iam.list_role_policies(RoleName="r")["PolicyNames"]) == ("r", ["p"], [])


@pytest.mark.documented(API + "API_AttachRolePolicy.html")
def test_a_role_holds_managed_policies(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    arn = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=EC2)
    iam.attach_role_policy(RoleName="r", PolicyArn=arn)
    attached = iam.list_attached_role_policies(RoleName="r")["AttachedPolicies"]
    iam.detach_role_policy(RoleName="r", PolicyArn=arn)
    assert attached == [{"PolicyName": "AWSLambdaBasicExecutionRole", "PolicyArn": arn}]
    assert iam.list_attached_role_policies(RoleName="r")["AttachedPolicies"] == []


@pytest.mark.documented(API + "API_PutRolePermissionsBoundary.html")
def test_the_boundary_of_a_role_is_set_and_taken_off(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=EC2)
    iam.put_role_permissions_boundary(RoleName="r", PermissionsBoundary="arn:aws:iam::aws:policy/ReadOnlyAccess")
    shown = iam.get_role(RoleName="r")["Role"]["PermissionsBoundary"]["PermissionsBoundaryArn"]
    iam.delete_role_permissions_boundary(RoleName="r")
    assert shown == "arn:aws:iam::aws:policy/ReadOnlyAccess"
    assert "PermissionsBoundary" not in iam.get_role(RoleName="r")["Role"]


@pytest.mark.documented(API + "API_TagRole.html")
def test_tags_of_a_role_are_added_and_taken_away(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=EC2, Tags=[{"Key": "a", "Value": "1"}])
    iam.tag_role(RoleName="r", Tags=[{"Key": "b", "Value": "2"}])
    iam.untag_role(RoleName="r", TagKeys=["a"])
    assert iam.list_role_tags(RoleName="r")["Tags"] == [{"Key": "b", "Value": "2"}]


# -- instance profiles -----------------------------------------------------------------------------------------


@pytest.mark.documented(API + "API_GetInstanceProfile.html")
def test_an_instance_profile_shows_the_role_in_it(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=EC2)
    made = iam.create_instance_profile(InstanceProfileName="p")["InstanceProfile"]
    iam.add_role_to_instance_profile(InstanceProfileName="p", RoleName="r")
    shown = iam.get_instance_profile(InstanceProfileName="p")["InstanceProfile"]
    assert made["Arn"] == "arn:aws:iam::000000000000:instance-profile/p" and made["InstanceProfileId"].startswith(
        "AIPA"
    )
    assert [role["RoleName"] for role in shown["Roles"]] == ["r"]


@pytest.mark.documented(API + "API_AddRoleToInstanceProfile.html")
def test_an_instance_profile_holds_one_role(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=EC2)
    iam.create_instance_profile(InstanceProfileName="p")
    iam.add_role_to_instance_profile(InstanceProfileName="p", RoleName="r")
    message = "Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1"
    with pytest.raises(iam.exceptions.LimitExceededException, match=message):
        iam.add_role_to_instance_profile(InstanceProfileName="p", RoleName="r")


@pytest.mark.documented(API + "API_RemoveRoleFromInstanceProfile.html")
def test_a_role_is_taken_out_of_an_instance_profile(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=EC2)
    iam.create_instance_profile(InstanceProfileName="p")
    iam.add_role_to_instance_profile(InstanceProfileName="p", RoleName="r")
    inside = iam.list_instance_profiles_for_role(RoleName="r")["InstanceProfiles"]
    iam.remove_role_from_instance_profile(InstanceProfileName="p", RoleName="r")
    assert [profile["InstanceProfileName"] for profile in inside] == ["p"]
    assert iam.list_instance_profiles_for_role(RoleName="r")["InstanceProfiles"] == []


@pytest.mark.documented(API + "API_DeleteInstanceProfile.html")
def test_an_empty_instance_profile_goes(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    iam.create_instance_profile(InstanceProfileName="p")
    iam.delete_instance_profile(InstanceProfileName="p")
    assert iam.list_instance_profiles()["InstanceProfiles"] == []


@pytest.mark.documented(API + "API_GetInstanceProfile.html")
def test_a_missing_instance_profile_is_named_in_the_error(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    with pytest.raises(iam.exceptions.NoSuchEntityException, match=r"Instance Profile p cannot be found."):
        iam.get_instance_profile(InstanceProfileName="p")


@pytest.mark.documented(API + "API_TagInstanceProfile.html")
def test_tags_of_an_instance_profile_are_added_and_taken_away(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    iam.create_instance_profile(InstanceProfileName="p", Tags=[{"Key": "a", "Value": "1"}])
    iam.tag_instance_profile(InstanceProfileName="p", Tags=[{"Key": "b", "Value": "2"}])
    iam.untag_instance_profile(InstanceProfileName="p", TagKeys=["a"])
    assert iam.list_instance_profile_tags(InstanceProfileName="p")["Tags"] == [{"Key": "b", "Value": "2"}]
