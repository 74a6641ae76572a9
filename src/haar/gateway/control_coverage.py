"""What a running cloud can do: every operation of every room, as its room declares it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from haar.errors import Refused
from haar.gateway.control_words import Asked, Problem

if TYPE_CHECKING:
    from haar.kit.service import Service

__all__ = ["coverage"]


def coverage(asked: Asked) -> dict[str, Any]:
    """What works: the services that are built, or with a name the operations of one service.

    Reply without a name: `services`, each with `service`, `title`, and counts: `operations`, `works`, `partial`,
    `refused`. With one: `service`, `title`, `operations`, each with `operation`, `verdict` (`works`, `partial` or
    `refused`) and `note` (what is missing, or why it is refused). 404 for a service that is not built: all of it is
    refused.
    """
    cloud = asked.cloud
    if not asked.rest:
        return {"services": [_counted(cloud.room(name)) for name in cloud.rooms()]}
    try:
        room = cloud.room(asked.rest)
    except Refused as refused:
        built = ", ".join(cloud.rooms())
        raise Problem(404, "NotBuilt", refused.message, f"Built are: {built}.") from None
    return {"service": room.name, "title": _title(room), "operations": _verdicts(room)}


def _counted(room: Service[Any]) -> dict[str, Any]:
    verdicts = [row["verdict"] for row in _verdicts(room)]
    counts = {verdict: verdicts.count(verdict) for verdict in ("works", "partial", "refused")}
    return {"service": room.name, "title": _title(room), "operations": len(verdicts), **counts}


def _verdicts(room: Service[Any]) -> list[dict[str, str]]:
    written = {room.model.snake.get(snake, snake): operation for snake, operation in room.operations.items()}
    rows = []
    for name in sorted(room.model.operations):
        operation = written.get(name)
        verdict = "refused" if operation is None else "partial" if operation.partial else "works"
        note = operation.partial if operation else room.reason(name)
        rows.append({"operation": name, "verdict": verdict, "note": note})
    return rows


def _title(room: Service[Any]) -> str:
    folder = room.name.replace("-", "_")
    for module in (f"haar.services.{folder}", f"haar.services.{folder}_"):
        words = (getattr(sys.modules.get(module), "__doc__", None) or "").strip()
        if words:
            return words.split("\n")[0]
    return room.name
