"""`haar doctor`: what this machine has, what is missing, and what to do about it."""

from __future__ import annotations

import errno
import importlib.util
import os
import platform
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from haar.cli.options import data_home
from haar.cli.remote import CannotReach, NothingThere, Remote, Said

__all__ = ["Finding", "examine"]

_LEAST_FREE_BYTES = 256 << 20
#: AWS takes signatures up to this many seconds old (IAM User Guide: requests arrive within 15 minutes of their date).
_SKEW_SECONDS = 900
_OPTIONAL = {
    "psycopg": ("PostgreSQL as the store (--store postgresql://...)", "pip install 'haar[postgres]'"),
    "boto3": ("Cloud.client() and the pytest plugin in Python", "pip install boto3"),
}


class Finding(NamedTuple):
    """One line: `verdict` is ok, warn or fail."""

    subject: str
    verdict: str
    what: str
    do: str = ""


def examine(endpoint: str, data: str | None) -> list[Finding]:
    """Every finding, in the order in which they matter."""
    directory = Path(data).absolute() if data else data_home()
    checks: list[Callable[[], Finding | list[Finding]]] = [
        _python,
        _platform,
        lambda: _directory(directory),
        _lmdb,
        lambda: _port(endpoint),
        _catalog,
        _cache,
        _date,
        _optional,
        _aws,
        lambda: _environment(endpoint),
    ]
    found: list[Finding] = []
    for check in checks:
        finding = check()
        found += finding if isinstance(finding, list) else [finding]
    return found


def _python() -> Finding:
    what = f"{platform.python_implementation()} {platform.python_version()} at {sys.executable}"
    if platform.python_implementation() != "CPython":
        return Finding("python", "warn", what, "Haar is tested on CPython.")
    return Finding("python", "ok", what)


def _platform() -> Finding:
    name = f"{platform.system()} {platform.release()} on {platform.machine()}"
    if sys.platform not in ("linux", "darwin"):
        return Finding("platform", "warn", name, "Haar is tested on Linux; here it may need a Linux subsystem.")
    if sys.maxsize < 1 << 32:
        return Finding("platform", "warn", f"{name}, 32 bits", "The store cannot grow beyond 1 GiB on 32 bits.")
    return Finding("platform", "ok", name)


def _directory(directory: Path) -> Finding:
    there = next(path for path in (directory, *directory.parents) if path.exists())
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        return Finding("data", "fail", f"{directory} cannot be written", "Choose another with `haar up --data DIR`.")
    free = shutil.disk_usage(there).free
    what = f"{directory}, {free / (1 << 30):.1f} GiB free"
    if free < _LEAST_FREE_BYTES:
        return Finding("data", "warn", what, "Make room: a full disk is an error to every write.")
    return Finding("data", "ok", what)


def _lmdb() -> Finding:
    """A real store in a scratch directory: opened, written, read."""
    from haar.kit.epoch import Epoch
    from haar.store.store import Store

    try:
        with tempfile.TemporaryDirectory(prefix="haar-doctor-") as scratch:
            store = Store.open(scratch, map_size=1 << 20)
            try:
                with store.transaction() as tx:
                    tx.put(Epoch(name="doctor", value="well"))
                with store.transaction(write=False) as tx:
                    read = tx.get(Epoch, "doctor")
            finally:
                store.close()
    except Exception as error:  # noqa: BLE001  # whatever it is, it is the finding
        return Finding("lmdb", "fail", f"a store cannot be used: {error}", "Reinstall it: pip install --force lmdb")
    if read is None or read.value != "well":
        return Finding("lmdb", "fail", "a store forgot what was written", "Try another file system for the data.")
    return Finding("lmdb", "ok", "a store was made, written and read")


