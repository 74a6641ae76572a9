"""The words and the shapes of an S3 Select expression: its tokens, and the tree the grammar makes of them.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-select-sql-reference-select.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from haar.services.s3.select import timestamps
from haar.services.s3.select.errors import refusal

#: a value of the query: None (NULL), MISSING, bool, int, float, Decimal, str, Timestamp, list, dict; JSON decides at
#: run time which, so nothing more exact can be said
Value = Any


class Missing:
    """The value of a field that a record does not have, which is not NULL."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "MISSING"

    def __bool__(self) -> bool:
        return False


MISSING = Missing()

# --- tokens -------------------------------------------------------------------------------------------------------

#: https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-select-sql-reference-keyword-list.html
RESERVED = frozenset(
    """
    absolute action add all allocate alter and any are as asc assertion at authorization avg bag begin between
    bit bit_length blob bool boolean both by cascade cascaded case cast catalog char char_length character
    character_length check clob close coalesce collate collation column commit connect connection constraint
    constraints continue convert corresponding count create cross current current_date current_time
    current_timestamp current_user cursor date day deallocate dec decimal declare default deferrable deferred
    delete desc describe descriptor diagnostics disconnect distinct domain double drop else end end-exec escape
    except exception exec execute exists external extract false fetch first float for foreign found from full
    get global go goto grant group having hour identity immediate in indicator initially inner input insensitive
    insert int integer intersect interval into is isolation join key language last leading left level like limit
    list local lower match max min minute missing module month names national natural nchar next no not null
    nullif numeric octet_length of on only open option or order outer output overlaps pad partial pivot position
    precision prepare preserve primary prior privileges procedure public read real references relative restrict
    revoke right rollback rows schema scroll second section select session session_user set sexp size smallint
    some space sql sqlcode sqlerror sqlstate string struct substring sum symbol system_user table temporary then
    time timestamp timezone_hour timezone_minute to trailing transaction translate translation trim true tuple
    union unique unknown unpivot update upper usage user using value values varchar varying view when whenever
    where with work write year zone
    """.split()  # noqa: SIM905 - one word a line would fill four pages
)


class Token(NamedTuple):
    """A word of the expression. Kinds: KEYWORD, IDENTIFIER, QUOTED_IDENTIFIER, LITERAL, OPERATOR, PUNCTUATION, EOF."""

    kind: str
    text: str
    value: Value
    offset: int


_TOKEN = re.compile(
    r"""(?P<space>(?:\s+|--[^\n]*|/\*.*?\*/)+)
      |(?P<number>(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)
      |(?P<word>[A-Za-z_$][\w$]*)
      |(?P<string>'(?:[^']|'')*')
      |(?P<quoted>"(?:[^"]|"")*")
      |(?P<ion>`[^`]*`)
      |(?P<operator><=|>=|<>|!=|\|\||[=<>+\-*/%])
      |(?P<punctuation>[()\[\]{},.:;@?])
      |(?P<wrong>.)""",
    re.VERBOSE | re.DOTALL | re.ASCII,
)
_INT64 = (-(1 << 63), (1 << 63) - 1)
_WORDS: dict[str, Value] = {"true": True, "false": False, "null": None, "missing": MISSING}


def is_int64(number: int) -> bool:
    """Whether a number is in the range of the type INT."""
    return _INT64[0] <= number <= _INT64[1]


def _ion(text: str) -> Value:
    """The value of a literal between backticks: a timestamp, a number, a string or a word of the Ion notation."""
    body = text.strip()
    if (moment := timestamps.parse(body)) is not None:
        return moment
    if body in ("true", "false", "null"):
        return _WORDS[body]
    if re.fullmatch(r"-?(?:0|[1-9]\d*)", body):
        return int(body)
    if re.fullmatch(r"-?(?:0|[1-9]\d*)(?:\.\d*)?(?:[dD][+-]?\d+)?", body):
        return Decimal(body.lower().replace("d", "e"))
    if re.fullmatch(r"-?(?:0|[1-9]\d*)(?:\.\d*)?[eE][+-]?\d+", body):
        return float(body)
    if re.fullmatch(r'"[^"\\]*"', body):
        return body[1:-1]
    raise refusal("LexerInvalidIONLiteral")


