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
