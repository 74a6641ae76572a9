"""AWS event streams (`application/vnd.amazon.eventstream`): messages with typed headers, guarded by two checksums.

    prelude   total length (4) | headers length (4) | CRC-32 of those 8 bytes (4)
    headers   name length (1) | name | type (1) | value, again and again
    payload
    trailer   CRC-32 of everything before it (4)

`encode` and `Decoder` know only that. `EventShapes` knows a modelled stream: which event is which message.
`RpcStream` knows the body that has such a stream in a protocol without headers or paths of its own.
https://smithy.io/2.0/aws/amazon-eventstream.html
"""

from __future__ import annotations

import struct
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn
from zlib import crc32

from haar.errors import ServiceError
from haar.wire import text as texts
from haar.wire.http import Stream
from haar.wire.json_shapes import compile_parser, compile_renderer
from haar.wire.xml_shapes import Dialect, merged, namespace_of, parse_document, parser, renderer

if TYPE_CHECKING:
    from haar.catalog.models import ServiceModel

__all__ = [
    "Byte",
    "Decoder",
    "EventShapes",
    "HeaderValue",
    "Int",
    "Long",
    "Message",
    "Millis",
    "RpcStream",
    "Short",
    "encode",
]

#: AWS's own limits, in bytes.
HEADERS_BYTES_MAX = 128 * 1024
PAYLOAD_BYTES_MAX = 24 * 1024 * 1024

_PRELUDE = struct.Struct("!III")
_DIALECT = Dialect(item="member", name="rest")


class Byte(int):
    """A header value of one byte."""


class Short(int):
    """A header value of two bytes."""


class Int(int):
    """A header value of four bytes; plain `int` becomes this or `Long`."""


class Long(int):
    """A header value of eight bytes."""


class Millis(int):
    """A header value that is an instant: milliseconds since 1970."""


HeaderValue = bool | int | bytes | str | uuid.UUID


class Message(NamedTuple):
    """One message: its headers and its payload."""

    headers: dict[str, HeaderValue]
    payload: bytes


def _header(name: str, value: HeaderValue) -> bytes:
    raw = name.encode()
    if not 0 < len(raw) < 256:
        raise ValueError(f"a header name has 1 to 255 bytes, not {len(raw)}")
    head = bytes((len(raw),)) + raw
    kind = type(value)
    if kind is str or kind is bytes:
        data = value.encode() if isinstance(value, str) else value
        assert isinstance(data, bytes)
        if len(data) > 32767:
            raise ValueError(f"the header {name} is longer than 32767 bytes")
        return head + (b"\x07" if kind is str else b"\x06") + struct.pack("!H", len(data)) + data
    if kind is bool:
        return head + (b"\x00" if value else b"\x01")
    if isinstance(value, uuid.UUID):
        return head + b"\x09" + value.bytes
    try:
        if kind is Byte:
            return head + struct.pack("!Bb", 2, value)
        if kind is Short:
            return head + struct.pack("!Bh", 3, value)
        if kind is Millis:
            return head + struct.pack("!Bq", 8, value)
        assert isinstance(value, int), f"the header {name} cannot be a {kind.__name__}"
        if kind is Long or (kind is not Int and not -(1 << 31) <= value < 1 << 31):
            return head + struct.pack("!Bq", 5, value)
        return head + struct.pack("!Bi", 4, value)
    except struct.error as error:
        raise ValueError(f"the header {name} does not fit: {error}") from None


def encode(headers: Mapping[str, HeaderValue], payload: bytes = b"") -> bytes:
    """The bytes of one message. Raises ValueError for what the format cannot hold."""
    block = b"".join([_header(name, value) for name, value in headers.items()])
    if len(block) > HEADERS_BYTES_MAX or len(payload) > PAYLOAD_BYTES_MAX:
        raise ValueError("the message is too large")
    lengths = struct.pack("!II", 16 + len(block) + len(payload), len(block))
    message = b"".join((lengths, struct.pack("!I", crc32(lengths)), block, payload))
    return message + struct.pack("!I", crc32(message))


