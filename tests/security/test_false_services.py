"""Nobody becomes a service, or AWS, by a name of their own choosing."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from haar import Cloud
from tests.clients.people import allow, document

SCPS = "https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps.html"
pytestmark = pytest.mark.documented(SCPS)


def code(function: Any, **request: Any) -> str:
    try:
        function(**request)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return "done"


@pytest.fixture
def member(cloud: Cloud) -> str:
    """A member account whose organization forbids everything of SQS."""
    organizations = cloud.client("organizations")
    organizations.create_organization(FeatureSet="ALL")
    root = organizations.list_roots()["Roots"][0]["Id"]
    organizations.enable_policy_type(RootId=root, PolicyType="SERVICE_CONTROL_POLICY")
    organizations.create_account(Email="m@example.com", AccountName="m")
    cloud.advance(minutes=10)
    accounts = organizations.list_accounts()["Accounts"]
    account = next(one["Id"] for one in accounts if one["Id"] != "000000000000")
    text = document({"Effect": "Deny", "Action": "sqs:*", "Resource": "*"})
    policy = organizations.create_policy(
        Content=text, Description="-", Name="no-queues", Type="SERVICE_CONTROL_POLICY"
    )["Policy"]["PolicySummary"]["Id"]
    organizations.attach_policy(PolicyId=policy, TargetId=account)
    return str(account)


def keys(credentials: dict[str, Any]) -> dict[str, str]:
    return {
        "access_key": credentials["AccessKeyId"],
        "secret_key": credentials["SecretAccessKey"],
        "token": credentials["SessionToken"],
    }


def test_a_user_under_the_path_of_service_roles_is_still_under_its_organization(cloud: Cloud, member: str) -> None:
    iam = cloud.client("iam", access_key=member)
    iam.create_user(UserName="u", Path="/aws-service-role/sqs.amazonaws.com/")
    iam.put_user_policy(UserName="u", PolicyName="all", PolicyDocument=allow("*"))
    key = iam.create_access_key(UserName="u")["AccessKey"]
    sts = cloud.client("sts", access_key=key["AccessKeyId"], secret_key=key["SecretAccessKey"])
    session = keys(sts.get_session_token()["Credentials"])
    assert code(cloud.client("sqs", **session).create_queue, QueueName="q") == "AccessDenied"


def test_a_role_further_down_a_path_of_that_name_is_still_under_its_organization(cloud: Cloud, member: str) -> None:
    iam = cloud.client("iam", access_key=member)
    trust = document({"Effect": "Allow", "Principal": {"AWS": member}, "Action": "sts:AssumeRole"})
    role = iam.create_role(RoleName="r", Path="/x/aws-service-role/y/", AssumeRolePolicyDocument=trust)["Role"]
    iam.put_role_policy(RoleName="r", PolicyName="all", PolicyDocument=allow("*"))
    iam.create_user(UserName="u")
    iam.put_user_policy(UserName="u", PolicyName="all", PolicyDocument=allow("*"))
    key = iam.create_access_key(UserName="u")["AccessKey"]
    sts = cloud.client("sts", access_key=key["AccessKeyId"], secret_key=key["SecretAccessKey"])
    session = keys(sts.assume_role(RoleArn=role["Arn"], RoleSessionName="session")["Credentials"])
    assert code(cloud.client("sqs", **session).create_queue, QueueName="q") == "AccessDenied"


def test_a_role_cannot_be_made_under_the_path_of_service_roles(cloud: Cloud) -> None:
    trust = json.loads(document({"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}))
    iam = cloud.client("iam")
    request = {"RoleName": "r", "AssumeRolePolicyDocument": json.dumps(trust)}
    assert code(iam.create_role, Path="/aws-service-role/sqs.amazonaws.com/", **request) == "InvalidInput"
