"""boto3 as people use it: sessions, paginators, waiters, retries, over a real port."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.clients.people import allow, document, user
from tests.clients.process import Haar

pytestmark = pytest.mark.ours


def session(haar: Haar, account: str, monkeypatch: pytest.MonkeyPatch) -> boto3.session.Session:
    """A session configured by the environment alone, as the start message says; it is the account's root user."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", haar.url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", account)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    monkeypatch.delenv("AWS_SESSION_TOKEN", raising=False)
    return boto3.session.Session()


def test_the_environment_is_all_a_session_needs(haar: Haar, monkeypatch: pytest.MonkeyPatch) -> None:
    aws = session(haar, "111111111111", monkeypatch)
    assert aws.client("sts").get_caller_identity()["Arn"] == "arn:aws:iam::111111111111:root"


def test_a_twelve_digit_key_is_an_account_of_its_own(haar: Haar, monkeypatch: pytest.MonkeyPatch) -> None:
    session(haar, "222222222222", monkeypatch).client("iam").create_user(UserName="alice")
    other = session(haar, "333333333333", monkeypatch)
    assert other.client("iam").list_users()["Users"] == []


def test_resources_wrap_the_same_calls(haar: Haar, monkeypatch: pytest.MonkeyPatch) -> None:
    sqs = session(haar, "111111111112", monkeypatch).resource("sqs")
    queue = sqs.create_queue(QueueName="jobs")
    queue.send_message(MessageBody="hello", MessageAttributes={"n": {"DataType": "Number", "StringValue": "7"}})
    message = queue.receive_messages(MessageAttributeNames=["All"])[0]
    assert (message.body, message.message_attributes["n"]["StringValue"]) == ("hello", "7")
    message.delete()
    assert queue.receive_messages() == []


def test_a_queue_lives_in_its_region(haar: Haar, monkeypatch: pytest.MonkeyPatch) -> None:
    aws = session(haar, "111111111113", monkeypatch)
    aws.client("sqs").create_queue(QueueName="here")
    assert "QueueUrls" not in aws.client("sqs", region_name="us-west-2").list_queues()


def test_a_paginator_walks_all_pages(haar: Haar, monkeypatch: pytest.MonkeyPatch) -> None:
    iam = session(haar, "111111111114", monkeypatch).client("iam")
    names = [f"user-{number:02}" for number in range(23)]
    assert [iam.create_user(UserName=name)["User"]["UserName"] for name in names] == names
    pages = list(iam.get_paginator("list_users").paginate(PaginationConfig={"PageSize": 10}))
    assert [len(page["Users"]) for page in pages] == [10, 10, 3]
    assert [person["UserName"] for page in pages for person in page["Users"]] == names


def test_a_waiter_sees_what_it_waits_for(haar: Haar, monkeypatch: pytest.MonkeyPatch) -> None:
    iam = session(haar, "111111111115", monkeypatch).client("iam")
    iam.create_user(UserName="alice")
    iam.get_waiter("user_exists").wait(UserName="alice", WaiterConfig={"Delay": 0, "MaxAttempts": 1})
    policy = iam.create_policy(PolicyName="p", PolicyDocument=allow("sqs:*"))["Policy"]["Arn"]
    iam.get_waiter("policy_exists").wait(PolicyArn=policy, WaiterConfig={"Delay": 0, "MaxAttempts": 1})


def test_a_retried_request_is_answered_like_a_first_one(haar: Haar, monkeypatch: pytest.MonkeyPatch) -> None:
    client = session(haar, "111111111116", monkeypatch).client(
        "sqs", config=Config(retries={"mode": "standard", "total_max_attempts": 3})
    )
    tries: list[Any] = []

    def lose_the_first_answer(response: Any, **_: Any) -> int | None:
        tries.append(response)
        return 0 if len(tries) == 1 else None

    client.meta.events.register_first("needs-retry.sqs.CreateQueue", lose_the_first_answer)
    first = client.create_queue(QueueName="q")
    assert len(tries) == 2
    assert client.list_queues()["QueueUrls"] == [first["QueueUrl"]]


def test_an_error_is_the_modelled_exception(haar: Haar, monkeypatch: pytest.MonkeyPatch) -> None:
    aws = session(haar, "111111111117", monkeypatch)
    iam, sqs = aws.client("iam"), aws.client("sqs")
    with pytest.raises(iam.exceptions.NoSuchEntityException, match="The user with name nobody cannot be found"):
        iam.get_user(UserName="nobody")
    with pytest.raises(sqs.exceptions.QueueDoesNotExist) as caught:
        sqs.get_queue_url(QueueName="nothing")
    assert caught.value.response["Error"]["QueryErrorCode"] == "QueueDoesNotExist"


def test_users_do_what_their_policies_say(haar: Haar, monkeypatch: pytest.MonkeyPatch) -> None:
    root = session(haar, "111111111118", monkeypatch)
    keys = user(root.client("iam"), "alice", allow("sqs:CreateQueue", "sqs:SendMessage"))
    sqs = haar.client("sqs", **keys._asdict())
    queue = sqs.create_queue(QueueName="q")["QueueUrl"]
    sqs.send_message(QueueUrl=queue, MessageBody="hello")
    with pytest.raises(ClientError, match="no identity-based policy allows the sqs:") as caught:
        sqs.receive_message(QueueUrl=queue)
    assert caught.value.response["Error"]["Code"] == "AccessDenied"


def test_a_role_is_assumed_and_its_session_policy_narrows_it(haar: Haar, monkeypatch: pytest.MonkeyPatch) -> None:
    root = session(haar, "111111111119", monkeypatch)
    iam = root.client("iam")
    keys = user(iam, "alice", allow("sts:AssumeRole"))
    trust = document({"Effect": "Allow", "Principal": {"AWS": "111111111119"}, "Action": "sts:AssumeRole"})
    role = iam.create_role(RoleName="worker", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    iam.put_role_policy(RoleName="worker", PolicyName="own", PolicyDocument=allow("sqs:*"))
    sts = haar.client("sts", **keys._asdict())
    made = sts.assume_role(RoleArn=role, RoleSessionName="session", Policy=allow("sqs:CreateQueue"))["Credentials"]
    sqs = haar.client(
        "sqs", access_key=made["AccessKeyId"], secret_key=made["SecretAccessKey"], token=made["SessionToken"]
    )
    queue = sqs.create_queue(QueueName="q")["QueueUrl"]
    with pytest.raises(ClientError, match="no session policy allows the sqs:"):
        sqs.send_message(QueueUrl=queue, MessageBody="hello")


def test_the_event_history_tells_who_did_what(haar: Haar, monkeypatch: pytest.MonkeyPatch) -> None:
    root = session(haar, "111111111120", monkeypatch)
    keys = user(root.client("iam"), "alice")
    with pytest.raises(ClientError, match="AccessDenied"):
        haar.client("iam", **keys._asdict()).create_group(GroupName="g")
    trail = root.client("cloudtrail", region_name="us-east-1")
    asked = [{"AttributeKey": "EventName", "AttributeValue": "CreateGroup"}]
    event = json.loads(trail.lookup_events(LookupAttributes=asked)["Events"][0]["CloudTrailEvent"])
    assert (event["userIdentity"]["userName"], event["errorCode"]) == ("alice", "AccessDenied")


def test_an_anonymous_client_may_not(haar: Haar) -> None:
    with pytest.raises(ClientError, match="MissingAuthenticationToken"):
        haar.client("iam", access_key=None).list_users()
