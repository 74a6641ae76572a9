"""The pages about the command line and the control API say what the program says."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

pytestmark = pytest.mark.ours

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def faces() -> ModuleType:
    """The tool that writes the pages."""
    spec = importlib.util.spec_from_file_location("haar_tool_faces", ROOT / "tools/faces.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", ["cli", "control-api"])
def test_a_page_is_what_the_tool_writes(faces: ModuleType, name: str) -> None:
    path = ROOT / f"docs/{name}.md"
    assert path.read_text("utf-8") == faces.PAGES[path](), "run python tools/faces.py"


def test_the_settings_of_up_are_those_of_the_config() -> None:
    from haar.cli.options import Up
    from haar.config import Config

    same = ("host", "port", "iam", "durability", "limits", "region", "seed")
    assert {name: getattr(Up(), name) for name in same} == {name: getattr(Config(), name) for name in same}
