"""AssumeRoot: a member account's root user, for one task."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from haar import Cloud

API = "https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoot.html"
TASK = "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_root-user-privileged-task.html"
POLICY = "arn:aws:iam::aws:policy/root-task/"


def policy(effect: str, *actions: str, **more: Any) -> str:
    statement = {"Effect": effect, "Action": list(actions), "Resource": "*", **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def member(cloud: Cloud) -> str:
    """The number of a new member account."""
    organizations = cloud.client("organizations")
    organizations.create_organization(FeatureSet="ALL")
    status = organizations.create_account(Email="member@example.com", AccountName="member")["CreateAccountStatus"]
    cloud.advance(minutes=5)
    done = organizations.describe_create_account_status(CreateAccountRequestId=status["Id"])["CreateAccountStatus"]
    return str(done["AccountId"])


def administrator(cloud: Cloud, *allowed: str) -> Any:
    """An STS client of a user of the management account, in a region of its own."""
    iam = cloud.client("iam")
    iam.create_user(UserName="admin")
    document = policy("Allow", *(allowed or ("sts:AssumeRoot",)))
    iam.put_user_policy(UserName="admin", PolicyName="allowed", PolicyDocument=document)
    key = iam.create_access_key(UserName="admin")["AccessKey"]
    return cloud.client("sts", access_key=key["AccessKeyId"], secret_key=key["SecretAccessKey"], region="eu-west-1")


def enable(cloud: Cloud) -> None:
    cloud.client("organizations").enable_aws_service_access(ServicePrincipal="iam.amazonaws.com")
    cloud.client("iam").enable_organizations_root_sessions()


def session(reply: dict[str, Any]) -> dict[str, str]:
    given = reply["Credentials"]
    return {
        "access_key": given["AccessKeyId"], "secret_key": given["SecretAccessKey"], "token": given["SessionToken"],
    }  # fmt: skip


def refused(call: Any, **request: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        call(**request)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


@pytest.mark.documented(API)
def test_a_privileged_session_is_the_members_root_user_and_does_its_task_only(cloud: Cloud) -> None:
    account = member(cloud)
    enable(cloud)
    sts = administrator(cloud)
    task = {"arn": POLICY + "IAMAuditRootUserCredentials"}
    made = session(sts.assume_root(TargetPrincipal=account, TaskPolicyArn=task))
    assert cloud.client("sts", **made).get_caller_identity()["Arn"] == f"arn:aws:iam::{account}:root"
    iam = cloud.client("iam", **made)
    assert iam.list_access_keys()["AccessKeyMetadata"] == []
    assert refused(iam.create_user, UserName="mallory")[0] == "AccessDenied"


@pytest.mark.documented(TASK)
def test_a_queue_that_shuts_everybody_out_can_be_unlocked(cloud: Cloud) -> None:
    account = member(cloud)
    enable(cloud)
    sqs = cloud.client("sqs", access_key=account)
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    arn = f"arn:aws:sqs:us-east-1:{account}:q"
    statement = {"Effect": "Deny", "Principal": "*", "Action": "sqs:*", "Resource": arn}
    locked = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": locked})
    assert refused(sqs.set_queue_attributes, QueueUrl=url, Attributes={"Policy": ""})[0] == "AccessDenied"
    task = {"arn": POLICY + "SQSUnlockQueuePolicy"}
    made = session(administrator(cloud).assume_root(TargetPrincipal=account, TaskPolicyArn=task))
    cloud.client("sqs", **made).set_queue_attributes(QueueUrl=url, Attributes={"Policy": ""})
    assert sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"] == arn


@pytest.mark.documented(API)
def test_a_privileged_session_ends_after_fifteen_minutes(cloud: Cloud) -> None:
    account = member(cloud)
    enable(cloud)
    task = {"arn": POLICY + "IAMAuditRootUserCredentials"}
    made = session(administrator(cloud).assume_root(TargetPrincipal=account, TaskPolicyArn=task))
    cloud.advance(minutes=15)
    assert refused(cloud.client("sts", **made).get_caller_identity)[0] == "ExpiredToken"


@pytest.mark.documented(API)
def test_the_root_user_itself_cannot_assume_root(cloud: Cloud) -> None:
    account = member(cloud)
    enable(cloud)
    asked = cloud.client("sts").assume_root
    task = {"arn": POLICY + "IAMAuditRootUserCredentials"}
    assert refused(asked, TargetPrincipal=account, TaskPolicyArn=task)[0] == "AccessDenied"


@pytest.mark.documented(API)
def test_without_the_permission_nobody_assumes_root(cloud: Cloud) -> None:
    account = member(cloud)
    enable(cloud)
    task = {"arn": POLICY + "IAMAuditRootUserCredentials"}
    code, message = refused(administrator(cloud, "sqs:*").assume_root, TargetPrincipal=account, TaskPolicyArn=task)
    assert code == "AccessDenied"
    assert "sts:AssumeRoot" in message


@pytest.mark.documented(API)
def test_root_sessions_have_to_be_switched_on(cloud: Cloud) -> None:
    account = member(cloud)
    task = {"arn": POLICY + "IAMAuditRootUserCredentials"}
    assert refused(administrator(cloud).assume_root, TargetPrincipal=account, TaskPolicyArn=task)[0] == "AccessDenied"


@pytest.mark.documented(API)
def test_a_stranger_is_no_member(cloud: Cloud) -> None:
    member(cloud)
    enable(cloud)
    task = {"arn": POLICY + "IAMAuditRootUserCredentials"}
    asked = administrator(cloud).assume_root
    assert refused(asked, TargetPrincipal="111122223333", TaskPolicyArn=task)[0] == "AccessDenied"


@pytest.mark.documented(API)
def test_only_the_five_task_policies_will_do(cloud: Cloud) -> None:
    account = member(cloud)
    enable(cloud)
    task = {"arn": "arn:aws:iam::aws:policy/AdministratorAccess"}
    asked = administrator(cloud).assume_root
    assert refused(asked, TargetPrincipal=account, TaskPolicyArn=task)[0] == "ValidationError"
