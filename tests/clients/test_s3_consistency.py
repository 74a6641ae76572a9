"""What many connections at once see of each other, and a bucket with as many keys as anybody puts into it."""

from __future__ import annotations

import hashlib
import hmac
import re
import socket
import time
from collections.abc import Iterator
from functools import partial
from threading import Event
from typing import Any
from xml.sax.saxutils import unescape

import pytest

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


def number_in(reader: Any) -> int | None:
    """What the object says; None when there is none."""
    try:
        return int(reader.get_object(Bucket="replaced", Key="k")["Body"].read())
    except reader.exceptions.NoSuchKey:
        return None


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
            found = number_in(reader)
            stale += found is not None and found < least
        assert gone.is_set()
        listed: int = reader.list_objects_v2(Bucket="replaced")["KeyCount"]
        return stale + listed + (number_in(reader) is not None)

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

    def send(self, names: list[str]) -> None:
        """Ask to put an object under each name, its own name in it."""
        self.connection.sendall(b"".join(map(self._request, names)))

    def taken(self, count: int) -> int:
        """How many of the last `count` requests were granted."""
        answered = b""
        while answered.count(b"HTTP/1.1 ") < count or not answered.endswith(b"\r\n\r\n"):
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
    names = [f"{number % 7}/{number:06}" for number in range(KEYS)]
    putters = [Putter(haar, "many") for _ in range(2)]
    taken = 0
    for start in range(0, KEYS, 2 * ROUND):
        for number, putter in enumerate(putters):
            putter.send(names[start + number * ROUND : start + (number + 1) * ROUND])
        taken += sum(putter.taken(ROUND) for putter in putters)
    for putter in putters:
        putter.connection.close()
    assert taken == KEYS
    assert list(listed(haar, s3, "many")) == sorted(names)


def listed(haar: Haar, s3: Any, bucket: str) -> Iterator[str]:
    """All keys, page by page; read here, for a client takes a tenth of a second to read a page."""
    token: dict[str, str] = {}
    while True:
        address = s3.generate_presigned_url("list_objects_v2", {"Bucket": bucket, **token})
        status, page = haar.http("GET", address.removeprefix(haar.url))
        assert status == 200, page
        found = re.findall(r"<Key>(.*?)</Key>", page.decode())
        assert len(found) == 1000
        yield from found
        more = re.search(r"<NextContinuationToken>(.*?)</NextContinuationToken>", page.decode())
        if more is None:
            return
        token = {"ContinuationToken": unescape(more[1])}
