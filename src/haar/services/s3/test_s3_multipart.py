"""Objects in parts: begun, put, completed, aborted, listed."""

from __future__ import annotations

import hashlib
import http.client
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError

from haar import Cloud
from haar.services.s3.resources import Bucket, Part, Upload
from haar.services.s3.uploads import abort_rule

OVERVIEW = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html"
LIMITS = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html"
CREATE = "https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateMultipartUpload.html"
PUT = "https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPart.html"
COMPLETE = "https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html"
ABORT = "https://docs.aws.amazon.com/AmazonS3/latest/API/API_AbortMultipartUpload.html"
PARTS = "https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListParts.html"
UPLOADS = "https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListMultipartUploads.html"
CONDITIONS = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html"
LIFECYCLE = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpu-abort-incomplete-mpu-lifecycle-config.html"

MAY_PUT = (
    '{"Version": "2012-10-17", '
    '"Statement": {"Effect": "Allow", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::parts/*"}}'
)
MIB = 1024 * 1024
DAY = 86_400
FULL = b"f" * (5 * MIB)


@pytest.fixture
def s3(cloud: Cloud) -> Any:
    """A client, and a bucket called `parts`."""
    client = cloud.client("s3")
    client.create_bucket(Bucket="parts")
    return client


def begin(s3: Any, name: str = "k", **more: Any) -> str:
    return str(s3.create_multipart_upload(Bucket="parts", Key=name, **more)["UploadId"])


def put(s3: Any, upload: str, number: int, body: bytes, name: str = "k", **more: Any) -> dict[str, Any]:
    """A part, as CompleteMultipartUpload wants it listed."""
    reply = s3.upload_part(Bucket="parts", Key=name, UploadId=upload, PartNumber=number, Body=body, **more)
    return {"PartNumber": number, "ETag": reply["ETag"]}


def complete(s3: Any, upload: str, *parts: dict[str, Any], name: str = "k", **more: Any) -> Any:
    listed = {"Parts": list(parts)}
    return s3.complete_multipart_upload(Bucket="parts", Key=name, UploadId=upload, MultipartUpload=listed, **more)


def whole(s3: Any, name: str = "k") -> bytes:
    return bytes(s3.get_object(Bucket="parts", Key=name)["Body"].read())


def status_of(error: pytest.ExceptionInfo[ClientError]) -> tuple[str, int]:
    response = error.value.response
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]


# --- the whole way ---------------------------------------------------------------------------------------------------


@pytest.mark.documented(OVERVIEW)
def test_parts_become_one_object(s3: Any) -> None:
    upload = begin(s3)
    first, last = put(s3, upload, 1, FULL), put(s3, upload, 2, b"tail")
    reply = complete(s3, upload, first, last)
    assert (reply["Bucket"], reply["Key"]) == ("parts", "k")
    assert reply["Location"].endswith("/parts/k")
    assert whole(s3) == FULL + b"tail"


@pytest.mark.fact("S3MPU-001")
def test_the_transfer_manager_uploads_101_mb_in_parts(s3: Any, tmp_path: Any) -> None:
    from boto3.s3.transfer import TransferConfig

    path = tmp_path / "large"
    path.write_bytes(bytes(101 * MIB))
    config = TransferConfig(multipart_threshold=100 * MIB, multipart_chunksize=50 * MIB, use_threads=False)
    s3.upload_file(str(path), "parts", "large", Config=config)
    head = s3.head_object(Bucket="parts", Key="large")
    assert (head["ContentLength"], head["ETag"][-3:]) == (101 * MIB, '-3"')


@pytest.mark.fact("S3MPU-002")
def test_more_than_five_gib_come_in_parts(s3: Any) -> None:
    # a copy of a whole object copies no bytes, and its checksum is known already
    s3.put_object(Bucket="parts", Key="source", Body=bytes(128 * MIB), ChecksumAlgorithm="CRC32")
    upload = begin(s3, ChecksumAlgorithm="CRC32", ChecksumType="FULL_OBJECT")
    parts = [
        {
            "PartNumber": number,
            "ETag": s3.upload_part_copy(
                Bucket="parts", Key="k", UploadId=upload, PartNumber=number, CopySource="parts/source"
            )["CopyPartResult"]["ETag"],
        }
        for number in range(1, 42)
    ]
    complete(s3, upload, *parts)
    assert s3.head_object(Bucket="parts", Key="k")["ContentLength"] == 41 * 128 * MIB > 5 * 1024 * MIB


