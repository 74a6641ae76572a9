"""botocore on the other end: its serializer writes what our codecs read, its parser reads what they write."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any
from urllib.parse import quote, unquote, urlencode

import botocore.parsers
import botocore.serialize
import botocore.session
from botocore.awsrequest import HeadersDict
from botocore.model import OperationModel, ServiceModel
from botocore.utils import percent_encode_sequence

from haar.catalog import models
from haar.errors import ServiceError
from haar.wire.http import HttpReply, HttpRequest
from tests.wire.shapes_random import random_value, seconds

#: Members that an answer has even when the operation does not give them: its status and the type of its body.
BY_DEFAULT = frozenset(("StatusCode", "Status", "contentType", "ContentType"))

__all__ = ["answer_read_by_botocore", "clients_model", "pruned", "refused", "request_of", "samples", "without_metadata"]


@cache
def clients_model(service: str) -> ServiceModel:
    """What botocore knows of a service."""
    return botocore.session.get_session().get_service_model(service)


def request_of(operation: OperationModel, value: dict[str, Any], protocol: str) -> tuple[HttpRequest, dict[str, str]]:
    """The request that botocore would send, and the labels that a router would find in its path."""
    made = botocore.serialize.create_serializer(protocol, include_validation=False).serialize_to_request(
        value, operation
    )
    body = made["body"]
    if isinstance(body, dict):
        body = urlencode(list(body.items()), quote_via=quote).encode()
    query = made["query_string"]
    if isinstance(query, dict):
        query = percent_encode_sequence(query)
    headers = {name.lower(): str(text) for name, text in made["headers"].items()}
    path, _, fixed = made["url_path"].partition("?")
    template = operation.http["requestUri"].partition("?")[0]
    http = HttpRequest(made["method"], path, "&".join(part for part in (fixed, query) if part), headers, body)
    return http, dict(_labels(template, path))


def _labels(template: str, path: str) -> Iterator[tuple[str, str]]:
    names = re.findall(r"\{([^}]+)\}", template)
    pieces = re.split(r"\{[^}]+\}", template)
    groups = ["(.+)" if name.endswith("+") else "([^/]+)" for name in names]
    found = re.fullmatch("".join(re.escape(p) + g for p, g in zip(pieces, [*groups, ""], strict=True)), path)
    assert found is not None, (template, path)
    for name, text in zip(names, found.groups(), strict=True):
        yield name.rstrip("+"), unquote(text)


def answer_read_by_botocore(operation: OperationModel, reply: HttpReply, protocol: str) -> dict[str, Any]:
    """What a botocore client makes of an answer, timestamps as seconds."""
    headers = HeadersDict()
    for name, text in reply.headers:
        headers[name] = text
    parser = botocore.parsers.create_parser(protocol)
    body: Any = _Stream(reply.body) if operation.has_streaming_output else reply.body
    parsed = parser.parse(
        {"headers": headers, "status_code": reply.status, "body": body, "context": {}}, operation.output_shape
    )
    opened = {name: value.content if isinstance(value, _Stream) else value for name, value in parsed.items()}
    return seconds(opened)  # type: ignore[no-any-return]


class _Stream:
    """A body that botocore hands to the caller unread."""

    def __init__(self, content: bytes) -> None:
        self.content = content


def without_metadata(parsed: dict[str, Any]) -> dict[str, Any]:
    """An answer without what botocore adds to it."""
    return {name: value for name, value in parsed.items() if name != "ResponseMetadata"}


def samples(operation: OperationModel, count: int, part: str, **more: Any) -> Iterator[dict[str, Any]]:
    """Some values of an operation's input or output, the same in every run."""
    shape = operation.input_shape if part == "input" else operation.output_shape
    for number in range(count):
        rng = random.Random(f"{operation.name}/{part}/{number}")
        yield {} if shape is None else random_value(shape, rng, **more)


def pruned(value: Any) -> Any:
    """A value without its empty parts, which forms and XML cannot tell from absent ones."""
    if isinstance(value, dict):
        inside = {name: pruned(item) for name, item in value.items()}
        return {name: item for name, item in inside.items() if item not in ({}, [], "", b"", None)}
    return [pruned(item) for item in value] if isinstance(value, list) else value


def requests_disagreeing(service: str, operation: str, protocol: str, make: Any, count: int = 3) -> list[Any]:
    """The (sent, read) pairs of random requests that our codec reads otherwise than botocore wrote them."""
    model = clients_model(service).operation_model(operation)
    codec = make(models.published(service), operation)
    found = []
    for sent in samples(model, count, "input"):
        read = codec.parse(*request_of(model, sent, protocol))
        if pruned(read) != pruned(seconds(sent)):
            found.append((seconds(sent), read))
    return found


def answers_disagreeing(service: str, operation: str, protocol: str, make: Any, count: int = 3) -> list[Any]:
    """The (written, read) pairs of random answers that botocore reads otherwise than our codec wrote them."""
    model = clients_model(service).operation_model(operation)
    codec = make(models.published(service), operation)
    found = []
    for sample in samples(model, count, "output", fraction=protocol == "ec2"):
        written = seconds(sample)
        read = without_metadata(answer_read_by_botocore(model, codec.render(written, "req-1"), protocol))
        said = {name: value for name, value in read.items() if name in written or name not in BY_DEFAULT}
        if pruned(said) != pruned(written):
            found.append((written, read))
    return found


def refused(read: Callable[[], Any]) -> str:
    """The code of the error that reading ends in, "" when it ends well; any other exception goes through."""
    try:
        read()
    except ServiceError as error:
        return error.code
    return ""
