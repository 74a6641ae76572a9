"""What left for people, as `haar outbox` shows it."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING

from haar.services.sns.resources import Delivered

if TYPE_CHECKING:
    from haar.store.transaction import Transaction


def newest(tx: Transaction, count: int) -> list[Delivered]:
    """The newest of all accounts and regions, the newest first. They are kept for thirty days, and read for people."""
    return heapq.nlargest(count, tx.range(Delivered), key=lambda row: (row.at, row.id))
