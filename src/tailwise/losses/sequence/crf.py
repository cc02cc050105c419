"""Linear-chain conditional random fields: the likelihood of label sequences, and the marginals of positions.

A labelling y of T positions scores start[y_1] + sum over t of scores[t, y_t] + transitions[y_t, y_t+1], + end[y_T].
Source: Lafferty, McCallum and Pereira 2001; Sutton and McCallum 2012, https://arxiv.org/abs/1011.4088, section 4.1
"""

from dataclasses import dataclass

import torch

from tailwise.core.heads import IGNORE


def transitions_output(head: str) -> str:
    """Name of the output that holds a head's transitions in training, (C + 2, C): see `Chain.packed`."""
    return f"{head} transitions"


@dataclass(frozen=True)
class Chain:
    """transitions: (C, C) from row to column; start, end: (C,) of the first and the last label"""

    transitions: torch.Tensor
    start: torch.Tensor
    end: torch.Tensor

    @property
    def packed(self) -> torch.Tensor:
        """(C + 2, C): transitions, start, end."""
        return torch.cat([self.transitions, self.start[None], self.end[None]])

    @classmethod
    def unpack(cls, packed: torch.Tensor) -> "Chain":
        return cls(packed[:-2], packed[-2], packed[-1])


def likelihood_loss(scores: torch.Tensor, chain: Chain, targets: torch.Tensor, length: torch.Tensor) -> torch.Tensor:
    """-log p(labels) of each sequence, (B,); positions without a label are summed over.

    scores: (B, T, C); targets: (B, T) class ids, IGNORE where there is none; length: (B,)
    """
    wrong = (targets[..., None] != IGNORE) & (
        torch.arange(scores.shape[-1], device=scores.device) != targets[..., None]
    )
    allowed = scores.masked_fill(wrong, -torch.inf)
    return log_partition(scores, chain, length) - log_partition(allowed, chain, length)


def log_partition(scores: torch.Tensor, chain: Chain, length: torch.Tensor) -> torch.Tensor:
    """(B,): the log of the summed exponentials of all labellings' scores; scores: (B, T, C), length: (B,)"""
    return _finished(forward_scores(scores, chain, length), chain)


def log_marginals(scores: torch.Tensor, chain: Chain, length: torch.Tensor) -> torch.Tensor:
    """(B, T, C): the log of each position's probability of each class, given the whole sequence; 0 in the padding.

    scores: (B, T, C); length: (B,)
    """
    forwards = forward_scores(scores, chain, length)
    joint = forwards + backward_scores(scores, chain, length)
    marginals = joint - _finished(forwards, chain)[:, None, None]
    present = torch.arange(scores.shape[1], device=scores.device) < length[:, None]
    return marginals.masked_fill(~present[..., None], 0.0)


def forward_scores(scores: torch.Tensor, chain: Chain, length: torch.Tensor) -> torch.Tensor:
    """(B, T, C): of all labellings up to a position that end in a class, with its score; constant beyond the length."""
    found = [chain.start + scores[:, 0]]
    for t in range(1, scores.shape[1]):
        moved = (found[-1][:, :, None] + chain.transitions).logsumexp(dim=1) + scores[:, t]
        found.append(torch.where((t < length)[:, None], moved, found[-1]))
    return torch.stack(found, dim=1)


def backward_scores(scores: torch.Tensor, chain: Chain, length: torch.Tensor) -> torch.Tensor:
    """(B, T, C): of all labellings after a position in a class, without its score; `end` from the last one on."""
    found = [chain.end.expand(len(scores), -1)]
    for t in range(scores.shape[1] - 2, -1, -1):
        moved = (chain.transitions + (scores[:, t + 1] + found[-1])[:, None]).logsumexp(dim=2)
        found.append(torch.where((t + 1 < length)[:, None], moved, chain.end))
    return torch.stack(found[::-1], dim=1)


def _finished(forwards: torch.Tensor, chain: Chain) -> torch.Tensor:
    """(B,): `forward_scores` are constant beyond a length, so the last ones are those of the end."""
    return (forwards[:, -1] + chain.end).logsumexp(dim=-1)
