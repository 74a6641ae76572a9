"""Every Python example in the pages for users runs as printed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.ours

ROOT = Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def examples(page: Path) -> list[str]:
    """The Python blocks of a page."""
    return BLOCK.findall(page.read_text("utf-8"))


PAGES = [
    page
    for page in [*ROOT.glob("README.md"), *ROOT.glob("docs/tutorial.md"), *sorted(ROOT.glob("docs/how-to/*.md"))]
    if examples(page)
]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_examples_of_a_page_run_one_after_the_other(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    together: dict[str, Any] = {"__name__": "example"}
    for number, example in enumerate(examples(page), 1):
        exec(compile(example, f"{page.name}, example {number}", "exec"), together)
