"""Predictive uncertainty: how far the answers of a model with dropout at test time lie apart."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import nn


@dataclass(frozen=True)
class PredictiveUncertainty:
    """Of B samples. probabilities: (B, C), the mean over the passes

    entropy: (B,) of the mean answer, in nats
    expected_entropy: (B,) mean entropy of the answers, what the picture leaves open
    mutual_information: (B,) their difference, what the model does not know: 0 where all passes agree
    Source: https://arxiv.org/abs/1703.02910, section 3.1
    """

    probabilities: torch.Tensor
    entropy: torch.Tensor
    expected_entropy: torch.Tensor
    mutual_information: torch.Tensor


@torch.no_grad()
def predictive_uncertainty(
    model: nn.Module, predict: Callable[[], torch.Tensor], passes: int, seed: int
) -> PredictiveUncertainty:
    """`passes` answers with the model's dropout on, everything else as in evaluation.

    predict: calls the model and returns a head's logits (B, C)
    The random numbers follow from the seed; torch's own generators are as they were, and so is the model's mode.
    Source: https://arxiv.org/abs/1506.02142
    """
    if passes < 2:
        raise ValueError(f"passes must be at least 2, found {passes}")
    with torch.random.fork_rng(), dropout_alone(model):
        torch.manual_seed(seed)
        log_p = torch.stack([predict().log_softmax(dim=-1) for _ in range(passes)])
    mean = log_p.exp().mean(dim=0)
    total, expected = entropy(mean), entropy(log_p.exp()).mean(dim=0)
    return PredictiveUncertainty(mean, total, expected, (total - expected).clamp(min=0))


def entropy(probabilities: torch.Tensor) -> torch.Tensor:
    """In nats, (...) of (..., C)."""
    return torch.special.entr(probabilities).sum(dim=-1)


@contextmanager
def dropout_alone(model: nn.Module) -> Iterator[None]:
    """Within it the model is in evaluation mode, but for its dropout."""
    modes = {part: part.training for part in model.modules()}
    model.eval()
    try:
        for part in modes:
            if isinstance(part, nn.modules.dropout._DropoutNd):
                part.train()
        yield
    finally:
        for part, training in modes.items():
            part.training = training
