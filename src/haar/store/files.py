"""What a cloud keeps beside its rows: the root key and the large bytes, in a folder or in memory."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

from haar.store import rootkey
from haar.store.blobs import Blobs, DirectoryBlobs, MemoryBlobs

__all__ = ["Files", "folder_of"]


class Files:
    """The folder (None: everything in memory) and what is in it; nothing is made or read before it is needed."""

    def __init__(
        self, folder: Path | None, *, durability: str, now: Callable[[], float], random_bytes: Callable[[int], bytes]
    ) -> None:
        self.folder = folder
        self._random = random_bytes
        self._keys: list[bytes] = []
        self.blobs: Blobs = (
            MemoryBlobs(now) if folder is None else DirectoryBlobs(folder / "blobs", durability=durability)
        )

    def root_keys(self) -> list[bytes]:
        """The root keys, the oldest first; the last one seals."""
        if self.folder is not None:
            return rootkey.root_keys(self.folder, self._random)
        if not self._keys:
            self._keys = [self._random(32)]
        return self._keys

    def add(self, keys: list[bytes]) -> None:
        """Take over the keys of another cloud, to open what it sealed."""
        if self.folder is not None:
            rootkey.add_keys(self.folder, keys)
        else:
            self._keys = [key for key in keys if key not in self.root_keys()] + self.root_keys()


def folder_of(store: str, files: str = "") -> Path | None:
    """Where the files of a store are: the folder that was named, or the store's own; None for one in memory.

    A cloud in PostgreSQL has no folder of its own: one is made for its address under the user's data folder, which is
    enough for nodes on one machine.
    """
    if files:
        return Path(files)
    if store in ("memory:", "memory://"):
        return None
    if store.startswith(("postgresql://", "postgres://")):
        home = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local/share"
        return Path(home) / "haar" / f"postgresql-{hashlib.sha256(store.encode()).hexdigest()[:16]}"
    from urllib.parse import unquote, urlsplit

    if store.startswith("lmdb:"):
        parts = urlsplit(store)
        return Path(unquote(parts.netloc + parts.path))
    return Path(store)
