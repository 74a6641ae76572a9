"""Two nodes of one cloud: `haar up` twice on one PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from haar.testing.postgres import PostgresCluster
from tests.clients.process import Haar


@pytest.fixture(scope="session")
def cluster() -> Iterator[PostgresCluster]:
    with PostgresCluster() as running:
        yield running


@pytest.fixture
def store(cluster: PostgresCluster) -> str:
    """The URL of a new, empty store that nodes can share."""
    return cluster.new_database()


@pytest.fixture
def nodes(store: str) -> Iterator[tuple[Haar, Haar]]:
    """Two servers that serve one cloud."""
    with Haar("--store", store) as here, Haar("--store", store) as there:
        yield here, there
