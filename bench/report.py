"""What was measured: kept by round, told as medians, judged against the goals."""

from __future__ import annotations

import os
import platform
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from bench import goals
from bench.peers import Peer


@dataclass(frozen=True)
class Measured:
    """One case on one server at one number of connections, in one round. Per unit; latencies in milliseconds."""

    cpu_us: float
    per_second: float
    p50_ms: float
    p99_ms: float
    errors: int
    example: str = ""


@dataclass
class Results:
    """Everything that was measured."""

    rounds: int
    seconds: float
    peers: list[Peer]
    left_out: list[str]
    #: (peer, case, connections) -> one figure per round
    cases: dict[tuple[str, str, int], list[Measured]] = field(default_factory=lambda: defaultdict(list))
    start_seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    idle_mb: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def middle(self, peer: str, case: str, connections: int, figure: str) -> float | None:
        """The median over the rounds; None when it was not measured."""
        found = self.cases.get((peer, case, connections))
        return median(getattr(one, figure) for one in found) if found else None

    def ratio(self, peer: str, case: str) -> float | None:
        """How many times less CPU Haar takes than a peer."""
        ours, theirs = (self.middle(name, case, 16, "cpu_us") for name in ("Haar", peer))
        return theirs / ours if ours and theirs else None


@dataclass(frozen=True)
class Judged:
    """One figure beside its goal."""

    what: str
    found: str
    goal: str
    is_met: bool


def judge(results: Results) -> list[Judged]:
    """Every goal for which there is a figure."""
    judged: list[Judged] = []

    def at_most(what: str, found: float | None, limit: float, unit: str, digits: int = 0) -> None:
        if found is not None:
            judged.append(Judged(what, f"{found:.{digits}f} {unit}", f"at most {limit:g} {unit}", found <= limit))

    def at_least(what: str, found: float | None, limit: float, unit: str, digits: int = 0) -> None:
        if found is not None:
            judged.append(Judged(what, f"{found:,.{digits}f}{unit}", f"at least {limit:,g}{unit}", found >= limit))

    for case, goal in goals.CASES.items():
        at_most(f"{case}: CPU", results.middle("Haar", case, 16, "cpu_us"), goal.cpu_us, "us")
        for peer, times in goal.times_less.items():
            at_least(f"{case}: less CPU than {peer}", results.ratio(peer, case), times, " times", 1)
    for case in goals.SMALL:
        rate = results.middle("Haar", case, 16, "per_second")
        at_least(f"{case}: requests a second, 16 connections", rate, goals.PER_SECOND_MIN, "")
        at_most(f"{case}: p50, 1 connection", results.middle("Haar", case, 1, "p50_ms"), goals.P50_MS_MAX, "ms", 3)
    if starts := results.start_seconds.get("Haar"):
        at_most("start to the first good answer", median(starts), goals.START_SECONDS_MAX, "s", 2)
    if idle := results.idle_mb.get("Haar"):
        at_most("memory when idle (PSS)", median(idle), goals.IDLE_MB_MAX, "MB", 1)
    errors = sum(one.errors for key, found in results.cases.items() if key[0] == "Haar" for one in found)
    at_most("errors", errors, 0, "")
    return judged


def page(results: Results) -> str:
    """docs/performance.md."""
    today = datetime.now(UTC).date().isoformat()
    names = " against ".join(f"{peer.name} {peer.version}" for peer in results.peers)
    others = _others(results)
    every = [peer.name for peer in results.peers]
    loads = [f"{what}, {connections}" for connections in (1, 16) for what in ("units/s", "p50 ms", "p99 ms")]
    verdicts = [[one.what, one.found, one.goal, "met" if one.is_met else "**not met**"] for one in judge(results)]
    parts = [
        "# Performance",
        f"Written by `make bench` on {today}; no figure here was typed by hand.",
        f"{names}. {_machine()}. {_rounds(results)}",
        *results.left_out,
        _METHOD,
        "## CPU time of the server per unit, 16 connections (us)",
        _table(["case", *every, *[f"less than {peer.name}" for peer in others]], _cpu_rows(results)),
        "## Rates and latencies",
        _table(["case", "server", *loads, "errors"], _rate_rows(results)),
        "## Start and memory",
        _table(["", *[peer.name for peer in results.peers if not peer.only]], _process_rows(results)),
        "## The gate",
        _GATE,
        _table(["figure", "measured", "goal", ""], verdicts),
    ]
    return "\n\n".join(parts) + "\n"


def _rounds(results: Results) -> str:
    return (
        f"Each figure is the median of {results.rounds} turns of {results.seconds:g} s; in each case all servers "
        "were up and took turns, one being asked at a time."
    )


_GATE = """\
What a release holds, with all enforcement on. The absolute figures hold for a machine of this kind, the ratios
anywhere."""

_METHOD = """\
Haar runs as `haar up` starts it: signatures verified, an IAM user's policies evaluated, every call in the audit trail,
every acknowledged write in the store (LMDB, safe when the process is killed). The peers run as they come, and accept
any signature. Requests are built and signed by botocore just before each case and sent over keep-alive connections,
one in flight on each; an answer counts only with its status and a piece of its body as expected. CPU time is user and
system time of the server's processes; memory is their PSS. Client and server share the machine, so the rates and
latencies at one connection depend on what else runs; the CPU time per unit does so less. "Start" is from creating the
process to a correct answer to a signed sts:GetCallerIdentity."""


def _others(results: Results) -> list[Peer]:
    return [peer for peer in results.peers if not peer.is_ours]


def _cases(results: Results) -> list[str]:
    return list(dict.fromkeys(case for _, case, _ in results.cases))


def _cpu_rows(results: Results) -> list[list[str]]:
    return [
        [
            case,
            *[_figure(results.middle(peer.name, case, 16, "cpu_us"), 0) for peer in results.peers],
            *[_figure(results.ratio(peer.name, case), 1, " times") for peer in _others(results)],
        ]
        for case in _cases(results)
    ]


def _rate_rows(results: Results) -> list[list[str]]:
    rows = []
    for case in _cases(results):
        for peer in results.peers:
            if not peer.answers(case):
                continue
            row = [case, peer.name]
            for connections in (1, 16):
                row += [
                    _figure(results.middle(peer.name, case, connections, figure), digits)
                    for figure, digits in (("per_second", 0), ("p50_ms", 3), ("p99_ms", 2))
                ]
            found = [one for key, many in results.cases.items() if key[:2] == (peer.name, case) for one in many]
            rows.append([*row, str(sum(one.errors for one in found))])
    return rows


def _process_rows(results: Results) -> list[list[str]]:
    starts = [
        _figure(median(s), 2) if (s := results.start_seconds.get(p.name)) else "" for p in results.peers if not p.only
    ]
    idle = [_figure(median(m), 1) if (m := results.idle_mb.get(p.name)) else "" for p in results.peers if not p.only]
    return [["start to the first good answer, s", *starts], ["memory when idle (PSS), MB", *idle]]


def _figure(value: float | None, digits: int, unit: str = "") -> str:
    return "" if value is None else f"{value:,.{digits}f}{unit}"


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] + ["---:" if len(head) > 1 else "---"] * (len(head) - 1), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _machine() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next(line.partition(": ")[2] for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        model = platform.machine()
    return (
        f"{os.cpu_count()} cores ({' '.join(model.split())}), {platform.system()}, Python {platform.python_version()}"
    )
