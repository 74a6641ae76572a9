"""CloudTrail's way into a bucket: as the service itself, so that the bucket's and the key's policies decide.

Source: AWS CloudTrail User Guide, create-s3-bucket-policy-for-cloudtrail.html and
create-kms-key-policy-for-cloudtrail.html.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

from haar.kit import Call, Refused, ServiceError, replace
from haar.services.cloudtrail import files
from haar.services.cloudtrail.resources import Trail
from haar.services.cloudtrail.service import NAME, acting_for, cloudtrail

#: Whoever owns the bucket can read what CloudTrail wrote.
_ACL = "bucket-owner-full-control"
_NO_KEY = ("NotFoundException", "InvalidArnException")


def write(call: Call, trail: Trail, key: str, body: bytes, metadata: Mapping[str, str] | None = None) -> None:
    """Put one packed file into the trail's bucket. Raises ServiceError, as S3 says it."""
    _put(call, trail, key, body, ContentEncoding="gzip", Metadata=dict(metadata or {}))


def check(call: Call, trail: Trail) -> None:
    """See whether the trail could deliver: ask for the bucket's ACL, and leave empty folders where files will go.

    Raises S3BucketDoesNotExistException, InvalidS3BucketNameException, InsufficientS3BucketPolicyException,
    InsufficientEncryptionPolicyException.
    """
    # an organization's trail may become one account's again: then files go where that account's always did
    plain = replace(trail, kms_key="")
    alone = replace(plain, organization=None)
    try:
        _asked(call, trail, "get_bucket_acl", Bucket=trail.bucket)
        for one in {files.folder(each, each.account): each for each in (alone, plain)}.values():
            _put(call, one, files.folder(one, one.account), b"")
    except Refused:
        raise
    except ServiceError as error:
        raise _reason(error, trail) from None
    if trail.kms_key:
        try:
            _put(call, trail, files.folder(trail, trail.account), b"")
        except ServiceError:
            message = f"Insufficient permissions to access S3 bucket {trail.bucket} or KMS key {trail.kms_key}."
            raise cloudtrail.error("InsufficientEncryptionPolicyException", message) from None


def key_arn(call: Call, trail: Trail, given: str) -> str:
    """The ARN of the KMS key that a name, an id or an ARN means.

    Raises KmsKeyNotFoundException, KmsException, InsufficientEncryptionPolicyException.
    """
    try:
        described = acting_for(call, trail, "kms").describe_key(KeyId=given)["KeyMetadata"]
    except Refused:
        raise
    except ServiceError as error:
        if error.code in _NO_KEY or _is_missing(call, given):
            raise cloudtrail.error("KmsKeyNotFoundException", f"KMS key {given} does not exist.") from None
        message = f"Insufficient permissions to access S3 bucket {trail.bucket} or KMS key {given}."
        raise cloudtrail.error("InsufficientEncryptionPolicyException", message) from None
    if described.get("KeyState") != "Enabled":
        raise cloudtrail.error("KmsException", f"KMS key {described['Arn']} is not enabled.")
    arn: str = described["Arn"]
    return arn


def _is_missing(call: Call, given: str) -> bool:
    """Whether there is no such key. KMS tells that to who may look, and CloudTrail may not before it is let in."""
    try:
        call.aws("kms", invoked_by=NAME).describe_key(KeyId=given)
    except ServiceError as error:
        return error.code in _NO_KEY
    return False


def _put(call: Call, trail: Trail, key: str, body: bytes, **more: Any) -> None:
    if trail.kms_key:
        context = base64.b64encode(json.dumps({"aws:cloudtrail:arn": trail.arn}).encode()).decode()
        more |= {
            "ServerSideEncryption": "aws:kms", "SSEKMSKeyId": trail.kms_key, "SSEKMSEncryptionContext": context,
        }  # fmt: skip
    _asked(
        call, trail, "put_object",
        Bucket=trail.bucket, Key=key, Body=body, ACL=_ACL, ContentType="application/json", **more,
    )  # fmt: skip


def _asked(call: Call, trail: Trail, operation: str, **request: Any) -> dict[str, Any]:
    """One operation of S3, in the region of the bucket, wherever that is."""
    try:
        reply: dict[str, Any] = getattr(acting_for(call, trail, "s3"), operation)(**request)
    except ServiceError as error:
        region = {name.lower(): value for name, value in error.headers.items()}.get("x-amz-bucket-region", "")
        if not region or region == trail.region:
            raise
        reply = getattr(acting_for(call, trail, "s3", region=region), operation)(**request)
    return reply


def _reason(error: ServiceError, trail: Trail) -> ServiceError:
    if error.code == "NoSuchBucket":
        return cloudtrail.error("S3BucketDoesNotExistException", f"S3 bucket {trail.bucket} does not exist!")
    if error.code == "InvalidBucketName":
        return cloudtrail.error("InvalidS3BucketNameException", f"Bucket name is not valid: {trail.bucket}")
    message = f"Incorrect S3 bucket policy is detected for bucket: {trail.bucket}"
    return cloudtrail.error("InsufficientS3BucketPolicyException", message)
