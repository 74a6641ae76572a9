"""Objects larger than the server's memory: in by parts, out as a stream, and refused before they arrive."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from boto3.s3.transfer import TransferConfig

from tests.clients.process import Haar

MIB = 1024 * 1024
GIB = 1024 * MIB
#: `HAAR_TEST_OBJECT_GIB=5` sends the object that one PUT may be at most.
SIZE = int(os.environ.get("HAAR_TEST_OBJECT_GIB", "1")) * GIB
RESIDENT_MAX = 150 * MIB
IN_PARTS = TransferConfig(multipart_threshold=16 * MIB, multipart_chunksize=16 * MIB, max_concurrency=4)


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Haar]:
    """A server that keeps its objects on the disk."""
    with Haar("--data", str(tmp_path / "data")) as running:
        yield running


def peak_resident(haar: Haar) -> int:
    """The most memory that the server ever had, in bytes."""
    status = Path(f"/proc/{haar.pid}/status").read_text()
    (line,) = (line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024


class Marked:
    """A sink: counts what it is given, and wants a mark at every gibibyte and zeros elsewhere."""

    def __init__(self) -> None:
        self.size = 0
        self.wrong = 0
        self._zeros = bytes(MIB)

    def write(self, data: bytes) -> int:
        if data != self._zeros[: len(data)] if len(data) <= MIB else any(data):
            self.wrong += data.replace(b"\0", b"") != mark(self.size // GIB)
        self.size += len(data)
        return len(data)


def mark(number: int) -> bytes:
    return b"gibibyte %d" % (number + 1)


@pytest.mark.ours
def test_a_server_of_little_memory_takes_and_gives_an_object_of_any_size(kept: Haar, tmp_path: Path) -> None:
    s3 = kept.client("s3")
    s3.create_bucket(Bucket="large")
    source = tmp_path / "sparse"
    with source.open("wb") as file:
        file.truncate(SIZE)
        for number in range(SIZE // GIB):
            file.seek(number * GIB + 1000)
            file.write(mark(number))
    s3.upload_file(str(source), "large", "k", Config=IN_PARTS)
    assert s3.head_object(Bucket="large", Key="k")["ContentLength"] == SIZE
    taken = Marked()
    body = s3.get_object(Bucket="large", Key="k")["Body"]
    while piece := body.read(MIB):
        taken.write(piece)
    assert (taken.size, taken.wrong) == (SIZE, 0)
    assert peak_resident(kept) < RESIDENT_MAX


@pytest.mark.ours
def test_a_single_put_of_a_large_object_is_not_held_in_memory_either(kept: Haar, tmp_path: Path) -> None:
    s3 = kept.client("s3")
    s3.create_bucket(Bucket="large")
    source = tmp_path / "sparse"
    with source.open("wb") as file:
        file.truncate(256 * MIB)
    with source.open("rb") as file:
        s3.put_object(Bucket="large", Key="k", Body=file)
    s3.copy_object(Bucket="large", Key="copy", CopySource="large/k", ChecksumAlgorithm="SHA256")
    taken = Marked()
    s3.download_fileobj("large", "copy", taken, Config=TransferConfig(use_threads=False))
    assert (taken.size, taken.wrong) == (256 * MIB, 0)
    assert peak_resident(kept) < RESIDENT_MAX


def answer_to(haar: Haar, address: str, length: int) -> bytes:
    """What the server says to the head of a PUT, of whose body nothing follows."""
    url = urlsplit(address)
    head = f"PUT {url.path}?{url.query} HTTP/1.1\r\nHost: {url.netloc}\r\nContent-Length: {length}\r\n"
    with socket.create_connection(("127.0.0.1", haar.port), timeout=10) as connection:
        connection.sendall(f"{head}Expect: 100-continue\r\n\r\n".encode())
        answer = connection.recv(65_536)
        while answer.startswith(b"HTTP/1.1 4") and (piece := connection.recv(65_536)):
            answer += piece
        return answer


@pytest.mark.fact("S3-002")
def test_a_put_of_more_than_5_gib_is_refused_before_its_body_is_read(haar: Haar) -> None:
    s3: Any = haar.client("s3", access_key="222222222291")
    s3.create_bucket(Bucket="too-large")
    address = s3.generate_presigned_url("put_object", {"Bucket": "too-large", "Key": "k"})
    assert answer_to(haar, address, 5 * GIB).startswith(b"HTTP/1.1 100 Continue")
    refused = answer_to(haar, address, 5 * GIB + 1)
    assert refused.startswith(b"HTTP/1.1 400 ")
    assert b"<Code>EntityTooLarge</Code>" in refused
    assert b"<ProposedSize>5368709121</ProposedSize>" in refused
    assert b"100 Continue" not in refused
