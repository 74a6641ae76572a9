"""Objects deleted, one by one and many at once."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from haar import Cloud

DELETE = "https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObject.html"
MANY = "https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html"


@pytest.fixture
def s3(cloud: Cloud) -> Any:
    """A client, and a bucket."""
    client = cloud.client("s3")
    client.create_bucket(Bucket="attic")
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


@pytest.mark.documented(DELETE)
def test_deleting_what_is_not_there_is_done(s3: Any) -> None:
    reply = s3.delete_object(Bucket="attic", Key="never")
    assert reply["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert "DeleteMarker" not in reply


@pytest.mark.documented(DELETE)
def test_a_delete_without_a_version_leaves_a_marker(s3: Any) -> None:
    versioned(s3)
    version = s3.put_object(Bucket="attic", Key="a", Body=b"x")["VersionId"]
    reply = s3.delete_object(Bucket="attic", Key="a")
    assert reply["DeleteMarker"] is True
    assert reply["VersionId"] != version
    assert s3.get_object(Bucket="attic", Key="a", VersionId=version)["Body"].read() == b"x"


@pytest.mark.documented(DELETE)
def test_deleting_the_marker_brings_the_object_back(s3: Any) -> None:
    versioned(s3)
    s3.put_object(Bucket="attic", Key="a", Body=b"x")
    marker = s3.delete_object(Bucket="attic", Key="a")["VersionId"]
    reply = s3.delete_object(Bucket="attic", Key="a", VersionId=marker)
    assert (reply["DeleteMarker"], reply["VersionId"]) == (True, marker)
    assert s3.get_object(Bucket="attic", Key="a")["Body"].read() == b"x"


@pytest.mark.documented(DELETE)
def test_a_version_is_deleted_for_good(s3: Any) -> None:
    versioned(s3)
    first = s3.put_object(Bucket="attic", Key="a", Body=b"1")["VersionId"]
    second = s3.put_object(Bucket="attic", Key="a", Body=b"2")["VersionId"]
    reply = s3.delete_object(Bucket="attic", Key="a", VersionId=second)
    assert reply["VersionId"] == second
    assert "DeleteMarker" not in reply
    assert s3.head_object(Bucket="attic", Key="a")["VersionId"] == first


@pytest.mark.documented(DELETE)
def test_what_can_be_no_version_id_is_an_invalid_argument(s3: Any) -> None:
    assert refused(s3.delete_object, Bucket="attic", Key="a", VersionId="last")["Code"] == "InvalidArgument"


@pytest.mark.documented(MANY)
def test_many_keys_are_deleted_at_once(s3: Any) -> None:
    s3.put_object(Bucket="attic", Key="a")
    s3.put_object(Bucket="attic", Key="b <&>")
    reply = s3.delete_objects(Bucket="attic", Delete={"Objects": [{"Key": "a"}, {"Key": "b <&>"}, {"Key": "none"}]})
    assert [one["Key"] for one in reply["Deleted"]] == ["a", "b <&>", "none"]
    assert "Errors" not in reply
    assert s3.list_objects_v2(Bucket="attic")["KeyCount"] == 0


@pytest.mark.documented(MANY)
def test_a_quiet_request_is_told_of_failures_only(s3: Any) -> None:
    s3.put_object(Bucket="attic", Key="a")
    reply = s3.delete_objects(Bucket="attic", Delete={"Objects": [{"Key": "a"}], "Quiet": True})
    assert "Deleted" not in reply
    assert s3.list_objects_v2(Bucket="attic")["KeyCount"] == 0


@pytest.mark.documented(MANY)
def test_many_deletes_tell_markers_from_versions(s3: Any) -> None:
    versioned(s3)
    version = s3.put_object(Bucket="attic", Key="a", Body=b"x")["VersionId"]
    [made] = s3.delete_objects(Bucket="attic", Delete={"Objects": [{"Key": "a"}]})["Deleted"]
    assert made["DeleteMarker"] is True
    assert "VersionId" not in made
    marker = made["DeleteMarkerVersionId"]
    wanted = [{"Key": "a", "VersionId": marker}, {"Key": "a", "VersionId": version}]
    gone = s3.delete_objects(Bucket="attic", Delete={"Objects": wanted})["Deleted"]
    assert gone[0] == {"Key": "a", "VersionId": marker, "DeleteMarker": True, "DeleteMarkerVersionId": marker}
    assert gone[1] == {"Key": "a", "VersionId": version}
    assert refused(s3.get_object, Bucket="attic", Key="a", VersionId=version)["Code"] == "NoSuchVersion"
    assert refused(s3.get_object, Bucket="attic", Key="a", VersionId=marker)["Code"] == "NoSuchVersion"


@pytest.mark.documented(MANY)
@pytest.mark.parametrize("count", [0, 1001])
def test_a_request_deletes_1_to_1000_keys(s3: Any, count: int) -> None:
    wanted = [{"Key": str(number)} for number in range(count)]
    error = refused(s3.delete_objects, Bucket="attic", Delete={"Objects": wanted})
    assert (error["Code"], error["Status"]) == ("MalformedXML", 400)


@pytest.mark.documented(MANY)
def test_each_key_is_allowed_or_denied_on_its_own(cloud: Cloud, s3: Any) -> None:
    s3.put_object(Bucket="attic", Key="mine/a")
    s3.put_object(Bucket="attic", Key="yours/a")
    iam = cloud.client("iam")
    iam.create_user(UserName="rita")
    allow = {"Effect": "Allow", "Action": "s3:DeleteObject", "Resource": "arn:aws:s3:::attic/mine/*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    iam.put_user_policy(UserName="rita", PolicyName="own", PolicyDocument=policy)
    keys = iam.create_access_key(UserName="rita")["AccessKey"]
    rita = cloud.client("s3", access_key=keys["AccessKeyId"], secret_key=keys["SecretAccessKey"])
    reply = rita.delete_objects(Bucket="attic", Delete={"Objects": [{"Key": "mine/a"}, {"Key": "yours/a"}]})
    assert [one["Key"] for one in reply["Deleted"]] == ["mine/a"]
    assert [(one["Key"], one["Code"]) for one in reply["Errors"]] == [("yours/a", "AccessDenied")]
    assert [one["Key"] for one in s3.list_objects_v2(Bucket="attic")["Contents"]] == ["yours/a"]


@pytest.mark.documented(MANY)
def test_a_key_that_is_too_long_fails_alone(s3: Any) -> None:
    s3.put_object(Bucket="attic", Key="a")
    reply = s3.delete_objects(Bucket="attic", Delete={"Objects": [{"Key": "x" * 1025}, {"Key": "a"}]})
    assert [one["Code"] for one in reply["Errors"]] == ["KeyTooLongError"]
    assert [one["Key"] for one in reply["Deleted"]] == ["a"]


@pytest.mark.documented(MANY)
def test_a_list_of_keys_must_come_with_a_digest(cloud: Cloud, s3: Any) -> None:
    def strip(request: Any, **_: Any) -> None:
        for name in [one for one in request.headers if one.lower().startswith("x-amz-checksum-")]:
            del request.headers[name]
        del request.headers["x-amz-sdk-checksum-algorithm"]

    s3.put_object(Bucket="attic", Key="a")
    s3.meta.events.register("before-sign.s3.DeleteObjects", strip)
    error = refused(s3.delete_objects, Bucket="attic", Delete={"Objects": [{"Key": "a"}]})
    assert (error["Code"], error["Status"]) == ("InvalidRequest", 400)
    assert s3.list_objects_v2(Bucket="attic")["KeyCount"] == 1
