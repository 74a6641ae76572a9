"""The simulator and the door decide alike: random policies, asked of both."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from botocore.exceptions import ClientError

from haar import Cloud

SIMULATOR = "https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html"
QUEUE = "arn:aws:sqs:us-east-1:000000000000:q"
KIM = "arn:aws:iam::000000000000:user/team/kim"
ACTIONS = ["*", "iam:*", "sqs:*", "iam:List*", "sqs:SendMessage", "IAM:listusers", "iam:Get?ser", "sqs:Get*"]
RESOURCES = [
    "*",
    QUEUE,
    "arn:aws:sqs:*:*:q",
    "arn:aws:iam::*:user/team/${aws:username}",
    "arn:aws:iam::000000000000:user/*",
    "arn:aws:sqs:us-east-1:000000000000:${aws:username}",
]
CONDITIONS: list[dict[str, Any]] = [
    {},
    {"StringEquals": {"aws:username": "kim"}},
    {"StringLike": {"aws:PrincipalArn": "*/kim"}},
    {"StringEquals": {"aws:PrincipalTag/team": "blue"}},
    {"StringEquals": {"aws:PrincipalTag/team": "red"}},
    {"DateLessThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}},
    {"Null": {"aws:TokenIssueTime": "true"}},
    {"BoolIfExists": {"aws:MultiFactorAuthPresent": "true"}},
    {"StringEquals": {"aws:PrincipalType": "User"}},
    {"StringNotEquals": {"aws:userid": "x"}},
    {"Bool": {"aws:ViaAWSService": "false"}},
    {"NumericGreaterThan": {"aws:EpochTime": "5"}},
]


def policy(rng: random.Random, most: int) -> str:
    """A random document of a few statements."""
    statements = []
    for _ in range(rng.randint(1, most)):
        statement: dict[str, Any] = {"Effect": rng.choice(["Allow", "Allow", "Allow", "Deny"])}
        statement[rng.choice(["Action", "Action", "Action", "NotAction"])] = rng.choice(ACTIONS)
        statement[rng.choice(["Resource", "Resource", "Resource", "NotResource"])] = rng.choice(RESOURCES)
        condition = rng.choice(CONDITIONS)
        statements.append({**statement, "Condition": condition} if condition else statement)
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def goes_through(call: Any, **request: Any) -> bool:
    """Whether the door lets a call in."""
    try:
        call(**request)
    except ClientError as error:
        if error.response["Error"]["Code"] != "AccessDenied":
            raise
        return False
    return True


@pytest.mark.documented(SIMULATOR)
@pytest.mark.parametrize("seed", range(20))
def test_what_the_simulator_says_is_what_the_door_does(cloud: Cloud, seed: int) -> None:
    rng = random.Random(seed)
    iam = cloud.client("iam")
    url = cloud.client("sqs").create_queue(QueueName="q")["QueueUrl"]
    iam.create_user(UserName="kim", Path="/team/", Tags=[{"Key": "team", "Value": "blue"}])
    iam.create_group(GroupName="friends")
    iam.add_user_to_group(GroupName="friends", UserName="kim")
    iam.put_user_policy(UserName="kim", PolicyName="p", PolicyDocument=policy(rng, 3))
    iam.put_group_policy(GroupName="friends", PolicyName="p", PolicyDocument=policy(rng, 2))
    boundary = iam.create_policy(PolicyName="edge", PolicyDocument=policy(rng, 3))["Policy"]["Arn"]
    if seed % 2:
        iam.put_user_permissions_boundary(UserName="kim", PermissionsBoundary=boundary)
    key = iam.create_access_key(UserName="kim")["AccessKey"]
    pair = {"access_key": key["AccessKeyId"], "secret_key": key["SecretAccessKey"]}
    as_kim, queue = cloud.client("iam", **pair), cloud.client("sqs", **pair)
    asked = {
        ("iam:ListUsers", "arn:aws:iam::000000000000:user/"): goes_through(as_kim.list_users),
        ("iam:GetUser", KIM): goes_through(as_kim.get_user, UserName="kim"),
        ("iam:ListUserTags", KIM): goes_through(as_kim.list_user_tags, UserName="kim"),
        ("sqs:SendMessage", QUEUE): goes_through(queue.send_message, QueueUrl=url, MessageBody="x"),
        ("sqs:GetQueueAttributes", QUEUE): goes_through(queue.get_queue_attributes, QueueUrl=url),
    }
    simulated = {
        (action, resource): iam.simulate_principal_policy(
            PolicySourceArn=KIM, ActionNames=[action], ResourceArns=[resource]
        )["EvaluationResults"][0]["EvalDecision"]
        == "allowed"
        for action, resource in asked
    }
    assert simulated == asked
