"""Event streams against botocore's own decoder and parsers."""

from __future__ import annotations

import random
import uuid
from typing import Any

import botocore.eventstream
import botocore.parsers
import pytest

from haar.catalog.models import model
from haar.errors import ServiceError
from haar.wire.eventstream import Byte, Decoder, EventShapes, Int, Long, Message, Millis, Short, encode
from tests.wire.both_ways import clients_model, refused
from tests.wire.shapes_random import random_value, seconds

SPECIFICATION = "https://smithy.io/2.0/aws/amazon-eventstream.html"
HEADERS = {
    "yes": True,
    "no": False,
    "byte": Byte(-3),
    "short": Short(-300),
    "int": Int(70000),
    "long": Long(-(1 << 40)),
    "bytes": b"\x00\x01",
    "text": "ümlaut",
    "instant": Millis(1_790_000_000_123),
    "uuid": uuid.UUID(int=5),
}
STREAMS = [
    ("s3", "SelectObjectContentEventStream", "xml", "rest-xml"),
    ("lambda", "InvokeWithResponseStreamResponseEvent", "json", "rest-json"),
    ("bedrock-agent-runtime", "FlowResponseStream", "json", "rest-json"),
    ("kinesis", "SubscribeToShardEventStream", "json", "json"),
    ("logs", "StartLiveTailResponseStream", "json", "json"),
]
EVENTS = [(*stream, name) for stream in STREAMS for name in clients_model(stream[0]).shape_for(stream[1]).members]


def decoded_by_botocore(data: bytes) -> list[Any]:
    buffer = botocore.eventstream.EventStreamBuffer()
    buffer.add_data(data)
    return list(buffer)


@pytest.mark.documented(SPECIFICATION)
def test_a_message_with_every_type_of_header_is_understood_by_botocore() -> None:
    (event,) = decoded_by_botocore(encode(HEADERS, b"payload"))
    expected = {**HEADERS, "uuid": HEADERS["uuid"].bytes}  # type: ignore[attr-defined]
    assert (event.headers, event.payload) == (expected, b"payload")


@pytest.mark.documented(SPECIFICATION)
def test_a_message_read_again_keeps_its_headers_and_their_types() -> None:
    (message,) = Decoder().feed(encode(HEADERS, b"payload"))
    assert message == Message(HEADERS, b"payload")
    assert [type(value) for value in message.headers.values()] == [type(value) for value in HEADERS.values()]


@pytest.mark.documented(SPECIFICATION)
def test_messages_may_come_in_any_pieces() -> None:
    decoder = Decoder()
    data = encode({"a": 1}, b"x") + encode({}, b"")
    messages = [message for at in range(len(data)) for message in decoder.feed(data[at : at + 1])]
    assert (messages, decoder.is_idle) == ([Message({"a": 1}, b"x"), Message({}, b"")], True)


@pytest.mark.documented(SPECIFICATION)
@pytest.mark.parametrize("at", range(0, 40, 3))
def test_a_damaged_byte_is_noticed(at: int) -> None:
    data = bytearray(encode({"name": "text"}, b"some payload"))
    data[at] ^= 0x40
    with pytest.raises(ValueError, match=r"checksum|lengths"):
        Decoder().feed(bytes(data))


@pytest.mark.ours
def test_a_header_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="does not fit"):
        encode({"a": Byte(1000)})


@pytest.mark.documented(SPECIFICATION)
@pytest.mark.parametrize(("service", "stream", "form", "protocol", "event"), EVENTS)
def test_an_event_is_understood_by_botocore(service: str, stream: str, form: str, protocol: str, event: str) -> None:
    shape = clients_model(service).shape_for(stream)
    value = seconds(random_value(shape.members[event], random.Random(event)))
    (seen,) = decoded_by_botocore(EventShapes(model(service), stream, form).message({event: value}))
    parser = botocore.parsers.create_parser(protocol)._event_stream_parser
    parsed = seconds(parser.parse(seen.to_response_dict(), shape))
    is_exception = bool(shape.members[event].metadata.get("exception"))
    said = parsed["Error"]["Code"] if is_exception else parsed[event]
    assert said == (event if is_exception else value)


@pytest.mark.documented(SPECIFICATION)
@pytest.mark.parametrize(("service", "stream", "form", "protocol", "event"), EVENTS)
def test_an_event_read_again_is_the_same(service: str, stream: str, form: str, protocol: str, event: str) -> None:
    shape = clients_model(service).shape_for(stream)
    value = seconds(random_value(shape.members[event], random.Random(event)))
    events = EventShapes(model(service), stream, form)
    assert events.read(events.write([{event: value}])) == [{event: value}]


@pytest.mark.documented(SPECIFICATION)
def test_an_error_outside_the_model_is_an_error_message() -> None:
    (seen,) = decoded_by_botocore(
        EventShapes(model("s3"), "SelectObjectContentEventStream", "xml").failure(ServiceError("InternalError", "oh"))
    )
    assert seen.headers == {":message-type": "error", ":error-code": "InternalError", ":error-message": "oh"}


@pytest.mark.ours
@pytest.mark.parametrize("seed", range(10))
def test_garbage_is_refused_and_nothing_else_happens(seed: int) -> None:
    rng = random.Random(seed)
    events = EventShapes(model("lambda"), "InvokeWithResponseStreamResponseEvent", "json")
    whole = events.write([{"PayloadChunk": {"Payload": b"x"}}, {"InvokeComplete": {"ErrorCode": "e"}}])
    for _ in range(300):
        body = bytearray(whole[: rng.randint(0, len(whole))])
        body += rng.randbytes(rng.randint(0, 8))
        assert refused(lambda: events.read(bytes(body))) in ("", "SerializationException")  # noqa: B023
