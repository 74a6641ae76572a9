"""`--sim-seed N` replays one seed; without it every simulation runs a hundred."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.sim.world import Workload, simulate

SEEDS = 100


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--sim-seed`."""
    parser.addoption("--sim-seed", type=int, default=None, help="replay one seed of the simulations")


@pytest.fixture
def run(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[..., int]:
    """Run a workload under every seed; a failure names its seed. The number of seeds that held."""
    chosen = request.config.getoption("--sim-seed")
    seeds = range(SEEDS) if chosen is None else [chosen]

    def every(make: Callable[[], Workload], *, steps: int) -> int:
        for seed in seeds:
            directory = tmp_path / str(seed)
            try:
                simulate(make, seed, directory, steps=steps)
            except Exception as error:
                error.add_note(f"seed {seed}: replay it with pytest {request.node.nodeid} --sim-seed {seed}")
                raise
            shutil.rmtree(directory)
        return len(seeds)

    return every
