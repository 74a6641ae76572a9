"""From the tree of an expression to a function of a row: compiled once, called for every record.

A row is whatever the input gives (a list of CSV fields, a JSON value); only the input's `Columns` can look into it.
Truth has three values: TRUE, FALSE, and NULL for what is not known; MISSING counts as not known too.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, Protocol

from haar.services.s3.select import timestamps
from haar.services.s3.select.errors import refusal
from haar.services.s3.select.functions import FUNCTIONS
from haar.services.s3.select.syntax import (
    MISSING,
    Aggregate,
    Between,
    Binary,
    Call,
    Case,
    Cast,
    Expression,
    In,
    Is,
    Like,
    ListOf,
    Literal,
    Path,
    Unary,
    Value,
    children,
)
from haar.services.s3.select.values import (
    NUMBERS,
    calculate,
    cast,
    equal,
    is_number,
    like,
    number_in,
    order,
    to_decimal,
)

#: a record as its input gives it
Row = Any
Evaluate = Callable[[Row], Value]

_ORDERS: dict[str, Callable[[int], bool]] = {
    "<": lambda sign: sign < 0,
    ">": lambda sign: sign > 0,
    "<=": lambda sign: sign <= 0,
    ">=": lambda sign: sign >= 0,
}


class Columns(Protocol):
    """What an input knows about the names in an expression."""

    #: whether every column is text, as in CSV
    are_text: bool

    def column(self, path: Path) -> Evaluate:
        """How to read a path from a row. Raises MissingHeaders, AmbiguousFieldName and their like."""


def unknown(value: Value) -> bool:
    """Whether a value is NULL or MISSING."""
    return value is None or value is MISSING


def has_aggregate(expression: Expression) -> bool:
    """Whether an aggregate function stands anywhere in an expression."""
    waiting = [expression]
    while waiting:
        node = waiting.pop()
        if isinstance(node, Aggregate):
            return True
        waiting.extend(children(node))
    return False


class Compiler:
    """Makes functions of expressions, for one input. `now` is in seconds since 1970.

    Aggregates are met only where the caller has allowed them (`aggregates` is a list): each then becomes a running
    `Total` in that list, and reads as its result so far.
    """

    def __init__(self, columns: Columns, now: float) -> None:
        self._columns = columns
        self._now = timestamps.at(now)
        self.aggregates: list[Total] | None = None

    def compile(self, node: Expression) -> Evaluate:
        """The function of a row that an expression is. Raises the errors that need no row to be seen."""
        match node:
            case Literal(value):
                return lambda row: value
            case Path():
                return self._columns.column(node)
            case Unary("not", operand):
                return _negation(self.compile(operand))
            case Unary(sign, operand):
                return _signed(sign, self.compile(operand))
            case Binary("and" | "or" as operator, _, _):
                return self._logic(operator, node)
            case Binary("=" | "<>" | "<" | ">" | "<=" | ">=" as operator, left, right):
                return self._comparison(operator, left, right)
            case Binary("||", left, right):
                return _joined(self.compile(left), self.compile(right))
            case Binary(operator, left, right):
                return _calculation(operator, self.compile(left), self.compile(right))
            case Like():
                return self._like(node)
            case Between(value, low, high):
                above, below = self._comparison(">=", value, low), self._comparison("<=", value, high)
                return _all_of([above, below])
            case In():
                return self._in(node)
            case Is(value, missing):
                inner = self.compile(value)
                return (lambda row: inner(row) is MISSING) if missing else (lambda row: unknown(inner(row)))
            case Case():
                return self._case(node)
            case Cast(value, kind):
                return _casting(self.compile(value), kind)
            case Call():
                return self._call(node)
            case Aggregate():
                return self._aggregate(node)
            case ListOf(items):
                parts = [self.compile(item) for item in items]
                return lambda row: [part(row) for part in parts]

    def _is_text(self, node: Expression) -> bool:
        return self._columns.are_text and isinstance(node, Path)

    def _pair(self, left: Expression, right: Expression) -> Callable[[Row], tuple[Value, Value]]:
        """Two operands to compare; text columns are read as numbers beside a number."""
        one, two = self.compile(left), self.compile(right)
        if self._is_text(left) == self._is_text(right):
            return lambda row: (one(row), two(row))
        if self._is_text(left):
            return lambda row: _beside(one(row), two(row))

        def turned(row: Row) -> tuple[Value, Value]:
            second, first = _beside(two(row), one(row))
            return first, second

        return turned

    def _comparison(self, operator: str, left: Expression, right: Expression) -> Evaluate:
        pair = self._pair(left, right)
        if operator in "=<>" and operator not in ("<", ">"):
            wanted = operator == "="

            def same(row: Row) -> Value:
                one, two = pair(row)
                if type(one) is str and type(two) is str:
                    return (one == two) is wanted
                return None if unknown(one) or unknown(two) else equal(one, two) is wanted

            return same
        holds = _ORDERS[operator]

        def ordered(row: Row) -> Value:
            one, two = pair(row)
            if unknown(one) or unknown(two):
                return None
            sign = order(one, two)
            return None if sign is None else holds(sign)

        return ordered

    def _logic(self, operator: str, node: Binary) -> Evaluate:
        # a long chain leans to the left; it becomes one function, not a tower of them
        parts: list[Expression] = []
        left: Expression = node
        while isinstance(left, Binary) and left.operator == operator:
            parts.append(left.right)
            left = left.left
        compiled = [self.compile(part) for part in (left, *reversed(parts))]
        return _all_of(compiled) if operator == "and" else _any_of(compiled)

    def _like(self, node: Like) -> Evaluate:
        value, pattern = self.compile(node.value), self.compile(node.pattern)
        escape = self.compile(node.escape) if node.escape is not None else lambda row: ""

        def test(row: Row) -> Value:
            text, form, mark = value(row), pattern(row), escape(row)
            if unknown(text) or unknown(form) or unknown(mark):
                return None
            if not isinstance(text, str) or not isinstance(form, str) or not isinstance(mark, str):
                raise refusal("LikeInvalidInputs")
            return like(form, mark if node.escape is not None else None)(text)

        if isinstance(node.pattern, Literal) and isinstance(node.escape, Literal | None):
            test_pattern = node.pattern.value
            mark = node.escape.value if node.escape is not None else None
            if isinstance(test_pattern, str) and (node.escape is None or isinstance(mark, str)):
                like(test_pattern, mark)  # what is wrong with a constant is said at once
        return test

    def _in(self, node: In) -> Evaluate:
        if isinstance(node.among, ListOf):
            return _any_of([self._comparison("=", node.value, item) for item in node.among.items])
        value, among = self.compile(node.value), self.compile(node.among)

        def test(row: Row) -> Value:
            wanted, found = value(row), among(row)
            if unknown(wanted) or unknown(found):
                return None
            if not isinstance(found, list):
                return False
            return any(not unknown(item) and equal(wanted, item) for item in found)

        return test

    def _case(self, node: Case) -> Evaluate:
        branches = [
            (
                self.compile(when) if node.operand is None else self._comparison("=", node.operand, when),
                self.compile(then),
            )
            for when, then in node.branches
        ]
        otherwise = self.compile(node.otherwise)

        def choose(row: Row) -> Value:
            for test, result in branches:
                if test(row) is True:
                    return result(row)
            return otherwise(row)

        return choose

    def _call(self, node: Call) -> Evaluate:
        if node.function == "utcnow":
            return lambda row: self._now
        if node.function == "nullif":
            return self._null_if(*node.arguments)
        parts = [self.compile(argument) for argument in node.arguments]
        if node.function == "coalesce":
            return lambda row: next((value for part in parts if not unknown(value := part(row))), None)
        function = FUNCTIONS[node.function]

        def call(row: Row) -> Value:
            values = [part(row) for part in parts]
            return None if any(unknown(value) for value in values) else function(*values)

        return call

    def _null_if(self, left: Expression, right: Expression) -> Evaluate:
        one, two = self.compile(left), self.compile(right)

        def null_if(row: Row) -> Value:
            value, other = one(row), two(row)
            if unknown(value) or (not unknown(other) and equal(value, other)):
                return None
            return value

        return null_if

    def _aggregate(self, node: Aggregate) -> Evaluate:
        if self.aggregates is None:
            raise refusal("UnsupportedSqlStructure")
        if node.argument is not None and has_aggregate(node.argument):
            raise refusal("UnsupportedSqlStructure")
        argument = (lambda row: True) if node.argument is None else self.compile(node.argument)
        total = Total(node.function, argument)
        self.aggregates.append(total)
        return lambda row: total.result()


def _beside(text: Value, other: Value) -> tuple[Value, Value]:
    """A CSV field and what it is compared with: a number meets a number, and text that is none is not known."""
    return (number_in(text) if is_number(other) and isinstance(text, str) else text), other


def _negation(inner: Evaluate) -> Evaluate:
    def negate(row: Row) -> Value:
        value = _truth(inner(row))
        return None if value is None else not value

    return negate


def _truth(value: Value) -> bool | None:
    if unknown(value):
        return None
    if not isinstance(value, bool):
        raise refusal("InvalidDataType")
    return value


def _all_of(parts: list[Evaluate]) -> Evaluate:
    def both(row: Row) -> Value:
        result: bool | None = True
        for part in parts:
            value = part(row)
            if value is False:
                return False
            if value is not True:
                result = _truth(value)
        return result

    return both


def _any_of(parts: list[Evaluate]) -> Evaluate:
    def either(row: Row) -> Value:
        result: bool | None = False
        for part in parts:
            value = part(row)
            if value is True:
                return True
            if value is not False:
                result = _truth(value)
        return result

    return either


def _signed(sign: str, inner: Evaluate) -> Evaluate:
    def signed(row: Row) -> Value:
        value = inner(row)
        return value if unknown(value) else calculate("-" if sign == "-" else "+", 0, value)

    return signed


def _joined(left: Evaluate, right: Evaluate) -> Evaluate:
    def join(row: Row) -> Value:
        one, two = left(row), right(row)
        if unknown(one) or unknown(two):
            return None
        if not isinstance(one, str) or not isinstance(two, str):
            raise refusal("InvalidDataType")
        return one + two

    return join


def _calculation(operator: str, left: Evaluate, right: Evaluate) -> Evaluate:
    def compute(row: Row) -> Value:
        one, two = left(row), right(row)
        return None if unknown(one) or unknown(two) else calculate(operator, one, two)

    return compute


def _casting(inner: Evaluate, kind: str) -> Evaluate:
    def convert(row: Row) -> Value:
        value = inner(row)
        return value if unknown(value) else cast(value, kind)

    return convert


# --- aggregates ---------------------------------------------------------------------------------------------------


class Total:
    """One aggregate function on its way through the rows. NULL and MISSING do not count."""

    __slots__ = ("_argument", "_count", "_function", "_value")

    def __init__(self, function: str, argument: Evaluate) -> None:
        self._function = function
        self._argument = argument
        self._count = 0
        self._value: Value = None

    def add(self, row: Row) -> None:
        """Take a row into account. Raises IncorrectSqlFunctionArgumentType, IntegerOverflow."""
        value = self._argument(row)
        if unknown(value):
            return
        self._count += 1
        if self._function == "count":
            return
        if self._function in ("sum", "avg"):
            if not is_number(value):
                raise refusal("IncorrectSqlFunctionArgumentType")
            if self._value is None:
                self._value = value
            elif self._function == "avg" and isinstance(self._value, int) and isinstance(value, int):
                self._value += value  # only the mean must fit
            else:
                self._value = calculate("+", self._value, value)
            return
        if not is_number(value) and not isinstance(value, timestamps.Timestamp):
            raise refusal("IncorrectSqlFunctionArgumentType")
        if self._value is None:
            self._value = value
            return
        sign = order(value, self._value)
        if sign is None:
            raise refusal("IncorrectSqlFunctionArgumentType")
        if sign < 0 if self._function == "min" else sign > 0:
            self._value = value

    def result(self) -> Value:
        """What the rows so far amount to; NULL where none counted, except for COUNT."""
        if self._function == "count":
            return self._count
        if self._function == "avg" and self._value is not None:
            if isinstance(self._value, float):
                return self._value / self._count
            return NUMBERS.divide(to_decimal(self._value), Decimal(self._count))
        return self._value
