"""The condition keys of S3: what policies may ask about a request, beyond what all services answer.

Source: Service Authorization Reference, list_amazons3.html; S3 API Reference, bucket-policy-s3-sigv4-conditions.html.
`s3:TlsVersion` is never present: the door speaks no TLS itself.
"""

from __future__ import annotations

from calendar import timegm
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qsl

from haar.kit import Call
from haar.services.s3 import access_points, shelf
from haar.services.s3.authority import Place, is_attribute_based
from haar.services.s3.resources import Bucket, Version
from haar.services.s3.service import s3

#: Keys whose value is a member of the request.
_MEMBERS: Final = {
    "s3:prefix": "Prefix",
    "s3:delimiter": "Delimiter",
    "s3:max-keys": "MaxKeys",
    "s3:versionid": "VersionId",
    "s3:if-match": "IfMatch",
    "s3:if-none-match": "IfNoneMatch",
    "s3:x-amz-acl": "ACL",
    "s3:x-amz-bucket-namespace": "BucketNamespace",
    "s3:x-amz-copy-source": "CopySource",
    "s3:x-amz-grant-full-control": "GrantFullControl",
    "s3:x-amz-grant-read": "GrantRead",
    "s3:x-amz-grant-read-acp": "GrantReadACP",
    "s3:x-amz-grant-write": "GrantWrite",
    "s3:x-amz-grant-write-acp": "GrantWriteACP",
    "s3:x-amz-metadata-directive": "MetadataDirective",
    "s3:x-amz-object-ownership": "ObjectOwnership",
    "s3:x-amz-server-side-encryption": "ServerSideEncryption",
    "s3:x-amz-server-side-encryption-aws-kms-key-id": "SSEKMSKeyId",
    "s3:x-amz-server-side-encryption-customer-algorithm": "SSECustomerAlgorithm",
    "s3:x-amz-storage-class": "StorageClass",
    "s3:x-amz-website-redirect-location": "WebsiteRedirectLocation",
}


def _member(name: str) -> Any:
    def value(call: Call, request: Mapping[str, Any], target: Any) -> Any:
        return request.get(name)

    return value


for _key, _name in _MEMBERS.items():
    s3.condition(_key)(_member(_name))


@s3.condition("s3:x-amz-content-sha256")
def _content_sha256(call: Call, request: Mapping[str, Any], target: Any) -> str | None:
    # the one value that policies are written for; a digest is different in every request
    return "UNSIGNED-PAYLOAD" if call.origin.presigned else None


@s3.condition("s3:LocationConstraint")
def _location(call: Call, request: Mapping[str, Any], target: Any) -> str | None:
    if call.operation != "CreateBucket":
        return None
    return (request.get("CreateBucketConfiguration") or {}).get("LocationConstraint") or call.region


@s3.condition("s3:ResourceAccount")
def _account(call: Call, request: Mapping[str, Any], target: Any) -> str | None:
    return getattr(target, "account", None)


@s3.condition("s3:ObjectCreationOperation")
def _creates(call: Call, request: Mapping[str, Any], target: Any) -> bool | None:
    return True if call.operation in ("PutObject", "CopyObject", "CompleteMultipartUpload") else None


# --- how it was signed -----------------------------------------------------------------------------------------------


def _signature(call: Call) -> dict[str, str]:
    return dict(parse_qsl(call.origin.presigned)) if "X-Amz-Signature=" in call.origin.presigned else {}


@s3.condition("s3:authType")
def _auth_type(call: Call, request: Mapping[str, Any], target: Any) -> str | None:
    if call.principal.kind == "anonymous":
        return None
    if call.origin.context.get("s3:authType"):
        return str(call.origin.context["s3:authType"])
    return "REST-QUERY-STRING" if "Signature=" in call.origin.presigned else "REST-HEADER"


