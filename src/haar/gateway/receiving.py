"""A large body being received on one connection: handed in portions to a thread that digests and writes it.

The loop only collects; the thread works on one portion at a time, in order. When it falls behind, the connection is
not read from until it has caught up.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from haar.gateway.path import Attempt
    from haar.gateway.upload import Upload
    from haar.kit.body import Body
    from haar.wire.http import HttpReply

#: A portion, and what may wait while a portion is worked on, in bytes.
_PORTION = 1024 * 1024
_WAITING_MAX = 4 * 1024 * 1024
_THREADS = 4
_pool: ThreadPoolExecutor | None = None


def pool() -> ThreadPoolExecutor:
    """The threads for large bodies; made when the first one comes."""
    global _pool
    if _pool is None:
        _pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="haar-body")
    return _pool


class Receiving:
    """One body on its way in. `done` is called in the loop, once, with the refusal there is to send, or None.

    After None the attempt's request has its body and the attempt can be run.
    """

    def __init__(
        self,
        attempt: Attempt,
        upload: Upload,
        *,
        hold: Callable[[bool], None],
        done: Callable[[HttpReply | None], None],
    ) -> None:
        """`hold(True)` asks for no more bytes for now, `hold(False)` for more."""
        self.attempt = attempt
        self._upload: Upload | None = upload
        self._hold = hold
        self._done: Callable[[HttpReply | None], None] | None = done
        self._pieces: list[bytes] = []
        self._size = 0
        self._busy = False
        self._held = False
        self._ended = False
        self._refusal: HttpReply | None = None

    def add(self, piece: bytes) -> None:
        """More of the body."""
        if self._refusal is not None:
            return  # the rest of a body that is refused is only read
        self._pieces.append(piece)
        self._size += len(piece)
        if not self._busy:
            if self._size >= _PORTION:
                self._work()
        elif self._size >= _WAITING_MAX and not self._held:
            self._held = True
            self._hold(True)

    def end(self) -> None:
        """That was all."""
        self._ended = True
        if not self._busy:
            self._go_on()

    def abandon(self) -> None:
        """The client is gone: keep nothing."""
        self._done = None
        self._ended = True
        self._pieces = []
        if not self._busy:
            self._discard()

    def _work(self) -> None:
        assert self._upload is not None
        pieces, self._pieces, self._size = self._pieces, [], 0
        self._busy = True
        future = asyncio.get_running_loop().run_in_executor(pool(), self._upload.take, pieces)
        future.add_done_callback(self._worked)

    def _worked(self, future: asyncio.Future[None]) -> None:
        self._busy = False
        error = future.exception()
        if error is not None:
            self._fail(error)
        if self._held:
            self._held = False
            if self._done is not None:
                self._hold(False)
        if self._done is None:
            self._discard()
        elif self._ended or self._size >= _PORTION:
            self._go_on()

    def _go_on(self) -> None:
        if self._refusal is not None:
            if self._ended:
                self._say(self._refusal)
        elif self._pieces:
            self._work()
        elif self._ended:
            assert self._upload is not None
            self._busy = True
            future = asyncio.get_running_loop().run_in_executor(pool(), self._upload.finish)
            future.add_done_callback(self._finished)

    def _finished(self, future: asyncio.Future[Body]) -> None:
        self._busy = False
        error = future.exception()
        if error is not None:
            self._fail(error)
            if self._refusal is not None:
                self._say(self._refusal)
            return
        self._upload = None
        self.attempt.http.body = future.result()
        self._say(None)

    def _fail(self, error: BaseException) -> None:
        self._pieces, self._size = [], 0
        self._discard()
        self._refusal = self.attempt.answer_to(error)

    def _discard(self) -> None:
        upload, self._upload = self._upload, None
        if upload is not None:
            upload.discard()

    def _say(self, refusal: HttpReply | None) -> None:
        done, self._done = self._done, None
        if done is not None:
            done(refusal)
