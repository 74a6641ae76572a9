"""The rest-json protocol against botocore's own serializer and parser."""

from __future__ import annotations

import random

import botocore.parsers
import pytest

from haar.catalog.models import model
from haar.errors import ServiceError
from haar.wire import rest_json
from haar.wire.http import HttpRequest
from tests.wire.both_ways import answers_disagreeing, clients_model, refused, requests_disagreeing

SPECIFICATION = "https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html"
OPERATIONS = [
    (service, name)
    for service in ("lambda", "apigateway", "apigatewayv2", "polly", "scheduler", "efs", "lex-models")
    for name, operation in (
        (n, clients_model(service).operation_model(n)) for n in clients_model(service).operation_names
    )
    if not operation.has_event_stream_input and not operation.has_event_stream_output
]


@pytest.mark.documented(SPECIFICATION)
@pytest.mark.parametrize(("service", "operation"), OPERATIONS)
def test_a_request_written_by_botocore_is_read(service: str, operation: str) -> None:
    assert requests_disagreeing(service, operation, "rest-json", rest_json.make) == []


@pytest.mark.documented(SPECIFICATION)
@pytest.mark.parametrize(("service", "operation"), OPERATIONS)
def test_an_answer_is_understood_by_botocore(service: str, operation: str) -> None:
    assert answers_disagreeing(service, operation, "rest-json", rest_json.make) == []


@pytest.mark.documented("https://docs.aws.amazon.com/lambda/latest/api/API_GetFunction.html#API_GetFunction_Errors")
def test_an_error_names_itself_in_a_header_and_keeps_its_members() -> None:
    error = ServiceError("ResourceNotFoundException", "Function not found", members={"Type": "User"})
    reply = rest_json.make(model("lambda"), "GetFunction").render_error(error, "r-1")
    headers = {name.lower(): text for name, text in reply.headers}
    parsed = botocore.parsers.create_parser("rest-json").parse(
        {"headers": headers, "status_code": reply.status, "body": reply.body}, None
    )
    assert (reply.status, parsed["Error"]["Code"], parsed["Error"]["Message"]) == (
        404,
        "ResourceNotFoundException",
        "Function not found",
    )


@pytest.mark.documented("https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html")
def test_the_answer_of_an_invocation_is_its_payload() -> None:
    reply = rest_json.make(model("lambda"), "Invoke").render({"StatusCode": 202, "Payload": b"{}"}, "r")
    assert (reply.status, reply.body) == (202, b"{}")


@pytest.mark.ours
@pytest.mark.parametrize("body", [b"{", b"[]", b'{"MemorySize": "x"}', b'{"Environment": []}', b"\xff"])
def test_a_body_that_does_not_fit_is_a_serialization_exception(body: bytes) -> None:
    codec = rest_json.make(model("lambda"), "CreateFunction")
    with pytest.raises(ServiceError, match="SerializationException"):
        codec.parse(HttpRequest("POST", "/", "", {}, body), {})


@pytest.mark.ours
def test_text_in_the_query_string_that_does_not_fit_is_a_serialization_exception() -> None:
    codec = rest_json.make(model("lambda"), "ListFunctions")
    with pytest.raises(ServiceError, match="SerializationException"):
        codec.parse(HttpRequest("GET", "/", "MaxItems=x", {}, b""), {})


@pytest.mark.ours
@pytest.mark.parametrize("seed", range(10))
def test_garbage_is_refused_and_nothing_else_happens(seed: int) -> None:
    rng = random.Random(seed)
    pieces = [b"{", b"}", b'"Code"', b":", b",", b"1", b"null", b"[", b"]", b"\xff", b'"Environment"', b'"x"']
    codecs = [rest_json.make(model("lambda"), name) for name in ("CreateFunction", "Invoke", "ListFunctions")]
    for _ in range(300):
        body = b"".join(rng.choices(pieces, k=rng.randint(0, 20)))
        headers = {"x-amz-client-context": rng.choice(["", "=", "x"])}
        http = HttpRequest(
            "POST", "/", rng.choice(["", "MaxItems=x", "MaxItems=%ff", "&&=", "MaxItems"]), headers, body
        )
        for codec in codecs:
            code = refused(lambda: codec.parse(http, {"FunctionName": "f"}))  # noqa: B023
            assert code in ("", "SerializationException", "MalformedQueryString")
