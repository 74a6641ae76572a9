"""The golden policy cases: AWS's evaluation logic as a truth table."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

from haar.auth.decide import decide

_PATH = Path(__file__).parents[1] / "golden" / "policy" / "cases.py"
_SPEC = importlib.util.spec_from_file_location("golden_policy_cases", _PATH)
assert _SPEC and _SPEC.loader
cases = importlib.util.module_from_spec(_SPEC)
sys.modules[_SPEC.name] = cases
_SPEC.loader.exec_module(cases)
CASES = cases.load()


@pytest.mark.documented("https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html")
@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.file}: {case.name} [{case.variation or 'as it is'}]")
def test_the_engine_decides_as_the_truth_table_says(case):
    assert cases.said(decide(case.question)) == case.expected


@pytest.mark.ours
def test_the_truth_table_has_at_least_a_hundred_and_twenty_lines():
    assert len(CASES) >= 120
