"""Logit adjustment after training: tau times the log of the class's share of the training labels is subtracted.

Tau 1 turns the probabilities of a plainly trained model into those for equally frequent classes.
Source: https://arxiv.org/abs/2007.07314, eq. 9
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from tailwise.metrics.confusion import confusion, macro, recall
from tailwise.metrics.predictions import Predictions

GRID = tuple(step / 4 for step in range(9))
"""Values of tau to choose from: 0, which changes nothing, to 2."""


@dataclass(frozen=True)
class Adjust:
    """tau: of every head; auto: each head's value in GRID with the highest macro recall on validation"""

    tau: float | Literal["auto"]

    def __post_init__(self):
        if not isinstance(self.tau, str) and self.tau <= 0:
            raise ValueError(f"tau must be positive, found {self.tau:g}; without adjustment set adjust to null")


@dataclass(frozen=True)
class EvaluationOptions:
    """adjust: logit adjustment of the evaluated model; None: none"""

    adjust: Adjust | None = None


def log_prior(counts: Mapping[str, int]) -> np.ndarray:
    """(C,) log shares of the training labels; a class without any counts as one label."""
    sizes = np.maximum(list(counts.values()), 1)
    return np.log(sizes / sizes.sum())


def choose_taus(
    adjust: Adjust, plain: Mapping[str, Predictions], counts: Mapping[str, Mapping[str, int]]
) -> dict[str, float]:
    """{head: tau}. plain: validation predictions without adjustment; counts: {head: {class: training labels}}"""
    if not isinstance(adjust.tau, str):
        return dict.fromkeys(plain, adjust.tau)
    return {name: best_tau(of_head, log_prior(counts[name])) for name, of_head in plain.items()}


def best_tau(plain: Predictions, prior: np.ndarray) -> float:
    """The tau in GRID with the highest macro recall, the smallest if tied. prior: (C,) log shares"""
    logits = np.log(np.maximum(plain.known_probabilities, np.finfo(np.float32).tiny))
    recalls = {tau: _macro_recall(plain, (logits - tau * prior).argmax(axis=1)) for tau in GRID}
    return max(GRID, key=lambda tau: (recalls[tau], -tau))


def _macro_recall(found: Predictions, predicted: np.ndarray) -> float:
    return float(macro(recall(confusion(found.targets, predicted, len(found.head.classes)))))
