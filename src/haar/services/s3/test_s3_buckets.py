"""Buckets: names, regions, lists, tags, and the small settings."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from haar import Cloud
from haar.kit.quota import QuotaValue

NAMES = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html"
NAMESPACES = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/gpbucketnamespaces.html"
CREATE = "https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html"
DELETE = "https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucket.html"
LIST = "https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListBuckets.html"
HEAD = "https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html"
LOCATION = "https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLocation.html"
TAGGING = "https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketTagging.html"
PAYER = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/RequesterPaysBuckets.html"
OWNER = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-owner-condition.html"
ACCELERATE = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/transfer-acceleration.html"
ABAC = "https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketAbac.html"
OTHER = "111111111111"


@pytest.fixture
def s3(cloud: Cloud) -> Any:
    return cloud.client("s3")


def code(caught: pytest.ExceptionInfo[ClientError]) -> str:
    return str(caught.value.response["Error"]["Code"])


def other(cloud: Cloud) -> Any:
    return cloud.client("s3", access_key=OTHER, secret_key="test")


# --- names -----------------------------------------------------------------------------------------------------------

BAD = [
    "ab",
    "Upper",
    "dot..dot",
    "-front",
    "back-",
    "192.168.5.4",
    "xn--bucket",
    "sthree-x",
    "name-s3alias",
    "a_b",
    "a" * 64,
]


@pytest.mark.documented(NAMES)
@pytest.mark.parametrize("name", BAD)
def test_a_name_against_the_rules_is_refused(cloud: Cloud, name: str) -> None:
    with pytest.raises(ClientError) as caught:
        cloud.client("s3", parameter_validation=False).create_bucket(Bucket=name)
    assert code(caught) == "InvalidBucketName"


@pytest.mark.documented(NAMES)
@pytest.mark.parametrize("name", ["abc", "with.dots", "0numbers9", "a" * 63])
def test_a_name_by_the_rules_is_taken(s3: Any, name: str) -> None:
    assert s3.create_bucket(Bucket=name)["Location"] == f"/{name}"


@pytest.mark.fact("S3-004")
def test_a_name_of_another_account_is_taken(cloud: Cloud, s3: Any) -> None:
    s3.create_bucket(Bucket="house")
    with pytest.raises(ClientError) as caught:
        other(cloud).create_bucket(Bucket="house")
    assert code(caught) == "BucketAlreadyExists"


@pytest.mark.fact("S3-004")
def test_a_bucket_that_one_owns_already_is_no_new_one_outside_us_east_1(cloud: Cloud) -> None:
    eu = cloud.client("s3", region="eu-west-1")
    where = {"LocationConstraint": "eu-west-1"}
    eu.create_bucket(Bucket="house", CreateBucketConfiguration=where)
    with pytest.raises(ClientError) as caught:
        eu.create_bucket(Bucket="house", CreateBucketConfiguration=where)
    assert code(caught) == "BucketAlreadyOwnedByYou"


@pytest.mark.documented(CREATE)
def test_a_bucket_that_one_owns_already_is_answered_with_200_in_us_east_1(s3: Any) -> None:
    s3.create_bucket(Bucket="house")
    assert s3.create_bucket(Bucket="house")["ResponseMetadata"]["HTTPStatusCode"] == 200


@pytest.mark.fact("S3-004")
def test_a_name_can_be_chosen_in_the_namespace_of_account_and_region(s3: Any) -> None:
    name = "house-000000000000-us-east-1-an"
    s3.create_bucket(Bucket=name, BucketNamespace="account-regional")
    assert [one["Name"] for one in s3.list_buckets()["Buckets"]] == [name]


@pytest.mark.documented(NAMESPACES)
def test_a_name_in_the_namespace_of_another_account_is_not_given_away(cloud: Cloud) -> None:
    with pytest.raises(ClientError) as caught:
        other(cloud).create_bucket(Bucket="house-000000000000-us-east-1-an")
    assert code(caught) == "BucketAlreadyExists"


@pytest.mark.documented(NAMESPACES)
def test_a_regional_name_must_end_as_the_namespace_wants(s3: Any) -> None:
    with pytest.raises(ClientError) as caught:
        s3.create_bucket(Bucket="house", BucketNamespace="account-regional")
    assert code(caught) == "InvalidBucketName"


@pytest.mark.documented(NAMES)
def test_more_buckets_than_the_quota_are_refused(cloud: Cloud, s3: Any) -> None:
    with cloud.store.transaction() as tx:
        tx.put(QuotaValue(account="000000000000", region="", service="s3", code="L-DC2B2D3D", value=1))
    s3.create_bucket(Bucket="first")
    with pytest.raises(ClientError) as caught:
        s3.create_bucket(Bucket="second")
    assert code(caught) == "TooManyBuckets"


# --- regions ---------------------------------------------------------------------------------------------------------


@pytest.mark.fact("S3-012")
def test_a_bucket_of_us_east_1_has_no_location(s3: Any) -> None:
    s3.create_bucket(Bucket="house")
    assert s3.get_bucket_location(Bucket="house")["LocationConstraint"] is None


@pytest.mark.fact("S3-012")
def test_elsewhere_a_bucket_must_say_where_it_is(cloud: Cloud) -> None:
    with pytest.raises(ClientError) as caught:
        cloud.client("s3", region="eu-west-1").create_bucket(Bucket="house")
    assert code(caught) == "IllegalLocationConstraintException"


@pytest.mark.documented(CREATE)
def test_the_endpoint_of_another_region_makes_no_bucket_elsewhere(cloud: Cloud) -> None:
    where: Any = {"LocationConstraint": "us-west-2"}
    with pytest.raises(ClientError) as caught:
        cloud.client("s3", region="eu-west-1").create_bucket(Bucket="house", CreateBucketConfiguration=where)
    assert code(caught) == "IllegalLocationConstraintException"


@pytest.mark.documented(CREATE)
def test_a_location_that_does_not_exist_is_refused(s3: Any) -> None:
    with pytest.raises(ClientError) as caught:
        s3.create_bucket(Bucket="house", CreateBucketConfiguration={"LocationConstraint": "moon-north-1"})
    assert code(caught) == "InvalidLocationConstraint"


@pytest.mark.documented(LOCATION)
def test_a_bucket_made_in_eu_says_so(s3: Any) -> None:
    s3.create_bucket(Bucket="house", CreateBucketConfiguration={"LocationConstraint": "EU"})
    assert s3.get_bucket_location(Bucket="house")["LocationConstraint"] == "EU"
    assert s3.head_bucket(Bucket="house")["BucketRegion"] == "eu-west-1"


@pytest.mark.fact("S3-009")
def test_nobody_chooses_the_zone_of_a_bucket(s3: Any) -> None:
    s3.create_bucket(Bucket="house")
    s3.put_object(Bucket="house", Key="k", Body=b"x", StorageClass="ONEZONE_IA")
    head = s3.head_bucket(Bucket="house")
    assert "BucketLocationType" not in head
    assert "BucketLocationName" not in head


# --- lists -----------------------------------------------------------------------------------------------------------


@pytest.mark.fact("S3-013")
def test_all_buckets_are_seen_from_every_region(cloud: Cloud, s3: Any) -> None:
    s3.create_bucket(Bucket="american")
    eu = cloud.client("s3", region="eu-west-1")
    eu.create_bucket(Bucket="european", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    names = ["american", "european"]
    assert [one["Name"] for one in s3.list_buckets()["Buckets"]] == names
    assert [one["Name"] for one in eu.list_buckets()["Buckets"]] == names


@pytest.mark.documented(LIST)
def test_buckets_are_listed_by_prefix_and_region(cloud: Cloud, s3: Any) -> None:
    s3.create_bucket(Bucket="a-one")
    s3.create_bucket(Bucket="a-two", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.create_bucket(Bucket="b-three")
    listed = s3.list_buckets(Prefix="a-")
    assert [(one["Name"], one["BucketRegion"]) for one in listed["Buckets"]] == [
        ("a-one", "us-east-1"),
        ("a-two", "eu-west-1"),
    ]
    assert [one["Name"] for one in s3.list_buckets(BucketRegion="eu-west-1")["Buckets"]] == ["a-two"]


@pytest.mark.documented(LIST)
def test_buckets_come_page_by_page(s3: Any) -> None:
    for name in ("one", "two", "zen"):
        s3.create_bucket(Bucket=f"bucket-{name}")
    pages = list(s3.get_paginator("list_buckets").paginate(PaginationConfig={"PageSize": 2}))
    names = [[one["Name"] for one in page["Buckets"]] for page in pages]
    assert names == [["bucket-one", "bucket-two"], ["bucket-zen"]]


@pytest.mark.documented(LIST)
def test_buckets_of_others_are_not_listed(cloud: Cloud, s3: Any) -> None:
    other(cloud).create_bucket(Bucket="theirs")
    assert s3.list_buckets()["Buckets"] == []


# --- deleting --------------------------------------------------------------------------------------------------------


@pytest.mark.documented(DELETE)
def test_a_bucket_with_objects_is_not_deleted(s3: Any) -> None:
    s3.create_bucket(Bucket="house")
    s3.put_object(Bucket="house", Key="k", Body=b"x")
    with pytest.raises(ClientError) as caught:
        s3.delete_bucket(Bucket="house")
    assert code(caught) == "BucketNotEmpty"


@pytest.mark.documented(DELETE)
def test_a_bucket_with_nothing_but_a_delete_marker_is_not_empty(s3: Any) -> None:
    s3.create_bucket(Bucket="house")
    s3.put_bucket_versioning(Bucket="house", VersioningConfiguration={"Status": "Enabled"})
    s3.delete_object(Bucket="house", Key="k")
    with pytest.raises(ClientError) as caught:
        s3.delete_bucket(Bucket="house")
    assert code(caught) == "BucketNotEmpty"


@pytest.mark.documented(DELETE)
def test_uploads_that_were_not_completed_go_with_their_bucket(s3: Any) -> None:
    s3.create_bucket(Bucket="house")
    s3.create_multipart_upload(Bucket="house", Key="k")
    s3.delete_bucket(Bucket="house")
    s3.create_bucket(Bucket="house")
    assert "Uploads" not in s3.list_multipart_uploads(Bucket="house")


@pytest.mark.documented(DELETE)
def test_a_bucket_that_is_deleted_is_free_for_others(cloud: Cloud, s3: Any) -> None:
    s3.create_bucket(Bucket="house")
    s3.delete_bucket(Bucket="house")
    assert other(cloud).create_bucket(Bucket="house")["Location"] == "/house"


# --- looking ---------------------------------------------------------------------------------------------------------


@pytest.mark.documented(HEAD)
def test_a_bucket_that_is_not_there_is_404(s3: Any) -> None:
    with pytest.raises(ClientError) as caught:
        s3.head_bucket(Bucket="nowhere")
    assert code(caught) == "404"


@pytest.mark.documented(HEAD)
def test_somebody_else_learns_the_region_of_a_bucket_and_nothing_more(cloud: Cloud, s3: Any) -> None:
    s3.create_bucket(Bucket="house")
    with pytest.raises(ClientError) as caught:
        other(cloud).head_bucket(Bucket="house")
    reply = caught.value.response["ResponseMetadata"]
    assert (code(caught), reply["HTTPHeaders"]["x-amz-bucket-region"]) == ("403", "us-east-1")


@pytest.mark.documented(OWNER)
def test_a_bucket_of_an_unexpected_owner_is_denied(s3: Any) -> None:
    s3.create_bucket(Bucket="house")
    with pytest.raises(ClientError) as caught:
        s3.get_bucket_location(Bucket="house", ExpectedBucketOwner=OTHER)
    assert code(caught) == "AccessDenied"


# --- tags ------------------------------------------------------------------------------------------------------------


@pytest.mark.documented(CREATE)
def test_a_bucket_can_be_born_with_tags(s3: Any) -> None:
    tags = [{"Key": "team", "Value": "blue"}]
    s3.create_bucket(Bucket="house", CreateBucketConfiguration={"Tags": tags})
    assert s3.get_bucket_tagging(Bucket="house")["TagSet"] == tags


@pytest.mark.documented(TAGGING)
def test_new_tags_take_the_place_of_the_old_ones(s3: Any) -> None:
    s3.create_bucket(Bucket="house")
    s3.put_bucket_tagging(Bucket="house", Tagging={"TagSet": [{"Key": "a", "Value": "1"}]})
    s3.put_bucket_tagging(Bucket="house", Tagging={"TagSet": [{"Key": "b", "Value": "2"}]})
    assert s3.get_bucket_tagging(Bucket="house")["TagSet"] == [{"Key": "b", "Value": "2"}]
    s3.delete_bucket_tagging(Bucket="house")
    with pytest.raises(ClientError) as caught:
        s3.get_bucket_tagging(Bucket="house")
    assert code(caught) == "NoSuchTagSet"


@pytest.mark.documented(TAGGING)
def test_one_key_cannot_be_given_twice(s3: Any) -> None:
    s3.create_bucket(Bucket="house")
    tags = [{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}]
    with pytest.raises(ClientError) as caught:
        s3.put_bucket_tagging(Bucket="house", Tagging={"TagSet": tags})
    assert code(caught) == "InvalidTag"


@pytest.mark.ours
def test_buckets_are_found_by_their_tags(cloud: Cloud, s3: Any) -> None:
    s3.create_bucket(Bucket="house")
    s3.put_bucket_tagging(Bucket="house", Tagging={"TagSet": [{"Key": "a", "Value": "1"}]})
    found = cloud.client("resourcegroupstaggingapi").get_resources(TagFilters=[{"Key": "a"}])
    assert [one["ResourceARN"] for one in found["ResourceTagMappingList"]] == ["arn:aws:s3:::house"]


@pytest.mark.ours
def test_the_tagging_api_adds_tags_to_those_a_bucket_has(cloud: Cloud, s3: Any) -> None:
    s3.create_bucket(Bucket="house", CreateBucketConfiguration={"Tags": [{"Key": "a", "Value": "1"}]})
    tagging = cloud.client("resourcegroupstaggingapi")
    arns = ["arn:aws:s3:::house"]
    assert tagging.tag_resources(ResourceARNList=arns, Tags={"b": "2"})["FailedResourcesMap"] == {}
    assert tagging.untag_resources(ResourceARNList=arns, TagKeys=["a"])["FailedResourcesMap"] == {}
    assert s3.get_bucket_tagging(Bucket="house")["TagSet"] == [{"Key": "b", "Value": "2"}]


# --- small settings --------------------------------------------------------------------------------------------------


def open_to_other(s3: Any, bucket: str) -> None:
    statement = {
        "Effect": "Allow", "Principal": {"AWS": OTHER}, "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{bucket}/*",
    }  # fmt: skip
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": statement}))


@pytest.mark.documented(PAYER)
def test_a_requester_must_say_that_it_pays(cloud: Cloud, s3: Any) -> None:
    s3.create_bucket(Bucket="house")
    s3.put_object(Bucket="house", Key="k", Body=b"x")
    open_to_other(s3, "house")
    s3.put_bucket_request_payment(Bucket="house", RequestPaymentConfiguration={"Payer": "Requester"})
    assert s3.get_bucket_request_payment(Bucket="house")["Payer"] == "Requester"
    with pytest.raises(ClientError) as caught:
        other(cloud).get_object(Bucket="house", Key="k")
    assert code(caught) == "AccessDenied"
    assert other(cloud).get_object(Bucket="house", Key="k", RequestPayer="requester")["Body"].read() == b"x"


@pytest.mark.documented(PAYER)
def test_the_owner_of_a_bucket_needs_not_say_who_pays(s3: Any) -> None:
    s3.create_bucket(Bucket="house")
    s3.put_bucket_request_payment(Bucket="house", RequestPaymentConfiguration={"Payer": "Requester"})
    assert s3.list_objects_v2(Bucket="house")["KeyCount"] == 0


@pytest.mark.documented(ACCELERATE)
def test_acceleration_is_a_setting_of_the_bucket(s3: Any) -> None:
    s3.create_bucket(Bucket="house")
    assert "Status" not in s3.get_bucket_accelerate_configuration(Bucket="house")
    s3.put_bucket_accelerate_configuration(Bucket="house", AccelerateConfiguration={"Status": "Enabled"})
    assert s3.get_bucket_accelerate_configuration(Bucket="house")["Status"] == "Enabled"


@pytest.mark.documented(ACCELERATE)
def test_a_name_with_dots_cannot_be_accelerated(s3: Any) -> None:
    s3.create_bucket(Bucket="my.house")
    with pytest.raises(ClientError) as caught:
        s3.put_bucket_accelerate_configuration(Bucket="my.house", AccelerateConfiguration={"Status": "Enabled"})
    assert code(caught) == "InvalidRequest"


@pytest.mark.documented(ABAC)
def test_tags_of_a_bucket_count_in_policies_once_that_is_switched_on(cloud: Cloud, s3: Any) -> None:
    iam = cloud.client("iam")
    statement = {
        "Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*",
        "Condition": {"StringEquals": {"aws:ResourceTag/team": "blue"}},
    }  # fmt: skip
    iam.create_user(UserName="ann")
    document = json.dumps({"Version": "2012-10-17", "Statement": statement})
    iam.put_user_policy(UserName="ann", PolicyName="p", PolicyDocument=document)
    key = iam.create_access_key(UserName="ann")["AccessKey"]
    ann = cloud.client("s3", access_key=key["AccessKeyId"], secret_key=key["SecretAccessKey"])
    s3.create_bucket(Bucket="house", CreateBucketConfiguration={"Tags": [{"Key": "team", "Value": "blue"}]})
    assert s3.get_bucket_abac(Bucket="house")["AbacStatus"] == {"Status": "Disabled"}
    with pytest.raises(ClientError) as caught:
        ann.list_objects_v2(Bucket="house")
    assert code(caught) == "AccessDenied"
    s3.put_bucket_abac(Bucket="house", AbacStatus={"Status": "Enabled"})
    assert ann.list_objects_v2(Bucket="house")["KeyCount"] == 0
