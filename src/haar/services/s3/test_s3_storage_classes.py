"""The storage classes: what each asks for and how its objects are read."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from haar import Cloud
from haar.services.s3 import storage_classes
from haar.services.s3.new_objects import STORAGE_CLASSES

CLASSES = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage-class-intro.html"
TRANSITIONS = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html"


@pytest.fixture
def s3(cloud: Cloud) -> Any:
    """A client, and a bucket."""
    client = cloud.client("s3")
    client.create_bucket(Bucket="attic")
    return client


@pytest.mark.documented(CLASSES)
def test_the_table_has_every_class_that_an_object_can_have() -> None:
    assert set(storage_classes.CLASSES) == STORAGE_CLASSES


@pytest.mark.fact("S3CLS-001")
def test_standard_is_designed_for_four_nines() -> None:
    assert storage_classes.CLASSES["STANDARD"].availability == 99.99


@pytest.mark.fact("S3CLS-002")
def test_infrequent_access_is_designed_for_three_nines_in_as_many_zones_as_standard() -> None:
    infrequent, standard = storage_classes.CLASSES["STANDARD_IA"], storage_classes.CLASSES["STANDARD"]
    assert infrequent.availability == 99.9
    assert infrequent.zones == standard.zones


@pytest.mark.fact("S3CLS-003")
def test_one_zone_is_designed_for_less_and_is_in_one_zone() -> None:
    found = storage_classes.CLASSES["ONEZONE_IA"]
    assert (found.availability, found.zones) == (99.5, 1)


@pytest.mark.fact("S3CLS-004")
@pytest.mark.parametrize("name", ["GLACIER", "DEEP_ARCHIVE"])
def test_the_archives_are_designed_for_four_nines(name: str) -> None:
    assert storage_classes.CLASSES[name].availability == 99.99


@pytest.mark.documented(CLASSES)
@pytest.mark.parametrize(
    ("name", "days", "size"),
    [
        ("STANDARD", 0, 0), ("STANDARD_IA", 30, 131_072), ("ONEZONE_IA", 30, 131_072), ("GLACIER_IR", 90, 131_072),
        ("GLACIER", 90, 0), ("DEEP_ARCHIVE", 180, 0), ("INTELLIGENT_TIERING", 0, 0),
    ],
)  # fmt: skip
def test_least_days_and_sizes(name: str, days: int, size: int) -> None:
    found = storage_classes.CLASSES[name]
    assert (found.days_min, found.billed_bytes_min) == (days, size)


@pytest.mark.fact("S3CLS-010")
@pytest.mark.parametrize("name", ["STANDARD_IA", "ONEZONE_IA", "GLACIER_IR", "INTELLIGENT_TIERING"])
def test_these_classes_are_read_at_once(s3: Any, name: str) -> None:
    s3.put_object(Bucket="attic", Key="a", Body=b"words", StorageClass=name)
    assert s3.head_object(Bucket="attic", Key="a")["StorageClass"] == name
    assert s3.get_object(Bucket="attic", Key="a")["Body"].read() == b"words"


@pytest.mark.fact("S3CLS-015")
def test_reduced_redundancy_is_still_taken_and_shown(s3: Any) -> None:
    s3.put_object(Bucket="attic", Key="a", Body=b"words", StorageClass="REDUCED_REDUNDANCY")
    assert s3.head_object(Bucket="attic", Key="a")["StorageClass"] == "REDUCED_REDUNDANCY"


@pytest.mark.documented(CLASSES)
@pytest.mark.parametrize("name", ["GLACIER", "DEEP_ARCHIVE"])
def test_archived_objects_are_not_read_at_once(s3: Any, name: str) -> None:
    s3.put_object(Bucket="attic", Key="a", Body=b"words", StorageClass=name)
    with pytest.raises(ClientError, match="InvalidObjectState"):
        s3.get_object(Bucket="attic", Key="a")
    assert s3.head_object(Bucket="attic", Key="a")["StorageClass"] == name


@pytest.mark.documented(TRANSITIONS)
@pytest.mark.parametrize(
    ("from_", "to", "may"),
    [
        ("STANDARD", "DEEP_ARCHIVE", True), ("STANDARD_IA", "STANDARD", False), ("STANDARD_IA", "ONEZONE_IA", True),
        ("ONEZONE_IA", "GLACIER_IR", False), ("ONEZONE_IA", "GLACIER", True), ("GLACIER", "DEEP_ARCHIVE", True),
        ("DEEP_ARCHIVE", "GLACIER", False), ("INTELLIGENT_TIERING", "STANDARD_IA", False),
        ("INTELLIGENT_TIERING", "GLACIER_IR", True), ("GLACIER_IR", "INTELLIGENT_TIERING", False),
    ],
)  # fmt: skip
def test_objects_move_down_the_table_only(from_: str, to: str, may: bool) -> None:
    assert storage_classes.may_move(from_, to) is may


@pytest.mark.ours
@pytest.mark.parametrize(("at", "midnight"), [(0.0, 0.0), (1.0, 86_400.0), (86_400.0, 86_400.0), (86_401.5, 172_800.0)])
def test_midnights(at: float, midnight: float) -> None:
    assert storage_classes.next_midnight(at) == midnight
