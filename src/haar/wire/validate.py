"""Holds a request against the model's own constraints: required, length, range, pattern, enum.

Two functions per operation. The first is compiled and only answers whether all is well; every request runs it. When
it says no, `explain` walks the model and words each failure as AWS's shared validation front does::

    1 validation error detected: Value 'x' at 'tags.1.member.key' failed to satisfy constraint: Member must have
    length less than or equal to 128

Members marked sensitive are not repeated in the message. Scalars in lists and maps are reported on the whole list
("Member must satisfy constraint: [...]"), structures by their place.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from haar.errors import ServiceError
from haar.wire.compile import Source, function
from haar.wire.patterns import compiled, matcher

if TYPE_CHECKING:
    from haar.catalog.models import ServiceModel

__all__ = ["DEFAULT_CODES", "Problem", "Validator", "explain", "unenforced_patterns"]

#: What a failed constraint is called, by protocol, where the service does not say otherwise.
DEFAULT_CODES: Mapping[str, str] = {
    "json": "ValidationException",
    "smithy-rpc-v2-cbor": "ValidationException",
    "rest-json": "ValidationException",
    "query": "ValidationError",
    "ec2": "InvalidParameterValue",
    "rest-xml": "InvalidRequest",
}
_PATTERN = "Member must satisfy regular expression pattern: "
#: Of more optional members than these it is asked at once whether any is there.
_ASKED_ONE_BY_ONE = 3
_NUMBERS = frozenset(("integer", "long", "short", "byte", "float", "double", "bigInteger", "bigDecimal"))


class Problem(NamedTuple):
    """One constraint that a value fails. `kind` is required, max, min, pattern, enum or members."""

    kind: str
    path: str
    shown: str
    constraint: str

    def __str__(self) -> str:
        return f"Value{self.shown} at '{self.path}' failed to satisfy constraint: {self.constraint}"


def _bounds(shape: Mapping[str, Any]) -> tuple[float | int | None, float | int | None]:
    low, high = shape.get("min"), shape.get("max")
    if low is not None and low <= 0 and shape["type"] not in _NUMBERS:
        low = None  # a length is never below zero
    return low, high


class _Writer:
    """Writes the function that answers whether all is well."""

    def __init__(self, model: ServiceModel, source: Source, enums: bool) -> None:
        self.shapes = model.shapes
        self.source = source
        self.enums = enums
        self.names: dict[str, str] = {}
        self.waiting: list[str] = []
        self.matchers: dict[str, str] = {}
        self.groups: dict[tuple[str, ...], str] = {}
        self.demanding = _demanding(model)

    def write(self, top: str) -> None:
        self.function("check", top)
        while self.waiting:
            shape_name = self.waiting.pop()
            self.function(self.names[shape_name], shape_name)
        for pattern, name in self.matchers.items():
            self.source.line(f"{name} = matcher({pattern!r})")
        for members, name in self.groups.items():
            self.source.line(f"{name} = frozenset({members!r})")

    def function(self, name: str, shape_name: str) -> None:
        shape = self.shapes[shape_name]
        with self.source.block(f"def {name}(value):"):
            kind = shape["type"]
            if kind == "structure":
                required = set(shape.get("required", ()))
                if required or any(self.cares(member["shape"]) for member in shape.get("members", {}).values()):
                    self.source.line("get = value.get")
                members = {name: member["shape"] for name, member in shape.get("members", {}).items()}
                may_be = [name for name, inner in members.items() if name not in required and self.cares(inner)]
                for member_name in [name for name in members if name in required]:
                    self.member(member_name, members[member_name], True)
                if len(may_be) > _ASKED_ONE_BY_ONE:
                    # a request has five members of forty
                    group = self.groups.setdefault(tuple(may_be), f"group_{len(self.groups)}")
                    with self.source.block(f"if not {group}.isdisjoint(value):"):
                        for member_name in may_be:
                            self.member(member_name, members[member_name], False)
                else:
                    for member_name in may_be:
                        self.member(member_name, members[member_name], False)
            elif kind == "list":
                inner = shape["member"]["shape"]
                if self.cares(inner):
                    with self.source.block("for x in value:"), self.source.block("if x is not None:"):
                        self.demand("x", inner)
            elif kind == "map":
                for part, expression in (("key", "value"), ("value", "value.values()")):
                    inner = shape[part]["shape"]
                    if self.cares(inner):
                        with self.source.block(f"for x in {expression}:"), self.source.block("if x is not None:"):
                            self.demand("x", inner)
            self.source.line("return True")

    def member(self, name: str, shape_name: str, is_required: bool) -> None:
        cares = self.cares(shape_name)
        if not is_required and not cares:
            return
        self.source.line(f"x = get({name!r})")
        if is_required:
            self.source.line("if x is None: return False")
            if cares:
                self.demand("x", shape_name)
        else:
            with self.source.block("if x is not None:"):
                self.demand("x", shape_name)

    def cares(self, shape_name: str) -> bool:
        return shape_name in self.demanding

    def demand(self, name: str, shape_name: str) -> None:
        """Write what the value `name` must fulfil."""
        shape = self.shapes[shape_name]
        kind = shape["type"]
        low, high = _bounds(shape)
        subject = name if kind in _NUMBERS else f"len({name})"
        if kind != "structure" and kind != "timestamp" and kind != "boolean":
            if low is not None and high is not None:
                self.source.line(f"if not {low!r} <= {subject} <= {high!r}: return False")
            elif low is not None:
                self.source.line(f"if {subject} < {low!r}: return False")
            elif high is not None:
                self.source.line(f"if {subject} > {high!r}: return False")
        if kind == "string":
            if shape.get("enum") and self.enums:
                self.source.line(f"if {name} not in {frozenset_text(shape['enum'])}: return False")
            if shape.get("pattern"):
                pattern = shape["pattern"]
                match = self.matchers.setdefault(pattern, f"matches_{len(self.matchers)}")
                self.source.line(f"if not {match}({name}): return False")
        elif kind in ("structure", "list", "map") and not shape.get("document") and self.has_inside(shape_name):
            callee = self.names.get(shape_name)
            if callee is None:
                callee = self.names[shape_name] = self.source.fresh(f"check_{shape_name}")
                self.waiting.append(shape_name)
            self.source.line(f"if not {callee}({name}): return False")

    def has_inside(self, shape_name: str) -> bool:
        shape = self.shapes[shape_name]
        if shape["type"] == "list":
            return self.cares(shape["member"]["shape"])
        if shape["type"] == "map":
            return self.cares(shape["key"]["shape"]) or self.cares(shape["value"]["shape"])
        return True


def frozenset_text(values: list[str]) -> str:
    """A set display: Python turns it into a constant frozenset when it stands after `in`."""
    return "{" + ", ".join(repr(value) for value in values) + "}"


@lru_cache(maxsize=512)
def _demanding(model: ServiceModel) -> frozenset[str]:
    """The shapes that demand anything, themselves or inside."""
    shapes = model.shapes
    users: dict[str, list[str]] = {}
    found: set[str] = set()
    for name, shape in shapes.items():
        low, high = _bounds(shape)
        if low is not None or high is not None or shape.get("pattern") or shape.get("enum") or shape.get("required"):
            found.add(name)
        inner = [member["shape"] for member in shape.get("members", {}).values()]
        inner += [shape[part]["shape"] for part in ("member", "key", "value") if part in shape]
        for one in inner:
            users.setdefault(one, []).append(name)
    waiting = list(found)
    while waiting:
        for user in users.get(waiting.pop(), ()):
            if user not in found:
                found.add(user)
                waiting.append(user)
    return frozenset(found)


class Validator:
    """Refuses the requests of one operation that the model's constraints do not allow."""

    __slots__ = ("check", "default_code", "enums", "model", "shape_name")

    def __init__(self, model: ServiceModel, operation: str, protocol: str, *, enums: bool = True) -> None:
        declared = model.operations[operation]
        self.model = model
        self.default_code = DEFAULT_CODES.get(protocol, "ValidationException")
        self.enums = enums
        self.shape_name: str = declared["input"]["shape"] if "input" in declared else ""
        self.check: Callable[[Any], bool] = _all_is_well
        if self.shape_name:

            def write(source: Source) -> None:
                _Writer(model, source, enums).write(self.shape_name)

            key = f"validate{'' if enums else '-open'}/{self.shape_name}"
            self.check = function(model, key, "check", write, {"matcher": matcher})

    def __call__(
        self,
        request: Mapping[str, Any],
        *,
        code: str | None = None,
        enums: bool = True,
        words: Mapping[str, str] | None = None,
    ) -> None:
        """Raise ServiceError with AWS's words when the request breaks a constraint.

        `code` replaces the protocol's usual error code; `enums=False` leaves enumerations to the operation.
        `words` are a service's own sentences for some patterns, with `{member}` in them.
        """
        try:
            if self.check(request):
                return
            problems = self.problems(request, enums=enums)
        except RecursionError:
            raise ServiceError(code or self.default_code, "The request is nested too deeply", status=400) from None
        if problems:
            raise ServiceError(code or self.default_code, message_of(problems, words or {}), status=400)

    def problems(self, request: Mapping[str, Any], *, enums: bool = True) -> list[Problem]:
        """Everything that is wrong, in the model's order."""
        return explain(self.model, self.shape_name, request, enums=enums and self.enums) if self.shape_name else []


