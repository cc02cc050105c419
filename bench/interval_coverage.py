"""How often the intervals of `tailwise compare` cover the truth, and how often its tests see what is not there.

Simulated, with 5 seeds: differences of runs around a known mean, normal and skewed; rivals that equal the first row,
whose runs all rivals are paired with; and splits of correlated samples for the bootstrap over groups.
"""

import argparse
from collections.abc import Callable

import numpy as np

from tailwise.compare.answers import bootstrap
from tailwise.metrics.effect import POWER, seeds_needed
from tailwise.metrics.statistics import estimate, holm, paired

SEEDS, RIVALS, SPREAD = 5, 4, 0.02
DRAWS: dict[str, Callable[[np.random.Generator, tuple[int, ...]], np.ndarray]] = {
    "normal": lambda rng, shape: rng.normal(0, SPREAD, shape),
    "uniform": lambda rng, shape: rng.uniform(-SPREAD, SPREAD, shape),
    "skewed": lambda rng, shape: SPREAD * (rng.gamma(4, 0.5, shape) - 2),
}
"""Deviations of a run from its configuration's mean, with mean 0."""


def coverage(rng: np.random.Generator, kind: str, repeats: int) -> float:
    """Share of 95 % intervals of a paired difference that hold the true one."""
    own, other = (DRAWS[kind](rng, (repeats, SEEDS)) for _ in range(2))
    found = (estimate((0.03 + each).tolist()) for each in own - other)
    return float(np.mean([abs(each.mean - 0.03) <= (each.half or 0) for each in found]))


def false_alarms(rng: np.random.Generator, kind: str, repeats: int, correct: bool) -> float:
    """Share of comparisons of RIVALS equal rows with the first in which any p is below 5 %."""
    alarms = 0
    for _ in range(repeats):
        first, *rivals = (dict(enumerate(map(float, of))) for of in DRAWS[kind](rng, (RIVALS + 1, SEEDS)))
        found = {str(i): each.p for i, row in enumerate(rivals) if (each := paired(row, first)) and each.p is not None}
        alarms += min((holm(found) if correct else found).values()) < 0.05
    return alarms / repeats


def power(rng: np.random.Generator, repeats: int, difference: float = 0.02) -> tuple[int, float]:
    """The seeds that `seeds_needed` asks for, and how often so many see the difference."""
    deviation = SPREAD * 2**0.5
    count = seeds_needed(difference, deviation)
    assert count is not None
    found = (estimate(each.tolist()).p for each in rng.normal(difference, deviation, (repeats, count)))
    return count, float(np.mean([p is not None and p < 0.05 for p in found]))


def of_groups(rng: np.random.Generator, repeats: int, groups: int = 60, size: int = 4) -> float:
    """Share of bootstrap intervals over groups that hold the true difference in accuracy of two fixed models.

    A group's samples are hard or easy together; both models see the same ones.
    """
    names = [f"g{i // size}" for i in range(groups * size)]
    targets, hits = np.arange(groups * size) % 2, 0
    for _ in range(repeats):
        hard = np.repeat(rng.uniform(-0.2, 0.2, groups), size)
        right = [rng.random(groups * size) < share + hard for share in (0.75, 0.65)]
        predicted = np.where(right[0], targets, 1 - targets), np.where(right[1], targets, 1 - targets)
        span = bootstrap(targets, predicted, names, 2, draws=400)["accuracy"]
        hits += span.low is not None and span.high is not None and span.low <= 0.1 <= span.high
    return hits / repeats


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--repeats", type=int, default=20_000)
    repeats = parser.parse_args().repeats
    rng = np.random.default_rng(1)
    print(f"{repeats} simulated comparisons, {SEEDS} seeds, {RIVALS} rivals; percent")
    for kind in DRAWS:
        alarms = [100 * false_alarms(rng, kind, repeats, correct) for correct in (False, True)]
        print(f"{kind:<9}coverage {100 * coverage(rng, kind, repeats):.1f}  any false alarm {alarms[0]:.1f}, ", end="")
        print(f"corrected {alarms[1]:.1f}")
    count, seen = power(rng, repeats)
    print(f"{count} seeds asked for a power of {100 * POWER:.0f}: {100 * seen:.1f}")
    print(f"bootstrap over 60 groups, fixed models: coverage {100 * of_groups(rng, max(repeats // 40, 50)):.1f}")


if __name__ == "__main__":
    main()
