"""XML <-> values, written per shape as Python: what query, EC2 and rest-xml share.

`renderer(model, shape, dialect)` compiles `value -> the XML inside the element`; `parser(model, shape, fail)` compiles
`element -> value`. The model is walked once, when the source is written.

Reading is safe by construction: a document type is refused, so there are no entities to expand, UTF-8 is the only
encoding, and size and depth are bounded.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn
from xml.etree.ElementTree import Element, ParseError, XMLParser

from haar.wire import compile as compiling
from haar.wire import text as texts

if TYPE_CHECKING:
    from haar.catalog.models import ServiceModel
    from haar.wire.compile import Source
    from haar.wire.faults import Fault

__all__ = [
    "Dialect",
    "Fragment",
    "escape",
    "extra_members",
    "local_name",
    "merged",
    "namespace_of",
    "parse_document",
    "parser",
    "renderer",
]

#: The largest XML body that is read, in bytes.
BODY_BYTES_MAX = 32 * 1024 * 1024
#: Elements inside elements; the deepest modelled document has 12.
DEPTH_MAX = 200

# XML 1.0 forbids most control characters even as references; AWS writes the reference all the same, and so do we.
_CONTROLS = {code: f"&#x{code:x};" for code in (*range(32), 0xFFFE, 0xFFFF) if code not in (9, 10)}

# What AWS writes as the instant of a service: IAM and STS never show a fraction, EC2 and S3 always do.
_WHOLE_SECONDS = frozenset({"iam", "sts"})
_ALWAYS_MILLIS = frozenset({"ec2", "s3"})

# Namespaces that the models do not carry (API reference pages, "Sample Response").
_NAMESPACES = {
    "sqs": "http://queue.amazonaws.com/doc/2012-11-05/",
    "cloudwatch": "http://monitoring.amazonaws.com/doc/2010-08-01/",
    "s3": "http://s3.amazonaws.com/doc/2006-03-01/",
    "s3control": "http://awss3control.amazonaws.com/doc/2018-08-20/",
    "route53": "https://route53.amazonaws.com/doc/2013-04-01/",
    "cloudfront": "http://cloudfront.amazonaws.com/doc/2020-05-31/",
}

_SAID_ALREADY = frozenset(("message", "code", "type"))


class Dialect(NamedTuple):
    """How one protocol spells lists in answers."""

    item: str  # the name of a list's elements where the model gives none
    name: str  # part of the key of the compiled functions


class Fragment(str):
    """The inside of a structure's element, written before: it stands for the structure and is sent as it is."""

    __slots__ = ()


def escape(value: str) -> str:
    """Text as XML character data, fit for an attribute too."""
    if "&" in value:
        value = value.replace("&", "&amp;")
    if "<" in value:
        value = value.replace("<", "&lt;")
    if ">" in value:
        value = value.replace(">", "&gt;")
    if '"' in value:
        value = value.replace('"', "&quot;")
    return value if value.isprintable() else value.translate(_CONTROLS)


def merged(model: ServiceModel, reference: Mapping[str, Any]) -> dict[str, Any]:
    """The shape behind a reference, with the traits that the reference adds or replaces."""
    return {**model.shapes[reference["shape"]], **reference}


def namespace_of(model: ServiceModel) -> str:
    """The XML namespace of a service's answers; "" when it has none."""
    named = model.metadata.get("xmlNamespace")
    if isinstance(named, dict):
        named = named.get("uri")
    if named:
        return str(named) + ("/" if model.name == "ec2" and not str(named).endswith("/") else "")
    return _NAMESPACES.get(model.name, "")


# --- errors -----------------------------------------------------------------------------------------------------


def extra_members(
    model: ServiceModel, fault: Fault, members: Mapping[str, Any], render: Callable[[Any], str] | None
) -> str:
    """The further members of an error as XML: modelled ones by their renderer, others as plain text."""
    if not members:
        return ""
    modelled = model.shapes[fault.shape]["members"] if fault.modelled else {}
    body = ""
    if render is not None:
        known = {k: v for k, v in members.items() if k in modelled and k.lower() not in _SAID_ALREADY}
        if known:
            body = render(known)
    for name, value in members.items():
        if name not in modelled and value is not None:
            body += f"<{name}>{escape(str(value))}</{name}>"
    return body


