"""Who may: queue policies, AddPermission, other accounts, nobody in particular."""

from __future__ import annotations

import json
from typing import Any

import pytest

API = "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/"
GUIDE = "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/"
ARN = "arn:aws:sqs:us-east-1:000000000000:jobs"
STRANGER = "111111111111"


@pytest.fixture
def stranger(cloud: Any) -> Any:
    """A client of another account's root user."""
    return cloud.client("sqs", access_key=STRANGER)


def share(sqs: Any, url: str, *actions: str, **statement: Any) -> None:
    """Give a queue a policy of one statement."""
    given = {
        "Effect": "Allow",
        "Principal": {"AWS": STRANGER},
        "Action": [f"sqs:{a}" for a in actions],
        "Resource": ARN,
    } | statement
    policy = {"Version": "2012-10-17", "Statement": [given]}
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(policy)})


def policy_of(sqs: Any, url: str) -> Any:
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"]).get("Attributes", {})
    return json.loads(found["Policy"]) if found else None


# -- the queue policy ------------------------------------------------------------------------------------------------


@pytest.mark.documented(GUIDE + "sqs-basic-examples-of-sqs-policies.html")
def test_another_account_may_not_send_without_a_policy(stranger: Any, queue: str, refused: Any) -> None:
    assert refused(stranger.send_message, QueueUrl=queue, MessageBody="x")[0] == "AccessDenied"


@pytest.mark.ours
def test_another_account_does_not_learn_whether_a_queue_exists(stranger: Any, queue: str, refused: Any) -> None:
    missing = queue.replace("jobs", "none")
    assert refused(stranger.send_message, QueueUrl=missing, MessageBody="x")[0] == "AccessDenied"
    assert refused(stranger.get_queue_url, QueueName="jobs", QueueOwnerAWSAccountId="000000000000")[0] == "AccessDenied"


@pytest.mark.documented(GUIDE + "sqs-basic-examples-of-sqs-policies.html")
def test_a_queue_policy_lets_another_account_in(sqs: Any, stranger: Any, queue: str, refused: Any) -> None:
    share(sqs, queue, "SendMessage")
    stranger.send_message(QueueUrl=queue, MessageBody="x")
    got = sqs.receive_message(QueueUrl=queue, AttributeNames=["SenderId"])["Messages"][0]
    assert got["Attributes"]["SenderId"] == STRANGER
    assert refused(stranger.receive_message, QueueUrl=queue)[0] == "AccessDenied"


@pytest.mark.documented(API + "API_GetQueueUrl.html")
def test_another_account_finds_the_url_with_the_owner(sqs: Any, stranger: Any, queue: str) -> None:
    share(sqs, queue, "GetQueueUrl")
    assert stranger.get_queue_url(QueueName="jobs", QueueOwnerAWSAccountId="000000000000")["QueueUrl"] == queue


@pytest.mark.documented(API + "API_SendMessageBatch.html")
def test_the_permission_to_send_is_also_one_to_send_batches(sqs: Any, stranger: Any, queue: str) -> None:
    share(sqs, queue, "SendMessage")
    assert (
        stranger.send_message_batch(QueueUrl=queue, Entries=[{"Id": "a", "MessageBody": "x"}])["Successful"][0]["Id"]
        == "a"
    )


@pytest.mark.documented(GUIDE + "sqs-api-permissions-reference.html")
def test_the_permission_to_delete_is_also_one_to_delete_batches(sqs: Any, stranger: Any, queue: str) -> None:
    share(sqs, queue, "ReceiveMessage", "DeleteMessage", "ChangeMessageVisibility")
    sqs.send_message(QueueUrl=queue, MessageBody="x")
    handle = stranger.receive_message(QueueUrl=queue)["Messages"][0]["ReceiptHandle"]
    entry = {"Id": "a", "ReceiptHandle": handle}
    assert "Successful" in stranger.change_message_visibility_batch(
        QueueUrl=queue, Entries=[entry | {"VisibilityTimeout": 60}]
    )
    assert "Successful" in stranger.delete_message_batch(QueueUrl=queue, Entries=[entry])


