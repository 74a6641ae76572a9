"""When a one-time code is good: the rule every check of an MFA device goes through.

A code is good by the virtual clock or by the real one, give or take one step of 30 seconds, and it is good once.
Because two clocks are looked at, "once" is kept as the last few steps that were used, not as the last one alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from haar.kit import replace
from haar.services.iam.resources import MfaDevice

if TYPE_CHECKING:
    from haar.kit.ports import Proofs
    from haar.store.transaction import Transaction

#: Steps that are remembered as used: more than can be good at the same moment.
_REMEMBERED = 8
#: A code may not be followed by one from so few steps before it.
_BACKWARDS = 3


def accept(tx: Transaction, proofs: Proofs, device: MfaDevice, code: str) -> bool:
    """Whether a code is good now for an enabled device. A good one is used up."""
    step = proofs.totp(device.seed.decode(), code, None, device.drift_steps)
    if step is None or any(step <= used <= step + _BACKWARDS for used in device.used_steps):
        return False
    tx.put(use(device, step))
    return True


def use(device: MfaDevice, *steps: int) -> MfaDevice:
    """The device with more steps used up."""
    return replace(device, used_steps=(*device.used_steps, *steps)[-_REMEMBERED:])
