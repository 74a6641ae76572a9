"""What AWS's services look like, read from the models that the installed botocore package carries as data.

botocore itself is never imported (it costs 0.2 s and 25 MB): its folder is found, its JSON files are read, its own
corrections (`*.sdk-extras.json`) and the room's (`haar/services/<name>/model-patch.json`, an RFC 7396 merge patch)
are applied, documentation is dropped, and the rest is kept by `marshal` in the cache directory. A model then loads
in milliseconds.
"""

from __future__ import annotations

import hashlib
import os
import re
import sys
from collections.abc import Mapping
from functools import cache as once
from pathlib import Path
from typing import Any

from haar.catalog import cache

__all__ = [
    "ServiceModel",
    "botocore_data",
    "botocore_version",
    "merge_patch",
    "model",
    "published",
    "snake_case",
    "versions",
]

#: Part of every cached file's name: raise it when what `_strip` keeps changes.
FORMAT = 3

_OPERATION_DROPS = frozenset(
    ("documentation", "deprecatedMessage", "deprecatedSince", "staticContextParams", "operationContextParams")
)
_SHAPE_DROPS = frozenset(("documentation", "deprecated", "deprecatedMessage", "deprecatedSince", "contextParam"))


class ServiceModel:
    """One service's model: botocore's own dicts, without their documentation.

    `operations` and `shapes` are keyed by AWS's names; `paginators` by operation; `snake` turns a client method name
    (`send_message`) into an operation (`SendMessage`). `stamp` changes whenever the content can have changed.
    Raises KeyError from `model()` for a service botocore does not know.
    """

    __slots__ = ("metadata", "name", "operations", "paginators", "protocol", "shapes", "snake", "stamp")

    def __init__(
        self,
        name: str,
        stamp: str,
        metadata: dict[str, Any],
        operations: dict[str, dict[str, Any]],
        shapes: dict[str, dict[str, Any]],
        paginators: dict[str, dict[str, Any]],
        snake: dict[str, str],
    ) -> None:
        self.name = name
        self.stamp = stamp
        self.metadata = metadata
        self.operations = operations
        self.shapes = shapes
        self.paginators = paginators
        self.snake = snake
        self.protocol: str = metadata["protocol"]

    @property
    def signing_name(self) -> str:
        """The service's name in a signature's scope and (nearly always) in ARNs and IAM actions."""
        name: str = self.metadata.get("signingName") or self.metadata["endpointPrefix"]
        return name

    def __repr__(self) -> str:
        return f"<ServiceModel {self.name} {self.metadata.get('apiVersion')}>"


@once
def _botocore() -> Path:
    import importlib.util

    spec = importlib.util.find_spec("botocore")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("Haar reads AWS's service models from the botocore package, which is not installed")
    return Path(spec.submodule_search_locations[0])


def botocore_data() -> Path:
    """The folder of botocore's data files."""
    return _botocore() / "data"


@once
def botocore_version() -> str:
    """The version of the installed botocore, read without importing it."""
    text = (_botocore() / "__init__.py").read_text(encoding="utf-8")
    found = re.search(r"^__version__\s*=\s*['\"]([^'\"]+)", text, re.MULTILINE)
    return found.group(1) if found else "unknown"


def versions(service: str) -> list[str]:
    """The API versions botocore has for a service, oldest first; empty for an unknown service."""
    try:
        folders = sorted(os.listdir(botocore_data() / service))
    except OSError:
        return []
    return [name for name in folders if _find(botocore_data() / service / name, "service-2")]


def _find(folder: Path, stem: str) -> Path | None:
    for ending in (".json.gz", ".json"):
        path = folder / (stem + ending)
        if path.exists():
            return path
    return None


def read_json(path: Path) -> Any:
    """A JSON file, gzipped or not."""
    import json

    raw = path.read_bytes()
    if path.suffix == ".gz":
        import gzip

        raw = gzip.decompress(raw)
    return json.loads(raw)


def merge_patch(target: Any, patch: Any) -> Any:
    """Apply an RFC 7396 merge patch: null deletes, objects merge, everything else replaces."""
    if not isinstance(patch, Mapping):
        return patch
    merged: dict[str, Any] = dict(target) if isinstance(target, Mapping) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = merge_patch(merged.get(key), value)
    return merged


def _deep_merge(target: dict[str, Any], extras: Mapping[str, Any]) -> None:
    """botocore's own way to merge its extras: objects merge, everything else replaces."""
    for key, value in extras.items():
        present = target.get(key)
        if isinstance(present, dict) and isinstance(value, dict):
            _deep_merge(present, value)
        else:
            target[key] = value


