"""Statements carried out: each is what the operation on items of its kind would be."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from hashlib import blake2b
from typing import Any, NamedTuple

import orjson

from haar.kit import Call
from haar.services.dynamodb.acting import Deed
from haar.services.dynamodb.expressions.analysis import check_paths
from haar.services.dynamodb.expressions.evaluate import at_path, judging
from haar.services.dynamodb.expressions.syntax import (
    And,
    Between,
    Comparison,
    Condition,
    ExpressionError,
    Function,
    In,
    Path,
    Placeholder,
)
from haar.services.dynamodb.key_conditions import KeyRange, range_of
from haar.services.dynamodb.pages import (
    Reading,
    check_projection,
    page,
    projects_all,
    rows_of_query,
    rows_of_scan,
    start_of,
)
from haar.services.dynamodb.partiql.syntax import Statement, filled, parse
from haar.services.dynamodb.resources import SecondaryIndex, Table
from haar.services.dynamodb.service import ITEM_BYTES_MAX, dynamodb, invalid, invalid_value
from haar.services.dynamodb.targets import found, look_up, named
from haar.services.dynamodb.values import Value, dumped, kind_of, loaded, size_of, stored

__all__ = ["Bound", "authorize", "bound", "deed_of", "key_of_statement", "select"]

_ACTIONS = {
    "SELECT": "dynamodb:PartiQLSelect",
    "EXISTS": "dynamodb:PartiQLSelect",
    "INSERT": "dynamodb:PartiQLInsert",
    "UPDATE": "dynamodb:PartiQLUpdate",
    "DELETE": "dynamodb:PartiQLDelete",
}
_NO_KEY = "Where clause does not contain a mandatory equality on all key attributes"
_OPERATORS = {"=": "EQ", "<": "LT", "<=": "LE", ">": "GT", ">=": "GE"}


class Bound(NamedTuple):
    """A statement with its parameters. `values` are by placeholder, in stored form."""

    statement: Statement
    values: Mapping[str, Value]
    item: Mapping[str, Value] | None
    text: str


def bound(text: str, parameters: list[Any] | None) -> Bound:
    """A statement with its parameters. Raises ValidationException."""
    statement = parse(text)
    given = [stored(one) for one in parameters or ()]
    if len(given) != statement.parameters:
        raise invalid("Number of parameters in request and statement don't match.")
    values = {name: filled(template, given) for name, template in statement.values}
    item = None
    if statement.item is not None:
        value = filled(statement.item, given)
        if "M" not in value:
            raise invalid("Statement wasn't well formed, can't be processed: Expected a tuple after VALUE")
        item = value["M"]
    return Bound(statement, values, item, text)


def authorize(call: Call, one: Bound) -> None:
    """Ask whether the caller may do what a statement says. Raises AccessDeniedException."""
    statement = one.statement
    arn, table = look_up(call, statement.table)
    if statement.through:
        arn = f"{arn}/index/{statement.through}"
    operation = dynamodb.bound(call.operation)
    request = _seen_by_policies(one, table)
    call.ports.guard.authorize(call, _ACTIONS[statement.kind], [(arn, table)], operation, request)


def _seen_by_policies(one: Bound, table: Table | None) -> dict[str, Any]:
    """What condition keys see of a statement: its key or item, and the attributes it names."""
    statement = one.statement
    if one.item is not None:
        return {"Item": dict(one.item)}
    request: dict[str, Any] = {}
    if table is not None:
        key = _equalities(statement.condition, one.values)
        request["Key"] = {name: value for name, value in key.items() if name in table.key_names}
        if statement.kind == "SELECT":
            request["FullTableScan"] = _scans(table, one)
    names = [str(path.parts[0]) for path in statement.paths]
    names += [str(action.path.parts[0]) for action in statement.actions]
    if names:
        request["AttributesToGet"] = names
    return request


def _scans(table: Table, one: Bound) -> bool:
    """Whether a SELECT goes through everything."""
    index = table.index(one.statement.through) if one.statement.through else None
    hashes = index.hash_keys if index is not None else (table.hash_key,)
    found_ = _conditions(one.statement.condition, one.values, hashes)
    if all(name in found_ and found_[name][0] == "EQ" for name in hashes):
        return False
    return _choices(one.statement.condition, hashes) is None


# ---- keys in conditions


def _parts(condition: Condition | None) -> Iterator[Condition]:
    """The conditions that must all hold."""
    if isinstance(condition, And):
        for one in condition.conditions:
            yield from _parts(one)
    elif condition is not None:
        yield condition


def _equalities(condition: Condition | None, values: Mapping[str, Value]) -> dict[str, Value]:
    """What top-level attributes must be equal to."""
    found = {}
    for part in _parts(condition):
        if isinstance(part, Comparison) and part.operator == "=":
            left, right = part.left, part.right
            if isinstance(left, Path) and len(left.parts) == 1 and isinstance(right, Placeholder):
                found[str(left.parts[0])] = values[right.name]
    return found


def key_of_statement(table: Table, one: Bound) -> dict[str, Value]:
    """The key that a statement's WHERE demands. Raises ValidationException when it does not."""
    equal = _equalities(one.statement.condition, one.values)
    key = {name: equal[name] for name in table.key_names if name in equal}
    if len(key) != len(table.key_names):
        raise invalid(_NO_KEY)
    return key