# --- writing ----------------------------------------------------------------------------------------------------


def renderer(
    model: ServiceModel, shape: str, dialect: Dialect, only: tuple[str, ...] | None = None, what: str = "render"
) -> Callable[[Mapping[str, Any]], str]:
    """Compile the writer of a structure's inside; `only` restricts the members of the outermost one."""
    writer = _Writer(model, dialect)
    key = f"xml/{dialect.name}/{what}/{shape}"
    return compiling.function(model, key, "render", lambda source: writer.write(source, shape, only), _writing(model))


def _writing(model: ServiceModel) -> dict[str, Any]:
    written = texts.iso
    if model.name in _WHOLE_SECONDS:
        written = texts.iso_seconds
    elif model.name in _ALWAYS_MILLIS:
        written = texts.iso_millis
    return {
        "Fragment": Fragment,
        "esc": escape,
        "join": "".join,
        "iso": written,
        "rfc822": texts.rfc822,
        "epoch": texts.epoch,
        "blob": texts.blob,
        "number": texts.number,
        "flag": texts.boolean,
    }


def _namespace_attribute(traits: Mapping[str, Any]) -> str:
    namespace = traits.get("xmlNamespace")
    if not namespace:
        return ""
    if isinstance(namespace, str):
        return f' xmlns="{namespace}"'
    prefix = namespace.get("prefix")
    return f' xmlns:{prefix}="{namespace["uri"]}"' if prefix else f' xmlns="{namespace["uri"]}"'


class _Writer:
    """Writes the source of one renderer."""

    def __init__(self, model: ServiceModel, dialect: Dialect) -> None:
        self.model = model
        self.dialect = dialect
        self.pending: list[str] = []
        self.done: set[str] = set()

    def write(self, source: Source, shape: str, only: tuple[str, ...] | None) -> None:
        self.structure(source, "render", shape, only)
        while self.pending:
            name = self.pending.pop()
            self.structure(source, f"s_{name}", name, None)

    def structure(self, source: Source, function: str, shape: str, only: tuple[str, ...] | None) -> None:
        members = {
            name: merged(self.model, reference)
            for name, reference in self.model.shapes[shape]["members"].items()
            if only is None or name in only
        }
        with source.block(f"def {function}(value):"):
            source.line("if type(value) is Fragment: return value")
            source.line("get = value.get")
            source.line("o = ''")
            for name, traits in members.items():
                if traits.get("xmlAttribute"):
                    continue
                source.line(f"x = get({name!r})")
                with source.block("if x is not None:"):
                    source.line(f"o += {self.element(traits, self.tag(traits, name), 'x', 0)}")
            source.line("return o")
        attributes = {name: traits for name, traits in members.items() if traits.get("xmlAttribute")}
        if attributes and function != "render":
            with source.block(f"def a_{shape}(value):"):
                source.line("o = ''")
                for name, traits in attributes.items():
                    source.line(f"x = value.get({name!r})")
                    with source.block("if x is not None:"):
                        source.line(f"""o += ' {traits.get("locationName", name)}="' + esc(x) + '"'""")
                source.line("return o")

    def tag(self, traits: Mapping[str, Any], name: str) -> str:
        """The element of a member: flattened lists lend their elements' name."""
        if traits["type"] == "list" and traits.get("flattened"):
            lent = merged(self.model, traits["member"]).get("locationName")
            if lent:
                return str(lent)
        return str(traits.get("locationName", name))

    def element(self, traits: Mapping[str, Any], tag: str, var: str, depth: int) -> str:
        """A Python expression for the element(s) of a value."""
        kind = traits["type"]
        head = f"<{tag}{_namespace_attribute(traits)}"
        if kind == "structure":
            shape = traits["shape"]
            if shape not in self.done:
                self.done.add(shape)
                self.pending.append(shape)
            members = self.model.shapes[shape]["members"].values()
            if any(merged(self.model, m).get("xmlAttribute") for m in members):
                return f"{head!r} + a_{shape}({var}) + '>' + s_{shape}({var}) + {f'</{tag}>'!r}"
            return f"{f'{head}>'!r} + s_{shape}({var}) + {f'</{tag}>'!r}"
        if kind == "list":
            member = merged(self.model, traits["member"])
            item = f"y{depth}"
            flattened = bool(traits.get("flattened"))
            each = tag if flattened else str(member.get("locationName", self.dialect.item))
            inside = f"join([{self.element(member, each, item, depth + 1)} for {item} in {var}])"
            return inside if flattened else f"{f'{head}>'!r} + {inside} + {f'</{tag}>'!r}"
        if kind == "map":
            key, value = merged(self.model, traits["key"]), merged(self.model, traits["value"])
            k, w = f"k{depth}", f"w{depth}"
            pair = (
                self.element(key, str(key.get("locationName", "key")), k, depth + 1)
                + " + "
                + self.element(value, str(value.get("locationName", "value")), w, depth + 1)
            )
            flattened = bool(traits.get("flattened"))
            entry = tag if flattened else "entry"
            inside = f"join([{f'<{entry}>'!r} + {pair} + {f'</{entry}>'!r} for {k}, {w} in {var}.items()])"
            return inside if flattened else f"{f'{head}>'!r} + {inside} + {f'</{tag}>'!r}"
        body = scalar(traits, var)
        return f"""f'{head}>{{{body}}}</{tag}>'"""


