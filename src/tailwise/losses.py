"""Losses as sums with counts, so that they add up over batches, accumulation and processes."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F

from tailwise.core.batch import IGNORE


def cross_entropy(logits: torch.Tensor, targets: torch.Tensor, weight: torch.Tensor | None = None) -> torch.Tensor:
    """Sum of (weighted) cross entropy over the labels that are not IGNORE.

    logits: (..., C); targets: (...) int64; weight: (C,) or None
    Divided by the number of labels it is the loss: with weights whose mean over the samples
    is 1 (`class_weights`) it keeps the scale of the plain one. torch's own mean divides by the
    weights in the batch instead, so that one sample's pull depends on its neighbours.
    """
    flat, ids = logits.reshape(-1, logits.shape[-1]), targets.reshape(-1)
    return F.cross_entropy(flat, ids, weight=weight, ignore_index=IGNORE, reduction="sum")


def class_weights(boost: torch.Tensor, counts: torch.Tensor) -> torch.Tensor:
    """Boosts scaled so that their mean over the samples is 1.

    boost, counts: (C,); returns (C,)
    """
    total = counts.sum()
    return boost * (total / (boost * counts).sum()) if total else boost


@dataclass(frozen=True)
class ClassBoost:
    """How loud the classes of one head are to be heard in a phase.

    boost: (C,) within [1, max_weight]; counts: (C,) samples per class among those the phase sees
    """

    boost: torch.Tensor
    counts: torch.Tensor

    def weights(self) -> torch.Tensor:
        """(C,) class weights for the loss, with mean 1 over the samples."""
        return class_weights(self.boost, self.counts)
