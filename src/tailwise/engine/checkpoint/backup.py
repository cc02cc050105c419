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
        self._kept: list[tuple[int, str]] = []

    @contextmanager
    def restore_on_error(self) -> Iterator[None]:
        """Takes a backup before the block, and restores it if the block raises."""
        self.keep()
        try:
            yield
        except BaseException:
            self.restore()
            raise

    def _slots(self) -> dict[tuple[int, str], torch.Tensor]:
        """The optimizer's state, by the parameter's id and the slot's name."""
        state = self._optimizer.state.items()
        every = {(id(parameter), name): slot for parameter, slots in state for name, slot in slots.items()}
        return {key: slot for key, slot in every.items() if isinstance(slot, torch.Tensor)}

    @torch.no_grad()
    def keep(self) -> None:
        slots = self._slots()
        tensors = [*self._model, *slots.values()]
        if self._copies and self._kept == list(slots):
            torch._foreach_copy_(self._copies, tensors)
        else:
            self._kept, self._copies = list(slots), [tensor.detach().clone() for tensor in tensors]

    @torch.no_grad()
    def restore(self) -> None:
        """Also deletes state that the optimizer created in the step; it creates all slots of a parameter at once."""
        known = {parameter for parameter, _ in self._kept}
        for parameter in [each for each in self._optimizer.state if id(each) not in known]:
            del self._optimizer.state[parameter]
        torch._foreach_copy_([*self._model, *self._slots().values()], self._copies)
