"""Focal loss: labels that the model already predicts count less."""

from dataclasses import dataclass
from typing import Literal

import torch

from tailwise.losses.head.each import Labels, sum_of_labels


@dataclass(frozen=True)
class Focal:
    """(1 - p)^gamma times cross entropy, where p is the probability of the label's class.

    gamma: 0 would be cross entropy; 2 in the paper. Source: https://arxiv.org/abs/1708.02002, eq. 4
    """

    kind: Literal["focal"]
    gamma: float

    def __post_init__(self):
        if self.gamma <= 0:
            raise ValueError(f"gamma must be positive, found {self.gamma:g}; 0 is {{kind: cross_entropy}}")

    def total(self, logits: torch.Tensor, labels: Labels) -> torch.Tensor:
        """The sum over the labels; logits: (..., C)."""
        return sum_of_labels(focal(logits, labels.ids, self.gamma), labels)


def focal(logits: torch.Tensor, ids: torch.Tensor, gamma: float) -> torch.Tensor:
    """Each label's loss, (...). logits: (..., C); ids: (...) without IGNORE"""
    log_p = logits.log_softmax(dim=-1).gather(-1, ids[..., None])[..., 0]
    return (1 - log_p.exp()).clamp(min=torch.finfo(log_p.dtype).tiny) ** gamma * -log_p
