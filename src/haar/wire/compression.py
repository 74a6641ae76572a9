"""Request bodies that the client made smaller: the `requestCompression` trait, whose one encoding is gzip.

SDKs compress larger bodies of the operations that say they understand it (CloudWatch's PutMetricData), before they
sign. The signature is therefore checked on the body as it came, and only the codec looks inside.
https://smithy.io/2.0/spec/behavior-traits.html#requestcompression-trait
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from typing import Any

from haar.errors import ServiceError
from haar.wire.http import HttpRequest

__all__ = ["MAGIC", "OPENED_BYTES_MAX", "opened", "opening"]

#: How a gzip file begins.
MAGIC = b"\x1f\x8b"
#: A body is never opened to more than this: a few bytes of gzip can stand for gigabytes.
OPENED_BYTES_MAX = 16 * 1024 * 1024

_GZIP = 16 + zlib.MAX_WBITS
Parse = Callable[..., dict[str, Any]]


def opened(body: bytes) -> bytes:
    """What a gzip body holds. Raises ServiceError SerializationException for a damaged or an enormous one."""
    unpack = zlib.decompressobj(_GZIP)
    try:
        found = unpack.decompress(body, OPENED_BYTES_MAX)
    except zlib.error:
        raise _unreadable("The body is not what its Content-Encoding says") from None
    if unpack.unconsumed_tail:
        raise _unreadable("The body is too large")
    if not unpack.eof or unpack.unused_data:
        raise _unreadable("The body is not what its Content-Encoding says")
    return found


def opening(parse: Parse) -> Parse:
    """A codec's `parse` that also takes compressed bodies. The request itself stays as it came."""

    def parse_opened(http: HttpRequest, labels: Mapping[str, str] | None = None) -> dict[str, Any]:
        if http.headers.get("content-encoding", "").lower() == "gzip":
            body = opened(bytes(http.body))
            http = HttpRequest(http.method, http.path, http.query, http.headers, body, http.client, http.scheme)
        return parse(http, labels)

    return parse_opened


def _unreadable(why: str) -> ServiceError:
    return ServiceError("SerializationException", why, status=400, fault="sender")
