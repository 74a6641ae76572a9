"""A terminal: programs are run in a folder of their own, with nothing of this user's AWS set-up around them."""

from __future__ import annotations

import os
import random
import subprocess
from pathlib import Path

__all__ = ["Terminal", "noise", "tree"]

_SECONDS = 120


class Terminal:
    """Runs programs in a folder, which is their home too; `environment` is what they see besides the path."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.folder = folder
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "HAAR_", "XDG_"))}
        self.environment = {**kept, "HOME": str(folder), "LC_ALL": "C.UTF-8", **environment}

    def run(self, *words: str | Path, said: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        """One run, whatever comes of it; `said` is what it reads from its standard input."""
        return subprocess.run(
            [str(word) for word in words], cwd=self.folder, env=self.environment, input=said, capture_output=True,
            check=False, timeout=_SECONDS,
        )  # fmt: skip

    def __call__(self, *words: str | Path, said: bytes = b"") -> bytes:
        """One run that must succeed; what it printed."""
        done = self.run(*words, said=said)
        assert done.returncode == 0, (done.stdout + done.stderr).decode(errors="replace")
        return done.stdout

    def text(self, *words: str | Path, said: bytes = b"") -> str:
        """The same, as text."""
        return self(*words, said=said).decode().strip()

    def refused(self, *words: str | Path) -> str:
        """One run that must fail; its complaint."""
        done = self.run(*words)
        assert done.returncode != 0, done.stdout.decode(errors="replace")
        return (done.stdout + done.stderr).decode(errors="replace").strip()


def noise(size: int, seed: int = 1) -> bytes:
    """Bytes without a pattern, the same every time."""
    return random.Random(seed).randbytes(size)


def tree(folder: Path) -> dict[str, bytes]:
    """The files of a folder, with what stands in them."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
