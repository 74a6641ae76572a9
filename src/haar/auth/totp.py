"""Time-based one-time passwords: the six digits of a virtual MFA device.

RFC 6238 as AWS uses it: SHA-1, steps of 30 seconds, six digits, the seed in base32.
A device may be one step slow or fast, and a code is good once: the caller keeps the step that
`verify` returns and hands it back as `last_step` next time.

Source: IAM User Guide, id_credentials_mfa_enable_virtual.html; RFC 6238; RFC 4226.
"""

from __future__ import annotations

import hmac
from base64 import b32decode
from typing import Final

__all__ = ["DIGITS", "DRIFT_STEPS", "STEP_SECONDS", "SYNC_STEPS", "find_pair", "generate", "verify"]

STEP_SECONDS: Final = 30
DIGITS: Final = 6
#: How many steps a device's clock may be off, either way.
DRIFT_STEPS: Final = 1
#: How far a device is looked for when it is set up or synchronized, either way: ten minutes.
SYNC_STEPS: Final = 20


def generate(seed: str, now: float) -> str:
    """The code a device with this base32 seed shows at an instant (seconds since 1970). ValueError for a bad seed."""
    return _code(_key(seed), int(now // STEP_SECONDS))


def verify(seed: str, code: str, now: float, last_step: int | None = None) -> int | None:
    """The step a code belongs to, or None when it is wrong, too old, too new, or used already.

    Codes of `last_step` and before are used up, which also keeps an overheard code from working.
    """
    if len(code) != DIGITS or not (code.isascii() and code.isdigit()):
        return None
    key = _key(seed)
    current = int(now // STEP_SECONDS)
    found = None
    for step in range(max(0, current - DRIFT_STEPS), current + DRIFT_STEPS + 1):
        # every step is tried, so that the time taken says nothing about which one matched
        if hmac.compare_digest(_code(key, step), code) and (last_step is None or step > last_step) and found is None:
            found = step
    return found


def find_pair(seed: str, first: str, second: str, now: float) -> tuple[int, int] | None:
    """Where two consecutive codes of a device are: (steps its clock is off, step of the second code), or None.

    The nearest pair within `SYNC_STEPS` counts; a clock that is off by no more than `DRIFT_STEPS` is right.
    """
    if not all(len(code) == DIGITS and code.isascii() and code.isdigit() for code in (first, second)):
        return None
    key = _key(seed)
    current = int(now // STEP_SECONDS)
    for off in sorted(range(-SYNC_STEPS, SYNC_STEPS + 1), key=abs):
        step = current + off
        if step < 1:
            continue
        matches = hmac.compare_digest(_code(key, step), second)
        if hmac.compare_digest(_code(key, step - 1), first) and matches:
            return (0 if abs(off) <= DRIFT_STEPS else off), step
    return None


def _key(seed: str) -> bytes:
    letters = seed.replace(" ", "").replace("-", "").rstrip("=").upper()
    return b32decode(letters + "=" * (-len(letters) % 8))


def _code(key: bytes, step: int) -> str:
    digest = hmac.digest(key, step.to_bytes(8, "big"), "sha1")
    offset = digest[-1] & 0x0F
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFF_FFFF
    return f"{number % 10**DIGITS:0{DIGITS}d}"
