"""What a Query asks of the key: which partition, and which range of sort keys.

A KeyConditionExpression is an expression like others, of which DynamoDB then takes only what an index can answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from haar.services.dynamodb.expressions.syntax import (
    And,
    Between,
    Comparison,
    Condition,
    Function,
    In,
    Not,
    Operand,
    Or,
    Path,
    Placeholder,
)
from haar.services.dynamodb.keys import check_key_value, hashed, joined, sort_text
from haar.services.dynamodb.resources import SecondaryIndex, Table
from haar.services.dynamodb.service import invalid, invalid_value
from haar.services.dynamodb.values import Value, kind_of

__all__ = ["KeyRange", "conditions_of", "range_of"]

#: attribute -> (operator as the older parameters call it, its values)
Conditions = Mapping[str, tuple[str, list[Value]]]

_OPERATORS = {"=": "EQ", "<": "LT", "<=": "LE", ">": "GT", ">=": "GE"}
_TURNED = {"EQ": "EQ", "LT": "GT", "LE": "GE", "GT": "LT", "GE": "LE"}
_INDEXABLE = frozenset(("EQ", "LT", "LE", "GT", "GE", "BEGINS_WITH", "BETWEEN"))
_UNSUPPORTED = "Query key condition not supported"


class KeyRange(NamedTuple):
    """The rows that a Query goes through: a partition, bounds of the sort text, and which of them are left out.

    `start` and `stop` are inclusive, `starts` is what texts begin with. `above` and `below` are themselves left out.
    """

    partition: str
    start: str | None = None
    stop: str | None = None
    starts: str | None = None
    above: str | None = None
    below: str | None = None
    #: every attribute of the key is given: of a table, one row at most
    exact: bool = False

    def holds(self, sort: str) -> bool:
        """Whether a sort text is in the range."""
        if self.start is not None and sort < self.start:
            return False
        if self.stop is not None and sort > self.stop:
            return False
        if self.starts is not None and not sort.startswith(self.starts):
            return False
        if self.above is not None and sort <= self.above:
            return False
        return self.below is None or sort < self.below


def conditions_of(root: Condition, values: Mapping[str, Value]) -> Conditions:
    """The conditions of a KeyConditionExpression, by attribute. Raises ValidationException."""
    found: dict[str, tuple[str, list[Value]]] = {}
    parts = list(_parts(root))
    for part in parts:
        if any(isinstance(one, Function) for one in _operands(part)):
            raise invalid("KeyConditionExpressions cannot contain nested operations")
    for part in parts:
        operands = _operands(part)
        paths = [one for one in operands if isinstance(one, Path)]
        if len(paths) > 1:
            raise invalid("Invalid condition in KeyConditionExpression: Multiple attribute names used in one condition")
        if paths and len(paths[0].parts) > 1:
            raise invalid("KeyConditionExpressions cannot have conditions on nested attributes")
        if not paths:
            raise invalid("Invalid condition in KeyConditionExpression: No key attribute specified")
        held = [values[one.name] for one in operands if isinstance(one, Placeholder)]
        kind = _kind(part)
        if not isinstance(operands[0], Path):
            if kind in ("BETWEEN", "BEGINS_WITH"):
                spoken = "BETWEEN" if kind == "BETWEEN" else "begins_with"
                raise invalid(
                    f"Invalid condition in KeyConditionExpression: {spoken} operator must have the key attribute as "
                    "its first operand"
                )
            kind = _TURNED[kind]
        name = str(paths[0].parts[0])
        if name in found:
            raise invalid("KeyConditionExpressions must only contain one condition per key")
        found[name] = (kind, held)
    return found


def _parts(root: Condition) -> Iterator[Comparison | Between | Function]:
    if isinstance(root, And):
        for one in root.conditions:
            yield from _parts(one)
        return
    spoken = ""
    if isinstance(root, (Or, Not, In)):
        spoken = {Or: "OR", Not: "NOT", In: "IN"}[type(root)]
    elif isinstance(root, Comparison) and root.operator == "<>":
        spoken = "<>"
    elif isinstance(root, Function) and root.name != "begins_with":
        spoken = root.name
    if spoken:
        raise invalid(f"Invalid operator used in KeyConditionExpression: {spoken}")
    assert isinstance(root, (Comparison, Between, Function))
    yield root


def _operands(part: Comparison | Between | Function) -> tuple[Operand, ...]:
    if isinstance(part, Comparison):
        return (part.left, part.right)
    if isinstance(part, Between):
        return (part.value, part.low, part.high)
    return part.args


def _kind(part: Comparison | Between | Function) -> str:
    if isinstance(part, Comparison):
        return _OPERATORS[part.operator]
    return "BETWEEN" if isinstance(part, Between) else "BEGINS_WITH"


def range_of(table: Table, index: SecondaryIndex | None, conditions: Conditions) -> KeyRange:
    """The rows of a table or index that conditions mean. Raises ValidationException."""
    hash_keys = index.hash_keys if index is not None else (table.hash_key,)
    range_keys = index.range_keys if index is not None else (table.range_key,) if table.range_key else ()
    for name in hash_keys:
        if name not in conditions:
            raise invalid(f"Query condition missed key schema element: {name}")
    others = [name for name in conditions if name not in hash_keys]
    if others and not range_keys:
        raise invalid(_UNSUPPORTED)
    for name in others:
        if name not in range_keys:
            missed = next((one for one in range_keys if one not in conditions), "")
            raise invalid(f"Query condition missed key schema element: {missed}" if missed else _UNSUPPORTED)
    for kind, _ in conditions.values():
        if kind not in _INDEXABLE:
            raise invalid("Attempted conditional constraint is not an indexable operation")
    for name, (_, values) in conditions.items():
        for value in values:
            if kind_of(value) != table.types[name]:
                raise invalid_value("Condition parameter type does not match schema type")
    for name in hash_keys:
        if conditions[name][0] != "EQ":
            raise invalid(_UNSUPPORTED)
        check_key_value(name, conditions[name][1][0], True)
    partition = hashed(joined([sort_text(conditions[name][1][0]) for name in hash_keys]))
    return _sorted_range(table, partition, range_keys, conditions)


def _sorted_range(table: Table, partition: str, range_keys: tuple[str, ...], conditions: Conditions) -> KeyRange:
    several = len(range_keys) > 1
    before = ""
    for place, name in enumerate(range_keys):
        if name not in conditions:
            missing = next((one for one in range_keys[place + 1 :] if one in conditions), "")
            if missing:
                raise invalid(f"Query condition missed key schema element: {name}")
            break
        kind, values = conditions[name]
        if kind == "BEGINS_WITH" and table.types[name] == "N":
            raise invalid_value(
                f"ComparisonOperator BEGINS_WITH is not valid for {table.types[name]} AttributeValue type"
            )
        for value in values:
            if kind != "BEGINS_WITH":
                check_key_value(name, value, False)
        texts = [sort_text(value) for value in values]
        if not several:
            return _bounded(partition, kind, texts)
        if kind == "EQ":
            before += _closed(texts[0])
            continue
        if any(one in conditions for one in range_keys[place + 1 :]):
            raise invalid(_UNSUPPORTED)
        return _bounded_within(partition, before, kind, texts)
    return KeyRange(partition, starts=before or None)


def _bounded(partition: str, kind: str, texts: list[str]) -> KeyRange:
    text = texts[0]
    if kind == "EQ":
        return KeyRange(partition, start=text, stop=text, exact=True)
    if kind == "BEGINS_WITH":
        return KeyRange(partition, starts=text)
    if kind == "BETWEEN":
        return KeyRange(partition, start=text, stop=texts[1])
    if kind in ("LT", "LE"):
        return KeyRange(partition, stop=text, below=text if kind == "LT" else None)
    return KeyRange(partition, start=text, above=text if kind == "GT" else None)


#: Behind every text that begins with what is before it.
_LAST = "\U0010ffff"


def _closed(text: str) -> str:
    """A text as one of several in a sort text."""
    return joined([text, ""])[:-1]


def _bounded_within(partition: str, before: str, kind: str, texts: list[str]) -> KeyRange:
    """Bounds of one attribute behind others that are equal."""
    text = before + _closed(texts[0])
    # what other attributes' texts follow is still within
    last = text[:-1] + "\0" + _LAST
    if kind == "BEGINS_WITH":
        return KeyRange(partition, starts=text[:-1])
    if kind == "BETWEEN":
        return KeyRange(partition, start=text, stop=before + _closed(texts[1]) + _LAST)
    if kind == "LT":
        return KeyRange(partition, starts=before or None, stop=text, below=text)
    if kind == "LE":
        return KeyRange(partition, starts=before or None, stop=last)
    if kind == "GE":
        return KeyRange(partition, starts=before or None, start=text)
    return KeyRange(partition, starts=before or None, start=last, above=last)
