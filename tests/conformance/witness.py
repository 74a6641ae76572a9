"""Watches a cloud from inside: every call, what it answered, and (if asked) what it would have answered before.

A rehearsal runs the operation on a transaction that is then given up, with the same chances of the dice, and puts
the dice back: what it leaves behind in the store or in memory is what the real run would trip over.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from haar import Cloud
from haar.auth.access import Guard
from haar.clock import Clock
from haar.errors import ServiceError
from haar.gateway import path
from haar.gateway.path import Attempt, Gateway
from haar.kit import Call, Principal, Wait
from haar.kit.perform import perform
from haar.kit.service import Operation
from haar.store.memory import MemoryBackend
from haar.store.transaction import Transaction
from haar.wire.http import HttpReply, HttpRequest, Stream
from tests.conformance.life import material

__all__ = ["Seen", "Witness", "rows"]

STRANGER = "stranger"


@dataclass
class Seen:
    """One request that was answered."""

    service: str
    operation: str
    request: dict[str, Any]
    request_id: str
    account: str
    status: int
    body: bytes
    #: the reply as the operation gave it; empty for an error
    reply: dict[str, Any]
    #: what a user who was allowed nothing was answered just before; None without such a user
    stranger: tuple[int, bytes] | None = None
    #: what the rehearsal answered, and the keys of rows it left changed; None and none without a rehearsal
    rehearsed: bytes | str | None = None
    left: list[bytes] = field(default_factory=list)

    def __str__(self) -> str:
        return f"{self.service}:{self.operation}({self.request})"


def rows(cloud: Cloud) -> dict[bytes, bytes]:
    """Everything a cloud in memory has stored."""
    backend = cloud.store.backend
    assert isinstance(backend, MemoryBackend)
    return dict(backend.rows)


class _Abandoned(Transaction):
    """A transaction that says it was kept, and was not."""

    __slots__ = ()

    def commit(self) -> None:
        self.abort()


class _Watched(Attempt):
    """An attempt that tells its gateway."""

    __slots__ = ()
    gateway: Witness

    def _once(self) -> HttpReply:
        return self.gateway.rehearse(self, super()._once)

    def run(self) -> HttpReply:
        self.gateway.rehearsal, self.gateway.turned_away = (None, []), None
        with self.gateway.watching():
            reply = super().run()
        if self.routed is not None:
            principal = self.principal
            self.gateway.seen.append(
                Seen(
                    self.routed.service,
                    self.routed.operation,
                    dict(self.request or {}),
                    self.request_id,
                    (self.call.account if self.call is not None else "") or (principal.account if principal else ""),
                    reply.status,
                    reply.body,
                    self.gateway.reply if reply.status < 300 else {},
                    self.gateway.turned_away,
                    *self.gateway.rehearsal,
                )
            )
        return reply


class Witness(Gateway):
    """A gateway that remembers: `Witness.of(cloud).seen`."""

    def __init__(self, cloud: Cloud, *, rehearses: bool, strangers: bool) -> None:
        super().__init__(cloud.ports)
        self.cloud = cloud
        self.rehearses = rehearses
        self.strangers = strangers
        self.seen: list[Seen] = []
        self.rehearsal: tuple[bytes | str | None, list[bytes]] = (None, [])
        self.turned_away: tuple[int, bytes] | None = None
        self.reply: dict[str, Any] = {}
        #: (service, operation, action, ARN) of everything the guard was asked
        self.asked: set[tuple[str, str, str, str]] = set()
        #: request id -> (action, ARN) of the same: some are asked for a call that is not made, and not on record
        self.asked_by: dict[str, set[tuple[str, str]]] = {}

    @classmethod
    @contextmanager
    def of(cls, real: float, *, rehearses: bool = False, strangers: bool = False, seed: int = 7) -> Iterator[Witness]:
        """A watched cloud whose real clock stands still at an instant.

        `rehearses`: every operation is run before, and undone. `strangers`: every request is made before by a user
        of the same account who was allowed nothing.
        """
        with Cloud(seed=seed, clock=Clock(real=lambda: real)) as cloud:
            witness = cls(cloud, rehearses=rehearses or strangers, strangers=strangers)
            cloud.gateway = witness
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(cloud.ports.guard, "authorize", witness.authorize)
                yield witness

    def reply_of(self, once: Any) -> HttpReply:
        """A reply, whole: what would be made while it is sent is made at once."""
        reply: HttpReply = once()
        if isinstance(reply.body, Stream):
            stream, reply.body = reply.body, b""
            reply.body = b"".join(stream.pieces())
            stream.end()
        return reply

    @contextmanager
    def watching(self) -> Iterator[None]:
        """While one of this cloud's requests runs: other clouds of this process are not watched."""
        own = material.key()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(path, "perform", self.perform)
            # what no seed replays comes from the operating system: RSA keys (and the names and keys of blobs)
            patch.setattr(rsa, "generate_private_key", lambda *_, **__: own)
            yield

    def perform(self, call: Call, operation: Operation, request: dict[str, Any]) -> dict[str, Any]:
        """`haar.kit.perform`, remembering the reply."""
        self.reply = perform(call, operation, request)
        return self.reply

    def authorize(
        self, call: Call, action: str, resources: list[tuple[str, Any]], operation: Any, request: dict[str, Any]
    ) -> None:
        """The guard's `authorize`, remembering the question."""
        if call.principal.name != STRANGER:
            arns = [arn for arn, _ in resources or [("*", None)]]
            self.asked.update((call.service, call.operation, action, arn) for arn in arns)
            self.asked_by.setdefault(call.request_id, set()).update((action, arn) for arn in arns)
        Guard.authorize(self.cloud.ports.guard, call, action, resources, operation, request)  # type: ignore[arg-type]

    def attempt(self, http: HttpRequest) -> Attempt:
        return _Watched(self, http)

    def rehearse(self, attempt: _Watched, once: Any) -> HttpReply:
        """Run an operation, after a rehearsal if there is to be one."""
        if self.rehearses and attempt.principal is None:
            self.rehearsal = self._rehearsal(once)
            if self.strangers and attempt.principal is not None and attempt.principal.account:
                self.turned_away = self._stranger(attempt)
        return self.reply_of(once)

    def _stranger(self, attempt: _Watched) -> tuple[int, bytes]:
        """The same request from somebody else of the same account."""
        assert attempt.principal is not None
        account = attempt.principal.account
        arn = f"arn:aws:iam::{account}:user/{STRANGER}"
        asked = Attempt(self, attempt.http)
        asked.principal = Principal(kind="user", account=account, arn=arn, id="AIDASTRANGER", name=STRANGER)
        asked.origin = attempt.origin
        reply = asked.run()
        return reply.status, reply.body

    def _rehearsal(self, once: Any) -> tuple[bytes | str | None, list[bytes]]:
        store, ids = self.cloud.store, self.cloud.ids
        before = rows(self.cloud)
        chance, names = ids.random.getstate(), ids.bits.__self__.getstate()  # type: ignore[attr-defined]
        begin = store.begin
        store.begin = lambda *, write=True: _Abandoned(store, store.backend.begin(write=write), write)  # type: ignore[method-assign]
        answer: bytes | str | None
        try:
            answer = self.reply_of(once).body
        except (ServiceError, Wait) as error:
            answer = f"{type(error).__name__} {error}"
        finally:
            store.begin = begin  # type: ignore[method-assign]
        ids.random.setstate(chance)
        ids.bits.__self__.setstate(names)  # type: ignore[attr-defined]
        after = rows(self.cloud)
        left = [key for key in before.keys() | after.keys() if before.get(key) != after.get(key)]
        return answer, left
