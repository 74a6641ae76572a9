"""Key material: made, sealed into its row, and opened again into something that encrypts.

What was opened stays in a bounded cache of the process, named by the digest of key and material, so that a key which
is used again and again is opened once. Whether the key may be used at all is decided before, on the key's own row.

Everything secret comes from the cloud's own chance, so that a seed makes the same keys again; RSA keys alone do not,
as nothing makes them from given chance.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any, NamedTuple

from haar.kit import Call
from haar.services.kms.resources import Key, Material
from haar.services.kms.rules import NONCE_BYTES, SPECS, header_of

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

__all__ = [
    "Ready", "copy", "current", "curve_of", "digest_of", "forget", "is_of_spec", "make", "new_secret", "of_number",
    "private_bytes", "public_half", "put",
]  # fmt: skip

_READY_MAX = 1024
#: digest of the material -> what it opened into
_ready: dict[str, Ready] = {}
#: The orders of the curves: private keys are from 1 to one less (SEC 2, FIPS 186-5).
_ORDERS = {
    "ECC_NIST_P256": 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    "ECC_NIST_P384": 2**384 - 0x389CB27E0BC8D220A7E5F24DB74F58851313E695333AD68D,
    "ECC_NIST_P521": 2**521 - 0x5AE79787C40D069948033FEB708F65A2FC44A36477663B851449048E16EC79BF7,
    "ECC_SECG_P256K1": 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141,
}


class Ready(NamedTuple):
    """Opened material. `secret` is an AESGCM, a private key of `cryptography`, or the bytes of an HMAC key."""

    secret: Any
    id: str
    header: bytes

    def encrypt(self, nonce: bytes, plaintext: bytes, context: bytes) -> bytes:
        """A ciphertext of a symmetric key."""
        cipher: AESGCM = self.secret
        header = self.header
        return header + nonce + cipher.encrypt(nonce, plaintext, header + context)

    def decrypt(self, blob: bytes, context: bytes) -> bytes | None:
        """The plaintext of a ciphertext of a symmetric key; None when it or its context was changed."""
        from cryptography.exceptions import InvalidTag

        cipher: AESGCM = self.secret
        start = len(self.header)
        end = start + NONCE_BYTES
        try:
            return cipher.decrypt(blob[start:end], blob[end:], blob[:start] + context)
        except InvalidTag:
            return None


def current(call: Call, key: Key) -> Ready:
    """The material that a usable key encrypts and signs with."""
    found = of_number(call, key, key.material)
    assert found is not None, f"{key.arn} is usable and has no material"
    return found


def of_number(call: Call, key: Key, number: int) -> Ready | None:
    """One material of a key, opened; None when there is none of the number, or it is gone."""
    row = call.tx.get(Material, key.account, key.region, key.id, number)
    if row is None or not row.sealed:
        return None
    found = _ready.get(row.id)
    if found is None:
        secret = call.ports.sealer.open(row.sealed, about=_about(key, number))
        if len(_ready) >= _READY_MAX:
            _ready.clear()
        found = _ready[row.id] = Ready(_opened(key.spec, secret), row.id, header_of(key.account, key.id, number))
    return found


def make(call: Call, key: Key, number: int, **facts: Any) -> Material:
    """Give a key a new material of KMS's own."""
    return put(call, key, number, new_secret(call, key.spec), **facts)


def put(call: Call, key: Key, number: int, secret: bytes, **facts: Any) -> Material:
    """Keep a material, sealed. `facts` are further fields of the row."""
    return call.tx.put(
        Material(
            account=key.account,
            region=key.region,
            key_id=key.id,
            number=number,
            id=digest_of(key, secret),
            sealed=call.ports.sealer.seal(secret, about=_about(key, number)),
            created_at=call.now,
            **facts,
        )
    )


def copy(call: Call, row: Material, source: Key, target: Key) -> Material:
    """Put a material of a key into its replica: the same secret, sealed for another row."""
    secret = call.ports.sealer.open(row.sealed, about=_about(source, row.number))
    return put(
        call, target, row.number, secret, rotated_at=row.rotated_at, rotation=row.rotation, description=row.description
    )


