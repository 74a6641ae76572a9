"""Publish the policy truth table: `docs/policy-truth-table.md`, from the golden cases of `tests/golden/policy`.

Run: `python tools/truth_table.py [FILE]`. Each line is decided anew as it is written; a verdict that differs from
the golden one ends the run with 1. The page is committed; a test compares it with what this writes.
"""

from __future__ import annotations

import importlib.util
import sys
from itertools import groupby
from pathlib import Path
from types import ModuleType

sys.path.insert(0, str(Path(__file__).parents[1] / "src"))

from haar.auth.decide import decide

ROOT = Path(__file__).parents[1]
HEAD = """# The policy truth table

Who may do what, decided by Haar's policy engine, case by case. The cases are the golden files of
`tests/golden/policy`, where the policies stand beside them; this page is made from them by
`python tools/truth_table.py`, and every line is checked by `make test`.

"Denied, no X" means that nothing denied the request, but a policy of kind X would have had to allow it.
"""


def cases() -> ModuleType:
    """The reader of the golden files, which lives beside them."""
    path = ROOT / "tests" / "golden" / "policy" / "cases.py"
    spec = importlib.util.spec_from_file_location("golden_policy_cases", path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def cell(text: str) -> str:
    """Text that fits a cell of a table."""
    return text.replace("|", "\\|")


def main() -> None:
    """Write the page."""
    golden = cases()
    lines = [HEAD]
    wrong = total = 0
    for file, of_file in groupby(golden.load(), key=lambda case: case.file):
        title = (golden.HERE / f"{file}.txt").read_text().split("\n", 1)[0]
        lines.append(f"\n## {title.rstrip('.')}\n")
        for name, variations in groupby(of_file, key=lambda case: case.name):
            found = list(variations)
            lines.append(f"\n**{name[0].upper()}{name[1:]}**\n")
            lines.append("| variation | who | action | resource | verdict |\n|---|---|---|---|---|")
            for case in found:
                total += 1
                asked = case.question
                who = asked.principal
                verdict = golden.said(decide(asked))
                wrong += verdict != case.expected
                caller = who.arn if who.account else who.name or who.federated_provider
                cells = (case.variation or "as it is", caller, asked.action, asked.resource, verdict)
                lines.append("| " + " | ".join(cell(text) for text in cells) + " |")
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "policy-truth-table.md"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text("\n".join(lines) + "\n")
    print(f"{target}: {total} lines, {wrong} wrong")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
