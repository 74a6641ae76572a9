"""Bodies in chunks: every split decodes the same, and every flipped bit is noticed."""

from __future__ import annotations

import hmac
import io
import zlib
from base64 import b64encode
from hashlib import sha256
from itertools import pairwise
from typing import NamedTuple

import pytest
from botocore.httpchecksum import AwsChunkedWrapper, Crc32Checksum, Sha256Checksum
from hypothesis import assume, given
from hypothesis import strategies as st

from haar.auth import sigv4
from haar.auth.chunked import Decoder, decoder
from haar.errors import Refused, ServiceError

DOC = "https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html"
TRAILERS = "https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html"
ERRORS = "https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html"

AKID = "AKIAIOSFODNN7EXAMPLE"
SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
DATE = "20130524T000000Z"
SCOPE = "20130524/us-east-1/s3/aws4_request"
KEY = sigv4.signing_key(SECRET, "20130524", "us-east-1", "s3")
SEED = "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9"
NOW = 1_369_353_600.0


class Http(NamedTuple):
    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes | None = None


def encode(chunks: list[bytes], seed: str = SEED, trailers: dict[str, str] | None = None) -> bytes:
    """The test's own signer, written from the documentation."""
    previous = seed
    out = b""
    for chunk in [*chunks, b""]:
        text = (
            f"AWS4-HMAC-SHA256-PAYLOAD\n{DATE}\n{SCOPE}\n{previous}\n{sigv4.EMPTY_SHA256}\n{sha256(chunk).hexdigest()}"
        )
        previous = hmac.new(KEY, text.encode(), "sha256").hexdigest()
        out += f"{len(chunk):x};chunk-signature={previous}\r\n".encode() + chunk + (b"\r\n" if chunk else b"")
    if trailers:
        lines = "".join(f"{name}:{value}\n" for name, value in sorted(trailers.items()))
        text = f"AWS4-HMAC-SHA256-TRAILER\n{DATE}\n{SCOPE}\n{previous}\n{sha256(lines.encode()).hexdigest()}"
        signature = hmac.new(KEY, text.encode(), "sha256").hexdigest()
        out += lines.replace("\n", "\r\n").encode() + f"x-amz-trailer-signature:{signature}\r\n".encode()
    return out + b"\r\n"


def signed_decoder(length: int, trailers: tuple[str, ...] | None = None, seed: str = SEED) -> Decoder:
    return Decoder(length, signing_key=KEY, amz_date=DATE, scope=SCOPE, seed_signature=seed, trailers=trailers)


def decode(wire: bytes, to: Decoder, cuts: list[int] | None = None) -> bytes:
    """Feed the wire's bytes in pieces that end at the cuts."""
    edges = [0, *sorted(cut % (len(wire) + 1) for cut in cuts or []), len(wire)]
    body = b"".join([to.feed(wire[start:end]) for start, end in pairwise(edges)])
    to.close()
    return body


def refused(wire: bytes, to: Decoder) -> str:
    with pytest.raises(ServiceError) as caught:
        decode(wire, to)
    return caught.value.code


# ---------------------------------------------------------------- the examples that AWS prints


def upload(kind: str, signature: str, more: dict[str, str]) -> Http:
    headers = {
        "content-encoding": "aws-chunked",
        "host": "s3.amazonaws.com",
        "x-amz-content-sha256": kind,
        "x-amz-date": DATE,
        "x-amz-decoded-content-length": "66560",
        "x-amz-storage-class": "REDUCED_REDUNDANCY",
        **more,
    }
    headers["authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={AKID}/{SCOPE},SignedHeaders={';'.join(sorted(headers))},Signature={signature}"
    )
    return Http("PUT", "/examplebucket/chunkObject.txt", "", headers)


def decoder_of(http: Http) -> Decoder:
    claim = sigv4.read(http)
    assert claim is not None
    sigv4.check(claim, http, SECRET, now_real=NOW, service_is_s3=True)
    made = decoder(claim, http.headers, SECRET)
    assert made is not None
    return made


