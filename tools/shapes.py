"""Write `typings/haar/shapes/<room>.pyi`: the requests and replies of every service that has a room.

The types are the server's side of botocore's models, which is not the side the client stubs describe: a blob is
`bytes`, an instant is `float` (seconds since 1970), a required member is a required key. Enumerations are `str`,
because a room stores and returns plain strings, and requests have been validated before a room sees them.

They exist for type checkers and editors alone: `from haar.shapes import sqs as api` stands under TYPE_CHECKING.

    python tools/shapes.py              every room in src/haar/services
    python tools/shapes.py sqs dynamodb these services
"""

from __future__ import annotations

import gzip
import importlib.util
import json
import keyword
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ROOT / "src/haar/services"
SHAPES = ROOT / "typings/haar/shapes"

SCALARS = {
    "string": "str",
    "character": "str",
    "blob": "bytes",
    "boolean": "bool",
    "integer": "int",
    "long": "int",
    "short": "int",
    "byte": "int",
    "bigInteger": "int",
    "float": "float",
    "double": "float",
    "bigDecimal": "float",
    "timestamp": "float",
}
#: a member or shape of such a name would hide the type that others are written with
TAKEN = {*SCALARS.values(), "list", "dict", "Any", "AsyncIterable", "Literal", "NotRequired", "Required", "TypedDict"}
HEADER = '''"""Shapes of {service}, from botocore's model of {version}. Written by `make types`; do not edit."""

from collections.abc import AsyncIterable
from typing import Any, Literal, NotRequired, Required, TypedDict
'''


def models() -> Path:
    """The folder of botocore's models, found without importing botocore."""
    spec = importlib.util.find_spec("botocore")
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit("botocore is not installed: run `make types`")
    return Path(next(iter(spec.submodule_search_locations))) / "data"


def service_of(room: str) -> str:
    """botocore's name of the service in a room: `lambda_` is `lambda`, `service_quotas` is `service-quotas`."""
    return room.rstrip("_").replace("_", "-")


def load(service: str) -> dict[str, Any]:
    """The newest model of a service."""
    versions = sorted(path.parent for path in (models() / service).glob("*/service-2.json*"))
    if not versions:
        raise SystemExit(f"botocore has no model of a service named {service!r}")
    packed = versions[-1] / "service-2.json.gz"
    text = gzip.decompress(packed.read_bytes()) if packed.exists() else (versions[-1] / "service-2.json").read_bytes()
    model: dict[str, Any] = json.loads(text)
    return model


def is_plain(name: str) -> bool:
    """Whether a name can be written as it is in a class body."""
    return name.isidentifier() and not keyword.iskeyword(name) and name not in TAKEN


def spelling(shape: str) -> str:
    """A shape's name in Python: its own, with an underscore where Python has taken it (`None_`)."""
    return shape if is_plain(shape) else f"{shape}_"


class Writer:
    """Turns one model into the text of one stub."""

    def __init__(self, service: str, model: dict[str, Any]) -> None:
        self.service = service
        self.model = model
        self.shapes: dict[str, dict[str, Any]] = model["shapes"]

    def text(self) -> str:
        """The whole stub."""
        parts = [HEADER.format(service=self.service, version=self.model["metadata"]["apiVersion"]), self.errors()]
        parts += [self.structure(name) for name, shape in self.shapes.items() if self.is_class(shape)]
        return "\n".join(parts)

    @staticmethod
    def is_class(shape: dict[str, Any]) -> bool:
        return shape["type"] == "structure" and not shape.get("document") and not shape.get("eventstream")

    def errors(self) -> str:
        """`ErrorCode`: what the service may raise, by shape name and by the code on the wire."""
        named = {
            error["shape"] for operation in self.model["operations"].values() for error in operation.get("errors", ())
        }
        named |= {name for name, shape in self.shapes.items() if shape.get("exception")}
        codes = named | {code for name in named if (code := self.shapes[name].get("error", {}).get("code"))}
        if not codes:
            return "ErrorCode = str\n"
        lines = "".join(f"    {json.dumps(code)},\n" for code in sorted(codes))
        return f"ErrorCode = Literal[\n{lines}]\n"

    def structure(self, name: str) -> str:
        """A structure as a TypedDict; in the functional form when a member is not a Python name."""
        shape = self.shapes[name]
        required = set(shape.get("required", ()))
        members = {
            member: f"{'Required' if member in required else 'NotRequired'}[{self.annotation(what)}]"
            for member, what in shape.get("members", {}).items()
        }
        name = spelling(name)
        if all(is_plain(member) for member in members):
            body = "".join(f"    {member}: {kind}\n" for member, kind in members.items()) or "    pass\n"
            return f"class {name}(TypedDict):\n{body}"
        body = "".join(f"    {json.dumps(member)}: {kind},\n" for member, kind in members.items())
        return f'{name} = TypedDict("{name}", {{\n{body}}})\n'

    def annotation(self, member: dict[str, Any]) -> str:
        """The type of a member; lists and maps are written out."""
        name = member["shape"]
        shape = self.shapes[name]
        if shape["type"] == "blob" and (member.get("streaming") or shape.get("streaming")):
            return "bytes | AsyncIterable[bytes]"
        return self.of(name)

    def of(self, name: str) -> str:
        shape = self.shapes[name]
        match shape["type"]:
            case "structure" if shape.get("document"):
                return "Any"
            case "structure" if shape.get("eventstream"):
                return "AsyncIterable[dict[str, Any]]"
            case "structure":
                return spelling(name)
            case "list":
                return f"list[{self.of(shape['member']['shape'])}]"
            case "map":
                return f"dict[str, {self.of(shape['value']['shape'])}]"
            case scalar:
                return SCALARS[scalar]


def rooms() -> list[str]:
    """Every service that has a room."""
    return sorted(path.parent.name for path in ROOMS.glob("*/__init__.py"))


def write(room: str) -> int:
    """Write one room's stub where it differs; the number of its lines."""
    service = service_of(room)
    text = Writer(service, load(service)).text()
    target = SHAPES / f"{room}.pyi"
    if not target.exists() or target.read_text(encoding="utf-8") != text:
        target.write_text(text, encoding="utf-8")
    return text.count("\n")


def main(arguments: list[str]) -> None:
    """Write the stubs named, or those of every room."""
    SHAPES.mkdir(parents=True, exist_ok=True)
    (SHAPES / "__init__.pyi").touch()
    names = arguments or rooms()
    lines = sum(write(name) for name in names)
    print(f"typings: {len(names)} services, {lines:,} lines")


if __name__ == "__main__":
    main(sys.argv[1:])
