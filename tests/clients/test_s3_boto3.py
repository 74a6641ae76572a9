"""boto3 with S3 as people use it over a real port: the transfer manager, threads, resources, presigned requests."""

from __future__ import annotations

import io
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import boto3
import pytest
from boto3.s3.transfer import TransferConfig
from botocore.exceptions import ClientError

from tests.clients.process import Haar, at_once

pytestmark = pytest.mark.ours

MIB = 1024 * 1024


@pytest.fixture
def s3(haar: Haar) -> Any:
    """A client of an account of its own."""
    return haar.client("s3", access_key="666666666601")


def noise(size: int) -> bytes:
    return random.Random(size).randbytes(size)


class Pipe(io.RawIOBase):
    """Bytes that can be read once and not sought in."""

    def __init__(self, data: bytes) -> None:
        self._rest = io.BytesIO(data)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return False

    def read(self, size: int = -1) -> bytes:
        return self._rest.read(size)


def test_the_transfer_manager_sends_parts_in_threads(s3: Any, tmp_path: Path) -> None:
    s3.create_bucket(Bucket="transfer")
    here, back = tmp_path / "here", tmp_path / "back"
    here.write_bytes(noise(40 * MIB + 123))
    in_threads = TransferConfig(multipart_threshold=8 * MIB, multipart_chunksize=5 * MIB, max_concurrency=8)
    seen: list[int] = []
    more = {"Metadata": {"a": "b"}}
    s3.upload_file(str(here), "transfer", "big", Config=in_threads, Callback=seen.append, ExtraArgs=more)
    assert sum(seen) == 40 * MIB + 123
    head = s3.head_object(Bucket="transfer", Key="big")
    assert (head["ETag"].rpartition("-")[2], head["Metadata"]) == ('9"', {"a": "b"})
    s3.download_file("transfer", "big", str(back), Config=in_threads)
    assert back.read_bytes() == here.read_bytes()


def test_a_pipe_is_uploaded_without_a_length(s3: Any) -> None:
    s3.create_bucket(Bucket="piped")
    body = noise(12 * MIB)
    s3.upload_fileobj(Pipe(body), "piped", "k", Config=TransferConfig(multipart_chunksize=5 * MIB))
    found = io.BytesIO()
    s3.download_fileobj("piped", "k", found)
    assert found.getvalue() == body


def test_a_large_object_is_copied_in_parts(s3: Any) -> None:
    s3.create_bucket(Bucket="copied")
    body = noise(17 * MIB)
    s3.put_object(Bucket="copied", Key="k", Body=body)
    in_parts = TransferConfig(multipart_threshold=5 * MIB, multipart_chunksize=5 * MIB)
    s3.copy({"Bucket": "copied", "Key": "k"}, "copied", "copy", Config=in_parts)
    assert s3.get_object(Bucket="copied", Key="copy")["Body"].read() == body


def test_many_threads_write_and_read_at_once(haar: Haar, s3: Any) -> None:
    s3.create_bucket(Bucket="crowd")

    def worker(number: int) -> Callable[[], bool]:
        def work() -> bool:
            client = haar.client("s3", access_key="666666666601")
            names = [f"{number}/{one}" for one in range(15)]
            for name in names:
                client.put_object(Bucket="crowd", Key=name, Body=noise(1000 * number + len(name)))
            bodies = [client.get_object(Bucket="crowd", Key=name)["Body"].read() for name in names]
            return bodies == [noise(1000 * number + len(name)) for name in names]

        return work

    assert all(at_once([worker(number) for number in range(8)]))
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket="crowd", PaginationConfig={"PageSize": 50})
    assert sum(len(page["Contents"]) for page in pages) == 120


def test_a_body_is_read_piece_by_piece(s3: Any) -> None:
    s3.create_bucket(Bucket="pieces")
    body = noise(3 * MIB)
    s3.put_object(Bucket="pieces", Key="k", Body=body)
    got = s3.get_object(Bucket="pieces", Key="k")["Body"]
    assert b"".join(got.iter_chunks(65_536)) == body
    assert s3.get_object(Bucket="pieces", Key="k", Range="bytes=-10")["Body"].read() == body[-10:]


def test_a_body_that_is_not_read_to_its_end_harms_nobody(s3: Any) -> None:
    s3.create_bucket(Bucket="halfway")
    s3.put_object(Bucket="halfway", Key="k", Body=noise(20 * MIB))
    got = s3.get_object(Bucket="halfway", Key="k")["Body"]
    assert got.read(1000) == noise(20 * MIB)[:1000]
    got.close()
    assert s3.head_object(Bucket="halfway", Key="k")["ContentLength"] == 20 * MIB


def test_resources_wrap_the_same_calls(haar: Haar) -> None:
    session = boto3.session.Session("666666666602", "test", region_name="eu-west-1")
    bucket = session.resource("s3", endpoint_url=haar.url).Bucket("wrapped")
    bucket.create(CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    bucket.wait_until_exists()
    bucket.put_object(Key="a/1", Body=b"x")
    bucket.Object("a/2").put(Body=b"yy")
    assert [(one.key, one.size) for one in bucket.objects.filter(Prefix="a/")] == [("a/1", 1), ("a/2", 2)]
    bucket.objects.all().delete()
    bucket.delete()
    bucket.wait_until_not_exists()


def test_presigned_requests_need_no_client(s3: Any) -> None:
    s3.create_bucket(Bucket="presigned")
    wanted = {"Bucket": "presigned", "Key": "a b", "ContentType": "text/plain"}
    url = s3.generate_presigned_url("put_object", wanted)
    with urlopen(Request(url, b"hi", {"Content-Type": "text/plain"}, method="PUT"), timeout=60) as reply:
        assert reply.status == 200
    with urlopen(s3.generate_presigned_url("get_object", {"Bucket": "presigned", "Key": "a b"}), timeout=60) as reply:
        assert (reply.read(), reply.headers["Content-Type"]) == (b"hi", "text/plain")


def test_a_client_of_the_wrong_region_finds_the_bucket(haar: Haar) -> None:
    there = haar.client("s3", access_key="666666666603", region="eu-west-1")
    there.create_bucket(Bucket="elsewhere", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    there.put_object(Bucket="elsewhere", Key="k", Body=b"x")
    far = haar.client("s3", access_key="666666666603", region="us-west-2", attempts=3)
    assert far.get_object(Bucket="elsewhere", Key="k")["Body"].read() == b"x"


def test_what_is_not_there_is_not_there(s3: Any) -> None:
    s3.create_bucket(Bucket="empty-one")
    with pytest.raises(s3.exceptions.NoSuchKey):
        s3.get_object(Bucket="empty-one", Key="k")
    with pytest.raises(s3.exceptions.NoSuchBucket):
        s3.list_objects_v2(Bucket="never-was-there")
    with pytest.raises(ClientError, match="404"):
        s3.head_object(Bucket="empty-one", Key="k")


def test_objects_outlive_a_crash(tmp_path: Path) -> None:
    small, large = b"small", noise(9 * MIB)
    with Haar("--data", str(tmp_path / "data")) as haar:
        client = haar.client("s3")
        client.create_bucket(Bucket="lasting")
        client.put_object(Bucket="lasting", Key="small", Body=small)
        client.put_object(Bucket="lasting", Key="large", Body=large, ServerSideEncryption="aws:kms")
        haar.kill()
        haar.start()
        client = haar.client("s3")
        assert client.get_object(Bucket="lasting", Key="small")["Body"].read() == small
        assert client.get_object(Bucket="lasting", Key="large")["Body"].read() == large
