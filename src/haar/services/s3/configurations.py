"""Configurations of which a bucket can have several: kept under an id, a thousand of each kind, listed by the hundred.

Source: Amazon S3 API Reference, API_PutBucketInventoryConfiguration.html and its like.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from haar.kit import Call, ServiceError
from haar.services.s3.resources import Bucket, Configuration
from haar.services.s3.service import invalid_argument, malformed_xml

__all__ = ["check_filter", "delete", "page", "put", "wanted"]

EACH_MAX: Final = 1000
PAGE: Final = 100
_ID_CHARS_MAX: Final = 64


def put(call: Call, bucket: Bucket, kind: str, name: str, body: Mapping[str, Any]) -> None:
    """Keep a configuration. Raises InvalidArgument (the id), TooManyConfigurations."""
    if name != body["Id"]:
        raise invalid_argument("The ID in the request does not match the ID in the configuration", "id", name)
    if not 1 <= len(name) <= _ID_CHARS_MAX or not all(one.isalnum() or one in "-_." for one in name):
        raise invalid_argument("The specified configuration id is invalid", "id", name)
    known = call.tx.get(Configuration, bucket.name, kind, name)
    if known is None and call.tx.count(Configuration, bucket.name, kind) >= EACH_MAX:
        text = (
            "You are attempting to create a new configuration but have already reached the "
            f"{EACH_MAX}-configuration limit."
        )
        raise ServiceError("TooManyConfigurations", text, status=400)
    call.tx.put(Configuration(bucket=bucket.name, kind=kind, id=name, body=dict(body)))


def wanted(call: Call, bucket: Bucket, kind: str, name: str) -> dict[str, Any]:
    """A configuration. Raises NoSuchConfiguration."""
    found = call.tx.get(Configuration, bucket.name, kind, name)
    if found is None:
        raise ServiceError("NoSuchConfiguration", "The specified configuration does not exist.", status=404)
    return found.body


def delete(call: Call, bucket: Bucket, kind: str, name: str) -> None:
    """Forget a configuration. Raises NoSuchConfiguration."""
    wanted(call, bucket, kind, name)
    call.tx.delete(Configuration, bucket.name, kind, name)


def page(call: Call, bucket: Bucket, kind: str, request: Mapping[str, Any], member: str) -> dict[str, Any]:
    """A page of configurations, by id; the token is the last id that was shown."""
    token = request.get("ContinuationToken")
    after = (bucket.name, kind, token) if token else None
    rows = list(call.tx.range(Configuration, bucket.name, kind, after=after, limit=PAGE + 1))
    shown = rows[:PAGE]
    reply: dict[str, Any] = {member: [row.body for row in shown], "IsTruncated": len(rows) > PAGE}
    if token:
        reply["ContinuationToken"] = token
    if len(rows) > PAGE:
        reply["NextContinuationToken"] = shown[-1].id
    return reply


def check_filter(given: Mapping[str, Any] | None) -> None:
    """Raise MalformedXML for a filter that says several things without And, or one with it."""
    if given is None:
        return
    both = given.get("And")
    if len([1 for value in given.values() if value is not None]) > 1:
        raise malformed_xml()
    if both is not None:
        words = [1 for name, value in both.items() if name != "Tags" and value is not None]
        if len(words) + len(both.get("Tags") or []) < 2:
            raise malformed_xml()
