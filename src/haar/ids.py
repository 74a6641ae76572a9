"""Identifiers in AWS's own shapes, from one source of randomness that a seed can replay."""

from __future__ import annotations

import os
import random
import string

_BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_ALPHANUMERIC = string.ascii_letters + string.digits
_SECRET = _ALPHANUMERIC + "+/"


class Ids:
    """Makes identifiers. Without a seed they come from the operating system's secure source."""

    def __init__(self, seed: int | None = None) -> None:
        self._is_secure = seed is None
        self.random: random.Random = random.SystemRandom() if seed is None else random.Random(seed)
        # names need not be secret: a generator seeded from the secure source is ten times quicker
        #: so many random bits that need not be secret
        self.bits = self._bits = random.Random(self.random.getrandbits(128)).getrandbits

    def uuid(self) -> str:
        """A random UUID, such as a request id or a message id."""
        bits = self._bits(128)
        return "%08x-%04x-4%03x-%04x-%012x" % (  # noqa: UP031  # quicker than an f-string, on every call
            bits >> 96,
            bits >> 80 & 0xFFFF,
            bits >> 64 & 0xFFF,
            0x8000 | bits >> 48 & 0x3FFF,
            bits & 0xFFFFFFFFFFFF,
        )

    def hex(self, digits: int) -> str:
        """So many random hexadecimal digits, as in `i-0123456789abcdef0`."""
        return f"{self._bits(4 * digits):0{digits}x}"

    def unique(self, prefix: str, length: int = 21) -> str:
        """An IAM unique id such as AIDA... (docs: IAM User Guide, reference_identifiers.html#identifiers-prefixes)."""
        bits = self._bits(5 * (length - len(prefix)))
        tail = []
        for _ in range(length - len(prefix)):
            tail.append(_BASE32[bits & 31])
            bits >>= 5
        return prefix + "".join(tail)

    def access_key(self, temporary: bool = False, account: str = "") -> str:
        """A 20-character access key id: AKIA for long-term keys, ASIA for temporary ones.

        With an account, its number is written into the id as AWS does it, so that `account_of` finds it there.
        """
        prefix = "ASIA" if temporary else "AKIA"
        if not account:
            return self.unique(prefix, 20)
        # 80 bits, five to a letter: 1, the account in 40, then chance
        bits = 1 << 79 | int(account) << 39 | self._bits(39)
        return prefix + "".join(_BASE32[bits >> 5 * place & 31] for place in reversed(range(16)))

    def secret_key(self) -> str:
        """A 40-character secret access key."""
        return "".join(self.random.choices(_SECRET, k=40))

    def token(self, length: int, alphabet: str = _ALPHANUMERIC) -> str:
        """An opaque token of so many characters."""
        return "".join(self.random.choices(alphabet, k=length))

    def account(self) -> str:
        """A 12-digit account number that does not begin with 0."""
        return str(self.random.randint(100_000_000_000, 999_999_999_999))

    def bytes(self, count: int) -> bytes:
        """So many random bytes."""
        if self._is_secure:
            return os.urandom(count)
        return self.random.getrandbits(8 * count).to_bytes(count, "big")


def account_of(access_key: str) -> str | None:
    """The account number inside an access key id that was made with one; None when there is none."""
    tail = access_key[4:]
    if len(tail) != 16 or any(letter not in _BASE32 for letter in tail):
        return None
    bits = 0
    for letter in tail:
        bits = bits << 5 | _BASE32.index(letter)
    number = bits >> 39 & (1 << 40) - 1
    return f"{number:012d}" if bits >> 79 and number < 10**12 else None
