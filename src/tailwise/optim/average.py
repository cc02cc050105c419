"""Weight averages over the steps or epochs of a phase, validated and handed over instead of the weights."""

# torch does not list its _foreach functions.
# pyright: reportPrivateImportUsage=false, reportPrivateUsage=false

from copy import deepcopy
from dataclasses import dataclass
from typing import Literal

import torch
from torch import nn


def ema_share(updates: int, decay: float) -> float:
    """The share of the new weights in the average: 1 - min(decay, (1 + updates) / (10 + updates)).

    The ramp-up keeps the initial weights from dominating. Source: tf.train.ExponentialMovingAverage, `num_updates`
    """
    return 1 - min(decay, (1 + updates) / (10 + updates))


@dataclass(frozen=True)
class EMA:
    """Exponential moving average over the steps.

    decay: in (0, 1); 0.999 averages over about 1,000 steps
    """

    kind: Literal["ema"]
    decay: float

    def __post_init__(self):
        if not 0 < self.decay < 1:
            raise ValueError(f"decay must be within (0, 1), found {self.decay:g}")

    def step_share(self, updates: int) -> float:
        return ema_share(updates, self.decay)

    def epoch_share(self, updates: int, left: int) -> float:
        return 0.0


@dataclass(frozen=True)
class SWA:
    """Mean of the weights at the ends of the last epochs. Source: https://arxiv.org/abs/1803.05407

    epochs: number of last epochs to average; before them the weights themselves are validated
    """

    kind: Literal["swa"]
    epochs: int

    def __post_init__(self):
        if self.epochs < 2:
            raise ValueError(f"epochs must be at least 2, found {self.epochs}: there is no mean of one")

    def step_share(self, updates: int) -> float:
        return 0.0

    def epoch_share(self, updates: int, left: int) -> float:
        return 1 / (updates + 1) if left < self.epochs else 0.0


class WeightAverage:
    """A copy of the model whose parameters are the average. `updates` () int64 counts the averaged updates.

    Buffers are copied from the model; batch norm statistics must be recomputed for the averaged weights.
    """

    def __init__(self, how: EMA | SWA, model: nn.Module):
        self.how, self.model = how, deepcopy(model).requires_grad_(False).eval()
        self.updates = torch.zeros((), dtype=torch.int64)

    @property
    def started(self) -> bool:
        return bool(self.updates)

    def after_step(self, model: nn.Module) -> None:
        self._add(model, self.how.step_share(int(self.updates)))

    def after_epoch(self, model: nn.Module, left: int) -> None:
        """left: remaining epochs of the phase"""
        self._add(model, self.how.epoch_share(int(self.updates), left))

    @torch.no_grad()
    def _add(self, model: nn.Module, share: float) -> None:
        if not share:
            return
        torch._foreach_lerp_(list(self.model.parameters()), [p.detach() for p in model.parameters()], share)
        for mine, buffer in zip(self.model.buffers(), model.buffers(), strict=True):
            mine.copy_(buffer)
        self.updates += 1

    def tensors(self) -> dict[str, torch.Tensor]:
        return {**self.model.state_dict(), "updates": self.updates}

    def restore(self, tensors: dict[str, torch.Tensor]) -> None:
        """Restore the tensors returned by `tensors`."""
        self.model.load_state_dict({name: tensor for name, tensor in tensors.items() if name != "updates"})
        self.updates = tensors["updates"].clone()
