"""A phase is a row of data: what it says is all that governs a training call."""

from dataclasses import dataclass
from fnmatch import fnmatch
from typing import Literal

import torch
from torch import nn

from tailwise.core.errors import UserError
from tailwise.schedules import Cosine


@dataclass(frozen=True)
class AdamW:
    """torch.optim.AdamW; decay acts on matrices and kernels, not on biases and norms."""

    kind: Literal["adamw"]
    weight_decay: float

    def build(self, parameters: list[nn.Parameter], lr: float) -> torch.optim.Optimizer:
        decayed = [p for p in parameters if p.ndim > 1]
        plain = [p for p in parameters if p.ndim <= 1]
        groups = [{"params": decayed, "weight_decay": self.weight_decay}, {"params": plain, "weight_decay": 0.0}]
        return torch.optim.AdamW([group for group in groups if group["params"]], lr=lr)


@dataclass(frozen=True)
class Phase:
    """One training call.

    epochs: passes over the phase's samples
    lr: highest learning rate; `schedule` shapes it over the optimizer steps
    clip: largest gradient norm
    augment: strength in [0, 1] of the pipeline's augmentation
    trainable: patterns of parameter names that move (``*`` for all); the rest is frozen
    """

    epochs: int
    lr: float
    optimizer: AdamW
    schedule: Cosine
    clip: float
    augment: float
    trainable: tuple[str, ...]

    def __post_init__(self):
        if self.epochs < 1 or self.lr <= 0 or self.clip <= 0:
            raise ValueError("epochs, lr and clip must be positive")
        if not 0 <= self.augment <= 1:
            raise ValueError(f"augment must be within [0, 1], found {self.augment}")


def set_trainable(model: nn.Module, patterns: tuple[str, ...]) -> list[nn.Parameter]:
    """Freeze every parameter that no pattern names; returns the ones that move, in model order.

    Raises UserError for a pattern that names no parameter.
    """
    names = [name for name, _ in model.named_parameters()]
    for pattern in patterns:
        if not any(fnmatch(name, pattern) for name in names):
            raise UserError(f"trainable: {pattern!r} names no parameter of the model")
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(any(fnmatch(name, pattern) for pattern in patterns))
    moving = [parameter for parameter in model.parameters() if parameter.requires_grad]
    if not moving:
        raise UserError("trainable: nothing would be trained")
    return moving


def train_mode(model: nn.Module) -> None:
    """Training mode, but `eval` for every part whose parameters are all frozen."""
    model.train()
    for part in model.modules():
        parameters = list(part.parameters())
        if parameters and not any(p.requires_grad for p in parameters):
            part.eval()
