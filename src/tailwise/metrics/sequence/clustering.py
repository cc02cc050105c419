"""Sections as clusters of positions: pairwise agreement and V-measure, as `mir_eval.segment`'s at one position a frame.

Both ask which positions have the same label, not which label it is.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from tailwise.core.batch import Batch, Outputs
from tailwise.core.heads import IGNORE, Head
from tailwise.metrics.labels import Label
from tailwise.metrics.sequence.runs import harmonic, songs

FIGURES = (
    "pairwise_precision",
    "pairwise_recall",
    "pairwise_f1",
    "over_segmentation",
    "under_segmentation",
    "v_measure",
)


def contingency(actual: np.ndarray, answered: np.ndarray) -> np.ndarray:
    """Counts of positions by actual label (row) and answered label (column), of the labels that occur.

    Positions without a label are left out.
    """
    kept = actual != IGNORE
    rows, columns = (np.unique(labels[kept], return_inverse=True)[1] for labels in (actual, answered))
    counts = np.zeros((int(rows.max(initial=-1)) + 1, int(columns.max(initial=-1)) + 1))
    np.add.at(counts, (rows, columns), 1)
    return counts


def pairwise(actual: np.ndarray, answered: np.ndarray) -> tuple[float, float, float]:
    """Precision, recall and F1 of the pairs of positions with one label; 0 where there is no pair."""
    counts = contingency(actual, answered)
    both, of_truth, of_answer = (_pairs(of) for of in (counts, counts.sum(axis=1), counts.sum(axis=0)))
    precision, recall = both / of_answer if of_answer else 0.0, both / of_truth if of_truth else 0.0
    return precision, recall, harmonic(precision, recall)


def v_measure(actual: np.ndarray, answered: np.ndarray) -> tuple[float, float, float]:
    """Over-segmentation, under-segmentation and V-measure: conditional by marginal entropies, 1 is best.

    The first is completeness, the second homogeneity; of a song with one label it is 0, as in `mir_eval`.
    Source: Rosenberg and Hirschberg 2007, "V-measure"
    """
    counts = contingency(actual, answered)
    joint, of_truth, of_answer = (_entropy(of) for of in (counts, counts.sum(axis=1), counts.sum(axis=0)))
    over = 1 - (joint - of_truth) / of_answer if of_answer > 0 else 0.0
    under = 1 - (joint - of_answer) / of_truth if of_truth > 0 else 0.0
    return over, under, harmonic(over, under)


@dataclass(frozen=True)
class Clustering:
    """total: the number of songs, and the sums over songs of `FIGURES`."""

    head: Head
    labels: ClassVar[dict[str, Label]] = {
        "pairwise_precision": Label("pairs of positions with one label", "precision"),
        "pairwise_recall": Label("pairs of positions with one label", "recall"),
        "pairwise_f1": Label("pairs of positions with one label", "F1"),
        "over_segmentation": Label("sections as clusters", "completeness"),
        "under_segmentation": Label("sections as clusters", "homogeneity"),
        "v_measure": Label("sections as clusters", "V-measure"),
    }

    def part(self, outputs: Outputs, batch: Batch) -> np.ndarray:
        total = np.zeros(1 + len(FIGURES))
        for actual, answered in songs(outputs, batch, self.head.name):
            total += [1, *pairwise(actual, answered), *v_measure(actual, answered)]
        return total

    def value(self, total: np.ndarray) -> dict[str, float | None]:
        """Means over the songs; None without songs."""
        count, *sums = total.tolist()
        return {name: of_all / count if count else None for name, of_all in zip(FIGURES, sums)}


def _pairs(counts: np.ndarray) -> float:
    """Pairs of positions within one cell."""
    return float((counts * (counts - 1)).sum() / 2)


def _entropy(counts: np.ndarray) -> float:
    """Of the distribution of the counts, in nats; exactly 0 for a single cell."""
    shares = counts[counts > 0] / counts.sum()
    return float(-(shares * np.log(shares)).sum()) if len(shares) > 1 else 0.0
