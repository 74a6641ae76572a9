"""Objects copied: what goes along, what is said anew, and who may."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from haar import Cloud

COPY = "https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html"
GUIDE = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/copy-object.html"
WRONG = '"00000000000000000000000000000000"'


@pytest.fixture
def s3(cloud: Cloud) -> Any:
    """A client, and a bucket with an object."""
    client = cloud.client("s3")
    client.create_bucket(Bucket="attic")
    client.put_object(
        Bucket="attic", Key="a", Body=b"hello", Metadata={"by": "ada"}, ContentType="text/plain", Tagging="n=1",
        StorageClass="STANDARD_IA", WebsiteRedirectLocation="/b",
    )  # fmt: skip
    return client


def refused(call: Any, **given: Any) -> dict[str, Any]:
    """The members of the error that is answered, with Status."""
    with pytest.raises(ClientError) as caught:
        call(**given)
    reply = caught.value.response
    return {**reply["Error"], "Status": reply["ResponseMetadata"]["HTTPStatusCode"]}


def versioned(client: Any) -> None:
    """Have the bucket keep versions."""
    client.put_bucket_versioning(Bucket="attic", VersioningConfiguration={"Status": "Enabled"})


@pytest.mark.documented(COPY)
def test_a_copy_has_content_metadata_and_tags_of_its_source(s3: Any) -> None:
    reply = s3.copy_object(Bucket="attic", Key="b", CopySource="attic/a")["CopyObjectResult"]
    assert reply["ETag"] == '"5d41402abc4b2a76b9719d911017c592"'
    found = s3.get_object(Bucket="attic", Key="b")
    assert (found["Body"].read(), found["Metadata"], found["ContentType"]) == (b"hello", {"by": "ada"}, "text/plain")
    assert s3.get_object_tagging(Bucket="attic", Key="b")["TagSet"] == [{"Key": "n", "Value": "1"}]


@pytest.mark.documented(COPY)
def test_class_and_redirect_do_not_go_along(s3: Any) -> None:
    s3.copy_object(Bucket="attic", Key="b", CopySource="attic/a")
    found = s3.head_object(Bucket="attic", Key="b")
    assert "StorageClass" not in found
    assert "WebsiteRedirectLocation" not in found


@pytest.mark.documented(COPY)
def test_metadata_can_be_replaced(s3: Any) -> None:
    s3.copy_object(Bucket="attic", Key="b", CopySource="attic/a", MetadataDirective="REPLACE", Metadata={"for": "bob"})
    found = s3.head_object(Bucket="attic", Key="b")
    assert (found["Metadata"], found["ContentType"]) == ({"for": "bob"}, "binary/octet-stream")


@pytest.mark.documented(COPY)
def test_metadata_is_not_replaced_by_halves(s3: Any) -> None:
    s3.copy_object(Bucket="attic", Key="b", CopySource="attic/a", Metadata={"for": "bob"}, ContentType="text/html")
    found = s3.head_object(Bucket="attic", Key="b")
    assert (found["Metadata"], found["ContentType"]) == ({"by": "ada"}, "text/plain")


@pytest.mark.documented(COPY)
def test_tags_can_be_replaced(s3: Any) -> None:
    s3.copy_object(Bucket="attic", Key="b", CopySource="attic/a", TaggingDirective="REPLACE", Tagging="m=2")
    assert s3.get_object_tagging(Bucket="attic", Key="b")["TagSet"] == [{"Key": "m", "Value": "2"}]


@pytest.mark.documented(COPY)
@pytest.mark.parametrize("member", ["MetadataDirective", "TaggingDirective"])
def test_a_directive_says_copy_or_replace(s3: Any, member: str) -> None:
    error = refused(s3.copy_object, Bucket="attic", Key="b", CopySource="attic/a", **{member: "MERGE"})
    assert (error["Code"], error["ArgumentValue"]) == ("InvalidArgument", "MERGE")


@pytest.mark.documented(COPY)
def test_an_object_is_not_copied_to_itself_without_a_change(s3: Any) -> None:
    error = refused(s3.copy_object, Bucket="attic", Key="a", CopySource="attic/a")
    assert (error["Code"], error["Status"]) == ("InvalidRequest", 400)
    assert "copy an object to itself" in error["Message"]


@pytest.mark.documented(COPY)
@pytest.mark.parametrize(
    "change",
    [{"StorageClass": "ONEZONE_IA"}, {"MetadataDirective": "REPLACE"}, {"ServerSideEncryption": "AES256"}],
)
def test_an_object_is_changed_by_a_copy_to_itself(s3: Any, change: dict[str, str]) -> None:
    s3.copy_object(Bucket="attic", Key="a", CopySource="attic/a", **change)
    assert s3.get_object(Bucket="attic", Key="a")["Body"].read() == b"hello"


@pytest.mark.documented("https://docs.aws.amazon.com/AmazonS3/latest/userguide/RestoringPreviousVersions.html")
def test_an_older_version_comes_back_by_a_copy_to_itself(s3: Any) -> None:
    versioned(s3)
    first = s3.put_object(Bucket="attic", Key="a", Body=b"first")["VersionId"]
    s3.put_object(Bucket="attic", Key="a", Body=b"second")
    reply = s3.copy_object(Bucket="attic", Key="a", CopySource=f"attic/a?versionId={first}")
    assert reply["CopySourceVersionId"] == first
    assert reply["VersionId"] == s3.head_object(Bucket="attic", Key="a")["VersionId"] != first
    assert s3.get_object(Bucket="attic", Key="a")["Body"].read() == b"first"


@pytest.mark.documented(COPY)
@pytest.mark.parametrize("prefix", ["", "/"])
def test_a_source_is_url_encoded_with_or_without_a_slash_before_it(s3: Any, prefix: str) -> None:
    name = "ä b+c/?&%"
    s3.put_object(Bucket="attic", Key=name, Body=b"odd")
    s3.copy_object(Bucket="attic", Key="b", CopySource=f"{prefix}attic/{name}")  # the SDK encodes it
    assert s3.get_object(Bucket="attic", Key="b")["Body"].read() == b"odd"


@pytest.mark.documented(COPY)
@pytest.mark.parametrize("source", ["attic", "attic/", "/"])
def test_a_source_has_a_bucket_and_a_key(s3: Any, source: str) -> None:
    error = refused(s3.copy_object, Bucket="attic", Key="b", CopySource=source)
    assert (error["Code"], error["ArgumentName"]) == ("InvalidArgument", "x-amz-copy-source")


@pytest.mark.documented(COPY)
def test_a_source_that_is_not_there_is_said_to_be_missing(s3: Any) -> None:
    assert refused(s3.copy_object, Bucket="attic", Key="b", CopySource="attic/none")["Code"] == "NoSuchKey"
    assert refused(s3.copy_object, Bucket="attic", Key="b", CopySource="nowhere/a")["Code"] == "NoSuchBucket"


@pytest.mark.documented(COPY)
def test_a_delete_marker_is_no_source(s3: Any) -> None:
    versioned(s3)
    marker = s3.delete_object(Bucket="attic", Key="a")["VersionId"]
    assert refused(s3.copy_object, Bucket="attic", Key="b", CopySource="attic/a")["Code"] == "NoSuchKey"
    source = f"attic/a?versionId={marker}"
    assert refused(s3.copy_object, Bucket="attic", Key="b", CopySource=source)["Code"] == "InvalidRequest"


@pytest.mark.documented(COPY)
@pytest.mark.parametrize(
    "given",
    [{"CopySourceIfMatch": WRONG}, {"CopySourceIfNoneMatch": '"5d41402abc4b2a76b9719d911017c592"'}],
)
def test_a_condition_on_the_source_that_fails_fails_the_copy(s3: Any, given: dict[str, str]) -> None:
    error = refused(s3.copy_object, Bucket="attic", Key="b", CopySource="attic/a", **given)
    assert (error["Code"], error["Status"]) == ("PreconditionFailed", 412)


@pytest.mark.documented(COPY)
def test_a_condition_on_the_destination_that_fails_fails_the_copy(s3: Any) -> None:
    s3.put_object(Bucket="attic", Key="b", Body=b"mine")
    error = refused(s3.copy_object, Bucket="attic", Key="b", CopySource="attic/a", IfNoneMatch="*")
    assert (error["Code"], error["Status"]) == ("PreconditionFailed", 412)
    assert s3.get_object(Bucket="attic", Key="b")["Body"].read() == b"mine"


@pytest.mark.documented(COPY)
def test_a_copy_keeps_the_algorithm_of_its_source_or_takes_another(s3: Any) -> None:
    s3.put_object(Bucket="attic", Key="a", Body=b"hello", ChecksumAlgorithm="SHA1")
    kept = s3.copy_object(Bucket="attic", Key="b", CopySource="attic/a")["CopyObjectResult"]
    assert kept["ChecksumSHA1"] == "qvTGHdzF6KLavt4PO0gs2a6pQ00="
    other = s3.copy_object(Bucket="attic", Key="c", CopySource="attic/a", ChecksumAlgorithm="CRC32")
    assert other["CopyObjectResult"]["ChecksumCRC32"] == "NhCmhg=="
    assert "ChecksumSHA1" not in other["CopyObjectResult"]


@pytest.mark.fact("S3MPU-003")
def test_a_copy_of_an_object_in_parts_is_in_one_piece_with_an_md5_for_its_etag(s3: Any) -> None:
    upload = s3.create_multipart_upload(Bucket="attic", Key="parts")["UploadId"]
    place = {"Bucket": "attic", "Key": "parts", "UploadId": upload}
    part = s3.upload_part(**place, PartNumber=1, Body=b"hello")
    done = s3.complete_multipart_upload(
        **place, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    )  # fmt: skip
    assert done["ETag"].endswith('-1"')
    copied = s3.copy_object(Bucket="attic", Key="b", CopySource="attic/parts")["CopyObjectResult"]
    assert copied["ETag"] == '"5d41402abc4b2a76b9719d911017c592"'
    assert "ObjectParts" not in s3.get_object_attributes(Bucket="attic", Key="b", ObjectAttributes=["ObjectParts"])


@pytest.mark.ours
def test_a_copy_outlives_its_source(s3: Any) -> None:
    body = bytes(range(256)) * 8192
    s3.put_object(Bucket="attic", Key="large", Body=body)
    s3.copy_object(Bucket="attic", Key="b", CopySource="attic/large")
    s3.delete_object(Bucket="attic", Key="large")
    assert s3.get_object(Bucket="attic", Key="b")["Body"].read() == body


@pytest.mark.documented(COPY)
def test_more_than_5_gib_are_copied_in_parts_only() -> None:
    from haar.services.s3 import copying
    from haar.services.s3.resources import Version

    copying.refuse_large(Version(bucket="attic", name="a", order=0, size=5 * 1024**3))
    with pytest.raises(Exception, match="larger than the maximum allowable size for a copy source: 5368709120"):
        copying.refuse_large(Version(bucket="attic", name="a", order=0, size=5 * 1024**3 + 1))


@pytest.mark.documented(COPY)
def test_an_archived_source_is_not_copied(s3: Any) -> None:
    s3.put_object(Bucket="attic", Key="cold", Body=b"x", StorageClass="GLACIER")
    error = refused(s3.copy_object, Bucket="attic", Key="b", CopySource="attic/cold")
    assert (error["Code"], error["Status"]) == ("InvalidObjectState", 403)


# --- who may ---------------------------------------------------------------------------------------------------------


def user(cloud: Cloud, *statements: tuple[str, str]) -> Any:
    """A client of a user with these (action, resource) allowances."""
    iam = cloud.client("iam")
    iam.create_user(UserName="rita")
    listed = [{"Effect": "Allow", "Action": action, "Resource": resource} for action, resource in statements]
    policy = json.dumps({"Version": "2012-10-17", "Statement": listed})
    iam.put_user_policy(UserName="rita", PolicyName="own", PolicyDocument=policy)
    keys = iam.create_access_key(UserName="rita")["AccessKey"]
    return cloud.client("s3", access_key=keys["AccessKeyId"], secret_key=keys["SecretAccessKey"])


@pytest.mark.documented(COPY)
def test_a_copy_needs_leave_to_read_the_source(cloud: Cloud, s3: Any) -> None:
    writer = user(cloud, ("s3:PutObject", "*"))
    error = refused(writer.copy_object, Bucket="attic", Key="b", CopySource="attic/a")
    assert (error["Code"], error["Status"]) == ("AccessDenied", 403)


@pytest.mark.documented(COPY)
def test_who_may_not_list_the_source_does_not_learn_that_it_is_missing(cloud: Cloud, s3: Any) -> None:
    client = user(cloud, ("s3:PutObject", "*"), ("s3:GetObject", "*"))
    assert refused(client.copy_object, Bucket="attic", Key="b", CopySource="attic/none")["Code"] == "AccessDenied"


@pytest.mark.documented(COPY)
def test_a_source_in_another_region_can_be_missing(cloud: Cloud, s3: Any) -> None:
    far = cloud.client("s3", region="eu-west-1")
    far.create_bucket(Bucket="cellar", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    assert refused(far.copy_object, Bucket="cellar", Key="x", CopySource="attic/none")["Code"] == "NoSuchKey"


@pytest.mark.documented(COPY)
def test_a_copy_with_tags_needs_leave_for_them_on_both_sides(cloud: Cloud, s3: Any) -> None:
    client = user(cloud, ("s3:PutObject", "*"), ("s3:GetObject", "*"), ("s3:GetObjectTagging", "*"))
    assert refused(client.copy_object, Bucket="attic", Key="b", CopySource="attic/a")["Code"] == "AccessDenied"
    client.copy_object(Bucket="attic", Key="b", CopySource="attic/a", TaggingDirective="REPLACE")
    assert s3.get_object_tagging(Bucket="attic", Key="b")["TagSet"] == []


@pytest.mark.documented(GUIDE)
def test_another_account_copies_what_a_policy_opens_to_it(cloud: Cloud, s3: Any) -> None:
    other = cloud.client("s3", access_key="111111111111", secret_key="test")
    other.create_bucket(Bucket="cellar")
    s3.put_object(Bucket="attic", Key="open", Body=b"for all")
    assert refused(other.copy_object, Bucket="cellar", Key="x", CopySource="attic/open")["Code"] == "AccessDenied"
    allow = {
        "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111111111111:root"}, "Action": "s3:GetObject",
        "Resource": "arn:aws:s3:::attic/open",
    }  # fmt: skip
    s3.put_bucket_policy(Bucket="attic", Policy=json.dumps({"Version": "2012-10-17", "Statement": [allow]}))
    other.copy_object(Bucket="cellar", Key="x", CopySource="attic/open")
    assert other.get_object(Bucket="cellar", Key="x")["Body"].read() == b"for all"


@pytest.mark.documented(COPY)
def test_a_copy_goes_from_region_to_region(cloud: Cloud, s3: Any) -> None:
    far = cloud.client("s3", region="eu-west-1")
    far.create_bucket(Bucket="cellar", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    far.copy_object(Bucket="cellar", Key="x", CopySource="attic/a")
    assert far.get_object(Bucket="cellar", Key="x")["Body"].read() == b"hello"


@pytest.mark.documented(COPY)
def test_the_source_bucket_must_have_the_expected_owner(s3: Any) -> None:
    error = refused(
        s3.copy_object, Bucket="attic", Key="b", CopySource="attic/a", ExpectedSourceBucketOwner="111111111111"
    )
    assert error["Code"] == "AccessDenied"
