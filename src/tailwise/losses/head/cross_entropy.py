"""Losses as sums with counts, so that they add up over batches, accumulation and processes."""

from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F

from tailwise.core.heads import IGNORE
from tailwise.losses.head.each import Labels, smoothed, sum_of_labels


@dataclass(frozen=True)
class CrossEntropy:
    """smoothing: share of each label that is spread evenly over all classes, in [0, 1)"""

    kind: Literal["cross_entropy"]
    smoothing: float = 0.0

    def __post_init__(self):
        if not 0 <= self.smoothing < 1:
            raise ValueError(f"smoothing must be in [0, 1), found {self.smoothing:g}")

    def total(self, logits: torch.Tensor, labels: Labels) -> torch.Tensor:
        """The sum over the labels; logits: (..., C)."""
        if not self.smoothing:
            return cross_entropy(logits, labels.targets, labels.weight, labels.share)
        return sum_of_labels(smoothed(logits, labels.ids, self.smoothing), labels)


def cross_entropy(
    logits: torch.Tensor,
    targets: torch.Tensor,
    weight: torch.Tensor | None = None,
    share: torch.Tensor | None = None,
) -> torch.Tensor:
    """Sum of (weighted) cross entropy over the labels that are not IGNORE.

    logits: (..., C); targets: (...) int64; weight: (C,) or None
    share: (...) what each label counts in the sum, or None for 1
    Divided by the number of labels it is the loss: with weights whose mean over the samples
    is 1 (`class_weights`) it keeps the scale of the plain one. torch's own mean divides by the
    weights in the batch instead, so that one sample's pull depends on its neighbours.
    """
    flat, ids = logits.reshape(-1, logits.shape[-1]), targets.reshape(-1)
    if share is None:
        return F.cross_entropy(flat, ids, weight=weight, ignore_index=IGNORE, reduction="sum")
    return (F.cross_entropy(flat, ids, weight=weight, ignore_index=IGNORE, reduction="none") * share.reshape(-1)).sum()