def _port(endpoint: str) -> Finding:
    parts = urlsplit(endpoint)
    host, port = parts.hostname or "127.0.0.1", parts.port or 80
    try:
        with Remote(endpoint, seconds=3) as remote:
            health = remote.get("health")
    except Said as said:
        return Finding("endpoint", "ok", f"Haar answers at {endpoint}: {said.message}")
    except NothingThere:
        pass
    except CannotReach as error:
        return Finding("endpoint", "warn", str(error), "Choose another port with `haar up --port N`.")
    else:
        return Finding("endpoint", "ok", f"Haar {health['version']} runs at {endpoint}")
    try:
        with socket.create_server((host, port)):
            return Finding("endpoint", "ok", f"port {port} is free; nothing runs: start it with `haar up`")
    except OSError as error:
        do = "Choose another port with `haar up --port N`."
        if error.errno == errno.EADDRNOTAVAIL:
            return Finding("endpoint", "warn", f"{host} is not an address of this machine, and does not answer")
        return Finding("endpoint", "fail", f"port {port} cannot be listened on: {error.strerror}", do)


def _catalog() -> Finding:
    from haar import catalog

    data = Path(catalog.__file__).parent / "data"
    missing = [name for name in ("actions.bin", "services.bin") if not (data / name).is_file()]
    if missing:
        return Finding("catalog", "fail", f"{', '.join(missing)} missing in {data}", "Run `make catalog`.")
    if importlib.util.find_spec("botocore") is None:
        return Finding("catalog", "fail", "AWS's models are missing", "pip install botocore")
    return Finding("catalog", "ok", "the facts about AWS's services are there")


def _cache() -> Finding:
    from haar.catalog.cache import directory

    place = directory()
    there = next(path for path in (place, *place.parents) if path.exists())
    if not os.access(there, os.W_OK | os.X_OK):
        do = "Set HAAR_CACHE to a folder that can be written: first calls are slower without."
        return Finding("cache", "warn", f"{place} cannot be written", do)
    return Finding("cache", "ok", str(place))


def _date() -> Finding:
    """Signatures are compared with this machine's clock; programs newer than now show that it is wrong."""
    now = time.time()
    newest = max(path.stat().st_mtime for path in (Path(__file__), Path(sys.executable)))
    if newest - now > _SKEW_SECONDS:
        do = "Set the clock: clients on other machines sign with theirs, and are refused from 15 minutes on."
        return Finding("clock", "fail", "this machine's clock is behind the date of its own programs", do)
    return Finding("clock", "ok", time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now)))


def _optional() -> list[Finding]:
    found = []
    for name, (purpose, do) in _OPTIONAL.items():
        there = importlib.util.find_spec(name) is not None
        found.append(Finding(name, "ok" if there else "warn", purpose, "" if there else f"If you want it: {do}"))
    return found


def _aws() -> Finding:
    """The AWS CLI. Version 1 overrides AWS_ENDPOINT_URL for services whose certificates once had other names."""
    program = shutil.which("aws")
    if program is None:
        return Finding("aws", "warn", "the AWS CLI is not on the path", "If you want it: install version 2 from AWS.")
    try:
        ran = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=30, check=True)  # noqa: S603
    except (OSError, subprocess.SubprocessError) as error:
        return Finding("aws", "warn", f"{program} does not run: {error}")
    version = (ran.stdout or ran.stderr).split(" ")[0]
    if version.startswith("aws-cli/1."):
        do = "Version 1 ignores AWS_ENDPOINT_URL for SQS and a few more: say --endpoint-url $AWS_ENDPOINT_URL to it."
        return Finding("aws", "warn", f"{version} at {program}", do)
    return Finding("aws", "ok", f"{version} at {program}")


def _environment(endpoint: str) -> Finding:
    variables = os.environ
    named = variables.get("AWS_ENDPOINT_URL")
    if named is None:
        do = 'Run: eval "$(haar env)"'
        return Finding("environment", "warn", "AWS_ENDPOINT_URL is not set: AWS's tools talk to AWS itself", do)
    if named.rstrip("/") != endpoint.rstrip("/"):
        return Finding("environment", "warn", f"AWS_ENDPOINT_URL is {named}", f"It is not {endpoint}.")
    missing = [
        name for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION") if not variables.get(name)
    ]
    if missing:
        what = f"{', '.join(missing)} not set"
        return Finding("environment", "warn", what, "Fine if a profile of the AWS CLI has them; else see `haar env`.")
    return Finding("environment", "ok", f"AWS's tools talk to {named}")