def _headers(block: bytes) -> dict[str, HeaderValue]:
    found: dict[str, HeaderValue] = {}
    at, end = 0, len(block)
    while at < end:
        size = block[at]
        name = block[at + 1 : at + 1 + size].decode()
        at += 1 + size
        if not size or at >= end or name in found:
            raise ValueError("a header has no name, no value or comes twice")
        kind = block[at]
        at += 1
        value: HeaderValue
        if kind == 0 or kind == 1:
            value, width = kind == 0, 0
        elif kind == 6 or kind == 7:
            (width,) = struct.unpack_from("!H", block, at)
            at += 2
            raw = block[at : at + width]
            value = raw.decode() if kind == 7 else raw
        elif kind == 9:
            width = 16
            value = uuid.UUID(bytes=block[at : at + 16])
        elif kind in _NUMBERS:
            form, width, number = _NUMBERS[kind]
            value = number(struct.unpack_from(form, block, at)[0])
        else:
            raise ValueError(f"there is no header type {kind}")
        at += width
        if at > end:
            raise ValueError("the headers are cut off")
        found[name] = value
    return found


_NUMBERS: dict[int, tuple[str, int, Callable[[Any], int]]] = {
    2: ("!b", 1, Byte),
    3: ("!h", 2, Short),
    4: ("!i", 4, Int),
    5: ("!q", 8, Long),
    8: ("!q", 8, Millis),
}


class Decoder:
    """Takes bytes as they come and gives whole messages. Raises ValueError for a damaged stream."""

    __slots__ = ("_kept",)

    def __init__(self) -> None:
        self._kept = bytearray()

    @property
    def is_idle(self) -> bool:
        """Whether the stream may end here: no message has begun."""
        return not self._kept

    def feed(self, data: bytes) -> list[Message]:
        """The messages that these bytes complete."""
        kept = self._kept
        kept += data
        found: list[Message] = []
        while len(kept) >= 12:
            total, headers, check = _PRELUDE.unpack_from(kept)
            if crc32(kept[:8]) != check:
                raise ValueError("the checksum of the prelude is wrong")
            if headers > HEADERS_BYTES_MAX or not 16 + headers <= total <= 16 + headers + PAYLOAD_BYTES_MAX:
                raise ValueError("the lengths in the prelude are impossible")
            if len(kept) < total:
                break
            message = bytes(kept[:total])
            del kept[:total]
            if crc32(message[:-4]) != int.from_bytes(message[-4:], "big"):
                raise ValueError("the checksum of the message is wrong")
            try:
                parsed = _headers(message[12 : 12 + headers])
            except (struct.error, UnicodeDecodeError, IndexError) as error:
                raise ValueError(f"the headers are damaged: {error}") from None
            found.append(Message(parsed, message[12 + headers : -4]))
        return found


# --- modelled streams ---------------------------------------------------------------------------------------------


class _Event:
    """How one event of a stream is written and read."""

    __slots__ = ("content_type", "headers", "is_exception", "name", "payload", "payload_kind", "read", "write")

    def __init__(self, name: str, traits: Mapping[str, Any]) -> None:
        self.name = name
        self.is_exception = bool(traits.get("exception"))
        self.headers: list[tuple[str, str]] = []  # (member, type)
        self.payload = ""
        self.payload_kind = ""
        self.content_type = ""
        self.write: Callable[[Any], bytes] | None = None
        self.read: Callable[[bytes], Any] | None = None


