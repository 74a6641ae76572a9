"""CSV in: records cut by a delimiter of any length, fields by another, with quotes, comments and a header.

Python's csv module knows only line ends as record delimiters and no comments, and takes quotes that S3 refuses; a
record without a quote, which is nearly every one, is cut by `str.split` and nothing else.
https://docs.aws.amazon.com/AmazonS3/latest/API/API_CSVInput.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from haar.services.s3.select.errors import refusal
from haar.services.s3.select.evaluate import Evaluate, Row
from haar.services.s3.select.source import RECORD_MAX, Range, Source, texts
from haar.services.s3.select.syntax import MISSING, Name, Path, Value

_POSITION = re.compile(r"_(\d{1,9})", re.ASCII)
#: characters; below this, trying again whether a record is whole costs nothing worth avoiding
_RETRY_BELOW = 1 << 16


class CsvInput:
    """The records of a CSV object, each a list of fields, and what names mean in them."""

    are_text = True

    def __init__(self, source: Source, given: Mapping[str, Any], among: Range | None, alias: Name | None) -> None:
        self._alias = alias
        self._record_delimiter = _characters(given, "RecordDelimiter", "\n")
        self._delimiter = _characters(given, "FieldDelimiter", ",")
        self._quote = _character(given, "QuoteCharacter", '"')
        self._escape = _character(given, "QuoteEscapeCharacter", '"')
        self._comment = _character(given, "Comments", "#")
        self._allows_quoted = bool(given.get("AllowQuotedRecordDelimiter"))
        header = str(given.get("FileHeaderInfo", "NONE")).upper()
        if header not in ("NONE", "USE", "IGNORE"):
            raise refusal("InvalidFileHeaderInfo")
        if among is not None and self._allows_quoted:
            raise refusal("UnsupportedScanRangeInput")
        quote, escape = re.escape(self._quote), re.escape(self._escape)
        if quote == escape:
            inside, self._unescape = f"(?:[^{quote}]++|{quote}{quote})*+", re.compile(f"{quote}({quote})")
        else:
            inside, self._unescape = (
                f"(?:[^{quote}{escape}]++|{escape}[\\s\\S])*+",
                re.compile(f"{escape}([{quote}{escape}])"),
            )
        self._quoted = re.compile(f"{quote}({inside}){quote}")
        self._names: list[str] | None = None
        self._rows: Iterator[list[str]]
        if header == "NONE" or among is None or among.start == 0:
            self._rows = self._records(source, among)
            first = next(self._rows, None) if header != "NONE" else None
        else:  # a range further on has no header of its own
            first = next(self._records(source, None), None)
            source.scanned = source.processed = 0
            self._rows = self._records(source, among)
        if header == "USE":
            self._names = first or []

    def rows(self) -> Iterator[Row]:
        """The records. Raises CSVParsingError and its like, InvalidTextEncoding, OverMaxRecordSize."""
        return self._rows

    # -- names -----------------------------------------------------------------------------------------------------

    def column(self, path: Path) -> Evaluate:
        """How to read a column, by position or by header."""
        name: Name | int = path.root
        steps = path.steps
        if self._alias is not None and _matches(path.root, self._alias.text):
            if not steps:
                return lambda row: dict(zip(*self.star(row), strict=True))
            name, steps = steps[0], steps[1:]
        elif steps:
            raise refusal("InvalidTableAlias")
        if steps or isinstance(name, int):
            raise refusal("InvalidKeyPath")
        index = self._index(name)
        return lambda row: row[index] if index < len(row) else MISSING

    def _index(self, name: Name) -> int:
        found = [index for index, header in enumerate(self._names or ()) if _matches(name, header)]
        if len(found) > 1:
            raise refusal("AmbiguousFieldName")
        if found:
            return found[0]
        position = _POSITION.fullmatch(name.text)
        if position is None:
            raise refusal("MissingHeaders")
        if position[1] == "0":
            raise refusal("InvalidColumnIndex")
        return int(position[1]) - 1

    def star(self, row: Row) -> tuple[Sequence[str], Sequence[Value]]:
        """All columns of a row: their names and their values."""
        names = self._names or []
        return [*names[: len(row)], *(f"_{number}" for number in range(len(names) + 1, len(row) + 1))], row

    # -- records ---------------------------------------------------------------------------------------------------

    def _records(self, source: Source, among: Range | None) -> Iterator[list[str]]:
        delimiter, quote, comment = self._delimiter, self._quote, self._comment
        takes_cr = self._record_delimiter == "\n"
        begun: list[str] = []  # pieces of a record whose quotes are still open
        held = 0  # characters in them
        for text, is_last in texts(source, self._record_delimiter, among):
            pieces = text.split(self._record_delimiter)
            for number, piece in enumerate(pieces, 1):
                if len(piece) > RECORD_MAX:
                    raise refusal("OverMaxRecordSize")
                if not begun:
                    whole = piece
                    if takes_cr and piece[-1:] == "\r":
                        piece = piece[:-1]
                    if not piece or piece[0] == comment:
                        continue
                    if quote not in piece:
                        yield piece.split(delimiter)
                        continue
                    fields = self._fields(piece)
                    if fields is not None:
                        yield fields
                    elif not self._allows_quoted:
                        at_end = is_last and number == len(pieces)
                        raise refusal("CSVUnescapedQuote" if at_end else "CSVEscapingRecordDelimiter")
                    else:
                        begun, held = [whole], len(whole)  # its CR was none of a line end
                    continue
                begun.append(piece)
                held += len(piece) + len(self._record_delimiter)
                if held > RECORD_MAX:
                    raise refusal("OverMaxRecordSize")
                if self._may_close(piece, held):
                    record = self._record_delimiter.join(begun)
                    fields = self._fields(record[:-1] if takes_cr and record[-1:] == "\r" else record)
                    if fields is not None:
                        begun = []
                        yield fields
        if begun:
            raise refusal("CSVUnescapedQuote")

    def _may_close(self, piece: str, held: int) -> bool:
        """Whether it is worth looking if a record ends with this piece."""
        if self._quote not in piece:
            return False
        if held < _RETRY_BELOW:
            return True
        if self._escape != self._quote:
            piece = piece.replace(self._escape * 2, "").replace(self._escape + self._quote, "")
        return piece.count(self._quote) % 2 == 1  # an even number of quotes leaves a field as open as it was

    def _fields(self, record: str) -> list[str] | None:
        """The fields of a record with quotes in it; None if the last is still open. Raises CSVUnescapedQuote."""
        fields: list[str] = []
        delimiter, width, at = self._delimiter, len(self._delimiter), 0
        while True:
            if record.startswith(self._quote, at):
                found = self._quoted.match(record, at)
                if found is None:
                    return None
                field, at = found[1], found.end()
                fields.append(self._unescape.sub(r"\1", field) if self._escape in field else field)
                if at == len(record):
                    return fields
                if not record.startswith(delimiter, at):
                    raise refusal("CSVUnescapedQuote")
                at += width
                continue
            end = record.find(delimiter, at)
            if end < 0:
                fields.append(record[at:])
                return fields
            fields.append(record[at:end])
            at = end + width


def _matches(name: Name, header: str) -> bool:
    return name.text == header or (not name.is_quoted and name.text.lower() == header.lower())


def _characters(given: Mapping[str, Any], member: str, default: str) -> str:
    value = given.get(member, default)
    if not isinstance(value, str) or not value:
        raise refusal("InvalidRequestParameter")
    return value


def _character(given: Mapping[str, Any], member: str, default: str) -> str:
    value = _characters(given, member, default)
    if len(value) != 1:
        raise refusal("InvalidRequestParameter")
    return value
