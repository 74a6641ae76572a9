"""Exports to S3 and imports from it: the files, and the work behind them.

Whoever asked for it reads and writes the bucket: their permissions decide, each time.

Source: DynamoDB Developer Guide, S3DataExport.Output.html and S3DataImport.Format.html.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import zlib
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from hashlib import md5
from itertools import islice
from typing import Any

import orjson

from haar.kit import Call, Principal, Resource, ServiceError, Task, key, replace
from haar.services.dynamodb import snapshots
from haar.services.dynamodb.keys import check_index_keys, item_place
from haar.services.dynamodb.lifecycle import count, count_later
from haar.services.dynamodb.particulars import particulars
from haar.services.dynamodb.resources import Table
from haar.services.dynamodb.sealed_tables import at_hand_for
from haar.services.dynamodb.sealing import opened
from haar.services.dynamodb.service import ITEM_BYTES_MAX, dynamodb
from haar.services.dynamodb.snapshots import Saved, Snapshot
from haar.services.dynamodb.values import measured
from haar.services.dynamodb.writing import read, write

__all__ = ["Export", "Import", "ReadFile", "begin_writing"]

#: How many items a data file of an export has at most.
FILE_ITEMS = 10_000
_SERVICE = "dynamodb.amazonaws.com"


class Export(
    Resource,
    arn="arn:{partition}:dynamodb:{region}:{account}:table/{table}/export/{id}",
    missing=("ExportNotFoundException", "Export not found: table/{0}/export/{1}"),
):
    """An export of a table to S3."""

    table: str = key()
    id: str = key()
    table_id: str
    serial: str
    principal: Principal
    #: what the request said, to be shown again
    request: dict[str, Any]
    exported_at: float
    #: IN_PROGRESS, COMPLETED or FAILED
    status: str = "IN_PROGRESS"
    ended_at: float = 0.0
    items: int = 0
    size: int = 0
    #: lines of the manifest of files
    files: list[str] = []  # noqa: RUF012 (msgspec copies it)
    failure: str = ""
    message: str = ""

    @property
    def folder(self) -> str:
        """Where its files are, with a slash at the end."""
        prefix = self.request.get("S3Prefix", "").rstrip("/")
        return f"{prefix}/AWSDynamoDB/{self.id}/" if prefix else f"AWSDynamoDB/{self.id}/"


class Import(
    Resource,
    arn="arn:{partition}:dynamodb:{region}:{account}:table/{table}/import/{id}",
    missing=("ImportNotFoundException", "Import not found: table/{0}/import/{1}"),
):
    """An import from S3 into a new table."""

    table: str = key()
    id: str = key()
    table_id: str
    serial: str
    principal: Principal
    request: dict[str, Any]
    #: IN_PROGRESS, COMPLETED or FAILED
    status: str = "IN_PROGRESS"
    ended_at: float = 0.0
    #: the objects to read
    objects: list[str] = []  # noqa: RUF012
    errors: int = 0
    size: int = 0
    processed: int = 0
    imported: int = 0
    failure: str = ""
    message: str = ""


class WriteFile(Task):
    """Write the next data file of an export."""

    place: tuple[str, ...]
    serial: str
    partition: str = ""
    sort: str = ""


class ReadFile(Task):
    """Read the next object of an import."""

    place: tuple[str, ...]
    number: int = 0


def _asked(call: Call, principal: Principal, operation: str, **request: Any) -> dict[str, Any]:
    """One operation of S3, wherever the bucket is."""
    region = ""
    for _ in range(2):
        door = call.aws("s3", principal=principal, account=principal.account, region=region, invoked_by=_SERVICE)
        try:
            reply: dict[str, Any] = getattr(door, operation)(**request)
            return reply
        except ServiceError as error:
            found = {name.lower(): value for name, value in error.headers.items()}.get("x-amz-bucket-region", "")
            if not found or region:
                raise
            region = found
    raise AssertionError("S3 named another region twice")


def moment(at: float) -> str:
    """An instant as manifests write it."""
    found = datetime.fromtimestamp(at, UTC)
    return f"{found:%Y-%m-%dT%H:%M:%S}.{found.microsecond // 1000:03d}Z"


def _put(call: Call, export: Export, name: str, body: bytes) -> str:
    more: dict[str, Any] = {}
    algorithm = export.request.get("S3SseAlgorithm")
    if algorithm == "KMS":
        more = {"ServerSideEncryption": "aws:kms"}
        if key_id := export.request.get("S3SseKmsKeyId"):
            more["SSEKMSKeyId"] = key_id
    elif algorithm:
        more = {"ServerSideEncryption": algorithm}
    bucket = export.request["S3Bucket"]
    reply = _asked(call, export.principal, "put_object", Bucket=bucket, Key=export.folder + name, Body=body, **more)
    return str(reply["ETag"]).strip('"')


def begin_writing(call: Call, export: Export) -> None:
    """Leave a sign in the bucket that an export has begun. Raises what S3 raises."""
    _put(call, export, "_started", b"")


@snapshots.on_taken("export")
def export_taken(call: Call, snapshot: Snapshot) -> None:
    """The items are there: write them."""
    call.emit(WriteFile(place=snapshot.place, serial=snapshot.serial))


def _rows(call: Call, task: WriteFile) -> Iterator[Saved]:
    after = (task.serial, task.partition, task.sort) if task.partition else None
    return islice(call.tx.range(Saved, task.serial, after=after), FILE_ITEMS)


@dynamodb.task(WriteFile)
def write_file(call: Call, task: WriteFile) -> None:
    """Write a file, and after the last one the manifests."""
    export = call.tx.get(Export, *task.place)
    if export is None or export.status != "IN_PROGRESS":
        return
    rows = list(_rows(call, task))
    try:
        at_hand_for(call, export.serial, export.account, export.region, export.table)
        bodies = [opened(row.body) for row in rows if row.body]
        if bodies or not export.files:
            export = _data(call, export, bodies, sum(row.size for row in rows))
        if len(rows) == FILE_ITEMS:
            call.tx.put(export)
            call.emit(replace(task, partition=rows[-1].partition, sort=rows[-1].sort))
            return
        export = replace(export, status="COMPLETED", ended_at=call.now)
        _manifests(call, export)
    except ServiceError as error:
        export = replace(export, status="FAILED", ended_at=call.now, failure=f"S3{error.code}", message=error.message)
    call.tx.put(export)
    snapshots.drop(call, task.serial)


def _data(call: Call, export: Export, bodies: list[bytes], size: int) -> Export:
    lines = b"".join(b'{"Item":' + body + b"}\n" for body in bodies)
    packed = gzip.compress(lines, mtime=0)
    name = f"data/{call.ports.ids.token(26, 'abcdefghijklmnopqrstuvwxyz234567')}.json.gz"
    etag = _put(call, export, name, packed)
    line = json.dumps(
        {
            "itemCount": len(bodies),
            "md5Checksum": b64encode(md5(packed, usedforsecurity=False).digest()).decode(),
            "etag": etag,
            "dataFileS3Key": export.folder + name,
        }
    )
    return replace(export, files=[*export.files, line], items=export.items + len(bodies), size=export.size + size)


def _manifests(call: Call, export: Export) -> None:
    request = export.request
    summary = {
        "version": "2023-08-01",
        "exportArn": export.arn,
        "startTime": moment(export.created_at),
        "endTime": moment(export.ended_at),
        "tableArn": Table.arn_for(export.account, export.region, export.table),
        "tableId": export.table_id,
        "exportTime": moment(export.exported_at),
        "s3Bucket": request["S3Bucket"],
        "s3Prefix": request.get("S3Prefix"),
        "s3SseAlgorithm": request.get("S3SseAlgorithm", "AES256"),
        "s3SseKmsKeyId": request.get("S3SseKmsKeyId"),
        "manifestFilesS3Key": export.folder + "manifest-files.json",
        "billedSizeBytes": export.size,
        "itemCount": export.items,
        "outputFormat": "DYNAMODB_JSON",
        "outputView": None,
        "exportType": "FULL_EXPORT",
    }
    files = "".join(f"{line}\n" for line in export.files).encode()
    for name, body in (("manifest-files", files), ("manifest-summary", json.dumps(summary).encode())):
        _put(call, export, f"{name}.json", body)
        _put(call, export, f"{name}.md5", b64encode(md5(body, usedforsecurity=False).digest()))


def _listed(entries: Any) -> Iterator[tuple[str, int]]:
    """Keys and sizes in a bucket's listing; S3 has its entries as the XML they are answered with, joined to one."""
    from xml.etree import ElementTree

    for entry in entries:
        if not isinstance(entry, str):
            yield entry["Key"], entry["Size"]
            continue
        found = ElementTree.fromstring(f"<All><Contents>{entry}</Contents></All>")  # noqa: S314 (S3's own)
        for one in found:
            yield one.findtext("Key", ""), int(one.findtext("Size", "0"))


