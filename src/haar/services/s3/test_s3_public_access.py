"""What is public, and Block Public Access."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from haar import Cloud
from haar.services.s3.public import is_public_policy

BLOCK = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html"
pytestmark = pytest.mark.documented(BLOCK)
OTHER = "111111111111"
OFF = dict.fromkeys(("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), False)


@pytest.fixture
def s3(cloud: Cloud) -> Any:
    client = cloud.client("s3")
    client.create_bucket(Bucket="house")
    client.put_object(Bucket="house", Key="k", Body=b"x")
    return client


def policy(principal: Any = "*", **more: Any) -> str:
    statement = {
        "Effect": "Allow", "Principal": principal, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::house/*", **more,
    }  # fmt: skip
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def block(s3: Any, **settings: bool) -> None:
    s3.put_public_access_block(Bucket="house", PublicAccessBlockConfiguration={**OFF, **settings})


def code(caught: pytest.ExceptionInfo[ClientError]) -> str:
    return str(caught.value.response["Error"]["Code"])


@pytest.mark.fact("S3ACL-001")
def test_a_new_bucket_is_private(cloud: Cloud, s3: Any) -> None:
    with pytest.raises(ClientError) as caught:
        cloud.client("s3", access_key=None).get_object(Bucket="house", Key="k")
    assert code(caught) == "AccessDenied"
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


@pytest.mark.fact("S3ACL-005")
def test_a_new_bucket_refuses_a_public_policy(s3: Any) -> None:
    with pytest.raises(ClientError) as caught:
        s3.put_bucket_policy(Bucket="house", Policy=policy())
    assert code(caught) == "AccessDenied"
    assert "BlockPublicPolicy" in str(caught.value)


@pytest.mark.fact("S3ACL-005")
def test_without_the_block_a_policy_alone_opens_a_bucket_to_the_world(cloud: Cloud, s3: Any) -> None:
    s3.delete_public_access_block(Bucket="house")
    s3.put_bucket_policy(Bucket="house", Policy=policy())
    assert cloud.client("s3", access_key=None).get_object(Bucket="house", Key="k")["Body"].read() == b"x"


@pytest.mark.fact("S3ACL-004")
def test_the_network_is_limited_by_conditions_of_a_policy(cloud: Cloud, s3: Any) -> None:
    block(s3)
    condition = {"IpAddress": {"aws:SourceIp": "10.0.0.0/16"}}
    s3.put_bucket_policy(Bucket="house", Policy=policy(Condition=condition))
    inside = cloud.client("s3", access_key=None, source_ip="10.0.0.1")
    assert inside.get_object(Bucket="house", Key="k")["Body"].read() == b"x"
    with pytest.raises(ClientError) as caught:
        cloud.client("s3", access_key=None, source_ip="10.1.0.1").get_object(Bucket="house", Key="k")
    assert code(caught) == "AccessDenied"


def test_a_new_bucket_has_all_four_settings_on(s3: Any) -> None:
    found = s3.get_public_access_block(Bucket="house")["PublicAccessBlockConfiguration"]
    assert found == dict.fromkeys(OFF, True)


def test_a_block_that_is_deleted_is_not_found(s3: Any) -> None:
    s3.delete_public_access_block(Bucket="house")
    with pytest.raises(ClientError) as caught:
        s3.get_public_access_block(Bucket="house")
    assert code(caught) == "NoSuchPublicAccessBlockConfiguration"


def test_a_bucket_with_a_public_policy_can_be_restricted_to_its_own_account(cloud: Cloud, s3: Any) -> None:
    block(s3)
    s3.put_bucket_policy(Bucket="house", Policy=policy())
    block(s3, RestrictPublicBuckets=True)
    assert s3.get_object(Bucket="house", Key="k")["Body"].read() == b"x"
    with pytest.raises(ClientError) as caught:
        cloud.client("s3", access_key=OTHER, secret_key="test").get_object(Bucket="house", Key="k")
    assert code(caught) == "AccessDenied"


def test_restricting_leaves_a_bucket_alone_whose_policy_is_not_public(cloud: Cloud, s3: Any) -> None:
    s3.put_bucket_policy(Bucket="house", Policy=policy({"AWS": OTHER}))
    stranger = cloud.client("s3", access_key=OTHER, secret_key="test")
    assert stranger.get_object(Bucket="house", Key="k")["Body"].read() == b"x"


def test_the_status_of_a_policy_says_whether_it_is_public(s3: Any) -> None:
    block(s3)
    s3.put_bucket_policy(Bucket="house", Policy=policy())
    assert s3.get_bucket_policy_status(Bucket="house")["PolicyStatus"] == {"IsPublic": True}
    s3.put_bucket_policy(Bucket="house", Policy=policy({"AWS": OTHER}))
    assert s3.get_bucket_policy_status(Bucket="house")["PolicyStatus"] == {"IsPublic": False}


def test_without_a_policy_there_is_no_status(s3: Any) -> None:
    with pytest.raises(ClientError) as caught:
        s3.get_bucket_policy_status(Bucket="house")
    assert code(caught) == "NoSuchBucketPolicy"


PINNED = [
    {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}},
    {"StringEquals": {"aws:PrincipalOrgID": "o-abcdefghij"}},
    {"StringEquals": {"aws:SourceVpc": "vpc-1a2b3c4d"}},
    {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::111111111111:role/*"}},
    {"StringLike": {"aws:userid": "AROAEXAMPLE:*"}},
    {"StringEquals": {"s3:DataAccessPointAccount": "111111111111"}},
]
OPEN = [
    {"IpAddress": {"aws:SourceIp": "0.0.0.0/1"}},
    {"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}},
    {"StringLike": {"aws:PrincipalOrgID": "o-*"}},
    {"StringEquals": {"aws:UserAgent": "curl"}},
    {"StringEqualsIfExists": {"aws:SourceVpc": "vpc-1a2b3c4d"}},
    {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/admin"}},
]


@pytest.mark.parametrize("condition", PINNED)
def test_a_policy_that_pins_its_callers_down_is_not_public(condition: dict[str, Any]) -> None:
    assert not is_public_policy(policy(Condition=condition))


@pytest.mark.parametrize("condition", OPEN)
def test_a_policy_whose_condition_pins_nobody_down_is_public(condition: dict[str, Any]) -> None:
    assert is_public_policy(policy(Condition=condition))


def test_a_policy_for_named_principals_is_not_public() -> None:
    assert not is_public_policy(policy({"Service": "logging.s3.amazonaws.com"}))


def test_a_policy_that_only_denies_is_not_public() -> None:
    assert not is_public_policy(policy(Effect="Deny"))
