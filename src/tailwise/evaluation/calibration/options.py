"""The params section `calibration`."""

from dataclasses import dataclass
from math import isfinite
from typing import Literal, get_args

Method = Literal["none", "temperature", "vector", "platt", "isotonic"]
METHODS: tuple[Method, ...] = get_args(Method)


@dataclass(frozen=True)
class Calibration:
    """How the probabilities of the trained model are calibrated.

    method: that of the pipeline's predictions; the others are compared with it
    grid: temperatures to choose from; None: any
    bins: of the calibration errors
    """

    method: Method
    grid: tuple[float, ...] | None = None
    bins: int = 15

    def __post_init__(self):
        if self.grid is not None and not (self.grid and all(isfinite(one) and one > 0 for one in self.grid)):
            raise ValueError("grid must be a list of positive temperatures, or null for any temperature")
        if self.bins < 1:
            raise ValueError(f"bins must be at least 1, found {self.bins}")
