"""Seconds and memory of the bootstrap on a split of many classes, each sample its own group."""

import numpy as np

from child import cost
from measure import Figure, Table
from tailwise.evaluation.intervals import intervals

SAMPLES, CLASSES = 24_777, 174
"""The size of the validation split of Something-Something V2."""
MOST_MB = 200


def bootstrap() -> None:
    """Bootstrap on long-tailed labels, two thirds of them predicted correctly."""
    rng, shares = np.random.default_rng(0), 1 / np.arange(1, CLASSES + 1)
    targets = rng.choice(CLASSES, SAMPLES, p=shares / shares.sum())
    predicted = np.where(rng.random(SAMPLES) < 2 / 3, targets, rng.integers(0, CLASSES, SAMPLES))
    intervals(targets, predicted, [f"video {i}" for i in range(SAMPLES)], CLASSES)


def tables(rounds: int = 3) -> list[Table]:
    times, peaks = zip(*(cost(__file__) for _ in range(rounds)))
    figures = [Figure("time", list(times), "s"), Figure("peak memory", list(peaks), "MB", most=MOST_MB)]
    return [Table(f"Intervals of {SAMPLES} groups and {CLASSES} classes", figures)]


if __name__ == "__main__":
    bootstrap()
