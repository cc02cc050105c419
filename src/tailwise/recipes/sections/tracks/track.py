"""Predictions of a split, song by song."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from tailwise.core.heads import IGNORE
from tailwise.metrics.predictions import Predictions


@dataclass(frozen=True, eq=False)
class Track:
    """One song. truth, answer: (T,) class ids, IGNORE where a position has no label, and so no stored answer

    confidence: (T,) probability of the answer, 0 where there is none; seconds: length of a position, None for lines
    """

    name: str
    group: str
    truth: np.ndarray
    answer: np.ndarray
    confidence: np.ndarray
    seconds: float | None = None

    def __len__(self) -> int:
        return len(self.truth)

    @cached_property
    def known(self) -> np.ndarray:
        """(T,) bool: positions with a label."""
        return self.truth != IGNORE

    @cached_property
    def wrong(self) -> np.ndarray:
        """(T,) bool: positions whose answer is not their label."""
        return self.known & (self.truth != self.answer)

    @property
    def accuracy(self) -> float:
        return 1 - float(self.wrong.sum() / self.known.sum())

    @property
    def confident(self) -> float | None:
        """Mean confidence where the answer is wrong; None where none is."""
        return float(self.confidence[self.wrong].mean()) if self.wrong.any() else None


def tracks(found: Predictions, seconds: Mapping[str, float | None]) -> list[Track]:
    """The songs in the order of the table. found: of a sequence head, with probabilities

    seconds: {sample: length of its positions}
    """
    assert found.positions is not None
    rows = _rows(found.samples)
    return [_track(found, name, np.array(of_song), seconds.get(name)) for name, of_song in rows.items()]


def _rows(samples: Sequence[str]) -> dict[str, list[int]]:
    rows: dict[str, list[int]] = {}
    for row, name in enumerate(samples):
        rows.setdefault(name, []).append(row)
    return rows


def _track(found: Predictions, name: str, rows: np.ndarray, seconds: float | None) -> Track:
    assert found.positions is not None
    positions = found.positions[rows]
    length = int(positions.max()) + 1
    truth, answer = (np.full(length, IGNORE, np.int64) for _ in range(2))
    truth[positions], answer[positions] = found.targets[rows], found.predicted[rows]
    confidence = np.zeros(length)
    confidence[positions] = found.known_probabilities[rows, found.predicted[rows]]
    return Track(name, found.groups[int(rows[0])], truth, answer, confidence, seconds)
