"""Keys of every kind, and what is encrypted and signed with them."""

from __future__ import annotations

from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.serialization import load_der_public_key

from haar import Cloud

__all__ = ["live"]

ANN = "arn:aws:iam::000000000000:user/ann"
CONTEXT = {"box": "1"}
WRAPPING = {"WrappingAlgorithm": "RSAES_OAEP_SHA_256", "WrappingKeySpec": "RSA_2048"}
FOR_EVER = {"ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE"}

#: The lives that come first.
AFTER = ("iam",)


def live(cloud: Cloud) -> None:
    """A key that encrypts, others that sign, authenticate and agree, one from outside, one in two regions."""
    kms = cloud.client("kms")
    key = kms.create_key(Tags=[{"TagKey": "team", "TagValue": "blue"}])["KeyMetadata"]["KeyId"]
    kms.list_keys()
    kms.update_key_description(KeyId=key, Description="the first")
    kms.tag_resource(KeyId=key, Tags=[{"TagKey": "level", "TagValue": "1"}])
    kms.list_resource_tags(KeyId=key)
    kms.untag_resource(KeyId=key, TagKeys=["level"])
    kms.put_key_policy(KeyId=key, Policy=kms.get_key_policy(KeyId=key)["Policy"])
    kms.list_key_policies(KeyId=key)
    _aliases(kms, key)
    _encryption(kms, key)
    _grants(kms, key)
    _rotation(cloud, kms, key)
    _signing(kms)
    _imported(kms)
    _many(cloud, kms)
    spare = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.schedule_key_deletion(KeyId=spare)
    kms.cancel_key_deletion(KeyId=spare)
    kms.enable_key(KeyId=spare)
    kms.disable_key(KeyId=spare)
    kms.describe_key(KeyId="alias/aws/s3")


def last(cloud: Cloud) -> None:
    """What is good for a day only: after everything that takes longer."""
    kms = cloud.client("kms")
    empty = kms.create_key(Origin="EXTERNAL")["KeyMetadata"]["KeyId"]
    kms.get_parameters_for_import(KeyId=empty, **WRAPPING)


def _aliases(kms: Any, key: str) -> None:
    kms.create_alias(AliasName="alias/first", TargetKeyId=key)
    kms.create_alias(AliasName="alias/second", TargetKeyId=key)
    kms.update_alias(AliasName="alias/second", TargetKeyId=kms.create_key()["KeyMetadata"]["KeyId"])
    kms.list_aliases()
    kms.delete_alias(AliasName="alias/second")


def _encryption(kms: Any, key: str) -> None:
    blob = kms.encrypt(KeyId="alias/first", Plaintext=b"a secret", EncryptionContext=CONTEXT)["CiphertextBlob"]
    kms.decrypt(CiphertextBlob=blob, EncryptionContext=CONTEXT)
    kms.re_encrypt(CiphertextBlob=blob, SourceEncryptionContext=CONTEXT, DestinationKeyId=key)
    kms.generate_data_key(KeyId=key, KeySpec="AES_256")
    kms.generate_data_key_without_plaintext(KeyId=key, NumberOfBytes=24)
    kms.generate_data_key_pair(KeyId=key, KeyPairSpec="ECC_NIST_P256")
    kms.generate_data_key_pair_without_plaintext(KeyId=key, KeyPairSpec="ECC_NIST_EDWARDS25519")
    kms.generate_random(NumberOfBytes=16)
    kms.get_key_last_usage(KeyId=key)


def _grants(kms: Any, key: str) -> None:
    asked = {"KeyId": key, "GranteePrincipal": ANN, "RetiringPrincipal": ANN, "Operations": ["Encrypt"]}
    first, second = kms.create_grant(**asked), kms.create_grant(**asked)
    kms.create_grant(**asked)
    kms.list_grants(KeyId=key)
    kms.list_retirable_grants(RetiringPrincipal=ANN)
    kms.revoke_grant(KeyId=key, GrantId=first["GrantId"])
    kms.retire_grant(GrantToken=second["GrantToken"])


def _rotation(cloud: Cloud, kms: Any, key: str) -> None:
    kms.enable_key_rotation(KeyId=key)
    kms.get_key_rotation_status(KeyId=key)
    kms.rotate_key_on_demand(KeyId=key)
    kms.list_key_rotations(KeyId=key)
    kms.disable_key_rotation(KeyId=key)


def _signing(kms: Any) -> None:
    curve = {"KeySpec": "ECC_NIST_P256"}
    signer = kms.create_key(KeyUsage="SIGN_VERIFY", **curve)["KeyMetadata"]["KeyId"]
    named = {"KeyId": signer, "Message": b"a message", "SigningAlgorithm": "ECDSA_SHA_256"}
    kms.verify(Signature=kms.sign(**named)["Signature"], **named)
    agreeing = kms.create_key(KeyUsage="KEY_AGREEMENT", **curve)["KeyMetadata"]["KeyId"]
    public = kms.get_public_key(KeyId=signer)["PublicKey"]
    kms.derive_shared_secret(KeyId=agreeing, KeyAgreementAlgorithm="ECDH", PublicKey=public)
    authentic = kms.create_key(KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC")["KeyMetadata"]["KeyId"]
    named = {"KeyId": authentic, "Message": b"a message", "MacAlgorithm": "HMAC_SHA_256"}
    kms.verify_mac(Mac=kms.generate_mac(**named)["Mac"], **named)
    kms.create_key(KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")


def _imported(kms: Any) -> None:
    key = kms.create_key(Origin="EXTERNAL")["KeyMetadata"]["KeyId"]
    given = kms.get_parameters_for_import(KeyId=key, **WRAPPING)
    public: Any = load_der_public_key(given["PublicKey"])
    oaep = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)
    blob = public.encrypt(bytes(range(32)), oaep)
    kms.import_key_material(KeyId=key, ImportToken=given["ImportToken"], EncryptedKeyMaterial=blob, **FOR_EVER)
    kms.delete_imported_key_material(KeyId=key)


def _many(cloud: Cloud, kms: Any) -> None:
    key = kms.create_key(MultiRegion=True, Tags=[{"TagKey": "team", "TagValue": "blue"}])["KeyMetadata"]["KeyId"]
    kms.replicate_key(KeyId=key, ReplicaRegion="eu-west-1")
    cloud.advance(seconds=5)
    kms.update_primary_region(KeyId=key, PrimaryRegion="eu-west-1")
    cloud.advance(seconds=5)
