"""`--iam=enforce|audit|off`: the same denial is a refusal, a note, or nothing; and it can be explained afterwards."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from botocore.exceptions import ClientError

from haar import Cloud
from tests.clients.people import Keys, allow, document, user
from tests.clients.process import Haar

pytestmark = pytest.mark.ours


def create_queue(haar: Haar, keys: Keys) -> str:
    """Have a user make a queue; the request's id, whether it was refused or not."""
    try:
        reply: Any = haar.client("sqs", **keys._asdict()).create_queue(QueueName="q")
    except ClientError as error:
        reply = error.response
        assert reply["Error"]["Code"] == "AccessDenied"
    request_id: str = reply["ResponseMetadata"]["RequestId"]
    return request_id


@pytest.mark.parametrize(
    ("mode", "made", "noted"), [("enforce", False, True), ("audit", True, True), ("off", True, False)]
)
def test_a_denial_is_enforced_noted_or_not_looked_for(mode: str, made: bool, noted: bool) -> None:
    with Haar("--ephemeral", f"--iam={mode}") as haar:
        request_id = create_queue(haar, user(haar.client("iam"), "alice"))
        assert bool(haar.client("sqs").list_queues().get("QueueUrls")) is made
        assert haar.control("GET", f"explain/{request_id}")["denied"] is noted


@pytest.mark.parametrize("mode", ["audit", "off"])
def test_signatures_are_checked_in_every_mode(mode: str) -> None:
    with Cloud(iam=mode) as cloud, pytest.raises(ClientError, match="SignatureDoesNotMatch"):
        cloud.client("iam", secret_key="wrong").list_users()


def test_a_denial_is_explained_by_its_request_id() -> None:
    with Haar("--ephemeral") as haar:
        deny = document(
            {"Effect": "Allow", "Action": "*", "Resource": "*"},
            {"Sid": "NoQueues", "Effect": "Deny", "Action": "sqs:CreateQueue", "Resource": "*"},
        )
        request_id = create_queue(haar, user(haar.client("iam"), "alice", deny))
        told = haar.command("explain", "deny", request_id)
        assert told.returncode == 0, told.stderr
        assert "arn:aws:iam::000000000000:user/alice" in told.stdout
        assert "NoQueues" in told.stdout
        again = json.loads(haar.command("explain", "deny", request_id, "--json").stdout)
        assert again["decision"]["explicitDeny"] is True


def test_a_request_that_was_never_made_has_no_explanation() -> None:
    with Haar("--ephemeral") as haar:
        told = haar.command("explain", "deny", "01a20739-2a6e-79c7-8c0a-62cd4366c04a")
        assert told.returncode == 1
        assert "No call is on record" in told.stderr


@pytest.mark.documented("https://docs.aws.amazon.com/STS/latest/APIReference/API_DecodeAuthorizationMessage.html")
def test_an_encoded_denial_is_decoded_for_who_may(cloud: Cloud) -> None:
    keys = user(cloud.client("iam"), "alice", allow("ec2:DescribeSubnets"))
    with pytest.raises(ClientError, match="UnauthorizedOperation") as caught:
        cloud.client("ec2", **keys._asdict()).describe_vpcs()
    encoded = re.search(r"Encoded authorization failure message: (\S+)", caught.value.response["Error"]["Message"])
    assert encoded is not None
    decoded = json.loads(cloud.client("sts").decode_authorization_message(EncodedMessage=encoded[1])["DecodedMessage"])
    assert decoded["allowed"] is False
    assert decoded["explicitDeny"] is False
    assert decoded["context"]["action"] == "ec2:DescribeVpcs"
    assert decoded["context"]["principal"]["arn"] == "arn:aws:iam::000000000000:user/alice"
    with pytest.raises(ClientError, match="AccessDenied"):
        cloud.client("sts", **keys._asdict()).decode_authorization_message(EncodedMessage=encoded[1])


@pytest.mark.documented(
    "https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html"
)
def test_a_denied_call_stands_in_the_event_history_with_its_error(cloud: Cloud) -> None:
    keys = user(cloud.client("iam"), "alice")
    with pytest.raises(ClientError) as caught:
        cloud.client("iam", **keys._asdict()).create_group(GroupName="g")
    asked = [{"AttributeKey": "Username", "AttributeValue": "alice"}]
    events = cloud.client("cloudtrail").lookup_events(LookupAttributes=asked)["Events"]
    event = json.loads(next(each for each in events if each["EventName"] == "CreateGroup")["CloudTrailEvent"])
    assert event["errorCode"] == "AccessDenied"
    assert event["errorMessage"] == caught.value.response["Error"]["Message"]
    assert event["requestID"] == caught.value.response["ResponseMetadata"]["RequestId"]


# --- anonymous -------------------------------------------------------------------------


@pytest.mark.documented("https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html")
def test_what_needs_no_signature_is_judged_by_what_it_brings(cloud: Cloud) -> None:
    sts = cloud.client("sts", access_key=None)
    with pytest.raises(ClientError, match="InvalidIdentityToken"):
        sts.assume_role_with_web_identity(
            RoleArn="arn:aws:iam::000000000000:role/worker", RoleSessionName="session", WebIdentityToken="not.a.token"
        )


@pytest.mark.documented(
    "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-basic-examples-of-sqs-policies.html"
)
def test_a_queue_open_to_everybody_takes_messages_from_nobody_in_particular(cloud: Cloud) -> None:
    sqs = cloud.client("sqs")
    queue = sqs.create_queue(QueueName="open")["QueueUrl"]
    policy = document(
        {
            "Effect": "Allow",
            "Principal": "*",
            "Action": "sqs:SendMessage",
            "Resource": "arn:aws:sqs:us-east-1:000000000000:open",
        }
    )
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": policy})
    nobody = cloud.client("sqs", access_key=None, endpoint_url="http://sqs.us-east-1.amazonaws.com")
    nobody.send_message(QueueUrl=queue, MessageBody="hello")
    assert sqs.receive_message(QueueUrl=queue)["Messages"][0]["Body"] == "hello"
    with pytest.raises(ClientError, match="AccessDenied"):
        nobody.purge_queue(QueueUrl=queue)
