"""Parquet in, read with pyarrow: row groups in batches, and of each row only the columns the query names.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-select-sql-reference-data-types.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from importlib import import_module
from typing import Any

from haar.services.s3.select import timestamps
from haar.services.s3.select.errors import refusal
from haar.services.s3.select.evaluate import Row
from haar.services.s3.select.json_input import Paths
from haar.services.s3.select.source import Range, Source
from haar.services.s3.select.syntax import Name, Step, Value

BATCH_ROWS = 1024
#: bytes, uncompressed
ROW_GROUP_MAX = 256 << 20
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - local to the offset that a timestamp says
_CODECS = frozenset({"UNCOMPRESSED", "SNAPPY", "GZIP"})


def _arrow(module: str) -> Any:
    """A module of pyarrow, which has no types and takes a quarter of a second to load: only Parquet pays for it."""
    return import_module(module)


class ParquetInput(Paths):
    """The rows of a Parquet object, and what names mean in them. `named` are the fields used, None for all."""

    def __init__(
        self,
        source: Source,
        among: Range | None,
        path: tuple[Step, ...],
        alias: Name | None,
        named: frozenset[str] | None,
    ) -> None:
        if path:
            raise refusal("InvalidKeyPath")
        super().__init__(path, alias)
        pa, pq = _arrow("pyarrow"), _arrow("pyarrow.parquet")
        self._source = source
        try:
            self._file = pq.ParquetFile(pa.PythonFile(source.file, mode="r"), pre_buffer=False)
            self._metadata: Any = self._file.metadata
            schema = self._file.schema_arrow
        except (pa.ArrowException, OSError, ValueError):
            raise refusal("ParquetParsingError") from None
        names = [name for name in schema.names if named is None or name.lower() in named]
        self._columns = names
        leaves = [self._metadata.schema.column(index) for index in range(self._metadata.num_columns)]
        used = {index for index, leaf in enumerate(leaves) if leaf.path.split(".")[0] in names}
        if any(leaves[index].physical_type == "INT96" for index in used):
            raise refusal("UnsupportedTypeForQuerying")
        self._groups: list[int] = []
        self._sizes: dict[int, tuple[int, int]] = {}
        for number in range(self._metadata.num_row_groups):
            group = self._metadata.row_group(number)
            if group.total_byte_size > ROW_GROUP_MAX:
                raise refusal("OverMaxParquetBlockSize")
            chunks = [group.column(index) for index in range(group.num_columns)]
            if any(chunk.compression not in _CODECS for chunk in chunks):
                raise refusal("ParquetUnsupportedCompressionCodec")
            starts = [chunk.dictionary_page_offset or chunk.data_page_offset for chunk in chunks]
            start = min(starts, default=0)
            if among is not None and not among.start <= start <= among.end:
                continue
            self._groups.append(number)
            read = [chunk for index, chunk in enumerate(chunks) if index in used]
            self._sizes[number] = (
                sum(chunk.total_compressed_size for chunk in read),
                sum(chunk.total_uncompressed_size for chunk in read),
            )
        self._converters = {name: _converter(schema.field(name).type) for name in names}

    def rows(self) -> Iterator[Row]:
        """The rows, as dicts. Raises ParquetParsingError."""
        pa = _arrow("pyarrow")
        for group in self._groups:
            self._source.scanned += self._sizes[group][0]
            self._source.processed += self._sizes[group][1]
            if not self._columns:  # COUNT(*) reads nothing but how many there are
                for _ in range(self._metadata.row_group(group).num_rows):
                    yield {}
                continue
            try:
                batches = self._file.iter_batches(
                    BATCH_ROWS, row_groups=[group], columns=self._columns, use_threads=False
                )
                for batch in batches:
                    columns = [list(map(self._converters[name], _values(batch.column(name)))) for name in self._columns]
                    for values in zip(*columns, strict=True):
                        yield dict(zip(self._columns, values, strict=True))
            except (pa.ArrowException, OSError, ValueError, OverflowError):
                raise refusal("ParquetParsingError") from None


def _converter(kind: Any) -> Callable[[Value], Value]:
    """From pyarrow's Python values of an Arrow type to the query's. Raises UnsupportedParquetType."""
    types = _arrow("pyarrow").types
    if types.is_timestamp(kind):
        digits = {"s": 0, "ms": 3, "us": 6, "ns": 9}[kind.unit]
        return lambda value: None if value is None else _instant(value, digits)
    if types.is_date(kind):
        return _day
    if types.is_binary(kind) or types.is_large_binary(kind) or types.is_fixed_size_binary(kind):
        return lambda value: None if value is None else value.decode()
    if types.is_list(kind) or types.is_large_list(kind):
        inner = _converter(kind.value_type)
        return lambda value: None if value is None else list(map(inner, value))
    if types.is_struct(kind):
        fields = {field.name: _converter(field.type) for field in kind}
        return lambda value: None if value is None else {name: fields[name](held) for name, held in value.items()}
    if types.is_map(kind) or types.is_time(kind) or types.is_duration(kind):
        raise refusal("UnsupportedParquetType")
    return lambda value: value


def _instant(value: int | datetime, digits: int) -> Value:
    """A timestamp of a column (units since 1970), or one inside a list or structure (a datetime)."""
    if isinstance(value, datetime):
        return timestamps.from_datetime(value, min(digits, 6))
    seconds, rest = divmod(value, 10**digits)
    return timestamps.Timestamp(_EPOCH + timedelta(seconds=seconds), f"{rest:0{digits}}" if digits else "")


def _values(column: Any) -> list[Value]:
    # pyarrow's own way to a datetime loses nanoseconds, or wants pandas for them
    if _arrow("pyarrow").types.is_timestamp(column.type):
        column = column.cast("int64")
    values: list[Value] = column.to_pylist()
    return values


def _day(value: Value) -> Value:
    if value is None:
        return None
    assert isinstance(value, date), "pyarrow gives dates for dates"
    return timestamps.Timestamp(datetime.combine(value, _EPOCH.time()), "", None, timestamps.DAY)
