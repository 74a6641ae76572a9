"""Every setting of a cloud, one documented field each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

#: Addresses on which the well-known development keys are honoured.
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True)
class Config:
    """How a cloud is set up. The CLI's options are these fields."""

    #: Where state lives: `memory:`, a folder (`lmdb:///path` or a plain path), or `postgresql://...` for many nodes.
    store: str = "memory:"
    #: The folder for what is no row: the root key and large bytes. By default in the store's own folder, or in memory
    #: with it; a cloud in PostgreSQL needs one that all its nodes share.
    files: str = ""
    #: Address and port to listen on. Any address but a loopback one turns the development keys off.
    host: str = "127.0.0.1"
    port: int = 4566
    #: `enforce` (default), `audit` (decide and record, but let pass) or `off`.
    iam: Literal["enforce", "audit", "off"] = "enforce"
    #: `process`: nothing acknowledged is lost when Haar is killed. `power`: synced to disk before the answer.
    durability: Literal["process", "power"] = "process"
    #: `aws` enforces AWS's request-rate limits; `off` (default) lets a test run at full speed. Hard limits always hold.
    limits: Literal["aws", "off"] = "off"
    #: Seeds identifiers and every other random choice, so that a run can be replayed. None: secure randomness.
    seed: int | None = None
    #: In process only: a wait with nothing else to do jumps the virtual clock to its end instead of sleeping.
    autojump: bool = True
    #: The region of a request that names none.
    region: str = "us-east-1"
    #: The largest request body accepted by operations that do not stream, in bytes.
    body_bytes_max: int = 70 * 1024 * 1024

    #: A body of an operation that streams is held in memory up to this size, in bytes; larger ones go to disk.
    spool_above: int = 1024 * 1024

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach the cloud."""
        return self.host in LOOPBACK
