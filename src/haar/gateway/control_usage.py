"""How much a service keeps: what `haar s3 du` shows."""

from __future__ import annotations

from typing import Any

from haar.errors import Refused
from haar.gateway.control_words import Asked, Problem

__all__ = ["usage"]


def usage(asked: Asked) -> dict[str, Any]:
    """How much a service keeps, in all accounts. Only services that keep large bytes say so: `s3`.

    Reply: `service` and `rows`. Of S3 a row is a bucket: `bucket`, `account`, `region`, `objects` and `bytes` (what a
    listing shows), `versions` and `version_bytes` (all that is kept, delete markers counted as versions), `uploads` and
    `upload_bytes` (parts of uploads that are neither completed nor aborted). 404 for a service that says nothing.
    """
    cloud = asked.cloud
    try:
        measure = cloud.room(asked.rest).provides.get("usage")
    except Refused:
        measure = None
    if measure is None:
        said = [name for name in cloud.rooms() if "usage" in cloud.room(name).provides]
        hint = f"These do: {', '.join(said)}."
        raise Problem(404, "NoUsage", f"{asked.rest or 'Nothing'} does not say how much it keeps.", hint)
    with cloud.store.transaction(write=False) as tx:
        return {"service": asked.rest, "rows": measure(tx)}
