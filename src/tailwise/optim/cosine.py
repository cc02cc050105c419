"""Learning rate as a function of time. Nothing here keeps a state."""

import math
from dataclasses import dataclass
from typing import Literal


def cosine(step: int, steps: int, warmup: float = 0.0, floor: float = 0.0) -> float:
    """Factor on the learning rate at optimizer step `step` of `steps`, counted from 0.

    Rises linearly to 1 over the first `warmup` share of the steps, then follows half a
    cosine down to `floor`, reached after the last step.
    """
    rising = warmup * steps
    if step < rising:
        return (step + 1) / (math.floor(rising) + 1)
    progress = (step - rising) / max(steps - rising, 1)
    return floor + (1 - floor) * 0.5 * (1 + math.cos(math.pi * min(progress, 1.0)))


@dataclass(frozen=True)
class Cosine:
    """Linear warm-up over a share of the steps, then half a cosine.

    warmup: share of the phase's steps, in [0, 1)
    floor: factor at the end, in [0, 1]
    """

    kind: Literal["cosine"]
    warmup: float
    floor: float

    def __post_init__(self):
        if not 0 <= self.warmup < 1 or not 0 <= self.floor <= 1:
            raise ValueError(f"warmup must be in [0, 1) and floor in [0, 1]: {self.warmup}, {self.floor}")

    def factor(self, step: int, steps: int) -> float:
        return cosine(step, steps, self.warmup, self.floor)