def _conditions(
    condition: Condition | None, values: Mapping[str, Value], names: tuple[str, ...]
) -> dict[str, tuple[str, list[Value]]]:
    """The conditions on some attributes that an index can answer, the first of each."""
    found: dict[str, tuple[str, list[Value]]] = {}
    for part in _parts(condition):
        operands: tuple[Any, ...] = ()
        kind = ""
        if isinstance(part, Comparison) and part.operator in _OPERATORS:
            kind, operands = _OPERATORS[part.operator], (part.left, part.right)
        elif isinstance(part, Between):
            kind, operands = "BETWEEN", (part.value, part.low, part.high)
        elif isinstance(part, Function) and part.name == "begins_with":
            kind, operands = "BEGINS_WITH", part.args
        if not kind or not isinstance(operands[0], Path) or len(operands[0].parts) != 1:
            continue
        name = str(operands[0].parts[0])
        if name in names and name not in found and all(isinstance(held, Placeholder) for held in operands[1:]):
            found[name] = (kind, [values[held.name] for held in operands[1:]])
    return found


# ---- writing


def deed_of(table: Table, one: Bound, on_failure: bool) -> Deed:
    """What a statement that writes (or an EXISTS) does to its item. Raises ValidationException."""
    statement = one.statement
    if one.item is not None:
        size = size_of(one.item)
        if size > ITEM_BYTES_MAX:
            raise invalid("Item size has exceeded the maximum allowed size")
        key = table.key_names
        return Deed(
            "put", one.item, size, lambda item, _: not all(name in item for name in key), {}, (), "NONE", on_failure
        )
    if statement.through:
        raise invalid("Statement wasn't well formed, can't be processed: An index cannot be written")
    assert statement.condition is not None or statement.kind == "EXISTS"
    key_values = key_of_statement(table, one)
    judge = judging(statement.condition) if statement.condition is not None else None
    values = one.values
    returns = statement.returns or "NONE"
    if statement.kind == "UPDATE":
        try:
            check_paths([action.path.parts for action in statement.actions])
        except ExpressionError as error:
            raise invalid(f"Statement wasn't well formed, can't be processed: {error}") from None
        for action in statement.actions:
            if action.kind in ("ADD", "DELETE"):
                assert isinstance(action.value, Placeholder)
                if kind_of(values[action.value.name]) not in ("SS", "NS", "BS"):
                    raise invalid_value("set_add and set_delete take a set")
        return Deed("update", key_values, 0, judge, values, statement.actions, returns, on_failure)
    if statement.kind == "DELETE":
        # deleting what is not there succeeds; what is there must be as the condition says
        return Deed(
            "delete",
            key_values,
            0,
            lambda item, given: not item or judge is None or judge(item, given),
            values,
            (),
            returns,
            on_failure,
        )
    return Deed(
        "check", key_values, 0, lambda item, given: bool(item) and (judge is None or judge(item, given)), values
    )