def objects_of(call: Call, principal: Principal, source: Mapping[str, Any]) -> list[str]:
    """The keys of what an import reads. Raises what S3 raises."""
    found: list[str] = []
    request: dict[str, Any] = {"Bucket": source["S3Bucket"], "Prefix": source.get("S3KeyPrefix", "")}
    while True:
        reply = _asked(call, principal, "list_objects_v2", **request)
        found += [name for name, size in _listed(reply.get("Contents", ())) if size]
        if not reply.get("NextContinuationToken"):
            return found
        request["ContinuationToken"] = reply["NextContinuationToken"]


@dynamodb.task(ReadFile)
def read_file(call: Call, task: ReadFile) -> None:
    """Put the items of an object into the table; after the last one the table is active."""
    found = call.tx.get(Import, *task.place)
    table = call.tx.get(Table, found.account, found.region, found.table) if found is not None else None
    if found is None or table is None or table.serial != found.serial:
        return
    if task.number < len(found.objects):
        try:
            raw = _object(call, found, found.objects[task.number])
        except (ServiceError, zlib.error, EOFError, OSError) as error:
            reason = error.message if isinstance(error, ServiceError) else "The object is not compressed as was said."
            found = replace(found, status="FAILED", ended_at=call.now, failure="S3Access", message=reason)
            call.tx.put(found)
            call.tx.put(replace(particulars(call, table), restoring=False))
            call.tx.put(replace(table, status="ACTIVE"))
            return
        call.tx.put(_poured(call, found, table, raw))
        call.emit(replace(task, number=task.number + 1))
        return
    call.tx.put(replace(found, status="COMPLETED", ended_at=call.now))
    call.tx.put(replace(particulars(call, table), restoring=False))
    indexes = tuple(replace(index, status="ACTIVE") for index in table.indexes)
    table = call.tx.put(replace(table, status="ACTIVE", indexes=indexes))
    count(call, table)
    count_later(call, table)


