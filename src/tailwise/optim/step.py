"""Step decay: the factor falls by `gamma` at each milestone. Like torch's MultiStepLR, in shares of the phase."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from tailwise.optim.linear import check_factors, warm_up


def step_decay(step: int, steps: int, milestones: Sequence[float], gamma: float) -> float:
    """gamma ** (number of milestones reached). milestones: shares of the steps, in (0, 1)"""
    return gamma ** sum(step >= milestone * steps for milestone in milestones)


@dataclass(frozen=True)
class Step:
    """Linear warm-up, then constant except for a decay by `gamma` at each milestone.

    milestones: shares of the phase's steps, in (0, 1), rising
    gamma: in (0, 1)
    warmup: share of the phase's steps, at most the first milestone
    start: the factor before the first milestone
    """

    kind: Literal["step"]
    milestones: tuple[float, ...]
    gamma: float = 0.1
    warmup: float = 0.0
    start: float = 1.0

    def __post_init__(self):
        check_factors(warmup=self.warmup, start=self.start)
        bounds = (max(self.warmup, 0.0), *self.milestones)
        if not self.milestones or list(bounds) != sorted(bounds) or not 0 < bounds[1] <= bounds[-1] < 1:
            raise ValueError(f"milestones must be one or more rising shares in (0, 1), found {self.milestones}")
        if not 0 < self.gamma < 1 or not self.start:
            raise ValueError(f"gamma must be in (0, 1) and start above 0, found {self.gamma:g}, {self.start:g}")

    def factor(self, step: int, steps: int, scores: Sequence[float] = ()) -> float:
        rise = warm_up(step, steps, self.warmup)
        return self.start * (step_decay(step, steps, self.milestones, self.gamma) if rise is None else rise)

    def ends(self) -> tuple[float, float]:
        return self.start, self.start * self.gamma ** len(self.milestones)
