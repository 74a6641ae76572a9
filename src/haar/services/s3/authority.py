"""What a request is authorized on: a bucket, or an object with everything that lets strangers in.

`resource=on_object` and `resource=on_bucket` are the words of the operations.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from haar.kit import Call
from haar.services.s3.resources import Bucket, object_arn
from haar.services.s3.service import s3


@s3.names("Bucket", Bucket)
def bucket_named(call: Call, value: str | None) -> Bucket:
    """The bucket of a request. Raises NoSuchBucket: whether a bucket exists is no secret."""
    found = call.tx.get(Bucket, value or "")
    if found is None:
        raise s3.error(*Bucket.missing(value), status=404, members={"BucketName": value})
    return found


def on_bucket(call: Call, request: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """The bucket itself."""
    bucket = bucket_named(call, request["Bucket"])
    return [(bucket.arn, bucket)]


def on_object(call: Call, request: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """The object of a request, with its bucket's policy."""
    bucket = bucket_named(call, request["Bucket"])
    return [(object_arn(bucket, request["Key"]), bucket)]
