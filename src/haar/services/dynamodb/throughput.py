"""What an account may provision, and how often throughput may be lowered.

Source: DynamoDB Developer Guide, ServiceQuotas.html.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from haar.kit import Call
from haar.services.dynamodb.describing import lowered_today
from haar.services.dynamodb.particulars import Particulars
from haar.services.dynamodb.resources import SecondaryIndex, Table
from haar.services.dynamodb.schemas import Units
from haar.services.dynamodb.service import dynamodb

__all__ = [
    "ACCOUNT_READS",
    "ACCOUNT_WRITES",
    "TABLE_READS",
    "TABLE_WRITES",
    "check_account",
    "check_lowering",
    "check_units",
]

_READS = "Account-level read throughput limit (Provisioned mode)"
_WRITES = "Account-level write throughput limit (Provisioned mode)"
ACCOUNT_READS = dynamodb.quota("L-34F6A552", _READS, 80_000, adjustable=True)
ACCOUNT_WRITES = dynamodb.quota("L-34F8CCC8", _WRITES, 80_000, adjustable=True)
TABLE_READS = dynamodb.quota("L-CF0CBE56", "Table-level read throughput limit", 40_000, adjustable=True)
TABLE_WRITES = dynamodb.quota("L-AB614373", "Table-level write throughput limit", 40_000, adjustable=True)

#: How often throughput is lowered in a UTC day without waiting; after that, an hour lies between.
LOWERED_FREELY_MAX = 4
_HOUR = 3600.0
_REFER = "Refer to the Amazon DynamoDB Developer Guide for current limits and how to request higher limits."


def check_units(call: Call, units: Units, *indexes: SecondaryIndex) -> None:
    """Refuse more throughput than one table, or one index, may have. Raises LimitExceededException."""
    for read, write in (units, *((index.read_units, index.write_units) for index in indexes)):
        for quota, wanted, what in ((TABLE_READS, read, "read"), (TABLE_WRITES, write, "write")):
            quota.check(
                call,
                wanted,
                "LimitExceededException",
                f"Subscriber limit exceeded: Provisioned {what} throughput of a table or index is limited to "
                f"{{limit}} units. {_REFER}",
            )


def check_account(call: Call, before: Table | None, units: Units, indexes: Iterable[SecondaryIndex]) -> None:
    """Refuse more throughput than all tables of a region may have together. Raises LimitExceededException."""
    read = units.read + sum(index.read_units for index in indexes)
    write = units.write + sum(index.write_units for index in indexes)
    if before is not None:
        had = (
            before.read_units + sum(index.read_units for index in before.indexes),
            before.write_units + sum(index.write_units for index in before.indexes),
        )
        if read <= had[0] and write <= had[1]:
            return
    elif not read and not write:
        return
    for table in call.tx.range(Table, call.account, call.region):
        if before is not None and table.name == before.name:
            continue
        read += table.read_units + sum(index.read_units for index in table.indexes)
        write += table.write_units + sum(index.write_units for index in table.indexes)
    for quota, wanted, what in ((ACCOUNT_READS, read, "read"), (ACCOUNT_WRITES, write, "write")):
        quota.check(
            call,
            wanted,
            "LimitExceededException",
            f"Subscriber limit exceeded: Provisioned {what} throughput of all tables is limited to {{limit}} units "
            f"within the account in one region. {_REFER}",
        )


def _told(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%A, %B %d, %Y at %I:%M:%S %p UTC")


def check_lowering(call: Call, kept: Particulars, name: str, changed_at: float) -> list[float]:
    """When throughput (of an index, or the table: "") was lowered today, now included. Raises LimitExceededException.

    The first four times of a UTC day are free. Further ones need an hour without a decrease before them.
    """
    today = lowered_today(kept.lowered.get(name, []), call.now)
    last = today[-1] if today else changed_at
    if len(today) >= LOWERED_FREELY_MAX and call.now - last < _HOUR:
        raise dynamodb.error(
            "LimitExceededException",
            "Subscriber limit exceeded: Provisioned throughput decreases are limited within a given UTC day. After the "
            f"first {LOWERED_FREELY_MAX} decreases, each subsequent decrease in the same UTC day can be performed at "
            f"most once every 3600 seconds. Number of decreases today: {len(today)}. "
            f"Last decrease at {_told(last)}. Next decrease can be made at {_told(last + _HOUR)}",
        )
    return [*today, call.now]
