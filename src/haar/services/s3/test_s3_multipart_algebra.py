"""Whatever parts an object is made of, and in whatever order they came, its ranges are those of their bytes."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from haar import Cloud

MIB = 1024 * 1024
SOURCE = random.Random(7).randbytes(12 * MIB)

#: (is it copied, where in the source it begins, how much longer than the smallest part it is)
PARTS = st.lists(st.tuples(st.booleans(), st.integers(0, 6 * MIB), st.integers(0, 70_000)), min_size=1, max_size=3)
RANGES = st.lists(st.tuples(st.floats(0, 1), st.integers(1, 6 * MIB)), min_size=3, max_size=3)


def send(s3: Any, upload: str, number: int, part: tuple[bool, int, int]) -> dict[str, Any]:
    """Put a part, or copy it from the source; what CompleteMultipartUpload lists of it."""
    is_copied, start, more = part
    last = start + 5 * MIB + more - 1
    place = {"Bucket": "parts", "Key": "k", "UploadId": upload, "PartNumber": number}
    if is_copied:
        reply = s3.upload_part_copy(**place, CopySource="parts/source", CopySourceRange=f"bytes={start}-{last}")
        return {"PartNumber": number, "ETag": reply["CopyPartResult"]["ETag"]}
    return {"PartNumber": number, "ETag": s3.upload_part(**place, Body=SOURCE[start : last + 1])["ETag"]}


def read(s3: Any, start: int, size: int) -> bytes:
    return bytes(s3.get_object(Bucket="parts", Key="k", Range=f"bytes={start}-{start + size - 1}")["Body"].read())


@pytest.mark.fact("S3MPU-006")
@pytest.mark.fact("S3MPU-007")
@settings(max_examples=12, deadline=None)
@given(parts=PARTS, ranges=RANGES, shuffled=st.randoms(use_true_random=False))
def test_ranges_of_an_object_are_those_of_its_parts(parts: Any, ranges: Any, shuffled: random.Random) -> None:
    with Cloud(seed=1) as cloud:
        s3 = cloud.client("s3")
        s3.create_bucket(Bucket="parts")
        s3.put_object(Bucket="parts", Key="source", Body=SOURCE)
        upload = s3.create_multipart_upload(Bucket="parts", Key="k")["UploadId"]
        numbered = list(enumerate(parts, 1))
        shuffled.shuffle(numbered)
        listed = sorted(
            (send(s3, upload, number, part) for number, part in numbered), key=lambda one: one["PartNumber"]
        )
        s3.complete_multipart_upload(Bucket="parts", Key="k", UploadId=upload, MultipartUpload={"Parts": listed})
        whole = b"".join(SOURCE[start : start + 5 * MIB + more] for _, start, more in parts)
        spans = [(int(where * (len(whole) - 1)), size) for where, size in ranges]
        assert s3.head_object(Bucket="parts", Key="k")["ContentLength"] == len(whole)
        assert [read(s3, start, size) for start, size in spans] == [
            whole[start : start + size] for start, size in spans
        ]


@pytest.mark.documented("https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html")
def test_a_part_can_be_read_by_its_number(cloud: Cloud) -> None:
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="parts")
    s3.put_object(Bucket="parts", Key="source", Body=SOURCE)
    upload = s3.create_multipart_upload(Bucket="parts", Key="k")["UploadId"]
    listed = [send(s3, upload, 1, (False, 0, 0)), send(s3, upload, 2, (True, 100, 11))]
    s3.complete_multipart_upload(Bucket="parts", Key="k", UploadId=upload, MultipartUpload={"Parts": listed})
    second = s3.get_object(Bucket="parts", Key="k", PartNumber=2)
    assert (second["PartsCount"], second["ContentLength"]) == (2, 5 * MIB + 11)
    assert second["Body"].read() == SOURCE[100 : 100 + 5 * MIB + 11]


@pytest.mark.fact("S3MPU-007")
def test_parts_arrive_in_parallel_over_the_wire(haar_server: Any, tmp_path: Any) -> None:
    from boto3.s3.transfer import TransferConfig

    s3 = haar_server.client("s3")
    s3.create_bucket(Bucket="parts")
    sent, received = tmp_path / "sent", tmp_path / "received"
    sent.write_bytes(SOURCE + SOURCE + SOURCE)
    config = TransferConfig(multipart_threshold=5 * MIB, multipart_chunksize=5 * MIB, max_concurrency=4)
    s3.upload_file(str(sent), "parts", "k", Config=config)
    s3.download_file("parts", "k", str(received), Config=config)
    assert s3.head_object(Bucket="parts", Key="k")["ETag"].endswith('-8"')
    assert received.read_bytes() == sent.read_bytes()


@pytest.mark.ours
def test_a_part_put_again_leaves_nothing_of_the_first_behind(cloud: Cloud) -> None:
    from haar.kit.body import BlobUse

    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="parts")
    upload = s3.create_multipart_upload(Bucket="parts", Key="k")["UploadId"]
    send(s3, upload, 1, (False, 0, 0))
    listed = [send(s3, upload, 1, (False, 1, 0))]
    s3.complete_multipart_upload(Bucket="parts", Key="k", UploadId=upload, MultipartUpload={"Parts": listed})
    with cloud.store.transaction(write=False) as tx:
        assert tx.count(BlobUse) == 1
    s3.delete_object(Bucket="parts", Key="k")
    with cloud.store.transaction(write=False) as tx:
        assert tx.count(BlobUse) == 0
