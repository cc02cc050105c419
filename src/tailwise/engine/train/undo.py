"""A step that did not happen: the weights and the optimizer as they were before it."""

import torch
from torch import nn


class StepBackup:
    """Copies of all that a step moves, on the same device, renewed in place."""

    def __init__(self, model: nn.Module, moving: list[nn.Parameter], optimizer: torch.optim.Optimizer):
        self._model, self._optimizer = [*moving, *model.buffers()], optimizer
        self._kept: list[torch.Tensor] = []

    def _live(self) -> list[torch.Tensor]:
        """Parameters, buffers, and the optimizer's state as far as it has one."""
        slots = (slot for slots in self._optimizer.state.values() for slot in slots.values())
        return [*self._model, *(slot for slot in slots if isinstance(slot, torch.Tensor))]

    @torch.no_grad()
    def keep(self) -> None:
        live = self._live()
        if len(live) == len(self._kept):
            torch._foreach_copy_(self._kept, live)
        else:
            self._kept = [tensor.detach().clone() for tensor in live]

    @torch.no_grad()
    def restore(self) -> None:
        """What the optimizer has begun to remember since is forgotten."""
        if len(self._kept) == len(self._model):
            self._optimizer.state.clear()
        torch._foreach_copy_(self._live(), self._kept)
