"""Keys: which row an item is, and texts that sort as key values do.

A sort key is kept as a text whose UTF-8 bytes are in DynamoDB's order::

    S   itself: strings are in the order of their UTF-8 bytes
    B   a character for every byte
    N   a (negative), b (zero) or c (positive); the power of ten of the first digit in two hexadecimal digits, and the
        digits. Of a negative number power and digits are turned round, and `~` ends it: -1.5 is before -1

A partition is eight hexadecimal digits of a hash and then the same text. Items of one partition key value are together;
the values themselves are in no order that anybody could rely on, as on AWS. An index whose key has several attributes
of a kind joins their texts with a separator that keeps the order.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Mapping
from functools import lru_cache
from hashlib import blake2b
from typing import Any

from haar.services.dynamodb.resources import SecondaryIndex, Table
from haar.services.dynamodb.service import PARTITION_KEY_BYTES_MAX, SORT_KEY_BYTES_MAX, invalid, invalid_value
from haar.services.dynamodb.values import canonical, kind_of, stored

__all__ = ["HASH_DIGITS", "index_place", "item_place", "key_of", "partition_of_value", "sort_text"]

#: How many hexadecimal digits of a hash a partition begins with.
HASH_DIGITS = 8
_MISMATCH = "The provided key element does not match the schema"


# ---- texts that sort


@lru_cache(maxsize=8192)
def _number_text(text: str) -> str:
    """A stored number as a text that sorts."""
    if text == "0":
        return "b"
    negative = text[0] == "-"
    whole, _, fraction = text.lstrip("-").partition(".")
    if whole != "0":
        power = len(whole) - 1
        digits = whole + fraction
    else:
        digits = fraction.lstrip("0")
        power = len(digits) - len(fraction) - 1
    digits = digits.rstrip("0")
    if not negative:
        return f"c{power + 130:02x}{digits}"
    return f"a{125 - power:02x}{digits.translate(_NINES)}~"


_NINES = str.maketrans("0123456789", "9876543210")


def sort_text(value: Mapping[str, Any]) -> str:
    """A key value, in stored form or as a request has it, as a text that sorts."""
    ((kind, content),) = value.items()
    if kind == "S":
        return content  # type: ignore[no-any-return]
    if kind == "N":
        return _number_text(canonical(content)[0])
    raw = b64decode(content) if content.__class__ is str else content
    return raw.decode("latin-1")


def joined(texts: list[str]) -> str:
    """Several texts as one that sorts as they do, one after another."""
    if len(texts) == 1:
        return texts[0]
    return "".join(text.replace("\1", "\1\2").replace("\0", "\1\1") + "\0" for text in texts)


def hashed(text: str) -> str:
    """The partition of a partition key's text."""
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=HASH_DIGITS // 2).hexdigest() + text


def partition_of_value(value: Mapping[str, Any]) -> str:
    """The partition of a partition key value."""
    return hashed(sort_text(value))


# ---- keys of requests


def check_key_value(name: str, value: Mapping[str, Any], is_hash: bool) -> None:
    """Refuse key values that are empty or too long. Raises ValidationException."""
    ((kind, content),) = value.items()
    if kind == "N":
        return
    size = len(content) if kind == "B" or content.isascii() else len(content.encode("utf-8", "surrogatepass"))
    if kind == "B" and content.__class__ is str:
        size = len(b64decode(content))
    if not size:
        what = "string" if kind == "S" else "binary"
        raise invalid(
            "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an "
            f"empty {what} value. Key: {name}"
        )
    if is_hash:
        if size > PARTITION_KEY_BYTES_MAX:
            raise invalid_value(
                f"Size of hashkey has exceeded the maximum size limit of{PARTITION_KEY_BYTES_MAX} bytes"
            )
    elif size > SORT_KEY_BYTES_MAX:
        raise invalid_value(
            f"Aggregated size of all range keys has exceeded the size limit of {SORT_KEY_BYTES_MAX} bytes"
        )


