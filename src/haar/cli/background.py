"""`haar up -d`: a server in the background; the command returns when it listens, or says why it does not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from haar.cli import welcome
from haar.cli.options import OPTIONS, Up, log_file

__all__ = ["start"]

_LAST_LINES = 20


def start(asked: Up) -> int:
    """Start the server and wait until it listens; the exit code."""
    path = log_file(asked.directory, asked.port)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        log = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    except OSError as error:
        print(f"haar: The log {path} cannot be written: {error.strerror}.", file=sys.stderr)
        return 1
    begin = os.fstat(log).st_size
    hear, tell = os.pipe()
    server = subprocess.Popen(  # noqa: S603  # this very program
        [sys.executable, "-m", "haar", "up", *_words(asked), "--ready-fd", str(tell)],
        stdin=subprocess.DEVNULL, stdout=log, stderr=log, pass_fds=(tell,), start_new_session=True,
    )  # fmt: skip
    os.close(tell)
    os.close(log)
    with os.fdopen(hear) as pipe:
        heard = pipe.read()  # ends when the server has spoken, or has ended
    if not heard:
        code = server.wait()
        print(f"haar: The server ended at once, with code {code}. Its log, {path}, ends with:", file=sys.stderr)
        print(_tail(path, begin), file=sys.stderr)
        return 1
    server.returncode = 0  # it goes on without us: no warning about a child that is still running
    said = json.loads(heard) | {"detached": True, "log": str(path)}
    print(json.dumps(said) if asked.json else welcome.text(said), flush=True)
    return 0


def _words(asked: Up) -> list[str]:
    words = []
    for option in OPTIONS:
        value = getattr(asked, option.name)
        if option.name in ("detach", "json", "ready_fd") or value is None or value is False:
            continue
        words += [option.names[-1]] if option.is_flag else [option.names[-1], str(value)]
    return words


def _tail(path: Path, begin: int) -> str:
    """The last lines that were added to a log since it was so many bytes long."""
    try:
        with path.open("rb") as file:
            file.seek(begin)
            lines = file.read().decode("utf-8", "replace").splitlines()
    except OSError as error:
        return f"  (it cannot be read: {error.strerror})"
    return "\n".join(f"  {line}" for line in lines[-_LAST_LINES:])
