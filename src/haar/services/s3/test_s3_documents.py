"""XML documents that say of themselves what they are: Content-MD5 and checksums in the headers."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import pytest
from botocore.exceptions import ClientError

from haar import Cloud

pytestmark = pytest.mark.documented(
    "https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html"
)


@pytest.fixture
def s3(cloud: Cloud) -> Any:
    made = cloud.client("s3")
    made.create_bucket(Bucket="documents")
    made.put_object(Bucket="documents", Key="a", Body=b"1")
    return made


def saying(s3: Any, operation: str, **headers: str) -> None:
    """Have an operation's requests carry these headers, in place of what botocore says."""

    def say(request: Any, **_: Any) -> None:
        for name in [name for name in request.headers if name.lower().startswith("x-amz-checksum-")]:
            del request.headers[name]
        for name, value in headers.items():
            request.headers[name.replace("_", "-")] = value

    s3.meta.events.register_first(f"before-sign.s3.{operation}", say)


def code(raised: Any) -> str:
    return str(raised.value.response["Error"]["Code"])


def test_a_document_that_is_not_what_its_md5_says_changes_nothing(s3: Any) -> None:
    saying(s3, "DeleteObjects", Content_MD5=base64.b64encode(hashlib.md5(b"another").digest()).decode())
    with pytest.raises(ClientError) as raised:
        s3.delete_objects(Bucket="documents", Delete={"Objects": [{"Key": "a"}]})
    assert code(raised) == "BadDigest"
    assert s3.list_objects_v2(Bucket="documents")["KeyCount"] == 1


def test_one_that_is_not_what_its_checksum_says_changes_nothing(s3: Any) -> None:
    saying(s3, "DeleteObjects", x_amz_checksum_crc32="AAAAAA==")
    with pytest.raises(ClientError) as raised:
        s3.delete_objects(Bucket="documents", Delete={"Objects": [{"Key": "a"}]})
    assert code(raised) == "BadDigest"


def test_what_is_no_md5_is_said_to_be_none(s3: Any) -> None:
    saying(s3, "PutBucketTagging", Content_MD5="short")
    with pytest.raises(ClientError) as raised:
        s3.put_bucket_tagging(Bucket="documents", Tagging={"TagSet": [{"Key": "k", "Value": "v"}]})
    assert code(raised) == "InvalidDigest"


def test_a_document_that_is_what_it_says_is_taken(s3: Any) -> None:
    assert s3.delete_objects(Bucket="documents", Delete={"Objects": [{"Key": "a"}]})["Deleted"] == [{"Key": "a"}]
