"""The same refusal in every protocol's own words: code and status, as each API reference's "Common Errors" has them."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest
from botocore.exceptions import ClientError
from botocore.serialize import create_serializer

from haar import Cloud
from tests.clients.people import Keys, user
from tests.clients.signing import form

COMMON_ERRORS = "https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html"
pytestmark = pytest.mark.documented(COMMON_ERRORS)


class Asked(NamedTuple):
    """A harmless operation of a service that speaks a protocol."""

    service: str
    operation: str
    #: an unsigned request says whom it is for by its host
    host: str


QUERY = Asked("iam", "list_users", "iam.amazonaws.com")
JSON = Asked("organizations", "list_accounts", "organizations.us-east-1.amazonaws.com")
#: json that once was query, which shows in a header of its errors and in their statuses
COMPATIBLE = Asked("sqs", "list_queues", "sqs.us-east-1.amazonaws.com")
EC2 = Asked("ec2", "describe_vpcs", "ec2.us-east-1.amazonaws.com")
REST_JSON = Asked("lambda", "list_functions", "lambda.us-east-1.amazonaws.com")
REST_XML = Asked("s3", "list_buckets", "s3.us-east-1.amazonaws.com")
CBOR = Asked("cloudwatch", "describe_alarms", "monitoring.us-east-1.amazonaws.com")


def caller(cloud: Cloud, asked: Asked, keys: dict[str, Any]) -> Any:
    """A client that speaks the protocol the table names, which for CBOR is not yet botocore's own choice."""
    client = cloud.client(asked.service, endpoint_url=f"http://{asked.host}", **keys)
    if asked is CBOR:
        client._serializer = create_serializer("smithy-rpc-v2-cbor", include_validation=False)
        client.meta.service_model.resolved_protocol = "smithy-rpc-v2-cbor"
    return client


def refusal(cloud: Cloud, asked: Asked, keys: dict[str, Any], **change: str) -> tuple[str, int]:
    """Error code and HTTP status of a call; `change` replaces parts of the Authorization header."""
    client = caller(cloud, asked, keys)

    def alter(request: Any, **_: Any) -> None:
        if change:
            signed = request.headers["Authorization"]
            text = signed.decode() if isinstance(signed, bytes) else signed
            for old, new in change.items():
                text = text.replace(f"{old}=", new)
            request.headers["Authorization"] = text

    client.meta.events.register_first("before-send.*.*", alter)
    with pytest.raises(ClientError) as caught:
        getattr(client, asked.operation)()
    error = caught.value.response
    return error["Error"]["Code"], error["ResponseMetadata"]["HTTPStatusCode"]


@pytest.mark.parametrize(
    ("asked", "code", "status"),
    [
        (QUERY, "InvalidClientTokenId", 403),
        (JSON, "UnrecognizedClientException", 400),
        (COMPATIBLE, "InvalidClientTokenId", 403),
        (EC2, "AuthFailure", 401),
        (REST_JSON, "UnrecognizedClientException", 403),
        (REST_XML, "InvalidAccessKeyId", 403),
        (CBOR, "InvalidClientTokenId", 403),
    ],
    ids=lambda value: getattr(value, "service", None),
)
def test_a_key_nobody_has_is_not_recognized(cloud: Cloud, asked: Asked, code: str, status: int) -> None:
    keys = {"access_key": "AKIAIOSFODNN7EXAMPLE", "secret_key": "wrong"}
    assert refusal(cloud, asked, keys) == (code, status)


@pytest.mark.parametrize(
    ("asked", "code", "status"),
    [
        (QUERY, "SignatureDoesNotMatch", 403),
        (JSON, "InvalidSignatureException", 400),
        (COMPATIBLE, "SignatureDoesNotMatch", 403),
        (EC2, "AuthFailure", 401),
        (REST_JSON, "InvalidSignatureException", 403),
        (REST_XML, "SignatureDoesNotMatch", 403),
        (CBOR, "SignatureDoesNotMatch", 403),
    ],
    ids=lambda value: getattr(value, "service", None),
)
def test_a_wrong_secret_makes_a_wrong_signature(cloud: Cloud, asked: Asked, code: str, status: int) -> None:
    assert refusal(cloud, asked, {"secret_key": "wrong"}) == (code, status)


