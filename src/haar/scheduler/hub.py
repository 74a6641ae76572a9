"""Parked calls: who waits for what, and until when."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable
from typing import Any

from haar.store.transaction import EVERYTHING


class Parked:
    """One waiting call. `wake` is called once, when its topic changes or its time comes."""

    __slots__ = ("done", "topic", "until", "wake")

    def __init__(self, topic: tuple[str, Any], until: float, wake: Callable[[], None]) -> None:
        self.topic = topic
        self.until = until
        self.wake = wake
        self.done = False

    def __lt__(self, other: Parked) -> bool:
        return self.until < other.until


class Hub:
    """Wakes parked calls when rows change or virtual time passes."""

    def __init__(self) -> None:
        self._by_topic: dict[tuple[str, Any], list[Parked]] = {}
        self._by_time: list[Parked] = []

    def park(self, topic: tuple[str, Any], until: float, wake: Callable[[], None]) -> Parked:
        """Call `wake` once: when a row of the topic changes, or when the clock reaches `until`."""
        parked = Parked(topic, until, wake)
        self._by_topic.setdefault(topic, []).append(parked)
        heapq.heappush(self._by_time, parked)
        return parked

    def forget(self, parked: Parked) -> None:
        """The caller has gone away."""
        self._end(parked)

    def changed(self, changes: Iterable[tuple[str, Any]]) -> None:
        """Rows were committed: (table, first key field) of each."""
        if not self._by_topic:
            return
        woken: list[Parked] = []
        for change in changes:
            if change == EVERYTHING:
                woken.extend(parked for waiting in self._by_topic.values() for parked in waiting)
                break
            woken.extend(self._by_topic.get(change, ()))
            woken.extend(self._by_topic.get((change[0], None), ()))
        self._wake(woken)

    def next_deadline(self) -> float | None:
        """The instant at which the next wait ends."""
        while self._by_time and self._by_time[0].done:
            heapq.heappop(self._by_time)
        return self._by_time[0].until if self._by_time else None

    def wake_due(self, now: float) -> int:
        """End the waits whose time has come; how many there were."""
        woken = []
        while self._by_time and (self._by_time[0].done or self._by_time[0].until <= now):
            parked = heapq.heappop(self._by_time)
            if not parked.done:
                woken.append(parked)
        self._wake(woken)
        return len(woken)

    def __len__(self) -> int:
        return sum(len(waiting) for waiting in self._by_topic.values())

    def _wake(self, woken: list[Parked]) -> None:
        # all are taken out before the first runs: what it commits must not wake the others a second time, inside itself
        ready = [parked for parked in woken if not parked.done]
        for parked in ready:
            self._end(parked)
        for parked in ready:
            parked.wake()

    def _end(self, parked: Parked) -> None:
        parked.done = True
        waiting = self._by_topic.get(parked.topic)
        if waiting is not None:
            if parked in waiting:
                waiting.remove(parked)
            if not waiting:
                del self._by_topic[parked.topic]
