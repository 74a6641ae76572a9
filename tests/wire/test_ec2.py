"""The EC2 query protocol against botocore's own serializer and parser."""

from __future__ import annotations

import botocore.parsers
import pytest

from haar.catalog.models import model
from haar.errors import ServiceError
from haar.wire import ec2_query
from haar.wire.http import HttpRequest
from tests.wire.both_ways import answers_disagreeing, clients_model, requests_disagreeing

SPECIFICATION = "https://smithy.io/2.0/aws/protocols/aws-ec2-query-protocol.html"
OPERATIONS = (
    *(
        "RunInstances",
        "DescribeInstances",
        "TerminateInstances",
        "ModifyInstanceAttribute",
        "CreateVpc",
        "DescribeVpcs",
    ),
    *("AuthorizeSecurityGroupIngress", "DescribeSecurityGroups", "CreateTags", "CreateVolume", "CreateLaunchTemplate"),
    *("CreateFleet", "DescribeImages", "CreateNatGateway", "CreateVpcEndpoint", "RegisterImage", "ImportKeyPair"),
    *clients_model("ec2").operation_names[::20],
)


@pytest.mark.documented(SPECIFICATION)
@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_form_written_by_botocore_is_read(operation: str) -> None:
    assert requests_disagreeing("ec2", operation, "ec2", ec2_query.make) == []


@pytest.mark.documented(SPECIFICATION)
@pytest.mark.parametrize("operation", OPERATIONS)
def test_an_answer_is_understood_by_botocore(operation: str) -> None:
    assert answers_disagreeing("ec2", operation, "ec2", ec2_query.make) == []


@pytest.mark.documented("https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteVpc.html")
def test_an_operation_without_output_returns_true() -> None:
    reply = ec2_query.make(model("ec2"), "DeleteVpc").render({}, "r-1")
    assert reply.body == (
        b'<?xml version="1.0" encoding="UTF-8"?>\n'
        b'<DeleteVpcResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>r-1</requestId>'
        b"<return>true</return></DeleteVpcResponse>"
    )


@pytest.mark.documented("https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html")
def test_an_error_is_understood_by_botocore() -> None:
    error = ServiceError("InvalidVpcID.NotFound", "The vpc ID 'vpc-<1>' does not exist")
    reply = ec2_query.make(model("ec2"), "DeleteVpc").render_error(error, "r-1")
    parsed = botocore.parsers.create_parser("ec2").parse(
        {"headers": {}, "status_code": reply.status, "body": reply.body}, None
    )
    assert (parsed["Error"], parsed["ResponseMetadata"]["RequestId"]) == (
        {"Code": "InvalidVpcID.NotFound", "Message": "The vpc ID 'vpc-<1>' does not exist"},
        "r-1",
    )


@pytest.mark.ours
def test_text_that_is_no_integer_is_an_invalid_parameter_value() -> None:
    http = HttpRequest("POST", "/", "", {}, b"Action=RunInstances&MinCount=many")
    with pytest.raises(ServiceError, match="InvalidParameterValue"):
        ec2_query.make(model("ec2"), "RunInstances").parse(http, {})
