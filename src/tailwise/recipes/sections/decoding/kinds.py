"""The params section `decoding`: how the answers of a song follow from the probabilities of its positions."""

from dataclasses import dataclass
from math import isfinite
from typing import Literal

HEAVIEST = 1000.0
"""Weight of the structure of songs; a heavier one would only cost digits."""
WIDEST = 1024
"""Kernel of the novelty, in positions."""
LARGEST_TAU = 10.0
"""Strength of the logit adjustment; a stronger one would answer the rarest class everywhere."""


def check_taus(taus: tuple[float, ...]) -> None:
    """Raises ValueError for wrong strengths of the logit adjustment.

    tau x the log of a class's share of the training positions is taken from its calibrated log-probability, which
    favours common classes as they do occur: with 0 nothing is, with 1 each class counts as if all were as common.
    Source: https://arxiv.org/abs/2007.07314, section 4.1
    """
    if not taus or not all(0 <= one <= LARGEST_TAU for one in taus):
        raise ValueError(f"taus must be a list of numbers from 0 to {LARGEST_TAU:g}")


@dataclass(frozen=True)
class MostProbable:
    """The most probable class of each position."""

    kind: Literal["most_probable"]


@dataclass(frozen=True)
class Durations:
    """The most probable sections, given how long sections of the training songs last and how they follow each other.

    weights: what that counts against the probabilities
    taus: strengths of the adjustment for rare classes, see `check_taus`
    The best pair on the calibration songs is taken.
    """

    kind: Literal["durations"]
    weights: tuple[float, ...] = (0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.5, 2.0)
    taus: tuple[float, ...] = (0.0,)

    def __post_init__(self):
        check_taus(self.taus)
        if not self.weights or not all(0 < one <= HEAVIEST for one in self.weights):
            raise ValueError(f"weights must be a list of numbers above 0 and at most {HEAVIEST:g}")


@dataclass(frozen=True)
class Novelty:
    """The class that is most probable, on average, between two peaks of the features' novelty.

    kernels: positions on each side that the novelty compares
    heights: of a peak, in standard deviations above the mean
    taus: strengths of the adjustment for rare classes, see `check_taus`
    The best combination on the calibration songs is taken.
    """

    kind: Literal["novelty"]
    kernels: tuple[int, ...] = (8, 16, 32)
    heights: tuple[float, ...] = (-1.0, -0.5, 0.0, 0.5)
    taus: tuple[float, ...] = (0.0,)

    def __post_init__(self):
        check_taus(self.taus)
        if not self.kernels or not all(2 <= one <= WIDEST for one in self.kernels):
            raise ValueError(f"kernels must be a list of numbers of positions, each from 2 to {WIDEST}")
        if not self.heights or not all(map(isfinite, self.heights)):
            raise ValueError("heights must be a list of numbers")


Decoding = MostProbable | Durations | Novelty
