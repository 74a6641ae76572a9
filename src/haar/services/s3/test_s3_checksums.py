"""What a client says of a body, in headers and in trailers, and what it is told of it later."""

from __future__ import annotations

import base64
import hashlib
import io
import zlib
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from haar import Cloud

INTEGRITY = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html"
CODES = "https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html"
PLACE = {"Bucket": "attic", "Key": "a"}
BODY = b"The quick brown fox jumps over the lazy dog"


@pytest.fixture
def s3(cloud: Cloud) -> Any:
    """A client, and a bucket."""
    client = cloud.client("s3")
    client.create_bucket(Bucket="attic")
    return client


@pytest.fixture
def silent(cloud: Cloud, s3: Any) -> Any:
    """A client that sends no checksum unless it is told to."""
    return cloud.client("s3", config=Config(request_checksum_calculation="when_required"))


def refused(call: Any, **given: Any) -> dict[str, Any]:
    """The members of the error that is answered."""
    with pytest.raises(ClientError) as caught:
        call(**given)
    return dict(caught.value.response["Error"])


def b64(digest: bytes) -> str:
    """Base64, as headers have it."""
    return base64.b64encode(digest).decode()


#: Of BODY. The CRCs are check values of the algorithms' own definitions, computed apart from the server.
KNOWN = {
    "CRC32": b64(zlib.crc32(BODY).to_bytes(4, "big")),
    "CRC32C": "ImIEBA==",
    "SHA1": b64(hashlib.sha1(BODY, usedforsecurity=False).digest()),
    "SHA256": b64(hashlib.sha256(BODY).digest()),
    "SHA512": b64(hashlib.sha512(BODY).digest()),
    "MD5": b64(hashlib.md5(BODY, usedforsecurity=False).digest()),
    "XXHASH64": b64(bytes.fromhex("0b242d361fda71bc")),
    "XXHASH3": b64(bytes.fromhex("ce7d19a5418fb365")),
    "XXHASH128": b64(bytes.fromhex("ddd650205ca3e7fa24a1cc2e3a8a7651")),
}


@pytest.mark.documented(INTEGRITY)
@pytest.mark.parametrize("algorithm", KNOWN)
def test_a_checksum_that_is_sent_is_kept_and_shown(silent: Any, algorithm: str) -> None:
    member = f"Checksum{algorithm}"
    reply = silent.put_object(**PLACE, Body=BODY, **{member: KNOWN[algorithm]})
    assert (reply[member], reply["ChecksumType"]) == (KNOWN[algorithm], "FULL_OBJECT")
    reply = silent.head_object(**PLACE, ChecksumMode="ENABLED")
    assert (reply[member], reply["ChecksumType"]) == (KNOWN[algorithm], "FULL_OBJECT")


