"""IAM under jumps of the clock, restarts and conflicts."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.sim.identities import Identities

pytestmark = pytest.mark.ours


def test_answers_follow_the_attached_policies_and_deleted_keys_stay_dead(run: Callable[..., int]) -> None:
    assert run(Identities, steps=25)
