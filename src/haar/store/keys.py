"""Keys whose bytes sort as the values they stand for.

| value   | bytes                                                                                   |
|---------|-----------------------------------------------------------------------------------------|
| None    | 01                                                                                      |
| False   | 08                                                                                      |
| True    | 09                                                                                      |
| str     | 10, UTF-8 with 00 written 01 01 and 01 written 01 02, then 00                           |
| bytes   | 18, the bytes escaped in the same way, then 00                                          |
| < 0     | 20, the complement of the IEEE double, then what the double could not hold              |
| >= 0    | 21, the IEEE double, then what the double could not hold                                |

A whole number and a fraction share one order, so a field that holds now 3 and now 3.5 is still sorted.
A double cannot hold every large whole number: the difference (zero nearly always, one byte) follows it.

No encoding is the beginning of another, so encodings can be joined: the key of a tuple is its values'
encodings one after another, and every key that begins with some values lies between their encoding and
the same followed by FF, a byte that no encoding starts with.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from struct import Struct
from typing import Any

__all__ = ["AFTER", "encode", "encode_key", "encoder", "prefix_bounds", "starting_with", "table_prefix"]

#: Appended to an encoded prefix, this is behind every key that begins with the prefix.
AFTER = b"\xff"

_EXACT = 0x80
_positive = Struct(">BdB").pack
_double = Struct(">d").pack
_LARGEST_EXACT = 1 << 53


def table_prefix(table: str) -> bytes:
    """What all keys of one table (or index) begin with."""
    return table.encode() + b"\0"


def encode_key(table: str, *values: Any) -> bytes:
    """The key of a row: its table, then its key fields. TypeError or ValueError for what has no order."""
    return table_prefix(table) + encode(values)


def prefix_bounds(table: str, *values: Any) -> tuple[bytes, bytes]:
    """The half-open range of keys of a table whose first fields are these values."""
    start = encode_key(table, *values)
    return start, start + AFTER


def starting_with(text: str | bytes) -> bytes:
    """What the encodings of all strings that begin with `text` begin with."""
    return _encode_one(text)[:-1]


def encode(values: tuple[Any, ...]) -> bytes:
    """The encodings of the values, one after another."""
    # most keys are texts without control characters with a number among them: texts in a row are joined at once
    encoded = b""
    texts: list[str] = []
    for value in values:
        if value.__class__ is str:
            texts.append(value)
            continue
        if texts:
            encoded += _encode_texts(texts)
            texts = []
        if value.__class__ is float and value >= 0.0:
            encoded += _positive(0x21, value + 0.0, _EXACT)  # adding zero turns -0.0 into 0.0
        else:
            encoded += _encode_one(value)
    return encoded + _encode_texts(texts) if texts else encoded


@cache
def encoder(shape: str, table: str = "") -> Callable[[tuple[Any, ...]], bytes]:
    """`encode` for tuples of one shape, twice as quick: a letter a value: `f` a float, `i` a whole number, `s` a text.

    With a table, what all its keys begin with stands in front.

    A value of another type than its letter says is no mistake, only slower.
    """
    names = [f"v{position}" for position in range(len(shape))]
    lines = ["def encode_shape(values):", f"    ({''.join(name + ', ' for name in names)}) = values"]
    guards: list[str] = []
    pieces: list[str] = []
    texts: list[str] = []
    start = table_prefix(table) if table else b""
    # the beginning is written into the first piece, where that is a text
    head = rf"{table}\0" if table and shape[:1] == "s" else ""
    for letter, name in zip(shape + "f", [*names, ""], strict=True):
        if name and letter == "s":
            # asked of a text this takes a tenth of what it takes asked of bytes
            guards.append(rf"{name}.__class__ is str and '\0' not in {name} and '\1' not in {name}")
            texts.append(name)
            continue
        if texts:
            joined = head + "".join(rf"\x10{{{text}}}\0" for text in texts)
            head = ""
            pieces.append(f"f'{joined}'.encode()")
            texts = []
        if name and letter == "i":
            guards.append(f"{name}.__class__ is int and {name} <= {_LARGEST_EXACT}")
            pieces.append(f"(positive(0x21, {name}, {_EXACT}) if {name} >= 0 else whole({name}))")
        elif name:
            guards.append(f"{name}.__class__ is float and {name} >= 0.0")
            pieces.append(f"positive(0x21, {name} + 0.0, {_EXACT})")
    lines.append(f"    if {' and '.join(guards)}:")
    lines.append("        try:")
    lines.append(f"            return {'' if not table or shape[:1] == 's' else 'start + '}{' + '.join(pieces)}")
    lines.append("        except UnicodeEncodeError:")
    lines.append("            pass")
    lines.append("    return start + encode(values)")
    scope: dict[str, Any] = {"encode": encode, "positive": _positive, "start": start, "whole": _encode_int}
    exec("\n".join(lines), scope)  # noqa: S102 (made of the letters of a shape and nothing else)
    made: Callable[[tuple[Any, ...]], bytes] = scope["encode_shape"]
    return made


def _encode_texts(texts: list[str]) -> bytes:
    whole = "".join(texts)
    if "\0" not in whole and "\1" not in whole:
        try:
            return ("\x10" + "\0\x10".join(texts) + "\0").encode()
        except UnicodeEncodeError:
            pass
    return b"".join([_encode_one(text) for text in texts])


def _encode_one(value: Any) -> bytes:
    if value.__class__ is str:
        try:
            raw = value.encode()
        except UnicodeEncodeError:  # half of a surrogate pair, which JSON can carry
            raw = value.encode("utf-8", "surrogatepass")
        return b"\x10" + (_escape(raw) if 0 in raw or 1 in raw else raw) + b"\0"
    if value.__class__ is float and value >= 0.0:
        return _positive(0x21, value + 0.0, _EXACT)  # adding zero turns -0.0 into 0.0
    if value is None:
        return b"\x01"
    if value is False:
        return b"\x08"
    if value is True:
        return b"\x09"
    if isinstance(value, str):
        return b"\x10" + _escape(value.encode("utf-8", "surrogatepass")) + b"\0"
    if isinstance(value, (bytes, bytearray, memoryview)):
        return b"\x18" + _escape(bytes(value)) + b"\0"
    if isinstance(value, int):
        return _encode_int(value)
    if isinstance(value, float):
        return _encode_double(value) + b"\x80"
    raise TypeError(f"a key cannot hold a {type(value).__name__}: {value!r}")


def _escape(raw: bytes) -> bytes:
    return raw.replace(b"\1", b"\1\2").replace(b"\0", b"\1\1")


def _encode_double(value: float) -> bytes:
    if value >= 0:
        return b"\x21" + _double(value + 0.0)
    if value < 0:
        return b"\x20" + bytes(byte ^ 0xFF for byte in _double(value))
    raise ValueError("NaN has no place in an order")


def _encode_int(value: int) -> bytes:
    if -_LARGEST_EXACT <= value <= _LARGEST_EXACT:
        return _encode_double(float(value)) + b"\x80"
    try:
        nearest = float(value)
    except OverflowError:
        raise ValueError("a key cannot hold a whole number of more than 1023 bits") from None
    rest = value - int(nearest)
    size = (rest.bit_length() + 7) // 8
    if rest >= 0:
        return _encode_double(nearest) + bytes((_EXACT + size,)) + rest.to_bytes(size, "big")
    return _encode_double(nearest) + bytes((_EXACT - size,)) + (rest + (1 << 8 * size)).to_bytes(size, "big")
