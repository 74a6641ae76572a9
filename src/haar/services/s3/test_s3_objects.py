"""Objects put, read and looked at: keys, metadata, headers, ranges, parts, tags, attributes, who may know what."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from email.utils import formatdate
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError

from haar import Cloud
from haar.kit import ServiceError
from haar.wire.http import HttpRequest

API = "https://docs.aws.amazon.com/AmazonS3/latest/API/"
GUIDE = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/"
GET = API + "API_GetObject.html"
PUT = API + "API_PutObject.html"
CODES = API + "ErrorResponses.html"


@pytest.fixture
def s3(cloud: Cloud) -> Any:
    """A client, and an empty bucket."""
    client = cloud.client("s3")
    client.create_bucket(Bucket="attic")
    return client


def versioned(client: Any) -> None:
    """Have the bucket keep versions."""
    client.put_bucket_versioning(Bucket="attic", VersioningConfiguration={"Status": "Enabled"})


def refused(call: Any, **given: Any) -> dict[str, Any]:
    """What is answered to a call that is refused: the members of its error, and Status and Headers."""
    with pytest.raises(ClientError) as caught:
        call(**given)
    reply = caught.value.response
    meta = reply["ResponseMetadata"]
    return {**reply["Error"], "Status": meta["HTTPStatusCode"], "Headers": meta["HTTPHeaders"]}


def user(cloud: Cloud, *actions: str, resources: str = "*") -> Any:
    """A client of a user who may do just these."""
    iam = cloud.client("iam")
    iam.create_user(UserName="rita")
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": resources}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName="rita", PolicyName="own", PolicyDocument=policy)
    keys = iam.create_access_key(UserName="rita")["AccessKey"]
    return cloud.client("s3", access_key=keys["AccessKeyId"], secret_key=keys["SecretAccessKey"])


# --- what there is -------------------------------------------------------------------------------------------------


@pytest.mark.fact("S3-001")
def test_an_object_can_be_empty(s3: Any) -> None:
    s3.put_object(Bucket="attic", Key="nothing")
    reply = s3.get_object(Bucket="attic", Key="nothing")
    assert reply["Body"].read() == b""
    assert reply["ContentLength"] == 0
    assert reply["ETag"] == '"d41d8cd98f00b204e9800998ecf8427e"'


def head_of_a_put(s3: Any, **headers: str) -> HttpRequest:
    """The head of a presigned PUT, its body still to come."""
    url = urlsplit(s3.generate_presigned_url("put_object", Params={"Bucket": "attic", "Key": "a"}))
    return HttpRequest("PUT", url.path, url.query, {"host": url.netloc, **headers}, b"")


@pytest.mark.fact("S3-002")
def test_a_put_of_more_than_5_gib_is_refused_before_a_byte_is_read(cloud: Cloud, s3: Any) -> None:
    most = 5 * 1024**3
    upload = cloud.gateway.attempt(head_of_a_put(s3, **{"content-length": str(most)})).receive()
    assert upload is not None
    upload.discard()
    with pytest.raises(ServiceError, match="exceeds the maximum allowed size") as caught:
        cloud.gateway.attempt(head_of_a_put(s3, **{"content-length": str(most + 1)})).receive()
    assert (caught.value.code, caught.value.status) == ("EntityTooLarge", 400)
    assert caught.value.members == {"ProposedSize": most + 1, "MaxSizeAllowed": most}


@pytest.mark.documented(CODES)
def test_a_body_whose_length_nobody_knows_is_refused(cloud: Cloud, s3: Any) -> None:
    with pytest.raises(ServiceError, match="Content-Length") as caught:
        cloud.gateway.attempt(head_of_a_put(s3, **{"transfer-encoding": "chunked"})).receive()
    assert (caught.value.code, caught.value.status) == ("MissingContentLength", 411)


@pytest.mark.fact("S3-003")
def test_a_bucket_has_no_quota_on_objects_or_bytes(s3: Any) -> None:
    from haar.services.s3 import s3 as service

    assert not [quota.name for quota in service.quotas if "bject" in quota.name]


@pytest.mark.fact("S3-007")
def test_an_object_has_a_key_a_value_a_version_metadata_and_an_acl(s3: Any) -> None:
    versioned(s3)
    version = s3.put_object(Bucket="attic", Key="chest", Body=b"gold", Metadata={"lid": "oak"})["VersionId"]
    reply = s3.get_object(Bucket="attic", Key="chest")
    assert (reply["Body"].read(), reply["VersionId"], reply["Metadata"]) == (b"gold", version, {"lid": "oak"})
    assert s3.get_object_acl(Bucket="attic", Key="chest")["Grants"][0]["Permission"] == "FULL_CONTROL"


@pytest.mark.fact("S3CON-001")
def test_a_new_object_is_read_at_once(s3: Any) -> None:
    assert refused(s3.get_object, Bucket="attic", Key="chest")["Code"] == "NoSuchKey"
    s3.put_object(Bucket="attic", Key="chest", Body=b"gold")
    assert s3.get_object(Bucket="attic", Key="chest")["Body"].read() == b"gold"


@pytest.mark.fact("S3CON-002")
def test_an_overwrite_and_a_delete_are_seen_at_once_by_reads_and_listings(s3: Any) -> None:
    s3.put_object(Bucket="attic", Key="chest", Body=b"gold")
    s3.put_object(Bucket="attic", Key="chest", Body=b"silver!")
    assert s3.get_object(Bucket="attic", Key="chest")["Body"].read() == b"silver!"
    assert s3.list_objects_v2(Bucket="attic")["Contents"][0]["Size"] == 7
    s3.delete_object(Bucket="attic", Key="chest")
    assert refused(s3.get_object, Bucket="attic", Key="chest")["Code"] == "NoSuchKey"
    assert s3.list_objects_v2(Bucket="attic")["KeyCount"] == 0


@pytest.mark.documented(PUT)
def test_the_etag_of_a_plain_put_is_the_md5_of_its_bytes(s3: Any) -> None:
    assert s3.put_object(Bucket="attic", Key="a", Body=b"hello")["ETag"] == '"5d41402abc4b2a76b9719d911017c592"'


@pytest.mark.ours
def test_a_large_object_comes_back_as_it_was(s3: Any) -> None:
    body = bytes(range(256)) * 8192
    s3.put_object(Bucket="attic", Key="large", Body=body)
    assert s3.get_object(Bucket="attic", Key="large")["Body"].read() == body


# --- keys, metadata, headers ---------------------------------------------------------------------------------------


@pytest.mark.documented(GUIDE + "object-keys.html")
def test_a_key_may_have_1024_bytes(s3: Any) -> None:
    name = "ü" * 512
    s3.put_object(Bucket="attic", Key=name, Body=b"x")
    assert s3.get_object(Bucket="attic", Key=name)["Body"].read() == b"x"


@pytest.mark.documented(GUIDE + "object-keys.html")
def test_a_key_of_more_bytes_is_too_long(s3: Any) -> None:
    error = refused(s3.put_object, Bucket="attic", Key="ü" * 512 + "x", Body=b"x")
    assert (error["Code"], error["Status"]) == ("KeyTooLongError", 400)
    assert (error["Size"], error["MaxSizeAllowed"]) == ("1025", "1024")


@pytest.mark.documented(GUIDE + "object-keys.html")
@pytest.mark.parametrize("name", ["a/b//c", "a b+c&d=e?f#g%h", "日本語/🗝", "trailing/", ".hidden/..x", "a\tb"])
def test_any_characters_can_be_in_a_key(s3: Any, name: str) -> None:
    s3.put_object(Bucket="attic", Key=name, Body=name.encode())
    assert s3.get_object(Bucket="attic", Key=name)["Body"].read() == name.encode()


@pytest.mark.documented(GUIDE + "UsingMetadata.html")
def test_user_metadata_has_lower_case_names(s3: Any) -> None:
    s3.put_object(Bucket="attic", Key="a", Metadata={"Made-By": "Ada Lovelace"})
    assert s3.head_object(Bucket="attic", Key="a")["Metadata"] == {"made-by": "Ada Lovelace"}


@pytest.mark.documented(GUIDE + "UsingMetadata.html")
def test_user_metadata_may_have_2048_bytes(s3: Any) -> None:
    s3.put_object(Bucket="attic", Key="a", Metadata={"note": "x" * 2044})
    assert len(s3.head_object(Bucket="attic", Key="a")["Metadata"]["note"]) == 2044


@pytest.mark.documented(GUIDE + "UsingMetadata.html")
def test_more_user_metadata_is_refused(s3: Any) -> None:
    error = refused(s3.put_object, Bucket="attic", Key="a", Metadata={"note": "x" * 2045})
    assert (error["Code"], error["Size"], error["MaxSizeAllowed"]) == ("MetadataTooLarge", "2049", "2048")


@pytest.mark.documented(GUIDE + "UsingMetadata.html")
def test_metadata_that_came_as_an_encoded_word_goes_as_one(s3: Any) -> None:
    word = "=?UTF-8?B?w4RNw4Raw5XDkSBTMw==?="
    s3.put_object(Bucket="attic", Key="a", Metadata={"nonascii": word})
    assert s3.head_object(Bucket="attic", Key="a")["Metadata"]["nonascii"] == word


@pytest.mark.documented(GUIDE + "UsingMetadata.html")
def test_raw_utf_8_in_metadata_is_read_as_latin_1_and_comes_back_as_an_encoded_word(s3: Any) -> None:
    def put_raw(request: Any, **_: Any) -> None:
        request.headers["x-amz-meta-nonascii"] = "ÄMÄZÕÑ S3"

    s3.meta.events.register("before-sign.s3.PutObject", put_raw)
    s3.put_object(Bucket="attic", Key="a", Metadata={"ascii": "AMAZONS3"})
    found = s3.head_object(Bucket="attic", Key="a")["Metadata"]
    assert found == {"ascii": "AMAZONS3", "nonascii": "=?UTF-8?B?w4PChE3Dg8KEWsODwpXDg8KRIFMz?="}


@pytest.mark.documented(PUT)
def test_system_headers_come_back_as_they_were_sent(s3: Any) -> None:
    given = {
        "CacheControl": "max-age=60", "ContentDisposition": 'attachment; filename="a.txt"', "ContentEncoding": "gzip",
        "ContentLanguage": "de, en", "ContentType": "text/plain; charset=utf-8", "WebsiteRedirectLocation": "/b",
    }  # fmt: skip
    s3.put_object(Bucket="attic", Key="a", **given)
    reply = s3.head_object(Bucket="attic", Key="a")
    assert {name: reply[name] for name in given} == given


@pytest.mark.documented(PUT)
def test_expires_is_kept_to_the_letter(s3: Any) -> None:
    def send(request: Any, **_: Any) -> None:
        request.headers["Expires"] = "whenever"

    s3.meta.events.register("before-sign.s3.PutObject", send)
    s3.put_object(Bucket="attic", Key="a")
    assert s3.head_object(Bucket="attic", Key="a")["ExpiresString"] == "whenever"


@pytest.mark.documented(PUT)
def test_an_object_without_a_type_is_a_binary_octet_stream(s3: Any) -> None:
    s3.put_object(Bucket="attic", Key="a")
    assert s3.head_object(Bucket="attic", Key="a")["ContentType"] == "binary/octet-stream"


@pytest.mark.documented(API + "sigv4-streaming.html")
def test_how_a_body_was_chunked_is_not_how_the_object_is_encoded(s3: Any) -> None:
    s3.put_object(Bucket="attic", Key="a", Body=b"x", ContentEncoding="aws-chunked,gzip")
    s3.put_object(Bucket="attic", Key="b", Body=b"x", ContentEncoding="aws-chunked")
    assert s3.head_object(Bucket="attic", Key="a")["ContentEncoding"] == "gzip"
    assert "ContentEncoding" not in s3.head_object(Bucket="attic", Key="b")


@pytest.mark.documented(PUT)
def test_a_website_redirect_goes_to_a_path_or_an_address(s3: Any) -> None:
    error = refused(s3.put_object, Bucket="attic", Key="a", WebsiteRedirectLocation="elsewhere")
    assert (error["Code"], error["Status"]) == ("InvalidRedirectLocation", 400)


@pytest.mark.documented(GUIDE + "storage-class-intro.html")
def test_a_storage_class_is_shown_unless_it_is_standard(s3: Any) -> None:
    s3.put_object(Bucket="attic", Key="a", StorageClass="STANDARD_IA")
    s3.put_object(Bucket="attic", Key="b", StorageClass="STANDARD")
    assert s3.head_object(Bucket="attic", Key="a")["StorageClass"] == "STANDARD_IA"
    assert "StorageClass" not in s3.head_object(Bucket="attic", Key="b")


@pytest.mark.documented(CODES)
@pytest.mark.parametrize("name", ["WARM", "EXPRESS_ONEZONE", "OUTPOSTS"])
def test_a_class_that_a_bucket_does_not_have_is_refused(s3: Any, name: str) -> None:
    error = refused(s3.put_object, Bucket="attic", Key="a", StorageClass=name)
    assert (error["Code"], error["StorageClassRequested"]) == ("InvalidStorageClass", name)


@pytest.mark.documented(GET)
def test_an_archived_object_is_looked_at_but_not_got(s3: Any) -> None:
    s3.put_object(Bucket="attic", Key="a", Body=b"cold", StorageClass="DEEP_ARCHIVE")
    assert s3.head_object(Bucket="attic", Key="a")["ContentLength"] == 4
    error = refused(s3.get_object, Bucket="attic", Key="a")
    assert (error["Code"], error["Status"], error["StorageClass"]) == ("InvalidObjectState", 403, "DEEP_ARCHIVE")


@pytest.mark.documented(GUIDE + "storage-class-intro.html")
def test_glacier_instant_retrieval_is_read_at_once(s3: Any) -> None:
    s3.put_object(Bucket="attic", Key="a", Body=b"cool", StorageClass="GLACIER_IR")
    assert s3.get_object(Bucket="attic", Key="a")["Body"].read() == b"cool"


@pytest.mark.documented(PUT)
def test_appending_is_for_directory_buckets(s3: Any) -> None:
    s3.put_object(Bucket="attic", Key="a", Body=b"x")
    error = refused(s3.put_object, Bucket="attic", Key="a", Body=b"y", WriteOffsetBytes=1)
    assert (error["Code"], error["Status"]) == ("NotImplemented", 501)


# --- parts of an object ----------------------------------------------------------------------------------------------


@pytest.mark.fact("S3MPU-006")
def test_ranges_are_read_each_for_itself(s3: Any) -> None:
    s3.put_object(Bucket="attic", Key="a", Body=b"0123456789")
    second = s3.get_object(Bucket="attic", Key="a", Range="bytes=5-9")["Body"].read()
    assert refused(s3.get_object, Bucket="attic", Key="a", Range="bytes=10-14")["Status"] == 416
    first = s3.get_object(Bucket="attic", Key="a", Range="bytes=0-4")["Body"].read()
    assert first + second == b"0123456789"


@pytest.mark.documented(GET)
@pytest.mark.parametrize(
    ("header", "body", "told"),
    [
        ("bytes=2-4", b"234", "bytes 2-4/10"),
        ("bytes=0-0", b"0", "bytes 0-0/10"),
        ("bytes=7-", b"789", "bytes 7-9/10"),
        ("bytes=7-99", b"789", "bytes 7-9/10"),
        ("bytes=-3", b"789", "bytes 7-9/10"),
        ("bytes=-99", b"0123456789", "bytes 0-9/10"),
    ],
)
def test_a_range_is_answered_with_206_and_where_it_is(s3: Any, header: str, body: bytes, told: str) -> None:
    s3.put_object(Bucket="attic", Key="a", Body=b"0123456789")
    reply = s3.get_object(Bucket="attic", Key="a", Range=header)
    assert reply["ResponseMetadata"]["HTTPStatusCode"] == 206
    assert (reply["Body"].read(), reply["ContentRange"], reply["ContentLength"]) == (body, told, len(body))


@pytest.mark.documented(GET)
@pytest.mark.parametrize("header", ["bytes=0-1,4-5", "lines=0-1", "bytes=4-2", "bytes=-", "bytes=a-b", "nonsense"])
def test_several_ranges_or_none_that_is_one_give_the_whole(s3: Any, header: str) -> None:
    s3.put_object(Bucket="attic", Key="a", Body=b"0123456789")
    reply = s3.get_object(Bucket="attic", Key="a", Range=header)
    assert reply["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert reply["Body"].read() == b"0123456789"


@pytest.mark.documented(CODES)
@pytest.mark.parametrize("header", ["bytes=10-", "bytes=10-12", "bytes=-0"])
def test_a_range_beyond_the_end_is_not_satisfiable(s3: Any, header: str) -> None:
    s3.put_object(Bucket="attic", Key="a", Body=b"0123456789")
    error = refused(s3.get_object, Bucket="attic", Key="a", Range=header)
    assert (error["Code"], error["Status"]) == ("InvalidRange", 416)
    assert (error["ActualObjectSize"], error["RangeRequested"]) == ("10", header)


@pytest.mark.documented(API + "API_HeadObject.html")
def test_head_takes_a_range_too(s3: Any) -> None:
    s3.put_object(Bucket="attic", Key="a", Body=b"0123456789")
    reply = s3.head_object(Bucket="attic", Key="a", Range="bytes=2-4")
    assert reply["ResponseMetadata"]["HTTPStatusCode"] == 206
    assert (reply["ContentLength"], reply["ContentRange"]) == (3, "bytes 2-4/10")


@pytest.mark.ours
def test_a_range_of_a_large_object_is_its_slice(s3: Any) -> None:
    body = bytes(range(251)) * 10_000
    s3.put_object(Bucket="attic", Key="a", Body=body)
    reply = s3.get_object(Bucket="attic", Key="a", Range="bytes=1048570-1200000")
    assert reply["Body"].read() == body[1048570:1200001]


@pytest.fixture
def in_parts(s3: Any) -> Any:
    """An object of two parts, of 5 MiB and of 4 bytes."""
    upload = s3.create_multipart_upload(Bucket="attic", Key="parts", ChecksumAlgorithm="CRC32")["UploadId"]
    place = {"Bucket": "attic", "Key": "parts", "UploadId": upload}
    first = s3.upload_part(**place, PartNumber=1, Body=b"a" * 5 * 1024**2, ChecksumAlgorithm="CRC32")
    last = s3.upload_part(**place, PartNumber=2, Body=b"tail", ChecksumAlgorithm="CRC32")
    parts = [
        {"PartNumber": 1, "ETag": first["ETag"], "ChecksumCRC32": first["ChecksumCRC32"]},
        {"PartNumber": 2, "ETag": last["ETag"], "ChecksumCRC32": last["ChecksumCRC32"]},
    ]
    s3.complete_multipart_upload(**place, MultipartUpload={"Parts": parts})
    return s3


@pytest.mark.documented(GET)
def test_a_part_is_read_by_its_number(in_parts: Any) -> None:
    reply = in_parts.get_object(Bucket="attic", Key="parts", PartNumber=2)
    assert reply["ResponseMetadata"]["HTTPStatusCode"] == 206
    assert (reply["Body"].read(), reply["PartsCount"]) == (b"tail", 2)
    assert reply["ContentRange"] == "bytes 5242880-5242883/5242884"


@pytest.mark.documented(CODES)
def test_a_part_that_is_not_there_is_not_satisfiable(in_parts: Any) -> None:
    error = refused(in_parts.get_object, Bucket="attic", Key="parts", PartNumber=3)
    assert (error["Code"], error["Status"], error["ActualPartCount"]) == ("InvalidPartNumber", 416, "2")


@pytest.mark.ours
def test_a_range_over_the_seam_of_two_parts_is_read_as_one(in_parts: Any) -> None:
    reply = in_parts.get_object(Bucket="attic", Key="parts", Range="bytes=-6")
    assert reply["Body"].read() == b"aatail"


@pytest.mark.documented(GET)
def test_an_object_in_one_piece_is_its_own_first_part(s3: Any) -> None:
    s3.put_object(Bucket="attic", Key="a", Body=b"whole")
    reply = s3.get_object(Bucket="attic", Key="a", PartNumber=1)
    assert (reply["Body"].read(), reply["ContentRange"]) == (b"whole", "bytes 0-4/5")
    assert "PartsCount" not in reply


@pytest.mark.documented(GET)
def test_a_part_and_a_range_exclude_each_other(s3: Any) -> None:
    s3.put_object(Bucket="attic", Key="a", Body=b"whole")
    error = refused(s3.get_object, Bucket="attic", Key="a", PartNumber=1, Range="bytes=0-1")
    assert (error["Code"], error["Status"]) == ("InvalidRequest", 400)


@pytest.mark.documented(GET)
@pytest.mark.parametrize("number", [0, 10_001])
def test_part_numbers_go_from_1_to_10000(s3: Any, number: int) -> None:
    s3.put_object(Bucket="attic", Key="a", Body=b"whole")
    assert refused(s3.get_object, Bucket="attic", Key="a", PartNumber=number)["Code"] == "InvalidArgument"


# --- overrides -------------------------------------------------------------------------------------------------------


@pytest.mark.documented(GET)
def test_a_reader_may_ask_for_other_headers(s3: Any) -> None:
    s3.put_object(Bucket="attic", Key="a", Body=b"x", ContentType="text/plain", CacheControl="no-store")
    at = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)
    reply = s3.get_object(
        Bucket="attic", Key="a", ResponseContentType="text/html", ResponseContentDisposition="inline",
        ResponseContentLanguage="fr", ResponseContentEncoding="br", ResponseExpires=at,
    )  # fmt: skip
    assert (reply["ContentType"], reply["ContentDisposition"]) == ("text/html", "inline")
    assert (reply["ContentLanguage"], reply["ContentEncoding"], reply["Expires"]) == ("fr", "br", at)
    assert reply["CacheControl"] == "no-store"


@pytest.mark.documented(GET)
def test_an_anonymous_reader_may_not(cloud: Cloud, s3: Any) -> None:
    s3.delete_public_access_block(Bucket="attic")
    allow = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::attic/*"}
    s3.put_bucket_policy(Bucket="attic", Policy=json.dumps({"Version": "2012-10-17", "Statement": [allow]}))
    s3.put_object(Bucket="attic", Key="a", Body=b"x")
    stranger = cloud.client("s3", access_key=None)
    assert stranger.get_object(Bucket="attic", Key="a")["Body"].read() == b"x"
    error = refused(stranger.get_object, Bucket="attic", Key="a", ResponseContentType="text/html")
    assert (error["Code"], error["Status"]) == ("InvalidRequest", 400)


# --- versions --------------------------------------------------------------------------------------------------------


@pytest.mark.documented(GUIDE + "DeleteMarker.html")
def test_a_key_whose_newest_version_is_a_marker_is_not_there(s3: Any) -> None:
    versioned(s3)
    s3.put_object(Bucket="attic", Key="a", Body=b"x")
    marker = s3.delete_object(Bucket="attic", Key="a")["VersionId"]
    error = refused(s3.get_object, Bucket="attic", Key="a")
    assert (error["Code"], error["Status"], error["Key"]) == ("NoSuchKey", 404, "a")
    assert error["Headers"]["x-amz-delete-marker"] == "true"
    assert error["Headers"]["x-amz-version-id"] == marker


@pytest.mark.documented(GUIDE + "DeleteMarker.html")
def test_a_marker_itself_can_only_be_deleted(s3: Any) -> None:
    versioned(s3)
    marker = s3.delete_object(Bucket="attic", Key="a")["VersionId"]
    error = refused(s3.get_object, Bucket="attic", Key="a", VersionId=marker)
    assert (error["Code"], error["Status"], error["ResourceType"]) == ("MethodNotAllowed", 405, "DeleteMarker")
    assert error["Headers"]["allow"] == "DELETE"
    assert "last-modified" in error["Headers"]


@pytest.mark.documented(CODES)
def test_a_version_that_never_was_is_no_such_version(s3: Any) -> None:
    versioned(s3)
    version = s3.put_object(Bucket="attic", Key="a", Body=b"x")["VersionId"]
    error = refused(s3.get_object, Bucket="attic", Key="b", VersionId=version)
    assert (error["Code"], error["Status"], error["VersionId"]) == ("NoSuchVersion", 404, version)


@pytest.mark.documented(CODES)
def test_what_can_be_no_version_id_is_an_invalid_argument(s3: Any) -> None:
    error = refused(s3.get_object, Bucket="attic", Key="a", VersionId="first")
    assert (error["Code"], error["ArgumentName"], error["ArgumentValue"]) == ("InvalidArgument", "versionId", "first")


# --- who may know ----------------------------------------------------------------------------------------------------


@pytest.mark.documented(GET)
def test_who_may_not_list_does_not_learn_that_a_key_is_missing(cloud: Cloud, s3: Any) -> None:
    reader = user(cloud, "s3:GetObject")
    error = refused(reader.get_object, Bucket="attic", Key="missing")
    assert (error["Code"], error["Status"]) == ("AccessDenied", 403)


@pytest.mark.documented(GET)
def test_who_may_list_learns_that_a_key_is_missing(cloud: Cloud, s3: Any) -> None:
    reader = user(cloud, "s3:GetObject", "s3:ListBucket")
    assert refused(reader.get_object, Bucket="attic", Key="missing")["Code"] == "NoSuchKey"
    assert refused(reader.head_object, Bucket="attic", Key="missing")["Status"] == 404


@pytest.mark.documented(GUIDE + "using-with-s3-policy-actions.html")
def test_a_version_is_read_with_a_right_of_its_own(cloud: Cloud, s3: Any) -> None:
    versioned(s3)
    version = s3.put_object(Bucket="attic", Key="a", Body=b"x")["VersionId"]
    reader = user(cloud, "s3:GetObject")
    assert reader.get_object(Bucket="attic", Key="a")["Body"].read() == b"x"
    assert refused(reader.get_object, Bucket="attic", Key="a", VersionId=version)["Code"] == "AccessDenied"


@pytest.mark.documented(API + "API_HeadObject.html")
def test_the_expected_owner_must_be_the_owner(s3: Any) -> None:
    s3.put_object(Bucket="attic", Key="a", Body=b"x", ExpectedBucketOwner="000000000000")
    error = refused(s3.get_object, Bucket="attic", Key="a", ExpectedBucketOwner="111111111111")
    assert (error["Code"], error["Status"]) == ("AccessDenied", 403)


# --- tags ------------------------------------------------------------------------------------------------------------


@pytest.mark.documented(GUIDE + "object-tagging.html")
def test_tags_given_with_a_put_are_kept_and_counted(s3: Any) -> None:
    s3.put_object(Bucket="attic", Key="a", Tagging="colour=deep+blue&size=%C3%BCber")
    tags = s3.get_object_tagging(Bucket="attic", Key="a")["TagSet"]
    assert tags == [{"Key": "colour", "Value": "deep blue"}, {"Key": "size", "Value": "über"}]
    assert s3.get_object(Bucket="attic", Key="a")["TagCount"] == 2


@pytest.mark.documented(GUIDE + "object-tagging.html")
def test_tags_can_be_replaced_and_deleted(s3: Any) -> None:
    s3.put_object(Bucket="attic", Key="a", Tagging="colour=blue")
    s3.put_object_tagging(Bucket="attic", Key="a", Tagging={"TagSet": [{"Key": "size", "Value": "xl"}]})
    assert s3.get_object_tagging(Bucket="attic", Key="a")["TagSet"] == [{"Key": "size", "Value": "xl"}]
    s3.delete_object_tagging(Bucket="attic", Key="a")
    assert s3.get_object_tagging(Bucket="attic", Key="a")["TagSet"] == []
    assert "TagCount" not in s3.head_object(Bucket="attic", Key="a")


@pytest.mark.documented(GUIDE + "object-tagging.html")
def test_each_version_has_its_own_tags(s3: Any) -> None:
    versioned(s3)
    first = s3.put_object(Bucket="attic", Key="a", Tagging="n=1")["VersionId"]
    second = s3.put_object(Bucket="attic", Key="a", Tagging="n=2")["VersionId"]
    s3.put_object_tagging(
        Bucket="attic", Key="a", VersionId=first, Tagging={"TagSet": [{"Key": "n", "Value": "one"}]}
    )  # fmt: skip
    reply = s3.get_object_tagging(Bucket="attic", Key="a", VersionId=first)
    assert (reply["TagSet"], reply["VersionId"]) == ([{"Key": "n", "Value": "one"}], first)
    reply = s3.get_object_tagging(Bucket="attic", Key="a")
    assert (reply["TagSet"], reply["VersionId"]) == ([{"Key": "n", "Value": "2"}], second)


@pytest.mark.documented(GUIDE + "object-tagging.html")
@pytest.mark.parametrize(
    ("tags", "code"),
    [
        ([(f"k{n}", "v") for n in range(11)], "BadRequest"),
        ([("k", "1"), ("k", "2")], "InvalidTag"),
        ([("k" * 129, "v")], "InvalidTag"),
        ([("k", "v" * 257)], "InvalidTag"),
        ([("aws:k", "v")], "InvalidTag"),
        ([("k", "a<b")], "InvalidTag"),
    ],
)
def test_tags_that_break_a_rule_are_refused(s3: Any, tags: list[tuple[str, str]], code: str) -> None:
    s3.put_object(Bucket="attic", Key="a")
    given = {"TagSet": [{"Key": name, "Value": value} for name, value in tags]}
    error = refused(s3.put_object_tagging, Bucket="attic", Key="a", Tagging=given)
    assert (error["Code"], error["Status"]) == (code, 400)


@pytest.mark.documented(GUIDE + "object-tagging.html")
@pytest.mark.parametrize("header", ["a=1&a=2", "=1", "a=%ff"])
def test_a_header_of_tags_must_be_a_query_without_repetitions(s3: Any, header: str) -> None:
    error = refused(s3.put_object, Bucket="attic", Key="a", Tagging=header)
    assert (error["Code"], error["ArgumentName"]) == ("InvalidArgument", "x-amz-tagging")


@pytest.mark.documented(GUIDE + "object-tagging.html")
def test_to_put_with_tags_one_must_be_allowed_to_tag(cloud: Cloud, s3: Any) -> None:
    writer = user(cloud, "s3:PutObject")
    writer.put_object(Bucket="attic", Key="a", Body=b"x")
    assert refused(writer.put_object, Bucket="attic", Key="a", Body=b"x", Tagging="n=1")["Code"] == "AccessDenied"


@pytest.mark.documented(GET)
def test_tags_are_counted_only_for_who_may_read_them(cloud: Cloud, s3: Any) -> None:
    s3.put_object(Bucket="attic", Key="a", Body=b"x", Tagging="n=1")
    assert "TagCount" not in user(cloud, "s3:GetObject").get_object(Bucket="attic", Key="a")


# --- attributes ------------------------------------------------------------------------------------------------------


@pytest.mark.documented(API + "API_GetObjectAttributes.html")
def test_attributes_are_given_as_far_as_they_are_asked_for(s3: Any) -> None:
    s3.put_object(Bucket="attic", Key="a", Body=b"hello", ChecksumAlgorithm="SHA1")
    reply = s3.get_object_attributes(
        Bucket="attic", Key="a", ObjectAttributes=["ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"]
    )
    assert reply["ETag"] == "5d41402abc4b2a76b9719d911017c592"
    assert reply["Checksum"] == {"ChecksumSHA1": "qvTGHdzF6KLavt4PO0gs2a6pQ00=", "ChecksumType": "FULL_OBJECT"}
    assert (reply["StorageClass"], reply["ObjectSize"]) == ("STANDARD", 5)
    assert "ObjectParts" not in reply
    assert "ETag" not in s3.get_object_attributes(Bucket="attic", Key="a", ObjectAttributes=["ObjectSize"])


@pytest.mark.documented(API + "API_GetObjectAttributes.html")
def test_attributes_list_the_parts_by_pages(in_parts: Any) -> None:
    place = {"Bucket": "attic", "Key": "parts", "ObjectAttributes": ["ObjectParts"]}
    reply = in_parts.get_object_attributes(**place, MaxParts=1)["ObjectParts"]
    assert (reply["TotalPartsCount"], reply["IsTruncated"], reply["NextPartNumberMarker"]) == (2, True, 1)
    rest = in_parts.get_object_attributes(**place, PartNumberMarker=1)["ObjectParts"]
    assert [(part["PartNumber"], part["Size"]) for part in rest["Parts"]] == [(2, 4)]
    assert not rest["IsTruncated"]


@pytest.mark.documented(API + "API_GetObjectAttributes.html")
def test_an_unknown_attribute_is_an_invalid_argument(s3: Any) -> None:
    s3.put_object(Bucket="attic", Key="a")
    error = refused(s3.get_object_attributes, Bucket="attic", Key="a", ObjectAttributes=["Colour"])
    assert (error["Code"], error["ArgumentName"]) == ("InvalidArgument", "x-amz-object-attributes")


@pytest.mark.documented(API + "API_GetObjectAttributes.html")
def test_attributes_must_be_named(s3: Any) -> None:
    def forget(request: Any, **_: Any) -> None:
        del request.headers["x-amz-object-attributes"]

    s3.put_object(Bucket="attic", Key="a")
    s3.meta.events.register("before-sign.s3.GetObjectAttributes", forget)
    error = refused(s3.get_object_attributes, Bucket="attic", Key="a", ObjectAttributes=["ETag"])
    assert (error["Code"], error["Status"]) == ("InvalidArgument", 400)


@pytest.mark.documented(API + "API_GetObjectAttributes.html")
def test_attributes_need_the_right_to_the_object_too(cloud: Cloud, s3: Any) -> None:
    s3.put_object(Bucket="attic", Key="a")
    asker = user(cloud, "s3:GetObjectAttributes")
    error = refused(asker.get_object_attributes, Bucket="attic", Key="a", ObjectAttributes=["ETag"])
    assert error["Code"] == "AccessDenied"


# --- refused ---------------------------------------------------------------------------------------------------------


@pytest.mark.ours
def test_renaming_is_refused_and_says_why(s3: Any) -> None:
    error = refused(s3.rename_object, Bucket="attic", Key="b", RenameSource="attic/a")
    assert (error["Code"], error["Status"]) == ("NotImplemented", 501)
    assert "directory buckets" in error["Message"]


@pytest.mark.documented(GET)
def test_last_modified_is_the_second_of_the_write(cloud: Cloud, s3: Any) -> None:
    s3.put_object(Bucket="attic", Key="a")
    before = s3.head_object(Bucket="attic", Key="a")["LastModified"]
    cloud.advance(hours=1)
    s3.put_object(Bucket="attic", Key="a")
    after = s3.head_object(Bucket="attic", Key="a")
    assert (after["LastModified"] - before).total_seconds() == pytest.approx(3600, abs=1)
    told = after["ResponseMetadata"]["HTTPHeaders"]["last-modified"]
    assert told == formatdate(after["LastModified"].timestamp(), usegmt=True)
