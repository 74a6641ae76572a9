"""A `haar up` of one's own: started as a user starts it, reached as a user reaches it.

    with Haar("--ephemeral") as haar:
        haar.client("sqs").create_queue(QueueName="q")
        haar.control("POST", "clock", {"advance": "+40d"})

It listens on a port the system chose, its log stands in a file, and it is gone at the end of the block.
"""

from __future__ import annotations

import json
import os
import re
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path
from threading import Event
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import urlsplit

from haar.wire.http import HttpRequest

__all__ = ["Haar", "at_once", "eventually"]

ROOT = Path(__file__).resolve().parents[2]
_SECONDS_TO_START = 30
_SECONDS_TO_STOP = 20
_SECONDS_TO_HAPPEN = 30
_URL = re.compile(r"https?://[\w.\[\]:-]+:\d+")


T = TypeVar("T")


def eventually(question: Callable[[], T]) -> T:
    """Ask until the answer is yes; fails when it does not become so."""
    end = time.monotonic() + _SECONDS_TO_HAPPEN
    while not (answer := question()):
        assert time.monotonic() < end, "it did not happen"
    return answer


def at_once(jobs: Iterable[Callable[[], Any]], failed: Event | None = None) -> list[Any]:
    """Run functions side by side, one thread each; their results in order.

    The first that fails sets `failed`, so that those who wait for its work can give up.
    """

    def run(job: Callable[[], Any]) -> Any:
        try:
            return job()
        except BaseException:
            if failed is not None:
                failed.set()
            raise

    work = list(jobs)
    with ThreadPoolExecutor(len(work)) as threads:
        return [job.result() for job in [threads.submit(run, each) for each in work]]


class Haar:
    """One running server. `url` is its endpoint; `options` are those of `haar up`."""

    def __init__(self, *options: str, environment: dict[str, str] | None = None) -> None:
        self.options = options
        self.environment = environment or {}
        self.url = ""
        self._process: subprocess.Popen[bytes] | None = None
        self._home = tempfile.TemporaryDirectory(prefix="haar-")
        self._log = Path(self._home.name) / "log"

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            self.kill()
        self._home.cleanup()

    def start(self) -> Self:
        """Start it, and wait until it says where it listens."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "haar", "up", "--port", "0", *self.options],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, cwd=ROOT, env=self._surroundings(),
            )  # fmt: skip
        said = b""
        assert self._process.stdout is not None
        while (found := _URL.search(said.decode(errors="replace"))) is None:
            ready, _, _ = select.select([self._process.stdout], [], [], _SECONDS_TO_START)
            piece = os.read(self._process.stdout.fileno(), 65_536) if ready else b""
            if not piece:
                raise AssertionError(f"haar up did not begin to listen; it said:\n{said.decode()}\n{self.log()}")
            said += piece
        self.url = found.group().replace("0.0.0.0", "127.0.0.1")
        return self

    @property
    def pid(self) -> int:
        """The server's process."""
        assert self._process is not None
        return self._process.pid

    @property
    def port(self) -> int:
        """The port it listens on."""
        port = urlsplit(self.url).port
        assert port is not None
        return port

    def log(self) -> str:
        """What it wrote to its standard error."""
        return self._log.read_text(errors="replace")

    def _surroundings(self) -> dict[str, str]:
        """The environment of its processes: nothing of this user's AWS set-up, nothing left in this user's home."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "HAAR_", "XDG_"))}
        own = dict.fromkeys(("XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"), self._home.name)
        return {**kept, **own, "PYTHONPATH": str(ROOT / "src"), **self.environment}

    def kill(self) -> None:
        """End it as a power cut would: no goodbye, nothing flushed."""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """End it as a user would; its exit code."""
        return self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> int:
        assert self._process is not None
        self._process.send_signal(how)
        code = self._process.wait(_SECONDS_TO_STOP)
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._process = None
        return code

    # -- talking to it -----------------------------------------------------------------------------------------

    def client(
        self, service: str, *, access_key: str | None = "test", secret_key: str = "test", token: str | None = None,
        region: str = "us-east-1", attempts: int = 1, **options: Any,
    ) -> Any:  # fmt: skip
        """A boto3 client over the port. `access_key=None` signs nothing."""
        import boto3
        from botocore import UNSIGNED
        from botocore.config import Config

        config = Config(retries={"total_max_attempts": attempts}, max_pool_connections=32, read_timeout=60)
        if access_key is None:
            config = config.merge(Config(signature_version=UNSIGNED))
        session = boto3.session.Session()
        return session.client(
            service, endpoint_url=self.url, aws_access_key_id=access_key, aws_secret_access_key=secret_key,
            aws_session_token=token, region_name=region, config=config, **options,
        )  # fmt: skip

    def http(
        self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> tuple[int, bytes]:
        """One plain HTTP request; its status and body."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body, headers or {})
            reply = connection.getresponse()
            return reply.status, reply.read()
        finally:
            connection.close()

    def begin(self, http: HttpRequest) -> HTTPConnection:
        """Send a signed request and do not wait for the answer: that is `ended(...)`'s part.

        The bytes are with the server when this returns, so whatever it is asked after the next answered call on
        another connection, it has begun with this one before.
        """
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request(http.method, http.path, http.body, http.headers)
        self.control("GET", "health")
        self.control("GET", "health")
        return connection

    @staticmethod
    def ended(connection: HTTPConnection) -> Any:
        """The JSON answer to what was begun; fails unless it is a success."""
        reply = connection.getresponse()
        body = reply.read()
        connection.close()
        assert reply.status == 200, body
        return json.loads(body)

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """One call of Haar's own API; its answer. Fails unless it succeeds."""
        data = b"" if body is None else json.dumps(body).encode()
        headers = {"content-type": "application/json"} if method == "POST" else {}
        status, answer = self.http(method, f"/_haar/{path}", data, headers)
        assert status == 200, f"{method} /_haar/{path} answered {status}: {answer.decode(errors='replace')}"
        return json.loads(answer)

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """One run of `haar ...` pointed at this server."""
        return subprocess.run(
            [sys.executable, "-m", "haar", *words], capture_output=True, text=True, check=False, timeout=60,
            env=self._surroundings() | {"AWS_ENDPOINT_URL": self.url}, cwd=ROOT,
        )  # fmt: skip
