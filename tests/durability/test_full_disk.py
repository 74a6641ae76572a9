"""A full disk is an error to the caller; the cloud stays whole, and goes on when there is room again."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.clients.process import Haar

pytestmark = pytest.mark.ours

LARGE = "x" * 100_000


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 8 MiB, which takes root to mount, with a ballast to throw off."""
    mount = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(tmp_path)]
    mounted = subprocess.run(mount, check=False, capture_output=True)
    if mounted.returncode != 0:
        pytest.skip(f"a small file system cannot be mounted here: {mounted.stderr.decode().strip()}")
    (tmp_path / "ballast").write_bytes(bytes(2 << 20))
    yield tmp_path
    subprocess.run(["umount", "--lazy", str(tmp_path)], check=True)


@pytest.fixture
def haar(small_disk: Path) -> Iterator[Haar]:
    """A server whose data is on that disk."""
    with Haar("--data", str(small_disk / "data")) as running:
        yield running


def fill(haar: Haar, queue: str) -> tuple[set[str], Any]:
    """Send large messages until one is refused: the ids of those that were taken, and the refusal."""
    sqs = haar.client("sqs")
    taken: set[str] = set()
    while len(taken) < 1000:
        try:
            taken.add(sqs.send_message(QueueUrl=queue, MessageBody=LARGE)["MessageId"])
        except ClientError as refusal:
            return taken, refusal.response
    raise AssertionError("the disk was never full")


def ids(haar: Haar, queue: str) -> set[str]:
    """The messages that a queue has, one after the other; they stay, invisible for a while."""
    sqs = haar.client("sqs")
    found: set[str] = set()
    while batch := sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=2, VisibilityTimeout=3600).get("Messages"):
        found |= {message["MessageId"] for message in batch}
    return found


def test_a_full_disk_is_an_internal_failure_with_a_reason(haar: Haar) -> None:
    queue = haar.client("sqs").create_queue(QueueName="q")["QueueUrl"]
    taken, refusal = fill(haar, queue)
    assert len(taken) > 5
    assert refusal["ResponseMetadata"]["HTTPStatusCode"] == 500
    assert refusal["Error"]["Code"] == "InternalFailure"
    assert "disk" in refusal["Error"]["Message"]


def test_the_cloud_goes_on_when_there_is_room_again(haar: Haar, small_disk: Path) -> None:
    queue = haar.client("sqs").create_queue(QueueName="q")["QueueUrl"]
    taken, _ = fill(haar, queue)
    (small_disk / "ballast").unlink()
    taken.add(haar.client("sqs").send_message(QueueUrl=queue, MessageBody="room")["MessageId"])
    assert ids(haar, queue) == taken


def test_what_was_taken_before_the_disk_was_full_is_there_after_a_restart(haar: Haar, small_disk: Path) -> None:
    queue = haar.client("sqs").create_queue(QueueName="q")["QueueUrl"]
    taken, _ = fill(haar, queue)
    haar.kill()
    (small_disk / "ballast").unlink()
    haar.start()
    assert ids(haar, f"{haar.url}/000000000000/q") == taken
