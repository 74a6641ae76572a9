"""Wildcards and policy variables, turned into the cheapest test that is right.

A pattern is first *marked*: its active wildcards become two private marks, so that a literal `*` (written
`${*}`, or coming out of a variable) can never act as one. Then it becomes equality, a prefix, or a
regular expression whose running time is bounded by text times pattern: every `*` but the last is atomic, since
a glob never needs to reconsider the leftmost place where a literal was found.

Sources: IAM User Guide, reference_policies_elements_resource.html (wildcards do not span the segments of an
ARN; missing segments count as `*`) and reference_policies_variables.html.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

__all__ = ["ANY", "STAR", "Template", "arn_glob", "glob", "mark", "template"]

#: The two marks are lone surrogates: no UTF-8 text from a client contains them.
STAR = "\udc2a"
ANY = "\udc3f"
_MARKS = str.maketrans({"*": STAR, "?": ANY})
_VARIABLE = re.compile(r"\$\{([^{}]*)\}")
_LITERALS = {"*": "*", "?": "?", "$": "$"}

Lookup = Callable[[str], "str | None"]


def mark(pattern: str) -> str:
    """The pattern with its wildcards active."""
    return pattern.translate(_MARKS)


class Template:
    """A string with policy variables in it: text, and (lower-case key, default or None) in turn."""

    __slots__ = ("names", "parts")

    def __init__(self, parts: tuple[str | tuple[str, str | None], ...], names: tuple[str, ...]) -> None:
        self.parts = parts
        self.names = names

    def fill(self, lookup: Lookup) -> str | None:
        """The text with every variable's value in place; None when one has neither a value nor a default."""
        out = []
        for part in self.parts:
            if isinstance(part, str):
                out.append(part)
                continue
            value = lookup(part[0])
            if value is None:
                value = part[1]
            if value is None or STAR in value or ANY in value:
                return None
            out.append(value)
        return "".join(out)


def template(text: str, *, variables: bool, wildcards: bool) -> str | Template:
    """What a policy string stands for: a marked string, or a Template when it holds variables.

    `variables` is False for documents of version 2008-10-17, where `${...}` is ordinary text.
    """
    if not variables or "${" not in text:
        return mark(text) if wildcards else text
    parts: list[str | tuple[str, str | None]] = []
    names: list[str] = []
    at = 0
    for found in _VARIABLE.finditer(text):
        before = text[at : found.start()]
        parts.append(mark(before) if wildcards else before)
        at = found.end()
        inside = found[1].strip()
        if inside in _LITERALS:
            parts.append(_LITERALS[inside])
            continue
        name, comma, default = inside.partition(",")
        default = default.strip()
        if len(default) >= 2 and default[0] == default[-1] and default[0] in "'\"":
            default = default[1:-1]
        names.append(name.strip())
        parts.append((name.strip().lower(), default if comma else None))
    rest = text[at:]
    parts.append(mark(rest) if wildcards else rest)
    if not names:
        return "".join(part for part in parts if isinstance(part, str))
    return Template(tuple(parts), tuple(names))


def _segment(marked: str, any_char: str) -> str:
    """The regular expression of one glob over the given class of characters."""
    first, *rest = (re.escape(piece).replace(ANY, any_char) for piece in marked.split(STAR))
    if not rest:
        return first
    *middle, last = rest
    atoms = "".join(f"(?>{any_char}*?{piece})" for piece in middle if piece)
    return f"{first}{atoms}{any_char}*{last}"


def _always(_: str) -> bool:
    return True


@lru_cache(maxsize=8192)
def glob(marked: str) -> Callable[[str], bool]:
    """A test whether a whole string matches a marked pattern, case sensitively."""
    if STAR not in marked and ANY not in marked:
        return marked.__eq__
    if marked == STAR:
        return _always
    if ANY not in marked and marked.count(STAR) == 1 and marked.endswith(STAR):
        prefix = marked[:-1]
        return lambda text: text.startswith(prefix)
    matches = re.compile(_segment(marked, "."), re.DOTALL).fullmatch
    return lambda text: matches(text) is not None


@lru_cache(maxsize=8192)
def arn_glob(marked: str) -> Callable[[str], bool]:
    """A test whether an ARN matches a marked pattern, segment by segment.

    The first five colons divide; a wildcard stays inside its segment, the sixth takes the rest. A pattern
    with fewer segments is completed with `*`. The bare `*` matches everything, an ARN or not.
    """
    if marked == STAR:
        return _always
    segments = marked.split(":", 5)
    if len(segments) < 6:
        segments += [STAR] * (6 - len(segments))
        marked = ":".join(segments)
    head = ":".join(segments[:5])
    if STAR not in head and ANY not in head:
        return glob(marked)
    expression = ":".join(_segment(segment, "[^:]") for segment in segments[:5]) + ":" + _segment(segments[5], ".")
    matches = re.compile(expression, re.DOTALL).fullmatch
    return lambda text: matches(text) is not None
