"""Answers as text for people: aligned tables, instants, spans of time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

__all__ = ["call_line", "clock_lines", "span", "status_lines", "table"]


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Aligned columns; numbers stand on the right."""
    cells = [[str(cell) for cell in row] for row in rows]
    lines = [list(head), *cells]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    right = [bool(cells) and all(row[column].isdigit() for row in cells) for column in range(len(head))]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if aligned else cell.ljust(width)
            for cell, width, aligned in zip(line, widths, right, strict=True)
        ).rstrip()
        for line in lines
    )


def span(seconds: float) -> str:
    """A span of time in its two largest units: `40d 2h`, `1m 30s`, `0.2s`."""
    if seconds < 60:
        return f"{seconds:.3g}s"
    left = round(seconds)
    parts = []
    for unit, size in (("d", 86_400), ("h", 3600), ("m", 60), ("s", 1)):
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count}{unit}")
    return " ".join(parts[:2])


def clock_lines(clock: dict[str, Any]) -> str:
    """The virtual time, and how it relates to the real one."""
    lines = [f"Virtual time   {clock['now']}{pace(clock)}"]
    ahead = clock["offset_seconds"]
    how = "the same" if abs(ahead) < 0.5 else f"{span(abs(ahead))} {'behind it' if ahead > 0 else 'ahead of it'}"
    lines.append(f"Real time      {clock['real']}  ({how})")
    lines.append(f"Next due       {clock['next_due'] or 'nothing'}")
    if "done" in clock:
        lines.append(f"Done           {clock['done']} that fell due")
    return "\n".join(lines)


def pace(clock: dict[str, Any]) -> str:
    """Whether the clock is frozen or hurries; nothing when it runs as usual."""
    if clock["frozen"]:
        return "  (frozen)"
    return "" if clock["rate"] == 1 else f"  ({clock['rate']:g} times as fast as real time)"


def status_lines(health: dict[str, Any], endpoint: str) -> str:
    """How a cloud is."""
    store = health["store"]
    place = f"{store['kind']}: {store['place']}" if store["place"] else store["kind"]
    services = health["services"]
    used = [name for name in services if services[name] == "loaded"]
    reachable = "from this machine" if health["loopback"] else "from other machines; root signs control calls"
    lines = [
        f"Haar {health['version']} is well at {endpoint}",
        "",
        f"Running       {span(health['uptime_seconds'])}, process {health['pid']}",
        f"Virtual time  {health['clock']['now']}{pace(health['clock'])}",
        f"Store         {place} (durability: {health['durability']})",
        f"IAM           {health['iam']}",
        f"Reachable     {reachable}",
        f"Connections   {health['connections']}, {health['waiting']} calls waiting",
        f"Services      {', '.join(services)}",
        f"In use        {', '.join(used) or 'none yet'}",
    ]
    return "\n".join(lines)


def call_line(call: dict[str, Any]) -> str:
    """One call in one line: when, what, by whom, how it ended, and its request id."""
    who = call["principal"].rpartition(":")[2]
    outcome = call["error"] or "ok"
    if call["denied"] and not call["error"]:
        outcome = "ok (a policy denies it)"
    what = f"{call['service']}:{call['operation']}"
    return f"{call['at']}  {call['account']}  {call['region']:<14}  {what:<34}  {who:<28}  {outcome}  {call['id']}"
