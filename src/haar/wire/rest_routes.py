"""The routes of a REST service: method, path and query to an operation, the most specific first.

The table is a tree of path segments built from the model's `requestUri`s. At the end of a path several operations may
wait (S3 has dozens); the one whose fixed query strings, required query members and required headers are all in
the request, and are the most, is meant.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote, unquote_to_bytes

from haar.errors import ServiceError

if TYPE_CHECKING:
    from haar.catalog.models import ServiceModel

__all__ = ["Found", "Routes", "decoded", "routes_of"]


class _Route(NamedTuple):
    operation: str
    labels: tuple[str, ...]
    query: tuple[tuple[str, str | None], ...]
    wanted_query: tuple[str, ...]
    wanted_headers: tuple[str, ...]
    #: of two that fit, the heavier is meant
    weight: tuple[int, int]


class Found:
    """A match. `rank` compares matches in different tables: literal segments, then fixed query strings."""

    __slots__ = ("_literals", "_route", "labels", "operation")

    def __init__(self, route: _Route, labels: dict[str, str], literals: int) -> None:
        self.operation = route.operation
        self.labels = labels
        self._route = route
        self._literals = literals

    @property
    def rank(self) -> tuple[int, int, int]:
        """The larger is meant."""
        return (self._literals, *self._route.weight)


class _Node:
    __slots__ = ("bare", "by_name", "ends", "greedy", "label", "literals", "plain")

    def __init__(self) -> None:
        self.literals: dict[str, _Node] = {}
        self.label: _Node | None = None
        self.greedy: _Node | None = None
        self.ends: list[_Route] = []
        #: of them those without fixed query strings, which come last, and the places of the others by the first name
        #: in theirs
        self.plain: list[_Route] = []
        #: those of them that ask for nothing in the query, each with the headers it asks for
        self.bare: list[tuple[_Route, tuple[str, ...]]] = []
        self.by_name: dict[str, list[int]] = {}

    def fitting(self, query: dict[str, str]) -> list[_Route]:
        """The routes that end here, without most of those whose fixed query strings are not in the query."""
        by_name = self.by_name
        if by_name.keys().isdisjoint(query):
            return self.plain
        places = [place for name in query for place in by_name.get(name, ())]
        return [*[self.ends[place] for place in sorted(places)], *self.plain]


def decoded(raw: str) -> str:
    """A percent-decoded piece of a path. Raises ServiceError for bytes that are no UTF-8."""
    if "%" not in raw:
        return raw
    try:
        return unquote_to_bytes(raw).decode("utf-8")
    except UnicodeDecodeError:
        raise ServiceError("InvalidURI", "Couldn't parse the specified URI.", status=400) from None


class Routes:
    """The routes of one service."""

    __slots__ = ("methods",)

    def __init__(self, model: ServiceModel) -> None:
        self.methods: dict[str, _Node] = {}
        replaced = []
        for operation, declared in model.operations.items():
            # an operation AWS has replaced loses to its successor at the same address
            if declared.get("deprecated"):
                replaced.append(operation)
            else:
                self._add(model, operation)
        for operation in replaced:
            self._add(model, operation)
        for root in self.methods.values():
            _settle(root)

    def _add(self, model: ServiceModel, operation: str) -> None:
        declared = model.operations[operation]
        http = declared["http"]
        path, _, query = http["requestUri"].partition("?")
        node = self.methods.setdefault(http["method"], _Node())
        labels: list[str] = []
        for segment in path.strip("/").split("/") if path.strip("/") else ():
            if segment.startswith("{") and segment.endswith("+}"):
                labels.append(segment[1:-2])
                node.greedy = node = node.greedy or _Node()
            elif segment.startswith("{") and segment.endswith("}"):
                labels.append(segment[1:-1])
                node.label = node = node.label or _Node()
            else:
                node = node.literals.setdefault(unquote(segment), _Node())
        fixed: list[tuple[str, str | None]] = []
        for part in query.split("&") if query else ():
            name, equals, value = part.partition("=")
            fixed.append((name, value if equals and value else None))
        wanted_query: list[str] = []
        wanted_headers: list[str] = []
        shape = model.shapes[declared["input"]["shape"]] if "input" in declared else {}
        for name in shape.get("required", ()):
            member = shape["members"][name]
            wire = member.get("locationName", name)
            if member.get("location") == "querystring":
                wanted_query.append(wire)
            elif member.get("location") == "header":
                wanted_headers.append(wire.lower())
        weight = len(fixed), len(wanted_query) + len(wanted_headers)
        wanted = tuple(wanted_query), tuple(wanted_headers)
        node.ends.append(_Route(operation, tuple(labels), tuple(fixed), *wanted, weight))

    def find(self, method: str, path: str, query: dict[str, str], headers: dict[str, str]) -> Found | None:
        """The operation of a request, or None. `path` is raw; `query` has decoded names and values."""
        root = self.methods.get(method)
        if root is None:
            return None
        body = path.removeprefix("/")
        segments = body.split("/") if body else []
        match = _walk(root, segments, 0, (), 0, query, headers)
        if match is None and segments and not segments[-1]:
            match = _walk(root, segments[:-1], 0, (), 0, query, headers)
        if match is None:
            return None
        route, values, literals = match
        labels = dict(zip(route.labels, values))  # noqa: B905 (as many as the path it was found by has)
        if "%" in path:
            labels = {name: decoded(value) for name, value in labels.items()}
        return Found(route, labels, literals)


def _settle(node: _Node) -> None:
    node.ends.sort(key=lambda route: route.weight, reverse=True)
    node.plain = [route for route in node.ends if not route.query]
    node.bare = [(route, route.wanted_headers) for route in node.plain if not route.wanted_query]
    for place, route in enumerate(node.ends):
        if route.query:
            node.by_name.setdefault(route.query[0][0], []).append(place)
    for below in (*node.literals.values(), node.label, node.greedy):
        if below is not None:
            _settle(below)


_Match = tuple[_Route, tuple[str, ...], int]


def _walk(
    node: _Node,
    segments: list[str],
    at: int,
    values: tuple[str, ...],
    literals: int,
    query: dict[str, str],
    headers: dict[str, str],
) -> _Match | None:
    while not node.literals and node.greedy is None and at < len(segments):
        # there is one way to go on, or none
        segment = segments[at]
        if node.label is None or not segment:
            return None
        node, at, values = node.label, at + 1, (*values, segment)
    if at == len(segments):
        route = _choose(node, query, headers)
        return None if route is None else (route, values, literals)
    segment = segments[at]
    below = node.literals.get(segment)
    if below is None and node.literals and "%" in segment:
        below = node.literals.get(unquote(segment))
    if below is not None:
        match = _walk(below, segments, at + 1, values, literals + 1, query, headers)
        if match is not None:
            return match
    if node.label is not None and segment:
        match = _walk(node.label, segments, at + 1, (*values, segment), literals, query, headers)
        if match is not None:
            return match
    greedy = node.greedy
    if greedy is None or (at == len(segments) - 1 and not segment):
        return None
    if not greedy.literals:  # the usual case: the rest of the path, slashes and all
        route = _choose(greedy, query, headers)
        return None if route is None else (route, (*values, "/".join(segments[at:])), literals)
    for end in range(len(segments), at, -1):
        if end < len(segments) and segments[end] not in greedy.literals:
            continue
        rest = "/".join(segments[at:end])
        match = _walk(greedy, segments[end:], 0, (*values, rest), literals, query, headers)
        if match is not None:
            return match
    return None


def _choose(node: _Node, query: dict[str, str], headers: dict[str, str]) -> _Route | None:
    if not query:
        for route, wanted in node.bare:
            for name in wanted:
                if name not in headers:
                    break
            else:
                return route
    fallback: _Route | None = None
    for route in node.fitting(query):
        if route.query and not all(
            name in query and (value is None or query[name] == value) for name, value in route.query
        ):
            continue
        if not (route.wanted_query or route.wanted_headers):
            return route
        if all(name in query for name in route.wanted_query) and all(name in headers for name in route.wanted_headers):
            return route
        # what is required and missing is the validation's business; the least demanding one is meant
        fallback = route if fallback is None or len(route.query) >= len(fallback.query) else fallback
    return fallback


@lru_cache(maxsize=512)
def routes_of(model: ServiceModel) -> Routes:
    """The routes of a service, built once."""
    return Routes(model)
