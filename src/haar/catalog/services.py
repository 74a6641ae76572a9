"""The index of all services: which service a signature, a target header, a host label or a version speaks of.

It is built by `python tools/catalog.py` into `catalog/data/services.bin`; where that file is missing or belongs to
another botocore, the index is read from the first bytes of each model (0.2 s) and kept in the cache directory.
"""

from __future__ import annotations

import json
import marshal
import zlib
from functools import cache as once
from pathlib import Path
from typing import Any, NamedTuple

from haar.catalog import cache, models

__all__ = ["Index", "Service", "build", "index"]

#: Where `tools/catalog.py` puts the index.
BUILT = Path(__file__).resolve().parent / "data" / "services.bin"

_FORMAT = 2
_HEAD = 16384


class Service(NamedTuple):
    """One service as its model's metadata describes it."""

    name: str
    signing_name: str
    endpoint_prefix: str
    protocols: tuple[str, ...]
    target_prefix: str
    api_version: str
    full_name: str
    service_id: str


class Index(NamedTuple):
    """All services, and the ways to find one. Values are botocore folder names; several may share a key."""

    services: dict[str, Service]
    by_signing_name: dict[str, tuple[str, ...]]
    by_target_prefix: dict[str, tuple[str, ...]]
    by_endpoint_prefix: dict[str, tuple[str, ...]]
    by_query_version: dict[str, tuple[str, ...]]
    by_service_id: dict[str, tuple[str, ...]]


def _metadata(path: Path) -> dict[str, Any]:
    """A model's metadata from its first bytes; the whole file is read only if they are not there."""
    raw = path.read_bytes()
    head = zlib.decompressobj(wbits=31).decompress(raw, _HEAD) if path.suffix == ".gz" else raw[:_HEAD]
    text = head.decode("utf-8", "ignore")
    start = text.find('"metadata"')
    if start >= 0:
        try:
            found, _ = json.JSONDecoder().raw_decode(text, text.index("{", start))
        except ValueError:
            pass
        else:
            return found  # type: ignore[no-any-return]
    return models.read_json(path)["metadata"]  # type: ignore[no-any-return]


def build() -> tuple[Any, ...]:
    """Read every model's metadata; plain values that `marshal` can write."""
    rows: list[tuple[Any, ...]] = []
    for folder in sorted(models.botocore_data().iterdir()):
        known = models.versions(folder.name) if folder.is_dir() else []
        if not known:
            continue
        path = models._find(folder / known[-1], "service-2")
        assert path is not None
        meta = _metadata(path)
        # a model may prefer a newer protocol than older clients speak: `protocols` lists them all
        protocols = tuple(dict.fromkeys([meta["protocol"], *meta.get("protocols", ())]))
        rows.append(
            (
                folder.name,
                meta.get("signingName") or meta["endpointPrefix"],
                meta["endpointPrefix"],
                protocols,
                meta.get("targetPrefix", ""),
                meta["apiVersion"],
                meta["serviceFullName"],
                meta.get("serviceId", ""),
            )
        )
    return (_FORMAT, models.botocore_version(), rows)


def _is_current(value: Any) -> bool:
    return isinstance(value, tuple) and len(value) == 3 and value[:2] == (_FORMAT, models.botocore_version())


def _load() -> tuple[Any, ...]:
    try:
        value = marshal.loads(BUILT.read_bytes())
    except (OSError, ValueError, EOFError, TypeError):
        value = None
    if _is_current(value):
        return value  # type: ignore[no-any-return]
    value = cache.load("services")
    if not _is_current(value):
        value = build()
        cache.save("services", value)
    return value  # type: ignore[no-any-return]


#: Of services that share a name or a target, the one to try first where the names themselves do not decide.
_PREFERRED = ("rds", "elbv2", "timestream-write")


def _grouped(pairs: list[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    groups: dict[str, list[str]] = {}
    for key, name in pairs:
        if key:
            groups.setdefault(key, []).append(name)
    for key, names in groups.items():
        names.sort(key=lambda name: (name != key, name not in _PREFERRED, name))
    return {key: tuple(names) for key, names in groups.items()}


@once
def index() -> Index:
    """The index, read once."""
    services = {row[0]: Service(*row) for row in _load()[2]}
    every = list(services.values())
    return Index(
        services=services,
        by_signing_name=_grouped([(one.signing_name, one.name) for one in every]),
        by_target_prefix=_grouped([(one.target_prefix, one.name) for one in every]),
        by_endpoint_prefix=_grouped([(one.endpoint_prefix, one.name) for one in every]),
        by_query_version=_grouped(
            [
                (one.api_version, one.name)
                for one in every
                if {"query", "ec2"} & set(one.protocols) or one.name in QUERY_TOO
            ]
        ),
        by_service_id=_grouped([(one.service_id.replace(" ", ""), one.name) for one in every]),
    )


#: Services that still answer the query protocol although their models no longer list it
#: (docs: Amazon SQS Developer Guide, sqs-making-api-requests.html).
QUERY_TOO = frozenset(("sqs",))
