"""Exports to S3 and imports from it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from haar.kit import Call, Page, ServiceError, replace
from haar.services.dynamodb import snapshots
from haar.services.dynamodb.operations.tables import made
from haar.services.dynamodb.particulars import particulars
from haar.services.dynamodb.resources import Table
from haar.services.dynamodb.service import dynamodb, invalid
from haar.services.dynamodb.snapshots import backup_id
from haar.services.dynamodb.targets import look_up
from haar.services.dynamodb.transfers import Export, Import, ReadFile, begin_writing, objects_of

if TYPE_CHECKING:
    from haar.shapes import dynamodb as api

_SHOWN = (
    "ClientToken", "S3Bucket", "S3BucketOwner", "S3Prefix", "S3SseAlgorithm", "S3SseKmsKeyId", "ExportFormat",
    "ExportType",
)  # fmt: skip


@dynamodb.names("ExportArn", Export)
def export_named(call: Call, arn: str) -> tuple[str, ...]:
    """The key of the export of an ARN."""
    return Export.key_of(arn) or (call.account, call.region, arn, "")


@dynamodb.names("ImportArn", Import)
def import_named(call: Call, arn: str) -> tuple[str, ...]:
    """The key of the import of an ARN."""
    return Import.key_of(arn) or (call.account, call.region, arn, "")


def _of_table_arn(call: Call, request: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return [look_up(call, request["TableArn"])]


@dynamodb.operation
def describe_export(call: Call, export: Export, request: api.DescribeExportInput) -> Any:
    return {"ExportDescription": _export(export)}


@dynamodb.operation(
    resource=_of_table_arn, partial="Full exports in DynamoDB JSON only; Ion and incremental are refused."
)
def export_table_to_point_in_time(call: Call, request: api.ExportTableToPointInTimeInput) -> Any:
    table = look_up(call, request["TableArn"])[1]
    if table is None:
        raise dynamodb.error("TableNotFoundException", f"Table not found: {request['TableArn'].rpartition('/')[2]}")
    if request.get("ExportFormat", "DYNAMODB_JSON") != "DYNAMODB_JSON":
        raise invalid("Exports in Amazon Ion are not supported.")
    if request.get("ExportType", "FULL_EXPORT") != "FULL_EXPORT" or "FilterSpecification" in request:
        raise invalid("Incremental and filtered exports are not supported.")
    kept = particulars(call, table)
    if not kept.pitr_since:
        raise dynamodb.error(
            "PointInTimeRecoveryUnavailableException", f"Point in time recovery is not enabled for table '{table.name}'"
        )
    given: Any = request.get("ExportTime")
    at = call.now if given is None else float(given)
    if not int(snapshots.earliest(kept, call.now)) <= at <= call.now:
        raise dynamodb.error(
            "InvalidExportTimeException",
            "The specified ExportTime is outside of the point in time recovery window",
        )
    export = Export(
        account=table.account,
        region=table.region,
        table=table.name,
        id=backup_id(call),
        table_id=table.id,
        serial=table.serial,
        principal=call.principal,
        request={name: request[name] for name in _SHOWN if name in request},  # type: ignore[literal-required]
        exported_at=at,
        created_at=call.now,
    )
    try:
        begin_writing(call, export)
    except ServiceError as error:
        raise invalid(f"Unable to write to the S3 bucket: {error.code}: {error.message}") from error
    call.tx.put(export)
    snapshots.begin(call, table, "export", export.key, at if given is not None else None)
    return {"ExportDescription": _export(export)}


@dynamodb.operation(resource=lambda call, request: "*")
def list_exports(call: Call, request: api.ListExportsInput) -> Any:
    name = request.get("TableArn", "").rpartition("/")[2]
    prefix = (call.account, call.region, name) if name else (call.account, call.region)
    page: Page[Any] = Page.of(
        call.tx, Export, *prefix,
        show=lambda one: {"ExportArn": one.arn, "ExportStatus": one.status, "ExportType": "FULL_EXPORT"},
    )  # fmt: skip
    start = request.get("NextToken")
    found, mark = page.cut(_place(Export, start), request.get("MaxResults", 25))
    return {"ExportSummaries": found, "NextToken": Export.arn_for(*mark) if mark else None}


def _place(kind: type[Export | Import], token: str | None) -> Any:
    if token is None:
        return None
    place = kind.key_of(token)
    if place is None:
        raise invalid("Invalid NextToken")
    return place


def _export(export: Export) -> dict[str, Any]:
    shown = {
        "ExportFormat": "DYNAMODB_JSON",
        "ExportType": "FULL_EXPORT",
        "S3SseAlgorithm": "AES256",
        **export.request,
        "ExportArn": export.arn,
        "ExportStatus": export.status,
        "StartTime": export.created_at,
        "TableArn": Table.arn_for(export.account, export.region, export.table),
        "TableId": export.table_id,
        "ExportTime": export.exported_at,
    }
    if export.ended_at:
        shown["EndTime"] = export.ended_at
    if export.status == "COMPLETED":
        shown |= {
            "ExportManifest": export.folder + "manifest-summary.json",
            "BilledSizeBytes": export.size,
            "ItemCount": export.items,
        }
    if export.failure:
        shown |= {"FailureCode": export.failure, "FailureMessage": export.message}
    return shown


@dynamodb.operation
def describe_import(call: Call, found: Import, request: api.DescribeImportInput) -> Any:
    return {"ImportTableDescription": _import(found)}


def _new_table(call: Call, request: Mapping[str, Any]) -> str:
    return Table.arn_for(call.account, call.region, request["TableCreationParameters"]["TableName"])


@dynamodb.operation(
    resource=_new_table, partial="DynamoDB JSON and CSV only, plain or compressed with GZIP; Ion and ZSTD are refused."
)
def import_table(call: Call, request: api.ImportTableInput) -> Any:
    if request["InputFormat"] == "ION":
        raise invalid("Imports of Amazon Ion are not supported.")
    if request.get("InputCompressionType") == "ZSTD":
        raise invalid("Imports of objects compressed with ZSTD are not supported.")
    source = request["S3BucketSource"]
    try:
        objects = objects_of(call, call.principal, source)
    except ServiceError as error:
        raise invalid(f"Unable to read from the S3 bucket: {error.code}: {error.message}") from error
    if not objects:
        raise invalid(f"No objects found in the bucket {source['S3Bucket']} under the given prefix")
    wanted: Any = request["TableCreationParameters"]
    table = made(call, wanted, wanted["TableName"])
    call.tx.put(replace(particulars(call, table), restoring=True))
    found = Import(
        account=table.account,
        region=table.region,
        table=table.name,
        id=backup_id(call),
        table_id=table.id,
        serial=table.serial,
        principal=call.principal,
        request=dict(request),
        objects=objects,
        created_at=call.now,
    )
    call.tx.put(found)
    call.emit(ReadFile(place=found.key))
    return {"ImportTableDescription": _import(found)}


@dynamodb.operation(resource=lambda call, request: "*")
def list_imports(call: Call, request: api.ListImportsInput) -> Any:
    name = request.get("TableArn", "").rpartition("/")[2]
    prefix = (call.account, call.region, name) if name else (call.account, call.region)
    page: Page[Any] = Page.of(call.tx, Import, *prefix, show=_summary)
    found, mark = page.cut(_place(Import, request.get("NextToken")), request.get("PageSize", 25))
    return {"ImportSummaryList": found, "NextToken": Import.arn_for(*mark) if mark else None}


def _summary(found: Import) -> dict[str, Any]:
    shown = _import(found)
    members = ("ImportArn", "ImportStatus", "TableArn", "S3BucketSource", "InputFormat", "StartTime", "EndTime")
    return {member: shown[member] for member in members if member in shown}


def _import(found: Import) -> dict[str, Any]:
    shown = {
        **found.request,
        "ImportArn": found.arn,
        "ImportStatus": found.status,
        "TableArn": Table.arn_for(found.account, found.region, found.table),
        "TableId": found.table_id,
        "StartTime": found.created_at,
        "ErrorCount": found.errors,
        "ProcessedSizeBytes": found.size,
        "ProcessedItemCount": found.processed,
        "ImportedItemCount": found.imported,
    }
    if found.ended_at:
        shown["EndTime"] = found.ended_at
    if found.failure:
        shown |= {"FailureCode": found.failure, "FailureMessage": found.message}
    return shown
