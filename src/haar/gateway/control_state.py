"""The whole cloud: how it is, forgetting it, keeping it in a file, ending it."""

from __future__ import annotations

import asyncio
import os
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from haar import __version__
from haar.errors import HaarError
from haar.gateway.control_time import reading
from haar.gateway.control_words import Asked, Problem

if TYPE_CHECKING:
    from haar.cloud import Cloud

__all__ = ["health", "load", "reset", "save", "shutdown", "store_of"]

#: What a saved cloud's file name ends with. A server that writes no other file cannot be made to overwrite one.
SUFFIX = ".haar"
_MAGIC = b"HAARROWS"
_ACCOUNT = re.compile(r"\d{12}", re.ASCII)


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
        "uptime_seconds": round(time.monotonic() - cloud.server.started, 3) if cloud.server is not None else 0.0,
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
        cloud.reset()
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
        rows = cloud.load(path)
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
    server = asked.cloud.server
    if server is None or server.shutdown is None:
        raise Problem(409, "NotMine", "This cloud runs inside another program.", "End that program.")
    asyncio.get_running_loop().call_soon(server.shutdown)
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


def _arm(cloud: Cloud) -> None:
    if cloud.server is not None:
        cloud.server.arm()
