"""A forward pass before the first step that leaves no trace in model or random state."""

# torch leaves `fork_rng` without types, and the class of all batch norms private.
# pyright: reportUnknownMemberType=false, reportPrivateUsage=false

from collections.abc import Generator
from contextlib import contextmanager

import numpy as np
import torch
from torch import nn

from tailwise.core.batch import Batch
from tailwise.engine.contract.phase import train_mode
from tailwise.engine.contract.run import Run
from tailwise.engine.contract.task import Task


@contextmanager
def dry_forward(task: Task, run: Run, samples: list[int]) -> Generator[Batch]:
    """Yields the prepared batch of these training samples, with the model in training mode.

    Restores random state and buffers afterwards, and leaves the model in evaluation mode. Batch norm uses its running
    statistics, since it cannot normalize a single sample.
    """
    before = [buffer.clone() for buffer in task.model.buffers()]
    devices = [run.device] if run.device.type == "cuda" else []
    with torch.random.fork_rng(devices):
        try:
            _enter(task.model)
            train = task.samples
            batch = train.collate([train[i] for i in samples]).to(run.device)
            yield task.prepare(batch, 0.0, np.zeros((len(batch), 4), np.int64))
        finally:
            task.model.eval()
            with torch.no_grad():
                for buffer, value in zip(task.model.buffers(), before):
                    buffer.copy_(value)


def _enter(model: nn.Module) -> None:
    train_mode(model)
    for part in model.modules():
        if isinstance(part, nn.modules.batchnorm._BatchNorm):
            part.eval()
