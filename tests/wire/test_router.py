"""Which service, operation and protocol a request means."""

from __future__ import annotations

from contextlib import suppress
from urllib.parse import parse_qsl

import pytest
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.session import Session
from hypothesis import given, settings
from hypothesis import strategies as st

from haar.catalog.services import index
from haar.errors import ServiceError
from haar.wire.http import HttpRequest
from haar.wire.router import Unroutable, _parameters, route, scope_of

SIGV4 = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html"
S3_HOSTS = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html"
S3_API = "https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_Amazon_Simple_Storage_Service.html"
SQS_QUERY = (
    "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-making-api-requests-xml.html"
)
STS_WEB = "https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html"
RPC = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/making-api-requests.html"


def signed(service: str, region: str = "eu-west-1", **headers: str) -> dict[str, str]:
    """The headers of a request signed for a service."""
    scope = f"AKIAIOSFODNN7EXAMPLE/20261122/{region}/{service}/aws4_request"
    text = f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=00"
    return {
        "authorization": text,
        "host": "127.0.0.1:4566",
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }


def meant(http: HttpRequest) -> tuple[str, str, str]:
    routed = route(http)
    return routed.service, routed.operation, routed.protocol


@pytest.mark.documented(SIGV4)
def test_the_scope_of_the_signature_names_the_region() -> None:
    http = HttpRequest("POST", "/", "", signed("sqs", "ap-south-1", x_amz_target="AmazonSQS.SendMessage"), b"{}")
    assert route(http).region == "ap-south-1"


@pytest.mark.ours
def test_the_target_header_names_service_and_operation() -> None:
    http = HttpRequest("POST", "/", "", signed("sqs", x_amz_target="AmazonSQS.SendMessage"), b"{}")
    assert meant(http) == ("sqs", "SendMessage", "json")


@pytest.mark.documented(SQS_QUERY)
def test_a_form_sent_to_sqs_is_answered_in_the_query_protocol() -> None:
    http = HttpRequest("POST", "/", "", signed("sqs"), b"Action=SendMessage&Version=2012-11-05&MessageBody=x")
    assert meant(http) == ("sqs", "SendMessage", "query")


@pytest.mark.documented(RPC)
def test_cloudwatch_is_spoken_in_cbor_where_the_client_says_so() -> None:
    path = "/service/GraniteServiceVersion20100801/operation/PutMetricData"
    http = HttpRequest("POST", path, "", signed("monitoring", smithy_protocol="rpc-v2-cbor"), b"\xa0")
    assert meant(http) == ("cloudwatch", "PutMetricData", "smithy-rpc-v2-cbor")


@pytest.mark.documented(RPC)
def test_cloudwatch_is_spoken_in_json_where_there_is_a_target() -> None:
    http = HttpRequest("POST", "/", "", signed("monitoring", x_amz_target="GraniteServiceVersion20100801.ListMetrics"))
    assert meant(http) == ("cloudwatch", "ListMetrics", "json")


@pytest.mark.documented(RPC)
def test_cloudwatch_is_spoken_in_query_where_there_is_an_action() -> None:
    http = HttpRequest("POST", "/", "", signed("monitoring"), b"Action=ListMetrics&Version=2010-08-01")
    assert meant(http) == ("cloudwatch", "ListMetrics", "query")


@pytest.mark.documented(STS_WEB)
def test_an_unsigned_call_is_routed_by_action_and_version() -> None:
    http = HttpRequest(
        "POST", "/", "", {"host": "localhost:4566"}, b"Action=AssumeRoleWithSAML&Version=2011-06-15&RoleArn=x"
    )
    assert meant(http) == ("sts", "AssumeRoleWithSAML", "query")


@pytest.mark.documented(SQS_QUERY)
def test_an_anonymous_call_on_a_queue_url_is_sqs() -> None:
    http = HttpRequest("GET", "/123456789012/jobs", "Action=SendMessage&MessageBody=x", {"host": "localhost:4566"})
    assert meant(http) == ("sqs", "SendMessage", "query")


@pytest.mark.documented(SQS_QUERY)
def test_the_old_queue_host_is_sqs_and_names_its_region() -> None:
    http = HttpRequest("GET", "/1/q", "Action=ReceiveMessage", {"host": "eu-west-1.queue.amazonaws.com"})
    assert (meant(http), route(http).region) == (("sqs", "ReceiveMessage", "query"), "eu-west-1")


