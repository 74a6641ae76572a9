"""Write `docs/cli.md` and `docs/control-api.md`, from the commands and the table of endpoints themselves.

    python tools/faces.py

Both pages are committed; a test compares them with what this writes.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import click

from haar.cli import main as commands
from haar.gateway.control import ENDPOINTS, Endpoint

ROOT = Path(__file__).resolve().parent.parent
_PARAGRAPH = re.compile(r"\n\s*\n")

CLI = """# The command line

Every command but `up`, `env` and `doctor` is a client of the [control API](control-api.md): what it does, any program
can do. Text is for people; `--json` is for programs. Exit codes: 0 done, 1 failed, 2 misused.

The cloud is the one at `--endpoint`, else `$HAAR_ENDPOINT`, else `$AWS_ENDPOINT_URL`, else `http://127.0.0.1:4566`.
When `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY` are set, requests are signed with them: a cloud that other machines
can reach takes none but its root user's.

This page is written by `python tools/faces.py`.
"""

CONTROL = """# The control API

Haar's own API, under `/_haar/` at the cloud's endpoint: JSON in, JSON out.

    curl http://127.0.0.1:4566/_haar/health
    curl http://127.0.0.1:4566/_haar/clock -H 'content-type: application/json' -d '{"advance": "+40d"}'

A refusal is `{"error": {"code": "...", "message": "...", "hint": "..."}}` with the fitting HTTP status.

## Who may ask

* On a loopback address (`127.0.0.1`, `::1`, `localhost`): every program of this machine.
* On any other address: whoever signs as the root user, with the root key that `haar up` showed at its first start and
  Signature Version 4 for the service name `haar`, in any region.
* Never a web page in a browser: requests with an `Origin`, with a `Sec-Fetch-Site` other than `none`, or (on a loopback
  address) to a host that is no name of this machine itself get 403. A `POST` must be `application/json`.

This page is written by `python tools/faces.py`.
"""


def cli_page() -> str:
    """Every command, as its own help says it."""
    parts = [CLI.rstrip()]
    top = click.Context(commands, info_name="haar", terminal_width=100, **commands.context_settings)
    for name, command in _commands(commands, ""):
        context = click.Context(command, parent=top, info_name=name)
        parts.append(f"## haar {name}\n\n```text\n{command.get_help(context)}\n```")
    return "\n\n".join(parts) + "\n"


def control_page() -> str:
    """Every endpoint, as its docstring says it."""
    parts = [CONTROL.rstrip()]
    parts += [f"## {endpoint.method} {_path(endpoint)}\n\n{_words(endpoint)}" for endpoint in ENDPOINTS]
    return "\n\n".join(parts) + "\n"


def _commands(group: click.Group, path: str) -> Iterator[tuple[str, click.Command]]:
    for name in sorted(group.commands):
        command = group.commands[name]
        if isinstance(command, click.Group):
            yield from _commands(command, f"{path}{name} ")
        elif not command.hidden:
            yield f"{path}{name}", command


def _path(endpoint: Endpoint) -> str:
    rest = f"/{{{endpoint.rest}}}" if endpoint.rest else ""
    return f"/_haar/{endpoint.path}" + (f"[{rest}]" if endpoint.optional else rest)


def _words(endpoint: Endpoint) -> str:
    words = inspect.getdoc(endpoint.function)
    assert words, f"{endpoint.name} has no docstring"
    return "\n\n".join(paragraph.strip() for paragraph in _PARAGRAPH.split(words))


PAGES = {ROOT / "docs/cli.md": cli_page, ROOT / "docs/control-api.md": control_page}


def main() -> None:
    """Write both pages."""
    for path, page in PAGES.items():
        path.write_text(page(), encoding="utf-8")
        print(path.relative_to(ROOT))


if __name__ == "__main__":
    main()
