"""Keys: what they are, how they are named, switched off and on, and deleted."""

from __future__ import annotations

from typing import Any

import pytest

API = "https://docs.aws.amazon.com/kms/latest/APIReference/"
GUIDE = "https://docs.aws.amazon.com/kms/latest/developerguide/"
ARN = "arn:aws:kms:us-east-1:000000000000:"


@pytest.mark.fact("KMS-004")
def test_a_key_made_without_words_is_a_symmetric_one(kms: Any) -> None:
    shown = kms.create_key()["KeyMetadata"]
    assert (shown["KeySpec"], shown["KeyUsage"], shown["Origin"]) == ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", "AWS_KMS")
    assert shown["EncryptionAlgorithms"] == ["SYMMETRIC_DEFAULT"]
    assert (shown["KeyState"], shown["Enabled"], shown["KeyManager"]) == ("Enabled", True, "CUSTOMER")
    assert shown["MultiRegion"] is False
    assert shown["Arn"] == f"{ARN}key/{shown['KeyId']}"


@pytest.mark.fact("KMS-002")
def test_a_key_stays_in_its_region(cloud: Any, kms: Any, key: str, refused: Any) -> None:
    elsewhere = cloud.client("kms", region="eu-west-1")
    blob = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    code, message = refused(elsewhere.decrypt, CiphertextBlob=blob)
    assert code == "AccessDeniedException" and "the resource associated with this ciphertext" in message
    missing = f"Key 'arn:aws:kms:eu-west-1:000000000000:key/{key}' does not exist"
    assert refused(elsewhere.describe_key, KeyId=key) == ("NotFoundException", missing)
    assert elsewhere.list_keys()["Keys"] == []


@pytest.mark.fact("KMS-003")
def test_a_symmetric_key_is_never_given_out(kms: Any, key: str, refused: Any) -> None:
    assert refused(kms.get_public_key, KeyId=key)[0] == "UnsupportedOperationException"


@pytest.mark.fact("KMSA-001")
@pytest.mark.parametrize(
    ("spec", "usage"),
    [
        ("RSA_2048", "ENCRYPT_DECRYPT"), ("RSA_3072", "SIGN_VERIFY"), ("ECC_NIST_P256", "SIGN_VERIFY"),
        ("ECC_NIST_P384", "KEY_AGREEMENT"), ("ECC_NIST_P521", "SIGN_VERIFY"), ("ECC_SECG_P256K1", "SIGN_VERIFY"),
        ("ECC_NIST_EDWARDS25519", "SIGN_VERIFY"), ("ML_DSA_44", "SIGN_VERIFY"), ("HMAC_512", "GENERATE_VERIFY_MAC"),
    ],
)  # fmt: skip
def test_keys_of_many_specs_are_made(kms: Any, spec: str, usage: str) -> None:
    shown = kms.describe_key(KeyId=kms.create_key(KeySpec=spec, KeyUsage=usage)["KeyMetadata"]["KeyId"])["KeyMetadata"]
    assert (shown["KeySpec"], shown["KeyUsage"], shown["KeyState"]) == (spec, usage, "Enabled")


@pytest.mark.documented(API + "API_CreateKey.html")
def test_every_spec_but_the_symmetric_one_needs_a_usage(kms: Any, refused: Any) -> None:
    words = "You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys."
    assert refused(kms.create_key, KeySpec="HMAC_256") == ("ValidationException", words)


@pytest.mark.documented(API + "API_CreateKey.html")
def test_a_usage_that_a_spec_does_not_have_is_refused(kms: Any, refused: Any) -> None:
    assert refused(kms.create_key, KeySpec="ECC_SECG_P256K1", KeyUsage="KEY_AGREEMENT")[0] == "ValidationException"


@pytest.mark.documented(API + "API_CreateKey.html")
def test_sm2_is_for_china(kms: Any, refused: Any) -> None:
    assert refused(kms.create_key, KeySpec="SM2", KeyUsage="SIGN_VERIFY")[0] == "UnsupportedOperationException"


