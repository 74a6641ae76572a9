"""The grammar of PartiQL for DynamoDB: statements to trees.

::

    SELECT * | path, ... FROM table[.index] [WHERE condition] [ORDER BY key [ASC | DESC], ...]
    INSERT INTO table VALUE {'name': value, ...}
    UPDATE table SET path = value ... REMOVE path ... WHERE condition [RETURNING ALL | MODIFIED  OLD | NEW *]
    DELETE FROM table WHERE condition [RETURNING ALL OLD *]
    EXISTS(SELECT ...)

Conditions and values become the trees of expressions (`expressions/syntax.py`): literals are the placeholders `:0`,
`:1` and so on, parameters `:?0`, `:?1`. Source: DynamoDB Developer Guide, ql-reference.html.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, NamedTuple

from haar.services.dynamodb.expressions.syntax import (
    Action,
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
    Sum,
)
from haar.services.dynamodb.service import invalid
from haar.services.dynamodb.values import Value, canonical

__all__ = ["Statement", "Template", "filled", "parse"]


class Template(NamedTuple):
    """A value with parameters in it: what stands for a parameter is a `Parameter`."""

    value: Any


class Parameter(NamedTuple):
    """The parameter of a position."""

    position: int


class Statement(NamedTuple):
    """One statement. `values` are its literals by placeholder; those that hold parameters are templates."""

    #: SELECT, INSERT, UPDATE, DELETE or EXISTS
    kind: str
    table: str
    through: str = ""
    #: of a SELECT; empty: everything
    paths: tuple[Path, ...] = ()
    condition: Condition | None = None
    #: the sort key and whether it is descending, in order
    order: tuple[tuple[str, bool], ...] = ()
    #: of an INSERT
    item: Template | None = None
    #: of an UPDATE
    actions: tuple[Action, ...] = ()
    #: such as ALL_OLD
    returns: str = ""
    values: tuple[tuple[str, Template], ...] = ()
    parameters: int = 0


class _Token(NamedTuple):
    kind: str
    text: str
    start: int


_TOKEN = re.compile(
    r"\s*(?:(?P<comment>--[^\n]*)|(?P<string>'(?:[^']|'')*')|(?P<quoted>\"(?:[^\"]|\"\")*\")"
    r"|(?P<number>[0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?|\.[0-9]+(?:[eE][+-]?[0-9]+)?)"
    r"|(?P<name>[A-Za-z_$][A-Za-z0-9_$]*)|(?P<mark><<|>>|<=|>=|<>|!=|[=<>()\[\]{}.,:?*+\-;])|(?P<end>$)|(?P<odd>.))",
    re.DOTALL,
)
_COMPARATORS = {"=": "=", "<>": "<>", "!=": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_TURNED = {"=": "=", "<>": "<>", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_KEYWORDS = """
    SELECT FROM WHERE ORDER BY ASC DESC INSERT INTO VALUE UPDATE SET REMOVE RETURNING DELETE EXISTS
    AND OR NOT IN BETWEEN IS MISSING NULL TRUE FALSE
