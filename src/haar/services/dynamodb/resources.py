"""What DynamoDB remembers.

An item is one row, under its table's serial number and two texts that sort as its key does::

    Item       table serial | partition            | sort
    IndexRow   index serial | partition            | sort    | the item's partition | the item's sort
               of the index's key values: see `keys.py`

A partition begins with eight digits of a hash, so a Scan goes through a table in the order of that hash, as AWS's does,
and a segment of a parallel Scan is a range of it. A body is the bytes of the item as the answer carries them: JSON with
typed values (sealed, in a table with a KMS key: `sealing.py`). An index keeps a row of its own for every item in it,
with what is projected into it. All of these are written by `writing.py` alone, which keeps them in step.
"""

from __future__ import annotations

import msgspec

from haar.kit import Record, Resource, Task, key

#: A table with this tag shows eventually consistent reads, and global secondary indexes, what was so many seconds ago.
LAG_TAG = "haar:lag-seconds"


class SecondaryIndex(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A local or global secondary index. `serial` is new for every index that is made."""

    name: str
    serial: str
    #: the attributes of its key; only a global index can have several of a kind, up to four
    hash_keys: tuple[str, ...]
    range_keys: tuple[str, ...] = ()
    #: KEYS_ONLY, INCLUDE (`included`, beside the keys) or ALL
    projection: str = "ALL"
    included: tuple[str, ...] = ()
    is_local: bool = False
    #: CREATING, ACTIVE, UPDATING or DELETING
    status: str = "ACTIVE"
    #: items that were there before the index are still being put into it
    backfilling: bool = False
    read_units: int = 0
    write_units: int = 0
    #: of an index in on-demand mode: what it may do at most, -1 for no limit
    read_requests_max: int = -1
    write_requests_max: int = -1


class Table(
    Resource,
    arn="arn:{partition}:dynamodb:{region}:{account}:table/{name}",
    missing=("ResourceNotFoundException", "Requested resource not found: Table: {0} not found"),
    cloudformation="AWS::DynamoDB::Table",
    hot=True,
):
    """A table. `serial` is new for every table that is made, so a table never sees its namesake's items."""

    name: str = key()
    #: the TableId, a UUID
    id: str
    serial: str
    hash_key: str
    range_key: str = ""
    #: the AttributeDefinitions, in the order they were given: name -> S, N or B
    types: dict[str, str]
    indexes: tuple[SecondaryIndex, ...] = ()
    #: CREATING, ACTIVE, UPDATING, DELETING, INACCESSIBLE_ENCRYPTION_CREDENTIALS, ARCHIVED
    status: str = "ACTIVE"
    #: PROVISIONED or PAY_PER_REQUEST
    billing: str = "PROVISIONED"
    read_units: int = 0
    write_units: int = 0
    read_requests_max: int = -1
    write_requests_max: int = -1
    #: the resource-based policy, JSON text
    policy: str = ""
    #: whether functions registered with `writing.on_write` want to know of every item that is written
    watched: bool = False
    #: the rest is for whoever describes and updates the table
    deletion_protection: bool = False
    table_class: str = ""
    stream_view: str = ""
    stream_label: str = ""
    ttl_attribute: str = ""
    kms_key: str = ""
    #: the sort of encryption: "" (AWS's own key) or KMS
    encryption: str = ""
    #: items have been sealed, under this key or an earlier one
    was_sealed: bool = False

    @property
    def key_names(self) -> tuple[str, ...]:
        """The one or two attributes of the primary key."""
        return (self.hash_key, self.range_key) if self.range_key else (self.hash_key,)

    @property
    def lag_seconds(self) -> float:
        """How much later eventually consistent reads and global indexes see what is written: the tag of `LAG_TAG`."""
        given = self.tags.get(LAG_TAG) if self.tags else None
        try:
            return float(given) if given else 0.0
        except ValueError:
            return 0.0

    def index(self, name: str) -> SecondaryIndex | None:
        """The index of a name, or None."""
        return next((index for index in self.indexes if index.name == name), None)


class Item(Record):
    """An item. `size` is what it counts in bytes by DynamoDB's rules."""

    table: str = key()
    partition: str = key()
    sort: str = key()
    size: int
    body: bytes


class IndexRow(Record):
    """An item in one index: what is projected into it. `item_partition` and `item_sort` find the item itself."""

    index: str = key()
    partition: str = key()
    sort: str = key()
    item_partition: str = key()
    item_sort: str = key()
    size: int
    body: bytes


class Tally(Record):
    """How many items a table or an index has and how large they are, by a share of the hash: see `tally.py`."""

    of: str = key()
    share: str = key()
    items: int
    size: int


class Collection(Record):
    """What all items of one partition key value take, in a table with local secondary indexes."""

    table: str = key()
    partition: str = key()
    size: int


class Answered(Record, expires="until"):
    """A transaction that was done under a ClientRequestToken."""

    account: str = key()
    region: str = key()
    token: str = key()
    digest: bytes
    #: (table name, read units for asking again) of its tables
    reads: list[tuple[str, float]]
    until: float


class Shown(Record, expires="until"):
    """What an item was until a moment ago, for eventually consistent reads of a table with a lag."""

    table: str = key()
    partition: str = key()
    sort: str = key()
    #: empty: there was no such item
    body: bytes
    size: int
    until: float


class TableKey(Record):
    """A data key that items of a table are sealed under, as KMS wrapped it: one for every key the table ever had."""

    table: str = key()
    name: str = key()
    kms_key: str
    wrapped: bytes


class Unlocked(Record, expires="until"):
    """Somebody for whom KMS has unwrapped a data key of a table, for a while."""

    table: str = key()
    requester: str = key()
    name: str = key()
    until: float


class Bucket(Record):
    """The capacity of a kind (read, write) that a table or index has left, with limits="aws". Below zero: a debt."""

    of: str = key()
    kind: str = key()
    tokens: float
    at: float


class Span(Record):
    """A partition: a share of the hash, from `low` up to `high`, and what it has left, with limits="aws"."""

    of: str = key()
    low: str = key()
    #: empty: to the end
    high: str
    read_left: float
    read_at: float
    write_left: float
    write_at: float
    #: it is hot, and about to be split
    splitting: bool = False


class Split(Task):
    """Split a hot partition of a table or index in two."""

    of: str
    low: str


class Catch(Task):
    """Bring an item's row in a global index of a table with a lag up to date."""

    account: str
    region: str
    name: str
    serial: str
    index: str
    partition: str
    sort: str
    #: where its row in the index was before
    old_partition: str = ""
    old_sort: str = ""


class Forget(Task):
    """Drop the rows of a table or index that is gone, some at a time."""

    serial: str
    is_index: bool = False
