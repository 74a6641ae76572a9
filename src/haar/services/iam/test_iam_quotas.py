"""How much an account may have: the quotas in force are the account's own where it was given some."""

from __future__ import annotations

import pytest

from haar import Cloud
from haar.kit.quota import QuotaValue

QUOTAS = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"
POLICY = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sqs:Get*","Resource":"*"}]}'
TRUST = (
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},'
    '"Action":"sts:AssumeRole"}]}'
)


def grant(cloud: Cloud, code: str, value: float) -> None:
    """Give the account another value of a quota."""
    with cloud.store.transaction() as tx:
        tx.put(QuotaValue(account="000000000000", region="", service="iam", code=code, value=value))


@pytest.mark.documented(QUOTAS)
def test_the_number_of_users_is_limited(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    grant(cloud, "L-F55AF5E4", 1)
    iam.create_user(UserName="ann")
    with pytest.raises(iam.exceptions.LimitExceededException, match="Cannot exceed quota for UsersPerAccount: 1"):
        iam.create_user(UserName="bob")


@pytest.mark.documented(QUOTAS)
def test_the_number_of_groups_is_limited(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    grant(cloud, "L-F4A5425F", 1)
    iam.create_group(GroupName="devs")
    with pytest.raises(iam.exceptions.LimitExceededException, match="Cannot exceed quota for GroupsPerAccount: 1"):
        iam.create_group(GroupName="ops")


@pytest.mark.documented(QUOTAS)
def test_the_number_of_roles_is_limited(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    grant(cloud, "L-FE177D64", 1)
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=TRUST)
    with pytest.raises(iam.exceptions.LimitExceededException, match="Cannot exceed quota for RolesPerAccount: 1"):
        iam.create_role(RoleName="s", AssumeRolePolicyDocument=TRUST)


@pytest.mark.documented(QUOTAS)
def test_the_number_of_policies_is_limited(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    grant(cloud, "L-E95E4862", 1)
    iam.create_policy(PolicyName="p", PolicyDocument=POLICY)
    with pytest.raises(iam.exceptions.LimitExceededException, match="Cannot exceed quota for PoliciesPerAccount: 1"):
        iam.create_policy(PolicyName="q", PolicyDocument=POLICY)


@pytest.mark.documented(QUOTAS)
def test_the_number_of_instance_profiles_is_limited(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    grant(cloud, "L-6E65F664", 1)
    iam.create_instance_profile(InstanceProfileName="p")
    message = "Cannot exceed quota for InstanceProfilesPerAccount: 1"
    with pytest.raises(iam.exceptions.LimitExceededException, match=message):
        iam.create_instance_profile(InstanceProfileName="q")


@pytest.mark.documented(QUOTAS)
def test_a_raised_quota_lets_more_policies_be_attached(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    grant(cloud, "L-4019AD8B", 11)
    iam.create_user(UserName="bob")
    arns = [policy["Arn"] for policy in iam.list_policies(Scope="AWS")["Policies"][:11]]
    [iam.attach_user_policy(UserName="bob", PolicyArn=arn) for arn in arns]
    assert len(iam.list_attached_user_policies(UserName="bob")["AttachedPolicies"]) == 11


@pytest.mark.fact("ARN-001")
def test_an_arn_has_six_parts(cloud: Cloud) -> None:
    profile = cloud.client("iam").create_instance_profile(InstanceProfileName="p")["InstanceProfile"]["Arn"]
    sqs = cloud.client("sqs", region="eu-west-1")
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    queue = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    assert profile.split(":") == ["arn", "aws", "iam", "", "000000000000", "instance-profile/p"]
    assert queue.split(":") == ["arn", "aws", "sqs", "eu-west-1", "000000000000", "q"]
