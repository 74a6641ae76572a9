"""Tables: what is let through, what is shown, what takes time."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from haar import Cloud

CREATE = "https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_CreateTable.html"
UPDATE = "https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateTable.html"
INDEXES = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.html"
LIMITS = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html"
PROTECTION = (
    "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/WorkingWithTables.Basics.html"
    "#WorkingWithTables.Basics.DeletionProtection"
)
ENCRYPTION = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html"

A = {"AttributeName": "a", "AttributeType": "S"}
B = {"AttributeName": "b", "AttributeType": "N"}
HASH = {"AttributeName": "a", "KeyType": "HASH"}
RANGE = {"AttributeName": "b", "KeyType": "RANGE"}
UNITS = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}
ALL = {"ProjectionType": "ALL"}


@pytest.fixture
def db(cloud: Cloud) -> Any:
    return cloud.client("dynamodb")


def create(db: Any, name: str = "things", **more: Any) -> dict[str, Any]:
    """A table with one key, in on-demand mode where nothing else is said."""
    request = {"TableName": name, "KeySchema": [HASH], "AttributeDefinitions": [A], "BillingMode": "PAY_PER_REQUEST"}
    described: dict[str, Any] = db.create_table(**{**request, **more})["TableDescription"]
    return described


def table(db: Any, name: str = "things") -> dict[str, Any]:
    described: dict[str, Any] = db.describe_table(TableName=name)["Table"]
    return described


def refusal(function: Any, **request: Any) -> tuple[str, str]:
    """Code and message of a refusal."""
    with pytest.raises(ClientError) as caught:
        function(**request)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def index(name: str = "by-b", **more: Any) -> dict[str, Any]:
    return {"IndexName": name, "KeySchema": [{"AttributeName": "b", "KeyType": "HASH"}], "Projection": ALL, **more}


@pytest.mark.documented(CREATE)
def test_a_table_is_creating_and_then_active(db: Any) -> None:
    assert create(db)["TableStatus"] == "CREATING"
    db.get_waiter("table_exists").wait(TableName="things")
    shown = table(db)
    assert shown["TableStatus"] == "ACTIVE"
    assert shown["TableArn"] == "arn:aws:dynamodb:us-east-1:000000000000:table/things"
    assert shown["KeySchema"] == [HASH]
    assert shown["ItemCount"] == 0


@pytest.mark.ours
def test_a_tag_makes_a_table_take_its_time(cloud: Cloud, db: Any) -> None:
    create(db, Tags=[{"Key": "haar:settle-seconds", "Value": "30"}])
    cloud.advance(seconds=20)
    assert table(db)["TableStatus"] == "CREATING"
    key = {"a": {"S": "1"}}
    assert refusal(db.get_item, TableName="things", Key=key)[0] == "ResourceNotFoundException"
    assert refusal(db.delete_table, TableName="things") == (
        "ResourceInUseException",
        "Attempt to change a resource which is still in use: Table is being created: things",
    )
    cloud.advance(seconds=10)
    assert table(db)["TableStatus"] == "ACTIVE"
    assert "Item" not in db.get_item(TableName="things", Key=key)
    db.delete_table(TableName="things")
    assert table(db)["TableStatus"] == "DELETING"
    cloud.advance(seconds=30)
    assert refusal(db.describe_table, TableName="things")[0] == "ResourceNotFoundException"


@pytest.mark.documented(CREATE)
def test_a_name_is_taken_once(db: Any) -> None:
    create(db)
    assert refusal(create, db=db) == ("ResourceInUseException", "Table already exists: things")


@pytest.mark.fact("DDB-001")
def test_a_key_is_a_partition_key_alone_or_with_a_sort_key(db: Any) -> None:
    create(db, "alone")
    create(db, "both", KeySchema=[HASH, RANGE], AttributeDefinitions=[A, B])
    two = [HASH, {"AttributeName": "b", "KeyType": "HASH"}]
    three = [HASH, RANGE, {"AttributeName": "c", "KeyType": "RANGE"}]
    for schema in (two, three, [RANGE]):
        assert (
            refusal(create, db=db, name="bad", KeySchema=schema, AttributeDefinitions=[A, B])[0]
            == "ValidationException"
        )
    assert refusal(db.put_item, TableName="both", Item={"a": {"S": "1"}})[0] == "ValidationException"


INVALID = "One or more parameter values were invalid: "


@pytest.mark.documented(CREATE)
@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"BillingMode": "PROVISIONED"}, INVALID + "ReadCapacityUnits and WriteCapacityUnits must both be specified "
         "when BillingMode is PROVISIONED"),
        ({"ProvisionedThroughput": UNITS}, INVALID + "Neither ReadCapacityUnits nor WriteCapacityUnits can be "
         "specified when BillingMode is PAY_PER_REQUEST"),
        ({"KeySchema": [RANGE]}, "Invalid KeySchema: The first KeySchemaElement is not a HASH key type"),
        ({"KeySchema": [HASH, HASH]}, "Invalid KeySchema: The second KeySchemaElement is not a RANGE key type"),
        ({"KeySchema": [HASH, {"AttributeName": "a", "KeyType": "RANGE"}]},
         "Both the Hash Key and the Range Key element in the KeySchema have the same name"),
        ({"AttributeDefinitions": [B]}, INVALID + "Some index key attributes are not defined in AttributeDefinitions. "
         "Keys: [a], AttributeDefinitions: [b]"),
        ({"AttributeDefinitions": [A, B]}, INVALID + "Number of attributes in KeySchema does not exactly match number "
         "of attributes defined in AttributeDefinitions"),
        ({"LocalSecondaryIndexes": []}, INVALID + "List of LocalSecondaryIndexes is empty"),
        ({"GlobalSecondaryIndexes": []}, INVALID + "List of GlobalSecondaryIndexes is empty"),
        ({"AttributeDefinitions": [A, B], "LocalSecondaryIndexes": [index(KeySchema=[HASH, RANGE])]},
         INVALID + "Table KeySchema does not have a range key, which is required when specifying a "
         "LocalSecondaryIndex"),
        ({"AttributeDefinitions": [A, B], "GlobalSecondaryIndexes": [index(), index()]},
         INVALID + "Duplicate index name: by-b"),
        ({"AttributeDefinitions": [A, B], "GlobalSecondaryIndexes": [index(Projection={})]},
         INVALID + "Unknown ProjectionType: null"),
        ({"AttributeDefinitions": [A, B],
          "GlobalSecondaryIndexes": [index(Projection={"ProjectionType": "ALL", "NonKeyAttributes": ["c"]})]},
         INVALID + "ProjectionType is ALL, but NonKeyAttributes is specified"),
        ({"AttributeDefinitions": [A, B],
          "GlobalSecondaryIndexes": [index(Projection={"ProjectionType": "INCLUDE"})]},
         INVALID + "ProjectionType is INCLUDE, but NonKeyAttributes is not specified"),
        ({"AttributeDefinitions": [A, B, {"AttributeName": "c", "AttributeType": "S"}],
          "GlobalSecondaryIndexes": [index()]},
         INVALID + "Some AttributeDefinitions are not used. AttributeDefinitions: [a, b, c], keys used: [a, b]"),
        ({"AttributeDefinitions": [A, B], "GlobalSecondaryIndexes": [index(ProvisionedThroughput=UNITS)]},
         INVALID + "ProvisionedThroughput should not be specified for index: by-b when BillingMode is PAY_PER_REQUEST"),
        ({"name": "ab"}, "TableName must be at least 3 characters long and at most 255 characters long"),
    ],
)  # fmt: skip
def test_what_is_no_table_is_refused_in_dynamodbs_words(db: Any, changes: dict[str, Any], message: str) -> None:
    assert refusal(create, db=db, **changes) == ("ValidationException", message)


@pytest.mark.documented(LIMITS)
def test_a_table_has_five_local_and_twenty_global_indexes(db: Any) -> None:
    keys: dict[str, Any] = {"KeySchema": [HASH, RANGE], "AttributeDefinitions": [A, B]}
    local = [index(f"local{n}", KeySchema=[HASH, RANGE]) for n in range(6)]
    assert refusal(create, db=db, **keys, LocalSecondaryIndexes=local)[1].endswith("exceeds per-table limit of 5")
    others = [index(f"other{n}") for n in range(21)]
    assert refusal(create, db=db, **keys, GlobalSecondaryIndexes=others)[1].endswith(
        "exceeds the per-table limit of 20"
    )
    create(db, **keys, LocalSecondaryIndexes=local[:5], GlobalSecondaryIndexes=others[:20])
    assert len(table(db)["GlobalSecondaryIndexes"]) == 20


@pytest.mark.documented("https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_ListTables.html")
def test_tables_are_listed_by_name_a_page_at_a_time(db: Any) -> None:
    for number in range(5):
        create(db, f"table{number}")
    page = db.list_tables(Limit=2)
    assert page["TableNames"] == ["table0", "table1"]
    assert page["LastEvaluatedTableName"] == "table1"
    rest = db.list_tables(ExclusiveStartTableName="table1")
    assert rest["TableNames"] == ["table2", "table3", "table4"]
    assert "LastEvaluatedTableName" not in rest


@pytest.mark.documented(UPDATE)
def test_a_table_can_be_named_by_its_arn(db: Any) -> None:
    arn = create(db)["TableArn"]
    assert table(db, arn)["TableName"] == "things"
    db.delete_table(TableName=arn)
    assert db.list_tables()["TableNames"] == []


@pytest.mark.documented(PROTECTION)
def test_a_protected_table_is_not_deleted(db: Any) -> None:
    create(db, DeletionProtectionEnabled=True)
    assert refusal(db.delete_table, TableName="things") == (
        "ValidationException",
        "Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.",
    )
    db.update_table(TableName="things", DeletionProtectionEnabled=False)
    db.delete_table(TableName="things")


@pytest.mark.ours
def test_a_table_never_sees_the_items_of_its_namesake(cloud: Cloud, db: Any) -> None:
    create(db)
    db.put_item(TableName="things", Item={"a": {"S": "1"}})
    db.delete_table(TableName="things")
    create(db)
    assert db.scan(TableName="things")["Count"] == 0


@pytest.mark.fact("DDB-007")
def test_throughput_changes_without_a_failed_request(cloud: Cloud, db: Any) -> None:
    create(db, BillingMode="PROVISIONED", ProvisionedThroughput=UNITS)
    wanted = {"ReadCapacityUnits": 50, "WriteCapacityUnits": 500}
    described = db.update_table(TableName="things", ProvisionedThroughput=wanted)["TableDescription"]
    assert described["TableStatus"] == "UPDATING"
    for number in range(20):
        db.put_item(TableName="things", Item={"a": {"S": str(number)}})
    shown = table(db)["ProvisionedThroughput"]
    assert (shown["ReadCapacityUnits"], shown["WriteCapacityUnits"]) == (50, 500)
    assert shown["LastIncreaseDateTime"].timestamp() <= cloud.clock.now()


@pytest.mark.documented(UPDATE)
def test_throughput_that_stays_is_refused(db: Any) -> None:
    create(db, BillingMode="PROVISIONED", ProvisionedThroughput=UNITS)
    code, message = refusal(db.update_table, TableName="things", ProvisionedThroughput=UNITS)
    assert code == "ValidationException"
    assert message.startswith("The provisioned throughput for the table will not change.")
    assert refusal(db.update_table, TableName="things")[1].startswith("At least one of ProvisionedThroughput")


@pytest.mark.documented(LIMITS)
def test_throughput_goes_down_four_times_a_day_and_then_hourly(cloud: Cloud, db: Any) -> None:
    cloud.advance(seconds=86_400 - cloud.clock.now() % 86_400)
    create(db, BillingMode="PROVISIONED", ProvisionedThroughput={"ReadCapacityUnits": 90, "WriteCapacityUnits": 5})

    def lower(units: int) -> None:
        wanted = {"ReadCapacityUnits": units, "WriteCapacityUnits": 5}
        db.update_table(TableName="things", ProvisionedThroughput=wanted)

    for units in (80, 70, 60, 50):
        lower(units)
    assert table(db)["ProvisionedThroughput"]["NumberOfDecreasesToday"] == 4
    code, message = refusal(lower, units=40)
    assert code == "LimitExceededException"
    assert "Number of decreases today: 4." in message
    cloud.advance(hours=1)
    lower(40)
    cloud.advance(days=1)
    assert table(db)["ProvisionedThroughput"]["NumberOfDecreasesToday"] == 0
    lower(30)


@pytest.mark.documented(LIMITS)
def test_a_table_has_so_much_throughput_at_most(db: Any) -> None:
    limits = db.describe_limits()
    assert limits["TableMaxReadCapacityUnits"] == 40_000
    assert limits["AccountMaxWriteCapacityUnits"] == 80_000
    units = {"ReadCapacityUnits": 40_001, "WriteCapacityUnits": 1}
    more = {"BillingMode": "PROVISIONED", "ProvisionedThroughput": units}
    assert refusal(create, db=db, **more)[0] == "LimitExceededException"
    half = {
        "BillingMode": "PROVISIONED",
        "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 40_000},
    }
    create(db, "one", **half)
    create(db, "two", **half)
    assert refusal(create, db=db, name="three", **half)[0] == "LimitExceededException"


@pytest.mark.fact("DDBCAP-003")
def test_on_demand_needs_no_throughput_and_does_not_throttle(db: Any) -> None:
    create(db)
    for number in range(200):
        db.put_item(TableName="things", Item={"a": {"S": str(number)}})
    assert table(db)["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"


@pytest.mark.documented(UPDATE)
def test_a_table_changes_its_billing_mode(db: Any) -> None:
    create(db, BillingMode="PROVISIONED", ProvisionedThroughput=UNITS)
    for _ in range(4):
        db.update_table(TableName="things", BillingMode="PAY_PER_REQUEST")
        assert table(db)["ProvisionedThroughput"]["ReadCapacityUnits"] == 0
        db.update_table(TableName="things", BillingMode="PROVISIONED", ProvisionedThroughput=UNITS)
    assert table(db)["BillingModeSummary"]["BillingMode"] == "PROVISIONED"
    assert refusal(db.update_table, TableName="things", BillingMode="PAY_PER_REQUEST")[0] == "LimitExceededException"


@pytest.mark.documented(INDEXES)
def test_an_index_is_filled_with_what_was_there_before(db: Any) -> None:
    create(db)
    for number in range(1200):
        db.put_item(TableName="things", Item={"a": {"S": str(number)}, "b": {"N": str(number % 3)}})
    db.put_item(TableName="things", Item={"a": {"S": "without"}})
    db.put_item(TableName="things", Item={"a": {"S": "odd"}, "b": {"S": "no number"}})
    reply = db.update_table(
        TableName="things", AttributeDefinitions=[A, B], GlobalSecondaryIndexUpdates=[{"Create": index()}]
    )
    (shown,) = reply["TableDescription"]["GlobalSecondaryIndexes"]
    assert shown["IndexStatus"] == "CREATING"
    (shown,) = table(db)["GlobalSecondaryIndexes"]
    assert shown["IndexStatus"] == "ACTIVE"
    assert table(db)["TableStatus"] == "ACTIVE"
    found = db.query(
        TableName="things", IndexName="by-b", Select="COUNT", KeyConditionExpression="b = :b",
        ExpressionAttributeValues={":b": {"N": "1"}},
    )  # fmt: skip
    assert found["Count"] == 400
    db.update_table(TableName="things", GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": "by-b"}}])
    shown = table(db)
    assert "GlobalSecondaryIndexes" not in shown
    assert shown["AttributeDefinitions"] == [A]


@pytest.mark.documented(UPDATE)
def test_one_index_is_made_or_deleted_at_a_time(db: Any) -> None:
    create(db)
    updates = [{"Create": index("one")}, {"Create": index("two")}]
    request = {"TableName": "things", "AttributeDefinitions": [A, B], "GlobalSecondaryIndexUpdates": updates}
    assert refusal(db.update_table, **request) == (
        "LimitExceededException",
        "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table",
    )
    gone = [{"Delete": {"IndexName": "none"}}]
    code, _ = refusal(db.update_table, TableName="things", GlobalSecondaryIndexUpdates=gone)
    assert code == "ResourceNotFoundException"


@pytest.mark.documented(
    "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/WorkingWithTables.tableclasses.html"
)
def test_a_table_changes_its_class(db: Any) -> None:
    create(db)
    assert "TableClassSummary" not in table(db)
    db.update_table(TableName="things", TableClass="STANDARD_INFREQUENT_ACCESS")
    assert table(db)["TableClassSummary"]["TableClass"] == "STANDARD_INFREQUENT_ACCESS"


@pytest.mark.documented("https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TableDescription.html")
def test_items_are_counted_every_six_hours(cloud: Cloud, db: Any) -> None:
    create(db)
    for number in range(3):
        db.put_item(TableName="things", Item={"a": {"S": str(number)}})
    assert table(db)["ItemCount"] == 0
    cloud.advance(hours=6)
    assert (table(db)["ItemCount"], table(db)["TableSizeBytes"]) == (3, 6)


@pytest.mark.documented(ENCRYPTION)
def test_a_table_is_encrypted_under_a_customers_key(cloud: Cloud, db: Any) -> None:
    arn = cloud.client("kms").create_key()["KeyMetadata"]["Arn"]
    create(db, SSESpecification={"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": arn})
    assert table(db)["SSEDescription"] == {"Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": arn}
    create(db, "plain")
    assert "SSEDescription" not in table(db, "plain")
    wanted = {"Enabled": True, "KMSMasterKeyId": "alias/none"}
    assert refusal(create, db=db, name="bad", SSESpecification=wanted)[0] == "ValidationException"


@pytest.mark.documented("https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TagResource.html")
def test_a_table_has_tags(db: Any) -> None:
    arn = create(db, Tags=[{"Key": "team", "Value": "blue"}])["TableArn"]
    db.tag_resource(ResourceArn=arn, Tags=[{"Key": "level", "Value": "1"}])
    db.untag_resource(ResourceArn=arn, TagKeys=["team"])
    assert db.list_tags_of_resource(ResourceArn=arn)["Tags"] == [{"Key": "level", "Value": "1"}]


@pytest.mark.documented("https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_DescribeEndpoints.html")
def test_the_endpoint_is_the_one_that_was_asked(db: Any) -> None:
    (endpoint,) = db.describe_endpoints()["Endpoints"]
    assert endpoint["CachePeriodInMinutes"] == 1440
    assert "amazonaws.com" in endpoint["Address"] or ":" in endpoint["Address"]


@pytest.mark.documented(
    "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/access-control-resource-based.html"
)
def test_a_tables_policy_lets_another_account_in(db: Any, cloud: Cloud) -> None:
    import json

    arn = create(db)["TableArn"]
    other = cloud.client("dynamodb", access_key="111111111111", secret_key="test")
    key = {"a": {"S": "1"}}
    assert refusal(other.get_item, TableName=arn, Key=key)[0] == "AccessDeniedException"
    statement = {"Effect": "Allow", "Principal": {"AWS": "111111111111"}, "Action": "dynamodb:GetItem", "Resource": arn}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    first = db.put_resource_policy(ResourceArn=arn, Policy=policy, ExpectedRevisionId="NO_POLICY")["RevisionId"]
    assert db.get_resource_policy(ResourceArn=arn)["RevisionId"] == first
    assert "Item" not in other.get_item(TableName=arn, Key=key)
    bad = {"ResourceArn": arn, "Policy": policy, "ExpectedRevisionId": "1"}
    assert refusal(db.put_resource_policy, **bad)[0] == "PolicyNotFoundException"
    db.delete_resource_policy(ResourceArn=arn, ExpectedRevisionId=first)
    assert refusal(db.get_resource_policy, ResourceArn=arn)[0] == "PolicyNotFoundException"
    assert refusal(other.get_item, TableName=arn, Key=key)[0] == "AccessDeniedException"
