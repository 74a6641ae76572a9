"""Random values of a botocore shape, from a seeded generator: what a client may send, and what a server may answer."""

from __future__ import annotations

import datetime
import random
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StringShape, StructureShape

_WORDS = (
    "alpha",
    "Beta-2",
    "x",
    "a b",
    "q&a",
    "<tag>",
    "ümlaut",
    "100%",
    'say "hi"',
    "a+b=c",
    "日本",
    "tab\tbed",
    "it's",
)
_TOKENS = ("alpha", "Beta-2", "x", "gamma.3", "d_4", "A1")
_DEPTH_MAX = 7


def random_value(
    shape: Shape, rng: random.Random, *, plain: bool = False, fraction: bool = False, depth: int = 0, fill: float = 0.7
) -> Any:
    """A value that a botocore client accepts for this shape.

    `plain` keeps strings to letters, digits and `.-_` (for headers). `fraction` lets timestamps have milliseconds.
    `fill` is the chance of an optional member to be there. Timestamps are aware datetimes, blobs are bytes.
    """
    more: dict[str, Any] = {"plain": plain, "fraction": fraction, "fill": fill}
    if isinstance(shape, StructureShape):
        if shape.is_document_type:
            return {"a": 1, "b": ["x", True, None]}
        return _structure(shape, rng, depth, more)
    if isinstance(shape, ListShape):
        least = int(shape.metadata.get("min", 0))
        count = least if depth > _DEPTH_MAX else max(least, rng.randint(1, 3))
        return [random_value(shape.member, rng, depth=depth + 1, **more) for _ in range(count)]
    if isinstance(shape, MapShape):
        if depth > _DEPTH_MAX:
            return {}
        return {
            random_value(shape.key, rng, plain=plain): random_value(shape.value, rng, depth=depth + 1, **more)
            for _ in range(rng.randint(1, 3))
        }
    return _scalar(shape, rng, plain, fraction)


def _structure(shape: StructureShape, rng: random.Random, depth: int, more: dict[str, Any]) -> dict[str, Any]:
    if shape.is_tagged_union:
        names = [rng.choice(sorted(shape.members))]
    else:
        names = [
            name
            for name in shape.members
            if name in shape.required_members or (depth <= _DEPTH_MAX and rng.random() < more["fill"])
        ]
    if not names and shape.members and depth <= _DEPTH_MAX:
        names = [rng.choice(sorted(shape.members))]  # forms cannot carry an empty structure
    value = {}
    for name in names:
        member = shape.members[name]
        where = member.serialization.get("location", "")
        if where == "statusCode":
            value[name] = 200
        elif member.serialization.get("hostLabel"):
            value[name] = "111122223333"
        elif where == "headers":  # HTTP does not keep the case of a header's name
            more_plain = {**more, "plain": True}
            made = random_value(member, rng, depth=depth + 1, **more_plain)
            value[name] = {key.lower(): text for key, text in made.items()}
        elif where in ("header", "headers", "uri") and not member.serialization.get("jsonvalue"):
            value[name] = random_value(member, rng, depth=depth + 1, **{**more, "plain": True, "fraction": False})
        else:
            value[name] = random_value(member, rng, depth=depth + 1, **more)
    return value


def _scalar(shape: Shape, rng: random.Random, plain: bool, fraction: bool) -> Any:
    kind = shape.type_name
    if kind == "string" and shape.serialization.get("jsonvalue") and shape.serialization.get("location") == "header":
        return {"k": [1, "v"]}
    if kind in ("string", "character"):
        return _string(shape, rng, plain)
    if kind == "boolean":
        return rng.random() < 0.5
    if kind in ("integer", "long", "short", "byte"):
        low = int(shape.metadata.get("min", 0))
        high = int(shape.metadata.get("max", low + 1000))
        return rng.randint(low, max(low, min(high, low + 100_000)))
    if kind in ("float", "double"):
        return float(shape.metadata.get("min", 0)) + rng.randint(0, 8) / 8
    if kind == "blob":
        least = int(shape.metadata.get("min", 0))
        return rng.randbytes(max(least, rng.randint(0, 20)))
    if kind == "timestamp":
        millis = rng.choice((0, 123, 500)) if fraction else 0
        base = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
        return base + datetime.timedelta(seconds=rng.randint(0, 30_000_000), milliseconds=millis)
    raise AssertionError(f"no random value for a {kind}")


def _string(shape: Shape, rng: random.Random, plain: bool) -> str:
    if isinstance(shape, StringShape) and shape.enum:
        return rng.choice(shape.enum)
    least = int(shape.metadata.get("min", 1))
    most = max(least, int(shape.metadata.get("max", 60)), 1)
    words = _TOKENS if plain else _WORDS
    text = rng.choice(words) + rng.choice(words).strip()
    while len(text) < least:
        text += rng.choice(words)
    text = text[:most]
    return text.strip() if len(text.strip()) >= least and text.strip() else "a" * max(1, least)


def seconds(value: Any) -> Any:
    """The same value as Haar sees it: timestamps as seconds since 1970."""
    if isinstance(value, datetime.datetime):
        return value.timestamp()
    if isinstance(value, dict):
        return {name: seconds(item) for name, item in value.items()}
    if isinstance(value, list):
        return [seconds(item) for item in value]
    return value
