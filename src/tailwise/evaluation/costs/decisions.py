"""Answers with the least expected cost, where errors do not cost the same. Pure functions.

With two classes this is a threshold on the probability: c / (c + d) for costs c of a false alarm and d of a miss. It
needs calibrated probabilities, and nothing is fitted, so that validation figures are honest.
Source: Elkan, 2001, The foundations of cost-sensitive learning, https://dl.acm.org/doi/10.5555/1642194.1642224
"""

from dataclasses import dataclass, field, replace
from math import isfinite
from typing import Any

import numpy as np

from tailwise.core.errors import UserError
from tailwise.core.heads import Head
from tailwise.evaluation.intervals import DRAWS, LEVEL, SEED, group_weights
from tailwise.metrics.confusion import recall
from tailwise.metrics.predictions import Predictions


@dataclass(frozen=True)
class Costs:
    """What the errors of a head cost, in any unit; a right answer costs nothing.

    errors: {actual class: {predicted class: cost}}; default: of every error that is not named
    """

    errors: dict[str, dict[str, float]] = field(default_factory=dict[str, dict[str, float]])
    default: float = 1.0

    def __post_init__(self):
        every = [self.default, *(cost for row in self.errors.values() for cost in row.values())]
        if wrong := [cost for cost in every if not (isfinite(cost) and cost >= 0)]:
            raise ValueError(f"a cost must be a number of at least 0, found {wrong[0]:g}")

    def matrix(self, head: Head) -> np.ndarray:
        """(C, C): of answering with class j where it is i. Raises UserError for a class that the head lacks."""
        place = {name: i for i, name in enumerate(head.classes)}
        found = np.full((len(place), len(place)), self.default) * (1 - np.eye(len(place)))
        for actual, row in self.errors.items():
            for predicted, cost in row.items():
                if absent := [name for name in (actual, predicted) if name not in place]:
                    raise UserError(f"{head.name}.errors: {absent[0]} is no class; there are {', '.join(place)}")
                if actual == predicted:
                    raise UserError(f"{head.name}.errors: {actual} for {actual} is no error: leave it out")
                found[place[actual], place[predicted]] = cost
        return found


def cheapest(probabilities: np.ndarray, costs: np.ndarray) -> np.ndarray:
    """(N,): the class with the least expected cost, of equals the most probable one.

    probabilities: (N, C), calibrated; costs: (C, C) from `Costs.matrix`
    """
    expected = probabilities @ costs
    least = expected <= expected.min(axis=1, keepdims=True) + 1e-12
    return np.where(least, probabilities, -1.0).argmax(axis=1)


def answered(found: Predictions, costs: Costs) -> Predictions:
    """The same predictions with the cheapest answers."""
    return replace(found, predicted=cheapest(found.known_probabilities, costs.matrix(found.head)))


def most_probable(found: Predictions) -> Predictions:
    """The same predictions with the most probable classes as answers, also where they were decoded."""
    return replace(found, predicted=found.known_probabilities.argmax(axis=1))


@dataclass(frozen=True)
class Decided:
    """A head's answers on a split, the most probable and the cheapest ones.

    before, after: mean cost of a label; saved, low, high: their difference and its interval, over groups
    recalls: {class: (before, after)}; changed: share of the answers
    """

    head: str
    before: float
    after: float
    saved: float
    low: float
    high: float
    changed: float
    recalls: dict[str, tuple[float, float]]


def decide(found: Predictions, costs: Costs) -> Decided:
    """What the cheapest answers cost beside the given ones."""
    labelled, matrix = most_probable(found.labelled), costs.matrix(found.head)
    answers = answered(labelled, costs)
    paid = [matrix[labelled.targets, answer.predicted] for answer in (labelled, answers)]
    draws = mean_of_draws(paid[0] - paid[1], labelled.groups)
    low, high = np.quantile(draws, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    pairs = zip(recall(labelled.matrix).tolist(), recall(answers.matrix).tolist())
    before, after = (float(each.mean()) for each in paid)
    changed = float((answers.predicted != labelled.predicted).mean())
    recalls = dict(zip(found.head.classes, pairs))
    return Decided(found.head.name, before, after, before - after, float(low), float(high), changed, recalls)


def mean_of_draws(values: np.ndarray, groups: Any) -> np.ndarray:
    """(DRAWS,): means of (N,) values with their groups resampled."""
    names, group = np.unique(np.array(groups), return_inverse=True)
    sums, counts = np.bincount(group, values, len(names)), np.bincount(group, minlength=len(names))
    return np.array([times @ sums / (times @ counts) for times in group_weights(len(names), DRAWS, SEED)])
