"""Which labels of validation are explained: of the rarest classes, the surest mistakes and the surest right answers."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from tailwise.metrics.predictions import Predictions


@dataclass(frozen=True)
class Choice:
    """classes: the rarest in training that have a validation label; wrong, right: labels of each class"""

    classes: int = 3
    wrong: int = 2
    right: int = 1


def rarest(found: Predictions, counts: Mapping[str, int], number: int) -> list[int]:
    """Ids of up to `number` classes with a label, the rarest in training first; ties by class order.

    counts: {class: training labels}
    """
    there = sorted(set(found.targets[found.targets >= 0].tolist()))
    return sorted(there, key=lambda label: (counts[found.head.classes[label]], label))[:number]


def chosen(found: Predictions, class_id: int, choice: Choice) -> list[int]:
    """Rows of a class's labels: its surest mistakes, then its surest right answers; ties by sample and position.

    Of a sequence at most one row is a mistake and one is right, as neighbours in it are alike.
    """
    confidence = found.known_probabilities[np.arange(len(found)), found.predicted]
    positions = np.zeros(len(found), np.int64) if found.positions is None else found.positions
    mine = np.flatnonzero(found.targets == class_id).tolist()
    order = sorted(mine, key=lambda row: (-confidence[row], found.samples[row], positions[row]))
    wrong = _one_a_sample(found, [row for row in order if found.predicted[row] != class_id])
    right = _one_a_sample(found, [row for row in order if found.predicted[row] == class_id])
    return [*wrong[: choice.wrong], *right[: choice.right]]


def _one_a_sample(found: Predictions, rows: list[int]) -> list[int]:
    first: dict[str, int] = {}
    for row in rows:
        first.setdefault(found.samples[row], row)
    return list(first.values())


def taken_for(found: Predictions, class_id: int) -> dict[str, Any]:
    """{"labels", "right": how many, "taken_for": {class: labels}, most frequent first, ties by class order}"""
    predicted: list[int] = found.predicted[found.targets == class_id].tolist()
    answers = Counter(predicted)
    wrong = sorted((label for label in answers if label != class_id), key=lambda label: (-answers[label], label))
    return {
        "labels": answers.total(),
        "right": answers[class_id],
        "taken_for": {found.head.classes[label]: answers[label] for label in wrong},
    }