@pytest.mark.fact("S3MPU-003")
def test_the_etag_is_the_md5_of_the_md5s_of_the_parts_and_their_number(s3: Any) -> None:
    upload = begin(s3)
    reply = complete(s3, upload, put(s3, upload, 1, FULL), put(s3, upload, 2, b"tail"))
    of_parts = hashlib.md5(FULL).digest() + hashlib.md5(b"tail").digest()
    assert reply["ETag"] == f'"{hashlib.md5(of_parts).hexdigest()}-2"'
    assert s3.head_object(Bucket="parts", Key="k")["ETag"] == reply["ETag"]


@pytest.mark.fact("S3MPU-007")
def test_parts_may_come_in_any_order_and_are_joined_by_number(s3: Any) -> None:
    upload = begin(s3)
    last, first = put(s3, upload, 2, b"tail"), put(s3, upload, 1, FULL)
    complete(s3, upload, first, last)
    assert whole(s3) == FULL + b"tail"


@pytest.mark.fact("S3MPU-007")
def test_a_list_of_parts_out_of_order_is_refused(s3: Any) -> None:
    upload = begin(s3)
    last, first = put(s3, upload, 2, b"tail"), put(s3, upload, 1, FULL)
    with pytest.raises(ClientError) as error:
        complete(s3, upload, last, first)
    assert status_of(error) == ("InvalidPartOrder", 400)


@pytest.mark.documented(CREATE)
def test_what_is_said_at_the_beginning_is_what_the_object_has(s3: Any) -> None:
    upload = begin(
        s3, ContentType="text/plain", CacheControl="no-cache", Metadata={"colour": "blue"}, StorageClass="STANDARD_IA"
    )
    complete(s3, upload, put(s3, upload, 1, b"x"))
    head = s3.head_object(Bucket="parts", Key="k")
    assert (head["ContentType"], head["CacheControl"], head["Metadata"]) == (
        "text/plain",
        "no-cache",
        {"colour": "blue"},
    )
    [listed] = s3.list_objects_v2(Bucket="parts")["Contents"]
    assert listed["StorageClass"] == "STANDARD_IA"


@pytest.mark.documented(OVERVIEW)
def test_nothing_is_there_before_it_is_completed(s3: Any) -> None:
    put(s3, begin(s3), 1, b"x")
    assert "Contents" not in s3.list_objects_v2(Bucket="parts")


@pytest.mark.documented(OVERVIEW)
def test_an_upload_gives_a_new_version_where_versions_are_kept(s3: Any) -> None:
    s3.put_bucket_versioning(Bucket="parts", VersioningConfiguration={"Status": "Enabled"})
    before = s3.put_object(Bucket="parts", Key="k", Body=b"before")["VersionId"]
    upload = begin(s3)
    reply = complete(s3, upload, put(s3, upload, 1, b"after"))
    assert reply["VersionId"] != before
    assert whole(s3) == b"after"
    assert s3.get_object(Bucket="parts", Key="k", VersionId=before)["Body"].read() == b"before"


@pytest.mark.documented(OVERVIEW)
def test_parts_that_are_not_listed_are_left_out(s3: Any) -> None:
    upload = begin(s3)
    first = put(s3, upload, 1, FULL)
    put(s3, upload, 2, FULL)
    complete(s3, upload, first, put(s3, upload, 7, b"tail"))
    assert whole(s3) == FULL + b"tail"


@pytest.mark.documented(PUT)
def test_a_part_put_again_takes_the_place_of_the_first(s3: Any) -> None:
    upload = begin(s3)
    put(s3, upload, 1, b"first")
    complete(s3, upload, put(s3, upload, 1, b"second"))
    assert whole(s3) == b"second"