@once
def _irregular_snakes() -> dict[str, str]:
    """The operation names botocore spells by exception, from the table in its source."""
    import ast

    tree = ast.parse((_botocore() / "__init__.py").read_text(encoding="utf-8"))
    for statement in tree.body:
        if isinstance(statement, ast.Assign) and any(
            isinstance(target, ast.Name) and target.id == "_xform_cache" for target in statement.targets
        ):
            table = ast.literal_eval(statement.value)
            return {name: spelled for (name, joint), spelled in table.items() if joint == "_"}
    return {}


_PLURAL = re.compile(r"[A-Z]{2,}s$")
_WORD_START = re.compile(r"(.)([A-Z][a-z]+)")
_WORD_END = re.compile(r"([a-z0-9])([A-Z])")


def snake_case(name: str) -> str:
    """The method name botocore gives an operation: `ListMFADevices` -> `list_mfa_devices`."""
    if "_" in name:
        return name
    irregular = _irregular_snakes().get(name)
    if irregular is not None:
        return irregular
    plural = _PLURAL.search(name)
    if plural is not None:
        name = f"{name[: plural.start()]}_{plural.group().lower()}"
    return _WORD_END.sub(r"\1_\2", _WORD_START.sub(r"\1_\2", name)).lower()


def _patch_file(service: str) -> Path | None:
    room = service.replace("-", "_")
    services = Path(__file__).resolve().parent.parent / "services"
    for folder in (room, room + "_"):
        path = services / folder / "model-patch.json"
        if path.exists():
            return path
    return None


def _lean(value: Any, drops: frozenset[str]) -> Any:
    """A copy without the dropped keys, its strings shared."""
    if isinstance(value, dict):
        return {sys.intern(key): _lean(item, drops) for key, item in value.items() if key not in drops}
    if isinstance(value, list):
        return [_lean(item, drops) for item in value]
    if isinstance(value, str) and len(value) < 64:
        return sys.intern(value)
    return value


def _strip_shape(shape: dict[str, Any]) -> dict[str, Any]:
    lean: dict[str, Any] = {}
    for key, value in shape.items():
        if key == "members":  # a member may well be called "documentation": only its traits are dropped
            lean[key] = {sys.intern(name): _lean(member, _SHAPE_DROPS) for name, member in value.items()}
        elif key not in _SHAPE_DROPS:
            lean[sys.intern(key)] = _lean(value, _SHAPE_DROPS)
    return lean


def _build(service: str, api_version: str, patch: Path | None) -> tuple[Any, ...]:
    folder = botocore_data() / service / api_version
    path = _find(folder, "service-2")
    assert path is not None, f"botocore has no model for {service} {api_version}"
    raw = read_json(path)
    pages_path = _find(folder, "paginators-1")
    pages = read_json(pages_path) if pages_path else {"pagination": {}}
    for stem, value in (("service-2", raw), ("paginators-1", pages)):
        extras = _find(folder, f"{stem}.sdk-extras")
        if extras is not None:
            _deep_merge(value, read_json(extras).get("merge", {}))
    if patch is not None:
        raw = merge_patch(raw, read_json(patch))
    operations = {sys.intern(name): _lean(operation, _OPERATION_DROPS) for name, operation in raw["operations"].items()}
    shapes = {sys.intern(name): _strip_shape(shape) for name, shape in raw["shapes"].items()}
    snake = {snake_case(name): name for name in operations}
    return (_lean(raw["metadata"], frozenset()), operations, shapes, _lean(pages["pagination"], frozenset()), snake)


@once
def model(service: str, api_version: str = "") -> ServiceModel:
    """The model of a service by its botocore folder name ("sqs", "stepfunctions"); KeyError when there is none.

    Without `api_version` it is the newest. The corrections of the service's room are in it.
    """
    return _model(service, api_version, _patch_file(service))


@once
def published(service: str) -> ServiceModel:
    """The newest model of a service as AWS publishes it, without the corrections of its room."""
    return _model(service, "", None)


def _model(service: str, api_version: str, patch: Path | None) -> ServiceModel:
    if not re.fullmatch(r"[a-z0-9][a-z0-9.-]*", service):
        raise KeyError(service)
    known = versions(service)
    if not known or (api_version and api_version not in known):
        raise KeyError(service)
    wanted = api_version or known[-1]
    stamp = f"{botocore_version()}-{FORMAT}-{wanted}"
    if patch is not None:
        stamp += "-" + hashlib.sha256(patch.read_bytes()).hexdigest()[:12]
    path = f"models/{stamp}/{service}"
    parts = cache.load(path)
    if parts is None:
        parts = _build(service, wanted, patch)
        cache.save(path, parts)
    return ServiceModel(service, stamp, *parts)
