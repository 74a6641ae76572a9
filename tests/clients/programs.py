"""Running a program, with nothing of this user's own AWS set-up around it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

__all__ = ["run", "surroundings"]


def surroundings(home: Path, **more: str) -> dict[str, str]:
    """An environment in which nothing of this user's own AWS set-up is left."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "RCLONE_", "RESTIC_"))}
    return {**kept, "HOME": str(home), "XDG_CONFIG_HOME": str(home), "XDG_CACHE_HOME": str(home), **more}


def run(words: list[str], environment: dict[str, str], *, fails: bool = False) -> str:
    """Run a command that must succeed (or, with `fails`, must not); all that it printed."""
    done = subprocess.run(
        words, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=300
    )
    assert (done.returncode != 0) is fails, done.stdout
    return done.stdout
