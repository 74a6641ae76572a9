"""The hands of the clock: frozen, faster, set, kept over a restart; never backwards."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from haar import Cloud
from haar.clock import Clock
from tests.clients.process import Haar

pytestmark = pytest.mark.ours


class Wall:
    """A real clock that a test holds in its hand."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def wall() -> Wall:
    return Wall()


def test_a_frozen_clock_stands_while_real_time_passes(wall: Wall) -> None:
    with Cloud(clock=Clock(real=wall)) as cloud:
        cloud.scheduler.bend(rate=0)
        before = cloud.clock.now()
        wall.now += 3600
        assert cloud.clock.now() == before


def test_a_clock_at_a_rate_of_sixty_passes_a_minute_a_second(wall: Wall) -> None:
    with Cloud(clock=Clock(real=wall)) as cloud:
        cloud.scheduler.bend(rate=60)
        before = cloud.clock.now()
        wall.now += 10
        assert cloud.clock.now() == before + 600


def test_a_faster_clock_does_what_falls_due_in_the_meantime(wall: Wall) -> None:
    with Cloud(clock=Clock(real=wall)) as cloud:
        cloud.scheduler.bend(rate=3600)
        done: list[str] = []
        cloud.at(cloud.clock.now() + 7200, lambda: done.append("rung"))
        wall.now += 1
        cloud.scheduler.run_due()
        assert done == []
        wall.now += 1
        cloud.scheduler.run_due()
        assert done == ["rung"]


def test_time_resumed_goes_on_from_where_it_stood(wall: Wall) -> None:
    with Cloud(clock=Clock(real=wall)) as cloud:
        cloud.scheduler.bend(rate=0)
        stood = cloud.clock.now()
        wall.now += 3600
        cloud.scheduler.bend(rate=1)
        wall.now += 5
        assert cloud.clock.now() == stood + 5


def test_a_server_at_a_high_rate_ends_a_long_wait_in_a_moment() -> None:
    with Haar("--ephemeral") as haar:
        queue = haar.client("sqs").create_queue(QueueName="q")["QueueUrl"]
        haar.client("sqs").send_message(QueueUrl=queue, MessageBody="x", DelaySeconds=900)
        haar.control("POST", "clock", {"rate": 3600})
        sqs = haar.client("sqs")
        bodies: list[str] = []
        while not bodies:  # each wait is 20 virtual seconds
            bodies = [
                message["Body"]
                for message in sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=20).get("Messages", ())
            ]
        assert bodies == ["x"]


def test_a_restart_keeps_the_virtual_time(tmp_path: Path) -> None:
    with Haar("--data", str(tmp_path)) as haar:
        moved = haar.control("POST", "clock", {"advance": "+40d"})["now_epoch"]
        haar.kill()
        haar.start()
        clock = haar.control("GET", "clock")
        assert clock["now_epoch"] >= moved
        assert clock["offset_seconds"] == pytest.approx(40 * 86_400, abs=1)


def test_a_frozen_clock_is_frozen_after_a_restart(tmp_path: Path) -> None:
    with Haar("--data", str(tmp_path)) as haar:
        stood = haar.control("POST", "clock", {"freeze": True})["now_epoch"]
        assert haar.stop() == 0
        haar.start()
        clock = haar.control("GET", "clock")
        assert (clock["frozen"], clock["now_epoch"]) == (True, stood)


def test_what_fell_due_while_the_server_was_down_is_done_at_its_start(tmp_path: Path) -> None:
    with Haar("--data", str(tmp_path)) as haar:
        sqs = haar.client("sqs")
        queue = sqs.create_queue(QueueName="q", Attributes={"MessageRetentionPeriod": "60"})["QueueUrl"]
        sqs.send_message(QueueUrl=queue, MessageBody="x")
        haar.control("POST", "clock", {"rate": 100_000})
        haar.kill()
        haar.start()
        assert "Messages" not in haar.client("sqs").receive_message(QueueUrl=f"{haar.url}/000000000000/q")


@pytest.mark.parametrize("order", [{"set": 1_000_000_000}, {"advance": -5}, {"rate": -1}])
def test_time_does_not_go_backwards(order: dict[str, float]) -> None:
    with Haar("--ephemeral") as haar:
        before = haar.control("GET", "clock")["now_epoch"]
        headers = {"content-type": "application/json"}
        status, _ = haar.http("POST", "/_haar/clock", json.dumps(order).encode(), headers)
        assert status == 400
        assert before <= haar.control("GET", "clock")["now_epoch"] < before + 3600
