"""AdamW: Adam with decoupled weight decay. Source: https://arxiv.org/abs/1711.05101, algorithm 2"""

# torch leaves `step` without types.
# pyright: reportUnknownMemberType=false, reportUnknownArgumentType=false

from dataclasses import dataclass
from inspect import unwrap
from typing import Literal

import torch

from tailwise.optim.groups import Groups, QuickStart, check_decay, split_decay


class QuickAdamW(QuickStart, torch.optim.AdamW):
    """`torch.optim.AdamW` with bitwise equal results."""

    step = torch.no_grad()(unwrap(torch.optim.AdamW.step))


@dataclass(frozen=True)
class AdamW:
    """torch.optim.AdamW.

    weight_decay: applied to parameters with two or more dimensions
    """

    kind: Literal["adamw"]
    weight_decay: float

    def __post_init__(self):
        check_decay(self.weight_decay)

    def build(self, groups: Groups, lr: float) -> torch.optim.Optimizer:
        return QuickAdamW(split_decay(groups, self.weight_decay), lr=lr)
