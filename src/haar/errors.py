"""The one error family.

* `ServiceError`: an answer that AWS's own client understands: a code, a message, an HTTP status.
* `Refused`: Haar's own no, for what is not built yet (`NotImplemented`).
* `StoreFull`, `Conflict`: what a store can say; the gateway turns the first into an answer and runs the second again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class HaarError(Exception):
    """The base of everything Haar raises on purpose."""


class ServiceError(HaarError):
    """A modelled answer to a request that cannot be served.

    `code` is AWS's error code (for query services with a renamed wire code, the code of the wire).
    `members` are further members of the modelled error shape. `status` is 0 where the model decides.
    """

    def __init__(
        self,
        code: str,
        message: str = "",
        *,
        status: int = 0,
        fault: str = "",
        members: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        query_code: str = "",
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.fault = fault
        self.members: Mapping[str, Any] = members or {}
        self.headers: Mapping[str, str] = headers or {}
        #: the code for clients of a query-compatible JSON service, where it differs
        self.query_code = query_code


class Refused(ServiceError):
    """An operation Haar has not built. It says so and never pretends."""

    def __init__(self, service: str, operation: str, why: str = "") -> None:
        what = f"{service}:{operation}" if operation else service
        detail = f" {why}" if why else ""
        message = f"Haar has not built {what} yet.{detail} See docs/coverage.md for what works."
        super().__init__("NotImplemented", message, status=501, fault="server")


class Conflict(HaarError):
    """Another transaction changed what this one read; run the operation again."""


class StoreFull(HaarError):
    """The disk (or the store's own limit) is full; the transaction was rolled back whole."""