class EventShapes:
    """The events of a modelled stream, `{"Records": {"Payload": b"..."}}`, as messages and back.

    `form` is how structures are written: "json", "xml" or "cbor".
    """

    __slots__ = ("_events", "_form", "_model")

    def __init__(self, model: ServiceModel, shape: str, form: str) -> None:
        self._model = model
        self._form = form
        self._events = {
            name: self._event(name, merged(model, reference))
            for name, reference in model.shapes[shape]["members"].items()
        }

    def _event(self, name: str, traits: Mapping[str, Any]) -> _Event:
        event = _Event(name, traits)
        body = []
        for member, reference in traits["members"].items():
            inner = merged(self._model, reference)
            if inner.get("eventheader"):
                event.headers.append((member, inner["type"]))
            elif inner.get("eventpayload"):
                event.payload, event.payload_kind = member, inner["type"]
                if inner["type"] not in ("blob", "string"):
                    root = str(inner.get("locationName", inner["shape"]))
                    event.write, event.read = self._body(inner["shape"], root, None)
            else:
                body.append(member)
        if event.payload_kind == "blob":
            event.content_type = "application/octet-stream"
        elif event.payload_kind == "string":
            event.content_type = "text/plain"
        elif event.payload or body:
            event.content_type = {"json": "application/json", "cbor": "application/cbor"}.get(self._form, "text/xml")
            if not event.payload:
                event.write, event.read = self._body(traits["shape"], traits["shape"], tuple(body))
        return event

    def _body(
        self, shape: str, root: str, only: tuple[str, ...] | None
    ) -> tuple[Callable[[Any], bytes], Callable[[bytes], Any]]:
        if self._form == "xml":
            return self._xml(shape, root, only)
        if self._form == "cbor":
            from haar.wire import cbor  # only some protocols need it

            dumps: Callable[[Any], bytes] = cbor.encode
            loads: Callable[[bytes], Any] = cbor.decode
        else:
            import orjson

            dumps, loads = orjson.dumps, orjson.loads
        render = compile_renderer(self._model, shape, self._form)
        parse = compile_parser(self._model, shape, self._form)

        def write(value: Any) -> bytes:
            return dumps(render(value if only is None else {k: v for k, v in value.items() if k in only}))

        def read(payload: bytes) -> Any:
            value = parse(loads(payload)) if payload else {}
            return value if only is None else {k: v for k, v in value.items() if k in only}

        return write, read

    def _xml(
        self, shape: str, root: str, only: tuple[str, ...] | None
    ) -> tuple[Callable[[Any], bytes], Callable[[bytes], Any]]:
        render = renderer(self._model, shape, _DIALECT, only, "event")
        parse = parser(self._model, shape, texts.readers(_unreadable), only, "event")
        namespace = namespace_of(self._model)
        head = f'<{root} xmlns="{namespace}">' if namespace else f"<{root}>"

        def write(value: Any) -> bytes:
            return f"{head}{render(value)}</{root}>".encode()

        def read(payload: bytes) -> Any:
            return parse(parse_document(payload)) if payload else {}

        return write, read

    def message(self, event: Mapping[str, Any]) -> bytes:
        """The bytes of one event, `{name: value}`; a modelled exception is written as one."""
        ((name, value),) = event.items()
        known = self._events[name]
        headers: dict[str, HeaderValue]
        if known.is_exception:
            headers = {":message-type": "exception", ":exception-type": name}
        else:
            headers = {":message-type": "event", ":event-type": name}
        payload = b""
        if known.payload_kind in ("blob", "string"):
            inner = value.get(known.payload, b"")
            payload = inner.encode() if isinstance(inner, str) else bytes(inner)
        elif known.payload:
            inner = value.get(known.payload)
            if inner is not None and known.write is not None:
                payload = known.write(inner)
        elif known.write is not None:
            payload = known.write(value)
        if known.content_type and (payload or not known.payload):
            headers[":content-type"] = known.content_type
        for member, kind in known.headers:
            held = value.get(member)
            if held is not None:
                headers[member] = _to_header(kind, held)
        return encode(headers, payload)

    def failure(self, error: ServiceError) -> bytes:
        """An error in the middle of a stream: a modelled exception, else a plain error message."""
        for name, event in self._events.items():
            if event.is_exception and error.code == name:
                return self.message({name: {"message": error.message, "Message": error.message, **error.members}})
        for name, event in self._events.items():
            if event.is_exception and error.code.lower() == name.lower():  # members begin with a small letter
                return self.message({name: {"message": error.message, "Message": error.message, **error.members}})
        return encode({":message-type": "error", ":error-code": error.code, ":error-message": error.message})

    def write(self, events: Iterable[Mapping[str, Any]]) -> bytes:
        """The bytes of a whole stream."""
        return b"".join([self.message(event) for event in events])

    def stream(self, events: Iterable[Mapping[str, Any]]) -> bytes | Stream:
        """The body of a reply: at once for a list; piece by piece, made while it is sent, for what comes one by one.

        A ServiceError on the way becomes the stream's last message, as there is no status left to say it with.
        """
        if isinstance(events, (list, tuple)):
            return self.write(events)
        return Stream(lambda: self._pieces(events), None, slow=True)

    def _pieces(self, events: Iterable[Mapping[str, Any]]) -> Iterator[bytes]:
        try:
            for event in events:
                yield self.message(event)
        except ServiceError as error:
            yield encode({":message-type": "error", ":error-code": error.code, ":error-message": error.message}, b"")

    def event(self, message: Message) -> dict[str, Any]:
        """The event behind a message, `{name: value}`; {} for one that is not modelled. Raises ServiceError."""
        name = message.headers.get(":event-type") or message.headers.get(":exception-type")
        known = self._events.get(name) if isinstance(name, str) else None
        if known is None:
            return {}
        value: dict[str, Any] = {}
        try:
            if known.payload_kind == "blob":
                value[known.payload] = message.payload
            elif known.payload_kind == "string":
                value[known.payload] = message.payload.decode()
            elif known.read is not None:
                if known.payload:
                    value[known.payload] = known.read(message.payload)
                else:
                    value.update(known.read(message.payload))
        except (ValueError, RecursionError):
            raise _broken("The payload of an event can not be read") from None
        for member, kind in known.headers:
            if member in message.headers:
                value[member] = _from_header(kind, message.headers[member])
        return {known.name: value}

    def read(self, body: bytes) -> list[dict[str, Any]]:
        """The events of a whole stream, opened where clients wrap them in signed messages. Raises ServiceError."""
        return [event for message in _messages(body) if (event := self.event(message))]


