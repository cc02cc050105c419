"""One head's confusion counts and cross entropy, as sums that add up over batches and processes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch.nn.functional as F

from tailwise.core.batch import Batch, Outputs, answers
from tailwise.core.heads import IGNORE, Head
from tailwise.metrics.confusion import FIGURES, confusion, scores


@dataclass(frozen=True)
class Classification:
    """total: cross entropy summed over the labels, number of labels, confusion counts row by row: (2 + C * C,).

    Uses counts instead of scikit-learn's figures, since counts add up over batches, processes and resumes.
    """

    head: Head

    def part(self, outputs: Outputs, batch: Batch) -> np.ndarray:
        """Of logits (B, C) with class ids (B,), or (B, T, C) with (B, T); IGNORE is not counted."""
        logits, targets = outputs[self.head.name], batch.targets[self.head.name]
        flat = logits.reshape(-1, logits.shape[-1])
        loss = F.cross_entropy(flat, targets.reshape(-1), ignore_index=IGNORE, reduction="sum")
        found = targets.cpu().numpy(), answers(outputs, self.head.name).cpu().numpy()
        counts = confusion(*found, len(self.head.classes))
        return np.array([float(loss), batch.count(self.head.name), *counts.ravel()])

    def matrix(self, total: np.ndarray | Sequence[float]) -> np.ndarray:
        """(C, C) int64: rows actual, columns predicted; zeros for an empty total."""
        size = len(self.head.classes)
        return np.array(total[2:] if len(total) else np.zeros(size**2), np.int64).reshape(size, size)

    def loss(self, total: np.ndarray | Sequence[float]) -> float:
        """Mean cross entropy over the labels; 0 without labels."""
        return float(total[0]) / max(int(total[1]), 1) if len(total) else 0.0

    def value(self, total: np.ndarray) -> dict[str, Any]:
        """`FIGURES`, and "recall" {class: number, None without samples}; all None without a label."""
        matrix = self.matrix(total)
        if matrix.any():
            return scores(matrix, self.head.classes, self.loss(total))
        return {**dict.fromkeys(FIGURES), "recall": dict.fromkeys(self.head.classes)}
