"""Epochs: one small value that says whether anything of a kind has changed.

A cache is valid as long as the epoch it was made in. The epoch is read in the caller's own
transaction, so a cache is right on every node of a cloud, not only on the one that wrote.

No epoch ever comes twice, not on another node and not after a rollback or a reset: what was cached
inside a transaction that failed can never be taken for what came after it.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from haar.ids import Ids
from haar.record import Record, key

if TYPE_CHECKING:
    from haar.store.transaction import Transaction

_here = Ids().uuid()
_count = itertools.count(1)


class Epoch(Record, hot=True):
    """What something's state is called, until it changes."""

    name: str = key()
    value: str = ""


def epoch(tx: Transaction, name: str) -> str:
    """The current epoch; empty when nothing of the name was ever written."""
    row = tx.get(Epoch, name)
    return row.value if row else ""


def bump(tx: Transaction, name: str) -> None:
    """Make every cache of the name stale, on all nodes, when this transaction commits."""
    tx.put(Epoch(name=name, value=f"{_here}/{next(_count)}"))
