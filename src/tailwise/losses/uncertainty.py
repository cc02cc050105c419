"""Weights of losses that are learned: each loss has a log variance, a parameter of the model.

Source: Kendall, Gal and Cipolla 2018, https://arxiv.org/abs/1705.07115, eq. 10
"""

from collections.abc import Iterable, Mapping

import torch
from torch import nn

from tailwise.core.batch import Batch, Outputs


def log_variance_output(loss: str) -> str:
    """Name of the output that holds the log variance of a loss in training, ()."""
    return f"{loss} log variance"


def log_variances(losses: Iterable[str]) -> nn.ParameterDict:
    """A log variance for each loss, 0 at the start: a weight of 1."""
    return nn.ParameterDict({name: nn.Parameter(torch.zeros(())) for name in losses})


def weigh_by_uncertainty(sums: Mapping[str, torch.Tensor], outputs: Outputs, batch: Batch) -> dict[str, torch.Tensor]:
    """The sums of `Task.loss`, where a loss L with a log variance s among the outputs becomes exp(-s) L + s / 2.

    Without the second term the weight would sink to 0. Both are sums over the labels of the batch, or over its samples
    for a loss that is no head's: divided by their number over a whole step, s / 2 counts once. At the best s the weight
    of L is 1 / (2 L).
    """
    return {
        name: _weighed(total, outputs.get(log_variance_output(name)), batch.count(name)) for name, total in sums.items()
    }


def _weighed(total: torch.Tensor, log_variance: torch.Tensor | None, count: int) -> torch.Tensor:
    return total if log_variance is None else (-log_variance).exp() * total + count * log_variance / 2
