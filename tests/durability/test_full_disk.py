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


# --- large objects ---------------------------------------------------------------------------------------------------


def blobs(small_disk: Path) -> list[Path]:
    """What lies among the large bytes, whole or half written."""
    return [path for path in (small_disk / "data" / "blobs").rglob("*") if path.is_file()]


def put_too_much(haar: Haar) -> Any:
    """Keep one object, then send one that the disk has no room for: the refusal."""
    s3 = haar.client("s3")
    s3.create_bucket(Bucket="attic")
    s3.put_object(Bucket="attic", Key="k", Body=b"a" * 1_000_000)
    with pytest.raises(ClientError) as error:
        s3.put_object(Bucket="attic", Key="k", Body=b"b" * 12_000_000)
    return error.value.response


def test_a_large_object_that_does_not_fit_is_an_error_with_a_reason(haar: Haar) -> None:
    refusal = put_too_much(haar)
    assert refusal["ResponseMetadata"]["HTTPStatusCode"] == 500
    assert (refusal["Error"]["Code"], "disk" in refusal["Error"]["Message"]) == ("InternalError", True)


def test_a_large_object_that_does_not_fit_leaves_nothing_and_takes_nothing(haar: Haar, small_disk: Path) -> None:
    put_too_much(haar)
    assert len(blobs(small_disk)) == 1
    s3 = haar.client("s3")
    assert s3.get_object(Bucket="attic", Key="k")["Body"].read() == b"a" * 1_000_000
    s3.put_object(Bucket="attic", Key="another", Body=b"c" * 500_000)
    assert s3.get_object(Bucket="attic", Key="another")["Body"].read() == b"c" * 500_000


def test_a_part_that_does_not_fit_leaves_the_upload_as_it_was(haar: Haar, small_disk: Path) -> None:
    s3 = haar.client("s3")
    s3.create_bucket(Bucket="attic")
    upload = {
        "Bucket": "attic",
        "Key": "k",
        "UploadId": s3.create_multipart_upload(Bucket="attic", Key="k")["UploadId"],
    }
    first = s3.upload_part(**upload, PartNumber=1, Body=b"a" * 1_000_000)["ETag"]
    with pytest.raises(ClientError):
        s3.upload_part(**upload, PartNumber=1, Body=b"b" * 12_000_000)
    assert len(blobs(small_disk)) == 1
    s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": first}]})
    assert s3.get_object(Bucket="attic", Key="k")["Body"].read() == b"a" * 1_000_000
