"""What an expression means for the names and values of a request, and what is wrong with it, in DynamoDB's order.

DynamoDB does not tell the first mistake in the text but the first of the most telling kind: parentheses and unknown
functions before reserved words, those before placeholders that are not defined, and so on. What was found is kept by
text, names and types of the values, so that a program's few expressions are looked at once.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, TypeVar

from haar.services.dynamodb.expressions.evaluate import Judge, Values, compares, judging
from haar.services.dynamodb.expressions.reserved import RESERVED
from haar.services.dynamodb.expressions.syntax import (
    Action,
    And,
    Between,
    Comparison,
    Condition,
    ExpressionError,
    Function,
    In,
    Not,
    Operand,
    Or,
    Path,
    Placeholder,
    Sum,
    parse_condition,
    parse_projection,
    parse_update,
)
from haar.services.dynamodb.values import TYPES, kind_of

__all__ = [
    "AnalysedCondition", "AnalysedProjection", "AnalysedUpdate", "analysed_condition", "analysed_projection",
    "analysed_update", "shown_path",
]  # fmt: skip

N = TypeVar("N")
Names = Mapping[str, str]
Late = Callable[[Values], None]

_CONDITION_FUNCTIONS = {
    "attribute_exists": 1,
    "attribute_not_exists": 1,
    "attribute_type": 2,
    "begins_with": 2,
    "contains": 2,
    "size": 1,
}
_UPDATE_FUNCTIONS = {"if_not_exists": 2, "list_append": 2}
_KEPT_MAX = 4096
_WORDS_FOR_TYPES = {
    "S": "STRING", "N": "NUMBER", "B": "BINARY", "NULL": "NULL", "BOOL": "BOOLEAN", "L": "LIST", "M": "MAP",
}  # fmt: skip


class AnalysedCondition(NamedTuple):
    """A condition that is sound. `late` are checks that need the values themselves."""

    judge: Judge
    root: Condition
    names: frozenset[str]
    values: frozenset[str]
    late: tuple[Late, ...]
    #: the attributes it reads
    attributes: frozenset[str]
    #: and those of which it reads a part
    nested: frozenset[str]


class AnalysedUpdate(NamedTuple):
    """An update that is sound: its actions, with names resolved."""

    actions: tuple[Action, ...]
    names: frozenset[str]
    values: frozenset[str]
    attributes: frozenset[str]


class AnalysedProjection(NamedTuple):
    """A projection that is sound: its paths, with names resolved."""

    paths: tuple[tuple[str | int, ...], ...]
    names: frozenset[str]
    attributes: frozenset[str]
    nested: frozenset[str]


def shown_path(parts: tuple[str | int, ...]) -> str:
    """A path as error messages show it: `[a, [0], b]`."""
    return "[" + ", ".join(f"[{part}]" if part.__class__ is int else str(part) for part in parts) + "]"


class _Placeholders:
    """Resolves placeholders and keeps account of those that were used."""

    def __init__(self, names: Names, kinds: Mapping[str, str]) -> None:
        self.given = names
        self.kinds = kinds
        self.names: set[str] = set()
        self.values: set[str] = set()
        self.attributes: set[str] = set()
        self.nested: set[str] = set()

    def path(self, path: Path) -> Path:
        parts = []
        for part in path.parts:
            if part.__class__ is str and part.startswith("#"):
                name = self.given.get(part)
                if name is None:
                    raise ExpressionError(
                        f"An expression attribute name used in the document path is not defined; attribute name: {part}"
                    )
                self.names.add(part)
                parts.append(name)
            else:
                parts.append(part)  # type: ignore[arg-type]
        self.attributes.add(parts[0])
        if len(parts) > 1:
            self.nested.add(parts[0])
        return Path(tuple(parts))

    def value(self, placeholder: Placeholder) -> Placeholder:
        if placeholder.name not in self.kinds:
            raise ExpressionError(
                f"An expression attribute value used in expression is not defined; attribute value: {placeholder.name}"
            )
        self.values.add(placeholder.name)
        return placeholder

    def operand(self, operand: Operand) -> Operand:
        if isinstance(operand, Path):
            return self.path(operand)
        if isinstance(operand, Placeholder):
            return self.value(operand)
        if isinstance(operand, Sum):
            return Sum(operand.operator, self.operand(operand.left), self.operand(operand.right))
        return Function(operand.name, tuple(map(self.operand, operand.args)))

    def kind(self, operand: Operand) -> str:
        """The type that an operand surely has; empty when only the item can tell."""
        if isinstance(operand, Placeholder):
            return self.kinds[operand.name]
        if isinstance(operand, Function):
            if operand.name == "size":
                return "N"
            if operand.name == "list_append":
                return "L"
            if operand.name != "if_not_exists":
                return "BOOL"
        if isinstance(operand, Sum):
            return "N"
        return ""

    def given_kind(self, operand: Operand) -> str:
        """The type of an operand that is a value; empty for others."""
        return self.kinds[operand.name] if isinstance(operand, Placeholder) else ""


def _kinds(values: Values) -> dict[str, str]:
    return {name: kind_of(value) for name, value in values.items()}


_kept: dict[Any, Any] = {}


def _remembered(place: Any, analyse: Callable[[], N]) -> N:
    found: N | None = _kept.get(place)
    if found is None:
        if len(_kept) >= _KEPT_MAX:
            _kept.clear()
        found = _kept[place] = analyse()
    return found


def _check_reserved(paths: Iterator[Path]) -> None:
    for path in paths:
        for part in path.parts:
            if part.__class__ is str and part.upper() in RESERVED:
                raise ExpressionError(f"Attribute name is a reserved keyword; reserved keyword: {part}")


# ---- conditions


def analysed_condition(text: str, names: Names, values: Values) -> AnalysedCondition:
    """What a condition means with these names and values. Raises ExpressionError."""
    place = ("condition", text, tuple(names.items()), tuple([(name, *value) for name, value in values.items()]))
    found = _remembered(place, lambda: _condition(text, names, values))
    for check in found.late:
        check(values)
    return found


def _condition(text: str, names: Names, values: Values) -> AnalysedCondition:
    tree = parse_condition(text)
    if tree.redundant:
        raise ExpressionError("The expression has redundant parentheses;")
    leaves = list(_leaves(tree.root))
    functions = [function for leaf in leaves for function in _functions(leaf)]
    for function in functions:
        if function.name not in _CONDITION_FUNCTIONS:
            raise ExpressionError(f"Invalid function name; function: {function.name}")
    for leaf in leaves:
        for inner in ("size",) if isinstance(leaf, Function) and leaf.name == "size" else _misused(leaf):
            raise ExpressionError(
                f"The function is not allowed to be used this way in an expression; function: {inner}"
            )
    _check_reserved(path for leaf in leaves for path in _paths(leaf))
    placeholders = _Placeholders(names, _kinds(values))
    late: list[Late] = []
    root = _resolved(tree.root, placeholders, late)
    return AnalysedCondition(
        judging(root),
        root,
        frozenset(placeholders.names),
        frozenset(placeholders.values),
        tuple(late),
        frozenset(placeholders.attributes),
        frozenset(placeholders.nested),
    )


def _leaves(condition: Condition) -> Iterator[Condition]:
    """The comparisons and functions of a condition, in order."""
    if isinstance(condition, (And, Or)):
        for one in condition.conditions:
            yield from _leaves(one)
    elif isinstance(condition, Not):
        yield from _leaves(condition.condition)
    else:
        yield condition


def _operands(node: Condition | Operand) -> tuple[Operand, ...]:
    if isinstance(node, (Comparison, Sum)):
        return (node.left, node.right)
    if isinstance(node, Between):
        return (node.value, node.low, node.high)
    if isinstance(node, In):
        return (node.value, *node.choices)
    if isinstance(node, Function):
        return node.args
    return ()


def _functions(node: Condition | Operand) -> Iterator[Function]:
    for operand in _operands(node):
        yield from _functions(operand)
    if isinstance(node, Function):
        yield node


def _paths(node: Condition | Operand) -> Iterator[Path]:
    if isinstance(node, Path):
        yield node
    for operand in _operands(node):
        yield from _paths(operand)


def _misused(leaf: Condition | Operand) -> Iterator[str]:
    """Functions that stand where their answer is of no use: only `size` gives something to compare."""
    for operand in _operands(leaf):
        if isinstance(operand, Function):
            if operand.name != "size":
                yield operand.name
            yield from _misused(operand)


def _resolved(condition: Condition, placeholders: _Placeholders, late: list[Late]) -> Condition:
    if isinstance(condition, And):
        return And(tuple(_resolved(one, placeholders, late) for one in condition.conditions))
    if isinstance(condition, Or):
        return Or(tuple(_resolved(one, placeholders, late) for one in condition.conditions))
    if isinstance(condition, Not):
        return Not(_resolved(condition.condition, placeholders, late))
    resolve = placeholders.operand
    leaf: Condition
    if isinstance(condition, Comparison):
        leaf = Comparison(condition.operator, resolve(condition.left), resolve(condition.right))
    elif isinstance(condition, Between):
        leaf = Between(resolve(condition.value), resolve(condition.low), resolve(condition.high))
    elif isinstance(condition, In):
        leaf = In(resolve(condition.value), tuple(map(resolve, condition.choices)))
    else:
        leaf = Function(condition.name, tuple(map(resolve, condition.args)))
    functions = list(_functions(leaf))
    for function in functions:
        if len(function.args) != _CONDITION_FUNCTIONS[function.name]:
            raise _wrong_count(function)
    if isinstance(leaf, Comparison):
        _check_distinct(leaf.operator, (leaf.left, leaf.right))
    for function in functions:
        _check_distinct(function.name, function.args)
    for function in functions:
        _check_function(function, placeholders, late)
    if isinstance(leaf, Between):
        _check_bounds(leaf, placeholders, late)
    return leaf


def _wrong_count(function: Function) -> ExpressionError:
    return ExpressionError(
        "Incorrect number of operands for operator or function; "
        f"operator or function: {function.name}, number of operands: {len(function.args)}"
    )


def _wrong_type(name: str, kind: str) -> ExpressionError:
    return ExpressionError(
        f"Incorrect operand type for operator or function; operator or function: {name}, operand type: {kind}"
    )


def _check_distinct(name: str, operands: tuple[Operand, ...]) -> None:
    if len(operands) == 2 and isinstance(operands[0], Path) and operands[0] == operands[1]:
        raise ExpressionError(
            "The first operand must be distinct from the remaining operands for this operator or function; "
            f"operator: {name}, first operand: {shown_path(operands[0].parts)}"
        )


def _check_function(function: Function, placeholders: _Placeholders, late: list[Late]) -> None:
    name, args = function
    if name in ("attribute_exists", "attribute_not_exists"):
        if not isinstance(args[0], Path):
            raise ExpressionError(f"Operator or function requires a document path; operator or function: {name}")
    elif name == "begins_with":
        for operand in args:
            kind = placeholders.kind(operand)
            if kind and kind not in ("S", "B"):
                raise _wrong_type(name, kind)
    elif name == "attribute_type":
        kind = placeholders.kind(args[1])
        if kind != "S":
            raise _wrong_type(name, kind or "{NS,SS,L,BS,N,M,B,BOOL,NULL,S}")
        if isinstance(args[1], Placeholder):
            late.append(_type_check(args[1].name))
    elif name == "size":
        kind = placeholders.kind(args[0])
        if kind in ("N", "BOOL", "NULL"):
            raise _wrong_type(name, kind)


def _type_check(name: str) -> Late:
    def check(values: Values) -> None:
        wanted = values[name]["S"]
        if wanted not in TYPES:
            raise ExpressionError(
                f"Invalid attribute type name found; type: {wanted}, valid types: {{B,NULL,SS,BOOL,L,BS,N,NS,S,M}}"
            )

    return check


def _check_bounds(between: Between, placeholders: _Placeholders, late: list[Late]) -> None:
    low, high = between.low, between.high
    if not (isinstance(low, Placeholder) and isinstance(high, Placeholder)):
        return
    first, last = low.name, high.name
    if placeholders.kinds[first] != placeholders.kinds[last]:
        late.append(lambda values: _raise_bounds("same data type for lower and upper bounds", values, first, last))
        return

    def check(values: Values) -> None:
        if compares(operator.gt, values[first], values[last]):
            _raise_bounds("upper bound to be greater than or equal to lower bound", values, first, last)

    late.append(check)


def _raise_bounds(what: str, values: Values, first: str, last: str) -> None:
    def shown(name: str) -> str:
        ((kind, content),) = values[name].items()
        return f"AttributeValue: {{{kind}:{content}}}"

    raise ExpressionError(
        f"The BETWEEN operator requires {what}; lower bound operand: {shown(first)}, upper bound operand: {shown(last)}"
    )


# ---- updates


def analysed_update(text: str, names: Names, values: Values) -> AnalysedUpdate:
    """What an update means with these names and values. Raises ExpressionError."""
    place = ("update", text, tuple(names.items()), tuple([(name, *value) for name, value in values.items()]))
    return _remembered(place, lambda: _update(text, names, values))


def _update(text: str, names: Names, values: Values) -> AnalysedUpdate:
    tree = parse_update(text)
    _check_reserved(path for action in tree.actions for path in _action_paths(action))
    functions = [one for action in tree.actions if action.value is not None for one in _functions(action.value)]
    for function in functions:
        if function.name not in _UPDATE_FUNCTIONS:
            raise ExpressionError(f"Invalid function name; function: {function.name}")
    if tree.repeated:
        raise ExpressionError(f'The "{tree.repeated}" section can only be used once in an update expression;')
    placeholders = _Placeholders(names, _kinds(values))
    # names of the whole expression come before values
    actions = []
    undefined: ExpressionError | None = None
    for action in tree.actions:
        path = placeholders.path(action.path)
        for inner in () if action.value is None else _paths(action.value):
            placeholders.path(inner)
        try:
            value = None if action.value is None else placeholders.operand(action.value)
        except ExpressionError as error:
            undefined = undefined or error
            continue
        actions.append(Action(action.kind, path, value))
    if undefined is not None:
        raise undefined
    check_paths([action.path.parts for action in actions])
    for action in actions:
        if action.kind in ("ADD", "DELETE"):
            assert isinstance(action.value, Placeholder)
            kind = placeholders.kinds[action.value.name]
            if kind in _WORDS_FOR_TYPES and not (action.kind == "ADD" and kind == "N"):
                raise ExpressionError(
                    "Incorrect operand type for operator or function; "
                    f"operator: {action.kind}, operand type: {_WORDS_FOR_TYPES[kind]}"
                )
    for action in actions:
        if action.value is not None:
            _check_update_operand(action.value, placeholders)
    return AnalysedUpdate(
        tuple(actions),
        frozenset(placeholders.names),
        frozenset(placeholders.values),
        frozenset(placeholders.attributes),
    )


def _action_paths(action: Action) -> Iterator[Path]:
    yield action.path
    if action.value is not None:
        yield from _paths(action.value)


def _check_update_operand(operand: Operand, placeholders: _Placeholders) -> None:
    for inner in _operands(operand):
        _check_update_operand(inner, placeholders)
    if isinstance(operand, Sum):
        for inner in (operand.left, operand.right):
            kind = placeholders.given_kind(inner)
            if kind and kind != "N":
                raise _wrong_type(operand.operator, kind)
    elif isinstance(operand, Function):
        if len(operand.args) != _UPDATE_FUNCTIONS[operand.name]:
            raise _wrong_count(operand)
        if operand.name == "if_not_exists":
            if not isinstance(operand.args[0], Path):
                raise ExpressionError(
                    f"Operator or function requires a document path; operator or function: {operand.name}"
                )
        else:
            for inner in operand.args:
                kind = placeholders.given_kind(inner)
                if kind and kind != "L":
                    raise _wrong_type(operand.name, kind)


def check_paths(paths: list[tuple[str | int, ...]]) -> None:
    """Refuse paths that overlap, or that take one thing for a list and for a map. Raises ExpressionError."""
    conflict = ""
    ends: dict[tuple[str | int, ...], tuple[str | int, ...]] = {}
    for place, path in enumerate(paths):
        for other in paths[:place] if len(paths) < 40 else _near(ends, path):
            shared = min(len(other), len(path))
            for first, second in zip(other, path, strict=False):
                if first.__class__ is not second.__class__:
                    conflict = conflict or _two(other, path, "conflict")
                    break
                if first != second:
                    break
            else:
                if other[:shared] == path[:shared]:
                    raise ExpressionError(_two(other, path, "overlap"))
        for size in range(1, len(path) + 1):
            ends.setdefault(path[:size], path)
    if conflict:
        raise ExpressionError(conflict)


def _near(ends: Mapping[tuple[str | int, ...], tuple[str | int, ...]], path: tuple[str | int, ...]) -> list[Any]:
    """Of many paths those that begin as a path does: the only ones it can overlap or conflict with."""
    return [other for size in range(len(path), 0, -1) if (other := ends.get(path[:size])) is not None]


def _two(first: tuple[str | int, ...], second: tuple[str | int, ...], what: str) -> str:
    return (
        f"Two document paths {what} with each other; must remove or rewrite one of these paths; "
        f"path one: {shown_path(first)}, path two: {shown_path(second)}"
    )


# ---- projections


def analysed_projection(text: str, names: Names) -> AnalysedProjection:
    """What a projection means with these names. Raises ExpressionError."""
    return _remembered(("projection", text, tuple(names.items())), lambda: _projection(text, names))


def _projection(text: str, names: Names) -> AnalysedProjection:
    tree = parse_projection(text)
    _check_reserved(iter(tree.paths))
    placeholders = _Placeholders(names, {})
    paths = [placeholders.path(path).parts for path in tree.paths]
    check_paths(paths)
    return AnalysedProjection(
        tuple(paths),
        frozenset(placeholders.names),
        frozenset(placeholders.attributes),
        frozenset(placeholders.nested),
    )
