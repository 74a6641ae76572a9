"""Forms: `Action=Publish&Tags.member.1.Key=a` as a tree, the first half of reading the query protocols.

`tree_of(http)` gives nested dicts with strings as leaves:
`{"Action": "Publish", "Tags": {"member": {"1": {"Key": "a"}}}}`.
Parameters come from the query string and from the body; the body wins.
"""

from __future__ import annotations

from binascii import a2b_qp
from typing import Any
from urllib.parse import unquote_to_bytes

from haar.errors import ServiceError
from haar.wire.http import HttpRequest

__all__ = ["pairs", "plain", "tree_of"]

#: Deeper names than this are refused; the deepest modelled input has 9 levels.
DEPTH_MAX = 64
#: More parameters than this are refused: a request is a page of values, not a load test.
PARAMETERS_MAX = 100_000


def _malformed(why: str) -> ServiceError:
    return ServiceError("MalformedQueryString", why, status=400, fault="sender")


def plain(text: str) -> str:
    """The text behind one percent-encoded piece of a form. Raises ServiceError when it is not UTF-8."""
    if "+" in text:
        text = text.replace("+", " ")
    if "%" not in text:
        return text
    try:
        return _unescaped(text.encode()).decode()
    except UnicodeError:
        raise _not_utf8() from None


def _not_utf8() -> ServiceError:
    return _malformed("The query string contains bytes that are not valid UTF-8")


def _unescaped(raw: bytes) -> bytes:
    # Percent-encoding is quoted-printable with another sign, and the decoder of quoted-printable is written in C:
    # a policy document with hundreds of escapes takes 2 us and not 60. Every valid escape makes the text two
    # shorter and an invalid one never does, so the length tells whether the short cut was right.
    if b"\n" not in raw and b"\r" not in raw:
        marked = raw.replace(b"=", b"=3D") if b"=" in raw else raw
        decoded = a2b_qp(marked.replace(b"%", b"="))
        if len(raw) - len(decoded) == 2 * raw.count(b"%"):
            return decoded
    return unquote_to_bytes(raw)


def pairs(raw: str) -> list[tuple[str, str]]:
    """The parameters of a query string or a form, decoded, in order."""
    found: list[tuple[str, str]] = []
    for part in raw.split("&"):
        if part:
            name, _, value = part.partition("=")
            found.append((plain(name), plain(value)))
    return found


def _grow(tree: dict[str, Any], raw: str) -> None:
    parts = raw.split("&")
    if len(parts) > PARAMETERS_MAX:
        raise _malformed("The query string has too many parameters")
    for part in parts:
        name, _, value = part.partition("=")
        if "%" in value or "+" in value:
            value = plain(value)
        if "." not in name and "%" not in name:
            if name:
                tree[name] = value
            continue
        if "%" in name or "+" in name:
            name = plain(name)
        path = name.split(".")
        if len(path) > DEPTH_MAX:
            raise _malformed("The query string is nested too deeply")
        node = tree
        last = path.pop()
        for step in path:
            below = node.get(step)
            if type(below) is not dict:
                below = node[step] = {}
            node = below
        node[last] = value


def tree_of(http: HttpRequest) -> dict[str, Any]:
    """The parameters of a request as a tree; see the module docstring. Raises ServiceError for what is not a form."""
    tree: dict[str, Any] = {}
    if http.query:
        _grow(tree, http.query)
    if http.body:
        try:
            text = http.body.decode()
        except UnicodeDecodeError:
            raise _not_utf8() from None
        _grow(tree, text)
    return tree
