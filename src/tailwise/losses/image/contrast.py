"""Contrastive loss: each view shall be nearer to the other view of its sample than to views of other samples."""

import torch
import torch.nn.functional as F


def nt_xent(views: torch.Tensor, groups: torch.Tensor, temperature: float) -> torch.Tensor:
    """NT-Xent of each sample, (B,): the mean over its two views.

    views: (B, 2, D) embeddings, of which the direction counts; groups: (B,), samples are compared within their group
    A sample that is alone in its group has nothing to be told from: 0.
    Source: https://arxiv.org/abs/2002.05709, eq. 1
    """
    size = len(views)
    flat = F.normalize(views.transpose(0, 1).flatten(0, 1).float(), dim=-1)
    of_view, places = groups.repeat(2), torch.arange(2 * size, device=views.device)
    compared = (of_view[:, None] == of_view[None]) & (places[:, None] != places[None])
    scores = (flat @ flat.T / temperature).masked_fill(~compared, -torch.inf)
    return F.cross_entropy(scores, places.roll(size), reduction="none").view(2, size).mean(dim=0)


def partner_is_nearest(views: torch.Tensor, groups: torch.Tensor) -> torch.Tensor:
    """(B,) bool: whether of its group's second views a sample's own is nearest to its first. Shapes as `nt_xent`"""
    first, second = F.normalize(views.float(), dim=-1).unbind(dim=1)
    scores = (first @ second.T).masked_fill(groups[:, None] != groups[None], -torch.inf)
    return scores.argmax(dim=1) == torch.arange(len(views), device=views.device)
