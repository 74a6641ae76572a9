"""Rotation by the clock and at a word."""

from __future__ import annotations

from typing import Any

import pytest

API = "https://docs.aws.amazon.com/kms/latest/APIReference/"
GUIDE = "https://docs.aws.amazon.com/kms/latest/developerguide/"
ARN = "arn:aws:kms:us-east-1:000000000000:key/"


def material(kms: Any, key: str) -> str:
    """The id of the material that encrypts."""
    found: str = kms.describe_key(KeyId=key)["KeyMetadata"]["CurrentKeyMaterialId"]
    return found


@pytest.mark.fact("KMS-007")
def test_a_key_rotates_after_a_year_and_decrypts_what_is_older(cloud: Any, kms: Any, key: str, refused: Any) -> None:
    kms.enable_key_rotation(KeyId=key)
    blob, before = kms.encrypt(KeyId=key, Plaintext=b"old")["CiphertextBlob"], material(kms, key)
    cloud.advance(days=364)
    assert material(kms, key) == before
    cloud.advance(days=2)
    assert material(kms, key) != before
    got = kms.decrypt(CiphertextBlob=blob)
    assert (got["Plaintext"], got["KeyMaterialId"]) == (b"old", before)
    kms.disable_key(KeyId=key)
    assert refused(kms.decrypt, CiphertextBlob=blob)[0] == "DisabledException"


@pytest.mark.documented(API + "API_EnableKeyRotation.html")
def test_rotation_goes_on_and_on(cloud: Any, kms: Any, key: str) -> None:
    kms.enable_key_rotation(KeyId=key, RotationPeriodInDays=90)
    blobs = []
    for _ in range(4):
        blobs.append(kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"])
        cloud.advance(days=90)
    got = [kms.decrypt(CiphertextBlob=blob) for blob in blobs]
    assert len({one["KeyMaterialId"] for one in got}) == 4
    assert [one["RotationType"] for one in kms.list_key_rotations(KeyId=key)["Rotations"]] == ["AUTOMATIC"] * 4


@pytest.mark.documented(API + "API_GetKeyRotationStatus.html")
def test_the_next_rotation_is_told(cloud: Any, kms: Any, key: str) -> None:
    assert kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"] is False
    kms.enable_key_rotation(KeyId=key, RotationPeriodInDays=100)
    shown = kms.get_key_rotation_status(KeyId=key)
    assert (shown["KeyRotationEnabled"], shown["RotationPeriodInDays"]) == (True, 100)
    assert shown["NextRotationDate"].timestamp() == pytest.approx(cloud.clock.now() + 100 * 86_400, abs=60)


@pytest.mark.documented(API + "API_DisableKeyRotation.html")
def test_rotation_that_was_switched_off_does_not_happen(cloud: Any, kms: Any, key: str) -> None:
    kms.enable_key_rotation(KeyId=key)
    before = material(kms, key)
    kms.disable_key_rotation(KeyId=key)
    cloud.advance(days=800)
    assert material(kms, key) == before


@pytest.mark.documented(GUIDE + "rotate-keys.html")
def test_a_disabled_key_rotates_when_it_is_enabled_again(cloud: Any, kms: Any, key: str) -> None:
    kms.enable_key_rotation(KeyId=key)
    before = material(kms, key)
    kms.disable_key(KeyId=key)
    cloud.advance(days=400)
    assert material(kms, key) == before
    kms.enable_key(KeyId=key)
    cloud.advance(seconds=1)
    assert material(kms, key) != before


@pytest.mark.documented(API + "API_RotateKeyOnDemand.html")
def test_a_key_rotates_at_a_word_without_changing_its_schedule(cloud: Any, kms: Any, key: str) -> None:
    kms.enable_key_rotation(KeyId=key, RotationPeriodInDays=90)
    blob, before = kms.encrypt(KeyId=key, Plaintext=b"old")["CiphertextBlob"], material(kms, key)
    due = kms.get_key_rotation_status(KeyId=key)["NextRotationDate"]
    assert kms.rotate_key_on_demand(KeyId=key)["KeyId"] == key
    assert material(kms, key) != before
    assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"old"
    assert kms.get_key_rotation_status(KeyId=key)["NextRotationDate"] == due
    (shown,) = kms.list_key_rotations(KeyId=key)["Rotations"]
    assert (shown["RotationType"], shown["KeyMaterialState"]) == ("ON_DEMAND", "CURRENT")


@pytest.mark.documented(API + "API_ListKeyRotations.html")
def test_the_first_material_is_listed_when_all_are_asked_for(kms: Any, key: str) -> None:
    first = material(kms, key)
    kms.rotate_key_on_demand(KeyId=key)
    shown = kms.list_key_rotations(KeyId=key, IncludeKeyMaterial="ALL_KEY_MATERIAL")["Rotations"]
    assert [one["KeyMaterialState"] for one in shown] == ["NON_CURRENT", "CURRENT"]
    assert shown[0]["KeyMaterialId"] == first and "RotationDate" not in shown[0]


@pytest.mark.documented(GUIDE + "resource-limits.html")
def test_a_key_rotates_at_a_word_25_times(kms: Any, key: str, refused: Any) -> None:
    for _ in range(25):
        kms.rotate_key_on_demand(KeyId=key)
    assert refused(kms.rotate_key_on_demand, KeyId=key)[0] == "LimitExceededException"


@pytest.mark.documented(API + "API_EnableKeyRotation.html")
def test_only_symmetric_keys_rotate(kms: Any, refused: Any) -> None:
    key = kms.create_key(KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
    assert refused(kms.enable_key_rotation, KeyId=key)[0] == "UnsupportedOperationException"
    assert refused(kms.rotate_key_on_demand, KeyId=key)[0] == "UnsupportedOperationException"
    assert kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"] is False


@pytest.mark.documented(API + "API_EnableKeyRotation.html")
def test_imported_material_does_not_rotate_by_itself(kms: Any, refused: Any) -> None:
    key = kms.create_key(Origin="EXTERNAL")["KeyMetadata"]["KeyId"]
    words = f"{ARN}{key} origin is EXTERNAL which is not valid for this operation."
    assert refused(kms.enable_key_rotation, KeyId=key) == ("UnsupportedOperationException", words)


@pytest.mark.documented(GUIDE + "key-state.html")
def test_the_rotation_of_a_disabled_key_is_not_changed(kms: Any, key: str, refused: Any) -> None:
    kms.disable_key(KeyId=key)
    assert refused(kms.enable_key_rotation, KeyId=key)[0] == "DisabledException"
    assert refused(kms.rotate_key_on_demand, KeyId=key)[0] == "DisabledException"
