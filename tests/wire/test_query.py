"""The query protocol against botocore's own serializer and parser, and against what AWS answers."""

from __future__ import annotations

import random
from urllib.parse import quote, unquote_plus

import botocore.parsers
import pytest

from haar.catalog.models import model
from haar.errors import ServiceError
from haar.wire import query
from haar.wire.forms import plain, tree_of
from haar.wire.http import HttpRequest
from tests.wire.both_ways import answers_disagreeing, clients_model, refused, requests_disagreeing

SPECIFICATION = "https://smithy.io/2.0/aws/protocols/aws-query-protocol.html"
SERVICES = ("iam", "sts", "sns", "cloudformation", "autoscaling", "sdb", "rds")
OPERATIONS = [(service, name) for service in SERVICES for name in clients_model(service).operation_names]


def read(service: str, operation: str, body: bytes, url: str = "") -> dict[str, object]:
    return query.make(model(service), operation).parse(HttpRequest("POST", "/", url, {}, body), {})


def refusal(service: str, operation: str, body: bytes) -> ServiceError:
    with pytest.raises(ServiceError) as caught:
        read(service, operation, body)
    return caught.value


@pytest.mark.documented(SPECIFICATION)
@pytest.mark.parametrize(("service", "operation"), OPERATIONS)
def test_a_form_written_by_botocore_is_read(service: str, operation: str) -> None:
    assert requests_disagreeing(service, operation, "query", query.make) == []


@pytest.mark.documented(SPECIFICATION)
@pytest.mark.parametrize(("service", "operation"), OPERATIONS)
def test_an_answer_is_understood_by_botocore(service: str, operation: str) -> None:
    assert answers_disagreeing(service, operation, "query", query.make) == []


@pytest.mark.documented("https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateUser.html")
def test_an_answer_has_a_result_and_the_request_id() -> None:
    reply = query.make(model("iam"), "CreateUser").render({"User": {"UserName": "a&b", "CreateDate": 0.75}}, "r-1")
    assert reply.body == (
        b'<CreateUserResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><CreateUserResult><User>'
        b"<UserName>a&amp;b</UserName><CreateDate>1970-01-01T00:00:00Z</CreateDate></User></CreateUserResult>"
        b"<ResponseMetadata><RequestId>r-1</RequestId></ResponseMetadata></CreateUserResponse>"
    )


@pytest.mark.documented("https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteUser.html")
def test_an_operation_without_output_has_no_result() -> None:
    reply = query.make(model("iam"), "DeleteUser").render(None, "r-1")
    assert b"Result" not in reply.body


@pytest.mark.documented("https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetUser.html#API_GetUser_Errors")
def test_an_error_raised_by_its_shape_is_answered_with_the_code_of_the_wire() -> None:
    reply = query.make(model("iam"), "GetUser").render_error(ServiceError("NoSuchEntityException", "gone"), "r-1")
    assert (reply.status, b"<Type>Sender</Type><Code>NoSuchEntity</Code>" in reply.body) == (404, True)


@pytest.mark.documented("https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html")
def test_an_error_without_a_model_keeps_the_status_of_its_raiser() -> None:
    reply = query.make(model("iam"), "GetUser").render_error(ServiceError("AccessDenied", "no", status=403), "r-1")
    parsed = botocore.parsers.create_parser("query").parse(
        {"headers": {}, "status_code": reply.status, "body": reply.body}, None
    )
    assert (reply.status, parsed["Error"]) == (403, {"Type": "Sender", "Code": "AccessDenied", "Message": "no"})


@pytest.mark.documented(SPECIFICATION)
def test_further_members_of_an_error_are_told() -> None:
    error = ServiceError("BatchEntryIdsNotDistinct", "twice", members={"Extra": "<1>"})
    assert b"<Extra>&lt;1&gt;</Extra>" in query.make(model("sns"), "PublishBatch").render_error(error, "r").body


@pytest.mark.documented("https://docs.aws.amazon.com/IAM/latest/UserGuide/programming.html")
def test_parameters_come_from_the_url_and_the_body() -> None:
    assert read("iam", "CreateUser", b"UserName=bob", "Action=CreateUser&Path=%2Fa%2F") == {
        "UserName": "bob",
        "Path": "/a/",
    }


@pytest.mark.ours
def test_a_parameter_that_is_not_modelled_is_ignored() -> None:
    assert read("iam", "CreateUser", b"UserName=bob&Nonsense.1.x=1") == {"UserName": "bob"}


