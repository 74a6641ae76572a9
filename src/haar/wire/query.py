"""The AWS query protocol: a form in, XML out (IAM, STS, SNS, CloudFormation, ...).

The form is split once into a tree (`forms.tree_of`); a function written from the model takes the members out of it.
https://smithy.io/2.0/aws/protocols/aws-query-protocol.html

EC2 speaks a dialect of it; what differs is in `Spelling` and in `ec2_query`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from haar.errors import ServiceError
from haar.wire import compile as compiling
from haar.wire import text as texts
from haar.wire.faults import Fault, fault_of
from haar.wire.forms import tree_of
from haar.wire.http import HttpReply, HttpRequest
from haar.wire.query_names import with_query_names
from haar.wire.xml_shapes import Dialect, escape, extra_members, merged, namespace_of, renderer

if TYPE_CHECKING:
    from haar.catalog.models import ServiceModel
    from haar.wire.compile import Source

__all__ = ["QueryCodec", "Spelling", "compile_form", "entries", "make"]

_DIALECT = Dialect(item="member", name="query")
_CONTENT_TYPE = ("Content-Type", "text/xml")


class Spelling(NamedTuple):
    """How a protocol names the parameters of a form."""

    key: str  # part of the key of the compiled functions
    member: Callable[[Mapping[str, Any], str], str]  # (traits, member name) -> parameter name
    always_flat: bool  # lists never have a name between the parameter and the number


def _member(traits: Mapping[str, Any], name: str) -> str:
    return str(traits.get("locationName", name))


SPELLING = Spelling("query", _member, always_flat=False)


def _unreadable(text: str, wanted: str) -> NoReturn:
    if wanted == "Timestamp":
        raise ServiceError("MalformedInput", "timestamp must follow ISO8601", status=400, fault="sender")
    raise ServiceError(
        "MalformedInput", f"{text} can not be converted to {_article(wanted)}", status=400, fault="sender"
    )


def _article(wanted: str) -> str:
    return f"an {wanted}" if wanted[0] in "AEIOU" else f"a {wanted}"


def _misplaced(value: object, wanted: str) -> NoReturn:
    if type(value) is dict:
        message = "Start of structure or map found where not expected."
    else:
        message = f"Unexpected value found where {_article(wanted)} was expected."
    raise ServiceError("MalformedInput", message, status=400, fault="sender")


def _numbered(node: object) -> list[Any]:
    """The elements of a list in the order of their numbers; gaps do not matter."""
    if type(node) is not dict:
        if node == "":  # how clients write an empty list
            return []
        _misplaced(node, "list")
    if len(node) == 1 and "1" in node:
        return [node["1"]]
    try:
        return [node[number] for number in sorted(node, key=int)]
    except ValueError:
        raise ServiceError("MalformedInput", "Key of a list is not a number.", status=400, fault="sender") from None


def _below(node: object, name: str) -> object:
    """The numbered part of `Tags.member.1`, or an empty list where a client writes `Tags=`."""
    if type(node) is dict:
        found = node.get(name)
        if found is not None:
            return found
        # AWS reads `.member.` for every list, whatever the model calls its elements
        found = node.get("member")
        return {} if found is None else found
    return node


def compile_form(
    model: ServiceModel, shape: str, spelling: Spelling, readers: Mapping[str, Callable[[str], Any]]
) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Compile `tree -> request` for an input structure."""
    using = {**readers, "misplaced": _misplaced, "numbered": _numbered, "below": _below}
    writer = _FormReader(model, spelling)
    return compiling.function(
        model, f"{spelling.key}/parse/{shape}", "parse", lambda source: writer.write(source, shape), using
    )


