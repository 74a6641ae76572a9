"""Inventory: a list of what is in a bucket, written by the clock into another bucket, daily or weekly (on Sundays).

A report begins at midnight UTC. Step by step, a transaction each, the rows become data files (CSV with gzip, or
Parquet), then a manifest names them, with a checksum of its own. S3 itself writes them, as `s3.amazonaws.com`, so the
destination's policy decides. A report that is not let in is not made; the next one is.

Source: Amazon S3 User Guide, storage-inventory.html and storage-inventory-location.html.
"""

from __future__ import annotations

import base64
import csv
import gzip
import io
import json
import time
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, Final
from urllib.parse import quote_plus

import msgspec

from haar.kit import Call, Record, ServiceError, Task, key, md5, on_change, replace
from haar.services.s3 import lifecycle, notices, tiering
from haar.services.s3.resources import Bucket, Configuration, Current, Version, canonical_id
from haar.services.s3.service import s3
from haar.services.s3.storage_classes import DAY, next_midnight
from haar.wire.text import iso_millis

__all__ = ["FIELDS", "KIND", "has_parquet", "schedule"]

#: of a `Configuration`
KIND: Final = "inventory"
#: Rows in one data file.
BATCH: Final = 10_000
_MANIFEST_VERSION: Final = "2016-11-30"
#: 1 January 1970 was a Thursday: three days later is a Sunday.
_SUNDAY: Final = 3


class Turn(Record):
    """When the next report of a configuration begins. A timer of another `id` has nothing to do any more."""

    bucket: str = key()
    configuration: str = key()
    id: str
    at: float


class Report(Task):
    """One step of a report: from behind a row on. `files` are those written so far."""

    bucket: str
    configuration: str
    turn: str
    began: float = 0.0
    after: list[Any] = msgspec.field(default_factory=list)
    files: list[dict[str, Any]] = msgspec.field(default_factory=list)