@pytest.mark.documented(INTEGRITY)
@pytest.mark.parametrize("algorithm", ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256", "XXHASH3", "XXHASH128"])
def test_a_checksum_in_a_trailer_counts_like_one_in_a_header(cloud: Cloud, s3: Any, algorithm: str) -> None:
    client = cloud.client("s3", endpoint_url="https://haar.localhost:4566")
    reply = client.put_object(**PLACE, Body=io.BytesIO(BODY), ChecksumAlgorithm=algorithm)
    shown = client.head_object(**PLACE, ChecksumMode="ENABLED")
    assert reply[f"Checksum{algorithm}"] == shown[f"Checksum{algorithm}"]
    assert client.get_object(**PLACE)["Body"].read() == BODY


@pytest.mark.documented(INTEGRITY)
@pytest.mark.parametrize("algorithm", ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"])
def test_a_wrong_checksum_in_a_trailer_is_a_bad_digest(cloud: Cloud, s3: Any, algorithm: str) -> None:
    client = cloud.client("s3", endpoint_url="https://haar.localhost:4566")

    def spoil(request: Any, **_: Any) -> None:
        body = request.data.read()
        assert BODY in body
        request.data = body.replace(BODY, BODY[::-1])

    client.meta.events.register("before-sign.s3.PutObject", spoil)
    error = refused(client.put_object, **PLACE, Body=io.BytesIO(BODY), ChecksumAlgorithm=algorithm)
    assert error["Code"] == "BadDigest"
    assert error["Message"] == f"The {algorithm} you specified did not match the calculated checksum."


@pytest.mark.documented(INTEGRITY)
def test_an_object_without_a_checksum_gets_a_crc64nvme(silent: Any) -> None:
    silent.put_object(**PLACE, Body=b"123456789")
    reply = silent.head_object(**PLACE, ChecksumMode="ENABLED")
    # the check value that the definition of the algorithm gives for these nine digits
    assert reply["ChecksumCRC64NVME"] == b64(bytes.fromhex("ae8b14860a799888"))
    assert reply["ChecksumType"] == "FULL_OBJECT"


@pytest.mark.documented(INTEGRITY)
def test_checksums_are_shown_to_who_asks_for_them(silent: Any) -> None:
    silent.put_object(**PLACE, Body=BODY, ChecksumSHA1=KNOWN["SHA1"])
    assert "ChecksumSHA1" not in silent.head_object(**PLACE)


@pytest.mark.documented(INTEGRITY)
def test_the_checksum_of_a_whole_is_not_said_of_a_range(s3: Any) -> None:
    s3.put_object(**PLACE, Body=BODY)
    reply = s3.get_object(**PLACE, Range="bytes=0-3", ChecksumMode="ENABLED")
    assert reply["Body"].read() == BODY[:4]
    assert not [name for name in reply if name.startswith("Checksum")]


@pytest.mark.documented(CODES)
@pytest.mark.parametrize("algorithm", KNOWN)
def test_a_checksum_of_another_body_is_a_bad_digest(silent: Any, algorithm: str) -> None:
    error = refused(silent.put_object, **PLACE, Body=BODY + b".", **{f"Checksum{algorithm}": KNOWN[algorithm]})
    assert error["Code"] == "BadDigest"
    assert error["Message"] == f"The {algorithm} you specified did not match the calculated checksum."
    assert refused(silent.head_object, **PLACE)["Code"] == "404"


@pytest.mark.documented(CODES)
@pytest.mark.parametrize("value", ["no base64!", "AAAA", ""])
def test_what_can_be_no_checksum_is_an_invalid_request(silent: Any, value: str) -> None:
    error = refused(silent.put_object, **PLACE, Body=BODY, ChecksumSHA256=value)
    assert error["Code"] == "InvalidRequest"
    assert error["Message"] == "Value for x-amz-checksum-sha256 header is invalid."


@pytest.mark.documented(INTEGRITY)
def test_one_body_has_one_checksum(silent: Any) -> None:
    error = refused(silent.put_object, **PLACE, Body=BODY, ChecksumSHA1=KNOWN["SHA1"], ChecksumCRC32=KNOWN["CRC32"])
    assert error["Code"] == "InvalidRequest"


@pytest.mark.documented(INTEGRITY)
def test_an_algorithm_without_its_checksum_is_an_invalid_request(silent: Any) -> None:
    def announce(request: Any, **_: Any) -> None:
        request.headers["x-amz-sdk-checksum-algorithm"] = "SHA256"

    silent.meta.events.register("before-sign.s3.PutObject", announce)
    assert refused(silent.put_object, **PLACE, Body=BODY)["Code"] == "InvalidRequest"


@pytest.mark.documented(INTEGRITY)
def test_a_content_md5_is_compared(silent: Any) -> None:
    right = b64(hashlib.md5(BODY, usedforsecurity=False).digest())
    silent.put_object(**PLACE, Body=BODY, ContentMD5=right)
    wrong = b64(bytes(16))
    error = refused(silent.put_object, **PLACE, Body=BODY, ContentMD5=wrong)
    assert (error["Code"], error["ExpectedDigest"], error["CalculatedDigest"]) == ("BadDigest", wrong, right)


@pytest.mark.documented(CODES)
@pytest.mark.parametrize("value", ["short", "AAAA"])
def test_a_content_md5_that_is_none_is_invalid(silent: Any, value: str) -> None:
    error = refused(silent.put_object, **PLACE, Body=BODY, ContentMD5=value)
    assert (error["Code"], error["Content-MD5"]) == ("InvalidDigest", value)


@pytest.mark.ours
def test_the_sdk_finds_what_it_reads_to_be_what_it_wrote(s3: Any) -> None:
    body = bytes(range(256)) * 8192
    s3.put_object(**PLACE, Body=body, ChecksumAlgorithm="SHA256")
    assert s3.get_object(**PLACE, ChecksumMode="ENABLED")["Body"].read() == body
