"""A cloud behind a real port, in a thread of the test process."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, Self, TypeVar

if TYPE_CHECKING:
    from haar.cloud import Cloud

T = TypeVar("T")


class Running:
    """Serves a cloud while the block runs; the cloud is closed at its end."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.url = ""
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="haar-server", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(10), "the server did not begin to listen"
        return self

    def __exit__(self, *exc: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)
        self._loop.close()
        self.cloud.close()

    def call(self, function: Callable[[], T]) -> T:
        """Run a function inside the server's loop, where the cloud lives; its result."""
        done: Future[T] = Future()

        def run() -> None:
            try:
                done.set_result(function())
            except BaseException as error:  # noqa: BLE001 (whatever it is, it belongs to the caller)
                done.set_exception(error)

        self._loop.call_soon_threadsafe(run)
        return done.result(30)

    def client(self, service: str, *, access_key: str = "test", secret_key: str = "test", **options: Any) -> Any:
        """A boto3 client over the port."""
        import boto3

        return boto3.client(
            service, endpoint_url=self.url, aws_access_key_id=access_key, aws_secret_access_key=secret_key,
            region_name=options.pop("region_name", self.cloud.config.region), **options,
        )  # fmt: skip

    def _serve(self) -> None:
        from haar.gateway.http import serve

        def ready(host: str, port: int) -> None:
            self.url = f"http://{host}:{port}"
            self._ready.set()

        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(serve(self.cloud, ready, self._stop))
