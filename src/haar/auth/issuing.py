"""Web identity tokens that this cloud issues itself: the keys of its issuers, and what is signed with them.

An issuer has one key for each algorithm; both are rows, made when the issuer is opened, so that all nodes sign with
the same ones and a verifier finds them before the first token is out. A key has no end.

Source: RFC 7515 (the compact form), RFC 7517 and 7518 (keys and algorithms), OpenID Connect Discovery 1.0, section 3.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import msgspec

from haar.record import Record, key

if TYPE_CHECKING:
    from haar.ids import Ids
    from haar.store.transaction import Transaction

__all__ = ["ALGORITHMS", "IssuingKey", "configuration", "document", "open_issuer", "sign"]

ALGORITHMS: Final = ("ES384", "RS256")
_RSA_BITS: Final = 2048
#: Bytes of one number of the curve P-384.
_P384_BYTES: Final = 48
#: The order of the curve P-384: private keys are from 1 to one less.
_P384_ORDER: Final = 2**384 - 0x389CB27E0BC8D220A7E5F24DB74F58851313E695333AD68D


class IssuingKey(Record):
    """A key pair of an issuer. `private` is PKCS #8 DER, `public` the JSON Web Key that verifiers read."""

    issuer: str = key()
    algorithm: str = key()
    id: str
    private: bytes
    public: dict[str, str]


def open_issuer(tx: Transaction, ids: Ids, issuer: str) -> None:
    """Give an issuer (a URL) its keys; those it has already stay."""
    for algorithm in ALGORITHMS:
        if tx.get(IssuingKey, issuer, algorithm) is None:
            tx.put(_made(ids, issuer, algorithm))


def sign(tx: Transaction, issuer: str, algorithm: str, claims: Mapping[str, Any]) -> str:
    """A signed token with these claims, in the compact form. The issuer must be open."""
    from cryptography.hazmat.primitives.serialization import load_der_private_key

    row = tx.get(IssuingKey, issuer, algorithm)
    assert row is not None, f"{issuer} has no key for {algorithm}: open_issuer comes first"
    header = {"alg": algorithm, "kid": row.id, "typ": "JWT"}
    text = f"{_base64(msgspec.json.encode(header))}.{_base64(msgspec.json.encode(claims))}"
    return f"{text}.{_base64(_signature(load_der_private_key(row.private, None), text.encode()))}"


def document(tx: Transaction, issuer: str) -> dict[str, Any] | None:
    """The key document (JWKS) of an issuer; None when it was never opened."""
    keys = [row.public for row in tx.range(IssuingKey, issuer)]
    return {"keys": keys} if keys else None


def configuration(issuer: str, jwks_uri: str) -> dict[str, Any]:
    """The discovery document of an issuer whose keys are at a URL."""
    return {
        "issuer": issuer,
        "jwks_uri": jwks_uri,
        "response_types_supported": ["id_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": list(ALGORITHMS),
    }


def _made(ids: Ids, issuer: str, algorithm: str) -> IssuingKey:
    from cryptography.hazmat.primitives.asymmetric import ec, rsa
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    name = ids.uuid()
    public = {"kid": name, "alg": algorithm, "use": "sig"}
    private: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
    if algorithm == "ES384":
        chance = int.from_bytes(ids.bytes(_P384_BYTES + 8), "big")
        private = ec.derive_private_key(1 + chance % (_P384_ORDER - 1), ec.SECP384R1())
        point = private.public_key().public_numbers()
        public |= {"kty": "EC", "crv": "P-384", "x": _number(point.x, _P384_BYTES), "y": _number(point.y, _P384_BYTES)}
    else:
        # the one secret that a seed does not repeat: RSA keys cannot be made from given chance
        private = rsa.generate_private_key(65537, _RSA_BITS)
        numbers = private.public_key().public_numbers()
        public |= {"kty": "RSA", "n": _number(numbers.n, _RSA_BITS // 8), "e": _number(numbers.e, 3)}
    kept = private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return IssuingKey(issuer=issuer, algorithm=algorithm, id=name, private=kept, public=public)


def _signature(private: Any, text: bytes) -> bytes:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, padding
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

    if isinstance(private, ec.EllipticCurvePrivateKey):
        # RFC 7518, section 3.4: the two numbers side by side, not the DER that certificates use
        r, s = decode_dss_signature(private.sign(text, ec.ECDSA(hashes.SHA384(), deterministic_signing=True)))
        return r.to_bytes(_P384_BYTES, "big") + s.to_bytes(_P384_BYTES, "big")
    signature: bytes = private.sign(text, padding.PKCS1v15(), hashes.SHA256())
    return signature


def _number(value: int, size: int) -> str:
    return _base64(value.to_bytes(size, "big"))


def _base64(raw: bytes) -> str:
    from base64 import urlsafe_b64encode

    return urlsafe_b64encode(raw).decode().rstrip("=")
