"""The global condition keys that a real request carries, and those it cannot carry."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from haar import Cloud

KEYS = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html"
pytestmark = pytest.mark.documented(KEYS)

HOLD = [
    {"StringEquals": {"aws:username": "kim"}},
    {"StringLike": {"aws:userid": "AIDA*"}},
    {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:user/kim"}},
    {"StringEquals": {"aws:PrincipalAccount": "000000000000"}},
    {"StringEquals": {"aws:PrincipalType": "User"}},
    {"StringEquals": {"aws:PrincipalTag/team": "blue"}},
    {"Bool": {"aws:PrincipalIsAWSService": "false"}},
    {"Bool": {"aws:ViaAWSService": "false"}},
    {"IpAddress": {"aws:SourceIp": "10.1.0.0/16"}},
    {"Bool": {"aws:SecureTransport": "false"}},
    {"StringLike": {"aws:UserAgent": "*Boto3*"}},
    {"StringEquals": {"aws:Referer": "http://example.com/page"}},
    {"StringEquals": {"aws:RequestedRegion": "us-east-1"}},
    {"StringEquals": {"aws:ResourceAccount": "000000000000"}},
    {"DateGreaterThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}},
    {"NumericGreaterThan": {"aws:EpochTime": "1577836800"}},
]
#: Not in the request of a user who signs with a key of their own, in no organization, from no VPC.
ABSENT = [
    "aws:SourceArn", "aws:SourceAccount", "aws:SourceOrgID", "aws:SourceVpc", "aws:SourceVpce", "aws:VpcSourceIp",
    "aws:PrincipalOrgID", "aws:PrincipalOrgPaths", "aws:ResourceOrgID", "aws:CalledVia", "aws:TagKeys",
    "aws:MultiFactorAuthPresent", "aws:MultiFactorAuthAge", "aws:TokenIssueTime", "aws:FederatedProvider",
    "aws:SourceIdentity", "aws:PrincipalServiceName", "aws:AssumedRoot",
]  # fmt: skip


def lists_users(cloud: Cloud, condition: dict[str, Any]) -> bool:
    """Whether Kim, who may list users under a condition, may do it now."""
    iam = cloud.client("iam")
    iam.create_user(UserName="kim", Tags=[{"Key": "team", "Value": "blue"}])
    key = iam.create_access_key(UserName="kim")["AccessKey"]
    statement = {"Effect": "Allow", "Action": "iam:ListUsers", "Resource": "*", "Condition": condition}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName="kim", PolicyName="p", PolicyDocument=document)
    kim = cloud.client("iam", access_key=key["AccessKeyId"], secret_key=key["SecretAccessKey"], source_ip="10.1.2.3")
    kim.meta.events.register_first(
        "before-sign.iam.*", lambda request, **_: request.headers.add_header("Referer", "http://example.com/page")
    )
    try:
        kim.list_users()
    except ClientError as error:
        if error.response["Error"]["Code"] != "AccessDenied":
            raise
        return False
    return True


@pytest.mark.parametrize("condition", HOLD, ids=lambda condition: next(iter(next(iter(condition.values())))))
def test_a_key_of_the_request_decides(cloud: Cloud, condition: dict[str, Any]) -> None:
    assert lists_users(cloud, condition)


@pytest.mark.parametrize("name", ABSENT)
def test_a_key_that_the_request_has_not_is_null(cloud: Cloud, name: str) -> None:
    assert lists_users(cloud, {"Null": {name: "true"}})


@pytest.mark.parametrize("name", ["aws:SourceVpce", "aws:SourceArn", "aws:PrincipalOrgID"])
def test_a_key_that_the_request_has_not_equals_nothing(cloud: Cloud, name: str) -> None:
    assert not lists_users(cloud, {"StringLike": {name: "*"}})
