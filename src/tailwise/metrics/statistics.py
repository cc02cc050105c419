"""Means over seeds with their intervals, paired differences, and Holm's correction. Pure functions."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import t as student

LEVEL = 0.95


@dataclass(frozen=True)
class Estimate:
    """half: half width of the 95 % interval; p: of the hypothesis that the mean is 0; None for fewer than 2 values"""

    mean: float
    half: float | None
    p: float | None
    count: int

    def __str__(self) -> str:
        return f"{self.mean:.3f}" if self.half is None else f"{self.mean:.3f} ± {self.half:.3f}"

    @property
    def signed(self) -> str:
        return f"{self.mean:+.3f}" if self.half is None else f"{self.mean:+.3f} ± {self.half:.3f}"


def estimate(values: Sequence[float]) -> Estimate:
    """Student's t over the values, at least one: what other seeds would give.

    A percentile bootstrap over 5 values would cover 84 % where this covers 95 %. Without any spread p is 1 for a mean
    of 0, else 0.
    """
    count, mean = len(values), float(np.mean(values))
    if count < 2:
        return Estimate(mean, None, None, count)
    error = float(np.std(values, ddof=1)) / math.sqrt(count)
    half = float(student.ppf((1 + LEVEL) / 2, count - 1)) * error
    if error < 1e-12:
        return Estimate(mean, half, 1.0 if abs(mean) < 1e-12 else 0.0, count)
    return Estimate(mean, half, float(2 * student.sf(abs(mean) / error, count - 1)), count)


def paired(own: Mapping[int, float], other: Mapping[int, float]) -> Estimate | None:
    """The difference own - other over the seeds that both have; None without one. own, other: {seed: value}"""
    seeds = sorted(own.keys() & other.keys())
    return estimate([own[seed] - other[seed] for seed in seeds]) if seeds else None


def holm(values: Mapping[str, float]) -> dict[str, float]:
    """p values corrected for their number, each at most 1: the chance of one false difference among all.

    The k-th smallest of m is multiplied by m - k + 1, and is never below one before it.
    Source: Holm 1979, https://www.jstor.org/stable/4615733
    """
    found, highest = {}, 0.0
    for rank, name in enumerate(sorted(values, key=lambda name: values[name])):
        highest = max(highest, min(1.0, (len(values) - rank) * values[name]))
        found[name] = highest
    return {name: found[name] for name in values}
