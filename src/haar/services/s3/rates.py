"""How many requests a second a prefix serves, where the cloud enforces AWS's rates (`limits="aws"`).

3,500 PUT, COPY, POST and DELETE and 5,500 GET and HEAD requests a second for each prefix of a bucket, which here is a
key up to its last slash; there can be any number of prefixes. AWS splits prefixes as the load grows, and so gives a
bucket time to get there; here every prefix has its rate from the first second on.

Source: Amazon S3 User Guide, optimizing-performance.html.
"""

from __future__ import annotations

from typing import Final

from haar.kit import Call, Record, ServiceError, key
from haar.kit.audit import is_read_only
from haar.services.s3.resources import Bucket

__all__ = ["count"]

WRITES_PER_SECOND: Final = 3500
READS_PER_SECOND: Final = 5500


class Rate(Record):
    """The requests of a kind to a prefix in the second that was last counted."""

    bucket: str = key()
    prefix: str = key()
    reads: bool = key()
    second: int = 0
    calls: int = 0
    #: which request was counted last: one asks more than once where it is
    request: str = ""


def count(call: Call, bucket: Bucket, name: str) -> None:
    """Count a request for an object. Raises SlowDown for one too many."""
    if not call.origin.host:
        return  # what the cloud does by itself is no load from outside
    reads = is_read_only(call.operation)
    prefix = name[: name.rfind("/") + 1]
    second = int(call.now)
    rate = call.tx.get(Rate, bucket.name, prefix, reads)
    if rate is not None and rate.request == call.request_id:
        return
    calls = rate.calls + 1 if rate is not None and rate.second == second else 1
    if calls > (READS_PER_SECOND if reads else WRITES_PER_SECOND):
        raise ServiceError("SlowDown", "Please reduce your request rate.", status=503, fault="server")
    call.tx.put(
        Rate(
            bucket=bucket.name, prefix=prefix, reads=reads, second=second, calls=calls, request=call.request_id
        )
    )  # fmt: skip
