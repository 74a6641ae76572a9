"""What Haar remembers: frozen values, stored by a key, kept in order by declared indexes.

A `Record` is declared once and the store does the rest::

    class Message(Record, expires="expires_at"):
        queue: str = key()
        id: str = key()
        body: str
        visible_at: float
        expires_at: float


    by_visibility = Index(Message, "queue", "visible_at")

* Fields declared with `key()` form the primary key, in the order they are written.
* Changing a record is `replace(record, field=value)` and `tx.put(...)`.
* A new field with a default needs nothing more: old rows read as if they had it.
* Any other change of shape names its predecessor: `class Queue(Record, previous=QueueV1)`
  with a `classmethod upgrade(cls, old: QueueV1) -> Queue`; rows are upgraded as they are read.
* `class Queue(Record, hot=True)`: few rows, read at nearly every call; the store keeps them decoded, so a list or
  dict in one is never changed in place.
* `@on_change(Message)` runs inside the transaction that changes a row, so counters cannot drift.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Self, TypeVar, dataclass_transform

import msgspec
from msgspec.structs import replace

if TYPE_CHECKING:
    from haar.store.transaction import Transaction

__all__ = ["RECORDS", "Index", "Record", "decode", "encode", "key", "on_change", "replace"]

R = TypeVar("R", bound="Record")
T = TypeVar("T", bound="Record")

#: Every record kind that has been imported, by its table name.
RECORDS: dict[str, type[Record]] = {}

#: Class options that belong to msgspec; every other one is a declaration that the kit reads (`arn=`, `missing=`, ...).
_STRUCT_OPTIONS = frozenset(
    ("frozen", "kw_only", "omit_defaults", "eq", "order", "gc", "dict", "weakref", "cache_hash")
)

_encode = msgspec.msgpack.Encoder().encode

_SMALL_BYTES = 4096


class _Key:
    """Marks a field as part of the primary key."""


def key() -> Any:
    """Declare a field as (the next) part of the record's primary key."""
    return _Key()


def _table_of(module: str, name: str) -> str:
    parts = module.split(".")
    if parts[0] == "haar" and len(parts) > 1:
        room = parts[2] if parts[1] == "services" and len(parts) > 2 else parts[1]
    else:
        room = parts[-1]
    return f"{room.rstrip('_')}.{name}"


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(key, msgspec.field))
class _RecordMeta(msgspec.StructMeta):
    """Collects what a record kind declares about itself."""

    def __new__(
        mcls,
        name: str,
        bases: tuple[type, ...],
        namespace: dict[str, Any],
        *,
        table: str = "",
        expires: str = "",
        previous: type[Record] | None = None,
        **options: Any,
    ) -> Any:
        declared = {word: options.pop(word) for word in [*options] if word not in _STRUCT_OPTIONS}
        own = [field for field, value in namespace.items() if isinstance(value, _Key)]
        for field in own:
            del namespace[field]
        inherited = next((base.__keys__ for base in bases if hasattr(base, "__keys__")), ())
        namespace["__keys__"] = (*inherited, *own)
        namespace["__table__"] = table or _table_of(namespace["__module__"], name)
        namespace["__expires__"] = expires or next((b.__expires__ for b in bases if hasattr(b, "__expires__")), "")
        namespace["__previous__"] = previous
        namespace["__version__"] = previous.__version__ + 1 if previous else 1
        namespace["__indexes__"] = []
        namespace["__changed__"] = []
        namespace["__decode__"] = None
        earlier: dict[str, Any] = next((b.__declared__ for b in bases if hasattr(b, "__declared__")), {})
        namespace["__declared__"] = {**earlier, **declared}
        options.setdefault("frozen", True)
        options.setdefault("kw_only", True)
        options.setdefault("omit_defaults", True)
        return super().__new__(mcls, name, bases, namespace, **options)

    def __init__(cls, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **options: Any) -> None:
        super().__init__(name, bases, namespace)
        if cls.__keys__:  # type: ignore[attr-defined]  # an abstract kind has no key and no table
            RECORDS[cls.__table__] = cls  # type: ignore[attr-defined,assignment]
            if cls.__expires__:  # type: ignore[attr-defined]
                Index(cls, cls.__expires__)  # type: ignore[attr-defined,arg-type]


# said again here: checkers do not look behind msgspec.Struct for it
@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(key, msgspec.field))
class Record(msgspec.Struct, metaclass=_RecordMeta):
    """A frozen value stored under its key. Subclass it; see the module docstring."""

    __keys__: ClassVar[tuple[str, ...]]
    __table__: ClassVar[str]
    __version__: ClassVar[int]
    __previous__: ClassVar[type[Record] | None]
    __expires__: ClassVar[str]
    __indexes__: ClassVar[list[Index[Any]]]
    __changed__: ClassVar[list[Callable[..., None]]]
    __declared__: ClassVar[dict[str, Any]]
    __decode__: ClassVar[Callable[[bytes], Any] | None]

    @property
    def key(self) -> tuple[Any, ...]:
        """The primary key, one value per `key()` field."""
        return tuple(getattr(self, field) for field in self.__keys__)

    @classmethod
    def upgrade(cls, old: Any) -> Self:
        """Turn a value of the `previous` kind into this one."""
        version = cls.__version__
        raise NotImplementedError(f"{cls.__table__} v{version} does not say how to upgrade from v{version - 1}")


class Index(Generic[T]):
    """Keeps the rows of a kind in the order of the named fields, then of the primary key.

    A field may be a property. A row whose first indexed field is None is left out of the index.
    """

    __slots__ = ("fields", "kind", "name")

    def __init__(self, kind: type[T], *fields: str) -> None:
        self.kind = kind
        self.fields = fields
        self.name = f"{kind.__table__}/{','.join(fields)}"
        kind.__indexes__.append(self)

    def entry(self, record: T) -> tuple[Any, ...] | None:
        """The index key of a record, or None when it is not in this index."""
        head = getattr(record, self.fields[0])
        if head is None:
            return None
        return (head, *(getattr(record, field) for field in self.fields[1:]), *record.key)


def on_change(
    kind: type[T],
) -> Callable[[Callable[[Transaction, T | None, T | None], None]], Callable[[Transaction, T | None, T | None], None]]:
    """Run a function (tx, old, new) in the transaction that puts (old None) or deletes (new None) a row."""

    def register(
        function: Callable[[Transaction, T | None, T | None], None],
    ) -> Callable[[Transaction, T | None, T | None], None]:
        kind.__changed__.append(function)
        return function

    return register


def encode(record: Record) -> bytes:
    """The stored bytes of a record: its schema version, then MessagePack."""
    return bytes((record.__version__,)) + _encode(record)


def decode(kind: type[R], stored: bytes) -> R:
    """The record behind stored bytes, upgraded from older schema versions where needed."""
    version = stored[0]
    if version != kind.__version__:
        previous = kind.__previous__
        assert previous is not None and version < kind.__version__, (
            f"{kind.__table__}: stored version {version} is newer than this Haar's {kind.__version__}; update Haar"
        )
        return kind.upgrade(decode(previous, stored))
    decoder = kind.__decode__
    if decoder is None:
        decoder = kind.__decode__ = msgspec.msgpack.Decoder(kind).decode
    # of a small row a copy is sooner made than a view
    return decoder(stored[1:] if len(stored) < _SMALL_BYTES else memoryview(stored)[1:])  # type: ignore[arg-type]
