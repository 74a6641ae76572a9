"""Signatures of what is sent: made with a key of this cloud, whose certificate anybody can fetch.

Version 1 is RSA over SHA-1, version 2 over SHA-256. Signed are the names and values of some members, a line each, in
the order of their names. The key is made when the first message is signed, and is the same in every region.

Source: SNS Developer Guide, sns-verify-signature-of-message.html.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from haar.kit import Call
from haar.services.sns.resources import SigningKey

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

__all__ = ["PLACE", "certificate", "sign", "signed_text"]

#: Where the certificate is, under whatever address this cloud has. The name is the certificate's digest.
PLACE: Final = "/_haar/sns/SimpleNotificationService-{0}.pem"
_NAME: Final = "sns"
_BITS: Final = 2048
_YEARS: Final = 10
_MEMBERS: Final = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
    "UnsubscribeConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
}


def signed_text(told: Mapping[str, Any]) -> str:
    """What is signed of a message."""
    return "".join(f"{name}\n{told[name]}\n" for name in _MEMBERS[told["Type"]] if name in told)


def sign(call: Call, told: Mapping[str, Any], version: str, door: str) -> dict[str, str]:
    """The members that a signature adds to a message; `door` is the address of this cloud."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding

    kept = _kept(call)
    digest = hashes.SHA256() if version == "2" else hashes.SHA1()  # version 1 is SHA-1 by definition # noqa: S303
    signature = _private(kept.private).sign(signed_text(told).encode(), padding.PKCS1v15(), digest)
    return {
        "SignatureVersion": version,
        "Signature": base64.b64encode(signature).decode(),
        "SigningCertURL": door + PLACE.format(_digest(kept.certificate)),
    }


def certificate(tx: Any, digest: str) -> str | None:
    """The certificate of this digest, in PEM; None when this cloud signs with another or has never signed."""
    kept: SigningKey | None = tx.get(SigningKey, _NAME)
    return kept.certificate if kept is not None and _digest(kept.certificate) == digest else None


@lru_cache(maxsize=16)
def _digest(pem: str) -> str:
    import hashlib

    return hashlib.sha256(pem.encode()).hexdigest()[:32]


@lru_cache(maxsize=16)
def _private(pem: str) -> RSAPrivateKey:
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    found: Any = load_pem_private_key(pem.encode(), password=None)
    key: RSAPrivateKey = found
    return key


def _kept(call: Call) -> SigningKey:
    """The key, made now where there is none yet."""
    found = call.tx.get(SigningKey, _NAME)
    return found if found is not None else call.tx.put(_made(call))


def _made(call: Call) -> SigningKey:
    from datetime import UTC, datetime, timedelta

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.x509.oid import NameOID

    private = rsa.generate_private_key(public_exponent=65537, key_size=_BITS)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    since = datetime.fromtimestamp(call.now, UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(int(call.ports.ids.hex(32), 16) or 1)
        .not_valid_before(since - timedelta(days=1))
        .not_valid_after(since + timedelta(days=366 * _YEARS))
        .sign(private, hashes.SHA256())
    )
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    shown = made.public_bytes(serialization.Encoding.PEM)
    return SigningKey(name=_NAME, private=pem.decode(), certificate=shown.decode())
