"""Keeps the cloud that this release writes, for every later one to load: `python -m tests.conformance.stored_cloud`.

One file for each release, `stored/<version>.haar`, made when the version is raised, and never made again.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from haar import __version__
from tests.conformance.life.whole import live
from tests.conformance.witness import Witness

__all__ = ["FOLDER", "keep"]

FOLDER = Path(__file__).parent / "stored"


def keep() -> Path:
    """Live a life, stop its clock (so that nothing in it grows old), and write it to its file."""
    path = FOLDER / f"{__version__}.haar"
    if path.exists():
        sys.exit(f"{path} exists: what a release has written is not written again")
    FOLDER.mkdir(exist_ok=True)
    with Witness.of(float(int(time.time()))) as witness:
        live(witness.cloud)
        witness.cloud.scheduler.bend(rate=0)
        witness.cloud.save(path)
    return path


if __name__ == "__main__":
    print(keep())
