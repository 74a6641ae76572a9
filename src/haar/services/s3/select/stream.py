"""A SelectObjectContent request from its parts to its events.

    expression -> Query          (grammar)      what S3 refuses to read, it refuses before the first event
    object     -> rows           (csv_input, json_input, parquet_input)
    row        -> kept? values?  (evaluate)
    values     -> text           (output)       Records, as soon as there are enough; then Stats and End

A query that finds nothing for a long time says Cont now and then: that keeps the connection alive, and lets whoever
iterates do something else in between.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import Any, BinaryIO, Protocol

from haar.services.s3.select.csv_input import CsvInput
from haar.services.s3.select.errors import refusal
from haar.services.s3.select.evaluate import Columns, Compiler, Evaluate, Row, Total, has_aggregate, unknown
from haar.services.s3.select.grammar import parse
from haar.services.s3.select.json_input import JsonInput
from haar.services.s3.select.output import writer
from haar.services.s3.select.parquet_input import ParquetInput
from haar.services.s3.select.source import Source, scan_range
from haar.services.s3.select.syntax import Aggregate, Expression, Name, Path, Query, Value, children

#: bytes of records in one event, about
PAYLOAD_BYTES = 64 * 1024
#: bytes read between two reports of progress
PROGRESS_BYTES = 1 << 20

Event = dict[str, Any]
#: bytes read without a record to show for it before the first Cont, and before each that follows
CONT_FIRST_BYTES, CONT_BYTES = 256 * 1024, 8 << 20
#: rows looked at between two moments in which Cont or Progress may be said
BEAT_ROWS = 256

#: a row of the result: its names and its values
Result = tuple[Sequence[str], Sequence[Value]]
Project = Callable[[Row], Result]


class Input(Columns, Protocol):
    """An object as rows."""

    def rows(self) -> Iterator[Row]:
        """The records, from the first to the last; once."""

    def star(self, row: Row) -> tuple[Sequence[str], Sequence[Value]]:
        """The names and values of everything in a row."""


def select(
    source: BinaryIO,
    request: Mapping[str, Any],
    *,
    size: int,
    now: float = 0.0,
    tables: frozenset[str] = frozenset({"s3object"}),
) -> Iterator[Event]:
    """The event stream of a SelectObjectContent request (shapes of the model: Records, Cont, Progress, Stats,
    End).

    `source` is the object's content as a seekable file, `size` its length in bytes; `request` the operation's request
    dict (Expression, ExpressionType, InputSerialization, OutputSerialization, RequestProgress, ScanRange). `now` is
    what UTCNOW() says, in seconds since 1970; `tables` are the names FROM may say, in lower case.

    Raises ServiceError for what S3 refuses at once: a wrong expression, a wrong serialization, and whatever goes wrong
    in the first quarter of a mebibyte. What goes wrong later is raised from the iterator.
    """
    events = _events(source, request, size, now, tables)
    first = list(islice(events, 1))
    return chain(first, events)


def _events(
    file: BinaryIO, request: Mapping[str, Any], size: int, now: float, tables: frozenset[str]
) -> Iterator[Event]:
    kind = request.get("ExpressionType")
    if not kind or not request.get("Expression"):
        raise refusal("MissingRequiredParameter")
    if str(kind).upper() != "SQL":
        raise refusal("InvalidExpressionType")
    write = writer(request.get("OutputSerialization") or {})
    form, compression = _format(request.get("InputSerialization") or {})
    query = parse(request["Expression"], tables)
    source = Source(file, size, compression)
    rows = _input(source, form, request, query)
    results = _results(rows, query, now)
    wants_progress = bool((request.get("RequestProgress") or {}).get("Enabled"))
    returned = reported = held = 0
    cont_at = CONT_FIRST_BYTES
    records: list[str] = []
    for result in results:
        if result is not None:
            record = write(*result)
            records.append(record)
            held += len(record)
            if held < PAYLOAD_BYTES:
                continue
            payload = "".join(records).encode(errors="replace")  # half of a pair of surrogates has no UTF-8
            returned += len(payload)
            records, held = [], 0
            cont_at = source.processed + CONT_BYTES
            yield {"Records": {"Payload": payload}}
        elif source.processed >= cont_at:
            cont_at = source.processed + CONT_BYTES
            yield {"Cont": {}}
        if wants_progress and source.scanned - reported >= PROGRESS_BYTES:
            reported = source.scanned
            yield {"Progress": {"Details": _details(source, returned)}}
    if records:
        payload = "".join(records).encode(errors="replace")
        returned += len(payload)
        yield {"Records": {"Payload": payload}}
    if wants_progress:
        yield {"Progress": {"Details": _details(source, returned)}}
    yield {"Stats": {"Details": _details(source, returned)}}
    yield {"End": {}}


def _details(source: Source, returned: int) -> dict[str, int]:
    return {"BytesScanned": source.scanned, "BytesProcessed": source.processed, "BytesReturned": returned}


def _format(given: Mapping[str, Any]) -> tuple[str, str]:
    """The format (CSV, JSON, Parquet) and the compression of an InputSerialization."""
    chosen = [form for form in ("CSV", "JSON", "Parquet") if given.get(form) is not None]
    if len(chosen) > 1:
        raise refusal("ObjectSerializationConflict")
    if not chosen:
        raise refusal("InvalidDataSource")
    compression = str(given.get("CompressionType") or "NONE").upper()
    if compression not in ("NONE", "GZIP", "BZIP2") or (chosen == ["Parquet"] and compression != "NONE"):
        raise refusal("InvalidCompressionFormat")
    return chosen[0], compression


def _input(source: Source, form: str, request: Mapping[str, Any], query: Query) -> Input:
    given = request["InputSerialization"]
    among = scan_range(request.get("ScanRange"), source.size)
    if among is not None and (given.get("CompressionType") or "NONE").upper() != "NONE":
        raise refusal("UnsupportedScanRangeInput")
    if form == "CSV":
        if query.path:
            raise refusal("InvalidKeyPath")  # paths in FROM are for JSON
        return CsvInput(source, given["CSV"], among, query.alias)
    if form == "JSON":
        return JsonInput(source, given["JSON"], among, query.path, query.alias)
    return ParquetInput(source, among, query.path, query.alias, _named(query))


def _named(query: Query) -> frozenset[str] | None:
    """The fields (in lower case) that a query reads, None for all."""
    if query.items is None or any(item.expression is None for item in query.items):
        return None
    waiting = [item.expression for item in query.items if item.expression is not None]
    if query.where is not None:
        waiting.append(query.where)
    found: set[str] = set()
    while waiting:
        node = waiting.pop()
        if isinstance(node, Path):
            names = [step.text.lower() for step in (node.root, *node.steps) if isinstance(step, Name)]
            if len(names) == 1 and query.alias is not None and names[0] == query.alias.text.lower():
                return None  # the row itself
            found.update(names[:2])
        waiting.extend(children(node))
    return frozenset(found)


def _results(rows: Input, query: Query, now: float) -> Iterator[Result | None]:
    """Every record of the result; None now and then, when many rows gave none."""
    compiler = Compiler(rows, now)
    where = compiler.compile(query.where) if query.where is not None else None
    is_aggregate = query.items is not None and any(
        item.expression is not None and has_aggregate(item.expression) for item in query.items
    )
    if is_aggregate:
        return _totals(rows, query, compiler, where)
    project = _projection(rows, query, compiler)
    if where is None:
        return map(project, islice(rows.rows(), query.limit))
    return _filtered(rows, where, project, query.limit)


def _passes(value: Value) -> bool:
    """Whether a row whose WHERE has this value is kept. Raises InvalidDataType."""
    if value is True:
        return True
    if value is not False and not unknown(value):
        raise refusal("InvalidDataType")
    return False


def _filtered(rows: Input, where: Evaluate, project: Project, limit: int | None) -> Iterator[Result | None]:
    if limit == 0:
        return
    found = 0
    for number, row in enumerate(rows.rows(), 1):
        if _passes(where(row)):
            yield project(row)
            found += 1
            if found == limit:
                return
        elif not number % BEAT_ROWS:
            yield None


def _name(expression: Expression, alias: str | None, position: int) -> str:
    """The name of a column of the result: its alias, the field it comes from, or its place."""
    if alias is not None:
        return alias
    if isinstance(expression, Path):
        last = expression.steps[-1] if expression.steps else expression.root
        if isinstance(last, Name):
            return last.text
    return f"_{position}"


def _projection(rows: Input, query: Query, compiler: Compiler) -> Project:
    if query.items is None:
        return rows.star
    if all(item.expression is not None for item in query.items):
        names = [
            _name(item.expression, item.alias, number)
            for number, item in enumerate(query.items, 1)
            if item.expression is not None
        ]
        parts = [compiler.compile(item.expression) for item in query.items if item.expression is not None]
        if len(parts) == 1:
            only = parts[0]
            return lambda row: (names, (only(row),))
        return lambda row: (names, [part(row) for part in parts])
    return _mixed(rows, query, compiler)


def _mixed(rows: Input, query: Query, compiler: Compiler) -> Project:
    """A list with `alias.*` in it, whose names differ from row to row."""
    parts: list[tuple[str, Evaluate | None]] = []
    for number, item in enumerate(query.items or (), 1):
        if item.expression is None:
            if query.alias is not None and (item.alias or "").lower() != query.alias.text.lower():
                raise refusal("InvalidTableAlias")
            parts.append(("", None))
        else:
            parts.append((_name(item.expression, item.alias, number), compiler.compile(item.expression)))

    def project(row: Row) -> tuple[Sequence[str], Sequence[Value]]:
        names: list[str] = []
        values: list[Value] = []
        for name, part in parts:
            if part is None:
                inside, held = rows.star(row)
                names.extend(inside)
                values.extend(held)
            else:
                names.append(name)
                values.append(part(row))
        return names, values

    return project


def _totals(rows: Input, query: Query, compiler: Compiler, where: Evaluate | None) -> Iterator[Result | None]:
    """The one record of a query with aggregates, which may not name a column outside of them."""
    totals: list[Total] = []
    compiler.aggregates = totals
    names: list[str] = []
    parts: list[Evaluate] = []
    for number, item in enumerate(query.items or (), 1):
        if item.expression is None or not _is_total(item.expression):
            raise refusal("UnsupportedSqlStructure")
        names.append(_name(item.expression, item.alias, number))
        parts.append(compiler.compile(item.expression))
    for number, row in enumerate(rows.rows(), 1):
        if where is None or _passes(where(row)):
            for total in totals:
                total.add(row)
        if not number % BEAT_ROWS:
            yield None
    if query.limit != 0:
        yield names, [part(None) for part in parts]


def _is_total(expression: Expression) -> bool:
    """Whether an expression needs nothing of a single row."""
    waiting = [expression]
    while waiting:
        node = waiting.pop()
        if isinstance(node, Path):
            return False
        if not isinstance(node, Aggregate):
            waiting.extend(children(node))
    return True