def _all_is_well(request: Any) -> bool:
    return True


def message_of(problems: list[Problem], words: Mapping[str, str] | None = None) -> str:
    """All problems in one sentence, as AWS counts them; a service's own sentence (`words`) stands alone uncounted."""
    told = [(words or {}).get(problem.constraint.removeprefix(_PATTERN), "") for problem in problems]
    texts = [own.format(member=each.path) if own else str(each) for own, each in zip(told, problems, strict=True)]
    if len(texts) == 1 and told[0]:
        return texts[0]
    return f"{len(texts)} validation error{'' if len(texts) == 1 else 's'} detected: {'; '.join(texts)}"


def explain(model: ServiceModel, shape_name: str, value: Any, *, enums: bool = True) -> list[Problem]:
    """The constraints of a shape that a value fails."""
    problems: list[Problem] = []
    _Explainer(model.shapes, problems, enums).inside(shape_name, value, "")
    return problems


def _spelled(name: str) -> str:
    """A member as the validation front writes it: the first letter small."""
    return name[:1].lower() + name[1:]


class _Explainer:
    def __init__(self, shapes: dict[str, dict[str, Any]], problems: list[Problem], enums: bool) -> None:
        self.shapes = shapes
        self.found = problems
        self.enums = enums

    def constraints(self, shape_name: str, value: Any) -> list[tuple[str, str]]:
        """(kind, words) of the constraints of a shape that its value fails."""
        return [(kind, words) for kind, words, holds in self.all_constraints(shape_name, value) if not holds]

    def all_constraints(self, shape_name: str, value: Any) -> list[tuple[str, str, bool]]:
        shape = self.shapes[shape_name]
        kind = shape["type"]
        found: list[tuple[str, str, bool]] = []
        if kind in ("structure", "timestamp", "boolean"):
            return found
        low, high = shape.get("min"), shape.get("max")
        size = value if kind in _NUMBERS else len(value)
        what = "value" if kind in _NUMBERS else "length"
        if high is not None:
            found.append(("max", f"Member must have {what} less than or equal to {high}", size <= high))
        if low is not None:
            found.append(("min", f"Member must have {what} greater than or equal to {low}", size >= low))
        if kind == "string" and shape.get("pattern"):
            pattern = compiled(shape["pattern"])
            holds = pattern is None or pattern.fullmatch(value) is not None
            found.append(("pattern", f"{_PATTERN}{shape['pattern']}", holds))
        if kind == "string" and shape.get("enum") and self.enums:
            choices = ", ".join(shape["enum"])
            found.append(("enum", f"Member must satisfy enum value set: [{choices}]", value in shape["enum"]))
        return found

    def value(self, shape_name: str, value: Any, path: str) -> None:
        """Report the failures of a value at a path, and of all inside it."""
        for kind, words in self.constraints(shape_name, value):
            self.found.append(Problem(kind, path, self.shown(shape_name, value), words))
        self.inside(shape_name, value, path)

    def inside(self, shape_name: str, value: Any, path: str) -> None:
        shape = self.shapes[shape_name]
        kind = shape["type"]
        if shape.get("document"):
            return
        if kind == "structure":
            required = set(shape.get("required", ()))
            for name, member in shape.get("members", {}).items():
                item = value.get(name)
                at = f"{path}.{_spelled(name)}" if path else _spelled(name)
                if item is not None:
                    self.value(member["shape"], item, at)
                elif name in required:
                    shown = "" if self.shapes[member["shape"]].get("sensitive") else " null"
                    self.found.append(Problem("required", at, shown, "Member must not be null"))
        elif kind == "list":
            self.items(shape_name, shape["member"]["shape"], value, list(enumerate(value, 1)), path, "Member must")
        elif kind == "map":
            keys = [(key, key) for key in value]
            self.items(shape_name, shape["key"]["shape"], value, keys, path, "Map keys must")
            self.items(shape_name, shape["value"]["shape"], value, list(value.items()), path, "Map value must")

    def items(self, shape_name: str, inner: str, whole: Any, items: list[tuple[Any, Any]], path: str, who: str) -> None:
        present = [(place, item) for place, item in items if item is not None]
        if self.shapes[inner]["type"] in ("structure", "list", "map"):
            for place, item in present:
                self.value(inner, item, f"{path}.{place}.member")
            return
        for _, item in present:
            every = self.all_constraints(inner, item)
            if not all(holds for _, _, holds in every):
                # AWS names the whole list and all that its members must fulfil, once
                kind = next(kind for kind, _, holds in every if not holds)
                words = ", ".join(words for _, words, _ in every)
                shown = "" if self.shapes[inner].get("sensitive") else self.shown(shape_name, whole)
                self.found.append(Problem(kind, path, shown, f"{who} satisfy constraint: [{words}]"))
                return

    def shown(self, shape_name: str, value: Any) -> str:
        if self.shapes[shape_name].get("sensitive"):
            return ""
        return f" '{self.java(shape_name, value)}'"

    def java(self, shape_name: str, value: Any) -> str:
        """A value as Java prints it."""
        shape = self.shapes[shape_name]
        kind = shape["type"]
        if value is None:
            return "null"
        if shape.get("sensitive"):
            return "***"
        if kind == "structure" and not shape.get("document"):
            members = shape.get("members", {})
            parts = [
                f"{_spelled(name)}={self.java(member['shape'], value[name])}"
                for name, member in members.items()
                if value.get(name) is not None
            ]
            return f"{shape_name}({', '.join(parts)})"
        if kind == "list":
            return "[" + ", ".join(self.java(shape["member"]["shape"], item) for item in value) + "]"
        if kind == "map":
            inner = shape["value"]["shape"]
            return "{" + ", ".join(f"{key}={self.java(inner, item)}" for key, item in value.items()) + "}"
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, bytes):
            return f"java.nio.HeapByteBuffer[pos=0 lim={len(value)} cap={len(value)}]"
        return str(value)


def unenforced_patterns(model: ServiceModel) -> list[str]:
    """The model's patterns that Python cannot say, and that are therefore not enforced."""
    patterns = {shape["pattern"] for shape in model.shapes.values() if shape.get("pattern")}
    return sorted(pattern for pattern in patterns if compiled(pattern) is None)