@pytest.mark.ours
def test_a_completed_upload_leaves_no_row_and_no_blob_but_the_object_s(cloud: Cloud, s3: Any) -> None:
    upload = begin(s3)
    first = put(s3, upload, 1, FULL)
    put(s3, upload, 2, FULL)
    complete(s3, upload, first)
    with cloud.store.transaction(write=False) as tx:
        assert list(tx.range(Part)) == []
    assert whole(s3) == FULL


# --- what is refused -------------------------------------------------------------------------------------------------


@pytest.mark.documented(LIMITS)
@pytest.mark.parametrize("number", [0, 10_001])
def test_part_numbers_go_from_1_to_10000(s3: Any, number: int) -> None:
    upload = begin(s3)
    with pytest.raises(ClientError) as error:
        put(s3, upload, number, b"x")
    assert status_of(error) == ("InvalidArgument", 400)
    assert error.value.response["Error"]["ArgumentName"] == "partNumber"


@pytest.mark.documented(LIMITS)
def test_part_10000_is_the_last_that_is_taken(s3: Any) -> None:
    upload = begin(s3)
    complete(s3, upload, put(s3, upload, 10_000, b"x"))
    assert whole(s3) == b"x"


@pytest.mark.documented(LIMITS)
def test_only_the_last_part_may_be_smaller_than_5_mib(s3: Any) -> None:
    upload = begin(s3)
    parts = put(s3, upload, 1, FULL[1:]), put(s3, upload, 2, b"tail")
    with pytest.raises(ClientError) as error:
        complete(s3, upload, *parts)
    assert status_of(error) == ("EntityTooSmall", 400)
    said = error.value.response["Error"]
    assert (said["ProposedSize"], said["MinSizeAllowed"], said["PartNumber"]) == (str(5 * MIB - 1), str(5 * MIB), "1")


@pytest.mark.documented(COMPLETE)
def test_a_part_that_never_came_cannot_be_listed(s3: Any) -> None:
    upload = begin(s3)
    with pytest.raises(ClientError) as error:
        complete(s3, upload, {"PartNumber": 1, "ETag": '"d41d8cd98f00b204e9800998ecf8427e"'})
    assert status_of(error) == ("InvalidPart", 400)
    assert error.value.response["Error"]["UploadId"] == upload


@pytest.mark.documented(COMPLETE)
def test_a_part_is_listed_with_its_own_etag(s3: Any) -> None:
    upload = begin(s3)
    put(s3, upload, 1, b"x")
    with pytest.raises(ClientError) as error:
        complete(s3, upload, {"PartNumber": 1, "ETag": '"d41d8cd98f00b204e9800998ecf8427e"'})
    assert status_of(error) == ("InvalidPart", 400)


@pytest.mark.documented(COMPLETE)
def test_an_etag_is_good_without_its_quotation_marks(s3: Any) -> None:
    upload = begin(s3)
    part = put(s3, upload, 1, b"x")
    complete(s3, upload, {"PartNumber": 1, "ETag": part["ETag"].strip('"')})
    assert whole(s3) == b"x"


@pytest.mark.documented(COMPLETE)
def test_an_empty_list_of_parts_is_malformed(s3: Any) -> None:
    upload = begin(s3)
    with pytest.raises(ClientError) as error:
        complete(s3, upload)
    assert status_of(error) == ("MalformedXML", 400)


@pytest.mark.documented(COMPLETE)
def test_a_completion_without_a_list_is_refused(s3: Any) -> None:
    with pytest.raises(ClientError) as error:
        s3.complete_multipart_upload(Bucket="parts", Key="k", UploadId=begin(s3))
    assert status_of(error) == ("InvalidRequest", 400)


@pytest.mark.documented(COMPLETE)
def test_the_size_of_the_whole_can_be_demanded(s3: Any) -> None:
    upload = begin(s3)
    part = put(s3, upload, 1, b"four")
    with pytest.raises(ClientError) as error:
        complete(s3, upload, part, MpuObjectSize=5)
    assert status_of(error) == ("InvalidRequest", 400)
    complete(s3, upload, part, MpuObjectSize=4)


@pytest.mark.documented(PUT)
def test_an_unknown_upload_takes_no_part(s3: Any) -> None:
    with pytest.raises(ClientError) as error:
        put(s3, "nothing", 1, b"x")
    assert status_of(error) == ("NoSuchUpload", 404)


