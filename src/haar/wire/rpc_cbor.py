"""Smithy RPC v2 CBOR (docs: https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html).

A POST to `/service/<Service>/operation/<Operation>` with the header `smithy-protocol: rpc-v2-cbor`; body and answer
are CBOR. An operation without input or output has an empty body.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from haar.errors import ServiceError
from haar.wire import cbor
from haar.wire.aws_json import query_error, streams
from haar.wire.faults import fault_of
from haar.wire.http import HttpReply, HttpRequest
from haar.wire.json_shapes import compile_parser, compile_renderer

if TYPE_CHECKING:
    from haar.catalog.models import ServiceModel

__all__ = ["CborCodec", "error_reply", "make"]


def _headers(request_id: str, has_body: bool) -> list[tuple[str, str]]:
    headers = [("x-amzn-RequestId", request_id), ("smithy-protocol", "rpc-v2-cbor")]
    if has_body:
        headers.append(("Content-Type", "application/cbor"))
    return headers


class CborCodec:
    """Reads requests and writes answers of one operation."""

    __slots__ = ("events_in", "events_out", "model", "operation", "parse_value", "render_value")

    def __init__(self, model: ServiceModel, operation: str) -> None:
        declared = model.operations[operation]
        self.model = model
        self.operation = operation
        self.parse_value: Callable[[Any], Any] | None = None
        self.render_value: Callable[[Any], Any] | None = None
        self.events_in, self.events_out = streams(model, operation, "cbor")
        if "input" in declared:
            self.parse_value = compile_parser(model, declared["input"]["shape"], "cbor")
        if "output" in declared:
            self.render_value = compile_renderer(model, declared["output"]["shape"], "cbor")

    def parse(self, http: HttpRequest, labels: Mapping[str, str] | None = None) -> dict[str, Any]:
        """The typed request. Raises ServiceError SerializationException."""
        if self.parse_value is None:
            return {}
        body, events = bytes(http.body), None
        if self.events_in is not None:
            body, events = self.events_in.read(body)
        try:
            value = self.parse_value(cbor.decode(body) if body else {})
        except (ValueError, RecursionError):
            raise ServiceError("SerializationException", "", status=400) from None
        if self.events_in is not None:
            value[self.events_in.member] = events
        return value  # type: ignore[no-any-return]

    def render(self, reply: Mapping[str, Any] | None, request_id: str) -> HttpReply:
        """The answer."""
        if self.render_value is None:
            return HttpReply(200, _headers(request_id, False), b"")
        body = cbor.encode(self.render_value(reply or {}))
        stream = self.events_out
        if stream is not None:
            body = stream.write("application/cbor", body, (reply or {}).get(stream.member) or ())
            return HttpReply(200, [*_headers(request_id, False), ("Content-Type", stream.CONTENT_TYPE)], body)
        return HttpReply(200, _headers(request_id, True), body)

    def render_error(self, error: ServiceError, request_id: str) -> HttpReply:
        """The answer to a request that failed."""
        return error_reply(self.model, error, request_id)


def error_reply(model: ServiceModel | None, error: ServiceError, request_id: str) -> HttpReply:
    """An error in CBOR; without a model in the plainest form."""
    fault = fault_of(model, error)
    body: dict[str, Any] = {"__type": fault.shape}
    if error.message:
        body[fault.message_member or "message"] = error.message
    if error.members:
        if fault.modelled and model is not None:
            body.update(compile_renderer(model, fault.shape, "cbor")(error.members))
        else:
            body.update(error.members)
    headers = _headers(request_id, True)
    headers.extend(query_error(model, error.query_code or fault.code, fault.is_sender))
    headers.extend(error.headers.items())
    return HttpReply(fault.status, headers, cbor.encode(body))


def make(model: ServiceModel, operation: str) -> CborCodec:
    """The codec of one operation."""
    return CborCodec(model, operation)
