"""Pairs of views: drawn anew in every epoch of training, the same in every validation."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from tailwise.core.batch import Batch
from tailwise.core.heads import Head
from tailwise.data.augment.streams import uniform
from tailwise.data.images.augment.pictures import INPUT, augment_images
from tailwise.data.images.dataset import Images
from tailwise.recipes.logos.contrast.options import Contrast

ASPECT_STREAM = 21
"""What is added to a sample's key to draw its aspect."""


def with_views(contrast: Contrast, batch: Batch, strength: float | np.ndarray, keys: np.ndarray) -> Batch:
    """The batch with inputs "views" (B, 2, 3, H, W) uint8 and "aspect" (B,) int64, the place among the aspects.

    keys: (B, words), from which both follow
    """
    image = batch.inputs[INPUT]
    aspect = (uniform(keys, (1,), ASPECT_STREAM)[:, 0] * len(contrast.aspects)).astype(np.int64)
    strengths = np.broadcast_to(np.asarray(strength, np.float64), len(batch))
    views = image[:, None].repeat(1, 2, 1, 1, 1)
    for place, name in enumerate(contrast.aspects):
        some = (aspect == place).nonzero()[0]
        where = torch.from_numpy(some).to(image.device)
        for view in range(2):
            of_view = np.column_stack([keys[some], np.full(len(some), view)])
            views[where, view] = augment_images(image[where], of_view, contrast.ranges(name), strengths[some])
    inputs = {**batch.inputs, "views": views, "aspect": torch.from_numpy(aspect).to(image.device)}
    return replace(batch, inputs=inputs)


def preparation(contrast: Contrast) -> Callable[..., Batch]:
    """`Task.prepare`."""
    return lambda batch, strength, keys: with_views(contrast, batch, strength, keys)


class Pairs:
    """Validation samples with two views each, which follow from the sample's index."""

    def __init__(self, folder: Path, heads: tuple[Head, ...], contrast: Contrast):
        self.images, self.contrast = Images(folder, heads), contrast

    @property
    def names(self) -> Sequence[str]:
        return self.images.names

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, i: int) -> Any:
        return self.images[i]

    def collate(self, items: list[Any]) -> Batch:
        """`Images.collate`, with the inputs of `with_views` at full strength."""
        batch = self.images.collate(items)
        return with_views(self.contrast, batch, 1.0, batch.index.numpy()[:, None])

    def labels(self, head: str) -> np.ndarray:
        return self.images.labels(head)

    def groups(self) -> Sequence[str]:
        return self.images.groups()
