"""Block Public Access of an account, access points, tags of buckets."""

from __future__ import annotations

import json

from haar import Cloud

__all__ = ["live"]

ACCOUNT, OTHER = "000000000000", "111111111111"

#: The lives that come first.
AFTER = ("iam",)


def live(cloud: Cloud) -> None:
    """A bucket with two access points, and every operation on them."""
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="controlled")
    control = cloud.client("s3control")
    settings = {"BlockPublicAcls": True, "IgnorePublicAcls": True}
    control.put_public_access_block(AccountId=ACCOUNT, PublicAccessBlockConfiguration=settings)
    control.get_public_access_block(AccountId=ACCOUNT)
    control.delete_public_access_block(AccountId=ACCOUNT)
    # another account keeps its own
    other = cloud.client("s3control", access_key=OTHER, secret_key="test")
    other.put_public_access_block(AccountId=OTHER, PublicAccessBlockConfiguration=settings)
    tags = [{"Key": "team", "Value": "blue"}]
    arn = control.create_access_point(AccountId=ACCOUNT, Name="door", Bucket="controlled", Tags=tags)["AccessPointArn"]
    control.create_access_point(AccountId=ACCOUNT, Name="spare-door", Bucket="controlled")
    control.get_access_point(AccountId=ACCOUNT, Name="door")
    control.list_access_points(AccountId=ACCOUNT)
    statement = {
        "Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "s3:GetObject", "Resource": f"{arn}/object/*",
    }  # fmt: skip
    policy = json.dumps({"Version": "2012-10-17", "Statement": statement})
    control.put_access_point_policy(AccountId=ACCOUNT, Name="door", Policy=policy)
    control.get_access_point_policy(AccountId=ACCOUNT, Name="door")
    control.get_access_point_policy_status(AccountId=ACCOUNT, Name="door")
    control.delete_access_point_policy(AccountId=ACCOUNT, Name="door")
    control.delete_access_point(AccountId=ACCOUNT, Name="spare-door")
    bucket = "arn:aws:s3:::controlled"
    control.tag_resource(AccountId=ACCOUNT, ResourceArn=bucket, Tags=[*tags, {"Key": "level", "Value": "1"}])
    control.list_tags_for_resource(AccountId=ACCOUNT, ResourceArn=bucket)
    control.untag_resource(AccountId=ACCOUNT, ResourceArn=bucket, TagKeys=["level"])