def key_of(table: Table, key: Mapping[str, Any]) -> tuple[str, str]:
    """Partition and sort of the item that a request's Key names. Raises ValidationException."""
    names = table.key_names
    if len(key) != len(names):
        raise invalid(_MISMATCH)
    types = table.types
    for name in names:
        value = key.get(name)
        if value is None or types[name] not in value:
            raise invalid(_MISMATCH)
    hash_key = key[table.hash_key]
    check_key_value(table.hash_key, hash_key, True)
    partition = partition_of_value(hash_key)
    if not table.range_key:
        return partition, ""
    range_key = key[table.range_key]
    check_key_value(table.range_key, range_key, False)
    return partition, sort_text(range_key)


def item_place(table: Table, item: Mapping[str, Any]) -> tuple[str, str]:
    """Partition and sort of a whole item that is going to be put. Raises ValidationException."""
    types = table.types
    for name in table.key_names:
        value = item.get(name)
        if value is None:
            raise invalid_value(f"Missing the key {name} in the item")
        if types[name] not in value:
            raise invalid_value(f"Type mismatch for key {name} expected: {types[name]} actual: {kind_of(value)}")
    hash_key = item[table.hash_key]
    check_key_value(table.hash_key, hash_key, True)
    if not table.range_key:
        return partition_of_value(hash_key), ""
    range_key = item[table.range_key]
    check_key_value(table.range_key, range_key, False)
    return partition_of_value(hash_key), sort_text(range_key)


def index_place(table: Table, index: SecondaryIndex, item: Mapping[str, Any]) -> tuple[str, str] | None:
    """Partition and sort of an item in an index; None when it lacks an attribute of the index's key."""
    types = table.types
    hashes = []
    for name in index.hash_keys:
        value = item.get(name)
        if value is None or types[name] not in value:
            return None
        hashes.append(sort_text(value))
    ranges = []
    for name in index.range_keys:
        value = item.get(name)
        if value is None or types[name] not in value:
            return None
        ranges.append(sort_text(value))
    return hashed(joined(hashes)), joined(ranges) if ranges else ""


def check_index_keys(table: Table, item: Mapping[str, Any]) -> None:
    """Refuse an item whose attributes cannot be keys of the table's indexes. Raises ValidationException."""
    types = table.types
    for index in table.indexes:
        for name in (*index.hash_keys, *index.range_keys):
            value = item.get(name)
            if value is None:
                continue
            kind = kind_of(value)
            if kind != types[name]:
                raise invalid_value(
                    f"Type mismatch for Index Key {name} Expected: {types[name]} Actual: {kind} IndexName: {index.name}"
                )
            if kind == "N":
                continue
            content = value[kind]
            if not content:
                what = "string" if kind == "S" else "binary"
                raise invalid(
                    "One or more parameter values are not valid. A value specified for a secondary index key is not "
                    "supported. The AttributeValue for a key attribute cannot contain an empty "
                    f"{what} value. IndexName: {index.name}, IndexKey: {name}"
                )
            size = (
                len(b64decode(content))
                if kind == "B" and content.__class__ is str
                else len(content if kind == "B" else content.encode("utf-8", "surrogatepass"))
            )
            if name in index.hash_keys and size > PARTITION_KEY_BYTES_MAX:
                raise invalid_value(
                    f"Size of hashkey has exceeded the maximum size limit of{PARTITION_KEY_BYTES_MAX} bytes"
                )
            if name in index.range_keys and size > SORT_KEY_BYTES_MAX:
                raise invalid_value(
                    f"Aggregated size of all range keys has exceeded the size limit of {SORT_KEY_BYTES_MAX} bytes"
                )


def request_key(key: Mapping[str, Any]) -> None:
    """Refuse values of a Key that are no values at all, before the table is looked at. Raises ValidationException."""
    for value in key.values():
        stored(value)
