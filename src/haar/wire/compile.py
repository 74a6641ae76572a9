"""Writes Python: the small source builder every protocol uses to turn a model into a function.

Walking a model at request time costs ten times the work itself, so each protocol walks it once and writes a
function::

    def write(source: Source) -> None:
        with source.block("def parse(value):"):
            name = source.fresh("item")
            source.line(f"{name} = value.get('Name')")
            source.line(f"return {name}")


    parse = function(model, "json/parse/CreateThing", "parse", write, {"b64decode": b64decode})

The generated text may use the names given in `using`, literals (`repr`), and Python's builtins; it holds no other
object. That is why its code object can be kept in the cache directory and loaded again by the next process.
"""

from __future__ import annotations

import hashlib
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from haar.catalog import cache

if TYPE_CHECKING:
    from haar.catalog.models import ServiceModel

__all__ = ["Source", "function"]

_WORD = re.compile(r"[^A-Za-z0-9_]")
_stamp = ""


class Source:
    """Lines of Python being written."""

    __slots__ = ("_counter", "_depth", "_lines")

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._depth = 0
        self._counter = 0

    def line(self, text: str) -> None:
        """Write one line at the present depth."""
        self._lines.append("    " * self._depth + text)

    @contextmanager
    def block(self, head: str) -> Iterator[None]:
        """Write a line that ends in a colon; what is written inside the `with` is indented."""
        self.line(head)
        self._depth += 1
        before = len(self._lines)
        try:
            yield
        finally:
            if len(self._lines) == before:
                self.line("pass")
            self._depth -= 1

    def fresh(self, hint: str = "v") -> str:
        """A name nobody has used in this source yet."""
        self._counter += 1
        return f"{_WORD.sub('_', hint)}_{self._counter}"

    def text(self) -> str:
        """What has been written."""
        return "\n".join(self._lines) + "\n"

    def build(self, using: Mapping[str, Any], filename: str = "<haar generated>") -> dict[str, Any]:
        """Run what has been written; the namespace it leaves behind."""
        namespace = dict(using)
        exec(compile(self.text(), filename, "exec"), namespace)
        return namespace


def _generation() -> str:
    """Changes whenever the generators do, so that code written by an older one is never run."""
    global _stamp
    if not _stamp:
        digest = hashlib.sha256(sys.version.encode())
        here = os.path.dirname(__file__)
        for name in sorted(os.listdir(here)):
            if name.endswith(".py"):
                status = os.stat(os.path.join(here, name))
                digest.update(f"{name}:{status.st_mtime_ns}:{status.st_size};".encode())
        _stamp = digest.hexdigest()[:12]
    return _stamp


def function(
    model: ServiceModel,
    key: str,
    name: str,
    write: Callable[[Source], None],
    using: Mapping[str, Any],
) -> Callable[..., Any]:
    """The function `name` of the source that `write` produces, from the cache where it is known already.

    `key` names the function within the model, for instance "query/parse/CreateUser". Nothing is kept in memory
    here: the caller keeps the function.
    """
    path = f"code/{_generation()}/{model.stamp}/{model.name}/{_WORD.sub('-', key)}"
    code = cache.load(path)
    if code is None:
        source = Source()
        write(source)
        code = compile(source.text(), f"<{model.name} {key}>", "exec")
        cache.save(path, code)
    namespace = dict(using)
    exec(code, namespace)
    found = namespace[name]
    assert callable(found)
    return found  # type: ignore[no-any-return]
