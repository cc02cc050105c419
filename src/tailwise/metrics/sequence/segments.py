"""Whole sections found, and how much sections overlap."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from tailwise.core.batch import Batch, Outputs
from tailwise.core.heads import Head
from tailwise.metrics.labels import Label
from tailwise.metrics.sequence.runs import Sections, match_in_order, sections, songs


def same_borders(actual: Sections, answered: Sections, tolerance: int) -> np.ndarray:
    """(N, M) bool: equal labels, and both borders at most `tolerance` positions apart."""
    starts = np.abs(actual.starts[:, None] - answered.starts) <= tolerance
    ends = np.abs(actual.ends[:, None] - answered.ends) <= tolerance
    return starts & ends & (actual.labels[:, None] == answered.labels)


def overlaps(actual: Sections, answered: Sections) -> np.ndarray:
    """(N, M): positions in both sections by positions in either, 0 for different labels."""
    first = np.maximum(actual.starts[:, None], answered.starts)
    last = np.minimum(actual.ends[:, None], answered.ends)
    both = np.maximum(last - first, 0)
    either = actual.lengths[:, None] + answered.lengths - both
    return np.where(actual.labels[:, None] == answered.labels, both / either, 0.0)


@dataclass(frozen=True)
class Segments:
    """Sections found.

    tolerance: of each border, in positions
    overlap: the share of `overlaps` from which a section counts as found, in [0.5, 1]

    total: actual and answered sections, those found by their borders, those found by overlap, the sum over the actual
    sections of the best overlap of an answered one.
    """

    head: Head
    tolerance: int = 1
    overlap: float = 0.5
    headline: ClassVar[tuple[str, ...]] = ("f1",)
    labels: ClassVar[dict[str, Label]] = {
        "precision": Label("segments found", "precision"),
        "recall": Label("segments found", "recall"),
        "f1": Label("segments found", "F1"),
        "overlap_precision": Label("segments found by overlap", "precision"),
        "overlap_recall": Label("segments found by overlap", "recall"),
        "overlap_f1": Label("segments found by overlap", "F1"),
        "mean_overlap": Label("mean overlap of segments"),
    }

    def __post_init__(self):
        if self.tolerance < 0:
            raise ValueError(f"tolerance must not be negative, found {self.tolerance}")
        if not 0.5 <= self.overlap <= 1:
            raise ValueError(f"overlap must be in [0.5, 1], found {self.overlap:g}")

    def part(self, outputs: Outputs, batch: Batch) -> np.ndarray:
        total = np.zeros(5)
        for pair in songs(outputs, batch, self.head.name):
            actual, answered = map(sections, pair)
            shared = overlaps(actual, answered)
            by_borders = len(match_in_order(same_borders(actual, answered, self.tolerance)))
            by_overlap = len(match_in_order(shared >= self.overlap))
            total += [len(actual), len(answered), by_borders, by_overlap, shared.max(axis=1).sum()]
        return total

    def value(self, total: np.ndarray) -> dict[str, float | None]:
        """Of the sections of all songs together; None without sections.

        precision, recall, f1: of sections found by label and both borders
        overlap_precision, overlap_recall, overlap_f1: of sections found by label and overlap
        mean_overlap: over the actual sections, of the best overlap
        """
        actual, answered, by_borders, by_overlap, best = total.tolist()
        if not actual:
            names = ("precision", "recall", "f1")
            return dict.fromkeys([*names, *(f"overlap_{name}" for name in names), "mean_overlap"])
        figures: dict[str, float | None] = {}
        for prefix, found in (("", by_borders), ("overlap_", by_overlap)):
            figures[f"{prefix}precision"] = found / answered
            figures[f"{prefix}recall"] = found / actual
            figures[f"{prefix}f1"] = 2 * found / (actual + answered)
        return {**figures, "mean_overlap": best / actual}