@pytest.mark.documented(GUIDE + "sqs-overview-of-managing-access.html")
def test_some_operations_stay_with_the_owner_whatever_the_policy_says(
    sqs: Any, stranger: Any, queue: str, refused: Any
) -> None:
    share(sqs, queue, "*")
    assert stranger.send_message(QueueUrl=queue, MessageBody="x")["MessageId"]
    assert refused(stranger.delete_queue, QueueUrl=queue)[0] == "AccessDenied"
    assert refused(stranger.tag_queue, QueueUrl=queue, Tags={"a": "b"})[0] == "AccessDenied"
    assert refused(stranger.set_queue_attributes, QueueUrl=queue, Attributes={"DelaySeconds": "1"})[0] == "AccessDenied"
    assert refused(stranger.start_message_move_task, SourceArn=ARN)[0] == "AccessDenied"


@pytest.mark.documented(GUIDE + "sqs-basic-examples-of-sqs-policies.html")
def test_a_policy_for_everybody_admits_unsigned_requests(cloud: Any, sqs: Any, queue: str, refused: Any) -> None:
    nobody = cloud.client("sqs", access_key=None)
    assert refused(nobody.send_message, QueueUrl=queue, MessageBody="x")[0] == "AccessDenied"
    share(sqs, queue, "SendMessage", Principal="*")
    assert nobody.send_message(QueueUrl=queue, MessageBody="x")["MessageId"]
    assert refused(nobody.receive_message, QueueUrl=queue)[0] == "AccessDenied"


@pytest.mark.documented(GUIDE + "sqs-basic-examples-of-sqs-policies.html")
def test_a_policy_can_ask_where_a_request_comes_from(cloud: Any, sqs: Any, queue: str, refused: Any) -> None:
    share(sqs, queue, "SendMessage", Condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}})
    near = cloud.client("sqs", access_key=STRANGER, source_ip="10.1.2.3")
    far = cloud.client("sqs", access_key=STRANGER, source_ip="192.0.2.1")
    assert near.send_message(QueueUrl=queue, MessageBody="x")["MessageId"]
    assert refused(far.send_message, QueueUrl=queue, MessageBody="x")[0] == "AccessDenied"


@pytest.mark.documented(API + "API_SetQueueAttributes.html")
@pytest.mark.parametrize("policy", ["[]", '{"Statement": [{"Effect": "Perhaps"}]}', '{"Version": "2012-10-17"}'])
def test_a_policy_that_is_none_is_refused(sqs: Any, queue: str, refused: Any, policy: str) -> None:
    code, message = refused(sqs.set_queue_attributes, QueueUrl=queue, Attributes={"Policy": policy})
    assert code == "InvalidAttributeValue"
    assert message.startswith("Invalid value for the parameter Policy.")


# -- AddPermission, RemovePermission ---------------------------------------------------------------------------------


@pytest.mark.documented(API + "API_AddPermission.html")
def test_a_permission_is_a_statement_of_the_policy(sqs: Any, stranger: Any, queue: str) -> None:
    sqs.add_permission(QueueUrl=queue, Label="send", AWSAccountIds=[STRANGER], Actions=["SendMessage"])
    assert policy_of(sqs, queue) == {
        "Version": "2008-10-17",
        "Id": f"{ARN}/SQSDefaultPolicy",
        "Statement": [
            {
                "Sid": "send",
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{STRANGER}:root"},
                "Action": "SQS:SendMessage",
                "Resource": ARN,
            }
        ],
    }
    assert stranger.send_message(QueueUrl=queue, MessageBody="x")["MessageId"]


@pytest.mark.documented(API + "API_RemovePermission.html")
def test_a_permission_is_removed_by_its_label(sqs: Any, stranger: Any, queue: str, refused: Any) -> None:
    sqs.add_permission(QueueUrl=queue, Label="one", AWSAccountIds=[STRANGER], Actions=["SendMessage"])
    sqs.add_permission(QueueUrl=queue, Label="two", AWSAccountIds=[STRANGER], Actions=["ReceiveMessage"])
    sqs.remove_permission(QueueUrl=queue, Label="one")
    assert [statement["Sid"] for statement in policy_of(sqs, queue)["Statement"]] == ["two"]
    sqs.remove_permission(QueueUrl=queue, Label="two")
    assert policy_of(sqs, queue) is None
    assert refused(stranger.receive_message, QueueUrl=queue)[0] == "AccessDenied"


