"""Which table (and index) a request is about, and what is authorized for it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from haar.kit import Call, partition_of
from haar.services.dynamodb.resources import Table
from haar.services.dynamodb.sealing import unlock
from haar.services.dynamodb.service import invalid, missing_table

__all__ = ["check_name", "found", "look_up", "named", "of_index", "of_table"]

_NAME = re.compile(r"[a-zA-Z0-9_.-]+")
#: A table takes no items yet while it is CREATING, and takes some for a moment while it is DELETING.
_CLOSED = frozenset(("CREATING",))


def look_up(call: Call, name: str) -> tuple[str, Table | None]:
    """The ARN of the table that a TableName (a name or an ARN) stands for, and the table."""
    if name.startswith("arn:"):
        place = Table.key_of(name)
        return name, call.tx.get(Table, *place) if place is not None else None
    table = call.tx.get(Table, call.account, call.region, name)
    if table is not None:
        return table.arn, table
    return f"arn:{partition_of(call.region)}:dynamodb:{call.region}:{call.account}:table/{name}", None


def of_table(call: Call, request: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """What an operation on a table's items is authorized for."""
    return [look_up(call, request["TableName"])]


def of_index(call: Call, request: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """What a Query or Scan is authorized for: the index where it names one."""
    arn, table = look_up(call, request["TableName"])
    index = request.get("IndexName")
    return [(f"{arn}/index/{index}" if index else arn, table)]


def check_name(name: str, place: str = "tableName") -> None:
    """Refuse what cannot be the name of a table. Raises ValidationException."""
    if name.startswith("arn:"):
        if Table.key_of(name) is None:
            raise invalid(f"Invalid table/index ARN: {name}")
        return
    problems = []
    if not _NAME.fullmatch(name):
        problems.append("Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+")
    if len(name) < 3:
        problems.append("Member must have length greater than or equal to 3")
    if len(name) > 255:
        problems.append("Member must have length less than or equal to 255")
    if problems:
        told = "; ".join(f"Value '{name}' at '{place}' failed to satisfy constraint: {one}" for one in problems)
        raise invalid(f"{len(problems)} validation error{'' if len(problems) == 1 else 's'} detected: {told}")


def named(call: Call, name: str, place: str = "tableName") -> Table | None:
    """The table of a TableName, None when there is none. Raises ValidationException for what is no name."""
    table = look_up(call, name)[1]
    if table is None:
        check_name(name, place)
    return table


def found(call: Call, table: Table | None) -> Table:
    """The table, if it is there and takes requests. Raises ResourceNotFoundException, and what KMS has against it."""
    if table is None or table.status in _CLOSED:
        raise missing_table()
    if table.kms_key or table.was_sealed:
        unlock(call, table)
    return table
