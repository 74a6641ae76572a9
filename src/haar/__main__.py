"""`haar`, and `python -m haar`.

`haar up` is read here without click, which takes as long to import as half a server: a plain command line starts the
server at once. Anything else, and anything odd, goes to the commands.
"""

from __future__ import annotations

import sys

__all__ = ["main"]


def main() -> None:
    """Run the command line and end the process with its exit code: 0 done, 1 failed, 2 misused."""
    words = sys.argv[1:]
    if words[:1] == ["up"]:
        from haar.cli.options import read

        asked = read(words[1:])
        if asked is not None:
            from haar.cli.up import up

            sys.exit(up(asked))
    from haar.cli.commands import main as commands

    commands(prog_name="haar")


if __name__ == "__main__":
    main()
