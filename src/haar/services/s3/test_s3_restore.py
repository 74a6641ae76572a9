"""Archived objects restored: how fast, for how long, and what is said meanwhile."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from haar import Cloud

RESTORE = "https://docs.aws.amazon.com/AmazonS3/latest/API/API_RestoreObject.html"
OPTIONS = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/restoring-objects-retrieval-options.html"
STATUS = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/restoring-objects.html"


@pytest.fixture
def s3(cloud: Cloud) -> Any:
    """A client, and a bucket with an archived object."""
    client = cloud.client("s3")
    client.create_bucket(Bucket="attic")
    client.put_object(Bucket="attic", Key="a", Body=b"words", StorageClass="GLACIER")
    return client


def restore(client: Any, days: int | None = 3, tier: str | None = None, name: str = "a") -> int:
    """Restore; the status of the answer."""
    given: dict[str, Any] = {} if days is None else {"Days": days}
    if tier is not None:
        given["GlacierJobParameters"] = {"Tier": tier}
    reply = client.restore_object(Bucket="attic", Key=name, RestoreRequest=given)
    return int(reply["ResponseMetadata"]["HTTPStatusCode"])


def refused(client: Any, *given: Any, **more: Any) -> tuple[int, str]:
    """Status and code with which a restore is refused."""
    with pytest.raises(ClientError) as caught:
        restore(client, *given, **more)
    reply = caught.value.response
    return reply["ResponseMetadata"]["HTTPStatusCode"], reply["Error"]["Code"]


def said(client: Any, name: str = "a") -> str | None:
    """What HEAD says of the restore."""
    found: str | None = client.head_object(Bucket="attic", Key=name).get("Restore")
    return found


def is_readable(client: Any, name: str = "a") -> bool:
    """Whether GET answers with the object."""
    try:
        return bool(client.get_object(Bucket="attic", Key=name)["Body"].read() == b"words")
    except ClientError as error:
        if error.response["Error"]["Code"] != "InvalidObjectState":
            raise
        return False


@pytest.mark.fact("S3CLS-012")
@pytest.mark.parametrize(
    ("storage_class", "tier", "early_hours", "hours"),
    [
        ("GLACIER", "Expedited", 0.01, 0.1), ("GLACIER", "Standard", 2.9, 5), ("GLACIER", "Bulk", 4.9, 12),
        ("DEEP_ARCHIVE", "Standard", 11, 12), ("DEEP_ARCHIVE", "Bulk", 47, 48),
    ],
)  # fmt: skip
def test_a_restore_takes_as_long_as_its_tier_says(
    cloud: Cloud, s3: Any, storage_class: str, tier: str, early_hours: float, hours: float
) -> None:
    s3.put_object(Bucket="attic", Key="a", Body=b"words", StorageClass=storage_class)
    assert restore(s3, 3, tier) == 202
    cloud.advance(hours=early_hours)
    assert not is_readable(s3)
    cloud.advance(hours=hours - early_hours)
    assert is_readable(s3)


@pytest.mark.documented(STATUS)
def test_head_says_how_a_restore_is_going(cloud: Cloud, s3: Any) -> None:
    assert said(s3) is None
    restore(s3, 2)
    assert said(s3) == 'ongoing-request="true"'
    cloud.advance(hours=5)
    found = said(s3) or ""
    assert found.startswith('ongoing-request="false", expiry-date="')
    assert found.endswith('00:00:00 GMT"')
    assert s3.head_object(Bucket="attic", Key="a")["StorageClass"] == "GLACIER"


@pytest.mark.documented(STATUS)
def test_the_copy_goes_away_after_its_days_rounded_up_to_midnight(cloud: Cloud, s3: Any) -> None:
    cloud.advance(86_400 - cloud.clock.now() % 86_400 + 3600)  # one in the morning: there at six
    restore(s3, 2)
    cloud.advance(days=2, hours=22)
    assert is_readable(s3)
    cloud.advance(hours=1)
    assert not is_readable(s3)
    assert said(s3) is None


@pytest.mark.documented(RESTORE)
def test_a_restore_under_way_is_not_begun_again(s3: Any) -> None:
    restore(s3)
    assert refused(s3) == (409, "RestoreAlreadyInProgress")
    assert refused(s3, 3, "Bulk") == (409, "RestoreAlreadyInProgress")


@pytest.mark.documented(RESTORE)
def test_a_restore_under_way_can_be_hurried(cloud: Cloud, s3: Any) -> None:
    restore(s3, 3, "Bulk")
    assert restore(s3, 3, "Expedited") == 202
    cloud.advance(minutes=6)
    assert is_readable(s3)
    cloud.advance(hours=12)
    assert is_readable(s3)


@pytest.mark.documented(RESTORE)
def test_a_copy_that_is_there_is_given_other_days(cloud: Cloud, s3: Any) -> None:
    restore(s3, 1)
    cloud.advance(hours=6)
    assert restore(s3, 10) == 200
    cloud.advance(days=9)
    assert is_readable(s3)
    cloud.advance(days=3)
    assert not is_readable(s3)


@pytest.mark.documented(RESTORE)
def test_what_is_not_archived_is_not_restored(s3: Any) -> None:
    s3.put_object(Bucket="attic", Key="plain", Body=b"words")
    assert refused(s3, name="plain") == (403, "InvalidObjectState")


@pytest.mark.documented(OPTIONS)
def test_deep_archive_has_no_expedited_restores(s3: Any) -> None:
    s3.put_object(Bucket="attic", Key="deep", Body=b"words", StorageClass="DEEP_ARCHIVE")
    assert refused(s3, 1, "Expedited", name="deep") == (400, "InvalidArgument")


@pytest.mark.documented(RESTORE)
@pytest.mark.parametrize(("days", "code"), [(None, "MalformedXML"), (0, "InvalidArgument")])
def test_days_must_be_said(s3: Any, days: int | None, code: str) -> None:
    assert refused(s3, days) == (400, code)


@pytest.mark.documented(RESTORE)
def test_a_version_is_restored_by_its_id(cloud: Cloud, s3: Any) -> None:
    s3.put_bucket_versioning(Bucket="attic", VersioningConfiguration={"Status": "Enabled"})
    old = s3.put_object(Bucket="attic", Key="v", Body=b"words", StorageClass="GLACIER")["VersionId"]
    s3.put_object(Bucket="attic", Key="v", Body=b"new", StorageClass="GLACIER")
    s3.restore_object(Bucket="attic", Key="v", VersionId=old, RestoreRequest={"Days": 1})
    cloud.advance(hours=5)
    assert s3.get_object(Bucket="attic", Key="v", VersionId=old)["Body"].read() == b"words"
    assert not is_readable(s3, "v")


@pytest.mark.ours
def test_an_object_put_in_the_place_of_one_under_restore_is_not_restored(cloud: Cloud, s3: Any) -> None:
    restore(s3)
    s3.put_object(Bucket="attic", Key="a", Body=b"words", StorageClass="GLACIER")
    cloud.advance(hours=6)
    assert not is_readable(s3)


@pytest.mark.ours
def test_a_restore_with_a_query_is_refused(s3: Any) -> None:
    with pytest.raises(ClientError, match="NotImplemented"):
        s3.restore_object(Bucket="attic", Key="a", RestoreRequest={"Type": "SELECT"})
