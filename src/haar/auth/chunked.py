"""Bodies in signed pieces: the `aws-chunked` encoding of S3 uploads.

| x-amz-content-sha256 | every chunk is signed | trailers | the trailers are signed |
|---|---|---|---|
| STREAMING-AWS4-HMAC-SHA256-PAYLOAD | yes | no | - |
| STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER | yes | yes | yes |
| STREAMING-UNSIGNED-PAYLOAD-TRAILER | no | yes | no (the checksum in the trailer guards the body) |

On the wire, with CRLF at every line's end::

    10000;chunk-signature=ad80...   <- size in hexadecimal; each signature covers the one before it,
    (65536 bytes)                      and the first covers the signature of the request
    0;chunk-signature=b6c6...
    x-amz-checksum-crc32c:sOO8/Q==
    x-amz-trailer-signature:d81f...
    (an empty line)

A `Decoder` is fed bytes as they arrive and hands back the body's bytes at once; whether they were genuine is known
at the end of their chunk, and the whole only when `close` returns, so nothing may be kept for good before that.

Source: S3 API, sigv4-streaming.html and sigv4-streaming-trailers.html.
"""

from __future__ import annotations

import hmac
import zlib
from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha1, sha256
from typing import Final, Protocol

from haar.auth.sigv4 import EMPTY_SHA256, Claim, signing_key
from haar.errors import Refused, ServiceError

__all__ = ["Checksum", "Decoder", "decoder"]

#: Signed chunks are at least this long, the last one excepted (sigv4-streaming.html).
CHUNK_BYTES_MIN: Final = 8192
_LINE_BYTES_MAX: Final = 256
_TRAILER_BYTES_MAX: Final = 8192
_HEX = frozenset(b"0123456789abcdefABCDEF")


class Checksum(Protocol):
    """What a trailing checksum needs; hashlib's objects fit."""

    def update(self, data: bytes, /) -> object:
        """Take in more bytes of the body."""

    def digest(self) -> bytes:
        """The checksum's bytes, big-endian for the CRCs."""


class _Crc32:
    """zlib's CRC-32 in the shape of a hashlib object."""

    def __init__(self) -> None:
        self.value = 0

    def update(self, data: bytes, /) -> None:
        self.value = zlib.crc32(data, self.value)

    def digest(self) -> bytes:
        return self.value.to_bytes(4, "big")


def _checksums(names: tuple[str, ...]) -> dict[str, Checksum]:
    """A calculator for every announced trailer that the standard library can compute."""
    known: dict[str, Checksum] = {}
    for name in names:
        if name == "x-amz-checksum-crc32":
            known[name] = _Crc32()
        elif name == "x-amz-checksum-sha1":
            known[name] = sha1(usedforsecurity=False)
        elif name == "x-amz-checksum-sha256":
            known[name] = sha256()
    return known


def decoder(
    claim: Claim, headers: Mapping[str, str], secret: str, *, checksums: Mapping[str, Checksum] | None = None
) -> Decoder | None:
    """The decoder for a request whose signature has been checked; None when its body is not in chunks.

    `headers` are by lower-case name. `checksums` adds calculators for trailers the standard library has none for
    (`x-amz-checksum-crc32c`, `x-amz-checksum-crc64nvme`), by trailer name.
    Raises ServiceError `MissingContentLength` without a usable `x-amz-decoded-content-length`.
    """
    kind = claim.payload_hash or ""
    if not kind.startswith("STREAMING-"):
        return None
    if "ECDSA" in kind:
        raise Refused("chunks signed with SigV4A", "", "Sign with AWS4-HMAC-SHA256.")
    text = headers.get("x-amz-decoded-content-length", "")
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise ServiceError("MissingContentLength", "You must provide the Content-Length HTTP header.", status=411)
    announced = headers.get("x-amz-trailer", "").lower()
    trailers = tuple(name.strip() for name in announced.split(",") if name.strip())
    key = b""
    if kind.startswith("STREAMING-AWS4-HMAC-SHA256-PAYLOAD"):
        key = signing_key(secret, claim.date, claim.region, claim.service)
    return Decoder(
        int(text),
        signing_key=key,
        amz_date=claim.amz_date,
        scope=claim.scope,
        seed_signature=claim.signature,
        trailers=trailers if kind.endswith("-TRAILER") else None,
        checksums=checksums,
    )


