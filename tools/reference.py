"""Write `docs/reference/`: one page per service, and one for the settings.

Nothing here is written by hand: the words are the docstrings of the rooms and the documented fields of
`haar.config.Config`. The pages are not committed; `make docs` makes them. Those of the command line and the control
API are committed and come from `tools/faces.py`.
"""

from __future__ import annotations

import ast
import inspect
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
REFERENCE = ROOT / "docs/reference"

sys.path.insert(0, str(ROOT / "tools"))
from coverage import MARKS, Room, results, rooms, services, table  # noqa: E402  # the tool beside this one


def service_page(service: Any, words: str, room: Room) -> str:
    """A service: its room's docstring, its resources, its quotas, and every operation with verdict and docstring."""
    parts = [f"# {service.name}", words]
    kinds = sorted(service.namers, key=lambda kind: str(kind.__name__))
    if kinds:
        arns = [
            [kind.__name__, f"`{kind.__declared__['arn']}`" if "arn" in kind.__declared__ else ""] for kind in kinds
        ]
        parts += ["## Resources", table(["resource", "ARN"], arns)]
    if service.quotas:
        limits = [[quota.name, f"{quota.default:,g}", quota.code] for quota in service.quotas]
        parts += ["## Quotas", table(["quota", "default", "code"], limits)]
    parts.append("## Operations")
    rows = []
    for verdict in room.verdicts:
        written = next(
            (o for s, o in service.operations.items() if service.model.snake.get(s) == verdict.operation), None
        )
        purpose = (inspect.getdoc(written.function) or "").split("\n\n")[0] if written else ""
        rows.append([verdict.operation, MARKS[verdict.state], verdict.note or purpose])
    parts.append(table(["operation", "verdict", ""], rows))
    return "\n\n".join(part.strip("\n") for part in parts) + "\n"


def config_page() -> str:
    """Every field of Config, with the comment that documents it."""
    source = (ROOT / "src/haar/config.py").read_text(encoding="utf-8")
    lines = source.split("\n")
    config = next(n for n in ast.parse(source).body if isinstance(n, ast.ClassDef) and n.name == "Config")
    rows = []
    words: list[str] = []
    for node in config.body:
        if isinstance(node, ast.AnnAssign):
            above = node.lineno - 2
            comment: list[str] = []
            while lines[above].strip().startswith("#:"):
                comment.insert(0, lines[above].strip()[2:].strip())
                above -= 1
            words = comment or words  # one comment may stand above several fields
            default = ast.unparse(node.value) if node.value else ""
            rows.append(
                [f"`{ast.unparse(node.target)}`", f"`{ast.unparse(node.annotation)}`", f"`{default}`", " ".join(words)]
            )
    return "# Settings\n\n`haar.Config(...)` in Python; options of `haar up` on the command line.\n\n" + table(
        ["field", "type", "default", "meaning"], rows
    )


def main() -> None:
    """Write all pages."""
    REFERENCE.mkdir(parents=True, exist_ok=True)
    judged = {room.name: room for room in rooms(results())}
    pages = {service.name: service_page(service, words, judged[service.name]) for service, words in services()}
    pages["settings"] = config_page()
    for old in REFERENCE.glob("*.md"):
        old.unlink()
    for name, text in pages.items():
        (REFERENCE / f"{name}.md").write_text(text, encoding="utf-8")
    index = "# Reference\n\n" + "".join(f"* [{name}]({name}.md)\n" for name in sorted(pages))
    (REFERENCE / "index.md").write_text(index, encoding="utf-8")
    print(f"{REFERENCE.relative_to(ROOT)}: {len(pages)} pages")


if __name__ == "__main__":
    main()
