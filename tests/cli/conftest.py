"""The `haar` program in processes of its own, ended when the test ends; and its commands in this process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from haar.catalog.cache import directory
from haar.testing.server import Running

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    """An environment with a home of its own and none of AWS's variables."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "HAAR_", "XDG_"))}
    return {
        **kept,
        "HOME": str(tmp_path),
        "HAAR_CACHE": str(directory()),
        "PYTHONPATH": str(ROOT / "src"),
        "PATH": f"{Path(sys.executable).parent}:{kept['PATH']}",
    }


class Server:
    """A `haar up` in a process of its own, and what it said when it listened."""

    def __init__(self, process: subprocess.Popen[str], said: dict[str, Any]) -> None:
        self.process = process
        self.said = said
        self.url: str = said["endpoint"]

    def ends(self) -> int:
        """Wait for the end; the exit code."""
        return self.process.wait(20)

    def client(self, service: str, key: str = "test", secret: str = "test") -> Any:
        """A boto3 client of it."""
        import boto3
        from botocore.config import Config

        return boto3.client(
            service, endpoint_url=self.url, aws_access_key_id=key, aws_secret_access_key=secret,
            region_name="us-east-1", config=Config(retries={"total_max_attempts": 1}),
        )  # fmt: skip


@pytest.fixture
def up(home: dict[str, str]) -> Iterator[Callable[..., Server]]:
    """Start `haar up --port 0 --json` with more words; every server is gone when the test ends."""
    started: list[subprocess.Popen[str]] = []

    def start(*words: str) -> Server:
        process = subprocess.Popen(
            [sys.executable, "-m", "haar", "up", "--port", "0", "--json", *words],
            env=home, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        started.append(process)
        assert process.stdout is not None and process.stderr is not None
        line = process.stdout.readline()
        assert line, process.stderr.read()
        return Server(process, json.loads(line))

    yield start
    for process in started:
        process.kill()
        process.communicate()


Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def haar(home: dict[str, str]) -> Run:
    """Run `haar` to its end in a process of its own."""

    def run(*words: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "haar", *words], env={**home, **variables},
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip

    return run


class Commands:
    """The commands in this process, against a server in this process."""

    def __init__(self, server: Running) -> None:
        self.server = server

    def __call__(self, *words: str, **options: Any) -> Result:
        """Run one command; its result."""
        from haar.cli import main

        return CliRunner(env={"HAAR_ENDPOINT": self.server.url}).invoke(main, words, **options)

    def json(self, *words: str) -> Any:
        """What a command that succeeds answers with `--json`."""
        result = self(*words, "--json")
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)


@pytest.fixture
def commands(haar_server: Running, monkeypatch: pytest.MonkeyPatch) -> Commands:
    """`commands("clock", "+40d")` runs a command against a fresh cloud."""
    for name in ("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    return Commands(haar_server)
