"""No acknowledged object is lost when the server is killed in the middle of writes, and none is there by half."""

from __future__ import annotations

import hashlib
from functools import partial
from pathlib import Path
from threading import Semaphore
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from tests.clients.process import Haar, at_once

pytestmark = pytest.mark.ours

#: Answers that are awaited before the kill, all clients together.
ENOUGH = 60
SIZES = (100, 50_000, 300_000, 3_000_000)
PART = 5 * 1024 * 1024


def content(name: str, size: int) -> bytes:
    """Bytes that say whose they are."""
    return (hashlib.sha256(name.encode()).digest() * (size // 32 + 1))[:size]


class Writers:
    """Clients that write objects until the server is killed, and remember what was acknowledged."""

    def __init__(self, haar: Haar) -> None:
        self.haar = haar
        self.kept: dict[str, int] = {}
        self.begun: dict[str, int] = {}
        self.acknowledged = Semaphore(0)

    def write(self, who: str) -> None:
        s3 = self.haar.client("s3")
        number = 0
        try:
            while True:
                size = SIZES[number % len(SIZES)]
                name = f"{who}/{number}"
                self.begun[name] = size
                s3.put_object(Bucket="storm", Key=name, Body=content(name, size))
                self.kept[name] = size
                self.acknowledged.release()
                number += 1
        except (BotoCoreError, ClientError):
            return  # the server is gone

    def write_in_parts(self, who: str) -> None:
        s3 = self.haar.client("s3")
        number = 0
        try:
            while True:
                name = f"{who}/{number}"
                size = PART + 1000
                body = content(name, size)
                self.begun[name] = size
                upload = s3.create_multipart_upload(Bucket="storm", Key=name)["UploadId"]
                parts = []
                for part, start in ((1, 0), (2, PART)):
                    made = s3.upload_part(
                        Bucket="storm", Key=name, UploadId=upload, PartNumber=part, Body=body[start : start + PART]
                    )
                    parts.append({"PartNumber": part, "ETag": made["ETag"]})
                s3.complete_multipart_upload(
                    Bucket="storm", Key=name, UploadId=upload, MultipartUpload={"Parts": parts}
                )
                self.kept[name] = size
                self.acknowledged.release()
                number += 1
        except (BotoCoreError, ClientError):
            return

    def kill(self) -> None:
        for _ in range(ENOUGH):
            assert self.acknowledged.acquire(timeout=60), "the server stopped answering before it was killed"
        self.haar.kill()


def test_a_kill_loses_no_object_that_was_acknowledged(tmp_path: Path) -> None:
    with Haar("--data", str(tmp_path)) as haar:
        haar.client("s3").create_bucket(Bucket="storm")
        writers = Writers(haar)
        jobs: list[Any] = [partial(writers.write, who) for who in "ab"]
        at_once([*jobs, partial(writers.write_in_parts, "c"), writers.kill])
    with Haar("--data", str(tmp_path)) as haar:
        s3 = haar.client("s3")
        found = {}
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket="storm"):
            found.update({row["Key"]: row["Size"] for row in page.get("Contents", ())})
        assert writers.kept.keys() <= found.keys()
        assert found.keys() <= writers.begun.keys()
        for name, size in found.items():
            assert size == writers.begun[name]
            assert s3.get_object(Bucket="storm", Key=name)["Body"].read() == content(name, size), name
