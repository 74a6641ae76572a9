"""Intelligent-Tiering: objects that move by how long nobody has read them."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from haar import Cloud
from haar.services.s3 import tiering
from haar.services.s3.resources import Version

OVERVIEW = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/intelligent-tiering-overview.html"
MANAGING = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/intelligent-tiering-managing.html"
API = "https://docs.aws.amazon.com/AmazonS3/latest/API/"
PUT = API + "API_PutBucketIntelligentTieringConfiguration.html"
LARGE = b"x" * 131_072


@pytest.fixture
def s3(cloud: Cloud) -> Any:
    """A client, and a bucket with an object."""
    client = cloud.client("s3")
    client.create_bucket(Bucket="attic")
    client.put_object(Bucket="attic", Key="a", Body=LARGE, StorageClass="INTELLIGENT_TIERING")
    return client


def tier(cloud: Cloud, name: str = "a") -> str:
    """The tier that an object is in."""
    with cloud.store.transaction(write=False) as tx:
        version = tx.get(Version, "attic", name, 0)
    assert version is not None
    return tiering.access_tier(version, cloud.clock.now())


def opt_in(client: Any, archive: int | None = 90, deep: int | None = None, **more: Any) -> None:
    """Opt in to the archive tiers after so many days."""
    tiers = (("ARCHIVE_ACCESS", archive), ("DEEP_ARCHIVE_ACCESS", deep))
    tierings = [{"Days": days, "AccessTier": name} for name, days in tiers if days is not None]
    given = {"Id": "t", "Status": "Enabled", "Tierings": tierings, **more}
    client.put_bucket_intelligent_tiering_configuration(Bucket="attic", Id="t", IntelligentTieringConfiguration=given)


@pytest.mark.fact("S3CLS-017")
def test_an_object_nobody_reads_moves_and_comes_back_when_it_is_read(cloud: Cloud, s3: Any) -> None:
    cloud.advance(days=29)
    assert tier(cloud) == "FREQUENT"
    cloud.advance(days=2)
    assert tier(cloud) == "INFREQUENT"
    assert s3.get_object(Bucket="attic", Key="a")["Body"].read() == LARGE
    assert tier(cloud) == "FREQUENT"


@pytest.mark.documented(OVERVIEW)
def test_after_90_days_an_object_is_in_archive_instant_access(cloud: Cloud, s3: Any) -> None:
    cloud.advance(days=91)
    assert tier(cloud) == "ARCHIVE_INSTANT"
    assert s3.get_object(Bucket="attic", Key="a")["Body"].read() == LARGE
    assert tier(cloud) == "FREQUENT"


@pytest.mark.documented(OVERVIEW)
def test_small_objects_stay_in_frequent_access(cloud: Cloud, s3: Any) -> None:
    s3.put_object(Bucket="attic", Key="small", Body=b"x", StorageClass="INTELLIGENT_TIERING")
    cloud.advance(days=400)
    assert tier(cloud, "small") == "FREQUENT"


@pytest.mark.documented(OVERVIEW)
def test_head_is_no_access(cloud: Cloud, s3: Any) -> None:
    cloud.advance(days=31)
    s3.head_object(Bucket="attic", Key="a")
    assert tier(cloud) == "INFREQUENT"


@pytest.mark.documented(MANAGING)
def test_archive_tiers_are_opted_in_to_and_restored_from(cloud: Cloud, s3: Any) -> None:
    opt_in(s3, 90, 180)
    cloud.advance(days=92)
    assert s3.head_object(Bucket="attic", Key="a")["ArchiveStatus"] == "ARCHIVE_ACCESS"
    with pytest.raises(ClientError, match="InvalidObjectState") as caught:
        s3.get_object(Bucket="attic", Key="a")
    assert caught.value.response["Error"]["AccessTier"] == "ARCHIVE_ACCESS"
    s3.restore_object(Bucket="attic", Key="a", RestoreRequest={"GlacierJobParameters": {"Tier": "Expedited"}})
    assert s3.head_object(Bucket="attic", Key="a")["Restore"] == 'ongoing-request="true"'
    cloud.advance(minutes=6)
    assert s3.get_object(Bucket="attic", Key="a")["Body"].read() == LARGE
    assert "ArchiveStatus" not in s3.head_object(Bucket="attic", Key="a")
    assert tier(cloud) == "FREQUENT"


@pytest.mark.documented(MANAGING)
def test_an_object_goes_on_to_deep_archive_access(cloud: Cloud, s3: Any) -> None:
    opt_in(s3, 90, 180)
    cloud.advance(days=182)
    assert s3.head_object(Bucket="attic", Key="a")["ArchiveStatus"] == "DEEP_ARCHIVE_ACCESS"


@pytest.mark.documented(MANAGING)
def test_a_restore_from_an_archive_tier_has_no_days(cloud: Cloud, s3: Any) -> None:
    opt_in(s3)
    cloud.advance(days=92)
    with pytest.raises(ClientError, match="InvalidArgument"):
        s3.restore_object(Bucket="attic", Key="a", RestoreRequest={"Days": 1})


@pytest.mark.documented(MANAGING)
def test_reads_keep_an_object_out_of_the_archive(cloud: Cloud, s3: Any) -> None:
    opt_in(s3)
    cloud.advance(days=60)
    s3.get_object(Bucket="attic", Key="a")
    cloud.advance(days=60)
    assert "ArchiveStatus" not in s3.head_object(Bucket="attic", Key="a")
    cloud.advance(days=32)
    assert s3.head_object(Bucket="attic", Key="a")["ArchiveStatus"] == "ARCHIVE_ACCESS"


@pytest.mark.documented(PUT)
def test_only_what_the_filter_chooses_goes_to_the_archive(cloud: Cloud, s3: Any) -> None:
    opt_in(s3, Filter={"Prefix": "old/"})
    s3.put_object(Bucket="attic", Key="old/a", Body=LARGE, StorageClass="INTELLIGENT_TIERING")
    cloud.advance(days=100)
    assert "ArchiveStatus" not in s3.head_object(Bucket="attic", Key="a")
    assert s3.head_object(Bucket="attic", Key="old/a")["ArchiveStatus"] == "ARCHIVE_ACCESS"


@pytest.mark.documented(PUT)
def test_configurations_are_read_listed_and_deleted(s3: Any) -> None:
    opt_in(s3, 100)
    found = s3.get_bucket_intelligent_tiering_configuration(Bucket="attic", Id="t")["IntelligentTieringConfiguration"]
    assert found["Tierings"] == [{"Days": 100, "AccessTier": "ARCHIVE_ACCESS"}]
    listed = s3.list_bucket_intelligent_tiering_configurations(Bucket="attic")
    assert (listed["IsTruncated"], listed["IntelligentTieringConfigurationList"]) == (False, [found])
    s3.delete_bucket_intelligent_tiering_configuration(Bucket="attic", Id="t")
    with pytest.raises(ClientError, match="NoSuchConfiguration"):
        s3.get_bucket_intelligent_tiering_configuration(Bucket="attic", Id="t")


@pytest.mark.documented(PUT)
@pytest.mark.parametrize(
    ("archive", "deep", "code"),
    [(89, None, "InvalidArgument"), (None, 179, "InvalidArgument"), (731, None, "InvalidArgument"),
     (200, 190, "InvalidArgument")],
)  # fmt: skip
def test_days_have_bounds(s3: Any, archive: int | None, deep: int | None, code: str) -> None:
    with pytest.raises(ClientError, match=code):
        opt_in(s3, archive, deep)
