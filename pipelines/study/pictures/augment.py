"""Augmentation of small pictures: shifted and mirrored, all of a batch at once."""

from dataclasses import dataclass

import numpy as np
import torch


@dataclass(frozen=True)
class Augment:
    """At strength 1; a phase's strength scales both.

    shift: largest shift, as a share of height and of width; what is uncovered repeats the edge
    mirror: chance that a picture is mirrored
    """

    shift: float
    mirror: float

    def __post_init__(self):
        if not 0 <= self.shift < 0.5 or not 0 <= self.mirror <= 0.5:
            raise ValueError("shift must be in [0, 0.5), mirror in [0, 0.5]")


def draw(keys: np.ndarray) -> np.ndarray:
    """(B, 3) uniform in [0, 1): shift down, shift right, mirror. keys: (B, 4)"""
    return np.stack([np.random.default_rng([int(word) for word in key]).random(3) for key in keys])


def augment_images(image: torch.Tensor, uniform: np.ndarray, augment: Augment, strength: float) -> torch.Tensor:
    """image (B, 1, H, W) to the same shape. uniform: from `draw`"""
    _, _, height, width = image.shape
    reach = augment.shift * strength
    rows = places(height, np.round((2 * uniform[:, 0] - 1) * reach * height))
    columns = places(width, np.round((2 * uniform[:, 1] - 1) * reach * width))
    mirrored = uniform[:, 2] < augment.mirror * strength
    columns[mirrored] = columns[mirrored, ::-1]
    batch = np.arange(len(image))[:, None, None]
    chosen = image[:, 0][batch, torch.from_numpy(rows)[:, :, None], torch.from_numpy(columns)[:, None, :]]
    return chosen.unsqueeze(1)


def places(size: int, by: np.ndarray) -> np.ndarray:
    """(B, size): which place each place is taken from, when moved `by` (B,) towards the end."""
    return np.clip(np.arange(size)[None] - by[:, None], 0, size - 1).astype(np.int64)
