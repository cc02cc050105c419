"""How sure a model is: the confidence is the probability of the most probable class, whatever decoding answers."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from tailwise.core.batch import Batch, Outputs
from tailwise.core.heads import IGNORE, Head
from tailwise.metrics.labels import Label, above_label


@dataclass(frozen=True)
class Confidence:
    """thresholds: whose exceedance is counted

    total: number of labels, sum of confidences, number of right answers, number above each threshold.
    """

    head: Head
    thresholds: tuple[float, ...] = (0.90, 0.95)
    headline: ClassVar[tuple[str, ...]] = ("gap",)

    @property
    def labels(self) -> dict[str, Label]:
        """Confidence beside accuracy, and the shares above the thresholds."""
        members = {"mean": "mean", "accuracy": "accuracy", "gap": "mean minus accuracy"}
        shares = {f"above_{100 * limit:g}": above_label(limit) for limit in self.thresholds}
        return {name: Label("confidence", member) for name, member in members.items()} | shares

    def part(self, outputs: Outputs, batch: Batch) -> np.ndarray:
        logits, targets = outputs[self.head.name], batch.targets[self.head.name]
        kept = targets != IGNORE
        likely, predicted = logits[kept].softmax(dim=-1).max(dim=-1)
        confidence, right = likely.double().cpu().numpy(), int((predicted == targets[kept]).sum())
        above = [(confidence > threshold).sum() for threshold in self.thresholds]
        return np.array([len(confidence), confidence.sum(), right, *above], np.float64)

    def value(self, total: np.ndarray) -> dict[str, float | None]:
        """{"mean": confidence, "accuracy", "gap": mean - accuracy, "above_90": share}; None without labels.

        A positive gap is overconfidence.
        """
        labels, confidence, right, *above = total.tolist()
        names = [f"above_{100 * threshold:g}" for threshold in self.thresholds]
        if not labels:
            return dict.fromkeys(["mean", "accuracy", "gap", *names])
        shares = {name: count / labels for name, count in zip(names, above)}
        return {"mean": confidence / labels, "accuracy": right / labels, "gap": (confidence - right) / labels, **shares}
