"""Boosts per class from class counts and validation recalls. Pure functions.

A boost is the weight of a class relative to the most frequent one: 1 for that class, at most the phase's `max_weight`
for the rarest. `apply_as` decides elsewhere how it is applied.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Inverse:
    """(n_max / n_c)^tau: at tau 1 every class gets the same total weight.

    tau: as a margin, of logit adjustment: tau * log(n_max / n_c). Source: https://arxiv.org/abs/2007.07314, eq. 10
    """

    kind: Literal["inverse"]
    tau: float = 1.0

    def __post_init__(self):
        if self.tau <= 0:
            raise ValueError(f"tau must be positive, found {self.tau:g}; for no boost set max_weight to 1")

    def size(self, count: int) -> float:
        return float(count) ** self.tau


@dataclass(frozen=True)
class SquareRoot:
    """sqrt(n_max / n_c): on a log scale half-way to equal classes."""

    kind: Literal["sqrt"]

    def size(self, count: int) -> float:
        return count**0.5


@dataclass(frozen=True)
class EffectiveNumber:
    """E_max / E_c with E_n = (1 - beta^n) / (1 - beta): the effective number of samples.

    Source: https://arxiv.org/abs/1901.05555, eq. 2
    """

    kind: Literal["effective"]
    beta: float

    def __post_init__(self):
        if not 0 <= self.beta < 1:
            raise ValueError(f"beta must be in [0, 1), found {self.beta}")

    def size(self, count: int) -> float:
        return (1 - self.beta**count) / (1 - self.beta)


Rule = Inverse | SquareRoot | EffectiveNumber


def boost_from_counts(counts: Mapping[str, int], rule: Rule, max_weight: float) -> dict[str, float]:
    """min(size of the largest / size of the class, max_weight); a class without a sample gets 1."""
    largest = max(map(rule.size, counts.values()))
    return {name: min(largest / rule.size(n), max_weight) if n else 1.0 for name, n in counts.items()}


@dataclass(frozen=True)
class Target:
    """Criteria for the weak classes that phase 3 boosts.

    recall: a class below this validation recall is weak, in [0, 1]
    prior_samples: strength of shrinkage: this many pseudo-samples with the head's mean recall are
        added to the measured recall
    min_support: with fewer validation samples the boost follows from counts only
    """

    recall: float
    prior_samples: float
    min_support: int

    def __post_init__(self):
        if not 0 <= self.recall <= 1:
            raise ValueError(f"recall must be within [0, 1], found {self.recall}")
        if self.prior_samples < 0 or self.min_support < 0:
            raise ValueError("prior_samples and min_support must not be negative")


def shrunk_recall(hits: Mapping[str, int], support: Mapping[str, int], prior_samples: float) -> dict[str, float]:
    """Recall per class, shrunk towards the mean over the classes that have samples.

    (hits + prior_samples * mean) / (support + prior_samples); the mean itself where both are 0.
    """
    measured = [hits[name] / n for name, n in support.items() if n]
    mean = sum(measured) / len(measured) if measured else 0.0
    weight = {name: n + prior_samples for name, n in support.items()}
    return {name: (hits[name] + prior_samples * mean) / w if w else mean for name, w in weight.items()}


def raise_weak(
    boost: Mapping[str, float],
    by_count: Mapping[str, float],
    hits: Mapping[str, int],
    support: Mapping[str, int],
    target: Target,
    max_weight: float,
) -> dict[str, float]:
    """The boost of the earlier phase, raised for weak classes only, all within `max_weight`.

    A weak class is raised by target recall / measured recall; one with too little support
    to measure gets at least what its count alone would give, `by_count`.
    """
    recall = shrunk_recall(hits, support, target.prior_samples)
    raised: dict[str, float] = {}
    for name, value in boost.items():
        if support[name] < target.min_support:
            value = max(value, by_count[name])
        elif recall[name] < target.recall:
            value = value * target.recall / recall[name] if recall[name] else max_weight
        raised[name] = min(value, max_weight)
    return raised
