"""Access points: other names for a bucket, with policies of their own."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from haar import Cloud

POINTS = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-points-policies.html"
NAMES = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-points-naming.html"
pytestmark = pytest.mark.documented(POINTS)
ACCOUNT, OTHER = "000000000000", "111111111111"
ARN = f"arn:aws:s3:us-east-1:{ACCOUNT}:accesspoint/door"


@pytest.fixture
def alias(cloud: Cloud) -> str:
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="house")
    s3.put_object(Bucket="house", Key="room/chair", Body=b"wood")
    made = cloud.client("s3control").create_access_point(AccountId=ACCOUNT, Name="door", Bucket="house")
    assert made["AccessPointArn"] == ARN
    return str(made["Alias"])


def policy(statement: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})


def code(caught: pytest.ExceptionInfo[ClientError]) -> str:
    return str(caught.value.response["Error"]["Code"])


def stranger(cloud: Cloud) -> Any:
    return cloud.client("s3", access_key=OTHER, secret_key="test")


def open_to_stranger(cloud: Cloud) -> None:
    control = cloud.client("s3control")
    statement = {"Principal": {"AWS": OTHER}, "Action": "s3:GetObject", "Resource": f"{ARN}/object/*"}
    control.put_access_point_policy(AccountId=ACCOUNT, Name="door", Policy=policy(statement))


@pytest.mark.documented(NAMES)
def test_an_object_is_read_by_the_alias_of_an_access_point(cloud: Cloud, alias: str) -> None:
    assert alias.endswith("-s3alias")
    assert len(alias) <= 63
    assert cloud.client("s3").get_object(Bucket=alias, Key="room/chair")["Body"].read() == b"wood"


@pytest.mark.documented(NAMES)
def test_an_object_is_read_by_the_arn_of_an_access_point(cloud: Cloud, alias: str) -> None:
    assert cloud.client("s3").get_object(Bucket=ARN, Key="room/chair")["Body"].read() == b"wood"


def test_an_access_point_lists_the_keys_of_its_bucket(cloud: Cloud, alias: str) -> None:
    listed = cloud.client("s3").list_objects_v2(Bucket=ARN)["Contents"]
    assert [one["Key"] for one in listed] == ["room/chair"]


def test_the_policy_of_an_access_point_alone_lets_nobody_from_elsewhere_in(cloud: Cloud, alias: str) -> None:
    open_to_stranger(cloud)
    with pytest.raises(ClientError) as caught:
        stranger(cloud).get_object(Bucket=ARN, Key="room/chair")
    assert code(caught) == "AccessDenied"


def test_a_bucket_leaves_the_decision_to_its_access_points(cloud: Cloud, alias: str) -> None:
    open_to_stranger(cloud)
    statement = {
        "Principal": {"AWS": "*"}, "Action": "*", "Resource": ["arn:aws:s3:::house", "arn:aws:s3:::house/*"],
        "Condition": {"StringEquals": {"s3:DataAccessPointAccount": ACCOUNT}},
    }  # fmt: skip
    cloud.client("s3").put_bucket_policy(Bucket="house", Policy=policy(statement))
    assert stranger(cloud).get_object(Bucket=ARN, Key="room/chair")["Body"].read() == b"wood"
    with pytest.raises(ClientError) as caught:
        stranger(cloud).get_object(Bucket="house", Key="room/chair")
    assert code(caught) == "AccessDenied"


def test_a_public_policy_of_an_access_point_is_blocked(cloud: Cloud, alias: str) -> None:
    statement = {"Principal": "*", "Action": "s3:GetObject", "Resource": f"{ARN}/object/*"}
    with pytest.raises(ClientError) as caught:
        cloud.client("s3control").put_access_point_policy(AccountId=ACCOUNT, Name="door", Policy=policy(statement))
    assert code(caught) == "AccessDenied"


def test_a_bucket_is_not_configured_through_an_access_point(cloud: Cloud, alias: str) -> None:
    with pytest.raises(ClientError) as caught:
        cloud.client("s3").get_bucket_website(Bucket=alias)
    assert code(caught) == "MethodNotAllowed"


def test_an_access_point_of_a_vpc_lets_nobody_else_in(cloud: Cloud, alias: str) -> None:
    control = cloud.client("s3control")
    control.create_access_point(AccountId=ACCOUNT, Name="inner", Bucket="house", VpcConfiguration={"VpcId": "vpc-1"})
    with pytest.raises(ClientError) as caught:
        cloud.client("s3").get_object(Bucket=ARN.replace("door", "inner"), Key="room/chair")
    assert code(caught) == "AccessDenied"


def test_a_bucket_with_an_access_point_is_not_deleted(cloud: Cloud, alias: str) -> None:
    s3 = cloud.client("s3")
    s3.delete_object(Bucket="house", Key="room/chair")
    with pytest.raises(ClientError) as caught:
        s3.delete_bucket(Bucket="house")
    assert code(caught) == "BucketHasAccessPointsAttached"


def test_the_policy_of_an_access_point_names_only_that(cloud: Cloud, alias: str) -> None:
    statement = {"Principal": {"AWS": OTHER}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::house/*"}
    with pytest.raises(ClientError) as caught:
        cloud.client("s3control").put_access_point_policy(AccountId=ACCOUNT, Name="door", Policy=policy(statement))
    assert code(caught) == "MalformedPolicy"
