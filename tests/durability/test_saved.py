"""A cloud saved to a file is the same cloud wherever it is loaded."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.clients.people import allow, user
from tests.clients.process import Haar

pytestmark = pytest.mark.ours


def furnish(haar: Haar) -> str:
    """A queue with a delayed and a plain message, and a user; the user's secret is good wherever the cloud is."""
    sqs = haar.client("sqs")
    queue = sqs.create_queue(QueueName="q")["QueueUrl"]
    sqs.send_message(QueueUrl=queue, MessageBody="now")
    sqs.send_message(QueueUrl=queue, MessageBody="later", DelaySeconds=600)
    return user(haar.client("iam"), "alice", allow("sqs:ReceiveMessage")).secret_key


def received(haar: Haar, secret: str) -> list[str]:
    """What the user finds in the queue."""
    key = haar.client("iam").list_access_keys(UserName="alice")["AccessKeyMetadata"][0]["AccessKeyId"]
    sqs = haar.client("sqs", access_key=key, secret_key=secret)
    found = sqs.receive_message(QueueUrl=f"{haar.url}/000000000000/q", MaxNumberOfMessages=10)
    return [message["Body"] for message in found.get("Messages", ())]


def test_a_saved_cloud_is_loaded_by_another_server(tmp_path: Path) -> None:
    file = str(tmp_path / "saved.haar")
    with Haar("--ephemeral") as first, Haar("--data", str(tmp_path / "data")) as second:
        secret = furnish(first)
        first.control("POST", "save", {"path": file})
        second.client("iam").create_user(UserName="goes")
        second.control("POST", "load", {"path": file})
        assert received(second, secret) == ["now"]
        assert [user["UserName"] for user in second.client("iam").list_users()["Users"]] == ["alice"]


def test_what_was_due_is_due_in_the_loaded_cloud(tmp_path: Path) -> None:
    file = str(tmp_path / "saved.haar")
    with Haar("--ephemeral") as first, Haar("--ephemeral") as second:
        secret = furnish(first)
        first.control("POST", "save", {"path": file})
        second.control("POST", "load", {"path": file})
        second.control("POST", "clock", {"advance": 600})
        assert sorted(received(second, secret)) == ["later", "now"]


def test_saving_leaves_the_cloud_as_it_is(tmp_path: Path) -> None:
    with Haar("--ephemeral") as haar:
        secret = furnish(haar)
        haar.control("POST", "save", {"path": str(tmp_path / "saved.haar")})
        assert received(haar, secret) == ["now"]


def test_objects_keys_and_archives_are_saved_with_their_bytes(tmp_path: Path) -> None:
    file, body = str(tmp_path / "saved.haar"), b"large" * 500_000
    with Haar("--data", str(tmp_path / "one")) as first, Haar("--data", str(tmp_path / "two")) as second:
        s3, kms = first.client("s3"), first.client("kms")
        key = kms.create_key()["KeyMetadata"]["KeyId"]
        sealed = kms.encrypt(KeyId=key, Plaintext=b"secret")["CiphertextBlob"]
        s3.create_bucket(Bucket="attic")
        s3.put_object(Bucket="attic", Key="plain", Body=body)
        s3.put_object(Bucket="attic", Key="under/kms", Body=body, ServerSideEncryption="aws:kms", SSEKMSKeyId=key)
        first.client("glacier").create_vault(vaultName="v")
        archive = first.client("glacier").upload_archive(vaultName="v", body=body)["archiveId"]
        first.control("POST", "save", {"path": file})
        second.client("s3").create_bucket(Bucket="goes")
        second.client("s3").put_object(Bucket="goes", Key="k", Body=body)
        second.control("POST", "load", {"path": file})
        there = second.client("s3")
        assert [bucket["Name"] for bucket in there.list_buckets()["Buckets"]] == ["attic"]
        assert there.get_object(Bucket="attic", Key="plain")["Body"].read() == body
        assert there.get_object(Bucket="attic", Key="under/kms")["Body"].read() == body
        assert second.client("kms").decrypt(CiphertextBlob=sealed)["Plaintext"] == b"secret"
        wanted = {"Type": "archive-retrieval", "ArchiveId": archive, "Tier": "Expedited"}
        job = second.client("glacier").initiate_job(vaultName="v", jobParameters=wanted)["jobId"]
        second.control("POST", "clock", {"advance": "+1d"})
        assert second.client("glacier").get_job_output(vaultName="v", jobId=job)["body"].read() == body


def test_a_saved_cloud_stays_loadable_when_the_server_is_started_again(tmp_path: Path) -> None:
    file, body = str(tmp_path / "saved.haar"), b"large" * 500_000
    with Haar("--data", str(tmp_path / "one")) as first, Haar("--data", str(tmp_path / "two")) as second:
        first.client("s3").create_bucket(Bucket="attic")
        first.client("s3").put_object(Bucket="attic", Key="k", Body=body)
        first.control("POST", "save", {"path": file})
        second.control("POST", "load", {"path": file})
        second.kill()
        second.start()
        assert second.client("s3").get_object(Bucket="attic", Key="k")["Body"].read() == body
