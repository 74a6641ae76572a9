"""Haar's own API under `/_haar/`: what the `haar` command asks, and any program may.

Requests and replies are JSON. A refusal is `{"error": {"code", "message", "hint"}}` with the fitting HTTP status.
Who may ask stands in `haar.gateway.control_door`. `ENDPOINTS` is the whole list; the functions are imported when
they are first called, so that a cloud starts without them.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from haar.errors import HaarError, StoreFull
from haar.kit.wait import Wait
from haar.wire.http import HttpReply, HttpRequest

if TYPE_CHECKING:
    from haar.cloud import Cloud
    from haar.gateway.control_words import Asked

__all__ = ["ENDPOINTS", "PREFIX", "Endpoint", "Exchange"]

log = logging.getLogger("haar.gateway.control")

PREFIX = "/_haar/"


class Endpoint(NamedTuple):
    """One thing that can be asked: a method, a path under `/_haar/`, and the function that answers."""

    method: str
    path: str
    module: str
    name: str
    #: what follows the path, such as a request id; empty when nothing may
    rest: str = ""
    #: whether the rest may be left out
    optional: bool = False
    #: whether anybody may ask who can reach the cloud
    is_public: bool = False

    @property
    def function(self) -> Callable[[Asked], Any]:
        """The function: Asked -> a value that can be written as JSON. Its docstring is its page in the docs."""
        found: Callable[[Asked], Any] = getattr(import_module(f"haar.gateway.{self.module}"), self.name)
        return found


ENDPOINTS = (
    Endpoint("GET", "health", "control_state", "health"),
    Endpoint("GET", "clock", "control_time", "show"),
    Endpoint("POST", "clock", "control_time", "move"),
    Endpoint("POST", "reset", "control_state", "reset"),
    Endpoint("POST", "save", "control_state", "save"),
    Endpoint("POST", "load", "control_state", "load"),
    Endpoint("POST", "shutdown", "control_state", "shutdown"),
    Endpoint("GET", "explain", "control_record", "explain", rest="request-id"),
    Endpoint("GET", "logs", "control_record", "logs"),
    Endpoint("GET", "issuer", "control_issuer", "issuer", rest="issuer"),
    Endpoint("GET", "coverage", "control_coverage", "coverage", rest="service", optional=True),
    Endpoint("GET", "usage", "control_usage", "usage", rest="service"),
    Endpoint("GET", "outbox", "control_outbox", "outbox"),
    Endpoint("GET", "sns", "control_outbox", "certificate", rest="certificate", is_public=True),
)


class Exchange:
    """One control request. `run` may be called again after a Wait, as an API request's may."""

    __slots__ = ("cloud", "http", "started")

    def __init__(self, cloud: Cloud, http: HttpRequest) -> None:
        self.cloud = cloud
        self.http = http
        self.started = cloud.clock.now()

    def run(self) -> HttpReply:
        """The answer. Raises Wait when there is nothing to say yet; never anything else."""
        from haar.gateway.control_door import admit
        from haar.gateway.control_words import Asked, Problem

        try:
            if not _is_public(self.http):
                admit(self.cloud, self.http)
            endpoint, rest = _find(self.http)
            return _reply(200, endpoint.function(Asked(self.cloud, self.http, rest, self.started)))
        except Problem as problem:
            said = {"code": problem.code, "message": problem.message, "hint": problem.hint}
            return _reply(problem.status, {"error": said})
        except Wait:
            raise
        except HaarError as error:
            return _reply(500, {"error": {"code": type(error).__name__, "message": str(error), "hint": ""}})
        except Exception:
            log.exception("the control request %s %s failed", self.http.method, self.http.path)
            said = {"code": "InternalFailure", "message": "Haar failed at this.", "hint": "Its log has the details."}
            return _reply(500, {"error": said})

    def lost(self, error: StoreFull) -> HttpReply:
        """The answer when the store had no room for what was written together with this."""
        return _reply(500, {"error": {"code": "StoreFull", "message": str(error), "hint": "Free some disk."}})


def _is_public(http: HttpRequest) -> bool:
    head = http.path.removeprefix(PREFIX).partition("/")[0]
    return http.method in ("GET", "HEAD") and any(one.is_public and one.path == head for one in ENDPOINTS)


def _find(http: HttpRequest) -> tuple[Endpoint, str]:
    from haar.gateway.control_words import Problem

    method = "GET" if http.method == "HEAD" else http.method
    path = http.path.removeprefix(PREFIX).rstrip("/")
    head, _, rest = path.partition("/")
    there = [
        endpoint
        for endpoint in ENDPOINTS
        if endpoint.path == head and (bool(endpoint.rest) if rest else not endpoint.rest or endpoint.optional)
    ]
    for endpoint in there:
        if endpoint.method == method:
            return endpoint, rest
    if there:
        may = ", ".join(endpoint.method for endpoint in there)
        raise Problem(405, "MethodNotAllowed", f"{http.method} is not for {http.path}.", f"It answers to {may}.")
    every = ", ".join(sorted({endpoint.path for endpoint in ENDPOINTS}))
    raise Problem(404, "NotFound", f"There is nothing at {http.path}.", f"Under {PREFIX} there are: {every}.")


def _reply(status: int, value: Any) -> HttpReply:
    if isinstance(value, str):
        return HttpReply(status, [("content-type", "text/plain")], value.encode())
    return HttpReply(status, [("content-type", "application/json"), ("cache-control", "no-store")], orjson.dumps(value))
