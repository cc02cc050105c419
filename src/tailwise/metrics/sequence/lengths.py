"""Lengths of sections: their distribution in truth and answer."""

from dataclasses import dataclass

import numpy as np

from tailwise.core.batch import Batch, Outputs
from tailwise.core.heads import Head
from tailwise.metrics.sequence.runs import sections, songs


def section_lengths(labels: np.ndarray, classes: int) -> list[np.ndarray]:
    """For each class the lengths (N,) of its sections, in positions. labels: (T,)"""
    found = sections(labels)
    return [found.lengths[found.labels == label] for label in range(classes)]


@dataclass(frozen=True)
class Lengths:
    """Lengths of actual and answered sections in bins.

    edges: the first length of each bin, ascending from 1; the last bin is open

    total: the number of songs; then of the actual and of the answered sections their number, the sum of their lengths,
    and their number in each bin.
    """

    head: Head
    edges: tuple[int, ...] = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128)

    def __post_init__(self):
        if not self.edges or self.edges[0] != 1 or any(a >= b for a, b in zip(self.edges, self.edges[1:])):
            raise ValueError("edges must ascend from 1")

    def part(self, outputs: Outputs, batch: Batch) -> np.ndarray:
        total = np.zeros(1 + 2 * (2 + len(self.edges)))
        for pair in songs(outputs, batch, self.head.name):
            total += np.concatenate([[1.0], *(self._counts(sections(labels).lengths) for labels in pair)])
        return total

    def histograms(self, total: np.ndarray) -> np.ndarray:
        """(2, bins) int64: actual and answered sections in each bin."""
        return np.reshape(total[1:], (2, -1))[:, 2:].astype(np.int64)

    def value(self, total: np.ndarray) -> dict[str, float | None]:
        """None without songs.

        actual_sections, answered_sections: a song; actual_length, answered_length: mean of a section, in positions
        distance: half the sum of the bins' differences in share: 0 for equal distributions, 1 for disjoint ones
        """
        (actual, answered), bins = np.reshape(total[1:], (2, -1))[:, :2].tolist(), self.histograms(total)
        if not total[0]:
            names = ("actual_sections", "answered_sections", "actual_length", "answered_length", "distance")
            return dict.fromkeys(names)
        shares = bins / bins.sum(axis=1, keepdims=True)
        return {
            "actual_sections": actual[0] / float(total[0]),
            "answered_sections": answered[0] / float(total[0]),
            "actual_length": actual[1] / actual[0],
            "answered_length": answered[1] / answered[0],
            "distance": float(np.abs(shares[0] - shares[1]).sum() / 2),
        }

    def _counts(self, lengths: np.ndarray) -> np.ndarray:
        places = np.searchsorted(self.edges, lengths, side="right") - 1
        return np.concatenate([[len(lengths), lengths.sum()], np.bincount(places, minlength=len(self.edges))])
