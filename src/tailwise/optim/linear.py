"""Linear warm-up, then constant or linear. Schedules are stateless functions of the step."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal


def warm_up(step: int, steps: int, warmup: float) -> float | None:
    """(step + 1) / (warm-up steps + 1) while `step`, from 0, is within the first `warmup` share; None after it."""
    rising = warmup * steps
    return (step + 1) / (math.floor(rising) + 1) if step < rising else None


def progress(step: int, steps: int, warmup: float) -> float:
    """Progress in [0, 1] from the end of the warm-up to the end of the phase."""
    rising = warmup * steps
    return min((step - rising) / max(steps - rising, 1), 1.0)


def linear(step: int, steps: int, warmup: float = 0.0, start: float = 1.0, end: float = 1.0) -> float:
    """Rises to `start` over the warm-up, then changes linearly to `end`, reached after the last step."""
    if (rise := warm_up(step, steps, warmup)) is not None:
        return start * rise
    return start + (end - start) * progress(step, steps, warmup)


def check_factors(**factors: float | None) -> None:
    """Raise ValueError unless warmup is in [0, 1) and every other factor in [0, 1]; None is ignored."""
    for name, value in factors.items():
        if value is not None and (not 0 <= value <= 1 or name == "warmup" and value == 1):
            raise ValueError(f"{name} must be in {'[0, 1)' if name == 'warmup' else '[0, 1]'}, found {value:g}")


@dataclass(frozen=True)
class Linear:
    """Linear warm-up, then constant, or linear from `start` to `end`.

    warmup: share of the phase's steps, in [0, 1)
    start, end: factors on lr, in [0, 1]; without `end` the factor stays at `start`
    """

    kind: Literal["linear"]
    warmup: float = 0.0
    start: float = 1.0
    end: float | None = None

    def __post_init__(self):
        check_factors(warmup=self.warmup, start=self.start, end=self.end)
        if not self.start and not self.end:
            raise ValueError("start and end are 0: nothing would be trained")

    def factor(self, step: int, steps: int, scores: Sequence[float] = ()) -> float:
        return linear(step, steps, self.warmup, *self.ends())

    def ends(self) -> tuple[float, float]:
        return self.start, self.start if self.end is None else self.end
