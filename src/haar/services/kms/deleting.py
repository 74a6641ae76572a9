"""The end of a key: the waiting period, the moment after it, and what goes with the key.

A primary key of several regions waits for its replicas; its own period begins when the last of them is gone.

Source: KMS Developer Guide, deleting-keys.html and multi-region-keys-delete.html.
"""

from __future__ import annotations

from haar.kit import Call, replace
from haar.services.kms import materials
from haar.services.kms.resources import Delete, Family, Grant, Key, Wrapping, aliases_by_key
from haar.services.kms.rules import DAY
from haar.services.kms.service import kms


def schedule(call: Call, key: Key, days: int) -> Key:
    """Let a key's waiting period begin, or its wait for its replicas."""
    family = call.tx.get(Family, key.account, key.id) if key.is_primary else None
    if family is not None and family.replicas:
        return call.tx.put(replace(key, deletion_days=days, deletion_at=0.0))
    at = call.now + days * DAY
    call.later(at, Delete(account=key.account, region=key.region, id=key.id, at=at))
    return call.tx.put(replace(key, deletion_days=days, deletion_at=at))


@kms.task(Delete)
def delete(call: Call, task: Delete) -> None:
    """Delete a key, if its deletion was not cancelled or scheduled anew since."""
    key = call.tx.get(Key, task.account, task.region, task.id)
    if key is None or key.deletion_at != task.at:
        return
    tx = call.tx
    place = (key.account, key.region, key.id)
    for alias in list(tx.range(aliases_by_key, *place)):
        tx.delete(alias)
    for grant in list(tx.range(Grant, *place)):
        tx.delete(grant)
    for wrapping in list(tx.range(Wrapping, *place)):
        tx.delete(wrapping)
    materials.forget(call, key)
    tx.delete(key)
    family = tx.get(Family, key.account, key.id) if key.multi_region else None
    if family is not None:
        _leave(call, family, key)


def _leave(call: Call, family: Family, key: Key) -> None:
    if family.primary == key.region:
        call.tx.delete(family)
        return
    rest = tuple(region for region in family.replicas if region != key.region)
    call.tx.put(replace(family, replicas=rest))
    primary = call.tx.get(Key, key.account, family.primary, key.id)
    if not rest and primary is not None and primary.deletion_days and not primary.deletion_at:
        schedule(call, primary, primary.deletion_days)
