"""The benchmark measures what it says it measures: its requests are real ones, and its page tells what was found."""

from __future__ import annotations

import json
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bench import goals, load, peers
from bench.cases import CASES
from bench.process import Server, free_port
from bench.report import Measured, Results, judge, page
from bench.signing import Credentials, Signer

pytestmark = pytest.mark.ours

#: What a running server must never have to import.
BANNED = ("botocore", "boto3", "pydantic", "jinja2", "requests")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, int, Signer, Path]]:
    """Haar as the benchmark starts it, the user who sends the load, and the log, which tells every import."""
    folder = tmp_path_factory.mktemp("bench")
    port = free_port()
    command, environment = peers.haar().started_with(port, folder / "data")
    assert command[0] == sys.executable
    log = folder / "log"
    server = Server([command[0], "-X", "importtime", *command[1:]], environment, log)
    try:
        server.wait(lambda: _listens(port))
        endpoint = f"http://127.0.0.1:{port}"
        yield server, port, Signer(endpoint, peers.haar().credentials(endpoint)), log
    finally:
        server.stop()


@pytest.mark.parametrize("case", list(CASES))
def test_every_case_gets_the_answers_it_expects(case: str, served: tuple[Server, int, Signer, Path]) -> None:
    _, port, signer, _ = served
    work = CASES[case](signer)
    run = load.run(port, [work(number) for number in range(3)], 0.05)
    assert (run.errors, run.example) == (0, "")
    assert run.units == len(run.latencies) > 0


def test_the_user_who_sends_the_load_is_held_to_its_policies(served: tuple[Server, int, Signer, Path]) -> None:
    _, _, signer, _ = served
    with pytest.raises(signer.client("iam").exceptions.ClientError) as refused:
        signer.client("iam").create_user(UserName="admin-1")
    assert refused.value.response["Error"]["Code"] == "AccessDenied"


def test_a_wrong_signature_is_not_let_in_by_the_server_that_is_measured(
    served: tuple[Server, int, Signer, Path],
) -> None:
    _, port, signer, _ = served
    forger = Signer(signer.endpoint, Credentials(signer.credentials.access_key, "not the secret"))
    work = CASES["sts.GetCallerIdentity"](forger)
    run = load.run(port, [work(0)], 0.01)
    assert run.units == 0
    assert "SignatureDoesNotMatch" in run.example


def test_a_body_signed_anew_is_accepted(served: tuple[Server, int, Signer, Path]) -> None:
    _, port, signer, _ = served
    url = signer.client("sqs").create_queue(QueueName="bench-anew")["QueueUrl"]
    template = signer.template("sqs", "send_message", QueueUrl=url, MessageBody="the first")
    raw = template.with_body(json.dumps({"QueueUrl": url, "MessageBody": "the second"}).encode())
    load.run(port, [_once(raw)], 0.0)
    assert signer.client("sqs").receive_message(QueueUrl=url)["Messages"][0]["Body"] == "the second"


def test_cpu_time_and_memory_of_a_server_are_read(served: tuple[Server, int, Signer, Path]) -> None:
    server, _, _, _ = served
    assert server.cpu_seconds() > 0
    assert server.pss_mb() > 1


@pytest.mark.parametrize("package", BANNED)
def test_the_running_server_never_imports(package: str, served: tuple[Server, int, Signer, Path]) -> None:
    _, _, signer, log = served
    signer.client("sqs").create_queue(QueueName="bench-imports")
    imported = {
        line.rpartition("|")[2].strip() for line in log.read_text().splitlines() if line.startswith("import time:")
    }
    assert "haar.cloud" in imported  # the log does tell imports
    assert "haar.services.sqs.service" in imported  # and goes on while rooms are opened
    assert not [name for name in imported if name.partition(".")[0] == package]


def test_an_answer_in_chunks_is_read() -> None:
    answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    assert _asked_of(answer) == [b"abcde"]


def test_an_answer_that_ends_with_its_connection_is_read() -> None:
    assert _asked_of(b"HTTP/1.0 200 OK\r\n\r\nabc") == [b"abc"]


def test_an_error_is_not_counted_as_work() -> None:
    with _answering(b"HTTP/1.1 500 Oops\r\nContent-Length: 2\r\n\r\nno") as port:
        run = load.run(port, [_once(b"GET / HTTP/1.1\r\n\r\n")], 0.0)
    assert (run.units, run.errors, run.example) == (0, 1, "HTTP 500: b'no'")


def test_the_page_has_medians_ratios_and_a_verdict_on_every_goal() -> None:
    text = page(_results(ours=50.0, theirs=500.0))
    assert "| sts.GetCallerIdentity | 50 | 500 | 10.0 times |" in text
    assert "| sts.GetCallerIdentity: less CPU than MiniStack | 10.0 times | at least 4 times | met |" in text
    assert "| start to the first good answer | 0.20 s | at most 0.3 s | met |" in text
    assert "moto could not be installed." in text


def test_a_figure_beyond_its_goal_is_told() -> None:
    slow = goals.CASES["sts.GetCallerIdentity"].cpu_us + 1
    assert "| sts.GetCallerIdentity: CPU | 81 us | at most 80 us | **not met** |" in page(
        _results(ours=slow, theirs=500.0)
    )


def test_a_round_with_an_error_misses_the_gate() -> None:
    results = _results(ours=50.0, theirs=500.0)
    results.cases["Haar", "sts.GetCallerIdentity", 1].append(Measured(50, 9000, 0.1, 1.0, errors=1))
    assert not next(one for one in judge(results) if one.what == "errors").is_met


# -- what the tests are made with ----------------------------------------------------------------------------


def _results(*, ours: float, theirs: float) -> Results:
    found = [peers.haar(), peers.Peer("MiniStack", "1.5.33", ())]
    results = Results(3, 1.0, found, ["moto could not be installed."])
    for name, cpu in (("Haar", ours), ("MiniStack", theirs)):
        for connections in (1, 16):
            results.cases[name, "sts.GetCallerIdentity", connections] = [
                Measured(cpu_us, 9000, 0.1, 1.0, 0) for cpu_us in (cpu - 5, cpu, cpu + 100)
            ]
        results.start_seconds[name] = [0.1, 0.2, 0.9]
        results.idle_mb[name] = [25.0]
    return results


def _once(request: bytes, into: list[bytes] | None = None) -> load.Work:
    def unit() -> load.Unit:
        body = yield request
        if into is not None:
            into.append(body)

    return unit


def _asked_of(answer: bytes) -> list[bytes]:
    """The bodies that one question to a server with only this answer brings."""
    bodies: list[bytes] = []
    with _answering(answer) as port:
        load.run(port, [_once(b"GET / HTTP/1.1\r\n\r\n", bodies)], 0.0)
    return bodies


@contextmanager
def _answering(answer: bytes) -> Iterator[int]:
    """A server that gives one answer to one question."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            with listening.accept()[0] as connection:
                connection.recv(65536)
                connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield listening.getsockname()[1]
        thread.join()


def _listens(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), 1.0):
            return True
    except OSError:
        return False
