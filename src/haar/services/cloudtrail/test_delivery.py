"""Trails at work: what is delivered to the bucket, when, and what happens when it cannot be."""

from __future__ import annotations

import json
import re

import pytest

from haar.services.cloudtrail import delivery
from haar.services.cloudtrail.conftest import ACCOUNT, Desk

API = "https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/"
GUIDE = "https://docs.aws.amazon.com/awscloudtrail/latest/userguide/"
FILES = GUIDE + "get-and-view-cloudtrail-log-files.html"
NAMES = GUIDE + "cloudtrail-log-file-examples.html"


# -- files -------------------------------------------------------------------------------------------------------


@pytest.mark.documented(NAMES)
def test_a_file_says_whose_it_is_where_from_and_of_when(desk: Desk) -> None:
    desk.trail()
    desk.cloud.advance(minutes=15)
    day = r"(\d{4})/(\d\d)/(\d\d)"
    name = rf"{ACCOUNT}_CloudTrail_us-east-1_\1\2\3T\d{{4}}Z_[A-Za-z0-9]{{16}}\.json\.gz"
    assert re.fullmatch(rf"AWSLogs/{ACCOUNT}/CloudTrail/us-east-1/{day}/{name}", desk.files()[0])


@pytest.mark.documented(NAMES)
def test_a_record_in_a_file_is_the_one_in_the_history(desk: Desk) -> None:
    desk.trail()
    desk.of("iam").create_user(UserName="alice")
    desk.cloud.advance(minutes=15)
    wanted = [{"AttributeKey": "EventName", "AttributeValue": "CreateUser"}]
    shown = desk.api.lookup_events(LookupAttributes=wanted)["Events"][0]["CloudTrailEvent"]
    assert json.loads(shown) in desk.records()


@pytest.mark.documented(NAMES)
def test_a_file_is_json_that_was_packed(desk: Desk) -> None:
    desk.trail()
    desk.cloud.advance(minutes=15)
    head = desk.s3.head_object(Bucket="logs", Key=desk.files()[0])
    assert (head["ContentType"], head["ContentEncoding"]) == ("application/json", "gzip")


@pytest.mark.documented(GUIDE + "how-cloudtrail-works.html")
def test_every_call_is_delivered_once_within_fifteen_minutes(desk: Desk) -> None:
    desk.trail()
    iam = desk.of("iam")
    for n in range(10):
        iam.create_user(UserName=f"user{n}")
        desk.cloud.advance(minutes=2.5)
    desk.cloud.advance(minutes=15)
    users = [one["requestParameters"]["userName"] for one in desk.records() if one["eventName"] == "CreateUser"]
    assert sorted(users) == [f"user{n}" for n in range(10)]


@pytest.mark.documented(GUIDE + "how-cloudtrail-works.html")
def test_where_nothing_happens_nothing_is_delivered(desk: Desk) -> None:
    desk.trail()
    desk.cloud.advance(days=1)
    status = desk.api.get_trail_status(Name="trail")
    assert (status["LatestDeliveryTime"] - status["StartLoggingTime"]).total_seconds() < 900
    assert len(desk.files()) == 1


@pytest.mark.documented(GUIDE + "cloudtrail-find-log-files.html")
def test_files_go_below_the_prefix(desk: Desk) -> None:
    desk.admit("logs", f"audit/cloud/AWSLogs/{ACCOUNT}")
    desk.trail(S3KeyPrefix="audit/cloud")
    desk.cloud.advance(minutes=15)
    assert all(key.startswith(f"audit/cloud/AWSLogs/{ACCOUNT}/CloudTrail/us-east-1/") for key in desk.files())
    assert desk.files()


@pytest.mark.documented(API + "API_UpdateTrail.html")
def test_files_go_to_the_new_bucket_after_a_change(desk: Desk) -> None:
    desk.trail()
    desk.bucket("later")
    desk.api.update_trail(Name="trail", S3BucketName="later")
    desk.of("iam").create_user(UserName="alice")
    desk.cloud.advance(minutes=15)
    assert (desk.names(bucket="logs"), desk.names(bucket="later")) == ([], ["CreateUser"])


