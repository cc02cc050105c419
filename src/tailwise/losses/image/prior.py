"""A term that holds a batch's predicted shares near a prior, so that a model cannot collapse to one class."""

import math

import torch


def prior_divergence(logits: torch.Tensor, prior: torch.Tensor) -> torch.Tensor:
    """KL(prior || mean of the predicted probabilities over the batch), (); 0 where the shares are the prior.

    logits: (B, C); prior: (C,), 1 in sum. In this direction a class that is never predicted costs without bound.
    """
    shares = logits.log_softmax(dim=-1).logsumexp(dim=0) - math.log(len(logits))
    smallest = torch.finfo(prior.dtype).tiny
    return (prior * (prior.clamp(min=smallest).log() - shares)).sum()
