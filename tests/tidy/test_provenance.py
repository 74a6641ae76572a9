"""The rule that every test says how we know, tried on suites of its own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytestmark = pytest.mark.ours
pytest_plugins = ["pytester"]

ROOT = Path(__file__).resolve().parents[2]
CONFTEST = (ROOT / "conftest.py").read_text(encoding="utf-8")
SETTINGS = """
[pytest]
addopts = -p no:cacheprovider --strict-markers
markers =
    fact(id): x
    documented(url): x
    ours: x
"""


@pytest.fixture
def suite(pytester: pytest.Pytester) -> pytest.Pytester:
    """A repository with this one's rules and two facts."""
    facts = pytester.path / "src/haar/catalog"
    facts.mkdir(parents=True)
    (facts / "facts.csv").write_text(
        "id,system,claim,how_to_test,as_of_today\nSQS-001,sqs,a,b,same\nSQS-002,sqs,a,b,same\n"
    )
    pytester.mkdir("tests")
    (pytester.path / "conftest.py").write_text(CONFTEST)
    pytester.makeini(SETTINGS)
    return pytester


def run(suite: pytest.Pytester, test: str, *args: str) -> pytest.RunResult:
    """Run a suite of one module."""
    (suite.path / "tests/test_it.py").write_text(f"import pytest\nfrom haar.testing.recorder import recorder\n\n{test}")
    return suite.runpytest_inprocess("tests", *args)


def proofs(suite: pytest.Pytester) -> dict[str, dict[str, object]]:
    """The results file a run wrote."""
    found: dict[str, dict[str, object]] = json.loads((suite.path / ".coverage-results/results.json").read_text())
    return found


def test_a_test_without_provenance_is_refused(suite: pytest.Pytester) -> None:
    result = run(suite, "def test_x():\n    pass\n")
    result.stderr.fnmatch_lines(["*test_x does not say how we know*"])
    assert result.ret == pytest.ExitCode.USAGE_ERROR


def test_two_kinds_of_provenance_are_refused(suite: pytest.Pytester) -> None:
    result = run(suite, "@pytest.mark.ours\n@pytest.mark.fact('SQS-001')\ndef test_x():\n    pass\n")
    result.stderr.fnmatch_lines(["*test_x has fact and ours*"])


def test_an_unknown_fact_is_refused(suite: pytest.Pytester) -> None:
    result = run(suite, "@pytest.mark.fact('SQS-999')\ndef test_x():\n    pass\n")
    result.stderr.fnmatch_lines(["*names facts that*SQS-999*"])


def test_a_page_that_is_not_documentation_is_refused(suite: pytest.Pytester) -> None:
    result = run(suite, "@pytest.mark.documented('a blog')\ndef test_x():\n    pass\n")
    result.stderr.fnmatch_lines(["*must name a documentation page*"])


def test_the_mark_of_a_test_goes_before_that_of_its_module(suite: pytest.Pytester) -> None:
    result = run(suite, "pytestmark = pytest.mark.ours\n@pytest.mark.fact('SQS-001')\ndef test_x():\n    pass\n")
    result.assert_outcomes(passed=1)
    assert proofs(suite)["tests/test_it.py::test_x"]["facts"] == ["SQS-001"]


def test_what_a_passing_test_called_is_written_down(suite: pytest.Pytester) -> None:
    run(suite, "@pytest.mark.ours\ndef test_x():\n    recorder.note('sqs', 'SendMessage', 200)\n")
    assert proofs(suite)["tests/test_it.py::test_x"] == {
        "passed": True,
        "operations": [["sqs", "SendMessage", 200]],
        "facts": [],
    }


def test_a_failing_test_proves_nothing(suite: pytest.Pytester) -> None:
    run(suite, "@pytest.mark.fact('SQS-001')\n@pytest.mark.fact('SQS-002')\ndef test_x():\n    assert 0\n")
    assert proofs(suite)["tests/test_it.py::test_x"]["passed"] is False


def test_proofs_arrive_from_parallel_workers(suite: pytest.Pytester) -> None:
    run(suite, "@pytest.mark.fact('SQS-001')\ndef test_x():\n    recorder.note('sqs', 'SendMessage', 200)\n", "-n2")
    assert proofs(suite)["tests/test_it.py::test_x"]["operations"] == [["sqs", "SendMessage", 200]]


def test_a_partial_run_keeps_what_other_tests_proved(suite: pytest.Pytester) -> None:
    both = "pytestmark = pytest.mark.ours\ndef test_a():\n    pass\ndef test_b():\n    pass\n"
    run(suite, both)
    run(suite, both, "-k", "test_a")
    assert sorted(proofs(suite)) == ["tests/test_it.py::test_a", "tests/test_it.py::test_b"]
