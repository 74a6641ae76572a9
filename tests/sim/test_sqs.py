"""SQS under jumps of the clock, restarts and conflicts."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.sim.queues import FifoQueues, Queues

pytestmark = pytest.mark.ours


def test_a_standard_queue_loses_nothing_and_has_one_reader_at_a_time(run: Callable[..., int]) -> None:
    assert run(Queues, steps=25)


def test_a_fifo_queue_keeps_order_and_gives_every_message_once(run: Callable[..., int]) -> None:
    assert run(FifoQueues, steps=25)
