"""Calibration: the gap between confidence and accuracy."""

from dataclasses import dataclass

import numpy as np

from tailwise.core.batch import Batch, Outputs
from tailwise.core.heads import IGNORE, Head
from tailwise.metrics.calibration.bins import bin_sums, calibration_error


@dataclass(frozen=True)
class CalibrationError:
    """Expected calibration error: mean gap between confidence and accuracy over bins of equal width.

    total: from `bin_sums`.
    Source: https://arxiv.org/abs/1706.04599, equation 3
    """

    head: Head
    bins: int = 15

    def part(self, outputs: Outputs, batch: Batch) -> np.ndarray:
        logits, targets = outputs[self.head.name], batch.targets[self.head.name]
        kept = targets != IGNORE
        confidence, predicted = logits[kept].softmax(dim=-1).max(dim=-1)
        confidence, right = confidence.double().cpu().numpy(), (predicted == targets[kept]).cpu().numpy()
        return bin_sums(confidence, right, self.bins)

    def value(self, total: np.ndarray) -> float | None:
        """In [0, 1]; None without labels."""
        return calibration_error(total)