def schedule(call: Call, bucket: Bucket, configuration: Mapping[str, Any]) -> None:
    """Have the next report at the next midnight, or the next Sunday's."""
    at = next_midnight(call.now + 1)
    if configuration["Schedule"]["Frequency"] == "Weekly":
        at += (_SUNDAY - int(at // DAY)) % 7 * DAY
    turn = Turn(bucket=bucket.name, configuration=configuration["Id"], id=call.new_id(), at=at)
    call.tx.put(turn)
    call.later(at, Report(bucket=bucket.name, configuration=turn.configuration, turn=turn.id))


@on_change(Configuration)
def _ended(tx: Any, old: Configuration | None, new: Configuration | None) -> None:
    if old is not None and old.kind == KIND and (new is None or not new.body.get("IsEnabled")):
        tx.delete(Turn, old.bucket, old.id)


# --- rows ------------------------------------------------------------------------------------------------------------


class _Row(msgspec.Struct, frozen=True):
    """A version, as the fields of a report see it."""

    bucket: Bucket
    version: Version
    is_latest: bool
    now: float


def _encryption(row: _Row) -> str:
    kinds = {"AES256": "SSE-S3", "aws:kms": "SSE-KMS", "aws:kms:dsse": "DSSE-KMS", "SSE-C": "SSE-C"}
    return kinds[row.version.encryption.kind]


def _acl(row: _Row) -> str:
    version = row.version
    owner = {"Grantee": {"Type": "CanonicalUser", "ID": canonical_id(version.owner)}, "Permission": "FULL_CONTROL"}
    grants = [
        {
            "canonicalId": grant["Grantee"].get("ID"),
            "type": grant["Grantee"]["Type"],
            "permission": grant["Permission"],
            **({"uri": grant["Grantee"]["URI"]} if grant["Grantee"].get("URI") else {}),
        }
        for grant in (version.acl or [owner])
    ]
    found = {"version": "2022-11-10", "status": "AVAILABLE", "grants": grants}
    return base64.b64encode(json.dumps(found).encode()).decode()


def _expires(row: _Row) -> str:
    found = lifecycle.expiration_of(row.bucket, row.version)
    return iso_millis(found[0]) if found is not None else ""


def _tier(row: _Row) -> str:
    return tiering.access_tier(row.version, row.now) if row.version.storage_class == "INTELLIGENT_TIERING" else ""


def _retained(row: _Row) -> str:
    return iso_millis(row.version.retain_until) if row.version.retain_until else ""


def _truth(value: bool) -> str:
    return "true" if value else "false"


#: The optional fields, in the order that a report has them.
FIELDS: Final[dict[str, Callable[[_Row], Any]]] = {
    "Size": lambda row: "" if row.version.marker else row.version.size,
    "LastModifiedDate": lambda row: iso_millis(row.version.at),
    "ETag": lambda row: row.version.etag,
    "StorageClass": lambda row: "" if row.version.marker else row.version.storage_class,
    "IsMultipartUploaded": lambda row: _truth(bool(row.version.parts)),
    "ReplicationStatus": lambda row: row.version.replication,
    "EncryptionStatus": lambda row: "" if row.version.marker else _encryption(row),
    "ObjectLockRetainUntilDate": _retained,
    "ObjectLockMode": lambda row: row.version.lock_mode,
    "ObjectLockLegalHoldStatus": lambda row: "ON" if row.version.legal_hold else "OFF",
    "IntelligentTieringAccessTier": _tier,
    "BucketKeyStatus": lambda row: "ENABLED" if row.version.encryption.bucket_key else "DISABLED",
    "ChecksumAlgorithm": lambda row: ",".join(row.version.checksums),
    "ObjectAccessControlList": _acl,
    "ObjectOwner": lambda row: canonical_id(row.version.owner),
    "LifecycleExpirationDate": _expires,
}


def _columns(given: Mapping[str, Any]) -> dict[str, Callable[[_Row], Any]]:
    found: dict[str, Callable[[_Row], Any]] = {
        "Bucket": lambda row: row.bucket.name,
        "Key": lambda row: quote_plus(row.version.name, safe="/"),
    }
    if given["IncludedObjectVersions"] == "All":
        found |= {
            "VersionId": lambda row: row.version.version_id,
            "IsLatest": lambda row: _truth(row.is_latest),
            "IsDeleteMarker": lambda row: _truth(row.version.marker),
        }
    wanted = given.get("OptionalFields") or ()
    return {**found, **{name: field for name, field in FIELDS.items() if name in wanted}}


def _rows(call: Call, bucket: Bucket, given: Mapping[str, Any], after: list[Any]) -> tuple[list[_Row], list[Any]]:
    """Some rows behind a place, and the place behind them (empty at the end)."""
    starts = (given.get("Filter") or {}).get("Prefix") or None
    behind = (bucket.name, *after) if after else None
    if given["IncludedObjectVersions"] == "All":
        versions = list(call.tx.range(Version, bucket.name, starts=starts, after=behind, limit=BATCH))
        place = [versions[-1].name, versions[-1].order] if len(versions) == BATCH else []
    else:
        shown = list(call.tx.range(Current, bucket.name, starts=starts, after=behind, limit=BATCH))
        place = [shown[-1].name] if len(shown) == BATCH else []
        versions = [one for one in (call.tx.get(Version, bucket.name, row.name, row.order) for row in shown) if one]
    return [_Row(bucket, one, one.noncurrent_at is None, call.now) for one in versions], place


# --- files -----------------------------------------------------------------------------------------------------------


def has_parquet() -> bool:
    """Whether Parquet can be written: pyarrow is an extra of the package."""
    try:
        import_module("pyarrow.parquet")
    except ImportError:
        return False
    return True


def _as_csv(columns: Mapping[str, Callable[[_Row], Any]], rows: list[_Row]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerows([field(row) for field in columns.values()] for row in rows)
    return gzip.compress(text.getvalue().encode(), mtime=0)


def _as_parquet(columns: Mapping[str, Callable[[_Row], Any]], rows: list[_Row]) -> bytes:
    pa: Any = import_module("pyarrow")
    pq: Any = import_module("pyarrow.parquet")
    table = pa.table({_snake(name): pa.array(_values(name, field, rows)) for name, field in columns.items()})
    sink = io.BytesIO()
    pq.write_table(table, sink)
    return sink.getvalue()


def _snake(name: str) -> str:
    return "".join(f"_{one.lower()}" if one.isupper() else one for one in name).lstrip("_")


def _values(name: str, field: Callable[[_Row], Any], rows: list[_Row]) -> list[Any]:
    if name == "Key":
        return [row.version.name for row in rows]  # Parquet needs no encoding
    values = [field(row) for row in rows]
    if name in ("IsLatest", "IsDeleteMarker", "IsMultipartUploaded"):
        return [value == "true" for value in values]
    return [None if value == "" else value for value in values]


@s3.task(Report)
def report(call: Call, task: Report) -> None:
    """Write one data file, or the manifest at the end."""
    turn = call.tx.get(Turn, task.bucket, task.configuration)
    bucket = call.tx.get(Bucket, task.bucket)
    found = call.tx.get(Configuration, task.bucket, KIND, task.configuration)
    if bucket is None or turn is None or found is None or turn.id != task.turn:
        return
    call.region = bucket.region
    given = found.body
    began = task.began or call.now
    columns = _columns(given)
    rows, place = _rows(call, bucket, given, task.after)
    is_parquet = _destination(given)["Format"] == "Parquet"
    body = _as_parquet(columns, rows) if is_parquet else _as_csv(columns, rows)
    name = f"{_folder(bucket, given)}data/{call.new_id()}.{'parquet' if is_parquet else 'csv.gz'}"
    try:
        _put(call, bucket, given, name, body)
        files = [*task.files, {"key": name, "size": len(body), "MD5checksum": md5(body)}]
        if place:
            call.emit(replace(task, began=began, after=place, files=files))
            return
        _put_manifest(call, bucket, given, list(columns), files, began)
    except ServiceError:
        pass  # the destination is gone, or lets nobody in: there is another day
    schedule(call, bucket, given)


def _destination(given: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = given["Destination"]["S3BucketDestination"]
    return found


def _folder(bucket: Bucket, given: Mapping[str, Any]) -> str:
    prefix = (_destination(given).get("Prefix") or "").rstrip("/")
    return f"{prefix}/{bucket.name}/{given['Id']}/".removeprefix("/")


def _put_manifest(
    call: Call, bucket: Bucket, given: Mapping[str, Any], columns: list[str], files: list[dict[str, Any]], began: float
) -> None:
    destination = _destination(given)
    is_parquet = destination["Format"] == "Parquet"
    manifest = {
        "sourceBucket": bucket.name,
        "destinationBucket": destination["Bucket"],
        "version": _MANIFEST_VERSION,
        "creationTimestamp": str(int(began * 1000)),
        "fileFormat": destination["Format"],
        "fileSchema": _parquet_schema(columns) if is_parquet else ", ".join(columns),
        "files": files,
    }
    text = json.dumps(manifest, indent=2)
    moment = time.gmtime(began)
    folder = f"{_folder(bucket, given)}{time.strftime('%Y-%m-%dT%H-%MZ', moment)}/"
    target = destination["Bucket"].rpartition(":")[2]
    links = "".join(f"s3://{target}/{one['key']}\n" for one in files)
    hive = f"{_folder(bucket, given)}hive/dt={time.strftime('%Y-%m-%d-%H-%M', moment)}/symlink.txt"
    _put(call, bucket, given, hive, links.encode())
    _put(call, bucket, given, f"{folder}manifest.json", text.encode())
    _put(call, bucket, given, f"{folder}manifest.checksum", md5(text).encode())


def _parquet_schema(columns: list[str]) -> str:
    kinds = {"Size": "int64", "IsLatest": "boolean", "IsDeleteMarker": "boolean", "IsMultipartUploaded": "boolean"}
    lines = "".join(
        f"  required {kinds[name]} {_snake(name)};" if name in kinds else f"  required binary {_snake(name)} (UTF8);"
        for name in columns
    )
    return f"message s3.inventory {{{lines} }}"


def _put(call: Call, bucket: Bucket, given: Mapping[str, Any], name: str, body: bytes) -> None:
    destination = _destination(given)
    target = call.tx.get(Bucket, destination["Bucket"].rpartition(":")[2])
    if target is None or (destination.get("AccountId") and destination["AccountId"] != target.account):
        raise s3.error("NoSuchBucket", "The specified bucket does not exist", status=404)
    door = notices.acting_for(call, bucket, "s3", account=target.account, region=target.region)
    door.put_object(
        Bucket=target.name, Key=name, Body=body, ACL="bucket-owner-full-control", **_encrypted(destination)
    )  # fmt: skip


def _encrypted(destination: Mapping[str, Any]) -> dict[str, Any]:
    given = destination.get("Encryption") or {}
    if given.get("SSEKMS"):
        return {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": given["SSEKMS"]["KeyId"]}
    return {"ServerSideEncryption": "AES256"} if given.get("SSES3") is not None else {}