# ---- reading


def _index_of(table: Table, statement: Statement, consistent: bool) -> SecondaryIndex | None:
    if not statement.through:
        return None
    index = table.index(statement.through)
    if index is None:
        raise invalid(f"The table does not have the specified index: {statement.through}")
    if consistent and not index.is_local:
        raise invalid("Consistent reads are not supported on global secondary indexes")
    return index


def select(call: Call, one: Bound, request: Mapping[str, Any]) -> dict[str, Any]:
    """The reply to a SELECT."""
    statement = one.statement
    table = found(call, named(call, statement.table))
    consistent = request.get("ConsistentRead") or False
    index = _index_of(table, statement, consistent)
    wanted = frozenset(str(path.parts[0]) for path in statement.paths) or None
    fetches = False
    if index is not None and wanted is not None:
        if index.is_local:
            fetches = not projects_all(table, index, wanted)
        else:
            check_projection(table, index, wanted)
    judge = judging(statement.condition) if statement.condition is not None else None
    reading = Reading(table, index, consistent, request.get("Limit"), "", judge, one.values, None, fetches)
    ranges = _ranges(table, index, one)
    forward = _forward(table, index, statement, ranges is not None)
    place, start = _place(table, index, one, request.get("NextToken"))
    if ranges is None:
        reply = page(call, reading, rows_of_scan(call, reading, start, 0, 1), _naming(statement, request))
    else:
        reply = {"Items": orjson.Fragment(b"[]")}
        while place < len(ranges):
            rows = rows_of_query(call, reading, ranges[place], start, forward)
            reply = page(call, reading, rows, _naming(statement, request))
            if "LastEvaluatedKey" in reply or place + 1 == len(ranges) or reply["Count"]:
                break
            place, start = place + 1, None
    return _shown(one, reply, place, len(ranges) if ranges is not None else 1)


def _naming(statement: Statement, request: Mapping[str, Any]) -> dict[str, Any]:
    return {"TableName": statement.table, "ReturnConsumedCapacity": request.get("ReturnConsumedCapacity")}


def _ranges(table: Table, index: SecondaryIndex | None, one: Bound) -> list[KeyRange] | None:
    """The ranges of keys that a SELECT goes through; None: it goes through everything."""
    hashes = index.hash_keys if index is not None else (table.hash_key,)
    ranges = index.range_keys if index is not None else (table.range_key,) if table.range_key else ()
    condition, values = one.statement.condition, one.values
    found_ = _conditions(condition, values, (*hashes, *ranges))
    several = _choices(condition, hashes)
    if several is not None and all(name in found_ and found_[name][0] == "EQ" for name in hashes[1:]):
        picked = [values[name] for name in several]
        return [
            _range(table, index, {**found_, hashes[0]: ("EQ", [value])})
            for value in picked
            if kind_of(value) == table.types[hashes[0]]
        ]
    if any(name not in found_ or found_[name][0] != "EQ" for name in hashes):
        return None
    return [_range(table, index, found_)]


def _range(table: Table, index: SecondaryIndex | None, conditions: dict[str, tuple[str, list[Value]]]) -> KeyRange:
    usable = {}
    stopped = False
    ranges = index.range_keys if index is not None else (table.range_key,)
    for name in ranges:
        if name in conditions and not stopped:
            usable[name] = conditions[name]
            stopped = conditions[name][0] != "EQ"
        else:
            stopped = True
    rest = {name: one for name, one in conditions.items() if name not in ranges}
    return range_of(table, index, {**rest, **usable})


