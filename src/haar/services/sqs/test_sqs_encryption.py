"""Queues with a KMS key: what lies in the store, who needs which permission, what a reuse period covers."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from haar.kit import Call, Origin, Principal
from haar.kit.audit import Event
from haar.record import encode
from haar.services.sqs import encryption
from haar.services.sqs.resources import DataKey, FifoMessage, FreshMessage, Message, Opened

if TYPE_CHECKING:
    from haar import Cloud

GUIDE = "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/"
SSE = GUIDE + "sqs-server-side-encryption.html"
KEYS = GUIDE + "sqs-key-management.html"
ARN = "arn:aws:sqs:us-east-1:000000000000:"
ACCOUNT = "000000000000"
SECRET = "the launch is on tuesday"
NOTE = {"note": {"DataType": "String", "StringValue": "confidential"}}
TO_SEND = ("kms:GenerateDataKey", "kms:Decrypt")


@pytest.fixture
def kms(cloud: Cloud) -> Any:
    """A KMS client of the root user."""
    return cloud.client("kms")


@pytest.fixture
def key(kms: Any) -> str:
    """The id of a symmetric key."""
    made: str = kms.create_key()["KeyMetadata"]["KeyId"]
    return made


@pytest.fixture
def vault(sqs: Any, key: str) -> str:
    """The URL of a queue whose messages are encrypted with the key."""
    url: str = sqs.create_queue(QueueName="vault", Attributes={"KmsMasterKeyId": key})["QueueUrl"]
    return url


@pytest.fixture
def user(cloud: Cloud) -> Callable[..., Any]:
    """An SQS client of a new user, who may do everything in SQS and these actions besides."""
    iam = cloud.client("iam")

    def made(name: str, *actions: str, **statement: Any) -> Any:
        iam.create_user(UserName=name)
        allowed: list[dict[str, Any]] = [{"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}]
        if actions:
            allowed.append({"Effect": "Allow", "Action": list(actions), "Resource": "*"} | statement)
        document = json.dumps({"Version": "2012-10-17", "Statement": allowed})
        iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=document)
        pair = iam.create_access_key(UserName=name)["AccessKey"]
        return cloud.client("sqs", access_key=pair["AccessKeyId"], secret_key=pair["SecretAccessKey"])

    return made


def rows(cloud: Cloud, *kinds: Any) -> list[Any]:
    with cloud.store.transaction(write=False) as tx:
        return [row for kind in kinds for row in tx.range(kind)]


def asked(cloud: Cloud) -> list[str]:
    """The operations of KMS that were used to encrypt and decrypt, in order."""
    uses = [row for row in rows(cloud, Event) if row.operation in ("GenerateDataKey", "Decrypt")]
    return [row.operation for row in sorted(uses, key=lambda row: row.at)]


def bodies(sqs: Any, url: str) -> list[str]:
    found = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0).get("Messages", [])
    return [message["Body"] for message in found]


# -- what is kept --------------------------------------------------------------------------------------------------


@pytest.mark.documented(SSE)
def test_the_contents_of_a_message_are_not_in_the_store(cloud: Cloud, sqs: Any, vault: str) -> None:
    sqs.send_message(QueueUrl=vault, MessageBody=SECRET, MessageAttributes=NOTE)
    (row,) = rows(cloud, FreshMessage)
    kept = encode(row)
    assert SECRET.encode() not in kept
    assert b"confidential" not in kept
    assert row.md5 == row.body == ""


@pytest.mark.documented(SSE)
def test_the_contents_of_a_message_in_flight_are_not_in_the_store(cloud: Cloud, sqs: Any, vault: str) -> None:
    sqs.send_message(QueueUrl=vault, MessageBody=SECRET)
    sqs.receive_message(QueueUrl=vault)
    (row,) = rows(cloud, Message)
    assert SECRET.encode() not in encode(row)


@pytest.mark.documented(SSE)
def test_the_data_key_itself_is_in_no_row(cloud: Cloud, sqs: Any, kms: Any, vault: str) -> None:
    sqs.send_message(QueueUrl=vault, MessageBody=SECRET)
    (held,) = rows(cloud, DataKey)
    opened = kms.decrypt(CiphertextBlob=held.wrapped, EncryptionContext={"aws:sqs:arn": ARN + "vault"})
    kept = b"".join(encode(row) for row in rows(cloud, DataKey, Opened, FreshMessage, Event))
    assert len(opened["Plaintext"]) == 32
    assert opened["Plaintext"] not in kept


@pytest.mark.documented(SSE)
def test_a_message_is_received_as_it_was_sent(sqs: Any, vault: str) -> None:
    binary = {"raw": {"DataType": "Binary", "BinaryValue": b"\x00\xff"}}
    sent = sqs.send_message(QueueUrl=vault, MessageBody=SECRET, MessageAttributes=NOTE | binary)
    (got,) = sqs.receive_message(QueueUrl=vault, MessageAttributeNames=["All"])["Messages"]
    assert got["Body"] == SECRET
    assert got["MessageAttributes"]["note"]["StringValue"] == "confidential"
    assert got["MessageAttributes"]["raw"]["BinaryValue"] == b"\x00\xff"
    assert got["MD5OfMessageAttributes"] == sent["MD5OfMessageAttributes"]
    assert got["MD5OfBody"] == sent["MD5OfMessageBody"]


@pytest.mark.documented(SSE)
def test_what_sqs_needs_to_know_of_a_message_stays_readable(sqs: Any, vault: str) -> None:
    sqs.send_message(QueueUrl=vault, MessageBody=SECRET, MessageGroupId="tenant")
    (got,) = sqs.receive_message(QueueUrl=vault, MessageSystemAttributeNames=["All"])["Messages"]
    assert got["Attributes"]["MessageGroupId"] == "tenant"
    assert got["Attributes"]["SenderId"] == ACCOUNT


@pytest.mark.documented(SSE)
def test_a_fifo_queue_is_encrypted_too(cloud: Cloud, sqs: Any, key: str) -> None:
    given = {"FifoQueue": "true", "KmsMasterKeyId": key}
    url = sqs.create_queue(QueueName="vault.fifo", Attributes=given)["QueueUrl"]
    once = {"QueueUrl": url, "MessageBody": SECRET, "MessageGroupId": "g", "MessageDeduplicationId": "1"}
    assert sqs.send_message(**once)["MessageId"] == sqs.send_message(**once)["MessageId"]
    (row,) = rows(cloud, FifoMessage)
    assert SECRET.encode() not in encode(row)
    assert bodies(sqs, url) == [SECRET]


@pytest.mark.documented(SSE)
def test_a_delayed_message_is_encrypted_too(cloud: Cloud, sqs: Any, vault: str) -> None:
    sqs.send_message(QueueUrl=vault, MessageBody=SECRET, DelaySeconds=60)
    assert SECRET.encode() not in encode(rows(cloud, Message)[0])
    cloud.advance(60)
    assert bodies(sqs, vault) == [SECRET]


@pytest.mark.ours
def test_a_cloud_that_starts_again_opens_its_messages(
    cloud: Cloud, sqs: Any, vault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sqs.send_message(QueueUrl=vault, MessageBody=SECRET)
    monkeypatch.setattr(encryption, "_ciphers", {})
    assert bodies(sqs, vault) == [SECRET]


# -- how long a data key is used -----------------------------------------------------------------------------------


@pytest.mark.documented(KEYS)
def test_kms_is_asked_once_in_a_reuse_period(cloud: Cloud, sqs: Any, vault: str) -> None:
    sqs.send_message(QueueUrl=vault, MessageBody="a")
    sqs.send_message_batch(QueueUrl=vault, Entries=[{"Id": "b", "MessageBody": "b"}, {"Id": "c", "MessageBody": "c"}])
    cloud.advance(299)
    sqs.send_message(QueueUrl=vault, MessageBody="d")
    assert sorted(bodies(sqs, vault)) == ["a", "b", "c", "d"]
    assert asked(cloud) == ["GenerateDataKey", "Decrypt"]


@pytest.mark.documented(KEYS)
def test_after_the_reuse_period_there_is_another_data_key(cloud: Cloud, sqs: Any, vault: str) -> None:
    sqs.send_message(QueueUrl=vault, MessageBody="a")
    cloud.advance(301)
    sqs.send_message(QueueUrl=vault, MessageBody="b")
    assert asked(cloud) == ["GenerateDataKey", "Decrypt"] * 2
    assert sorted(bodies(sqs, vault)) == ["a", "b"]


@pytest.mark.documented(KEYS)
def test_a_queue_sets_its_own_reuse_period(cloud: Cloud, sqs: Any, vault: str) -> None:
    sqs.set_queue_attributes(QueueUrl=vault, Attributes={"KmsDataKeyReusePeriodSeconds": "60"})
    sqs.send_message(QueueUrl=vault, MessageBody="a")
    cloud.advance(61)
    sqs.send_message(QueueUrl=vault, MessageBody="b")
    assert asked(cloud).count("GenerateDataKey") == 2


@pytest.mark.documented(KEYS)
def test_a_consumer_asks_once_in_a_reuse_period(cloud: Cloud, sqs: Any, vault: str, user: Any) -> None:
    sqs.send_message(QueueUrl=vault, MessageBody="a")
    bob = user("bob", "kms:Decrypt")
    before = len(asked(cloud))
    assert bodies(bob, vault) + bodies(bob, vault) == ["a", "a"]
    cloud.advance(301)
    assert bodies(bob, vault) == ["a"]
    assert asked(cloud)[before:] == ["Decrypt", "Decrypt"]


@pytest.mark.documented(KEYS)
def test_every_producer_has_a_data_key_of_their_own(cloud: Cloud, vault: str, user: Any) -> None:
    user("ann", *TO_SEND).send_message(QueueUrl=vault, MessageBody="a")
    user("bob", *TO_SEND).send_message(QueueUrl=vault, MessageBody="b")
    assert len({row.wrapped for row in rows(cloud, DataKey)}) == 2


@pytest.mark.documented(KEYS)
def test_sessions_of_a_role_are_one_producer_unless_their_policies_differ(cloud: Cloud, vault: str) -> None:
    iam = cloud.client("iam")
    iam.create_user(UserName="ann")
    pair = iam.create_access_key(UserName="ann")["AccessKey"]
    sts = cloud.client("sts", access_key=pair["AccessKeyId"], secret_key=pair["SecretAccessKey"])
    trust = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:user/ann"}, "Action": "sts:AssumeRole"}
    everything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    role = iam.create_role(RoleName="r", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    iam.put_role_policy(RoleName="r", PolicyName="p", PolicyDocument=json.dumps(everything))

    def send(name: str, **more: Any) -> None:
        made = sts.assume_role(RoleArn=role, RoleSessionName=name, **more)["Credentials"]
        client = cloud.client(
            "sqs", access_key=made["AccessKeyId"], secret_key=made["SecretAccessKey"], token=made["SessionToken"]
        )
        client.send_message(QueueUrl=vault, MessageBody="x")

    send("one")
    send("two")
    assert len(rows(cloud, DataKey)) == 1
    send("three", Policy=json.dumps(everything))
    assert len(rows(cloud, DataKey)) == 2


# -- who may -------------------------------------------------------------------------------------------------------


@pytest.mark.documented(KEYS)
def test_a_producer_needs_the_permission_to_generate_data_keys(vault: str, user: Any, refused: Any) -> None:
    code, message = refused(user("ann", "kms:Decrypt").send_message, QueueUrl=vault, MessageBody="x")
    assert code == "KMS.AccessDeniedException"
    assert "user/ann is not authorized to perform: kms:GenerateDataKey on resource: arn:aws:kms:" in message
    assert "Service: AWSKMS; Status Code: 400; Error Code: AccessDeniedException; Request ID: " in message


@pytest.mark.documented(KEYS)
def test_a_producer_needs_the_permission_to_decrypt(cloud: Cloud, vault: str, user: Any, refused: Any) -> None:
    code, message = refused(user("ann", "kms:GenerateDataKey").send_message, QueueUrl=vault, MessageBody="x")
    assert (code, "kms:Decrypt" in message) == ("KMS.AccessDeniedException", True)
    assert rows(cloud, FreshMessage, DataKey) == []


@pytest.mark.documented(KEYS)
def test_a_producer_with_both_permissions_sends(vault: str, user: Any) -> None:
    assert user("ann", *TO_SEND).send_message(QueueUrl=vault, MessageBody="x")["MessageId"]


@pytest.mark.documented(KEYS)
def test_what_kms_refuses_is_refused_of_a_whole_batch(vault: str, user: Any, refused: Any) -> None:
    entries = [{"Id": "a", "MessageBody": "a"}, {"Id": "b", "MessageBody": "b"}]
    code, _ = refused(user("ann").send_message_batch, QueueUrl=vault, Entries=entries)
    assert code == "KMS.AccessDeniedException"


@pytest.mark.documented(KEYS)
def test_a_consumer_needs_the_permission_to_decrypt(sqs: Any, vault: str, user: Any, refused: Any) -> None:
    sqs.send_message(QueueUrl=vault, MessageBody="x")
    code, message = refused(user("bob", "kms:GenerateDataKey").receive_message, QueueUrl=vault)
    assert (code, "kms:Decrypt" in message) == ("KMS.AccessDeniedException", True)


@pytest.mark.ours
def test_a_message_that_could_not_be_opened_was_not_received(sqs: Any, vault: str, user: Any, refused: Any) -> None:
    sqs.send_message(QueueUrl=vault, MessageBody="x")
    refused(user("bob").receive_message, QueueUrl=vault)
    (got,) = sqs.receive_message(QueueUrl=vault, MessageSystemAttributeNames=["All"])["Messages"]
    assert got["Attributes"]["ApproximateReceiveCount"] == "1"


@pytest.mark.documented(KEYS)
def test_who_receives_nothing_needs_no_permission_on_the_key(vault: str, user: Any) -> None:
    assert bodies(user("bob"), vault) == []


@pytest.mark.documented(KEYS)
def test_a_key_may_be_used_through_sqs_and_for_one_queue_alone(sqs: Any, vault: str, user: Any, refused: Any) -> None:
    through = {"kms:ViaService": "sqs.us-east-1.amazonaws.com", "kms:EncryptionContext:aws:sqs:arn": ARN + "vault"}
    ann = user("ann", *TO_SEND, Condition={"StringEquals": through})
    ann.send_message(QueueUrl=vault, MessageBody="x")
    key = sqs.get_queue_attributes(QueueUrl=vault, AttributeNames=["KmsMasterKeyId"])["Attributes"]["KmsMasterKeyId"]
    other = sqs.create_queue(QueueName="other", Attributes={"KmsMasterKeyId": key})["QueueUrl"]
    assert refused(ann.send_message, QueueUrl=other, MessageBody="x")[0] == "KMS.AccessDeniedException"


@pytest.mark.documented(KEYS)
def test_everybody_in_the_account_uses_the_key_that_aws_keeps_for_sqs(sqs: Any, kms: Any, user: Any) -> None:
    url = sqs.create_queue(QueueName="plain", Attributes={"KmsMasterKeyId": "alias/aws/sqs"})["QueueUrl"]
    ann = user("ann")
    ann.send_message(QueueUrl=url, MessageBody="x")
    assert bodies(ann, url) == ["x"]
    assert "alias/aws/sqs" in [alias["AliasName"] for alias in kms.list_aliases()["Aliases"]]


@pytest.mark.documented(KEYS)
def test_nobody_of_another_account_uses_the_key_that_aws_keeps_for_sqs(cloud: Cloud, sqs: Any, refused: Any) -> None:
    policy = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": ARN + "plain"}],
    }
    given = {"KmsMasterKeyId": "alias/aws/sqs", "Policy": json.dumps(policy)}
    url = sqs.create_queue(QueueName="plain", Attributes=given)["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="x")
    stranger = cloud.client("sqs", access_key="111111111111")
    assert refused(stranger.send_message, QueueUrl=url, MessageBody="x")[0] == "KMS.AccessDeniedException"


def let_in(service: str) -> list[dict[str, Any]]:
    """What a key policy says for its account and a service."""
    everything = {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "kms:*", "Resource": "*"}
    using = {"Effect": "Allow", "Principal": {"Service": service}, "Action": list(TO_SEND), "Resource": "*"}
    only = {"StringEquals": {"aws:SourceArn": "arn:aws:s3:::pictures"}}
    return [everything, using | {"Condition": only}]


def notify(cloud: Cloud, url: str, source: str) -> Any:
    """What S3 does when a bucket notifies a queue."""
    service = Principal(kind="service", account="", arn="", name="s3.amazonaws.com", id="s3.amazonaws.com")
    with cloud.store.transaction() as tx:
        call = Call(
            cloud.ports, tx, service, service="s3", operation="PutObject", region="us-east-1",
            origin=Origin("127.0.0.1"), account=ACCOUNT,
        )  # fmt: skip
        return call.aws("sqs", account=ACCOUNT, context={"aws:SourceArn": source}).send_message(
            QueueUrl=url, MessageBody="{}"
        )


def open_to_s3(sqs: Any, url: str) -> None:
    allowed = {"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "sqs:SendMessage"}
    policy = {"Version": "2012-10-17", "Statement": [allowed | {"Resource": ARN + "vault"}]}
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(policy)})


@pytest.mark.documented(KEYS)
def test_a_service_sends_when_the_keys_policy_lets_it(cloud: Cloud, sqs: Any, kms: Any, key: str, vault: str) -> None:
    open_to_s3(sqs, vault)
    policy = {"Version": "2012-10-17", "Statement": let_in("s3.amazonaws.com")}
    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=json.dumps(policy))
    notify(cloud, vault, "arn:aws:s3:::pictures")
    assert bodies(sqs, vault) == ["{}"]


@pytest.mark.documented(KEYS)
def test_a_service_does_not_send_when_the_keys_policy_does_not_name_it(cloud: Cloud, sqs: Any, vault: str) -> None:
    open_to_s3(sqs, vault)
    with pytest.raises(Exception, match="not authorized to perform: kms:GenerateDataKey") as caught:
        notify(cloud, vault, "arn:aws:s3:::pictures")
    assert caught.value.code == "KMS.AccessDeniedException"  # type: ignore[attr-defined]


@pytest.mark.documented(KEYS)
def test_a_key_policy_asks_for_whom_a_service_sends(cloud: Cloud, sqs: Any, kms: Any, key: str, vault: str) -> None:
    open_to_s3(sqs, vault)
    policy = {"Version": "2012-10-17", "Statement": let_in("s3.amazonaws.com")}
    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=json.dumps(policy))
    with pytest.raises(Exception, match="not authorized to perform: kms:GenerateDataKey"):
        notify(cloud, vault, "arn:aws:s3:::documents")


# -- keys that cannot be used --------------------------------------------------------------------------------------


@pytest.mark.documented(KEYS)
def test_a_disabled_key_is_refused_once_the_reuse_period_is_over(
    cloud: Cloud, sqs: Any, kms: Any, key: str, vault: str, refused: Any
) -> None:
    sqs.send_message(QueueUrl=vault, MessageBody="a")
    kms.disable_key(KeyId=key)
    sqs.send_message(QueueUrl=vault, MessageBody="b")
    cloud.advance(301)
    assert refused(sqs.send_message, QueueUrl=vault, MessageBody="c")[0] == "KMS.DisabledException"
    assert refused(sqs.receive_message, QueueUrl=vault)[0] == "KMS.DisabledException"
    kms.enable_key(KeyId=key)
    assert sorted(bodies(sqs, vault)) == ["a", "b"]


@pytest.mark.documented(GUIDE + "sqs-server-side-encryption.html")
def test_a_key_that_is_to_be_deleted_is_refused(sqs: Any, kms: Any, key: str, vault: str, refused: Any) -> None:
    kms.schedule_key_deletion(KeyId=key)
    assert refused(sqs.send_message, QueueUrl=vault, MessageBody="x")[0] == "KMS.InvalidStateException"


@pytest.mark.parametrize("name", ["alias/none", "12345678-1234-1234-1234-123456789012"])
@pytest.mark.documented("https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html")
def test_a_key_that_is_not_there_is_refused(sqs: Any, refused: Any, name: str) -> None:
    url = sqs.create_queue(QueueName="vault", Attributes={"KmsMasterKeyId": name})["QueueUrl"]
    assert refused(sqs.send_message, QueueUrl=url, MessageBody="x")[0] == "KMS.NotFoundException"


@pytest.mark.documented("https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html")
def test_an_asymmetric_key_is_refused(sqs: Any, kms: Any, refused: Any) -> None:
    pair = kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["Arn"]
    url = sqs.create_queue(QueueName="vault", Attributes={"KmsMasterKeyId": pair})["QueueUrl"]
    assert refused(sqs.send_message, QueueUrl=url, MessageBody="x")[0] == "KMS.InvalidKeyUsageException"


@pytest.mark.ours
def test_an_unsound_message_is_refused_before_kms_is_asked(cloud: Cloud, sqs: Any, vault: str, refused: Any) -> None:
    assert refused(sqs.send_message, QueueUrl=vault, MessageBody="\ufffe")[0] == "InvalidMessageContents"
    assert asked(cloud) == []


# -- what changes, what moves --------------------------------------------------------------------------------------


@pytest.mark.documented(SSE)
def test_messages_stay_encrypted_when_their_queue_has_no_key_any_more(
    cloud: Cloud, sqs: Any, vault: str, user: Any, refused: Any
) -> None:
    sqs.send_message(QueueUrl=vault, MessageBody=SECRET)
    sqs.set_queue_attributes(QueueUrl=vault, Attributes={"KmsMasterKeyId": ""})
    assert refused(user("bob").receive_message, QueueUrl=vault)[0] == "KMS.AccessDeniedException"
    assert bodies(sqs, vault) == [SECRET]


@pytest.mark.documented(SSE)
def test_messages_sent_before_a_queue_got_its_key_are_not_encrypted(
    cloud: Cloud, sqs: Any, queue: str, key: str, user: Any
) -> None:
    sqs.send_message(QueueUrl=queue, MessageBody="old")
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"KmsMasterKeyId": key})
    assert bodies(user("bob"), queue) == ["old"]
    assert asked(cloud) == []


@pytest.mark.documented(KEYS)
def test_with_another_key_of_the_queue_there_is_another_data_key_at_once(
    cloud: Cloud, sqs: Any, kms: Any, vault: str
) -> None:
    sqs.send_message(QueueUrl=vault, MessageBody="a")
    sqs.set_queue_attributes(QueueUrl=vault, Attributes={"KmsMasterKeyId": kms.create_key()["KeyMetadata"]["KeyId"]})
    sqs.send_message(QueueUrl=vault, MessageBody="b")
    assert asked(cloud).count("GenerateDataKey") == 2
    assert sorted(bodies(sqs, vault)) == ["a", "b"]


@pytest.fixture
def grave(sqs: Any, vault: str) -> str:
    """The URL of a dead-letter queue without a key, in which a message of the encrypted queue lies."""
    url: str = sqs.create_queue(QueueName="grave")["QueueUrl"]
    policy = json.dumps({"deadLetterTargetArn": ARN + "grave", "maxReceiveCount": 1})
    sqs.set_queue_attributes(QueueUrl=vault, Attributes={"RedrivePolicy": policy})
    sqs.send_message(QueueUrl=vault, MessageBody=SECRET, MessageAttributes=NOTE)
    sqs.receive_message(QueueUrl=vault, VisibilityTimeout=0)
    assert "Messages" not in sqs.receive_message(QueueUrl=vault)
    return url


@pytest.mark.documented(SSE)
def test_a_message_stays_encrypted_in_a_dead_letter_queue_without_a_key(
    sqs: Any, grave: str, user: Any, refused: Any
) -> None:
    assert refused(user("bob").receive_message, QueueUrl=grave)[0] == "KMS.AccessDeniedException"
    assert bodies(sqs, grave) == [SECRET]


@pytest.mark.documented(SSE)
def test_a_message_is_not_encrypted_by_dying_into_a_queue_with_a_key(
    cloud: Cloud, sqs: Any, queue: str, vault: str, user: Any
) -> None:
    policy = json.dumps({"deadLetterTargetArn": ARN + "vault", "maxReceiveCount": 1})
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"RedrivePolicy": policy})
    sqs.send_message(QueueUrl=queue, MessageBody="plain")
    bodies(sqs, queue)
    bodies(sqs, queue)
    assert bodies(user("bob"), vault) == ["plain"]


@pytest.mark.documented(GUIDE + "sqs-configure-dead-letter-queue-redrive.html")
def test_a_message_moved_to_a_queue_without_a_key_is_opened(cloud: Cloud, sqs: Any, grave: str, user: Any) -> None:
    other = sqs.create_queue(QueueName="other")["QueueUrl"]
    sqs.start_message_move_task(SourceArn=ARN + "grave", DestinationArn=ARN + "other")
    cloud.advance(2)
    (got,) = user("bob").receive_message(QueueUrl=other, MessageAttributeNames=["All"])["Messages"]
    assert (got["Body"], got["MessageAttributes"]["note"]["StringValue"]) == (SECRET, "confidential")


@pytest.mark.documented(GUIDE + "sqs-configure-dead-letter-queue-redrive.html")
def test_a_message_moved_to_a_queue_with_a_key_is_encrypted_with_that(
    cloud: Cloud, sqs: Any, kms: Any, grave: str, vault: str
) -> None:
    new = kms.create_key()["KeyMetadata"]["KeyId"]
    sqs.set_queue_attributes(QueueUrl=vault, Attributes={"KmsMasterKeyId": new})
    sqs.start_message_move_task(SourceArn=ARN + "grave")
    cloud.advance(2)
    (row,) = rows(cloud, FreshMessage)
    opened = kms.decrypt(CiphertextBlob=row.sealed.wrapped, EncryptionContext={"aws:sqs:arn": ARN + "vault"})
    assert opened["KeyId"].endswith(new)
    assert SECRET.encode() not in encode(row)
    (got,) = sqs.receive_message(QueueUrl=vault, MessageAttributeNames=["All"])["Messages"]
    assert (got["Body"], got["MessageAttributes"]["note"]["StringValue"]) == (SECRET, "confidential")


@pytest.mark.documented(GUIDE + "sqs-configure-dead-letter-queue-redrive.html")
def test_a_move_by_somebody_who_may_not_open_the_messages_fails(cloud: Cloud, sqs: Any, grave: str, user: Any) -> None:
    user("bob").start_message_move_task(SourceArn=ARN + "grave")
    cloud.advance(2)
    (task,) = sqs.list_message_move_tasks(SourceArn=ARN + "grave")["Results"]
    assert (task["Status"], task["FailureReason"]) == ("FAILED", "KMS.AccessDeniedException")
    assert bodies(sqs, grave) == [SECRET]


@pytest.mark.ours
def test_with_a_queue_go_its_data_keys(cloud: Cloud, sqs: Any, vault: str) -> None:
    sqs.send_message(QueueUrl=vault, MessageBody="x")
    sqs.delete_queue(QueueUrl=vault)
    assert rows(cloud, DataKey, Opened, FreshMessage) == []
