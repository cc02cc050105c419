"""Statistics of batch norm for weights that no step was taken with."""

from collections.abc import Iterable

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from tailwise.core.batch import Batch
from tailwise.engine.contract.run import Run


def batch_norms(model: nn.Module) -> list[_BatchNorm]:
    """The parts that keep running statistics."""
    return [part for part in model.modules() if isinstance(part, _BatchNorm) and part.track_running_stats]


@torch.no_grad()
def measure_statistics(model: nn.Module, parts: list[_BatchNorm], batches: Iterable[Batch], run: Run) -> None:
    """Set the running statistics of these parts to their means over the batches, prepared and on the device.

    The rest of the model is in evaluation mode, and so are these parts afterwards.
    Source: https://arxiv.org/abs/1803.05407, section 3.2
    """
    model.eval()
    momenta = [part.momentum for part in parts]
    for part in parts:
        part.reset_running_stats()
        part.momentum = None  # a mean over all batches
        part.train()
    try:
        for batch in batches:
            with run.autocast():
                model(**batch.inputs)
    finally:
        for part, momentum in zip(parts, momenta, strict=True):
            part.momentum = momentum
        model.eval()