@pytest.mark.documented(GUIDE + "cloudtrail-receive-logs-from-multiple-accounts.html")
def test_files_of_many_accounts_go_into_one_bucket(desk: Desk) -> None:
    other = Desk(desk.cloud, "111122223333")
    desk.admit("logs", f"AWSLogs/{ACCOUNT}", "AWSLogs/111122223333")
    desk.trail()
    other.trail()
    desk.of("sqs").create_queue(QueueName="ours")
    other.of("sqs").create_queue(QueueName="theirs")
    desk.cloud.advance(minutes=15)
    assert desk.names(f"{ACCOUNT}/CloudTrail/") == ["CreateQueue"]
    theirs = [one for one in desk.records("111122223333/CloudTrail/") if one["eventName"] == "CreateQueue"]
    assert [one["requestParameters"]["queueName"] for one in theirs] == ["theirs"]


@pytest.mark.ours
def test_many_events_go_into_several_files(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "BATCH", 4)
    desk.trail()
    for n in range(10):
        desk.of("iam").create_user(UserName=f"user{n}")
    desk.cloud.advance(minutes=15)
    assert desk.names() == ["CreateUser"] * 10
    assert len(desk.files()) > 2


@pytest.mark.ours
def test_a_call_that_waits_is_not_missed(desk: Desk) -> None:
    sqs = desk.of("sqs")
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    desk.trail()
    about = {"Field": "resources.type", "Equals": ["AWS::SQS::Queue"]}
    chosen = [{"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Data"]}, about]}]
    desk.api.put_event_selectors(TrailName="trail", AdvancedEventSelectors=chosen)
    desk.cloud.advance(seconds=290)
    sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20)
    desk.cloud.advance(minutes=15)
    assert desk.names() == ["ReceiveMessage"]


# -- when --------------------------------------------------------------------------------------------------------


@pytest.mark.documented(API + "API_StartLogging.html")
def test_a_trail_records_from_the_start_of_logging_to_its_stop(desk: Desk) -> None:
    iam = desk.of("iam")
    desk.api.create_trail(Name="trail", S3BucketName="logs")
    iam.create_user(UserName="before")
    desk.cloud.advance(seconds=1)
    desk.api.start_logging(Name="trail")
    iam.create_user(UserName="while")
    desk.cloud.advance(seconds=1)
    desk.api.stop_logging(Name="trail")
    desk.cloud.advance(seconds=1)
    iam.create_user(UserName="after")
    desk.cloud.advance(minutes=15)
    users = [one["requestParameters"]["userName"] for one in desk.records() if one["eventName"] == "CreateUser"]
    assert users == ["while"]


@pytest.mark.documented(API + "API_StartLogging.html")
def test_a_trail_may_stop_and_start_again_between_two_deliveries(desk: Desk) -> None:
    iam = desk.of("iam")
    desk.trail()
    for name, operation in (("one", "stop_logging"), ("two", "start_logging"), ("three", "stop_logging")):
        iam.create_user(UserName=name)
        desk.cloud.advance(seconds=1)
        getattr(desk.api, operation)(Name="trail")
        desk.cloud.advance(seconds=1)
    desk.cloud.advance(minutes=15)
    users = [one["requestParameters"]["userName"] for one in desk.records() if one["eventName"] == "CreateUser"]
    assert users == ["one", "three"]


@pytest.mark.documented(API + "API_GetTrailStatus.html")
def test_the_status_says_what_a_trail_does(desk: Desk) -> None:
    desk.api.create_trail(Name="trail", S3BucketName="logs")
    fresh = desk.api.get_trail_status(Name="trail")
    assert fresh["IsLogging"] is False
    assert "LatestDeliveryTime" not in fresh and "StartLoggingTime" not in fresh
    desk.api.start_logging(Name="trail")
    started = desk.cloud.clock.now()
    desk.cloud.advance(minutes=5)
    running = desk.api.get_trail_status(Name="trail")
    assert running["IsLogging"] is True
    assert abs(running["StartLoggingTime"].timestamp() - started) < 60
    assert running["LatestDeliveryTime"].timestamp() - running["StartLoggingTime"].timestamp() == pytest.approx(
        300, 0.1
    )
    desk.api.stop_logging(Name="trail")
    stopped = desk.api.get_trail_status(Name="trail")
    assert stopped["IsLogging"] is False
    assert stopped["StopLoggingTime"] > stopped["StartLoggingTime"]


