"""Checksums of parts and of what they become."""

from __future__ import annotations

import base64
import hashlib
import zlib
from typing import Any

import pytest
from botocore.exceptions import ClientError

from haar import Cloud

INTEGRITY = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html"
CREATE = "https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateMultipartUpload.html"
PUT = "https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPart.html"
COMPLETE = "https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html"
ERRORS = "https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html"

FULL = b"f" * (5 * 1024 * 1024)


@pytest.fixture
def s3(cloud: Cloud) -> Any:
    """A client, and a bucket called `parts`."""
    client = cloud.client("s3")
    client.create_bucket(Bucket="parts")
    return client


@pytest.fixture
def silent(cloud: Cloud, s3: Any) -> Any:
    """A client that adds no checksum of its own accord."""
    from botocore.config import Config

    return cloud.client("s3", config=Config(request_checksum_calculation="when_required"))


def begin(s3: Any, **more: Any) -> str:
    return str(s3.create_multipart_upload(Bucket="parts", Key="k", **more)["UploadId"])


def put(s3: Any, upload: str, number: int, body: bytes, **more: Any) -> dict[str, Any]:
    reply = s3.upload_part(Bucket="parts", Key="k", UploadId=upload, PartNumber=number, Body=body, **more)
    checksums = {name: value for name, value in reply.items() if name.startswith("Checksum")}
    return {"PartNumber": number, "ETag": reply["ETag"], **checksums}


def complete(s3: Any, upload: str, *parts: dict[str, Any], **more: Any) -> Any:
    listed = {"Parts": list(parts)}
    return s3.complete_multipart_upload(Bucket="parts", Key="k", UploadId=upload, MultipartUpload=listed, **more)


def b64(digest: bytes) -> str:
    return base64.b64encode(digest).decode()


def crc32(body: bytes) -> str:
    return b64(zlib.crc32(body).to_bytes(4, "big"))


def status_of(error: pytest.ExceptionInfo[ClientError]) -> tuple[str, int]:
    response = error.value.response
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]


def words_of(error: pytest.ExceptionInfo[ClientError]) -> str:
    return str(error.value.response["Error"]["Message"])


@pytest.mark.documented(INTEGRITY)
def test_a_composite_checksum_is_that_of_the_checksums_and_the_number_of_parts(s3: Any) -> None:
    upload = begin(s3, ChecksumAlgorithm="SHA256")
    first = put(s3, upload, 1, FULL, ChecksumAlgorithm="SHA256")
    reply = complete(s3, upload, first, put(s3, upload, 2, b"tail", ChecksumAlgorithm="SHA256"))
    of_parts = hashlib.sha256(FULL).digest() + hashlib.sha256(b"tail").digest()
    assert reply["ChecksumSHA256"] == b64(hashlib.sha256(of_parts).digest()) + "-2"
    assert reply["ChecksumType"] == "COMPOSITE"


@pytest.mark.documented(INTEGRITY)
def test_a_full_object_checksum_is_that_of_all_bytes(s3: Any) -> None:
    upload = begin(s3, ChecksumAlgorithm="CRC32", ChecksumType="FULL_OBJECT")
    reply = complete(s3, upload, put(s3, upload, 1, FULL), put(s3, upload, 2, b"tail"))
    assert (reply["ChecksumCRC32"], reply["ChecksumType"]) == (crc32(FULL + b"tail"), "FULL_OBJECT")


@pytest.mark.documented(INTEGRITY)
def test_without_a_wish_the_object_has_a_crc64nvme_of_all_bytes(s3: Any, silent: Any) -> None:
    upload = begin(silent)
    reply = complete(silent, upload, put(silent, upload, 1, FULL), put(silent, upload, 2, b"tail"))
    once = s3.put_object(Bucket="parts", Key="whole", Body=FULL + b"tail", ChecksumAlgorithm="CRC64NVME")
    assert reply["ChecksumCRC64NVME"] == once["ChecksumCRC64NVME"]
    assert reply["ChecksumType"] == "FULL_OBJECT"


@pytest.mark.documented(INTEGRITY)
@pytest.mark.parametrize(
    ("algorithm", "kind"),
    [("CRC32", "COMPOSITE"), ("CRC32C", "COMPOSITE"), ("SHA1", "COMPOSITE"), ("CRC64NVME", "FULL_OBJECT")],
)
def test_an_algorithm_has_a_type_of_its_own(s3: Any, algorithm: str, kind: str) -> None:
    made = s3.create_multipart_upload(Bucket="parts", Key="k", ChecksumAlgorithm=algorithm)
    assert (made["ChecksumAlgorithm"], made["ChecksumType"]) == (algorithm, kind)


