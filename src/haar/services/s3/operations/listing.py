"""Listings: the keys of a bucket, page by page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from haar.kit import Call
from haar.services.s3.authority import on_bucket
from haar.services.s3.resources import Bucket, Current
from haar.services.s3.service import PAGE_KEYS_MAX, s3
from haar.wire.xml_shapes import Fragment, escape

if TYPE_CHECKING:
    from haar.shapes import s3 as api


@s3.operation(action="s3:ListBucket", resource=on_bucket)
def list_objects_v2(call: Call, bucket: Bucket, request: api.ListObjectsV2Request) -> api.ListObjectsV2Output:
    prefix = request.get("Prefix") or ""
    rows = []
    after = request.get("ContinuationToken") or request.get("StartAfter") or ""
    for row in call.tx.range(Current, bucket.name, start=max(prefix, after)):
        if not row.name.startswith(prefix):
            break
        if row.name == after:
            continue
        rows.append(row)
        if len(rows) > PAGE_KEYS_MAX:
            break
    more = len(rows) > PAGE_KEYS_MAX
    rows = rows[:PAGE_KEYS_MAX]
    contents: list[Any] = [Fragment(f"<Key>{escape(row.name)}</Key>{row.tail}") for row in rows]
    reply: Any = {
        "IsTruncated": more, "Contents": contents, "Name": bucket.name, "Prefix": prefix, "MaxKeys": PAGE_KEYS_MAX,
        "KeyCount": len(rows),
    }  # fmt: skip
    if more:
        reply["NextContinuationToken"] = rows[-1].name
    return reply  # type: ignore[no-any-return]
