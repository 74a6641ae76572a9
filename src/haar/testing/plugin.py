"""The pytest plugin: a fresh cloud for every test, in milliseconds, without a port.

    def test_a_message_arrives(cloud):
        sqs = cloud.client("sqs")
        ...
        cloud.advance(days=4)

`cloud` is in memory and moves its virtual clock by itself when a call waits. `haar_server` is a cloud behind a
real port of the loopback address, for clients that are not Python. `--haar-seed N` replays random choices.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from haar.cloud import Cloud


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--haar-seed`."""
    group = parser.getgroup("haar")
    group.addoption("--haar-seed", type=int, default=None, help="seed of every cloud's random choices")


@pytest.fixture
def cloud(request: pytest.FixtureRequest) -> Iterator[Cloud]:
    """A fresh cloud in this process; `cloud.client("sqs")` is a boto3 client of it."""
    from haar.cloud import Cloud

    with Cloud(seed=request.config.getoption("--haar-seed")) as fresh:
        _record(fresh)
        yield fresh


@pytest.fixture
def haar_server(request: pytest.FixtureRequest) -> Iterator[Any]:
    """A cloud behind a real port: `.url`, `.client("sqs")`, `.cloud`, `.call(fn)` to run something inside its loop."""
    from haar.cloud import Cloud
    from haar.testing.server import Running

    with Running(Cloud(seed=request.config.getoption("--haar-seed"), port=0)) as running:
        _record(running.cloud)
        yield running


def _record(cloud: Cloud) -> None:
    from haar.testing.recorder import recorder

    cloud.gateway.recorder = recorder
