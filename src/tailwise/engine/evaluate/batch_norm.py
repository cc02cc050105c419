"""Recomputes batch norm statistics for averaged weights."""

from collections.abc import Iterable

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from tailwise.core.batch import Batch
from tailwise.engine.contract.run import Run


def batch_norms(model: nn.Module) -> list[_BatchNorm]:
    """Batch norm layers with running statistics."""
    return [part for part in model.modules() if isinstance(part, _BatchNorm) and part.track_running_stats]


@torch.no_grad()
def measure_statistics(model: nn.Module, parts: list[_BatchNorm], batches: Iterable[Batch], run: Run) -> None:
    """Set the running statistics of these layers to means over the prepared batches.

    The rest of the model is in evaluation mode, and so are these layers afterwards.
    Source: https://arxiv.org/abs/1803.05407, section 3.2
    """
    model.eval()
    momenta = [part.momentum for part in parts]
    for part in parts:
        part.reset_running_stats()
        part.momentum = None  # cumulative mean over all batches
        part.train()
    try:
        for batch in batches:
            with run.autocast():
                model(**batch.inputs)
    finally:
        for part, momentum in zip(parts, momenta, strict=True):
            part.momentum = momentum
        model.eval()