@pytest.mark.documented(PUT)
def test_an_upload_belongs_to_its_key(s3: Any) -> None:
    with pytest.raises(ClientError) as error:
        put(s3, begin(s3), 1, b"x", name="another")
    assert status_of(error) == ("NoSuchUpload", 404)


@pytest.mark.documented(PUT)
def test_a_part_of_more_than_5_gib_is_refused_before_it_is_read(haar_server: Any) -> None:
    s3 = haar_server.client("s3")
    s3.create_bucket(Bucket="parts")
    names = {"Bucket": "parts", "Key": "k", "UploadId": begin(s3), "PartNumber": 1}
    url = urlsplit(s3.generate_presigned_url("upload_part", Params=names))
    connection = http.client.HTTPConnection(url.netloc, timeout=30)
    connection.putrequest("PUT", f"{url.path}?{url.query}")
    connection.putheader("Content-Length", str(5 * 1024 * MIB + 1))
    connection.endheaders()
    reply = connection.getresponse()
    assert (reply.status, b"<Code>EntityTooLarge</Code>" in reply.read()) == (400, True)
    connection.close()


@pytest.mark.documented("https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html")
def test_a_key_has_1024_bytes_at_most(s3: Any) -> None:
    with pytest.raises(ClientError) as error:
        begin(s3, "é" * 513)
    assert status_of(error) == ("KeyTooLongError", 400)


@pytest.mark.documented(CREATE)
def test_a_storage_class_that_is_none_is_refused(s3: Any) -> None:
    with pytest.raises(ClientError) as error:
        begin(s3, StorageClass="ATTIC")
    assert status_of(error) == ("InvalidStorageClass", 400)


@pytest.mark.documented("https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html")
def test_user_metadata_has_two_kib_at_most(s3: Any) -> None:
    with pytest.raises(ClientError) as error:
        begin(s3, Metadata={"a": "x" * 2048})
    assert status_of(error) == ("MetadataTooLarge", 400)


@pytest.mark.documented("https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html")
def test_an_object_has_ten_tags_at_most(s3: Any) -> None:
    with pytest.raises(ClientError) as error:
        begin(s3, Tagging="&".join(f"tag{number}=x" for number in range(11)))
    assert status_of(error) == ("BadRequest", 400)


@pytest.mark.documented("https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html")
def test_a_lock_needs_a_bucket_with_object_lock(s3: Any) -> None:
    with pytest.raises(ClientError) as error:
        begin(s3, ObjectLockLegalHoldStatus="ON")
    assert status_of(error) == ("InvalidRequest", 400)


# --- conditions ------------------------------------------------------------------------------------------------------


@pytest.mark.documented(CONDITIONS)
def test_if_none_match_completes_only_what_is_new(s3: Any) -> None:
    upload = begin(s3)
    part = put(s3, upload, 1, b"mine")
    s3.put_object(Bucket="parts", Key="k", Body=b"theirs")
    with pytest.raises(ClientError) as error:
        complete(s3, upload, part, IfNoneMatch="*")
    assert status_of(error) == ("PreconditionFailed", 412)
    assert whole(s3) == b"theirs"


@pytest.mark.documented(CONDITIONS)
def test_if_none_match_conflicts_with_a_deletion_meanwhile(s3: Any) -> None:
    upload = begin(s3)
    part = put(s3, upload, 1, b"mine")
    s3.put_object(Bucket="parts", Key="k", Body=b"theirs")
    s3.delete_object(Bucket="parts", Key="k")
    with pytest.raises(ClientError) as error:
        complete(s3, upload, part, IfNoneMatch="*")
    assert status_of(error) == ("ConditionalRequestConflict", 409)


@pytest.mark.documented(CONDITIONS)
def test_if_none_match_passes_where_nothing_is(s3: Any) -> None:
    upload = begin(s3)
    complete(s3, upload, put(s3, upload, 1, b"mine"), IfNoneMatch="*")
    assert whole(s3) == b"mine"