@pytest.mark.ours
def test_a_trail_that_stopped_leaves_no_work_behind(desk: Desk) -> None:
    desk.trail()
    desk.api.stop_logging(Name="trail")
    desk.cloud.advance(minutes=15)
    done = desk.cloud.advance(hours=12)
    assert done == 0


@pytest.mark.fact("CT-002")
def test_files_outlive_the_history(desk: Desk) -> None:
    desk.trail()
    desk.of("iam").create_user(UserName="alice")
    desk.cloud.advance(minutes=15)
    desk.api.stop_logging(Name="trail")
    desk.cloud.advance(days=91)
    wanted = [{"AttributeKey": "EventName", "AttributeValue": "CreateUser"}]
    assert desk.api.lookup_events(LookupAttributes=wanted)["Events"] == []
    assert desk.names() == ["CreateUser"]


# -- regions and global services ---------------------------------------------------------------------------------


@pytest.mark.fact("CT-004")
def test_a_trail_of_many_regions_has_all_of_them_and_global_services(desk: Desk) -> None:
    desk.trail(IsMultiRegionTrail=True, IncludeGlobalServiceEvents=True)
    desk.of("sqs", "eu-west-1").create_queue(QueueName="q")
    desk.of("iam", "eu-west-1").create_user(UserName="alice")
    desk.cloud.advance(minutes=15)
    assert desk.names("/CloudTrail/eu-west-1/") == ["CreateQueue"]
    assert desk.names("/CloudTrail/us-east-1/") == ["CreateUser"]


@pytest.mark.documented(GUIDE + "cloudtrail-concepts.html")
def test_a_trail_of_one_region_has_that_one(desk: Desk) -> None:
    desk.trail()
    desk.of("sqs", "eu-west-1").create_queue(QueueName="q")
    desk.of("sqs").create_queue(QueueName="q")
    desk.cloud.advance(minutes=15)
    assert len(desk.names()) == 1
    assert desk.files("/CloudTrail/eu-west-1/") == []


@pytest.mark.documented(API + "API_CreateTrail.html")
def test_a_trail_leaves_out_global_services(desk: Desk) -> None:
    desk.trail(IncludeGlobalServiceEvents=False)
    desk.of("iam").create_user(UserName="alice")
    desk.of("sqs").create_queue(QueueName="q")
    desk.cloud.advance(minutes=15)
    assert desk.names() == ["CreateQueue"]


@pytest.mark.documented(API + "API_CreateTrail.html")
def test_a_trail_of_one_region_elsewhere_has_no_global_services(desk: Desk) -> None:
    away = desk.of("cloudtrail", "eu-west-1")
    away.create_trail(Name="trail", S3BucketName="logs")
    away.start_logging(Name="trail")
    desk.of("iam", "eu-west-1").create_user(UserName="alice")
    desk.of("sqs", "eu-west-1").create_queue(QueueName="q")
    desk.cloud.advance(minutes=15)
    assert desk.names() == ["CreateQueue"]


# -- what was asked for ------------------------------------------------------------------------------------------