@pytest.mark.documented(DOC)
def test_the_documented_upload_in_signed_chunks_is_accepted() -> None:
    http = upload("STREAMING-AWS4-HMAC-SHA256-PAYLOAD", SEED, {"content-length": "66824"})
    wire = (
        b"10000;chunk-signature=ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648\r\n"
        + b"a" * 65536
        + b"\r\n400;chunk-signature=0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497\r\n"
        + b"a" * 1024
        + b"\r\n0;chunk-signature=b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9\r\n\r\n"
    )
    assert decode(wire, decoder_of(http)) == b"a" * 66560
    assert len(wire) == 66824


@pytest.mark.documented(TRAILERS)
def test_the_documented_upload_with_a_signed_trailer_is_accepted() -> None:
    http = upload(
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
        "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e",
        {"x-amz-trailer": "x-amz-checksum-crc32c"},
    )
    wire = (
        b"10000;chunk-signature=b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2\r\n"
        + b"a" * 65536
        + b"\r\n400;chunk-signature=1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7\r\n"
        + b"a" * 1024
        + b"\r\n0;chunk-signature=2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992\r\n"
        b"x-amz-checksum-crc32c:sOO8/Q==\r\n"
        b"x-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n\r\n"
    )
    to = decoder_of(http)
    assert decode(wire, to) == b"a" * 66560
    assert to.trailers == {"x-amz-checksum-crc32c": "sOO8/Q=="}


# ---------------------------------------------------------------- any split, any flip


BODY = bytes(range(256)) * 40
CHUNKS = [BODY[:8192], BODY[8192:]]
SIGNED = encode(CHUNKS)
NAME = "x-amz-checksum-sha256"
CHECKSUM = {NAME: b64encode(sha256(BODY).digest()).decode()}
SIGNED_WITH_TRAILER = encode(CHUNKS, trailers=CHECKSUM)
UNSIGNED = AwsChunkedWrapper(io.BytesIO(BODY), checksum_cls=Sha256Checksum, checksum_name=NAME, chunk_size=3000).read()


@pytest.mark.documented(DOC)
@given(st.lists(st.integers(0, len(SIGNED)), max_size=20))
def test_signed_chunks_decode_the_same_however_they_arrive(cuts: list[int]) -> None:
    assert decode(SIGNED, signed_decoder(len(BODY)), cuts) == BODY


@pytest.mark.documented(TRAILERS)
@given(st.lists(st.integers(0, len(SIGNED_WITH_TRAILER)), max_size=20))
def test_signed_trailers_decode_the_same_however_they_arrive(cuts: list[int]) -> None:
    to = signed_decoder(len(BODY), (NAME,))
    assert (decode(SIGNED_WITH_TRAILER, to, cuts), to.trailers) == (BODY, CHECKSUM)


@pytest.mark.documented(TRAILERS)
@given(st.lists(st.integers(0, len(UNSIGNED)), max_size=20))
def test_what_botocore_sends_decodes_the_same_however_it_arrives(cuts: list[int]) -> None:
    to = Decoder(len(BODY), trailers=(NAME,))
    assert (decode(UNSIGNED, to, cuts), to.trailers) == (BODY, CHECKSUM)


@pytest.mark.ours
def test_one_byte_at_a_time_decodes_the_same() -> None:
    to = signed_decoder(len(BODY), (NAME,))
    assert decode(SIGNED_WITH_TRAILER, to, list(range(len(SIGNED_WITH_TRAILER)))) == BODY


@pytest.mark.documented(TRAILERS)
@given(st.binary(max_size=300), st.integers(1, 100))
def test_any_body_botocore_encodes_is_decoded(body: bytes, size: int) -> None:
    name = "x-amz-checksum-crc32"
    wire = AwsChunkedWrapper(io.BytesIO(body), checksum_cls=Crc32Checksum, checksum_name=name, chunk_size=size).read()
    to = Decoder(len(body), trailers=(name,))
    assert decode(wire, to) == body
    assert to.trailers == {name: b64encode(zlib.crc32(body).to_bytes(4, "big")).decode()}


