"""Two clocks on purpose.

Signatures are checked against the *real* clock, because clients sign with theirs. Everything the
cloud does uses the *virtual* clock, which can be moved forward, frozen, set, and made faster.
The clock keeps its jumps, so that a client's real timestamp can be translated to virtual time.
Instants are seconds since 1970 as `float`.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import msgspec

#: An instant that went by this shortly ago, while the caller was still asking, is now and not the past.
_JUST_NOW_SECONDS = 0.5


class Stretch(msgspec.Struct, frozen=True):
    """From the real instant `real` on, virtual time is `virtual + rate * (real now - real)`."""

    real: float
    virtual: float
    rate: float = 1.0

    def at(self, real: float) -> float:
        """The virtual instant at a real one."""
        return self.virtual + self.rate * (real - self.real)


class Clock:
    """Virtual time: real time, bent. Time never goes backwards."""

    def __init__(self, stretches: list[Stretch] | None = None, real: Callable[[], float] = time.time) -> None:
        self.real = real
        self.stretches = stretches or [Stretch(0.0, 0.0)]
        self._last = self.stretches[-1]

    def now(self) -> float:
        """The virtual instant."""
        last = self._last
        return last.virtual + last.rate * (self.real() - last.real)

    def virtual(self, real: float) -> float:
        """The virtual instant that a real instant (a client's timestamp) stood for when it was."""
        for stretch in reversed(self.stretches):
            if real >= stretch.real:
                return stretch.at(real)
        return self.stretches[0].at(real)

    def until_real(self, virtual: float) -> float | None:
        """Real seconds until a virtual instant; None when the clock is frozen before it."""
        ahead = virtual - self.now()
        if ahead <= 0:
            return 0.0
        return ahead / self._last.rate if self._last.rate > 0 else None

    @property
    def rate(self) -> float:
        """Virtual seconds per real second; 0 when frozen."""
        return self._last.rate

    @property
    def offset(self) -> float:
        """How far the virtual clock is ahead of the real one, in seconds."""
        return self.now() - self.real()

    def bend(self, *, to: float | None = None, rate: float | None = None, further: bool = False) -> Stretch:
        """Move to a later virtual instant and/or change the rate. Raises ValueError for the past.

        This only moves the hands. Due work is done by the scheduler, which calls this one due moment at a time;
        with `further`, this step belongs to the same jump as the last one.
        """
        real = self.real()
        now = self._last.at(real)
        if to is not None and to < now - _JUST_NOW_SECONDS:
            raise ValueError(f"time cannot go backwards: it is {now:.3f}, asked for {to:.3f}")
        if rate is not None and rate < 0:
            raise ValueError(f"the rate of time cannot be negative: {rate}")
        stretch = Stretch(real, now if to is None else max(to, now), self._last.rate if rate is None else rate)
        # a bend at the very instant of the last one replaces it: no more stretches than a client can tell apart
        if further or real <= self._last.real:
            self.stretches[-1] = stretch
        else:
            self.stretches.append(stretch)
        self._last = stretch
        return stretch

    def adopt(self, stretches: list[Stretch]) -> None:
        """Take over the hands of another node or of the stored cloud."""
        self.stretches = list(stretches)
        self._last = self.stretches[-1]
