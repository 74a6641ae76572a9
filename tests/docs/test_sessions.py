"""Every shell session in the pages for users answers what the page says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from haar.testing.postgres import PostgresCluster
from tests.docs.sessions import DATABASE, ROOT, Shell, matches, steps

pytestmark = pytest.mark.ours

PAGES = [
    page
    for page in [ROOT / "README.md", ROOT / "docs/tutorial.md", *sorted(ROOT.glob("docs/how-to/*.md"))]
    if steps(page)
]


@pytest.fixture
def shell(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shell]:
    """A shell for the test's page; with a database where the page speaks of one."""
    if DATABASE in request.getfixturevalue("page").read_text("utf-8"):
        with PostgresCluster() as cluster, Shell(tmp_path, cluster.new_database()) as made:
            yield made
    else:
        with Shell(tmp_path) as made:
            yield made


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_session_of_a_page_answers_what_the_page_says(page: Path, shell: Shell) -> None:
    told = [(step, *shell.run(step.command)) for step in steps(page)]
    wrong = [
        f"$ {step.command}\n{real}\n--- exit code {code}; the page says:\n{step.answer or 'nothing, so it works'}"
        for step, real, code in told
        if (code != 0 if step.answer is None else not matches(step.answer, real))
    ]
    assert not wrong, "\n\n".join(wrong)


def test_an_answer_that_differs_is_seen() -> None:
    assert not matches("Forgotten: everything.", "Forgotten: 111122223333.")


def test_only_what_varies_from_run_to_run_may_differ() -> None:
    assert matches(
        "at 2026-11-22T07:35:44Z by AKIAABCDEFGHIJKLMNOP ...", "at 2027-01-01T00:00:00Z by AKIA0000000000000000 x"
    )
