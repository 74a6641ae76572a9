"""REST bindings: which parts of a value live in the path, the query string, the headers, the status and the body.

Shared by rest-json and rest-xml. `RequestBinding` reads everything but the body of a request, `ReplyBinding` writes
everything but the body of an answer; both are compiled from the model.
https://smithy.io/2.0/spec/http-bindings.html

A payload member that is a blob or a string *is* the body: reading gives `http.body` as it stands (bytes now; whoever
hands in a reader instead gets that reader back), writing passes on what the operation returned.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import unquote

from haar.wire import compile as compiling
from haar.wire import text as texts
from haar.wire.forms import pairs
from haar.wire.http import HttpRequest
from haar.wire.xml_shapes import merged

if TYPE_CHECKING:
    from haar.catalog.models import ServiceModel
    from haar.wire.compile import Source

__all__ = ["HEADERS", "STATUS", "Layout", "bind_reply", "bind_request", "layout"]

#: Members of a reply that no model has: the HTTP status and further headers, as (name, value) pairs, where an
#: operation decides about them itself (206 for a part of an object, 304, redirects).
STATUS = "$status"
HEADERS = "$headers"

_ELSEWHERE = frozenset(("uri", "querystring", "header", "headers", "statusCode"))


class Layout:
    """Where the members of a structure go.

    `payload` is the member that is the whole body ("" without one), `payload_kind` its type ("structure", "blob",
    "string", "eventstream", ...), `body` the members that are written inside the body.
    """

    __slots__ = (
        "body",
        "has_bindings",
        "payload",
        "payload_kind",
        "payload_traits",
        "shape",
        "status_member",
        "streams",
    )

    def __init__(self, model: ServiceModel, shape: str) -> None:
        self.shape = shape
        declared = model.shapes[shape]
        self.payload: str = declared.get("payload", "")
        self.payload_traits: dict[str, Any] = {}
        self.payload_kind = ""
        self.status_member = ""
        body = []
        self.has_bindings = bool(self.payload)
        for name, reference in declared["members"].items():
            location = reference.get("location")
            if location in _ELSEWHERE:
                self.has_bindings = True
                if location == "statusCode":
                    self.status_member = name
            elif name != self.payload:
                body.append(name)
        self.body = tuple(body)
        if self.payload:
            self.payload_traits = merged(model, declared["members"][self.payload])
            self.payload_kind = self.payload_traits["type"]
            if self.payload_traits.get("eventstream"):
                self.payload_kind = "eventstream"
            elif self.payload_traits.get("document"):
                self.payload_kind = "document"
        else:
            for name in body:  # an event stream may be the body without being called the payload
                traits = merged(model, declared["members"][name])
                if traits.get("eventstream"):
                    self.payload, self.payload_kind, self.payload_traits = name, "eventstream", traits


def layout(model: ServiceModel, shape: str) -> Layout:
    """Where the members of a structure go."""
    return Layout(model, shape)


# --- reading a request --------------------------------------------------------------------------------------------


def _split(header: str) -> list[str]:
    """The elements of a list in a header: commas part them, except inside double quotes."""
    if '"' not in header:
        return [part.strip() for part in header.split(",")]
    found: list[str] = []
    piece = ""
    quoted = escaped = False
    for letter in header:
        if escaped:
            piece += letter
            escaped = False
        elif quoted and letter == "\\":
            escaped = True
        elif letter == '"':
            quoted = not quoted
        elif letter == "," and not quoted:
            found.append(piece.strip())
            piece = ""
        else:
            piece += letter
    found.append(piece.strip())
    return found


def _split_dates(header: str) -> list[str]:
    """The elements of a list of HTTP dates, each of which has a comma itself."""
    parts = [part.strip() for part in header.split(",")]
    return [f"{parts[i]}, {parts[i + 1]}" for i in range(0, len(parts) - 1, 2)]


def _query_of(raw: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in pairs(raw):
        found.setdefault(name, []).append(value)
    return found


def bind_request(
    model: ServiceModel, operation: str, fail: Callable[[str, str], NoReturn]
) -> Callable[[HttpRequest, Mapping[str, str], dict[str, Any]], None]:
    """Compile `(http, labels, into)`: put the members of path, query string and headers into a request."""
    declared = model.operations[operation]
    shape = declared["input"]["shape"]

    def json_header(text: str) -> Any:
        try:
            return json.loads(b64decode(text, validate=True))
        except (ValueError, RecursionError):
            fail(text, "JsonValue")

    using = {
        **texts.readers(fail),
        "query_of": _query_of,
        "split": _split,
        "split_dates": _split_dates,
        "json_header": json_header,
        "unquote": unquote,
    }

    def write(source: Source) -> None:
        _write_request(source, model, shape, declared["http"]["requestUri"])

    return compiling.function(model, f"rest/bind/{operation}", "bind", write, using)


def _write_request(source: Source, model: ServiceModel, shape: str, request_uri: str) -> None:
    members = {name: merged(model, reference) for name, reference in model.shapes[shape]["members"].items()}
    taken = {str(t.get("locationName", n)) for n, t in members.items() if t.get("location") == "querystring"}
    # parameters that the URI itself fixes (`/?tagging`, `list-type=2`) belong to no map
    fixed = [part.partition("=")[0] for part in request_uri.partition("?")[2].split("&") if part]
    by_place: dict[str, list[tuple[str, str, dict[str, Any]]]] = {}
    for name, traits in members.items():
        if "location" in traits:
            by_place.setdefault(traits["location"], []).append((name, str(traits.get("locationName", name)), traits))
    with source.block("def bind(http, labels, r):"):
        for name, wire, traits in by_place.get("uri", ()):
            with source.block(f"if {wire!r} in labels:"):
                source.line(f"r[{name!r}] = {_from_text(traits, f'labels[{wire!r}]', 'iso8601')}")
        if "querystring" in by_place:
            with source.block("if http.query:"):
                source.line("q = query_of(http.query)")
                for name, wire, traits in by_place["querystring"]:
                    if traits["type"] == "map":
                        value = merged(model, traits["value"])
                        each = "list(vs)" if value["type"] == "list" else "vs[0]"
                        source.line(
                            f"m = {{k: {each} for k, vs in q.items() if k not in {tuple(sorted(taken) + fixed)!r}}}"
                        )
                        with source.block("if m:"):
                            source.line(f"r[{name!r}] = m")
                        continue
                    source.line(f"v = q.get({wire!r})")
                    with source.block("if v is not None:"):
                        if traits["type"] == "list":
                            member = merged(model, traits["member"])
                            source.line(f"r[{name!r}] = [{_from_text(member, 'y', 'iso8601')} for y in v]")
                        else:
                            source.line(f"r[{name!r}] = {_from_text(traits, 'v[0]', 'iso8601')}")
        if "header" in by_place or "headers" in by_place:
            # a request has ten headers, and some shapes forty members that may be one of them
            source.line("for k, v in http.headers.items():")
            with source.block("    if k in FIELDS:"):
                source.line("    name, read = FIELDS[k]")
                source.line("    r[name] = v if read is None else read(v)")
            for heads, (name, wire, _) in enumerate(by_place.get("headers", ())):
                prefix = wire.lower()
                is_apart = not any(field.lower().startswith(prefix) for _, field, _ in by_place.get("header", ()))
                source.line(f"    {'elif' if is_apart and not heads else 'if'} k.startswith({prefix!r}):")
                source.line(f"        r.setdefault({name!r}, {{}})[k[{len(prefix)}:]] = v")
    fields = [
        f"{wire.lower()!r}: ({name!r}, {'None' if text == 'v' else f'lambda v: {text}'})"
        for name, wire, traits in by_place.get("header", ())
        for text in (_from_header(model, traits, "v"),)
    ]
    source.line(f"FIELDS = {{{', '.join(fields)}}}")


def _from_header(model: ServiceModel, traits: Mapping[str, Any], var: str) -> str:
    if traits["type"] == "list":
        member = merged(model, traits["member"])
        reader = _from_text(member, "y", "rfc822")
        splitter = "split_dates" if reader.startswith("to_time822") else "split"
        return f"[{reader} for y in {splitter}({var})]"
    if traits.get("jsonvalue"):
        return f"json_header({var})"
    return _from_text(traits, var, "rfc822")


def _from_text(traits: Mapping[str, Any], var: str, otherwise: str) -> str:
    kind = traits["type"]
    if kind in ("string", "character"):
        return var
    if kind == "timestamp":
        return f"{texts.time_reader(traits.get('timestampFormat'), otherwise)}({var})"
    return f"{texts.READER_OF[kind]}({var})"


# --- writing an answer --------------------------------------------------------------------------------------------


def _quoted(value: str) -> str:
    """An element of a list in a header."""
    if '"' in value or "," in value:
        return '"' + value.replace('"', '\\"') + '"'
    return value


def _header_text(value: object) -> str:
    """Text fit for a header: line ends would end it."""
    text = value if type(value) is str else str(value)
    return text.replace("\r", " ").replace("\n", " ") if "\n" in text or "\r" in text else text


def _json_value(value: Any) -> str:
    return b64encode(json.dumps(value, separators=(",", ":")).encode()).decode("ascii")


def bind_reply(model: ServiceModel, shape: str) -> Callable[[Mapping[str, Any], list[tuple[str, str]]], None]:
    """Compile `(reply, headers)`: append the members of a structure that travel in headers."""
    using = {
        "text": _header_text,
        "quoted": _quoted,
        "json_value": _json_value,
        "iso": texts.iso,
        "rfc822": texts.rfc822,
        "epoch": texts.epoch,
        "number": texts.number,
        "flag": texts.boolean,
        "blob": texts.blob,
    }

    def write(source: Source) -> None:
        places = []
        with source.block("def bind(reply, headers):"):
            source.line("for k, v in reply.items():")
            with source.block("    if v is not None and k in PLACES:"):
                source.line("    wire, write = PLACES[k]")
                # nearly all are texts without line ends
                with source.block("    if write is text and v.__class__ is str and '\\n' not in v and '\\r' not in v:"):
                    source.line("    headers.append((wire, v))")
                source.line("    elif write is not None: headers.append((wire, write(v)))")
                source.line("    else: headers.extend([(wire + name, text(w)) for name, w in v.items()])")
            for name, reference in model.shapes[shape]["members"].items():
                traits = merged(model, reference)
                wire = str(traits.get("locationName", name))
                place = traits.get("location")
                if place == "header":
                    written = _to_header(model, traits, "v")
                    places.append(f"{name!r}: ({wire!r}, {'text' if written == 'text(v)' else f'lambda v: {written}'})")
                elif place == "headers":
                    places.append(f"{name!r}: ({wire!r}, None)")
        source.line(f"PLACES = {{{', '.join(places)}}}")

    return compiling.function(model, f"rest/reply/{shape}", "bind", write, using)


def _to_header(model: ServiceModel, traits: Mapping[str, Any], var: str) -> str:
    kind = traits["type"]
    if kind == "list":
        member = merged(model, traits["member"])
        each = "quoted(text(y))" if member["type"] == "string" else _to_header(model, member, "y")
        return f"', '.join([{each} for y in {var}])"
    if traits.get("jsonvalue"):
        return f"json_value({var})"
    if kind == "timestamp":
        return f"{texts.time_writer(traits.get('timestampFormat'), 'rfc822')}({var})"
    if kind == "boolean":
        return f"flag({var})"
    if kind in ("float", "double"):
        return f"number({var})"
    if kind == "blob":
        return f"blob({var})"
    return f"text({var})"
