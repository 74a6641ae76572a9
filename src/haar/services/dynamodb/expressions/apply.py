"""Updates carried out, and parts of an item taken out.

Every operand of an update is read from the item as it was before; list positions are those of before, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import deepcopy
from typing import Any

from haar.services.dynamodb.expressions.evaluate import Item, Values, at_path
from haar.services.dynamodb.expressions.syntax import Action, Function, Operand, Path, Placeholder, Sum
from haar.services.dynamodb.service import invalid
from haar.services.dynamodb.values import Value, add, kind_of, subtract

__all__ = ["projected", "updated"]

_ABSENT = "The provided expression refers to an attribute that does not exist in the item"
_TYPE = "An operand in the update expression has an incorrect data type"
_PLACE = "The document path provided in the update expression is invalid for update"


def updated(item: dict[str, Value], actions: Iterable[Action], values: Values) -> dict[str, Value]:
    """The item after an update; `item` itself is changed. Raises ValidationException."""
    changes = [(action, None if action.kind == "REMOVE" else _new_value(item, action, values)) for action in actions]
    removed: list[tuple[Any, Any]] = []
    appended: list[tuple[list[Any], int, Value]] = []
    for action, value in changes:
        parts = action.path.parts
        holder, last = _holder(item, parts)
        if value is None:
            removed.append((holder, last))
        elif holder.__class__ is list:
            if last < len(holder):
                holder[last] = value
            else:
                appended.append((holder, last, value))
        else:
            holder[last] = value
    for holder, _, value in sorted(appended, key=lambda one: one[1]):
        holder.append(value)
    # from behind, so that the positions before stay what they were
    for holder, last in sorted(removed, key=lambda one: one[1] if one[1].__class__ is int else -1, reverse=True):
        if holder.__class__ is not list:
            holder.pop(last, None)
        elif last < len(holder):
            del holder[last]
    return item


def _holder(item: dict[str, Value], parts: tuple[str | int, ...]) -> tuple[Any, Any]:
    """The map or list that a path's last part is in, and that part."""
    last = parts[-1]
    if len(parts) == 1:
        return item, last
    parent = at_path(item, parts[:-1])
    holder = None if parent is None else parent.get("L" if last.__class__ is int else "M")
    if holder is None:
        raise invalid(_PLACE)
    return holder, last


def _new_value(item: Item, action: Action, values: Values) -> Value | None:
    """What an action puts at its path; None takes away what is there."""
    assert action.value is not None
    if action.kind == "SET":
        value = _read(item, action.value, values)
        return deepcopy(value) if kind_of(value) in ("M", "L") else value
    assert isinstance(action.value, Placeholder)
    given = values[action.value.name]
    parts = action.path.parts
    if len(parts) > 1:
        _holder(item, parts)  # type: ignore[arg-type]
    before = at_path(item, parts)
    ((kind, content),) = given.items()
    if action.kind == "ADD":
        if before is None:
            return given
        if kind_of(before) != kind:
            raise invalid(_TYPE)
        if kind == "N":
            return {"N": add(before["N"], content)}
        return {kind: [*before[kind], *(one for one in content if one not in set(before[kind]))]}
    if before is None:
        return None
    if kind_of(before) != kind:
        raise invalid(_TYPE)
    gone = set(content)
    left = [one for one in before[kind] if one not in gone]
    return {kind: left} if left else None


def _read(item: Item, operand: Operand, values: Values) -> Value:
    if isinstance(operand, Placeholder):
        return values[operand.name]
    if isinstance(operand, Path):
        found = at_path(item, operand.parts)
        if found is None:
            raise invalid(_ABSENT)
        return found
    if isinstance(operand, Sum):
        left, right = _read(item, operand.left, values), _read(item, operand.right, values)
        if "N" not in left or "N" not in right:
            raise invalid(_TYPE)
        compute = add if operand.operator == "+" else subtract
        return {"N": compute(left["N"], right["N"])}
    assert isinstance(operand, Function)
    if operand.name == "if_not_exists":
        path = operand.args[0]
        assert isinstance(path, Path)
        there = at_path(item, path.parts)
        return _read(item, operand.args[1], values) if there is None else there
    left, right = _read(item, operand.args[0], values), _read(item, operand.args[1], values)
    if "L" not in left or "L" not in right:
        raise invalid(_TYPE)
    return {"L": [*left["L"], *right["L"]]}


# ---- taking parts out


def projected(item: Mapping[str, Value], paths: Iterable[tuple[str | int, ...]]) -> dict[str, Value]:
    """The parts of an item that are at some paths; elements of a list close up."""
    wanted: dict[Any, Any] = {}
    simple = True
    for path in paths:
        place = wanted
        for part in path[:-1]:
            simple = False
            place = place.setdefault(part, {})
        place[path[-1]] = None
    if simple:
        return {name: item[name] for name in wanted if name in item}
    return _members(item, wanted)


def _members(item: Mapping[str, Value], wanted: Mapping[Any, Any]) -> dict[str, Value]:
    found = {}
    for name, inner in wanted.items():
        value = item.get(name)
        part = value if value is None or inner is None else _part(value, inner)
        if part is not None:
            found[name] = part
    return found


def _part(value: Value, wanted: Mapping[Any, Any]) -> Value | None:
    ((kind, content),) = value.items()
    if kind == "M":
        members = _members(content, wanted)
        return {"M": members} if members else None
    if kind == "L":
        elements = []
        for position in sorted(one for one in wanted if one.__class__ is int):
            if position < len(content):
                inner = wanted[position]
                part = content[position] if inner is None else _part(content[position], inner)
                if part is not None:
                    elements.append(part)
        return {"L": elements} if elements else None
    return None
