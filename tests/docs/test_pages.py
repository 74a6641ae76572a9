"""The documentation is complete, its links lead somewhere, and the coverage page is not stale."""

from __future__ import annotations

import csv
import importlib.util
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

pytestmark = pytest.mark.ours

ROOT = Path(__file__).resolve().parents[2]
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)#\s]+)(?:#[^)]*)?\)")
ROW = re.compile(r"^\| (\w+) \| (works|partial|declared, untested|refused) \| (.*) \|$")
GENERATED = "docs/reference/"


def pages() -> Iterator[Path]:
    """Every page written for people."""
    yield from sorted(ROOT.glob("*.md"))
    yield from (page for page in sorted((ROOT / "docs").rglob("*.md")) if GENERATED not in page.as_posix())


def everything() -> str:
    """All pages in one text."""
    return "\n".join(page.read_text("utf-8") for page in pages())


def tool(name: str) -> ModuleType:
    """One of the project's tools, as a module."""
    spec = importlib.util.spec_from_file_location(f"haar_tool_{name}", ROOT / f"tools/{name}.py")
    assert spec is not None and spec.loader is not None, f"tools/{name}.py is missing"
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_every_link_leads_somewhere() -> None:
    broken = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in pages()
        for target in LINK.findall(page.read_text("utf-8"))
        if "://" not in target and GENERATED not in (page.parent / target).resolve().as_posix() + "/"
        if not (page.parent / target).exists()
    ]
    assert not broken


def test_every_make_verb_is_documented() -> None:
    verbs = re.findall(r"^([a-z]+):.*## ", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    text = everything()
    assert [verb for verb in verbs if f"make {verb}" not in text] == []


def test_every_command_is_documented() -> None:
    from haar.cli import main

    text = everything()
    hidden = {name for name, command in main.commands.items() if command.hidden}
    assert [name for name in sorted(set(main.commands) - hidden) if f"haar {name}" not in text] == []


def test_every_decision_is_listed() -> None:
    index = (ROOT / "docs/decisions/index.md").read_text("utf-8")
    decisions = sorted(page.name for page in (ROOT / "docs/decisions").glob("0*.md"))
    assert [name for name in decisions if name not in index] == []


def test_the_coverage_page_lists_what_the_rooms_declare() -> None:
    coverage = tool("coverage")
    declared = {
        (room.name, verdict.operation): "written" if verdict.state in ("works", "untested") else verdict.state
        for room in coverage.rooms({})
        for verdict in room.verdicts
    }
    committed, service = {}, ""
    for line in (ROOT / "docs/coverage.md").read_text("utf-8").splitlines():
        if line.startswith("## "):
            service = line[3:]
        elif service != "Facts" and (row := ROW.match(line)):
            operation, state, _ = row.groups()
            committed[service, operation] = "written" if state in ("works", "declared, untested") else state
    assert committed == declared, "docs/coverage.md is stale: run `make docs`"


def test_every_fact_has_an_id_of_its_own_and_a_service_to_wait_for() -> None:
    coverage = tool("coverage")
    with (ROOT / "src/haar/catalog/facts.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len({row["id"] for row in rows}) == len(rows)
    assert all(coverage.home_of(row["system"]) for row in rows)


def test_the_policy_truth_table_is_what_the_engine_decides(tmp_path: Path) -> None:
    written = tmp_path / "table.md"
    command = [sys.executable, str(ROOT / "tools/truth_table.py"), str(written)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    committed = ROOT / "docs/policy-truth-table.md"
    assert committed.read_text("utf-8") == written.read_text("utf-8"), f"{committed.name} is stale: run `make docs`"


def test_every_page_is_reached_from_the_index() -> None:
    reached = set()
    left = [ROOT / "docs/index.md"]
    while left:
        page = left.pop()
        reached.add(page)
        links = (target for target in LINK.findall(page.read_text("utf-8")) if target.endswith(".md"))
        found = {(page.parent / target).resolve() for target in links if "://" not in target}
        left += [page for page in found - reached if page.exists()]
    assert [str(page) for page in pages() if page not in reached and page.name != "README.md"] == []


def test_every_partial_operation_is_told_on_the_coverage_page() -> None:
    coverage = tool("coverage")
    told = (ROOT / "docs/coverage.md").read_text("utf-8")
    missing = [
        f"{room.name}:{verdict.operation}"
        for room in coverage.rooms({})
        for verdict in room.verdicts
        if verdict.state == "partial" and verdict.note.removesuffix(" (untested)").replace("|", "\\|") not in told
    ]
    assert not missing, "docs/coverage.md is stale: run `make docs`"
