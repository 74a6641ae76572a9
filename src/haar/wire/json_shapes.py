"""Compiles model shapes into functions between JSON-like values and Haar's values.

A *parser* takes what a JSON (or CBOR) reader produced and returns a typed value: blobs are `bytes`, timestamps are
`float` seconds since 1970, null and unknown members are left out. What does not fit raises ServiceError
`SerializationException`, as AWS's own front does. A *renderer* goes the other way; members that are None are left out.

Two dialects: in "json" blobs are base64 text and timestamps follow `timestampFormat`; in "cbor" both are native.
Members of the outermost structure that live elsewhere in a REST message (headers, path, query) are skipped.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import orjson

from haar.errors import ServiceError
from haar.wire import instants
from haar.wire.compile import Source, function

if TYPE_CHECKING:
    from haar.catalog.models import ServiceModel

__all__ = ["compile_parser", "compile_renderer", "misfit"]

_ELSEWHERE = frozenset(("header", "headers", "uri", "querystring", "statusCode"))
_INTEGERS = {"integer": "Integer", "long": "Long", "short": "Short", "byte": "Byte", "bigInteger": "BigInteger"}
_FLOATS = {"float": "Float", "double": "Double", "bigDecimal": "BigDecimal"}
_SPECIAL_FLOATS = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}
_INTEGER_BITS = {"byte": 8, "short": 16, "integer": 32, "long": 64}


class Instant(float):
    """A timestamp on its way into CBOR, where it is tagged."""

    __slots__ = ()


def misfit(wanted: str, found: Any) -> ServiceError:
    """The error for a value whose JSON type does not fit the member's type."""
    if isinstance(found, dict):
        text = "Start of structure or map found where not expected."
    elif isinstance(found, list):
        text = "Start of list found where not expected"
    else:
        token = {str: "STRING_VALUE", bool: f"{str(found).upper()}_VALUE", int: "NUMBER_VALUE", float: "DECIMAL_VALUE"}
        kind = "NULL_VALUE" if found is None else token.get(type(found), "BINARY_VALUE")
        if wanted in ("structure", "list", "map"):
            text = "Unexpected field type"
        else:
            article = "an" if wanted[0] in "AEIOU" else "a"
            text = f"{kind} can not be converted to {article} {wanted}"
    return ServiceError("SerializationException", text, status=400)


def _raise_misfit(wanted: str, found: Any) -> None:
    raise misfit(wanted, found)


def _integer(value: Any, wanted: str, bits: int) -> int:
    """The slow way to an integer: JSON numbers written with a fraction are truncated, as AWS does."""
    if type(value) is float and value == value and value not in (float("inf"), float("-inf")):
        value = int(value)
    if type(value) is not int:
        raise misfit(wanted, value)
    if bits and not -(1 << bits - 1) <= value < 1 << bits - 1:
        raise ServiceError("SerializationException", f"NUMBER_VALUE can not be converted to {wanted}", status=400)
    return value


def _float(value: Any, wanted: str) -> float:
    if type(value) is int:
        try:
            return float(value)
        except OverflowError:
            raise misfit(wanted, value) from None
    if type(value) is str and value in _SPECIAL_FLOATS:
        return _SPECIAL_FLOATS[value]
    raise misfit(wanted, value)


def _blob(value: Any) -> bytes:
    if type(value) is not str:
        raise misfit("ByteBuffer", value)
    try:
        return binascii.a2b_base64(value.encode("ascii"), strict_mode=True)
    except (ValueError, UnicodeEncodeError):
        raise ServiceError(
            "SerializationException", "Base64 encoded string contains illegal characters", status=400
        ) from None


def _epoch(value: Any) -> float:
    if type(value) is not float and type(value) is not int:
        raise misfit("Timestamp", value)
    try:
        return float(value)
    except OverflowError:
        raise misfit("Timestamp", value) from None


def _from_iso8601(value: Any) -> float:
    if type(value) is not str:
        return _epoch(value)
    try:
        return instants.parse_iso8601(value)
    except ValueError:
        raise misfit("Timestamp", value) from None


def _from_http_date(value: Any) -> float:
    if type(value) is not str:
        return _epoch(value)
    try:
        return instants.parse_http_date(value)
    except ValueError:
        raise misfit("Timestamp", value) from None


def _b64(value: bytes | str) -> str:
    return base64.b64encode(value.encode() if isinstance(value, str) else value).decode("ascii")


def _raw(value: bytes | str) -> bytes:
    return value.encode() if isinstance(value, str) else bytes(value)


def _special_float(value: float) -> float | str:
    """JSON has no word for these three: AWS writes them as text."""
    if value != value:
        return "NaN"
    if value == float("inf"):
        return "Infinity"
    return "-Infinity" if value == float("-inf") else value


