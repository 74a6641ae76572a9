"""A cloud whose every chance comes from one seed: the real clock stands still, ids and conflicts are drawn.

A `Workload` is what is done to it: `setup` once, `step` many times, `check` at the end. Each checks its own
invariants as it goes and raises AssertionError where one does not hold. `simulate` runs a workload under a seed with
the faults that the world has: jumps of the clock, restarts from what is on disk, and transactions that
another node gets ahead of, so that the whole operation is run again.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import random
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple, Protocol
from urllib.parse import urlencode
from xml.etree import ElementTree

from haar import Cloud
from haar.clock import Clock
from haar.errors import Conflict
from haar.store.transaction import Transaction
from haar.wire.http import HttpReply, HttpRequest

#: Where the real clock stands, in every simulation.
BEGINNING = 1_800_000_000.0
#: How likely a commit is to meet a conflict.
CONFLICTS = 0.1
REGION = "us-east-1"


class Keys(NamedTuple):
    """Who signs."""

    access_key: str
    secret: str


ROOT = Keys("test", "test")


class Answer(NamedTuple):
    """What came back: `value` is the JSON object or the XML tree; `code` is "" unless the call was refused."""

    status: int
    code: str
    value: Any


class World:
    """A cloud on disk, and what happens to it."""

    def __init__(self, seed: int, directory: Path, *, conflicts: float = CONFLICTS) -> None:
        self.seed = seed
        self.random = random.Random(seed)
        self.directory = directory
        self._conflicts = conflicts
        self._restarts = 0
        self._signing: dict[tuple[str, str], bytes] = {}
        self.cloud = self._open()

    @property
    def now(self) -> float:
        """The virtual instant."""
        return self.cloud.clock.now()

    def advance(self, seconds: float) -> None:
        """Let virtual time pass."""
        self.cloud.advance(seconds)

    def restart(self) -> None:
        """Stop the cloud and start another on what it left on disk."""
        self.cloud.close()
        self._restarts += 1
        self.cloud = self._open()

    def close(self) -> None:
        """The end of the world."""
        self.cloud.close()

    def json(self, service: str, target: str, request: Mapping[str, Any], keys: Keys = ROOT) -> Answer:
        """Call an operation of a JSON service: `world.json("sqs", "AmazonSQS.SendMessage", {...})`."""
        headers = {"x-amz-target": target, "content-type": "application/x-amz-json-1.0"}
        reply = self._send(service, headers, json.dumps(request).encode(), keys)
        value = json.loads(reply.body or b"{}")
        code = "" if reply.status == 200 else str(value["__type"]).rpartition("#")[2]
        return Answer(reply.status, code, value)

    def form(self, service: str, action: str, version: str, request: Mapping[str, str], keys: Keys = ROOT) -> Answer:
        """Call an operation of a query service: `world.form("iam", "CreateUser", "2010-05-08", {...})`."""
        body = urlencode({"Action": action, "Version": version, **request}).encode()
        headers = {"content-type": "application/x-www-form-urlencoded"}
        reply = self._send(service, headers, body, keys)
        tree = ElementTree.fromstring(reply.body)
        code = "" if reply.status == 200 else tree.findtext(".//{*}Code") or "?"
        return Answer(reply.status, code, tree)

    # -- inside ----------------------------------------------------------------------------------------------------

    def _open(self) -> Cloud:
        cloud = Cloud(
            store=str(self.directory),
            seed=self.seed * 1000 + self._restarts,
            clock=Clock(real=lambda: BEGINNING),
        )
        store, world = cloud.store, self

        class Contended(Transaction):
            """A transaction that another node may get ahead of."""

            __slots__ = ()

            def commit(self) -> None:
                if self.writable and world.random.random() < world._conflicts:
                    self.abort()
                    raise Conflict("another node was first")
                super().commit()

        # operations and timers begin their transactions with `begin`; both promise to run again after a conflict
        store.begin = lambda *, write=True: Contended(store, store.backend.begin(write=write), write)  # type: ignore[method-assign]
        return cloud

    def _send(self, service: str, headers: dict[str, str], body: bytes, keys: Keys) -> HttpReply:
        stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(BEGINNING))
        headers = {"host": f"{service}.{REGION}.amazonaws.com", "x-amz-date": stamp, **headers}
        signed = ";".join(sorted(headers))
        listed = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers))
        canonical = f"POST\n/\n\n{listed}\n{signed}\n{hashlib.sha256(body).hexdigest()}"
        scope = f"{stamp[:8]}/{REGION}/{service}/aws4_request"
        to_sign = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
        signature = hmac.new(self._signing_key(service, stamp[:8], keys.secret), to_sign.encode(), "sha256").hexdigest()
        headers["authorization"] = (
            f"AWS4-HMAC-SHA256 Credential={keys.access_key}/{scope}, SignedHeaders={signed}, Signature={signature}"
        )
        return self.cloud.handle(HttpRequest("POST", "/", "", headers, body))

    def _signing_key(self, service: str, date: str, secret: str) -> bytes:
        key = self._signing.get((service, secret))
        if key is None:
            key = b"AWS4" + secret.encode()
            for part in (date, REGION, service, "aws4_request"):
                key = hmac.new(key, part.encode(), "sha256").digest()
            self._signing[service, secret] = key
        return key


class Workload(Protocol):
    """What is done to a world, and what must hold while it is."""

    def setup(self, world: World) -> None:
        """Make what the steps need."""
        ...

    def step(self, world: World) -> None:
        """Do one thing, chosen by `world.random`."""
        ...

    def check(self, world: World) -> None:
        """What must hold in the end."""
        ...


def simulate(make: Callable[[], Workload], seed: int, directory: Path, *, steps: int) -> None:
    """Run a workload under a seed. Raises AssertionError where an invariant does not hold."""
    world = World(seed, directory)
    try:
        workload = make()
        workload.setup(world)
        for _ in range(steps):
            chance = world.random.random()
            if chance < 0.03:
                world.restart()
            elif chance < 0.2:
                world.advance(world.random.choice((0.5, 1, 5, 10, 30, 60, 299, 301, 3600)))
            else:
                workload.step(world)
        workload.check(world)
    finally:
        world.close()
