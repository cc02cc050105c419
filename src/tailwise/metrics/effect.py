"""Size of a paired difference, seeds that would show it, and a test of two fixed models. Pure functions."""

# scipy has no types.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportMissingTypeStubs=false

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln
from scipy.stats import binomtest, nct
from scipy.stats import t as student

POWER, LEVEL = 0.8, 0.05
MOST_SEEDS = 1000
"""More seeds than this are not counted."""
CERTAIN = 20.0
"""With a larger noncentrality the power is 1 to double precision wherever the critical value is below its half."""


def hedges_g(differences: Sequence[float]) -> float | None:
    """Cohen's d of paired differences, mean / standard deviation, with Hedges' correction for few of them.

    None for fewer than 3 differences, where the correction is undefined or infinite, and where they have no spread.
    Source: Hedges 1981, https://doi.org/10.3102/10769986006002107
    """
    free = len(differences) - 1
    if free < 2 or (deviation := float(np.std(differences, ddof=1))) < 1e-12:
        return None
    correction = math.exp(float(gammaln(free / 2) - gammaln((free - 1) / 2))) / math.sqrt(free / 2)
    return float(np.mean(differences)) / deviation * correction


def paired_power(difference: float, deviation: float, count: int, level: float = LEVEL) -> float:
    """The chance that a two-sided paired t test over `count` seeds finds a true mean difference.

    deviation: standard deviation of the paired differences, above 0
    """
    free, shift = count - 1, abs(difference) / deviation * math.sqrt(count)
    critical = float(student.ppf(1 - level / 2, free))
    if shift > CERTAIN and critical < shift / 2:
        return 1.0
    other = float(nct.cdf(-critical, free, shift))  # NaN where it is too small for a number
    return float(nct.sf(critical, free, shift)) + (0.0 if math.isnan(other) else other)


def seeds_needed(difference: float, deviation: float, power: float = POWER, level: float = LEVEL) -> int | None:
    """The fewest seeds, at least 2, with which a true difference is found with that power; None above MOST_SEEDS.

    deviation: standard deviation of the paired differences; of few seeds it is itself uncertain
    """
    low, high = 2, MOST_SEEDS
    if deviation < 1e-12 or paired_power(difference, deviation, low, level) >= power:
        return low
    if paired_power(difference, deviation, high, level) < power:
        return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if paired_power(difference, deviation, middle, level) >= power else (middle, high)
    return high


@dataclass(frozen=True)
class McNemar:
    """own, other: samples that only this model has right; p: of the hypothesis that both have equally many"""

    own: int
    other: int
    p: float


def mcnemar(own: np.ndarray, other: np.ndarray) -> McNemar:
    """McNemar's exact test of two fixed models. own, other: whether each model is right (N,), of the same samples.

    Samples must be independent: those of one group are not quite, positions of one sequence not at all.
    Source: McNemar 1947, https://doi.org/10.1007/BF02295996
    """
    alone, instead = int((own & ~other).sum()), int((other & ~own).sum())
    p = float(binomtest(alone, alone + instead).pvalue) if alone + instead else 1.0
    return McNemar(alone, instead, p)
