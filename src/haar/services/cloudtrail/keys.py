"""The keys that digest files are signed with: a pair for each region, for 30 days, made when it is first needed.

Source: AWS CloudTrail User Guide, cloudtrail-log-file-validation-intro.html; API Reference, API_ListPublicKeys.html.
"""

from __future__ import annotations

from haar.kit import Call, md5, replace
from haar.services.cloudtrail.resources import SigningKey

VALID_SECONDS = 30 * 86_400.0
_BITS = 2048


def current(call: Call, region: str) -> SigningKey:
    """The pair that a region signs with now; a new one takes over when the last has had its time."""
    last = next(call.tx.range(SigningKey, region, reverse=True, limit=1), None)
    if last is not None and call.now < last.until:
        return last
    if last is not None:
        call.tx.put(replace(last, sealed=b""))
    return call.tx.put(_made(call, region))


def sign(call: Call, key: SigningKey, text: bytes) -> str:
    """The signature (RSA, PKCS #1 v1.5, SHA-256) of a text, in hexadecimal."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding, rsa
    from cryptography.hazmat.primitives.serialization import load_der_private_key

    secret = call.ports.sealer.open(key.sealed, about=_about(key.region))
    # what the sealer opens is what was sealed: looking for odd numbers again would take longer than signing
    private = load_der_private_key(secret, None, unsafe_skip_rsa_key_validation=True)
    assert isinstance(private, rsa.RSAPrivateKey)
    return private.sign(text, padding.PKCS1v15(), hashes.SHA256()).hex()


def _made(call: Call, region: str) -> SigningKey:
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

    # RSA keys cannot be made from given chance: the one thing here that a seed does not repeat
    private = rsa.generate_private_key(65537, _BITS)
    public = private.public_key().public_bytes(Encoding.DER, PublicFormat.PKCS1)
    secret = private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    sealed = call.ports.sealer.seal(secret, about=_about(region))
    since = call.now
    return SigningKey(
        region=region, since=since, until=since + VALID_SECONDS, fingerprint=md5(public), public=public, sealed=sealed
    )


def _about(region: str) -> bytes:
    return f"cloudtrail/{region}".encode()
