"""The strength of augmentation of each sample, by its classes."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
import torch

from tailwise.core.errors import UserError
from tailwise.core.heads import Head

Recalls = dict[str, dict[str, float]]
"""{head: {class: recall}}"""


@dataclass(frozen=True)
class ClassStrength:
    """How the strength differs by class; it is the phase's at most.

    rarity: the most frequent class of a head gets 1 - rarity of the phase's strength, the rarest all of it, others in
        between by the logarithm of their number
    mastery: a class of recall 0 gets 1 - mastery of that, one of recall 1 all of it: what is learned is made harder.
        Source of the idea: https://arxiv.org/abs/2302.05499
    recalls: the last recalls of each class, for mastery; left out, the training stage reads them from a file
    """

    rarity: float = 0.0
    mastery: float = 0.0
    recalls: Recalls = field(default_factory=Recalls)

    def __post_init__(self):
        if not 0 <= self.rarity <= 1 or not 0 <= self.mastery <= 1:
            raise ValueError("rarity and mastery must be within [0, 1]")
        if not self.rarity and not self.mastery:
            raise ValueError("neither rarity nor mastery is above 0: it has no effect")
        if self.recalls and not self.mastery:
            raise ValueError("recalls has no effect: mastery is 0")


def rarities(counts: np.ndarray) -> np.ndarray:
    """0 for the most frequent class, 1 for the rarest that has a sample and for those without. counts: (C,)"""
    logs = np.log(np.maximum(counts, 1))
    most, least = logs.max(), logs[counts > 0].min(initial=logs.max())
    return np.clip((most - logs) / (most - least), 0, 1) if most > least else np.zeros(len(counts))


def class_factors(
    how: ClassStrength, heads: tuple[Head, ...], counts: Mapping[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """{head: (C,) factors of the strength in [0, 1]}; raises UserError where a class has no recall that it needs.

    counts: {head: (C,) samples of the phase}
    """
    if not heads:
        raise UserError("augment_by_class has no effect: the task has no classes")
    factors = {head.name: 1 - how.rarity * (1 - rarities(counts[head.name])) for head in heads}
    if how.mastery:
        for head in heads:
            try:
                recall = np.array([how.recalls[head.name][label] for label in head.classes])
            except KeyError as error:
                raise UserError(f"augment_by_class.mastery needs a recall of each class, {error} has none") from error
            factors[head.name] *= 1 - how.mastery * (1 - recall)
    return factors


@dataclass(frozen=True)
class Strength:
    """base: the phase's; factors: {head: (C,)}, empty where all samples are alike"""

    base: float
    factors: Mapping[str, np.ndarray]

    def of(self, targets: Mapping[str, torch.Tensor]) -> float | np.ndarray:
        """For each sample of a batch, (B,), the largest that its labels give; `base` without a label."""
        if not self.factors:
            return self.base
        of_heads = self.factors.items()  # targets may have auxiliary heads, too
        found = np.stack([_largest(factors, targets[head].cpu().numpy()) for head, factors in of_heads])
        largest = found.max(axis=0)
        return self.base * np.where(largest < 0, 1.0, largest)


def strength_of(
    base: float,
    how: ClassStrength | None,
    heads: tuple[Head, ...],
    labels: Callable[[str], np.ndarray],
    epochs: Iterable[list[int]],
) -> Strength:
    """The strength in a phase with these samples in its epochs, whose classes are counted over all of them.

    labels: (head) to the class ids of every sample
    """
    if how is None:
        return Strength(base, {})
    drawn = np.concatenate([np.array(epoch, np.int64) for epoch in epochs])
    counts = {head.name: count_classes(labels(head.name)[drawn], len(head.classes)) for head in heads}
    return Strength(base, class_factors(how, heads, counts))


def count_classes(ids: np.ndarray, classes: int) -> np.ndarray:
    """(C,) labels of each class; missing ones are not counted. ids: (N,) or (N, T)"""
    return np.bincount(ids[ids >= 0], minlength=classes)


def _largest(factors: np.ndarray, ids: np.ndarray) -> np.ndarray:
    """The largest factor of each sample's labels, (B,); -1 without one. ids: (B,) or (B, T)"""
    found = np.where(ids < 0, -1.0, factors[np.maximum(ids, 0)])
    return found.reshape(len(ids), -1).max(axis=1)
