"""What the engine sees of a pipeline: one Task, and the samples in it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch import nn

from tailwise.core.batch import Batch, Head
from tailwise.losses.boost import ClassBoost

Outputs = dict[str, torch.Tensor]
"""{head: logits (..., C)}"""


class Samples(Protocol):
    """A split of a dataset. `names`, `labels` and `groups` read no frame."""

    names: Sequence[str]
    """Each sample's identity, in the order of the dataset."""

    def __len__(self) -> int: ...

    def __getitem__(self, i: int): ...

    def collate(self, items: list) -> Batch: ...

    def labels(self, head: str) -> np.ndarray:
        """Class ids of every sample, (N,) or for sequences (N, T); IGNORE for none and as padding."""

    def groups(self) -> Sequence[str]:
        """Each sample's group (match, song, source video): never on both sides of a split."""


@dataclass(frozen=True)
class Task:
    """A pipeline's model, data and loss.

    model: called as ``model(**batch.inputs)``, returns Outputs
    spec: what rebuilds the model, as JSON; it travels inside the weights file
    train: samples to learn from; None where nothing is trained
    valid: samples to be judged on
    prepare(batch, strength, keys): on the device, before the model. Augments with
        `strength` in [0, 1]; `keys` (B, 4) int64 are all its randomness may depend on.
        Not called in evaluation.
    loss(outputs, batch, boost): {name: sum}; the engine divides by `Batch.count(name)` over
        the whole optimizer step, so that IGNORE, accumulation and processes agree.
        `boost` {head: ClassBoost} is None in evaluation.
    score({head: recalls (C,)}): the pipeline's own figures, {name: value}
    simpler(): the same task with the next simpler model, its weights drawn anew; None where there is none
    """

    heads: tuple[Head, ...]
    model: nn.Module
    spec: dict
    train: Samples | None
    valid: Samples
    prepare: Callable[[Batch, float, np.ndarray], Batch]
    loss: Callable[[Outputs, Batch, dict[str, ClassBoost] | None], dict[str, torch.Tensor]]
    score: Callable[[dict[str, np.ndarray]], dict[str, float]]
    fallback: Callable[[], "Task"] | None = None
