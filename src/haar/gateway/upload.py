"""A large body on its way in: taken out of its chunks, digested, encrypted and written.

The head of the request was authenticated and authorized before the first byte; what the body itself proves (its
SHA-256, the signatures of its chunks) is known at its end, and nothing refers to the blob before that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from haar.errors import ServiceError
from haar.kit.body import Body
from haar.kit.checksums import ALGORITHMS, TREE, Calculator, calculator

if TYPE_CHECKING:
    from collections.abc import Callable

    from haar.auth.chunked import Decoder
    from haar.store.blobs import Blobs
    from haar.wire.http import HttpRequest

#: What S3 computes of every object; it costs next to nothing.
_BY_DEFAULT = "CRC64NVME"
#: A head with this is S3 Glacier's, which computes a tree hash and nothing else.
_TREE_HEADER = "x-amz-sha256-tree-hash"
_WANTED_BY = ("x-amz-sdk-checksum-algorithm", "x-amz-checksum-algorithm", "x-amz-trailer")


class Upload:
    """One body being received. `take` and `finish` are called in order, by one thread at a time."""

    def __init__(
        self,
        http: HttpRequest,
        blobs: Blobs,
        decoder: Decoder | None,
        check_sha256: Callable[[str], None] | None,
    ) -> None:
        """`check_sha256` gets the body's digest (hexadecimal) and raises when that is not what was signed."""
        self.http = http
        self._blobs = blobs
        self._writer = blobs.writer()
        self._decoder = decoder
        self._check = check_sha256
        wanted = _algorithms(http)
        if check_sha256 is not None:
            wanted.add("SHA256")
        self._digests: dict[str, Calculator] = {name: calculator(name) for name in sorted(wanted)}

    def take(self, pieces: list[bytes]) -> None:
        """Take in more of the body as it came over the wire. Raises ServiceError, StoreFull; then it is over."""
        # one by one: what was just read is still in the processor's cache for all that is done with it
        for piece in pieces:
            if self._decoder is not None:
                piece = self._decoder.feed(piece)
            for digest in self._digests.values():
                digest.update(piece)
            self._writer.write(piece)

    def finish(self) -> Body:
        """The whole body. Raises ServiceError when it is not what was signed, StoreFull."""
        if self._decoder is not None:
            self._decoder.close()
            for name, value in self._decoder.trailers.items():
                self.http.headers.setdefault(name, value)
        digests = {name: digest.digest() for name, digest in self._digests.items()}
        if self._check is not None:
            self._check(digests["SHA256"].hex())
        return Body.spooled(self._blobs, self._writer.finish(), digests)

    def discard(self) -> None:
        """Drop what has arrived."""
        self._writer.discard()


def _algorithms(http: HttpRequest) -> set[str]:
    if _TREE_HEADER in http.headers:
        return {TREE}
    said = {http.headers.get(name, "").upper().replace("X-AMZ-CHECKSUM-", "") for name in _WANTED_BY}
    said |= {name[15:].upper() for name in http.headers if name.startswith("x-amz-checksum-")}
    found = said.intersection(ALGORITHMS)
    return {"MD5", _BY_DEFAULT, *found}


def length_of(http: HttpRequest) -> int | None:
    """The announced length of a body, in bytes; None when it comes in HTTP chunks. Raises ServiceError."""
    text = http.headers.get("content-length")
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise ServiceError("InvalidArgument", f"The Content-Length {text[:32]!r} is not a number.", status=400)
    return int(text)
