"""What is known of a table beside what its items need: counts, the past of its throughput, what follows its items.

It is a row of its own, so that `Table`, which every request reads, stays small.
"""

from __future__ import annotations

from haar.kit import Call, Record, Resource, key, replace
from haar.services.dynamodb.resources import Table

__all__ = ["Particulars", "Stream", "arn_of_index", "particulars", "settle_seconds", "watch"]

#: A table with this tag is CREATING, UPDATING or DELETING, and so are its indexes, for so many seconds. Without it that
#: is over right after the request.
SETTLE_TAG = "haar:settle-seconds"
_SETTLE_MAX = 86_400.0


class Particulars(Record, hot=True):
    """The rest of a table, by its serial number."""

    table: str = key()
    #: the items and bytes of the table ("") and of its indexes, by name, as last counted
    counted: dict[str, tuple[int, int]] = {}  # noqa: RUF012 (msgspec copies it)
    #: when throughput was raised last, and when it was lowered on `lowered_day`: of the table ("") and its indexes
    raised: dict[str, float] = {}  # noqa: RUF012
    lowered: dict[str, list[float]] = {}  # noqa: RUF012
    #: the changes to on-demand mode in the last day, and the last of all
    switched: tuple[float, ...] = ()
    on_demand_at: float = 0.0
    class_changed_at: float = 0.0
    #: "" (never enabled), ENABLING, ENABLED, DISABLING, DISABLED
    ttl_status: str = ""
    ttl_changed_at: float = 0.0
    #: point-in-time recovery: since when it is on (0: off), and for how many days back
    pitr_since: float = 0.0
    pitr_days: int = 35
    #: the snapshots that are being taken of its items
    snapshots: tuple[str, ...] = ()
    #: the regions of all replicas of a global table, its own too
    replicas: tuple[str, ...] = ()
    #: where its items came from: a backup, or a table as it was at an instant
    restored_backup: str = ""
    restored_table: str = ""
    restored_to: float = 0.0
    restoring: bool = False
    #: the revision of the resource policy
    policy_revision: str = ""
    policy_changed_at: float = 0.0


class Stream(
    Resource,
    arn="arn:{partition}:dynamodb:{region}:{account}:table/{table}/stream/{label}",
    missing=("ResourceNotFoundException", "Requested resource not found: Stream: {0}/{1} not found"),
):
    """What happened to the items of a table, in order, for a day. A table that has its stream anew has another one."""

    table: str = key()
    label: str = key()
    serial: str
    #: the serial number of its table, whose keys seal what is in it
    source: str = ""
    #: KEYS_ONLY, NEW_IMAGE, OLD_IMAGE or NEW_AND_OLD_IMAGES
    view: str
    hash_key: str
    range_key: str = ""
    #: ENABLED or DISABLED
    status: str = "ENABLED"
    #: when the stream was disabled; 0: it was not
    ended_at: float = 0.0
    policy: str = ""
    policy_revision: str = ""


def particulars(call: Call, table: Table) -> Particulars:
    """The particulars of a table."""
    return call.tx.get(Particulars, table.serial) or Particulars(table=table.serial)


def watch(call: Call, table: Table) -> Table:
    """Have `Table.watched` say whether anything follows the table's items; the answer is the table as it is kept."""
    kept = particulars(call, table)
    watched = bool(table.stream_view or table.ttl_attribute or kept.pitr_since or kept.snapshots or kept.replicas)
    return call.tx.put(replace(table, watched=watched))


def settle_seconds(table: Table) -> float:
    """How long a change to the table itself takes."""
    given = table.tags.get(SETTLE_TAG) if table.tags else None
    try:
        return min(max(float(given), 0.0), _SETTLE_MAX) if given else 0.0
    except ValueError:
        return 0.0


def arn_of_index(table: Table, name: str) -> str:
    """The ARN of an index."""
    return f"{table.arn}/index/{name}"
