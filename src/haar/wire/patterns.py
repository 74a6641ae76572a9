"""AWS's regular expressions (Java's dialect) as Python's.

Unicode classes (`\\p{L}`), POSIX classes (`\\p{Alpha}`, `[:alpha:]`), `\\z`, `\\h`, `\\x{...}`, surrogate pairs and
atomic quirks are rewritten. A pattern that still does not compile is not enforced: `compiled` answers None.
"""

from __future__ import annotations

import re
import sys
import unicodedata
import warnings
from collections.abc import Callable
from functools import cache as once

from haar.catalog import cache

__all__ = ["compiled", "matcher", "translate"]

_POSIX = {
    "Alpha": "a-zA-Z",
    "Digit": "0-9",
    "Alnum": "a-zA-Z0-9",
    "Upper": "A-Z",
    "Lower": "a-z",
    "Punct": r"!-/:-@\[-`{-~",
    "Graph": "!-~",
    "Print": " -~",
    "Blank": r" \t",
    "Space": r" \t\n\x0b\f\r",
    "XDigit": "0-9a-fA-F",
    "Cntrl": r"\x00-\x1f\x7f",
    "ASCII": r"\x00-\x7f",
}
_BINARY = {"IsAlphabetic": "L", "IsLetter": "L", "IsDigit": "Nd", "IsPunctuation": "P", "IsWhite_Space": "Z"}


@once
def _categories() -> dict[str, str]:
    """For each Unicode general category (and its first letter) the ranges, ready for a character class."""
    path = f"unicode-2-{unicodedata.unidata_version}"
    known = cache.load(path)
    if isinstance(known, dict):
        return known
    spans: dict[str, list[tuple[int, int]]] = {}
    start, present = 0, unicodedata.category(chr(0))
    for point in range(1, sys.maxunicode + 2):
        category = unicodedata.category(chr(point)) if point <= sys.maxunicode else ""
        if category != present:
            spans.setdefault(present, []).append((start, point - 1))
            start, present = point, category
    whole: dict[str, list[tuple[int, int]]] = {}
    for category, ranges in spans.items():
        whole[category] = ranges
        whole.setdefault(category[0], []).extend(ranges)
    table: dict[str, str] = {}
    for name, ranges in whole.items():
        joined = _joined(ranges)
        table[name] = _class(joined)
        table["^" + name] = _class(_others(joined))
    cache.save(path, table)
    return table


