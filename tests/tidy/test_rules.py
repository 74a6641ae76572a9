"""The rules of the house that no other tool checks."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.ours

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src/haar"
LINES_MAX = 1000
NAMELESS = frozenset({"utils", "util", "helpers", "helper", "common", "base", "manager", "managers", "misc"})

#: What a room, the kit and auth ask the call for instead.
PORTS = re.compile(
    r"\btime\.(time|time_ns|monotonic|sleep)\(|\bdatetime\.(now|utcnow|today)\(|\brandom\.\w+\(|\bsecrets\.\w+\("
    r"|\buuid\.uuid[14]\(|\bos\.(environ|getenv|urandom)\b|\bthreading\.\w+|\basyncio\.sleep\("
)
#: Packages that the running server must not load: each costs more start-up time or memory than Haar itself.
HEAVY = frozenset({"botocore", "boto3", "requests", "pydantic", "jinja2", "lxml", "psycopg"})
#: Hosts of package registries, written so that this file does not name them. Clients know where theirs is.
REGISTRIES = re.compile(
    "|".join(
        re.escape(".".join(parts))
        for parts in (
            ("registry", "npmjs", "org"),
            ("registry", "yarnpkg", "com"),
            ("files", "pythonhosted", "org"),
            ("pypi", "org/simple"),
            ("deb", "debian", "org"),
            ("index", "docker", "io"),
            ("registry-1", "docker", "io"),
            ("proxy", "golang", "org"),
        )
    )
)
MADE = frozenset(
    [
        *(".git", ".venv", ".bench", "node_modules", "__pycache__", "typings", "dist"),
        *(".mypy_cache", ".ruff_cache", ".hypothesis"),
    ]
)


def modules(*folders: str) -> Iterator[Path]:
    """Every module under these folders of the package."""
    for folder in folders:
        yield from sorted((SOURCE / folder).rglob("*.py"))


def is_test(path: Path) -> bool:
    """Whether a module beside a service is its test."""
    return path.name.startswith("test_")


def texts() -> Iterator[tuple[Path, str]]:
    """Every text file of the repository that is not made by a tool."""
    for path in sorted(ROOT.rglob("*")):
        if path.is_file() and not MADE.intersection(path.relative_to(ROOT).parts) and path.stat().st_size < 2_000_000:
            content = path.read_bytes()
            if b"\0" not in content:
                yield path, content.decode("utf-8", "replace")


def test_every_module_is_named_after_its_idea() -> None:
    nameless = [path for path in modules(".") if NAMELESS.intersection((path.stem, path.parent.name))]
    assert not nameless, "name the idea, and the file is named"


def test_a_file_is_short_enough_to_read() -> None:
    long = {
        str(path): lines for path in modules(".") if (lines := len(path.read_text("utf-8").splitlines())) > LINES_MAX
    }
    assert not long, f"one idea each, at most {LINES_MAX} lines"


def test_every_module_begins_by_saying_why_it_exists() -> None:
    silent = [
        path
        for path in modules(".")
        if path.stat().st_size and not ast.get_docstring(ast.parse(path.read_text("utf-8")))
    ]
    assert not silent, "a module docstring comes first"


def test_rooms_kit_and_auth_ask_the_call_for_time_and_chance() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in modules("services", "kit", "auth")
        if not is_test(path)
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if PORTS.search(line)
    ]
    assert not found, "ask the call: its time, ids, randomness and configuration can be replayed"


def test_nothing_sleeps_in_a_test() -> None:
    sleep = re.compile(r"\b(time|asyncio)\.sle" + r"ep\(")
    tests = [*sorted((ROOT / "tests").rglob("*.py")), *(path for path in modules("services") if is_test(path))]
    assert not [path for path in tests if sleep.search(path.read_text("utf-8"))], "time is moved, never slept through"


def test_no_file_names_a_package_registry() -> None:
    assert not [str(path.relative_to(ROOT)) for path, text in texts() if REGISTRIES.search(text)]


def test_the_server_starts_without_heavy_packages() -> None:
    script = (
        "import importlib, pathlib, sys, haar.cloud, haar.gateway, haar.cli\n"
        "rooms = pathlib.Path(haar.__file__).parent.joinpath('services').glob('*/__init__.py')\n"
        "[importlib.import_module(f'haar.services.{room.parent.name}') for room in rooms]\n"
        f"print(*sorted({set(HEAVY)!r} & set(sys.modules)))"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, cwd=ROOT)
    assert (ran.returncode, ran.stdout.split()) == (0, []), ran.stderr


def test_no_module_imports_a_service_but_its_own_room() -> None:
    foreign = []
    for path in modules("services"):
        if is_test(path):
            continue
        room = path.relative_to(SOURCE / "services").parts[0]
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            name = getattr(node, "module", None) or ""
            if name.startswith("haar.services.") and name.split(".")[2] != room:
                foreign.append(f"{path.relative_to(ROOT)}: {name}")
    assert not foreign, "a room calls another through its API: call.aws(...)"
