"""Who may reach a bucket: its policy, Block Public Access, and who owns what is put into it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from haar.kit import Call, replace
from haar.services.s3 import acls, public, stated
from haar.services.s3.authority import on_bucket, on_policy, only_owner
from haar.services.s3.resources import Bucket
from haar.services.s3.service import malformed_xml, s3

if TYPE_CHECKING:
    from haar.shapes import s3 as api


# --- the policy ------------------------------------------------------------------------------------------------------


@s3.operation(action="s3:GetBucketPolicy", resource=on_policy)
def get_bucket_policy(call: Call, bucket: Bucket, request: Any) -> api.GetBucketPolicyOutput:
    only_owner(call, bucket)
    return {"Policy": _policy_of(bucket)}


@s3.operation(resource=on_policy)
def put_bucket_policy(call: Call, bucket: Bucket, request: api.PutBucketPolicyRequest) -> None:
    only_owner(call, bucket)
    text = stated.check(call, request["Policy"], (bucket.arn, f"{bucket.arn}/"))
    if public.is_public_policy(text) and "BlockPublicPolicy" in public.block_of(call, bucket):
        raise public.prevented(call, "s3:PutBucketPolicy", bucket.arn, "policies", "BlockPublicPolicy")
    call.tx.put(replace(bucket, policy=text))


@s3.operation(resource=on_policy)
def delete_bucket_policy(call: Call, bucket: Bucket, request: Any) -> None:
    only_owner(call, bucket)
    if bucket.policy is not None:
        call.tx.put(replace(bucket, policy=None))


@s3.operation(action="s3:GetBucketPolicyStatus", resource=on_bucket)
def get_bucket_policy_status(call: Call, bucket: Bucket, request: Any) -> api.GetBucketPolicyStatusOutput:
    return {"PolicyStatus": {"IsPublic": public.is_public_policy(_policy_of(bucket))}}


def _policy_of(bucket: Bucket) -> str:
    if bucket.policy is None:
        text = "The bucket policy does not exist"
        raise s3.error("NoSuchBucketPolicy", text, status=404, members={"BucketName": bucket.name})
    return bucket.policy


# --- Block Public Access ---------------------------------------------------------------------------------------------


@s3.operation(action="s3:GetBucketPublicAccessBlock", resource=on_bucket)
def get_public_access_block(call: Call, bucket: Bucket, request: Any) -> api.GetPublicAccessBlockOutput:
    if bucket.public_access_block is None:
        text = "The public access block configuration was not found"
        members = {"BucketName": bucket.name}
        raise s3.error("NoSuchPublicAccessBlockConfiguration", text, status=404, members=members)
    return {"PublicAccessBlockConfiguration": public.settings_in(bucket.public_access_block)}  # type: ignore[typeddict-item]


@s3.operation(action="s3:PutBucketPublicAccessBlock", resource=on_bucket)
def put_public_access_block(call: Call, bucket: Bucket, request: api.PutPublicAccessBlockRequest) -> None:
    settings = public.settings_in(request["PublicAccessBlockConfiguration"])
    call.tx.put(replace(bucket, public_access_block=settings))


@s3.operation(action="s3:PutBucketPublicAccessBlock", resource=on_bucket)
def delete_public_access_block(call: Call, bucket: Bucket, request: Any) -> None:
    call.tx.put(replace(bucket, public_access_block=None))


# --- ownership -------------------------------------------------------------------------------------------------------


@s3.operation(resource=on_bucket)
def get_bucket_ownership_controls(call: Call, bucket: Bucket, request: Any) -> api.GetBucketOwnershipControlsOutput:
    if not bucket.ownership:
        text = "The bucket ownership controls were not found"
        members = {"BucketName": bucket.name}
        raise s3.error("OwnershipControlsNotFoundError", text, status=404, members=members)
    return {"OwnershipControls": {"Rules": [{"ObjectOwnership": bucket.ownership}]}}


@s3.operation(resource=on_bucket, enums=False)
def put_bucket_ownership_controls(call: Call, bucket: Bucket, request: api.PutBucketOwnershipControlsRequest) -> None:
    rules = request["OwnershipControls"].get("Rules") or []
    wanted = rules[0].get("ObjectOwnership") if len(rules) == 1 else None
    if wanted not in (acls.ENFORCED, "BucketOwnerPreferred", "ObjectWriter"):
        raise malformed_xml()
    if wanted == acls.ENFORCED and bucket.acl is not None:
        # grants to others would be lost silently; AWS wants them gone first
        text = "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting"
        raise s3.error("InvalidBucketAclWithObjectOwnership", text, status=400, members={"BucketName": bucket.name})
    call.tx.put(replace(bucket, ownership=wanted))


@s3.operation(action="s3:PutBucketOwnershipControls", resource=on_bucket)
def delete_bucket_ownership_controls(call: Call, bucket: Bucket, request: Any) -> None:
    # without controls a bucket behaves as ObjectWriter, as all did before they came (docs: about-object-ownership.html)
    call.tx.put(replace(bucket, ownership=""))
