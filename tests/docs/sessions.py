"""Runs the shell sessions in the pages, as a reader would: one page, one shell, one command after the other.

A session is a ```console block. A line that begins with `$ ` is a command (going on behind `> `), what follows is what
it answers. Ports, the PostgreSQL address and request ids are exchanged for those of this run; what differs
from run to run (ids, keys, instants) is compared by its kind only, and white space not at all.
"""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Self

ROOT = Path(__file__).resolve().parents[2]
#: Where the pages about several nodes say that PostgreSQL is.
DATABASE = "postgresql://haar@db.example/cloud"

_BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_PORT = re.compile(r"(?<=[: ])45\d\d\b")
_VARYING = (
    (_UUID, "ID"),
    (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)?", "INSTANT"),
    (r"\b(AKIA|ASIA|AIDA|AROA|AGPA|ANPA)[A-Z0-9]{16,17}\b", r"\1"),
    (r"\b(o|r|ou|p)-[a-z0-9-]{4,32}\b", r"\1-ID"),
    (r"\b\d{12}\b(?<!0{12})", "ACCOUNT"),
    (r"/\S*/page-folder", "~"),
    (r"\(process \d+\)|process \d+", "PROCESS"),
    (r"\d+(\.\d+)?s\b|\d+ rows|\(\d+ bytes\)|\d+\.\d GiB", "N"),
    (r"\b[A-Za-z0-9/+]{40}\b", "SECRET"),
    (r"\s+", " "),
)


@dataclass(frozen=True)
class Step:
    """One command of a page, and what the page says that it answers (None: the page does not say)."""

    command: str
    answer: str | None


def steps(page: Path) -> list[Step]:
    """The commands of a page, in order."""
    found: list[Step] = []
    for block in _BLOCK.findall(page.read_text("utf-8")):
        command, answer = "", [""]
        for line in block.splitlines():
            if line == ">" or line.startswith("> "):
                command += f"\n{line[2:]}"
            elif line.startswith("$ "):
                if command:
                    found.append(Step(command, "\n".join(answer[1:]) or None))
                command, answer = line[2:], [""]
            else:
                answer.append(line)
        if command:
            found.append(Step(command, "\n".join(answer[1:]) or None))
    return found


def alike(text: str) -> str:
    """A text without what differs from run to run."""
    for pattern, kind in _VARYING:
        text = re.sub(pattern, kind, text)
    return text.strip()


def matches(page: str, real: str) -> bool:
    """Whether an answer is what a page says; `...` in the page stands for anything."""
    parts = [re.escape(part) for part in alike(page).split("...")]
    return re.fullmatch(".*".join(parts), alike(real)) is not None


class Shell:
    """A bash in a folder of its own, with `haar` and `aws` on its path. A context manager."""

    def __init__(self, folder: Path, database: str = "") -> None:
        self.folder = folder / "page-folder"
        self.folder.mkdir()
        (self.folder / ".venv").symlink_to(sys.prefix)
        self._database = database
        self._ports: dict[str, str] = {}
        self._seen = ""

    def __enter__(self) -> Self:
        programs = Path(sys.executable).parent
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "HAAR_", "PG"))}
        own = {
            "PATH": f"{programs}:{os.environ['PATH']}", "HOME": str(self.folder),
            "XDG_DATA_HOME": "", "XDG_STATE_HOME": "", "AWS_PAGER": "",
            "XDG_CACHE_HOME": os.environ.get("XDG_CACHE_HOME", str(Path.home() / ".cache")),
            "AWS_EC2_METADATA_DISABLED": "true", "COLUMNS": "200",
            "HAAR_ENDPOINT": f"http://127.0.0.1:{self._port('4566')}",
        }  # fmt: skip
        self._bash = subprocess.Popen(
            ["bash", "--norc"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            cwd=self.folder, env=clean | own,
        )  # fmt: skip
        self.run("shopt -s expand_aliases")
        return self

    def __exit__(self, *_: object) -> None:
        for port in self._ports.values():
            self.run(f"AWS_ACCESS_KEY_ID= haar down --endpoint http://127.0.0.1:{port}")
        assert self._bash.stdin is not None and self._bash.stdout is not None
        self._bash.stdin.close()
        self._bash.wait(30)
        self._bash.stdout.close()

    def run(self, command: str) -> tuple[str, int]:
        """What a command answers, with the page's own ports and database in it, and its exit code."""
        if command.startswith("make run"):
            command = "haar up -d" + command.removeprefix("make run")
        command = re.sub(r"\bhaar up\b(?!.*--port)", "haar up --port 4566", command)
        command = _PORT.sub(lambda found: self._port(found[0]), command)
        if self._database:
            command = command.replace(DATABASE, self._database)
        known = re.findall(_UUID, self._seen)
        if known:
            command = re.sub(_UUID, known[-1], command)
        assert self._bash.stdin is not None and self._bash.stdout is not None
        self._bash.stdin.write(f"{{ {command}\n}} </dev/null\nprintf '\\n=ended= %s\\n' $?\n")
        self._bash.stdin.flush()
        lines = []
        while not (line := self._bash.stdout.readline()).startswith("=ended= "):
            lines.append(line)
            assert line, f"the shell ended:\n{''.join(lines)}"
        answer = "".join(lines).strip("\n")
        for name, port in self._ports.items():
            answer = answer.replace(f":{port}", f":{name}").replace(f" {port}", f" {name}")
        answer = answer.replace("haar down --endpoint http://127.0.0.1:4566", "haar down")
        if self._database:
            answer = answer.replace(self._database, DATABASE)
        self._seen = answer if re.search(_UUID, answer) else self._seen
        return answer, int(line.split()[1])

    def _port(self, name: str) -> str:
        if name not in self._ports:
            with socket.socket() as free:
                free.bind(("127.0.0.1", 0))
                self._ports[name] = str(free.getsockname()[1])
        return self._ports[name]
