"""A PostgreSQL of one's own, for tests: found or installed, started in a directory, gone at the end.

    with PostgresCluster(directory) as cluster:
        store = Store.open(cluster.new_database())

PostgreSQL refuses to run as root; then it runs as the user `postgres` that its Debian package makes.
It listens on a socket in its directory and nowhere else, so clusters never meet.
"""

from __future__ import annotations

import fcntl
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

__all__ = ["PostgresCluster", "binaries"]

_INSTALLED = Path("/usr/lib/postgresql")
_SECONDS_TO_START = 60


def binaries() -> Path:
    """The directory of PostgreSQL's programs; installs Debian's package when there is none and this is root.

    Raises RuntimeError, saying what to install, when that is not possible.
    """
    found = _find()
    if found is not None:
        return found
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise RuntimeError("these tests need PostgreSQL: apt-get install postgresql")
    with _one_at_a_time(Path(tempfile.gettempdir()) / "haar-postgresql-install.lock"):
        if _find() is None:
            environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
            for command in (["apt-get", "update"], ["apt-get", "install", "-y", "postgresql"]):
                done = subprocess.run(  # noqa: S603  # the commands are those above
                    command, env=environment, capture_output=True, text=True, check=False
                )
                if done.returncode != 0:
                    raise RuntimeError(f"{' '.join(command)} failed:\n{done.stderr[-2000:]}")
    found = _find()
    if found is None:
        raise RuntimeError("PostgreSQL was installed, but its programs are not where Debian puts them")
    return found


class PostgresCluster:
    """One running server with its data in a directory made for it. A context manager."""

    def __init__(self, directory: Path | None = None) -> None:
        # a socket's path may have 107 bytes at most, which test directories often exceed
        self.directory = directory or Path(tempfile.mkdtemp(prefix="haar-pg-"))
        self._programs = binaries()
        self._databases = 0
        self._user = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name

    def __enter__(self) -> Self:
        self.directory.mkdir(parents=True, exist_ok=True)
        if os.geteuid() == 0:
            shutil.chown(self.directory, self._user, self._user)
        try:
            self._start()
        except BaseException:
            self._remove()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._run("pg_ctl", "-D", self._data, "-m", "immediate", "-w", "stop")
        finally:
            self._remove()

    def url(self, database: str = "postgres") -> str:
        """How to reach a database of this server."""
        return f"postgresql://postgres@/{database}?host={self.directory}"

    def new_database(self) -> str:
        """The URL of a database that nobody has used."""
        import psycopg

        self._databases += 1
        name = f"haar_{os.getpid()}_{self._databases}"
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE template0'.encode())
        return self.url(name)

    @property
    def _data(self) -> str:
        return str(self.directory / "data")

    def _start(self) -> None:
        self._run("initdb", "-D", self._data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        with (self.directory / "data" / "postgresql.conf").open("a") as settings:
            settings.write(
                "listen_addresses = ''\n"
                f"unix_socket_directories = '{self.directory}'\n"
                "fsync = off\nfull_page_writes = off\nshared_buffers = 16MB\nmax_connections = 60\n"
            )
        log = str(self.directory / "log")
        self._run("pg_ctl", "-D", self._data, "-l", log, "-w", "-t", str(_SECONDS_TO_START), "start")

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._programs / program), *arguments]
        user = self._user if os.geteuid() == 0 else None
        # the server is a child of pg_ctl and would keep a pipe open for as long as it runs: a file takes the output
        with tempfile.TemporaryFile() as output:
            done = subprocess.run(  # noqa: S603  # one of PostgreSQL's own programs
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=self.directory,
                user=user,
                group=user,
                extra_groups=[] if user else None,
                check=False,
            )
            output.seek(0)
            said = output.read().decode(errors="replace")
        if done.returncode != 0:
            raise RuntimeError(f"{program} failed ({done.returncode}):\n{said[-2000:]}")

    def _remove(self) -> None:
        shutil.rmtree(self.directory, ignore_errors=True)


def _find() -> Path | None:
    versions = sorted(_INSTALLED.glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]), reverse=True)
    return versions[0].parent if versions else None


@contextmanager
def _one_at_a_time(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
