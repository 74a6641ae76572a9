"""Key material from outside: wrapped, imported, expiring, deleted, imported again."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.keywrap import aes_key_wrap_with_padding
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_public_key,
)

API = "https://docs.aws.amazon.com/kms/latest/APIReference/"
GUIDE = "https://docs.aws.amazon.com/kms/latest/developerguide/"
ARN = "arn:aws:kms:us-east-1:000000000000:key/"
FOR_EVER = {"ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE"}


@pytest.fixture
def empty(kms: Any) -> str:
    """The id of a symmetric key without material."""
    made: str = kms.create_key(Origin="EXTERNAL")["KeyMetadata"]["KeyId"]
    return made


def wrapped(kms: Any, key: str, secret: bytes, algorithm: str = "RSAES_OAEP_SHA_256") -> dict[str, Any]:
    """Material on its way: the members of a request to import it."""
    given = kms.get_parameters_for_import(KeyId=key, WrappingAlgorithm=algorithm, WrappingKeySpec="RSA_2048")
    public: Any = load_der_public_key(given["PublicKey"])
    digest: Any = hashes.SHA1() if algorithm.endswith("_1") else hashes.SHA256()
    oaep = padding.OAEP(padding.MGF1(digest), digest, None)
    if algorithm.startswith("RSAES"):
        blob = public.encrypt(secret, oaep)
    else:
        aes = os.urandom(32)
        blob = public.encrypt(aes, oaep) + aes_key_wrap_with_padding(aes, secret)
    return {"KeyId": key, "ImportToken": given["ImportToken"], "EncryptedKeyMaterial": blob}


def state(kms: Any, key: str) -> str:
    """The key state."""
    found: str = kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"]
    return found


@pytest.mark.documented(GUIDE + "importing-keys.html")
def test_a_key_without_material_waits_for_it(kms: Any, empty: str, refused: Any) -> None:
    shown = kms.describe_key(KeyId=empty)["KeyMetadata"]
    assert (shown["KeyState"], shown["Enabled"], shown["Origin"]) == ("PendingImport", False, "EXTERNAL")
    assert "CurrentKeyMaterialId" not in shown
    words = ("KMSInvalidStateException", f"{ARN}{empty} is pending import.")
    assert refused(kms.encrypt, KeyId=empty, Plaintext=b"x") == words
    assert refused(kms.disable_key, KeyId=empty) == words


@pytest.mark.documented(API + "API_ImportKeyMaterial.html")
@pytest.mark.parametrize(
    "algorithm", ["RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256", "RSA_AES_KEY_WRAP_SHA_1", "RSA_AES_KEY_WRAP_SHA_256"]
)
def test_imported_material_makes_the_key_work(kms: Any, empty: str, algorithm: str) -> None:
    kms.import_key_material(**wrapped(kms, empty, os.urandom(32), algorithm), **FOR_EVER)
    shown = kms.describe_key(KeyId=empty)["KeyMetadata"]
    assert (shown["KeyState"], shown["ExpirationModel"]) == ("Enabled", "KEY_MATERIAL_DOES_NOT_EXPIRE")
    blob = kms.encrypt(KeyId=empty, Plaintext=b"x")["CiphertextBlob"]
    assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"


@pytest.mark.documented(GUIDE + "importing-keys.html")
def test_deleted_material_comes_back_only_as_it_was(kms: Any, empty: str, refused: Any) -> None:
    secret = os.urandom(32)
    first = kms.import_key_material(**wrapped(kms, empty, secret), **FOR_EVER)["KeyMaterialId"]
    blob = kms.encrypt(KeyId=empty, Plaintext=b"x")["CiphertextBlob"]
    assert kms.delete_imported_key_material(KeyId=empty)["KeyMaterialId"] == first
    assert state(kms, empty) == "PendingImport"
    assert refused(kms.decrypt, CiphertextBlob=blob)[0] == "KMSInvalidStateException"
    other = {**wrapped(kms, empty, os.urandom(32)), **FOR_EVER}
    assert refused(kms.import_key_material, **other)[0] == "IncorrectKeyMaterialException"
    assert kms.import_key_material(**wrapped(kms, empty, secret), **FOR_EVER)["KeyMaterialId"] == first
    assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"


@pytest.mark.documented(API + "API_ImportKeyMaterial.html")
def test_imported_material_expires_by_the_clock(cloud: Any, kms: Any, empty: str) -> None:
    secret = os.urandom(32)
    until = datetime.fromtimestamp(int(cloud.clock.now()) + 86_400 * 10, UTC)
    kms.import_key_material(**wrapped(kms, empty, secret), ExpirationModel="KEY_MATERIAL_EXPIRES", ValidTo=until)
    shown = kms.describe_key(KeyId=empty)["KeyMetadata"]
    assert (shown["ExpirationModel"], shown["ValidTo"]) == ("KEY_MATERIAL_EXPIRES", until)
    cloud.advance(days=9)
    assert state(kms, empty) == "Enabled"
    cloud.advance(days=2)
    assert state(kms, empty) == "PendingImport"
    kms.import_key_material(**wrapped(kms, empty, secret), **FOR_EVER)
    cloud.advance(days=400)
    assert state(kms, empty) == "Enabled"


@pytest.mark.documented(API + "API_ImportKeyMaterial.html")
def test_an_expiry_is_a_date_of_the_next_year(cloud: Any, kms: Any, empty: str, refused: Any) -> None:
    asked = wrapped(kms, empty, os.urandom(32))
    words = "A validTo date must be set if the ExpirationModel is KEY_MATERIAL_EXPIRES"
    assert refused(kms.import_key_material, **asked) == ("ValidationException", words)
    for days in (-1, 366):
        until = datetime.fromtimestamp(cloud.clock.now() + 86_400 * days, UTC)
        assert refused(kms.import_key_material, ValidTo=until, **asked)[0] == "ValidationException"
    assert refused(kms.import_key_material, ValidTo=until, **FOR_EVER, **asked)[0] == "ValidationException"


@pytest.mark.documented(API + "API_GetParametersForImport.html")
def test_an_import_token_is_good_for_a_day_and_one_key(cloud: Any, kms: Any, empty: str, refused: Any) -> None:
    other = kms.create_key(Origin="EXTERNAL")["KeyMetadata"]["KeyId"]
    asked = {**wrapped(kms, empty, os.urandom(32)), **FOR_EVER}
    assert refused(kms.import_key_material, **{**asked, "KeyId": other})[0] == "InvalidImportTokenException"
    assert refused(kms.import_key_material, **{**asked, "ImportToken": b"x" * 80})[0] == "InvalidImportTokenException"
    cloud.advance(days=1.1)
    assert refused(kms.import_key_material, **asked)[0] == "ExpiredImportTokenException"


@pytest.mark.documented(API + "API_ImportKeyMaterial.html")
def test_material_that_was_not_wrapped_for_it_is_refused(kms: Any, empty: str, refused: Any) -> None:
    asked = {**wrapped(kms, empty, os.urandom(32)), **FOR_EVER}
    strange = {**asked, "EncryptedKeyMaterial": b"x" * 256}
    assert refused(kms.import_key_material, **strange)[0] == "InvalidCiphertextException"
    short = {**wrapped(kms, empty, os.urandom(16)), **FOR_EVER}
    assert refused(kms.import_key_material, **short)[0] == "IncorrectKeyMaterialException"


@pytest.mark.documented(API + "API_GetParametersForImport.html")
def test_only_keys_for_it_import(kms: Any, key: str, refused: Any) -> None:
    asked = {"KeyId": key, "WrappingAlgorithm": "RSAES_OAEP_SHA_256", "WrappingKeySpec": "RSA_2048"}
    words = f"{ARN}{key} origin is AWS_KMS which is not valid for this operation."
    assert refused(kms.get_parameters_for_import, **asked) == ("UnsupportedOperationException", words)
    assert refused(kms.delete_imported_key_material, KeyId=key) == ("UnsupportedOperationException", words)


@pytest.mark.documented(GUIDE + "importing-keys-encrypt-key-material.html")
def test_a_private_key_is_imported_and_signs(kms: Any) -> None:
    key = kms.create_key(Origin="EXTERNAL", KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
    own = ec.generate_private_key(ec.SECP256R1())
    secret = own.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    reply = kms.import_key_material(**wrapped(kms, key, secret), **FOR_EVER)
    assert "KeyMaterialId" not in reply
    public = own.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert kms.get_public_key(KeyId=key)["PublicKey"] == public
    signature = kms.sign(KeyId=key, Message=b"m", SigningAlgorithm="ECDSA_SHA_256")["Signature"]
    own.public_key().verify(signature, b"m", ec.ECDSA(hashes.SHA256()))


@pytest.mark.documented(GUIDE + "importing-keys-encrypt-key-material.html")
def test_a_private_key_of_another_curve_is_refused(kms: Any, refused: Any) -> None:
    key = kms.create_key(Origin="EXTERNAL", KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
    other = ec.generate_private_key(ec.SECP384R1()).private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    asked = {**wrapped(kms, key, other), **FOR_EVER}
    assert refused(kms.import_key_material, **asked)[0] == "IncorrectKeyMaterialException"


@pytest.mark.documented(GUIDE + "rotate-keys.html")
def test_imported_material_rotates_at_a_word(kms: Any, empty: str, refused: Any) -> None:
    kms.import_key_material(**wrapped(kms, empty, os.urandom(32)), **FOR_EVER)
    old = kms.encrypt(KeyId=empty, Plaintext=b"old")["CiphertextBlob"]
    assert refused(kms.rotate_key_on_demand, KeyId=empty)[0] == "KMSInvalidStateException"
    new = {**wrapped(kms, empty, os.urandom(32)), **FOR_EVER, "ImportType": "NEW_KEY_MATERIAL"}
    waiting = kms.import_key_material(KeyMaterialDescription="second", **new)["KeyMaterialId"]
    shown = kms.list_key_rotations(KeyId=empty, IncludeKeyMaterial="ALL_KEY_MATERIAL")["Rotations"]
    assert [(one["KeyMaterialState"], one["ImportState"]) for one in shown] == [
        ("CURRENT", "IMPORTED"), ("PENDING_ROTATION", "IMPORTED"),
    ]  # fmt: skip
    assert shown[1]["KeyMaterialDescription"] == "second"
    kms.rotate_key_on_demand(KeyId=empty)
    assert kms.describe_key(KeyId=empty)["KeyMetadata"]["CurrentKeyMaterialId"] == waiting
    assert kms.decrypt(CiphertextBlob=old)["Plaintext"] == b"old"


@pytest.mark.documented(API + "API_DeleteImportedKeyMaterial.html")
def test_a_key_needs_all_its_imported_materials(kms: Any, empty: str) -> None:
    first_secret = os.urandom(32)
    first = kms.import_key_material(**wrapped(kms, empty, first_secret), **FOR_EVER)["KeyMaterialId"]
    new = {**wrapped(kms, empty, os.urandom(32)), **FOR_EVER, "ImportType": "NEW_KEY_MATERIAL"}
    kms.import_key_material(**new)
    kms.rotate_key_on_demand(KeyId=empty)
    kms.delete_imported_key_material(KeyId=empty, KeyMaterialId=first)
    assert state(kms, empty) == "PendingImport"
    kms.import_key_material(**wrapped(kms, empty, first_secret), **FOR_EVER, KeyMaterialId=first)
    assert state(kms, empty) == "Enabled"


@pytest.mark.documented(GUIDE + "key-state.html")
def test_material_is_not_imported_into_a_key_that_waits_to_be_deleted(kms: Any, empty: str, refused: Any) -> None:
    asked = {**wrapped(kms, empty, os.urandom(32)), **FOR_EVER}
    kms.schedule_key_deletion(KeyId=empty)
    words = ("KMSInvalidStateException", f"{ARN}{empty} is pending deletion.")
    assert refused(kms.import_key_material, **asked) == words
