"""Finds the codec of an operation: what reads its requests and writes its answers in one protocol.

A codec is made at its first use and kept. The protocol modules are imported when a request first speaks them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from haar.errors import ServiceError
from haar.wire.http import HttpReply, HttpRequest
from haar.wire.validate import Validator

if TYPE_CHECKING:
    from haar.catalog.models import ServiceModel

__all__ = ["PROTOCOLS", "Codec", "codec", "render_bare_error"]

#: The protocols by the names botocore's models give them.
PROTOCOLS = ("json", "smithy-rpc-v2-cbor", "query", "ec2", "rest-json", "rest-xml")


class Spoken(Protocol):
    """What a protocol module's `make` returns."""

    def parse(self, http: HttpRequest, labels: Mapping[str, str]) -> dict[str, Any]: ...

    def render(self, reply: Mapping[str, Any], request_id: str) -> HttpReply: ...

    def render_error(self, error: ServiceError, request_id: str) -> HttpReply: ...


class Codec:
    """One operation in one protocol.

    `parse(http, labels)` -> typed request; `validate(request, code=..., enums=...)` raises ServiceError;
    `render(reply, request_id)` and `render_error(error, request_id)` -> HttpReply.
    """

    __slots__ = ("_validator", "model", "operation", "parse", "protocol", "render", "render_error", "streams")

    def __init__(self, model: ServiceModel, operation: str, protocol: str) -> None:
        spoken = _make(protocol)(model, operation)
        self.model = model
        self.operation = operation
        self.protocol = protocol
        self.parse = spoken.parse
        if "requestcompression" in model.operations[operation]:
            from haar.wire.compression import opening  # one operation of all has it

            self.parse = opening(spoken.parse)
        #: whether the request's body may be of any size and is given to the operation as something to read from
        self.streams = protocol in ("rest-json", "rest-xml") and _streams(model, operation)
        self.render = spoken.render
        self.render_error = spoken.render_error
        self._validator: Validator | None = None

    @property
    def validate(self) -> Validator:
        """The check of the model's constraints; compiled at its first use."""
        validator = self._validator
        if validator is None:
            validator = self._validator = Validator(self.model, self.operation, self.protocol)
        return validator


def _streams(model: ServiceModel, operation: str) -> bool:
    declared = model.operations[operation]
    shape = model.shapes[declared["input"]["shape"]] if "input" in declared else {}
    payload = shape.get("payload")
    if not payload:
        return False
    reference = shape["members"][payload]
    return bool(reference.get("streaming") or model.shapes[reference["shape"]].get("streaming"))


def _make(protocol: str) -> Callable[[ServiceModel, str], Spoken]:
    if protocol == "json":
        from haar.wire import aws_json

        return aws_json.make
    if protocol == "smithy-rpc-v2-cbor":
        from haar.wire import rpc_cbor

        return rpc_cbor.make
    if protocol == "query":
        from haar.wire import query

        return query.make
    if protocol == "ec2":
        from haar.wire import ec2_query

        return ec2_query.make
    if protocol == "rest-json":
        from haar.wire import rest_json

        return rest_json.make
    if protocol == "rest-xml":
        from haar.wire import rest_xml

        return rest_xml.make
    raise ValueError(f"no such protocol: {protocol}")


_codecs: dict[tuple[str, str, str], Codec] = {}


def codec(model: ServiceModel, operation: str, protocol: str) -> Codec:
    """The codec of an operation. KeyError for an operation the model does not have, ValueError for a protocol."""
    key = (model.name, operation, protocol)
    found = _codecs.get(key)
    if found is None or found.model is not model:
        found = _codecs[key] = Codec(model, operation, protocol)
    return found


def render_bare_error(protocol: str, error: ServiceError, request_id: str) -> HttpReply:
    """An error before anything is known but (perhaps) how the client speaks."""
    if protocol == "smithy-rpc-v2-cbor":
        from haar.wire import rpc_cbor

        return rpc_cbor.error_reply(None, error, request_id)
    if protocol in ("query", "ec2", "rest-xml"):
        return _bare_xml(protocol, error, request_id)
    from haar.wire import aws_json

    reply = aws_json.error_reply(None, error, request_id)
    if protocol == "rest-json":
        reply.headers = [
            ("x-amzn-RequestId", request_id),
            ("Content-Type", "application/json"),
            ("x-amzn-ErrorType", error.code),
            *error.headers.items(),
        ]
    return reply


_UNSAYABLE = re.compile(r"[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _text(value: str) -> str:
    """Text in XML: escaped, and without the characters XML cannot carry."""
    clean = _UNSAYABLE.sub("\ufffd", value)
    return clean.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _bare_xml(protocol: str, error: ServiceError, request_id: str) -> HttpReply:
    status = error.status or (500 if error.fault in ("server", "Receiver") else 400)
    code, message, request = _text(error.code), _text(error.message), _text(request_id)
    inner = f"<Code>{code}</Code><Message>{message}</Message>"
    head = '<?xml version="1.0" encoding="UTF-8"?>\n'
    headers = [("Content-Type", "text/xml")]
    if protocol == "ec2":
        text = f"{head}<Response><Errors><Error>{inner}</Error></Errors><RequestID>{request}</RequestID></Response>"
        headers.append(("x-amzn-RequestId", request_id))
    elif protocol == "rest-xml":
        text = f"{head}<Error>{inner}<RequestId>{request}</RequestId><HostId>{request}</HostId></Error>"
        headers = [("x-amz-request-id", request_id), ("x-amz-id-2", request_id), ("Content-Type", "application/xml")]
    else:
        side = "Sender" if status < 500 else "Receiver"
        error_text = f"<Error><Type>{side}</Type>{inner}</Error>"
        text = f"<ErrorResponse>{error_text}<RequestId>{request}</RequestId></ErrorResponse>"
        headers.append(("x-amzn-RequestId", request_id))
    headers.extend(error.headers.items())
    return HttpReply(status, headers, text.encode("utf-8"))
