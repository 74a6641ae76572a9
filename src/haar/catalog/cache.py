"""A place for what can be computed again: stripped models and compiled code.

The directory is `$HAAR_CACHE`, else `$XDG_CACHE_HOME/haar`, else `~/.cache/haar`. A directory that cannot be
written, or a file that cannot be read, is no error: the caller computes the value and keeps it in memory.
Files are written beside their final name and renamed, so a reader never meets half a file.
"""

from __future__ import annotations

import marshal
import os
from pathlib import Path
from typing import Any

__all__ = ["directory", "load", "save"]


def directory() -> Path:
    """The cache directory; it may not exist yet."""
    named = os.environ.get("HAAR_CACHE")
    if named:
        return Path(named)
    shared = os.environ.get("XDG_CACHE_HOME")
    if shared:
        return Path(shared) / "haar"
    return Path(os.path.expanduser("~")) / ".cache" / "haar"


def load(name: str) -> Any:
    """The value kept under a relative file name, or None when there is none (or it is damaged)."""
    try:
        with open(directory() / name, "rb") as file:
            # marshal trusts its input: a file somebody else could have written is not ours to read
            about = os.fstat(file.fileno())
            if hasattr(os, "getuid") and (about.st_uid not in (os.getuid(), 0) or about.st_mode & 0o022):
                return None
            return marshal.loads(file.read())
    except (OSError, ValueError, EOFError, TypeError):
        return None


def save(name: str, value: Any) -> None:
    """Keep a value of plain types (or a code object) under a relative file name; silently not, if impossible."""
    import tempfile  # a slow import, needed only the first time

    target = directory() / name
    try:
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, beside = tempfile.mkstemp(dir=target.parent, prefix=".new-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(marshal.dumps(value))
            os.replace(beside, target)
        except OSError:
            os.unlink(beside)
    except OSError:
        return
