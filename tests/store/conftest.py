"""One store per test, on each backend in turn; `url` can be opened again, as after a restart."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from haar.store import Store
from haar.testing.postgres import PostgresCluster


@pytest.fixture(scope="session")
def cluster() -> Iterator[PostgresCluster]:
    with PostgresCluster() as running:
        yield running


@pytest.fixture(scope="session")
def database(cluster: PostgresCluster) -> str:
    return cluster.new_database()


@pytest.fixture
def postgres_url(database: str) -> str:
    store = Store.open(database)
    store.clear()
    store.close()
    return database


@pytest.fixture(params=["lmdb", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a store is that outlives the process."""
    if request.param == "postgres":
        return str(request.getfixturevalue("postgres_url"))
    return f"lmdb://{tmp_path}/data"


@pytest.fixture(params=["memory", "lmdb", "postgres"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    if request.param == "memory":
        url = "memory:"
    elif request.param == "lmdb":
        url = f"lmdb://{tmp_path}/data"
    else:
        url = request.getfixturevalue("postgres_url")
    opened = Store.open(url)
    yield opened
    opened.close()