class _FormReader:
    """Writes the source of one form parser."""

    def __init__(self, model: ServiceModel, spelling: Spelling) -> None:
        self.model = model
        self.spelling = spelling
        self.pending: list[str] = []
        self.done: set[str] = set()

    def write(self, source: Source, shape: str) -> None:
        with source.block("def text(node, read):"):
            with source.block("if type(node) is not str:"):
                source.line("misplaced(node, 'value')")
            source.line("return read(node)")
        with source.block("def string(node):"):
            with source.block("if type(node) is not str:"):
                source.line("misplaced(node, 'String')")
            source.line("return node")
        self.structure(source, "parse", shape)
        while self.pending:
            name = self.pending.pop()
            self.structure(source, f"p_{name}", name)

    def structure(self, source: Source, function: str, shape: str) -> None:
        with source.block(f"def {function}(tree):"):
            with source.block("if type(tree) is not dict:"):
                source.line("if tree == '': return {}")
                source.line("misplaced(tree, 'structure')")
            source.line("get = tree.get")
            source.line("r = {}")
            for name, reference in self.model.shapes[shape]["members"].items():
                traits = merged(self.model, reference)
                source.line(f"v = get({self.parameter(traits, name)!r})")
                with source.block("if v is not None:"):
                    if traits["type"] in ("string", "character"):
                        source.line("if type(v) is not str: misplaced(v, 'String')")
                        source.line(f"r[{name!r}] = v")
                    else:
                        source.line(f"r[{name!r}] = {self.value(traits, 'v', 0)}")
            source.line("return r")

    def parameter(self, traits: Mapping[str, Any], name: str) -> str:
        if traits["type"] == "list" and traits.get("flattened") and not self.spelling.always_flat:
            lent = merged(self.model, traits["member"]).get("locationName")
            if lent:
                return str(lent)
        return self.spelling.member(traits, name)

    def value(self, traits: Mapping[str, Any], var: str, depth: int) -> str:
        """A Python expression for the value of a node."""
        kind = traits["type"]
        if kind == "structure":
            shape = traits["shape"]
            if shape not in self.done:
                self.done.add(shape)
                self.pending.append(shape)
            return f"p_{shape}({var})"
        item = f"y{depth}"
        if kind == "list":
            member = merged(self.model, traits["member"])
            numbers = var
            if not (traits.get("flattened") or self.spelling.always_flat):
                numbers = f"below({var}, {str(member.get('locationName', 'member'))!r})"
            return f"[{self.value(member, item, depth + 1)} for {item} in numbered({numbers})]"
        if kind == "map":
            key, value = merged(self.model, traits["key"]), merged(self.model, traits["value"])
            numbers = var if traits.get("flattened") else f"below({var}, 'entry')"
            k, w = str(key.get("locationName", "key")), str(value.get("locationName", "value"))
            pairs = f"pairs({numbers}, {k!r}, {w!r})"
            return (
                f"{{{self.value(key, f'{item}[0]', depth + 1)}: {self.value(value, f'{item}[1]', depth + 1)} "
                f"for {item} in {pairs}}}"
            )
        if kind in ("string", "character"):
            return f"string({var})"
        if kind == "timestamp":
            return f"text({var}, {texts.time_reader(traits.get('timestampFormat'))})"
        return f"text({var}, {texts.READER_OF[kind]})"


def entries(node: object, key: str, value: str) -> list[tuple[Any, Any]]:
    """The (key, value) nodes of a map's entries."""
    found = []
    for entry in _numbered(node):
        if type(entry) is not dict:
            _misplaced(entry, "map")
        if key in entry:
            found.append((entry[key], entry.get(value, "")))
    return found


class QueryCodec:
    """Reads and writes one operation of a query service."""

    __slots__ = ("_empty", "_failures", "_head", "_model", "_parse", "_render", "_tail")

    def __init__(self, model: ServiceModel, operation: str) -> None:
        declared = model.operations[operation]
        readers: dict[str, Callable[..., Any]] = {**texts.readers(_unreadable), "pairs": entries}
        self._model = model
        self._failures: dict[str, Callable[[Any], str]] = {}
        self._parse: Callable[[dict[str, Any]], dict[str, Any]] | None = None
        self._render: Callable[[Mapping[str, Any]], str] | None = None
        if "input" in declared:
            self._parse = compile_form(model, declared["input"]["shape"], SPELLING, readers)
        result = ""
        if "output" in declared:
            self._render = renderer(model, declared["output"]["shape"], _DIALECT)
            result = declared["output"].get("resultWrapper") or f"{operation}Result"
        namespace = namespace_of(model)
        attribute = f' xmlns="{namespace}"' if namespace else ""
        self._head = f"<{operation}Response{attribute}>" + (f"<{result}>" if result else "")
        self._tail = (f"</{result}>" if result else "") + "<ResponseMetadata><RequestId>"
        self._empty = f"</RequestId></ResponseMetadata></{operation}Response>"

    def parse(self, http: HttpRequest, labels: Mapping[str, str] | None = None) -> dict[str, Any]:
        """The request of a form. Raises ServiceError MalformedInput or MalformedQueryString."""
        if self._parse is None:
            return {}
        return self._parse(tree_of(http))

    def render(self, reply: Mapping[str, Any] | None, request_id: str) -> HttpReply:
        """The answer to a request."""
        inside = self._render(reply or {}) if self._render is not None else ""
        body = f"{self._head}{inside}{self._tail}{request_id}{self._empty}"
        return HttpReply(200, [("x-amzn-RequestId", request_id), _CONTENT_TYPE], body.encode("utf-8", "replace"))

    def render_error(self, error: ServiceError, request_id: str) -> HttpReply:
        """The answer to a request that failed."""
        fault = fault_of(self._model, error)
        extra = extra_members(self._model, fault, error.members, self._failure(fault))
        namespace = namespace_of(self._model)
        attribute = f' xmlns="{namespace}"' if namespace else ""
        body = (
            f"<ErrorResponse{attribute}><Error><Type>{'Sender' if fault.is_sender else 'Receiver'}</Type>"
            f"<Code>{escape(error.query_code or fault.code)}</Code>"
            f"<Message>{escape(error.message)}</Message>{extra}</Error>"
            f"<RequestId>{request_id}</RequestId></ErrorResponse>"
        )
        headers = [("x-amzn-RequestId", request_id), _CONTENT_TYPE, *error.headers.items()]
        return HttpReply(fault.status, headers, body.encode("utf-8", "replace"))

    def _failure(self, fault: Fault) -> Callable[[Any], str] | None:
        if not fault.modelled:
            return None
        if fault.shape not in self._failures:
            self._failures[fault.shape] = renderer(self._model, fault.shape, _DIALECT)
        return self._failures[fault.shape]


def make(model: ServiceModel, operation: str) -> QueryCodec:
    """The codec of an operation."""
    return QueryCodec(with_query_names(model), operation)
