"""Cosine with warm restarts. Source: https://arxiv.org/abs/1608.03983, section 3"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from tailwise.optim.cosine import half_cosine
from tailwise.optim.linear import check_factors


def position_in_cycle(position: float, cycles: int, growth: float = 1.0) -> float:
    """Position within the current cycle at a position of the phase in [0, 1]; 1 only at the end of the phase.

    Each of the `cycles` is `growth` times as long as the one before.
    """
    left, length = position * sum(growth**i for i in range(cycles)), 1.0
    for _ in range(cycles - 1):
        if left < length:
            break
        left, length = left - length, length * growth
    return min(left / length, 1.0)


@dataclass(frozen=True)
class CosineRestarts:
    """Half a cosine from `start` to `end`, several times.

    cycles: number of cycles in the phase, 2 or more
    growth: ratio of the lengths of consecutive cycles
    start, end: factors at the beginning and the end of each cycle; without `end` it is 0
    """

    kind: Literal["cosine_restarts"]
    cycles: int
    growth: float = 1.0
    start: float = 1.0
    end: float | None = None

    def __post_init__(self):
        check_factors(start=self.start, end=self.end)
        if not 2 <= self.cycles <= 100 or not 1 <= self.growth <= 10:
            raise ValueError(f"cycles must be in [2, 100] and growth in [1, 10]: {self.cycles}, {self.growth:g}")
        if not self.ends()[1] < self.start:
            raise ValueError("start must be above end")

    def factor(self, step: int, steps: int, scores: Sequence[float] = ()) -> float:
        start, end = self.ends()
        return end + (start - end) * half_cosine(position_in_cycle(step / steps, self.cycles, self.growth), 0.0)

    def ends(self) -> tuple[float, float]:
        return self.start, 0.0 if self.end is None else self.end
