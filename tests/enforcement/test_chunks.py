"""Bodies in `aws-chunked` framing reach an operation whole, or not at all.

The operation here is S3's PutObject in a room of the test's own, which keeps the bytes it is given.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import zlib
from typing import Any

import pytest
from botocore.auth import S3SigV4Auth

from haar import Cloud
from haar.auth.sigv4 import signing_key
from haar.kit import Call, Service
from haar.wire.http import HttpReply, HttpRequest
from tests.clients.signing import signed

pytestmark = pytest.mark.documented("https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html")

TEXT = b"a" * 70_000 + b"the end"
PIECE = 65_536


class SignedChunks(S3SigV4Auth):  # type: ignore[misc]  # botocore has no types
    """botocore's signer, for a body whose chunks carry their own signatures."""

    def payload(self, request: Any) -> str:
        return "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"

    def _should_sha256_sign_payload(self, request: Any) -> bool:
        return True


class UnsignedTrailer(SignedChunks):
    """The same for an unsigned body with a checksum behind it."""

    def payload(self, request: Any) -> str:
        return "STREAMING-UNSIGNED-PAYLOAD-TRAILER"


@pytest.fixture
def kept(cloud: Cloud) -> list[bytes]:
    """What PutObject was given."""
    bodies: list[bytes] = []
    s3: Service[Any] = Service("s3")

    @s3.operation(resource=lambda call, request: f"arn:aws:s3:::{request['Bucket']}/{request['Key']}")
    def put_object(call: Call, request: dict[str, Any]) -> dict[str, Any]:
        bodies.append(request["Body"].read())
        return {}

    cloud._rooms["s3"] = s3
    return bodies


def put(headers: dict[str, str], auth: type[S3SigV4Auth], *, body: bytes = b"") -> HttpRequest:
    """A signed PutObject; its body is set by the caller."""
    sent = {"x-amz-decoded-content-length": str(len(TEXT)), "content-encoding": "aws-chunked", **headers}
    return signed("s3", body, sent, method="PUT", url="http://haar.localhost:4566/bucket/key", auth=auth)


def in_signed_chunks(http: HttpRequest, text: bytes) -> bytes:
    """The framing of `text`, each chunk signed with the signature of the one before it."""
    scope = http.headers["authorization"].split("Credential=test/")[1].split(",")[0]
    previous = http.headers["authorization"].rsplit("Signature=", 1)[1]
    key = signing_key("test", scope[:8], "us-east-1", "s3")
    nothing = hashlib.sha256(b"").hexdigest()
    framed = b""
    for start in [*range(0, len(text), PIECE), len(text)]:
        piece = text[start : start + PIECE]
        to_sign = "\n".join(
            ["AWS4-HMAC-SHA256-PAYLOAD", http.headers["x-amz-date"], scope, previous, nothing,
             hashlib.sha256(piece).hexdigest()]
        )  # fmt: skip
        previous = hmac.digest(key, to_sign.encode(), "sha256").hex()
        framed += f"{len(piece):x};chunk-signature={previous}\r\n".encode() + piece + b"\r\n"
    return framed


def with_trailer(text: bytes, checksum: bytes) -> bytes:
    """The framing of `text` with the CRC-32 of `checksum` behind it."""
    crc = base64.b64encode(zlib.crc32(checksum).to_bytes(4, "big"))
    return f"{len(text):x}\r\n".encode() + text + b"\r\n0\r\nx-amz-checksum-crc32:" + crc + b"\r\n\r\n"


def signed_chunks(text: bytes = TEXT) -> HttpRequest:
    """A PutObject in signed chunks."""
    http = put({}, SignedChunks)
    http.body = in_signed_chunks(http, text)
    return http


def unsigned_trailer(checksum: bytes = TEXT) -> HttpRequest:
    """A PutObject in one unsigned chunk with a trailing checksum."""
    http = put({"x-amz-trailer": "x-amz-checksum-crc32"}, UnsignedTrailer)
    http.body = with_trailer(TEXT, checksum)
    return http


def test_signed_chunks_arrive_as_the_bytes_they_frame(cloud: Cloud, kept: list[bytes]) -> None:
    assert cloud.handle(signed_chunks()).status == 200
    assert kept == [TEXT]


def test_an_unsigned_body_with_a_right_checksum_behind_it_arrives(cloud: Cloud, kept: list[bytes]) -> None:
    assert cloud.handle(unsigned_trailer()).status == 200
    assert kept == [TEXT]


def test_what_boto3_streams_over_https_arrives(cloud: Cloud, kept: list[bytes]) -> None:
    s3 = cloud.client("s3", endpoint_url="https://s3.us-east-1.amazonaws.com")
    sent: list[bytes] = []
    s3.meta.events.register_first(
        "before-send.s3.PutObject", lambda request, **_: sent.append(request.headers["x-amz-content-sha256"])
    )
    s3.put_object(Bucket="bucket", Key="key", Body=TEXT, ChecksumAlgorithm="SHA256")
    assert kept == [TEXT]
    assert sent == [b"STREAMING-UNSIGNED-PAYLOAD-TRAILER"]


def refused(cloud: Cloud, kept: list[bytes], http: HttpRequest) -> HttpReply:
    """The answer to a request whose body must not arrive."""
    reply = cloud.handle(http)
    assert 400 <= reply.status < 500
    assert kept == []
    return reply


@pytest.mark.parametrize("at", [200, 65_700, -100], ids=["first chunk", "second chunk", "last signature"])
def test_a_changed_byte_in_a_signed_chunk_is_refused(cloud: Cloud, kept: list[bytes], at: int) -> None:
    http = signed_chunks()
    changed = bytearray(http.body)
    changed[at] ^= 1
    http.body = bytes(changed)
    assert b"<Code>SignatureDoesNotMatch</Code>" in refused(cloud, kept, http).body


def test_chunks_in_another_order_are_refused(cloud: Cloud, kept: list[bytes]) -> None:
    http = put({}, SignedChunks)
    framed = in_signed_chunks(http, b"b" * PIECE + b"c" * PIECE)
    size = framed.index(b"\r\n", PIECE + 20) + 2
    http.body = framed[size : 2 * size] + framed[:size] + framed[2 * size :]
    assert b"<Code>SignatureDoesNotMatch</Code>" in refused(cloud, kept, http).body


def test_a_body_cut_short_is_refused(cloud: Cloud, kept: list[bytes]) -> None:
    http = signed_chunks()
    http.body = http.body[:40_000]
    assert b"<Code>IncompleteBody</Code>" in refused(cloud, kept, http).body


def test_a_wrong_checksum_behind_the_body_is_refused(cloud: Cloud, kept: list[bytes]) -> None:
    assert b"<Code>BadDigest</Code>" in refused(cloud, kept, unsigned_trailer(b"something else")).body


def test_chunks_under_no_signature_are_not_taken(cloud: Cloud, kept: list[bytes]) -> None:
    http = signed_chunks()
    del http.headers["authorization"]
    http.headers["host"] = "s3.us-east-1.amazonaws.com"
    assert b"<Code>AccessDenied</Code>" in refused(cloud, kept, http).body
