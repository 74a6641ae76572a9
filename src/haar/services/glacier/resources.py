"""What S3 Glacier remembers.

::

    Vault ── Archive ── Piece, Piece, ...     the bytes, with the hash of each of their MiB
      │         ╰────── Tombstone: an Archive with `deleted_at`, until the inventory that no longer shows it
      ├── Upload ────── Piece, Piece, ...     becomes an Archive and keeps its pieces where they are
      ╰── Job                                 looks at pieces (an archive), or has an output of its own (an inventory)

Everything inside a vault is kept under the vault's `serial`, which is new for every vault that is made: a vault never
sees what its namesake had. What time does to a job, and to a vault lock, follows from the instants in its row.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

import msgspec

from haar.kit import Index, Kept, Principal, Record, Resource, Task, keeps, key


class Lock(msgspec.Struct, frozen=True):
    """A vault lock: in progress until it is locked or `expires_at` comes."""

    id: str
    policy: str
    started_at: float
    expires_at: float
    locked: bool = False


class Vault(
    Resource,
    arn="arn:{partition}:glacier:{region}:{account}:vaults/{name}",
    missing=("ResourceNotFoundException", "Vault not found for ARN: {0}"),
    cloudformation="AWS::Glacier::Vault",
    hot=True,
):
    """A vault. `archives` and `size_bytes` are those of its last inventory, `inventory_at` 0 before the first."""

    name: str = key()
    serial: str
    access_policy: str = ""
    lock: Lock | None = None
    topic: str = ""
    events: tuple[str, ...] = ()
    inventory_at: float = 0.0
    archives: int = 0
    size_bytes: int = 0
    #: when the next inventory is taken; 0 when nothing was written since the last
    inventory_due_at: float = 0.0

    @property
    def policy(self) -> str:
        """The access policy and the lock policy as one: a denial in either counts."""
        lock = self.lock.policy if self.lock is not None else ""
        if lock and self.access_policy:
            return _together(self.access_policy, lock)
        return lock or self.access_policy

    @classmethod
    def missing(cls, *key: str) -> tuple[str, str]:
        """AWS names the vault by its ARN."""
        code, message = cls.__declared__["missing"]
        return code, message.format(cls.arn_for(*key))


@lru_cache(maxsize=1024)
def _together(*texts: str) -> str:
    """Policies as one document; statement ids may repeat, for this document is only decided on, never shown."""
    documents = [json.loads(text) for text in texts]
    version = max(str(one.get("Version", "2008-10-17")) for one in documents)
    statements = []
    for one in documents:
        listed = one["Statement"]
        listed = listed if isinstance(listed, list) else [listed]
        if str(one.get("Version", "2008-10-17")) != version:
            # the older language knows no variables: its dollar signs stay what they are
            listed = json.loads(json.dumps(listed).replace("${", "${$}{"))
        statements += listed
    return json.dumps({"Version": version, "Statement": statements})


class Tally(Record):
    """How many archives a vault has now, and their bytes."""

    vault: str = key()
    archives: int = 0
    size_bytes: int = 0


class Archive(Record):
    """An archive. After its deletion the row stays until the inventory that no longer shows it."""

    id: str = key()
    vault: str
    contents: str
    size: int
    tree_hash: str
    description: str = ""
    created_at: float
    deleted_at: float | None = None

    @property
    def grave(self) -> str | None:
        """The vault, for an archive that is deleted."""
        return None if self.deleted_at is None else self.vault


by_creation = Index(Archive, "vault", "created_at")
graves = Index(Archive, "grave", "deleted_at")


class Piece(Record):
    """Bytes of an archive or upload from `start` on, a multiple of a MiB: the whole archive, or one part of it."""

    contents: str = key()
    start: int = key()
    size: int
    #: the SHA-256 of each MiB, one behind the other, and the root over them
    leaves: bytes
    tree_hash: bytes
    kept: Kept

    @property
    def about(self) -> bytes:
        """What the bytes are sealed about."""
        return f"glacier/{self.contents}/{self.start}".encode()


keeps(Piece, "kept")


class Upload(Record, expires="until"):
    """A multipart upload. When it is over its row stays for an hour: the same call again gets the same answer."""

    vault: str = key()
    id: str = key()
    part_size: int
    description: str = ""
    created_at: float
    until: float
    #: the archive that it became
    archive: str = ""
    tree_hash: str = ""
    aborted: bool = False

    @property
    def open_in(self) -> str | None:
        """The vault, while parts may still come."""
        return None if self.archive or self.aborted else self.vault


open_uploads = Index(Upload, "open_in")


class Job(Record, expires="until"):
    """A job. It is in progress before `completes_at`, and gone a day after that."""

    vault: str = key()
    id: str = key()
    account: str
    region: str
    vault_arn: str
    action: str
    created_at: float
    completes_at: float
    until: float
    tier: str = ""
    description: str = ""
    topic: str = ""
    #: why it fails, or failed
    failure: str = ""
    #: bytes of the output
    size: int
    # an archive: which, what it is altogether, and the range from `start` on; its hash where it has one
    archive: str = ""
    archive_size: int = 0
    archive_hash: str = ""
    archive_description: str = ""
    contents: str | None = None
    start: int = 0
    range_hash: str = ""
    # an inventory: what was asked for, the marker to go on from, and the output itself
    format: str = ""
    from_date: str = ""
    to_date: str = ""
    limit: str = ""
    marker: str = ""
    output: Kept | None = None
    # a query: its parameters, where its results go, and as whom they are written
    select: dict[str, Any] = msgspec.field(default_factory=dict)
    location: dict[str, Any] = msgspec.field(default_factory=dict)
    path: str = ""
    principal: Principal | None = None

    @property
    def lane(self) -> str | None:
        """Retrievals of one tier in one region of an account."""
        return f"{self.account}/{self.region}/{self.tier}" if self.archive else None

    @property
    def about(self) -> bytes:
        """What its output is sealed about."""
        return f"glacier/job/{self.id}".encode()


keeps(Job, "output")
by_start = Index(Job, "vault", "created_at")
by_lane = Index(Job, "lane", "created_at")
by_contents = Index(Job, "contents")


class Capacity(Record, expires="until"):
    """A provisioned capacity unit, good for a month."""

    account: str = key()
    region: str = key()
    started_at: float = key()
    id: str = key()
    until: float
    #: when what it was last asked to carry has been sent; of several units one says it for all
    free_at: float = 0.0


class Demand(Record, expires="until"):
    """High demand for expedited retrievals in a region: only provisioned capacity is served."""

    region: str = key()
    until: float


class RetrievalPolicy(Record):
    """An account's data retrieval policy in a region."""

    account: str = key()
    region: str = key()
    strategy: str
    bytes_per_hour: int | None = None


class TakeInventory(Task):
    """List what a vault has."""

    account: str
    region: str
    name: str
    serial: str


class Bury(Task):
    """Forget the archives that were deleted before an inventory."""

    vault: str
    before: float


class ExpireLock(Task):
    """End a vault lock that was not completed in time."""

    account: str
    region: str
    name: str
    lock: str


class RunSelect(Task):
    """Run the query of a select job."""

    vault: str
    job: str


class Discard(Task):
    """Remove the pieces of something that is gone."""

    contents: str