def _choices(condition: Condition | None, hashes: tuple[str, ...]) -> list[str] | None:
    for part in _parts(condition):
        if isinstance(part, In) and part.value == Path((hashes[0],)):
            names = [choice.name for choice in part.choices if isinstance(choice, Placeholder)]
            return names if len(names) == len(part.choices) else None
    return None


def _forward(table: Table, index: SecondaryIndex | None, statement: Statement, has_key: bool) -> bool:
    if not statement.order:
        return True
    if statement.condition is None:
        raise invalid("Must have WHERE clause in the statement when using ORDER BY clause.")
    if not has_key:
        raise invalid(
            "Must have at least one non-optional hash key condition in WHERE clause when using ORDER BY clause."
        )
    keys = (*index.hash_keys, *index.range_keys) if index is not None else table.key_names
    ranges = index.range_keys if index is not None else (table.range_key,)
    forward = True
    for name, descending in statement.order:
        if name not in keys:
            raise invalid(f"Variable reference {name} in ORDER BY clause must be part of the primary key")
        if name in ranges:
            forward = not descending
    return forward


def _place(table: Table, index: SecondaryIndex | None, one: Bound, token: str | None) -> tuple[int, Any]:
    """Which range a page is in, and where it begins."""
    if not token:
        return 0, None
    try:
        raw = base64.urlsafe_b64decode(token.encode())
        if raw[:8] != _mark(one):
            raise ValueError(token)
        place, start = orjson.loads(raw[8:])
    except (binascii.Error, ValueError, UnicodeEncodeError):
        raise invalid("NextToken does not match request") from None
    return place, start_of(table, index, start) if start is not None else None


def _mark(one: Bound) -> bytes:
    asked = one.text.encode() + orjson.dumps(one.values, option=orjson.OPT_SORT_KEYS)
    return blake2b(asked, digest_size=8).digest()


def _shown(one: Bound, reply: dict[str, Any], place: int, ranges: int) -> dict[str, Any]:
    """A page as ExecuteStatement answers it."""
    statement = one.statement
    last = reply.get("LastEvaluatedKey")
    shown = {"Items": reply["Items"]}
    if statement.paths:
        items = orjson.loads(orjson.dumps(reply["Items"]))
        shown["Items"] = orjson.Fragment(dumped_list([named_parts(item, statement.paths) for item in items]))
    token: list[Any] | None = None
    if last is not None:
        key = orjson.loads(orjson.dumps(last))
        shown["LastEvaluatedKey"] = last
        token = [place, key]
    elif place + 1 < ranges:
        token = [place + 1, None]
    if token is not None:
        shown["NextToken"] = base64.urlsafe_b64encode(_mark(one) + orjson.dumps(token)).decode()
    if "ConsumedCapacity" in reply:
        shown["ConsumedCapacity"] = reply["ConsumedCapacity"]
    return shown


def dumped_list(items: list[dict[str, Value]]) -> bytes:
    """Items as the bytes of a list."""
    return b"[" + b",".join(map(dumped, items)) + b"]"


def named_parts(item: Mapping[str, Value], paths: tuple[Path, ...]) -> dict[str, Value]:
    """What a SELECT with paths shows of an item: each part under its last name."""
    parts: dict[str, Value] = {}
    for path in paths:
        value = at_path(item, path.parts)
        if value is not None:
            names = [part for part in path.parts if isinstance(part, str)]
            parts[names[-1]] = value
    return parts


def one_item(one: Bound, body: bytes | None) -> bytes | None:
    """What a SELECT of one item shows of it; None when its condition does not hold."""
    if body is None:
        return None
    statement = one.statement
    attributes = loaded(body)
    if statement.condition is not None and not judging(statement.condition)(attributes, one.values):
        return None
    return dumped(named_parts(attributes, statement.paths)) if statement.paths else body
