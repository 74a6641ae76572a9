"""Whole requests and replies that are event streams, through the codecs of the protocols that carry them.

botocore reads what our codecs write. It sends no event streams itself, so what our codecs read is put together from
messages that botocore's decoder has understood.
"""

from __future__ import annotations

import random
from typing import Any

import botocore.eventstream
import botocore.parsers
import pytest
from botocore.awsrequest import HeadersDict

from haar.catalog.models import ServiceModel, model
from haar.wire import cbor
from haar.wire.codec import codec
from haar.wire.eventstream import EventShapes, encode
from haar.wire.http import HttpRequest
from tests.wire.both_ways import clients_model, pruned, refused, without_metadata
from tests.wire.shapes_random import random_value, seconds

SPECIFICATION = "https://smithy.io/2.0/aws/amazon-eventstream.html"
CONTENT_TYPE = "application/vnd.amazon.eventstream"
ANSWERS = [
    ("kinesis", "SubscribeToShard", "json"),
    ("kinesis", "SubscribeToShard", "smithy-rpc-v2-cbor"),
    ("logs", "StartLiveTail", "json"),
    ("logs", "StartLiveTail", "smithy-rpc-v2-cbor"),
    ("lambda", "InvokeWithResponseStream", "rest-json"),
    ("bedrock-runtime", "ConverseStream", "rest-json"),
    ("sagemaker-runtime", "InvokeEndpointWithResponseStream", "rest-json"),
    ("s3", "SelectObjectContent", "rest-xml"),
]
REQUESTS = [
    ("lexv2-runtime", "StartConversation"),
    ("qbusiness", "Chat"),
    ("polly", "StartSpeechSynthesisStream"),
    ("bedrock-runtime", "InvokeModelWithBidirectionalStream"),
]


class Body:
    """What botocore reads an event stream from."""

    def __init__(self, content: bytes) -> None:
        self.content = content

    def stream(self) -> Any:
        yield from (self.content[at : at + 7] for at in range(0, len(self.content), 7))


def events_of(stream: Any, seed: str) -> list[dict[str, Any]]:
    """One random event of every kind that is not an exception; botocore raises those."""
    rng = random.Random(seed)
    kinds = [(name, shape) for name, shape in stream.members.items() if not shape.metadata.get("exception")]
    return [{name: seconds(random_value(shape, rng))} for name, shape in kinds]


def reply_of(service: str, operation: str, protocol: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """A random reply of ours, and what botocore makes of its bytes."""
    declared = clients_model(service).operation_model(operation)
    shape = declared.output_shape
    member = shape.event_stream_name
    rng = random.Random(operation)
    others = {name: random_value(inner, rng) for name, inner in shape.members.items() if name != member}
    written = {**seconds(others), member: events_of(shape.members[member], operation)}
    reply = codec(model(service), operation, protocol).render(written, "req-1")
    headers = HeadersDict()
    for name, text in reply.headers:
        headers[name] = text
    response = {"headers": headers, "status_code": reply.status, "body": Body(reply.body), "context": {}}
    read = without_metadata(botocore.parsers.create_parser(protocol).parse(response, shape))
    read[member] = list(read[member])
    return written, seconds(read)


@pytest.mark.documented(SPECIFICATION)
@pytest.mark.parametrize(("service", "operation", "protocol"), ANSWERS)
def test_an_answer_that_streams_events_is_understood_by_botocore(service: str, operation: str, protocol: str) -> None:
    written, read = reply_of(service, operation, protocol)
    # botocore adds a content type that the answer carries
    assert {name: read[name] for name in written} == written


@pytest.mark.documented(SPECIFICATION)
@pytest.mark.parametrize(("service", "operation", "protocol"), ANSWERS)
def test_an_answer_that_streams_events_says_so(service: str, operation: str, protocol: str) -> None:
    reply = codec(model(service), operation, protocol).render({}, "req-1")
    headers = {name.lower(): text for name, text in reply.headers}
    assert headers["content-type"] == CONTENT_TYPE


@pytest.mark.documented(SPECIFICATION)
@pytest.mark.parametrize(("service", "operation"), REQUESTS)
def test_the_events_of_a_request_are_read(service: str, operation: str) -> None:
    shape = clients_model(service).operation_model(operation).input_shape
    sent = events_of(shape.members[shape.event_stream_name], operation)
    body = EventShapes(model(service), shape.members[shape.event_stream_name].name, "json").write(sent)
    buffer = botocore.eventstream.EventStreamBuffer()
    buffer.add_data(body)
    assert len(list(buffer)) == len(sent)
    request = codec(model(service), operation, "rest-json").parse(HttpRequest("POST", "/", "", {}, body), {})
    assert request[shape.event_stream_name] == sent


def turned_around(service: str, operation: str) -> ServiceModel:
    """A model whose operation takes what it really answers: no RPC operation of AWS takes a stream of events yet."""
    real = model(service)
    declared = real.operations[operation]
    operations = {**real.operations, operation: {**declared, "input": declared["output"]}}
    return ServiceModel(
        f"{service}-turned", real.stamp, real.metadata, operations, real.shapes, real.paginators, real.snake
    )


@pytest.mark.documented(SPECIFICATION)
@pytest.mark.parametrize("protocol", ["json", "smithy-rpc-v2-cbor"])
def test_an_rpc_request_begins_with_its_other_members(protocol: str) -> None:
    form = "json" if protocol == "json" else "cbor"
    turned = turned_around("logs", "GetLogObject")
    stream = clients_model("logs").operation_model("GetLogObject").output_shape.members["fieldStream"]
    sent = events_of(stream, protocol)
    first = b"{}" if protocol == "json" else cbor.encode({})
    head = {":message-type": "event", ":event-type": "initial-request"}
    body = encode(head, first) + EventShapes(turned, stream.name, form).write(sent)
    request = codec(turned, "GetLogObject", protocol).parse(HttpRequest("POST", "/", "", {}, body), {})
    assert pruned(request) == pruned({"fieldStream": sent})


@pytest.mark.documented(SPECIFICATION)
def test_a_request_whose_events_are_signed_one_by_one_is_opened() -> None:
    shape = clients_model("qbusiness").operation_model("Chat").input_shape.members["inputStream"]
    sent = events_of(shape, "signed")
    events = EventShapes(model("qbusiness"), shape.name, "json")
    body = b"".join(encode({":date": 1, ":chunk-signature": b"s"}, events.message(event)) for event in sent)
    request = codec(model("qbusiness"), "Chat", "rest-json").parse(HttpRequest("POST", "/", "", {}, body), {})
    assert request["inputStream"] == sent


@pytest.mark.ours
@pytest.mark.parametrize("protocol", ["json", "smithy-rpc-v2-cbor"])
def test_a_request_that_is_no_stream_is_refused(protocol: str) -> None:
    asked = codec(turned_around("logs", "GetLogObject"), "GetLogObject", protocol)
    assert refused(lambda: asked.parse(HttpRequest("POST", "/", "", {}, b'{"a": 1}'), {})) == "SerializationException"
