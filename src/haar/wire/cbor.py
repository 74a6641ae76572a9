"""CBOR as AWS's RPC protocol uses it (RFC 8949; docs: https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html).

`encode` writes definite lengths. `decode` reads definite and indefinite lengths, tags 0 to 4 (dates, epoch seconds,
big numbers, decimals), half to double floats, null and undefined. What is malformed raises ValueError and nothing else.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any

from haar.wire.instants import parse_iso8601
from haar.wire.json_shapes import Instant

__all__ = ["decode", "encode"]

_DEPTH_MAX = 200
_NUMBER_BYTES_MAX = 64
_DOUBLE = struct.Struct(">d")
_UNPACK = {25: struct.Struct(">e"), 26: struct.Struct(">f"), 27: struct.Struct(">d")}
_BREAK = object()


def _head(major: int, size: int) -> bytes:
    if size < 24:
        return bytes((major | size,))
    if size < 0x100:
        return bytes((major | 24, size))
    if size < 0x10000:
        return struct.pack(">BH", major | 25, size)
    if size < 0x100000000:
        return struct.pack(">BI", major | 26, size)
    return struct.pack(">BQ", major | 27, size)


def encode(value: Any) -> bytes:
    """The CBOR bytes of a value of plain types; an `Instant` becomes tag 1 (epoch seconds)."""
    out = bytearray()
    _write(value, out)
    return bytes(out)


def _write(value: Any, out: bytearray) -> None:
    kind = type(value)
    if kind is str:
        data = value.encode()
        out += _head(0x60, len(data)) + data
    elif value is None:
        out.append(0xF6)
    elif kind is bool:
        out.append(0xF5 if value else 0xF4)
    elif kind is int:
        if value >= 0:
            _write_integer(0x00, 0xC2, value, out)
        else:
            _write_integer(0x20, 0xC3, -1 - value, out)
    elif kind is float:
        out.append(0xFB)
        out += _DOUBLE.pack(value)
    elif kind is Instant:
        out.append(0xC1)
        whole = int(value)
        _write(whole if whole == value else float(value), out)
    elif isinstance(value, bytes | bytearray | memoryview):
        out += _head(0x40, len(value)) + value
    elif isinstance(value, Mapping):
        out += _head(0xA0, len(value))
        for name, item in value.items():
            _write(name, out)
            _write(item, out)
    elif isinstance(value, list | tuple):
        out += _head(0x80, len(value))
        for item in value:
            _write(item, out)
    else:
        raise TypeError(f"CBOR has no {kind.__name__}")


def _write_integer(major: int, big_tag: int, size: int, out: bytearray) -> None:
    if size < 1 << 64:
        out += _head(major, size)
        return
    data = size.to_bytes((size.bit_length() + 7) // 8, "big")
    out.append(big_tag)
    out += _head(0x40, len(data)) + data


def decode(data: bytes) -> Any:
    """The one value in `data`; bytes after it are an error."""
    try:
        value, end = _read(data, 0, 0)
    except (IndexError, struct.error, OverflowError, TypeError) as trouble:
        raise ValueError("the CBOR ends too early or is malformed") from trouble
    if value is _BREAK or end != len(data):
        raise ValueError("there is something after the CBOR value")
    return value


def _argument(data: bytes, at: int, low: int) -> tuple[int, int]:
    if low < 24:
        return low, at
    if low > 27:
        raise ValueError("a reserved length")
    width = 1 << (low - 24)
    if at + width > len(data):
        raise ValueError("the CBOR ends too early")
    return int.from_bytes(data[at : at + width], "big"), at + width


def _read(data: bytes, at: int, depth: int) -> tuple[Any, int]:
    if depth > _DEPTH_MAX:
        raise ValueError("the CBOR is nested too deeply")
    first = data[at]
    major, low = first >> 5, first & 31
    at += 1
    if major == 7:
        return _read_simple(data, at, low)
    if low == 31:
        return _read_indefinite(data, at, major, depth)
    size, at = _argument(data, at, low)
    if major == 0:
        return size, at
    if major == 1:
        return -1 - size, at
    if major == 6:
        value, at = _read(data, at, depth + 1)
        return _tagged(size, value), at
    if major in (2, 3):
        end = at + size
        if end > len(data):
            raise ValueError("the CBOR ends too early")
        return (data[at:end] if major == 2 else data[at:end].decode()), end
    if size > len(data) - at:  # every item takes a byte at least
        raise ValueError("the CBOR ends too early")
    if major == 4:
        items = []
        for _ in range(size):
            item, at = _read_item(data, at, depth)
            items.append(item)
        return items, at
    table: dict[Any, Any] = {}
    for _ in range(size):
        name, at = _read_name(data, at, depth)
        table[name], at = _read_item(data, at, depth)
    return table, at


def _read_item(data: bytes, at: int, depth: int) -> tuple[Any, int]:
    item, at = _read(data, at, depth + 1)
    if item is _BREAK:
        raise ValueError("a break where a value is due")
    return item, at


def _read_name(data: bytes, at: int, depth: int) -> tuple[Any, int]:
    name, at = _read(data, at, depth + 1)
    if type(name) is not str and name is not _BREAK:
        raise ValueError("a name that is no text")
    return name, at


def _read_simple(data: bytes, at: int, low: int) -> tuple[Any, int]:
    if low in _UNPACK:
        unpack = _UNPACK[low]
        return unpack.unpack_from(data, at)[0], at + unpack.size
    if low == 20:
        return False, at
    if low == 21:
        return True, at
    if low in (22, 23):
        return None, at
    if low == 31:
        return _BREAK, at
    raise ValueError("a simple value without a meaning")


def _read_indefinite(data: bytes, at: int, major: int, depth: int) -> tuple[Any, int]:
    if major in (2, 3):
        kind: type = bytes if major == 2 else str
        parts: list[Any] = []
        while True:
            if data[at] != 0xFF and (data[at] >> 5 != major or data[at] & 31 == 31):
                raise ValueError("a piece of another kind")
            part, at = _read(data, at, depth + 1)
            if part is _BREAK:
                return kind().join(parts), at
            parts.append(part)
    if major == 4:
        items: list[Any] = []
        while True:
            item, at = _read(data, at, depth + 1)
            if item is _BREAK:
                return items, at
            items.append(item)
    if major == 5:
        table: dict[str, Any] = {}
        while True:
            name, at = _read_name(data, at, depth)
            if name is _BREAK:
                return table, at
            table[name], at = _read_item(data, at, depth)
    raise ValueError("this kind has no indefinite length")


def _tagged(tag: int, value: Any) -> Any:
    if value is _BREAK:
        raise ValueError("a break where a value is due")
    if tag == 1:
        if type(value) is not int and type(value) is not float:
            raise ValueError("an instant that is no number")
        return float(value)
    if tag == 0:
        if type(value) is not str:
            raise ValueError("a date that is no text")
        return parse_iso8601(value)
    if tag in (2, 3):
        if type(value) is not bytes or len(value) > _NUMBER_BYTES_MAX:
            raise ValueError("a big number that is no bytes")
        size = int.from_bytes(value, "big")
        return size if tag == 2 else -1 - size
    if tag == 4:
        if type(value) is not list or len(value) != 2 or any(type(part) is not int for part in value):
            raise ValueError("a decimal that is no pair of numbers")
        exponent, mantissa = value
        if abs(exponent) > 400:
            raise ValueError("a decimal beyond reason")
        return float(f"{mantissa}e{exponent}")
    return value
