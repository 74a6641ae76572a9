"""Versioning: kept, suspended, null versions, delete markers, and the way back."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from haar import Cloud

VERSIONING = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/Versioning.html"
SUSPENDED = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/VersionSuspendedBehavior.html"
MARKERS = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/DeleteMarker.html"
PUT = "https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketVersioning.html"
ERRORS = "https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html"


@pytest.fixture
def s3(cloud: Cloud) -> Any:
    """A client, and a bucket called `kept` that never kept versions so far."""
    client = cloud.client("s3")
    client.create_bucket(Bucket="kept")
    return client


@pytest.fixture
def kept(s3: Any) -> Any:
    """The bucket, which keeps versions."""
    turn(s3, "Enabled")
    return s3


def turn(s3: Any, status: str) -> None:
    s3.put_bucket_versioning(Bucket="kept", VersioningConfiguration={"Status": status})


def put(s3: Any, body: bytes, name: str = "k") -> Any:
    return s3.put_object(Bucket="kept", Key=name, Body=body).get("VersionId")


def read(s3: Any, name: str = "k", **more: Any) -> bytes:
    return bytes(s3.get_object(Bucket="kept", Key=name, **more)["Body"].read())


def delete(s3: Any, name: str = "k", **more: Any) -> Any:
    return s3.delete_object(Bucket="kept", Key=name, **more)


def listed(s3: Any) -> list[tuple[str, bool, bool]]:
    """Of every version its id, whether it is the newest, and whether it is a delete marker, newest first."""
    reply = s3.list_object_versions(Bucket="kept")
    found = [(one, False) for one in reply.get("Versions", [])]
    found += [(one, True) for one in reply.get("DeleteMarkers", [])]
    found.sort(key=lambda pair: not pair[0]["IsLatest"])
    return [(one["VersionId"], one["IsLatest"], is_marker) for one, is_marker in found]


# --- the state of a bucket -------------------------------------------------------------------------------------------


@pytest.mark.fact("S3VER-001")
def test_a_new_bucket_has_no_versioning_status(s3: Any) -> None:
    reply = s3.get_bucket_versioning(Bucket="kept")
    assert "Status" not in reply and "MFADelete" not in reply


@pytest.mark.fact("S3VER-001")
def test_a_put_into_a_bucket_without_versions_names_none(s3: Any) -> None:
    assert put(s3, b"one") is None
    assert "VersionId" not in s3.head_object(Bucket="kept", Key="k")


@pytest.mark.fact("S3VER-002")
def test_versioning_can_be_suspended_and_taken_up_again(kept: Any) -> None:
    turn(kept, "Suspended")
    assert kept.get_bucket_versioning(Bucket="kept")["Status"] == "Suspended"
    turn(kept, "Enabled")
    assert kept.get_bucket_versioning(Bucket="kept")["Status"] == "Enabled"


@pytest.mark.fact("S3VER-002")
def test_versioning_can_never_be_disabled(kept: Any) -> None:
    with pytest.raises(ClientError, match="MalformedXML"):
        turn(kept, "Disabled")
    assert kept.get_bucket_versioning(Bucket="kept")["Status"] == "Enabled"


@pytest.mark.documented(ERRORS)
def test_a_configuration_that_says_nothing_is_refused(s3: Any) -> None:
    with pytest.raises(ClientError, match="IllegalVersioningConfigurationException"):
        s3.put_bucket_versioning(Bucket="kept", VersioningConfiguration={})


@pytest.mark.documented(PUT)
def test_versioning_takes_its_own_permissions(cloud: Cloud, s3: Any) -> None:
    iam = cloud.client("iam")
    iam.create_user(UserName="reader")
    policy = (
        '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:GetBucketVersioning", '
        '"Resource": "arn:aws:s3:::kept"}}'
    )
    iam.put_user_policy(UserName="reader", PolicyName="read", PolicyDocument=policy)
    key = iam.create_access_key(UserName="reader")["AccessKey"]
    reader = cloud.client("s3", access_key=key["AccessKeyId"], secret_key=key["SecretAccessKey"])
    reader.get_bucket_versioning(Bucket="kept")
    with pytest.raises(ClientError, match="AccessDenied"):
        turn(reader, "Enabled")


# --- what is kept ----------------------------------------------------------------------------------------------------


@pytest.mark.fact("S3VER-003")
def test_every_write_is_kept_under_an_id_of_its_own(kept: Any) -> None:
    made = [put(kept, body) for body in (b"one", b"two", b"three")]
    assert len(set(made)) == 3
    assert [read(kept, VersionId=one) for one in made] == [b"one", b"two", b"three"]
    reply = kept.list_object_versions(Bucket="kept")
    assert [one["VersionId"] for one in reply["Versions"]] == made[::-1]


@pytest.mark.fact("S3VER-005")
def test_a_read_without_a_version_is_of_the_newest(kept: Any) -> None:
    first = put(kept, b"one")
    second = put(kept, b"two")
    reply = kept.get_object(Bucket="kept", Key="k")
    assert (reply["Body"].read(), reply["VersionId"]) == (b"two", second)
    assert read(kept, VersionId=first) == b"one"


@pytest.mark.fact("S3VER-006")
def test_an_older_version_comes_back_by_a_copy_over_the_key(kept: Any) -> None:
    first = put(kept, b"one")
    put(kept, b"two")
    source = {"Bucket": "kept", "Key": "k", "VersionId": first}
    reply = kept.copy_object(Bucket="kept", Key="k", CopySource=source)
    assert reply["CopySourceVersionId"] == first and reply["VersionId"] != first
    assert read(kept) == b"one"
    assert len(kept.list_object_versions(Bucket="kept")["Versions"]) == 3


@pytest.mark.documented(VERSIONING)
def test_an_older_version_comes_back_when_the_newer_are_removed(kept: Any) -> None:
    put(kept, b"one")
    second = put(kept, b"two")
    delete(kept, VersionId=second)
    assert read(kept) == b"one"
    assert [one["Key"] for one in kept.list_objects_v2(Bucket="kept")["Contents"]] == ["k"]


@pytest.mark.documented(VERSIONING)
def test_what_was_there_before_versioning_is_the_null_version(s3: Any) -> None:
    put(s3, b"before")
    turn(s3, "Enabled")
    assert s3.head_object(Bucket="kept", Key="k")["VersionId"] == "null"
    put(s3, b"after")
    assert read(s3, VersionId="null") == b"before"


@pytest.mark.documented(VERSIONING)
def test_the_last_version_removed_leaves_nothing(kept: Any) -> None:
    only = put(kept, b"one")
    delete(kept, VersionId=only)
    assert listed(kept) == []
    kept.delete_bucket(Bucket="kept")


# --- delete markers --------------------------------------------------------------------------------------------------


@pytest.mark.fact("S3VER-004")
def test_a_delete_puts_a_marker_on_top_and_removes_nothing(kept: Any) -> None:
    first = put(kept, b"one")
    reply = delete(kept)
    assert reply["DeleteMarker"] is True and reply["VersionId"] != first
    with pytest.raises(ClientError) as gone:
        read(kept)
    headers = gone.value.response["ResponseMetadata"]["HTTPHeaders"]
    assert gone.value.response["Error"]["Code"] == "NoSuchKey"
    assert (headers["x-amz-delete-marker"], headers["x-amz-version-id"]) == ("true", reply["VersionId"])
    assert read(kept, VersionId=first) == b"one"


@pytest.mark.fact("S3VER-004")
def test_the_object_is_back_when_its_marker_is_deleted(kept: Any) -> None:
    put(kept, b"one")
    marker = delete(kept)["VersionId"]
    reply = delete(kept, VersionId=marker)
    assert (reply["DeleteMarker"], reply["VersionId"]) == (True, marker)
    assert read(kept) == b"one"


@pytest.mark.documented(MARKERS)
def test_what_was_never_there_gets_a_marker_too(kept: Any) -> None:
    marker = delete(kept)["VersionId"]
    assert listed(kept) == [(marker, True, True)]


@pytest.mark.documented(MARKERS)
def test_a_marker_is_put_on_a_marker(kept: Any) -> None:
    first, second = delete(kept)["VersionId"], delete(kept)["VersionId"]
    assert listed(kept) == [(second, True, True), (first, False, True)]


@pytest.mark.documented(MARKERS)
def test_many_deletes_at_once_leave_a_marker_each(kept: Any) -> None:
    first = put(kept, b"one", "a")
    wanted = {"Objects": [{"Key": "a"}, {"Key": "b"}, {"Key": "a", "VersionId": first}]}
    [a, b, gone] = kept.delete_objects(Bucket="kept", Delete=wanted)["Deleted"]
    assert (a["DeleteMarker"], b["DeleteMarker"]) == (True, True)
    assert gone == {"Key": "a", "VersionId": first}
    markers = {one["VersionId"] for one in kept.list_object_versions(Bucket="kept")["DeleteMarkers"]}
    assert markers == {a["DeleteMarkerVersionId"], b["DeleteMarkerVersionId"]}


# --- suspended -------------------------------------------------------------------------------------------------------


@pytest.mark.documented(SUSPENDED)
def test_a_put_into_a_suspended_bucket_makes_the_null_version(kept: Any) -> None:
    first = put(kept, b"one")
    turn(kept, "Suspended")
    assert put(kept, b"two") == "null"
    assert put(kept, b"three") == "null"
    assert listed(kept) == [("null", True, False), (first, False, False)]
    assert read(kept, VersionId="null") == b"three"


@pytest.mark.documented(SUSPENDED)
def test_a_put_takes_the_place_of_a_null_version_that_is_not_the_newest(s3: Any) -> None:
    put(s3, b"before")
    turn(s3, "Enabled")
    kept_id = put(s3, b"one")
    turn(s3, "Suspended")
    put(s3, b"two")
    assert listed(s3) == [("null", True, False), (kept_id, False, False)]


@pytest.mark.documented(SUSPENDED)
def test_a_delete_in_a_suspended_bucket_takes_the_null_version_away(kept: Any) -> None:
    first = put(kept, b"one")
    turn(kept, "Suspended")
    put(kept, b"two")
    reply = delete(kept)
    assert (reply["DeleteMarker"], reply["VersionId"]) == (True, "null")
    assert listed(kept) == [("null", True, True), (first, False, False)]


@pytest.mark.documented(SUSPENDED)
def test_a_bucket_may_be_suspended_that_never_kept_versions(s3: Any) -> None:
    put(s3, b"before")
    turn(s3, "Suspended")
    assert put(s3, b"after") == "null"
    assert listed(s3) == [("null", True, False)]


@pytest.mark.documented(SUSPENDED)
def test_the_null_version_stays_when_versions_are_kept_again(kept: Any) -> None:
    turn(kept, "Suspended")
    put(kept, b"null")
    turn(kept, "Enabled")
    newest = put(kept, b"new")
    assert listed(kept) == [(newest, True, False), ("null", False, False)]
    delete(kept, VersionId="null")
    assert listed(kept) == [(newest, True, False)]


@pytest.mark.documented(VERSIONING)
def test_a_version_that_is_older_than_two_others_became_old_only_once(cloud: Cloud, kept: Any) -> None:
    kept.put_bucket_lifecycle_configuration(
        Bucket="kept",
        LifecycleConfiguration={
            "Rules": [
                {
                    "ID": "old", "Status": "Enabled", "Filter": {},
                    "NoncurrentVersionExpiration": {"NoncurrentDays": 10},
                }
            ]
        },
    )  # fmt: skip
    oldest = put(kept, b"one")
    turn(kept, "Suspended")
    put(kept, b"null")
    cloud.advance(days=6)
    put(kept, b"null again")
    cloud.advance(days=6)
    with pytest.raises(ClientError, match="NoSuchVersion"):
        read(kept, VersionId=oldest)


@pytest.mark.documented("https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-requirements.html")
def test_versioning_is_not_suspended_while_a_replication_is_configured(cloud: Cloud, kept: Any) -> None:
    kept.create_bucket(Bucket="copies")
    kept.put_bucket_versioning(Bucket="copies", VersioningConfiguration={"Status": "Enabled"})
    trust = (
        '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", '
        '"Principal": {"Service": "s3.amazonaws.com"}}}'
    )
    role = cloud.client("iam").create_role(RoleName="copier", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    rule = {
        "ID": "all", "Status": "Enabled", "Priority": 1, "Filter": {},
        "DeleteMarkerReplication": {"Status": "Disabled"}, "Destination": {"Bucket": "arn:aws:s3:::copies"},
    }  # fmt: skip
    kept.put_bucket_replication(Bucket="kept", ReplicationConfiguration={"Role": role, "Rules": [rule]})
    with pytest.raises(ClientError, match="InvalidBucketState"):
        turn(kept, "Suspended")
    kept.delete_bucket_replication(Bucket="kept")
    turn(kept, "Suspended")
