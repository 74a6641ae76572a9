"""AWS's IAM reference: the actions, resource types and condition keys of every service.

The data is built by `python tools/actions.py` into `data/actions.bin`. The file begins with a small index; each
service is compressed on its own and read only when asked for, so that a quiet server keeps none of it.

Source: Service Authorization Reference, reference_policies_actions-resources-contextkeys.html.
"""

from __future__ import annotations

import zlib
from functools import lru_cache
from pathlib import Path

import msgspec

from haar.errors import HaarError

__all__ = [
    "Action",
    "Missing",
    "ResourceType",
    "ServiceActions",
    "access_level",
    "find",
    "names",
    "prefixes",
    "service",
]

DATA = Path(__file__).parent / "data" / "actions.bin"
MAGIC = b"haar-actions-1\n"


class Missing(HaarError):
    """The built file is not there."""


class Action(msgspec.Struct, frozen=True):
    """One IAM action.

    `access_level` is List, Read, Write, Tagging or Permissions management. `resources` are (resource type,
    is it required); none means that the action knows only the resource `*`.
    """

    name: str
    access_level: str
    resources: tuple[tuple[str, bool], ...] = ()
    condition_keys: tuple[str, ...] = ()
    dependent_actions: tuple[str, ...] = ()


class ResourceType(msgspec.Struct, frozen=True):
    """A kind of resource and its ARN, such as `arn:${Partition}:sqs:${Region}:${Account}:${QueueName}`."""

    name: str
    arn: str
    condition_keys: tuple[str, ...] = ()


class ServiceActions(msgspec.Struct, frozen=True):
    """Everything the reference says about one service prefix."""

    prefix: str
    name: str
    actions: dict[str, Action]
    resources: dict[str, ResourceType]
    condition_keys: tuple[str, ...]


@lru_cache(maxsize=1)
def _index(path: Path) -> tuple[int, dict[str, tuple[int, int]]]:
    """Where the services begin, and offset and length of each."""
    try:
        with path.open("rb") as file:
            if file.read(len(MAGIC)) != MAGIC:
                raise Missing(f"{path} is of another version of Haar; run `make catalog`")
            length = int.from_bytes(file.read(4), "big")
            return len(MAGIC) + 4 + length, msgspec.msgpack.decode(file.read(length), type=dict[str, tuple[int, int]])
    except FileNotFoundError as error:
        raise Missing(f"{path} is not there; run `make catalog`") from error


@lru_cache(maxsize=16)
def _service(path: Path, prefix: str) -> ServiceActions | None:
    start, index = _index(path)
    place = index.get(prefix)
    if place is None:
        return None
    with path.open("rb") as file:
        file.seek(start + place[0])
        return msgspec.msgpack.decode(zlib.decompress(file.read(place[1])), type=ServiceActions)


def service(prefix: str) -> ServiceActions | None:
    """What the reference says about a service prefix such as `sqs`; None when it has no such service."""
    return _service(DATA, prefix.lower())


def prefixes() -> tuple[str, ...]:
    """Every service prefix, sorted."""
    return tuple(_index(DATA)[1])


def names(prefix: str) -> tuple[str, ...]:
    """The names of a service's actions, without the prefix, sorted; none for an unknown service."""
    found = service(prefix)
    return tuple(found.actions) if found else ()


def find(action: str) -> Action | None:
    """The action `sqs:SendMessage`, in any case; None when the reference does not know it."""
    prefix, _, name = action.partition(":")
    found = service(prefix)
    if found is None:
        return None
    exact = found.actions.get(name)
    if exact is not None:
        return exact
    lowered = name.lower()
    return next((entry for own, entry in found.actions.items() if own.lower() == lowered), None)


def access_level(action: str) -> str | None:
    """List, Read, Write, Tagging or Permissions management; None for an unknown action."""
    found = find(action)
    return found.access_level if found else None


def write(path: Path, services: dict[str, ServiceActions]) -> None:
    """Write the built file; `tools/actions.py` calls this."""
    parts: list[bytes] = []
    index: dict[str, tuple[int, int]] = {}
    at = 0
    for prefix in sorted(services):
        packed = zlib.compress(msgspec.msgpack.encode(services[prefix]), 9)
        index[prefix] = (at, len(packed))
        parts.append(packed)
        at += len(packed)
    head = msgspec.msgpack.encode(index)
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".tmp")
    unfinished.write_bytes(MAGIC + len(head).to_bytes(4, "big") + head + b"".join(parts))
    unfinished.replace(path)
