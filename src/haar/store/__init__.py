"""What a cloud remembers, kept safe: ordered rows, transactions, and large bytes beside them.

* `Store` opens a backend by its URL and hands out transactions.
* `Transaction` reads and writes `haar.record` values and keeps their indexes.
* `Blobs` keeps large bytes under the hash of their content.
* `Backend` is what a place to keep bytes must do: memory, LMDB and PostgreSQL do.
"""

from __future__ import annotations

from haar.store.backend import Backend, RawTransaction, StoreInUse, StoreTooNew, StoreUnreadable
from haar.store.blobs import Blob, BlobMissing, Blobs, DirectoryBlobs, MemoryBlobs
from haar.store.store import Store
from haar.store.transaction import Transaction

__all__ = [
    "Backend",
    "Blob",
    "BlobMissing",
    "Blobs",
    "DirectoryBlobs",
    "MemoryBlobs",
    "RawTransaction",
    "Store",
    "StoreInUse",
    "StoreTooNew",
    "StoreUnreadable",
    "Transaction",
]
