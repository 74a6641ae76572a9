"""`haar up`: make a cloud, listen, say where it is, and end it well when told to."""

from __future__ import annotations

import asyncio
import errno
import fcntl
import gc
import json
import logging
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from haar import __version__
from haar.cli import welcome
from haar.cli.options import Up, pid_file
from haar.config import Config
from haar.errors import HaarError

if TYPE_CHECKING:
    from haar.cloud import Cloud

__all__ = ["up"]

log = logging.getLogger("haar.cli")


def up(asked: Up) -> int:
    """Run a server until it is ended; the exit code. With `detach`, start one in the background and return."""
    if asked.detach:
        from haar.cli.background import start

        return start(asked)
    gc.disable()  # nothing of what a start makes is garbage; looking for some takes a tenth of it
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    config = Config(
        store=asked.store_url, files=asked.files_folder, host=asked.host, port=asked.port, iam=cast(Any, asked.iam),
        durability=cast(Any, asked.durability), limits=cast(Any, asked.limits), seed=asked.seed, region=asked.region,
    )  # fmt: skip
    from haar.cloud import Cloud

    try:
        if asked.directory is not None:
            # what is in it are secrets, too: nobody else of this machine reads them
            asked.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        cloud = Cloud(config)
    except (HaarError, OSError, ValueError) as error:
        return _fail(f"The store cannot be opened: {error}")
    except Exception as error:  # noqa: BLE001  # a database driver's own error
        return _fail(f"The store cannot be opened: {type(error).__name__}: {error}")
    try:
        key = _root_key(cloud, asked.new_root_key) if not config.loopback else None
        asyncio.run(_serve(cloud, asked, key))
    except OSError as error:
        return _fail(_why_not(asked, error))
    finally:
        cloud.close()
    return 0


async def _serve(cloud: Cloud, asked: Up, key: tuple[str, str] | None) -> None:
    from haar.gateway.http import serve

    end = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, end.set)
    mark: _Mark | None = None

    def ready(host: str, port: int) -> None:
        nonlocal mark
        mark = _Mark(pid_file(asked.directory, port))
        _say(asked, _start_message(cloud, asked, port, key))
        # what is there now stays: the collector need not look at it again
        gc.freeze()
        gc.enable()

    try:
        await serve(cloud, ready, end, shutdown=end.set)
    finally:
        if mark is not None:
            mark.remove()


class _Mark:
    """The file with this server's process id, locked as long as it runs: a stale one is told by its open lock."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: int | None = None
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.ftruncate(self._file, 0)
            os.write(self._file, b"%d\n" % os.getpid())
        except OSError as error:  # `haar down` finds the server at its address all the same
            log.warning("the process id is not in %s: %s", path, error)

    def remove(self) -> None:
        """The server has ended."""
        if self._file is not None:
            self._path.unlink(missing_ok=True)
            os.close(self._file)


def _root_key(cloud: Cloud, wanted: bool) -> tuple[str, str] | None:
    """A new root key of account 000000000000, when there is none yet or another is wanted; else None."""
    from haar.auth.principal import DEVELOPMENT_ACCOUNT, RootKey
    from haar.ids import Ids
    from haar.kit.epoch import bump

    with cloud.store.transaction() as tx:
        known = [row for row in tx.range(RootKey) if row.account == DEVELOPMENT_ACCOUNT]
        if known and not wanted:
            return None
        for row in known:
            tx.delete(row)
        secure = Ids()  # never from the seed: who knows it would know the key
        made = RootKey(access_key=secure.access_key(), secret=secure.secret_key(), account=DEVELOPMENT_ACCOUNT)
        tx.put(made)
        bump(tx, "credentials")
    return made.access_key, made.secret


def _start_message(cloud: Cloud, asked: Up, port: int, key: tuple[str, str] | None) -> dict[str, Any]:
    from haar.gateway.control_state import store_of

    endpoint = welcome.endpoint_of(asked.host, port)
    loopback = cloud.config.loopback
    store = store_of(asked.store_url)
    return {
        "version": __version__,
        "endpoint": endpoint,
        "host": asked.host,
        "port": port,
        "pid": os.getpid(),
        "loopback": loopback,
        "store": store,
        "data": store["place"],
        "environment": welcome.environment(endpoint, asked.region, loopback=loopback, key=key),
        "root_key_made": key is not None,
        "detached": False,
        "log": "",
    }


def _say(asked: Up, said: dict[str, Any]) -> None:
    """Tell whoever started the server: the parent process through its pipe, else the terminal."""
    if asked.ready_fd is not None:
        with os.fdopen(asked.ready_fd, "w") as parent:
            json.dump(said, parent)
        return
    try:
        print(json.dumps(said) if asked.json else welcome.text(said), flush=True)
    except BrokenPipeError:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115  # nobody listens any more; the server goes on


def _why_not(asked: Up, error: OSError) -> str:
    where = f"{asked.host}, port {asked.port}"
    if error.errno == errno.EADDRINUSE:
        return f"Something listens on {where} already (`haar status` says whether it is Haar). Choose another --port."
    if error.errno == errno.EACCES and asked.port < 1024:
        return f"Port {asked.port} is reserved for the administrator. Choose a --port from 1024 on."
    return f"Haar cannot listen on {where}: {error.strerror or error}."


def _fail(why: str) -> int:
    print(f"haar: {why}", file=sys.stderr)
    return 1
