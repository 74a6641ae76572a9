"""What a request is authorized on: a bucket, or an object with everything that lets strangers in.

`resource=on_object` and `resource=on_bucket` are the words of the operations. They also see to what comes before any
policy: the region, the expected owner, who pays, acceleration, and Block Public Access.

| a request for a bucket of another region | is answered |
|---|---|
| unsigned, under a host that names no region | as if it had come to the right one |
| under the bucket's own host name, or its region's | 400 AuthorizationHeaderMalformed, with the region |
| under any other | 301 PermanentRedirect, with the endpoint |

Source: Amazon S3 User Guide, how-s3-evaluates-access-control.html, VirtualHosting.html; API Reference, Redirects.html.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

import msgspec

from haar.kit import Call, ServiceError
from haar.services.s3 import access_logs, access_points, acls, public, rates, shelf
from haar.services.s3.access_points import AccessPoint
from haar.services.s3.resources import Bucket, Version, object_arn
from haar.services.s3.service import access_denied, s3

#: Operations on a bucket that can be asked of an access point.
_THROUGH_POINTS: Final = frozenset(
    (
        "ListObjects", "ListObjectsV2", "ListObjectVersions", "ListMultipartUploads", "HeadBucket", "GetBucketLocation",
        "GetBucketAcl", "GetBucketCors", "GetBucketNotificationConfiguration", "GetBucketPolicy", "DeleteObjects",
    )
)  # fmt: skip
#: Operations whose object decides, and not its bucket, where somebody else than the bucket's owner owns it.
_OF_THE_OBJECT: Final = frozenset(
    (
        "GetObject", "HeadObject", "GetObjectAcl", "PutObjectAcl", "GetObjectAttributes", "GetObjectTagging",
        "PutObjectTagging", "DeleteObjectTagging", "RestoreObject", "SelectObjectContent", "GetObjectRetention",
        "PutObjectRetention", "GetObjectLegalHold", "PutObjectLegalHold", "CopyObject", "UploadPartCopy",
    )
)  # fmt: skip
#: Operations whose own key is that of a new object, whoever owns what stands there now.
_CREATING: Final = frozenset(("PutObject", "CopyObject", "CreateMultipartUpload", "UploadPart", "UploadPartCopy"))
_DELETING: Final = frozenset(("DeleteObject", "DeleteObjects"))
_HOST_REGION: Final = re.compile(r"(?:^|[.-])s3[.-](?:dualstack\.|fips\.)?([a-z]{2}(?:-[a-z]+)+-\d)\.")
_HOST_END: Final = re.compile(r"(?:^|\.)(localhost(?:\.localstack\.cloud)?|amazonaws\.com(?:\.cn)?)(:\d+)?$")


class Place(msgspec.Struct, frozen=True, gc=False):
    """A bucket or an object as the guard sees it: whose it is, what is written on it, and what conditions ask about."""

    account: str
    policy: str | None
    tags: Mapping[str, str]
    bucket: Bucket
    name: str = ""
    version: Version | None = None
    version_id: str = ""
    point: AccessPoint | None = None


@s3.names("Bucket", Bucket)
def bucket_named(call: Call, value: str | None) -> Bucket:
    """The bucket of a request. Raises NoSuchBucket: whether a bucket exists is no secret."""
    name = value or ""
    found = call.tx.get(Bucket, name)
    if found is None:
        point = access_points.meant(call, name)
        found = call.tx.get(Bucket, point.bucket) if point is not None else None
        if point is None and name.startswith("arn:"):
            raise s3.error(*AccessPoint.missing(), status=404, members={"AccessPointName": name})
        if found is None:
            raise s3.error(*Bucket.missing(name), status=404, members={"BucketName": name})
    if "logging" in found.configs:
        access_logs.watch(call, found)
    if found.region != call.region:
        _come_home(call, found)
    return found


def on_bucket(call: Call, request: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """The bucket itself, or the access point it is asked through and the bucket."""
    value = request["Bucket"]
    bucket = bucket_named(call, value)
    _expect(call, bucket, request)
    if bucket.name != value:
        point = access_points.meant(call, value)
        assert point is not None
        if call.operation not in _THROUGH_POINTS:
            raise _method_not_allowed()
        return [(point.arn, _at_point(call, bucket, point)), (bucket.arn, _place(call, bucket, None, point=point))]
    if bucket.policy is None and bucket.acl is None and not bucket.tags:
        return [(bucket.arn, bucket)]
    return [(bucket.arn, _place(call, bucket, None))]


def on_policy(call: Call, request: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """The bucket, for the operations on its policy: the root user of its account can always come back in."""
    principal = call.principal
    found = on_bucket(call, request)
    if principal.kind == "root" and len(found) == 1:
        bucket = bucket_named(call, request["Bucket"])
        if principal.account == bucket.account:
            return [(bucket.arn, Place(account=bucket.account, policy=None, tags={}, bucket=bucket))]
    return found


def on_object(call: Call, request: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """The object of a request, with its bucket's policy and what ACLs grant."""
    value = request["Bucket"]
    bucket = bucket_named(call, value)
    _expect(call, bucket, request)
    if call.ports.config.limits == "aws":
        rates.count(call, bucket, request["Key"])
    if bucket.name == value and bucket.policy is None and bucket.ownership == acls.ENFORCED and not bucket.tags:
        return [(object_arn(bucket, request["Key"]), bucket)]
    name, version_id = request["Key"], request.get("VersionId")
    if call.operation in _CREATING:
        return _pairs(call, bucket, name, None, "new object", value)
    return on_version(call, bucket, name, version_id, value)


