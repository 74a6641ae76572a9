"""AWS JSON and RPC CBOR in both directions against botocore's own serializer and parser."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import orjson
import pytest
from botocore.serialize import create_serializer
from hypothesis import given, settings
from hypothesis import strategies as st

from haar.catalog import models
from haar.errors import Refused, ServiceError
from haar.wire import cbor
from haar.wire.codec import Codec, codec, render_bare_error
from haar.wire.http import HttpRequest
from tests.wire.both_ways import answer_read_by_botocore, clients_model, samples, without_metadata
from tests.wire.shapes_random import seconds

AWS_JSON = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.LowLevelAPI.html"
ERRORS = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html"
SQS_JSON = (
    "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-making-api-requests-json.html"
)
RPC = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/making-api-requests.html"

JSON_SERVICES = ["sqs", "dynamodb", "kinesis", "logs", "organizations", "cloudtrail", "kms", "stepfunctions"]
CBOR_SERVICES = ["cloudwatch", "kinesis"]


def the(service: str, operation: str, protocol: str = "json") -> Codec:
    return codec(models.model(service), operation, protocol)


def post(body: bytes) -> HttpRequest:
    return HttpRequest("POST", "/", "", {}, body)


def misread(service: str, protocol: str) -> list[tuple[str, Any, Any]]:
    """The requests of botocore that we read as something else."""
    client = clients_model(service)
    wrong = []
    for name in client.operation_names:
        operation = client.operation_model(name)
        for value in samples(operation, 3, "input", fraction=True):
            made = create_serializer(protocol, include_validation=False).serialize_to_request(value, operation)
            got = the(service, name, protocol).parse(post(made["body"]), {})
            if not _alike(got, seconds(value)):
                wrong.append((name, value, got))
    return wrong


def miswritten(service: str, protocol: str) -> list[tuple[str, Any, Any]]:
    """The answers of ours that botocore reads as something else."""
    client = clients_model(service)
    wrong = []
    for name in client.operation_names:
        operation = client.operation_model(name)
        if operation.has_event_stream_output:
            continue
        for value in samples(operation, 3, "output"):
            reply = the(service, name, protocol).render(seconds(value), "rid-1")
            got = answer_read_by_botocore(operation, reply, protocol)
            if not _alike(without_metadata(got), seconds(value)):
                wrong.append((name, value, got))
    return wrong


def _alike(got: Any, sent: Any) -> bool:
    """Equal, but for what a float loses on its way through milliseconds."""
    if isinstance(sent, dict):
        return isinstance(got, dict) and got.keys() == sent.keys() and all(_alike(got[k], sent[k]) for k in sent)
    if isinstance(sent, list):
        return isinstance(got, list) and len(got) == len(sent) and all(map(_alike, got, sent))
    if isinstance(sent, float) and not isinstance(got, bool):
        return isinstance(got, float | int) and abs(got - sent) < 0.001
    return type(got) is type(sent) and bool(got == sent)


@pytest.mark.documented(AWS_JSON)
@pytest.mark.parametrize("service", JSON_SERVICES)
def test_what_botocore_sends_as_json_is_read(service: str) -> None:
    assert misread(service, "json") == []


@pytest.mark.documented(AWS_JSON)
@pytest.mark.parametrize("service", JSON_SERVICES)
def test_what_is_written_as_json_botocore_reads(service: str) -> None:
    assert miswritten(service, "json") == []


@pytest.mark.documented(RPC)
@pytest.mark.parametrize("service", CBOR_SERVICES)
def test_what_botocore_sends_as_cbor_is_read(service: str) -> None:
    assert misread(service, "smithy-rpc-v2-cbor") == []


@pytest.mark.documented(RPC)
@pytest.mark.parametrize("service", CBOR_SERVICES)
def test_what_is_written_as_cbor_botocore_reads(service: str) -> None:
    assert miswritten(service, "smithy-rpc-v2-cbor") == []


@pytest.mark.documented(AWS_JSON)
def test_null_and_unknown_members_are_left_out() -> None:
    body = b'{"QueueUrl": "q", "DelaySeconds": null, "Colour": {"a": [1]}}'
    assert the("sqs", "SendMessage").parse(post(body), {}) == {"QueueUrl": "q"}


@pytest.mark.documented(AWS_JSON)
def test_an_empty_body_is_an_empty_request() -> None:
    assert the("sqs", "ListQueues").parse(post(b""), {}) == {}


@pytest.mark.documented(ERRORS)
@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"QueueUrl": 1}', "NUMBER_VALUE can not be converted to a String"),
        (b'{"QueueUrl": true}', "TRUE_VALUE can not be converted to a String"),
        (b'{"QueueUrl": {}}', "Start of structure or map found where not expected."),
        (b'{"QueueUrl": []}', "Start of list found where not expected"),
        (b'{"DelaySeconds": "1"}', "STRING_VALUE can not be converted to an Integer"),
        (b'{"MessageAttributes": 1}', "Unexpected field type"),
        (b"[]", "Start of list found where not expected"),
        (b"{", ""),
        (b"\xff", ""),
    ],
)
def test_a_value_of_another_type_is_a_serialization_exception(body: bytes, message: str) -> None:
    with pytest.raises(ServiceError) as caught:
        the("sqs", "SendMessage").parse(post(body), {})
    assert (caught.value.code, caught.value.message) == ("SerializationException", message)


@pytest.mark.documented(AWS_JSON)
def test_a_number_with_a_fraction_is_cut_where_a_whole_one_is_due() -> None:
    assert the("sqs", "SendMessage").parse(post(b'{"DelaySeconds": 5.7}'), {}) == {"DelaySeconds": 5}


@pytest.mark.ours
def test_an_integer_beyond_its_type_is_refused() -> None:
    with pytest.raises(ServiceError, match="SerializationException"):
        the("sqs", "SendMessage").parse(post(b'{"DelaySeconds": 2147483648}'), {})


@pytest.mark.documented("https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecord.html")
def test_a_blob_that_is_no_base64_is_refused() -> None:
    with pytest.raises(ServiceError, match="SerializationException"):
        the("kinesis", "PutRecord").parse(post(b'{"Data": "a!"}'), {})


@pytest.mark.ours
def test_deep_nesting_is_refused_and_does_not_exhaust_the_stack() -> None:
    body = b'{"Item":{"a":' + b'{"M":{"a":' * 508 + b'{"S":"x"}' + b"}}" * 508 + b"}}"
    with pytest.raises(ServiceError, match="SerializationException"):
        the("dynamodb", "PutItem").parse(post(body), {})


@pytest.mark.ours
def test_stored_json_may_stand_for_a_structure() -> None:
    item = orjson.Fragment(b'{"id":{"S":"1"}}')
    reply = the("dynamodb", "GetItem").render({"Item": item}, "rid")
    assert reply.body == b'{"Item":{"id":{"S":"1"}}}'


@pytest.mark.documented(SQS_JSON)
def test_an_operation_without_an_output_answers_an_empty_body() -> None:
    reply = the("sqs", "DeleteMessage").render({}, "rid")
    assert (reply.status, reply.body) == (200, b"")


@pytest.mark.documented(SQS_JSON)
def test_sqs_speaks_json_1_0() -> None:
    reply = the("sqs", "ListQueues").render({}, "rid")
    assert dict(reply.headers) == {"x-amzn-RequestId": "rid", "Content-Type": "application/x-amz-json-1.0"}


@pytest.mark.documented(ERRORS)
def test_a_modelled_error_carries_its_members() -> None:
    error = ServiceError(
        "TransactionCanceledException", "no", members={"CancellationReasons": [{"Code": "None", "Item": None}]}
    )
    reply = the("dynamodb", "TransactWriteItems").render_error(error, "rid")
    assert (reply.status, orjson.loads(reply.body)) == (
        400,
        {
            "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
            "Message": "no",
            "CancellationReasons": [{"Code": "None"}],
        },
    )


@pytest.mark.documented(ERRORS)
def test_a_fault_of_the_server_answers_500() -> None:
    reply = the("dynamodb", "GetItem").render_error(ServiceError("InternalServerError", "oh"), "rid")
    assert reply.status == 500


@pytest.mark.ours
def test_an_error_the_model_does_not_know_answers_its_own_status() -> None:
    reply = the("organizations", "ListRoots").render_error(Refused("organizations", "ListRoots"), "rid")
    assert (reply.status, orjson.loads(reply.body)["__type"]) == (501, "NotImplemented")


@pytest.mark.documented("https://docs.aws.amazon.com/organizations/latest/APIReference/CommonErrors.html")
def test_a_json_1_1_error_has_no_namespace() -> None:
    error = ServiceError("AccountNotFoundException", "You specified an account that doesn't exist.")
    reply = the("organizations", "DescribeAccount").render_error(error, "rid")
    assert orjson.loads(reply.body) == {
        "__type": "AccountNotFoundException",
        "Message": "You specified an account that doesn't exist.",
    }


@pytest.mark.documented(SQS_JSON)
def test_a_formerly_query_service_also_says_the_code_its_clients_knew() -> None:
    reply = the("sqs", "ReceiveMessage").render_error(ServiceError("OverLimit", "too many"), "rid")
    assert dict(reply.headers)["x-amzn-query-error"] == "OverLimit;Sender"


@pytest.mark.documented(RPC)
def test_an_error_in_cbor_names_its_shape() -> None:
    error = ServiceError("InvalidParameterCombination", "no")
    reply = the("cloudwatch", "PutMetricData", "smithy-rpc-v2-cbor").render_error(error, "rid")
    assert (cbor.decode(reply.body)["__type"], dict(reply.headers)["smithy-protocol"]) == (
        "InvalidParameterCombinationException",
        "rpc-v2-cbor",
    )


@pytest.mark.ours
@pytest.mark.parametrize("protocol", ["json", "rest-json", "query", "ec2", "rest-xml", "smithy-rpc-v2-cbor", ""])
def test_an_error_can_be_told_before_anything_is_known(protocol: str) -> None:
    reply = render_bare_error(protocol, ServiceError("Throttling", "a < b & \x00c", status=503), "rid")
    assert (reply.status, b"Throttling" in reply.body) == (503, True)


@pytest.mark.ours
@settings(max_examples=300, deadline=None)
@given(
    which=st.sampled_from([("sqs", "SendMessageBatch"), ("dynamodb", "PutItem"), ("kinesis", "PutRecords")]),
    body=st.binary(max_size=60)
    | st.recursive(
        st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["QueueUrl", "Entries", "Item", "a", "M", "B", "Records", "Data", "S", "L", "Id"]),
                inner,
                max_size=4,
            )
        ),
        max_leaves=12,
    ).map(orjson.dumps),
)
def test_any_json_is_read_or_refused(which: tuple[str, str], body: bytes) -> None:
    with suppress(ServiceError):
        found = the(*which)
        found.validate(found.parse(post(body), {}))


@pytest.mark.ours
@settings(max_examples=300, deadline=None)
@given(body=st.binary(max_size=80))
def test_any_cbor_is_read_or_refused(body: bytes) -> None:
    with suppress(ServiceError):
        the("cloudwatch", "PutMetricData", "smithy-rpc-v2-cbor").parse(post(body), {})
