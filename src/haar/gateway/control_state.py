"""The whole cloud: how it is, forgetting it, keeping it in a file, ending it."""

from __future__ import annotations

import asyncio
import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from haar import __version__
from haar.auth.principal import RootKey
from haar.clock import Stretch
from haar.errors import HaarError
from haar.gateway.control_time import reading
from haar.gateway.control_words import Asked, Problem
from haar.kit.epoch import Epoch
from haar.record import replace
from haar.scheduler.timers import Hands

if TYPE_CHECKING:
    from haar.cloud import Cloud
    from haar.store.transaction import Transaction

__all__ = ["Helm", "health", "helm", "load", "reset", "save", "shutdown", "store_of"]

#: What a saved cloud's file name ends with. A server that writes no other file cannot be made to overwrite one.
SUFFIX = ".haar"
_MAGIC = b"HAARROWS"
_ACCOUNT = re.compile(r"\d{12}", re.ASCII)


class Helm:
    """What only the program that runs a cloud can tell or do: when it began to serve, and how to end it."""

    def __init__(self) -> None:
        self.started = time.monotonic()
        self.stop: Callable[[], None] | None = None


_helms: WeakKeyDictionary[Cloud, Helm] = WeakKeyDictionary()


def helm(cloud: Cloud) -> Helm:
    """The helm of a cloud; the one who serves it sets `stop`."""
    found = _helms.get(cloud)
    if found is None:
        found = _helms[cloud] = Helm()
    return found


def health(asked: Asked) -> dict[str, Any]:
    """Whether the cloud is well, and what it is.

    Reply: `status` (`ok`; 503 with an error when the store cannot be read), `version`, `pid`, `uptime_seconds` (real),
    `clock` (as `GET clock`), `store` (`kind`, `place`), `iam`, `durability`, `limits`, `region`, `loopback`,
    `services` (name -> `loaded`, or `ready` for one that is loaded at its first call), `connections`, `waiting` (calls
    in a long poll).
    """
    cloud = asked.cloud
    config = cloud.config
    try:
        clock = reading(cloud)
    except (HaarError, OSError) as error:
        raise Problem(503, "StoreFails", f"The store cannot be read: {error}") from None
    loaded = cloud._rooms
    return {
        "status": "ok",
        "version": __version__,
        "pid": os.getpid(),
        "uptime_seconds": round(time.monotonic() - helm(cloud).started, 3),
        "clock": clock,
        "store": store_of(config.store),
        "iam": config.iam,
        "durability": config.durability,
        "limits": config.limits,
        "region": config.region,
        "loopback": config.loopback,
        "services": {name: "loaded" if name in loaded else "ready" for name in cloud.rooms()},
        "connections": len(cloud.server.connections) if cloud.server is not None else 0,
        "waiting": len(cloud.hub),
    }


def reset(asked: Asked) -> dict[str, Any]:
    """Forget everything, or everything of one account: `{}` or `{"account": "111122223333"}`.

    A whole reset also sets the virtual clock back to the real one. Root keys of a cloud that is reachable from other
    machines stay. Reply: `reset`: `everything`, or the account.
    """
    cloud = asked.cloud
    asked.only("account")
    account = asked.text("account")
    if "account" in asked.members and not _ACCOUNT.fullmatch(account):
        raise Problem(400, "BadAccount", f"{account!r} is not an account: 12 digits.")
    if account:
        cloud.reset(account)
    else:
        with _keepsakes(cloud):
            cloud.reset()
            cloud.clock.adopt([Stretch(0.0, 0.0)])
            cloud.scheduler.bend()
    _arm(cloud)
    return {"reset": account or "everything"}


def save(asked: Asked) -> dict[str, Any]:
    """Write the whole cloud into one file on the server's disk: `{"path": "/home/me/before.haar", "force": false}`.

    The path is absolute and ends in `.haar`. 409 when the file exists, unless `force` is true and it is a saved
    cloud. Reply: `path`, `rows`, `bytes`.
    """
    asked.only("path", "force")
    path = _path(asked)
    if path.exists():
        if not asked.flag("force"):
            raise Problem(409, "FileExists", f"{path} exists.", "Choose another name, or say --force to replace it.")
        if not _is_saved_cloud(path):
            raise Problem(409, "FileExists", f"{path} exists and is not a saved cloud: it is not replaced.")
    if not path.parent.is_dir():
        raise Problem(400, "NoSuchDirectory", f"There is no directory {path.parent}.")
    try:
        rows = asked.cloud.save(path)
        return {"path": str(path), "rows": rows, "bytes": path.stat().st_size}
    except OSError as error:
        raise Problem(400, "CannotWrite", f"{path} cannot be written: {error.strerror}.") from None


