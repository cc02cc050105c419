"""The mistakes that a model was most confident of."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from tailwise.metrics.predictions import Predictions


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

    Raises ValueError for predictions without probabilities.
    """
    if found.probabilities is None:
        raise ValueError(f"predictions of {found.head.name} have no probabilities")
    wrong = found.take((found.targets >= 0) & (found.targets != found.predicted))
    positions = np.zeros(len(wrong), int) if wrong.positions is None else wrong.positions
    confidence = wrong.known_probabilities[np.arange(len(wrong)), wrong.predicted]
    order = sorted(range(len(wrong)), key=lambda i: (-confidence[i], wrong.samples[i], positions[i]))
    return [_mistake(wrong, i) for i in order[:count]]


def _mistake(found: Predictions, i: int) -> Mistake:
    classes = found.head.classes
    probabilities = dict(zip(classes, found.known_probabilities[i].tolist()))
    position = None if found.positions is None else int(found.positions[i])
    actual, predicted = classes[int(found.targets[i])], classes[int(found.predicted[i])]
    return Mistake(found.samples[i], found.groups[i], actual, predicted, probabilities, position)
