"""Multi-Region keys: the same key in several regions."""

from __future__ import annotations

import os
from typing import Any

import pytest

from haar.services.kms.test_kms_imports import FOR_EVER, wrapped

API = "https://docs.aws.amazon.com/kms/latest/APIReference/"
GUIDE = "https://docs.aws.amazon.com/kms/latest/developerguide/"
ARN = "arn:aws:kms:{}:000000000000:key/{}"


@pytest.fixture
def many(kms: Any) -> str:
    """The id of a multi-Region primary key."""
    made: str = kms.create_key(MultiRegion=True)["KeyMetadata"]["KeyId"]
    return made


@pytest.fixture
def irish(cloud: Any) -> Any:
    """A client in another region."""
    return cloud.client("kms", region="eu-west-1")


def replicate(cloud: Any, kms: Any, key: str, **asked: Any) -> Any:
    """Replicate a key to Ireland, and wait until the replica works."""
    shown = kms.replicate_key(KeyId=key, ReplicaRegion="eu-west-1", **asked)
    cloud.advance(seconds=3)
    return shown


@pytest.mark.documented(API + "API_CreateKey.html")
def test_a_multi_region_key_says_so(kms: Any, many: str) -> None:
    shown = kms.describe_key(KeyId=many)["KeyMetadata"]
    assert many.startswith("mrk-") and len(many) == 36
    assert shown["MultiRegionConfiguration"] == {
        "MultiRegionKeyType": "PRIMARY",
        "PrimaryKey": {"Arn": ARN.format("us-east-1", many), "Region": "us-east-1"},
        "ReplicaKeys": [],
    }


@pytest.mark.documented(API + "API_ReplicateKey.html")
def test_a_replica_is_creating_for_a_moment(cloud: Any, kms: Any, irish: Any, many: str, refused: Any) -> None:
    shown = kms.replicate_key(KeyId=many, ReplicaRegion="eu-west-1", Description="copy")
    replica = shown["ReplicaKeyMetadata"]
    assert (replica["KeyId"], replica["KeyState"], replica["Enabled"]) == (many, "Creating", False)
    assert replica["MultiRegionConfiguration"]["MultiRegionKeyType"] == "REPLICA"
    words = ("KMSInvalidStateException", f"{ARN.format('eu-west-1', many)} is creating.")
    assert refused(irish.encrypt, KeyId=many, Plaintext=b"x") == words
    cloud.advance(seconds=3)
    assert irish.describe_key(KeyId=many)["KeyMetadata"]["KeyState"] == "Enabled"
    assert irish.describe_key(KeyId=many)["KeyMetadata"]["Description"] == "copy"


@pytest.mark.documented(GUIDE + "multi-region-keys-overview.html")
def test_what_one_region_encrypts_another_decrypts(cloud: Any, kms: Any, irish: Any, many: str) -> None:
    replicate(cloud, kms, many)
    blob = kms.encrypt(KeyId=many, Plaintext=b"x", EncryptionContext={"a": "b"})["CiphertextBlob"]
    got = irish.decrypt(CiphertextBlob=blob, EncryptionContext={"a": "b"})
    assert (got["Plaintext"], got["KeyId"]) == (b"x", ARN.format("eu-west-1", many))
    back = irish.encrypt(KeyId=many, Plaintext=b"y")["CiphertextBlob"]
    assert kms.decrypt(CiphertextBlob=back)["Plaintext"] == b"y"