"""
_WORDS = frozenset(_KEYWORDS.split())
_CONDITIONS = {"begins_with": 2, "contains": 2, "attribute_type": 2, "size": 1}
_SETTERS = {"list_append", "set_add", "set_delete", "if_not_exists"}


def _bad(what: str) -> Exception:
    return invalid(f"Statement wasn't well formed, can't be processed: {what}")


class _Reader:
    def __init__(self, text: str) -> None:
        self.tokens: list[_Token] = []
        at = 0
        while True:
            found = _TOKEN.match(text, at)
            assert found is not None
            kind = found.lastgroup or ""
            if kind == "odd":
                raise _bad(f"Unexpected character: {found['odd']}")
            if kind != "comment":
                self.tokens.append(_Token(kind, found[kind], found.start(kind)))
            if kind == "end":
                break
            at = found.end()
        self.at = 0
        self.values: dict[str, Template] = {}
        self.parameters = 0

    # ---- tokens

    @property
    def token(self) -> _Token:
        return self.tokens[self.at]

    def word(self) -> str:
        token = self.token
        return token.text.upper() if token.kind == "name" else ""

    def skip_word(self, word: str) -> bool:
        if self.word() == word:
            self.at += 1
            return True
        return False

    def expect_word(self, word: str) -> None:
        if not self.skip_word(word):
            raise self.unexpected()

    def is_mark(self, text: str) -> bool:
        return self.token.kind == "mark" and self.token.text == text

    def skip(self, text: str) -> bool:
        if self.is_mark(text):
            self.at += 1
            return True
        return False

    def expect(self, text: str) -> None:
        if not self.skip(text):
            raise self.unexpected()

    def unexpected(self) -> Exception:
        token = self.token
        if token.kind == "end":
            return _bad("Unexpected end of statement")
        return _bad(f"Unexpected token: {token.text}")

    def identifier(self) -> str:
        token = self.token
        if token.kind == "quoted":
            self.at += 1
            return token.text[1:-1].replace('""', '"')
        if token.kind == "name" and token.text.upper() not in _WORDS:
            self.at += 1
            return token.text
        raise self.unexpected()

    # ---- values

    def value(self) -> Any:
        """A literal as a template: an attribute value with `Parameter`s in place of values."""
        token = self.token
        if self.skip("?"):
            self.parameters += 1
            return Parameter(self.parameters - 1)
        if token.kind == "string":
            self.at += 1
            return {"S": token.text[1:-1].replace("''", "'")}
        if token.kind == "number" or (token.kind == "mark" and token.text in "+-"):
            return {"N": self.number()}
        word = self.word()
        if word in ("TRUE", "FALSE"):
            self.at += 1
            return {"BOOL": word == "TRUE"}
        if word == "NULL":
            self.at += 1
            return {"NULL": True}
        if self.skip("["):
            return {"L": self.values_until("]")}
        if self.skip("<<"):
            return _set_of(self.values_until(">>"))
        if self.skip("{"):
            return {"M": self.members()}
        raise self.unexpected()

    def number(self) -> str:
        sign = "-" if self.skip("-") else ""
        if not sign:
            self.skip("+")
        token = self.token
        if token.kind != "number":
            raise self.unexpected()
        self.at += 1
        return canonical(sign + token.text)[0]

    def values_until(self, end: str) -> list[Any]:
        found: list[Any] = []
        while not self.skip(end):
            if found:
                self.expect(",")
            found.append(self.value())
        return found

    def members(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        first = True
        while not self.skip("}"):
            if not first:
                self.expect(",")
            first = False
            token = self.token
            if token.kind == "string":
                self.at += 1
                name = token.text[1:-1].replace("''", "'")
            else:
                name = self.identifier()
            self.expect(":")
            found[name] = self.value()
        return found

    def held(self) -> Placeholder:
        """A value under a placeholder."""
        value = self.value()
        name = f":?{value.position}" if isinstance(value, Parameter) else f":{len(self.values)}"
        self.values[name] = Template(value)
        return Placeholder(name)

    # ---- paths and operands

    def path(self) -> Path:
        parts: list[str | int] = [self.identifier()]
        while True:
            if self.skip("."):
                parts.append(self.identifier())
            elif self.skip("["):
                token = self.token
                if token.kind != "number" or not token.text.isdigit():
                    raise self.unexpected()
                self.at += 1
                self.expect("]")
                parts.append(int(token.text[:18]))
            else:
                return Path(tuple(parts))

    def is_call(self) -> bool:
        following = self.tokens[min(self.at + 1, len(self.tokens) - 1)]
        return self.token.kind == "name" and following.kind == "mark" and following.text == "("

    def is_path(self) -> bool:
        return self.token.kind == "quoted" or (self.token.kind == "name" and self.word() not in _WORDS)

    def operand(self) -> Operand:
        if self.is_call() and self.token.text.lower() == "size":
            return self.called()
        if self.is_path():
            return self.path()
        return self.held()

    def called(self) -> Function:
        name = self.token.text.lower()
        if name not in _CONDITIONS:
            raise _bad(f"Unsupported function: {self.token.text}")
        self.at += 1
        self.expect("(")
        args = [self.operand()]
        while self.skip(","):
            args.append(self.operand())
        self.expect(")")
        if len(args) != _CONDITIONS[name]:
            raise _bad(f"Incorrect number of arguments for function: {name}")
        return Function(name, tuple(args))

    # ---- conditions

    def condition(self) -> Condition:
        found = [self.both()]
        while self.skip_word("OR"):
            found.append(self.both())
        return found[0] if len(found) == 1 else Or(tuple(found))

    def both(self) -> Condition:
        found = [self.negated()]
        while self.skip_word("AND"):
            found.append(self.negated())
        return found[0] if len(found) == 1 else And(tuple(found))

    def negated(self) -> Condition:
        if self.skip_word("NOT"):
            return Not(self.negated())
        if self.skip("("):
            inner = self.condition()
            self.expect(")")
            return inner
        if self.is_call() and self.token.text.lower() != "size":
            return self.called()
        return self.compared()

    def compared(self) -> Condition:
        left = self.operand()
        token = self.token
        if token.kind == "mark" and token.text in _COMPARATORS:
            self.at += 1
            right = self.operand()
            if isinstance(left, Placeholder) and not isinstance(right, Placeholder):
                return Comparison(_TURNED[token.text], right, left)
            return Comparison(_COMPARATORS[token.text], left, right)
        if self.skip_word("IS"):
            negative = self.skip_word("NOT")
            if self.skip_word("MISSING"):
                found: Condition = Function("attribute_not_exists", (left,))
            elif self.skip_word("NULL"):
                self.values[":null"] = Template({"NULL": True})
                found = Comparison("=", left, Placeholder(":null"))
            else:
                raise self.unexpected()
            return Not(found) if negative else found
        negative = self.skip_word("NOT")
        if self.skip_word("BETWEEN"):
            low = self.operand()
            self.expect_word("AND")
            found = Between(left, low, self.operand())
        elif self.skip_word("IN"):
            end = ")" if self.skip("(") else "]"
            if end == "]":
                self.expect("[")
            choices = [self.operand()]
            while self.skip(","):
                choices.append(self.operand())
            self.expect(end)
            found = In(left, tuple(choices))
        else:
            raise self.unexpected()
        return Not(found) if negative else found

    # ---- statements

    def statement(self) -> Statement:
        word = self.word()
        if word == "SELECT":
            found = self.select()
        elif word == "EXISTS":
            self.at += 1
            self.expect("(")
            found = self.select()._replace(kind="EXISTS")
            self.expect(")")
        elif word == "INSERT":
            found = self.insert()
        elif word == "UPDATE":
            found = self.update()
        elif word == "DELETE":
            found = self.delete()
        else:
            raise self.unexpected()
        self.skip(";")
        if self.token.kind != "end":
            raise self.unexpected()
        return found._replace(values=tuple(self.values.items()), parameters=self.parameters)

    def target(self) -> tuple[str, str]:
        table = self.identifier()
        return table, self.identifier() if self.skip(".") else ""

    def select(self) -> Statement:
        self.at += 1
        paths: list[Path] = []
        if not self.skip("*"):
            paths.append(self.path())
            while self.skip(","):
                paths.append(self.path())
        self.expect_word("FROM")
        table, index = self.target()
        condition = self.condition() if self.skip_word("WHERE") else None
        order: list[tuple[str, bool]] = []
        if self.skip_word("ORDER"):
            self.expect_word("BY")
            while True:
                name = self.identifier()
                descending = self.skip_word("DESC")
                if not descending:
                    self.skip_word("ASC")
                order.append((name, descending))
                if not self.skip(","):
                    break
        return Statement("SELECT", table, index, tuple(paths), condition, tuple(order))

    def insert(self) -> Statement:
        self.at += 1
        self.expect_word("INTO")
        table = self.identifier()
        self.expect_word("VALUE")
        return Statement("INSERT", table, item=Template(self.value()))

    def update(self) -> Statement:
        self.at += 1
        table = self.identifier()
        actions: list[Action] = []
        while True:
            if self.skip_word("SET"):
                actions.append(self.setting())
                while self.skip(","):
                    actions.append(self.setting())
            elif self.skip_word("REMOVE"):
                actions.append(Action("REMOVE", self.path()))
                while self.skip(","):
                    actions.append(Action("REMOVE", self.path()))
            else:
                break
        if not actions:
            raise self.unexpected()
        self.expect_word("WHERE")
        condition = self.condition()
        return Statement("UPDATE", table, condition=condition, actions=tuple(actions), returns=self.returning())

    def setting(self) -> Action:
        path = self.path()
        self.expect("=")
        if self.is_call() and self.token.text.lower() in ("set_add", "set_delete"):
            kind = "ADD" if self.token.text.lower() == "set_add" else "DELETE"
            self.at += 1
            self.expect("(")
            if self.path() != path:
                raise _bad("set_add and set_delete take the attribute that is set")
            self.expect(",")
            value = self.held()
            self.expect(")")
            return Action(kind, path, value)
        return Action("SET", path, self.summed())

    def summed(self) -> Operand:
        left = self.term()
        if self.is_mark("+") or self.is_mark("-"):
            operator = self.token.text
            self.at += 1
            return Sum(operator, left, self.term())
        return left

    def term(self) -> Operand:
        if self.is_call():
            name = self.token.text.lower()
            if name not in _SETTERS:
                raise _bad(f"Unsupported function: {self.token.text}")
            self.at += 1
            self.expect("(")
            first = self.term()
            self.expect(",")
            second = self.term()
            self.expect(")")
            return Function(name, (first, second))
        return self.path() if self.is_path() else self.held()

    def delete(self) -> Statement:
        self.at += 1
        self.expect_word("FROM")
        table = self.identifier()
        self.expect_word("WHERE")
        return Statement("DELETE", table, condition=self.condition(), returns=self.returning())

    def returning(self) -> str:
        if not self.skip_word("RETURNING"):
            return ""
        which, when = self.word(), ""
        if which not in ("ALL", "MODIFIED"):
            raise self.unexpected()
        self.at += 1
        when = self.word()
        if when not in ("OLD", "NEW"):
            raise self.unexpected()
        self.at += 1
        self.expect("*")
        return f"{'ALL' if which == 'ALL' else 'UPDATED'}_{when}"


def _set_of(values: list[Any]) -> Any:
    kinds = {"?" if isinstance(one, Parameter) else next(iter(one)) for one in values}
    if len(kinds) != 1 or not kinds <= {"S", "N", "B"}:
        raise _bad("A set has elements of one type: strings, numbers or binaries")
    kind = kinds.pop()
    return {f"{kind}S": [one[kind] for one in values]}


@lru_cache(maxsize=1024)
def parse(text: str) -> Statement:
    """The tree of a statement. Raises ValidationException."""
    return _Reader(text).statement()


def filled(template: Template, given: list[Value]) -> Value:
    """A template's value with these parameters."""
    return _filled(template.value, given)  # type: ignore[no-any-return]


def _filled(value: Any, given: list[Value]) -> Any:
    if isinstance(value, Parameter):
        return given[value.position]
    ((kind, content),) = value.items()
    if kind == "M":
        return {"M": {name: _filled(one, given) for name, one in content.items()}}
    if kind == "L":
        return {"L": [_filled(one, given) for one in content]}
    return value
