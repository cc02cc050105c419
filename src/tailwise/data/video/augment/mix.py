"""Views of two samples mixed under their masks."""

import numpy as np
import torch


def partner_views(present: np.ndarray, partner: np.ndarray) -> np.ndarray:
    """For each view that is present the place, among B * V, of the partner's view that it is mixed with, (N,) int64.

    present: (B, V) bool with a True in each row; partner: (B,) places in the batch
    A sample's first view goes with its partner's first that is present, and so on; a partner with fewer begins again.
    So a sample keeps its own mask, and its views hold as much of the partner as the labels do.
    """
    columns = np.argsort(~present, axis=1, kind="stable")  # of a sample's views, those that are present first
    sample, _ = present.nonzero()
    rank = (present.cumsum(axis=1) - 1)[present]
    other = partner[sample]
    return other * present.shape[1] + columns[other, rank % present.sum(axis=1)[other]]


def blended(views: torch.Tensor, others: torch.Tensor, share: torch.Tensor) -> torch.Tensor:
    """share * views + (1 - share) * others, rounded. views, others: (N, T, H, W, 3) uint8; share: (N,)"""
    return others.float().lerp_(views.float(), share.view(-1, 1, 1, 1, 1)).round_().to(torch.uint8)


def pasted(views: torch.Tensor, others: torch.Tensor, inside: torch.Tensor) -> torch.Tensor:
    """The others' pixels inside, the views' elsewhere, in all frames. inside: (N, H, W) bool"""
    return torch.where(inside[:, None, :, :, None], others, views)
