"""A signature is good for the request it was made for, and for no other that somebody makes of it."""

from __future__ import annotations

import hmac
import json
import time
from hashlib import sha256

import pytest
from botocore.auth import SigV4QueryAuth

from haar import Cloud
from haar.auth.sigv4 import signing_key
from haar.wire.http import HttpReply, HttpRequest
from tests.clients.signing import aws_json, form, signed

SIGNING = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html"
pytestmark = pytest.mark.documented(SIGNING)


def said(reply: HttpReply) -> str:
    return f"{reply.status} {reply.body.decode()}"


def by_hand(region: str, *, host: str = "haar.localhost:4566") -> HttpRequest:
    """A signed ListQueues with whatever stands in for a region."""
    at = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    body = b"Action=ListQueues&Version=2012-11-05"
    scope = f"{at[:8]}/{region}/sqs/aws4_request"
    canonical = f"POST\n/\n\nhost:{host}\nx-amz-date:{at}\n\nhost;x-amz-date\n{sha256(body).hexdigest()}"
    to_sign = f"AWS4-HMAC-SHA256\n{at}\n{scope}\n{sha256(canonical.encode()).hexdigest()}"
    proof = hmac.digest(signing_key("test", at[:8], region, "sqs"), to_sign.encode(), "sha256").hex()
    claim = f"AWS4-HMAC-SHA256 Credential=test/{scope}, SignedHeaders=host;x-amz-date, Signature={proof}"
    headers = {"host": host, "x-amz-date": at, "authorization": claim}
    return HttpRequest("POST", "/", "", {**headers, "content-type": "application/x-www-form-urlencoded"}, body)


def test_a_presigned_address_is_no_key_to_another_operation(cloud: Cloud) -> None:
    url = "http://haar.localhost:4566/?Action=ListQueues&Version=2012-11-05"
    http = signed("sqs", b"", {}, method="GET", url=url, auth=SigV4QueryAuth)
    assert cloud.handle(http).status == 200
    http.headers["x-amz-target"] = "AWSOrganizationsV20161128.CreateOrganization"
    reply = cloud.handle(http)
    assert reply.status == 400
    assert "InvalidSignatureException" in said(reply)


def test_the_target_of_a_signed_request_cannot_be_exchanged_within_its_service(cloud: Cloud) -> None:
    http = signed("sqs", b"{}", {"Content-Type": "application/x-amz-json-1.0"})
    http.headers["x-amz-target"] = "AmazonSQS.ListQueues"
    assert "must be a 'SignedHeader'" in said(cloud.handle(http))


def test_a_signature_for_one_service_is_refused_by_another(cloud: Cloud) -> None:
    http = aws_json("sqs", "AWSOrganizationsV20161128.ListRoots", {})
    assert json.loads(cloud.handle(http).body)["message"].startswith(
        "Credential should be scoped to correct service: 'organizations'."
    )


def test_a_service_may_be_signed_for_under_its_signing_name(cloud: Cloud) -> None:
    # the model is called cloudwatch, its signing name is monitoring; it is not built, which is what the answer says
    reply = cloud.handle(form("monitoring", "Action=DescribeAlarms&Version=2010-08-01"))
    assert "scoped" not in said(reply)


@pytest.mark.parametrize(
    "region", ["us-east-1:222222222222", "*", "us-east-?", "US-EAST-1", "us east 1", "${aws:username}", "a" * 33]
)
def test_a_region_that_would_say_something_in_an_arn_is_refused(cloud: Cloud, region: str) -> None:
    assert f"Credential should be scoped to a valid region, not '{region}'" in said(cloud.handle(by_hand(region)))


def test_a_plain_region_is_taken(cloud: Cloud) -> None:
    assert cloud.handle(by_hand("ap-southeast-7")).status == 200


def test_a_second_credential_in_the_header_does_not_move_the_call_to_another_region(cloud: Cloud) -> None:
    http = by_hand("us-east-1")
    first = "AWS4-HMAC-SHA256 Credential=test/20260101/eu-west-1/sqs/aws4_request, "
    http.headers["authorization"] = first + http.headers["authorization"].partition(" ")[2]
    assert cloud.handle(http).status == 403