def on_version(
    call: Call, bucket: Bucket, name: str, version_id: str | None = None, through: str = ""
) -> list[tuple[str, Any]]:
    """The same of an object in a bucket that is known already, such as the source of a copy or one of many keys.

    `through` is the name that the request has for the bucket, where that can be an access point's.
    """
    version, on = None, "bucket"
    if bucket.ownership != acls.ENFORCED:
        found = shelf.at(call, bucket, name, version_id) if version_id else shelf.latest(call, bucket, name)
        if call.operation in _OF_THE_OBJECT:
            version = found
        elif call.operation in _DELETING and found is not None and found.owner == call.principal.account:
            on = "own object"
    return _pairs(call, bucket, name, version, on, through, version_id or "")


def _pairs(
    call: Call, bucket: Bucket, name: str, version: Version | None, on: str, through: str, version_id: str = ""
) -> list[tuple[str, Any]]:
    arn = object_arn(bucket, name)
    if not through or through == bucket.name:
        return [(arn, _place(call, bucket, version, name, on=on, version_id=version_id))]
    point = access_points.meant(call, through)
    assert point is not None
    return [
        (f"{point.shown_arn}{name}", _at_point(call, bucket, point, name, version_id)),
        (arn, _place(call, bucket, version, name, point, on=on, version_id=version_id)),
    ]


def expect(call: Call, bucket: Bucket, request: Mapping[str, Any]) -> None:
    """What must hold before anything is decided: the expected owner, the payer, the endpoint. Raises AccessDenied."""
    _expect(call, bucket, request)


def only_owner(call: Call, bucket: Bucket) -> None:
    """Refuse a caller of another account, whatever a policy allows. Raises MethodNotAllowed (405)."""
    if call.principal.account != bucket.account:
        raise _method_not_allowed()


def _method_not_allowed() -> ServiceError:
    text = "The specified method is not allowed against this resource."
    return ServiceError("MethodNotAllowed", text, status=405)


# --- what comes before -----------------------------------------------------------------------------------------------


def _expect(call: Call, bucket: Bucket, request: Mapping[str, Any]) -> None:
    expected = request.get("ExpectedBucketOwner")
    if expected is not None and expected != bucket.account:
        raise access_denied()
    if bucket.payer != "BucketOwner" and call.principal.account != bucket.account and not _pays(call, request):
        raise access_denied()
    if "s3-accelerate" in call.origin.host and bucket.accelerate != "Enabled":
        state = "disabled" if bucket.accelerate else "not configured"
        raise s3.error("InvalidRequest", f"S3 Transfer Acceleration is {state} on this bucket", status=400)


def _pays(call: Call, request: Mapping[str, Any]) -> bool:
    """Whether a requester says that it pays; an anonymous one has nobody who could."""
    return request.get("RequestPayer") == "requester" and call.principal.kind != "anonymous"


