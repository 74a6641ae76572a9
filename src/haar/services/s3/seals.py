"""The seals of S3: a key that was made for one object, and two layers where an object is encrypted twice.

A seal encrypts with AES-256-GCM: the nonce (12), then the encrypted bytes and their tag (16). The key of an object is
drawn from a data key and the object's own salt, so that no two objects share one, whoever else has the data key.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2b
from typing import TYPE_CHECKING, Final

from haar.kit.sealing import Seal, SealBroken

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

__all__ = ["SALT_BYTES", "Doubled", "KeySeal"]

SALT_BYTES: Final = 16
_NONCE_BYTES: Final = 12


class KeySeal:
    """Seals with a key that is drawn from a data key of 32 bytes and a salt; `random_bytes` makes nonces."""

    __slots__ = ("_cipher", "_random")

    def __init__(self, data_key: bytes, salt: bytes, random_bytes: Callable[[int], bytes]) -> None:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        self._cipher: AESGCM = AESGCM(blake2b(salt, key=data_key, digest_size=32, person=b"haar s3 object").digest())
        self._random = random_bytes

    def seal(self, plain: bytes, about: bytes = b"") -> bytes:
        """The bytes, encrypted and bound to what they are about: 28 bytes longer."""
        nonce = self._random(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, plain, about)

    def open(self, sealed: bytes, about: bytes = b"") -> bytes:
        """The bytes again. Raises SealBroken."""
        from cryptography.exceptions import InvalidTag

        try:
            return self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], about)
        except InvalidTag:
            raise SealBroken("the sealed bytes were changed, or were sealed with another key") from None


class Doubled:
    """Two seals, one around the other; neither opens anything without the other."""

    __slots__ = ("_inner", "_outer")

    def __init__(self, inner: Seal, outer: Seal) -> None:
        self._inner = inner
        self._outer = outer

    def seal(self, plain: bytes, about: bytes = b"") -> bytes:
        """The bytes, encrypted twice."""
        return self._outer.seal(self._inner.seal(plain, about), about)

    def open(self, sealed: bytes, about: bytes = b"") -> bytes:
        """The bytes again. Raises SealBroken."""
        return self._inner.open(self._outer.open(sealed, about), about)
