"""Programs that tests run: found, or installed where that can be done, or the test is skipped and says what is missing."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.clients.process import ROOT

__all__ = ["debian", "python_with", "run", "surroundings"]


@contextmanager
def _alone(name: str) -> Iterator[None]:
    """One of several test processes at a time."""
    with (Path(tempfile.gettempdir()) / f"haar-{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def debian(name: str) -> str:
    """The path of a program that Debian has in a package of its name."""
    with _alone("apt"):
        if shutil.which(name) is None and os.geteuid() == 0 and shutil.which("apt-get"):
            environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
            for command in (["apt-get", "update"], ["apt-get", "install", "-y", "--no-install-recommends", name]):
                subprocess.run(command, env=environment, capture_output=True, check=False)
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"this test needs {name}: apt-get install {name}")
    return found


def python_with(name: str, *packages: str) -> str:
    """The Python of an environment of its own, for packages that do not go together with those of the tests."""
    folder = ROOT / ".venv" / "clients" / name
    python, stamp = folder / "bin" / "python", folder / ".made"
    wanted = "\n".join(packages)
    with _alone(f"env-{name}"):
        if not stamp.exists() or stamp.read_text() != wanted:
            shutil.rmtree(folder, ignore_errors=True)
            for command in (
                [sys.executable, "-m", "venv", str(folder)],
                [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *packages],
            ):
                done = subprocess.run(command, capture_output=True, text=True, check=False)
                assert done.returncode == 0, done.stderr
            stamp.write_text(wanted)
    return str(python)


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
