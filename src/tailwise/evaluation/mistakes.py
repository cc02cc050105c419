"""The mistakes that a model was most confident of."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from tailwise.metrics.predictions import Predictions

OF_SEQUENCE = 2
"""Mistakes of one sequence: neighbours in it are often wrong together, and a few sequences would fill the list."""


@dataclass(frozen=True)
class Mistake:
    """A misclassified label. probabilities: {class: number}; position: in a sequence, None elsewhere"""

    sample: str
    group: str
    actual: str
    predicted: str
    probabilities: dict[str, float]
    position: int | None = None

    def to_json(self) -> dict[str, Any]:
        """Without a position where there is none."""
        return {name: value for name, value in asdict(self).items() if name != "position" or value is not None}


def confident_mistakes(found: Predictions, count: int) -> list[Mistake]:
    """Up to `count`, the highest probability of the predicted class first; ties by sample and position.

    Of a sequence at most OF_SEQUENCE, and only the first of mistakes that stand beside each other with one pair of
    classes: a section that is taken for another one is one mistake.
    Raises ValueError for predictions without probabilities.
    """
    if found.probabilities is None:
        raise ValueError(f"predictions of {found.head.name} have no probabilities")
    wrong = found.take((found.targets >= 0) & (found.targets != found.predicted))
    positions = np.zeros(len(wrong), int) if wrong.positions is None else wrong.positions
    confidence = wrong.known_probabilities[np.arange(len(wrong)), wrong.predicted]
    order = sorted(range(len(wrong)), key=lambda i: (-confidence[i], wrong.samples[i], positions[i]))
    if wrong.positions is not None:
        order = _spread(wrong, positions, order)
    return [_mistake(wrong, i) for i in order[:count]]


def _spread(wrong: Predictions, positions: np.ndarray, order: Sequence[int]) -> list[int]:
    """The rows of `order` that `confident_mistakes` keeps of sequences."""
    taken: Counter[str] = Counter()
    stretch, seen, kept = _stretches(wrong, positions), set[int](), list[int]()
    for i in order:
        if taken[wrong.samples[i]] < OF_SEQUENCE and stretch[i] not in seen:
            taken[wrong.samples[i]] += 1
            seen.add(stretch[i])
            kept.append(i)
    return kept


def _stretches(wrong: Predictions, positions: np.ndarray) -> list[int]:
    """(N,) for each mistake the number of its stretch: neighbours in one sequence with the same pair of classes."""
    rows = sorted(range(len(wrong)), key=lambda i: (wrong.samples[i], positions[i]))
    keys = [(wrong.samples[i], int(positions[i]), int(wrong.targets[i]), int(wrong.predicted[i])) for i in rows]
    found, number = [0] * len(wrong), 0
    for nth, (i, (sample, position, *pair)) in enumerate(zip(rows, keys)):
        if nth and keys[nth - 1] != (sample, position - 1, *pair):
            number += 1
        found[i] = number
    return found


def _mistake(found: Predictions, i: int) -> Mistake:
    classes = found.head.classes
    probabilities = dict(zip(classes, found.known_probabilities[i].tolist()))
    position = None if found.positions is None else int(found.positions[i])
    actual, predicted = classes[int(found.targets[i])], classes[int(found.predicted[i])]
    return Mistake(found.samples[i], found.groups[i], actual, predicted, probabilities, position)
