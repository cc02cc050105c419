"""Regularisers of confidence, as (...) of logits (..., C): both are the divergence from the uniform distribution.

KL(p || uniform) = log C - H(p) is 0 for uniform answers and log C for certain ones. Its gradient is that of the
confidence penalty, -H(p), and unlike that it is never negative, so that a loss stays comparable with its past.
Source: https://arxiv.org/abs/1701.06548, eq. 2 and section 3.2
"""

import math

import torch

from tailwise.core.heads import IGNORE


def confidence_penalty(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """log C - H(p) at each label, 0 where there is none; (...) as targets."""
    log_p = logits.log_softmax(dim=-1)
    divergence = math.log(logits.shape[-1]) + (log_p.exp() * log_p).sum(dim=-1)
    return divergence.where(targets != IGNORE, 0.0)


def uncertainty_penalty(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """log C - H(p) at each label that is not the most probable class, else 0: wrong answers shall be uncertain ones.

    Right answers are left as they are, which the confidence penalty does not do.
    """
    return confidence_penalty(logits, targets).where(logits.argmax(dim=-1) != targets, 0.0)
