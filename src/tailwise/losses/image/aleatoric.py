"""Aleatoric uncertainty: a variance of the logits that the model predicts for each sample.

If the logits are normal with mean z and variance v each, the mean of the softmax is about the softmax of
z / sqrt(1 + pi v / 6): a temperature of each sample's own. Its cross entropy teaches v: a sample that is often wrong
costs less with a larger one, one that is right with a smaller one. For 3 and 4 classes and v up to 20 its probabilities
are within 0.02 of those of drawn logits (measured).
Source: Kendall and Gal 2017, https://arxiv.org/abs/1703.04977, section 3.3, who draw logits; in place of draws:
MacKay 1992, "The evidence framework applied to classification networks", which has pi / 8 for the noise of one logit
"""

import math

import torch
import torch.nn.functional as F

from tailwise.core.heads import IGNORE

UNCERTAINTY = "uncertainty"
"""Name of the model's output with the logarithm of v, (B, 1), and of the loss."""
LIMIT = 8.0
"""Log variances count within [-LIMIT, LIMIT], so that no exponential overflows."""


def temperatures(log_variance: torch.Tensor) -> torch.Tensor:
    """sqrt(1 + pi v / 6), at least 1. log_variance: (B, 1)"""
    return (1 + math.pi / 6 * log_variance.clamp(-LIMIT, LIMIT).exp()).sqrt()


def aleatoric_loss(
    logits: torch.Tensor, log_variance: torch.Tensor, targets: torch.Tensor, share: torch.Tensor | None = None
) -> torch.Tensor:
    """Cross entropy of the mean answer, summed over the labels.

    logits: (B, C); log_variance: (B, 1); targets: (B,), IGNORE where there is none; share: (B,) what each counts
    """
    each = F.cross_entropy(logits / temperatures(log_variance), targets, ignore_index=IGNORE, reduction="none")
    return each.sum() if share is None else (each * share).sum()
