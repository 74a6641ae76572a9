"""The options of `haar up`, in one table: read by click for its help and its complaints, and quickly at a start."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

__all__ = ["OPTIONS", "Option", "Up", "conflict", "data_home", "log_file", "pid_file", "read", "state_home", "up_of"]


class Option(NamedTuple):
    """One option: its names, the default, what it may be, and its help."""

    names: tuple[str, ...]
    default: str | int | bool | None
    help: str
    choices: tuple[str, ...] = ()
    metavar: str = ""
    hidden: bool = False

    @property
    def name(self) -> str:
        """The option's name in Python."""
        return self.names[-1].removeprefix("--").replace("-", "_")

    @property
    def is_flag(self) -> bool:
        """Whether it stands alone."""
        return isinstance(self.default, bool)

    @property
    def is_number(self) -> bool:
        """Whether its value is a whole number."""
        return self.name in ("port", "seed", "ready_fd")


OPTIONS = (
    Option(("--host",), "127.0.0.1", "The address to listen on.", metavar="ADDRESS"),
    Option(("--port",), 4566, "The port to listen on; 0 takes a free one.", metavar="PORT"),
    Option(("--data",), None, "The folder that keeps the cloud.", metavar="DIR"),
    Option(("--ephemeral",), False, "Keep nothing: the cloud is gone when it stops."),
    Option(("--store",), None, "Another store: postgresql://..., lmdb:///... or memory:", metavar="URL"),
    Option(("--files",), None, "The folder for large bytes and the root key, if not the cloud's own.", metavar="DIR"),
    Option(("--iam",), "enforce", "What policies do: deny, record a denial, or nothing.", ("enforce", "audit", "off")),
    Option(
        ("--durability",), "process",
        "What an acknowledged write survives: Haar being killed, or also a power cut.", ("process", "power"),
    ),
    Option(("--limits",), "off", "Whether AWS's request-rate limits are kept.", ("aws", "off")),
    Option(("--region",), "us-east-1", "The region of a request that names none.", metavar="REGION"),
    Option(("--seed",), None, "Make every random choice from this number.", metavar="N"),
    Option(("-d", "--detach"), False, "Run in the background."),
    Option(("--new-root-key",), False, "Replace the root key of a cloud that other machines can reach."),
    Option(("--json",), False, "Say where the cloud is as JSON."),
    Option(("--ready-fd",), None, "", hidden=True),
)  # fmt: skip


class Up(NamedTuple):
    """What `haar up` was asked to do; the fields are the options."""

    host: str = "127.0.0.1"
    port: int = 4566
    data: str | None = None
    ephemeral: bool = False
    store: str | None = None
    files: str | None = None
    iam: str = "enforce"
    durability: str = "process"
    limits: str = "off"
    region: str = "us-east-1"
    seed: int | None = None
    detach: bool = False
    new_root_key: bool = False
    json: bool = False
    ready_fd: int | None = None

    @property
    def directory(self) -> Path | None:
        """The folder of the data; None when it is kept elsewhere or nowhere."""
        if self.ephemeral or self.store is not None:
            return None
        return Path(self.data).absolute() if self.data is not None else data_home()

    @property
    def store_url(self) -> str:
        """The store, as `haar.config.Config` names it."""
        if self.ephemeral:
            return "memory:"
        return self.store if self.store is not None else str(self.directory)

    @property
    def files_folder(self) -> str:
        """The folder of what is no row, as `haar.config.Config` names it; empty for the store's own."""
        return str(Path(self.files).absolute()) if self.files is not None else ""


def read(words: list[str]) -> Up | None:
    """The options of a well-formed command line; None for one that needs click: for help, or for a complaint."""
    known = {name: option for option in OPTIONS for name in option.names}
    found: dict[str, str | int | bool] = {}
    rest = iter(words)
    for word in rest:
        name, equals, value = word.partition("=") if word.startswith("--") else (word, "", "")
        option = known.get(name)
        if option is None:
            return None
        if option.is_flag:
            if equals:
                return None
            found[option.name] = True
            continue
        if not equals:
            value = next(rest, "")
        if not value or value.startswith("-") or (option.choices and value not in option.choices):
            return None
        if option.is_number and not (value.isascii() and value.isdigit() and len(value) < 10):
            return None
        found[option.name] = int(value) if option.is_number else value
    asked = up_of(found)
    return None if conflict(asked) else asked


def up_of(values: Mapping[str, Any]) -> Up:
    """Options by name, with the defaults for those that are not given."""
    return Up(**{name: value for name, value in values.items() if value is not None})


def conflict(asked: Up) -> str:
    """Why these options do not go together; empty when they do."""
    places = [name for name in ("data", "ephemeral", "store") if getattr(asked, name)]
    if len(places) > 1:
        return f"--{places[0]} and --{places[1]} both say where the cloud is kept: choose one."
    if asked.ephemeral and asked.files is not None:
        return "--ephemeral keeps nothing, and --files says where to keep something: choose one."
    if not 0 <= asked.port <= 65_535:
        return f"{asked.port} is not a port: it must be from 0 to 65535."
    return ""


def data_home() -> Path:
    """Where a cloud is kept when nobody says where: `$XDG_DATA_HOME/haar`, else `~/.local/share/haar`."""
    return _home("XDG_DATA_HOME", ".local/share")


def state_home() -> Path:
    """Where the logs of clouds without a folder of their own go: `$XDG_STATE_HOME/haar`, else `~/.local/state/haar`."""
    return _home("XDG_STATE_HOME", ".local/state")


def _home(variable: str, otherwise: str) -> Path:
    named = os.environ.get(variable, "")
    return (Path(named) if named.startswith("/") else Path(os.path.expanduser("~")) / otherwise) / "haar"


def pid_file(directory: Path | None, port: int) -> Path:
    """Where a running server leaves its process id: in the folder of its data, else among the states by its port."""
    return directory / "haar.pid" if directory is not None else state_home() / f"haar-{port}.pid"


def log_file(directory: Path | None, port: int) -> Path:
    """Where a server in the background writes its log."""
    return pid_file(directory, port).with_suffix(".log")
