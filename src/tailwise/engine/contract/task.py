"""What the engine sees of a pipeline: one Task, and the samples in it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import torch
from torch import nn

from tailwise.core.batch import Batch, Outputs
from tailwise.core.heads import Head
from tailwise.engine.contract.metric import Metric, Select
from tailwise.losses.boost import ClassBoost


class Samples(Protocol):
    """A split of a dataset. `names`, `labels` and `groups` read no sample's content."""

    @property
    def names(self) -> Sequence[str]:
        """Each sample's identity, in the order of the dataset."""
        ...

    def __len__(self) -> int: ...

    def __getitem__(self, i: int) -> Any: ...

    def collate(self, items: list[Any]) -> Batch: ...

    def labels(self, head: str) -> np.ndarray:
        """Class ids of every sample, (N,) or for sequences (N, T); IGNORE for none and as padding."""
        ...

    def groups(self) -> Sequence[str]:
        """Each sample's group (match, song, source video): never on both sides of a split."""
        ...


@dataclass(frozen=True)
class Task:
    """A pipeline's model, data and loss.

    heads: labels to predict; may be empty, as in contrastive pretraining
    model: called as ``model(**batch.inputs)``, returns Outputs
    spec: what rebuilds the model, as JSON; it travels inside the weights file
    train: samples to learn from; None where nothing is trained
    valid: samples to validate on
    prepare(batch, strength, keys): on the device, before the model. Augments with
        `strength` in [0, 1]; `keys` (B, 4) int64 are all its randomness may depend on.
        Not called in evaluation.
    loss(outputs, batch, boost): {name: sum}; the engine divides by `Batch.count(name)` over
        the whole optimizer step, so that IGNORE, accumulation and processes agree.
        `boost` {head: ClassBoost} is None in evaluation.
    metrics: {name: Metric}, in the order of metrics.json; a head's Classification goes by the head's name
    select: the figure that chooses the best epoch; without one the last epoch is the best
    fallback(): the same task with the next simpler model, its weights drawn anew; None where there is none

    Raises ValueError where `select` names a metric that is not there.
    """

    heads: tuple[Head, ...]
    model: nn.Module
    spec: dict[str, Any]
    train: Samples | None
    valid: Samples
    prepare: Callable[[Batch, float, np.ndarray], Batch]
    loss: Callable[[Outputs, Batch, dict[str, ClassBoost] | None], dict[str, torch.Tensor]]
    metrics: Mapping[str, Metric] = field(default_factory=dict[str, Metric])
    select: Select | None = None
    fallback: Callable[[], "Task"] | None = None

    def __post_init__(self):
        absent = [name for name in self.select.names if name not in self.metrics] if self.select else []
        if absent:
            known = ", ".join(self.metrics) or "none"
            raise ValueError(f"select names the metric {absent[0]!r}, which the task lacks; it has {known}")

    @property
    def samples(self) -> Samples:
        """`train`, of a task that is trained."""
        assert self.train is not None
        return self.train