@pytest.mark.documented(API + "API_CreateKey.html")
def test_two_words_for_the_spec_are_one_too_many(kms: Any, refused: Any) -> None:
    asked = {"KeySpec": "SYMMETRIC_DEFAULT", "CustomerMasterKeySpec": "SYMMETRIC_DEFAULT"}
    assert refused(kms.create_key, **asked)[0] == "ValidationException"


@pytest.mark.documented(API + "API_CreateKey.html")
def test_there_are_no_custom_key_stores(kms: Any, refused: Any) -> None:
    asked = {"Origin": "AWS_CLOUDHSM", "CustomKeyStoreId": "cks-1234567890abcdef0"}
    assert refused(kms.create_key, **asked)[0] == "CustomKeyStoreNotFoundException"


@pytest.mark.documented(GUIDE + "find-cmk-id-arn.html")
def test_a_key_is_named_by_id_arn_alias_and_alias_arn(kms: Any, key: str) -> None:
    kms.create_alias(AliasName="alias/mine", TargetKeyId=key)
    names = (key, f"{ARN}key/{key}", "alias/mine", f"{ARN}alias/mine")
    assert {kms.describe_key(KeyId=name)["KeyMetadata"]["KeyId"] for name in names} == {key}


@pytest.mark.documented(API + "API_DescribeKey.html")
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("fake-key-id", "Invalid keyId 'fake-key-id'"),
        ("134f2428cec14b25a1ae9048164dba47", "Invalid keyId '134f2428cec14b25a1ae9048164dba47'"),
        ("00000000-0000-0000-0000-000000000000",
         f"Key '{ARN}key/00000000-0000-0000-0000-000000000000' does not exist"),
        ("mrk-" + "0" * 32, f"Key '{ARN}key/mrk-{'0' * 32}' does not exist"),
        ("alias/none", f"Alias {ARN}alias/none is not found."),
        (f"{ARN.replace('us-east-1', 'eu-west-1')}key/x", "Invalid arn eu-west-1"),
    ],
)  # fmt: skip
def test_what_is_not_there_is_said_in_its_own_words(kms: Any, refused: Any, name: str, words: str) -> None:
    assert refused(kms.describe_key, KeyId=name) == ("NotFoundException", words)


@pytest.mark.documented(API + "API_DisableKey.html")
def test_operations_that_manage_a_key_take_no_alias(kms: Any, key: str, refused: Any) -> None:
    kms.create_alias(AliasName="alias/mine", TargetKeyId=key)
    assert refused(kms.disable_key, KeyId="alias/mine")[0] == "NotFoundException"


@pytest.mark.fact("KMS-006")
def test_only_the_accounts_own_keys_are_listed(cloud: Any, kms: Any, key: str) -> None:
    assert kms.list_keys()["Keys"] == [{"KeyId": key, "KeyArn": f"{ARN}key/{key}"}]
    assert cloud.client("kms", access_key="111111111111").list_keys()["Keys"] == []


@pytest.mark.documented(API + "API_ListKeys.html")
def test_keys_are_listed_in_pages(kms: Any) -> None:
    made = {kms.create_key()["KeyMetadata"]["KeyId"] for _ in range(5)}
    pages = list(kms.get_paginator("list_keys").paginate(PaginationConfig={"PageSize": 2}))
    assert [len(page["Keys"]) for page in pages] == [2, 2, 1]
    assert [page["Truncated"] for page in pages] == [True, True, False]
    assert {one["KeyId"] for page in pages for one in page["Keys"]} == made


@pytest.mark.documented(API + "API_ListKeys.html")
def test_a_marker_that_nobody_gave_out_is_refused(kms: Any, refused: Any) -> None:
    assert refused(kms.list_keys, Marker="nonsense")[0] == "InvalidMarkerException"


