"""Which bytes of an object a request wants.

| `Range` of an object of 10 bytes | start, length |
|---|---|
| `bytes=2-4` | 2, 3 |
| `bytes=2-`, `bytes=2-99` | 2, 8 |
| `bytes=-3` | 7, 3 |
| `bytes=10-`, `bytes=-0` | nothing of it is there |
| several ranges, another unit, no range at all | None: S3 does not look at it |

Source: Amazon S3 API Reference, API_GetObject.html; RFC 9110, section 14.
"""

from __future__ import annotations

import re
from typing import Final

__all__ = ["content_range", "span"]

_ONE: Final = re.compile(r"\s*bytes\s*=\s*([0-9]*)\s*-\s*([0-9]*)\s*", re.ASCII)


def span(header: str, size: int) -> tuple[int, int] | None:
    """Start and length in bytes; a length of 0 when nothing of the range is there, None when there is no one range."""
    match = _ONE.fullmatch(header)
    if match is None:
        return None
    first, last = match[1], match[2]
    if not first:
        if not last:
            return None
        length = min(int(last), size)
        return size - length, length
    start = int(first)
    if not last:
        return start, max(size - start, 0)
    end = int(last)
    if end < start:
        return None
    return start, max(min(end + 1, size) - start, 0)


def content_range(start: int, length: int, size: int) -> str:
    """The Content-Range of an answer with these bytes."""
    return f"bytes {start}-{start + length - 1}/{size}"
