"""Aliases, and the keys that AWS makes for its services under `alias/aws/`."""

from __future__ import annotations

import json
from typing import Any

import pytest

API = "https://docs.aws.amazon.com/kms/latest/APIReference/"
GUIDE = "https://docs.aws.amazon.com/kms/latest/developerguide/"
ARN = "arn:aws:kms:us-east-1:000000000000:"


@pytest.mark.documented(API + "API_CreateAlias.html")
def test_an_alias_is_listed_with_its_key(kms: Any, key: str) -> None:
    kms.create_alias(AliasName="alias/mine", TargetKeyId=key)
    (shown,) = kms.list_aliases()["Aliases"]
    assert (shown["AliasName"], shown["AliasArn"]) == ("alias/mine", f"{ARN}alias/mine")
    assert shown["TargetKeyId"] == key
    other = kms.create_key()["KeyMetadata"]["KeyId"]
    assert kms.list_aliases(KeyId=other)["Aliases"] == []
    assert [one["AliasName"] for one in kms.list_aliases(KeyId=key)["Aliases"]] == ["alias/mine"]


@pytest.mark.documented(API + "API_UpdateAlias.html")
def test_an_alias_moves_to_another_key(kms: Any, key: str) -> None:
    kms.create_alias(AliasName="alias/mine", TargetKeyId=key)
    old = kms.encrypt(KeyId="alias/mine", Plaintext=b"x")
    other = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.update_alias(AliasName="alias/mine", TargetKeyId=other)
    assert kms.encrypt(KeyId="alias/mine", Plaintext=b"x")["KeyId"] == f"{ARN}key/{other}"
    assert kms.decrypt(CiphertextBlob=old["CiphertextBlob"])["KeyId"] == f"{ARN}key/{key}"


@pytest.mark.documented(API + "API_UpdateAlias.html")
def test_an_alias_stays_with_keys_of_one_kind(kms: Any, key: str, refused: Any) -> None:
    kms.create_alias(AliasName="alias/mine", TargetKeyId=key)
    other = kms.create_key(KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC")["KeyMetadata"]["KeyId"]
    assert refused(kms.update_alias, AliasName="alias/mine", TargetKeyId=other)[0] == "ValidationException"


@pytest.mark.documented(API + "API_DeleteAlias.html")
def test_a_deleted_alias_names_nothing(kms: Any, key: str, refused: Any) -> None:
    kms.create_alias(AliasName="alias/mine", TargetKeyId=key)
    kms.delete_alias(AliasName="alias/mine")
    words = ("NotFoundException", f"Alias {ARN}alias/mine is not found.")
    assert refused(kms.encrypt, KeyId="alias/mine", Plaintext=b"x") == words
    assert refused(kms.delete_alias, AliasName="alias/mine") == words


@pytest.mark.documented(API + "API_CreateAlias.html")
def test_an_alias_is_taken_once(kms: Any, key: str, refused: Any) -> None:
    kms.create_alias(AliasName="alias/mine", TargetKeyId=key)
    words = f"An alias with the name {ARN}alias/mine already exists"
    assert refused(kms.create_alias, AliasName="alias/mine", TargetKeyId=key) == ("AlreadyExistsException", words)


@pytest.mark.documented(API + "API_CreateAlias.html")
@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("mine", "ValidationException"),
        ("alias/aws/mine", "NotAuthorizedException"),
        ("alias/my:alias", "InvalidAliasNameException"),
    ],
)
def test_a_wrong_name_is_refused(kms: Any, key: str, refused: Any, name: str, code: str) -> None:
    assert refused(kms.create_alias, AliasName=name, TargetKeyId=key)[0] == code


@pytest.mark.documented(API + "API_CreateAlias.html")
def test_an_alias_is_not_for_an_alias(kms: Any, key: str, refused: Any) -> None:
    kms.create_alias(AliasName="alias/mine", TargetKeyId=key)
    asked = {"AliasName": "alias/other", "TargetKeyId": "alias/mine"}
    assert refused(kms.create_alias, **asked) == ("ValidationException", "Aliases must refer to keys. Not aliases")


@pytest.mark.documented(GUIDE + "alias-access.html")
def test_an_alias_needs_permissions_on_itself_and_on_the_key(kms: Any, key: str, user: Any, refused: Any) -> None:
    alias, arn = f"{ARN}alias/*", f"{ARN}key/{key}"
    ann = user("ann", "kms:CreateAlias", Resource=alias)
    bob = user("bob", "kms:CreateAlias", Resource=arn)
    cat = user("cat", "kms:CreateAlias", Resource=[alias, arn])
    asked = {"AliasName": "alias/mine", "TargetKeyId": key}
    assert f"resource: {arn} " in refused(ann.create_alias, **asked)[1]
    assert f"resource: {ARN}alias/mine " in refused(bob.create_alias, **asked)[1]
    cat.create_alias(**asked)


@pytest.mark.documented(API + "API_ListAliases.html")
def test_aliases_are_listed_in_pages(kms: Any, key: str) -> None:
    for name in "cab":
        kms.create_alias(AliasName=f"alias/{name}", TargetKeyId=key)
    pages = kms.get_paginator("list_aliases").paginate(PaginationConfig={"PageSize": 2})
    assert [[one["AliasName"] for one in page["Aliases"]] for page in pages] == [["alias/a", "alias/b"], ["alias/c"]]