@pytest.mark.documented(CONDITIONS)
def test_if_match_completes_over_the_version_it_names(cloud: Cloud, s3: Any) -> None:
    etag = s3.put_object(Bucket="parts", Key="k", Body=b"before")["ETag"]
    cloud.advance(minutes=1)
    upload = begin(s3)
    complete(s3, upload, put(s3, upload, 1, b"after"), IfMatch=etag)
    assert whole(s3) == b"after"


@pytest.mark.documented(CONDITIONS)
def test_if_match_fails_over_another_version(s3: Any) -> None:
    s3.put_object(Bucket="parts", Key="k", Body=b"before")
    upload = begin(s3)
    part = put(s3, upload, 1, b"after")
    with pytest.raises(ClientError) as error:
        complete(s3, upload, part, IfMatch='"d41d8cd98f00b204e9800998ecf8427e"')
    assert status_of(error) == ("PreconditionFailed", 412)


@pytest.mark.documented(CONDITIONS)
def test_if_match_finds_no_key_where_nothing_is(s3: Any) -> None:
    upload = begin(s3)
    part = put(s3, upload, 1, b"after")
    with pytest.raises(ClientError) as error:
        complete(s3, upload, part, IfMatch='"d41d8cd98f00b204e9800998ecf8427e"')
    assert status_of(error) == ("NoSuchKey", 404)


@pytest.mark.documented(CONDITIONS)
def test_if_match_conflicts_with_a_write_meanwhile(cloud: Cloud, s3: Any) -> None:
    upload = begin(s3)
    part = put(s3, upload, 1, b"mine")
    cloud.advance(minutes=1)
    etag = s3.put_object(Bucket="parts", Key="k", Body=b"theirs")["ETag"]
    with pytest.raises(ClientError) as error:
        complete(s3, upload, part, IfMatch=etag)
    assert status_of(error) == ("ConditionalRequestConflict", 409)


# --- aborted ---------------------------------------------------------------------------------------------------------


@pytest.mark.documented(ABORT)
def test_an_aborted_upload_is_gone_with_its_parts(cloud: Cloud, s3: Any) -> None:
    upload = begin(s3)
    put(s3, upload, 1, FULL)
    reply = s3.abort_multipart_upload(Bucket="parts", Key="k", UploadId=upload)
    assert reply["ResponseMetadata"]["HTTPStatusCode"] == 204
    with cloud.store.transaction(write=False) as tx:
        assert list(tx.range(Part)) == []
    with pytest.raises(ClientError) as error:
        s3.list_parts(Bucket="parts", Key="k", UploadId=upload)
    assert status_of(error) == ("NoSuchUpload", 404)


@pytest.mark.documented(ABORT)
def test_a_completed_upload_cannot_be_aborted(s3: Any) -> None:
    upload = begin(s3)
    complete(s3, upload, put(s3, upload, 1, b"x"))
    with pytest.raises(ClientError) as error:
        s3.abort_multipart_upload(Bucket="parts", Key="k", UploadId=upload)
    assert status_of(error) == ("NoSuchUpload", 404)
    assert whole(s3) == b"x"


@pytest.mark.documented("https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucket.html")
def test_a_bucket_with_uploads_and_no_objects_can_be_deleted(cloud: Cloud, s3: Any) -> None:
    put(s3, begin(s3), 1, b"x")
    s3.delete_bucket(Bucket="parts")
    with cloud.store.transaction(write=False) as tx:
        assert [*tx.range(Part), *tx.range(Upload)] == []


# --- listed ----------------------------------------------------------------------------------------------------------


@pytest.mark.documented(PARTS)
def test_parts_are_listed_by_number_with_size_and_etag(s3: Any) -> None:
    upload = begin(s3)
    second, first = put(s3, upload, 2, b"22"), put(s3, upload, 1, b"1")
    listed = s3.list_parts(Bucket="parts", Key="k", UploadId=upload)
    assert [(one["PartNumber"], one["Size"], one["ETag"]) for one in listed["Parts"]] == [
        (1, 1, first["ETag"]),
        (2, 2, second["ETag"]),
    ]
    assert (listed["IsTruncated"], listed["MaxParts"], listed["StorageClass"]) == (False, 1000, "STANDARD")
    assert listed["Owner"]["ID"] == listed["Initiator"]["ID"]


