"""Taggers without what fixes a size: loops over positions, and places of a number of sequences."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn

from tailwise.models.sequence.crf import CRF
from tailwise.models.sequence.lstm import BidirectionalLSTM
from tailwise.models.sequence.masks import inside, rearranged

STEPS = 13
"""Doublings: with `LoopFreeChain` a sequence may have `LONGEST` positions; outputs of a longer one are wrong."""
LONGEST = 2**STEPS
NEVER = -1e30
"""Stands for the logarithm of 0, without infinities that subtract to no number."""


def of_any_size(model: nn.Module) -> nn.Module:
    """A copy of the tagger with other parts of the same parameters: `BothDirections` and `LoopFreeChain`."""
    other = copy.deepcopy(model)
    for parent in list(other.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, BidirectionalLSTM):
                parent.add_module(name, BothDirections(child))
            elif isinstance(child, CRF):
                parent.add_module(name, LoopFreeChain(child))
    return other.eval()


class BothDirections(nn.Module):
    """What `BidirectionalLSTM` gives in evaluation, whose places are of a fixed number of sequences in a trace."""

    def __init__(self, lstm: BidirectionalLSTM):
        super().__init__()
        self.forwards, self.backwards, self.width = lstm.forwards, lstm.backwards, lstm.width

    def forward(self, x: Tensor, length: Tensor) -> Tensor:
        places = torch.arange(x.shape[1], device=x.device)[None]
        places = torch.where(places < length[:, None], length[:, None] - 1 - places, places)
        for forwards, backwards in zip(self.forwards, self.backwards):
            back = rearranged(backwards(rearranged(x, places))[0], places)
            x = torch.cat([forwards(x)[0], back], dim=-1)
        return x


class LoopFreeChain(nn.Module):
    """What `CRF` gives in evaluation, up to rounding: {head: log marginals (B, T, C)}.

    The scores of all labellings up to a position are a product of matrices, of which all beginnings are found by
    doubling; in double precision, since the logarithms of long products are large.
    Source: Hillis and Steele 1986, https://doi.org/10.1145/7902.7903
    """

    def __init__(self, chain: CRF):
        super().__init__()
        self.head, self.transitions, self.start, self.end = chain.head, chain.transitions, chain.start, chain.end

    def forward(self, scores: Tensor, length: Tensor) -> dict[str, Tensor]:
        present = inside(length, scores.shape[1])
        exact, start, end = scores.double(), self.start.double(), self.end.double()
        matrices = self._matrices(exact, present)
        first = (start + exact[:, 0])[:, None, :, None]
        forwards = log_sum(first + beginnings(matrices), -2)
        backwards = log_sum(endings(matrices) + end, -1)
        total = log_sum(forwards[:, -1] + end, -1)
        marginals = (forwards + backwards - total[:, None, None]).to(scores.dtype)
        return {self.head: torch.where(present.unsqueeze(-1), marginals, torch.zeros_like(marginals))}

    def _matrices(self, scores: Tensor, present: Tensor) -> Tensor:
        """(B, T, C, C): from each label to each at a position; nothing changes at the first one and in padding."""
        moves = self.transitions.double() + scores.unsqueeze(2)
        after_first = torch.arange(scores.shape[1], device=scores.device) > 0
        moved = (present & after_first)[..., None, None]
        return torch.where(moved, moves, unchanged(scores.shape[-1], scores).expand_as(moves))


def beginnings(matrices: Tensor) -> Tensor:
    """(B, T, C, C): the product of all matrices up to each position."""
    for step in range(STEPS):
        still = unchanged(matrices.shape[-1], matrices).expand(matrices.shape[0], 2**step, -1, -1)
        earlier = torch.cat([still, matrices], dim=1)[:, : matrices.shape[1]]
        matrices = product(earlier, matrices)
    return matrices


def endings(matrices: Tensor) -> Tensor:
    """(B, T, C, C): the product of all matrices after each position."""
    still = unchanged(matrices.shape[-1], matrices)
    matrices = torch.cat([matrices[:, 1:], still.expand(matrices.shape[0], 1, -1, -1)], dim=1)
    for step in range(STEPS):
        later = torch.cat([matrices, still.expand(matrices.shape[0], 2**step, -1, -1)], dim=1)[:, 2**step :]
        matrices = product(matrices, later)
    return matrices


def unchanged(classes: int, like: Tensor) -> Tensor:
    """(1, 1, C, C): the logarithm of the unit matrix."""
    same = torch.eye(classes, dtype=like.dtype, device=like.device)
    return (NEVER * (1 - same))[None, None]


def product(left: Tensor, right: Tensor) -> Tensor:
    """Of matrices (..., C, C) of logarithms."""
    return log_sum(left.unsqueeze(-1) + right.unsqueeze(-3), -2)


def log_sum(values: Tensor, dim: int) -> Tensor:
    """`logsumexp` of finite numbers, of operators that every runtime has in double precision."""
    most = values.amax(dim=dim, keepdim=True)
    return ((values - most).exp().sum(dim=dim, keepdim=True).log() + most).squeeze(dim)
