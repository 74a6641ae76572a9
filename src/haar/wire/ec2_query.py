"""The EC2 query protocol: like the query protocol, with other names, flat lists and other errors.

https://smithy.io/2.0/aws/protocols/aws-ec2-query-protocol.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NoReturn

from haar.errors import ServiceError
from haar.wire import text as texts
from haar.wire.faults import fault_of
from haar.wire.forms import tree_of
from haar.wire.http import HttpReply, HttpRequest
from haar.wire.query import Spelling, compile_form, entries
from haar.wire.xml_shapes import Dialect, escape, namespace_of, renderer

if TYPE_CHECKING:
    from haar.catalog.models import ServiceModel

__all__ = ["Ec2Codec", "make"]

_DIALECT = Dialect(item="item", name="ec2")
_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
_CONTENT_TYPE = ("Content-Type", "text/xml;charset=UTF-8")


def _member(traits: Mapping[str, Any], name: str) -> str:
    if "queryName" in traits:
        return str(traits["queryName"])
    named = str(traits.get("locationName", name))
    return named[0].upper() + named[1:] if "locationName" in traits else named


SPELLING = Spelling("ec2", _member, always_flat=True)


def _unreadable(text: str, wanted: str) -> NoReturn:
    raise ServiceError(
        "InvalidParameterValue", f"Invalid value '{text}'. Expected a value of type {wanted}.", status=400
    )


class Ec2Codec:
    """Reads and writes one operation of EC2."""

    __slots__ = ("_head", "_model", "_parse", "_render", "_tail")

    def __init__(self, model: ServiceModel, operation: str) -> None:
        declared = model.operations[operation]
        readers: dict[str, Callable[..., Any]] = {**texts.readers(_unreadable), "pairs": entries}
        self._model = model
        self._parse: Callable[[dict[str, Any]], dict[str, Any]] | None = None
        self._render: Callable[[Mapping[str, Any]], str] | None = None
        if "input" in declared:
            self._parse = compile_form(model, declared["input"]["shape"], SPELLING, readers)
        if "output" in declared:
            self._render = renderer(model, declared["output"]["shape"], _DIALECT)
        self._head = f'{_DECLARATION}<{operation}Response xmlns="{namespace_of(model)}"><requestId>'
        self._tail = f"</{operation}Response>"

    def parse(self, http: HttpRequest, labels: Mapping[str, str] | None = None) -> dict[str, Any]:
        """The request of a form. Raises ServiceError InvalidParameterValue or MalformedInput."""
        if self._parse is None:
            return {}
        return self._parse(tree_of(http))

    def render(self, reply: Mapping[str, Any] | None, request_id: str) -> HttpReply:
        """The answer to a request; an operation without output says `<return>true</return>`."""
        inside = self._render(reply or {}) if self._render is not None else "<return>true</return>"
        body = f"{self._head}{request_id}</requestId>{inside}{self._tail}"
        return HttpReply(200, [("x-amzn-RequestId", request_id), _CONTENT_TYPE], body.encode("utf-8", "replace"))

    def render_error(self, error: ServiceError, request_id: str) -> HttpReply:
        """The answer to a request that failed."""
        fault = fault_of(self._model, error)
        body = (
            f"{_DECLARATION}<Response><Errors><Error><Code>{escape(fault.code)}</Code>"
            f"<Message>{escape(error.message)}</Message></Error></Errors>"
            f"<RequestID>{request_id}</RequestID></Response>"
        )
        headers = [("x-amzn-RequestId", request_id), _CONTENT_TYPE, *error.headers.items()]
        return HttpReply(fault.status, headers, body.encode("utf-8", "replace"))


def make(model: ServiceModel, operation: str) -> Ec2Codec:
    """The codec of an operation."""
    return Ec2Codec(model, operation)
