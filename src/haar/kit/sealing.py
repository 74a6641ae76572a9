"""What the cloud must be able to read and nobody else: sealed with the root key, opened again inside.

The root key lies in a file of the data folder that only its owner may read, never in the store: a copy of the rows
alone betrays nothing. A room seals through `call.ports.sealer`::

    row = KeyMaterial(key_id=..., sealed=call.ports.sealer.seal(material, about=arn.encode()))
    material = call.ports.sealer.open(row.sealed, about=arn.encode())

`about` is bound to the sealed text, not kept in it: what was sealed for one row does not open for another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from hashlib import blake2b
from typing import TYPE_CHECKING, Protocol

from haar.errors import HaarError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

__all__ = ["Seal", "SealBroken", "Sealer"]

_ID_BYTES = 4
_NONCE_BYTES = 12
_AT = _ID_BYTES + _NONCE_BYTES


class SealBroken(HaarError):
    """This was not sealed by this cloud, not about this, or it was changed."""


class Seal(Protocol):
    """Whatever can seal bytes and open them again: the cloud's root key, a data key of KMS, a customer's own key."""

    def seal(self, plain: bytes, about: bytes = b"") -> bytes:
        """The bytes, encrypted and bound to what they are about."""
        ...

    def open(self, sealed: bytes, about: bytes = b"") -> bytes:
        """The bytes again. Raises SealBroken."""
        ...


class Sealer:
    """Seals with AES-256-GCM under the last of its keys; opens what any of them sealed.

    Sealed bytes: the id of the key (4), the nonce (12), the encrypted bytes and their tag (16).
    """

    def __init__(self, keys: Callable[[], Iterable[bytes]], random_bytes: Callable[[int], bytes]) -> None:
        """`keys` gives keys of 32 bytes, the oldest first, when one is first needed; `random_bytes` nonces."""
        self._load = keys
        self._random = random_bytes
        self._ciphers: dict[bytes, AESGCM] = {}
        self._current = b""
        self._broken: type[Exception] = ValueError

    def reload(self) -> None:
        """Ask for the keys again at the next use: there may be others."""
        self._ciphers = {}

    def seal(self, plain: bytes, about: bytes = b"") -> bytes:
        """The bytes, encrypted and bound to what they are about: 32 bytes longer."""
        if not self._ciphers:
            self._make_ready()
        current = self._current
        nonce = self._random(_NONCE_BYTES)
        return current + nonce + self._ciphers[current].encrypt(nonce, plain, about)

    def open(self, sealed: bytes, about: bytes = b"") -> bytes:
        """The bytes again. Raises SealBroken."""
        if not self._ciphers:
            self._make_ready()
        cipher = self._ciphers.get(sealed[:_ID_BYTES])
        if cipher is None:
            raise SealBroken(
                "this was sealed with a root key that this cloud does not have; is root.key the right one?"
            )
        try:
            return cipher.decrypt(sealed[_ID_BYTES:_AT], sealed[_AT:], about)
        except self._broken:
            raise SealBroken("the sealed bytes were changed, or were sealed about something else") from None

    def _make_ready(self) -> None:
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        self._broken = InvalidTag
        for key in self._load():
            self._current = blake2b(key, digest_size=_ID_BYTES, person=b"haar root key").digest()
            self._ciphers[self._current] = AESGCM(key)
