"""How much is kept, as `haar s3 du` asks for it."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from haar import Cloud
from haar.wire.http import HttpRequest

pytestmark = pytest.mark.ours


def get(cloud: Cloud, path: str) -> tuple[int, Any]:
    from haar.gateway.control import Exchange

    reply = Exchange(cloud, HttpRequest("GET", f"/_haar/{path}", "", {"host": "127.0.0.1:4566"})).run()
    return reply.status, orjson.loads(reply.body)


def test_every_bucket_says_what_it_keeps(cloud: Cloud) -> None:
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="measured")
    s3.put_bucket_versioning(Bucket="measured", VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket="measured", Key="a", Body=b"12345")
    s3.put_object(Bucket="measured", Key="a", Body=b"123")
    upload = s3.create_multipart_upload(Bucket="measured", Key="b")["UploadId"]
    s3.upload_part(Bucket="measured", Key="b", UploadId=upload, PartNumber=1, Body=b"1234567")
    status, said = get(cloud, "usage/s3")
    assert status == 200
    assert said["rows"] == [
        {
            "bucket": "measured", "account": "000000000000", "region": "us-east-1", "objects": 1, "bytes": 3,
            "versions": 2, "version_bytes": 8, "uploads": 1, "upload_bytes": 7,
        }
    ]  # fmt: skip


def test_a_service_that_keeps_nothing_large_says_so(cloud: Cloud) -> None:
    status, said = get(cloud, "usage/sqs")
    assert (status, said["error"]["code"]) == (404, "NoUsage")
    assert "s3" in said["error"]["hint"]
