"""What many connections at once see of each other, and a bucket with as many keys as anybody puts into it."""

from __future__ import annotations

import hashlib
import hmac
import socket
import time
from functools import partial
from threading import Event
from typing import Any

import pytest
from botocore.exceptions import ClientError

from haar.auth.sigv4 import signing_key
from tests.clients.process import Haar, at_once

ACCOUNT = "222222222281"
KEYS = 100_000
#: Requests sent in one go before their answers are read.
ROUND = 250


@pytest.mark.fact("S3CON-001")
def test_what_was_put_is_read_at_once_by_another_connection(haar: Haar) -> None:
    haar.client("s3", access_key=ACCOUNT).create_bucket(Bucket="new-objects")

    def pair(number: int) -> int:
        writer, reader = haar.client("s3", access_key=ACCOUNT), haar.client("s3", access_key=ACCOUNT)
        right = 0
        for turn in range(250):
            body = b"%d of %d" % (turn, number)
            writer.put_object(Bucket="new-objects", Key=f"{number}/{turn}", Body=body)
            right += reader.get_object(Bucket="new-objects", Key=f"{number}/{turn}")["Body"].read() == body
        return right

    assert sum(at_once(partial(pair, number) for number in range(4))) == 1000


@pytest.mark.fact("S3CON-002")
def test_nobody_reads_what_was_replaced_or_deleted_before(haar: Haar) -> None:
    s3 = haar.client("s3", access_key=ACCOUNT)
    s3.create_bucket(Bucket="replaced")
    s3.put_object(Bucket="replaced", Key="k", Body=b"0")
    acknowledged = 0
    gone, done = Event(), Event()

    def write() -> int:
        nonlocal acknowledged
        try:
            for number in range(1, 301):
                s3.put_object(Bucket="replaced", Key="k", Body=b"%d" % number)
                acknowledged = number
            s3.delete_object(Bucket="replaced", Key="k")
            gone.set()
        finally:
            done.set()
        return 0

    def read() -> int:
        reader = haar.client("s3", access_key=ACCOUNT)
        stale = 0
        while not done.is_set():
            least = acknowledged
            try:
                stale += int(reader.get_object(Bucket="replaced", Key="k")["Body"].read()) < least
            except ClientError as error:
                assert error.response["Error"]["Code"] == "NoSuchKey"
        assert gone.is_set()
        listed = reader.list_objects_v2(Bucket="replaced")["KeyCount"]
        try:
            reader.get_object(Bucket="replaced", Key="k")
        except ClientError:
            return stale + listed
        return stale + listed + 1

    assert at_once([write, read, read, read, read]) == [0, 0, 0, 0, 0]
    assert acknowledged == 300


class Putter:
    """Signs small PUTs by itself and sends many before it reads the answers."""

    def __init__(self, haar: Haar, bucket: str) -> None:
        self.host = f"127.0.0.1:{haar.port}"
        self.bucket = bucket
        self.connection = socket.create_connection(("127.0.0.1", haar.port), timeout=60)
        self.at = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        self.scope = f"{self.at[:8]}/us-east-1/s3/aws4_request"
        self.key = signing_key("test", self.at[:8], "us-east-1", "s3")

    def put(self, names: list[str]) -> int:
        """Put an object under each name, its own name in it; how many were taken."""
        self.connection.sendall(b"".join(map(self._request, names)))
        answered = b""
        while answered.count(b"HTTP/1.1 ") < len(names) or not answered.endswith(b"\r\n\r\n"):
            piece = self.connection.recv(1 << 20)
            assert piece, answered[-2000:]
            answered += piece
        return answered.count(b"HTTP/1.1 200 OK")

    def _request(self, name: str) -> bytes:
        path = f"/{self.bucket}/{name}"
        headers = f"host:{self.host}\nx-amz-content-sha256:UNSIGNED-PAYLOAD\nx-amz-date:{self.at}\n"
        signed = "host;x-amz-content-sha256;x-amz-date"
        canonical = f"PUT\n{path}\n\n{headers}\n{signed}\nUNSIGNED-PAYLOAD"
        hashed = hashlib.sha256(canonical.encode()).hexdigest()
        text = f"AWS4-HMAC-SHA256\n{self.at}\n{self.scope}\n{hashed}"
        signature = hmac.digest(self.key, text.encode(), "sha256").hex()
        return (
            f"PUT {path} HTTP/1.1\r\nhost: {self.host}\r\nx-amz-content-sha256: UNSIGNED-PAYLOAD\r\n"
            f"x-amz-date: {self.at}\r\nauthorization: AWS4-HMAC-SHA256 Credential={ACCOUNT}/{self.scope}, "
            f"SignedHeaders={signed}, Signature={signature}\r\ncontent-length: {len(name)}\r\n\r\n{name}"
        ).encode()


@pytest.mark.fact("S3-003")
def test_a_bucket_takes_100_000_objects_and_lists_them_all(haar: Haar) -> None:
    s3: Any = haar.client("s3", access_key=ACCOUNT)
    s3.create_bucket(Bucket="many")
    putter = Putter(haar, "many")
    names = [f"{number % 7}/{number:06}" for number in range(KEYS)]
    taken = sum(putter.put(names[start : start + ROUND]) for start in range(0, KEYS, ROUND))
    putter.connection.close()
    assert taken == KEYS
    pages = [
        [found["Key"] for found in page["Contents"]]
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket="many")
    ]
    assert {len(page) for page in pages} == {1000}
    assert [name for page in pages for name in page] == sorted(names)
