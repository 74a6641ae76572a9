"""HTTP requests to subscribers: made beside the loop, and settled in a transaction of their own.

Behind a server nobody may hold up the loop: a thread of the loop's pool makes the request, and a `Posted` task is
written when it is over. Until then a timer stands by (the watch) that would send again, should this process end before.
Without a running loop the request is simply made.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from haar.kit import Call, replace
from haar.kit.timer import Timer, pack
from haar.services.sns.resources import Post, Posted

__all__ = ["Outgoing", "is_under_way", "send"]

#: The longest an endpoint may take, in real seconds (docs: sns-http-https-endpoint-as-subscriber.html).
TIMEOUT_SECONDS: Final = 15.0
#: When a request is looked for that has not come back, in virtual seconds.
WATCH_SECONDS: Final = 60.0
#: Requests of this process that are under way, by id and attempt. It can forget them at any time.
_under_way: set[tuple[str, int]] = set()


class Outgoing:
    """A request as values, so that a thread can make it."""

    __slots__ = ("body", "headers", "url")

    def __init__(self, url: str, headers: dict[str, str], body: bytes) -> None:
        self.url = url
        self.headers = headers
        self.body = body


def is_under_way(post: Post) -> bool:
    """Whether this process has sent it and waits for the answer."""
    return (post.id, post.attempt) in _under_way


def send(call: Call, post: Post, outgoing: Outgoing, settle: Callable[[Posted], None]) -> None:
    """Make the request; what comes of it reaches `settle` now, or the handler of `Posted` later."""
    import asyncio

    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        status, why = ask(outgoing)
        settle(Posted(post=post, status=status, why=why, watch_at=0.0, watch=""))
        return
    watch_at = call.now + WATCH_SECONDS
    watch = call.later(watch_at, post)
    ports, account, region = call.ports, call.account, call.region
    place = (post.id, post.attempt)
    _under_way.add(place)

    def over(done: Any) -> None:
        _under_way.discard(place)
        status, why = done.result()
        posted = Posted(post=post, status=status, why=why, watch_at=watch_at, watch=watch)
        timer = Timer(
            at=ports.clock.now(), id=ports.ids.uuid(), table=Posted.__table__, payload=pack(posted), account=account,
            region=region,
        )  # fmt: skip
        with ports.store.transaction() as tx:
            tx.put(timer)

    loop.run_in_executor(None, ask, outgoing).add_done_callback(over)


def ask(outgoing: Outgoing) -> tuple[int, str]:
    """Make a request: (status, "") or (0, what went wrong). It raises nothing."""
    import base64
    import http.client
    import ssl
    from urllib.parse import unquote, urlsplit

    connection: http.client.HTTPConnection | None = None
    try:
        parts = urlsplit(outgoing.url)
        if parts.scheme == "https":
            context = ssl.create_default_context()
            connection = http.client.HTTPSConnection(
                parts.hostname or "", parts.port, timeout=TIMEOUT_SECONDS, context=context
            )
        else:
            connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=TIMEOUT_SECONDS)
        headers = dict(outgoing.headers)
        if parts.username is not None:
            pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
            headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("POST", path, body=outgoing.body, headers=headers)
        reply = connection.getresponse()
        reply.read(65_536)
        return reply.status, ""
    except (OSError, ValueError, http.client.HTTPException) as error:
        return 0, str(error) or type(error).__name__
    finally:
        if connection is not None:
            connection.close()


def again(post: Post) -> Post:
    """The next attempt."""
    return replace(post, attempt=post.attempt + 1)