def _joined(ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if joined and joined[-1][1] + 1 == low:
            joined[-1] = (joined[-1][0], high)
        else:
            joined.append((low, high))
    return joined


def _others(ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """What the joined ranges leave out."""
    gaps: list[tuple[int, int]] = []
    start = 0
    for low, high in ranges:
        if start < low:
            gaps.append((start, low - 1))
        start = high + 1
    if start <= sys.maxunicode:
        gaps.append((start, sys.maxunicode))
    return gaps


def _class(ranges: list[tuple[int, int]]) -> str:
    return "".join(f"\\U{a:08x}" if a == b else f"\\U{a:08x}-\\U{b:08x}" for a, b in ranges)


def _property(name: str) -> str:
    """The inside of a character class for `\\p{name}`. Raises KeyError."""
    if name in _POSIX:
        return _POSIX[name]
    name = _BINARY.get(name, name)
    if name.startswith("Is") and name[2:] in _categories():
        name = name[2:]
    return _categories()[name]


_TOKEN = re.compile(
    r"""\\Q(?P<quote>.*?)(?:\\E|$)
      | \\(?P<sign>[pP])\{\^?(?P<name>\w+)\}
      | \\(?P<sign1>[pP])(?P<name1>[LMNPSZC])
      | \\u(?P<high>[dD][89abAB][0-9a-fA-F]{2})\\u(?P<low>[dD][c-fC-F][0-9a-fA-F]{2})
      | \\x\{(?P<point>[0-9a-fA-F]+)\}
      | \\(?P<escape>.)
      | (?P<posix>\[:\w+:\])
      | (?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
#: Everything beyond the basic plane, as Java writes it in UTF-16 halves.
_BEYOND = re.compile(r"\\u[dD]800\\u[dD][cC]00-\\u[dD][bB][fF]{2}\\u[dD][fF]{3}")
#: Java lets a flag stand anywhere at the outermost level; Python wants it to embrace what it means.
_LATE_FLAG = re.compile(r"(?<=^\^)\(\?i\)(.*)$", re.DOTALL)
_ESCAPES = {
    "z": r"\Z",
    "Z": r"\Z",
    "h": r"[ \t\xA0\u1680\u180e\u2000-\u200a\u202f\u205f\u3000]",
    "R": r"(?:\r\n|[\n-\r])",
}


def translate(pattern: str) -> str:
    """The pattern in Python's dialect, as far as it can be said there. Raises ValueError where it cannot."""
    pattern = _LATE_FLAG.sub(r"(?i:\1)", pattern)
    pattern = _BEYOND.sub(r"\\U00010000-\\U0010ffff", pattern)
    out: list[str] = []
    after_class = False  # a hyphen after `\\w` within a class is a hyphen
    depth = 0  # inside a character class; Java allows classes within classes
    for token in _TOKEN.finditer(pattern):
        kind = token.lastgroup
        follows_class, after_class = after_class, depth > 0 and kind in ("name", "name1")
        if kind == "quote":
            out.append(re.escape(token["quote"]))
        elif kind in ("name", "name1"):
            out.append(_unicode_class(token["sign"] or token["sign1"], token["name"] or token["name1"], depth))
        elif kind == "low":
            point = 0x10000 + (int(token["high"], 16) - 0xD800 << 10) + int(token["low"], 16) - 0xDC00
            out.append(f"\\U{point:08x}")
        elif kind == "point":
            out.append(f"\\U{int(token['point'], 16):08x}")
        elif kind == "posix":
            out.append(_POSIX.get(token["posix"][2:-2].capitalize(), re.escape(token["posix"])))
        elif kind == "escape":
            out.append(_escape(token["escape"], depth))
            after_class = depth > 0 and token["escape"] in "dDwWsSh"
        else:
            text = token["other"]
            if text == "[":
                if depth:  # a union: the inner brackets say nothing, unless they negate
                    if pattern[token.end() : token.end() + 1] == "^":
                        raise ValueError("a negated class within a class")
                    depth += 1
                    continue
                depth = 1
            elif text == "]" and depth:
                depth -= 1
                if depth:
                    continue
            elif text == "&" and depth and pattern[token.end() : token.end() + 1] == "&":
                raise ValueError("an intersection of classes")
            elif text == "-" and follows_class:
                text = r"\-"
            out.append(text)
    return "".join(out)


def _unicode_class(sign: str, name: str, depth: int) -> str:
    try:
        if depth and sign == "P":
            return _categories()["^" + _BINARY.get(name, name)]
        inside = _property(name)
    except KeyError:
        raise ValueError(f"an unknown class {name}") from None
    if depth:
        return inside
    return f"[{'^' if sign == 'P' else ''}{inside}]"


def _escape(letter: str, depth: int) -> str:
    if letter in _ESCAPES:
        text = _ESCAPES[letter]
        return text[1:-1] if depth and text.startswith("[") else text
    # Python refuses to escape a letter it knows nothing about; Java's models do it now and then
    if letter.isalpha() and letter not in "AbBdDfnrsStuUvwWxaN":
        return letter
    return "\\" + letter


@once
def compiled(pattern: str) -> re.Pattern[str] | None:
    """The compiled pattern, or None where Python cannot say it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # ASCII: Java's \\d, \\w and \\s mean ASCII unless told otherwise
            return re.compile(translate(pattern), re.ASCII)
    except (ValueError, re.error, OverflowError, RecursionError):
        return None


def matcher(pattern: str) -> Callable[[str], object]:
    """A question: does the whole of this text match? A pattern Python cannot say matches everything."""
    found = compiled(pattern)
    return found.fullmatch if found is not None else _anything


def _anything(text: str) -> object:
    return True
