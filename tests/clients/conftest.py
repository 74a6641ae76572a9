"""One running server for the clients of a module. Each test takes an account of its own, so none sees another."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.clients.process import Haar


@pytest.fixture(scope="module")
def haar() -> Iterator[Haar]:
    """A server in memory."""
    with Haar("--ephemeral") as running:
        yield running
