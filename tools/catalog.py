"""Builds the data files of `haar.catalog` that are derived from installed packages: `python tools/catalog.py`."""

from __future__ import annotations

import marshal

from haar.catalog import services


def build_services() -> None:
    """Write the index of all services."""
    value = services.build()
    services.BUILT.parent.mkdir(parents=True, exist_ok=True)
    services.BUILT.write_bytes(marshal.dumps(value))
    print(f"{services.BUILT.name}: {len(value[2])} services of botocore {value[1]}")


def main() -> None:
    """Build everything."""
    build_services()


if __name__ == "__main__":
    main()
