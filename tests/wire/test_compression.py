"""Bodies that botocore compresses before it signs them."""

from __future__ import annotations

import gzip
from typing import Any

import botocore.session
import pytest
from botocore.serialize import create_serializer

from haar.catalog.models import model
from haar.errors import ServiceError
from haar.testing.client import as_http
from haar.wire.codec import codec
from haar.wire.compression import OPENED_BYTES_MAX, opened
from haar.wire.http import HttpRequest
from haar.wire.router import route

TRAIT = "https://smithy.io/2.0/spec/behavior-traits.html#requestcompression-trait"
METRICS = [{"MetricName": f"metric-{number}", "Value": float(number)} for number in range(400)]


def sent(protocol: str) -> HttpRequest:
    """PutMetricData with more than botocore's 10 KiB, as it goes over the wire."""
    client = botocore.session.get_session().create_client(
        "cloudwatch", region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
    )
    client._serializer = create_serializer(protocol, include_validation=False)
    client.meta.service_model.resolved_protocol = protocol
    caught: list[Any] = []

    def stop(request: Any, **_: Any) -> Any:
        caught.append(as_http(request, "127.0.0.1"))
        raise InterruptedError

    client.meta.events.register("before-send.*.*", stop)
    with pytest.raises(InterruptedError):
        client.put_metric_data(Namespace="n", MetricData=METRICS)
    http: HttpRequest = caught[0]
    return http


@pytest.mark.documented(TRAIT)
@pytest.mark.parametrize("protocol", ["json", "smithy-rpc-v2-cbor", "query"])
def test_a_body_that_botocore_compressed_is_routed_and_read(protocol: str) -> None:
    http = sent(protocol)
    assert http.headers["content-encoding"] == "gzip"
    routed = route(http)
    assert (routed.service, routed.operation) == ("cloudwatch", "PutMetricData")
    request = codec(model("cloudwatch"), "PutMetricData", routed.protocol).parse(http, {})
    assert (request["Namespace"], request["MetricData"]) == ("n", METRICS)


@pytest.mark.documented(TRAIT)
def test_the_request_keeps_the_body_that_was_signed() -> None:
    http = sent("json")
    before = http.body
    codec(model("cloudwatch"), "PutMetricData", "json").parse(http, {})
    assert http.body == before


@pytest.mark.ours
@pytest.mark.parametrize(
    "body",
    [
        b"\x1f\x8b no gzip at all",
        gzip.compress(b"{}")[:-3],
        gzip.compress(b"{}") + b"more",
        gzip.compress(bytes(OPENED_BYTES_MAX + 1)),
    ],
    ids=["damaged", "cut short", "followed by more", "enormous"],
)
def test_a_body_that_cannot_be_opened_is_refused(body: bytes) -> None:
    with pytest.raises(ServiceError) as caught:
        opened(body)
    assert caught.value.code == "SerializationException"
