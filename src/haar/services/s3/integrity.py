"""What a body proves of itself: its MD5 and its checksum, as the request says them and as they are.

| a request says | and the answer is |
|---|---|
| a Content-MD5 that is no MD5 | InvalidDigest |
| one that is not the body's | BadDigest |
| two checksums | InvalidRequest |
| a checksum that is none of its algorithm's | InvalidRequest |
| one that is not the body's | BadDigest |

Source: Amazon S3 User Guide, checking-object-integrity-upload.html; API Reference, "Error responses".
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any, Final

from haar.kit import Body, ServiceError
from haar.kit.checksums import ALGORITHMS, LENGTHS

__all__ = ["PREFERRED", "algorithm_in", "check", "check_document", "checksum", "encoded", "readable", "said"]

#: What S3 computes of everything for which nobody asks for another.
PREFERRED: Final = "CRC64NVME"
_MEMBERS: Final = {f"Checksum{name}": name for name in ALGORITHMS}


def said(request: Mapping[str, Any]) -> dict[str, str]:
    """The checksums among the members of a request: algorithm -> base64."""
    return {_MEMBERS[member]: value for member, value in request.items() if member in _MEMBERS and value is not None}


def algorithm_in(request: Mapping[str, Any], said_to_be: str | None = None) -> tuple[str, str]:
    """The algorithm and the checksum that a request sends, both "" for none. Raises InvalidRequest.

    `said_to_be` is the algorithm that the SDK announced, where the operation has such a member.
    """
    found = _announced(request, said_to_be)
    if found[0]:
        readable(*found)
    return found


def _announced(request: Mapping[str, Any], said_to_be: str | None) -> tuple[str, str]:
    """The same, with a checksum that may be none of its algorithm's."""
    given = said(request)
    if len(given) > 1:
        text = "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed."
        raise _invalid(text)
    if not given:
        if said_to_be:
            raise _invalid(
                "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer "
                "headers were found."
            )
        return "", ""
    [(algorithm, value)] = given.items()
    if said_to_be and said_to_be.upper() != algorithm:
        raise _invalid("Value for x-amz-sdk-checksum-algorithm header is invalid.")
    return algorithm, value


def check(body: Body, request: Mapping[str, Any]) -> tuple[str, str]:
    """Compare a body with what its request says of it: the algorithm and the checksum, both "" when it says none.

    Raises InvalidDigest, BadDigest, InvalidRequest.
    """
    announced = request.get("ContentMD5")
    if announced is not None:
        _check_md5(body, announced)
    algorithm, value = _announced(request, request.get("ChecksumAlgorithm"))
    if algorithm and checksum(body, algorithm) != value:
        readable(algorithm, value)
        text = f"The {algorithm} you specified did not match the calculated checksum."
        raise ServiceError("BadDigest", text, status=400)
    return algorithm, value


def check_document(operation: str, headers: Mapping[str, str], document: bytes) -> None:
    """Compare the XML document of a request with what its headers say of it, as `check` does."""
    said_here: dict[str, Any] = {}
    if operation != "CompleteMultipartUpload":  # there the headers speak of the object
        said_here = {f"Checksum{name}": headers.get(f"x-amz-checksum-{name.lower()}") for name in ALGORITHMS}
    if "content-md5" in headers:
        said_here["ContentMD5"] = headers["content-md5"]
    check(Body(document), said_here)


def checksum(body: Body, algorithm: str) -> str:
    """A body's checksum, in base64."""
    return encoded(body.digest(algorithm))


def encoded(digest: bytes) -> str:
    """A digest as headers have it."""
    return binascii.b2a_base64(digest, newline=False).decode()


def readable(algorithm: str, value: str) -> bytes:
    """The bytes of a checksum. Raises InvalidRequest for what cannot be one of the algorithm."""
    try:
        raw = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != LENGTHS[algorithm]:
        raise _invalid(f"Value for x-amz-checksum-{algorithm.lower()} header is invalid.")
    return raw


def _check_md5(body: Body, announced: str) -> None:
    try:
        expected = base64.b64decode(announced, validate=True)
    except (binascii.Error, ValueError):
        expected = b""
    if len(expected) != LENGTHS["MD5"]:
        members = {"Content-MD5": announced}
        raise ServiceError("InvalidDigest", "The Content-MD5 you specified was invalid.", status=400, members=members)
    found = body.digest("MD5")
    if found != expected:
        text = "The Content-MD5 you specified did not match what we received."
        members = {"ExpectedDigest": announced, "CalculatedDigest": encoded(found)}
        raise ServiceError("BadDigest", text, status=400, members=members)


def _invalid(text: str) -> ServiceError:
    return ServiceError("InvalidRequest", text, status=400)
