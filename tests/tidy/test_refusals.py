"""What is not built says why."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from botocore.exceptions import ClientError

from haar import Cloud
from haar.cloud import load_room, room_names
from haar.kit import Service

pytestmark = pytest.mark.ours


def not_written() -> Iterator[tuple[str, str]]:
    """Every operation, of every room, that is in the model and not in the room."""
    for name in room_names():
        room = load_room(name)
        yield from ((name, camel) for snake, camel in room.model.snake.items() if snake not in room.operations)


@pytest.mark.parametrize("service", room_names())
def test_every_refused_operation_has_its_reason(service: str) -> None:
    room = load_room(service)
    silent = [operation for name, operation in not_written() if name == service and not room.reason(operation)]
    assert silent == []


@pytest.mark.parametrize("service", room_names())
def test_reasons_are_given_for_operations_of_the_model_that_are_not_written(service: str) -> None:
    room = load_room(service)
    refused = {camel.lower() for name, camel in not_written() if name == service}
    assert set(room.refused) - refused == set()


@pytest.mark.parametrize("service", room_names())
def test_reasons_are_sentences(service: str) -> None:
    assert [reason for reason in load_room(service).refused.values() if not reason.endswith(".")] == []


def test_an_operation_is_refused_by_either_of_its_names() -> None:
    room: Service[str] = Service("sqs")
    room.refuses("Nobody wrote them.", "CreateQueue", "delete_queue")
    assert {room.reason(name) for name in ("create_queue", "CreateQueue", "DeleteQueue")} == {"Nobody wrote them."}
    assert room.reason("ListQueues") == ""


def test_an_operation_is_refused_once() -> None:
    room: Service[str] = Service("sqs")
    room.refuses("Nobody wrote it.", "CreateQueue")
    with pytest.raises(AssertionError, match="refused twice"):
        room.refuses("Nobody will.", "create_queue")


def test_who_calls_a_refused_operation_is_told_the_reason(cloud: Cloud) -> None:
    with pytest.raises(ClientError) as caught:
        cloud.client("cloudtrail").list_channels()
    error = caught.value.response["Error"]
    assert (error["Code"], "CloudTrail Lake" in error["Message"]) == ("NotImplemented", True)