@pytest.mark.documented(API + "API_ListKeys.html")
def test_no_other_account_shares_keys(kms: Any, key: str) -> None:
    assert kms.list_keys(ResourceOwners=["OTHER_ACCOUNTS_VIA_RAM"])["Keys"] == []


@pytest.mark.documented(API + "API_UpdateKeyDescription.html")
def test_a_description_is_changed(kms: Any, key: str) -> None:
    kms.update_key_description(KeyId=key, Description="for the cellar")
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["Description"] == "for the cellar"


@pytest.mark.documented(API + "API_DisableKey.html")
def test_a_disabled_key_encrypts_nothing_until_it_is_enabled(kms: Any, key: str, refused: Any) -> None:
    kms.disable_key(KeyId=key)
    shown = kms.describe_key(KeyId=key)["KeyMetadata"]
    assert (shown["KeyState"], shown["Enabled"]) == ("Disabled", False)
    assert refused(kms.encrypt, KeyId=key, Plaintext=b"x") == ("DisabledException", f"{ARN}key/{key} is disabled.")
    kms.enable_key(KeyId=key)
    assert kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]


@pytest.mark.documented(API + "API_ScheduleKeyDeletion.html")
def test_a_key_is_gone_after_its_waiting_period(cloud: Any, kms: Any, key: str, refused: Any) -> None:
    kms.create_alias(AliasName="alias/mine", TargetKeyId=key)
    blob = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    shown = kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    assert (shown["KeyId"], shown["KeyState"]) == (f"{ARN}key/{key}", "PendingDeletion")
    assert shown["DeletionDate"].timestamp() == pytest.approx(cloud.clock.now() + 7 * 86_400, abs=60)
    cloud.advance(days=6.9)
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "PendingDeletion"
    cloud.advance(days=0.2)
    assert refused(kms.describe_key, KeyId=key)[0] == "NotFoundException"
    assert refused(kms.decrypt, CiphertextBlob=blob)[0] == "AccessDeniedException"
    assert kms.list_aliases()["Aliases"] == []


@pytest.mark.documented(API + "API_ScheduleKeyDeletion.html")
def test_the_waiting_period_is_thirty_days_unless_said(kms: Any, key: str) -> None:
    assert kms.schedule_key_deletion(KeyId=key)["PendingWindowInDays"] == 30


@pytest.mark.documented(API + "API_ScheduleKeyDeletion.html")
@pytest.mark.parametrize("days", [6, 31])
def test_a_waiting_period_has_seven_to_thirty_days(kms: Any, key: str, refused: Any, days: int) -> None:
    asked = {"KeyId": key, "PendingWindowInDays": days}
    assert refused(kms.schedule_key_deletion, **asked)[0] == "ValidationException"


@pytest.mark.documented(GUIDE + "key-state.html")
def test_a_key_that_waits_to_be_deleted_is_of_no_use(kms: Any, key: str, refused: Any) -> None:
    kms.schedule_key_deletion(KeyId=key)
    words = ("KMSInvalidStateException", f"{ARN}key/{key} is pending deletion.")
    assert refused(kms.encrypt, KeyId=key, Plaintext=b"x") == words
    assert refused(kms.disable_key, KeyId=key) == words
    assert refused(kms.schedule_key_deletion, KeyId=key) == words
    assert refused(kms.tag_resource, KeyId=key, Tags=[{"TagKey": "a", "TagValue": "b"}]) == words
    assert refused(kms.create_alias, AliasName="alias/x", TargetKeyId=key) == words


@pytest.mark.documented(API + "API_CancelKeyDeletion.html")
def test_a_cancelled_deletion_leaves_a_disabled_key(cloud: Any, kms: Any, key: str) -> None:
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    assert kms.cancel_key_deletion(KeyId=key)["KeyId"] == f"{ARN}key/{key}"
    cloud.advance(days=30)
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "Disabled"


