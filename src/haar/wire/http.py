"""A request and a reply as HTTP says them: no sockets, no meaning yet."""

from __future__ import annotations

__all__ = ["HttpReply", "HttpRequest"]


class HttpRequest:
    """One request, whole.

    `path` is raw (still percent-encoded) and has no query; `query` is raw, without the question mark; header names
    are lower case and repeated headers are joined with a comma; `client` is the peer's IP address.
    """

    __slots__ = ("body", "client", "headers", "method", "path", "query", "scheme")

    def __init__(
        self,
        method: str,
        path: str,
        query: str = "",
        headers: dict[str, str] | None = None,
        body: bytes = b"",
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
    """One answer, whole: a status, headers in the order they are sent, and a body."""

    __slots__ = ("body", "headers", "status")

    def __init__(self, status: int = 200, headers: list[tuple[str, str]] | None = None, body: bytes = b"") -> None:
        self.status = status
        self.headers: list[tuple[str, str]] = [] if headers is None else headers
        self.body = body

    def __repr__(self) -> str:
        return f"<HttpReply {self.status} {len(self.body)} bytes>"
