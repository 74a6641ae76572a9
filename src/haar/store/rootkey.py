"""The root key: a file that only its owner may read, beside the rows and never among them.

One key a line, in hexadecimal, the oldest first; the last one seals, all of them open. A saved cloud brings its keys
with it, and loading it adds them.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from haar.errors import HaarError

__all__ = ["NAME", "add_keys", "root_keys"]

NAME = "root.key"
_BYTES = 32


def root_keys(folder: Path, random_bytes: Callable[[int], bytes]) -> list[bytes]:
    """The keys of a folder; made when there is none. Raises HaarError for a file that is not one of ours."""
    try:
        text = (folder / NAME).read_text("ascii")
    except FileNotFoundError:
        return _first(folder, random_bytes(_BYTES))
    try:
        keys = [bytes.fromhex(line) for line in text.split()]
    except ValueError:
        keys = []
    if not keys or any(len(key) != _BYTES for key in keys):
        raise HaarError(f"{folder / NAME} is damaged: it should hold 64 hexadecimal digits a line")
    return keys


def add_keys(folder: Path, keys: list[bytes]) -> None:
    """Write keys that the folder does not have yet, to open what they sealed."""
    known = root_keys(folder, os.urandom)
    _replace(folder, [key for key in keys if key not in known] + known)


def _first(folder: Path, key: bytes) -> list[bytes]:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    beside = _written(folder, [key])
    try:
        os.link(beside, folder / NAME)  # where another node was first, its key counts
    except FileExistsError:
        pass
    finally:
        beside.unlink()
    return root_keys(folder, os.urandom)


def _replace(folder: Path, keys: list[bytes]) -> None:
    _written(folder, keys).replace(folder / NAME)


def _written(folder: Path, keys: list[bytes]) -> Path:
    beside = folder / f".{NAME}-{os.getpid()}-{os.urandom(4).hex()}"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    with os.fdopen(os.open(beside, flags, 0o600), "w", encoding="ascii") as file:
        file.write("".join(f"{key.hex()}\n" for key in keys))
        file.flush()
        os.fsync(file.fileno())
    return beside
