"""Two nodes that share a database and a folder: each serves what the other was sent, and neither takes it away."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from tests.clients.process import Haar, eventually

pytestmark = pytest.mark.ours

BODY = b"large" * 500_000
PART = b"p" * 5 * 1024 * 1024


@pytest.fixture
def nodes(store: str, tmp_path: Path) -> Iterator[tuple[Haar, Haar]]:
    """Two servers that serve one cloud with one folder for large bytes and the root key."""
    shared = ("--store", store, "--files", str(tmp_path / "files"))
    with Haar(*shared) as here, Haar(*shared) as there:
        here.client("s3").create_bucket(Bucket="attic")
        yield here, there


def blobs(tmp_path: Path) -> list[str]:
    return [path.name for path in (tmp_path / "files" / "blobs").glob("??/*")]


def test_an_object_is_read_from_the_node_that_did_not_take_it(nodes: tuple[Haar, Haar]) -> None:
    here, there = nodes
    here.client("s3").put_object(Bucket="attic", Key="k", Body=BODY)
    assert there.client("s3").get_object(Bucket="attic", Key="k")["Body"].read() == BODY


def test_an_object_under_a_key_of_kms_is_opened_by_either(nodes: tuple[Haar, Haar]) -> None:
    here, there = nodes
    here.client("s3").put_object(Bucket="attic", Key="k", Body=BODY, ServerSideEncryption="aws:kms")
    assert there.client("s3").get_object(Bucket="attic", Key="k")["Body"].read() == BODY


def test_the_parts_of_an_upload_may_come_to_different_nodes(nodes: tuple[Haar, Haar]) -> None:
    here, there = (node.client("s3") for node in nodes)
    upload = {
        "Bucket": "attic",
        "Key": "k",
        "UploadId": here.create_multipart_upload(Bucket="attic", Key="k")["UploadId"],
    }
    first = here.upload_part(**upload, PartNumber=1, Body=PART)["ETag"]
    second = there.upload_part(**upload, PartNumber=2, Body=BODY)["ETag"]
    parts = [{"PartNumber": 1, "ETag": first}, {"PartNumber": 2, "ETag": second}]
    there.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})
    assert here.get_object(Bucket="attic", Key="k")["Body"].read() == PART + BODY


def test_what_one_node_deletes_neither_serves_and_a_copy_stays(nodes: tuple[Haar, Haar], tmp_path: Path) -> None:
    here, there = (node.client("s3") for node in nodes)
    here.put_object(Bucket="attic", Key="k", Body=BODY)
    there.copy_object(Bucket="attic", Key="copy", CopySource="attic/k")
    there.delete_object(Bucket="attic", Key="k")
    with pytest.raises(ClientError):
        here.get_object(Bucket="attic", Key="k")
    here.put_object(Bucket="attic", Key="gone", Body=BODY)
    there.delete_object(Bucket="attic", Key="gone")
    eventually(lambda: len(blobs(tmp_path)) == 1)  # either node sweeps
    assert here.get_object(Bucket="attic", Key="copy")["Body"].read() == BODY