def _come_home(call: Call, bucket: Bucket) -> None:
    """Answer a request that came to the wrong region, or let the call go on in the right one."""
    host = call.origin.host.lower()
    match = _HOST_REGION.search(host)
    if not host or (call.operation == "GetBucketLocation" and call.region == "us-east-1"):
        call.region = bucket.region  # a service of this cloud, which needs no endpoint
        return
    # a signature of version 2 in an address names no region, just as none at all does
    is_signed = call.principal.kind != "anonymous" and "AWSAccessKeyId=" not in call.origin.presigned
    if not is_signed and match is None:
        call.region = bucket.region
        return
    headers = {"x-amz-bucket-region": bucket.region}
    is_virtual = host.startswith(f"{bucket.name}.")
    if is_signed and ((match is not None and match[1] == bucket.region) or (match is None and is_virtual)):
        text = (
            f"The authorization header is malformed; the region '{call.region}' is wrong; expecting '{bucket.region}'"
        )
        members = {"Region": bucket.region}
        raise s3.error("AuthorizationHeaderMalformed", text, status=400, members=members, headers=headers)
    text = (
        "The bucket you are attempting to access must be addressed using the specified endpoint. "
        "Please send all future requests to this endpoint."
    )
    members = {"Endpoint": _endpoint(host, bucket), "Bucket": bucket.name}
    raise s3.error("PermanentRedirect", text, status=301, members=members, headers=headers)


def _endpoint(host: str, bucket: Bucket) -> str:
    """Where a bucket's region is, among the host names that the client uses already."""
    match = _HOST_END.search(host)
    if match is None:
        return host
    return f"{bucket.name}.s3.{bucket.region}.{match[1]}{match[2] or ''}"


# --- what is written on it -------------------------------------------------------------------------------------------


def _place(
    call: Call,
    bucket: Bucket,
    version: Version | None,
    name: str = "",
    point: AccessPoint | None = None,
    *,
    on: str = "bucket",
    version_id: str = "",
) -> Place:
    account, policy = bucket.account, bucket.policy
    grants: tuple[str, ...] = ()
    more = point.public_access_block if point is not None else None
    if version is not None and version.owner != bucket.account:
        # a bucket's policy allows nothing on what others own, but what it denies is denied
        # (an anonymous writer has no account, and must not be taken for everybody's)
        account, policy = version.owner or "anonymous", _denials(policy) if policy else None
    if policy is not None and public.is_public_policy(policy):
        _restrict(call, bucket, more)
    if bucket.ownership != acls.ENFORCED and (bucket.acl is not None or version is not None):
        ignores_public = "IgnorePublicAcls" in public.block_of(call, bucket, more)
        caller = call.principal.account
        grants = acls.statements(bucket, version, caller, ignores_public=ignores_public, on=on)
    if grants:
        policy = _with_grants(policy, grants)
    tags = bucket.tags if is_attribute_based(bucket) else {}
    return Place(
        account=account, policy=policy, tags=tags, bucket=bucket, name=name, version=version, version_id=version_id,
        point=point,
    )  # fmt: skip


def _at_point(call: Call, bucket: Bucket, point: AccessPoint, name: str = "", version_id: str = "") -> Place:
    if point.vpc:
        raise access_denied()  # nothing comes from a VPC yet
    if point.policy is not None and public.is_public_policy(point.policy):
        _restrict(call, bucket, point.public_access_block)
    return Place(
        account=point.account, policy=point.policy, tags=point.tags, bucket=bucket, name=name, version_id=version_id,
        point=point,
    )  # fmt: skip


def _restrict(call: Call, bucket: Bucket, more: Mapping[str, bool] | None) -> None:
    """Keep strangers out of what has a public policy, where RestrictPublicBuckets says so."""
    principal = call.principal
    if principal.account == bucket.account or principal.kind == "service":
        return
    if "RestrictPublicBuckets" in public.block_of(call, bucket, more):
        raise access_denied()


def is_attribute_based(bucket: Bucket) -> bool:
    """Whether the tags of a bucket count in decisions (attribute-based access control)."""
    return bool(bucket.configs.get("abac") == "Enabled")


@lru_cache(maxsize=1024)
def _with_grants(policy: str | None, grants: tuple[str, ...]) -> str:
    document = json.loads(policy) if policy else {"Version": "2012-10-17", "Statement": []}
    own = document["Statement"]
    document["Statement"] = [*(own if isinstance(own, list) else [own]), *map(json.loads, grants)]
    return json.dumps(document)


@lru_cache(maxsize=1024)
def _denials(policy: str) -> str | None:
    document = json.loads(policy)
    own = document["Statement"]
    denials = [one for one in (own if isinstance(own, list) else [own]) if one["Effect"] == "Deny"]
    return json.dumps({**document, "Statement": denials}) if denials else None
