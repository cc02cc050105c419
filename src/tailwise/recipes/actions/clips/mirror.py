"""Mirrored clips, which carry the labels of their mirror image."""

from collections.abc import Mapping
from dataclasses import replace

import torch

from tailwise.core.batch import Batch
from tailwise.core.heads import IGNORE, Head
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