@pytest.mark.ours
@pytest.mark.parametrize(
    "host", ["sts.us-west-2.amazonaws.com", "sts.us-west-2.localhost:4566", "sts.us-west-2.localhost.localstack.cloud"]
)
def test_the_host_names_service_and_region(host: str) -> None:
    http = HttpRequest("GET", "/", "Action=GetCallerIdentity", {"host": host})
    assert (meant(http), route(http).region) == (("sts", "GetCallerIdentity", "query"), "us-west-2")


@pytest.mark.documented(SIGV4)
def test_a_presigned_query_names_its_scope() -> None:
    query = "X-Amz-Credential=AKIA%2F20261122%2Fus-east-2%2Fs3%2Faws4_request&X-Amz-Signature=0"
    routed = route(HttpRequest("GET", "/photos/cat.jpg", query, {"host": "localhost"}))
    assert (routed.operation, routed.region, routed.labels) == (
        "GetObject",
        "us-east-2",
        {"Bucket": "photos", "Key": "cat.jpg"},
    )


@pytest.mark.documented(S3_HOSTS)
@pytest.mark.parametrize(
    "host",
    [
        "my.photos.s3.eu-west-1.amazonaws.com",
        "my.photos.s3.amazonaws.com",
        "my.photos.s3.dualstack.eu-west-1.amazonaws.com",
        "my.photos.s3-eu-west-1.amazonaws.com",
        "my.photos.s3.localhost:4566",
        "my.photos.localhost:4566",
    ],
)
def test_a_bucket_may_stand_in_the_host(host: str) -> None:
    headers = signed("s3") | {"host": host}
    routed = route(HttpRequest("GET", "/a/b%20c//d", "", headers))
    assert (routed.operation, routed.labels) == ("GetObject", {"Bucket": "my.photos", "Key": "a/b c//d"})


@pytest.mark.documented(S3_API)
@pytest.mark.parametrize(
    ("method", "path", "query", "more", "operation"),
    [
        ("GET", "/", "", {}, "ListBuckets"),
        ("GET", "/b", "", {}, "ListObjects"),
        ("GET", "/b/", "list-type=2&prefix=x", {}, "ListObjectsV2"),
        ("GET", "/b", "acl", {}, "GetBucketAcl"),
        ("GET", "/b", "analytics&id=1", {}, "GetBucketAnalyticsConfiguration"),
        ("GET", "/b", "analytics", {}, "ListBucketAnalyticsConfigurations"),
        ("GET", "/b", "lifecycle", {}, "GetBucketLifecycleConfiguration"),
        ("PUT", "/b", "", {}, "CreateBucket"),
        ("PUT", "/b/k", "", {}, "PutObject"),
        ("PUT", "/b/k", "x-id=PutObject", {}, "PutObject"),
        ("PUT", "/b/k", "", {"x-amz-copy-source": "/a/k"}, "CopyObject"),
        ("PUT", "/b/k", "partNumber=1&uploadId=x", {}, "UploadPart"),
        ("PUT", "/b/k", "partNumber=1&uploadId=x", {"x-amz-copy-source": "/a/k"}, "UploadPartCopy"),
        ("PUT", "/b/k", "tagging", {}, "PutObjectTagging"),
        ("GET", "/b/k", "uploadId=x", {}, "ListParts"),
        ("POST", "/b/k", "uploads", {}, "CreateMultipartUpload"),
        ("POST", "/b/k", "uploadId=x", {}, "CompleteMultipartUpload"),
        ("DELETE", "/b/k", "uploadId=x", {}, "AbortMultipartUpload"),
        ("DELETE", "/b/k/", "", {}, "DeleteObject"),
        ("HEAD", "/b", "", {}, "HeadBucket"),
        ("POST", "/b", "delete", {}, "DeleteObjects"),
    ],
)
def test_s3_operations_are_told_apart_by_query_and_headers(
    method: str, path: str, query: str, more: dict[str, str], operation: str
) -> None:
    assert meant(HttpRequest(method, path, query, signed("s3") | more)) == ("s3", operation, "rest-xml")