# -- AWS managed keys ------------------------------------------------------------------------------------------------


@pytest.mark.documented(GUIDE + "concepts.html")
def test_a_services_key_appears_when_it_is_described(kms: Any) -> None:
    shown = kms.describe_key(KeyId="alias/aws/s3")["KeyMetadata"]
    assert (shown["KeyManager"], shown["KeyState"]) == ("AWS", "Enabled")
    assert kms.describe_key(KeyId="alias/aws/s3")["KeyMetadata"]["KeyId"] == shown["KeyId"]
    assert [one["AliasName"] for one in kms.list_aliases()["Aliases"]] == ["alias/aws/s3"]


@pytest.mark.documented(GUIDE + "concepts.html")
def test_a_services_key_appears_when_the_service_uses_it(kms: Any, through: Any) -> None:
    made = through("s3.amazonaws.com", "generate_data_key", KeyId="alias/aws/s3", KeySpec="AES_256")
    assert kms.describe_key(KeyId="alias/aws/s3")["KeyMetadata"]["Arn"] == made["KeyId"]


@pytest.mark.documented(GUIDE + "concepts.html")
def test_there_is_no_key_for_a_service_that_does_not_exist(kms: Any, refused: Any) -> None:
    words = ("NotFoundException", f"Alias {ARN}alias/aws/nothing is not found.")
    assert refused(kms.describe_key, KeyId="alias/aws/nothing") == words


@pytest.mark.fact("KMS-005")
def test_a_services_key_works_through_its_service_alone(kms: Any, through: Any, refused: Any) -> None:
    made = through("s3.amazonaws.com", "generate_data_key", KeyId="alias/aws/s3", KeySpec="AES_256")
    got = through("s3.amazonaws.com", "decrypt", CiphertextBlob=made["CiphertextBlob"])
    assert got["Plaintext"] == made["Plaintext"]
    assert refused(kms.encrypt, KeyId="alias/aws/s3", Plaintext=b"x")[0] == "AccessDeniedException"
    assert refused(kms.decrypt, CiphertextBlob=made["CiphertextBlob"])[0] == "AccessDeniedException"
    key = kms.describe_key(KeyId="alias/aws/s3")["KeyMetadata"]["KeyId"]
    assert refused(kms.schedule_key_deletion, KeyId=key)[0] == "AccessDeniedException"
    assert refused(kms.disable_key, KeyId=key)[0] == "AccessDeniedException"
    assert refused(kms.put_key_policy, KeyId=key, Policy=kms.get_key_policy(KeyId=key)["Policy"])[0] == (
        "AccessDeniedException"
    )


@pytest.mark.fact("KMS-005")
def test_another_service_does_not_use_a_services_key(kms: Any, through: Any) -> None:
    from haar.errors import ServiceError

    key = kms.describe_key(KeyId="alias/aws/s3")["KeyMetadata"]["KeyId"]
    with pytest.raises(ServiceError, match="AccessDeniedException"):
        through("sqs.amazonaws.com", "generate_data_key", KeyId=key, KeySpec="AES_256")


@pytest.mark.documented(GUIDE + "conditions-kms.html")
def test_a_key_can_be_for_one_service_only(kms: Any, through: Any, refused: Any) -> None:
    root = {"AWS": "arn:aws:iam::000000000000:root"}
    use = ["kms:GenerateDataKey", "kms:Decrypt"]
    statements = [
        {"Effect": "Allow", "Principal": root, "NotAction": use, "Resource": "*"},
        {"Effect": "Allow", "Principal": root, "Action": use, "Resource": "*",
         "Condition": {"StringEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com"}}},
    ]  # fmt: skip
    text = json.dumps({"Version": "2012-10-17", "Statement": statements})
    key = kms.create_key(Policy=text)["KeyMetadata"]["KeyId"]
    context = {"aws:s3:arn": "arn:aws:s3:::box"}
    made = through("s3.amazonaws.com", "generate_data_key", KeyId=key, KeySpec="AES_256", EncryptionContext=context)
    asked = {"CiphertextBlob": made["CiphertextBlob"], "EncryptionContext": context}
    assert through("s3.amazonaws.com", "decrypt", **asked)["Plaintext"] == made["Plaintext"]
    assert refused(kms.decrypt, **asked)[0] == "AccessDeniedException"


@pytest.mark.ours
def test_what_a_service_did_with_a_key_is_on_record_as_its_doing(cloud: Any, through: Any) -> None:
    through("s3.amazonaws.com", "generate_data_key", KeyId="alias/aws/s3", KeySpec="AES_256")
    (event,) = cloud.client("cloudtrail").lookup_events(
        LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "GenerateDataKey"}]
    )["Events"]
    assert json.loads(event["CloudTrailEvent"])["sourceIPAddress"] == "s3.amazonaws.com"


@pytest.mark.documented(GUIDE + "rotate-keys.html")
def test_a_services_key_rotates_every_year(cloud: Any, kms: Any) -> None:
    before = kms.describe_key(KeyId="alias/aws/s3")["KeyMetadata"]
    assert kms.get_key_rotation_status(KeyId=before["KeyId"])["KeyRotationEnabled"] is True
    cloud.advance(days=366)
    after = kms.describe_key(KeyId="alias/aws/s3")["KeyMetadata"]
    assert after["CurrentKeyMaterialId"] != before["CurrentKeyMaterialId"]