def _messages(body: bytes) -> list[Message]:
    """The messages of a whole stream; what is wrapped in a signed message is taken out of it. Raises ServiceError."""
    found: list[Message] = []
    decoder = Decoder()
    try:
        for message in decoder.feed(body):
            if ":chunk-signature" in message.headers and ":event-type" not in message.headers:
                found.extend(Decoder().feed(message.payload))
            else:
                found.append(message)
    except ValueError as error:
        raise _broken(str(error)) from None
    if not decoder.is_idle:
        raise _broken("the stream ends inside a message")
    return found


class RpcStream:
    """A whole body in the RPC protocols, where one member of the request or the reply is a stream of events.

    The other members come first, in a message of their own: `initial-request` or `initial-response`.
    https://smithy.io/2.0/aws/amazon-eventstream.html#initial-request-and-initial-response
    """

    __slots__ = ("events", "member")

    #: the content type of such a body
    CONTENT_TYPE = "application/vnd.amazon.eventstream"

    def __init__(self, member: str, events: EventShapes) -> None:
        #: the member that is the stream
        self.member = member
        self.events = events

    def read(self, body: bytes) -> tuple[bytes, list[dict[str, Any]]]:
        """The payload of the initial request (empty when there is none), and the events. Raises ServiceError."""
        messages = _messages(body)
        first = b""
        if messages and messages[0].headers.get(":event-type") == "initial-request":
            first = messages.pop(0).payload
        return first, [event for message in messages if (event := self.events.event(message))]

    def write(self, content_type: str, first: bytes, events: Iterable[Mapping[str, Any]]) -> bytes:
        """The body of a reply: the other members, as the protocol writes them, then the events."""
        headers: dict[str, HeaderValue] = {
            ":message-type": "event",
            ":event-type": "initial-response",
            ":content-type": content_type,
        }
        return encode(headers, first) + self.events.write(events)


def _broken(why: str) -> ServiceError:
    return ServiceError(
        "SerializationException", f"The event stream can not be read: {why}", status=400, fault="sender"
    )


def _unreadable(text: str, wanted: str) -> NoReturn:
    raise _broken(f"'{text}' is not a {wanted}")


def _to_header(kind: str, value: Any) -> HeaderValue:
    if kind == "timestamp":
        return Millis(round(value * 1000))
    wider: dict[str, type[int]] = {"byte": Byte, "short": Short, "integer": Int, "long": Long}
    if kind in wider:
        return wider[kind](value)
    return value  # type: ignore[no-any-return]


def _from_header(kind: str, value: HeaderValue) -> Any:
    if kind == "timestamp" and isinstance(value, int):
        return value / 1000
    return int(value) if isinstance(value, int) and not isinstance(value, bool) else value
