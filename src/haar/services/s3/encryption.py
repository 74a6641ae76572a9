"""What an object is encrypted with, and the seal that opens it again.

Every object is encrypted at rest: with S3's own key unless the request or the bucket says otherwise.
Docs: Amazon S3 User Guide, serv-side-encryption.html.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from haar.services.s3.resources import Bucket, Encryption

if TYPE_CHECKING:
    from haar.kit import Call
    from haar.kit.sealing import Seal

PLAIN = Encryption()


class Hashed(Protocol):
    """Content that knows its digests: a `Body`, or what a copy copies."""

    def digest(self, algorithm: str) -> bytes:
        """A checksum by its name in `haar.kit.checksums`."""
        ...


def chosen(call: Call, bucket: Bucket, name: str, request: Mapping[str, Any]) -> tuple[Encryption, Seal]:
    """How a request wants a new object encrypted, and the seal to keep its content with."""
    return PLAIN, call.ports.sealer


def opening(call: Call, bucket: Bucket, name: str, encryption: Encryption, request: Mapping[str, Any]) -> Seal:
    """The seal that opens an object's content, for a reader who may."""
    return call.ports.sealer


def shown(encryption: Encryption) -> dict[str, Any]:
    """What answers say of it, in the model's members."""
    return {"ServerSideEncryption": encryption.kind}


def etag_of(encryption: Encryption, body: Hashed) -> str:
    """The ETag of an object that came in one piece, without its quotation marks."""
    return body.digest("MD5").hex()
