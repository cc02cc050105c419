"""Mirrored clips, which carry the labels of their mirror image."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import torch

from tailwise.core.batch import Batch
from tailwise.core.heads import IGNORE, Head
from tailwise.data.video.augment.clips import Allowed, augment_clips
from tailwise.data.video.augment.draws import BASE, draw
from tailwise.data.video.augment.ranges import Augment
from tailwise.recipes.actions.clips.labels import mirror_ids

Swaps = Mapping[str, torch.Tensor]
"""{head: (C,) int64, the class of a mirrored clip}"""


def swaps_of(heads: tuple[Head, ...]) -> Swaps:
    return {head.name: torch.from_numpy(mirror_ids(head.classes)) for head in heads}


def with_swapped(batch: Batch, swaps: Swaps, mirrored: torch.Tensor) -> Batch:
    """The batch with the labels of its mirrored samples swapped. mirrored: (B,) bool"""
    targets = dict(batch.targets)
    for name, swap in swaps.items():
        ids = targets[name]
        swapped = swap.to(ids.device)[ids.clamp(min=0)]
        targets[name] = torch.where(mirrored & (ids != IGNORE), swapped, ids)
    return replace(batch, targets=targets)


def preparation(augment: Augment, heads: tuple[Head, ...]) -> Callable[..., Batch]:
    """`Task.prepare` for clips of one view, without a margin."""
    swaps = swaps_of(heads)

    def prepare(batch: Batch, strength: float | np.ndarray, keys: np.ndarray) -> Batch:
        clips, strength = batch.inputs["clips"], np.broadcast_to(strength, len(batch))
        draws, every = draw(keys, 1, clips.shape[2], augment), np.ones(len(batch), bool)
        allowed = Allowed(strength, every, ~every)
        changed = augment_clips(clips, every[:, None], draws, augment, allowed, 0)
        mirrored = torch.from_numpy(draws[BASE][:, 0, 0] < augment.mirror * strength)
        changed_batch = replace(batch, inputs={**batch.inputs, "clips": changed})
        return with_swapped(changed_batch, swaps, mirrored.to(clips.device))

    return prepare
