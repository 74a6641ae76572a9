"""The bytes of the object: read once from front to back, counted, decompressed, and cut into records.

Whatever the size of the object, only a block and an unfinished record of it are held.
"""

from __future__ import annotations

import bz2
import gzip
import zlib
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO, NamedTuple

from haar.services.s3.select.errors import refusal

BLOCK = 128 * 1024
_REST = 4096
#: characters of a record, of the input and of the result
RECORD_MAX = 1 << 20


class Range(NamedTuple):
    """A scan range: records that begin at `start` up to and with byte `end` count."""

    start: int
    end: int


class Source:
    """An object's content with what was read of it so far: `scanned` as stored, `processed` decompressed (bytes)."""

    def __init__(self, file: BinaryIO, size: int, compression: str = "NONE") -> None:
        self.file = file
        self.size = size
        self.scanned = 0
        self.processed = 0
        self._compression = compression
        raw: Any = _Raw(self)  # it only reads, and no more is needed
        self._plain: Any = None  # a GzipFile or BZ2File, which share no useful type
        if compression == "GZIP":
            self._plain = gzip.GzipFile(fileobj=raw, mode="rb")
        elif compression == "BZIP2":
            self._plain = bz2.BZ2File(raw, mode="rb")

    def read(self, count: int = BLOCK) -> bytes:
        """The next decompressed bytes, at most `count`; none at the end.

        Raises InvalidCompressionFormat and TruncatedInput.
        """
        if self._plain is None:
            data = self._raw(count)
        else:
            try:
                data = self._plain.read(count)
            except EOFError:
                raise refusal("TruncatedInput") from None
            except (OSError, zlib.error):
                raise refusal(
                    "InvalidCompressionFormat",
                    f"{self._compression} is not applicable to the queried object. Please correct the request and try "
                    "again.",
                ) from None
        self.processed += len(data)
        return bytes(data)

    def seek(self, offset: int) -> None:
        """Go on at a byte of an object that is not compressed."""
        self.file.seek(offset)

    def _raw(self, count: int) -> bytes:
        data = self.file.read(count)
        self.scanned += len(data)
        return data


class _Raw:
    """The stored bytes, as the standard library's decompressors want to read them."""

    def __init__(self, source: Source) -> None:
        self._source = source

    def read(self, count: int = -1) -> bytes:
        return self._source._raw(count if count >= 0 else BLOCK)

    def seekable(self) -> bool:
        return False


def scan_range(given: Mapping[str, Any] | None, size: int) -> Range | None:
    """The scan range of a request. Raises InvalidScanRange."""
    if given is None:
        return None
    start, end = given.get("Start"), given.get("End")
    if start is None and end is None:
        raise refusal("InvalidScanRange")
    if start is None:  # an end alone is a length, counted from the back
        start, end = max(size - int(end or 0), 0), size - 1
    elif end is None:
        end = size - 1
    assert end is not None, "one of the two was given"
    if start < 0 or end < 0 or (size and start >= size) or (size and start > end):
        raise refusal("InvalidScanRange")
    return Range(start, end)


def texts(source: Source, delimiter: str, among: Range | None) -> Iterator[tuple[str, bool]]:
    """Whole records as text, some at a time, still with the delimiters between them; True with the last.

    Raises InvalidTextEncoding, OverMaxRecordSize and what reading raises.
    """
    mark = delimiter.encode()
    if among is not None and among.start:
        at = max(among.start - len(mark), 0)
        source.seek(at)
    else:
        at = 0
    position = at
    rest = b""
    is_aligned = at == 0 and (among is None or among.start == 0)
    # past the end of a range only the rest of the last record is wanted
    while block := source.read(BLOCK if among is None else min(max(among.end + 1 - position, _REST), BLOCK)):
        position += len(block)
        data = rest + block if rest else block
        if not is_aligned:  # only after a delimiter does a record begin
            found = data.find(mark)
            if found < 0:
                keep = len(mark) - 1
                at += len(data) - keep
                rest = data[len(data) - keep :] if keep else b""
                continue
            at += found + len(mark)
            data = data[found + len(mark) :]
            is_aligned = True
        if among is not None and at > among.end:
            return
        if among is not None and at + len(data) > among.end:
            # the record that the range ends in (or before) is the last
            last = data.find(mark, max(among.end - at + 1 - len(mark), 0))
            if last >= 0:
                yield _decoded(data[:last]), True
                return
        cut = data.rfind(mark)
        if cut < 0:
            rest = data
            if len(rest) > 4 * RECORD_MAX:  # four bytes are the most a character takes
                raise refusal("OverMaxRecordSize")
            continue
        yield _decoded(data[:cut]), False
        rest = data[cut + len(mark) :]
        at += cut + len(mark)
    if rest and is_aligned and (among is None or at <= among.end):
        yield _decoded(rest), True


def _decoded(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise refusal("InvalidTextEncoding") from None
