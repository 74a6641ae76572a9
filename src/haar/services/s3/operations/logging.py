"""Server access logging: where a bucket's log goes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from haar.kit import Call, Origin, Principal, ServiceError, replace
from haar.services.s3 import access_logs, acls, authority
from haar.services.s3.authority import on_bucket
from haar.services.s3.resources import Bucket
from haar.services.s3.service import malformed_xml, s3

if TYPE_CHECKING:
    from haar.shapes import s3 as api

_WORD: Final = "logging"
_SOURCES: Final = ("EventTime", "DeliveryTime")


@s3.operation(resource=on_bucket)
def get_bucket_logging(call: Call, bucket: Bucket, request: Any) -> api.GetBucketLoggingOutput:
    found = bucket.configs.get(_WORD)
    return {"LoggingEnabled": found} if found is not None else {}


@s3.operation(
    resource=on_bucket, enums=False,
    partial="requests whose signature is wrong, the sources of copies and each key of DeleteObjects have no line",
)  # fmt: skip
def put_bucket_logging(call: Call, bucket: Bucket, request: api.PutBucketLoggingRequest) -> None:
    given: Any = request["BucketLoggingStatus"].get("LoggingEnabled")
    configs = {word: one for word, one in bucket.configs.items() if word != _WORD}
    if given is not None:
        _check_format(given.get("TargetObjectKeyFormat"))
        _check_target(call, bucket, given)
        configs[_WORD] = given
    call.tx.put(replace(bucket, configs=configs))


def _check_format(given: Any) -> None:
    if given is None:
        return
    parted = given.get("PartitionedPrefix")
    if (parted is None) == (given.get("SimplePrefix") is None):
        raise malformed_xml()
    if parted is not None and parted.get("PartitionDateSource") not in _SOURCES:
        raise malformed_xml()


def _check_target(call: Call, bucket: Bucket, given: Any) -> None:
    """The target is there, in the same region and account, and lets the log in."""
    name = given["TargetBucket"]
    target = call.tx.get(Bucket, name)
    if target is None:
        raise _invalid(name, "The target bucket for logging does not exist")
    if target.account != bucket.account:
        raise _invalid(name, "The owner for the bucket to be logged and the target bucket must be the same.")
    if target.region != bucket.region:
        text = "The source and the target bucket for logging must be in the same location."
        code = "CrossLocationLoggingProhibited"
        members = {"SourceBucketLocation": bucket.region, "TargetBucketLocation": target.region}
        raise ServiceError(code, text, status=403, members=members)
    if target.object_lock and (target.configs.get("object_lock") or {}).get("Rule"):
        raise _invalid(name, "The target bucket for logging cannot have a default retention period.")
    if target.ownership == acls.ENFORCED and given.get("TargetGrants"):
        text = "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting"
        raise ServiceError("InvalidBucketAclWithObjectOwnership", text, status=400)
    _check_permission(call, bucket, target, given)


def _check_permission(call: Call, bucket: Bucket, target: Bucket, given: Any) -> None:
    name = access_logs.DELIVERY
    principal = Principal(kind="service", account="", arn="", id=name, name=name)
    context = {"aws:SourceArn": bucket.arn, "aws:SourceAccount": bucket.account}
    asking = Call(
        call.ports, call.tx, principal, service="s3", operation="PutObject", region=target.region,
        origin=Origin(secure=True, invoked_by=name, context=context), account=target.account,
    )  # fmt: skip
    wanted = {"Bucket": target.name, "Key": access_logs.key_of(given, bucket, call.now, call.now, "0" * 16)}
    where = authority.on_object(asking, wanted)
    try:
        call.ports.guard.authorize(asking, "s3:PutObject", where, s3.bound("PutObject"), wanted)
    except ServiceError:
        text = "You must give the log-delivery group WRITE and READ_ACP permissions to the target bucket"
        raise _invalid(target.name, text) from None


def _invalid(target: str, text: str) -> ServiceError:
    return ServiceError("InvalidTargetBucketForLogging", text, status=400, members={"TargetBucket": target})
