"""What a copy carries over from its source, and the content that two objects come to share.

Bytes are not copied: what a version keeps is sealed anew for the copy. They are read only for a digest that the source
does not have: the MD5 of an object that came in parts or under a KMS key, or a checksum that it was never asked for.

Source: Amazon S3 API Reference, API_CopyObject.html.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from haar.kit import Call, Kept, ServiceError
from haar.kit.checksums import ALGORITHMS, calculator
from haar.services.s3 import integrity, new_objects
from haar.services.s3.resources import Bucket, Version
from haar.services.s3.service import COPY_BYTES_MAX, invalid_argument

if TYPE_CHECKING:
    from haar.kit.sealing import Seal

__all__ = ["Content", "algorithm_of", "directive", "headers_kept", "refuse_idle", "refuse_large"]


class Content:
    """The content of a version that is copied, with the digests that are known of it."""

    def __init__(self, call: Call, version: Version, seal: Seal) -> None:
        self._call = call
        self._version = version
        self._seal = seal
        self._about = version.about.encode()
        self._digests: dict[str, bytes] = {}
        if version.encryption.kind == "AES256" and not version.parts and "-" not in version.etag:
            self._digests["MD5"] = bytes.fromhex(version.etag)
        if version.checksum_type == "FULL_OBJECT":
            for name, value in version.checksums.items():
                self._digests[name] = base64.b64decode(value)

    def digest(self, algorithm: str) -> bytes:
        """A checksum by its name in `haar.kit.checksums`."""
        if algorithm not in self._digests:
            self.compute((algorithm,))
        return self._digests[algorithm]

    def compute(self, algorithms: tuple[str, ...]) -> None:
        """Have several checksums ready, and read the content at most once for them."""
        missing = [name for name in algorithms if name not in self._digests]
        if missing:
            self._digests.update(self._call.aside(f"digests {missing}", lambda: self._computed(missing)))

    def _computed(self, algorithms: list[str]) -> dict[str, bytes]:
        made = {name: calculator(name) for name in algorithms}
        for kept in self._version.content:
            for piece in kept.pieces(self._call, self._seal, self._about):
                for one in made.values():
                    one.update(piece)
        return {name: one.digest() for name, one in made.items()}

    def resealed(self, seal: Seal, about: bytes) -> list[Kept]:
        """The content as the copy keeps it."""
        return [kept.resealed(self._seal, self._about, seal, about) for kept in self._version.content]


def directive(request: Mapping[str, Any], member: str, what: str) -> bool:
    """Whether a directive says REPLACE. Raises InvalidArgument for what is neither that nor COPY."""
    found = request.get(member) or "COPY"
    if found not in ("COPY", "REPLACE"):
        raise invalid_argument(f"Unknown {what} directive.", f"x-amz-{what}-directive", found)
    return bool(found == "REPLACE")


def algorithm_of(request: Mapping[str, Any], version: Version) -> str:
    """The checksum a copy has: the one that is asked for, the source's, or the one that S3 prefers."""
    asked = (request.get("ChecksumAlgorithm") or "").upper()
    if asked:
        if asked not in ALGORITHMS:
            valid = "[CRC32, CRC32C, CRC64NVME, SHA1, SHA256]"
            text = f"Checksum algorithm provided is unsupported. Please try again with any of the valid types: {valid}"
            raise ServiceError("InvalidRequest", text, status=400)
        return asked
    return next(iter(version.checksums), integrity.PREFERRED)


def refuse_large(version: Version) -> None:
    """Raise InvalidRequest for a source that only a multipart upload can copy."""
    if version.size > COPY_BYTES_MAX:
        text = (
            f"The specified copy source is larger than the maximum allowable size for a copy source: {COPY_BYTES_MAX}"
        )
        raise ServiceError("InvalidRequest", text, status=400)


def refuse_idle(bucket: Bucket, source: Bucket, version: Version, request: Mapping[str, Any]) -> None:
    """Raise InvalidRequest for a copy of an object to itself that would change nothing.

    Copying a version that is named brings it back, and is always allowed.
    """
    if source.name != bucket.name or version.name != request["Key"] or "?" in request["CopySource"]:
        return
    changes = (
        request.get("StorageClass") or request.get("WebsiteRedirectLocation") or request.get("ServerSideEncryption")
        or request.get("SSECustomerAlgorithm") or bucket.configs.get("encryption")
        or request.get("MetadataDirective") == "REPLACE" or request.get("ChecksumAlgorithm")
    )  # fmt: skip
    if not changes:
        text = (
            "This copy request is illegal because it is trying to copy an object to itself without changing the "
            "object's metadata, storage class, website redirect location or encryption attributes."
        )
        raise ServiceError("InvalidRequest", text, status=400)


def headers_kept(version: Version) -> dict[str, Any]:
    """The headers that go along with a copy: all but where a website redirects to."""
    return {name: version.headers[name] for name in new_objects.HEADERS[:-1] if name in version.headers}
