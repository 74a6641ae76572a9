"""HTTP/1.1 on a bare asyncio protocol: parsed by httptools, answered without a task or an await.

A request that waits (long polling) is parked in the hub and costs nothing until it is woken. Requests on one
connection are answered in order. Large bodies of operations that stream pass through: `receiving` and `sending`.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from email.utils import formatdate
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import httptools

from haar.errors import HaarError, StoreFull
from haar.gateway import control
from haar.gateway.receiving import Receiving, pool
from haar.gateway.sending import Sending
from haar.kit.wait import Wait
from haar.wire.http import HttpReply, HttpRequest, Stream

if TYPE_CHECKING:
    from collections.abc import Callable

    from haar.cloud import Cloud
    from haar.gateway.path import Attempt
    from haar.scheduler.hub import Parked

log = logging.getLogger("haar.gateway")

_LINES = {int(status): f"HTTP/1.1 {int(status)} {status.phrase}\r\n" for status in HTTPStatus}
_HEADERS_MAX = 64 * 1024
#: What a message may take besides its body before it is given up: a line or a header that never ends is kept nowhere.
_FRAME_MAX = 512 * 1024
#: Requests on one connection that wait for the answer before them; more are left in the socket.
_QUEUE_MAX = 16
#: Real seconds after which a connection is closed: with half a request that does not go on or has only its head so
#: far, and with no request at all.
_HALF_SECONDS = 60
_IDLE_SECONDS = 600
_SWEEP_SECONDS = 15
#: header names as they came -> in lower case: a client sends the same ten again and again
_FIELDS: dict[bytes, str] = {}
_FIELDS_MAX = 512
_WRITE_HIGH_WATER = 4 * 1024 * 1024
#: The same while a stream is sent: the next piece is made when the last one is gone, so that nothing is moved about.
_STREAM_HIGH_WATER = 0
#: Seconds between two looks for large bytes that nothing refers to, and between two for what a crash left behind.
_ORPHANS_SECONDS = 15
_ABANDONED_SECONDS = 3600


class Server:
    """Listens for one cloud, and drives its scheduler."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.connections: set[Connection] = set()
        #: when it was made, by the machine's monotonic clock, in seconds
        self.started = time.monotonic()
        #: ends the program that serves; None where that is somebody else's to decide
        self.shutdown: Callable[[], None] | None = None
        self._server: asyncio.Server | None = None
        self._alarm: asyncio.TimerHandle | None = None
        self._armed_soon = False
        self._answers: list[tuple[Connection, Attempt | control.Exchange, HttpReply, bool]] = []
        self._grouped = False
        self.date = ""
        #: seconds since the server began, counted by its own tick
        self.ticks = 0

    async def start(self) -> tuple[str, int]:
        """Begin to listen; the address and port."""
        loop = asyncio.get_running_loop()
        config = self.cloud.config
        self._server = await loop.create_server(lambda: Connection(self), config.host, config.port, backlog=1024)
        self.cloud.server = self
        self.cloud.gateway.begin_work = self._begin_work
        self.cloud.store.on_commit.append(self._committed)
        fd = self.cloud.store.notification_fd()
        if fd is not None:
            loop.add_reader(fd, self._other_node)
        self._tick()
        self._arm()
        host, port = self._server.sockets[0].getsockname()[:2]
        return host, port

    async def stop(self) -> None:
        """Stop listening, answer what is open, close."""
        assert self._server is not None
        self._server.close()
        self.end_group()
        fd = self.cloud.store.notification_fd()
        if fd is not None:
            asyncio.get_running_loop().remove_reader(fd)
        for connection in list(self.connections):
            connection.end()
        if self._alarm:
            self._alarm.cancel()
        await asyncio.sleep(0)

    # -- time --------------------------------------------------------------------------------------------------

    def _tick(self) -> None:
        self.date = f"date: {formatdate(usegmt=True)}\r\nserver: haar\r\n"
        self.ticks += 1
        if self.ticks % _SWEEP_SECONDS == 0:
            self.sweep()
        if self.ticks % _ORPHANS_SECONDS == 0:
            self._sweep_blobs()
        asyncio.get_running_loop().call_later(1.0, self._tick)

    def sweep(self) -> None:
        """Close the connections whose clients have gone quiet."""
        for connection in list(self.connections):
            if connection.is_stale(self.ticks):
                connection.end()

    def _sweep_blobs(self) -> None:
        """Remove large bytes that nothing refers to: rows first, and the bytes once that is kept."""
        self.end_group()
        try:
            self.cloud.sweep()
            if self.ticks % _ABANDONED_SECONDS == 0:
                self.cloud.sweep_abandoned()
        except HaarError:
            log.exception("large bytes could not be swept; they will be the next time")

    def _committed(self, changed: set[tuple[str, Any]]) -> None:
        if not self._armed_soon and not self.cloud.due_tables.isdisjoint([table for table, _ in changed]):
            self._armed_soon = True
            at_once = any(table == "kit.Timer" or table == "*" for table, _ in changed)
            loop = asyncio.get_event_loop()
            loop.call_soon(self._arm) if at_once else loop.call_later(0.2, self._arm)

    def arm(self) -> None:
        """Look again when the next due moment is; after the clock was moved or a call was parked."""
        if not self._armed_soon:
            self._armed_soon = True
            asyncio.get_running_loop().call_soon(self._arm)

    def _arm(self) -> None:
        """Do what is due, and come again at the next due moment."""
        self._armed_soon = False
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        scheduler = self.cloud.scheduler
        scheduler.run_due()
        due = scheduler.next_due()
        if due is None:
            return
        wait = self.cloud.clock.until_real(due)
        if wait is not None:
            self._alarm = asyncio.get_running_loop().call_later(min(max(wait, 0.001), 3600.0), self._arm)

    def _other_node(self) -> None:
        self.cloud.store.poll_notifications()

    # -- answers -----------------------------------------------------------------------------------------------

    def _begin_work(
        self, work: Callable[[], Any], done: Callable[[Any, BaseException | None], tuple[str, Any]]
    ) -> None:
        """Have an operation's real work done by a thread; who waits for it is woken in the loop."""

        def finished(future: asyncio.Future[Any]) -> None:
            error = future.exception()
            self.cloud.hub.changed({done(None if error else future.result(), error)})

        asyncio.get_running_loop().run_in_executor(pool(), work).add_done_callback(finished)

    def open_group(self) -> None:
        """Let all that this tick of the loop writes be kept by one commit, at its end."""
        if not self._grouped and len(self.connections) != 1:  # with one, nobody else could join
            self._grouped = True
            self.cloud.store.begin_group()
            asyncio.get_running_loop().call_soon(self.end_group)

    def answer(self, connection: Connection, attempt: Attempt | control.Exchange, reply: HttpReply, keep: bool) -> None:
        """Send an answer when what it acknowledges is kept."""
        if self._grouped:
            self._answers.append((connection, attempt, reply, keep))
        else:
            connection.send(reply, attempt.http, keep)

    def end_group(self) -> None:
        """Keep what the group wrote, then send its answers; if it could not be kept, send that instead."""
        if not self._grouped:
            return
        self._grouped = False
        answers, self._answers = self._answers, []
        try:
            self.cloud.store.end_group()
        except StoreFull as error:
            for _, _, reply, _ in answers:
                if reply.body.__class__ is Stream:
                    reply.body.end()
            answers = [(to, attempt, attempt.lost(error), keep) for to, attempt, _, keep in answers]
        for connection, attempt, reply, keep in answers:
            connection.send(reply, attempt.http, keep)