@pytest.mark.documented("https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_AWS_S3_Control.html")
def test_s3_control_is_told_from_s3_by_its_path() -> None:
    http = HttpRequest("GET", "/v20180820/configuration/publicAccessBlock", "", signed("s3"))
    assert meant(http) == ("s3control", "GetPublicAccessBlock", "rest-xml")


@pytest.mark.documented("https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html")
def test_a_label_is_decoded() -> None:
    path = "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aeu-west-1%3A123456789012%3Afunction%3Af/invocations"
    routed = route(HttpRequest("POST", path, "", signed("lambda"), b"{}"))
    assert (routed.operation, routed.labels["FunctionName"]) == (
        "Invoke",
        "arn:aws:lambda:eu-west-1:123456789012:function:f",
    )


@pytest.mark.documented("https://docs.aws.amazon.com/lambda/latest/api/API_ListFunctions.html")
@pytest.mark.parametrize("path", ["/2015-03-31/functions/", "/2015-03-31/functions"])
def test_a_last_slash_makes_no_difference_to_a_rest_service(path: str) -> None:
    assert meant(HttpRequest("GET", path, "", signed("lambda"))) == ("lambda", "ListFunctions", "rest-json")


@pytest.mark.ours
def test_services_that_share_a_name_are_told_apart_by_their_paths() -> None:
    rest_v1 = HttpRequest("GET", "/restapis", "", signed("apigateway"))
    http_v2 = HttpRequest("GET", "/v2/apis", "", signed("apigateway"))
    assert (route(rest_v1).service, route(http_v2).service) == ("apigateway", "apigatewayv2")


@pytest.mark.ours
def test_load_balancers_are_told_apart_by_their_version() -> None:
    old = HttpRequest("POST", "/", "", signed("elasticloadbalancing"), b"Action=DescribeTags&Version=2012-06-01")
    new = HttpRequest("POST", "/", "", signed("elasticloadbalancing"), b"Action=DescribeTags&Version=2015-12-01")
    assert (route(old).service, route(new).service) == ("elb", "elbv2")


@pytest.mark.ours
def test_an_unknown_target_is_an_unknown_operation() -> None:
    with pytest.raises(Unroutable) as caught:
        route(HttpRequest("POST", "/", "", signed("sqs", x_amz_target="AmazonSQS.Sing"), b"{}"))
    assert (caught.value.code, caught.value.protocol) == ("UnknownOperationException", "json")


@pytest.mark.documented("https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html")
def test_an_unknown_action_is_an_invalid_action() -> None:
    with pytest.raises(Unroutable) as caught:
        route(HttpRequest("POST", "/", "", signed("iam", "us-east-1"), b"Action=Sing&Version=2010-05-08"))
    assert (caught.value.code, caught.value.message, caught.value.protocol) == (
        "InvalidAction",
        "The action Sing is not valid for this web service.",
        "query",
    )


@pytest.mark.documented("https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html")
def test_a_query_without_an_action_says_so() -> None:
    with pytest.raises(Unroutable) as caught:
        route(HttpRequest("POST", "/", "", signed("iam", "us-east-1"), b"Version=2010-05-08"))
    assert caught.value.code == "MissingAction"


