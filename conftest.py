"""Two rules of this test suite: a test says how we know, and what it proves is written down.

This file stands at the root because tests stand in two places, `tests/` and beside every service.

Every test carries exactly one kind of provenance, on itself, its class or its module (the nearest wins):

* `@pytest.mark.fact("SQS-013")` (repeatable): a fact of `src/haar/catalog/facts.csv`;
* `@pytest.mark.documented("https://docs.aws.amazon.com/...")`: AWS's documentation says so;
* `@pytest.mark.ours`: a promise of Haar's own.

What passed goes to `.coverage-results/results.json`, from which `make docs` writes the coverage page.
"""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from haar.testing.recorder import recorder

ROOT = Path(__file__).resolve().parent
FACTS = ROOT / "src/haar/catalog/facts.csv"
RESULTS = ROOT / ".coverage-results" / "results.json"
KINDS = ("fact", "documented", "ours")
DOCUMENTATION = ("https://docs.aws.amazon.com/", "https://aws.amazon.com/", "https://repost.aws/", "https://smithy.io/")

# How long an example takes says how busy the machine is; timings belong in the benchmark.
settings.register_profile("haar", deadline=None)
settings.load_profile("haar")


# --- provenance ----------------------------------------------------------------


def provenance(item: pytest.Item) -> list[pytest.Mark]:
    """The provenance marks nearest to a test: its own, else its class's, else its module's."""
    by_level: dict[str, list[pytest.Mark]] = {}
    for node, mark in item.iter_markers_with_node():
        if mark.name in KINDS:
            by_level.setdefault(node.nodeid, []).append(mark)
    return next(iter(by_level.values()), [])


def complaint(marks: list[pytest.Mark], facts: frozenset[str]) -> str:
    """What is wrong with a test's provenance; empty when nothing is."""
    kinds = sorted({mark.name for mark in marks})
    if not kinds:
        return "does not say how we know: mark it fact(id), documented(url) or ours"
    if len(kinds) > 1:
        return f"has {' and '.join(kinds)}: one kind of provenance is enough"
    if kinds == ["fact"]:
        unknown = sorted({str(mark.args[0]) if mark.args else "(no id)" for mark in marks} - facts)
        return f"names facts that src/haar/catalog/facts.csv does not have: {', '.join(unknown)}" if unknown else ""
    if kinds == ["documented"]:
        odd = [mark for mark in marks if not (mark.args and str(mark.args[0]).startswith(DOCUMENTATION))]
        return f"must name a documentation page that begins with one of {', '.join(DOCUMENTATION)}" if odd else ""
    return ""


def known_facts() -> frozenset[str]:
    """The ids of facts.csv."""
    with FACTS.open(newline="", encoding="utf-8") as file:
        return frozenset(row["id"] for row in csv.DictReader(file))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Refuse to run a suite in which a test does not say how we know."""
    facts = known_facts()
    complaints = [f"{item.nodeid} {why}" for item in items if (why := complaint(provenance(item), facts))]
    if complaints:
        raise pytest.UsageError("\n".join(complaints))


# --- what a test proved ----------------------------------------------------------


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """A test answers for its own calls only."""
    recorder.take()
    return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Send what a test proved along with its report, which travels from a worker to the controller."""
    report: pytest.TestReport = yield  # type: ignore[assignment]  # a wrapper receives what the others returned
    if report.when == "call":
        report.user_properties.append(("operations", [list(note) for note in recorder.take()]))
        report.user_properties.append(("facts", [mark.args[0] for mark in provenance(item) if mark.name == "fact"]))
    return report  # type: ignore[return-value]


class Results:
    """Gathers, in the controlling process, what every test proved."""

    def __init__(self, *, complete: bool) -> None:
        self.complete = complete
        self.tests: dict[str, dict[str, Any]] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """One phase of one test has ended. A failure in any phase undoes a pass."""
        known = self.tests.get(report.nodeid)
        if report.when == "call" or report.failed or report.skipped:
            properties = dict(report.user_properties)
            self.tests[report.nodeid] = {
                "passed": report.passed and (known is None or known["passed"]),
                "operations": properties.get("operations", []),
                "facts": properties.get("facts", []),
            }

    def pytest_sessionfinish(self) -> None:
        """Write the results. A partial run renews what it ran and keeps the rest."""
        if not self.tests:
            return
        before: dict[str, Any] = {}
        if not self.complete and RESULTS.exists():
            before = json.loads(RESULTS.read_text(encoding="utf-8"))
        merged = {
            test: what for test, what in {**before, **self.tests}.items() if (ROOT / test.split("::")[0]).exists()
        }
        RESULTS.parent.mkdir(exist_ok=True)
        scratch = RESULTS.with_name(f"results.{os.getpid()}.tmp")
        scratch.write_text(json.dumps(merged, indent=0, sort_keys=True) + "\n", encoding="utf-8")
        scratch.replace(RESULTS)


def is_complete(config: pytest.Config) -> bool:
    """Whether this run was asked for every test there is."""
    narrowed = any(config.getoption(option, None) for option in ("keyword", "markexpr", "deselect", "maxfail"))
    return config.args_source is pytest.Config.ArgsSource.TESTPATHS and not narrowed


def pytest_configure(config: pytest.Config) -> None:
    """Gather results where the reports of all workers arrive."""
    if not hasattr(config, "workerinput") and not config.option.collectonly:
        config.pluginmanager.register(Results(complete=is_complete(config)), "haar-results")


def pytest_report_header() -> Iterable[str]:
    """Say where the proofs go."""
    return [f"proofs: {RESULTS.relative_to(ROOT)}"]
