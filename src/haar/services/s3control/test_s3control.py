"""S3 Control: Block Public Access of an account, access points, tags."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from haar import Cloud

BLOCK = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html"
POINTS = "https://docs.aws.amazon.com/AmazonS3/latest/API/API_control_CreateAccessPoint.html"
TAGS = "https://docs.aws.amazon.com/AmazonS3/latest/API/API_control_TagResource.html"
ACCOUNT = "000000000000"
ON = {"BlockPublicAcls": True, "IgnorePublicAcls": True, "BlockPublicPolicy": True, "RestrictPublicBuckets": True}


@pytest.fixture
def control(cloud: Cloud) -> Any:
    return cloud.client("s3control")


@pytest.fixture
def s3(cloud: Cloud) -> Any:
    client = cloud.client("s3")
    client.create_bucket(Bucket="house")
    return client


def code(caught: pytest.ExceptionInfo[ClientError]) -> str:
    return str(caught.value.response["Error"]["Code"])


@pytest.mark.documented(BLOCK)
def test_an_account_has_no_block_of_its_own_at_first(control: Any) -> None:
    with pytest.raises(ClientError) as caught:
        control.get_public_access_block(AccountId=ACCOUNT)
    assert code(caught) == "NoSuchPublicAccessBlockConfiguration"


@pytest.mark.documented(BLOCK)
def test_the_block_of_an_account_is_kept_whole(control: Any) -> None:
    control.put_public_access_block(AccountId=ACCOUNT, PublicAccessBlockConfiguration={"BlockPublicAcls": True})
    found = control.get_public_access_block(AccountId=ACCOUNT)["PublicAccessBlockConfiguration"]
    assert found == {**dict.fromkeys(ON, False), "BlockPublicAcls": True}


@pytest.mark.documented(BLOCK)
def test_the_block_of_an_account_refuses_public_policies_of_its_buckets(control: Any, s3: Any) -> None:
    s3.delete_public_access_block(Bucket="house")
    control.put_public_access_block(AccountId=ACCOUNT, PublicAccessBlockConfiguration=ON)
    statement = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::house/*"}
    text = json.dumps({"Version": "2012-10-17", "Statement": statement})
    with pytest.raises(ClientError) as caught:
        s3.put_bucket_policy(Bucket="house", Policy=text)
    assert code(caught) == "AccessDenied"
    control.delete_public_access_block(AccountId=ACCOUNT)
    s3.put_bucket_policy(Bucket="house", Policy=text)


@pytest.mark.documented(BLOCK)
def test_the_block_of_another_account_is_nobodys_business(control: Any) -> None:
    with pytest.raises(ClientError) as caught:
        control.get_public_access_block(AccountId="111111111111")
    assert code(caught) == "AccessDenied"


@pytest.mark.documented(POINTS)
def test_an_access_point_is_described_and_listed(control: Any, s3: Any) -> None:
    made = control.create_access_point(AccountId=ACCOUNT, Name="door", Bucket="house")
    found = control.get_access_point(AccountId=ACCOUNT, Name="door")
    assert (found["Bucket"], found["NetworkOrigin"], found["Alias"]) == ("house", "Internet", made["Alias"])
    assert found["PublicAccessBlockConfiguration"] == ON
    listed = control.list_access_points(AccountId=ACCOUNT, Bucket="house")["AccessPointList"]
    assert [one["AccessPointArn"] for one in listed] == [made["AccessPointArn"]]


@pytest.mark.documented(POINTS)
def test_access_points_come_page_by_page(control: Any, s3: Any) -> None:
    control.create_access_point(AccountId=ACCOUNT, Name="door-1", Bucket="house")
    control.create_access_point(AccountId=ACCOUNT, Name="door-2", Bucket="house")
    first = control.list_access_points(AccountId=ACCOUNT, MaxResults=1)
    second = control.list_access_points(AccountId=ACCOUNT, MaxResults=1, NextToken=first["NextToken"])
    assert [one["Name"] for one in first["AccessPointList"] + second["AccessPointList"]] == ["door-1", "door-2"]
    assert "NextToken" not in second


@pytest.mark.documented(POINTS)
def test_an_access_point_that_is_deleted_is_gone(control: Any, s3: Any) -> None:
    control.create_access_point(AccountId=ACCOUNT, Name="door", Bucket="house")
    control.delete_access_point(AccountId=ACCOUNT, Name="door")
    with pytest.raises(ClientError) as caught:
        control.get_access_point(AccountId=ACCOUNT, Name="door")
    assert code(caught) == "NoSuchAccessPoint"


@pytest.mark.documented(POINTS)
def test_an_access_point_needs_a_bucket(control: Any) -> None:
    with pytest.raises(ClientError) as caught:
        control.create_access_point(AccountId=ACCOUNT, Name="door", Bucket="nowhere")
    assert code(caught) == "NoSuchBucket"


@pytest.mark.documented(POINTS)
def test_the_policy_of_an_access_point_is_kept_and_taken_away(control: Any, s3: Any) -> None:
    arn = control.create_access_point(AccountId=ACCOUNT, Name="door", Bucket="house")["AccessPointArn"]
    statement = {
        "Effect": "Allow", "Principal": {"AWS": "111111111111"}, "Action": "s3:GetObject",
        "Resource": f"{arn}/object/*",
    }  # fmt: skip
    text = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    control.put_access_point_policy(AccountId=ACCOUNT, Name="door", Policy=text)
    assert json.loads(control.get_access_point_policy(AccountId=ACCOUNT, Name="door")["Policy"]) == json.loads(text)
    status = control.get_access_point_policy_status(AccountId=ACCOUNT, Name="door")["PolicyStatus"]
    assert status == {"IsPublic": False}
    control.delete_access_point_policy(AccountId=ACCOUNT, Name="door")
    with pytest.raises(ClientError) as caught:
        control.get_access_point_policy(AccountId=ACCOUNT, Name="door")
    assert code(caught) == "NoSuchAccessPointPolicy"


@pytest.mark.documented(TAGS)
def test_a_bucket_is_tagged_key_by_key(control: Any, s3: Any) -> None:
    arn = "arn:aws:s3:::house"
    control.tag_resource(AccountId=ACCOUNT, ResourceArn=arn, Tags=[{"Key": "a", "Value": "1"}])
    control.tag_resource(AccountId=ACCOUNT, ResourceArn=arn, Tags=[{"Key": "b", "Value": "2"}])
    control.untag_resource(AccountId=ACCOUNT, ResourceArn=arn, TagKeys=["a"])
    assert control.list_tags_for_resource(AccountId=ACCOUNT, ResourceArn=arn)["Tags"] == [{"Key": "b", "Value": "2"}]
    assert s3.get_bucket_tagging(Bucket="house")["TagSet"] == [{"Key": "b", "Value": "2"}]
