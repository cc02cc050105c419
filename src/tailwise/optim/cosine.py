"""Half a cosine, after a linear warm-up. Source: https://arxiv.org/abs/1608.03983, eq. 5, without restarts"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from tailwise.optim.linear import check_factors, progress, warm_up


def half_cosine(position: float, floor: float) -> float:
    """The curve from 1 at position 0 to `floor` at position 1."""
    return floor + (1 - floor) * 0.5 * (1 + math.cos(math.pi * position))


def position_of(factor: float, floor: float) -> float:
    """The position at which `half_cosine` has this factor, within [floor, 1]."""
    return math.acos(2 * (factor - floor) / (1 - floor) - 1) / math.pi if floor < 1 else 0.0


def cosine(
    step: int, steps: int, warmup: float = 0.0, floor: float = 0.0, start: float = 1.0, end: float | None = None
) -> float:
    """Factor on the learning rate at optimizer step `step` of `steps`, counted from 0.

    Rises linearly to `start` over the first `warmup` share of the steps, then follows the half cosine from 1 to
    `floor` from where it is `start` to where it is `end`, reached after the last step. Without `end`: to `floor`.
    """
    if (rise := warm_up(step, steps, warmup)) is not None:
        return start * rise
    first, last = position_of(start, floor), position_of(floor if end is None else end, floor)
    return half_cosine(first + (last - first) * progress(step, steps, warmup), floor)


@dataclass(frozen=True)
class Cosine:
    """Linear warm-up over a share of the steps, then half a cosine, or the part of one that this phase takes.

    warmup: share of the phase's steps, in [0, 1)
    floor: factor at the end of the curve, in [0, 1]
    start, end: the part of the curve, as factors: ``start: 0.7, end: 0.3`` continues a phase that ended at 0.7;
        without `end` it ends at `floor`
    """

    kind: Literal["cosine"]
    warmup: float
    floor: float
    start: float = 1.0
    end: float | None = None

    def __post_init__(self):
        check_factors(warmup=self.warmup, floor=self.floor, start=self.start, end=self.end)
        start, end = self.ends()
        if not self.floor <= end <= start:
            raise ValueError(f"floor <= end <= start must hold, found {self.floor:g}, {end:g}, {start:g}")
        if start == 0:
            raise ValueError("start is 0: nothing would be trained")

    def factor(self, step: int, steps: int, scores: Sequence[float] = ()) -> float:
        return cosine(step, steps, self.warmup, self.floor, self.start, self.end)

    def ends(self) -> tuple[float, float]:
        return self.start, self.floor if self.end is None else self.end