@pytest.mark.documented(INTEGRITY)
@pytest.mark.parametrize(("algorithm", "kind"), [("SHA256", "FULL_OBJECT"), ("CRC64NVME", "COMPOSITE")])
def test_not_every_algorithm_has_both_types(s3: Any, algorithm: str, kind: str) -> None:
    with pytest.raises(ClientError) as error:
        begin(s3, ChecksumAlgorithm=algorithm, ChecksumType=kind)
    assert status_of(error) == ("InvalidRequest", 400)
    assert (
        words_of(error) == f"The {kind} checksum type cannot be used with the {algorithm.lower()} checksum algorithm."
    )


@pytest.mark.documented(CREATE)
def test_a_type_needs_an_algorithm(s3: Any) -> None:
    with pytest.raises(ClientError) as error:
        begin(s3, ChecksumType="FULL_OBJECT")
    assert status_of(error) == ("InvalidRequest", 400)


@pytest.mark.documented(CREATE)
def test_an_algorithm_that_is_none_is_refused(s3: Any) -> None:
    with pytest.raises(ClientError) as error:
        begin(s3, ChecksumAlgorithm="CRC13")
    assert status_of(error) == ("InvalidRequest", 400)


@pytest.mark.documented(CREATE)
@pytest.mark.parametrize("algorithm", ["XXHASH64", "XXHASH3", "XXHASH128", "SHA512", "MD5"])
def test_an_algorithm_that_cannot_be_combined_is_of_the_parts(s3: Any, algorithm: str) -> None:
    begun = s3.create_multipart_upload(Bucket="parts", Key="k", ChecksumAlgorithm=algorithm)
    assert begun["ChecksumType"] == "COMPOSITE"
    with pytest.raises(ClientError) as error:
        begin(s3, ChecksumAlgorithm=algorithm, ChecksumType="FULL_OBJECT")
    assert status_of(error) == ("InvalidRequest", 400)


@pytest.mark.documented(PUT)
def test_a_part_has_the_algorithm_of_its_upload(s3: Any) -> None:
    upload = begin(s3, ChecksumAlgorithm="SHA256")
    with pytest.raises(ClientError) as error:
        put(s3, upload, 1, b"x", ChecksumAlgorithm="CRC32")
    assert status_of(error) == ("InvalidRequest", 400)
    assert (
        words_of(error)
        == "Checksum Type mismatch occurred, expected checksum Type: sha256, actual checksum Type: crc32"
    )


@pytest.mark.documented(PUT)
def test_a_part_of_a_composite_upload_comes_with_its_checksum(silent: Any) -> None:
    upload = begin(silent, ChecksumAlgorithm="SHA256")
    with pytest.raises(ClientError) as error:
        put(silent, upload, 1, b"x")
    assert (
        words_of(error) == "Checksum Type mismatch occurred, expected checksum Type: sha256, actual checksum Type: null"
    )


@pytest.mark.documented(PUT)
def test_a_part_of_a_full_object_upload_may_come_without(silent: Any) -> None:
    upload = begin(silent, ChecksumAlgorithm="CRC32", ChecksumType="FULL_OBJECT")
    reply = complete(silent, upload, put(silent, upload, 1, b"x"))
    assert reply["ChecksumCRC32"] == crc32(b"x")


@pytest.mark.documented(PUT)
def test_a_part_with_a_wrong_checksum_is_refused(s3: Any) -> None:
    upload = begin(s3, ChecksumAlgorithm="CRC32")
    with pytest.raises(ClientError) as error:
        put(s3, upload, 1, b"x", ChecksumCRC32=crc32(b"y"))
    assert status_of(error) == ("BadDigest", 400)
    assert words_of(error) == "The CRC32 you specified did not match the calculated checksum."


@pytest.mark.documented(PUT)
def test_a_checksum_that_cannot_be_one_is_refused(s3: Any) -> None:
    upload = begin(s3, ChecksumAlgorithm="CRC32")
    with pytest.raises(ClientError) as error:
        put(s3, upload, 1, b"x", ChecksumCRC32="abc")
    assert status_of(error) == ("InvalidRequest", 400)
    assert words_of(error) == "Value for x-amz-checksum-crc32 header is invalid."


@pytest.mark.documented(PUT)
def test_a_part_has_one_checksum(s3: Any) -> None:
    upload = begin(s3, ChecksumAlgorithm="CRC32")
    with pytest.raises(ClientError) as error:
        put(s3, upload, 1, b"x", ChecksumCRC32=crc32(b"x"), ChecksumSHA1=b64(hashlib.sha1(b"x").digest()))
    assert status_of(error) == ("InvalidRequest", 400)


@pytest.mark.documented(ERRORS)
def test_a_part_with_a_wrong_md5_is_refused(s3: Any) -> None:
    with pytest.raises(ClientError) as error:
        put(s3, begin(s3), 1, b"x", ContentMD5=b64(hashlib.md5(b"y").digest()))
    assert status_of(error) == ("BadDigest", 400)
    assert error.value.response["Error"]["CalculatedDigest"] == b64(hashlib.md5(b"x").digest())


