"""Epochs: one small counter that says whether anything of a kind has changed.

A cache is valid as long as the epoch it was made in. The epoch is read in the caller's own
transaction, so a cache is right on every node of a cloud, not only on the one that wrote.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from haar.record import Record, key

if TYPE_CHECKING:
    from haar.store.transaction import Transaction


class Epoch(Record):
    """How often something changed."""

    name: str = key()
    value: int = 0


def epoch(tx: Transaction, name: str) -> int:
    """The current value; 0 when nothing of the name was ever written."""
    row = tx.get(Epoch, name)
    return row.value if row else 0


def bump(tx: Transaction, name: str) -> None:
    """Make every cache of the name stale, on all nodes, when this transaction commits."""
    tx.put(Epoch(name=name, value=epoch(tx, name) + 1))
