"""What is built, as the declarations say it: every room, every operation, nothing listed by hand."""

from __future__ import annotations

from functools import cache
from typing import Any

from haar.cloud import load_room, room_names
from haar.kit import Service
from haar.kit.service import Operation

__all__ = ["OPERATIONS", "REFUSED", "ROOMS", "id_of", "of", "room"]

#: The names of the rooms.
ROOMS: list[str] = room_names()


@cache
def room(name: str) -> Service[Any]:
    """A room, with all its operations registered."""
    return load_room(name)


def _bound() -> list[Operation]:
    return [room(name).bound(snake=snake) for name in ROOMS for snake in sorted(room(name).operations)]


#: Every operation that is written, complete with what the model says.
OPERATIONS: list[Operation] = _bound()

#: (service, operation) of everything that the models of the rooms have and nobody has written.
REFUSED: list[tuple[str, str]] = [
    (name, operation)
    for name in ROOMS
    for operation in sorted(room(name).model.operations)
    if not any(one.name == operation for one in OPERATIONS if one.service.name == name)
]


def of(service: str, name: str) -> Operation:
    """An operation by its API name."""
    return room(service).bound(name)


def id_of(value: Any) -> str:
    """How a parametrized test names an operation or a pair."""
    if isinstance(value, Operation):
        return f"{value.service.name}:{value.name}"
    return ":".join(value) if isinstance(value, tuple) else str(value)