class Decoder:
    """Takes the encoded body apart. `trailers` holds the trailers, by lower-case name, once `close` has returned."""

    def __init__(
        self,
        length: int,
        *,
        signing_key: bytes = b"",
        amz_date: str = "",
        scope: str = "",
        seed_signature: str = "",
        trailers: tuple[str, ...] | None = None,
        checksums: Mapping[str, Checksum] | None = None,
    ) -> None:
        """`length` is the decoded body's, in bytes. Without a `signing_key` chunks carry no signatures.

        `trailers` names the announced trailers; None means that the encoding has no room for them.
        """
        self.trailers: dict[str, str] = {}
        self._length = length
        self._received = 0
        self._key = signing_key
        self._stamp = f"{amz_date}\n{scope}\n"
        self._previous = seed_signature
        self._announced = trailers
        self._checksums = {**_checksums(trailers or ()), **(checksums or {})}
        self._waiting = bytearray()
        self._step = self._header
        self._left = 0
        self._signature = ""
        self._digest = sha256()
        self._short_chunk = False
        self._done = False

    def feed(self, data: bytes) -> bytes:
        """The body's bytes found in the next piece of the encoded body.

        Raises ServiceError: `SignatureDoesNotMatch`, `IncompleteBody`, `InvalidChunkSizeError`,
        `MalformedTrailerError`, `BadDigest`. After an error the decoder is of no more use.
        """
        self._waiting += data
        out: list[bytes] = []
        while self._step(out):
            pass
        return b"".join(out)

    def close(self) -> None:
        """Say that the encoded body is over. Raises ServiceError `IncompleteBody` when that is too early."""
        if not self._done or self._received != self._length:
            raise _incomplete()

    # Each step eats what it understands from the front of `_waiting` and says whether the next may try.

    def _header(self, out: list[bytes]) -> bool:
        line = self._line(_LINE_BYTES_MAX)
        if line is None:
            return False
        size, _, extension = line.partition(b";")
        if not 0 < len(size) <= 12 or not _HEX.issuperset(size):
            raise _incomplete()
        self._left = int(size, 16)
        if self._key:
            if not extension.startswith(b"chunk-signature="):
                raise _incomplete()
            self._signature = extension[16:].decode("latin-1")
            if self._left and self._short_chunk:
                raise ServiceError(
                    "InvalidChunkSizeError",
                    f"Only the last chunk is allowed to have a size less than {CHUNK_BYTES_MIN} bytes",
                    status=403,
                )
            self._short_chunk = self._left < CHUNK_BYTES_MIN
        if self._received + self._left > self._length:
            raise _incomplete()
        if self._left:
            self._step = self._data
            return True
        self._verify_chunk()
        self._step = self._trailer
        return True

    def _data(self, out: list[bytes]) -> bool:
        if not self._waiting:
            return False
        piece = bytes(self._waiting[: self._left])
        del self._waiting[: len(piece)]
        if self._key:
            self._digest.update(piece)
        for checksum in self._checksums.values():
            checksum.update(piece)
        self._left -= len(piece)
        self._received += len(piece)
        out.append(piece)
        if not self._left:
            self._step = self._data_end
        return True

    def _data_end(self, out: list[bytes]) -> bool:
        if len(self._waiting) < 2:
            return False
        if self._waiting[:2] != b"\r\n":
            raise _incomplete()
        del self._waiting[:2]
        self._verify_chunk()
        self._step = self._header
        return True

    def _trailer(self, out: list[bytes]) -> bool:
        line = self._line(_TRAILER_BYTES_MAX)
        if line is None:
            return False
        if not line:
            self._verify_trailers()
            self._done = True
            self._step = self._end
            return True
        name, colon, value = line.decode("latin-1").partition(":")
        name = name.lower()
        if not colon or name in self.trailers or self._announced is None:
            raise _malformed_trailer()
        if name != "x-amz-trailer-signature" and name not in self._announced:
            raise _malformed_trailer()
        self.trailers[name] = value.strip()
        if len(self.trailers) > len(self._announced) + 1:
            raise _malformed_trailer()
        return True

    def _end(self, out: list[bytes]) -> bool:
        if self._waiting:
            raise _malformed_trailer()
        return False

    def _line(self, limit: int) -> bytes | None:
        end = self._waiting.find(b"\r\n", 0, limit + 2)
        if end < 0:
            if len(self._waiting) > limit:
                raise _incomplete()
            return None
        line = bytes(self._waiting[:end])
        del self._waiting[: end + 2]
        return line

    def _verify_chunk(self) -> None:
        if not self._key:
            return
        digest = self._digest.hexdigest()
        to_sign = f"AWS4-HMAC-SHA256-PAYLOAD\n{self._stamp}{self._previous}\n{EMPTY_SHA256}\n{digest}"
        self._prove(to_sign, self._signature)
        self._previous = self._signature
        self._digest = sha256()

    def _verify_trailers(self) -> None:
        signature = self.trailers.pop("x-amz-trailer-signature", None)
        if self._announced is not None and set(self.trailers) != set(self._announced):
            raise _malformed_trailer()
        if self._key and self._announced is not None:
            if signature is None:
                raise _malformed_trailer()
            lines = "".join(f"{name}:{value}\n" for name, value in sorted(self.trailers.items()))
            digest = sha256(lines.encode("latin-1")).hexdigest()
            self._prove(f"AWS4-HMAC-SHA256-TRAILER\n{self._stamp}{self._previous}\n{digest}", signature)
        elif signature is not None:
            raise _malformed_trailer()
        for name, checksum in self._checksums.items():
            if name in self.trailers and b64encode(checksum.digest()).decode() != self.trailers[name]:
                algorithm = name.removeprefix("x-amz-checksum-").upper()
                message = f"The {algorithm} you specified did not match the calculated checksum."
                raise ServiceError("BadDigest", message, status=400)

    def _prove(self, to_sign: str, signature: str) -> None:
        expected = hmac.digest(self._key, to_sign.encode(), "sha256").hex()
        if not signature.isascii() or not hmac.compare_digest(expected, signature):
            raise ServiceError(
                "SignatureDoesNotMatch",
                "The request signature we calculated does not match the signature you provided. "
                "Check your key and signing method.",
                status=403,
            )


def _incomplete() -> ServiceError:
    message = "You did not provide the number of bytes specified by the Content-Length HTTP header."
    return ServiceError("IncompleteBody", message, status=400)


def _malformed_trailer() -> ServiceError:
    message = "The request contained trailing data that was not well-formed or did not conform to our published schema."
    return ServiceError("MalformedTrailerError", message, status=400)
