"""Trails as settings: made, seen, changed, tagged and deleted."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from haar.services.cloudtrail.conftest import ACCOUNT, Desk

API = "https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/"
GUIDE = "https://docs.aws.amazon.com/awscloudtrail/latest/userguide/"
Refused = Callable[..., str]


def user(desk: Desk, *actions: str, resource: str = "*") -> Any:
    """CloudTrail, for a user who may do these actions."""
    iam = desk.of("iam")
    iam.create_user(UserName="alice")
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": resource}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName="alice", PolicyName="may", PolicyDocument=document)
    key = iam.create_access_key(UserName="alice")["AccessKey"]
    return desk.cloud.client("cloudtrail", access_key=key["AccessKeyId"], secret_key=key["SecretAccessKey"])


# -- making ------------------------------------------------------------------------------------------------------


@pytest.mark.documented(API + "API_CreateTrail.html")
def test_a_trail_is_made_with_its_defaults(desk: Desk) -> None:
    made = desk.api.create_trail(Name="trail", S3BucketName="logs")
    del made["ResponseMetadata"]
    assert made == {
        "Name": "trail", "S3BucketName": "logs", "IncludeGlobalServiceEvents": True, "IsMultiRegionTrail": False,
        "TrailARN": f"arn:aws:cloudtrail:us-east-1:{ACCOUNT}:trail/trail", "LogFileValidationEnabled": False,
        "IsOrganizationTrail": False, "RecursiveLogging": True,
    }  # fmt: skip


@pytest.mark.documented(API + "API_GetTrail.html")
def test_a_trail_is_found_by_name_and_by_arn(desk: Desk) -> None:
    arn = desk.api.create_trail(Name="trail", S3BucketName="logs")["TrailARN"]
    by_name, by_arn = desk.api.get_trail(Name="trail")["Trail"], desk.api.get_trail(Name=arn)["Trail"]
    assert by_name == by_arn
    assert (by_name["HomeRegion"], by_name["HasCustomEventSelectors"], by_name["HasInsightSelectors"]) == (
        "us-east-1", False, False,
    )  # fmt: skip


@pytest.mark.documented(GUIDE + "cloudtrail-trail-naming-requirements.html")
@pytest.mark.parametrize("name", ["ab", "x" * 129, "a b c", "_abc", "abc-", "a--b", "a._b", "192.168.5.4"])
def test_a_name_that_breaks_the_rules_is_refused(desk: Desk, refused: Refused, name: str) -> None:
    assert refused(desk.api.create_trail, Name=name, S3BucketName="logs") == "InvalidTrailNameException"


@pytest.mark.documented(API + "API_CreateTrail.html")
def test_a_name_is_given_once(desk: Desk, refused: Refused) -> None:
    desk.api.create_trail(Name="trail", S3BucketName="logs", IsMultiRegionTrail=True)
    away = desk.of("cloudtrail", "eu-west-1")
    assert refused(desk.api.create_trail, Name="trail", S3BucketName="logs") == "TrailAlreadyExistsException"
    assert refused(away.create_trail, Name="trail", S3BucketName="logs") == "TrailAlreadyExistsException"


@pytest.mark.documented(GUIDE + "WhatIsCloudTrail-Limits.html")
def test_a_region_has_five_trails(desk: Desk, refused: Refused) -> None:
    for n in range(4):
        desk.api.create_trail(Name=f"trail{n}", S3BucketName="logs")
    desk.of("cloudtrail", "eu-west-1").create_trail(Name="everywhere", S3BucketName="logs", IsMultiRegionTrail=True)
    assert refused(desk.api.create_trail, Name="sixth", S3BucketName="logs") == "MaximumNumberOfTrailsExceededException"


@pytest.mark.documented(API + "API_CreateTrail.html")
def test_a_trail_of_many_regions_includes_global_services(desk: Desk, refused: Refused) -> None:
    code = refused(
        desk.api.create_trail, Name="trail", S3BucketName="logs", IsMultiRegionTrail=True,
        IncludeGlobalServiceEvents=False,
    )  # fmt: skip
    assert code == "InvalidParameterCombinationException"


@pytest.mark.documented(API + "API_CreateTrail.html")
@pytest.mark.parametrize("prefix", ["x" * 201, "a|b"])
def test_a_prefix_that_breaks_the_rules_is_refused(desk: Desk, refused: Refused, prefix: str) -> None:
    code = refused(desk.api.create_trail, Name="trail", S3BucketName="logs", S3KeyPrefix=prefix)
    assert code == "InvalidS3PrefixException"


@pytest.mark.ours
@pytest.mark.parametrize(
    "wish",
    [
        {"SnsTopicName": "topic"},
        {"CloudWatchLogsLogGroupArn": f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:g:*", "CloudWatchLogsRoleArn": "r"},
    ],
)
def test_a_trail_to_elsewhere_than_s3_is_refused(desk: Desk, refused: Refused, wish: dict[str, str]) -> None:
    assert refused(desk.api.create_trail, Name="trail", S3BucketName="logs", **wish) == "NotImplemented"


# -- the bucket --------------------------------------------------------------------------------------------------


@pytest.mark.documented(API + "API_CreateTrail.html")
def test_a_bucket_must_be_there(desk: Desk, refused: Refused) -> None:
    code = refused(desk.api.create_trail, Name="trail", S3BucketName="nowhere")
    assert code == "S3BucketDoesNotExistException"


@pytest.mark.documented(GUIDE + "create-s3-bucket-policy-for-cloudtrail.html")
def test_a_bucket_must_let_cloudtrail_in(desk: Desk, refused: Refused) -> None:
    desk.s3.delete_bucket_policy(Bucket="logs")
    code = refused(desk.api.create_trail, Name="trail", S3BucketName="logs")
    assert code == "InsufficientS3BucketPolicyException"


@pytest.mark.documented(GUIDE + "create-s3-bucket-policy-for-cloudtrail.html")
@pytest.mark.parametrize(("folder", "prefix"), [(f"AWSLogs/{ACCOUNT}", "deep"), ("AWSLogs/111122223333", "")])
def test_a_bucket_must_let_cloudtrail_write_where_files_go(
    desk: Desk, refused: Refused, folder: str, prefix: str
) -> None:
    desk.admit("logs", folder)
    code = refused(desk.api.create_trail, Name="trail", S3BucketName="logs", S3KeyPrefix=prefix)
    assert code == "InsufficientS3BucketPolicyException"


@pytest.mark.documented(GUIDE + "create-s3-bucket-policy-for-cloudtrail.html")
@pytest.mark.parametrize(("name", "code"), [("trail", ""), ("other", "InsufficientS3BucketPolicyException")])
def test_a_bucket_may_ask_for_one_trail(desk: Desk, name: str, code: str) -> None:
    wanted = f"arn:aws:cloudtrail:us-east-1:{ACCOUNT}:trail/trail"
    stranger = {
        "Effect": "Deny", "Principal": "*", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::logs/*",
        "Condition": {"StringNotEquals": {"aws:SourceArn": wanted}},
    }  # fmt: skip
    desk.admit("logs", f"AWSLogs/{ACCOUNT}", more=[stranger])
    try:
        desk.api.create_trail(Name=name, S3BucketName="logs")
        got = ""
    except desk.api.exceptions.InsufficientS3BucketPolicyException as error:
        got = error.response["Error"]["Code"]
    assert got == code


@pytest.mark.documented(GUIDE + "create-s3-bucket-policy-for-cloudtrail.html")
def test_cloudtrail_does_not_come_over_an_open_line(desk: Desk) -> None:
    open_line = {
        "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": ["arn:aws:s3:::logs", "arn:aws:s3:::logs/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }  # fmt: skip
    desk.admit("logs", f"AWSLogs/{ACCOUNT}", more=[open_line])
    assert desk.api.create_trail(Name="trail", S3BucketName="logs")["Name"] == "trail"


# -- seeing ------------------------------------------------------------------------------------------------------


@pytest.mark.documented(API + "API_GetTrail.html")
def test_a_trail_that_is_not_there_is_not_found(desk: Desk, refused: Refused) -> None:
    assert refused(desk.api.get_trail, Name="trail") == "TrailNotFoundException"
    assert refused(desk.api.get_trail_status, Name="trail") == "TrailNotFoundException"
    assert refused(desk.api.delete_trail, Name="trail") == "TrailNotFoundException"


@pytest.mark.documented(API + "API_GetTrail.html")
@pytest.mark.parametrize("arn", ["arn:aws:sqs:us-east-1:000000000000:q", "arn:aws:cloudtrail:us-east-1:1:channel/x"])
def test_an_arn_must_be_a_trails(desk: Desk, refused: Refused, arn: str) -> None:
    assert refused(desk.api.get_trail, Name=arn) == "CloudTrailARNInvalidException"


@pytest.mark.documented(API + "API_DescribeTrails.html")
def test_a_trail_of_many_regions_has_shadows(desk: Desk) -> None:
    desk.api.create_trail(Name="everywhere", S3BucketName="logs", IsMultiRegionTrail=True)
    desk.api.create_trail(Name="here", S3BucketName="logs")
    away = desk.of("cloudtrail", "eu-west-1")
    assert [one["Name"] for one in desk.api.describe_trails()["trailList"]] == ["everywhere", "here"]
    assert [one["HomeRegion"] for one in away.describe_trails()["trailList"]] == ["us-east-1"]
    assert away.describe_trails(includeShadowTrails=False)["trailList"] == []


@pytest.mark.documented(API + "API_DescribeTrails.html")
def test_trails_are_described_by_name_and_by_arn(desk: Desk) -> None:
    arn = desk.api.create_trail(Name="one", S3BucketName="logs")["TrailARN"]
    desk.api.create_trail(Name="two", S3BucketName="logs")
    away = desk.of("cloudtrail", "eu-west-1")
    assert [one["Name"] for one in desk.api.describe_trails(trailNameList=["two", "three"])["trailList"]] == ["two"]
    assert [one["Name"] for one in away.describe_trails(trailNameList=[arn])["trailList"]] == ["one"]
    assert away.describe_trails(trailNameList=["one"])["trailList"] == []


@pytest.mark.documented(API + "API_ListTrails.html")
def test_the_trails_of_all_regions_are_listed(desk: Desk) -> None:
    desk.api.create_trail(Name="one", S3BucketName="logs")
    desk.of("cloudtrail", "eu-west-1").create_trail(Name="two", S3BucketName="logs")
    listed = desk.of("cloudtrail", "ap-south-1").list_trails()["Trails"]
    assert sorted((one["Name"], one["HomeRegion"]) for one in listed) == [("one", "us-east-1"), ("two", "eu-west-1")]


@pytest.mark.documented(API + "API_GetTrailStatus.html")
def test_the_status_of_a_shadow_is_asked_by_its_arn(desk: Desk, refused: Refused) -> None:
    arn = desk.trail(IsMultiRegionTrail=True)
    away = desk.of("cloudtrail", "eu-west-1")
    assert away.get_trail_status(Name=arn)["IsLogging"] is True
    assert refused(away.get_trail_status, Name="trail") == "TrailNotFoundException"


@pytest.mark.documented(API + "API_GetTrail.html")
def test_other_accounts_do_not_see_a_trail(desk: Desk, refused: Refused) -> None:
    arn = desk.trail()
    stranger = desk.cloud.client("cloudtrail", access_key="111122223333")
    assert stranger.describe_trails()["trailList"] == []
    assert refused(stranger.get_trail, Name=arn) == "CloudTrailARNInvalidException"
    assert refused(stranger.stop_logging, Name=arn) == "CloudTrailARNInvalidException"


# -- changing ----------------------------------------------------------------------------------------------------


@pytest.mark.documented(API + "API_UpdateTrail.html")
def test_a_change_leaves_the_rest_as_it_was(desk: Desk) -> None:
    desk.api.create_trail(Name="trail", S3BucketName="logs", IsMultiRegionTrail=True, RecursiveLogging=False)
    desk.api.update_trail(Name="trail", EnableLogFileValidation=True)
    changed = desk.api.get_trail(Name="trail")["Trail"]
    assert (changed["LogFileValidationEnabled"], changed["IsMultiRegionTrail"], changed["RecursiveLogging"]) == (
        True, True, False,
    )  # fmt: skip


@pytest.mark.documented(API + "API_UpdateTrail.html")
def test_a_change_of_bucket_is_checked_too(desk: Desk, refused: Refused) -> None:
    desk.api.create_trail(Name="trail", S3BucketName="logs")
    desk.s3.create_bucket(Bucket="closed")
    assert refused(desk.api.update_trail, Name="trail", S3BucketName="none") == "S3BucketDoesNotExistException"
    assert refused(desk.api.update_trail, Name="trail", S3BucketName="closed") == "InsufficientS3BucketPolicyException"
    assert desk.api.get_trail(Name="trail")["Trail"]["S3BucketName"] == "logs"


@pytest.mark.documented(API + "API_UpdateTrail.html")
@pytest.mark.parametrize(
    ("operation", "more"),
    [
        ("update_trail", {}), ("delete_trail", {}), ("start_logging", {}), ("stop_logging", {}),
    ],
)  # fmt: skip
def test_a_trail_is_changed_at_home(desk: Desk, refused: Refused, operation: str, more: dict[str, Any]) -> None:
    arn = desk.trail(IsMultiRegionTrail=True)
    away = getattr(desk.of("cloudtrail", "eu-west-1"), operation)
    assert refused(away, Name=arn, **more) == "InvalidHomeRegionException"
    assert refused(away, Name="trail", **more) == "InvalidHomeRegionException"


@pytest.mark.documented(API + "API_DeleteTrail.html")
def test_a_deleted_trail_is_gone_and_its_files_stay(desk: Desk, refused: Refused) -> None:
    desk.trail()
    desk.of("iam").create_user(UserName="bob")
    desk.cloud.advance(minutes=15)
    desk.api.delete_trail(Name="trail")
    desk.of("iam").create_user(UserName="carol")
    desk.cloud.advance(minutes=15)
    assert refused(desk.api.get_trail, Name="trail") == "TrailNotFoundException"
    assert desk.names() == ["CreateUser"]


@pytest.mark.ours
def test_a_trail_of_an_old_name_starts_anew(desk: Desk) -> None:
    desk.trail()
    desk.api.delete_trail(Name="trail")
    desk.trail()
    desk.of("iam").create_user(UserName="bob")
    desk.cloud.advance(minutes=15)
    assert desk.names() == ["CreateUser"]


@pytest.mark.documented(GUIDE + "security_iam_id-based-policy-examples.html")
def test_a_policy_names_the_trails_that_one_may_stop(desk: Desk, refused: Refused) -> None:
    arn = desk.trail("mine")
    desk.trail("other")
    alice = user(desk, "cloudtrail:StopLogging", resource=arn)
    alice.stop_logging(Name="mine")
    assert desk.api.get_trail_status(Name="mine")["IsLogging"] is False
    assert refused(alice.stop_logging, Name="other") == "AccessDeniedException"
    assert refused(alice.stop_logging, Name="nothing") == "AccessDeniedException"


# -- tags --------------------------------------------------------------------------------------------------------


def tags(desk: Desk, arn: str) -> dict[str, str]:
    """The tags of a trail."""
    listed = desk.api.list_tags(ResourceIdList=[arn])["ResourceTagList"][0]["TagsList"]
    return {one["Key"]: one["Value"] for one in listed}


@pytest.mark.documented(API + "API_AddTags.html")
def test_tags_are_added_and_removed(desk: Desk) -> None:
    arn = desk.trail(TagsList=[{"Key": "team", "Value": "blue"}])
    desk.api.add_tags(ResourceId=arn, TagsList=[{"Key": "level", "Value": "1"}, {"Key": "team", "Value": "red"}])
    assert tags(desk, arn) == {"team": "red", "level": "1"}
    desk.api.remove_tags(ResourceId=arn, TagsList=[{"Key": "team"}])
    assert tags(desk, arn) == {"level": "1"}


@pytest.mark.documented(API + "API_AddTags.html")
def test_a_trail_has_fifty_tags(desk: Desk, refused: Refused) -> None:
    arn = desk.trail(TagsList=[{"Key": f"key{n}", "Value": "x"} for n in range(50)])
    code = refused(desk.api.add_tags, ResourceId=arn, TagsList=[{"Key": "more", "Value": "x"}])
    assert code == "TagsLimitExceededException"


@pytest.mark.documented(API + "API_AddTags.html")
@pytest.mark.parametrize("keys", [["aws:mine"], ["twice", "twice"]])
def test_an_odd_tag_is_refused(desk: Desk, refused: Refused, keys: list[str]) -> None:
    arn = desk.trail()
    given = [{"Key": key, "Value": "x"} for key in keys]
    assert refused(desk.api.add_tags, ResourceId=arn, TagsList=given) == "InvalidTagParameterException"


@pytest.mark.documented(API + "API_ListTags.html")
def test_tags_of_what_is_not_there_are_not_found(desk: Desk, refused: Refused) -> None:
    gone = f"arn:aws:cloudtrail:us-east-1:{ACCOUNT}:trail/gone"
    assert refused(desk.api.list_tags, ResourceIdList=[gone]) == "ResourceNotFoundException"
    assert refused(desk.api.list_tags, ResourceIdList=["gone"]) == "CloudTrailARNInvalidException"


@pytest.mark.documented(GUIDE + "security_iam_service-with-iam.html")
def test_a_policy_may_ask_for_a_trails_tags(desk: Desk, refused: Refused) -> None:
    desk.trail("mine", TagsList=[{"Key": "owner", "Value": "alice"}])
    desk.trail("other")
    iam = desk.of("iam")
    iam.create_user(UserName="alice")
    statement = {
        "Effect": "Allow", "Action": "cloudtrail:StopLogging", "Resource": "*",
        "Condition": {"StringEquals": {"aws:ResourceTag/owner": "alice"}},
    }  # fmt: skip
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName="alice", PolicyName="may", PolicyDocument=document)
    key = iam.create_access_key(UserName="alice")["AccessKey"]
    alice = desk.cloud.client("cloudtrail", access_key=key["AccessKeyId"], secret_key=key["SecretAccessKey"])
    alice.stop_logging(Name="mine")
    assert refused(alice.stop_logging, Name="other") == "AccessDeniedException"


@pytest.mark.documented(GUIDE + "security_iam_service-with-iam.html")
def test_a_policy_may_ask_for_the_tags_of_a_new_trail(desk: Desk, refused: Refused) -> None:
    iam = desk.of("iam")
    iam.create_user(UserName="alice")
    statement = {
        "Effect": "Allow", "Action": "cloudtrail:CreateTrail", "Resource": "*",
        "Condition": {"StringEquals": {"aws:RequestTag/owner": "alice"}},
    }  # fmt: skip
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName="alice", PolicyName="may", PolicyDocument=document)
    key = iam.create_access_key(UserName="alice")["AccessKey"]
    alice = desk.cloud.client("cloudtrail", access_key=key["AccessKeyId"], secret_key=key["SecretAccessKey"])
    assert refused(alice.create_trail, Name="trail", S3BucketName="logs") == "AccessDeniedException"
    tags = [{"Key": "owner", "Value": "alice"}]
    assert alice.create_trail(Name="trail", S3BucketName="logs", TagsList=tags)["Name"] == "trail"
