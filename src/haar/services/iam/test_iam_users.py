"""Users: names, paths, renames, what stands in the way of their end, tags, pages."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from haar import Cloud

API = "https://docs.aws.amazon.com/IAM/latest/APIReference/"
READ_QUEUES = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sqs:Get*","Resource":"*"}]}'


@pytest.mark.fact("ARN-002")
def test_the_arn_of_a_user_leaves_the_region_empty(cloud: Cloud) -> None:
    user = cloud.client("iam").create_user(UserName="bob")["User"]
    assert user["Arn"] == "arn:aws:iam::000000000000:user/bob"


@pytest.mark.documented("https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html")
def test_a_user_has_its_path_in_its_arn_and_a_unique_id(cloud: Cloud) -> None:
    user = cloud.client("iam").create_user(UserName="bob", Path="/dev/")["User"]
    assert (user["Arn"], user["UserId"][:4], len(user["UserId"])) == (
        "arn:aws:iam::000000000000:user/dev/bob",
        "AIDA",
        21,
    )


@pytest.mark.documented(API + "API_CreateUser.html")
def test_names_of_users_differ_by_more_than_case(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    iam.create_user(UserName="Bob")
    with pytest.raises(iam.exceptions.EntityAlreadyExistsException, match=r"User with name bob already exists."):
        iam.create_user(UserName="bob")


@pytest.mark.documented(API + "API_GetUser.html")
def test_a_missing_user_is_named_in_the_error(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    with pytest.raises(
        iam.exceptions.NoSuchEntityException, match=r"The user with name bob cannot be found."
    ) as caught:
        iam.get_user(UserName="bob")
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404


@pytest.mark.documented(API + "API_GetUser.html")
def test_get_user_without_a_name_is_about_the_caller(cloud: Cloud) -> None:
    bob = _user(
        cloud, "bob", '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iam:GetUser","Resource":"*"}]}'
    )
    assert bob.get_user()["User"]["UserName"] == "bob"


@pytest.mark.documented(API + "API_GetUser.html")
def test_get_user_by_root_is_about_the_account(cloud: Cloud) -> None:
    user = cloud.client("iam").get_user()["User"]
    assert (user["UserId"], user["Arn"]) == ("000000000000", "arn:aws:iam::000000000000:root")


@pytest.mark.documented(API + "API_ListUsers.html")
def test_users_are_listed_by_path(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    iam.create_user(UserName="ann", Path="/dev/")
    iam.create_user(UserName="bob", Path="/ops/")
    assert [user["UserName"] for user in iam.list_users(PathPrefix="/dev/")["Users"]] == ["ann"]


@pytest.mark.documented(API + "API_ListUsers.html")
def test_a_list_is_cut_into_pages(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    iam.create_user(UserName="ann")
    iam.create_user(UserName="bob")
    iam.create_user(UserName="cid")
    first = iam.list_users(MaxItems=2)
    rest = iam.list_users(MaxItems=2, Marker=first["Marker"])
    assert first["IsTruncated"] is True and rest["IsTruncated"] is False
    assert [user["UserName"] for user in first["Users"] + rest["Users"]] == ["ann", "bob", "cid"]


@pytest.mark.documented(API + "API_ListUsers.html")
def test_the_lists_of_users_show_no_tags(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    iam.create_user(UserName="bob", Tags=[{"Key": "team", "Value": "red"}])
    assert "Tags" not in iam.list_users()["Users"][0]


@pytest.mark.documented(API + "API_UpdateUser.html")
def test_a_renamed_user_keeps_id_keys_and_policies(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    before = iam.create_user(UserName="bob")["User"]
    iam.put_user_policy(UserName="bob", PolicyName="p", PolicyDocument=READ_QUEUES)
    key = iam.create_access_key(UserName="bob")["AccessKey"]["AccessKeyId"]
    iam.update_user(UserName="bob", NewUserName="rob", NewPath="/x/")
    after = iam.get_user(UserName="rob")["User"]
    assert (after["UserId"], after["Arn"]) == (before["UserId"], "arn:aws:iam::000000000000:user/x/rob")
    assert iam.list_user_policies(UserName="rob")["PolicyNames"] == ["p"]
    assert iam.list_access_keys(UserName="rob")["AccessKeyMetadata"][0]["AccessKeyId"] == key


@pytest.mark.documented(API + "API_UpdateUser.html")
def test_a_user_cannot_be_given_the_name_of_another(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    iam.create_user(UserName="ann")
    iam.create_user(UserName="bob")
    with pytest.raises(iam.exceptions.EntityAlreadyExistsException):
        iam.update_user(UserName="bob", NewUserName="ANN")


@pytest.mark.documented(API + "API_DeleteUser.html")
def test_a_user_with_access_keys_stays(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    iam.create_user(UserName="bob")
    iam.create_access_key(UserName="bob")
    with pytest.raises(iam.exceptions.DeleteConflictException, match="must delete access keys first") as caught:
        iam.delete_user(UserName="bob")
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 409


@pytest.mark.documented(API + "API_DeleteUser.html")
def test_a_user_in_a_group_stays(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    iam.create_user(UserName="bob")
    iam.create_group(GroupName="devs")
    iam.add_user_to_group(GroupName="devs", UserName="bob")
    with pytest.raises(iam.exceptions.DeleteConflictException, match="must remove users from group first"):
        iam.delete_user(UserName="bob")


@pytest.mark.documented(API + "API_DeleteUser.html")
def test_a_user_with_an_inline_policy_stays(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    iam.create_user(UserName="bob")
    iam.put_user_policy(UserName="bob", PolicyName="p", PolicyDocument=READ_QUEUES)
    with pytest.raises(iam.exceptions.DeleteConflictException, match="must delete policies first"):
        iam.delete_user(UserName="bob")


@pytest.mark.documented(API + "API_DeleteUser.html")
def test_a_user_with_an_attached_policy_stays(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    iam.create_user(UserName="bob")
    iam.attach_user_policy(UserName="bob", PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")
    with pytest.raises(iam.exceptions.DeleteConflictException, match="must detach all policies first"):
        iam.delete_user(UserName="bob")


@pytest.mark.documented(API + "API_DeleteUser.html")
def test_a_user_without_dependents_goes(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    iam.create_user(UserName="bob")
    iam.delete_user(UserName="bob")
    assert iam.list_users()["Users"] == []


@pytest.mark.documented(API + "API_TagUser.html")
def test_tags_of_a_user_are_added_and_taken_away(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    iam.create_user(UserName="bob", Tags=[{"Key": "team", "Value": "red"}])
    iam.tag_user(UserName="bob", Tags=[{"Key": "cost", "Value": "7"}])
    iam.untag_user(UserName="bob", TagKeys=["team"])
    assert iam.list_user_tags(UserName="bob")["Tags"] == [{"Key": "cost", "Value": "7"}]


@pytest.mark.documented("https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html")
def test_the_keys_of_tags_differ_by_more_than_case(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    iam.create_user(UserName="bob", Tags=[{"Key": "Team", "Value": "red"}])
    iam.tag_user(UserName="bob", Tags=[{"Key": "team", "Value": "blue"}])
    assert iam.list_user_tags(UserName="bob")["Tags"] == [{"Key": "team", "Value": "blue"}]


@pytest.mark.documented("https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html")
def test_a_user_has_at_most_fifty_tags(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    iam.create_user(UserName="bob", Tags=[{"Key": f"k{n}", "Value": ""} for n in range(50)])
    with pytest.raises(iam.exceptions.LimitExceededException):
        iam.tag_user(UserName="bob", Tags=[{"Key": "one more", "Value": ""}])


@pytest.mark.documented(API + "API_GetUserPolicy.html")
def test_an_inline_policy_comes_back_as_it_was_written(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    iam.create_user(UserName="bob")
    iam.put_user_policy(UserName="bob", PolicyName="p", PolicyDocument=READ_QUEUES)
    policy = iam.get_user_policy(UserName="bob", PolicyName="p")
    assert policy["PolicyDocument"]["Statement"][0]["Action"] == "sqs:Get*"


@pytest.mark.documented(API + "API_GetUserPolicy.html")
def test_a_policy_document_travels_percent_encoded(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    iam.create_user(UserName="bob")
    iam.put_user_policy(UserName="bob", PolicyName="p", PolicyDocument=READ_QUEUES)
    bodies: list[bytes] = []
    iam.meta.events.register(
        "before-parse.iam.GetUserPolicy", lambda response_dict, **_: bodies.append(response_dict["body"])
    )
    iam.get_user_policy(UserName="bob", PolicyName="p")
    assert b"%7B%22Version%22%3A%222012-10-17%22" in bodies[0]


@pytest.mark.documented(API + "API_DeleteUserPolicy.html")
def test_a_deleted_inline_policy_is_gone(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    iam.create_user(UserName="bob")
    iam.put_user_policy(UserName="bob", PolicyName="p", PolicyDocument=READ_QUEUES)
    iam.delete_user_policy(UserName="bob", PolicyName="p")
    with pytest.raises(iam.exceptions.NoSuchEntityException, match=r"The user policy with name p cannot be found."):
        iam.get_user_policy(UserName="bob", PolicyName="p")


@pytest.mark.documented("https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html")
def test_inline_policies_of_a_user_share_2048_characters_without_white_space(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    iam.create_user(UserName="bob")
    iam.put_user_policy(UserName="bob", PolicyName="wide", PolicyDocument=READ_QUEUES + " " * 4000)
    with pytest.raises(
        iam.exceptions.LimitExceededException, match="Maximum policy size of 2048 bytes exceeded for user bob"
    ):
        iam.put_user_policy(UserName="bob", PolicyName="long", PolicyDocument=READ_QUEUES.replace("Get", "G" * 2000))


@pytest.mark.documented(API + "API_ListAttachedUserPolicies.html")
def test_attached_policies_are_listed_by_path_and_detached(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    iam.create_user(UserName="bob")
    arn = iam.create_policy(PolicyName="p", Path="/x/", PolicyDocument=READ_QUEUES)["Policy"]["Arn"]
    iam.attach_user_policy(UserName="bob", PolicyArn=arn)
    iam.attach_user_policy(UserName="bob", PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")
    listed = iam.list_attached_user_policies(UserName="bob", PathPrefix="/x/")["AttachedPolicies"]
    iam.detach_user_policy(UserName="bob", PolicyArn=arn)
    assert listed == [{"PolicyName": "p", "PolicyArn": arn}]
    assert len(iam.list_attached_user_policies(UserName="bob")["AttachedPolicies"]) == 1


@pytest.mark.documented("https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html")
def test_a_user_holds_at_most_ten_managed_policies(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    iam.create_user(UserName="bob")
    arns = [policy["Arn"] for policy in iam.list_policies(Scope="AWS")["Policies"][:11]]
    [iam.attach_user_policy(UserName="bob", PolicyArn=arn) for arn in arns[:10]]
    with pytest.raises(iam.exceptions.LimitExceededException, match="Cannot exceed quota for PoliciesPerUser: 10"):
        iam.attach_user_policy(UserName="bob", PolicyArn=arns[10])


@pytest.mark.documented(API + "API_AttachUserPolicy.html")
def test_a_policy_that_does_not_exist_is_not_attached(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    iam.create_user(UserName="bob")
    with pytest.raises(iam.exceptions.NoSuchEntityException, match="does not exist or is not attachable"):
        iam.attach_user_policy(UserName="bob", PolicyArn="arn:aws:iam::000000000000:policy/none")


@pytest.mark.documented(API + "API_PutUserPermissionsBoundary.html")
def test_a_boundary_is_shown_and_taken_off(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    arn = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    iam.create_user(UserName="bob")
    iam.put_user_permissions_boundary(UserName="bob", PermissionsBoundary=arn)
    shown = iam.get_user(UserName="bob")["User"]["PermissionsBoundary"]
    iam.delete_user_permissions_boundary(UserName="bob")
    assert shown == {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": arn}
    assert "PermissionsBoundary" not in iam.get_user(UserName="bob")["User"]


@pytest.mark.ours
def test_a_user_of_one_account_is_unknown_in_another(cloud: Cloud) -> None:
    cloud.client("iam").create_user(UserName="bob")
    other = cloud.client("iam", access_key="111111111111")
    with pytest.raises(other.exceptions.NoSuchEntityException):
        other.get_user(UserName="bob")


@pytest.mark.ours
def test_a_name_with_a_space_is_refused(cloud: Cloud) -> None:
    with pytest.raises(ClientError, match="ValidationError"):
        cloud.client("iam").create_user(UserName="bob the builder")


def _user(cloud: Cloud, name: str, policy: str) -> Any:
    """An IAM client of a new user with one inline policy."""
    iam = cloud.client("iam")
    iam.create_user(UserName=name)
    iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=policy)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return cloud.client("iam", access_key=key["AccessKeyId"], secret_key=key["SecretAccessKey"])
