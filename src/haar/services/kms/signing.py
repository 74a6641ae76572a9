"""The asymmetric algorithms, on private keys of `cryptography`.

Signatures whose number could be chosen are made without chance (ECDSA by RFC 6979), so that the same request has the
same answer; PSS and OAEP take theirs from the operating system.

Sources: KMS Developer Guide, symm-asymm-choose-key-spec.html; RFC 8017 (RSA), RFC 6979, RFC 8032, FIPS 204.
"""

from __future__ import annotations

from typing import Any, Final

from haar.services.kms import edwards

__all__ = ["DIGEST_BYTES", "agree", "oaep_bytes_max", "oaep_decrypt", "oaep_encrypt", "sign", "verify"]

#: Bytes of the digest that each signing algorithm signs; the ML-DSA message representative mu has 64.
DIGEST_BYTES: Final = {"256": 32, "384": 48, "512": 64}


def _hash(bits: str) -> Any:
    from cryptography.hazmat.primitives import hashes

    known: dict[str, Any] = {"1": hashes.SHA1, "256": hashes.SHA256, "384": hashes.SHA384, "512": hashes.SHA512}
    return known[bits]()


# -- RSA encryption ------------------------------------------------------------------------------------------------


def _oaep(algorithm: str) -> Any:
    from cryptography.hazmat.primitives.asymmetric import padding

    bits = algorithm.rpartition("_")[2]
    return padding.OAEP(mgf=padding.MGF1(_hash(bits)), algorithm=_hash(bits), label=None)


def oaep_bytes_max(private: Any, algorithm: str) -> int:
    """The longest plaintext that a key encrypts (RFC 8017, section 7.1.1)."""
    digest = 20 if algorithm.endswith("SHA_1") else 32
    return int(private.key_size) // 8 - 2 * digest - 2


def oaep_encrypt(private: Any, algorithm: str, plaintext: bytes) -> bytes:
    """The plaintext, encrypted with the public half."""
    made: bytes = private.public_key().encrypt(plaintext, _oaep(algorithm))
    return made


def oaep_decrypt(private: Any, algorithm: str, blob: bytes) -> bytes | None:
    """The plaintext again; None when it was not encrypted so."""
    try:
        plaintext: bytes = private.decrypt(blob, _oaep(algorithm))
    except ValueError:
        return None
    return plaintext


# -- signatures ----------------------------------------------------------------------------------------------------


def sign(private: Any, algorithm: str, message: bytes, *, is_digest: bool) -> bytes:
    """A signature of a message, or of what is its digest already."""
    made: bytes
    if algorithm == "ED25519_SHA_512":
        made = private.sign(message)
    elif algorithm == "ED25519_PH_SHA_512":
        made = edwards.sign_prehashed(private.private_bytes_raw(), message)
    elif algorithm.startswith("ML_DSA"):
        made = private.sign_mu(message) if is_digest else private.sign(message)
    elif algorithm.startswith("ECDSA"):
        made = private.sign(message, _ecdsa(algorithm, is_digest=is_digest, deterministic=True))
    else:
        made = private.sign(message, _padding(algorithm), _digest(algorithm, is_digest=is_digest))
    return made


def verify(private: Any, algorithm: str, message: bytes, signature: bytes, *, is_digest: bool) -> bool:
    """Whether a signature is one of this key for this message."""
    from cryptography.exceptions import InvalidSignature

    public = private.public_key()
    if algorithm == "ED25519_PH_SHA_512":
        return edwards.verify_prehashed(public.public_bytes_raw(), message, signature)
    try:
        if algorithm == "ED25519_SHA_512":
            public.verify(signature, message)
        elif algorithm.startswith("ML_DSA"):
            (public.verify_mu if is_digest else public.verify)(signature, message)
        elif algorithm.startswith("ECDSA"):
            public.verify(signature, message, _ecdsa(algorithm, is_digest=is_digest))
        else:
            public.verify(signature, message, _padding(algorithm), _digest(algorithm, is_digest=is_digest))
    except InvalidSignature:
        return False
    return True


def _digest(algorithm: str, *, is_digest: bool) -> Any:
    from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

    found = _hash(algorithm.rpartition("_")[2])
    return Prehashed(found) if is_digest else found


def _ecdsa(algorithm: str, *, is_digest: bool, deterministic: bool = False) -> Any:
    from cryptography.hazmat.primitives.asymmetric import ec

    return ec.ECDSA(_digest(algorithm, is_digest=is_digest), deterministic_signing=deterministic)


def _padding(algorithm: str) -> Any:
    from cryptography.hazmat.primitives.asymmetric import padding

    if "_PSS_" not in algorithm:
        return padding.PKCS1v15()
    bits = algorithm.rpartition("_")[2]
    return padding.PSS(mgf=padding.MGF1(_hash(bits)), salt_length=DIGEST_BYTES[bits])


# -- agreement -----------------------------------------------------------------------------------------------------


def agree(private: Any, public: bytes) -> bytes | None:
    """The secret shared with whoever holds the private half of a public key (DER); None when they do not match."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    try:
        peer = load_der_public_key(public)
    except (ValueError, UnsupportedAlgorithm):
        return None
    if not isinstance(peer, ec.EllipticCurvePublicKey) or peer.curve.name != private.curve.name:
        return None
    secret: bytes = private.exchange(ec.ECDH(), peer)
    return secret
