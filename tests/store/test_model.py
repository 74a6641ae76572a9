"""Random histories: each backend behaves like a plain dict whose keys are sorted when asked."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from haar.store.backend import Backend, RawTransaction
from haar.store.lmdb import LmdbBackend
from haar.store.memory import MemoryBackend
from haar.store.postgres import PostgresBackend

pytestmark = pytest.mark.ours

# Keys that are equal for hundreds or thousands of bytes, then differ, around the lengths where backends cut.
STEMS = (b"", b"k" * 470, b"k" * 480, b"k" * 481, b"k" * 950, b"k" * 2000, b"k" * 2001, b"k" * 4000, b"\xff" * 500)
KEYS = st.one_of(
    st.binary(min_size=1, max_size=4),
    st.builds(
        lambda stem, tail: (stem + tail) or b"\0",
        st.sampled_from(STEMS),
        st.lists(st.sampled_from([0, 1, 107, 255]), max_size=12).map(bytes),
    ),
    st.binary(min_size=475, max_size=490),
)
VALUES = st.binary(max_size=6)


class History(RuleBasedStateMachine):
    """What the backend holds, and what a dict would."""

    def __init__(self, open_backend: Callable[[], Backend]) -> None:
        super().__init__()
        self.backend = open_backend()
        self.committed: dict[bytes, bytes] = {}
        self.rows: dict[bytes, bytes] = {}
        self.raw: RawTransaction | None = None

    def transaction(self) -> RawTransaction:
        if self.raw is None:
            self.raw = self.backend.begin()
        return self.raw

    @rule(key=KEYS, value=VALUES)
    def put(self, key: bytes, value: bytes) -> None:
        self.transaction().put(key, value)
        self.rows[key] = value

    @rule(stem=st.sampled_from(STEMS), tails=st.lists(st.binary(min_size=1, max_size=12), min_size=3, max_size=20))
    def put_many(self, stem: bytes, tails: list[bytes]) -> None:
        for tail in tails:
            self.put(stem + tail, tail[:3])

    @rule(key=KEYS)
    def delete(self, key: bytes) -> None:
        assert self.transaction().delete(key) == (self.rows.pop(key, None) is not None)

    @precondition(lambda self: self.rows)
    @rule(data=st.data())
    def delete_one_that_is_there(self, data: st.DataObject) -> None:
        self.delete(data.draw(st.sampled_from(sorted(self.rows))))

    @rule(key=KEYS)
    def get(self, key: bytes) -> None:
        assert self.transaction().get(key) == self.rows.get(key)

    @rule(
        bounds=st.tuples(KEYS, KEYS),
        reverse=st.booleans(),
        limit=st.one_of(st.none(), st.integers(0, 5)),
    )
    def scan(self, bounds: tuple[bytes, bytes], reverse: bool, limit: int | None) -> None:
        low, high = bounds
        wanted = sorted(((key, value) for key, value in self.rows.items() if low <= key < high), reverse=reverse)
        assert list(self.transaction().scan(low, high, reverse=reverse, limit=limit)) == wanted[:limit]
        assert self.transaction().count(low, high) == len(wanted)
        assert self.transaction().claim(low, high, limit=3) == sorted(wanted)[:3]

    @rule()
    def clear(self) -> None:
        self.transaction().clear()
        self.rows.clear()

    @rule()
    def commit(self) -> None:
        self.transaction().commit()
        self.raw = None
        self.committed = dict(self.rows)

    @rule()
    def abort(self) -> None:
        self.transaction().abort()
        self.raw = None
        self.rows = dict(self.committed)

    def teardown(self) -> None:
        everything = sorted(self.rows.items())
        assert list(self.transaction().scan(b"\0", b"\xff" * 5000)) == everything
        assert list(self.transaction().scan(b"\0", b"\xff" * 5000, reverse=True)) == everything[::-1]
        self.transaction().abort()
        self.backend.close()


def explore(open_backend: Callable[[], Backend], examples: int) -> None:
    class Histories(History):
        def __init__(self) -> None:
            super().__init__(open_backend)

    run_state_machine_as_test(
        Histories,
        settings=settings(
            max_examples=examples,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.explicit, Phase.generate],
        ),
    )


def test_memory_behaves_like_a_dict() -> None:
    explore(MemoryBackend, 100)


def test_lmdb_behaves_like_a_dict(tmp_path: Path) -> None:
    explore(lambda: LmdbBackend(Path(tempfile.mkdtemp(dir=tmp_path))), 100)


def test_postgres_behaves_like_a_dict(postgres_url: str) -> None:
    def emptied() -> Backend:
        backend = PostgresBackend(postgres_url)
        backend.clear()
        return backend

    explore(emptied, 25)