_PARSE_NAMES: Mapping[str, Any] = {
    "misfit": _raise_misfit,
    "to_integer": _integer,
    "to_float": _float,
    "to_blob": _blob,
    "from_epoch": _epoch,
    "from_iso8601": _from_iso8601,
    "from_http_date": _from_http_date,
}
_RENDER_NAMES: Mapping[str, Any] = {
    "Fragment": orjson.Fragment,
    "Instant": Instant,
    "b64": _b64,
    "raw": _raw,
    "number": instants.number,
    "iso8601": instants.iso8601,
    "http_date": instants.http_date,
    "special_float": _special_float,
}


def _timestamp_format(member: Mapping[str, Any], shape: Mapping[str, Any]) -> str:
    return str(member.get("timestampFormat") or shape.get("timestampFormat") or "unixTimestamp")


class _Writer:
    """Writes one function per structure, list and map it meets; scalars are written in place."""

    def __init__(self, model: ServiceModel, source: Source, dialect: str) -> None:
        self.shapes = model.shapes
        self.source = source
        self.cbor = dialect == "cbor"
        self.names: dict[str, str] = {}
        self.waiting: list[str] = []

    def function_of(self, shape_name: str) -> str:
        """The name of the function for a shape; it is written later."""
        name = self.names.get(shape_name)
        if name is None:
            name = self.names[shape_name] = self.source.fresh(f"f_{shape_name}")
            self.waiting.append(shape_name)
        return name

    def members(self, shape_name: str, outermost: bool) -> list[tuple[str, str, dict[str, Any]]]:
        """(name, name on the wire, member) of the members that live in the body."""
        found = []
        for name, member in self.shapes[shape_name].get("members", {}).items():
            if outermost and member.get("location") in _ELSEWHERE:
                continue
            if self.shapes[member["shape"]].get("eventstream"):
                continue  # a stream of events follows the message; it is no part of it
            found.append((name, member.get("locationName", name), member))
        return found


class _ParseWriter(_Writer):
    def write(self, top: str) -> None:
        with self.source.block("def parse(value):"):
            self.body(top, outermost=True)
        while self.waiting:
            shape_name = self.waiting.pop()
            with self.source.block(f"def {self.names[shape_name]}(value):"):
                self.body(shape_name, outermost=False)

    def body(self, shape_name: str, outermost: bool) -> None:
        line, block = self.source.line, self.source.block
        shape = self.shapes[shape_name]
        kind = shape["type"]
        if shape.get("document"):
            line("return value")
        elif kind == "structure":
            with block("if type(value) is not dict:"):
                line("misfit('structure', value)")
            line("found = {}")
            members = self.members(shape_name, outermost)
            if members:
                line("get = value.get")
            for name, wire, member in members:
                line(f"x = get({wire!r})")
                with block("if x is not None:"):
                    self.scalar_check("x", member)
                    line(f"found[{name!r}] = {self.expression('x', member)}")
            line("return found")
        elif kind == "list":
            with block("if type(value) is not list:"):
                line("misfit('list', value)")
            self.list_body(shape)
        elif kind == "map":
            with block("if type(value) is not dict:"):
                line("misfit('map', value)")
            self.map_body(shape)
        else:
            self.scalar_check("value", {"shape": shape_name})
            line(f"return {self.expression('value', {'shape': shape_name})}")

    def list_body(self, shape: dict[str, Any]) -> None:
        line, block = self.source.line, self.source.block
        member = shape["member"]
        if shape.get("sparse"):
            line("found = []")
            with block("for x in value:"):
                with block("if x is not None:"):
                    self.scalar_check("x", member)
                    line(f"x = {self.expression('x', member)}")
                line("found.append(x)")
            line("return found")
        elif self.expression("x", member) == "x":
            with block("for x in value:"):
                self.scalar_check("x", member)
            line("return value")
        elif self.has_check(member):
            line("found = []")
            with block("for x in value:"):
                self.scalar_check("x", member)
                line(f"found.append({self.expression('x', member)})")
            line("return found")
        else:
            line(f"return [{self.expression('x', member)} for x in value]")

    def map_body(self, shape: dict[str, Any]) -> None:
        line, block = self.source.line, self.source.block
        member = shape["value"]
        line("found = {}")
        with block("for k, x in value.items():"):
            if self.cbor:
                with block("if type(k) is not str:"):
                    line("misfit('String', k)")
            with block("if x is not None:"):
                self.scalar_check("x", member)
                line(f"found[k] = {self.expression('x', member)}")
            if shape.get("sparse"):
                with block("else:"):
                    line("found[k] = None")
        line("return found")

    def has_check(self, member: dict[str, Any]) -> bool:
        kind = self.shapes[member["shape"]]["type"]
        return kind in ("string", "character", "boolean") or (self.cbor and kind == "blob")

    def scalar_check(self, name: str, member: dict[str, Any]) -> None:
        """Write the statement that refuses a scalar of the wrong type, where one statement does it."""
        kind = self.shapes[member["shape"]]["type"]
        if kind in ("string", "character"):
            self.source.line(f"if type({name}) is not str: misfit('String', {name})")
        elif kind == "boolean":
            self.source.line(f"if {name} is not True and {name} is not False: misfit('Boolean', {name})")
        elif kind == "blob" and self.cbor:
            self.source.line(f"if type({name}) is not bytes: misfit('ByteBuffer', {name})")

    def expression(self, name: str, member: dict[str, Any]) -> str:
        """An expression for the parsed value."""
        shape = self.shapes[member["shape"]]
        kind = shape["type"]
        if shape.get("document") or kind in ("string", "character", "boolean"):
            return name
        if kind in _INTEGERS:
            bits = _INTEGER_BITS.get(kind, 0)
            convert = f"to_integer({name}, {_INTEGERS[kind]!r}, {bits})"
            if not bits:
                return f"{name} if type({name}) is int else {convert}"
            half = 1 << bits - 1
            return f"{name} if type({name}) is int and {-half} <= {name} < {half} else {convert}"
        if kind in _FLOATS:
            return f"{name} if type({name}) is float else to_float({name}, {_FLOATS[kind]!r})"
        if kind == "blob":
            return name if self.cbor else f"to_blob({name})"
        if kind == "timestamp":
            return f"{_reader(_timestamp_format(member, shape), self.cbor)}({name})"
        return f"{self.function_of(member['shape'])}({name})"


