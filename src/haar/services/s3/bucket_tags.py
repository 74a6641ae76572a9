"""The tags of a bucket, as requests carry them.

Source: Amazon S3 API Reference, API_PutBucketTagging.html.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from haar.services.s3.service import BUCKET_TAGS_MAX, s3

KEY_CHARS_MAX = 128
VALUE_CHARS_MAX = 256


def read(given: Iterable[Any]) -> dict[str, str]:
    """The tags in a list of pairs. Raises InvalidTag (and BadRequest for too many)."""
    tags: dict[str, str] = {}
    for pair in given:
        name, value = pair["Key"], pair["Value"]
        if name in tags:
            raise s3.error("InvalidTag", "Cannot provide multiple Tags with the same key", status=400)
        if name.lower().startswith("aws:"):
            raise s3.error("InvalidTag", "System tags cannot be added/updated by requester", status=400)
        if not 1 <= len(name) <= KEY_CHARS_MAX:
            raise s3.error(
                "InvalidTag", "The TagKey you have provided is invalid", status=400, members={"TagKey": name}
            )
        if len(value) > VALUE_CHARS_MAX:
            text = "The TagValue you have provided is invalid"
            raise s3.error("InvalidTag", text, status=400, members={"TagKey": name, "TagValue": value})
        tags[name] = value
    if len(tags) > BUCKET_TAGS_MAX:
        raise s3.error("BadRequest", f"Bucket tag count cannot be greater than {BUCKET_TAGS_MAX}", status=400)
    return tags
