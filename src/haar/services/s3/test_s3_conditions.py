"""Conditions on reads, writes and deletions."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from haar import Cloud

GUIDE = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/"
GET = "https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html"
WRITES = GUIDE + "conditional-writes.html"
DELETES = GUIDE + "conditional-deletes.html"
WRONG = '"00000000000000000000000000000000"'
LONG_AGO = datetime(2001, 1, 1, tzinfo=UTC)
PLACE = {"Bucket": "attic", "Key": "a"}


@pytest.fixture
def s3(cloud: Cloud) -> Any:
    """A client, and a bucket."""
    client = cloud.client("s3")
    client.create_bucket(Bucket="attic")
    return client


@pytest.fixture
def etag(s3: Any) -> str:
    """The ETag of an object that is there."""
    return str(s3.put_object(**PLACE, Body=b"hello")["ETag"])


def refused(call: Any, **given: Any) -> dict[str, Any]:
    """The members of the error that is answered, with Status and Headers."""
    with pytest.raises(ClientError) as caught:
        call(**given)
    reply = caught.value.response
    meta = reply["ResponseMetadata"]
    return {**reply["Error"], "Status": meta["HTTPStatusCode"], "Headers": meta["HTTPHeaders"]}


def versioned(client: Any) -> None:
    """Have the bucket keep versions."""
    client.put_bucket_versioning(Bucket="attic", VersioningConfiguration={"Status": "Enabled"})


# --- reading ---------------------------------------------------------------------------------------------------------


@pytest.mark.documented(GET)
def test_a_read_with_the_right_etag_is_answered(s3: Any, etag: str) -> None:
    assert s3.get_object(**PLACE, IfMatch=etag)["Body"].read() == b"hello"


@pytest.mark.documented(GET)
def test_an_etag_matches_without_its_quotation_marks_and_among_others(s3: Any, etag: str) -> None:
    assert s3.get_object(**PLACE, IfMatch=etag.strip('"'))["ContentLength"] == 5
    assert s3.get_object(**PLACE, IfMatch=f"{WRONG}, {etag}")["ContentLength"] == 5


@pytest.mark.documented(GET)
def test_a_read_with_another_etag_fails_and_says_which_condition(s3: Any, etag: str) -> None:
    error = refused(s3.get_object, **PLACE, IfMatch=WRONG)
    assert (error["Code"], error["Status"], error["Condition"]) == ("PreconditionFailed", 412, "If-Match")


@pytest.mark.documented(GET)
def test_what_is_known_already_is_not_sent_again(s3: Any, etag: str) -> None:
    error = refused(s3.get_object, **PLACE, IfNoneMatch=etag)
    assert error["Status"] == 304
    assert error["Headers"]["etag"] == etag
    assert "last-modified" in error["Headers"]


@pytest.mark.documented(GET)
def test_what_has_another_etag_is_sent(s3: Any, etag: str) -> None:
    assert s3.get_object(**PLACE, IfNoneMatch=WRONG)["Body"].read() == b"hello"


@pytest.mark.documented(GET)
def test_what_was_not_modified_since_is_not_sent(s3: Any, etag: str) -> None:
    at = s3.head_object(**PLACE)["LastModified"]
    assert refused(s3.get_object, **PLACE, IfModifiedSince=at)["Status"] == 304
    assert s3.get_object(**PLACE, IfModifiedSince=at - timedelta(seconds=1))["ContentLength"] == 5


@pytest.mark.documented(GET)
def test_what_was_modified_since_fails_a_read_that_demands_otherwise(s3: Any, etag: str) -> None:
    at = s3.head_object(**PLACE)["LastModified"]
    assert s3.get_object(**PLACE, IfUnmodifiedSince=at)["ContentLength"] == 5
    error = refused(s3.get_object, **PLACE, IfUnmodifiedSince=at - timedelta(seconds=1))
    assert (error["Status"], error["Condition"]) == (412, "If-Unmodified-Since")


@pytest.mark.documented(GET)
def test_a_matching_etag_outweighs_a_later_modification(s3: Any, etag: str) -> None:
    assert s3.get_object(**PLACE, IfMatch=etag, IfUnmodifiedSince=LONG_AGO)["ContentLength"] == 5


@pytest.mark.documented(GET)
def test_a_known_etag_outweighs_a_later_modification(s3: Any, etag: str) -> None:
    assert refused(s3.get_object, **PLACE, IfNoneMatch=etag, IfModifiedSince=LONG_AGO)["Status"] == 304


@pytest.mark.documented("https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html")
def test_head_knows_the_same_conditions(s3: Any, etag: str) -> None:
    assert refused(s3.head_object, **PLACE, IfMatch=WRONG)["Status"] == 412
    assert refused(s3.head_object, **PLACE, IfNoneMatch=etag)["Status"] == 304


# --- writing ---------------------------------------------------------------------------------------------------------


@pytest.mark.documented(WRITES)
def test_a_write_only_if_there_is_nothing_is_done_once(s3: Any) -> None:
    s3.put_object(**PLACE, Body=b"first", IfNoneMatch="*")
    error = refused(s3.put_object, **PLACE, Body=b"second", IfNoneMatch="*")
    assert (error["Code"], error["Status"], error["Condition"]) == ("PreconditionFailed", 412, "If-None-Match")
    assert s3.get_object(**PLACE)["Body"].read() == b"first"


@pytest.mark.documented(WRITES)
def test_a_delete_marker_counts_as_nothing(s3: Any) -> None:
    versioned(s3)
    s3.put_object(**PLACE, Body=b"first")
    s3.delete_object(**PLACE)
    s3.put_object(**PLACE, Body=b"second", IfNoneMatch="*")
    assert s3.get_object(**PLACE)["Body"].read() == b"second"


@pytest.mark.documented(WRITES)
def test_a_write_over_the_expected_object_is_done(s3: Any, etag: str) -> None:
    s3.put_object(**PLACE, Body=b"second", IfMatch=etag)
    error = refused(s3.put_object, **PLACE, Body=b"third", IfMatch=etag)
    assert (error["Code"], error["Condition"]) == ("PreconditionFailed", "If-Match")
    assert s3.get_object(**PLACE)["Body"].read() == b"second"


@pytest.mark.documented(WRITES)
def test_a_write_over_an_object_that_is_gone_finds_no_key(s3: Any) -> None:
    error = refused(s3.put_object, **PLACE, Body=b"x", IfMatch=WRONG)
    assert (error["Code"], error["Status"]) == ("NoSuchKey", 404)


@pytest.mark.documented("https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html")
@pytest.mark.parametrize("given", [{"IfNoneMatch": WRONG}, {"IfMatch": "*"}, {"IfMatch": WRONG, "IfNoneMatch": "*"}])
def test_other_conditions_on_writes_are_not_implemented(s3: Any, given: dict[str, str]) -> None:
    error = refused(s3.put_object, **PLACE, Body=b"x", **given)
    assert (error["Code"], error["Status"]) == ("NotImplemented", 501)


@pytest.mark.documented(WRITES)
def test_to_write_over_an_etag_one_must_be_allowed_to_read(cloud: Cloud, s3: Any, etag: str) -> None:
    iam = cloud.client("iam")
    iam.create_user(UserName="rita")
    statement = {"Effect": "Allow", "Action": "s3:PutObject", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName="rita", PolicyName="own", PolicyDocument=policy)
    keys = iam.create_access_key(UserName="rita")["AccessKey"]
    writer = cloud.client("s3", access_key=keys["AccessKeyId"], secret_key=keys["SecretAccessKey"])
    writer.put_object(**PLACE, Body=b"x")
    assert refused(writer.put_object, **PLACE, Body=b"x", IfMatch=etag)["Code"] == "AccessDenied"


@pytest.mark.documented(GUIDE + "conditional-writes-enforce.html")
def test_a_policy_can_demand_conditional_writes(s3: Any) -> None:
    deny = {
        "Effect": "Deny", "Principal": "*", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::attic/*",
        "Condition": {"Null": {"s3:if-none-match": "true"}},
    }  # fmt: skip
    s3.put_bucket_policy(Bucket="attic", Policy=json.dumps({"Version": "2012-10-17", "Statement": [deny]}))
    s3.put_object(**PLACE, Body=b"x", IfNoneMatch="*")
    assert refused(s3.put_object, **PLACE, Body=b"x")["Code"] == "AccessDenied"


# --- deleting --------------------------------------------------------------------------------------------------------


@pytest.mark.documented(DELETES)
def test_a_deletion_of_the_expected_object_is_done(s3: Any, etag: str) -> None:
    error = refused(s3.delete_object, **PLACE, IfMatch=WRONG)
    assert (error["Code"], error["Status"], error["Condition"]) == ("PreconditionFailed", 412, "If-Match")
    s3.delete_object(**PLACE, IfMatch=etag)
    assert refused(s3.head_object, **PLACE)["Status"] == 404


@pytest.mark.documented(DELETES)
def test_a_deletion_can_demand_that_there_is_something(s3: Any, etag: str) -> None:
    s3.delete_object(**PLACE, IfMatch="*")
    assert refused(s3.delete_object, **PLACE, IfMatch="*")["Status"] == 404


@pytest.mark.documented(DELETES)
def test_a_deletion_of_an_expected_object_finds_a_marker_in_its_place(s3: Any) -> None:
    versioned(s3)
    s3.put_object(**PLACE, Body=b"x")
    s3.delete_object(**PLACE)
    assert refused(s3.delete_object, **PLACE, IfMatch="*")["Status"] == 412


@pytest.mark.documented("https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObject.html")
@pytest.mark.parametrize("given", [{"IfMatchSize": 5}, {"IfMatchLastModifiedTime": LONG_AGO}])
def test_size_and_time_are_conditions_of_directory_buckets(s3: Any, etag: str, given: dict[str, Any]) -> None:
    assert refused(s3.delete_object, **PLACE, **given)["Code"] == "NotImplemented"


@pytest.mark.documented(DELETES)
def test_conditions_are_about_the_newest_version_alone(s3: Any) -> None:
    versioned(s3)
    put = s3.put_object(**PLACE, Body=b"x")
    error = refused(s3.delete_object, **PLACE, VersionId=put["VersionId"], IfMatch=put["ETag"])
    assert (error["Code"], error["Status"]) == ("NotImplemented", 501)


@pytest.mark.documented(DELETES)
def test_each_of_many_deletions_can_have_its_own_condition(s3: Any, etag: str) -> None:
    s3.put_object(Bucket="attic", Key="b", Body=b"x")
    wanted = [{"Key": "a", "ETag": etag}, {"Key": "b", "ETag": WRONG}]
    reply = s3.delete_objects(Bucket="attic", Delete={"Objects": wanted})
    assert [one["Key"] for one in reply["Deleted"]] == ["a"]
    assert [(one["Key"], one["Code"]) for one in reply["Errors"]] == [("b", "PreconditionFailed")]
