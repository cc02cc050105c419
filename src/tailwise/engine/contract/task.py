"""The interface between engine and pipeline: Task and Samples."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import torch
from torch import nn

from tailwise.core.batch import Batch, Outputs
from tailwise.core.heads import Head
from tailwise.engine.contract.metric import Metric, Select
from tailwise.engine.contract.mixing import Mixing
from tailwise.losses.head.boost import ClassBoost


class Samples(Protocol):
    """A split of a dataset. `names`, `labels` and `groups` must not read samples' contents."""

    @property
    def names(self) -> Sequence[str]:
        """Unique names of the samples, in dataset order."""
        ...

    def __len__(self) -> int: ...

    def __getitem__(self, i: int) -> Any: ...

    def collate(self, items: list[Any]) -> Batch: ...

    def labels(self, head: str) -> np.ndarray:
        """Class ids of every sample, (N,) or for sequences (N, T); IGNORE where missing and as padding."""
        ...

    def groups(self) -> Sequence[str]:
        """Each sample's group (match, song, source video): never in two splits."""
        ...


@dataclass(frozen=True)
class PartLogits:
    """What a head answers to parts of the samples alone, such as single views, in a training batch.

    loss: the name of their loss in `Task.loss`; logits: (N, C)
    sample: (N,) int64, places in the batch; share: (N,) what each part counts in its sample, 1 in sum; None: 1
    """

    loss: str
    head: str
    logits: torch.Tensor
    sample: torch.Tensor
    share: torch.Tensor | None = None


@dataclass(frozen=True)
class Task:
    """A pipeline's model, data and loss.

    heads: labels to predict; may be empty, as in contrastive pretraining
    model: called as ``model(**batch.inputs)``, returns Outputs
    spec: specification to rebuild the model, as JSON; stored in the weights file
    train: training samples; None for evaluation only
    valid: validation samples
    prepare(batch, strength, keys): augments a training batch on the device, with
        `strength` in [0, 1] and randomness derived only from `keys` (B, 4) int64.
        In a phase with `augment_by_class` the strength is (B,), each sample's own.
        Not called in evaluation.
    loss(outputs, batch, boost): {name: sum}; the engine divides by `Batch.count(name)` over
        the whole optimizer step, so that IGNORE, accumulation and processes agree.
        `boost` {head: ClassBoost} is None in evaluation.
    metrics: {name: Metric}, in the order of metrics.json; a head's Classification has the head's name
    select: the figure that chooses the best epoch; None: the last epoch is the best
    fallback(): the same task with the next simpler model, newly initialized; None if there is none
    mix(batch, how, keys): a prepared batch with its samples mixed and `Batch.mix` set, which the loss must honour;
        called in a phase with `mix`; None: the pipeline cannot
    auxiliary: names of losses that count only in a phase that gives them a weight
    parts(outputs, batch): what the heads answer to parts of the samples, which a teacher teaches, too; None: nothing
    uncertainty: {head: output (B, 1) or (B, T, 1) that says how uncertain its answers are, on any scale}
    lengths, valid_lengths: (N,) of the training and of the validation samples, such as the positions of sequences:
        batches are of samples of similar length; None: batches do not depend on length

    Raises ValueError if `select` names an unknown metric, and for other than one length a sample.
    """

    heads: tuple[Head, ...]
    model: nn.Module
    spec: dict[str, Any]
    train: Samples | None
    valid: Samples
    prepare: Callable[[Batch, Any, np.ndarray], Batch]
    loss: Callable[[Outputs, Batch, dict[str, ClassBoost] | None], dict[str, torch.Tensor]]
    metrics: Mapping[str, Metric] = field(default_factory=dict[str, Metric])
    select: Select | None = None
    fallback: Callable[[], "Task"] | None = None
    auxiliary: tuple[str, ...] = ()
    mix: Callable[[Batch, Mixing, np.ndarray], Batch] | None = None
    parts: Callable[[Outputs, Batch], Sequence[PartLogits]] | None = None
    lengths: Sequence[int] | None = None
    valid_lengths: Sequence[int] | None = None
    uncertainty: Mapping[str, str] = field(default_factory=dict[str, str])

    def __post_init__(self):
        absent = [name for name in self.select.names if name not in self.metrics] if self.select else []
        if absent:
            known = ", ".join(self.metrics) or "none"
            raise ValueError(f"select names the metric {absent[0]!r}, which the task lacks; it has {known}")
        for name, samples, lengths in (
            ("lengths", self.train, self.lengths),
            ("valid_lengths", self.valid, self.valid_lengths),
        ):
            if lengths is not None and (samples is None or len(lengths) != len(samples)):
                raise ValueError(f"{name} has {len(lengths)} numbers for {len(samples or ())} samples")

    def loss_weight(self, name: str, weights: Mapping[str, float]) -> float:
        """The weight of a loss in a phase with these `loss_weights`."""
        return weights.get(name, 0.0 if name in self.auxiliary else 1.0)

    @property
    def samples(self) -> Samples:
        """`train`; it must not be None."""
        assert self.train is not None
        return self.train

    def labels(self, head: str) -> np.ndarray:
        """Class ids of the training samples, (N,) or (N, T)."""
        return self.samples.labels(head)
