"""Every error code a room can say is in its service's model, or among those the room declares beside it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import haar
from haar.kit.service import Operation
from tests.conformance.rooms import OPERATIONS, ROOMS, id_of, room

pytestmark = pytest.mark.ours

SERVICES = Path(haar.__file__).parent / "services"
#: Keyword arguments of declarations whose value is an error code.
_SAYING = ("validation_error", "bad_token", "too_many", "invalid")


def known(name: str) -> set[str]:
    """The codes of a service: the names and wire codes of the model's errors, and what the room declares."""
    shapes = room(name).model.shapes
    errors = {shape: one for shape, one in shapes.items() if one.get("exception")}
    wire = {one.get("error", {}).get("code", shape) for shape, one in errors.items()}
    return {*errors, *wire, *room(name).also_raises}


def said(name: str) -> Iterator[tuple[str, str]]:
    """(place, code) of every code written in a room."""
    folder = SERVICES / name.replace("-", "_")
    for path in sorted(folder.rglob("*.py")):
        if path.name.startswith("test_") or path.name == "conftest.py":
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            for code in _codes(node):
                if isinstance(code, ast.Constant) and isinstance(code.value, str) and code.value:
                    yield f"{path.relative_to(SERVICES)}:{code.lineno}", code.value


def _codes(node: ast.AST) -> Iterator[ast.expr]:
    if isinstance(node, ast.Call):
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if called in ("error", "ServiceError") and node.args:
            yield node.args[0]
        if called == "check" and len(node.args) > 2:  # Quota.check(call, wanted, code, message)
            yield node.args[2]
        yield from (keyword.value for keyword in node.keywords if keyword.arg in _SAYING)
    elif isinstance(node, ast.ClassDef):
        for keyword in node.keywords:
            if keyword.arg == "missing" and isinstance(keyword.value, ast.Tuple):
                yield keyword.value.elts[0]


@pytest.mark.parametrize("name", ROOMS)
def test_a_room_says_only_codes_its_clients_know(name: str) -> None:
    assert not [(place, code) for place, code in said(name) if code not in known(name)]


@pytest.mark.parametrize("name", [name for name in ROOMS if name != "resourcegroupstaggingapi"])
def test_codes_are_found_where_they_are_written(name: str) -> None:
    assert list(said(name)), "this test must see what it judges"


def test_a_service_with_idempotency_tokens_knows_the_mismatch() -> None:
    with_tokens = {one.service.name for one in OPERATIONS if one.token_member}
    assert not {name for name in with_tokens if "IdempotentParameterMismatch" not in known(name)}


@pytest.mark.parametrize("operation", [one for one in OPERATIONS if one.paging], ids=id_of)
def test_a_bad_token_is_said_in_a_code_of_the_service(operation: Operation) -> None:
    assert operation.service.bad_token in known(operation.service.name)
