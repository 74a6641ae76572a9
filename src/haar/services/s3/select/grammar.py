"""The grammar of S3 Select, by recursive descent: an expression in, a `Query` out, or the refusal S3 gives.

No SQL library reads this language: paths in FROM, MISSING and Ion literals are not SQL, and where they do read it they
take what S3 refuses. Which word was wrong, and where in the grammar, decides the error code; so the grammar is ours.

Precedence, weakest first: OR, AND, NOT, equality and IS, order, LIKE, BETWEEN, IN, ||, + -, * / %, sign, path.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-select-sql-reference-operators.html
"""

from __future__ import annotations

from decimal import Decimal

from haar.errors import ServiceError
from haar.services.s3.select import timestamps
from haar.services.s3.select.errors import MESSAGES, refusal
from haar.services.s3.select.syntax import (
    MISSING,
    RESERVED,
    Aggregate,
    Between,
    Binary,
    Call,
    Case,
    Cast,
    Expression,
    In,
    Is,
    Item,
    Like,
    ListOf,
    Literal,
    Name,
    Path,
    Query,
    Step,
    Token,
    Unary,
    Wildcard,
    children,
    tokens,
)

#: bytes
EXPRESSION_MAX = 256 * 1024
#: how deep an expression may be nested, in parentheses and as a tree; Python's own stack is what it spares
DEPTH_MAX = 64
HEIGHT_MAX = 150

AGGREGATES = frozenset({"avg", "count", "max", "min", "sum"})
#: function: how many arguments it takes, at least and at most
FUNCTIONS: dict[str, tuple[int, int]] = {
    "char_length": (1, 1),
    "character_length": (1, 1),
    "coalesce": (1, 1 << 16),
    "date_add": (3, 3),
    "date_diff": (3, 3),
    "extract": (2, 2),
    "lower": (1, 1),
    "nullif": (2, 2),
    "substring": (2, 3),
    "to_string": (2, 2),
    "to_timestamp": (1, 2),
    "trim": (1, 3),
    "upper": (1, 1),
    "utcnow": (0, 0),
}
_TYPES = {
    "bool": "bool",
    "boolean": "bool",
    "int": "int",
    "integer": "int",
    "smallint": "int",
    "float": "float",
    "real": "float",
    "double": "float",
    "decimal": "decimal",
    "dec": "decimal",
    "numeric": "decimal",
    "string": "string",
    "varchar": "string",
    "char": "string",
    "character": "string",
    "symbol": "string",
    "timestamp": "timestamp",
}
#: type names of the language that CAST has no rule for
_OTHER_TYPES = frozenset({"blob", "clob", "date", "time", "list", "bag", "struct", "tuple", "sexp", "null", "missing"})
_BINDING = {
    "or": 10, "and": 20, "=": 40, "<>": 40, "!=": 40, "is": 40, "<": 50, ">": 50, "<=": 50, ">=": 50, "like": 52,
    "between": 54, "in": 56, "||": 60, "+": 70, "-": 70, "*": 80, "/": 80, "%": 80,
}  # fmt: skip
_NOT, _SIGN = 30, 90
#: words behind the source that S3 Select has no clause for
_CLAUSES = {
    "group": "ParseUnsupportedLiteralsGroupBy",
    "join": "ParseMalformedJoin",
    "inner": "ParseMalformedJoin",
    "left": "ParseMalformedJoin",
    "right": "ParseMalformedJoin",
    "full": "ParseMalformedJoin",
    "outer": "ParseMalformedJoin",
    "cross": "ParseMalformedJoin",
    "natural": "ParseMalformedJoin",
    "order": "ParseUnsupportedSyntax",
    "having": "ParseUnsupportedSyntax",
    "union": "ParseUnsupportedSyntax",
    "intersect": "ParseUnsupportedSyntax",
    "except": "ParseUnsupportedSyntax",
    "at": "ParseUnsupportedSyntax",
}


def parse(expression: str, tables: frozenset[str] = frozenset({"s3object"})) -> Query:
    """The query of an expression; `tables` are the names (in lower case) that FROM may say.

    Raises ServiceError with the code of what is wrong, and the place where.
    """
    if len(expression.encode()) > EXPRESSION_MAX:
        raise refusal("ExpressionTooLong")
    return _Parser(expression, tables).query()


