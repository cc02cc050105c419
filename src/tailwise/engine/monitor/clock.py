"""Estimates the remaining time of a phase, and schedules saves. No output may depend on time."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tailwise.engine.contract.record import EpochRecord

SPARE_S = 1.0
"""Allowance for stalls of the machine around a save; at most a third of the time between saves."""


def time_left(elapsed_s: float, done: int, epochs: int) -> float:
    """Seconds that `epochs` more epochs take at the pace of those `done` (at least 1) in `elapsed_s` seconds."""
    return elapsed_s / done * epochs


def format_duration(seconds: float) -> str:
    """A duration in its two largest units: ``45 s``, ``12 min``, ``3 h 20 min``, ``2 d 4 h``."""
    minutes, hours = round(seconds / 60), round(seconds / 3600)
    if seconds < 59.5:
        return f"{seconds:.0f} s"
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 24 * 60:
        return f"{minutes // 60} h {minutes % 60} min"
    return f"{hours // 24} d {hours % 24} h"


def eta(now: Callable[[], float] = time.monotonic) -> Callable[[EpochRecord], str]:
    """Returns a function to call after each epoch; it returns the remaining time as text, "" after the last epoch.

    Measures from this call on, since epochs before a resume ran in another process.
    """
    started, timed = now(), []

    def remaining(last: EpochRecord) -> str:
        timed.append(last.epoch)
        if last.epoch == last.epochs:
            return ""
        return f"about {format_duration(time_left(now() - started, len(timed), last.epochs - last.epoch))} left"

    return remaining


class SaveTimer:
    """Schedules saves so that a kill costs at most `every` seconds of work.

    The next piece of work and the save after it are expected to take as long as last time, plus `spare` for stalls.
    The first save is due immediately, to measure how long a save takes.
    """

    def __init__(self, every: float, now: Callable[[], float] = time.monotonic):
        self.every, self.spare = every, min(SPARE_S, every / 3)
        self._now, self._saved, self._took = now, now(), {}

    @contextmanager
    def timed(self, work: str) -> Iterator[None]:
        """Times a piece of work of this kind; "save" covers all work before its start."""
        started = self._now()
        yield
        self._took[work] = self._now() - started
        if work == "save":
            self._saved = started

    def took(self, work: str) -> float:
        """Seconds it took last time; 0 before the first time."""
        return self._took.get(work, 0.0)

    def due(self, work: str) -> bool:
        """Whether to save before this kind of work, since afterwards would be too late."""
        known = "save" in self._took
        expected = self._now() - self._saved + self.took(work) + self.took("save")
        return not known or expected + self.spare >= self.every
