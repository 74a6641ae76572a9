"""Parts that are copied from other objects."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from botocore.exceptions import ClientError

from haar import Cloud

COPY = "https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPartCopy.html"

MAY_PUT = (
    '{"Version": "2012-10-17", '
    '"Statement": {"Effect": "Allow", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::parts/*"}}'
)
MIB = 1024 * 1024
FULL = bytes(range(256)) * (5 * MIB // 256)


@pytest.fixture
def s3(cloud: Cloud) -> Any:
    """A client, a bucket called `parts` and in it the object `source`."""
    client = cloud.client("s3")
    client.create_bucket(Bucket="parts")
    client.put_object(Bucket="parts", Key="source", Body=b"0123456789")
    return client


def begin(s3: Any, **more: Any) -> str:
    return str(s3.create_multipart_upload(Bucket="parts", Key="k", **more)["UploadId"])


def copy(s3: Any, upload: str, number: int, source: Any = "parts/source", **more: Any) -> dict[str, Any]:
    reply = s3.upload_part_copy(Bucket="parts", Key="k", UploadId=upload, PartNumber=number, CopySource=source, **more)
    return {"PartNumber": number, "ETag": reply["CopyPartResult"]["ETag"]}


def complete(s3: Any, upload: str, *parts: dict[str, Any]) -> Any:
    return s3.complete_multipart_upload(
        Bucket="parts", Key="k", UploadId=upload, MultipartUpload={"Parts": list(parts)}
    )


def whole(s3: Any) -> bytes:
    return bytes(s3.get_object(Bucket="parts", Key="k")["Body"].read())


def status_of(error: pytest.ExceptionInfo[ClientError]) -> tuple[str, int]:
    response = error.value.response
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]


@pytest.mark.fact("S3MPU-004")
def test_a_whole_object_copied_as_one_part_has_no_md5_as_etag(s3: Any) -> None:
    upload = begin(s3)
    reply = complete(s3, upload, copy(s3, upload, 1))
    assert reply["ETag"].endswith('-1"')
    assert reply["ETag"].strip('"') != hashlib.md5(b"0123456789").hexdigest()
    assert whole(s3) == b"0123456789"


@pytest.mark.documented(COPY)
def test_a_copied_part_has_the_md5_of_its_bytes(s3: Any) -> None:
    part = copy(s3, begin(s3), 1, CopySourceRange="bytes=2-5")
    assert part["ETag"] == f'"{hashlib.md5(b"2345").hexdigest()}"'


@pytest.mark.documented(COPY)
def test_a_range_of_an_object_becomes_a_part(s3: Any) -> None:
    upload = begin(s3)
    complete(s3, upload, copy(s3, upload, 1, CopySourceRange="bytes=2-5"))
    assert whole(s3) == b"2345"


@pytest.mark.documented(COPY)
def test_a_range_across_the_parts_of_the_source_is_copied(s3: Any) -> None:
    made = s3.create_multipart_upload(Bucket="parts", Key="source")["UploadId"]
    place = {"Bucket": "parts", "Key": "source", "UploadId": made}
    first = s3.upload_part(**place, PartNumber=1, Body=FULL)["ETag"]
    second = s3.upload_part(**place, PartNumber=2, Body=FULL)["ETag"]
    parts = [{"PartNumber": 1, "ETag": first}, {"PartNumber": 2, "ETag": second}]
    s3.complete_multipart_upload(**place, MultipartUpload={"Parts": parts})
    upload = begin(s3)
    start, last = 5 * MIB - 100_000, 5 * MIB + 100_000
    complete(s3, upload, copy(s3, upload, 1, CopySourceRange=f"bytes={start}-{last}"))
    assert whole(s3) == (FULL + FULL)[start : last + 1]


@pytest.mark.ours
def test_a_copied_part_outlives_its_source(cloud: Cloud, s3: Any) -> None:
    s3.put_object(Bucket="parts", Key="source", Body=FULL)
    upload = begin(s3)
    part = copy(s3, upload, 1)
    s3.delete_object(Bucket="parts", Key="source")
    cloud.advance(minutes=1)
    complete(s3, upload, part)
    assert whole(s3) == FULL


@pytest.mark.documented(COPY)
@pytest.mark.parametrize("header", ["bytes=0-10", "bytes=3-2", "bytes=-5", "bytes=5-", "0-5", "bytes=0-1,3-4"])
def test_a_range_has_to_lie_inside_the_source(s3: Any, header: str) -> None:
    upload = begin(s3)
    with pytest.raises(ClientError) as error:
        copy(s3, upload, 1, CopySourceRange=header)
    assert status_of(error) == ("InvalidArgument", 400)
    assert error.value.response["Error"]["ArgumentName"] == "x-amz-copy-source-range"


@pytest.mark.documented(COPY)
def test_a_version_can_be_the_source(s3: Any) -> None:
    s3.put_bucket_versioning(Bucket="parts", VersioningConfiguration={"Status": "Enabled"})
    old = s3.put_object(Bucket="parts", Key="source", Body=b"old")["VersionId"]
    s3.put_object(Bucket="parts", Key="source", Body=b"new")
    upload = begin(s3)
    reply = s3.upload_part_copy(
        Bucket="parts", Key="k", UploadId=upload, PartNumber=1,
        CopySource={"Bucket": "parts", "Key": "source", "VersionId": old},
    )  # fmt: skip
    assert reply["CopySourceVersionId"] == old
    complete(s3, upload, {"PartNumber": 1, "ETag": reply["CopyPartResult"]["ETag"]})
    assert whole(s3) == b"old"


@pytest.mark.documented(COPY)
def test_a_delete_marker_is_no_source(s3: Any) -> None:
    s3.put_bucket_versioning(Bucket="parts", VersioningConfiguration={"Status": "Enabled"})
    marker = s3.delete_object(Bucket="parts", Key="source")["VersionId"]
    upload = begin(s3)
    with pytest.raises(ClientError) as error:
        copy(s3, upload, 1)
    assert status_of(error) == ("NoSuchKey", 404)
    with pytest.raises(ClientError) as error:
        copy(s3, upload, 1, {"Bucket": "parts", "Key": "source", "VersionId": marker})
    assert status_of(error) == ("InvalidRequest", 400)


@pytest.mark.documented(COPY)
@pytest.mark.parametrize(
    ("source", "answer"),
    [
        ("parts/nothing", ("NoSuchKey", 404)),
        ("nowhere-at-all/source", ("NoSuchBucket", 404)),
        ("parts/", ("InvalidArgument", 400)),
        ("parts/source?versionId=3LgYqzCnHkzGaZ8WEx", ("NoSuchVersion", 404)),
    ],
)
def test_a_source_has_to_be_there(s3: Any, source: str, answer: tuple[str, int]) -> None:
    upload = begin(s3)
    with pytest.raises(ClientError) as error:
        copy(s3, upload, 1, source)
    assert status_of(error) == answer


@pytest.mark.documented(COPY)
def test_a_key_with_odd_letters_can_be_the_source(s3: Any) -> None:
    s3.put_object(Bucket="parts", Key="a b/ü+?=&", Body=b"odd")
    upload = begin(s3)
    complete(s3, upload, copy(s3, upload, 1, {"Bucket": "parts", "Key": "a b/ü+?=&"}))
    assert whole(s3) == b"odd"


@pytest.mark.documented(COPY)
def test_the_source_can_be_demanded_to_be_what_it_was(s3: Any) -> None:
    upload = begin(s3)
    with pytest.raises(ClientError) as error:
        copy(s3, upload, 1, CopySourceIfMatch='"d41d8cd98f00b204e9800998ecf8427e"')
    assert status_of(error) == ("PreconditionFailed", 412)
    copy(s3, upload, 1, CopySourceIfMatch=s3.head_object(Bucket="parts", Key="source")["ETag"])


@pytest.mark.documented(COPY)
def test_a_matching_etag_outweighs_a_date(cloud: Cloud, s3: Any) -> None:
    head = s3.head_object(Bucket="parts", Key="source")
    cloud.advance(days=1)
    upload = begin(s3)
    copy(s3, upload, 1, CopySourceIfMatch=head["ETag"], CopySourceIfUnmodifiedSince="2001-01-01")
    with pytest.raises(ClientError) as error:
        copy(s3, upload, 1, CopySourceIfUnmodifiedSince="2001-01-01")
    assert status_of(error) == ("PreconditionFailed", 412)


@pytest.mark.documented(COPY)
def test_the_source_can_be_demanded_to_be_another(s3: Any) -> None:
    head = s3.head_object(Bucket="parts", Key="source")
    upload = begin(s3)
    with pytest.raises(ClientError) as error:
        copy(s3, upload, 1, CopySourceIfNoneMatch=head["ETag"])
    assert status_of(error) == ("PreconditionFailed", 412)
    with pytest.raises(ClientError) as error:
        copy(s3, upload, 1, CopySourceIfModifiedSince=head["LastModified"])
    assert status_of(error) == ("PreconditionFailed", 412)


@pytest.mark.documented(COPY)
def test_the_source_may_lie_in_another_region(cloud: Cloud, s3: Any) -> None:
    far = cloud.client("s3", region="eu-west-1")
    far.create_bucket(Bucket="far-away", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    far.put_object(Bucket="far-away", Key="source", Body=b"far")
    upload = begin(s3)
    complete(s3, upload, copy(s3, upload, 1, "far-away/source"))
    assert whole(s3) == b"far"


@pytest.mark.documented(COPY)
def test_who_may_not_read_the_source_may_not_copy_it(cloud: Cloud, s3: Any) -> None:
    iam = cloud.client("iam")
    iam.create_user(UserName="ida")
    iam.put_user_policy(UserName="ida", PolicyName="put", PolicyDocument=MAY_PUT)
    made = iam.create_access_key(UserName="ida")["AccessKey"]
    ida = cloud.client("s3", access_key=made["AccessKeyId"], secret_key=made["SecretAccessKey"])
    upload = begin(ida)
    with pytest.raises(ClientError) as error:
        copy(ida, upload, 1)
    assert status_of(error) == ("AccessDenied", 403)


@pytest.mark.documented("https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html")
def test_a_copied_part_has_the_checksum_of_its_upload(s3: Any) -> None:
    upload = begin(s3, ChecksumAlgorithm="SHA256")
    reply = s3.upload_part_copy(
        Bucket="parts", Key="k", UploadId=upload, PartNumber=1, CopySource="parts/source", CopySourceRange="bytes=0-3"
    )["CopyPartResult"]
    import base64

    assert base64.b64decode(reply["ChecksumSHA256"]) == hashlib.sha256(b"0123").digest()
