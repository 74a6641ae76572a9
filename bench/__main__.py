"""`make bench`: measure Haar and its peers, print the table, write docs/performance.md."""

# ruff: noqa: T201  # a command prints

from __future__ import annotations

import argparse
import socket
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Self

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
    peers.FOLDER.mkdir(exist_ok=True)
    for number in range(asked.starts):
        for peer in chosen:
            if not peer.only:
                print(f"start {number + 1} of {asked.starts}: {peer.name} {peer.version}", file=sys.stderr)
                with _Running(peer) as running:
                    results.start_seconds[peer.name].append(running.start_seconds)
                    time.sleep(_IDLE_SECONDS)
                    results.idle_mb[peer.name].append(running.server.pss_mb())
    for case in asked.case:
        print(case, file=sys.stderr)
        _measure([peer for peer in chosen if peer.answers(case)], case, asked.rounds, asked.seconds, results)
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
    parser.add_argument("--rounds", type=int, default=5, help="turns that every server has in each case (5)")
    parser.add_argument("--seconds", type=float, default=1.0, help="how long each case is loaded (1)")
    parser.add_argument("--starts", type=int, default=9, help="starts of every server that are timed (9)")
    parser.add_argument(
        "--only", action="append", help="measure only this server: Haar, MiniStack, moto, s3rver; repeatable"
    )
    parser.add_argument("--case", action="append", choices=list(CASES), help="measure only this case; repeatable")
    parser.add_argument("--gate", action="store_true", help="end with 1 when a goal is not met")
    asked = parser.parse_args()
    asked.case = asked.case or list(CASES)
    return asked


def _chosen(only: list[str] | None) -> tuple[list[Peer], list[str]]:
    """The servers that can be measured here, and what is to be said about the others."""
    makers = {"Haar": peers.haar, "MiniStack": peers.ministack, "moto": peers.moto, "s3rver": peers.s3rver}
    found = [make() for name, make in makers.items() if not only or name in only]
    return [one for one in found if isinstance(one, Peer)], [f"{one}." for one in found if isinstance(one, str)]


class _Running:
    """A server that has given its first good answer."""

    def __init__(self, peer: Peer) -> None:
        self._data = tempfile.TemporaryDirectory(prefix="bench-")
        self.port = free_port()
        self.endpoint = f"http://127.0.0.1:{self.port}"
        probe = Signer(self.endpoint, peers.ROOT).request("sts", "get_caller_identity")
        command, environment = peer.started_with(self.port, Path(self._data.name))
        self.server = Server(command, environment, peers.FOLDER / f"{peer.name}.log")
        try:
            is_up = (lambda: _listens(self.port)) if peer.only else (lambda: _answers(self.port, probe))
            self.start_seconds = self.server.wait(is_up)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        self.server.stop()
        self._data.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def _measure(chosen: list[Peer], case: str, rounds: int, seconds: float, results: Results) -> None:
    """One case on every server, fresh ones: they take turns by the round, so that a slow moment meets all of them."""
    for connections in (1, 16):
        with ExitStack() as stack:
            loads = []
            for peer in chosen:
                running = stack.enter_context(_Running(peer))
                signer = Signer(running.endpoint, peer.credentials(running.endpoint))
                try:
                    work = CASES[case](signer)
                    units = [work(number) for number in range(connections)]
                except Exception as error:
                    if peer.is_ours:
                        raise
                    note = f"{peer.name} does not get through the preparation of {case}: {error!r}."
                    if note not in results.left_out:
                        results.left_out.append(note)
                    continue
                load.run(running.port, units, _WARM_SECONDS)
                loads.append((peer, running, units))
            for _ in range(rounds):
                for peer, running, units in loads:
                    results.cases[peer.name, case, connections].append(_load(running, units, seconds))


def _load(running: _Running, units: list[load.Work], seconds: float) -> Measured:
    """Load a server for a while, and note what it took."""
    before = running.server.cpu_seconds()
    run = load.run(running.port, units, seconds)
    cpu = running.server.cpu_seconds() - before
    return Measured(
        cpu_us=1e6 * cpu / max(run.units, 1),
        per_second=run.units / run.seconds,
        p50_ms=run.percentile_ms(0.5),
        p99_ms=run.percentile_ms(0.99),
        errors=run.errors,
        example=run.example,
    )


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1.0).close()
    except OSError:
        return False
    return True


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