def _object(call: Call, found: Import, name: str) -> bytes:
    source = found.request["S3BucketSource"]
    body = _asked(call, found.principal, "get_object", Bucket=source["S3Bucket"], Key=name)["Body"]
    if isinstance(body, bytes):
        raw = body
    else:
        try:
            raw = b"".join(body.pieces())
        finally:
            body.end()
    return gzip.decompress(raw) if found.request.get("InputCompressionType") == "GZIP" else raw


def _poured(call: Call, found: Import, table: Table, raw: bytes) -> Import:
    errors = imported = processed = 0
    for item in _items(found.request, table, raw):
        processed += 1
        try:
            if item is None:
                raise ValueError
            stored, size = measured(item)
            if size > ITEM_BYTES_MAX:
                raise ValueError
            partition, sort = item_place(table, stored)
            check_index_keys(table, stored)
        except (ServiceError, ValueError, TypeError, AttributeError, KeyError):
            errors += 1
            continue
        write(call, table, partition, sort, read(call, table, partition, sort), stored, size)
        imported += 1
    return replace(
        found, errors=found.errors + errors, imported=found.imported + imported,
        processed=found.processed + processed, size=found.size + len(raw),
    )  # fmt: skip


def _items(request: Mapping[str, Any], table: Table, raw: bytes) -> Iterator[dict[str, Any] | None]:
    """The items of a file, in a request's form; None for what is none."""
    if request["InputFormat"] == "CSV":
        yield from _csv(request.get("InputFormatOptions", {}).get("Csv", {}), table, raw.decode("utf-8-sig", "replace"))
        return
    for line in raw.splitlines():
        if not line.strip():
            continue
        try:
            item = orjson.loads(line)["Item"]
            yield {name: _binary(value) for name, value in item.items()}
        except (ValueError, LookupError, TypeError, AttributeError):
            yield None


def _binary(value: Any) -> Any:
    ((kind, content),) = value.items()
    if kind == "B":
        return {"B": b64decode(content, validate=True)}
    if kind == "BS":
        return {"BS": [b64decode(one, validate=True) for one in content]}
    if kind == "L":
        return {"L": [_binary(one) for one in content]}
    if kind == "M":
        return {"M": {name: _binary(one) for name, one in content.items()}}
    return value


def _csv(options: Mapping[str, Any], table: Table, text: str) -> Iterator[dict[str, Any] | None]:
    rows = csv.reader(io.StringIO(text), delimiter=options.get("Delimiter", ","))
    names = options.get("HeaderList") or next(rows, [])
    for row in rows:
        if not row:
            continue
        if len(row) > len(names):
            yield None
            continue
        item: dict[str, Any] = {}
        for name, cell in zip(names, row, strict=False):
            kind = table.types.get(name, "S")
            item[name] = {kind: cell.encode() if kind == "B" else cell}
        yield item