@pytest.mark.documented(ERRORS)
def test_an_md5_that_cannot_be_one_is_refused(s3: Any) -> None:
    with pytest.raises(ClientError) as error:
        put(s3, begin(s3), 1, b"x", ContentMD5="eA==")
    assert status_of(error) == ("InvalidDigest", 400)


@pytest.mark.documented(PUT)
def test_any_checksum_of_a_part_is_taken_where_the_upload_has_no_algorithm(s3: Any) -> None:
    upload = begin(s3)
    part = put(s3, upload, 1, b"x", ChecksumAlgorithm="SHA1")
    assert part["ChecksumSHA1"] == b64(hashlib.sha1(b"x").digest())
    assert complete(s3, upload, part)["ChecksumType"] == "FULL_OBJECT"


@pytest.mark.documented(COMPLETE)
def test_the_parts_of_a_composite_upload_are_listed_with_their_checksums(s3: Any) -> None:
    upload = begin(s3, ChecksumAlgorithm="CRC32")
    part = put(s3, upload, 1, b"x")
    with pytest.raises(ClientError) as error:
        complete(s3, upload, {"PartNumber": 1, "ETag": part["ETag"]})
    assert status_of(error) == ("InvalidRequest", 400)
    assert words_of(error).endswith("It was missing for part 1 in the request.")


@pytest.mark.documented(COMPLETE)
def test_a_part_listed_with_another_checksum_is_not_found(s3: Any) -> None:
    upload = begin(s3, ChecksumAlgorithm="CRC32")
    part = put(s3, upload, 1, b"x")
    with pytest.raises(ClientError) as error:
        complete(s3, upload, {**part, "ChecksumCRC32": crc32(b"y")})
    assert status_of(error) == ("InvalidPart", 400)


@pytest.mark.documented(INTEGRITY)
def test_parts_with_checksums_are_numbered_without_gaps(s3: Any) -> None:
    upload = begin(s3, ChecksumAlgorithm="CRC32")
    part = put(s3, upload, 2, b"x")
    with pytest.raises(ClientError) as error:
        complete(s3, upload, part)
    assert status_of(error) == ("InternalError", 500)


@pytest.mark.documented(INTEGRITY)
def test_the_checksum_of_the_whole_can_be_demanded(s3: Any) -> None:
    upload = begin(s3, ChecksumAlgorithm="CRC32", ChecksumType="FULL_OBJECT")
    part = put(s3, upload, 1, b"x")
    with pytest.raises(ClientError) as error:
        complete(s3, upload, part, ChecksumCRC32=crc32(b"y"))
    assert status_of(error) == ("BadDigest", 400)
    complete(s3, upload, part, ChecksumCRC32=crc32(b"x"), ChecksumType="FULL_OBJECT")


@pytest.mark.documented(COMPLETE)
def test_a_completion_has_the_type_of_its_upload(s3: Any) -> None:
    upload = begin(s3, ChecksumAlgorithm="CRC32", ChecksumType="FULL_OBJECT")
    part = put(s3, upload, 1, b"x")
    with pytest.raises(ClientError) as error:
        complete(s3, upload, part, ChecksumType="COMPOSITE")
    assert status_of(error) == ("InvalidRequest", 400)


@pytest.mark.documented("https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListParts.html")
def test_listed_parts_have_their_checksums(s3: Any) -> None:
    upload = begin(s3, ChecksumAlgorithm="CRC32")
    put(s3, upload, 1, b"x")
    listed = s3.list_parts(Bucket="parts", Key="k", UploadId=upload)
    assert (listed["ChecksumAlgorithm"], listed["ChecksumType"]) == ("CRC32", "COMPOSITE")
    assert [one["ChecksumCRC32"] for one in listed["Parts"]] == [crc32(b"x")]


@pytest.mark.documented("https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListMultipartUploads.html")
def test_listed_uploads_have_their_algorithm(s3: Any) -> None:
    begin(s3, ChecksumAlgorithm="SHA1")
    [one] = s3.list_multipart_uploads(Bucket="parts")["Uploads"]
    assert (one["ChecksumAlgorithm"], one["ChecksumType"]) == ("SHA1", "COMPOSITE")


@pytest.mark.documented("https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html")
def test_a_listing_shows_the_algorithm_of_what_was_completed(s3: Any) -> None:
    upload = begin(s3, ChecksumAlgorithm="CRC32")
    complete(s3, upload, put(s3, upload, 1, b"x"))
    [one] = s3.list_objects_v2(Bucket="parts")["Contents"]
    assert (one["ChecksumAlgorithm"], one["ChecksumType"]) == (["CRC32"], "COMPOSITE")
