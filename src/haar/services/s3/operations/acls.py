"""Access control lists of buckets and objects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from haar.kit import Call, replace
from haar.services.s3 import acls, public, shelf
from haar.services.s3.authority import on_bucket, on_object
from haar.services.s3.resources import Bucket, Version, object_arn
from haar.services.s3.service import no_such_key, s3

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from haar.shapes import s3 as api


@s3.operation(resource=on_bucket)
def get_bucket_acl(call: Call, bucket: Bucket, request: Any) -> api.GetBucketAclOutput:
    acl = None if bucket.ownership == acls.ENFORCED else bucket.acl
    return acls.shown(bucket.account, acl)  # type: ignore[return-value]


@s3.operation(resource=on_bucket, enums=False)
def put_bucket_acl(call: Call, bucket: Bucket, request: api.PutBucketAclRequest) -> None:
    acl = _wanted(request, bucket.account, bucket, for_object=False)
    if bucket.ownership == acls.ENFORCED:
        if acl is not None or request.get("AccessControlPolicy") is None:
            raise acls.not_supported()
        return
    if public.is_public_acl(acl):
        acls.public_denied(call, bucket, "s3:PutBucketAcl", bucket.arn)
    call.tx.put(replace(bucket, acl=acl))


def _versioned(action: str) -> Callable[[Call, Mapping[str, Any]], str]:
    verb = action.removesuffix("ObjectAcl")
    return lambda call, request: f"{verb}ObjectVersionAcl" if request.get("VersionId") else action


@s3.operation(action=_versioned("s3:GetObjectAcl"), resource=on_object, data_event=True)
def get_object_acl(call: Call, bucket: Bucket, request: api.GetObjectAclRequest) -> api.GetObjectAclOutput:
    version = _there(call, bucket, request)
    if bucket.ownership == acls.ENFORCED:
        return acls.shown(bucket.account, None)  # type: ignore[return-value]
    return acls.shown(version.owner, version.acl)  # type: ignore[return-value]


@s3.operation(action=_versioned("s3:PutObjectAcl"), resource=on_object, data_event=True, enums=False)
def put_object_acl(call: Call, bucket: Bucket, request: api.PutObjectAclRequest) -> api.PutObjectAclOutput:
    version = _there(call, bucket, request)
    if bucket.ownership == acls.ENFORCED:
        if request.get("ACL") == "bucket-owner-full-control":
            return {}
        acl = _wanted(request, bucket.account, bucket, for_object=True)
        if acl is not None or request.get("AccessControlPolicy") is None:
            raise acls.not_supported()
        return {}
    acl = _wanted(request, version.owner, bucket, for_object=True)
    if public.is_public_acl(acl):
        acls.public_denied(call, bucket, "s3:PutObjectAcl", object_arn(bucket, version.name))
    changed = shelf.update(call, replace(version, acl=acl))
    for listener in shelf.after_change:
        listener(call, bucket, "ObjectAcl:Put", changed)
    return {}


def _wanted(request: Any, owner: str, bucket: Bucket, *, for_object: bool) -> list[dict[str, Any]] | None:
    if request.get("AccessControlPolicy") is None and not acls.says_something(request):
        text = "Your request was missing a required header"
        raise s3.error("MissingSecurityHeader", text, status=400, members={"MissingHeaderName": "x-amz-acl"})
    return acls.wanted(request, owner, bucket.account, for_object=for_object)


def _there(call: Call, bucket: Bucket, request: Any) -> Version:
    version = shelf.wanted(call, bucket, request["Key"], request.get("VersionId"))
    if version.marker:
        if request.get("VersionId"):
            text = "The specified method is not allowed against this resource."
            raise s3.error("MethodNotAllowed", text, status=405)
        raise no_such_key(version.name)
    return version
