"""How far probabilities are from how often they are right."""

from dataclasses import dataclass

import numpy as np

from tailwise.core.batch import IGNORE, Batch, Head, Outputs


@dataclass(frozen=True)
class CalibrationError:
    """Expected calibration error: mean distance of confidence and accuracy over bins of equal width.

    The confidence is the probability of the predicted class; bin b holds (b / bins, (b + 1) / bins].
    total: of each bin the number of labels, the sum of their confidences, and how many were right: (3 * bins,).
    Source: https://arxiv.org/abs/1706.04599, equation 3
    """

    head: Head
    bins: int = 15

    def part(self, outputs: Outputs, batch: Batch) -> np.ndarray:
        logits, targets = outputs[self.head.name], batch.targets[self.head.name]
        kept = targets != IGNORE
        confidence, predicted = logits[kept].softmax(dim=-1).max(dim=-1)
        confidence, right = confidence.double().cpu().numpy(), (predicted == targets[kept]).cpu().numpy()
        bins = np.clip(np.ceil(confidence * self.bins).astype(int) - 1, 0, self.bins - 1)
        sums = (np.bincount(bins, weights, self.bins) for weights in (np.ones(len(bins)), confidence, right))
        return np.concatenate(list(sums))

    def value(self, total: np.ndarray) -> float | None:
        """In [0, 1]; None of no label."""
        labels, confidence, right = np.reshape(total, (3, self.bins))
        return float(np.abs(confidence - right).sum() / labels.sum()) if labels.sum() else None
