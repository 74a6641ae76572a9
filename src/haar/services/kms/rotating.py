"""Rotation: a symmetric key's next material, by the clock or at a word, in every region the key lives in.

Old materials stay, and decrypt what they encrypted. An automatic rotation that falls due while a key is disabled or
waits to be deleted is done when the key is enabled again.

Source: KMS Developer Guide, rotate-keys.html.
"""

from __future__ import annotations

from haar.kit import Call, replace
from haar.services.kms import materials
from haar.services.kms.resources import Key, Material, Rotate
from haar.services.kms.rules import DAY
from haar.services.kms.service import kms, siblings

__all__ = ["arm", "rotate"]


def arm(call: Call, key: Key) -> None:
    """Have a key rotated when it is due."""
    call.later(key.rotates_at, Rotate(account=key.account, region=key.region, id=key.id, at=key.rotates_at))


@kms.task(Rotate)
def rotate_by_the_clock(call: Call, task: Rotate) -> None:
    """Rotate a key, unless its schedule has changed since or it is out of use."""
    key = call.tx.get(Key, task.account, task.region, task.id)
    if key is None or not key.rotation_days or key.rotates_at != task.at or not key.enabled or key.deletion_days:
        return
    if key.multi_region and not key.is_primary:
        return  # it was the primary when this was armed; the new one has a timer of its own
    period = key.rotation_days * DAY
    due = key.rotates_at + period
    if due <= call.now:
        due = call.now + period  # late, because it was disabled for longer than a period
    for one in siblings(call, rotate(call, key, "AUTOMATIC")):
        call.tx.put(replace(one, rotates_at=due))
    arm(call, replace(key, rotates_at=due))


def rotate(call: Call, key: Key, how: str) -> Key:
    """Give a key, and all its replicas, a new material at once; the key as it is then."""
    newest = next(call.tx.range(Material, key.account, key.region, key.id, reverse=True, limit=1), None)
    number = (newest.number if newest is not None else 0) + 1
    secret = materials.new_secret(call, key.spec)
    for one in list(siblings(call, key)):
        materials.put(call, one, number, secret, rotated_at=call.now, rotation=how)
        call.tx.put(replace(one, material=number))
    return replace(key, material=number)
