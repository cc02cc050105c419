"""Losses whose class factors follow what training finds, and the focal one of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

import torch

from tailwise.losses.head.each import Labels, sum_of_labels
from tailwise.losses.head.focal import focal

LEAST_ERROR = 0.05
"""Added to errors before they are compared, so that small ones are not told apart by chance."""


@runtime_checkable
class Adaptive(Protocol):
    """A kind of loss with a factor for each class that changes after each epoch.

    The engine counts the epoch's training labels and how many of them were predicted, keeps what `follow` makes of
    these in its state, and multiplies the class weights by `factors` of that in the next epoch.
    """

    def follow(self, recalls: Sequence[float], hits: Sequence[float], labels: Sequence[float]) -> list[float]:
        """The smoothed recalls after an epoch, one a class. recalls: those before it, empty after the first one"""
        ...

    def factors(self, recalls: Sequence[float]) -> list[float]:
        """One a class, 1 or more, from smoothed recalls."""
        ...


@dataclass(frozen=True)
class AdaptiveFocal:
    """Focal loss whose classes count more while they are missed more than others in training.

    factor_c = (1 - r_c + e) / (mean of 1 - r + e), within [1, max_factor], of smoothed recalls r, with e = LEAST_ERROR.
    The first epoch has factors of 1. Weights by factors keep a mean of 1 over the samples, as those of a boost.

    gamma: see `Focal`; smoothing: what the recalls before an epoch count against its own, in [0, 1)
    max_factor: above 1
    prior_samples: labels with the mean recall that are added to those of each class, whose recall may be noise
    """

    kind: Literal["adaptive_focal"]
    gamma: float = 2.0
    smoothing: float = 0.5
    max_factor: float = 3.0
    prior_samples: float = 10.0

    def __post_init__(self):
        if self.gamma <= 0:
            raise ValueError(f"gamma must be positive, found {self.gamma:g}")
        if not 0 <= self.smoothing < 1:
            raise ValueError(f"smoothing must be in [0, 1), found {self.smoothing:g}")
        if self.max_factor <= 1:
            raise ValueError(f"max_factor must be above 1, found {self.max_factor:g}; 1 is {{kind: focal}}")
        if self.prior_samples < 0:
            raise ValueError(f"prior_samples must not be negative, found {self.prior_samples:g}")

    def total(self, logits: torch.Tensor, labels: Labels) -> torch.Tensor:
        """The sum over the labels; logits: (..., C). The factors are in the weights of the labels."""
        return sum_of_labels(focal(logits, labels.ids, self.gamma), labels)

    def follow(self, recalls: Sequence[float], hits: Sequence[float], labels: Sequence[float]) -> list[float]:
        found = [hit / label for hit, label in zip(hits, labels) if label]
        mean = sum(found) / len(found) if found else 0.0
        added = self.prior_samples
        now = [(hit + added * mean) / (label + added) if label + added else mean for hit, label in zip(hits, labels)]
        kept = self.smoothing if recalls else 0.0
        return [kept * before + (1 - kept) * new for before, new in zip(recalls or now, now)]

    def factors(self, recalls: Sequence[float]) -> list[float]:
        errors = [1 - recall + LEAST_ERROR for recall in recalls]
        mean = sum(errors) / len(errors)
        return [min(max(error / mean, 1.0), self.max_factor) for error in errors]
