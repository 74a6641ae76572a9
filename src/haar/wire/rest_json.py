"""The rest-json protocol: the URI says what, the body is JSON (Lambda, API Gateway, ...).

https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NoReturn

import orjson

from haar.errors import ServiceError
from haar.wire import rest
from haar.wire.faults import Fault, fault_of
from haar.wire.http import HttpReply, HttpRequest
from haar.wire.json_shapes import compile_parser, compile_renderer

if TYPE_CHECKING:
    from haar.catalog.models import ServiceModel
    from haar.wire.eventstream import EventShapes

__all__ = ["RestJsonCodec", "make"]

_JSON = ("Content-Type", "application/json")
_EVENTS = ("Content-Type", "application/vnd.amazon.eventstream")


def _unreadable(text: str, wanted: str) -> NoReturn:
    article = "an" if wanted[0] in "AEIOU" else "a"
    raise ServiceError(
        "SerializationException", f"{text} can not be converted to {article} {wanted}", status=400, fault="sender"
    )


def _load(body: bytes) -> Any:
    if not body:
        return {}
    try:
        return orjson.loads(body)
    except ValueError:
        raise ServiceError("SerializationException", "", status=400, fault="sender") from None


class RestJsonCodec:
    """Reads and writes one operation of a rest-json service."""

    __slots__ = (
        "_bind",
        "_events_in",
        "_events_out",
        "_failures",
        "_in",
        "_model",
        "_out",
        "_out_headers",
        "_parse",
        "_render",
        "_says_side",
        "_status",
    )

    def __init__(self, model: ServiceModel, operation: str) -> None:
        declared = model.operations[operation]
        self._model = model
        self._status = int(declared["http"].get("responseCode", 200))
        self._in: rest.Layout | None = None
        self._out: rest.Layout | None = None
        self._parse: Callable[[Any], Any] | None = None
        self._render: Callable[[Any], Any] | None = None
        self._events_in: EventShapes | None = None
        self._events_out: EventShapes | None = None
        self._failures: dict[str, tuple[Callable[[Any], Any], Callable[[Any, Any], None]]] = {}
        # every error of such a service (Glacier) has a code and a type: whose fault it is
        self._says_side = any(
            shape.get("exception") and shape.get("members", {}).keys() >= {"code", "type"}
            for shape in model.shapes.values()
        )
        if "input" in declared:
            shape = declared["input"]["shape"]
            self._in = rest.layout(model, shape)
            self._bind = rest.bind_request(model, operation, _unreadable)
            if self._in.payload_kind == "eventstream":
                self._events_in = _events(model, self._in.payload_traits["shape"])
            elif not self._in.payload:
                self._parse = compile_parser(model, shape) if self._in.body else None
            elif self._in.payload_kind not in ("blob", "string"):
                self._parse = compile_parser(model, self._in.payload_traits["shape"])
        if "output" in declared:
            shape = declared["output"]["shape"]
            self._out = rest.layout(model, shape)
            self._out_headers = rest.bind_reply(model, shape) if self._out.has_bindings else None
            if self._out.payload_kind == "eventstream":
                self._events_out = _events(model, self._out.payload_traits["shape"])
            elif not self._out.payload:
                self._render = compile_renderer(model, shape)
            elif self._out.payload_kind not in ("blob", "string"):
                self._render = compile_renderer(model, self._out.payload_traits["shape"])

    def parse(self, http: HttpRequest, labels: Mapping[str, str] | None = None) -> dict[str, Any]:
        """The request; `labels` are the decoded parts of the path. Raises ServiceError SerializationException."""
        place = self._in
        if place is None:
            return {}
        request: dict[str, Any] = {}
        body = http.body
        payload = place.payload
        if not payload:
            if self._parse is not None:
                request = self._checked(_load(body))
        elif place.payload_kind == "blob":
            if body:
                request[payload] = body
        elif place.payload_kind == "string":
            if body:
                request[payload] = _text(body)
        elif self._events_in is not None:
            request[payload] = self._events_in.read(body)
        elif body:
            value = _load(body)
            if value is not None:
                request[payload] = self._checked(value)
        if place.has_bindings:
            self._bind(http, labels or {}, request)
        return request

    def _checked(self, value: Any) -> Any:
        assert self._parse is not None
        try:
            return self._parse(value)
        except RecursionError:
            raise ServiceError("SerializationException", "The request is nested too deeply", status=400) from None

    def render(self, reply: Mapping[str, Any] | None, request_id: str) -> HttpReply:
        """The answer to a request."""
        headers = [("x-amzn-RequestId", request_id)]
        place = self._out
        if place is None:
            return HttpReply(self._status, headers, b"")
        reply = reply or {}
        status = self._status
        if place.status_member:
            status = int(reply.get(place.status_member) or status)
        if self._out_headers is not None:
            self._out_headers(reply, headers)
        if rest.STATUS in reply:
            status = int(reply[rest.STATUS])
        if rest.HEADERS in reply:
            headers.extend(reply[rest.HEADERS])
        payload = place.payload
        body: Any = b""
        if not payload:
            assert self._render is not None
            if status != 204 and status != 304:
                body = orjson.dumps(self._render(reply))
                _default(headers, _JSON)
        elif place.payload_kind in ("blob", "string"):
            body = reply.get(payload, b"")
            if type(body) is str:
                body = body.encode()
            if body:
                _default(
                    headers,
                    ("Content-Type", "application/octet-stream" if place.payload_kind == "blob" else "text/plain"),
                )
        elif self._events_out is not None:
            body = self._events_out.stream(reply.get(payload) or ())
            _default(headers, _EVENTS)
        else:
            assert self._render is not None
            value = reply.get(payload)
            if value is not None:
                body = orjson.dumps(self._render(value))
                _default(headers, _JSON)
        return HttpReply(status, headers, body)

    def render_error(self, error: ServiceError, request_id: str) -> HttpReply:
        """The answer to a request that failed."""
        fault = fault_of(self._model, error)
        headers = [("x-amzn-RequestId", request_id), ("x-amzn-ErrorType", fault.shape), _JSON, *error.headers.items()]
        body: dict[str, Any] = {}
        if error.members:
            if fault.modelled:
                render, bind = self._failure(fault)
                bind(error.members, headers)
                body = render(error.members)
            else:
                body = dict(error.members)
        if error.message or fault.message_member:
            body[fault.message_member or "message"] = error.message
        if self._says_side:
            body = {"code": fault.shape, "type": "Client" if fault.is_sender else "Server", **body}
        return HttpReply(fault.status, headers, orjson.dumps(body))

    def _failure(self, fault: Fault) -> tuple[Callable[[Any], Any], Callable[[Any, Any], None]]:
        if fault.shape not in self._failures:
            self._failures[fault.shape] = (
                compile_renderer(self._model, fault.shape),
                rest.bind_reply(self._model, fault.shape),
            )
        return self._failures[fault.shape]


def _default(headers: list[tuple[str, str]], header: tuple[str, str]) -> None:
    """Add a header unless the operation has set it."""
    lower = header[0].lower()
    for name, _ in headers:
        if name.lower() == lower:
            return
    headers.append(header)


def _text(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError:
        raise ServiceError(
            "SerializationException", "The body is not valid UTF-8", status=400, fault="sender"
        ) from None


def _events(model: ServiceModel, shape: str) -> EventShapes:
    from haar.wire.eventstream import EventShapes  # few operations stream events

    return EventShapes(model, shape, "json")


def make(model: ServiceModel, operation: str) -> RestJsonCodec:
    """The codec of an operation."""
    return RestJsonCodec(model, operation)
