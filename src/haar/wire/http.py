"""A request and a reply as HTTP says them: no sockets, no meaning yet."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

__all__ = ["HttpReply", "HttpRequest", "Stream"]


class Stream:
    """A body that is made while it is sent, so that no more than a piece of it is ever in memory.

    `pieces` begins it and is called once at most; `size` is its length in bytes, None when nobody knows (it is then
    sent in chunks). `slow` says that making a piece takes real work, which is done beside the loop that sends it.
    `done` is called once, whether it was sent whole, in part or not at all.
    """

    __slots__ = ("done", "pieces", "size", "slow")

    def __init__(
        self,
        pieces: Callable[[], Iterator[bytes]],
        size: int | None,
        *,
        slow: bool = False,
        done: Callable[[], None] | None = None,
    ) -> None:
        self.pieces = pieces
        self.size = size
        self.slow = slow
        self.done = done

    def __len__(self) -> int:
        return self.size or 0

    def end(self) -> None:
        """Let go of what the stream holds."""
        done, self.done = self.done, None
        if done is not None:
            done()


class HttpRequest:
    """One request, whole.

    `path` is raw (still percent-encoded) and has no query; `query` is raw, without the question mark; header names
    are lower case and repeated headers are joined with a comma; `client` is the peer's IP address. `body` is bytes; for
    an operation that streams it is whatever the receiver made of them while they arrived.
    """

    __slots__ = ("body", "client", "headers", "method", "path", "query", "scheme")

    def __init__(
        self,
        method: str,
        path: str,
        query: str = "",
        headers: dict[str, str] | None = None,
        body: Any = b"",
        client: str = "127.0.0.1",
        scheme: str = "http",
    ) -> None:
        self.method = method
        self.path = path
        self.query = query
        self.headers: dict[str, str] = {} if headers is None else headers
        self.body = body
        self.client = client
        self.scheme = scheme

    def __repr__(self) -> str:
        return f"<HttpRequest {self.method} {self.path}{'?' + self.query if self.query else ''} {len(self.body)} bytes>"


class HttpReply:
    """One answer: a status, headers in the order they are sent, and a body, whole or a `Stream`."""

    __slots__ = ("body", "headers", "status")

    def __init__(self, status: int = 200, headers: list[tuple[str, str]] | None = None, body: Any = b"") -> None:
        self.status = status
        self.headers: list[tuple[str, str]] = [] if headers is None else headers
        self.body = body

    def __repr__(self) -> str:
        return f"<HttpReply {self.status} {len(self.body)} bytes>"
