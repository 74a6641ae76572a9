"""An HTTP endpoint that listens on this machine, as subscribers of a topic do; and that it does."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import urlsplit

import pytest

#: How often a test looks whether a request has come, before it gives up.
_PATIENCE = 200


class Endpoint:
    """An HTTP server that keeps what it is sent, and answers with the statuses it is given."""

    def __init__(self) -> None:
        self.statuses: list[int] = []
        self.requests: list[tuple[dict[str, str], bytes]] = []
        self.arrived = threading.Condition()
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                with endpoint.arrived:
                    endpoint.requests.append(({name.lower(): value for name, value in self.headers.items()}, body))
                    endpoint.arrived.notify_all()
                self.send_response(endpoint.statuses.pop(0) if endpoint.statuses else 200)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *args: Any) -> None:
                return

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    def told(self) -> list[dict[str, Any]]:
        """The JSON of all bodies."""
        return [json.loads(body) for _, body in self.requests]

    def wait_for(self, count: int, meanwhile: Callable[[], object] = lambda: None) -> list[dict[str, Any]]:
        """The JSON of all bodies, once there are so many; for senders that do not wait."""
        for _ in range(_PATIENCE):
            with self.arrived:
                if self.arrived.wait_for(lambda: len(self.requests) >= count, timeout=0.05):
                    return self.told()
            meanwhile()
        raise AssertionError(f"{len(self.requests)} requests have come, and not {count}")

    def stop(self) -> None:
        """End it."""
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.mark.ours
def test_an_endpoint_keeps_what_it_is_sent_and_answers_as_it_is_told(endpoint: Endpoint) -> None:
    endpoint.statuses = [503]
    connection = http.client.HTTPConnection(urlsplit(endpoint.url).netloc)
    connection.request("POST", "/hook", body=b'{"a": 1}')
    status = connection.getresponse().status
    connection.close()
    assert (status, endpoint.told()) == (503, [{"a": 1}])