@s3.condition("s3:signatureversion")
def _signature_version(call: Call, request: Mapping[str, Any], target: Any) -> str | None:
    if call.principal.kind == "anonymous":
        return None
    # a presigned URL of Version 2 names its key in a parameter of its own
    return "AWS" if "AWSAccessKeyId=" in call.origin.presigned else "AWS4-HMAC-SHA256"


@s3.condition("s3:signatureAge")
def _signature_age(call: Call, request: Mapping[str, Any], target: Any) -> int | None:
    """Milliseconds since a presigned request was signed, on the cloud's own clock."""
    signed = _signature(call).get("X-Amz-Date", "")
    if len(signed) != 16:
        return None
    parts = (signed[:4], signed[4:6], signed[6:8], signed[9:11], signed[11:13], signed[13:15])
    at = timegm((*(int(part) for part in parts), 0, 0, 0))
    return int((call.now - call.ports.clock.virtual(at)) * 1000)


# --- tags ------------------------------------------------------------------------------------------------------------


def _version_of(call: Call, request: Mapping[str, Any], target: Any) -> Version | None:
    """The object that the guard decides about, as it is before the operation."""
    if isinstance(target, Place) and target.version is not None:
        return target.version
    bucket = target.bucket if isinstance(target, Place) else target
    name = (target.name if isinstance(target, Place) else "") or request.get("Key")
    if not isinstance(bucket, Bucket) or not isinstance(name, str) or not name:
        return None
    version_id = target.version_id if isinstance(target, Place) else request.get("VersionId")
    return shelf.at(call, bucket, name, version_id) if version_id else shelf.latest(call, bucket, name)


@s3.condition("s3:ExistingObjectTag/")
def _existing_tags(call: Call, request: Mapping[str, Any], target: Any) -> Mapping[str, str] | None:
    version = _version_of(call, request, target)
    return version.tags if version is not None else None


def _tags_in(request: Mapping[str, Any]) -> dict[str, str]:
    given = request.get("Tagging")
    if isinstance(given, str):
        return dict(parse_qsl(given, keep_blank_values=True))
    return {pair["Key"]: pair["Value"] for pair in (given or {}).get("TagSet") or ()}


@s3.condition("s3:RequestObjectTag/")
def _request_tags(call: Call, request: Mapping[str, Any], target: Any) -> Mapping[str, str]:
    return _tags_in(request)


@s3.condition("s3:RequestObjectTagKeys")
def _request_tag_keys(call: Call, request: Mapping[str, Any], target: Any) -> tuple[str, ...] | None:
    return tuple(_tags_in(request)) or None


@s3.condition("s3:BucketTag/")
def _bucket_tags(call: Call, request: Mapping[str, Any], target: Any) -> Mapping[str, str] | None:
    bucket = target.bucket if isinstance(target, Place) else target
    return bucket.tags if isinstance(bucket, Bucket) and is_attribute_based(bucket) else None


# --- access points ---------------------------------------------------------------------------------------------------


def _point(call: Call, request: Mapping[str, Any], target: Any) -> access_points.AccessPoint | None:
    return target.point if isinstance(target, Place) else None


@s3.condition("s3:DataAccessPointArn")
def _point_arn(call: Call, request: Mapping[str, Any], target: Any) -> str | None:
    point = _point(call, request, target)
    return point.arn if point is not None else None


@s3.condition("s3:DataAccessPointAccount")
def _point_account(call: Call, request: Mapping[str, Any], target: Any) -> str | None:
    point = _point(call, request, target)
    return point.account if point is not None else None


@s3.condition("s3:AccessPointNetworkOrigin")
def _network_origin(call: Call, request: Mapping[str, Any], target: Any) -> str | None:
    point = _point(call, request, target)
    return None if point is None else "VPC" if point.vpc else "Internet"


@s3.condition("s3:AccessPointTag/")
def _point_tags(call: Call, request: Mapping[str, Any], target: Any) -> Mapping[str, str] | None:
    point = _point(call, request, target)
    return point.tags if point is not None else None