@pytest.mark.documented(GUIDE + "logging-data-events-with-cloudtrail.html")
def test_data_events_are_delivered_when_asked_for(desk: Desk) -> None:
    desk.s3.create_bucket(Bucket="books")
    desk.trail()
    objects = [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3:::books/new/"]}]
    desk.api.put_event_selectors(
        TrailName="trail", EventSelectors=[{"IncludeManagementEvents": False, "DataResources": objects}]
    )
    for key in ("new/one", "old/one"):
        desk.s3.put_object(Bucket="books", Key=key, Body=b"words")
    desk.s3.get_object(Bucket="books", Key="new/one")
    desk.cloud.advance(minutes=15)
    found = desk.records()
    assert [(one["eventName"], one["readOnly"]) for one in found] == [("PutObject", False), ("GetObject", True)]
    assert found[0]["requestParameters"]["bucketName"] == "books"
    assert found[0]["requestParameters"]["key"] == "new/one"
    assert (found[0]["eventCategory"], found[0]["managementEvent"]) == ("Data", False)
    assert {"type": "AWS::S3::Object", "ARN": "arn:aws:s3:::books/new/one"} in found[0]["resources"]


@pytest.mark.documented(GUIDE + "logging-data-events-with-cloudtrail.html")
def test_what_is_in_an_object_is_not_on_record(desk: Desk) -> None:
    desk.s3.create_bucket(Bucket="books")
    desk.trail()
    everything = [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3"]}]
    desk.api.put_event_selectors(TrailName="trail", EventSelectors=[{"DataResources": everything}])
    desk.s3.put_object(Bucket="books", Key="a", Body=b"very secret words")
    desk.cloud.advance(minutes=15)
    told = json.dumps(desk.records())
    assert "PutObject" in told and "very secret words" not in told and "dmVyeSBzZWNyZXQ" not in told


@pytest.mark.documented(API + "API_CreateTrail.html")
@pytest.mark.parametrize("recursive", [True, False])
def test_cloudtrails_own_deliveries_are_on_record_unless_that_is_switched_off(desk: Desk, recursive: bool) -> None:
    desk.trail(RecursiveLogging=recursive)
    everything = [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3"]}]
    desk.api.put_event_selectors(TrailName="trail", EventSelectors=[{"DataResources": everything}])
    desk.cloud.advance(minutes=30)
    own = [one for one in desk.records() if one["userIdentity"].get("invokedBy") == "cloudtrail.amazonaws.com"]
    assert bool(own) is recursive
    assert all(one["userIdentity"]["type"] == "AWSService" for one in own)


@pytest.mark.documented(GUIDE + "view-cloudtrail-events.html")
def test_the_history_has_no_data_events(desk: Desk) -> None:
    desk.s3.create_bucket(Bucket="books")
    desk.s3.put_object(Bucket="books", Key="a", Body=b"words")
    names = [one["EventName"] for one in desk.api.lookup_events()["Events"]]
    assert "CreateBucket" in names and "PutObject" not in names


# -- when it cannot be delivered ---------------------------------------------------------------------------------


@pytest.mark.documented(API + "API_GetTrailStatus.html")
def test_what_was_not_let_in_is_delivered_later(desk: Desk) -> None:
    desk.trail()
    desk.of("iam").create_user(UserName="alice")
    desk.s3.delete_bucket_policy(Bucket="logs")
    desk.cloud.advance(minutes=15)
    assert desk.api.get_trail_status(Name="trail")["LatestDeliveryError"] == "AccessDenied"
    assert desk.files() == []
    desk.admit("logs", f"AWSLogs/{ACCOUNT}")
    desk.cloud.advance(minutes=15)
    assert "LatestDeliveryError" not in desk.api.get_trail_status(Name="trail")
    assert desk.names() == ["CreateUser"]


@pytest.mark.documented(API + "API_GetTrailStatus.html")
def test_a_bucket_that_is_gone_is_the_error(desk: Desk) -> None:
    desk.bucket("other")
    desk.trail(bucket="other")
    for one in desk.s3.list_objects_v2(Bucket="other")["Contents"]:
        desk.s3.delete_object(Bucket="other", Key=one["Key"])
    desk.s3.delete_bucket(Bucket="other")
    desk.cloud.advance(minutes=15)
    assert desk.api.get_trail_status(Name="trail")["LatestDeliveryError"] == "NoSuchBucket"


@pytest.mark.documented(GUIDE + "cloudtrail-find-log-files.html")
def test_what_was_not_let_in_for_thirty_days_is_given_up(desk: Desk) -> None:
    desk.trail()
    desk.of("iam").create_user(UserName="early")
    desk.s3.delete_bucket_policy(Bucket="logs")
    desk.cloud.advance(days=20)
    desk.of("iam").create_user(UserName="late")
    desk.cloud.advance(days=11)
    desk.admit("logs", f"AWSLogs/{ACCOUNT}")
    desk.cloud.advance(minutes=15)
    users = [one["requestParameters"]["userName"] for one in desk.records() if one["eventName"] == "CreateUser"]
    assert users == ["late"]


@pytest.mark.ours
def test_a_stopped_trail_still_delivers_what_it_owes(desk: Desk) -> None:
    desk.trail()
    desk.of("iam").create_user(UserName="alice")
    desk.s3.delete_bucket_policy(Bucket="logs")
    desk.cloud.advance(seconds=1)
    desk.api.stop_logging(Name="trail")
    desk.cloud.advance(hours=1)
    desk.admit("logs", f"AWSLogs/{ACCOUNT}")
    desk.cloud.advance(minutes=15)
    assert desk.names() == ["CreateUser"]