@pytest.mark.documented(PARTS)
def test_parts_are_listed_in_pages(s3: Any) -> None:
    upload = begin(s3)
    put(s3, upload, 3, b"3")
    put(s3, upload, 5, b"5")
    put(s3, upload, 8, b"8")
    page = s3.list_parts(Bucket="parts", Key="k", UploadId=upload, MaxParts=2)
    assert (page["IsTruncated"], page["NextPartNumberMarker"]) == (True, 5)
    rest = s3.list_parts(Bucket="parts", Key="k", UploadId=upload, PartNumberMarker=5)
    assert ([one["PartNumber"] for one in rest["Parts"]], rest["IsTruncated"]) == ([8], False)


@pytest.mark.documented(PARTS)
def test_the_paginator_goes_through_all_parts(s3: Any) -> None:
    upload = begin(s3)
    put(s3, upload, 1, b"1")
    put(s3, upload, 2, b"2")
    put(s3, upload, 3, b"3")
    pages = s3.get_paginator("list_parts").paginate(
        Bucket="parts", Key="k", UploadId=upload, PaginationConfig={"PageSize": 1}
    )
    assert [one["PartNumber"] for page in pages for one in page["Parts"]] == [1, 2, 3]


@pytest.mark.documented(PARTS)
def test_an_iam_user_is_the_initiator_by_arn(cloud: Cloud, s3: Any) -> None:
    iam = cloud.client("iam")
    arn = iam.create_user(UserName="ida")["User"]["Arn"]
    policy = "arn:aws:iam::aws:policy/AmazonS3FullAccess"
    iam.attach_user_policy(UserName="ida", PolicyArn=policy)
    made = iam.create_access_key(UserName="ida")["AccessKey"]
    ida = cloud.client("s3", access_key=made["AccessKeyId"], secret_key=made["SecretAccessKey"])
    listed = s3.list_parts(Bucket="parts", Key="k", UploadId=begin(ida))
    assert listed["Initiator"] == {"ID": arn, "DisplayName": "ida"}


@pytest.mark.documented(UPLOADS)
def test_uploads_are_listed_by_key_and_then_by_the_time_they_began(cloud: Cloud, s3: Any) -> None:
    late = begin(s3, "b")
    cloud.advance(seconds=1)
    later = begin(s3, "b")
    early = begin(s3, "a")
    listed = s3.list_multipart_uploads(Bucket="parts")["Uploads"]
    assert [(one["Key"], one["UploadId"]) for one in listed] == [("a", early), ("b", late), ("b", later)]


@pytest.mark.documented(UPLOADS)
def test_uploads_are_listed_in_pages_with_two_markers(cloud: Cloud, s3: Any) -> None:
    first = begin(s3, "b")
    cloud.advance(seconds=1)
    second = begin(s3, "b")
    page = s3.list_multipart_uploads(Bucket="parts", MaxUploads=1)
    assert (page["IsTruncated"], page["NextKeyMarker"], page["NextUploadIdMarker"]) == (True, "b", first)
    rest = s3.list_multipart_uploads(Bucket="parts", KeyMarker="b", UploadIdMarker=first)
    assert ([one["UploadId"] for one in rest["Uploads"]], rest["IsTruncated"]) == ([second], False)


@pytest.mark.documented(UPLOADS)
def test_a_key_marker_alone_leaves_out_every_upload_of_its_key(s3: Any) -> None:
    begin(s3, "a")
    after = begin(s3, "b")
    listed = s3.list_multipart_uploads(Bucket="parts", KeyMarker="a")["Uploads"]
    assert [one["UploadId"] for one in listed] == [after]


@pytest.mark.documented(UPLOADS)
def test_a_prefix_chooses_uploads(s3: Any) -> None:
    begin(s3, "cats/1")
    dog = begin(s3, "dogs/1")
    listed = s3.list_multipart_uploads(Bucket="parts", Prefix="dogs/")["Uploads"]
    assert [one["UploadId"] for one in listed] == [dog]


