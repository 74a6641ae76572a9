"""Items of tables with a KMS key."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from haar import Cloud
from haar.services.dynamodb.conftest import index, key, typed

if TYPE_CHECKING:
    from haar.services.dynamodb.conftest import Refusal

SEALING = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.howitworks.html"
SECRET = "nobody may find these words in a file"


def made(cloud: Cloud) -> tuple[Any, str]:
    """A client, and the id of the KMS key of the table `sealed`."""
    db, kms = cloud.client("dynamodb"), cloud.client("kms")
    name: str = kms.create_key()["KeyMetadata"]["KeyId"]
    db.create_table(
        TableName="sealed",
        KeySchema=[key("a")],
        AttributeDefinitions=typed(a="S", c="S"),
        BillingMode="PAY_PER_REQUEST",
        SSESpecification={"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": name},
        GlobalSecondaryIndexes=[index("by_c", key("c"))],
    )
    cloud.advance(seconds=60)
    return db, name


def item(name: str) -> dict[str, Any]:
    return {"a": {"S": name}, "c": {"S": "x"}, "secret": {"S": SECRET}}


@pytest.mark.fact("DDB-013")
def test_the_data_file_of_an_encrypted_table_has_no_plaintext(tmp_path: Path) -> None:
    with Cloud(store=str(tmp_path), seed=1) as cloud:
        db, name = made(cloud)
        db.put_item(TableName="sealed", Item=item("k"))
        described = db.describe_table(TableName="sealed")["Table"]["SSEDescription"]
        assert (described["SSEType"], described["KMSMasterKeyArn"].endswith(name)) == ("KMS", True)
    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert (SECRET.encode() in kept, b"sealed" in kept) == (False, True)
    with Cloud(store=str(tmp_path), seed=1) as again:
        assert again.client("dynamodb").get_item(TableName="sealed", Key={"a": {"S": "k"}})["Item"] == item("k")


@pytest.mark.documented(SEALING)
def test_everything_reads_what_is_sealed(cloud: Cloud) -> None:
    db, _ = made(cloud)
    table = {"TableName": "sealed"}
    db.put_item(**table, Item=item("k"))
    query = {"KeyConditionExpression": "c = :c", "ExpressionAttributeValues": {":c": {"S": "x"}}, "IndexName": "by_c"}
    assert db.query(**table, **query)["Items"] == [item("k")]
    assert db.scan(**table)["Items"] == [item("k")]
    assert db.transact_get_items(TransactItems=[{"Get": {**table, "Key": {"a": {"S": "k"}}}}])["Responses"] == [
        {"Item": item("k")}
    ]
    updated = db.update_item(
        **table,
        Key={"a": {"S": "k"}},
        UpdateExpression="SET n = :n",
        ConditionExpression="secret = :s",
        ExpressionAttributeValues={":n": {"N": "1"}, ":s": {"S": SECRET}},
        ReturnValues="ALL_OLD",
    )
    assert updated["Attributes"] == item("k")
    assert db.query(**table, **query)["Items"] == [{**item("k"), "n": {"N": "1"}}]
    assert db.delete_item(**table, Key={"a": {"S": "k"}}, ReturnValues="ALL_OLD")["Attributes"]["n"] == {"N": "1"}
    assert db.query(**table, **query)["Items"] == []


@pytest.mark.fact("DDB-013")
def test_a_disabled_key_closes_the_table_after_five_minutes(cloud: Cloud, refusal: Refusal) -> None:
    db, name = made(cloud)
    db.put_item(TableName="sealed", Item=item("k"))
    cloud.client("kms").disable_key(KeyId=name)
    read = {"TableName": "sealed", "Key": {"a": {"S": "k"}}}
    assert db.get_item(**read)["Item"] == item("k")
    cloud.advance(minutes=6)
    code, message = refusal(db.get_item, **read)
    assert (code, "INACCESSIBLE_ENCRYPTION_CREDENTIALS" in message) == ("ValidationException", True)
    cloud.client("kms").enable_key(KeyId=name)
    assert db.get_item(**read)["Item"] == item("k")


@pytest.mark.documented(SEALING)
def test_items_stay_readable_when_their_table_gets_another_key_or_none(cloud: Cloud) -> None:
    db, _ = made(cloud)
    db.put_item(TableName="sealed", Item=item("first"))
    other = cloud.client("kms").create_key()["KeyMetadata"]["KeyId"]
    db.update_table(TableName="sealed", SSESpecification={"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": other})
    cloud.advance(hours=1)
    db.put_item(TableName="sealed", Item=item("second"))
    db.update_table(TableName="sealed", SSESpecification={"Enabled": False})
    cloud.advance(hours=1)
    db.put_item(TableName="sealed", Item=item("third"))
    found = db.scan(TableName="sealed")["Items"]
    assert sorted(one["a"]["S"] for one in found) == ["first", "second", "third"]


@pytest.mark.documented(SEALING)
def test_who_may_not_use_the_key_may_not_read(cloud: Cloud, refusal: Refusal) -> None:
    db, _ = made(cloud)
    db.put_item(TableName="sealed", Item=item("k"))
    iam = cloud.client("iam")
    iam.create_user(UserName="reader")
    iam.put_user_policy(
        UserName="reader",
        PolicyName="p",
        PolicyDocument='{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "dynamodb:*", '
        '"Resource": "*"}]}',
    )
    pair = iam.create_access_key(UserName="reader")["AccessKey"]
    mine = cloud.client("dynamodb", access_key=pair["AccessKeyId"], secret_key=pair["SecretAccessKey"])
    code, message = refusal(mine.get_item, TableName="sealed", Key={"a": {"S": "k"}})
    assert (code, message.startswith("KMS key access denied error")) == ("AccessDeniedException", True)
