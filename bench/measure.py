"""Interleaved timings: medians with their spread, so that a slow minute hits all alike."""

import statistics
import time
from collections.abc import Callable


def interleave(works: dict[str, Callable[[], object]], repeats: int) -> dict[str, list[float]]:
    """Seconds of each work, one after the other, `repeats` rounds after a first one that is thrown away."""
    times: dict[str, list[float]] = {name: [] for name in works}
    for round_ in range(repeats + 1):
        for name, work in works.items():
            started = time.perf_counter()
            work()
            if round_:
                times[name].append(time.perf_counter() - started)
    return times


def show(title: str, times: dict[str, list[float]]) -> None:
    """A line a work: median, lowest and highest."""
    print(f"\n{title}")
    for name, seconds in times.items():
        middle, low, high = statistics.median(seconds), min(seconds), max(seconds)
        print(f"  {name:<44}{middle:8.3f} s   ({low:.3f} to {high:.3f}, {len(seconds)} times)")


def ratio(times: dict[str, list[float]], first: str, second: str, limit: float) -> None:
    """Median of the ratios round by round, against its limit."""
    ratios = [a / b for a, b in zip(times[first], times[second])]
    spread = f"{min(ratios):.2f} to {max(ratios):.2f}"
    print(f"  ratio {statistics.median(ratios):.3f} ({spread}); at most {limit} is asked for")
