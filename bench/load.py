"""Keep-alive connections with one request in flight each, and as little as possible between answer and question.

What a connection does is a generator: it yields requests as bytes and is sent the answers' bodies; when it ends, one
unit of the case is done. Only good answers count: a status other than 200, or a generator that raises, is an error.
Of a large answer the beginning is kept, and the rest is counted.
"""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, field

#: One unit of a case on one connection.
Unit = Generator[bytes, bytes, None]
#: Makes the units of one connection.
Work = Callable[[], Unit]
_ERRORS_MAX = 100
#: Of an answer larger than the first, so much is kept.
_LARGE_BYTES = 256 * 1024
_KEPT_BYTES = 4096
_GRACE_SECONDS = 20.0


@dataclass
class Run:
    """What came of a load."""

    units: int = 0
    errors: int = 0
    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    #: the first thing that went wrong
    example: str = ""

    def percentile_ms(self, share: float) -> float:
        """The latency that this share of units stayed below, in milliseconds."""
        ordered = sorted(self.latencies)
        return 1000 * ordered[min(int(len(ordered) * share), len(ordered) - 1)] if ordered else float("nan")


def run(port: int, units: list[Work], seconds: float, grace: float = _GRACE_SECONDS) -> Run:
    """Let as many connections as there are makers of units work for so long, and `grace` seconds to end their last."""
    return asyncio.run(_run(port, units, seconds, grace))


async def _run(port: int, units: list[Work], seconds: float, grace: float) -> Run:
    result = Run()
    loop = asyncio.get_running_loop()
    begun = time.perf_counter()
    connections = [_Connection(port, unit, result, begun + seconds, loop.create_future()) for unit in units]
    await asyncio.gather(*(connection.open() for connection in connections))
    try:
        await asyncio.wait_for(asyncio.gather(*(connection.done for connection in connections)), seconds + grace)
    except TimeoutError:
        result.errors += 1
        result.example = result.example or "an answer did not come"
    result.seconds = time.perf_counter() - begun
    for connection in connections:
        connection.close()
    return result


class _Connection(asyncio.Protocol):
    def __init__(self, port: int, unit: Work, result: Run, until: float, done: asyncio.Future[None]) -> None:
        self.port = port
        self.unit = unit
        self.result = result
        self.until = until
        self.done = done
        self.transport: asyncio.Transport | None = None
        self.buffer = b""
        #: what is still to come of a large answer, and the answer as far as it is kept
        self.left = 0
        self.large: tuple[int, bytes, bool] = (0, b"", False)
        self.request = b""
        self.opening: asyncio.Task[None] | None = None
        self.begin()

    # -- the case ----------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """A new unit."""
        self.begun = time.perf_counter()
        self.steps = self.unit()
        self.request = next(self.steps)

    def answered(self, status: int, body: bytes) -> None:
        result = self.result
        try:
            if status != 200:
                raise ValueError(f"HTTP {status}: {body[:300]!r}")
            self.request = self.steps.send(body)
        except StopIteration:
            now = time.perf_counter()
            result.units += 1
            result.latencies.append(now - self.begun)
            self.next_unit(now)
        except Exception as error:  # noqa: BLE001  # a wrong answer, in whatever way it is wrong
            result.errors += 1
            result.example = result.example or str(error)
            self.next_unit(time.perf_counter())
        else:
            self.send()

    def next_unit(self, now: float) -> None:
        if now >= self.until or self.result.errors > _ERRORS_MAX:
            if not self.done.done():
                self.done.set_result(None)
            return
        self.begin()
        self.send()

    # -- the socket --------------------------------------------------------------------------------------------

    async def open(self) -> None:
        await asyncio.get_running_loop().create_connection(lambda: self, "127.0.0.1", self.port)

    def send(self) -> None:
        self.buffer = b""
        if self.transport is None or self.transport.is_closing():
            self.opening = asyncio.get_running_loop().create_task(self.open())  # the server closed it: come again
        else:
            self.transport.write(self.request)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.transport = transport
        self.send()

    def connection_lost(self, exc: Exception | None) -> None:
        self.transport = None
        if self.buffer:
            self.data_received(b"", ended=True)
        if not self.done.done() and self.opening is None:
            self.send()

    def close(self) -> None:
        if self.transport is not None:
            self.transport.abort()

    def data_received(self, data: bytes, ended: bool = False) -> None:
        if self.left:
            self.left -= len(data)
            if self.left > 0:
                return
            self.left = 0
            self.finished(*self.large)
            return
        buffer = self.buffer = self.buffer + data if self.buffer else data
        answer = _read(buffer, ended)
        if answer is None:
            self.look_for_large(buffer)
            return
        self.finished(*answer)

    def look_for_large(self, buffer: bytes) -> None:
        """Stop keeping what arrives when its announced length is large."""
        end = buffer.find(b"\r\n\r\n")
        at = buffer[: end + 2].lower().find(b"\r\ncontent-length:") if end >= 0 else -1
        if at < 0:
            return
        length = int(buffer[at + 17 : buffer.find(b"\r\n", at + 17)])
        have = len(buffer) - end - 4
        if length > _LARGE_BYTES and have >= min(_KEPT_BYTES, length):
            closes = b"\r\nconnection: close" in buffer[: end + 2].lower()
            self.large = int(buffer[9:12]), buffer[end + 4 : end + 4 + _KEPT_BYTES], closes
            self.left = length - have

    def finished(self, status: int, body: bytes, closes: bool) -> None:
        self.buffer = b""
        self.opening = None
        if closes and self.transport is not None:
            self.transport.abort()
        self.answered(status, body)


def _read(buffer: bytes, ended: bool) -> tuple[int, bytes, bool] | None:
    """(status, body, whether the connection ends) of a whole answer; None when more is to come."""
    end = buffer.find(b"\r\n\r\n")
    if end < 0:
        return None
    head = buffer[: end + 2].lower()
    status = int(head[9:12])
    closes = b"\r\nconnection: close" in head or head.startswith(b"http/1.0")
    start = end + 4
    at = head.find(b"\r\ncontent-length:")
    if at >= 0:
        length = int(head[at + 17 : head.find(b"\r\n", at + 17)])
        return (status, buffer[start : start + length], closes) if len(buffer) >= start + length else None
    if b"\r\ntransfer-encoding: chunked" in head:
        body = _unchunk(buffer, start)
        return (status, body, closes) if body is not None else None
    return (status, buffer[start:], True) if ended or status == 204 else None


def _unchunk(buffer: bytes, at: int) -> bytes | None:
    parts: list[bytes] = []
    while (line := buffer.find(b"\r\n", at)) >= 0:
        size = int(buffer[at:line].partition(b";")[0], 16)
        if len(buffer) < line + 4 + size:
            return None
        if size == 0:
            return b"".join(parts)
        parts.append(buffer[line + 2 : line + 2 + size])
        at = line + 4 + size
    return None