def load(asked: Asked) -> dict[str, Any]:
    """Replace the whole cloud by a saved one from the server's disk: `{"path": "/home/me/before.haar"}`.

    The clock takes the saved cloud's offset and rate. Root keys stay those of this cloud. A damaged file changes
    nothing. Reply: `path`, `rows`.
    """
    cloud = asked.cloud
    asked.only("path")
    path = _path(asked)
    try:
        with _keepsakes(cloud):
            rows = cloud.load(path)
            with cloud.store.transaction(write=False) as tx:
                is_bent = tx.get(Hands, "clock") is not None
            if not is_bent:
                cloud.clock.adopt([Stretch(0.0, 0.0)])
    except FileNotFoundError:
        raise Problem(404, "NoSuchFile", f"There is no file {path}.") from None
    except OSError as error:
        raise Problem(400, "CannotRead", f"{path} cannot be read: {error.strerror}.") from None
    except HaarError as error:
        raise Problem(400, type(error).__name__, f"{path} was not loaded: {error}.") from None
    _arm(cloud)
    return {"path": str(path), "rows": rows}


def shutdown(asked: Asked) -> dict[str, Any]:
    """End the server: what is stored stays, open connections are closed. Reply: `status` (`stopping`), `pid`."""
    asked.only()
    stop = helm(asked.cloud).stop
    if stop is None:
        raise Problem(409, "NotMine", "This cloud runs inside another program.", "End that program.")
    asyncio.get_running_loop().call_soon(stop)
    return {"status": "stopping", "pid": os.getpid()}


def store_of(url: str) -> dict[str, str]:
    """What kind of store a URL names and where it is, without passwords."""
    if url.startswith("memory:"):
        return {"kind": "memory", "place": ""}
    if url.startswith(("postgres://", "postgresql://")):
        parts = urlsplit(url)
        host = (parts.hostname or "") + (f":{parts.port}" if parts.port else "")
        return {"kind": "postgresql", "place": f"{host}{parts.path}"}
    return {"kind": "lmdb", "place": str(Path(url.removeprefix("lmdb://").removeprefix("lmdb:")).absolute())}


def _path(asked: Asked) -> Path:
    text = asked.text("path")
    path = Path(text)
    if not path.is_absolute() or "\0" in text:
        raise Problem(400, "BadPath", f"{text!r} is not an absolute path.")
    if path.suffix != SUFFIX:
        raise Problem(400, "BadPath", f"The name of a saved cloud ends in {SUFFIX}.", f"Try {path.name}{SUFFIX}.")
    return path


def _is_saved_cloud(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(_MAGIC)) == _MAGIC
    except OSError:
        return False


@contextmanager
def _keepsakes(cloud: Cloud) -> Iterator[None]:
    """Keep what outlives the state: root keys; and epochs, which must not repeat, or old caches would look fresh."""
    with cloud.store.transaction(write=False) as tx:
        keys = list(tx.range(RootKey))
        epochs = {row.name: row.value for row in tx.range(Epoch)}
    yield
    with cloud.store.transaction() as tx:
        for stale in list(tx.range(RootKey)):
            tx.delete(stale)
        for key in keys:
            tx.put(key)
        _pass(tx, epochs)


def _pass(tx: Transaction, epochs: dict[str, int]) -> None:
    """Every epoch moves past both its old and its new value."""
    fresh = {row.name: row for row in tx.range(Epoch)}
    for name in sorted(epochs.keys() | fresh.keys()):
        row = fresh.get(name) or Epoch(name=name)
        tx.put(replace(row, value=max(row.value, epochs.get(name, 0)) + 1))


def _arm(cloud: Cloud) -> None:
    if cloud.server is not None:
        cloud.server.arm()
