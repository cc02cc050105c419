"""Figures with intervals from a head's predictions, for the stages `intervals` and `certify`."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from tailwise.evaluation.intervals import intervals
from tailwise.evaluation.limits import Names, limits, limits_of_sequences
from tailwise.metrics.predictions import Predictions


@dataclass(frozen=True)
class Measured:
    """A head on a split. matrix: confusion counts (C, C); figures: from `intervals`"""

    predictions: Predictions
    matrix: np.ndarray
    figures: dict[str, Any]

    @property
    def support(self) -> dict[str, int]:
        """{class: labels}"""
        return dict(zip(self.predictions.head.classes, self.matrix.sum(axis=1).tolist()))

    @property
    def samples(self) -> dict[str, int] | None:
        """{class: sequences in which it occurs} of a sequence head; None for a head with one label a sample."""
        found = self.predictions.labelled
        if found.positions is None:
            return None
        pairs = set(zip(found.samples, found.targets.tolist()))
        counts = Counter(target for _, target in pairs)
        return {name: counts[i] for i, name in enumerate(found.head.classes)}

    def limits(self, names: Names) -> list[str]:
        """Which classes have too few samples to measure their recall, as sentences."""
        head, samples = self.predictions.head.name, self.samples
        if samples is None:
            return limits(head, self.support, names.sample)
        return limits_of_sequences(head, samples, names)


def measure(found: Predictions) -> Measured:
    return Measured(found, found.matrix, resample(found))


def resample(found: Predictions, means_over: list[int] | None = None) -> dict[str, Any]:
    """`intervals` of a head: all labels of a group are drawn together, those of a sequence among them."""
    classes = len(found.head.classes)
    return intervals(found.targets, found.predicted, found.groups, classes, means_over)


def count_groups(heads: Iterable[Predictions]) -> int:
    """Groups of a split, over all its heads."""
    return len({group for found in heads for group in found.groups})