class _Parser:
    __slots__ = ("_at", "_depth", "_expression", "_tables", "_tokens")

    def __init__(self, expression: str, tables: frozenset[str]) -> None:
        self._expression = expression
        self._tables = tables
        self._tokens = tokens(expression)
        self._at = 0
        self._depth = 0

    # -- words -----------------------------------------------------------------------------------------------------

    @property
    def _next(self) -> Token:
        return self._tokens[self._at]

    def _take(self) -> Token:
        token = self._tokens[self._at]
        if token.kind != "EOF":
            self._at += 1
        return token

    def _is(self, *texts: str) -> bool:
        token = self._tokens[self._at]
        return token.kind in ("KEYWORD", "OPERATOR", "PUNCTUATION") and token.text in texts

    def _found(self, *texts: str) -> bool:
        if self._is(*texts):
            self._at += 1
            return True
        return False

    def _wrong(self, code: str, token: Token | None = None) -> ServiceError:
        """The refusal of a word, which says the word and its place as S3 does."""
        token = token or self._next
        before = self._expression[: token.offset]
        line, column = before.count("\n") + 1, token.offset - (before.rfind("\n") + 1) + 1
        what = f"{token.kind}:{token.text}" if token.text else token.kind
        if code == "ParseUnexpectedToken":
            return refusal(code, f"Unexpected token found {what} at line {line}, column {column}.")
        return refusal(code, f"{MESSAGES[code]} Found {what} at line {line}, column {column}.")

    def _expect(self, text: str, code: str) -> None:
        if not self._found(text):
            raise self._wrong(code)

    # -- the query -------------------------------------------------------------------------------------------------

    def query(self) -> Query:
        if self._next.kind == "EOF":
            raise self._wrong("ParseUnexpectedTerm")
        if self._is("insert", "update", "delete", "create", "drop", "alter", "execute", "set", "with"):
            raise self._wrong("UnsupportedSqlOperation")
        self._expect("select", "ParseExpectedKeyword")
        self._found("all")
        if self._is("distinct", "value", "values", "pivot"):
            raise self._wrong("ParseUnsupportedSelect")
        items = self._select_list()
        self._expect("from", "ParseSelectMissingFrom")
        path, alias = self._source()
        where = limit = None
        if self._found("where"):
            where = self._expression_at(0)
        if self._found("limit"):
            limit = self._limit()
        if self._next.kind != "EOF":
            if self._next.kind == "KEYWORD" and self._next.text in _CLAUSES:
                raise self._wrong(_CLAUSES[self._next.text])
            raise self._wrong("ParseUnexpectedToken")
        for item in items or ():
            if item.expression is not None:
                self._measure(item.expression)
        if where is not None:
            self._measure(where)
        return Query(items, path, alias, where, limit)

    def _measure(self, expression: Expression) -> None:
        """Refuse a tree that is too high; a chain of AND or of OR is one step, however long."""
        waiting = [(expression, 1)]
        while waiting:
            node, height = waiting.pop()
            if height > HEIGHT_MAX:
                raise self._wrong("UnsupportedSqlStructure")
            chained = node.operator if isinstance(node, Binary) and node.operator in ("and", "or") else None
            for child in children(node):
                is_link = chained is not None and isinstance(child, Binary) and child.operator == chained
                waiting.append((child, height if is_link else height + 1))

    def _limit(self) -> int:
        token = self._take()
        if type(token.value) is not int:
            raise self._wrong("ParseExpectedNumber", token)
        return token.value

    def _select_list(self) -> tuple[Item, ...] | None:
        if self._is("from") or self._next.kind == "EOF":
            raise self._wrong("ParseEmptySelect")
        if self._found("*"):
            if self._is(","):
                raise self._wrong("ParseAsteriskIsNotAloneInSelectList")
            return None
        items = [self._item()]
        while self._found(","):
            if self._is("*"):
                raise self._wrong("ParseAsteriskIsNotAloneInSelectList")
            items.append(self._item())
        return tuple(items)

    def _item(self) -> Item:
        star = self._star()
        if star is not None:
            return star
        expression = self._expression_at(0)
        alias: str | None = None
        if self._found("as"):
            alias = self._identifier("ParseExpectedIdentForAlias").text
        elif self._next.kind in ("IDENTIFIER", "QUOTED_IDENTIFIER"):
            alias = self._take().text
        return Item(expression, alias)

    def _star(self) -> Item | None:
        """`alias.*`, if that comes next."""
        first, dot, star = (*self._tokens[self._at : self._at + 3], self._next, self._next)[:3]
        if first.kind not in ("IDENTIFIER", "QUOTED_IDENTIFIER") or dot.text != "." or star.text != "*":
            return None
        self._at += 3
        if self._is(".", "["):
            raise self._wrong("ParseInvalidContextForWildcardInSelectList")
        return Item(None, first.text)

    def _identifier(self, code: str) -> Name:
        token = self._take()
        if token.kind not in ("IDENTIFIER", "QUOTED_IDENTIFIER"):
            raise self._wrong(code, token)
        return Name(token.text, token.kind == "QUOTED_IDENTIFIER")

    def _source(self) -> tuple[tuple[Step, ...], Name | None]:
        if self._is("(", "select"):
            raise self._wrong("ParseUnsupportedSyntax")
        start = self._next
        table = self._identifier("ParseUnexpectedTerm")
        if table.text.lower() not in self._tables:
            raise self._wrong("EvaluatorBindingDoesNotExist", start)
        steps: list[Step] = []
        while self._is(".", "["):
            steps.append(self._source_step())
        if steps and steps[0] != Wildcard():
            raise self._wrong("InvalidKeyPath", start)
        if self._found("as"):
            alias: Name | None = self._identifier("ParseExpectedIdentForAlias")
        elif self._next.kind in ("IDENTIFIER", "QUOTED_IDENTIFIER"):
            alias = self._identifier("ParseExpectedIdentForAlias")
        else:
            alias = None if steps else table
        if self._is(","):
            raise self._wrong("ParseUnsupportedSyntax")
        return tuple(steps[1:]), alias

    def _source_step(self) -> Step:
        if self._found("."):
            if self._found("*"):
                return Wildcard(of_object=True)
            return self._identifier("ParseInvalidPathComponent")
        self._expect("[", "ParseInvalidPathComponent")
        if self._found("*"):
            step: Step = Wildcard()
        else:
            step = self._subscript()
        self._expect("]", "ParseExpectedTokenType")
        return step

    def _subscript(self) -> Name | int:
        token = self._take()
        if type(token.value) is str:
            return Name(token.value, is_quoted=True)
        if type(token.value) is int:
            return token.value
        raise self._wrong("ParseInvalidPathComponent", token)

    # -- expressions -----------------------------------------------------------------------------------------------

    def _expression_at(self, binding: int) -> Expression:
        """An expression of operators that bind tighter than `binding`."""
        self._depth += 1
        if self._depth > DEPTH_MAX:
            raise self._wrong("UnsupportedSqlStructure")
        left = self._prefixed()
        while True:
            negated = self._is("not") and self._tokens[self._at + 1].text in ("like", "between", "in")
            token = self._tokens[self._at + 1] if negated else self._next
            power = _BINDING.get(token.text, 0) if token.kind in ("KEYWORD", "OPERATOR") else 0
            if power <= binding:
                break
            self._at += 2 if negated else 1
            left = self._infixed(left, token.text, power)
            if negated:
                left = Unary("not", left)
        self._depth -= 1
        return left

    def _infixed(self, left: Expression, operator: str, power: int) -> Expression:
        if operator == "is":
            negated = self._found("not")
            token = self._take()
            if token.kind != "LITERAL" or (token.value is not None and token.value is not MISSING):
                raise self._wrong("ParseUnexpectedToken", token)
            test = Is(left, token.value is MISSING)
            return Unary("not", test) if negated else test
        if operator == "like":
            pattern = self._expression_at(power)
            return Like(left, pattern, self._expression_at(power) if self._found("escape") else None)
        if operator == "between":
            low = self._expression_at(power)
            self._expect("and", "ParseExpectedKeyword")
            return Between(left, low, self._expression_at(power))
        if operator == "in":
            if self._is("("):
                self._at += 1
                return In(left, ListOf(self._until(")", "ParseExpectedTokenType")))
            return In(left, self._expression_at(power))
        return Binary("<>" if operator == "!=" else operator, left, self._expression_at(power))

    def _prefixed(self) -> Expression:
        token = self._next
        if self._found("not"):
            return Unary("not", self._expression_at(_NOT))
        if self._found("-"):
            operand = self._expression_at(_SIGN)
            if isinstance(operand, Literal) and type(operand.value) in (int, float, Decimal):
                return Literal(-operand.value)
            return Unary("-", operand)
        if self._found("+"):
            return Unary("+", self._expression_at(_SIGN))
        if token.kind == "LITERAL":
            self._at += 1
            return Literal(token.value)
        if self._found("("):
            if self._is("select"):
                raise self._wrong("ParseUnsupportedSyntax")
            inside = self._expression_at(0)
            if self._is(","):
                raise self._wrong("ParseUnsupportedSyntax")
            self._expect(")", "ParseExpectedTokenType")
            return inside
        if self._found("["):
            return ListOf(self._until("]", "ParseExpectedTokenType"))
        if token.kind in ("IDENTIFIER", "QUOTED_IDENTIFIER"):
            if token.kind == "IDENTIFIER" and self._tokens[self._at + 1].text == "(":
                return self._call()
            return self._path()
        if token.kind == "KEYWORD":
            return self._keyword()
        if self._found("*"):
            raise self._wrong("ParseInvalidContextForWildcardInSelectList", token)
        code = "ParseUnexpectedOperator" if token.kind == "OPERATOR" else "ParseUnexpectedTerm"
        raise self._wrong(code, token)

    def _path(self) -> Path:
        root = self._identifier("ParseUnexpectedTerm")
        steps: list[Name | int] = []
        while self._is(".", "["):
            if self._found("."):
                if self._is("*"):
                    mixed = any(isinstance(step, int) for step in steps)
                    raise self._wrong(
                        "ParseCannotMixSqbAndWildcardInSelectList"
                        if mixed
                        else "ParseInvalidContextForWildcardInSelectList"
                    )
                steps.append(self._identifier("ParseInvalidPathComponent"))
            else:
                self._at += 1
                if self._is("*"):
                    raise self._wrong("ParseInvalidContextForWildcardInSelectList")
                steps.append(self._subscript())
                self._expect("]", "ParseExpectedTokenType")
        return Path(root, tuple(steps))

    def _until(self, end: str, code: str) -> tuple[Expression, ...]:
        """Expressions with commas between them up to a closing sign, which is taken."""
        found: list[Expression] = []
        if self._found(end):
            return ()
        while True:
            if self._is("select"):
                raise self._wrong("ParseUnsupportedSyntax")
            found.append(self._expression_at(0))
            if self._found(end):
                return tuple(found)
            self._expect(",", code)

    # -- functions -------------------------------------------------------------------------------------------------

    def _keyword(self) -> Expression:
        word = self._next.text
        if word == "case":
            return self._case()
        if word == "cast":
            return self._cast()
        if word in AGGREGATES:
            return self._aggregate()
        if word == "select":
            raise self._wrong("ParseUnsupportedSyntax")
        if word in FUNCTIONS or (word != "from" and self._tokens[self._at + 1].text == "("):
            return self._call()
        raise self._wrong("ParseUnExpectedKeyword")

    def _case(self) -> Case:
        self._at += 1
        operand = None if self._is("when") else self._expression_at(0)
        branches: list[tuple[Expression, Expression]] = []
        while self._found("when"):
            condition = self._expression_at(0)
            self._expect("then", "ParseExpectedKeyword")
            branches.append((condition, self._expression_at(0)))
        if not branches:
            raise self._wrong("ParseExpectedWhenClause")
        otherwise: Expression = self._expression_at(0) if self._found("else") else Literal(None)
        self._expect("end", "ParseExpectedKeyword")
        return Case(operand, tuple(branches), otherwise)

    def _cast(self) -> Cast:
        self._at += 1
        self._expect("(", "ParseExpectedLeftParenAfterCast")
        value = self._expression_at(0)
        if self._is(",", ")"):
            raise self._wrong("ParseCastArity")
        self._expect("as", "ParseExpectedKeyword")
        token = self._take()
        if token.text in _OTHER_TYPES:
            raise self._wrong("InvalidDataType", token)
        kind = _TYPES.get(token.text)
        if kind is None:
            raise self._wrong("ParseExpectedTypeName", token)
        if token.text == "double":
            self._found("precision")
        if token.text in ("char", "character"):
            self._found("varying")
        if self._found("("):
            self._type_parameters(kind)
        self._expect(")", "ParseExpectedRightParenBuiltinFunctionCall")
        return Cast(value, kind)

    def _type_parameters(self, kind: str) -> None:
        # AWS reads precision and scale, and then leaves them out of account
        allowed = {"decimal": 2, "string": 1, "float": 1}.get(kind, 0)
        for count in range(3):
            token = self._take()
            if type(token.value) is not int or count == allowed:
                raise self._wrong("ParseInvalidTypeParam", token)
            if self._found(")"):
                return
            self._expect(",", "ParseExpectedTokenType")

    def _aggregate(self) -> Aggregate:
        name = self._take().text
        self._expect("(", "ParseExpectedLeftParenBuiltinFunctionCall")
        if self._found("*"):
            if name != "count":
                raise self._wrong("ParseUnsupportedCallWithStar")
            self._expect(")", "ParseExpectedRightParenBuiltinFunctionCall")
            return Aggregate(name, None)
        if self._found("distinct"):
            raise self._wrong("ParseUnsupportedSyntax")
        if self._is(")"):
            raise self._wrong("ParseNonUnaryAgregateFunctionCall")
        argument = self._expression_at(0)
        if self._is(","):
            raise self._wrong("ParseNonUnaryAgregateFunctionCall")
        self._expect(")", "ParseExpectedRightParenBuiltinFunctionCall")
        return Aggregate(name, argument)

    def _call(self) -> Call:
        start = self._take()
        name = start.text.lower()
        if name not in FUNCTIONS:
            raise self._wrong("UnsupportedFunction", start)
        self._expect("(", "ParseExpectedLeftParenBuiltinFunctionCall")
        if self._is("*"):
            raise self._wrong("ParseUnsupportedCallWithStar")
        special = _SPECIAL.get(name)
        arguments = special(self) if special else self._arguments()
        least, most = FUNCTIONS[name]
        if not least <= len(arguments) <= most:
            raise self._wrong("EvaluatorInvalidArguments", start)
        return Call(name, arguments)

    def _arguments(self) -> tuple[Expression, ...]:
        if self._next.kind == "EOF":
            raise self._wrong("ParseExpectedExpression")
        return self._until(")", "ParseExpectedArgumentDelimiter" if self._more() else _CLOSING)

    def _more(self) -> bool:
        """Whether the call is closed somewhere: then it is a comma that lacks, else the parenthesis."""
        return any(token.text == ")" for token in self._tokens[self._at :])

    def _close(self) -> None:
        self._expect(")", _CLOSING)

    def _date_part(self, among: tuple[str, ...]) -> Literal:
        token = self._take()
        if token.kind not in ("IDENTIFIER", "KEYWORD") or token.text.lower() not in among:
            raise self._wrong("ParseExpectedDatePart", token)
        return Literal(token.text.lower())

    def _date_arguments(self) -> tuple[Expression, ...]:
        part = self._date_part(tuple(timestamps.PRECISIONS))
        self._expect(",", "ParseExpectedArgumentDelimiter")
        return (part, *self._until(")", "ParseExpectedArgumentDelimiter"))

    def _extract_arguments(self) -> tuple[Expression, ...]:
        part = self._date_part(timestamps.PARTS)
        self._expect("from", "ParseExpectedKeyword")
        value = self._expression_at(0)
        self._close()
        return (part, value)

    def _substring_arguments(self) -> tuple[Expression, ...]:
        value = self._expression_at(0)
        if self._found(","):
            return (value, *self._until(")", "ParseExpectedArgumentDelimiter"))
        if self._is(")"):
            self._at += 1
            return (value,)
        self._expect("from", "ParseExpectedArgumentDelimiter")
        start = self._expression_at(0)
        length = (self._expression_at(0),) if self._found("for") else ()
        self._close()
        return (value, start, *length)

    def _trim_arguments(self) -> tuple[Expression, ...]:
        side: Expression = Literal("both")
        characters: Expression = Literal(" ")
        if self._is("leading", "trailing", "both"):
            side = Literal(self._take().text)
            if not self._is("from"):
                characters = self._expression_at(0)
            self._expect("from", "ParseExpectedKeyword")
            value = self._expression_at(0)
        else:
            value = self._expression_at(0)
            if self._found("from"):
                characters, value = value, self._expression_at(0)
        self._close()
        return (side, characters, value)


_CLOSING = "ParseExpectedRightParenBuiltinFunctionCall"
_SPECIAL = {
    "date_add": _Parser._date_arguments,
    "date_diff": _Parser._date_arguments,
    "extract": _Parser._extract_arguments,
    "substring": _Parser._substring_arguments,
    "trim": _Parser._trim_arguments,
}
assert RESERVED.isdisjoint({"s3object", "utcnow"}), "these are names, not words of the grammar"
