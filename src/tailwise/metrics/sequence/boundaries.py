"""Boundaries between sections: precision, recall and F1 within a tolerance, as `mir_eval.segment.detection`."""

from dataclasses import dataclass

import numpy as np

from tailwise.core.batch import Batch, Outputs
from tailwise.core.heads import IGNORE, Head
from tailwise.metrics.labels import Label
from tailwise.metrics.sequence.runs import changes, harmonic, match_in_order, songs

COUNTS = 6
"""Numbers per tolerance: hits, actual and answered boundaries; songs' precision, recall and F1."""


def boundaries(labels: np.ndarray, trimmed: bool = True) -> np.ndarray:
    """(N,) int64, sorted: the positions that start another section.

    trimmed: without the start of the first section and the end of the last one, which are no finding
    """
    inner = changes(labels)
    labelled = np.flatnonzero(labels != IGNORE)
    if trimmed or not len(labelled):
        return inner
    return np.concatenate([labelled[:1], inner, labelled[-1:] + 1])


def hits(actual: np.ndarray, answered: np.ndarray, tolerance: int) -> int:
    """Boundaries found: the size of the largest matching of sorted positions at most `tolerance` apart."""
    return len(match_in_order(np.abs(actual[:, None] - answered[None]) <= tolerance))


def detection(
    actual: np.ndarray, answered: np.ndarray, tolerance: int, trimmed: bool = True
) -> tuple[float, float, float]:
    """Precision, recall and F1 of one song's answers (T,); all 0 if truth or answer has no boundary."""
    of_truth, of_answer = boundaries(actual, trimmed), boundaries(answered, trimmed)
    return _shares(hits(of_truth, of_answer, tolerance), len(of_truth), len(of_answer))


def _shares(found: int, actual: int, answered: int) -> tuple[float, float, float]:
    """Precision, recall and F1 of counts; 0 where a count is."""
    precision, recall = found / max(answered, 1), found / max(actual, 1)
    return precision, recall, harmonic(precision, recall)


@dataclass(frozen=True)
class Boundaries:
    """Boundary detection at several tolerances.

    tolerances: in positions; or in seconds, if `seconds`, the length of a position, is given: then the largest whole
        number of positions within it, so that 0.5 s of half-second positions is one position
    trimmed: see `boundaries`
    position: the word for a position, in the singular

    total: the number of songs, then `COUNTS` numbers per tolerance.
    """

    head: Head
    tolerances: tuple[float, ...] = (0, 1, 2)
    seconds: float | None = None
    trimmed: bool = True
    position: str = "position"

    @property
    def headline(self) -> tuple[str, ...]:
        """F1 at each tolerance."""
        return tuple(f"f1_{name}" for name in self.names())

    def names(self) -> list[str]:
        """Of the tolerances in the figures' names: 1 for positions, 0.5s for seconds."""
        return [f"{tolerance:g}{'s' if self.seconds else ''}" for tolerance in self.tolerances]

    @property
    def labels(self) -> dict[str, Label]:
        """A family for each figure, over its tolerances."""
        kinds = {"precision": "precision", "recall": "recall", "f1": "F1"}
        families = {kind: f"boundary {word}" for kind, word in kinds.items()}
        families |= {f"song_{kind}": f"mean boundary {word} of a sequence" for kind, word in kinds.items()}
        members = zip(self.names(), map(self._within, self.tolerances))
        return {
            f"{kind}_{name}": Label(family, member) for name, member in members for kind, family in families.items()
        }

    def _within(self, tolerance: float) -> str:
        if self.seconds:
            return f"within {tolerance:g} s"
        return f"within {tolerance:g} {self.position}{'s' if tolerance != 1 else ''}" if tolerance else "exact"

    def positions(self) -> list[int]:
        """The tolerances in positions."""
        return [int(tolerance / (self.seconds or 1) + 1e-9) for tolerance in self.tolerances]

    def part(self, outputs: Outputs, batch: Batch) -> np.ndarray:
        total = np.zeros(1 + COUNTS * len(self.tolerances))
        for actual, answered in songs(outputs, batch, self.head.name):
            of_truth, of_answer = boundaries(actual, self.trimmed), boundaries(answered, self.trimmed)
            total[0] += 1
            for counts, tolerance in zip(total[1:].reshape(-1, COUNTS), self.positions()):
                found = hits(of_truth, of_answer, tolerance)
                sizes = len(of_truth), len(of_answer)
                counts += [found, *sizes, *_shares(found, *sizes)]
        return total

    def value(self, total: np.ndarray) -> dict[str, float | None]:
        """Per tolerance, as f1_1 or f1_0.5s; None without songs, or without boundaries.

        precision, recall, f1: of the boundaries of all songs together
        song_precision, song_recall, song_f1: means over the songs of each one's own, as `mir_eval`'s are reported
        """
        found: dict[str, float | None] = {}
        for name, counts in zip(self.names(), np.reshape(total[1:], (-1, COUNTS)).tolist()):
            hit, actual, answered, *of_songs = counts
            found[f"precision_{name}"] = hit / answered if answered else None
            found[f"recall_{name}"] = hit / actual if actual else None
            found[f"f1_{name}"] = 2 * hit / (actual + answered) if actual + answered else None
            for figure, of_song in zip(("precision", "recall", "f1"), of_songs):
                found[f"song_{figure}_{name}"] = of_song / float(total[0]) if total[0] else None
        return found
