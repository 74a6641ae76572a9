"""Writes for ever, one number more in each transaction, and says so after each commit. Somebody kills it.

python -m tests.store.storm URL
"""

from __future__ import annotations

import sys

from haar.record import Index, Record, key
from haar.store import Store


class Side(Record, table="storm.Side"):
    """Both sides carry the number of the last transaction."""

    name: str = key()
    number: int = 0


class Entry(Record, table="storm.Entry"):
    """One row per transaction."""

    number: int = key()
    parity: int
    text: str = ""


by_parity = Index(Entry, "parity")


def write(store: Store) -> None:
    """Go on from where the last writer was killed."""
    with store.transaction() as tx:
        side = tx.get(Side, "left")
    number = side.number if side else 0
    while True:
        number += 1
        with store.transaction() as tx:
            tx.put(Side(name="left", number=number))
            tx.put(Entry(number=number, parity=number % 2, text="x" * (number % 5000)))
            tx.put(Side(name="right", number=number))
        sys.stdout.write(f"{number}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    write(Store.open(sys.argv[1]))