@pytest.mark.documented(UPLOADS)
def test_a_delimiter_rolls_uploads_up(s3: Any) -> None:
    begin(s3, "cats/1")
    begin(s3, "cats/2")
    begin(s3, "dogs/1")
    top = begin(s3, "elk")
    listed = s3.list_multipart_uploads(Bucket="parts", Delimiter="/")
    assert [one["Prefix"] for one in listed["CommonPrefixes"]] == ["cats/", "dogs/"]
    assert [one["UploadId"] for one in listed["Uploads"]] == [top]


@pytest.mark.documented(UPLOADS)
def test_a_page_may_end_with_a_common_prefix(s3: Any) -> None:
    begin(s3, "cats/1")
    begin(s3, "cats/2")
    begin(s3, "dogs/1")
    page = s3.list_multipart_uploads(Bucket="parts", Delimiter="/", MaxUploads=1)
    assert (page["IsTruncated"], page["NextKeyMarker"]) == (True, "cats/")
    rest = s3.list_multipart_uploads(Bucket="parts", Delimiter="/", KeyMarker="cats/")
    assert [one["Prefix"] for one in rest["CommonPrefixes"]] == ["dogs/"]


@pytest.mark.documented(UPLOADS)
def test_keys_can_be_encoded(s3: Any) -> None:
    begin(s3, "a(1) b")
    [one] = s3.list_multipart_uploads(Bucket="parts", EncodingType="url")["Uploads"]
    assert one["Key"] == "a%281%29+b"


# --- lifecycle and permissions ---------------------------------------------------------------------------------------


@pytest.mark.documented(LIFECYCLE)
def test_lifecycle_aborts_at_the_midnight_after_its_days() -> None:
    rule = {
        "ID": "tidy", "Status": "Enabled", "Filter": {"Prefix": "logs/"},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
    }  # fmt: skip
    bucket = Bucket(name="parts", account="0", region="us-east-1", configs={"lifecycle": {"Rules": [rule]}})
    noon = 20_000 * DAY + DAY / 2
    assert abort_rule(bucket, "logs/k", noon) == (20_008 * DAY, "tidy")
    assert abort_rule(bucket, "k", noon) is None


@pytest.mark.documented(LIFECYCLE)
def test_of_several_lifecycle_rules_the_earliest_aborts() -> None:
    late = {
        "ID": "late",
        "Status": "Enabled",
        "Prefix": "",
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 9},
    }
    soon = {**late, "ID": "soon", "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 2}}
    never = {**late, "ID": "never", "Status": "Disabled", "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1}}
    rules = {"lifecycle": {"Rules": [late, soon, never]}}
    bucket = Bucket(name="parts", account="0", region="us-east-1", configs=rules)
    assert abort_rule(bucket, "k", 20_000.0 * DAY) == (20_002 * DAY, "soon")


@pytest.mark.documented("https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html#mpuAndPermissions")
def test_who_may_put_objects_may_not_therefore_abort(cloud: Cloud, s3: Any) -> None:
    iam = cloud.client("iam")
    iam.create_user(UserName="ida")
    iam.put_user_policy(UserName="ida", PolicyName="put", PolicyDocument=MAY_PUT)
    made = iam.create_access_key(UserName="ida")["AccessKey"]
    ida = cloud.client("s3", access_key=made["AccessKeyId"], secret_key=made["SecretAccessKey"])
    upload = begin(ida)
    with pytest.raises(ClientError) as error:
        ida.abort_multipart_upload(Bucket="parts", Key="k", UploadId=upload)
    assert status_of(error) == ("AccessDenied", 403)
    complete(ida, upload, put(ida, upload, 1, b"x"))


@pytest.mark.documented("https://docs.aws.amazon.com/AmazonS3/latest/userguide/tagging-and-policies.html")
def test_tags_at_the_beginning_need_their_own_permission(cloud: Cloud, s3: Any) -> None:
    iam = cloud.client("iam")
    iam.create_user(UserName="ida")
    iam.put_user_policy(UserName="ida", PolicyName="put", PolicyDocument=MAY_PUT)
    made = iam.create_access_key(UserName="ida")["AccessKey"]
    ida = cloud.client("s3", access_key=made["AccessKeyId"], secret_key=made["SecretAccessKey"])
    with pytest.raises(ClientError) as error:
        begin(ida, Tagging="team=a")
    assert status_of(error) == ("AccessDenied", 403)
