"""Backups, point-in-time recovery, and restoring from both."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from haar.kit import Call, replace
from haar.services.dynamodb import encryption, snapshots
from haar.services.dynamodb.describing import described, described_projection
from haar.services.dynamodb.particulars import Particulars, particulars, watch
from haar.services.dynamodb.resources import SecondaryIndex, Table
from haar.services.dynamodb.schemas import (
    check_definitions,
    check_table_name,
    index_of,
    on_demand,
    provisioned,
    schema_of,
)
from haar.services.dynamodb.service import dynamodb, invalid
from haar.services.dynamodb.snapshots import Backup, Blueprint, Snapshot
from haar.services.dynamodb.targets import look_up, of_table

if TYPE_CHECKING:
    from haar.shapes import dynamodb as api


@dynamodb.names("BackupArn", Backup)
def backup_named(call: Call, arn: str) -> tuple[str, ...]:
    """The key of the backup of an ARN."""
    return Backup.key_of(arn) or (call.account, call.region, arn, "")


def _found(call: Call, name: str) -> Table:
    table = look_up(call, name)[1]
    if table is None:
        raise dynamodb.error("TableNotFoundException", f"Table not found: {name.rpartition('/')[2]}")
    return table


# ---- backups


@dynamodb.operation(resource=of_table)
def create_backup(call: Call, request: api.CreateBackupInput) -> Any:
    table = _found(call, request["TableName"])
    if table.status not in ("ACTIVE", "UPDATING"):
        raise dynamodb.error("TableInUseException", f"Table is not ready for a backup: {table.name}")
    backup_id = snapshots.backup_id(call)
    place = (table.account, table.region, table.name, backup_id)
    backup = call.tx.put(
        Backup(
            account=table.account,
            region=table.region,
            table=table.name,
            id=backup_id,
            name=request["BackupName"],
            serial=snapshots.begin(call, table, "backup", place),
            blueprint=snapshots.blueprint_of(call, table),
            created_at=call.now,
        )
    )
    return {"BackupDetails": _details(backup)}


@snapshots.on_taken("backup")
def backup_taken(call: Call, snapshot: Snapshot) -> None:
    """A backup is complete."""
    backup = call.tx.get(Backup, *snapshot.place)
    if backup is None:
        snapshots.drop(call, snapshot.serial)
    else:
        call.tx.put(replace(backup, status="AVAILABLE"))


@dynamodb.operation
def delete_backup(call: Call, backup: Backup, request: api.DeleteBackupInput) -> Any:
    if backup.status == "CREATING":
        raise dynamodb.error("BackupInUseException", f"Backup is being created: {backup.arn}")
    snapshots.remove(call, backup)
    return {"BackupDescription": _described(replace(backup, status="DELETED"))}


@dynamodb.operation
def describe_backup(call: Call, backup: Backup, request: api.DescribeBackupInput) -> Any:
    return {"BackupDescription": _described(backup)}


@dynamodb.operation(resource=lambda call, request: "*")
def list_backups(call: Call, request: api.ListBackupsInput) -> Any:
    name = request.get("TableName", "").rpartition("/")[2]
    kind = request.get("BackupType", "USER")
    low, high = request.get("TimeRangeLowerBound"), request.get("TimeRangeUpperBound")
    limit = request.get("Limit", 100)
    start: Any = request.get("ExclusiveStartBackupArn")
    after = Backup.key_of(start) if start else None
    if start and after is None:
        raise invalid(f"Invalid ExclusiveStartBackupArn: {start}")
    prefix = (call.account, call.region, name) if name else (call.account, call.region)
    found = []
    for backup in call.tx.range(Backup, *prefix, after=after):
        if kind not in ("ALL", backup.kind):
            continue
        if (low is not None and backup.created_at < float(low)) or (
            high is not None and backup.created_at >= float(high)
        ):
            continue
        found.append(backup)
        if len(found) > limit:
            break
    reply: dict[str, Any] = {"BackupSummaries": [_summary(backup) for backup in found[:limit]]}
    if len(found) > limit:
        reply["LastEvaluatedBackupArn"] = found[limit - 1].arn
    return reply


def _details(backup: Backup) -> dict[str, Any]:
    return {
        "BackupArn": backup.arn,
        "BackupName": backup.name,
        "BackupSizeBytes": backup.blueprint.size,
        "BackupStatus": backup.status,
        "BackupType": backup.kind,
        "BackupCreationDateTime": backup.created_at,
        "BackupExpiryDateTime": backup.expires_at or None,
    }


def _summary(backup: Backup) -> dict[str, Any]:
    source = backup.blueprint
    arn = Table.arn_for(source.account, source.region, source.table)
    return {"TableName": source.table, "TableId": source.id, "TableArn": arn, **_details(backup)}


def _described(backup: Backup) -> dict[str, Any]:
    source = backup.blueprint
    features: dict[str, Any] = {}
    for member, is_local in (("LocalSecondaryIndexes", True), ("GlobalSecondaryIndexes", False)):
        if shown := [_index(index) for index in source.indexes if index.is_local is is_local]:
            features[member] = shown
    if source.stream_view:
        features["StreamDescription"] = {"StreamEnabled": True, "StreamViewType": source.stream_view}
    if source.ttl_attribute:
        features["TimeToLiveDescription"] = {"TimeToLiveStatus": "ENABLED", "AttributeName": source.ttl_attribute}
    if source.kms_key:
        features["SSEDescription"] = {"Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": source.kms_key}
    return {
        "BackupDetails": _details(backup),
        "SourceTableDetails": {
            "TableName": source.table,
            "TableId": source.id,
            "TableArn": Table.arn_for(source.account, source.region, source.table),
            "TableSizeBytes": source.size,
            "KeySchema": schema_of((source.hash_key,), (source.range_key,)),
            "TableCreationDateTime": source.created_at,
            "ProvisionedThroughput": {
                "ReadCapacityUnits": source.read_units,
                "WriteCapacityUnits": source.write_units,
            },
            "ItemCount": source.items,
            "BillingMode": source.billing,
        },
        "SourceTableFeatureDetails": features,
    }


def _index(index: SecondaryIndex) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "IndexName": index.name,
        "KeySchema": schema_of(index.hash_keys, index.range_keys),
        "Projection": described_projection(index),
    }
    if not index.is_local:
        shown["ProvisionedThroughput"] = {
            "ReadCapacityUnits": index.read_units,
            "WriteCapacityUnits": index.write_units,
        }
    return shown


# ---- point-in-time recovery


def _continuous(kept: Particulars, now: float) -> dict[str, Any]:
    recovery: dict[str, Any] = {"PointInTimeRecoveryStatus": "ENABLED" if kept.pitr_since else "DISABLED"}
    if kept.pitr_since:
        recovery["RecoveryPeriodInDays"] = kept.pitr_days
        recovery["EarliestRestorableDateTime"] = snapshots.earliest(kept, now)
        recovery["LatestRestorableDateTime"] = snapshots.latest(kept, now)
    return {"ContinuousBackupsStatus": "ENABLED", "PointInTimeRecoveryDescription": recovery}


@dynamodb.operation(resource=of_table)
def describe_continuous_backups(call: Call, request: api.DescribeContinuousBackupsInput) -> Any:
    table = _found(call, request["TableName"])
    return {"ContinuousBackupsDescription": _continuous(particulars(call, table), call.now)}


@dynamodb.operation(resource=of_table)
def update_continuous_backups(call: Call, request: api.UpdateContinuousBackupsInput) -> Any:
    table = _found(call, request["TableName"])
    if table.status not in ("ACTIVE", "UPDATING"):
        message = f"Backups are being enabled for the table: {table.name}. Please retry later"
        raise dynamodb.error("ContinuousBackupsUnavailableException", message)
    wanted = request["PointInTimeRecoverySpecification"]
    kept = particulars(call, table)
    days = wanted.get("RecoveryPeriodInDays")
    if wanted["PointInTimeRecoveryEnabled"]:
        kept = replace(kept, pitr_since=kept.pitr_since or call.now, pitr_days=days or kept.pitr_days)
    else:
        if days is not None:
            raise invalid("RecoveryPeriodInDays cannot be specified when point in time recovery is disabled")
        kept = replace(kept, pitr_since=0.0, pitr_days=35)
        snapshots.forget_journal(call, table)
    call.tx.put(kept)
    watch(call, table)
    return {"ContinuousBackupsDescription": _continuous(kept, call.now)}


# ---- restoring


def _target(call: Call, request: Mapping[str, Any]) -> tuple[str, Any]:
    name = request["TargetTableName"]
    return Table.arn_for(call.account, call.region, name), call.get(Table, name)


def _of_backup(call: Call, request: Mapping[str, Any]) -> list[tuple[str, Any]]:
    arn = request["BackupArn"]
    place = Backup.key_of(arn)
    return [(arn, call.tx.get(Backup, *place) if place else None), _target(call, request)]


def _of_source(call: Call, request: Mapping[str, Any]) -> list[tuple[str, Any]]:
    source = request.get("SourceTableArn") or request.get("SourceTableName", "")
    return [look_up(call, source), _target(call, request)]


def _restored(call: Call, source: Blueprint, request: Mapping[str, Any], **origin: Any) -> Table:
    """The new table, empty and CREATING."""
    name = request["TargetTableName"]
    check_table_name(name)
    if call.get(Table, name) is not None:
        raise dynamodb.error("TableAlreadyExistsException", f"Table already exists: {name}")
    if "VectorIndexOverride" in request:
        raise invalid("Vector indexes are not supported.")
    billing = request.get("BillingModeOverride", source.billing)
    given = request.get("ProvisionedThroughputOverride")
    if given is None and billing == "PROVISIONED" == source.billing:
        given = {"ReadCapacityUnits": source.read_units, "WriteCapacityUnits": source.write_units}
    units = provisioned(given, billing)
    reads, writes = on_demand(request.get("OnDemandThroughputOverride"), billing)
    indexes: list[SecondaryIndex] = []
    for member, is_local in (("LocalSecondaryIndexOverride", True), ("GlobalSecondaryIndexOverride", False)):
        own = [index for index in source.indexes if index.is_local is is_local and index.status != "DELETING"]
        wanted = request.get(member)
        if wanted is None:
            indexes += [replace(index, serial=call.ports.ids.hex(12)) for index in own]
            continue
        for one in wanted:
            if not any(index.name == one["IndexName"] for index in own):
                raise invalid(f"Cannot restore index {one['IndexName']}: it was not part of the source table")
            indexes.append(
                index_of(
                    one, serial=call.ports.ids.hex(12), types=source.types, hash_key=source.hash_key,
                    range_key=source.range_key, is_local=is_local, billing=billing,
                )
            )  # fmt: skip
    if billing == "PAY_PER_REQUEST":
        indexes = [replace(index, read_units=0, write_units=0) for index in indexes]
    used = {source.hash_key, source.range_key, *(n for i in indexes for n in (*i.hash_keys, *i.range_keys))}
    types = {attribute: kind for attribute, kind in source.types.items() if attribute in used}
    check_definitions(types, source.hash_key, source.range_key, indexes)
    kms_key = source.kms_key
    if "SSESpecificationOverride" in request:
        kms_key = encryption.key_of(call, request["SSESpecificationOverride"], name)
    table = call.tx.put(
        Table(
            account=call.account, region=call.region, name=name, id=call.new_id(), serial=call.ports.ids.hex(12),
            hash_key=source.hash_key, range_key=source.range_key, types=types, indexes=tuple(indexes),
            status="CREATING", billing=billing, read_units=units.read, write_units=units.write,
            read_requests_max=reads, write_requests_max=writes, table_class=source.table_class, kms_key=kms_key,
            encryption="KMS" if kms_key else "", created_at=call.now,
        )
    )  # fmt: skip
    call.tx.put(
        Particulars(
            table=table.serial, restoring=True, on_demand_at=call.now if billing == "PAY_PER_REQUEST" else 0.0, **origin
        )
    )
    return table


@dynamodb.operation(resource=_of_backup)
def restore_table_from_backup(call: Call, request: api.RestoreTableFromBackupInput) -> Any:
    place = Backup.key_of(request["BackupArn"])
    backup = call.tx.get(Backup, *place) if place else None
    if backup is None:
        raise dynamodb.error("BackupNotFoundException", f"Backup not found: {request['BackupArn']}")
    if backup.status == "CREATING":
        raise dynamodb.error("BackupInUseException", f"Backup is being created: {backup.arn}")
    source = backup.blueprint
    table = _restored(
        call, source, request,
        restored_backup=backup.arn, restored_to=backup.created_at,
        restored_table=Table.arn_for(source.account, source.region, source.table),
    )  # fmt: skip
    keys = (source.serial, source.account, source.region, source.table)
    snapshots.fill(call, backup.serial, keys, table, is_remains=backup.is_remains)
    return {"TableDescription": described(call, table)}


@dynamodb.operation(resource=_of_source)
def restore_table_to_point_in_time(call: Call, request: api.RestoreTableToPointInTimeInput) -> Any:
    named = request.get("SourceTableArn") or request.get("SourceTableName")
    if not named:
        raise invalid("One of SourceTableArn or SourceTableName must be specified")
    source = _found(call, named)
    kept = particulars(call, source)
    if not kept.pitr_since:
        raise dynamodb.error(
            "PointInTimeRecoveryUnavailableException",
            f"Point in time recovery is not enabled for table '{source.name}'",
        )
    at: Any = request.get("RestoreDateTime")
    if (at is None) is not request.get("UseLatestRestorableTime", False):
        raise invalid("One of RestoreDateTime and UseLatestRestorableTime must be specified, and not both")
    if at is None:
        at = snapshots.latest(kept, call.now)
    at = float(at)
    # a client's instant may be a whole second
    if not int(snapshots.earliest(kept, call.now)) <= at <= snapshots.latest(kept, call.now):
        raise dynamodb.error(
            "InvalidRestoreTimeException",
            "An invalid restore time was specified. RestoreDateTime must be between EarliestRestorableDateTime and "
            "LatestRestorableDateTime.",
        )
    table = _restored(call, snapshots.blueprint_of(call, source), request, restored_table=source.arn, restored_to=at)
    snapshots.begin(call, source, "restore", table.key, at)
    return {"TableDescription": described(call, table)}


@snapshots.on_taken("restore")
def state_taken(call: Call, snapshot: Snapshot) -> None:
    """The items are what they were: put them into the new table."""
    table = call.tx.get(Table, *snapshot.place)
    if table is None:
        snapshots.drop(call, snapshot.serial)
    else:
        keys = (snapshot.source, snapshot.account, snapshot.region, snapshot.table)
        snapshots.fill(call, snapshot.serial, keys, table, drops=True)
