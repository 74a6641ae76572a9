"""Whether a request may come from a web page: on loopback everybody's keys are well known, to web pages too.

A page can sign in its own script with `test`/`test` and put the signature into the address of a plain form or image,
which the browser sends to this machine without asking. What gives it away:

| sign | set by |
|---|---|
| `Origin` | the browser, for every request that could change something |
| `Sec-Fetch-Site` other than `none` | the browser, for every request of a page |
| `Host` is no name of this machine and none of AWS | a page whose own name was made to lead here (DNS rebinding) |

Source: Fetch standard, "forbidden request-header": a page can neither set nor remove these.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

from haar.config import LOOPBACK

if TYPE_CHECKING:
    from haar.config import Config

__all__ = ["may_come_from_one"]

#: Names that nobody but their owners can make lead to this machine.
_OWN = (
    ".localhost", ".localhost.localstack.cloud", ".amazonaws.com", ".amazonaws.com.cn", ".api.aws",
)  # fmt: skip
_LOOPBACK_ADDRESS = re.compile(r"127(\.\d{1,3}){3}", re.ASCII)


def may_come_from_one(headers: Mapping[str, str], config: Config) -> bool:
    """Whether a request has a sign of a web page. `headers` are by lower-case name."""
    if "origin" in headers or ("sec-fetch-site" in headers and headers["sec-fetch-site"].lower() != "none"):
        return True
    host = headers.get("host", "")
    return len(host) > 255 or not _is_ours(host, config.host)


@lru_cache(maxsize=1024)
def _is_ours(header: str, configured: str) -> bool:
    text = header.strip().lower()
    host = text[1:].partition("]")[0] if text.startswith("[") else text.partition(":")[0].rstrip(".")
    if host in LOOPBACK or host == configured.lower() or host.endswith(_OWN):
        return True
    # no public name is a single word: such names come from this machine's own list of hosts
    return ("." not in host and ":" not in host) or _LOOPBACK_ADDRESS.fullmatch(host) is not None
