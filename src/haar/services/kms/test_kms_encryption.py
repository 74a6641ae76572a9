"""Encrypting, decrypting, data keys, and the context that goes with them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import load_der_private_key, load_der_public_key

from haar import Cloud
from haar.services.kms import materials

API = "https://docs.aws.amazon.com/kms/latest/APIReference/"
GUIDE = "https://docs.aws.amazon.com/kms/latest/developerguide/"
ARN = "arn:aws:kms:us-east-1:000000000000:key/"


@pytest.fixture
def rsa(kms: Any) -> str:
    """An RSA key that encrypts."""
    made: str = kms.create_key(KeySpec="RSA_2048", KeyUsage="ENCRYPT_DECRYPT")["KeyMetadata"]["KeyId"]
    return made


@pytest.mark.documented(API + "API_Encrypt.html")
def test_what_was_encrypted_is_decrypted_without_naming_the_key(kms: Any, key: str) -> None:
    made = kms.encrypt(KeyId=key, Plaintext=b"hello")
    assert (made["KeyId"], made["EncryptionAlgorithm"]) == (ARN + key, "SYMMETRIC_DEFAULT")
    got = kms.decrypt(CiphertextBlob=made["CiphertextBlob"])
    assert (got["Plaintext"], got["KeyId"], got["EncryptionAlgorithm"]) == (b"hello", ARN + key, "SYMMETRIC_DEFAULT")


@pytest.mark.documented(API + "API_Encrypt.html")
def test_the_same_plaintext_never_looks_the_same_twice(kms: Any, key: str) -> None:
    once, again = (kms.encrypt(KeyId=key, Plaintext=b"hello")["CiphertextBlob"] for _ in range(2))
    assert once != again and b"hello" not in once


@pytest.mark.fact("KMS-001")
def test_four_kibibytes_are_encrypted_and_a_byte_more_is_not(cloud: Any, key: str, refused: Any) -> None:
    kms = cloud.client("kms", parameter_validation=False)
    blob = kms.encrypt(KeyId=key, Plaintext=b"x" * 4096)["CiphertextBlob"]
    assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x" * 4096
    words = (
        "1 validation error detected: Value at 'plaintext' failed to satisfy constraint: "
        "Member must have length less than or equal to 4096"
    )
    assert refused(kms.encrypt, KeyId=key, Plaintext=b"x" * 4097) == ("ValidationException", words)


@pytest.mark.documented(GUIDE + "encrypt_context.html")
def test_an_encryption_context_is_needed_again(kms: Any, key: str, refused: Any) -> None:
    context = {"department": "10103.0", "purpose": "test"}
    blob = kms.encrypt(KeyId=key, Plaintext=b"x", EncryptionContext=context)["CiphertextBlob"]
    turned = dict(reversed(context.items()))
    assert kms.decrypt(CiphertextBlob=blob, EncryptionContext=turned)["Plaintext"] == b"x"
    assert refused(kms.decrypt, CiphertextBlob=blob) == ("InvalidCiphertextException", "")
    other = {"Department": "10103.0", "purpose": "test"}
    assert refused(kms.decrypt, CiphertextBlob=blob, EncryptionContext=other)[0] == "InvalidCiphertextException"


@pytest.mark.documented(API + "API_Decrypt.html")
def test_a_changed_ciphertext_is_refused(kms: Any, key: str, refused: Any) -> None:
    blob = bytearray(kms.encrypt(KeyId=key, Plaintext=b"hello")["CiphertextBlob"])
    blob[-1] ^= 1
    assert refused(kms.decrypt, CiphertextBlob=bytes(blob))[0] == "InvalidCiphertextException"
    assert refused(kms.decrypt, CiphertextBlob=b"nonsense")[0] == "InvalidCiphertextException"


@pytest.mark.documented(API + "API_Decrypt.html")
def test_a_ciphertext_of_another_key_is_refused_where_the_key_is_named(kms: Any, key: str, refused: Any) -> None:
    blob = kms.encrypt(KeyId=key, Plaintext=b"hello")["CiphertextBlob"]
    other = kms.create_key()["KeyMetadata"]["KeyId"]
    words = "The key ID in the request does not identify a CMK that can perform this operation."
    assert refused(kms.decrypt, CiphertextBlob=blob, KeyId=other) == ("IncorrectKeyException", words)
    assert kms.decrypt(CiphertextBlob=blob, KeyId=key)["Plaintext"] == b"hello"


@pytest.mark.fact("KMSA-005")
def test_a_signing_key_does_not_encrypt(kms: Any, refused: Any) -> None:
    key = kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
    words = f"{ARN}{key} key usage is SIGN_VERIFY which is not valid for Encrypt."
    assert refused(kms.encrypt, KeyId=key, Plaintext=b"x") == ("InvalidKeyUsageException", words)


@pytest.mark.documented(API + "API_Encrypt.html")
@pytest.mark.parametrize("bits", ["1", "256"])
def test_an_rsa_key_decrypts_what_its_public_half_encrypted_elsewhere(kms: Any, rsa: str, bits: str) -> None:
    public: Any = load_der_public_key(kms.get_public_key(KeyId=rsa)["PublicKey"])
    digest: Any = {"1": hashes.SHA1(), "256": hashes.SHA256()}[bits]
    blob = public.encrypt(b"from outside", padding.OAEP(padding.MGF1(digest), digest, None))
    algorithm = f"RSAES_OAEP_SHA_{bits}"
    got = kms.decrypt(KeyId=rsa, CiphertextBlob=blob, EncryptionAlgorithm=algorithm)
    assert got["Plaintext"] == b"from outside"
    made = kms.encrypt(KeyId=rsa, Plaintext=b"inside", EncryptionAlgorithm=algorithm)["CiphertextBlob"]
    assert kms.decrypt(KeyId=rsa, CiphertextBlob=made, EncryptionAlgorithm=algorithm)["Plaintext"] == b"inside"


@pytest.mark.documented(API + "API_Encrypt.html")
@pytest.mark.parametrize(("algorithm", "most"), [("RSAES_OAEP_SHA_1", 214), ("RSAES_OAEP_SHA_256", 190)])
def test_an_rsa_key_encrypts_little(kms: Any, rsa: str, refused: Any, algorithm: str, most: int) -> None:
    kms.encrypt(KeyId=rsa, Plaintext=b"x" * most, EncryptionAlgorithm=algorithm)
    words = f"Algorithm {algorithm} and key spec RSA_2048 cannot encrypt data larger than {most} bytes."
    asked = {"KeyId": rsa, "Plaintext": b"x" * (most + 1), "EncryptionAlgorithm": algorithm}
    assert refused(kms.encrypt, **asked) == ("ValidationException", words)


@pytest.mark.documented(API + "API_Encrypt.html")
def test_an_algorithm_must_be_one_of_the_keys(kms: Any, rsa: str, refused: Any) -> None:
    words = "Algorithm SYMMETRIC_DEFAULT is incompatible with key spec RSA_2048."
    assert refused(kms.encrypt, KeyId=rsa, Plaintext=b"x") == ("InvalidKeyUsageException", words)


@pytest.mark.fact("KMS-014")
def test_large_data_are_encrypted_at_home_with_a_data_key(kms: Any, key: str) -> None:
    data, nonce = os.urandom(8 * 1024 * 1024), os.urandom(12)
    made = kms.generate_data_key(KeyId=key, KeySpec="AES_256")
    assert len(made["Plaintext"]) == 32 and len(made["CiphertextBlob"]) < 400
    kept = AESGCM(made["Plaintext"]).encrypt(nonce, data, None)
    again = kms.decrypt(CiphertextBlob=made["CiphertextBlob"])["Plaintext"]
    assert AESGCM(again).decrypt(nonce, kept, None) == data


@pytest.mark.documented(API + "API_GenerateDataKey.html")
def test_a_data_key_has_the_length_that_was_asked_for(kms: Any, key: str) -> None:
    assert len(kms.generate_data_key(KeyId=key, KeySpec="AES_128")["Plaintext"]) == 16
    assert len(kms.generate_data_key(KeyId=key, NumberOfBytes=1024)["Plaintext"]) == 1024


@pytest.mark.documented(API + "API_GenerateDataKey.html")
def test_a_data_key_has_either_a_spec_or_a_length(kms: Any, key: str, refused: Any) -> None:
    words = ("ValidationException", "Please specify either number of bytes or key spec.")
    assert refused(kms.generate_data_key, KeyId=key) == words
    assert refused(kms.generate_data_key, KeyId=key, KeySpec="AES_256", NumberOfBytes=32) == words


@pytest.mark.documented(API + "API_GenerateDataKeyWithoutPlaintext.html")
def test_a_data_key_can_be_kept_for_later(kms: Any, key: str) -> None:
    made = kms.generate_data_key_without_plaintext(KeyId=key, KeySpec="AES_256", EncryptionContext={"a": "b"})
    assert "Plaintext" not in made
    got = kms.decrypt(CiphertextBlob=made["CiphertextBlob"], EncryptionContext={"a": "b"})
    assert (len(got["Plaintext"]), got["KeyMaterialId"]) == (32, made["KeyMaterialId"])


@pytest.mark.documented(API + "API_GenerateDataKeyPair.html")
@pytest.mark.parametrize("spec", ["RSA_2048", "ECC_NIST_P384", "ECC_SECG_P256K1", "ECC_NIST_EDWARDS25519"])
def test_a_data_key_pair_is_a_pair(kms: Any, key: str, spec: str) -> None:
    made = kms.generate_data_key_pair(KeyId=key, KeyPairSpec=spec)
    private: Any = load_der_private_key(made["PrivateKeyPlaintext"], None)
    public = private.public_key()
    assert public == load_der_public_key(made["PublicKey"])
    assert kms.decrypt(CiphertextBlob=made["PrivateKeyCiphertextBlob"])["Plaintext"] == made["PrivateKeyPlaintext"]


@pytest.mark.documented(API + "API_GenerateDataKeyPairWithoutPlaintext.html")
def test_a_data_key_pair_can_be_kept_for_later(kms: Any, key: str) -> None:
    made = kms.generate_data_key_pair_without_plaintext(KeyId=key, KeyPairSpec="ECC_NIST_P256")
    assert "PrivateKeyPlaintext" not in made
    secret = kms.decrypt(CiphertextBlob=made["PrivateKeyCiphertextBlob"])["Plaintext"]
    assert load_der_private_key(secret, None).public_key() == load_der_public_key(made["PublicKey"])


@pytest.mark.documented(API + "API_GenerateDataKey.html")
def test_only_symmetric_keys_wrap_data_keys(kms: Any, rsa: str, refused: Any) -> None:
    assert refused(kms.generate_data_key, KeyId=rsa, KeySpec="AES_256")[0] == "InvalidKeyUsageException"


@pytest.mark.documented(API + "API_GenerateRandom.html")
def test_random_bytes_are_given(kms: Any, refused: Any) -> None:
    once, again = (kms.generate_random(NumberOfBytes=64)["Plaintext"] for _ in range(2))
    assert len(once) == 64 and once != again
    assert refused(kms.generate_random) == ("ValidationException", "NumberOfBytes is required.")


@pytest.mark.documented(API + "API_ReEncrypt.html")
def test_a_ciphertext_is_carried_to_another_key_and_context(kms: Any, key: str, refused: Any) -> None:
    blob = kms.encrypt(KeyId=key, Plaintext=b"hello", EncryptionContext={"a": "1"})["CiphertextBlob"]
    kms.create_alias(AliasName="alias/new", TargetKeyId=kms.create_key()["KeyMetadata"]["KeyId"])
    made = kms.re_encrypt(
        CiphertextBlob=blob, SourceEncryptionContext={"a": "1"}, DestinationKeyId="alias/new",
        DestinationEncryptionContext={"b": "2"},
    )  # fmt: skip
    new = kms.describe_key(KeyId="alias/new")["KeyMetadata"]["Arn"]
    assert (made["SourceKeyId"], made["KeyId"]) == (ARN + key, new)
    got = kms.decrypt(CiphertextBlob=made["CiphertextBlob"], EncryptionContext={"b": "2"})
    assert (got["Plaintext"], got["KeyId"]) == (b"hello", new)
    again = {"CiphertextBlob": blob, "DestinationKeyId": key}
    assert refused(kms.re_encrypt, **again)[0] == "InvalidCiphertextException"


@pytest.mark.documented(GUIDE + "testing-permissions.html")
def test_a_dry_run_says_that_it_would_have_worked(kms: Any, key: str, refused: Any) -> None:
    words = "The request would have succeeded, but the DryRun option is set."
    assert refused(kms.encrypt, KeyId=key, Plaintext=b"x", DryRun=True) == ("DryRunOperationException", words)
    asked = {"KeyId": key, "DryRun": True, "DryRunModifiers": ["IGNORE_CIPHERTEXT"]}
    assert refused(kms.decrypt, **asked)[0] == "DryRunOperationException"
    kms.disable_key(KeyId=key)
    assert refused(kms.encrypt, KeyId=key, Plaintext=b"x", DryRun=True)[0] == "DisabledException"


@pytest.mark.ours
def test_replies_for_enclaves_are_not_built(kms: Any, key: str, refused: Any) -> None:
    recipient = {"KeyEncryptionAlgorithm": "RSAES_OAEP_SHA_256", "AttestationDocument": b"x"}
    asked = {"KeyId": key, "KeySpec": "AES_256", "Recipient": recipient}
    assert refused(kms.generate_data_key, **asked)[0] == "NotImplemented"


@pytest.mark.ours
def test_a_ciphertext_survives_saving_and_loading(cloud: Any, kms: Any, key: str, tmp_path: Any) -> None:
    blob = kms.encrypt(KeyId=key, Plaintext=b"hello")["CiphertextBlob"]
    cloud.save(tmp_path / "cloud.haar")
    cloud.reset()
    cloud.load(tmp_path / "cloud.haar")
    assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"hello"


@pytest.mark.fact("KMS-011")
def test_every_request_is_counted_by_its_record(cloud: Any, kms: Any, key: str) -> None:
    for _ in range(3):
        kms.encrypt(KeyId=key, Plaintext=b"x")
    events = cloud.client("cloudtrail").lookup_events(
        LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "Encrypt"}]
    )["Events"]
    assert len(events) == 3


@pytest.mark.ours
def test_a_ciphertext_survives_a_restart(tmp_path: Path) -> None:
    with Cloud(store=str(tmp_path / "data")) as before:
        kms = before.client("kms")
        key = kms.create_key()["KeyMetadata"]["KeyId"]
        blob = kms.encrypt(KeyId=key, Plaintext=b"hello")["CiphertextBlob"]
    materials._ready.clear()  # what the process remembers would be gone with it
    with Cloud(store=str(tmp_path / "data")) as after:
        assert after.client("kms").decrypt(CiphertextBlob=blob)["Plaintext"] == b"hello"
