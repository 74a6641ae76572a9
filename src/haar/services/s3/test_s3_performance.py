"""The request rates of a prefix, where the cloud enforces them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError

from haar import Cloud
from haar.services.s3 import rates
from haar.wire.http import HttpRequest

GUIDE = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/optimizing-performance.html"


@pytest.fixture
def limited() -> Iterator[Cloud]:
    """A cloud that enforces AWS's rates, its clock standing still, with a bucket."""
    with Cloud(seed=1, limits="aws") as cloud:
        cloud.client("s3").create_bucket(Bucket="attic")
        cloud.scheduler.bend(rate=0)
        yield cloud


def refused(call: Any, **given: Any) -> tuple[int, str]:
    """Status and code of the error that is answered."""
    with pytest.raises(ClientError) as caught:
        call(**given)
    reply = caught.value.response
    return reply["ResponseMetadata"]["HTTPStatusCode"], reply["Error"]["Code"]


@pytest.mark.fact("S3PERF-001")
def test_a_prefix_takes_3500_writes_a_second(limited: Cloud) -> None:
    s3 = limited.client("s3")
    url = urlsplit(s3.generate_presigned_url("delete_object", Params={"Bucket": "attic", "Key": "p/a"}))
    http = HttpRequest("DELETE", url.path, url.query, {"host": url.netloc})
    assert {limited.handle(http).status for _ in range(3500)} == {204}
    assert refused(s3.delete_object, Bucket="attic", Key="p/more") == (503, "SlowDown")
    limited.advance(1)
    s3.delete_object(Bucket="attic", Key="p/more")


@pytest.mark.fact("S3PERF-003")
def test_every_prefix_has_a_rate_of_its_own(limited: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rates, "WRITES_PER_SECOND", 35)
    s3 = limited.client("s3")
    for prefix in range(10):
        for number in range(35):
            s3.put_object(Bucket="attic", Key=f"{prefix}/{number}", Body=b"")
    assert refused(s3.put_object, Bucket="attic", Key="0/more", Body=b"") == (503, "SlowDown")
    assert s3.list_objects_v2(Bucket="attic")["KeyCount"] == 350


@pytest.mark.fact("S3PERF-004")
@pytest.mark.parametrize("names", [range(20), [hash(str(number)) for number in range(20)]])
def test_names_in_sequence_have_the_rate_of_random_ones(
    limited: Cloud, monkeypatch: pytest.MonkeyPatch, names: Any
) -> None:
    monkeypatch.setattr(rates, "WRITES_PER_SECOND", 20)
    s3 = limited.client("s3")
    for name in names:
        s3.put_object(Bucket="attic", Key=f"p/{name}", Body=b"")
    assert refused(s3.put_object, Bucket="attic", Key="p/more", Body=b"") == (503, "SlowDown")


@pytest.mark.documented(GUIDE)
def test_reads_and_writes_are_counted_apart(limited: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    assert rates.READS_PER_SECOND == 5500
    monkeypatch.setattr(rates, "WRITES_PER_SECOND", 1)
    monkeypatch.setattr(rates, "READS_PER_SECOND", 2)
    s3 = limited.client("s3")
    s3.put_object(Bucket="attic", Key="p/a", Body=b"x")
    s3.get_object(Bucket="attic", Key="p/a")
    s3.get_object(Bucket="attic", Key="p/a")
    assert refused(s3.get_object, Bucket="attic", Key="p/a") == (503, "SlowDown")


@pytest.mark.ours
def test_nothing_is_counted_unless_rates_are_wanted(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rates, "WRITES_PER_SECOND", 0)
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="attic")
    s3.put_object(Bucket="attic", Key="a", Body=b"x")
    with cloud.store.transaction(write=False) as tx:
        assert not tx.any(rates.Rate)