class Connection(asyncio.Protocol):
    """One client connection."""

    __slots__ = (
        "_begun",
        "_body",
        "_closing",
        "_discarding",
        "_fed",
        "_headers",
        "_headers_size",
        "_heard",
        "_outbox",
        "_parked",
        "_parser",
        "_peer",
        "_queue",
        "_reading_body",
        "_receiving",
        "_sending",
        "_size",
        "_too_large",
        "_upload",
        "_upload_keep",
        "_url",
        "server",
        "transport",
    )  # fmt: skip

    def __init__(self, server: Server) -> None:
        self.server = server
        self.transport: asyncio.Transport | None = None
        self._parser = httptools.HttpRequestParser(self)
        self._queue: deque[tuple[HttpRequest, bool]] = deque()
        self._parked: Parked | None = None
        self._closing = False
        #: what was refused goes on being sent: it is read, so that the refusal arrives, and thrown away
        self._discarding = False
        #: the large body that is arriving; the one that has arrived and is being worked on; the one that is being sent
        self._receiving: Receiving | None = None
        self._upload: Receiving | None = None
        self._upload_keep = True
        self._sending: Sending | None = None
        #: answers to what came behind the message whose answer is being sent
        self._outbox: deque[tuple[HttpReply, HttpRequest, bool]] = deque()
        self._peer = ""
        self.on_message_begin()
        #: the tick in which the message that is arriving began; None between messages
        self._begun: int | None = None
        #: the tick in which anything arrived
        self._heard = server.ticks

    # -- the transport -----------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        peer = transport.get_extra_info("peername")
        self._peer = peer[0] if peer else ""
        transport.set_write_buffer_limits(high=_WRITE_HIGH_WATER)
        self.server.connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self.server.connections.discard(self)
        self.transport = None
        self._queue.clear()
        if self._parked is not None:
            self.server.cloud.hub.forget(self._parked)
            self._parked = None
        for body in (self._receiving, self._upload, self._sending):
            if body is not None:
                body.abandon()
        self._receiving = self._upload = self._sending = None
        for reply, _, _ in self._outbox:
            if reply.body.__class__ is Stream:
                reply.body.end()
        self._outbox.clear()

    def eof_received(self) -> bool:
        """The client says no more: with an answer on its way it may still want to hear that."""
        return self._is_busy and not self._discarding

    @property
    def _is_busy(self) -> bool:
        """Whether an earlier message on this connection is not yet answered."""
        return bool(self._queue) or not (self._parked is None and self._upload is None and self._sending is None)

    def data_received(self, data: bytes) -> None:
        self._heard = self.server.ticks
        if self._discarding:
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._refuse(426, "Haar speaks HTTP/1.1 on this port.")
        except httptools.HttpParserError as error:
            self._refuse(400, f"This is not HTTP: {error}")
        else:
            if self._begun is None or self._receiving is not None:
                return
            self._fed += len(data)
            # the body is counted where it arrives; the smallest chunk is a byte in a frame of five
            if self._fed > _FRAME_MAX + 8 * self._size:
                self._refuse(431, "The head of the request is larger than Haar takes in.")

    def is_stale(self, ticks: int) -> bool:
        """Whether nobody is to be expected to say or hear anything more here."""
        if self._is_busy:
            return False
        if self._begun is None:
            return ticks - self._heard > _IDLE_SECONDS
        return ticks - (self._heard if self._reading_body else self._begun) > _HALF_SECONDS

    def pause_writing(self) -> None:
        if self._sending is not None:
            self._sending.pause()
        if self.transport is not None:
            self.transport.pause_reading()

    def resume_writing(self) -> None:
        if self.transport is not None and len(self._queue) < _QUEUE_MAX:
            self.transport.resume_reading()
        if self._sending is not None:
            self._sending.resume()

    # -- httptools ---------------------------------------------------------------------------------------------

    def on_message_begin(self) -> None:
        self._url = b""
        self._headers: dict[str, str] = {}
        self._headers_size = 0
        self._body: list[bytes] = []
        self._size = 0
        self._too_large = False
        self._fed = 0
        self._reading_body = False
        self._begun = self.server.ticks

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers_size += len(name) + len(value)
        if self._headers_size > _HEADERS_MAX:
            self._too_large = True
            return
        field = _FIELDS.get(name)
        if field is None:
            field = name.decode("latin-1").lower()
            if len(_FIELDS) < _FIELDS_MAX and len(name) <= 64:
                _FIELDS[name] = field
        headers = self._headers
        if field in headers:
            headers[field] = f"{headers[field]},{value.decode('latin-1')}"
        else:
            headers[field] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        self._reading_body = True
        headers = self._headers
        if "content-length" in headers or "transfer-encoding" in headers:
            length = headers.get("content-length", "")
            if not length or len(length) > 6:  # the quick look: less than a million bytes is never passed through
                self._pass_through(length)
        if headers.get("expect", "").lower() == "100-continue" and self.transport is not None and not self._discarding:
            self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, body: bytes) -> None:
        if self._receiving is not None:
            self._receiving.add(body)
            return
        self._size += len(body)
        if self._size > self.server.cloud.config.body_bytes_max:
            self._too_large = True
            self._body.clear()
        else:
            self._body.append(body)

    def on_message_complete(self) -> None:
        self._begun = None
        if self._closing:
            return  # it was refused, and what follows on the connection with it
        keep = self._parser.should_keep_alive()
        receiving = self._receiving
        if receiving is not None:
            self._receiving, self._upload = None, receiving
            self._upload_keep = keep
            receiving.end()
            return
        if self._too_large:
            self._refuse(413, "The request is larger than Haar takes in.")
            return
        body = self._body
        http = self._message(body[0] if len(body) == 1 else b"".join(body))
        if self._is_busy:
            self._queue.append((http, keep))
            if len(self._queue) >= _QUEUE_MAX and self.transport is not None:
                self.transport.pause_reading()
        else:
            self._serve(http, keep)

    def _message(self, body: bytes) -> HttpRequest:
        target = self._url.decode("latin-1")
        if target.startswith(("http://", "https://")):
            target = "/" + target.split("/", 3)[3] if target.count("/") > 2 else "/"
        path, _, query = target.partition("?")
        return HttpRequest(
            self._parser.get_method().decode("latin-1"), path, query, self._headers, body, self._peer
        )  # fmt: skip

    # -- large bodies ------------------------------------------------------------------------------------------

    def _pass_through(self, length: str) -> None:
        """Let a large body pass through, if its operation streams; refuse it now where that is certain."""
        cloud = self.server.cloud
        is_large = not length or (length.isdigit() and int(length) > cloud.config.spool_above)
        if self._too_large or self._closing or self._is_busy or not is_large:
            return
        http = self._message(b"")
        if http.path.startswith(control.PREFIX):
            return
        self.server.end_group()
        attempt = cloud.gateway.attempt(http)
        try:
            upload = attempt.receive()
        except Exception as error:  # noqa: BLE001  # whatever it is, it has an answer
            self._turn_away(attempt.answer_to(error), http)
            return
        if upload is not None:
            self._receiving = Receiving(attempt, upload, hold=self._hold, done=self._received)

    def _hold(self, held: bool) -> None:
        if self.transport is not None:
            self.transport.pause_reading() if held else self.transport.resume_reading()

    def _received(self, refusal: HttpReply | None) -> None:
        receiving, self._upload = self._upload, None
        assert receiving is not None
        keep = self._upload_keep
        if refusal is not None:
            self.server.answer(self, receiving.attempt, refusal, keep)
        else:
            self._run(receiving.attempt, keep)
        self._next()

    def _turn_away(self, reply: HttpReply, http: HttpRequest) -> None:
        """Answer before the body has come. What still comes is read and thrown away, or the answer might be lost."""
        if self.transport is None:
            return
        self.transport.write(self._head(reply, close=True) + (reply.body if http.method != "HEAD" else b""))
        self._closing = self._discarding = True
        if self.transport.can_write_eof():
            self.transport.write_eof()

    def _sent(self, whole: bool, close: bool) -> None:
        self._sending = None
        if self.transport is None:
            return
        self.transport.set_write_buffer_limits(high=_WRITE_HIGH_WATER)
        if not whole:
            self.transport.abort()  # the length was promised: only a cut connection says that something is missing
        elif close:
            self.transport.close()
        else:
            self._flush_outbox()
            self._next()

    def _flush_outbox(self) -> None:
        """Send the answers that waited, up to and with the next that is long."""
        while self._outbox and self._sending is None:
            self.send(*self._outbox.popleft())

    # -- the work ----------------------------------------------------------------------------------------------

    def _serve(self, http: HttpRequest, keep: bool) -> None:
        cloud = self.server.cloud
        if http.path.startswith(control.PREFIX):
            self._run(control.Exchange(cloud, http), keep)
        else:
            self._run(cloud.gateway.attempt(http), keep)

    def _run(self, attempt: Attempt | control.Exchange, keep: bool) -> None:
        self._parked = None
        server = self.server
        if isinstance(attempt, control.Exchange):
            server.end_group()  # what it says or saves of the store is of the whole store
        else:
            server.open_group()
        try:
            reply = attempt.run()
        except Wait as wait:
            self._parked = server.cloud.hub.park(wait.topic, wait.until, lambda: self._resume(attempt, keep))
            server.arm()
            return
        server.answer(self, attempt, reply, keep)

    def _resume(self, attempt: Attempt | control.Exchange, keep: bool) -> None:
        if self.transport is None:
            return
        self._run(attempt, keep)
        self._next()

    def _next(self) -> None:
        """Serve what has waited behind a message that is answered now."""
        while self._queue and self.transport is not None:
            if self._parked is not None or self._upload is not None or self._sending is not None:
                return
            http, keep = self._queue.popleft()
            self._serve(http, keep)
        if len(self._queue) < _QUEUE_MAX and self.transport is not None and self._receiving is None:
            self.transport.resume_reading()

    def send(self, reply: HttpReply, http: HttpRequest, keep: bool) -> None:
        """Write an answer."""
        body = reply.body
        if self.transport is None:
            if body.__class__ is Stream:
                body.end()
            return
        if self._sending is not None:
            self._outbox.append((reply, http, keep))
            return
        close = not keep or self._closing
        data = self._head(reply, close)
        if body.__class__ is Stream:
            self.transport.write(data)
            if http.method == "HEAD":
                body.end()
            else:
                self.transport.set_write_buffer_limits(high=_STREAM_HIGH_WATER)
                self._sending = Sending(body, self.transport, lambda whole: self._sent(whole, close))
                self._sending.begin()
                return
        elif http.method != "HEAD":
            self.transport.write(data + body)
        else:
            self.transport.write(data)
        if close:
            self.transport.close()

    def _head(self, reply: HttpReply, close: bool) -> bytes:
        body = reply.body
        status = reply.status
        head = _LINES.get(status) or f"HTTP/1.1 {status} Unknown\r\n"
        fields = "".join([f"{name}: {value}\r\n" for name, value in reply.headers])
        lines = len(reply.headers)
        if fields.count("\n") != lines or fields.count("\r") != lines:
            clean = [("".join(name.split()), " ".join(value.split())) for name, value in reply.headers]
            fields = "".join([f"{name}: {value}\r\n" for name, value in clean])
        ending = "connection: close\r\n\r\n" if close else "\r\n"
        if status == 204 or status == 304 or "ontent-Length: " in fields:
            length = ""  # there is none, or the operation has said it (of what HEAD leaves out, too)
        elif body.__class__ is Stream and body.size is None:
            length = "transfer-encoding: chunked\r\n"
        else:
            length = f"content-length: {len(body)}\r\n"
        return f"{head}{fields}{length}{self.server.date}{ending}".encode("latin-1", "replace")

    def _refuse(self, status: int, why: str) -> None:
        self._closing = True
        reply = HttpReply(status, [("content-type", "text/plain")], (why + "\n").encode())
        self.server.end_group()
        self.send(reply, HttpRequest("GET", "/"), False)

    def end(self) -> None:
        """The server stops: an idle connection is closed, a parked call is given up."""
        if self.transport is not None:
            self.transport.close()


async def serve(
    cloud: Cloud,
    ready: Any = None,
    until: asyncio.Event | None = None,
    shutdown: Callable[[], None] | None = None,
) -> None:
    """Serve a cloud until an event is set (or forever); `ready(host, port)` is called once it listens.

    `shutdown` is what `haar down` does to the program that serves; without it, that program decides for itself.
    """
    server = Server(cloud)
    server.shutdown = shutdown
    host, port = await server.start()
    if ready is not None:
        ready(host, port)
    try:
        await (until or asyncio.Event()).wait()
    finally:
        await server.stop()
