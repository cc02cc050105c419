"""Reduces the factor when validation stops improving, like torch's ReduceLROnPlateau but stateless."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from typing import Literal

from tailwise.optim.linear import check_factors


def reductions(scores: Sequence[float], patience: int, min_delta: float = 0.0) -> int:
    """Number of reductions: how often `scores` (higher is better) did not improve by more than `min_delta` for more
    than `patience` consecutive epochs; the count restarts after each reduction."""
    best, waited, count = -inf, 0, 0
    for score in scores:
        if score > best + min_delta:
            best, waited = score, 0
        else:
            waited += 1
        if waited > patience:
            waited, count = 0, count + 1
    return count


@dataclass(frozen=True)
class Plateau:
    """Multiplies the factor by `gamma` after more than `patience` epochs without improvement.

    gamma: in (0, 1)
    patience: epochs without improvement to tolerate
    min_delta: minimum change of the score that counts as an improvement
    start, floor: the initial and the lowest factor
    """

    kind: Literal["plateau"]
    patience: int
    gamma: float = 0.1
    min_delta: float = 0.0
    start: float = 1.0
    floor: float = 0.0

    def __post_init__(self):
        check_factors(start=self.start, floor=self.floor)
        if self.patience < 0 or self.min_delta < 0 or not 0 < self.gamma < 1:
            raise ValueError("patience and min_delta must not be negative, and gamma must be in (0, 1)")
        if not self.floor < self.start:
            raise ValueError("start must be above floor")

    def factor(self, step: int, steps: int, scores: Sequence[float] = ()) -> float:
        """scores: of the phase's epochs so far, higher is better"""
        return max(self.floor, self.start * self.gamma ** reductions(scores, self.patience, self.min_delta))

    def ends(self) -> tuple[float, None]:
        """First and last factor; the last depends on the scores."""
        return self.start, None
