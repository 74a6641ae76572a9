"""A large body on its way out: made piece by piece as fast as the client takes it, never faster."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from haar.gateway.receiving import pool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from haar.wire.http import Stream

log = logging.getLogger("haar.gateway")

#: After so many bytes in one go the other connections have their turn.
_TURN = 1024 * 1024


class Sending:
    """One stream on one connection. `done(whole)` is called once, in the loop; not whole means: cut the connection."""

    def __init__(self, stream: Stream, transport: asyncio.Transport, done: Callable[[bool], None]) -> None:
        self._stream = stream
        self._transport = transport
        self._done: Callable[[bool], None] | None = done
        self._pieces: Iterator[bytes] | None = None
        self._chunked = stream.size is None
        self._left = stream.size
        self._paused = False
        self._making = False

    def begin(self) -> None:
        """Send the first pieces; the head was written."""
        self._pieces = self._stream.pieces()
        self._go_on()

    def pause(self) -> None:
        """The client is slow."""
        self._paused = True

    def resume(self) -> None:
        """It has caught up."""
        if self._paused:
            self._paused = False
            self._go_on()

    def abandon(self) -> None:
        """The client is gone."""
        self._done = None
        if not self._making:
            self._close()

    def _go_on(self) -> None:
        if self._done is None or self._making:
            return
        assert self._pieces is not None
        if self._stream.slow:
            self._making = True
            future = asyncio.get_running_loop().run_in_executor(pool(), next, self._pieces, None)
            future.add_done_callback(self._made)
            return
        sent = 0
        try:
            while not self._paused:
                piece = next(self._pieces, None)
                if piece is None:
                    self._end()
                    return
                self._write(piece)
                sent += len(piece)
                if sent >= _TURN:
                    asyncio.get_running_loop().call_soon(self._go_on)
                    return
        except Exception:
            log.exception("a body could not be sent to its end")
            self._say(whole=False)

    def _made(self, future: asyncio.Future[bytes | None]) -> None:
        self._making = False
        if self._done is None:
            self._close()
            return
        error = future.exception()
        if error is not None:
            log.error("a body could not be sent to its end", exc_info=error)
            self._say(whole=False)
            return
        piece = future.result()
        if piece is None:
            self._end()
            return
        self._write(piece)
        if not self._paused:
            self._go_on()

    def _write(self, piece: bytes) -> None:
        if not piece:
            return
        if self._chunked:
            self._transport.write(b"%x\r\n" % len(piece))
            self._transport.write(piece)
            self._transport.write(b"\r\n")
            return
        assert self._left is not None
        self._left -= len(piece)
        self._transport.write(piece)

    def _end(self) -> None:
        if self._chunked:
            self._transport.write(b"0\r\n\r\n")
        self._say(whole=not self._left)

    def _say(self, *, whole: bool) -> None:
        self._close()
        done, self._done = self._done, None
        if done is not None:
            done(whole)

    def _close(self) -> None:
        pieces, self._pieces = self._pieces, None
        if pieces is not None and hasattr(pieces, "close"):
            pieces.close()
        self._stream.end()
