"""Projections that step down gradually from the features' width to the recurrent layers' input."""

import math
from dataclasses import dataclass

import torch
from torch import nn

from tailwise.models.checks import check_dropout


@dataclass(frozen=True)
class Projections:
    """Linear layers, each with layer norm, GELU and dropout.

    widths: of the layers, as [96, 64]; [] for none
    start: width of a first layer, from which `ratio` steps down; instead of widths
    ratio: of each width to the one before, in (0, 1); with it widths has one entry, the last width
    dropout: after each layer, in [0, 1)
    """

    widths: tuple[int, ...] = ()
    start: int | None = None
    ratio: float | None = None
    dropout: float = 0.0

    def __post_init__(self):
        check_dropout(self.dropout)
        if any(width < 1 for width in (*self.widths, self.start or 1)):
            raise ValueError("widths and start must be positive")
        if (self.start is None) != (self.ratio is None):
            raise ValueError("start and ratio go together")
        if self.ratio is not None and not 0 < self.ratio < 1:
            raise ValueError(f"ratio must be in (0, 1), found {self.ratio:g}")
        if self.start is not None and (len(self.widths) != 1 or self.widths[0] >= self.start):
            raise ValueError("with ratio, widths must name the last width alone, and it must be below start")
        if self.dropout and not self.widths:
            raise ValueError("dropout has no effect: there are no projections")

    def steps(self) -> tuple[int, ...]:
        """Widths of all layers."""
        if self.start is None or self.ratio is None:
            return self.widths
        return geometric(self.start, self.widths[0], self.ratio)

    def build(self, width: int) -> "Steps":
        return Steps(width, self.steps(), self.dropout)


def geometric(start: int, end: int, ratio: float) -> tuple[int, ...]:
    """Widths from start to end, each about `ratio` times the one before.

    The number of steps is the nearest whole one, and the steps are even in the logarithm: (256, 128, 64) of 1/2.
    """
    count = max(1, round(math.log(end / start) / math.log(ratio)))
    return tuple(round(start * (end / start) ** (i / count)) for i in range(count + 1))


class Steps(nn.Module):
    """x (B, T, D) to (B, T, `width`), position by position."""

    def __init__(self, width: int, widths: tuple[int, ...], dropout: float):
        super().__init__()
        sizes = [width, *widths]
        self.layers = nn.Sequential(
            *(
                nn.Sequential(nn.Linear(wide, narrow), nn.LayerNorm(narrow), nn.GELU(), nn.Dropout(dropout))
                for wide, narrow in zip(sizes, sizes[1:])
            )
        )
        self.width = sizes[-1]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.layers(x)
