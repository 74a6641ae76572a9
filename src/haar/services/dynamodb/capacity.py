"""What requests consume: exact figures, and provisioned throughput where the cloud enforces AWS's rates.

A read takes a unit for every 4 KB, half of one where it is eventually consistent, twice as much in a transaction. A
write takes a unit for every KB of the larger of the item before and after, twice as much in a transaction. What an
index keeps of an item is written and counted again. Source: DynamoDB Developer Guide, read-write-operations.html.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from haar.services.dynamodb.resources import Table
from haar.services.dynamodb.writing import Written

__all__ = ["Consumed", "read_units", "write_units"]


def read_units(size: int, consistent: bool, transactional: bool = False) -> float:
    """Units of reading `size` bytes at once."""
    blocks = (size + 4095) // 4096 or 1
    if transactional:
        return 2.0 * blocks
    return float(blocks) if consistent else blocks / 2


def write_units(size: int, transactional: bool = False) -> float:
    """Units of writing an item of `size` bytes."""
    blocks = (size + 1023) // 1024 or 1
    return 2.0 * blocks if transactional else float(blocks)


class Consumed:
    """What one request consumed of one table and its indexes."""

    __slots__ = ("globals", "is_write", "locals", "name", "of_table", "reads", "table", "transactional")

    def __init__(self, table: Table, name: str, *, is_write: bool, transactional: bool = False) -> None:
        self.table = table
        #: the table as the request names it
        self.name = name
        self.is_write = is_write
        self.transactional = transactional
        self.of_table = 0.0
        #: the units of reading again, in a transaction, what was written
        self.reads = 0.0
        self.locals: dict[str, float] = {}
        self.globals: dict[str, float] = {}

    def add(self, units: float, index: str = "") -> None:
        """Count units of the table, or of an index."""
        if not index:
            self.of_table += units
            return
        found = self.table.index(index)
        kept = self.locals if found is not None and found.is_local else self.globals
        kept[index] = kept.get(index, 0.0) + units

    def add_write(self, written: Written) -> None:
        """Count an item that was written, and its rows in indexes."""
        self.of_table += write_units(max(written.old_size, written.new_size), self.transactional)
        self.reads += read_units(written.new_size, True, transactional=True)
        for index, sizes in written.indexes.items():
            for size in sizes:
                self.add(write_units(size, self.transactional), index)

    @property
    def total(self) -> float:
        """All units together."""
        return self.of_table + sum(self.locals.values()) + sum(self.globals.values())

    def shown(self, wanted: str | None) -> dict[str, Any] | None:
        """The ConsumedCapacity of a reply, for a ReturnConsumedCapacity; None for none."""
        if not wanted or wanted == "NONE":
            return None
        reply = {"TableName": self.name, **self._units(self.total)}
        if wanted == "INDEXES":
            reply["Table"] = self._units(self.of_table)
            if self.locals:
                reply["LocalSecondaryIndexes"] = {name: self._units(one) for name, one in self.locals.items()}
            if self.globals:
                reply["GlobalSecondaryIndexes"] = {name: self._units(one) for name, one in self.globals.items()}
        return reply

    def _units(self, units: float) -> dict[str, Any]:
        if not self.transactional:
            return {"CapacityUnits": units}
        return {"CapacityUnits": units, "WriteCapacityUnits" if self.is_write else "ReadCapacityUnits": units}


def shown_all(consumed: Iterable[Consumed], wanted: str | None) -> list[Mapping[str, Any]] | None:
    """The ConsumedCapacity of a reply about several tables; None for none."""
    if not wanted or wanted == "NONE":
        return None
    return [one.shown(wanted) or {} for one in consumed]
