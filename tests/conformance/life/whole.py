"""One life of a whole cloud, in which every operation that is written is called and answers.

Each service has a module here with its own part: `live(cloud)`, `AFTER`, the parts that come first, and perhaps
`last(cloud)`, for what must be fresh when the life ends. A new service adds its module and changes nothing else.
"""

from __future__ import annotations

from graphlib import TopologicalSorter
from importlib import import_module
from pathlib import Path

from haar import Cloud

__all__ = ["live"]

#: What stands here besides the services' own parts.
_OTHERS = ("__init__", "material", "whole")


def live(cloud: Cloud) -> None:
    """All of it, in one order."""
    names = sorted(path.stem for path in Path(__file__).parent.glob("*.py") if path.stem not in _OTHERS)
    parts = {name: import_module(f"tests.conformance.life.{name}") for name in names}
    order = [*TopologicalSorter({name: getattr(part, "AFTER", ()) for name, part in parts.items()}).static_order()]
    for name in order:
        parts[name].live(cloud)
    for name in order:
        if hasattr(parts[name], "last"):
            parts[name].last(cloud)