@pytest.mark.documented(GUIDE + "multi-region-keys-overview.html")
def test_a_replica_signs_as_its_primary_does(cloud: Any, kms: Any, irish: Any) -> None:
    key = kms.create_key(MultiRegion=True, KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
    replicate(cloud, kms, key)
    signature = irish.sign(KeyId=key, Message=b"m", SigningAlgorithm="ECDSA_SHA_256")["Signature"]
    asked = {"KeyId": key, "Message": b"m", "Signature": signature, "SigningAlgorithm": "ECDSA_SHA_256"}
    assert kms.verify(**asked)["SignatureValid"]
    assert irish.get_public_key(KeyId=key)["PublicKey"] == kms.get_public_key(KeyId=key)["PublicKey"]


@pytest.mark.documented(API + "API_ReplicateKey.html")
def test_a_replica_has_its_own_policy_tags_and_state(cloud: Any, kms: Any, irish: Any, many: str) -> None:
    shown = replicate(cloud, kms, many, Tags=[{"TagKey": "a", "TagValue": "b"}])
    assert shown["ReplicaTags"] == [{"TagKey": "a", "TagValue": "b"}] and "key-default-1" in shown["ReplicaPolicy"]
    assert kms.list_resource_tags(KeyId=many)["Tags"] == []
    kms.disable_key(KeyId=many)
    assert irish.encrypt(KeyId=many, Plaintext=b"x")["CiphertextBlob"]


@pytest.mark.documented(API + "API_ReplicateKey.html")
def test_there_is_one_replica_in_a_region(cloud: Any, kms: Any, many: str, refused: Any) -> None:
    replicate(cloud, kms, many)
    for region in ("eu-west-1", "us-east-1"):
        assert refused(kms.replicate_key, KeyId=many, ReplicaRegion=region)[0] == "AlreadyExistsException"


@pytest.mark.documented(API + "API_ReplicateKey.html")
def test_only_a_primary_is_replicated(cloud: Any, kms: Any, irish: Any, many: str, key: str, refused: Any) -> None:
    replicate(cloud, kms, many)
    assert refused(kms.replicate_key, KeyId=key, ReplicaRegion="eu-west-1")[0] == "UnsupportedOperationException"
    assert refused(irish.replicate_key, KeyId=many, ReplicaRegion="eu-west-2")[0] == "UnsupportedOperationException"


@pytest.mark.documented(API + "API_UpdatePrimaryRegion.html")
def test_primary_and_replica_change_places(cloud: Any, kms: Any, irish: Any, many: str, refused: Any) -> None:
    replicate(cloud, kms, many)
    kms.update_primary_region(KeyId=many, PrimaryRegion="eu-west-1")
    assert kms.describe_key(KeyId=many)["KeyMetadata"]["KeyState"] == "Updating"
    assert kms.encrypt(KeyId=many, Plaintext=b"x")["CiphertextBlob"]
    assert refused(kms.disable_key, KeyId=many)[0] == "KMSInvalidStateException"
    cloud.advance(seconds=3)
    shown = irish.describe_key(KeyId=many)["KeyMetadata"]["MultiRegionConfiguration"]
    assert (shown["MultiRegionKeyType"], shown["PrimaryKey"]["Region"]) == ("PRIMARY", "eu-west-1")
    assert [one["Region"] for one in shown["ReplicaKeys"]] == ["us-east-1"]
    assert refused(kms.update_primary_region, KeyId=many, PrimaryRegion="us-east-1")[0] == (
        "UnsupportedOperationException"
    )


@pytest.mark.documented(GUIDE + "rotate-keys.html")
def test_rotation_of_the_primary_is_that_of_all(cloud: Any, kms: Any, irish: Any, many: str, refused: Any) -> None:
    replicate(cloud, kms, many)
    assert refused(irish.enable_key_rotation, KeyId=many)[0] == "UnsupportedOperationException"
    kms.enable_key_rotation(KeyId=many)
    assert irish.get_key_rotation_status(KeyId=many)["KeyRotationEnabled"] is True
    old = irish.encrypt(KeyId=many, Plaintext=b"old")["CiphertextBlob"]
    cloud.advance(days=366)
    new = kms.encrypt(KeyId=many, Plaintext=b"new")["CiphertextBlob"]
    assert irish.decrypt(CiphertextBlob=new)["Plaintext"] == b"new"
    assert kms.decrypt(CiphertextBlob=old)["Plaintext"] == b"old"
    materials = {one.describe_key(KeyId=many)["KeyMetadata"]["CurrentKeyMaterialId"] for one in (kms, irish)}
    assert len(materials) == 1


@pytest.mark.documented(GUIDE + "rotate-keys.html")
def test_rotation_goes_on_under_a_new_primary(cloud: Any, kms: Any, irish: Any, many: str) -> None:
    kms.enable_key_rotation(KeyId=many)
    replicate(cloud, kms, many)
    kms.update_primary_region(KeyId=many, PrimaryRegion="eu-west-1")
    cloud.advance(days=366)
    assert len(irish.list_key_rotations(KeyId=many)["Rotations"]) == 1
    assert len(kms.list_key_rotations(KeyId=many)["Rotations"]) == 1


@pytest.mark.documented(GUIDE + "multi-region-keys-delete.html")
def test_a_primary_waits_for_its_replicas_to_be_deleted(cloud: Any, kms: Any, irish: Any, many: str) -> None:
    replicate(cloud, kms, many)
    shown = kms.schedule_key_deletion(KeyId=many, PendingWindowInDays=7)
    assert shown["KeyState"] == "PendingReplicaDeletion" and "DeletionDate" not in shown
    cloud.advance(days=60)
    assert kms.describe_key(KeyId=many)["KeyMetadata"]["PendingDeletionWindowInDays"] == 7
    irish.schedule_key_deletion(KeyId=many, PendingWindowInDays=7)
    cloud.advance(days=8)
    assert kms.describe_key(KeyId=many)["KeyMetadata"]["KeyState"] == "PendingDeletion"
    cloud.advance(days=8)
    assert kms.list_keys()["Keys"] == []


@pytest.mark.documented(GUIDE + "importing-keys.html")
def test_a_replica_is_given_the_imported_material_again(cloud: Any, kms: Any, irish: Any, refused: Any) -> None:
    key = kms.create_key(MultiRegion=True, Origin="EXTERNAL")["KeyMetadata"]["KeyId"]
    secret = os.urandom(32)
    kms.import_key_material(**wrapped(kms, key, secret), **FOR_EVER)
    replicate(cloud, kms, key)
    assert irish.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "PendingImport"
    other = {**wrapped(irish, key, os.urandom(32)), **FOR_EVER}
    assert refused(irish.import_key_material, **other)[0] == "IncorrectKeyMaterialException"
    irish.import_key_material(**wrapped(irish, key, secret), **FOR_EVER)
    blob = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    assert irish.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"


@pytest.mark.documented(API + "API_ImportKeyMaterial.html")
def test_imported_material_waits_until_every_region_has_it(cloud: Any, kms: Any, irish: Any, refused: Any) -> None:
    key = kms.create_key(MultiRegion=True, Origin="EXTERNAL")["KeyMetadata"]["KeyId"]
    first, second = os.urandom(32), os.urandom(32)
    kms.import_key_material(**wrapped(kms, key, first), **FOR_EVER)
    replicate(cloud, kms, key)
    irish.import_key_material(**wrapped(irish, key, first), **FOR_EVER)
    kms.import_key_material(**wrapped(kms, key, second), **FOR_EVER, ImportType="NEW_KEY_MATERIAL")
    shown = kms.list_key_rotations(KeyId=key, IncludeKeyMaterial="ALL_KEY_MATERIAL")["Rotations"]
    assert shown[-1]["KeyMaterialState"] == "PENDING_MULTI_REGION_IMPORT_AND_ROTATION"
    assert refused(kms.rotate_key_on_demand, KeyId=key)[0] == "KMSInvalidStateException"
    irish.import_key_material(**wrapped(irish, key, second), **FOR_EVER)
    kms.rotate_key_on_demand(KeyId=key)
    blob = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    assert irish.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"


@pytest.mark.documented(API + "API_ReplicateKey.html")
def test_replicating_needs_the_permission_to_create(many: str, user: Any, refused: Any) -> None:
    ann = user("ann", "kms:ReplicateKey")
    code, words = refused(ann.replicate_key, KeyId=many, ReplicaRegion="eu-west-1")
    assert code == "AccessDeniedException" and "kms:CreateKey" in words


@pytest.mark.documented(API + "API_ReplicateKey.html")
def test_a_replica_is_made_only_where_its_maker_may_make_keys(many: str, user: Any, refused: Any) -> None:
    home = {"StringEquals": {"aws:RequestedRegion": ["us-east-1", "eu-west-2"]}}
    ann = user("ann", "kms:CreateKey", "kms:ReplicateKey", Condition=home)
    assert refused(ann.replicate_key, KeyId=many, ReplicaRegion="eu-west-1")[0] == "AccessDeniedException"
    assert ann.replicate_key(KeyId=many, ReplicaRegion="eu-west-2")["ReplicaKeyMetadata"]["KeyId"] == many


@pytest.mark.documented(API + "API_ReplicateKey.html")
def test_replicating_is_on_record_in_both_regions(cloud: Any, kms: Any, many: str) -> None:
    replicate(cloud, kms, many)
    names = {
        region: [event["EventName"] for event in cloud.client("cloudtrail", region=region).lookup_events()["Events"]]
        for region in ("us-east-1", "eu-west-1")
    }
    assert "ReplicateKey" in names["us-east-1"] and names["eu-west-1"] == ["CreateKey"]
