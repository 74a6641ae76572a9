"""What KMS decides without looking anywhere: key specs and what they can do, key ids, key states, contexts.

Sources: KMS Developer Guide, symm-asymm-choose-key-spec.html, key-state.html, encrypt_context.html and
resource-limits.html; API reference of CreateKey.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Mapping
from typing import Final, NamedTuple

__all__ = [
    "AWS_SERVICES", "DATA_KEY_PAIRS", "DAY", "GRANTABLE", "SPECS", "SYMMETRIC", "UNBUILT_SPECS", "Header", "Spec",
    "algorithm_member", "canonical", "header_of", "is_key_id", "is_same_context", "key_number", "read_header",
]  # fmt: skip

DAY: Final = 86_400.0
SYMMETRIC: Final = "SYMMETRIC_DEFAULT"

_ENCRYPTING = ("RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256")
_RSA_SIGNING = (
    "RSASSA_PKCS1_V1_5_SHA_256", "RSASSA_PKCS1_V1_5_SHA_384", "RSASSA_PKCS1_V1_5_SHA_512",
    "RSASSA_PSS_SHA_256", "RSASSA_PSS_SHA_384", "RSASSA_PSS_SHA_512",
)  # fmt: skip


class Spec(NamedTuple):
    """What a key of a spec is made of, and the algorithms of each usage it can have."""

    #: "aes", "rsa", "ec", "ed25519", "mldsa" or "hmac"
    family: str
    #: bits of the RSA modulus, bytes of an HMAC key, otherwise 0
    size: int
    usages: Mapping[str, tuple[str, ...]]


def _rsa(bits: int) -> Spec:
    return Spec("rsa", bits, {"ENCRYPT_DECRYPT": _ENCRYPTING, "SIGN_VERIFY": _RSA_SIGNING})


def _curve(algorithm: str) -> Spec:
    return Spec("ec", 0, {"SIGN_VERIFY": (algorithm,), "KEY_AGREEMENT": ("ECDH",)})


def _hmac(bits: int, length: int) -> Spec:
    return Spec("hmac", length, {"GENERATE_VERIFY_MAC": (f"HMAC_SHA_{bits}",)})


_LATTICE = Spec("mldsa", 0, {"SIGN_VERIFY": ("ML_DSA_SHAKE_256",)})

SPECS: Final[Mapping[str, Spec]] = {
    SYMMETRIC: Spec("aes", 32, {"ENCRYPT_DECRYPT": (SYMMETRIC,)}),
    "RSA_2048": _rsa(2048),
    "RSA_3072": _rsa(3072),
    "RSA_4096": _rsa(4096),
    "ECC_NIST_P256": _curve("ECDSA_SHA_256"),
    "ECC_NIST_P384": _curve("ECDSA_SHA_384"),
    "ECC_NIST_P521": _curve("ECDSA_SHA_512"),
    "ECC_SECG_P256K1": Spec("ec", 0, {"SIGN_VERIFY": ("ECDSA_SHA_256",)}),
    "ECC_NIST_EDWARDS25519": Spec("ed25519", 0, {"SIGN_VERIFY": ("ED25519_SHA_512", "ED25519_PH_SHA_512")}),
    "ML_DSA_44": _LATTICE,
    "ML_DSA_65": _LATTICE,
    "ML_DSA_87": _LATTICE,
    "HMAC_224": _hmac(224, 28),
    "HMAC_256": _hmac(256, 32),
    "HMAC_384": _hmac(384, 48),
    "HMAC_512": _hmac(512, 64),
}
#: Specs of the model that are refused, and why.
UNBUILT_SPECS: Final[Mapping[str, str]] = {
    "SM2": "SM2 keys exist in the China Regions of AWS only.",
    "ML_KEM_512": "Keys for key encapsulation (ML-KEM) are not built.",
    "ML_KEM_768": "Keys for key encapsulation (ML-KEM) are not built.",
    "ML_KEM_1024": "Keys for key encapsulation (ML-KEM) are not built.",
}
#: Specs of data key pairs.
DATA_KEY_PAIRS: Final = tuple(name for name, spec in SPECS.items() if spec.family in ("rsa", "ec", "ed25519"))

_MEMBERS: Final = {
    "ENCRYPT_DECRYPT": "EncryptionAlgorithms",
    "SIGN_VERIFY": "SigningAlgorithms",
    "GENERATE_VERIFY_MAC": "MacAlgorithms",
    "KEY_AGREEMENT": "KeyAgreementAlgorithms",
}


def algorithm_member(usage: str) -> str:
    """The member in which a description lists the algorithms of a usage."""
    return _MEMBERS[usage]


#: What a grant can allow, by key usage (docs: KMS Developer Guide, grants.html#terms-grant-operations).
_ALWAYS = ("CreateGrant", "RetireGrant", "DescribeKey")
_CIPHER = ("Decrypt", "Encrypt", "ReEncryptFrom", "ReEncryptTo")
_DATA_KEYS = (
    "GenerateDataKey", "GenerateDataKeyWithoutPlaintext", "GenerateDataKeyPair", "GenerateDataKeyPairWithoutPlaintext",
)  # fmt: skip
GRANTABLE: Final[Mapping[tuple[bool, str], frozenset[str]]] = {
    (True, "ENCRYPT_DECRYPT"): frozenset((*_ALWAYS, *_CIPHER, *_DATA_KEYS)),
    (False, "ENCRYPT_DECRYPT"): frozenset((*_ALWAYS, *_CIPHER, "GetPublicKey")),
    (False, "SIGN_VERIFY"): frozenset((*_ALWAYS, "Sign", "Verify", "GetPublicKey")),
    (False, "KEY_AGREEMENT"): frozenset((*_ALWAYS, "DeriveSharedSecret", "GetPublicKey")),
    (False, "GENERATE_VERIFY_MAC"): frozenset((*_ALWAYS, "GenerateMac", "VerifyMac")),
}

#: Services that have a key of their own in every account, `alias/aws/NAME`: the host part of the service's name by
#: the alias's (docs: KMS Developer Guide, concepts.html#aws-managed-key, and the pages of the services).
AWS_SERVICES: Final[Mapping[str, str]] = {
    name: name
    for name in (
        "acm", "backup", "codecommit", "connect", "dms", "dynamodb", "ebs", "es", "fsx", "glue", "kafka", "kinesis",
        "kinesisvideo", "lambda", "lightsail", "rds", "redshift", "s3", "secretsmanager", "sns", "sqs", "ssm",
        "workspaces", "xray",
    )
} | {"ebs": "ec2", "elasticfilesystem": "elasticfilesystem", "aoss": "aoss"}  # fmt: skip

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_MULTI = re.compile(r"mrk-[0-9a-f]{32}")


def is_key_id(text: str) -> bool:
    """Whether a text has the form of a key id: a UUID, or `mrk-` and 32 digits."""
    return _UUID.fullmatch(text) is not None or _MULTI.fullmatch(text) is not None


def key_number(key_id: str) -> bytes:
    """The sixteen bytes of a key id, and one that says of which form it is."""
    if key_id.startswith("mrk-"):
        return b"\1" + bytes.fromhex(key_id[4:])
    return b"\0" + bytes.fromhex(key_id.replace("-", ""))


# -- ciphertexts ---------------------------------------------------------------------------------------------------
#
# magic (4)  account (8)  key id (17)  number of the key material (4) | nonce (12)  encrypted bytes  tag (16)
#
# Everything before the nonce is bound to the encrypted bytes as additional data, together with the encryption context.
# The region is not part of it: a multi-Region key decrypts in every region it lives in.

#: Ciphertexts of AWS begin with these bytes, too; programs recognize them by the `AQIC` of their base64.
_MAGIC: Final = b"\x01\x02\x02\x00"
_HEADER = struct.Struct(">4sQ17sI")
HEADER_BYTES: Final = _HEADER.size
NONCE_BYTES: Final = 12
_TAG_BYTES: Final = 16


class Header(NamedTuple):
    """What a ciphertext says about the key that made it."""

    account: str
    key_id: str
    number: int


def header_of(account: str, key_id: str, number: int) -> bytes:
    """The first bytes of every ciphertext made with one key material."""
    return _HEADER.pack(_MAGIC, int(account), key_number(key_id), number)


def read_header(blob: bytes) -> Header | None:
    """Which key made a ciphertext; None when it is no ciphertext of a symmetric key."""
    if len(blob) <= HEADER_BYTES + NONCE_BYTES + _TAG_BYTES or not blob.startswith(_MAGIC):
        return None
    _, account, name, number = _HEADER.unpack_from(blob)
    digits = name[1:].hex()
    if name[0]:
        key_id = f"mrk-{digits}"
    else:
        key_id = f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
    return Header(f"{account:012d}", key_id, number)


def canonical(context: Mapping[str, str] | None) -> bytes:
    """An encryption context as bytes: the same for the same pairs in any order, different for different ones."""
    if not context:
        return b""
    parts = []
    for name in sorted(context):
        for text in (name, context[name]):
            raw = text.encode()
            parts.append(len(raw).to_bytes(4, "big") + raw)
    return b"".join(parts)


def is_same_context(wanted: Mapping[str, str], given: Mapping[str, str], *, exactly: bool) -> bool:
    """Whether a request's encryption context is the wanted one, or (not exactly) has all of it."""
    if exactly:
        return dict(wanted) == dict(given)
    return all(given.get(name) == value for name, value in wanted.items())
