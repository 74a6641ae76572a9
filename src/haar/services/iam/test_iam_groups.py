"""Groups: members and policies."""

from __future__ import annotations

import pytest

from haar import Cloud

API = "https://docs.aws.amazon.com/IAM/latest/APIReference/"
READ_QUEUES = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sqs:Get*","Resource":"*"}]}'


@pytest.mark.documented(API + "API_GetGroup.html")
def test_a_group_shows_its_members(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    group = iam.create_group(GroupName="devs", Path="/x/")["Group"]
    iam.create_user(UserName="bob")
    iam.add_user_to_group(GroupName="devs", UserName="bob")
    shown = iam.get_group(GroupName="devs")
    assert shown["Group"] == group and group["Arn"] == "arn:aws:iam::000000000000:group/x/devs"
    assert [user["UserName"] for user in shown["Users"]] == ["bob"]


@pytest.mark.documented(API + "API_ListGroupsForUser.html")
def test_a_user_knows_the_groups_it_is_in(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    iam.create_group(GroupName="devs")
    iam.create_user(UserName="bob")
    iam.add_user_to_group(GroupName="devs", UserName="bob")
    assert [group["GroupName"] for group in iam.list_groups_for_user(UserName="bob")["Groups"]] == ["devs"]


@pytest.mark.documented("https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html")
def test_a_user_is_in_at_most_ten_groups(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    iam.create_user(UserName="bob")
    [iam.create_group(GroupName=f"g{n}") for n in range(11)]
    [iam.add_user_to_group(GroupName=f"g{n}", UserName="bob") for n in range(10)]
    with pytest.raises(iam.exceptions.LimitExceededException, match="Cannot exceed quota for GroupsPerUser: 10"):
        iam.add_user_to_group(GroupName="g10", UserName="bob")


@pytest.mark.documented(API + "API_AddUserToGroup.html")
def test_adding_a_member_twice_changes_nothing(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    iam.create_group(GroupName="devs")
    iam.create_user(UserName="bob")
    iam.add_user_to_group(GroupName="devs", UserName="bob")
    iam.add_user_to_group(GroupName="devs", UserName="bob")
    assert len(iam.get_group(GroupName="devs")["Users"]) == 1


@pytest.mark.documented(API + "API_RemoveUserFromGroup.html")
def test_a_user_leaves_a_group(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    iam.create_group(GroupName="devs")
    iam.create_user(UserName="bob")
    iam.add_user_to_group(GroupName="devs", UserName="bob")
    iam.remove_user_from_group(GroupName="devs", UserName="bob")
    assert iam.get_group(GroupName="devs")["Users"] == []


@pytest.mark.documented(API + "API_DeleteGroup.html")
def test_a_group_with_members_stays(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    iam.create_group(GroupName="devs")
    iam.create_user(UserName="bob")
    iam.add_user_to_group(GroupName="devs", UserName="bob")
    with pytest.raises(iam.exceptions.DeleteConflictException, match="must remove users from group first"):
        iam.delete_group(GroupName="devs")


@pytest.mark.documented(API + "API_DeleteGroup.html")
def test_an_empty_group_goes(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    iam.create_group(GroupName="devs")
    iam.delete_group(GroupName="devs")
    with pytest.raises(iam.exceptions.NoSuchEntityException, match=r"The group with name devs cannot be found."):
        iam.get_group(GroupName="devs")


@pytest.mark.documented(API + "API_UpdateGroup.html")
def test_a_renamed_group_keeps_its_members(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    iam.create_group(GroupName="devs")
    iam.create_user(UserName="bob")
    iam.add_user_to_group(GroupName="devs", UserName="bob")
    iam.update_group(GroupName="devs", NewGroupName="builders", NewPath="/x/")
    assert len(iam.get_group(GroupName="builders")["Users"]) == 1
    assert [group["Path"] for group in iam.list_groups(PathPrefix="/x/")["Groups"]] == ["/x/"]


@pytest.mark.documented(API + "API_PutGroupPolicy.html")
def test_a_group_keeps_inline_policies(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    iam.create_group(GroupName="devs")
    iam.put_group_policy(GroupName="devs", PolicyName="p", PolicyDocument=READ_QUEUES)
    policy = iam.get_group_policy(GroupName="devs", PolicyName="p")
    names = iam.list_group_policies(GroupName="devs")["PolicyNames"]
    iam.delete_group_policy(GroupName="devs", PolicyName="p")
    assert (policy["GroupName"], names) == ("devs", ["p"])
    assert iam.list_group_policies(GroupName="devs")["PolicyNames"] == []


@pytest.mark.documented(API + "API_AttachGroupPolicy.html")
def test_a_group_holds_managed_policies(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    arn = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    iam.create_group(GroupName="devs")
    iam.attach_group_policy(GroupName="devs", PolicyArn=arn)
    attached = iam.list_attached_group_policies(GroupName="devs")["AttachedPolicies"]
    iam.detach_group_policy(GroupName="devs", PolicyArn=arn)
    assert attached == [{"PolicyName": "ReadOnlyAccess", "PolicyArn": arn}]
    assert iam.list_attached_group_policies(GroupName="devs")["AttachedPolicies"] == []
