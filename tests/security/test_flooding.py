"""Whoever can reach the port but has no key cannot fill the memory, nor hold connections for ever."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from haar import Cloud
from haar.auth import sigv4
from haar.gateway import http as serving
from haar.gateway.http import Connection
from haar.testing.server import Running
from haar.wire import router
from haar.wire.http import HttpRequest
from tests.clients.signing import aws_json

pytestmark = pytest.mark.ours


@pytest.fixture
def running() -> Iterator[Running]:
    with Running(Cloud(port=0)) as running:
        yield running


def line_to(running: Running) -> socket.socket:
    """A bare connection."""
    host, _, port = running.url.removeprefix("http://").partition(":")
    return socket.create_connection((host, int(port)), timeout=10)


def answer(line: socket.socket) -> bytes:
    """All that comes until the server closes."""
    pieces = []
    try:
        while piece := line.recv(65536):
            pieces.append(piece)
    except ConnectionResetError:
        pass
    return b"".join(pieces)


def pour(line: socket.socket, piece: bytes, times: int) -> int:
    """Send until nobody takes it any more; how many pieces were taken."""
    for count in range(times):
        try:
            line.sendall(piece)
        except OSError:
            return count
    return times


def sweep_in(running: Running, seconds: int) -> int:
    """Let so many seconds pass for the server; how many connections are left."""

    def sweep() -> int:
        server = running.cloud.server
        server.ticks += seconds
        server.sweep()
        return sum(not connection.transport.is_closing() for connection in server.connections)

    return running.call(sweep)


def connection_of(running: Running) -> Connection:
    """The server's end of the one connection there is."""
    return running.call(lambda: next(iter(running.cloud.server.connections)))  # type: ignore[no-any-return]


# --- what never ends ----------------------------------------------------------------


@pytest.mark.parametrize(
    "start",
    [
        b"GET /",
        b"GET / HTTP/1.1\r\nx: ",
        b"GET / HTTP/1.1\r\n",
        b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n0\r\nx: ",
    ],
    ids=["address", "header", "headers", "trailer"],
)  # fmt: skip
def test_a_head_that_never_ends_is_cut_off(running: Running, start: bytes) -> None:
    piece = b"a" * 65536 if start != b"GET / HTTP/1.1\r\n" else b"a: b\r\n" * 10_000
    with line_to(running) as line:
        line.sendall(start)
        assert pour(line, piece, 400) < 400


def test_a_long_body_in_small_chunks_is_taken(running: Running) -> None:
    with line_to(running) as line:
        line.sendall(b"POST / HTTP/1.1\r\nhost: x\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n")
        assert pour(line, b"1\r\na\r\n" * 10_000, 20) == 20
        line.sendall(b"0\r\n\r\n")
        assert answer(line).startswith(b"HTTP/1.1 404")


def test_nothing_that_follows_a_refused_request_is_done(running: Running) -> None:
    create = aws_json("sqs", "AmazonSQS.CreateQueue", {"QueueName": "smuggled"})
    head = "".join(f"{name}: {value}\r\n" for name, value in create.headers.items())
    second = f"POST / HTTP/1.1\r\n{head}content-length: {len(create.body)}\r\n\r\n".encode() + create.body
    with line_to(running) as line:
        line.sendall(b"GET / HTTP/1.1\r\nx: " + b"a" * 70_000 + b"\r\n\r\n" + second)
        assert answer(line).startswith(b"HTTP/1.1 413")
    assert "QueueUrls" not in running.client("sqs").list_queues()


# --- who holds a connection ---------------------------------------------------------


