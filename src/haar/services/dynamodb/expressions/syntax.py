"""The grammar of expressions: texts to trees.

::

    condition   or | and | not | comparison | BETWEEN | IN | function       of conditions, key conditions and filters
    update      SET path = value, ... REMOVE path, ... ADD path :value, ... DELETE path :value, ...
    projection  path, path, ...

A tree says what is written and knows neither names nor values; `analysis.py` looks at those. Trees are kept by text.
Source: DynamoDB Developer Guide, Expressions.OperatorsAndFunctions.html and Expressions.UpdateExpressions.html.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple, TypeVar

from haar.services.dynamodb.service import EXPRESSION_BYTES_MAX, EXPRESSION_OPERATORS_MAX

__all__ = [
    "Action", "And", "Between", "Comparison", "Condition", "ConditionTree", "ExpressionError", "Function", "In", "Not",
    "Operand", "Or", "Path", "Placeholder", "ProjectionTree", "Sum", "UpdateTree", "parse_condition",
    "parse_projection", "parse_update",
]  # fmt: skip

T = TypeVar("T")


class ExpressionError(Exception):
    """What is wrong with an expression; the message still lacks which expression it is."""


class Path(NamedTuple):
    """A document path. Parts are names (a placeholder with its `#`) and list positions."""

    parts: tuple[str | int, ...]


class Placeholder(NamedTuple):
    """`:value`."""

    name: str


class Function(NamedTuple):
    """A function of whatever name, with whatever arguments."""

    name: str
    args: tuple[Operand, ...]


class Sum(NamedTuple):
    """`a + b` or `a - b` in a SET."""

    operator: str
    left: Operand
    right: Operand


class Comparison(NamedTuple):
    """`a = b` and its five relatives."""

    operator: str
    left: Operand
    right: Operand


class Between(NamedTuple):
    """`a BETWEEN b AND c`."""

    value: Operand
    low: Operand
    high: Operand


class In(NamedTuple):
    """`a IN (b, c, ...)`."""

    value: Operand
    choices: tuple[Operand, ...]


class Not(NamedTuple):
    """`NOT a`."""

    condition: Condition


class And(NamedTuple):
    """`a AND b AND ...`."""

    conditions: tuple[Condition, ...]


class Or(NamedTuple):
    """`a OR b OR ...`."""

    conditions: tuple[Condition, ...]


Operand = Path | Placeholder | Function | Sum
Condition = Comparison | Between | In | Function | Not | And | Or


class Action(NamedTuple):
    """One action of an update: SET, REMOVE, ADD or DELETE."""

    kind: str
    path: Path
    value: Operand | None = None


class ConditionTree(NamedTuple):
    """A condition, and whether there are parentheses that do nothing."""

    root: Condition
    redundant: bool


class UpdateTree(NamedTuple):
    """The actions in order; `repeated` is the section that is there twice."""

    actions: tuple[Action, ...]
    repeated: str


class ProjectionTree(NamedTuple):
    """The paths in order."""

    paths: tuple[Path, ...]


class _Token(NamedTuple):
    kind: str
    text: str
    start: int
    end: int


_TOKEN = re.compile(
    r"\s*(?:(?P<name>[A-Za-z][A-Za-z0-9_]*)|(?P<attribute>\#[A-Za-z0-9_]+)|(?P<value>:[A-Za-z0-9_]+)"
    r"|(?P<number>[0-9]+)|(?P<mark><=|>=|<>|[=<>()\[\].,+\-])|(?P<end>$)|(?P<odd>.))",
    re.DOTALL,
)
_COMPARATORS = frozenset(("=", "<>", "<", "<=", ">", ">="))
_SECTIONS = frozenset(("SET", "REMOVE", "ADD", "DELETE"))
_WORDS = frozenset(("AND", "OR", "NOT", "IN", "BETWEEN"))
#: DynamoDB takes a path of so many parts (docs: Constraints.html, document path depth).
_PARTS_MAX = 32
_CHOICES_MAX = 100


class _Reader:
    """Goes through the tokens of one expression."""

    def __init__(self, text: str, words: frozenset[str]) -> None:
        size = len(text.encode("utf-8", "surrogatepass"))
        if not text.strip():
            raise ExpressionError("The expression can not be empty;")
        if size > EXPRESSION_BYTES_MAX:
            raise ExpressionError(f"Expression size has exceeded the maximum allowed size; expression size: {size}")
        self.text = text
        self.words = words
        self.tokens: list[_Token] = []
        at = 0
        while True:
            found = _TOKEN.match(text, at)
            assert found is not None
            kind = found.lastgroup or ""
            self.tokens.append(_Token(kind, found[kind], found.start(kind), found.end(kind)))
            if kind == "end":
                break
            at = found.end()
        self.at = 0
        self.operators = 0
        self.redundant = False

    @property
    def token(self) -> _Token:
        return self.tokens[self.at]

    def word(self) -> str:
        """The keyword that comes now, in capitals; empty for anything else."""
        token = self.token
        return word if token.kind == "name" and (word := token.text.upper()) in self.words else ""

    def is_mark(self, text: str) -> bool:
        token = self.token
        return token.kind == "mark" and token.text == text

    def skip(self, text: str) -> bool:
        """Go past a mark if it comes now."""
        if self.is_mark(text):
            self.at += 1
            return True
        return False

    def expect(self, text: str) -> None:
        if not self.skip(text):
            raise self.unexpected()

    def expect_word(self, word: str) -> None:
        if self.word() != word:
            raise self.unexpected()
        self.at += 1

    def unexpected(self) -> ExpressionError:
        """The error about the token that comes now, with its neighbours."""
        token = self.token
        shown = "<EOF>" if token.kind == "end" else token.text
        first = self.tokens[max(self.at - 1, 0)]
        last = self.tokens[min(self.at + 1, len(self.tokens) - 1)]
        near = self.text[first.start : last.end].rstrip()
        return ExpressionError(f'Syntax error; token: "{shown}", near: "{near}"')

    def count(self) -> None:
        self.operators += 1
        if self.operators > EXPRESSION_OPERATORS_MAX:
            raise ExpressionError(
                f"The expression contains too many operators; maximum number of operators: {EXPRESSION_OPERATORS_MAX}"
            )

    # ---- what all expressions share

    def name(self) -> str:
        """One name of a path."""
        token = self.token
        if token.kind == "attribute" or (token.kind == "name" and not self.word()):
            self.at += 1
            return token.text
        raise self.unexpected()

    def path(self) -> Path:
        return self.path_after([self.name()])

    def path_after(self, parts: list[str | int]) -> Path:
        while True:
            if self.skip("."):
                parts.append(self.name())
            elif self.skip("["):
                token = self.token
                if token.kind != "number":
                    raise self.unexpected()
                self.at += 1
                self.expect("]")
                # a position beyond any list of 400 KB is none the less written
                parts.append(int(token.text[:18]))
            else:
                break
        if len(parts) > _PARTS_MAX:
            raise ExpressionError(f"The document path has too many nesting elements; nesting elements: {len(parts)}")
        return Path(tuple(parts))

    def arguments(self, one: Callable[[], Operand]) -> tuple[Operand, ...]:
        """`(a, b, ...)`, from the opening parenthesis on."""
        self.expect("(")
        found = [one()]
        while self.skip(","):
            found.append(one())
        self.expect(")")
        return tuple(found)

    def is_function(self) -> bool:
        following = self.tokens[min(self.at + 1, len(self.tokens) - 1)]
        return self.token.kind == "name" and not self.word() and following.kind == "mark" and following.text == "("


# ---- conditions


class _ConditionReader(_Reader):
    def whole(self) -> ConditionTree:
        root = self.either()
        if self.token.kind != "end":
            raise self.unexpected()
        return ConditionTree(self.as_condition(root), self.redundant)

    def either(self) -> Condition | Operand:
        first = self.both()
        if self.word() != "OR":
            return first
        found = [self.as_condition(first)]
        while self.word() == "OR":
            self.at += 1
            self.count()
            found.append(self.as_condition(self.both()))
        return Or(tuple(found))

    def both(self) -> Condition | Operand:
        first = self.negated()
        if self.word() != "AND":
            return first
        found = [self.as_condition(first)]
        while self.word() == "AND":
            self.at += 1
            self.count()
            found.append(self.as_condition(self.negated()))
        return And(tuple(found))

    def negated(self) -> Condition | Operand:
        if self.word() == "NOT":
            self.at += 1
            self.count()
            return Not(self.as_condition(self.negated()))
        return self.compared()

    def compared(self) -> Condition | Operand:
        left = self.primary()
        token = self.token
        word = self.word()
        if not (token.kind == "mark" and token.text in _COMPARATORS) and word not in ("BETWEEN", "IN"):
            return left
        if not isinstance(left, (Path, Placeholder, Function)):
            raise self.unexpected()
        self.at += 1
        self.count()
        if word == "BETWEEN":
            low = self.operand()
            self.expect_word("AND")
            return Between(left, low, self.operand())
        if word == "IN":
            choices = self.arguments(self.operand)
            if len(choices) > _CHOICES_MAX:
                raise ExpressionError(
                    f"The IN operator is provided with too many operands; number of operands: {len(choices)}"
                )
            return In(left, choices)
        return Comparison(token.text, left, self.operand())

    def primary(self) -> Condition | Operand:
        """What can stand alone: a value, a function, or anything in parentheses."""
        if not self.is_mark("("):
            return self.bare()
        opened = self.at
        self.at += 1
        inner = self.either()
        self.expect(")")
        if self.tokens[opened + 1].text == "(" and self.tokens[self.at - 2].text == ")" and self.pairs(opened):
            self.redundant = True
        if isinstance(inner, Path) and (self.is_mark(".") or self.is_mark("[")):
            return self.path_after(list(inner.parts))
        return inner

    def pairs(self, opened: int) -> bool:
        """Whether the second parenthesis is closed right before the first."""
        depth = 0
        for place in range(opened + 1, self.at - 1):
            token = self.tokens[place]
            if token.kind == "mark":
                depth += (token.text == "(") - (token.text == ")")
                if depth == 0:
                    return place == self.at - 2
        return False

    def operand(self) -> Operand:
        found = self.primary()
        if not isinstance(found, (Path, Placeholder, Function)):
            raise self.unexpected()
        return found

    def bare(self) -> Operand:
        token = self.token
        if token.kind == "value":
            self.at += 1
            return Placeholder(token.text)
        if self.is_function():
            self.at += 1
            self.count()
            return Function(token.text, self.arguments(self.operand))
        return self.path()

    def as_condition(self, found: Condition | Operand) -> Condition:
        if isinstance(found, (Path, Placeholder, Sum)):
            raise self.unexpected()
        return found


# ---- updates


class _UpdateReader(_Reader):
    def whole(self) -> UpdateTree:
        actions: list[Action] = []
        seen: set[str] = set()
        repeated = ""
        while self.token.kind != "end":
            kind = self.word()
            if not kind:
                raise self.unexpected()
            self.at += 1
            if kind in seen:
                repeated = repeated or kind
            seen.add(kind)
            actions.append(self.action(kind))
            while self.skip(","):
                actions.append(self.action(kind))
        return UpdateTree(tuple(actions), repeated)

    def action(self, kind: str) -> Action:
        path = self.path()
        self.count()
        if kind == "SET":
            self.expect("=")
            return Action(kind, path, self.value())
        if kind == "REMOVE":
            return Action(kind, path)
        token = self.token
        if token.kind != "value":
            raise self.unexpected()
        self.at += 1
        return Action(kind, path, Placeholder(token.text))

    def value(self) -> Operand:
        left = self.operand()
        token = self.token
        if token.kind == "mark" and token.text in "+-":
            self.at += 1
            self.count()
            return Sum(token.text, left, self.operand())
        return left

    def operand(self) -> Operand:
        if self.skip("("):
            inner = self.value()
            self.expect(")")
            return inner
        token = self.token
        if token.kind == "value":
            self.at += 1
            return Placeholder(token.text)
        if self.is_function():
            self.at += 1
            self.count()
            return Function(token.text, self.arguments(self.operand))
        return self.path()


class _ProjectionReader(_Reader):
    def whole(self) -> ProjectionTree:
        paths = [self.path()]
        while self.skip(","):
            paths.append(self.path())
        if self.token.kind != "end":
            raise self.unexpected()
        return ProjectionTree(tuple(paths))


@lru_cache(maxsize=2048)
def parse_condition(text: str) -> ConditionTree:
    """The tree of a condition. Raises ExpressionError."""
    return _ConditionReader(text, _WORDS).whole()


@lru_cache(maxsize=2048)
def parse_update(text: str) -> UpdateTree:
    """The tree of an update. Raises ExpressionError."""
    return _UpdateReader(text, _SECTIONS).whole()


@lru_cache(maxsize=1024)
def parse_projection(text: str) -> ProjectionTree:
    """The tree of a projection. Raises ExpressionError."""
    return _ProjectionReader(text, frozenset()).whole()
