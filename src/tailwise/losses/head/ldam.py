"""Label-distribution-aware margins: a label's class must win by a margin that is larger the rarer it is."""

from dataclasses import dataclass
from typing import Literal

import torch

from tailwise.losses.head.each import Labels, smoothed, sum_of_labels


@dataclass(frozen=True)
class LDAM:
    """Cross entropy of scale * (logits - margin at the label's class), with a margin proportional to n_c^(-1/4).

    max_margin: of the rarest class; 0.5 in the paper
    scale: of the logits in training only; 30 in the paper, whose heads predict cosines, 1 for unbounded logits
    Source: https://arxiv.org/abs/1906.07413, eq. 12 and 13
    """

    kind: Literal["ldam"]
    max_margin: float
    scale: float = 1.0

    def __post_init__(self):
        if self.max_margin <= 0 or self.scale <= 0:
            raise ValueError("max_margin and scale must be positive")

    def total(self, logits: torch.Tensor, labels: Labels) -> torch.Tensor:
        """The sum over the labels; logits: (..., C)."""
        margins = ldam_margins(labels.samples, self.max_margin)[labels.ids]
        moved = logits - torch.zeros_like(logits, dtype=margins.dtype).scatter(
            -1, labels.ids[..., None], margins[..., None]
        )
        return sum_of_labels(smoothed(self.scale * moved, labels.ids, 0.0), labels)


def ldam_margins(samples: torch.Tensor, max_margin: float) -> torch.Tensor:
    """(C,) max_margin * (n_min / n_c)^(1/4), 0 for a class without samples. samples: (C,) labels of each class"""
    present = samples > 0
    if not present.any():
        return torch.zeros_like(samples)
    return torch.where(present, max_margin * (samples[present].min() / samples.clamp(min=1)) ** 0.25, 0.0)
