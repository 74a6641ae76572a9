"""Leaving out days on which nothing can be due changes nothing: random rules and histories, with and without it."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

from haar import Cloud
from haar.services.s3 import lifecycle

pytestmark = pytest.mark.ours

DAY = 86_400
#: An hour past a midnight that is still to come.
BEGINNING = 50_000 * DAY + 3600
KEYS = ("a/1", "a/2", "b/1", "c")
SIZES = (1, 200_000)


def some_rules(chance: random.Random) -> list[dict[str, Any]]:
    """A few rules that S3 keeps."""
    filters: list[dict[str, Any]] = [
        {}, {"Prefix": "a/"}, {"Tag": {"Key": "old", "Value": "yes"}}, {"ObjectSizeGreaterThan": 100},
    ]  # fmt: skip
    actions: list[dict[str, Any]] = [
        {"Expiration": {"Days": chance.randint(1, 9)}},
        {"Transitions": [{"Days": chance.randint(0, 9), "StorageClass": "GLACIER"}]},
        {"NoncurrentVersionExpiration": {"NoncurrentDays": chance.randint(1, 9)}},
        {"NoncurrentVersionExpiration": {"NoncurrentDays": chance.randint(1, 5), "NewerNoncurrentVersions": 1}},
        {"NoncurrentVersionTransitions": [{"NoncurrentDays": chance.randint(0, 5), "StorageClass": "GLACIER_IR"}]},
    ]
    rules = [
        {"ID": str(number), "Status": "Enabled", "Filter": chance.choice(filters), **chance.choice(actions)}
        for number in range(chance.randint(1, 3))
    ]
    if chance.random() < 0.5:
        rules.append({"ID": "m", "Status": "Enabled", "Filter": {}, "Expiration": {"ExpiredObjectDeleteMarker": True}})
    return rules


def history(seed: int) -> list[list[Any]]:
    """What the bucket holds at the end of each of some days, after random requests."""
    chance = random.Random(seed)
    found = []
    with Cloud(seed=1) as cloud:
        cloud.scheduler.bend(to=BEGINNING, rate=0)
        s3 = cloud.client("s3")
        s3.create_bucket(Bucket="attic")
        if chance.random() < 0.7:
            s3.put_bucket_versioning(Bucket="attic", VersioningConfiguration={"Status": "Enabled"})
        rules = some_rules(chance)
        s3.put_bucket_lifecycle_configuration(Bucket="attic", LifecycleConfiguration={"Rules": rules})
        for _ in range(25):
            for _ in range(chance.randint(0, 2)):
                request(s3, chance)
            cloud.advance(chance.choice((DAY // 3, DAY, 3 * DAY)))
            found.append(state(s3))
    return found


def request(s3: Any, chance: random.Random) -> None:
    """One random request."""
    name = chance.choice(KEYS)
    kind = chance.randint(0, 9)
    if kind < 6:
        tags = chance.choice(("", "old=yes"))
        s3.put_object(Bucket="attic", Key=name, Body=b"x" * chance.choice(SIZES), Tagging=tags)
        return
    versions = [one for one in state(s3) if one[0] == name]
    if kind == 6:
        s3.delete_object(Bucket="attic", Key=name)
    elif kind == 7 and versions:
        s3.delete_object(Bucket="attic", Key=name, VersionId=versions[0][1])
    elif kind > 7 and versions and versions[0][2]:
        tag = [{"Key": "old", "Value": "yes"}]
        s3.put_object_tagging(Bucket="attic", Key=name, VersionId=versions[0][1], Tagging={"TagSet": tag})


def state(s3: Any) -> list[Any]:
    """Every version, then every marker: key, id, class ("" for a marker), whether it is the newest."""
    reply = s3.list_object_versions(Bucket="attic")
    rows = [(one["Key"], one["VersionId"], one["StorageClass"], one["IsLatest"]) for one in reply.get("Versions", [])]
    rows += [(one["Key"], one["VersionId"], "", one["IsLatest"]) for one in reply.get("DeleteMarkers", [])]
    return rows


def shape(rows: list[Any]) -> list[Any]:
    """The same without the ids, which are drawn anew each time."""
    return sorted((row[0], row[2], row[3]) for row in rows)


@pytest.mark.parametrize("seed", range(12))
def test_skipped_days_would_have_changed_nothing(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    skipping = [shape(rows) for rows in history(seed)]
    every_day: Callable[..., float] = lambda *_: 0.0  # noqa: E731
    monkeypatch.setattr(lifecycle.Plan, "first_for_new", every_day)
    monkeypatch.setattr(lifecycle.Plan, "not_before", every_day)
    assert [shape(rows) for rows in history(seed)] == skipping
