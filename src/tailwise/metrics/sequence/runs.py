"""Sequences of labels as sections: runs of equal labels.

A position without a label (IGNORE) belongs to no section: it ends the one before, and no change is known beside it. The
answer to such a position is left out, too, so that truth and answer have the same positions.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from tailwise.core.batch import Batch, Outputs, answers
from tailwise.core.heads import IGNORE


@dataclass(frozen=True, eq=False)
class Sections:
    """starts, ends, labels: (N,) int64, in order; a section holds the positions from its start to before its end"""

    starts: np.ndarray
    ends: np.ndarray
    labels: np.ndarray

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def lengths(self) -> np.ndarray:
        """(N,) positions of each."""
        return self.ends - self.starts


def sections(labels: np.ndarray) -> Sections:
    """The sections of labels (T,), class ids, IGNORE where there is none."""
    starts = np.flatnonzero(np.concatenate([[True], labels[1:] != labels[:-1]])[: len(labels)])
    ends = np.append(starts[1:], len(labels))[: len(starts)]
    kept = labels[starts] != IGNORE
    return Sections(starts[kept], ends[kept], labels[starts[kept]])


def changes(labels: np.ndarray) -> np.ndarray:
    """(N,) int64: positions from 1 whose label is another than that of the position before, both having one."""
    before, after = labels[:-1], labels[1:]
    return np.flatnonzero((before != after) & (before != IGNORE) & (after != IGNORE)) + 1


def songs(outputs: Outputs, batch: Batch, head: str) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Labels and answers (T,) of each sequence that has a label, up to its last one; IGNORE in both where none is."""
    targets = batch.targets[head].cpu().numpy()
    found = np.where(targets == IGNORE, IGNORE, answers(outputs, head).cpu().numpy())
    for actual, answered in zip(targets, found):
        labelled = np.flatnonzero(actual != IGNORE)
        if len(labelled):
            yield actual[: labelled[-1] + 1], answered[: labelled[-1] + 1]


def match_in_order(compatible: np.ndarray) -> list[tuple[int, int]]:
    """A largest set of pairs (row, column), each row and column in one at most, of those that are compatible.

    compatible: (N, M) bool, where the columns that fit a row are neighbours among those that fit any row, and move to
    the right from row to row: so it is for sorted times within a tolerance.
    """
    pairs: list[tuple[int, int]] = []
    free = np.ones(compatible.shape[1], bool)
    for row, fits in enumerate(compatible):
        found = np.flatnonzero(fits & free)
        if len(found):
            pairs.append((row, int(found[0])))
            free[found[0]] = False
    return pairs


def harmonic(precision: float, recall: float) -> float:
    """F1; 0 if both are."""
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0
