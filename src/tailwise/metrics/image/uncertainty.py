"""Whether a model is more uncertain where it is wrong."""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from tailwise.core.batch import Batch, Outputs
from tailwise.core.heads import IGNORE, Head
from tailwise.metrics.labels import Label


@dataclass(frozen=True)
class Uncertainty:
    """output: the model's log variance of each sample, (B, 1)

    total: number, sum and sum of squares of the log variances of right answers, then of wrong ones.
    """

    head: Head
    output: str
    headline: ClassVar[tuple[str, ...]] = ("separation",)

    @property
    def labels(self) -> dict[str, Label]:
        """All of one family."""
        members = {"right": "right answers", "wrong": "wrong answers", "separation": "separation"}
        return {name: Label("log variance", member) for name, member in members.items()}

    def part(self, outputs: Outputs, batch: Batch) -> np.ndarray:
        targets = batch.targets[self.head.name]
        kept = targets != IGNORE
        right = (outputs[self.head.name].argmax(dim=-1) == targets)[kept].cpu().numpy()
        values = outputs[self.output][kept, 0].double().cpu().numpy()
        groups: tuple[np.ndarray, np.ndarray] = (values[right], values[~right])
        return np.array([[len(group), group.sum(), (group**2).sum()] for group in groups], np.float64).ravel()

    def value(self, total: np.ndarray) -> dict[str, float | None]:
        """{"right", "wrong": mean log variance, "separation": their distance in standard deviations}; None if unknown.

        A positive separation means that wrong answers are the uncertain ones.
        """
        (count, sums, squares), (wrongs, of_wrong, of_squares) = np.reshape(total, (2, 3)).tolist()
        right, wrong = sums / count if count else None, of_wrong / wrongs if wrongs else None
        if right is None or wrong is None:
            return {"right": right, "wrong": wrong, "separation": None}
        mean = (sums + of_wrong) / (count + wrongs)
        deviation = math.sqrt(max((squares + of_squares) / (count + wrongs) - mean**2, 0.0))
        return {"right": right, "wrong": wrong, "separation": (wrong - right) / deviation if deviation else 0.0}
