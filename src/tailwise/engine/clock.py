"""How long a phase still takes. Only told, never kept: no output may depend on time."""

import time
from collections.abc import Callable

from tailwise.engine.record import Record


def left(elapsed_s: float, done: int, epochs: int) -> float:
    """Seconds that `epochs` more epochs take at the pace of those `done` (at least 1) in `elapsed_s` seconds."""
    return elapsed_s / done * epochs


def spell(seconds: float) -> str:
    """A duration in its two largest units: ``45 s``, ``12 min``, ``3 h 20 min``, ``2 d 4 h``."""
    minutes, hours = round(seconds / 60), round(seconds / 3600)
    if seconds < 59.5:
        return f"{seconds:.0f} s"
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 24 * 60:
        return f"{minutes // 60} h {minutes % 60} min"
    return f"{hours // 24} d {hours % 24} h"


def pace(now: Callable[[], float] = time.monotonic) -> Callable[[Record], str]:
    """Call what it returns after each epoch: how long the phase still takes, "" after its last epoch.

    The pace is that of this process, from this call on: epochs of an interrupted run were timed elsewhere.
    """
    started, timed = now(), []

    def tell(last: Record) -> str:
        timed.append(last.epoch)
        if last.epoch == last.epochs:
            return ""
        return f"about {spell(left(now() - started, len(timed), last.epochs - last.epoch))} left"

    return tell
