"""AWS JSON 1.0 and 1.1 (docs: https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html).

A POST to `/` whose `X-Amz-Target` names the operation; body and answer are JSON. An error is a JSON object with
`__type`; services that used to speak the query protocol also send their old code in `x-amzn-query-error`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import orjson

from haar.errors import ServiceError
from haar.wire.faults import fault_of
from haar.wire.http import HttpReply, HttpRequest
from haar.wire.json_shapes import compile_parser, compile_renderer

if TYPE_CHECKING:
    from haar.catalog.models import ServiceModel
    from haar.wire.eventstream import RpcStream

__all__ = ["JsonCodec", "error_reply", "make", "query_error", "streams"]

#: The front that AWS's JSON 1.0 services share answers these itself, under its own namespace.
FRONT_ERRORS = frozenset(
    (
        "AccessDeniedException",
        "ExpiredTokenException",
        "IncompleteSignatureException",
        "InternalFailure",
        "InvalidSignatureException",
        "MissingAuthenticationTokenException",
        "SerializationException",
        "ServiceUnavailableException",
        "ThrottlingException",
        "UnknownOperationException",
        "UnrecognizedClientException",
        "ValidationException",
    )
)
#: Errors whose message that front writes with a capital M.
CAPITAL_MESSAGE = frozenset(("AccessDeniedException", "SerializationException"))
_FRONT = "com.amazon.coral.service"
#: The namespace JSON 1.0 services put before their own errors; botocore's models do not carry it.
_NAMESPACES = {
    "dynamodb": "com.amazonaws.dynamodb.v20120810",
    "dynamodbstreams": "com.amazonaws.dynamodb.v20120810",
    "sqs": "com.amazonaws.sqs",
}


def _nothing(value: Any) -> dict[str, Any]:
    """The request of an operation that takes none."""
    return {}


class JsonCodec:
    """Reads requests and writes answers of one operation."""

    __slots__ = ("content_type", "events_in", "events_out", "model", "operation", "parse_value", "render_value")

    def __init__(self, model: ServiceModel, operation: str) -> None:
        declared = model.operations[operation]
        self.model = model
        self.operation = operation
        self.content_type = f"application/x-amz-json-{model.metadata.get('jsonVersion', '1.0')}"
        self.events_in, self.events_out = streams(model, operation, "json")
        self.parse_value: Callable[[Any], Any] = _nothing
        self.render_value: Callable[[Any], Any] | None = None
        if "input" in declared:
            self.parse_value = compile_parser(model, declared["input"]["shape"])
        if "output" in declared:
            self.render_value = compile_renderer(model, declared["output"]["shape"])

    def parse(self, http: HttpRequest, labels: Mapping[str, str] | None = None) -> dict[str, Any]:
        """The typed request. Raises ServiceError SerializationException."""
        body, events = http.body, None
        if self.events_in is not None:
            body, events = self.events_in.read(bytes(body))
        try:
            value = self.parse_value(orjson.loads(body) if body else {})
        except ValueError:
            raise ServiceError("SerializationException", "", status=400) from None
        except RecursionError:
            raise ServiceError("SerializationException", "The request is nested too deeply", status=400) from None
        if self.events_in is not None:
            value[self.events_in.member] = events
        return value  # type: ignore[no-any-return]

    def render(self, reply: Mapping[str, Any] | None, request_id: str) -> HttpReply:
        """The answer; operations without an output answer an empty body."""
        render = self.render_value
        body = b"" if render is None else orjson.dumps(render(reply or {}), option=orjson.OPT_NON_STR_KEYS)
        stream = self.events_out
        if stream is not None:
            body = stream.write(self.content_type, body, (reply or {}).get(stream.member) or ())
            return HttpReply(200, [("x-amzn-RequestId", request_id), ("Content-Type", stream.CONTENT_TYPE)], body)
        return HttpReply(200, [("x-amzn-RequestId", request_id), ("Content-Type", self.content_type)], body)

    def render_error(self, error: ServiceError, request_id: str) -> HttpReply:
        """The answer to a request that failed."""
        return error_reply(self.model, error, request_id)


def error_reply(model: ServiceModel | None, error: ServiceError, request_id: str) -> HttpReply:
    """An error in AWS JSON; without a model in the plainest form."""
    fault = fault_of(model, error)
    version = str(model.metadata.get("jsonVersion", "1.0")) if model is not None else "1.1"
    name = fault.shape
    if version == "1.0" and model is not None:
        if not fault.modelled and name in FRONT_ERRORS:
            name = f"{_FRONT}#{name}"
        elif model.name in _NAMESPACES:
            name = f"{_NAMESPACES[model.name]}#{name}"
    body: dict[str, Any] = {"__type": name}
    spelled = fault.message_member or ("Message" if error.code in CAPITAL_MESSAGE else "message")
    if error.message:
        body[spelled] = error.message
    if error.members:
        if fault.modelled and model is not None:
            body.update(compile_renderer(model, fault.shape)(error.members))
        else:
            body.update(error.members)
    headers = [("x-amzn-RequestId", request_id), ("Content-Type", f"application/x-amz-json-{version}")]
    headers.extend(query_error(model, error.query_code or fault.code, fault.is_sender))
    headers.extend(error.headers.items())
    return HttpReply(fault.status, headers, orjson.dumps(body, default=str))


def query_error(model: ServiceModel | None, code: str, is_sender: bool) -> list[tuple[str, str]]:
    """The header that tells a client of a formerly query service the code it used to know."""
    if model is None or "awsQueryCompatible" not in model.metadata:
        return []
    return [("x-amzn-query-error", f"{code};{'Sender' if is_sender else 'Receiver'}")]


def streams(model: ServiceModel, operation: str, form: str) -> tuple[RpcStream | None, RpcStream | None]:
    """How an operation's request and its reply stream events; nearly always not at all."""
    declared = model.operations[operation]
    return _stream(model, declared.get("input"), form), _stream(model, declared.get("output"), form)


def _stream(model: ServiceModel, reference: Mapping[str, Any] | None, form: str) -> RpcStream | None:
    members = model.shapes[reference["shape"]].get("members", {}) if reference else {}
    for name, member in members.items():
        if model.shapes[member["shape"]].get("eventstream"):
            from haar.wire.eventstream import EventShapes, RpcStream  # few operations stream events

            return RpcStream(name, EventShapes(model, member["shape"], form))
    return None


def make(model: ServiceModel, operation: str) -> JsonCodec:
    """The codec of one operation."""
    return JsonCodec(model, operation)
