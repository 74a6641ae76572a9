"""Ending a server: by asking it, or by a signal to the process that holds its folder."""

from __future__ import annotations

import fcntl
import os
import signal
import time
from pathlib import Path

from haar.cli.options import pid_file
from haar.cli.remote import NothingThere, Remote

__all__ = ["by_request", "by_signal", "has_ended"]

_LOOK_SECONDS = 0.02


def by_request(endpoint: str) -> int | None:
    """Ask the server at an endpoint to end; its process id, or None when nothing listens there.

    Raises Said when it refuses, CannotReach when what listens is not Haar.
    """
    with Remote(endpoint) as remote:
        try:
            return int(remote.post("shutdown")["pid"])
        except NothingThere:
            return None


def by_signal(directory: Path) -> int | None:
    """End the server that holds a folder of data; its process id, or None when there is none."""
    try:
        with pid_file(directory, 0).open("rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                pid = int(file.read(16))  # the server holds the lock: the number is true
            else:
                return None  # left behind by a server that was killed
    except (OSError, ValueError):
        return None
    os.kill(pid, signal.SIGTERM)
    return pid


def has_ended(pid: int, seconds: float) -> bool:
    """Wait until a process of this machine has ended; False when it has not after so many seconds."""
    end = time.monotonic() + seconds
    while _runs(pid):
        if time.monotonic() > end:
            return False
        time.sleep(_LOOK_SECONDS)
    return True


def _runs(pid: int) -> bool:
    """Whether a process is a Haar that runs here; one that has ended and is not yet buried has no command line."""
    try:
        return b"haar" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except FileNotFoundError:
        if Path("/proc/self").exists():
            return False
    except OSError:
        return False
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return True
