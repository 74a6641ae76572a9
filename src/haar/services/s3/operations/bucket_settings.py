"""Small settings of a bucket: tags, who pays, acceleration, attribute-based access control."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from haar.kit import Call, as_list, replace
from haar.services.s3 import authority, bucket_tags
from haar.services.s3.authority import on_bucket
from haar.services.s3.resources import Bucket
from haar.services.s3.service import malformed_xml, s3

if TYPE_CHECKING:
    from collections.abc import Mapping

    from haar.shapes import s3 as api


@s3.retags(Bucket)
def _retag(service: Any, bucket: Bucket, tags: Mapping[str, str]) -> None:
    if tags:
        service.put_bucket_tagging(Bucket=bucket.name, Tagging={"TagSet": as_list(tags)})
    else:
        service.delete_bucket_tagging(Bucket=bucket.name)


# --- tags ------------------------------------------------------------------------------------------------------------


@s3.operation(resource=on_bucket)
def get_bucket_tagging(call: Call, bucket: Bucket, request: Any) -> api.GetBucketTaggingOutput:
    if not bucket.tags:
        text = "The TagSet does not exist"
        raise s3.error("NoSuchTagSet", text, status=404, members={"BucketName": bucket.name})
    return {"TagSet": as_list(bucket.tags)}  # type: ignore[typeddict-item]


@s3.operation(resource=on_bucket)
def put_bucket_tagging(call: Call, bucket: Bucket, request: api.PutBucketTaggingRequest) -> None:
    _only_without_abac(bucket)
    call.tx.put(replace(bucket, tags=bucket_tags.read(request["Tagging"]["TagSet"])))


@s3.operation(action="s3:PutBucketTagging", resource=on_bucket)
def delete_bucket_tagging(call: Call, bucket: Bucket, request: Any) -> None:
    _only_without_abac(bucket)
    call.tx.put(replace(bucket, tags={}))


def _only_without_abac(bucket: Bucket) -> None:
    """Where tags decide about access, TagResource and UntagResource of S3 Control are the only way to change them."""
    if authority.is_attribute_based(bucket):
        text = "ABAC is enabled for this bucket. Use the TagResource and UntagResource APIs to change its tags."
        raise s3.error("AccessDenied", text, status=403)


# --- who pays --------------------------------------------------------------------------------------------------------


@s3.operation(resource=on_bucket)
def get_bucket_request_payment(call: Call, bucket: Bucket, request: Any) -> api.GetBucketRequestPaymentOutput:
    return {"Payer": bucket.payer}


@s3.operation(resource=on_bucket, enums=False)
def put_bucket_request_payment(call: Call, bucket: Bucket, request: api.PutBucketRequestPaymentRequest) -> None:
    payer = request["RequestPaymentConfiguration"]["Payer"]
    if payer not in ("Requester", "BucketOwner"):
        raise malformed_xml()
    call.tx.put(replace(bucket, payer=payer))


# --- acceleration ----------------------------------------------------------------------------------------------------


@s3.operation(action="s3:GetAccelerateConfiguration", resource=on_bucket)
def get_bucket_accelerate_configuration(
    call: Call, bucket: Bucket, request: Any
) -> api.GetBucketAccelerateConfigurationOutput:
    return {"Status": bucket.accelerate} if bucket.accelerate else {}


@s3.operation(action="s3:PutAccelerateConfiguration", resource=on_bucket, enums=False)
def put_bucket_accelerate_configuration(
    call: Call, bucket: Bucket, request: api.PutBucketAccelerateConfigurationRequest
) -> None:
    status = request["AccelerateConfiguration"].get("Status")
    if status not in ("Enabled", "Suspended"):
        raise malformed_xml()
    if "." in bucket.name:
        text = "S3 Transfer Acceleration is not supported for buckets with periods (.) in their names"
        raise s3.error("InvalidRequest", text, status=400)
    call.tx.put(replace(bucket, accelerate=status))


# --- attribute-based access control ----------------------------------------------------------------------------------


@s3.operation(resource=on_bucket)
def get_bucket_abac(call: Call, bucket: Bucket, request: Any) -> api.GetBucketAbacOutput:
    return {"AbacStatus": {"Status": bucket.configs.get("abac") or "Disabled"}}


@s3.operation(resource=on_bucket, enums=False)
def put_bucket_abac(call: Call, bucket: Bucket, request: api.PutBucketAbacRequest) -> None:
    status = request["AbacStatus"].get("Status")
    if status not in ("Enabled", "Disabled"):
        raise malformed_xml()
    call.tx.put(replace(bucket, configs={**bucket.configs, "abac": status}))
