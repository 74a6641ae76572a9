"""Signing, authenticating and agreeing, also with those who have never heard of KMS."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key

from haar.services.kms import edwards

API = "https://docs.aws.amazon.com/kms/latest/APIReference/"
GUIDE = "https://docs.aws.amazon.com/kms/latest/developerguide/"
ARN = "arn:aws:kms:us-east-1:000000000000:key/"


def made(kms: Any, spec: str, usage: str = "SIGN_VERIFY") -> str:
    """The id of a new key."""
    key: str = kms.create_key(KeySpec=spec, KeyUsage=usage)["KeyMetadata"]["KeyId"]
    return key


@pytest.mark.documented(API + "API_Sign.html")
@pytest.mark.parametrize(
    ("spec", "algorithm"),
    [
        ("RSA_2048", "RSASSA_PSS_SHA_256"), ("RSA_2048", "RSASSA_PSS_SHA_384"), ("RSA_2048", "RSASSA_PSS_SHA_512"),
        ("RSA_2048", "RSASSA_PKCS1_V1_5_SHA_256"), ("RSA_2048", "RSASSA_PKCS1_V1_5_SHA_384"),
        ("RSA_2048", "RSASSA_PKCS1_V1_5_SHA_512"), ("ECC_NIST_P256", "ECDSA_SHA_256"),
        ("ECC_NIST_P384", "ECDSA_SHA_384"), ("ECC_NIST_P521", "ECDSA_SHA_512"), ("ECC_SECG_P256K1", "ECDSA_SHA_256"),
    ],
)  # fmt: skip
def test_the_signature_of_a_message_is_that_of_its_digest(kms: Any, refused: Any, spec: str, algorithm: str) -> None:
    named = {"KeyId": made(kms, spec), "SigningAlgorithm": algorithm}
    digest = hashlib.new(f"sha{algorithm[-3:]}", b"a message").digest()
    signature = kms.sign(Message=b"a message", **named)["Signature"]
    assert kms.verify(Message=digest, MessageType="DIGEST", Signature=signature, **named)["SignatureValid"]
    other = kms.sign(Message=digest, MessageType="DIGEST", **named)["Signature"]
    assert kms.verify(Message=b"a message", Signature=other, **named)["SignatureValid"]
    forged = {"Message": b"another", "Signature": signature, **named}
    assert refused(kms.verify, **forged) == ("KMSInvalidSignatureException", "")


@pytest.mark.fact("KMSA-002")
def test_a_signature_is_verified_outside_with_the_public_key(kms: Any) -> None:
    key = made(kms, "RSA_2048")
    shown = kms.get_public_key(KeyId=key)
    assert (shown["KeyId"], shown["KeySpec"], shown["KeyUsage"]) == (ARN + key, "RSA_2048", "SIGN_VERIFY")
    signature = kms.sign(KeyId=key, Message=b"m", SigningAlgorithm="RSASSA_PSS_SHA_256")["Signature"]
    public: Any = load_der_public_key(shown["PublicKey"])
    pss = padding.PSS(padding.MGF1(hashes.SHA256()), 32)
    public.verify(signature, b"m", pss, hashes.SHA256())
    with pytest.raises(InvalidSignature):
        public.verify(signature, b"n", pss, hashes.SHA256())


@pytest.mark.fact("KMSA-003")
def test_no_operation_returns_a_private_key(kms: Any) -> None:
    key = made(kms, "ECC_NIST_P256")
    given = [*kms.get_public_key(KeyId=key), *kms.describe_key(KeyId=key)["KeyMetadata"]]
    assert not [member for member in given if "private" in member.lower() or "plaintext" in member.lower()]
    outputs = {name: kms.meta.service_model.operation_model(name).output_shape for name in ("GetPublicKey", "Sign")}
    assert all("Private" not in member for shape in outputs.values() for member in shape.members)
    public: Any = load_der_public_key(kms.get_public_key(KeyId=key)["PublicKey"])
    signature = kms.sign(KeyId=key, Message=b"m", SigningAlgorithm="ECDSA_SHA_256")["Signature"]
    public.verify(signature, b"m", ec.ECDSA(hashes.SHA256()))


@pytest.mark.documented(API + "API_Sign.html")
def test_a_digest_has_the_length_of_its_algorithm(kms: Any, refused: Any) -> None:
    asked = {"KeyId": made(kms, "ECC_NIST_P384"), "SigningAlgorithm": "ECDSA_SHA_384", "MessageType": "DIGEST"}
    words = "Digest is invalid length for algorithm ECDSA_SHA_384."
    assert refused(kms.sign, Message=b"short", **asked) == ("ValidationException", words)


@pytest.mark.documented(API + "API_Sign.html")
def test_an_algorithm_must_be_one_of_the_keys(kms: Any, refused: Any) -> None:
    words = "Algorithm ECDSA_SHA_512 is incompatible with key spec ECC_NIST_P256."
    asked = {"KeyId": made(kms, "ECC_NIST_P256"), "Message": b"m", "SigningAlgorithm": "ECDSA_SHA_512"}
    assert refused(kms.sign, **asked) == ("InvalidKeyUsageException", words)


@pytest.mark.documented(API + "API_Sign.html")
def test_an_encrypting_key_signs_nothing(kms: Any, key: str, refused: Any) -> None:
    asked = {"KeyId": key, "Message": b"m", "SigningAlgorithm": "ECDSA_SHA_256"}
    words = f"{ARN}{key} key usage is ENCRYPT_DECRYPT which is not valid for Sign."
    assert refused(kms.sign, **asked) == ("InvalidKeyUsageException", words)


@pytest.mark.documented(GUIDE + "symm-asymm-choose-key-spec.html")
def test_ed25519_signs_messages_and_in_its_other_form_digests(kms: Any, refused: Any) -> None:
    key = made(kms, "ECC_NIST_EDWARDS25519")
    public: Any = load_der_public_key(kms.get_public_key(KeyId=key)["PublicKey"])
    plain = kms.sign(KeyId=key, Message=b"m", SigningAlgorithm="ED25519_SHA_512")["Signature"]
    public.verify(plain, b"m")
    named = {"KeyId": key, "SigningAlgorithm": "ED25519_PH_SHA_512", "MessageType": "DIGEST"}
    digest = hashlib.sha512(b"m").digest()
    signature = kms.sign(Message=digest, **named)["Signature"]
    assert signature != plain
    assert kms.verify(Message=digest, Signature=signature, **named)["SignatureValid"]
    assert refused(kms.verify, Message=digest, Signature=plain, **named)[0] == "KMSInvalidSignatureException"
    raw = {"KeyId": key, "SigningAlgorithm": "ED25519_PH_SHA_512", "Message": digest}
    assert refused(kms.sign, **raw)[0] == "ValidationException"


@pytest.mark.ours
def test_the_prehashed_form_of_ed25519_is_that_of_its_standard() -> None:
    # the example of RFC 8032, section 7.3
    seed = bytes.fromhex("833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42")
    public = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
    expected = (
        "98a70222f0b8121aa9d30f813d683f809e462b469c7ff87639499bb94e6dae41"
        "31f85042463c2a355a2003d062adf5aaa10b8c61e636062aaad11c2a26083406"
    )
    digest = hashlib.sha512(b"abc").digest()
    signature = edwards.sign_prehashed(seed, digest)
    assert signature.hex() == expected
    assert edwards.verify_prehashed(public, digest, signature)
    assert not edwards.verify_prehashed(public, hashlib.sha512(b"abd").digest(), signature)


@pytest.mark.documented(GUIDE + "mldsa.html")
@pytest.mark.parametrize(("spec", "length"), [("ML_DSA_44", 2420), ("ML_DSA_65", 3309), ("ML_DSA_87", 4627)])
def test_lattice_keys_sign(kms: Any, refused: Any, spec: str, length: int) -> None:
    named = {"KeyId": made(kms, spec), "SigningAlgorithm": "ML_DSA_SHAKE_256"}
    signature = kms.sign(Message=b"m", **named)["Signature"]
    assert len(signature) == length
    assert kms.verify(Message=b"m", Signature=signature, **named)["SignatureValid"]
    assert refused(kms.verify, Message=b"n", Signature=signature, **named)[0] == "KMSInvalidSignatureException"


@pytest.mark.documented(API + "API_Sign.html")
def test_a_lattice_key_signs_a_message_representative_made_outside(kms: Any) -> None:
    named = {"KeyId": made(kms, "ML_DSA_44"), "SigningAlgorithm": "ML_DSA_SHAKE_256"}
    public: Any = load_der_public_key(kms.get_public_key(KeyId=named["KeyId"])["PublicKey"])
    head = hashlib.shake_256(public.public_bytes_raw()).digest(64)
    mu = hashlib.shake_256(head + b"\0\0" + b"m").digest(64)
    signature = kms.sign(Message=mu, MessageType="EXTERNAL_MU", **named)["Signature"]
    assert kms.verify(Message=b"m", Signature=signature, **named)["SignatureValid"]


@pytest.mark.documented(API + "API_GenerateMac.html")
@pytest.mark.parametrize("bits", ["224", "256", "384", "512"])
def test_a_code_is_verified_and_a_false_one_refused(kms: Any, refused: Any, bits: str) -> None:
    named = {"KeyId": made(kms, f"HMAC_{bits}", "GENERATE_VERIFY_MAC"), "MacAlgorithm": f"HMAC_SHA_{bits}"}
    mac = kms.generate_mac(Message=b"m", **named)["Mac"]
    assert len(mac) == int(bits) // 8
    assert kms.verify_mac(Message=b"m", Mac=mac, **named)["MacValid"]
    assert refused(kms.verify_mac, Message=b"n", Mac=mac, **named) == ("KMSInvalidMacException", "")


@pytest.mark.documented(API + "API_GenerateMac.html")
def test_a_mac_algorithm_must_be_the_keys(kms: Any, refused: Any) -> None:
    key = made(kms, "HMAC_224", "GENERATE_VERIFY_MAC")
    words = "Algorithm HMAC_SHA_256 is incompatible with key spec HMAC_224."
    asked = {"KeyId": key, "Message": b"m", "MacAlgorithm": "HMAC_SHA_256"}
    assert refused(kms.generate_mac, **asked) == ("InvalidKeyUsageException", words)


@pytest.mark.documented(API + "API_DeriveSharedSecret.html")
@pytest.mark.parametrize("spec", ["ECC_NIST_P256", "ECC_NIST_P384", "ECC_NIST_P521"])
def test_both_sides_derive_the_same_secret(kms: Any, spec: str) -> None:
    alice, bob = made(kms, spec, "KEY_AGREEMENT"), made(kms, spec, "KEY_AGREEMENT")
    secrets = [
        kms.derive_shared_secret(
            KeyId=one, KeyAgreementAlgorithm="ECDH", PublicKey=kms.get_public_key(KeyId=other)["PublicKey"]
        )["SharedSecret"]
        for one, other in ((alice, bob), (bob, alice))
    ]
    assert secrets[0] == secrets[1] and len(secrets[0]) >= 32


@pytest.mark.documented(API + "API_DeriveSharedSecret.html")
def test_a_stranger_outside_derives_the_same_secret(kms: Any) -> None:
    key = made(kms, "ECC_NIST_P256", "KEY_AGREEMENT")
    own = ec.generate_private_key(ec.SECP256R1())
    der = own.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    given = kms.derive_shared_secret(KeyId=key, KeyAgreementAlgorithm="ECDH", PublicKey=der)["SharedSecret"]
    public: Any = load_der_public_key(kms.get_public_key(KeyId=key)["PublicKey"])
    assert hmac.compare_digest(given, own.exchange(ec.ECDH(), public))


@pytest.mark.documented(API + "API_DeriveSharedSecret.html")
def test_a_public_key_of_another_curve_is_refused(kms: Any, refused: Any) -> None:
    key, other = made(kms, "ECC_NIST_P256", "KEY_AGREEMENT"), made(kms, "ECC_NIST_P384", "KEY_AGREEMENT")
    asked = {"KeyId": key, "KeyAgreementAlgorithm": "ECDH", "PublicKey": kms.get_public_key(KeyId=other)["PublicKey"]}
    assert refused(kms.derive_shared_secret, **asked)[0] == "ValidationException"


@pytest.mark.ours
def test_the_same_message_has_the_same_curve_signature(kms: Any) -> None:
    named = {"KeyId": made(kms, "ECC_NIST_P256"), "Message": b"m", "SigningAlgorithm": "ECDSA_SHA_256"}
    assert kms.sign(**named)["Signature"] == kms.sign(**named)["Signature"]
