"""The mean over heads of macro recall: balanced accuracy of a model with several heads."""

from dataclasses import dataclass

import numpy as np

from tailwise.core.batch import Batch, Outputs, answers
from tailwise.core.heads import Head
from tailwise.metrics.confusion import confusion, macro, mean_known, recall


@dataclass(frozen=True)
class MacroRecall:
    """total: the confusion counts of the heads, one after another. scale: 100 gives percent"""

    heads: tuple[Head, ...]
    scale: float = 1.0

    def part(self, outputs: Outputs, batch: Batch) -> np.ndarray:
        counts: list[np.ndarray] = []
        for head in self.heads:
            found = batch.targets[head.name].cpu().numpy(), answers(outputs, head.name).cpu().numpy()
            counts.append(confusion(*found, len(head.classes)).ravel())
        return np.concatenate(counts).astype(np.float64)

    def value(self, total: np.ndarray) -> float | None:
        """None if no head has labels; heads without labels are ignored."""
        sizes = [len(head.classes) for head in self.heads]
        counts = np.split(np.asarray(total), np.cumsum([size**2 for size in sizes])[:-1])
        recalls = (macro(recall(of_head.reshape(size, size))) for of_head, size in zip(counts, sizes))
        mean = mean_known(recalls, self.scale)
        return None if np.isnan(mean) else mean