def same_or_refused(wire: bytes, to: Decoder) -> tuple[bytes, dict[str, str]]:
    """What a changed wire decodes to; a refusal counts as unchanged, because nothing false was accepted."""
    try:
        return decode(wire, to), to.trailers
    except ServiceError:
        return BODY, {}


def flipped(wire: bytes, bit: int) -> bytes:
    place, shift = divmod(bit, 8)
    return wire[:place] + bytes([wire[place] ^ (1 << shift)]) + wire[place + 1 :]


def is_spelling(wire: bytes, bit: int) -> bool:
    """Whether the bit only turns a letter of a size or of a trailer's name into the other case."""
    return bit % 8 == 5 and chr(wire[bit // 8]).isalpha()


@pytest.mark.ours
@given(st.integers(0, len(SIGNED_WITH_TRAILER) * 8 - 1))
def test_a_flipped_bit_in_a_signed_upload_is_refused(bit: int) -> None:
    place = bit // 8
    in_body = place in range(100, 8000) or place in range(8500, 10000)
    assume(in_body or not is_spelling(SIGNED_WITH_TRAILER, bit))
    refused(flipped(SIGNED_WITH_TRAILER, bit), signed_decoder(len(BODY), (NAME,)))


@pytest.mark.ours
@given(st.integers(0, len(SIGNED) * 8 - 1))
def test_a_flipped_bit_never_changes_what_is_accepted(bit: int) -> None:
    assert same_or_refused(flipped(SIGNED, bit), signed_decoder(len(BODY)))[0] == BODY


@pytest.mark.ours
@given(st.integers(0, len(UNSIGNED) * 8 - 1))
def test_a_flipped_bit_in_a_body_with_a_checksum_is_noticed(bit: int) -> None:
    assert same_or_refused(flipped(UNSIGNED, bit), Decoder(len(BODY), trailers=(NAME,)))[0] == BODY


@pytest.mark.ours
@given(st.integers(0, len(SIGNED_WITH_TRAILER) - 1))
def test_an_upload_cut_short_is_refused(length: int) -> None:
    refused(SIGNED_WITH_TRAILER[:length], signed_decoder(len(BODY), (NAME,)))


# ---------------------------------------------------------------- one refusal each


@pytest.mark.documented(ERRORS)
def test_a_body_that_ends_early_is_incomplete() -> None:
    assert refused(SIGNED[:-40], signed_decoder(len(BODY))) == "IncompleteBody"


@pytest.mark.documented(ERRORS)
@pytest.mark.parametrize("difference", [-1, 1])
def test_a_body_of_another_length_than_announced_is_incomplete(difference: int) -> None:
    assert refused(SIGNED, signed_decoder(len(BODY) + difference)) == "IncompleteBody"


@pytest.mark.documented(DOC)
def test_a_changed_chunk_does_not_match() -> None:
    assert refused(SIGNED.replace(BODY[:9], b"x" * 9, 1), signed_decoder(len(BODY))) == "SignatureDoesNotMatch"


@pytest.mark.documented(DOC)
def test_chunks_of_another_request_do_not_match() -> None:
    assert refused(SIGNED, signed_decoder(len(BODY), seed="0" * 64)) == "SignatureDoesNotMatch"


@pytest.mark.documented(DOC)
def test_chunks_in_another_order_do_not_match() -> None:
    halves = [b"a" * 8192, b"b" * 8192]
    wire = encode(halves)
    first = wire.index(b"\r\n2000;") + 2
    second = wire.index(b"\r\n0;") + 2
    swapped = wire[first:second] + wire[:first] + wire[second:]
    assert refused(swapped, signed_decoder(16384)) == "SignatureDoesNotMatch"


@pytest.mark.documented(DOC)
def test_a_chunk_without_a_signature_is_refused() -> None:
    assert refused(b"5\r\nhello\r\n0\r\n\r\n", signed_decoder(5)) == "IncompleteBody"


@pytest.mark.documented(DOC)
def test_only_the_last_signed_chunk_may_be_small() -> None:
    assert refused(encode([b"a" * 8191, b"b"]), signed_decoder(8192)) == "InvalidChunkSizeError"


@pytest.mark.documented(TRAILERS)
def test_a_changed_trailer_does_not_match() -> None:
    wire = SIGNED_WITH_TRAILER.replace(CHECKSUM[NAME].encode(), b64encode(b"0" * 32))
    assert refused(wire, signed_decoder(len(BODY), (NAME,))) == "SignatureDoesNotMatch"


@pytest.mark.documented(TRAILERS)
def test_a_signed_upload_wants_its_trailer_signed() -> None:
    cut = SIGNED_WITH_TRAILER.index(b"x-amz-trailer-signature")
    wire = SIGNED_WITH_TRAILER[:cut] + b"\r\n"
    assert refused(wire, signed_decoder(len(BODY), (NAME,))) == "MalformedTrailerError"


@pytest.mark.documented(ERRORS)
@pytest.mark.parametrize(
    "trailer",
    [b"\r\n", b"x-amz-checksum-crc32:AAAAAA==\r\n\r\n", b"nonsense\r\n\r\n", b"x-amz-meta-a:b\r\n\r\n"],
)
def test_trailers_other_than_the_announced_are_malformed(trailer: bytes) -> None:
    assert refused(b"1\r\na\r\n0\r\n" + trailer, Decoder(1, trailers=(NAME,))) == "MalformedTrailerError"


@pytest.mark.documented(ERRORS)
def test_a_wrong_checksum_in_the_trailer_is_a_bad_digest() -> None:
    wire = b"1\r\na\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n"
    assert refused(wire, Decoder(1, trailers=("x-amz-checksum-crc32",))) == "BadDigest"


@pytest.mark.ours
def test_a_checksum_of_the_callers_own_is_compared_too() -> None:
    name = "x-amz-checksum-crc64nvme"
    wire = b"1\r\na\r\n0\r\n" + f"{name}:{b64encode(sha256(b'a').digest()).decode()}\r\n\r\n".encode()
    assert decode(wire, Decoder(1, trailers=(name,), checksums={name: sha256()})) == b"a"
    assert refused(wire, Decoder(1, trailers=(name,), checksums={name: sha256(b"b")})) == "BadDigest"


@pytest.mark.ours
def test_a_chunk_longer_than_it_says_is_refused() -> None:
    assert refused(b"1\r\naXX0\r\n\r\n", Decoder(1, trailers=())) == "IncompleteBody"


@pytest.mark.ours
def test_bytes_after_the_end_are_refused() -> None:
    assert refused(SIGNED + b"x", signed_decoder(len(BODY))) == "MalformedTrailerError"


@pytest.mark.ours
@given(st.binary(max_size=60), st.booleans())
def test_noise_is_refused(noise: bytes, is_signed: bool) -> None:
    refused(noise, signed_decoder(7) if is_signed else Decoder(7, trailers=()))


@pytest.mark.documented(ERRORS)
@pytest.mark.parametrize("length", ["", "-1", "many"])
def test_an_upload_in_chunks_says_how_long_it_is(length: str) -> None:
    http = upload("STREAMING-UNSIGNED-PAYLOAD-TRAILER", "0", {"x-amz-decoded-content-length": length})
    claim = sigv4.read(http)
    assert claim is not None
    with pytest.raises(ServiceError, match="MissingContentLength"):
        decoder(claim, http.headers, SECRET)


@pytest.mark.ours
def test_a_body_that_is_not_in_chunks_needs_no_decoder() -> None:
    claim = sigv4.read(upload("UNSIGNED-PAYLOAD", "0", {}))
    assert claim is not None
    assert decoder(claim, {}, SECRET) is None


@pytest.mark.ours
def test_chunks_signed_with_version_4a_are_refused_by_name() -> None:
    claim = sigv4.read(upload("STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD", "0", {}))
    assert claim is not None
    with pytest.raises(Refused, match="SigV4A"):
        decoder(claim, {}, SECRET)