def forget(call: Call, key: Key) -> None:
    """Delete all materials of a key."""
    for row in list(call.tx.range(Material, key.account, key.region, key.id)):
        call.tx.delete(row)


def digest_of(key: Key, secret: bytes) -> str:
    """What the API calls the id of a key material: it follows from the key's id and the material."""
    return sha256(b"\0".join((key.account.encode(), key.id.encode(), secret))).hexdigest()


def new_secret(call: Call, spec: str) -> bytes:
    """Fresh material: the key's bytes, or a private key in PKCS #8 (DER)."""
    family, size, _ = SPECS[spec]
    ids = call.ports.ids
    if family in ("aes", "hmac"):
        return ids.bytes(size)
    from cryptography.hazmat.primitives.asymmetric import rsa

    if family == "rsa":
        # by its module's name, so that one who must have the same key twice can say which
        return private_bytes(rsa.generate_private_key(65537, size))
    if family == "ec":
        from cryptography.hazmat.primitives.asymmetric import ec

        order = _ORDERS[spec]
        # eight bytes more than the order has, so that no private key is likelier than another
        chance = int.from_bytes(ids.bytes((order.bit_length() + 7) // 8 + 8), "big")
        return private_bytes(ec.derive_private_key(1 + chance % (order - 1), curve_of(spec)))
    if family == "ed25519":
        from cryptography.hazmat.primitives.asymmetric import ed25519

        return private_bytes(ed25519.Ed25519PrivateKey.from_private_bytes(ids.bytes(32)))
    from cryptography.hazmat.primitives.asymmetric import mldsa

    kind: Any = getattr(mldsa, f"MLDSA{spec[-2:]}PrivateKey")
    return private_bytes(kind.from_seed_bytes(ids.bytes(32)))


def curve_of(spec: str) -> Any:
    """The curve of a key spec."""
    from cryptography.hazmat.primitives.asymmetric import ec

    curves: dict[str, Any] = {
        "ECC_NIST_P256": ec.SECP256R1,
        "ECC_NIST_P384": ec.SECP384R1,
        "ECC_NIST_P521": ec.SECP521R1,
        "ECC_SECG_P256K1": ec.SECP256K1,
    }
    return curves[spec]()


def private_bytes(private: Any) -> bytes:
    """A private key of `cryptography` in PKCS #8, DER."""
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    written: bytes = private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return written


def public_half(spec: str, secret: bytes) -> bytes:
    """The public key that belongs to a material, as SubjectPublicKeyInfo in DER; empty for a symmetric one."""
    if SPECS[spec].family in ("aes", "hmac"):
        return b""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    written: bytes = _opened(spec, secret).public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return written


def is_of_spec(spec: str, secret: bytes) -> bool:
    """Whether bytes that somebody brought along are a material of a spec."""
    family, size, _ = SPECS[spec]
    if family in ("aes", "hmac"):
        return len(secret) == size
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, mldsa, rsa
    from cryptography.hazmat.primitives.serialization import load_der_private_key

    try:
        private = load_der_private_key(secret, None)
    except (ValueError, TypeError):
        return False
    if family == "rsa":
        return isinstance(private, rsa.RSAPrivateKey) and private.key_size == size
    if family == "ec":
        return isinstance(private, ec.EllipticCurvePrivateKey) and private.curve.name == curve_of(spec).name
    if family == "ed25519":
        return isinstance(private, ed25519.Ed25519PrivateKey)
    return isinstance(private, getattr(mldsa, f"MLDSA{spec[-2:]}PrivateKey"))


def _opened(spec: str, secret: bytes) -> Any:
    family = SPECS[spec].family
    if family == "hmac":
        return secret
    if family == "aes":
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        return AESGCM(secret)
    from cryptography.hazmat.primitives.serialization import load_der_private_key

    return load_der_private_key(secret, None)


def _about(key: Key, number: int) -> bytes:
    return f"{key.arn}#{number}".encode()
