"""A server and all of its processes: starting it, what it has used, ending it (Linux: it reads /proc)."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_START_SECONDS_MAX = 60.0
_STOP_SECONDS_MAX = 5.0


#: Haar starts from compiled modules, as the installed peers do.
_INHERITED = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


class Server:
    """A running server. The moment of starting is `started_at`, on the monotonic clock."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
        self.started_at = time.perf_counter()
        with log.open("ab") as output:
            self._process = subprocess.Popen(  # noqa: S603  # the commands are this package's own
                list(command),
                env={**_INHERITED, **environment},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        self._log = log

    def wait(self, answers: Callable[[], bool]) -> float:
        """Seconds from the start to the first good answer. Raises RuntimeError when it does not come."""
        while (passed := time.perf_counter() - self.started_at) < _START_SECONDS_MAX:
            if self._process.poll() is not None:
                raise RuntimeError(f"the server ended with {self._process.returncode}; see {self._log}")
            if answers():
                return time.perf_counter() - self.started_at
            time.sleep(0.003)
        raise RuntimeError(f"no good answer in {passed:.0f} seconds; see {self._log}")

    def processes(self) -> list[int]:
        """The server's process and everything that came out of it."""
        parents: dict[int, list[int]] = {}
        for name in os.listdir("/proc"):
            if name.isdigit() and (stat := _stat(int(name))) is not None:
                parents.setdefault(int(stat[1]), []).append(int(name))
        found = [self._process.pid]
        for pid in found:
            found.extend(parents.get(pid, ()))
        return found

    def cpu_seconds(self) -> float:
        """User and system time so far, of all its processes and of those that have ended."""
        stats = [stat for pid in self.processes() if (stat := _stat(pid)) is not None]
        return sum(int(tick) for stat in stats for tick in stat[11:15]) / _TICKS

    def pss_mb(self) -> float:
        """Its share of the memory, in MiB: pages shared with others count in part."""
        total = 0
        for pid in self.processes():
            try:
                lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
            except OSError:
                continue
            total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
        return total / 1024

    def stop(self) -> None:
        """End it, gently at first."""
        processes = self.processes()
        for number in (signal.SIGTERM, signal.SIGKILL):
            for pid in processes:
                try:
                    os.kill(pid, number)
                except ProcessLookupError:
                    continue
            try:
                self._process.wait(_STOP_SECONDS_MAX)
                return
            except subprocess.TimeoutExpired:
                continue


def free_port() -> int:
    """A port of the loopback that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _stat(pid: int) -> list[bytes] | None:
    """The fields of a process from its state on; None when it has gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_bytes().rpartition(b") ")[2].split()
    except OSError:
        return None
