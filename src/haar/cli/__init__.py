"""The `haar` command: a client of the control API, like any program; only `haar up` makes a cloud.

Text for people, `--json` for programs. Exit codes: 0 done, 1 failed, 2 misused. `haar.cli.main` is the click command;
the program itself begins in `haar.__main__`, which starts a server without click.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from haar.cli.commands import main

__all__ = ["main"]


def __getattr__(name: str) -> Any:
    """Import the commands only when somebody asks for them."""
    if name == "main":
        from haar.cli.commands import main

        return main
    raise AttributeError(f"module 'haar.cli' has no attribute {name!r}")