@pytest.mark.parametrize(
    ("asked", "code", "status"),
    [
        (QUERY, "MissingAuthenticationToken", 403),
        (JSON, "MissingAuthenticationTokenException", 400),
        (COMPATIBLE, "MissingAuthenticationToken", 403),
        (EC2, "MissingAuthenticationToken", 403),
        (REST_JSON, "MissingAuthenticationTokenException", 403),
        (REST_XML, "AccessDenied", 403),
        (CBOR, "MissingAuthenticationToken", 403),
    ],
    ids=lambda value: getattr(value, "service", None),
)
def test_an_unsigned_request_misses_its_token(cloud: Cloud, asked: Asked, code: str, status: int) -> None:
    assert refusal(cloud, asked, {"access_key": None}) == (code, status)


@pytest.mark.parametrize(
    ("asked", "code", "status"),
    [
        (QUERY, "IncompleteSignature", 400),
        (JSON, "IncompleteSignatureException", 400),
        (COMPATIBLE, "IncompleteSignature", 400),
        (EC2, "IncompleteSignature", 400),
        (REST_JSON, "IncompleteSignatureException", 403),
        (REST_XML, "AuthorizationHeaderMalformed", 400),
        (CBOR, "IncompleteSignature", 400),
    ],
    ids=lambda value: getattr(value, "service", None),
)
def test_half_a_signature_is_incomplete(cloud: Cloud, asked: Asked, code: str, status: int) -> None:
    assert refusal(cloud, asked, {}, Signature="Sig") == (code, status)


@pytest.mark.parametrize(
    ("asked", "code", "status"),
    [
        (QUERY, "ExpiredToken", 403),
        (JSON, "ExpiredTokenException", 400),
        (COMPATIBLE, "ExpiredToken", 403),
        (EC2, "RequestExpired", 400),
        (REST_JSON, "ExpiredTokenException", 403),
        (REST_XML, "ExpiredToken", 400),
        (CBOR, "ExpiredToken", 403),
    ],
    ids=lambda value: getattr(value, "service", None),
)
def test_a_session_that_is_over_has_expired(cloud: Cloud, asked: Asked, code: str, status: int) -> None:
    keys = user(cloud.client("iam"), "alice")
    session = cloud.client("sts", **keys._asdict()).get_session_token(DurationSeconds=900)["Credentials"]
    cloud.advance(seconds=901)
    over = Keys(session["AccessKeyId"], session["SecretAccessKey"], session["SessionToken"])
    assert refusal(cloud, asked, over._asdict()) == (code, status)


@pytest.mark.parametrize(
    ("asked", "code", "status"),
    [
        (QUERY, "AccessDenied", 403),
        (JSON, "AccessDeniedException", 400),
        (COMPATIBLE, "AccessDenied", 403),
        (EC2, "UnauthorizedOperation", 403),
        (REST_JSON, "AccessDeniedException", 403),
        (REST_XML, "AccessDenied", 403),
        (CBOR, "AccessDenied", 403),
    ],
    ids=lambda value: getattr(value, "service", None),
)
def test_who_is_known_but_may_not_is_denied(cloud: Cloud, asked: Asked, code: str, status: int) -> None:
    assert refusal(cloud, asked, user(cloud.client("iam"), "alice")._asdict()) == (code, status)


@pytest.mark.parametrize("asked", [QUERY, JSON, COMPATIBLE, EC2, REST_JSON, REST_XML, CBOR], ids=lambda a: a.service)
def test_a_denial_names_who_what_and_why(cloud: Cloud, asked: Asked) -> None:
    client = caller(cloud, asked, user(cloud.client("iam"), "alice")._asdict())
    with pytest.raises(
        ClientError, match=r"arn:aws:iam::000000000000:user/alice is not authorized to perform: \w+:\w+"
    ):
        getattr(client, asked.operation)()


def test_a_json_service_asked_in_the_query_protocol_answers_in_its_words(cloud: Cloud) -> None:
    keys = user(cloud.client("iam"), "alice")
    reply = cloud.handle(form("sqs", "Action=ListQueues&Version=2012-11-05", keys=keys))
    assert reply.status == 403
    assert b"<Code>AccessDenied</Code>" in reply.body


def test_a_cbor_service_answers_in_cbor(cloud: Cloud) -> None:
    client = caller(cloud, CBOR, {"secret_key": "wrong"})
    seen: list[Any] = []
    client.meta.events.register_last("needs-retry.*.*", lambda response, **_: seen.append(response[0].headers))
    with pytest.raises(ClientError):
        client.describe_alarms()
    assert seen[0]["smithy-protocol"] == "rpc-v2-cbor"