@pytest.mark.documented(API + "API_RemovePermission.html")
def test_an_unknown_label_cannot_be_removed(sqs: Any, queue: str, refused: Any) -> None:
    assert refused(sqs.remove_permission, QueueUrl=queue, Label="none")[0] == "InvalidParameterValue"


@pytest.mark.documented(API + "API_AddPermission.html")
@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"Label": "taken"}, "InvalidParameterValue"),
        ({"Label": "a b"}, "InvalidParameterValue"),
        ({"Actions": ["DeleteQueue"]}, "InvalidParameterValue"),
        ({"AWSAccountIds": ["12"]}, "InvalidParameterValue"),
        ({"Actions": []}, "MissingParameter"),
        ({"AWSAccountIds": []}, "MissingParameter"),
        ({"Actions": ["SendMessage"] * 8}, "OverLimit"),
    ],
)
def test_a_permission_outside_the_rules_is_refused(
    sqs: Any, queue: str, refused: Any, wrong: dict[str, Any], code: str
) -> None:
    good = {"QueueUrl": queue, "Label": "new", "AWSAccountIds": [STRANGER], "Actions": ["SendMessage"]}
    sqs.add_permission(**good | {"Label": "taken"})
    assert refused(sqs.add_permission, **good | wrong)[0] == code


@pytest.mark.documented(GUIDE + "quotas-policies.html")
def test_a_policy_has_20_statements_at_most(sqs: Any, queue: str, refused: Any) -> None:
    good = {"QueueUrl": queue, "AWSAccountIds": [STRANGER], "Actions": ["SendMessage"]}
    assert len([sqs.add_permission(Label=f"l{n}", **good) for n in range(20)]) == 20
    assert refused(sqs.add_permission, Label="l20", **good)[0] == "OverLimit"


# -- the audit trail -------------------------------------------------------------------------------------------------


@pytest.mark.documented(GUIDE + "sqs-logging-using-cloudtrail.html")
def test_the_audit_trail_does_not_keep_what_a_message_says(cloud: Any, sqs: Any, queue: str) -> None:
    from haar.kit.audit import Event

    sqs.send_message(QueueUrl=queue, MessageBody="a secret")
    sqs.send_message_batch(QueueUrl=queue, Entries=[{"Id": "a", "MessageBody": "a secret"}])
    sqs.receive_message(QueueUrl=queue)
    with cloud.store.transaction(write=False) as tx:
        events = list(tx.range(Event))
    assert [event.operation for event in events if event.data] == ["SendMessage", "SendMessageBatch", "ReceiveMessage"]
    assert "a secret" not in repr(events)


# -- listing ---------------------------------------------------------------------------------------------------------


def lister(cloud: Any, resource: str) -> Any:
    """A client of a user who may list queues on a resource, and nothing else."""
    iam = cloud.client("iam")
    iam.create_user(UserName="lister")
    statement = {"Effect": "Allow", "Action": "sqs:ListQueues", "Resource": resource}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName="lister", PolicyName="listing", PolicyDocument=document)
    key = iam.create_access_key(UserName="lister")["AccessKey"]
    return cloud.client("sqs", access_key=key["AccessKeyId"], secret_key=key["SecretAccessKey"])


LISTING = GUIDE + "sqs-using-identity-based-policies.html"


@pytest.mark.documented(LISTING)
@pytest.mark.parametrize("resource", ["*", "arn:aws:sqs:*:*:*", "arn:aws:sqs:us-east-1:000000000000:*"])
def test_a_listing_is_allowed_on_all_queues(cloud: Any, resource: str) -> None:
    assert lister(cloud, resource).list_queues()["ResponseMetadata"]["HTTPStatusCode"] == 200


@pytest.mark.documented(LISTING)
@pytest.mark.parametrize("resource", [ARN, "arn:aws:sqs:eu-west-1:000000000000:*", "arn:aws:sqs:*:111111111111:*"])
def test_a_listing_is_not_allowed_by_less_than_all_queues(cloud: Any, resource: str, refused: Any) -> None:
    code, message = refused(lister(cloud, resource).list_queues)
    assert code == "AccessDenied"
    assert "on resource: arn:aws:sqs:us-east-1:000000000000: because" in message