@pytest.mark.parametrize("half", [b"GET / HT", b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\nabc"])
def test_half_a_request_is_waited_for_a_minute(running: Running, half: bytes) -> None:
    with line_to(running) as line:
        line.sendall(half)
        while running.call(lambda: all(one._begun is None for one in running.cloud.server.connections)):
            pass
        assert sweep_in(running, 59) == 1
        assert sweep_in(running, 2) == 0


def test_a_head_that_drips_in_is_waited_for_a_minute_all_the_same(running: Running) -> None:
    with line_to(running) as line:
        line.sendall(b"GET / HT")
        while running.call(lambda: all(one._begun is None for one in running.cloud.server.connections)):
            pass
        running.call(lambda: setattr(next(iter(running.cloud.server.connections)), "_heard", 10**6))
        assert sweep_in(running, 61) == 0


def test_an_idle_connection_is_kept_for_ten_minutes(running: Running) -> None:
    sqs = running.client("sqs")
    sqs.list_queues()
    assert sweep_in(running, 599) == 1
    assert sweep_in(running, 2) == 0
    sqs.list_queues()  # the client makes itself another


def test_a_long_poll_is_no_idle_connection(running: Running) -> None:
    url = running.client("sqs").create_queue(QueueName="q")["QueueUrl"]
    poll = aws_json("sqs", "AmazonSQS.ReceiveMessage", {"QueueUrl": url, "WaitTimeSeconds": 20})
    head = "".join(f"{name}: {value}\r\n" for name, value in poll.headers.items())
    with line_to(running) as line:
        line.sendall(f"POST / HTTP/1.1\r\n{head}content-length: {len(poll.body)}\r\n\r\n".encode() + poll.body)
        while running.call(lambda: len(running.cloud.hub)) == 0:
            pass
        assert not any(one.is_stale(10**9) for one in list(running.cloud.server.connections) if one._parked)


def test_requests_behind_a_long_poll_are_left_in_the_socket(running: Running) -> None:
    url = running.client("sqs").create_queue(QueueName="q")["QueueUrl"]
    poll = aws_json("sqs", "AmazonSQS.ReceiveMessage", {"QueueUrl": url, "WaitTimeSeconds": 20})
    head = "".join(f"{name}: {value}\r\n" for name, value in poll.headers.items())
    one = f"POST / HTTP/1.1\r\n{head}content-length: {len(poll.body)}\r\n\r\n".encode() + poll.body
    with line_to(running) as line:
        line.sendall(one)
        while running.call(lambda: len(running.cloud.hub)) == 0:
            pass
        line.settimeout(0.5)
        big = b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 60000\r\n\r\n" + b"a" * 60_000
        assert pour(line, big, 2000) < 2000
        queued = running.call(lambda: max(len(each._queue) for each in running.cloud.server.connections))
        assert serving._QUEUE_MAX <= queued < 2 * serving._QUEUE_MAX


def test_what_waited_in_the_socket_is_answered_in_its_turn(running: Running) -> None:
    url = running.client("sqs").create_queue(QueueName="q")["QueueUrl"]
    poll = aws_json("sqs", "AmazonSQS.ReceiveMessage", {"QueueUrl": url, "WaitTimeSeconds": 20})
    head = "".join(f"{name}: {value}\r\n" for name, value in poll.headers.items())
    with line_to(running) as line:
        line.sendall(f"POST / HTTP/1.1\r\n{head}content-length: {len(poll.body)}\r\n\r\n".encode() + poll.body)
        while running.call(lambda: len(running.cloud.hub)) == 0:
            pass
        line.sendall(b"GET /nothing HTTP/1.1\r\nhost: x\r\n\r\n" * 99)
        line.sendall(b"GET /nothing HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        running.client("sqs").send_message(QueueUrl=url, MessageBody="wake")
        assert answer(line).count(b"HTTP/1.1 ") == 101


# --- what is remembered ---------------------------------------------------------------


def long_claim(key: str) -> HttpRequest:
    """A request that claims to be signed with a key nobody has."""
    claim = f"AWS4-HMAC-SHA256 Credential={key}/20260101/us-east-1/sqs/aws4_request, SignedHeaders=host, Signature=0"
    fields = {"host": "h" * 5000, "x-amz-date": "20260101T000000Z", "authorization": claim}
    return HttpRequest("POST", "/", "", fields, b"Action=ListQueues&Version=2012-11-05")


def test_long_made_up_keys_and_hosts_are_not_remembered(cloud: Cloud) -> None:
    before = dict(cloud.gateway.authenticate._known)
    assert json.dumps(cloud.handle(long_claim("K" * 50_000)).status) == "403"
    assert cloud.gateway.authenticate._known == before
    remembered: list[Any] = [*sigv4._scopes, *router._hosts]
    assert max(map(len, remembered)) <= 1024
