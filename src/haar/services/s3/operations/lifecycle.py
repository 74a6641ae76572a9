"""Lifecycle configurations.

The operations of the first version (PutBucketLifecycle, GetBucketLifecycle) have the same address and the same
documents, with less in them: these here answer them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from haar.kit import Call, ServiceError, replace
from haar.services.s3 import lifecycle, lifecycle_rules
from haar.services.s3.authority import on_bucket
from haar.services.s3.resources import Bucket
from haar.services.s3.service import s3

if TYPE_CHECKING:
    from haar.shapes import s3 as api

_PUT = "s3:PutLifecycleConfiguration"
_GET = "s3:GetLifecycleConfiguration"
_WORD = "lifecycle"


@s3.operation(action=_PUT, resource=on_bucket, enums=False)
def put_bucket_lifecycle_configuration(
    call: Call, bucket: Bucket, request: api.PutBucketLifecycleConfigurationRequest
) -> api.PutBucketLifecycleConfigurationOutput:
    _refuse_mfa(bucket)
    kept = lifecycle_rules.checked(call, request)
    _keep(call, bucket, kept)
    return {"TransitionDefaultMinimumObjectSize": kept["TransitionDefaultMinimumObjectSize"]}


@s3.operation(action=_GET, resource=on_bucket)
def get_bucket_lifecycle_configuration(
    call: Call, bucket: Bucket, request: Any
) -> api.GetBucketLifecycleConfigurationOutput:
    found: Any = _kept(bucket)
    return found  # type: ignore[no-any-return]


@s3.operation(action=_PUT, resource=on_bucket)
def delete_bucket_lifecycle(call: Call, bucket: Bucket, request: Any) -> None:
    if _WORD in bucket.configs:
        call.tx.put(replace(bucket, configs={word: one for word, one in bucket.configs.items() if word != _WORD}))


def _refuse_mfa(bucket: Bucket) -> None:
    """Where removing takes a code of an MFA device, nothing removes by itself."""
    if bucket.mfa_delete:
        text = "Lifecycle configuration is not supported on buckets with MFA Delete enabled."
        raise ServiceError("InvalidBucketState", text, status=409, members={"BucketName": bucket.name})


def _keep(call: Call, bucket: Bucket, kept: Mapping[str, Any]) -> None:
    call.tx.put(replace(bucket, configs={**bucket.configs, _WORD: dict(kept)}))
    lifecycle.schedule(call, bucket.name)


def _kept(bucket: Bucket) -> dict[str, Any]:
    found: dict[str, Any] | None = bucket.configs.get(_WORD)
    if found is None:
        text = "The lifecycle configuration does not exist"
        raise ServiceError(
            "NoSuchLifecycleConfiguration", text, status=404, members={"BucketName": bucket.name}
        )  # fmt: skip
    return found
