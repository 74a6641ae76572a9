"""Backups and point-in-time recovery: a table as it was."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from haar import Cloud

BACKUPS = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/backuprestore_HowItWorks.html"
RECOVERY = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/PointInTimeRecovery_Howitworks.html"
RESTORE = "https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_RestoreTableToPointInTime.html"
LIST = "https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_ListBackups.html"


def made(cloud: Cloud, region: str = "us-east-1") -> Any:
    db = cloud.client("dynamodb", region=region)
    db.create_table(
        TableName="things",
        KeySchema=[{"AttributeName": "a", "KeyType": "HASH"}],
        AttributeDefinitions=[
            {"AttributeName": "a", "AttributeType": "S"},
            {"AttributeName": "v", "AttributeType": "S"},
        ],
        BillingMode="PAY_PER_REQUEST",
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by-v",
                "KeySchema": [{"AttributeName": "v", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
    )
    return db


@pytest.fixture
def db(cloud: Cloud) -> Any:
    return made(cloud)


def put(db: Any, name: str, value: str) -> None:
    db.put_item(TableName="things", Item={"a": {"S": name}, "v": {"S": value}})


def delete(db: Any, name: str) -> None:
    db.delete_item(TableName="things", Key={"a": {"S": name}})


def items(db: Any, table: str) -> dict[str, str]:
    pages = db.get_paginator("scan").paginate(TableName=table)
    return {item["a"]["S"]: item["v"]["S"] for page in pages for item in page["Items"]}


def backup(db: Any, name: str = "copy") -> str:
    return str(db.create_backup(TableName="things", BackupName=name)["BackupDetails"]["BackupArn"])


def recovery(db: Any, enabled: bool = True, **more: Any) -> None:
    wanted = {"PointInTimeRecoveryEnabled": enabled, **more}
    db.update_continuous_backups(TableName="things", PointInTimeRecoverySpecification=wanted)


def restore(db: Any, at: float | None, name: str = "again") -> None:
    when = {"UseLatestRestorableTime": True} if at is None else {"RestoreDateTime": datetime.fromtimestamp(at, UTC)}
    db.restore_table_to_point_in_time(SourceTableName="things", TargetTableName=name, **when)


def code(function: Any, **request: Any) -> str:
    with pytest.raises(ClientError) as caught:
        function(**request)
    return str(caught.value.response["Error"]["Code"])


@pytest.mark.fact("DDBBK-001")
def test_a_backup_is_taken_while_the_table_is_written(db: Any) -> None:
    for number in range(1100):
        put(db, str(number), "old")
    arn = backup(db)
    assert db.describe_backup(BackupArn=arn)["BackupDescription"]["BackupDetails"]["BackupStatus"] == "AVAILABLE"
    put(db, "1", "new")
    reply = db.restore_table_from_backup(TargetTableName="again", BackupArn=arn)["TableDescription"]
    assert reply["TableStatus"] == "CREATING"
    assert reply["RestoreSummary"]["RestoreInProgress"] is True
    assert items(db, "again") == {str(number): "old" for number in range(1100)}
    shown = db.describe_table(TableName="again")["Table"]
    assert shown["RestoreSummary"]["SourceBackupArn"] == arn
    assert shown["ItemCount"] == 1100
    found = db.query(
        TableName="again", IndexName="by-v", Select="COUNT", KeyConditionExpression="v = :v",
        ExpressionAttributeValues={":v": {"S": "old"}},
    )  # fmt: skip
    assert found["Count"] == 1100


@pytest.mark.fact("DDBBK-002")
def test_a_backup_is_of_one_instant(cloud: Cloud, db: Any) -> None:
    from haar.kit import Call, root_of
    from haar.services.dynamodb import snapshots
    from haar.services.dynamodb.keys import partition_of_value
    from haar.services.dynamodb.resources import Table
    from haar.services.dynamodb.snapshots import Backup, Snapshot, Take
    from haar.services.dynamodb.writing import read, write

    for number in range(1, 1101):
        put(db, str(number), "before")
    with cloud.store.transaction() as tx:
        call = Call(
            cloud.ports, tx, root_of("000000000000"), service="dynamodb", operation="CreateBackup", region="us-east-1",
            origin=cloud_origin(),
        )  # fmt: skip
        table = call.load(Table, "things")
        call.tx.put(
            Backup(
                account=table.account, region=table.region, table="things", id="1", name="one", created_at=call.now,
                serial=snapshots.begin(call, table, "backup", (table.account, table.region, "things", "1")),
                blueprint=snapshots.blueprint_of(call, table),
            )
        )  # fmt: skip
        (snapshot,) = tx.range(Snapshot)
        snapshots.take(call, Take(serial=snapshot.serial))  # the first lot is copied, the rest is not
        table = call.load(Table, "things")
        for name in ("1", "2", "555", "1100", "new"):
            partition = partition_of_value({"S": name})
            new = None if name == "2" else {"a": {"S": name}, "v": {"S": "after"}}
            write(call, table, partition, "", read(call, table, partition, ""), new, 7)
    arn = db.list_backups()["BackupSummaries"][0]["BackupArn"]
    db.restore_table_from_backup(TargetTableName="again", BackupArn=arn)
    assert items(db, "again") == {str(number): "before" for number in range(1, 1101)}
    assert items(db, "things")["555"] == "after"


def cloud_origin() -> Any:
    from haar.kit import Origin

    return Origin("127.0.0.1", "test")


@pytest.mark.fact("DDBBK-003")
def test_a_backup_stays_when_its_table_is_gone(db: Any) -> None:
    put(db, "x", "1")
    arn = backup(db)
    db.delete_table(TableName="things")
    (shown,) = db.list_backups()["BackupSummaries"]
    assert shown["BackupArn"] == arn
    db.restore_table_from_backup(TargetTableName="things", BackupArn=arn)
    assert items(db, "things") == {"x": "1"}
    db.delete_backup(BackupArn=arn)
    assert code(db.describe_backup, BackupArn=arn) == "BackupNotFoundException"
    assert code(db.restore_table_from_backup, TargetTableName="more", BackupArn=arn) == "BackupNotFoundException"


@pytest.mark.fact("DDBBK-004")
def test_a_backup_is_there_in_its_region(cloud: Cloud, db: Any) -> None:
    backup(db)
    assert len(db.list_backups()["BackupSummaries"]) == 1
    assert cloud.client("dynamodb", region="eu-west-1").list_backups()["BackupSummaries"] == []


@pytest.mark.documented(LIST)
def test_backups_are_listed_by_table_and_time(cloud: Cloud, db: Any) -> None:
    arns = []
    for number in range(3):
        arns.append(backup(db, f"copy{number}"))
        cloud.advance(hours=1)
    page = db.list_backups(TableName="things", Limit=2)
    assert [one["BackupName"] for one in page["BackupSummaries"]] == ["copy0", "copy1"]
    rest = db.list_backups(ExclusiveStartBackupArn=page["LastEvaluatedBackupArn"])
    assert [one["BackupName"] for one in rest["BackupSummaries"]] == ["copy2"]
    since = datetime.fromtimestamp(cloud.clock.now() - 5400, UTC)
    assert [one["BackupName"] for one in db.list_backups(TimeRangeLowerBound=since)["BackupSummaries"]] == ["copy2"]
    assert db.list_backups(TableName="others")["BackupSummaries"] == []
    assert db.list_backups(BackupType="SYSTEM")["BackupSummaries"] == []


@pytest.mark.documented(BACKUPS)
def test_settings_can_be_others_in_the_restored_table(db: Any) -> None:
    put(db, "x", "1")
    arn = backup(db)
    units = {"ReadCapacityUnits": 3, "WriteCapacityUnits": 4}
    db.restore_table_from_backup(
        TargetTableName="again", BackupArn=arn, BillingModeOverride="PROVISIONED", ProvisionedThroughputOverride=units,
        GlobalSecondaryIndexOverride=[],
    )  # fmt: skip
    shown = db.describe_table(TableName="again")["Table"]
    assert shown["ProvisionedThroughput"]["WriteCapacityUnits"] == 4
    assert "GlobalSecondaryIndexes" not in shown
    assert code(db.restore_table_from_backup, TargetTableName="again", BackupArn=arn) == "TableAlreadyExistsException"


@pytest.mark.fact("DDBBK-006")
def test_point_in_time_recovery_is_off_until_it_is_enabled(db: Any) -> None:
    shown = db.describe_continuous_backups(TableName="things")["ContinuousBackupsDescription"]
    assert shown["ContinuousBackupsStatus"] == "ENABLED"
    assert shown["PointInTimeRecoveryDescription"] == {"PointInTimeRecoveryStatus": "DISABLED"}
    assert code(restore, db=db, at=None) == "PointInTimeRecoveryUnavailableException"
    assert code(db.describe_continuous_backups, TableName="none") == "TableNotFoundException"


@pytest.mark.fact("DDBBK-007")
def test_the_latest_restorable_time_is_five_minutes_back(cloud: Cloud, db: Any) -> None:
    recovery(db)
    cloud.advance(hours=1)
    shown = db.describe_continuous_backups(TableName="things")["ContinuousBackupsDescription"]
    latest = shown["PointInTimeRecoveryDescription"]["LatestRestorableDateTime"].timestamp()
    assert cloud.clock.now() - 301 <= latest <= cloud.clock.now()
    assert code(restore, db=db, at=cloud.clock.now()) == "InvalidRestoreTimeException"


@pytest.mark.documented(RECOVERY)
def test_a_table_is_restored_to_a_second(cloud: Cloud, db: Any) -> None:
    recovery(db)
    states: list[tuple[float, dict[str, str]]] = []
    for step in range(5):
        put(db, "x", str(step))
        put(db, f"item{step}", "1")
        if step > 1:
            delete(db, f"item{step - 2}")
        cloud.advance(seconds=1.5)
        states.append((cloud.clock.now(), items(db, "things")))
        cloud.advance(seconds=1.5)
    cloud.advance(minutes=10)
    for number, (at, state) in enumerate(states):
        restore(db, at, f"again{number}")
        assert items(db, f"again{number}") == state
    restore(db, None, "latest")
    assert items(db, "latest") == states[-1][1]


@pytest.mark.documented(RECOVERY)
def test_recovery_reaches_back_for_its_period(cloud: Cloud, db: Any) -> None:
    recovery(db, RecoveryPeriodInDays=3)
    began = cloud.clock.now()
    put(db, "x", "1")
    cloud.advance(days=4)
    assert code(restore, db=db, at=began + 60) == "InvalidRestoreTimeException"
    shown = db.describe_continuous_backups(TableName="things")["ContinuousBackupsDescription"]
    earliest = shown["PointInTimeRecoveryDescription"]["EarliestRestorableDateTime"].timestamp()
    assert abs(cloud.clock.now() - 3 * 86_400 - earliest) < 60
    recovery(db, enabled=False)
    assert code(restore, db=db, at=None) == "PointInTimeRecoveryUnavailableException"


@pytest.mark.documented(RECOVERY)
def test_deleting_a_table_with_recovery_leaves_a_system_backup(cloud: Cloud, db: Any) -> None:
    recovery(db)
    put(db, "x", "1")
    db.delete_table(TableName="things")
    (shown,) = db.list_backups(BackupType="SYSTEM")["BackupSummaries"]
    made(cloud)
    db.restore_table_from_backup(TargetTableName="again", BackupArn=shown["BackupArn"])
    assert items(db, "again") == {"x": "1"}
    assert items(db, "things") == {}
    cloud.advance(days=36)
    assert db.list_backups(BackupType="ALL")["BackupSummaries"] == []


WRITES = st.lists(
    st.tuples(st.sampled_from("abcd"), st.sampled_from(["", "1", "2", "3"]), st.integers(0, 2)), max_size=25
)


@pytest.mark.ours
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(writes=WRITES, pick=st.integers(0, 24))
def test_any_moment_of_any_history_can_be_restored(writes: list[tuple[str, str, int]], pick: int) -> None:
    with Cloud(seed=1) as cloud:
        db = made(cloud)
        recovery(db)
        cloud.advance(seconds=5)
        state: dict[str, str] = {}
        states: list[tuple[float, dict[str, str]]] = [(cloud.clock.now(), {})]
        for name, value, pause in writes:
            if value:
                put(db, name, value)
                state[name] = value
            else:
                delete(db, name)
                state.pop(name, None)
            if pause:
                cloud.advance(seconds=1)
                states.append((cloud.clock.now(), {**state}))
                cloud.advance(seconds=pause)
        cloud.advance(minutes=6)
        at, expected = states[pick % len(states)]
        restore(db, at)
        assert items(db, "again") == expected
