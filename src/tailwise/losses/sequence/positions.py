"""Weights of a sequence's positions by how near they are to a change of label, and means over its positions."""

import torch
import torch.nn.functional as F

from tailwise.core.heads import IGNORE


def near_changes(targets: torch.Tensor, width: int) -> torch.Tensor:
    """(B, T) bool: the last `width` positions before and the first `width` after a change from one label to another.

    targets: (B, T) class ids; from or to a position without a label nothing changes
    """
    before, after = targets[:, :-1], targets[:, 1:]
    changes = F.pad((before != after) & (before != IGNORE) & (after != IGNORE), (1, 0))
    reached = F.pad(changes.float(), (width - 1, width))
    return F.max_pool1d(reached[:, None], 2 * width, stride=1)[:, 0] > 0


def boundary_weights(targets: torch.Tensor, weight: float, width: int) -> torch.Tensor:
    """(B, T): what each label counts, `weight` times as much near a change, with mean 1 over each sequence's labels.

    By sequence, so that sums over micro-batches and processes agree. 0 without a label.
    """
    known = targets != IGNORE
    raw = torch.where(near_changes(targets, width), weight, 1.0) * known
    return raw * (known.sum(dim=1) / raw.sum(dim=1).clamp(min=torch.finfo(raw.dtype).tiny))[:, None]


def mean_by_sequence(each: torch.Tensor, kept: torch.Tensor) -> torch.Tensor:
    """(B,): the mean of each (B, T) over the positions that are kept; 0 if none is."""
    return each.where(kept, 0.0).sum(dim=1) / kept.sum(dim=1).clamp(min=1)
