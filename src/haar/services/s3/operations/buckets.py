"""Buckets: made, found, listed, deleted."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from haar.kit import Call, replace
from haar.services.s3.authority import on_bucket
from haar.services.s3.resources import BLOCK_ALL, Bucket, Upload, Version, by_account, owner_of
from haar.services.s3.service import s3

if TYPE_CHECKING:
    from haar.shapes import s3 as api

_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_ADDRESS = re.compile(r"\d+\.\d+\.\d+\.\d+")
BUCKETS = s3.quota("L-DC2B2D3D", "General purpose buckets", 10_000, adjustable=True, is_global=True)


def is_bucket_name(name: str) -> bool:
    """Whether a new bucket may be called so (docs: bucketnamingrules.html)."""
    return bool(
        _NAME.fullmatch(name)
        and not _ADDRESS.fullmatch(name)
        and ".." not in name
        and not name.startswith(("xn--", "sthree-", "amzn-s3-demo-"))
        and not name.endswith(("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"))
    )


@s3.operation(action="s3:CreateBucket", resource=lambda call, request: f"arn:{call.partition}:s3:::{request['Bucket']}")
def create_bucket(call: Call, request: api.CreateBucketRequest) -> api.CreateBucketOutput:
    name = request["Bucket"]
    if not is_bucket_name(name):
        raise s3.error(
            "InvalidBucketName", "The specified bucket is not valid.", status=400, members={"BucketName": name}
        )
    wanted = (request.get("CreateBucketConfiguration") or {}).get("LocationConstraint") or ""
    region = "eu-west-1" if wanted == "EU" else wanted or "us-east-1"
    if region != call.region:
        text = (
            f"The {wanted or 'unspecified'} location constraint is incompatible for the region specific endpoint "
            "this request was sent to."
        )
        raise s3.error("IllegalLocationConstraintException", text, status=400)
    existing = call.tx.get(Bucket, name)
    if existing is not None:
        if existing.account != call.account:
            text = "The requested bucket name is not available. The bucket namespace is shared by all users of the system."
            raise s3.error("BucketAlreadyExists", text + " Please select a different name and try again.", status=409)
        if existing.region != "us-east-1":
            text = "Your previous request to create the named bucket succeeded and you already own it."
            raise s3.error("BucketAlreadyOwnedByYou", text, status=409, members={"BucketName": name})
        return {"Location": f"/{name}"}
    BUCKETS.check(call, call.tx.count(by_account, call.account), "TooManyBuckets", "You have attempted to create more buckets than allowed")
    call.tx.put(
        Bucket(
            name=name, account=call.account, region=call.region, created_at=call.now,
            public_access_block=dict(BLOCK_ALL), object_lock=bool(request.get("ObjectLockEnabledForBucket")),
            versioning="Enabled" if request.get("ObjectLockEnabledForBucket") else "",
            ownership=request.get("ObjectOwnership") or "BucketOwnerEnforced",
        )
    )  # fmt: skip
    return {"Location": f"/{name}"}


@s3.operation(resource=on_bucket)
def delete_bucket(call: Call, bucket: Bucket, request: api.DeleteBucketRequest) -> None:
    if call.tx.any(Version, bucket.name):
        text = "The bucket you tried to delete is not empty"
        raise s3.error("BucketNotEmpty", text, status=409, members={"BucketName": bucket.name})
    call.tx.delete(bucket)


@s3.operation(action="s3:ListBucket", resource=on_bucket)
def head_bucket(call: Call, bucket: Bucket, request: api.HeadBucketRequest) -> api.HeadBucketOutput:
    return {"BucketRegion": bucket.region, "BucketArn": bucket.arn, "AccessPointAlias": False}


@s3.operation(resource=on_bucket)
def get_bucket_location(call: Call, bucket: Bucket, request: Any) -> api.GetBucketLocationOutput:
    return {"LocationConstraint": None if bucket.region == "us-east-1" else bucket.region}


@s3.operation(action="s3:ListAllMyBuckets")
def list_buckets(call: Call, request: api.ListBucketsRequest) -> api.ListBucketsOutput:
    rows = [bucket for bucket in call.tx.range(by_account, call.account)]
    shown: list[Any] = [{"Name": b.name, "CreationDate": b.created_at} for b in rows]
    return {"Buckets": shown, "Owner": owner_of(call.account)}


@s3.operation(action="s3:GetBucketPolicy", resource=on_bucket)
def get_bucket_policy(call: Call, bucket: Bucket, request: Any) -> api.GetBucketPolicyOutput:
    if bucket.policy is None:
        text = "The bucket policy does not exist"
        raise s3.error("NoSuchBucketPolicy", text, status=404, members={"BucketName": bucket.name})
    return {"Policy": bucket.policy}


@s3.operation(resource=on_bucket)
def put_bucket_policy(call: Call, bucket: Bucket, request: api.PutBucketPolicyRequest) -> None:
    call.tx.put(replace(bucket, policy=request["Policy"]))


@s3.operation(resource=on_bucket)
def delete_bucket_policy(call: Call, bucket: Bucket, request: Any) -> None:
    call.tx.put(replace(bucket, policy=None))


@s3.operation(action="s3:PutBucketVersioning", resource=on_bucket)
def put_bucket_versioning(call: Call, bucket: Bucket, request: api.PutBucketVersioningRequest) -> None:
    call.tx.put(replace(bucket, versioning=request["VersioningConfiguration"].get("Status") or bucket.versioning))


@s3.operation(action="s3:GetBucketVersioning", resource=on_bucket)
def get_bucket_versioning(call: Call, bucket: Bucket, request: Any) -> api.GetBucketVersioningOutput:
    return {"Status": bucket.versioning} if bucket.versioning else {}  # type: ignore[typeddict-item]


@s3.on_change(Bucket)
def _gone(tx: Any, old: Bucket | None, new: Bucket | None) -> None:
    """With a bucket goes what is in it; only a whole account's end finds anything here."""
    if new is None and old is not None:
        for kind in (Version, Upload):
            for row in list(tx.range(kind, old.name)):
                tx.delete(row)
