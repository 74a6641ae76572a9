"""The programs of other people that the tests drive: found, or installed when this machine can.

`make test` runs this module first; a test that is run by itself installs what it needs. Debian's packages are
installed only where that is done by root. Elsewhere such a test is skipped, and says which package it needs.
"""

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

__all__ = ["JAVASCRIPT", "debian", "everything", "node", "python", "script"]

FOLDER = Path(__file__).parent
JAVASCRIPT = FOLDER / "js"
_PYTHON = FOLDER.parents[1] / ".venv" / "clients"
_REQUIREMENTS = FOLDER / "requirements.txt"


def debian(program: str, package: str = "") -> str:
    """The path of a program that a Debian package brings."""
    package = package or program
    if shutil.which(program) is None and os.geteuid() == 0 and shutil.which("apt-get"):
        with _one_at_a_time("apt"):
            if shutil.which(program) is None:
                environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
                # somebody else may be installing: PostgreSQL, for other tests
                install = [
                    "apt-get",
                    "install",
                    "-y",
                    "--no-install-recommends",
                    "-o",
                    "DPkg::Lock::Timeout=300",
                    package,
                ]
                for command in (["apt-get", "update"], install):
                    subprocess.run(command, env=environment, capture_output=True, check=False)
    found = shutil.which(program)
    if found is None:
        pytest.skip(f"this test needs {program}: apt-get install {package}")
    return found


def node() -> str:
    """Node.js, with the packages of `js/package-lock.json`."""
    debian("npm")
    wanted = (JAVASCRIPT / "package-lock.json").read_bytes()
    stamp = JAVASCRIPT / "node_modules" / ".package-lock.of-haar"
    with _one_at_a_time("npm"):
        if not stamp.is_file() or stamp.read_bytes() != wanted:
            _run(["npm", "ci", "--no-audit", "--no-fund"], cwd=JAVASCRIPT)
            stamp.write_bytes(wanted)
    found = shutil.which("node")
    assert found is not None, "npm is there, but node is not"
    return found


def python() -> Path:
    """A Python with the packages of `requirements.txt`, in an environment that is not Haar's own."""
    wanted = _REQUIREMENTS.read_bytes()
    stamp = _PYTHON / ".installed"
    with _one_at_a_time("pip"):
        if not stamp.is_file() or stamp.read_bytes() != wanted:
            shutil.rmtree(_PYTHON, ignore_errors=True)
            _run([sys.executable, "-m", "venv", str(_PYTHON)])
            _run([str(_PYTHON / "bin" / "pip"), "install", "--quiet", "--requirement", str(_REQUIREMENTS)])
            stamp.write_bytes(wanted)
    return _PYTHON / "bin" / "python"


def script(name: str) -> Path:
    """A program that one of those packages brings."""
    return python().with_name(name)


def _run(command: list[str], cwd: Path | None = None) -> None:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@contextmanager
def _one_at_a_time(what: str) -> Iterator[None]:
    with (Path(tempfile.gettempdir()) / f"haar-install-{what}-{os.geteuid()}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def everything() -> None:
    """Install all of it, as far as that is possible here."""
    python()
    for needed in (node, lambda: debian("rclone"), lambda: debian("restic")):
        try:
            needed()
        except pytest.skip.Exception as missing:
            print(missing)


if __name__ == "__main__":
    everything()
