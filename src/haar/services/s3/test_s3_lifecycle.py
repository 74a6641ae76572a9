"""Lifecycle rules: which are kept, and what the clock does by them."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from haar import Cloud
from haar.record import replace
from haar.services.s3 import lifecycle
from haar.services.s3.resources import Bucket, Version

PUT = "https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketLifecycleConfiguration.html"
GUIDE = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/"
RULES = GUIDE + "intro-lifecycle-rules.html"
CONSIDERATIONS = GUIDE + "lifecycle-transition-general-considerations.html"

LARGE = b"x" * 200_000


@pytest.fixture
def s3(cloud: Cloud) -> Any:
    """A client, and a bucket."""
    client = cloud.client("s3")
    client.create_bucket(Bucket="attic")
    return client


def rule(**actions: Any) -> dict[str, Any]:
    """An enabled rule for the whole bucket."""
    return {"ID": "one", "Status": "Enabled", "Filter": {"Prefix": ""}, **actions}


def keep(client: Any, *rules: dict[str, Any], **more: Any) -> Any:
    """Have the bucket keep these rules."""
    return client.put_bucket_lifecycle_configuration(
        Bucket="attic", LifecycleConfiguration={"Rules": list(rules)}, **more
    )


def refused(client: Any, *rules: dict[str, Any]) -> tuple[str, str]:
    """Code and message with which rules are not kept."""
    with pytest.raises(ClientError) as caught:
        keep(client, *rules)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def versioned(client: Any, status: str = "Enabled") -> None:
    """Have the bucket keep versions."""
    client.put_bucket_versioning(Bucket="attic", VersioningConfiguration={"Status": status})


def keys(client: Any) -> list[str]:
    """What a listing shows."""
    return [one["Key"] for one in client.list_objects_v2(Bucket="attic").get("Contents", [])]


def versions(client: Any) -> tuple[int, int]:
    """How many versions and delete markers there are."""
    found = client.list_object_versions(Bucket="attic")
    return len(found.get("Versions", [])), len(found.get("DeleteMarkers", []))


def class_of(client: Any, name: str, **more: Any) -> str | None:
    """The storage class that HEAD says."""
    found: str | None = client.head_object(Bucket="attic", Key=name, **more).get("StorageClass")
    return found


# --- what is kept ----------------------------------------------------------------------------------------------------


@pytest.mark.documented(PUT)
def test_rules_are_read_back_as_they_were_put(s3: Any) -> None:
    wanted = [
        rule(
            Expiration={"Days": 400},
            Transitions=[{"Days": 30, "StorageClass": "STANDARD_IA"}, {"Days": 90, "StorageClass": "GLACIER"}],
            NoncurrentVersionExpiration={"NoncurrentDays": 30, "NewerNoncurrentVersions": 3},
            NoncurrentVersionTransitions=[{"NoncurrentDays": 10, "StorageClass": "GLACIER_IR"}],
            AbortIncompleteMultipartUpload={"DaysAfterInitiation": 7},
        ),
        {
            "ID": "two",
            "Status": "Disabled",
            "Filter": {
                "And": {
                    "Prefix": "logs/",
                    "Tags": [{"Key": "a", "Value": "b"}],
                    "ObjectSizeGreaterThan": 10,
                    "ObjectSizeLessThan": 1000,
                }
            },
            "Expiration": {"Days": 1},
        },
    ]
    keep(s3, *wanted)
    found = s3.get_bucket_lifecycle_configuration(Bucket="attic")
    assert found["Rules"] == wanted
    assert found["TransitionDefaultMinimumObjectSize"] == "all_storage_classes_128K"


@pytest.mark.documented(PUT)
def test_a_rule_without_an_id_is_given_one(s3: Any) -> None:
    keep(s3, {"Status": "Enabled", "Filter": {}, "Expiration": {"Days": 1}})
    assert s3.get_bucket_lifecycle_configuration(Bucket="attic")["Rules"][0]["ID"]


@pytest.mark.documented("https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLifecycleConfiguration.html")
def test_without_rules_there_is_no_configuration(s3: Any) -> None:
    with pytest.raises(ClientError, match="NoSuchLifecycleConfiguration") as caught:
        s3.get_bucket_lifecycle_configuration(Bucket="attic")
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404


@pytest.mark.documented("https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketLifecycle.html")
def test_deleted_rules_do_nothing_any_more(cloud: Cloud, s3: Any) -> None:
    keep(s3, rule(Expiration={"Days": 1}))
    s3.put_object(Bucket="attic", Key="a", Body=b"x")
    s3.delete_bucket_lifecycle(Bucket="attic")
    cloud.advance(days=5)
    assert keys(s3) == ["a"]
    with pytest.raises(ClientError, match="NoSuchLifecycleConfiguration"):
        s3.get_bucket_lifecycle_configuration(Bucket="attic")


@pytest.mark.documented("https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketLifecycle.html")
def test_rules_of_the_first_version_are_kept_and_read_by_both(s3: Any) -> None:
    old = {"ID": "o", "Prefix": "p/", "Status": "Enabled", "Transition": {"Days": 3, "StorageClass": "GLACIER"}}
    s3.put_bucket_lifecycle(Bucket="attic", LifecycleConfiguration={"Rules": [old]})
    found = s3.get_bucket_lifecycle_configuration(Bucket="attic")["Rules"]
    assert found == [
        {"ID": "o", "Prefix": "p/", "Status": "Enabled", "Transitions": [{"Days": 3, "StorageClass": "GLACIER"}]}
    ]
    assert s3.get_bucket_lifecycle(Bucket="attic")["Rules"] == [old]


@pytest.mark.documented(PUT)
@pytest.mark.parametrize(
    ("given", "code", "words"),
    [
        ({}, "InvalidRequest", "At least one action needs to be specified"),
        ({"Expiration": {"Days": 0}}, "InvalidArgument", "must be a positive integer"),
        ({"Expiration": {"Days": 1, "ExpiredObjectDeleteMarker": True}}, "MalformedXML", "not well-formed"),
        ({"Expiration": {"Date": "2030-01-01T01:00:00Z"}}, "InvalidArgument", "must be at midnight GMT"),
        ({"Status": "On", "Expiration": {"Days": 1}}, "MalformedXML", "not well-formed"),
        ({"Filter": {"Prefix": "a", "ObjectSizeLessThan": 1}, "Expiration": {"Days": 1}}, "MalformedXML", ""),
        ({"Filter": {"And": {"Prefix": "a"}}, "Expiration": {"Days": 1}}, "MalformedXML", ""),
        ({"ID": "i" * 256, "Expiration": {"Days": 1}}, "InvalidArgument", "ID length should not exceed"),
        ({"Transitions": [{"Days": 1, "StorageClass": "STANDARD"}]}, "MalformedXML", ""),
        ({"Transitions": [{"StorageClass": "GLACIER"}]}, "MalformedXML", ""),
        (
            {"Transitions": [{"Days": 1, "StorageClass": "GLACIER"}], "Expiration": {"Days": 1}},
            "InvalidArgument",
            "must be greater than 'Days' in the Transition action",
        ),
        (
            {"Transitions": [{"Days": 1, "StorageClass": "GLACIER"}, {"Days": 2, "StorageClass": "GLACIER"}]},
            "InvalidRequest",
            "must be different",
        ),
        (
            {"Transitions": [{"Days": 1, "StorageClass": "GLACIER"}], "Expiration": {"Date": "2030-01-01T00:00:00Z"}},
            "InvalidRequest",
            "mixed 'Date' and 'Days'",
        ),
        (
            {"NoncurrentVersionExpiration": {"NoncurrentDays": 1, "NewerNoncurrentVersions": 101}},
            "InvalidArgument",
            "less than or equal to 100",
        ),
        ({"AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 0}}, "InvalidArgument", "positive integer"),
        (
            {
                "Filter": {"Tag": {"Key": "a", "Value": "b"}},
                "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
            },
            "InvalidRequest",
            "cannot be specified with Tags",
        ),
        (
            {"Filter": {"Tag": {"Key": "a", "Value": "b"}}, "Expiration": {"ExpiredObjectDeleteMarker": True}},
            "InvalidRequest",
            "cannot be specified with Tags",
        ),
        (
            {
                "Filter": {"And": {"ObjectSizeGreaterThan": 9, "ObjectSizeLessThan": 9}},
                "Expiration": {"Days": 1},
            },
            "InvalidRequest",
            "has to be a value greater",
        ),
    ],
)
def test_rules_that_aws_does_not_keep(s3: Any, given: dict[str, Any], code: str, words: str) -> None:
    found = refused(s3, rule(**given))
    assert found[0] == code
    assert words in found[1]


@pytest.mark.documented(PUT)
def test_two_rules_have_two_ids(s3: Any) -> None:
    assert refused(s3, rule(Expiration={"Days": 1}), rule(Expiration={"Days": 2}))[0] == "InvalidArgument"


@pytest.mark.documented(PUT)
def test_there_are_at_most_a_thousand_rules(s3: Any) -> None:
    rules = [{**rule(Expiration={"Days": 1}), "ID": str(number)} for number in range(1001)]
    assert refused(s3, *rules)[0] == "MalformedXML"
    keep(s3, *rules[:1000])
    assert len(s3.get_bucket_lifecycle_configuration(Bucket="attic")["Rules"]) == 1000


# --- transitions -----------------------------------------------------------------------------------------------------


@pytest.mark.fact("S3LC-001")
def test_infrequent_access_begins_after_30_days(cloud: Cloud, s3: Any) -> None:
    code, words = refused(s3, rule(Transitions=[{"Days": 29, "StorageClass": "STANDARD_IA"}]))
    assert code == "InvalidArgument"
    assert words == ("'Days' in Transition action must be greater than or equal to 30 for storageClass 'STANDARD_IA'")
    keep(s3, rule(Transitions=[{"Days": 30, "StorageClass": "STANDARD_IA"}]))
    s3.put_object(Bucket="attic", Key="a", Body=LARGE)
    cloud.advance(days=30)
    assert class_of(s3, "a") is None
    cloud.advance(days=1)
    assert class_of(s3, "a") == "STANDARD_IA"
    assert s3.get_object(Bucket="attic", Key="a")["Body"].read() == LARGE
    assert s3.list_objects_v2(Bucket="attic")["Contents"][0]["StorageClass"] == "STANDARD_IA"


@pytest.mark.fact("S3LC-002")
def test_glacier_follows_infrequent_access_after_30_more_days(cloud: Cloud, s3: Any) -> None:
    first = {"Days": 30, "StorageClass": "STANDARD_IA"}
    code, words = refused(s3, rule(Transitions=[first, {"Days": 59, "StorageClass": "GLACIER"}]))
    assert code == "InvalidArgument"
    assert "must be 30 days more than" in words
    keep(s3, rule(Transitions=[first, {"Days": 60, "StorageClass": "GLACIER"}]))
    s3.put_object(Bucket="attic", Key="a", Body=LARGE)
    cloud.advance(days=61)
    assert class_of(s3, "a") == "GLACIER"


@pytest.mark.fact("S3LC-006")
def test_a_rule_moves_large_objects_as_they_age_and_leaves_small_ones(cloud: Cloud, s3: Any) -> None:
    keep(s3, rule(Transitions=[{"Days": 30, "StorageClass": "STANDARD_IA"}, {"Days": 60, "StorageClass": "GLACIER"}]))
    s3.put_object(Bucket="attic", Key="large", Body=LARGE)
    s3.put_object(Bucket="attic", Key="small", Body=b"x" * 1024)
    seen = [class_of(s3, "large")]
    cloud.advance(days=31)
    seen.append(class_of(s3, "large"))
    cloud.advance(days=30)
    seen.append(class_of(s3, "large"))
    assert seen == [None, "STANDARD_IA", "GLACIER"]
    assert class_of(s3, "small") is None


@pytest.mark.documented(CONSIDERATIONS)
def test_small_objects_go_to_glacier_where_the_minimum_varies_by_class(cloud: Cloud, s3: Any) -> None:
    given = rule(Transitions=[{"Days": 0, "StorageClass": "GLACIER"}])
    reply = keep(s3, given, TransitionDefaultMinimumObjectSize="varies_by_storage_class")
    assert reply["TransitionDefaultMinimumObjectSize"] == "varies_by_storage_class"
    s3.put_object(Bucket="attic", Key="small", Body=b"x")
    cloud.advance(days=1)
    assert class_of(s3, "small") == "GLACIER"


@pytest.mark.documented(CONSIDERATIONS)
def test_a_rule_with_sizes_of_its_own_moves_small_objects(cloud: Cloud, s3: Any) -> None:
    given = rule(Filter={"ObjectSizeGreaterThan": 10}, Transitions=[{"Days": 0, "StorageClass": "GLACIER_IR"}])
    keep(s3, given)
    s3.put_object(Bucket="attic", Key="ten", Body=b"x" * 10)
    s3.put_object(Bucket="attic", Key="eleven", Body=b"x" * 11)
    cloud.advance(days=1)
    assert (class_of(s3, "ten"), class_of(s3, "eleven")) == (None, "GLACIER_IR")


@pytest.mark.documented(CONSIDERATIONS)
def test_objects_do_not_move_to_more_frequent_access(cloud: Cloud, s3: Any) -> None:
    keep(s3, rule(Transitions=[{"Days": 30, "StorageClass": "STANDARD_IA"}]))
    s3.put_object(Bucket="attic", Key="a", Body=LARGE, StorageClass="GLACIER")
    cloud.advance(days=40)
    assert class_of(s3, "a") == "GLACIER"


@pytest.mark.fact("S3LC-003")
def test_a_bucket_without_versions_has_transitions(cloud: Cloud, s3: Any) -> None:
    keep(s3, rule(Transitions=[{"Days": 1, "StorageClass": "GLACIER"}]))
    s3.put_object(Bucket="attic", Key="a", Body=LARGE)
    cloud.advance(days=2)
    assert class_of(s3, "a") == "GLACIER"


@pytest.mark.fact("S3LC-004")
def test_noncurrent_transitions_move_old_versions_only(cloud: Cloud, s3: Any) -> None:
    versioned(s3)
    keep(s3, rule(NoncurrentVersionTransitions=[{"NoncurrentDays": 1, "StorageClass": "GLACIER"}]))
    old = s3.put_object(Bucket="attic", Key="a", Body=LARGE)["VersionId"]
    cloud.advance(days=10)
    assert class_of(s3, "a") is None
    s3.put_object(Bucket="attic", Key="a", Body=LARGE)
    cloud.advance(days=2)
    assert class_of(s3, "a", VersionId=old) == "GLACIER"
    assert class_of(s3, "a") is None


@pytest.mark.documented(GUIDE + "lifecycle-conflicts.html")
def test_of_two_transitions_the_rarest_class_wins(cloud: Cloud, s3: Any) -> None:
    keep(
        s3,
        rule(Transitions=[{"Days": 30, "StorageClass": "STANDARD_IA"}]),
        {**rule(Transitions=[{"Days": 30, "StorageClass": "GLACIER"}]), "ID": "two"},
    )
    s3.put_object(Bucket="attic", Key="a", Body=LARGE)
    cloud.advance(days=31)
    assert class_of(s3, "a") == "GLACIER"


# --- expiration ------------------------------------------------------------------------------------------------------


@pytest.mark.documented(RULES)
def test_days_are_rounded_up_to_the_next_midnight(cloud: Cloud, s3: Any) -> None:
    keep(s3, rule(Expiration={"Days": 3}))
    cloud.advance(86_400 - cloud.clock.now() % 86_400 + 10 * 3600)  # ten in the morning
    reply = s3.put_object(Bucket="attic", Key="a", Body=b"x")
    cloud.advance(days=3, hours=13)
    assert keys(s3) == ["a"]
    assert s3.head_object(Bucket="attic", Key="a")["Expiration"] == reply["Expiration"]
    cloud.advance(hours=1)
    assert keys(s3) == []


@pytest.mark.documented(GUIDE + "lifecycle-expire-general-considerations.html")
def test_put_get_and_head_say_when_and_why_an_object_expires(cloud: Cloud, s3: Any) -> None:
    keep(s3, {**rule(Expiration={"Days": 10}, Filter={"Prefix": "t/"}), "ID": "a rule"})
    said = s3.put_object(Bucket="attic", Key="t/a", Body=b"x")["Expiration"]
    assert said.startswith('expiry-date="')
    assert said.endswith('00:00:00 GMT", rule-id="a%20rule"')
    assert s3.get_object(Bucket="attic", Key="t/a")["Expiration"] == said
    assert s3.head_object(Bucket="attic", Key="t/a")["Expiration"] == said
    assert "Expiration" not in s3.put_object(Bucket="attic", Key="other", Body=b"x")


@pytest.mark.documented(RULES)
def test_only_what_a_filter_chooses_expires(cloud: Cloud, s3: Any) -> None:
    chosen = {"And": {"Prefix": "logs/", "Tags": [{"Key": "keep", "Value": "no"}]}}
    keep(s3, rule(Filter=chosen, Expiration={"Days": 1}))
    for name, tags in (("logs/a", "keep=no"), ("logs/b", "keep=yes"), ("logs/c", ""), ("other", "keep=no")):
        s3.put_object(Bucket="attic", Key=name, Body=b"x", Tagging=tags)
    cloud.advance(days=2)
    assert keys(s3) == ["logs/b", "logs/c", "other"]


@pytest.mark.documented(RULES)
def test_tags_that_come_later_choose_as_well(cloud: Cloud, s3: Any) -> None:
    keep(s3, rule(Filter={"Tag": {"Key": "old", "Value": "yes"}}, Expiration={"Days": 20}))
    s3.put_object(Bucket="attic", Key="a", Body=b"x")
    cloud.advance(days=25)
    s3.put_object_tagging(Bucket="attic", Key="a", Tagging={"TagSet": [{"Key": "old", "Value": "yes"}]})
    cloud.advance(days=1)
    assert keys(s3) == []


@pytest.mark.documented(RULES)
def test_a_date_expires_what_is_there_and_what_comes_later(cloud: Cloud, s3: Any) -> None:
    midnight = (cloud.clock.now() // 86_400 + 3) * 86_400
    keep(s3, rule(Expiration={"Date": midnight}))
    s3.put_object(Bucket="attic", Key="a", Body=b"x")
    cloud.advance(midnight - cloud.clock.now() - 60)
    assert keys(s3) == ["a"]
    cloud.advance(minutes=2)
    assert keys(s3) == []
    s3.put_object(Bucket="attic", Key="b", Body=b"x")
    cloud.advance(days=1)
    assert keys(s3) == []


@pytest.mark.documented(RULES)
def test_where_there_are_versions_the_newest_gets_a_delete_marker(cloud: Cloud, s3: Any) -> None:
    versioned(s3)
    keep(s3, rule(Expiration={"Days": 1}))
    s3.put_object(Bucket="attic", Key="a", Body=b"x")
    cloud.advance(days=5)
    assert keys(s3) == []
    assert versions(s3) == (1, 1)


@pytest.mark.documented(RULES)
def test_where_versions_are_suspended_the_null_version_gives_way_to_a_marker(cloud: Cloud, s3: Any) -> None:
    s3.put_object(Bucket="attic", Key="a", Body=b"x")
    versioned(s3)
    versioned(s3, "Suspended")
    keep(s3, rule(Expiration={"Days": 1}))
    cloud.advance(days=2)
    assert versions(s3) == (0, 1)


@pytest.mark.documented(RULES)
def test_noncurrent_versions_go_some_days_after_they_were_replaced(cloud: Cloud, s3: Any) -> None:
    versioned(s3)
    keep(s3, rule(NoncurrentVersionExpiration={"NoncurrentDays": 3}))
    s3.put_object(Bucket="attic", Key="a", Body=b"1")
    cloud.advance(days=10)
    s3.put_object(Bucket="attic", Key="a", Body=b"2")
    cloud.advance(days=2)
    assert versions(s3) == (2, 0)
    cloud.advance(days=2)
    assert versions(s3) == (1, 0)
    assert s3.get_object(Bucket="attic", Key="a")["Body"].read() == b"2"


@pytest.mark.documented(RULES)
def test_newer_noncurrent_versions_are_kept(cloud: Cloud, s3: Any) -> None:
    versioned(s3)
    keep(s3, rule(NoncurrentVersionExpiration={"NoncurrentDays": 1, "NewerNoncurrentVersions": 2}))
    made = [s3.put_object(Bucket="attic", Key="a", Body=b"x")["VersionId"] for _ in range(6)]
    cloud.advance(days=3)
    found = [one["VersionId"] for one in s3.list_object_versions(Bucket="attic")["Versions"]]
    assert found == made[:-4:-1]
    newest = s3.put_object(Bucket="attic", Key="a", Body=b"x")["VersionId"]
    cloud.advance(days=3)
    found = [one["VersionId"] for one in s3.list_object_versions(Bucket="attic")["Versions"]]
    assert found == [newest, *made[:-3:-1]]


@pytest.mark.documented(RULES)
def test_an_expired_delete_marker_is_removed(cloud: Cloud, s3: Any) -> None:
    versioned(s3)
    keep(
        s3,
        rule(NoncurrentVersionExpiration={"NoncurrentDays": 1}, Expiration={"ExpiredObjectDeleteMarker": True}),
    )
    s3.put_object(Bucket="attic", Key="a", Body=b"x")
    s3.delete_object(Bucket="attic", Key="a")
    assert versions(s3) == (1, 1)
    cloud.advance(days=4)
    assert versions(s3) == (0, 0)


@pytest.mark.documented(GUIDE + "mpu-abort-incomplete-mpu-lifecycle-config.html")
def test_uploads_that_are_not_completed_are_aborted(cloud: Cloud, s3: Any) -> None:
    keep(s3, rule(Filter={"Prefix": "u/"}, AbortIncompleteMultipartUpload={"DaysAfterInitiation": 2}))
    reply = s3.create_multipart_upload(Bucket="attic", Key="u/a")
    s3.create_multipart_upload(Bucket="attic", Key="other")
    assert reply["AbortRuleId"] == "one"
    cloud.advance(days=2)
    assert len(s3.list_multipart_uploads(Bucket="attic")["Uploads"]) == 2
    cloud.advance(days=1)
    assert [one["Key"] for one in s3.list_multipart_uploads(Bucket="attic")["Uploads"]] == ["other"]


@pytest.mark.documented(GUIDE + "object-lock.html")
def test_locked_versions_are_not_removed(cloud: Cloud, s3: Any) -> None:
    s3.create_bucket(Bucket="vault", ObjectLockEnabledForBucket=True)
    given = rule(NoncurrentVersionExpiration={"NoncurrentDays": 1})
    s3.put_bucket_lifecycle_configuration(Bucket="vault", LifecycleConfiguration={"Rules": [given]})
    s3.put_object(Bucket="vault", Key="a", Body=b"1")
    s3.put_object(Bucket="vault", Key="a", Body=b"2")
    with cloud.store.transaction() as tx:
        old = list(tx.range(Version, "vault", "a"))[1]
        lifecycle_lock = replace(old, lock_mode="COMPLIANCE", retain_until=cloud.clock.now() + 9 * 86_400)
        tx.put(lifecycle_lock)
    cloud.advance(days=8)
    assert len(s3.list_object_versions(Bucket="vault")["Versions"]) == 2
    cloud.advance(days=3)
    assert len(s3.list_object_versions(Bucket="vault")["Versions"]) == 1


# --- how it is done --------------------------------------------------------------------------------------------------


@pytest.mark.ours
def test_a_pass_in_many_steps_misses_nothing(cloud: Cloud, s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lifecycle, "BATCH", 3)
    versioned(s3)
    keep(s3, rule(NoncurrentVersionExpiration={"NoncurrentDays": 1, "NewerNoncurrentVersions": 4}))
    for name in ("a", "b"):
        for _ in range(8):
            s3.put_object(Bucket="attic", Key=name, Body=b"x")
    cloud.advance(days=2)
    assert versions(s3) == (10, 0)


@pytest.mark.ours
def test_days_on_which_nothing_can_be_due_cost_no_pass(cloud: Cloud, s3: Any) -> None:
    keep(s3, rule(Expiration={"Days": 300}))
    s3.put_object(Bucket="attic", Key="a", Body=b"x")
    assert cloud.advance(days=280) < 28  # the history keeps house now and then
    cloud.advance(days=21)
    assert keys(s3) == []


@pytest.mark.ours
def test_rules_hold_for_a_bucket_of_another_region(cloud: Cloud) -> None:
    far = cloud.client("s3", region="eu-west-1")
    far.create_bucket(Bucket="attic", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    keep(far, rule(Expiration={"Days": 1}))
    far.put_object(Bucket="attic", Key="a", Body=b"x")
    cloud.advance(days=3)
    assert keys(far) == []


@pytest.mark.ours
def test_the_plan_walks_each_key_once() -> None:
    bucket = Bucket(name="attic", account="1", region="r", configs={"lifecycle": {"Rules": [
        {"ID": name, "Status": "Enabled", "Filter": {"Prefix": name}, "Expiration": {"Days": 1}}
        for name in ("a/b/", "a/", "c", "a/")
    ]}})  # fmt: skip
    assert lifecycle.Plan(bucket, []).prefixes == ["a/", "c"]


@pytest.mark.documented(RULES)
def test_a_version_that_is_the_newest_again_expires_by_its_own_age(cloud: Cloud, s3: Any) -> None:
    versioned(s3)
    keep(s3, rule(Expiration={"Days": 20}))
    s3.put_object(Bucket="attic", Key="a", Body=b"old")
    cloud.advance(days=18)
    newer = s3.put_object(Bucket="attic", Key="a", Body=b"new")["VersionId"]
    cloud.advance(days=10)
    s3.delete_object(Bucket="attic", Key="a", VersionId=newer)
    assert keys(s3) == ["a"]
    cloud.advance(days=1)
    assert keys(s3) == []


@pytest.mark.ours
def test_rules_outlive_the_process(tmp_path: Any) -> None:
    with Cloud(store=str(tmp_path / "lifecycle"), seed=1) as cloud:
        s3 = cloud.client("s3")
        s3.create_bucket(Bucket="attic")
        keep(s3, rule(Expiration={"Days": 2}))
        s3.put_object(Bucket="attic", Key="a", Body=b"x")
        cloud.advance(days=1)
    with Cloud(store=str(tmp_path / "lifecycle"), seed=2) as cloud:
        cloud.advance(days=3)
        assert keys(cloud.client("s3")) == []
