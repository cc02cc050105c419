"""Stochastic gradient descent with momentum:

    v <- momentum * v + g + weight_decay * w
    w <- w - lr * v                             or, Nesterov: w - lr * (g + weight_decay * w + momentum * v)

Source: https://proceedings.mlr.press/v28/sutskever13.html, in torch's form, where lr does not enter v.
"""

# torch leaves `step` without types.
# pyright: reportUnknownMemberType=false, reportUnknownArgumentType=false

from dataclasses import dataclass
from inspect import unwrap
from typing import Literal

import torch

from tailwise.optim.groups import Groups, QuickStart, check_decay, split_decay


class QuickSGD(QuickStart, torch.optim.SGD):
    """`torch.optim.SGD` with bitwise equal results."""

    step = torch.no_grad()(unwrap(torch.optim.SGD.step))


@dataclass(frozen=True)
class SGD:
    """torch.optim.SGD.

    weight_decay: applied to parameters with two or more dimensions
    momentum: in [0, 1); 0 is plain descent
    nesterov: look ahead along the momentum
    """

    kind: Literal["sgd"]
    weight_decay: float
    momentum: float = 0.9
    nesterov: bool = False

    def __post_init__(self):
        check_decay(self.weight_decay)
        if not 0 <= self.momentum < 1:
            raise ValueError(f"momentum must be in [0, 1), found {self.momentum:g}")
        if self.nesterov and not self.momentum:
            raise ValueError("nesterov needs a momentum above 0")

    def build(self, groups: Groups, lr: float) -> torch.optim.Optimizer:
        decayed = split_decay(groups, self.weight_decay)
        return QuickSGD(decayed, lr=lr, momentum=self.momentum, nesterov=self.nesterov)
