"""SelectObjectContent: SQL over one object (docs: Amazon S3 User Guide, selecting-content-from-objects.html)."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, cast

from haar.kit import Call, Kept
from haar.services.s3 import encryption, reading
from haar.services.s3.authority import on_object
from haar.services.s3.resources import Bucket
from haar.services.s3.service import access_denied, s3
from haar.store.blobs import Blob

if TYPE_CHECKING:
    from haar.kit.sealing import Seal
    from haar.shapes import s3 as api


@s3.operation(action="s3:GetObject", resource=on_object, data_event=True, enums=False)
def select_object_content(
    call: Call, bucket: Bucket, request: api.SelectObjectContentRequest
) -> api.SelectObjectContentOutput:
    from haar.services.s3.select import select  # an engine that most users of S3 never need

    if call.principal.kind == "anonymous":  # not even where anybody may read
        raise access_denied()
    version = reading.wanted(call, bucket, request)
    if version.storage_class == "REDUCED_REDUNDANCY":
        raise s3.error("UnsupportedStorageClass", "Encountered invalid storage class.", status=400)
    reading.wants_active(call, version)
    seal = encryption.opening(call, bucket, version.name, version.encryption, request)
    content = Content(call, version.content, seal, version.about.encode())
    events = select(cast("Any", content), request, size=version.size, now=call.now)
    return {"Payload": cast("Any", events)}


class Content(io.RawIOBase):
    """An object's content as a seekable file, opened now, and read after the transaction has ended.

    What is being read stays until this is closed, even when the object is deleted meanwhile.
    """

    def __init__(self, call: Call, parts: Sequence[Kept], seal: Seal, about: bytes) -> None:
        self._blobs = call.ports.blobs
        self._parts = [(kept, seal.open(kept.sealed, about)) for kept in parts]
        self._size = sum(kept.size for kept in parts)
        self._at = 0
        self._rest = b""
        self._pieces: Iterator[bytes] | None = None
        self._held = [kept.blob for kept in parts if kept.blob]
        self._blobs.hold(self._held)

    def close(self) -> None:
        """Let go of the content."""
        held, self._held = self._held, []
        self._blobs.let_go(held)
        super().close()

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        wanted = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        ahead = wanted - self._at
        if 0 <= ahead <= len(self._rest):
            self._rest = self._rest[ahead:]
        else:
            self._rest, self._pieces = b"", None
        self._at = wanted
        return wanted

    def read(self, size: int = -1, /) -> bytes:
        if size < 0:
            size = max(self._size - self._at, 0)
        found: list[bytes] = []
        while size:
            if not self._rest:
                if self._pieces is None:
                    self._pieces = self._from(self._at)
                self._rest = next(self._pieces, b"")
                if not self._rest:
                    break
            piece, self._rest = self._rest[:size], self._rest[size:]
            found.append(piece)
            self._at += len(piece)
            size -= len(piece)
        return found[0] if len(found) == 1 else b"".join(found)

    def readinto(self, buffer: Any, /) -> int:
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def _from(self, start: int) -> Iterator[bytes]:
        at = 0
        for kept, opened in self._parts:
            first = max(start - at, 0)
            at += kept.size
            if first >= kept.size:
                continue
            if kept.blob:
                yield from self._blobs.read(Blob(kept.blob, kept.size, opened), first)
            else:
                yield opened[first:]
