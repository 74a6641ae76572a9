"""Signatures: what the SDKs sign is accepted, and nothing else."""

from __future__ import annotations

import hmac
import string
from base64 import b64encode
from hashlib import sha256
from posixpath import normpath
from typing import Any, NamedTuple
from urllib.parse import quote, unquote_to_bytes, urlsplit

import pytest
from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth, SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.utils import percent_encode_sequence
from hypothesis import assume, given
from hypothesis import strategies as st

from haar.auth import sigv4
from haar.auth.codes import DIALECTS, S3, query_compatible, spoken
from haar.errors import Refused, ServiceError

S3_HEADER = "https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html"
S3_QUERY = "https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html"
S3_ERRORS = "https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html"
SIGNING = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html"
TROUBLE = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html"
EC2_ERRORS = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html"
COMMON_ERRORS = "https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html"
DYNAMODB_ERRORS = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html"

AKID = "AKIAIOSFODNN7EXAMPLE"
SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
DAY_2013 = 1_369_353_600.0  # 2013-05-24T00:00:00Z
ALNUM = string.ascii_letters + string.digits


class Http(NamedTuple):
    """A request as the gateway hands it over."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes | None = b""


def prove(http: Http, secret: str = SECRET, *, late: float = 0.0, age: float | None = None) -> sigv4.Claim:
    """Read and check a request that arrives `late` seconds after it was signed; only one key is known."""
    claim = sigv4.read(http)
    if claim is None:
        raise ServiceError("MissingAuthenticationToken")
    if claim.access_key not in (AKID, "AKIDEXAMPLE"):
        raise ServiceError("InvalidClientTokenId")
    s3 = claim.service == "s3"
    sigv4.check(claim, http, secret, now_real=claim.timestamp + late, service_is_s3=s3, age=age)
    return claim


def refused(http: Http, secret: str = SECRET, *, late: float = 0.0, age: float | None = None) -> ServiceError:
    with pytest.raises(ServiceError) as caught:
        prove(http, secret, late=late, age=age)
    return caught.value


def signed(
    signer: Any,
    service: str,
    *,
    method: str = "POST",
    url: str = "http://localhost:4566/",
    headers: dict[str, str] | None = None,
    body: bytes = b"",
    token: str | None = None,
    expires: int | None = None,
) -> Http:
    """A request signed by botocore, as it arrives."""
    request = AWSRequest(method, url, headers=headers, data=body)
    extra = {} if expires is None else {"expires": expires}
    signer(Credentials(AKID, SECRET, token), service, "eu-west-1", **extra).add_auth(request)
    parts = urlsplit(request.url)
    arrived = {name.lower(): ",".join(request.headers.get_all(name)) for name in request.headers.keys()}  # noqa: SIM118
    arrived.setdefault("host", parts.netloc)
    return Http(method, parts.path, parts.query, arrived, body)


# ---------------------------------------------------------------- examples that AWS prints


def s3_example(method: str, path: str, query: str, headers: dict[str, str], body: bytes, signature: str) -> Http:
    every = {
        "host": "examplebucket.s3.amazonaws.com",
        "x-amz-date": "20130524T000000Z",
        "x-amz-content-sha256": sha256(body).hexdigest(),
        **headers,
    }
    every["authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={AKID}/20130524/us-east-1/s3/aws4_request,"
        f"SignedHeaders={';'.join(sorted(every))},Signature={signature}"
    )
    return Http(method, path, query, every, body)


@pytest.mark.documented(S3_HEADER)
@pytest.mark.parametrize(
    "http",
    [
        s3_example(
            "GET",
            "/test.txt",
            "",
            {"range": "bytes=0-9"},
            b"",
            "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
        ),
        s3_example(
            "PUT",
            "/test%24file.text",
            "",
            {"date": "Fri, 24 May 2013 00:00:00 GMT", "x-amz-storage-class": "REDUCED_REDUNDANCY"},
            b"Welcome to Amazon S3.",
            "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
        ),
        s3_example(
            "GET", "/", "lifecycle", {}, b"", "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"
        ),
        s3_example(
            "GET",
            "/",
            "max-keys=2&prefix=J",
            {},
            b"",
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
        ),
    ],
)
def test_the_documented_s3_examples_are_accepted(http: Http) -> None:
    claim = prove(http)
    assert (claim.access_key, claim.region, claim.service, claim.timestamp) == (AKID, "us-east-1", "s3", DAY_2013)


def presigned_example(expires: str = "86400") -> Http:
    query = (
        f"X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={AKID}%2F20130524%2Fus-east-1%2Fs3%2Faws4_request"
        f"&X-Amz-Date=20130524T000000Z&X-Amz-Expires={expires}&X-Amz-SignedHeaders=host"
        "&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
    )
    return Http("GET", "/test.txt", query, {"host": "examplebucket.s3.amazonaws.com"})


@pytest.mark.documented(S3_QUERY)
def test_the_documented_presigned_url_is_accepted() -> None:
    claim = prove(presigned_example())
    assert (claim.presigned, claim.expires) == (True, 86400)


@pytest.mark.documented(SIGNING)
def test_the_documented_iam_example_is_accepted() -> None:
    headers = {
        "content-type": "application/x-www-form-urlencoded; charset=utf-8",
        "host": "iam.amazonaws.com",
        "x-amz-date": "20150830T123600Z",
        "authorization": "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, "
        "SignedHeaders=content-type;host;x-amz-date, "
        "Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7",
    }
    http = Http("GET", "/", "Action=ListUsers&Version=2010-05-08", headers)
    assert prove(http, "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY").service == "iam"


# ---------------------------------------------------------------- whatever botocore signs


paths = st.lists(st.text(min_size=0, max_size=6), max_size=4).map(lambda parts: "/" + quote("/".join(parts), safe="/~"))
queries = st.lists(st.tuples(st.text(max_size=5), st.text(max_size=5)), max_size=5).map(
    lambda pairs: percent_encode_sequence([(name, value) for name, value in pairs if name])
)
values = st.text(st.characters(min_codepoint=33, exclude_categories=["Cs", "Cc", "Z"]) | st.just(" "), max_size=12)
headers = st.dictionaries(
    st.sampled_from(["content-type", "x-amz-target", "x-amz-meta-a", "cache-control", "x-custom"]), values, max_size=4
)
bodies = st.binary(max_size=40)
tokens = st.none() | st.text(ALNUM + "+/=", min_size=1, max_size=20)
methods = st.sampled_from(["GET", "PUT", "POST", "DELETE", "HEAD"])
schemes = st.sampled_from(["http", "https"])


@st.composite
def header_signed(draw: st.DrawFn) -> Http:
    signer, service = draw(st.sampled_from([(SigV4Auth, "sqs"), (S3SigV4Auth, "s3")]))
    url = f"{draw(schemes)}://queue.example.com:4566{draw(paths)}?{draw(queries)}"
    return signed(
        signer,
        service,
        method=draw(methods),
        url=url,
        headers=draw(headers),
        body=draw(bodies),
        token=draw(tokens),
    )


@st.composite
def query_signed(draw: st.DrawFn) -> Http:
    signer, service = draw(st.sampled_from([(SigV4QueryAuth, "sts"), (S3SigV4QueryAuth, "s3")]))
    url = f"{draw(schemes)}://queue.example.com:4566{draw(paths)}?{draw(queries)}"
    return signed(
        signer,
        service,
        method="GET",
        url=url,
        headers=draw(headers),
        token=draw(tokens),
        expires=draw(st.integers(1, 604800)),
    )


@pytest.mark.documented(SIGNING)
@given(header_signed())
def test_requests_signed_in_a_header_by_botocore_are_accepted(http: Http) -> None:
    claim = prove(http)
    assert not claim.presigned and claim.access_key == AKID
    assert claim.token == http.headers.get("x-amz-security-token", "")


@pytest.mark.documented(SIGNING)
@given(query_signed())
def test_requests_signed_in_the_query_by_botocore_are_accepted(http: Http) -> None:
    assert prove(http).presigned


def changed(data: st.DataObject, text: str) -> str:
    """The text with one character replaced by another letter or digit."""
    assume(text)
    place = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.sampled_from(ALNUM).filter(lambda c: c != text[place]))
    return text[:place] + other + text[place + 1 :]


any_signed = header_signed() | query_signed()


@pytest.mark.documented(SIGNING)
@given(st.binary(min_size=32, max_size=32), st.lists(st.binary(max_size=200), min_size=1, max_size=4))
def test_a_key_that_signs_again_and_again_signs_by_hmac_sha256(raw: bytes, messages: list[bytes]) -> None:
    key = sigv4._Key(raw)
    assert [key.sign(one) for one in messages] == [hmac.digest(raw, one, "sha256").hex() for one in messages]


@pytest.mark.ours
@given(any_signed, st.data())
def test_a_changed_method_is_refused(http: Http, data: st.DataObject) -> None:
    refused(http._replace(method=changed(data, http.method)))


@pytest.mark.ours
@given(any_signed, st.data())
def test_a_changed_path_is_refused(http: Http, data: st.DataObject) -> None:
    path = changed(data, http.path)
    # %2F and %2f are the same path, and so are /a/../b and /c/../b where dots are resolved
    assume(unquote_to_bytes(path) != unquote_to_bytes(http.path))
    assume(normpath("/" + path.lstrip("/")) != normpath("/" + http.path.lstrip("/")))
    refused(http._replace(path=path))


@pytest.mark.ours
@given(any_signed, st.data())
def test_a_changed_query_is_refused(http: Http, data: st.DataObject) -> None:
    query = changed(data, http.query)
    assume(sigv4.canonical_query(query) != sigv4.canonical_query(http.query))
    refused(http._replace(query=query))


@pytest.mark.ours
@given(any_signed, st.data())
def test_a_changed_signed_header_is_refused(http: Http, data: st.DataObject) -> None:
    claim = sigv4.read(http)
    assert claim is not None
    name = data.draw(st.sampled_from(claim.signed_headers))
    refused(http._replace(headers={**http.headers, name: changed(data, http.headers[name])}))


@pytest.mark.ours
@given(any_signed, st.data())
def test_a_missing_signed_header_is_refused(http: Http, data: st.DataObject) -> None:
    claim = sigv4.read(http)
    assert claim is not None
    gone = data.draw(st.sampled_from(claim.signed_headers))
    refused(http._replace(headers={name: value for name, value in http.headers.items() if name != gone}))


@pytest.mark.ours
@given(header_signed(), st.data())
def test_a_changed_body_is_refused(http: Http, data: st.DataObject) -> None:
    body = http.body or b""
    place = data.draw(st.integers(0, len(body)))
    other = data.draw(st.binary(min_size=1, max_size=1))
    assume(body[place : place + 1] != other)
    refused(http._replace(body=body[:place] + other + body[place + 1 :]))


@pytest.mark.ours
@given(any_signed, st.data())
def test_another_secret_is_refused(http: Http, data: st.DataObject) -> None:
    refused(http, changed(data, SECRET))


@pytest.mark.ours
@given(header_signed(), st.data())
def test_a_changed_authorization_is_refused(http: Http, data: st.DataObject) -> None:
    refused(http._replace(headers={**http.headers, "authorization": changed(data, http.headers["authorization"])}))


@pytest.mark.ours
@given(st.dictionaries(st.sampled_from(["authorization", "x-amz-date", "date", "host"]), st.text()), st.text())
def test_noise_is_refused_and_never_a_crash(noise: dict[str, str], query: str) -> None:
    assert refused(Http("GET", "/", query, noise)).code in {"MissingAuthenticationToken", "IncompleteSignature"}


@pytest.mark.ours
@given(st.text("AWS4-HMCSHA256 Credential=/,;0123456789abcdefghst_requ", max_size=80).map("AWS4-HMAC-SHA256 ".__add__))
def test_noise_behind_the_algorithm_is_refused(authorization: str) -> None:
    error = refused(
        Http("GET", "/", "", {"authorization": authorization, "x-amz-date": "20130524T000000Z", "host": "x"})
    )
    assert error.code == "IncompleteSignature"


# ---------------------------------------------------------------- canonical forms


@pytest.mark.documented(SIGNING)
def test_blanks_in_a_header_are_trimmed_and_collapsed() -> None:
    http = signed(SigV4Auth, "sqs", headers={"x-custom": "a b c"})
    assert prove(http._replace(headers={**http.headers, "x-custom": "  a   b \t c "})).service == "sqs"


@pytest.mark.documented(SIGNING)
def test_the_order_of_query_parameters_does_not_matter() -> None:
    http = signed(SigV4Auth, "sqs", url="http://localhost:4566/?a=2&a=1&B=3")
    assert prove(http._replace(query="B=3&a=1&a=2")).service == "sqs"


@pytest.mark.documented(SIGNING)
def test_a_query_is_encoded_strictly_before_it_is_compared() -> None:
    assert sigv4.canonical_query("b=%7e~&a=x+y/z%2a&c") == "a=x%20y%2Fz%2A&b=~~&c="


@pytest.mark.documented(S3_HEADER)
def test_a_path_that_s3_would_encode_is_accepted_unencoded() -> None:
    http = signed(S3SigV4Auth, "s3", method="GET", url="http://localhost:4566/b/k%28%29")
    assert prove(http._replace(path="/b/k()")).service == "s3"


@pytest.mark.ours
def test_a_header_that_arrived_as_latin_1_is_compared_by_its_bytes() -> None:
    http = signed(SigV4Auth, "sqs", headers={"x-custom": "é"})
    assert prove(http._replace(headers={**http.headers, "x-custom": "é".encode().decode("latin-1")})).service == "sqs"


@pytest.mark.ours
def test_the_port_is_part_of_the_host() -> None:
    http = signed(SigV4Auth, "sqs")
    assert refused(http._replace(headers={**http.headers, "host": "localhost"})).code == "SignatureDoesNotMatch"


# ---------------------------------------------------------------- half a signature


@pytest.mark.ours
def test_a_request_without_a_signature_is_anonymous() -> None:
    assert sigv4.read(Http("GET", "/", "a=b", {"host": "x"})) is None


@pytest.mark.documented(COMMON_ERRORS)
def test_everything_missing_from_the_header_is_named() -> None:
    error = refused(Http("GET", "/", "", {"authorization": "Basic abc", "host": "x"}))
    digest = b64encode(sha256(b"Basic abc").digest()).decode()
    assert (error.code, error.status) == ("IncompleteSignature", 400)
    assert error.message == (
        "Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter. "
        "Authorization header requires 'SignedHeaders' parameter. "
        "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. "
        f"(Hashed with SHA-256 and encoded with Base64) Authorization={digest}"
    )


@pytest.mark.documented(COMMON_ERRORS)
def test_a_missing_signature_alone_is_named_alone() -> None:
    header = f"AWS4-HMAC-SHA256 Credential={AKID}/20130524/us-east-1/sqs/aws4_request, SignedHeaders=host"
    error = refused(Http("GET", "/", "", {"authorization": header, "x-amz-date": "20130524T000000Z", "host": "x"}))
    assert error.message.startswith("Authorization header requires 'Signature' parameter. (Hashed")


@pytest.mark.documented(COMMON_ERRORS)
def test_a_credential_of_four_elements_is_refused() -> None:
    header = f"AWS4-HMAC-SHA256 Credential={AKID}/20130524/us-east-1/sqs, SignedHeaders=host, Signature=0"
    error = refused(Http("GET", "/", "", {"authorization": header, "x-amz-date": "20130524T000000Z", "host": "x"}))
    assert error.code == "IncompleteSignature"
    assert error.message.startswith("Credential must have exactly 5 slash-delimited elements")


@pytest.mark.documented(TROUBLE)
@pytest.mark.parametrize(
    ("scope", "names", "message"),
    [
        ("20130523/us-east-1/sqs/aws4_request", "host", "Date in Credential scope does not match YYYYMMDD"),
        ("20130524/us-east-1/sqs/aws5_request", "host", "Credential should be scoped with a valid terminator"),
        ("20130524/us-east-1/sqs/aws4_request", "x-amz-date", "'Host' or ':authority' must be a 'SignedHeader'"),
        ("20130524/us-east-1/sqs/aws4_request", "x-amz-date;host", "SignedHeaders must be sorted"),
        ("20130524/us-east-1/sqs/aws4_request", "X-Amz-Date;host", "SignedHeaders must be sorted"),
    ],
)
def test_a_scope_that_contradicts_the_request_is_refused(scope: str, names: str, message: str) -> None:
    header = f"AWS4-HMAC-SHA256 Credential={AKID}/{scope}, SignedHeaders={names}, Signature=0"
    error = refused(Http("GET", "/", "", {"authorization": header, "x-amz-date": "20130524T000000Z", "host": "x"}))
    assert error.code == "SignatureDoesNotMatch"
    assert error.message.startswith(message)


@pytest.mark.ours
@pytest.mark.parametrize("date", ["2013-05-24", "20131324T000000Z", "20130524T250000Z", "yesterday"])
def test_a_malformed_date_is_refused(date: str) -> None:
    header = f"AWS4-HMAC-SHA256 Credential={AKID}/20130524/us-east-1/sqs/aws4_request, SignedHeaders=host, Signature=0"
    error = refused(Http("GET", "/", "", {"authorization": header, "x-amz-date": date, "host": "x"}))
    assert error.code == "IncompleteSignature"
    assert error.message.startswith(f"Date must be in ISO-8601 'basic format'. Got '{date}'.")


@pytest.mark.documented(SIGNING)
def test_a_date_header_stands_in_for_x_amz_date() -> None:
    http = signed(SigV4Auth, "sqs", headers={"Date": "Fri, 24 May 2013 00:00:00 GMT"})
    assert "x-amz-date" not in http.headers
    assert prove(http).service == "sqs"


@pytest.mark.ours
def test_signature_version_4a_is_refused_by_name() -> None:
    with pytest.raises(Refused, match="SigV4A"):
        sigv4.read(Http("GET", "/", "", {"authorization": "AWS4-ECDSA-P256-SHA256 Credential=a", "host": "x"}))


@pytest.mark.documented(S3_ERRORS)
@pytest.mark.parametrize(
    "http",
    [
        Http("GET", "/b/k", "", {"authorization": f"AWS {AKID}:c2ln", "host": "x"}),
        Http("GET", "/b/k", f"AWSAccessKeyId={AKID}&Signature=c2ln&Expires=1", {"host": "x"}),
        Http("GET", "/", f"Action=ListUsers&AWSAccessKeyId={AKID}&SignatureVersion=2&Signature=c2ln", {"host": "x"}),
        Http(
            "POST",
            "/",
            "",
            {"host": "x", "content-type": "application/x-www-form-urlencoded"},
            b"Action=ListUsers&SignatureVersion=2&AWSAccessKeyId=a&Signature=b",
        ),
    ],
)
def test_signature_version_2_is_refused(http: Http) -> None:
    error = refused(http)
    assert error.message == (
        "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256."
    )


@pytest.mark.documented(COMMON_ERRORS)
def test_everything_missing_from_a_presigned_url_is_named() -> None:
    error = refused(Http("GET", "/", "Action=GetCallerIdentity&X-Amz-Signature=00", {"host": "x"}))
    assert error.code == "IncompleteSignature"
    assert error.message == (
        "AWS query-string parameters must include 'X-Amz-Algorithm'. "
        "AWS query-string parameters must include 'X-Amz-Credential'. "
        "AWS query-string parameters must include 'X-Amz-SignedHeaders'. "
        "AWS query-string parameters must include 'X-Amz-Date'. Re-examine the query-string parameters."
    )


@pytest.mark.documented(S3_QUERY)
def test_a_presigned_s3_url_without_expiry_is_refused_in_the_words_of_s3() -> None:
    example = presigned_example()
    error = refused(example._replace(query=example.query.replace("&X-Amz-Expires=86400", "")))
    assert error.code == "AuthorizationQueryParametersError"
    assert error.message.startswith("Query-string authentication version 4 requires the X-Amz-Algorithm,")


@pytest.mark.documented(S3_QUERY)
@pytest.mark.parametrize(
    ("expires", "message"),
    [
        ("604801", "X-Amz-Expires must be less than a week (in seconds)"),
        ("99999999999999999999", "X-Amz-Expires must be less than a week (in seconds)"),
        ("-1", "X-Amz-Expires must be non-negative"),
        ("soon", "X-Amz-Expires should be a number"),
        ("0", "X-Amz-Expires must be at least 1 second"),
    ],
)
def test_a_presigned_s3_url_lives_a_second_to_a_week(expires: str, message: str) -> None:
    error = refused(presigned_example(expires))
    assert (error.code, error.status) == ("AuthorizationQueryParametersError", 400)
    assert error.message.startswith(message)


@pytest.mark.documented(S3_ERRORS)
def test_s3_takes_a_header_or_a_query_but_not_both() -> None:
    http = signed(S3SigV4Auth, "s3", method="GET", url="http://localhost:4566/b?X-Amz-Algorithm=AWS4-HMAC-SHA256")
    assert refused(http).code == "InvalidArgument"


# ---------------------------------------------------------------- time


@pytest.mark.documented(COMMON_ERRORS)
@pytest.mark.parametrize("late", [-900, 900])
def test_a_clock_fifteen_minutes_off_is_good_enough(late: float) -> None:
    assert prove(signed(SigV4Auth, "sqs"), late=late).service == "sqs"


def iam_2015(late: float) -> ServiceError:
    header = f"AWS4-HMAC-SHA256 Credential={AKID}/20150830/us-east-1/iam/aws4_request, SignedHeaders=host, Signature=0"
    headers = {"host": "iam.amazonaws.com", "x-amz-date": "20150830T123600Z", "authorization": header}
    return refused(Http("GET", "/", "", headers), late=late)


@pytest.mark.documented(TROUBLE)
def test_an_old_signature_is_expired_with_all_three_times() -> None:
    assert iam_2015(901).message == (
        "Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z (20150830T125101Z - 15 min.)"
    )


@pytest.mark.documented(TROUBLE)
def test_a_signature_from_the_future_is_not_yet_current() -> None:
    assert iam_2015(-901).message == (
        "Signature not yet current: 20150830T123600Z is still later than 20150830T123559Z (20150830T122059Z + 15 min.)"
    )


@pytest.mark.documented(S3_ERRORS)
def test_s3_calls_it_a_skewed_clock() -> None:
    error = refused(signed(S3SigV4Auth, "s3", method="GET"), late=901)
    assert (error.code, error.status) == ("RequestTimeTooSkewed", 403)
    assert error.members["MaxAllowedSkewMilliseconds"] == "900000"


@pytest.mark.documented(EC2_ERRORS)
def test_ec2_calls_it_an_expired_request() -> None:
    assert refused(signed(SigV4Auth, "ec2"), late=901).code == "RequestExpired"


@pytest.mark.documented(S3_QUERY)
def test_a_presigned_s3_url_ends_with_its_last_second() -> None:
    http = signed(S3SigV4QueryAuth, "s3", method="GET", expires=60)
    assert prove(http, late=60).expires == 60
    error = refused(http, late=61)
    assert (error.code, error.message, error.status) == ("AccessDenied", "Request has expired", 403)


@pytest.mark.ours
def test_a_presigned_url_ages_by_the_clock_the_caller_names() -> None:
    http = signed(S3SigV4QueryAuth, "s3", method="GET", expires=60)
    assert refused(http, late=0, age=61).message == "Request has expired"


@pytest.mark.documented(S3_QUERY)
def test_a_presigned_s3_url_outlives_the_skew_rule() -> None:
    assert prove(signed(S3SigV4QueryAuth, "s3", method="GET", expires=604800), late=604800).presigned


@pytest.mark.documented(EC2_ERRORS)
def test_elsewhere_a_presigned_request_may_arrive_fifteen_minutes_after_its_end() -> None:
    http = signed(SigV4QueryAuth, "sts", method="GET", expires=60)
    assert prove(http, late=960).expires == 60
    assert refused(http, late=961).code == "RequestExpired"


# ---------------------------------------------------------------- bodies


@pytest.mark.documented(S3_HEADER)
def test_s3_takes_an_unsigned_body_when_the_header_says_so() -> None:
    headers = {"x-amz-content-sha256": "UNSIGNED-PAYLOAD"}
    http = signed(SigV4Auth, "s3", method="PUT", url="http://localhost:4566/b/k", headers=headers, body=b"one")
    assert prove(http._replace(body=b"two")).payload_hash == "UNSIGNED-PAYLOAD"


@pytest.mark.ours
def test_no_other_service_takes_an_unsigned_body() -> None:
    http = signed(SigV4Auth, "sqs", headers={"x-amz-content-sha256": "UNSIGNED-PAYLOAD"}, body=b"one")
    assert refused(http).code == "SignatureDoesNotMatch"


@pytest.mark.documented(S3_ERRORS)
def test_s3_tells_both_digests_when_a_body_was_changed() -> None:
    http = signed(S3SigV4Auth, "s3", method="PUT", url="http://localhost:4566/b/k", body=b"one")
    error = refused(http._replace(body=b"two"))
    assert (error.code, error.status) == ("XAmzContentSHA256Mismatch", 400)
    assert error.members == {
        "ClientComputedContentSHA256": sha256(b"one").hexdigest(),
        "S3ComputedContentSHA256": sha256(b"two").hexdigest(),
    }


@pytest.mark.ours
def test_a_body_still_arriving_is_compared_afterwards() -> None:
    http = signed(S3SigV4Auth, "s3", method="PUT", url="http://localhost:4566/b/k", body=b"one")
    claim = prove(http._replace(body=None))
    sigv4.check_body(claim, sha256(b"one").hexdigest())
    with pytest.raises(ServiceError, match="XAmzContentSHA256Mismatch"):
        sigv4.check_body(claim, sha256(b"two").hexdigest())


@pytest.mark.documented(S3_HEADER)
def test_s3_wants_the_digest_header() -> None:
    error = refused(signed(SigV4Auth, "s3", method="GET"))
    assert (error.code, error.message) == (
        "InvalidRequest",
        "Missing required header for this request: x-amz-content-sha256",
    )


@pytest.mark.documented(S3_HEADER)
def test_s3_wants_a_digest_that_is_one() -> None:
    http = signed(SigV4Auth, "s3", method="GET", headers={"x-amz-content-sha256": "nonsense"})
    assert refused(http).code == "InvalidArgument"


@pytest.mark.documented(S3_HEADER)
def test_s3_refuses_amazon_headers_that_are_not_signed() -> None:
    http = signed(S3SigV4Auth, "s3", method="PUT", url="http://localhost:4566/b/k")
    error = refused(http._replace(headers={**http.headers, "x-amz-acl": "public-read"}))
    assert (error.code, error.members) == ("AccessDenied", {"HeadersNotSigned": "x-amz-acl"})


# ---------------------------------------------------------------- how it is said


@pytest.mark.documented(DYNAMODB_ERRORS)
@pytest.mark.parametrize(
    ("code", "word"),
    [
        ("InvalidClientTokenId", "UnrecognizedClientException"),
        ("SignatureDoesNotMatch", "InvalidSignatureException"),
        ("IncompleteSignature", "IncompleteSignatureException"),
        ("MissingAuthenticationToken", "MissingAuthenticationTokenException"),
        ("ExpiredToken", "ExpiredTokenException"),
        ("AccessDenied", "AccessDeniedException"),
    ],
)
def test_json_services_have_words_of_their_own(code: str, word: str) -> None:
    assert spoken(code, "json", "dynamodb")[::2] == (word, 400)


@pytest.mark.documented(EC2_ERRORS)
@pytest.mark.parametrize(
    ("code", "word"),
    [
        ("InvalidClientTokenId", "AuthFailure"),
        ("SignatureDoesNotMatch", "AuthFailure"),
        ("AccessDenied", "UnauthorizedOperation"),
        ("ExpiredToken", "RequestExpired"),
    ],
)
def test_ec2_has_words_of_its_own(code: str, word: str) -> None:
    assert spoken(code, "ec2", "ec2").code == word


@pytest.mark.documented(S3_ERRORS)
@pytest.mark.parametrize(
    ("code", "word", "status"),
    [
        ("InvalidClientTokenId", "InvalidAccessKeyId", 403),
        ("InvalidToken", "InvalidToken", 400),
        ("ExpiredToken", "ExpiredToken", 400),
        ("SignatureDoesNotMatch", "SignatureDoesNotMatch", 403),
        ("IncompleteSignature", "AuthorizationHeaderMalformed", 400),
    ],
)
def test_s3_has_words_of_its_own(code: str, word: str, status: int) -> None:
    assert spoken(code, "rest-xml", "s3")[::2] == (word, status)


@pytest.mark.ours
def test_a_code_that_is_not_about_identity_is_left_alone() -> None:
    assert spoken("QueueDoesNotExist", "json", "sqs") == ("QueueDoesNotExist", None, 0)


@pytest.mark.ours
def test_every_dialect_has_a_word_for_every_refusal() -> None:
    refusals = set(DIALECTS["query"])
    assert {name: refusals - set(words) for name, words in DIALECTS.items()} == {name: set() for name in DIALECTS}
    assert refusals - set(S3) == {"OptInRequired"}


@pytest.mark.documented("https://smithy.io/2.0/aws/protocols/aws-query-protocol.html")
def test_a_json_service_that_once_spoke_query_tells_the_older_code_too() -> None:
    assert query_compatible("InvalidToken") == "InvalidClientTokenId;Sender"
