"""Versioning: whether a bucket keeps what is overwritten and deleted, and whether removing it takes an MFA code.

| Status | what a PUT makes | what a DELETE makes |
|---|---|---|
| never set | the object, over the one before | nothing: it is gone |
| Enabled | a further version | a delete marker |
| Suspended | the null version, over the one before | a delete marker in place of the null version |
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from haar.kit import Call, ServiceError, replace
from haar.services.s3 import locking
from haar.services.s3.authority import on_bucket
from haar.services.s3.resources import Bucket
from haar.services.s3.service import access_denied, malformed_xml, s3

if TYPE_CHECKING:
    from haar.shapes import s3 as api


@s3.operation(resource=on_bucket, enums=False)
def put_bucket_versioning(call: Call, bucket: Bucket, request: api.PutBucketVersioningRequest) -> None:
    given = request["VersioningConfiguration"]
    status, mfa_delete = given.get("Status"), given.get("MFADelete")
    if status is None and mfa_delete is None:
        text = "The Versioning element must be specified"
        raise ServiceError("IllegalVersioningConfigurationException", text, status=400)
    if status not in (None, "Enabled", "Suspended") or mfa_delete not in (None, "Enabled", "Disabled"):
        raise malformed_xml()
    if status == "Suspended" and bucket.object_lock:
        text = "An Object Lock configuration is present on this bucket, so the versioning state cannot be changed."
        raise ServiceError("InvalidBucketState", text, status=409, members={"BucketName": bucket.name})
    if status == "Suspended" and "replication" in bucket.configs:
        text = (
            "A replication configuration is present on this bucket, so you cannot change the versioning state. "
            "To change the versioning state, first delete the replication configuration."
        )
        raise ServiceError("InvalidBucketState", text, status=409, members={"BucketName": bucket.name})
    if status == "Suspended" and "replication" in bucket.configs:
        text = (
            "A replication configuration is present on this bucket, so you cannot change the versioning state. To "
            "change the versioning state, first delete the replication configuration."
        )
        raise ServiceError("InvalidBucketState", text, status=409, members={"BucketName": bucket.name})
    if bucket.mfa_delete or mfa_delete == "Enabled":
        # not even an administrator of the account (fact S3MFA-004)
        if call.principal.kind != "root" or call.principal.account != bucket.account:
            raise access_denied("This operation may only be performed by the bucket owner")
        if mfa_delete == "Enabled" and "lifecycle" in bucket.configs:
            text = "MFA Delete is not supported on buckets with a lifecycle configuration."
            raise ServiceError("InvalidBucketState", text, status=409, members={"BucketName": bucket.name})
        locking.mfa_proven(call, request, is_needed=True)
    configs = bucket.configs
    if mfa_delete is not None and (mfa_delete == "Enabled" or bucket.mfa_delete):
        configs = {**configs, "mfa_delete": mfa_delete}
    call.tx.put(
        replace(
            bucket, versioning=status or bucket.versioning, configs=configs,
            mfa_delete=bucket.mfa_delete if mfa_delete is None else mfa_delete == "Enabled",
        )
    )  # fmt: skip


@s3.operation(resource=on_bucket)
def get_bucket_versioning(call: Call, bucket: Bucket, request: Any) -> api.GetBucketVersioningOutput:
    # MFA Delete is said of a bucket where it was ever switched on
    reply: Any = {"Status": bucket.versioning or None, "MFADelete": bucket.configs.get("mfa_delete")}
    return reply  # type: ignore[no-any-return]