def scalar(traits: Mapping[str, Any], var: str, otherwise: str = "iso8601") -> str:
    """A Python expression, without quotes, for the text of a scalar."""
    kind = traits["type"]
    if kind in ("string", "character"):
        return f"esc({var})"
    if kind == "boolean":
        return f"flag({var})"
    if kind == "timestamp":
        return f"{texts.time_writer(traits.get('timestampFormat'), otherwise)}({var})"
    if kind == "blob":
        return f"blob({var})"
    if kind in ("float", "double"):
        return f"number({var})"
    return var


# --- reading ----------------------------------------------------------------------------------------------------


class _DocumentType(Exception):
    """The document declares a type."""


class _Refuser:
    """A parser target that only looks for a document type."""

    def doctype(self, name: str, public: str | None, system: str | None) -> NoReturn:
        raise _DocumentType(name)

    def start(self, tag: str, attributes: dict[str, str]) -> None: ...

    def end(self, tag: str) -> None: ...

    def data(self, data: str) -> None: ...

    def close(self) -> None: ...


def parse_document(body: bytes) -> Element:
    """The root element of an XML body. Raises ValueError for anything but a plain, bounded UTF-8 document."""
    if len(body) > BODY_BYTES_MAX:
        raise ValueError("the document is too large")
    if b"\0" in body:  # UTF-16 and UTF-32, in which a document type would go unseen
        raise ValueError("the document is not UTF-8")
    try:
        if b"<!DOCTYPE" in body:  # perhaps only inside a text: let a parser decide
            refuser: XMLParser[Any] = XMLParser(target=_Refuser(), encoding="utf-8")  # noqa: S314 - it looks for the danger
            refuser.feed(body)
        reader = XMLParser(encoding="utf-8")  # noqa: S314 - document types are refused above
        reader.feed(body)
        root: Element = reader.close()
    except _DocumentType:
        raise ValueError("document types are not allowed") from None
    except (ParseError, ValueError, LookupError) as error:
        raise ValueError(str(error)) from None
    level = list(root) if body.count(b"<") > DEPTH_MAX else []  # fewer tags cannot be nested too deeply
    depth = 1
    while level:
        depth += 1
        if depth > DEPTH_MAX:
            raise ValueError("the document is nested too deeply")
        level = [below for element in level if len(element) for below in element]
    return root


def local_name(tag: str) -> str:
    """The name of an element without its namespace."""
    return tag.rpartition("}")[2]


def parser(
    model: ServiceModel,
    shape: str,
    readers: Mapping[str, Callable[[str], Any]],
    only: tuple[str, ...] | None = None,
    what: str = "parse",
) -> Callable[[Element], dict[str, Any]]:
    """Compile the reader of a structure's element; `readers` come from `text.readers`."""
    reader = _Reader(model)
    key = f"xml/{what}/{shape}"
    return compiling.function(
        model, key, "parse", lambda source: reader.write(source, shape, only), {**readers, "part": _part}
    )


