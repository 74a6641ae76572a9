"""A wheel carries the catalog with it; this build step refuses to make one that would arrive without."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NEEDED = ("services.bin", "actions.bin")


class CatalogHook(BuildHookInterface):  # type: ignore[misc,type-arg,unused-ignore]
    """Looks for the built catalog before a wheel is packed. An editable install builds its catalog later."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Raise RuntimeError when a wheel (not an editable install) is built without its catalog."""
        if version == "editable":
            return
        data = Path(self.root) / "src/haar/catalog/data"
        missing = [name for name in NEEDED if not (data / name).is_file()]
        if missing:
            raise RuntimeError(f"{data} lacks {', '.join(missing)}: run `make wheel`, which builds the catalog first")