def _reader(form: str, cbor: bool) -> str:
    if cbor or form == "unixTimestamp":
        return "from_epoch"
    return "from_iso8601" if form == "iso8601" else "from_http_date"


class _RenderWriter(_Writer):
    def write(self, top: str) -> None:
        with self.source.block("def render(value):"):
            self.body(top, outermost=True)
        while self.waiting:
            shape_name = self.waiting.pop()
            with self.source.block(f"def {self.names[shape_name]}(value):"):
                self.body(shape_name, outermost=False)

    def body(self, shape_name: str, outermost: bool) -> None:
        line, block = self.source.line, self.source.block
        shape = self.shapes[shape_name]
        kind = shape["type"]
        if kind in ("structure", "list", "map") and not shape.get("document") and not self.cbor:
            line("if type(value) is Fragment: return value")
        if shape.get("document"):
            line("return value")
        elif kind == "structure":
            line("out = {}")
            members = self.members(shape_name, outermost)
            if members:
                line("get = value.get")
            for name, wire, member in members:
                line(f"x = get({name!r})")
                line(f"if x is not None: out[{wire!r}] = {self.expression('x', member)}")
            line("return out")
        elif kind == "list":
            text = self.expression("x", shape["member"])
            if text == "x":
                line("return value if type(value) is list else list(value)")
            elif shape.get("sparse"):
                line(f"return [None if x is None else {text} for x in value]")
            else:
                line(f"return [{text} for x in value]")
        elif kind == "map":
            text = self.expression("x", shape["value"])
            if shape.get("sparse"):
                line(f"return {{k: None if x is None else {text} for k, x in value.items()}}")
            elif text == "x" and not self.cbor:
                line("return value if type(value) is dict else dict(value)")
            else:
                line(f"return {{k: {text} for k, x in value.items() if x is not None}}")
        else:
            with block("if value is None:"):
                line("return None")
            line(f"return {self.expression('value', {'shape': shape_name})}")

    def expression(self, name: str, member: dict[str, Any]) -> str:
        shape = self.shapes[member["shape"]]
        kind = shape["type"]
        if kind == "blob":
            return f"raw({name})" if self.cbor else f"b64({name})"
        if kind in _FLOATS:
            return f"float({name})" if self.cbor else f"special_float({name})"
        if kind == "timestamp":
            if self.cbor:
                return f"Instant({name})"
            form = _timestamp_format(member, shape)
            writer = {"unixTimestamp": "number", "iso8601": "iso8601"}.get(form, "http_date")
            return f"{writer}({name})"
        if shape.get("document") or kind not in ("structure", "list", "map"):
            return name
        return f"{self.function_of(member['shape'])}({name})"


def compile_parser(model: ServiceModel, shape_name: str, dialect: str = "json") -> Callable[[Any], Any]:
    """A function from a JSON-like value to the typed value of a shape.

    Raises ServiceError `SerializationException` (from the returned function) for what does not fit.
    """

    def write(source: Source) -> None:
        _ParseWriter(model, source, dialect).write(shape_name)

    return function(model, f"{dialect}/parse/{shape_name}", "parse", write, _PARSE_NAMES)


def compile_renderer(model: ServiceModel, shape_name: str, dialect: str = "json") -> Callable[[Any], Any]:
    """A function from a shape's value to what a JSON (or CBOR) writer takes.

    In the "json" dialect an `orjson.Fragment` may stand for any structure, list or map: it is written as it is.
    """

    def write(source: Source) -> None:
        _RenderWriter(model, source, dialect).write(shape_name)

    return function(model, f"{dialect}/render/{shape_name}", "render", write, _RENDER_NAMES)