@pytest.mark.ours
def test_the_numbers_of_a_list_decide_its_order() -> None:
    body = b"Tags.member.10.Key=c&Tags.member.2.Key=b&Tags.member.1.Key=a"
    assert read("iam", "CreateUser", body)["Tags"] == [{"Key": "a"}, {"Key": "b"}, {"Key": "c"}]


@pytest.mark.documented(SPECIFICATION)
def test_an_empty_list_is_a_parameter_without_text() -> None:
    assert read("iam", "CreateUser", b"Tags=") == {"Tags": []}


@pytest.mark.ours
@pytest.mark.parametrize(
    "body", [b"UserName.x=1", b"Tags.member.x.Key=1", b"Tags.member.1=a", b"Tags=a", b"PermissionsBoundary.a.b=1"]
)
def test_a_name_of_the_wrong_kind_is_malformed_input(body: bytes) -> None:
    assert refusal("iam", "CreateUser", body).code == "MalformedInput"


@pytest.mark.ours
@pytest.mark.parametrize("number", ["abc", "1_0", "", "1e3", "99999999999", "٣"])
def test_text_that_is_no_integer_is_malformed_input(number: str) -> None:
    assert refusal("iam", "ListUsers", f"MaxItems={quote(number)}".encode()).code == "MalformedInput"


@pytest.mark.ours
def test_a_form_that_is_not_utf8_is_refused() -> None:
    assert refusal("iam", "CreateUser", b"UserName=%ff").code == "MalformedQueryString"


@pytest.mark.ours
def test_a_name_nested_without_end_is_refused() -> None:
    assert refusal("iam", "CreateUser", b"a" + b".a" * 5000 + b"=1").code == "MalformedQueryString"


@pytest.mark.ours
@pytest.mark.parametrize(
    "raw",
    ["a%3Db", "a=b%3d=", "100%", "%", "%%", "%%41", "%4", "%zz%41", "a+b%2B", "%E6%97%A5", "%0D%0A\n%41", "==%3D%"],
)
def test_percent_encoding_is_read_as_by_the_standard_library(raw: str) -> None:
    assert plain(raw) == unquote_plus(raw)


@pytest.mark.ours
@pytest.mark.parametrize("seed", range(20))
def test_garbage_is_refused_and_nothing_else_happens(seed: int) -> None:
    rng = random.Random(seed)
    pieces = [
        b"Tags",
        b".member",
        b".1",
        b".Key",
        b"=",
        b"&",
        b"%",
        b"%41",
        b"+",
        b"\xff",
        b"UserName",
        b"MaxItems",
        b".",
    ]
    codecs = [query.make(model("iam"), name) for name in ("CreateUser", "ListUsers", "SimulateCustomPolicy")]
    for _ in range(300):
        body = b"".join(rng.choices(pieces, k=rng.randint(0, 30)))
        http = HttpRequest("POST", "/", body.decode("latin-1") if rng.random() < 0.3 else "", {}, body)
        for codec in codecs:
            assert refused(lambda: codec.parse(http, {})) in ("", "MalformedInput", "MalformedQueryString")  # noqa: B023


@pytest.mark.documented(
    "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html"
)
def test_sqs_reads_the_names_of_its_old_forms() -> None:
    body = (
        b"Action=SendMessageBatch&SendMessageBatchRequestEntry.1.Id=a&SendMessageBatchRequestEntry.1.MessageBody=x"
        b"&SendMessageBatchRequestEntry.1.MessageAttribute.1.Name=n"
        b"&SendMessageBatchRequestEntry.1.MessageAttribute.1.Value.StringValue=v"
    )
    entry = {"Id": "a", "MessageBody": "x", "MessageAttributes": {"n": {"StringValue": "v"}}}
    assert read("sqs", "SendMessageBatch", body) == {"Entries": [entry]}


@pytest.mark.documented(
    "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_GetQueueAttributes.html"
)
def test_sqs_writes_the_names_of_its_old_answers() -> None:
    reply = query.make(model("sqs"), "GetQueueAttributes").render({"Attributes": {"DelaySeconds": "0"}}, "r")
    assert b"<GetQueueAttributesResult><Attribute><Name>DelaySeconds</Name><Value>0</Value></Attribute>" in reply.body


@pytest.mark.ours
def test_a_tree_has_text_as_leaves() -> None:
    http = HttpRequest("POST", "/", "", {}, b"A=1&B.member.1.C=x+y&B.member.1.D=")
    assert tree_of(http) == {"A": "1", "B": {"member": {"1": {"C": "x y", "D": ""}}}}
