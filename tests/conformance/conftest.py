"""The same life of a whole cloud, lived three times: plainly, with rehearsals, and before the eyes of strangers."""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import cache

import pytest

from haar.kit.service import Operation
from tests.conformance.life.whole import live
from tests.conformance.witness import Seen, Witness


@cache
def _begin() -> float:
    """The instant at which every life begins: clients sign with the real clock, so it is near.

    A whole second, so that what is printed and read again is the same instant.
    """
    return float(int(time.time()))


class Life:
    """A life that is over: what was seen, and the cloud it left behind."""

    def __init__(self, witness: Witness) -> None:
        self.cloud = witness.cloud
        self.seen: list[Seen] = list(witness.seen)
        #: (service, operation, action, ARN) of every question to the guard
        self.asked = frozenset(witness.asked)
        #: request id -> (action, ARN) of what the guard was asked for that request
        self.asked_by = dict(witness.asked_by)

    def calls(self, operation: Operation) -> list[Seen]:
        """The calls of an operation that were answered."""
        return [
            one
            for one in self.seen
            if (one.service, one.operation) == (operation.service.name, operation.name) and one.status < 300
        ]


def _lived(*, rehearses: bool = False, strangers: bool = False) -> Iterator[Life]:
    with Witness.of(_begin(), rehearses=rehearses, strangers=strangers) as witness:
        live(witness.cloud)
        yield Life(witness)


@pytest.fixture(scope="session")
def life() -> Iterator[Life]:
    """A life."""
    yield from _lived()


@pytest.fixture(scope="module")
def used() -> Iterator[Life]:
    """A life that the tests of a module go on with; the others are only looked at."""
    yield from _lived()


@pytest.fixture(scope="session")
def rehearsed() -> Iterator[Life]:
    """A life in which every operation was run before, on a transaction that was given up."""
    yield from _lived(rehearses=True)


@pytest.fixture(scope="session")
def watched() -> Iterator[Life]:
    """A life in which every request was made by a stranger before."""
    yield from _lived(strangers=True)
