"""JSON in: lines, or documents one after the other; and paths into what is read.

A root value is a record, or what FROM's path finds in it. Numbers keep the digits they were written with.
https://docs.aws.amazon.com/AmazonS3/latest/API/API_JSONInput.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn

from haar.services.s3.select.errors import refusal
from haar.services.s3.select.evaluate import Evaluate, Row
from haar.services.s3.select.source import BLOCK, RECORD_MAX, Range, Source, texts
from haar.services.s3.select.syntax import MISSING, Name, Path, Step, Value, Wildcard

_SPACE = re.compile(r"[ \t\r\n]*")
#: shapes of objects whose fields' places are remembered
_SHAPES_MAX = 1024


def _no_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is not JSON")


_DECODER = json.JSONDecoder(parse_float=Decimal, parse_constant=_no_constant)
_WRONG = (ValueError, RecursionError, InvalidOperation)


class Paths:
    """What names mean in rows that are JSON values."""

    are_text = False

    def __init__(self, path: tuple[Step, ...], alias: Name | None) -> None:
        self._path = path
        self._row_names = {alias.text.lower()} if alias is not None else set()
        if alias is None:
            last = path[-1] if path else Wildcard()
            if isinstance(last, Name):
                self._row_names.add(last.text.lower())
            else:
                self._row_names.add("_1")

    def column(self, path: Path) -> Evaluate:
        """How to follow a path from a row."""
        steps: tuple[Name | int, ...] = (path.root, *path.steps)
        if path.root.text.lower() in self._row_names:
            steps = path.steps
        if not steps:
            return lambda row: row
        getters = [_element(step) if isinstance(step, int) else _field(step) for step in steps]
        if len(getters) == 1:
            return getters[0]

        def follow(row: Row) -> Value:
            for getter in getters:
                row = getter(row)
            return row

        return follow

    def star(self, row: Row) -> tuple[Sequence[str], Sequence[Value]]:
        """All fields of a row: their names and their values; a row that is no object is its own only field."""
        if isinstance(row, dict):
            return list(row), list(row.values())
        return ((), ()) if row is MISSING else (("_1",), (row,))

    def found(self, root: Value) -> Iterator[Value]:
        """What FROM's path finds in a root value: at least one row, be it MISSING."""
        return _walk(root, self._path)


class JsonInput(Paths):
    """The records of a JSON object, and what names mean in them."""

    def __init__(
        self,
        source: Source,
        given: Mapping[str, Any],
        among: Range | None,
        path: tuple[Step, ...],
        alias: Name | None,
    ) -> None:
        super().__init__(path, alias)
        self._source = source
        self._among = among
        kind = str(given.get("Type") or "").upper()
        if kind not in ("LINES", "DOCUMENT"):
            raise refusal("InvalidJsonType")
        if kind == "DOCUMENT" and among is not None:
            raise refusal("UnsupportedScanRangeInput")
        self._roots = self._lines if kind == "LINES" else self._documents

    def rows(self) -> Iterator[Row]:
        """The records. Raises JSONParsingError, InvalidTextEncoding, OverMaxRecordSize."""
        if not self._path:
            return self._roots()
        return (row for root in self._roots() for row in self.found(root))

    def _lines(self) -> Iterator[Value]:
        decode = _DECODER.decode
        for text, _ in texts(self._source, "\n", self._among):
            for line in text.split("\n"):
                if len(line) > RECORD_MAX:
                    raise refusal("OverMaxRecordSize")
                if line and not line.isspace():
                    try:
                        yield decode(line)
                    except _WRONG:
                        raise refusal("JSONParsingError") from None

    def _documents(self) -> Iterator[Value]:
        import codecs

        decoder = codecs.getincrementaldecoder("utf-8")()
        text, at, is_over = "", 0, False
        while True:
            at = _SPACE.match(text, at).end()  # type: ignore[union-attr]  # it matches nothing, too
            if at == len(text) and is_over:
                return
            value: Value = MISSING
            if at < len(text):
                try:
                    value, end = _DECODER.raw_decode(text, at)
                except _WRONG as error:
                    end = at
                    if is_over or not _is_cut(error, text):
                        raise refusal("JSONParsingError") from None
                    if len(text) - at > RECORD_MAX:
                        raise refusal("OverMaxRecordSize") from None
                if value is not MISSING and (end < len(text) or is_over):
                    if end - at > RECORD_MAX:
                        raise refusal("OverMaxRecordSize")
                    yield value
                    at = end
                    continue
            text, at = text[at:], 0
            block = self._source.read(BLOCK)
            is_over = not block
            try:
                text += decoder.decode(block, final=is_over)
            except UnicodeDecodeError:
                raise refusal("InvalidTextEncoding") from None


def _is_cut(error: Exception, text: str) -> bool:
    """Whether JSON may be wrong only because the rest of it is not there yet."""
    if not isinstance(error, json.JSONDecodeError):
        return False
    return error.msg.startswith("Unterminated") or len(text) - error.pos < 16


# --- paths --------------------------------------------------------------------------------------------------------


def _element(index: int) -> Evaluate:
    return lambda value: value[index] if isinstance(value, list) and index < len(value) else MISSING


def _field(name: Name) -> Evaluate:
    if name.is_quoted:
        exact = name.text
        return lambda value: value.get(exact, MISSING) if isinstance(value, dict) else MISSING
    places: dict[tuple[str, ...], str | None] = {}
    wanted = name.text.lower()

    def field(value: Value) -> Value:
        if not isinstance(value, dict):
            return MISSING
        shape = tuple(value)
        try:
            place = places[shape]
        except KeyError:
            matching = [key for key in shape if key.lower() == wanted]
            if len(matching) > 1:
                raise refusal("AmbiguousFieldName") from None
            place = matching[0] if matching else None
            if len(places) < _SHAPES_MAX:
                places[shape] = place
        return MISSING if place is None else value[place]

    return field


def _walk(value: Value, path: tuple[Step, ...]) -> Iterator[Value]:
    for number, step in enumerate(path):
        if isinstance(step, Wildcard):
            inside: Sequence[Value] = ()
            if step.of_object and isinstance(value, dict):
                inside = list(value.values())
            elif not step.of_object and isinstance(value, list):
                inside = value
            for element in inside:
                yield from _walk(element, path[number + 1 :])
            if not inside:
                yield MISSING
            return
        value = (_element(step) if isinstance(step, int) else _field(step))(value)
    yield value
