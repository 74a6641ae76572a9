"""`make bench`: measure Haar and its peers, print the table, write docs/performance.md."""

# ruff: noqa: T201  # a command prints

from __future__ import annotations

import argparse
import socket
import sys
import tempfile
import time
from pathlib import Path

from bench import load, peers
from bench.cases import CASES
from bench.peers import Peer
from bench.process import Server, free_port
from bench.report import Measured, Results, judge, page
from bench.signing import Signer

_PAGE = Path("docs/performance.md")
_IDLE_SECONDS = 1.0
_WARM_SECONDS = 0.4


def main() -> int:
    """Measure, print, write. The exit code is 1 when `--gate` was given and a goal is not met."""
    asked = _arguments()
    chosen, left_out = _chosen(asked.only)
    results = Results(asked.rounds, asked.seconds, chosen, left_out)
    for note in left_out:
        print(note, file=sys.stderr)
    for number in range(asked.rounds):
        for peer in chosen:
            print(f"round {number + 1} of {asked.rounds}: {peer.name} {peer.version}", file=sys.stderr)
            _measure(peer, asked.case, asked.seconds, asked.starts, results)
    text = page(results)
    print(text[text.index("## ") :])
    for (name, case, connections), found in results.cases.items():
        for one in found:
            if one.errors:
                print(
                    f"{name}, {case}, {connections} connections: {one.errors} errors, such as: {one.example}",
                    file=sys.stderr,
                )
    if asked.only or asked.case != list(CASES):
        print(f"not all was measured: {_PAGE} is left as it is", file=sys.stderr)
    else:
        _PAGE.write_text(text)
        print(f"written to {_PAGE}", file=sys.stderr)
    return int(asked.gate and not all(one.is_met for one in judge(results)))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="rounds in which the servers take turns (3)")
    parser.add_argument("--seconds", type=float, default=1.0, help="how long each case is loaded (1)")
    parser.add_argument("--starts", type=int, default=3, help="starts that are timed in each round (3)")
    parser.add_argument("--only", action="append", help="measure only this server: Haar, MiniStack, moto; repeatable")
    parser.add_argument("--case", action="append", choices=list(CASES), help="measure only this case; repeatable")
    parser.add_argument("--gate", action="store_true", help="end with 1 when a goal is not met")
    asked = parser.parse_args()
    asked.case = asked.case or list(CASES)
    return asked


def _chosen(only: list[str] | None) -> tuple[list[Peer], list[str]]:
    """The servers that can be measured here, and what is to be said about the others."""
    makers = {"Haar": peers.haar, "MiniStack": peers.ministack, "moto": peers.moto}
    found = [make() for name, make in makers.items() if not only or name in only]
    return [one for one in found if isinstance(one, Peer)], [f"{one}." for one in found if isinstance(one, str)]


def _measure(peer: Peer, cases: list[str], seconds: float, starts: int, results: Results) -> None:
    """One server's part of a round: some starts to be timed, then every case on the last of them."""
    peers.FOLDER.mkdir(exist_ok=True)
    for _ in range(starts - 1):
        _start(peer, [], seconds, results)
    _start(peer, cases, seconds, results)


def _start(peer: Peer, cases: list[str], seconds: float, results: Results) -> None:
    """Time a start, look at the memory, and load the server with the cases."""
    with tempfile.TemporaryDirectory(prefix="bench-") as data:
        port = free_port()
        endpoint = f"http://127.0.0.1:{port}"
        probe = Signer(endpoint, peers.ROOT).request("sts", "get_caller_identity")
        command, environment = peer.started_with(port, Path(data))
        server = Server(command, environment, peers.FOLDER / f"{peer.name}.log")
        try:
            results.start_seconds[peer.name].append(server.wait(lambda: _answers(port, probe)))
            time.sleep(_IDLE_SECONDS)
            results.idle_mb[peer.name].append(server.pss_mb())
            signer = Signer(endpoint, peer.credentials(endpoint)) if cases else None
            for case in cases:
                assert signer is not None
                for connections in (1, 16):
                    into = results.cases[peer.name, case, connections]
                    into.append(_load(server, port, signer, case, connections, seconds))
        finally:
            server.stop()


def _load(server: Server, port: int, signer: Signer, case: str, connections: int, seconds: float) -> Measured:
    """Prepare a case afresh (signatures are good for 15 minutes), warm up, load, and note what it took."""
    work = CASES[case](signer)
    units = [work(number) for number in range(connections)]
    load.run(port, units, _WARM_SECONDS)
    before = server.cpu_seconds()
    run = load.run(port, units, seconds)
    cpu = server.cpu_seconds() - before
    return Measured(
        cpu_us=1e6 * cpu / max(run.units, 1),
        per_second=run.units / run.seconds,
        p50_ms=run.percentile_ms(0.5),
        p99_ms=run.percentile_ms(0.99),
        errors=run.errors,
        example=run.example,
    )


def _answers(port: int, probe: bytes) -> bool:
    """Whether a server gives a good answer by now."""
    try:
        with socket.create_connection(("127.0.0.1", port), 1.0) as connection:
            connection.settimeout(30.0)
            connection.sendall(probe)
            answer = b""
            while b"</GetCallerIdentityResponse>" not in answer:
                part = connection.recv(65536)
                if not part:
                    return False
                answer += part
            return answer.split(b" ", 2)[1] == b"200"
    except OSError:
        return False


if __name__ == "__main__":
    sys.exit(main())
