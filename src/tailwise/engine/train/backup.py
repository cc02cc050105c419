"""Undoes a step by restoring weights and optimizer."""

# torch does not list its _foreach functions.
# pyright: reportPrivateImportUsage=false

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

from tailwise.optim.groups import StepOptimizer


class StepBackup:
    """Copies of everything that a step changes, on the same device, updated in place."""

    def __init__(self, model: nn.Module, parameters: list[nn.Parameter], optimizer: StepOptimizer):
        self._model, self._optimizer = [*parameters, *model.buffers()], optimizer
        self._copies: list[torch.Tensor] = []

    @contextmanager
    def restore_on_error(self) -> Iterator[None]:
        """Takes a backup before the block, and restores it if the block raises."""
        self.keep()
        try:
            yield
        except BaseException:
            self.restore()
            raise

    def _tensors(self) -> list[torch.Tensor]:
        """Parameters, buffers, and the optimizer's state, if any."""
        slots = (slot for slots in self._optimizer.state.values() for slot in slots.values())
        return [*self._model, *(slot for slot in slots if isinstance(slot, torch.Tensor))]

    @torch.no_grad()
    def keep(self) -> None:
        tensors = self._tensors()
        if len(tensors) == len(self._copies):
            torch._foreach_copy_(self._copies, tensors)
        else:
            self._copies = [tensor.detach().clone() for tensor in tensors]

    @torch.no_grad()
    def restore(self) -> None:
        """State that the optimizer created within the step is deleted."""
        if len(self._copies) == len(self._model):
            self._optimizer.state.clear()
        torch._foreach_copy_(self._tensors(), self._copies)
