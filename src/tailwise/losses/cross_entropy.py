"""Losses as sums with counts, so that they add up over batches, accumulation and processes."""

import torch
import torch.nn.functional as F

from tailwise.core.heads import IGNORE


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