@pytest.mark.ours
@pytest.mark.parametrize("service", ["dynamodb", "iam", "ec2", "kinesis", "route53", "lambda", "s3", "sns", "kms"])
def test_every_operation_botocore_can_send_is_found_again(service: str) -> None:
    client = Session().create_client(service, "us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
    wrong = [name for name in client.meta.service_model.operation_names if not _finds(client, service, name)]
    assert wrong == []


#: The operations AWS replaced: their successor answers at the same address.
REPLACED = {
    "GetBucketLifecycle": "GetBucketLifecycleConfiguration",
    "PutBucketLifecycle": "PutBucketLifecycleConfiguration",
    "GetBucketNotification": "GetBucketNotificationConfiguration",
    "PutBucketNotification": "PutBucketNotificationConfiguration",
}


def _finds(client: object, service: str, operation: str) -> bool:
    import random

    from botocore.serialize import create_serializer

    from tests.wire.shapes_random import random_value

    model = client.meta.service_model.operation_model(operation)  # type: ignore[attr-defined]
    shape = model.input_shape
    value = random_value(shape, random.Random(operation), plain=True) if shape is not None else {}
    if isinstance(value.get("Bucket"), str):
        value["Bucket"] = "bucket"
    sent = create_serializer(model.service_model.resolved_protocol).serialize_to_request(value, model)
    scope = "s3express" if operation == "ListDirectoryBuckets" else model.service_model.signing_name
    request = AWSRequest(sent["method"], "https://127.0.0.1" + sent["url_path"], params=sent["query_string"] or None)
    request.data = sent["body"] if not hasattr(sent["body"], "read") else b""
    for name, header in sent["headers"].items():
        request.headers[name] = str(header)
    SigV4Auth(Credentials("AKIAIOSFODNN7EXAMPLE", "secret"), scope, "us-east-1").add_auth(request)
    prepared = request.prepare()
    path, _, query = prepared.url.removeprefix("https://127.0.0.1").partition("?")
    body = prepared.body or b""
    body = body.encode() if isinstance(body, str) else bytes(body)
    headers = {
        name.lower(): header.decode() if isinstance(header, bytes) else header
        for name, header in prepared.headers.items()
    }
    routed = route(HttpRequest(sent["method"], path, query, headers, body))
    return (routed.service, routed.operation) == (service, REPLACED.get(operation, operation))


@pytest.mark.documented(SIGV4)
def test_what_botocore_presigns_is_found() -> None:
    request = AWSRequest("GET", "https://sts.eu-west-1.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15")
    SigV4QueryAuth(Credentials("AKIAIOSFODNN7EXAMPLE", "secret"), "sts", "eu-west-1").add_auth(request)
    _, _, query = request.url.partition("?")
    assert meant(HttpRequest("GET", "/", query, {"host": "127.0.0.1"})) == ("sts", "GetCallerIdentity", "query")


@pytest.mark.ours
def test_every_service_of_botocore_is_in_the_index() -> None:
    assert set(Session().get_available_services()) == set(index().services)


@pytest.mark.ours
@settings(max_examples=300, deadline=None)
@given(
    method=st.sampled_from(["GET", "POST", "PUT", "DELETE", "HEAD", "BREW", ""]),
    path=st.text(max_size=40).map(lambda text: "/" + text),
    query=st.text(max_size=40),
    service=st.sampled_from(["s3", "sqs", "lambda", "iam", "ec2", "", "monitoring", "é/é"]),
    names=st.dictionaries(
        st.sampled_from(["host", "x-amz-target", "smithy-protocol", "authorization", "x-amz-copy-source"]),
        st.text(max_size=30) | st.sampled_from(["rpc-v2-cbor", "Credential=a/b/c/d/e", "Credential="]),
    ),
    body=st.binary(max_size=40) | st.binary(max_size=20).map(lambda data: b"Action=" + data),
)
def test_garbage_is_refused_with_an_error_and_never_a_traceback(
    method: str, path: str, query: str, service: str, names: dict[str, str], body: bytes
) -> None:
    with suppress(ServiceError):
        route(HttpRequest(method, path, query, (signed(service) if service else {}) | names, body))


@pytest.mark.ours
@settings(max_examples=500, deadline=None)
@given(st.lists(st.sampled_from(["a", "b", "=", "&", "%", "+", "%41", "%C3%A9", "%ff", "\u00e9", "%2", "%3D", "%26"])))
def test_a_query_string_is_read_as_the_standard_library_reads_one(parts: list[str]) -> None:
    query = "".join(parts)
    assert _parameters(query) == dict(parse_qsl(query, keep_blank_values=True))


@pytest.mark.ours
@pytest.mark.parametrize("signature", ["0" * 64, "f" * 64, "", "Credential=a/b/c/d/e,"])
def test_a_scope_seen_before_is_the_same_whatever_the_signature(signature: str) -> None:
    start = "AWS4-HMAC-SHA256 Credential=AKIA/20261122/eu-west-1/sqs/aws4_request, SignedHeaders=host, Signature="
    found = [scope_of(HttpRequest("GET", "/", "", {"authorization": start + one})) for one in ("1" * 64, signature)]
    assert found == [("sqs", "eu-west-1")] * 2
