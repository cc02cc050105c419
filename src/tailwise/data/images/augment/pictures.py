"""Augmentation of pictures on the device, a whole batch at once: each sample by its own draw.

All randomness follows from the keys: a sample's draw in an epoch is the same whatever else is in its batch. So it is
not torchvision's `TrivialAugment`, which chooses for all pictures that it is given at once, from torch's global
generator: as a function of keys it would be called picture by picture, with that generator seeded before each.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch

from tailwise.core.batch import Batch
from tailwise.data.augment.streams import uniform
from tailwise.data.images.augment.light import coloured, erased, noisy
from tailwise.data.images.augment.ranges import ImageAugment
from tailwise.data.images.augment.space import placed

INPUT = "image"
STREAMS = {"space": 11, "light": 12, "erase": 13, "noise": 14}
"""What is added to a sample's key for the draws of a group, so that an option moves no other's draws."""
DRAWS = {"space": 6, "light": 5, "erase": 4}
"""Numbers of a sample. space: mirror, zoom, stretch, turn, right, down; light: brightness, contrast, saturation, hue,
grey; erase: height, width, from the top, from the left"""


def augment_images(
    image: torch.Tensor, keys: np.ndarray, augment: ImageAugment, strength: float | np.ndarray
) -> torch.Tensor:
    """Change each picture by its own draw.

    image: (B, 3, H, W) uint8; keys: (B, words); strength: in [0, 1], or (B,), each sample's own
    returns (B, 3, H, W) uint8
    """
    if not augment.any or not len(image):
        return image
    strengths = np.broadcast_to(np.asarray(strength, np.float64), len(image))
    space, light, erase = (uniform(keys, (size,), STREAMS[group]) for group, size in DRAWS.items())
    changed = placed(image.float(), space, augment, strengths)
    changed = coloured(changed, light, augment, strengths)
    changed = erased(changed, erase, augment, strengths)
    changed = noisy(changed, keys, STREAMS["noise"], augment, strengths)
    return changed.round_().clamp_(0, 255).to(torch.uint8)


def preparation(augment: ImageAugment) -> Callable[..., Batch]:
    """`Task.prepare` for batches with pictures as inputs["image"]."""

    def prepare(batch: Batch, strength: float | np.ndarray, keys: np.ndarray) -> Batch:
        image = augment_images(batch.inputs[INPUT], keys, augment, strength)
        return replace(batch, inputs={**batch.inputs, INPUT: image})

    return prepare
