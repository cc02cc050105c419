"""Mixing of training samples: its kinds, and what is drawn for it."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

STREAM = 100
"""What is added to a sample's key for its draws here; augmentation has smaller numbers."""


@dataclass(frozen=True)
class Mixup:
    """A sample becomes lambda times itself plus (1 - lambda) times its partner, lambda from Beta(alpha, alpha).

    Source: https://arxiv.org/abs/1710.09412
    """

    kind: Literal["mixup"]
    alpha: float

    def __post_init__(self):
        check_alpha(self.alpha)


@dataclass(frozen=True)
class Cutmix:
    """A rectangle of a sample, (1 - lambda) of its area, shows its partner, lambda from Beta(alpha, alpha).

    Source: https://arxiv.org/abs/1905.04899
    """

    kind: Literal["cutmix"]
    alpha: float

    def __post_init__(self):
        check_alpha(self.alpha)


Mixing = Mixup | Cutmix


def check_alpha(alpha: float) -> None:
    if alpha <= 0:
        raise ValueError(f"alpha must be positive, found {alpha:g}; without mixing it is mix: null")


@dataclass(frozen=True)
class MixDraws:
    """What B samples are mixed with, and how.

    partner: (B,) int64, places in the batch; a permutation
    share: (B,) lambda, in [0, 1]; place: (B, 2) uniform in [0, 1)
    """

    partner: np.ndarray
    share: np.ndarray
    place: np.ndarray


def draw_mix(keys: np.ndarray, alpha: float) -> MixDraws:
    """keys: (B, words). Share and place of a sample follow from its own key.

    Partners are of one micro-batch: each sample draws a number from its key, and in the order of these each one's
    partner is the next, the last one's the first. So they follow from the keys that are together, whatever their order;
    a sample that is alone is its own partner.
    """
    streams = [np.random.default_rng([*(int(word) for word in key), STREAM]) for key in keys]
    order = np.argsort([stream.random() for stream in streams], kind="stable")
    partner = np.empty(len(keys), np.int64)
    partner[order] = np.roll(order, -1)
    share = np.array([stream.beta(alpha, alpha) for stream in streams])
    return MixDraws(partner, share, np.stack([stream.random(2) for stream in streams]))