@pytest.mark.documented(GUIDE + "key-state.html")
def test_only_a_scheduled_deletion_is_cancelled(kms: Any, key: str, refused: Any) -> None:
    words = f"{ARN}key/{key} is not pending deletion."
    assert refused(kms.cancel_key_deletion, KeyId=key) == ("KMSInvalidStateException", words)


@pytest.mark.documented(API + "API_ScheduleKeyDeletion.html")
def test_a_deletion_that_was_cancelled_and_scheduled_anew_keeps_its_new_date(cloud: Any, kms: Any, key: str) -> None:
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    cloud.advance(days=1)
    kms.cancel_key_deletion(KeyId=key)
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=20)
    cloud.advance(days=15)
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "PendingDeletion"


@pytest.mark.documented(API + "API_TagResource.html")
def test_tags_come_and_go(kms: Any) -> None:
    key = kms.create_key(Tags=[{"TagKey": "team", "TagValue": "blue"}])["KeyMetadata"]["KeyId"]
    kms.tag_resource(KeyId=key, Tags=[{"TagKey": "level", "TagValue": "1"}])
    kms.untag_resource(KeyId=key, TagKeys=["team"])
    assert kms.list_resource_tags(KeyId=key)["Tags"] == [{"TagKey": "level", "TagValue": "1"}]


@pytest.mark.documented(API + "API_TagResource.html")
def test_reserved_tags_are_refused(kms: Any, key: str, refused: Any) -> None:
    assert refused(kms.tag_resource, KeyId=key, Tags=[{"TagKey": "aws:x", "TagValue": ""}])[0] == "TagException"


@pytest.mark.documented(API + "API_GetKeyLastUsage.html")
def test_the_last_use_of_a_key_is_told(cloud: Any, kms: Any, key: str) -> None:
    assert "KeyLastUsage" not in kms.get_key_last_usage(KeyId=key)
    request = kms.encrypt(KeyId=key, Plaintext=b"x")["ResponseMetadata"]["RequestId"]
    kms.describe_key(KeyId=key)
    used = kms.get_key_last_usage(KeyId=key)["KeyLastUsage"]
    assert (used["Operation"], used["KmsRequestId"]) == ("Encrypt", request)


@pytest.mark.fact("KMS-012")
def test_every_use_of_a_key_is_on_record_without_what_was_encrypted(cloud: Any, kms: Any, key: str) -> None:
    kms.encrypt(KeyId=key, Plaintext=b"very secret", EncryptionContext={"box": "1"})
    data = kms.generate_data_key(KeyId=key, KeySpec="AES_256")
    kms.decrypt(CiphertextBlob=data["CiphertextBlob"])
    looked = cloud.client("cloudtrail").lookup_events(
        LookupAttributes=[{"AttributeKey": "EventSource", "AttributeValue": "kms.amazonaws.com"}]
    )["Events"]
    assert {"Encrypt", "Decrypt", "GenerateDataKey"} <= {one["EventName"] for one in looked}
    texts = "".join(one["CloudTrailEvent"] for one in looked)
    assert f"{ARN}key/{key}" in texts and '"box":"1"' in texts
    assert "very secret" not in texts and "dmVyeSBzZWNyZXQ" not in texts
    assert all(secret not in texts for secret in (data["Plaintext"].hex(), str(data["Plaintext"])))


@pytest.mark.ours
def test_key_material_is_nowhere_in_the_store(cloud: Any, kms: Any) -> None:
    from cryptography.hazmat.primitives.serialization import load_der_private_key

    from haar.services.kms.resources import Key, Material

    key = kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
    with cloud.store.transaction(write=False) as tx:
        row = tx.get(Key, "000000000000", "us-east-1", key)
        material = next(tx.range(Material, "000000000000", "us-east-1", key))
    about = f"{row.arn}#1".encode()
    opened: Any = load_der_private_key(cloud.ports.sealer.open(material.sealed, about=about), None)
    number = opened.private_numbers().private_value.to_bytes(32, "big")
    assert not [value for value in cloud.store.backend.rows.values() if number in value]