def _part(element: Element, name: str) -> Element:
    for child in element:
        if local_name(child.tag) == name:
            return child
    return Element(name)


class _Reader:
    """Writes the source of one parser."""

    def __init__(self, model: ServiceModel) -> None:
        self.model = model
        self.pending: list[str] = []
        self.done: set[str] = set()

    def write(self, source: Source, shape: str, only: tuple[str, ...] | None) -> None:
        self.structure(source, "parse", shape, only)
        while self.pending:
            name = self.pending.pop()
            self.structure(source, f"p_{name}", name, None)

    def structure(self, source: Source, function: str, shape: str, only: tuple[str, ...] | None) -> None:
        elements: dict[str, tuple[str, dict[str, Any]]] = {}
        attributes: dict[str, str] = {}
        for name, reference in self.model.shapes[shape]["members"].items():
            if only is not None and name not in only:
                continue
            traits = merged(self.model, reference)
            tag = str(traits.get("locationName", name))
            if traits.get("xmlAttribute"):
                attributes[tag.rpartition(":")[2]] = name
            else:
                elements[tag] = (name, traits)
        with source.block(f"def {function}(element):"):
            source.line("r = {}")
            if attributes:
                with source.block("for a, v in element.attrib.items():"):
                    source.line("a = a.rpartition('}')[2]")
                    for tag, name in attributes.items():
                        with source.block(f"if a == {tag!r}:"):
                            source.line(f"r[{name!r}] = v")
            if elements:
                with source.block("for e in element:"):
                    source.line("t = e.tag")
                    with source.block("if t[0] == '{':"):
                        source.line("t = t.rpartition('}')[2]")
                    word = "if"
                    for tag, (name, traits) in elements.items():
                        with source.block(f"{word} t == {tag!r}:"):
                            self.member(source, name, traits)
                        word = "elif"
            source.line("return r")

    def member(self, source: Source, name: str, traits: dict[str, Any]) -> None:
        if traits.get("flattened") and traits["type"] == "list":
            member = merged(self.model, traits["member"])
            source.line(f"v = {self.value(member, 'e', 1)}")
            with source.block(f"if {name!r} in r:"):
                source.line(f"r[{name!r}].append(v)")
            with source.block("else:"):
                source.line(f"r[{name!r}] = [v]")
        elif traits.get("flattened") and traits["type"] == "map":
            key, value = self.pair(traits, "e", 1)
            with source.block(f"if {name!r} not in r:"):
                source.line(f"r[{name!r}] = {{}}")
            source.line(f"r[{name!r}][{key}] = {value}")
        else:
            source.line(f"r[{name!r}] = {self.value(traits, 'e', 1)}")

    def pair(self, traits: Mapping[str, Any], var: str, depth: int) -> tuple[str, str]:
        key, value = merged(self.model, traits["key"]), merged(self.model, traits["value"])
        return (
            self.value(key, f"part({var}, {str(key.get('locationName', 'key'))!r})", depth),
            self.value(value, f"part({var}, {str(value.get('locationName', 'value'))!r})", depth),
        )

    def value(self, traits: Mapping[str, Any], var: str, depth: int) -> str:
        """A Python expression for the value of an element."""
        kind = traits["type"]
        if kind == "structure":
            shape = traits["shape"]
            if shape not in self.done:
                self.done.add(shape)
                self.pending.append(shape)
            return f"p_{shape}({var})"
        item = f"e{depth}"
        if kind == "list":
            # elements of a list are taken by place, whatever they are called
            return f"[{self.value(merged(self.model, traits['member']), item, depth + 1)} for {item} in {var}]"
        if kind == "map":
            key, value = self.pair(traits, item, depth + 1)
            return f"{{{key}: {value} for {item} in {var}}}"
        if kind in ("string", "character"):
            return f"({var}.text or '')"
        if kind == "timestamp":
            return f"{texts.time_reader(traits.get('timestampFormat'))}(({var}.text or '').strip())"
        return f"{texts.READER_OF[kind]}(({var}.text or '').strip())"
