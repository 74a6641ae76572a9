"""GetAccountAuthorizationDetails: everything about who may do what."""

from __future__ import annotations

import json
from typing import Any

import pytest

from haar import Cloud

API = "https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountAuthorizationDetails.html"
DOCUMENT = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}]}
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
MANAGED = "arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess"


def furnished(cloud: Cloud) -> Any:
    """The IAM client of an account with one of everything."""
    iam = cloud.client("iam")
    text = json.dumps(DOCUMENT)
    iam.create_user(UserName="ann", Tags=[{"Key": "team", "Value": "red"}])
    iam.create_group(GroupName="staff")
    iam.create_role(RoleName="worker", AssumeRolePolicyDocument=json.dumps(TRUST))
    iam.create_policy(PolicyName="own", PolicyDocument=text)
    iam.add_user_to_group(GroupName="staff", UserName="ann")
    iam.put_user_policy(UserName="ann", PolicyName="inline", PolicyDocument=text)
    iam.attach_user_policy(UserName="ann", PolicyArn=MANAGED)
    iam.create_instance_profile(InstanceProfileName="box")
    iam.add_role_to_instance_profile(InstanceProfileName="box", RoleName="worker")
    return iam


@pytest.mark.documented(API)
def test_users_are_shown_with_groups_policies_and_tags(cloud: Cloud) -> None:
    (ann,) = furnished(cloud).get_account_authorization_details(Filter=["User"])["UserDetailList"]
    assert ann["GroupList"] == ["staff"]
    assert ann["UserPolicyList"] == [{"PolicyName": "inline", "PolicyDocument": DOCUMENT}]
    assert ann["AttachedManagedPolicies"] == [{"PolicyName": "AmazonSQSReadOnlyAccess", "PolicyArn": MANAGED}]
    assert ann["Tags"] == [{"Key": "team", "Value": "red"}]


@pytest.mark.documented(API)
def test_roles_are_shown_with_trust_and_instance_profiles(cloud: Cloud) -> None:
    (role,) = furnished(cloud).get_account_authorization_details(Filter=["Role"])["RoleDetailList"]
    assert role["AssumeRolePolicyDocument"] == TRUST
    assert [profile["InstanceProfileName"] for profile in role["InstanceProfileList"]] == ["box"]


@pytest.mark.documented(API)
def test_policies_are_shown_with_all_versions(cloud: Cloud) -> None:
    iam = furnished(cloud)
    arn = "arn:aws:iam::000000000000:policy/own"
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=json.dumps(DOCUMENT))
    (own,) = iam.get_account_authorization_details(Filter=["LocalManagedPolicy"])["Policies"]
    assert [version["VersionId"] for version in own["PolicyVersionList"]] == ["v2", "v1"]
    assert own["PolicyVersionList"][0]["Document"] == DOCUMENT


@pytest.mark.documented(API)
def test_policies_of_aws_are_shown_where_they_are_used(cloud: Cloud) -> None:
    found = furnished(cloud).get_account_authorization_details(Filter=["AWSManagedPolicy"])["Policies"]
    assert [policy["Arn"] for policy in found] == [MANAGED]


@pytest.mark.documented(API)
def test_pages_go_through_all_kinds_without_loss(cloud: Cloud) -> None:
    iam = furnished(cloud)
    names: list[str] = []
    for page in iam.get_paginator("get_account_authorization_details").paginate(PaginationConfig={"PageSize": 2}):
        names += [user["UserName"] for user in page["UserDetailList"]]
        names += [group["GroupName"] for group in page["GroupDetailList"]]
        names += [role["RoleName"] for role in page["RoleDetailList"]]
        names += [policy["PolicyName"] for policy in page["Policies"]]
    assert names == ["ann", "staff", "worker", "own", "AmazonSQSReadOnlyAccess"]