def tokens(expression: str) -> list[Token]:
    """The words of an expression, the end as the last. Raises the Lexer... errors."""
    found: list[Token] = []
    for match in _TOKEN.finditer(expression):
        group, text, offset = match.lastgroup, match[0], match.start()
        if group == "space":
            continue
        if group == "word":
            lower = text.lower()
            if lower in _WORDS:
                found.append(Token("LITERAL", lower, _WORDS[lower], offset))
            else:
                kind = "KEYWORD" if lower in RESERVED else "IDENTIFIER"
                found.append(Token(kind, lower if kind == "KEYWORD" else text, None, offset))
        elif group == "number":
            number: Value = int(text) if text.isdigit() and len(text) < 19 else Decimal(text)
            if isinstance(number, Decimal) and text.isdigit() and number.adjusted() < 19 and is_int64(int(number)):
                number = int(number)
            found.append(Token("LITERAL", text, number, offset))
        elif group == "string":
            found.append(Token("LITERAL", text, text[1:-1].replace("''", "'"), offset))
        elif group == "quoted":
            found.append(Token("QUOTED_IDENTIFIER", text[1:-1].replace('""', '"'), None, offset))
        elif group == "ion":
            found.append(Token("LITERAL", text, _ion(text[1:-1]), offset))
        elif group == "wrong":
            code = {"'": "LexerInvalidLiteral", '"': "LexerInvalidLiteral", "`": "LexerInvalidIONLiteral"}.get(text)
            raise refusal(code or ("LexerInvalidOperator" if text in "!|" else "LexerInvalidChar"))
        else:
            found.append(Token("OPERATOR" if group == "operator" else "PUNCTUATION", text, None, offset))
    found.append(Token("EOF", "", None, len(expression)))
    return found


# --- the tree -----------------------------------------------------------------------------------------------------


class Name(NamedTuple):
    """A name; in double quotes it means exactly this, else in any case."""

    text: str
    is_quoted: bool = False


class Wildcard(NamedTuple):
    """Every element of a list (`[*]`), or every value of an object (`.*`)."""

    of_object: bool = False


#: a step of a path: a field, an element by its number (from 0), or a wildcard
Step = Name | int | Wildcard


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant."""

    value: Value


@dataclass(frozen=True, slots=True)
class Path:
    """A column or a field: `_1`, `s.name`, `s.projects[0]."Name"`."""

    root: Name
    steps: tuple[Name | int, ...] = ()


@dataclass(frozen=True, slots=True)
class Unary:
    """`-x`, `+x`, `NOT x`."""

    operator: str
    operand: Expression


@dataclass(frozen=True, slots=True)
class Binary:
    """Two operands: arithmetic, `||`, comparisons, AND, OR."""

    operator: str
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class Like:
    """`x LIKE pattern [ESCAPE character]`."""

    value: Expression
    pattern: Expression
    escape: Expression | None


@dataclass(frozen=True, slots=True)
class Between:
    """`x BETWEEN low AND high`."""

    value: Expression
    low: Expression
    high: Expression


@dataclass(frozen=True, slots=True)
class In:
    """`x IN (a, b, c)`, or `x IN list`."""

    value: Expression
    among: Expression


@dataclass(frozen=True, slots=True)
class Is:
    """`x IS NULL`, `x IS MISSING`."""

    value: Expression
    missing: bool


@dataclass(frozen=True, slots=True)
class Case:
    """Both forms of CASE; `operand` is None in the searched one."""

    operand: Expression | None
    branches: tuple[tuple[Expression, Expression], ...]
    otherwise: Expression


@dataclass(frozen=True, slots=True)
class Cast:
    """`CAST(x AS type)`; the type is bool, int, float, decimal, string or timestamp."""

    value: Expression
    kind: str


@dataclass(frozen=True, slots=True)
class Call:
    """A scalar function. Date parts and the side of TRIM come as literals in front."""

    function: str
    arguments: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Aggregate:
    """COUNT, SUM, AVG, MIN, MAX of what all rows say; `argument` is None in COUNT(*)."""

    function: str
    argument: Expression | None


@dataclass(frozen=True, slots=True)
class ListOf:
    """`(a, b)` behind IN, or `[a, b]`."""

    items: tuple[Expression, ...]


Expression = Literal | Path | Unary | Binary | Like | Between | In | Is | Case | Cast | Call | Aggregate | ListOf


class Item(NamedTuple):
    """An entry of the SELECT list; `expression` is None for `alias.*`."""

    expression: Expression | None
    alias: str | None = None


@dataclass(frozen=True, slots=True)
class Query:
    """A whole expression. `items` is None for `SELECT *`."""

    items: tuple[Item, ...] | None
    path: tuple[Step, ...]
    alias: Name | None
    where: Expression | None
    limit: int | None


def children(node: Expression) -> tuple[Expression, ...]:
    """The expressions directly inside an expression."""
    match node:
        case Literal() | Path():
            return ()
        case Unary(_, operand):
            return (operand,)
        case Binary(_, left, right):
            return (left, right)
        case Like(value, pattern, escape):
            return (value, pattern) if escape is None else (value, pattern, escape)
        case Between(value, low, high):
            return (value, low, high)
        case In(value, among):
            return (value, among)
        case Is(value, _) | Cast(value, _):
            return (value,)
        case Case(operand, branches, otherwise):
            inside = tuple(part for branch in branches for part in branch)
            return (*((operand,) if operand is not None else ()), *inside, otherwise)
        case Call(_, arguments):
            return arguments
        case Aggregate(_, argument):
            return () if argument is None else (argument,)
        case ListOf(items):
            return items
